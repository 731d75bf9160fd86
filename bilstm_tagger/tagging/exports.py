"""What leaves a tagger for other places: a folder, the Hugging Face hub, data sets, Arrow tables and data frames."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from bilstm_tagger.document.document import Document
from bilstm_tagger.document.probable import Least
from bilstm_tagger.model_folder.info import ModelInfo
from bilstm_tagger.tagging.checks import check_stream
from bilstm_tagger.tagging.runtime import Runtime
from bilstm_tagger.tagging.sources import Input

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl
    import pyarrow as pa

    from bilstm_tagger.frames.arrow import Rows

_DataSet = TypeVar("_DataSet")


class Exports(ABC):
    """Methods of a `Tagger` whose work is done in the layers below it; each loads what it needs when it is called.

    Attributes:
        info: what is known of the model.
        runtime: computes the tags.
    """

    info: ModelInfo
    runtime: Runtime

    @abstractmethod
    def pipe(
        self, sources: Iterable[Input], *, probabilities: bool = False, min_probability: Least = 0.0
    ) -> Iterator[Document]:
        """Tags a stream, in order."""

    def save(self, folder: str | Path, *, keep: tuple[Path, ...] = ()) -> None:
        """Writes the model folder; an earlier one there is replaced only when the new one is complete.

        Args:
            folder: where.
            keep: files or folders to carry over into it.

        Raises:
            TaggerError: if the folder cannot be written, or the runtime holds no network of torch.
        """
        from bilstm_tagger.model_folder.folder import ModelParts, save_model
        from bilstm_tagger.tagging.torch_runtime import torch_model

        save_model(ModelParts(self.info, torch_model(self.runtime)), folder, keep=keep)

    def push_to_hub(
        self,
        name: str,
        *,
        revision: str | None = None,
        private: bool | None = None,
        message: str | None = None,
        licence: str | None = None,
        datasets: Sequence[str] = (),
        token: str | None = None,
    ) -> str:
        """Uploads the model to the Hugging Face hub: safetensors, JSON, and a card with its metadata.

        Args:
            name: of the repository, `user/name`; it is made if it is not there.
            revision: the branch to write to; the main branch if None.
            private: whether a repository that is made is private; by the user's settings if None.
            message: of the commit.
            licence: identifier of the model's licence, such as `cc-by-4.0`; else what the settings say.
            datasets: names of data sets on the hub that it was trained on, beside those the settings tell.
            token: of the hub; else the one that `hf auth login` stored, or the variable `HF_TOKEN`.

        Returns:
            the name with the commit, `user/name@COMMIT`, which `Tagger.load` takes.

        Raises:
            TaggerError: if it cannot be uploaded.
        """
        from bilstm_tagger.model_folder.folder import ModelParts
        from bilstm_tagger.model_folder.hub_upload import push_model
        from bilstm_tagger.tagging.torch_runtime import torch_model

        return push_model(
            ModelParts(self.info, torch_model(self.runtime)),
            name,
            revision=revision,
            private=private,
            message=message,
            licence=licence,
            datasets=datasets,
            token=token,
        )

    def map(
        self,
        dataset: _DataSet,
        *,
        column: str = "text",
        prefix: str = "",
        probabilities: bool = False,
        batch_size: int = 1000,
        num_proc: int | None = None,
    ) -> _DataSet:
        """Adds tokens, tags and spans to a data set of the library `datasets`.

        Args:
            dataset: a `Dataset`, an `IterableDataset`, or a dict of them by split.
            column: where its texts are, or its lists of words.
            prefix: written before the names of the new columns.
            probabilities: whether they tell how probable tags and spans are.
            batch_size: texts that are tagged together.
            num_proc: processes; of a `Dataset` only.

        Raises:
            TaggerError: if there is no such column, a new one is there already, or a text is missing.
        """
        from bilstm_tagger.frames.data_sets import map_data_set

        digest = None
        if (model := getattr(self.runtime, "model", None)) is not None:  # a runtime without torch has none
            from bilstm_tagger.model_folder.folder import ModelParts, digest_of

            digest = digest_of(ModelParts(self.info, model))
        return map_data_set(
            self,
            dataset,
            digest=digest,
            column=column,
            prefix=prefix,
            probabilities=probabilities,
            batch_size=batch_size,
            num_proc=num_proc,
        )

    def to_arrow(
        self,
        texts: Iterable[Input],
        *,
        rows: Rows = "spans",
        probabilities: bool = True,
        min_probability: Least = 0.0,
    ) -> pa.Table:
        """Tags texts and tells what was found as an Arrow table; its column `row` counts the texts from 0.

        Args:
            texts: a list or a column of texts, word lists or documents.
            rows: one row per name (`spans`), per token (`tokens`) or per text (`texts`).
            probabilities: whether it tells how probable tags and spans are.
            min_probability: spans that are less probable are left out; a number, or one for each label.

        Raises:
            TaggerError: if a text is missing, or `rows` is none of these.
        """
        from bilstm_tagger.frames.arrow import table_of, texts_of

        told = probabilities or bool(min_probability)
        texts = [texts] if isinstance(texts, str) else texts
        check_stream(texts)
        documents = self.pipe(texts_of(texts), probabilities=told, min_probability=min_probability)
        return table_of(documents, self.info.schemes, rows=rows, probabilities=probabilities)

    def to_pandas(self, texts: Iterable[Input], **options: Any) -> pd.DataFrame:
        """`to_arrow` as a data frame of pandas.

        Args:
            texts: as for `to_arrow`.
            options: as for `to_arrow`.
        """
        return self.to_arrow(texts, **options).to_pandas()

    def to_polars(self, texts: Iterable[Input], **options: Any) -> pl.DataFrame:
        """`to_arrow` as a data frame of polars.

        Args:
            texts: as for `to_arrow`.
            options: as for `to_arrow`.

        Raises:
            ConfigError: if polars is not installed.
        """
        from bilstm_tagger.frames.arrow import polars_frame

        return polars_frame(self.to_arrow(texts, **options))
