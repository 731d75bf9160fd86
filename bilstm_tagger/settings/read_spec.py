"""How one annotated file is read: one frozen value, made from settings, from flags or from a model folder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, ValidationError

from bilstm_tagger.errors import ConfigError
from bilstm_tagger.settings.checked import Checked, problem
from bilstm_tagger.settings.schema import DataSettings, FeatureSettings, TaskSettings

__all__ = ["FEATURE", "Columns", "Policy", "ReadSpec"]

FEATURE = "features."  # before the name of a feature, where columns of tasks and features stand together

Columns = Mapping[str, int | str]
Policy = Literal["error", "snap", "drop"]


class ReadSpec(Checked):
    """How one annotated file is read.

    Every field has a default, so that a specification written as JSON by an earlier release can still be read.
    """

    format: str | None = None
    """Name of the format; None for the one that the name of the file tells."""
    columns: dict[str, int | str] | None = None
    """For each task where its tags are: a column counted from 1 (from the end if negative) or named, in CoNLL-U also
    a key of MISC. None for what the format has when nothing is named; empty for the words alone."""
    features: dict[str, int | str] = Field(default_factory=dict)
    """For each feature of tokens the column it is read from."""
    names: tuple[str, ...] = ()
    """Names of the columns, for formats that do not name them."""
    word_column: int | str = 1
    """The column of the words."""
    tokenizer: str = "spacy:en"
    """Name of the tokeniser for raw text."""
    text_column: str | None = None
    """Key or column of the raw text; without it tokens are preferred, then `text`."""
    misaligned: Policy = "error"
    """What happens to a span of characters that is not a run of whole tokens: `error` refuses the file, `snap` widens
    the span to whole tokens, `drop` leaves it out; both print counts."""
    split: str = "train"
    """The split of a data set whose name names none."""
    encoding: str | None = None
    """Encoding of a text file; None for UTF-8, or UTF-16 where the file begins with its mark."""
    comments: str | None = None
    """What lines begin with that are no tokens, in CoNLL columns; None where every line is a token."""
    delimiter: str | None = None
    """What stands between the cells of a CSV file; None to find out."""
    sentence_column: int | str | None = None
    """In a table with a token in each row, the column that tells the sentences apart."""
    labels: dict[str, str] = Field(default_factory=dict)
    """New names of labels, or of plain tags; `O` for those that are not wanted."""
    fix_tags: bool = False
    """Whether near misses such as `B_PER` or `b-per` are read as the tags that were meant."""
    label: str | None = None
    """The label of tags that have none, such as B and I."""
    suffix: str | None = None
    """Suffix of a file whose format was named; other files with this suffix have the same format."""

    @classmethod
    def from_settings(
        cls,
        data: DataSettings,
        tasks: Mapping[str, TaskSettings],
        features: Mapping[str, FeatureSettings],
        *,
        split: str = "train",
    ) -> ReadSpec:
        """Tell how the settings of a run read a file.

        Args:
            data: the settings of the corpora.
            tasks: the tasks whose tags are in the file.
            features: the features of the run; those that are no columns are not read.
            split: the split of a data set whose name names none.
        """
        return cls(
            format=data.format,
            columns={name: task.column for name, task in tasks.items()},
            features={name: each.column for name, each in features.items() if each.column is not None},
            names=data.names,
            word_column=data.word_column,
            tokenizer=data.tokenizer,
            text_column=data.text_column,
            misaligned=data.misaligned,
            split=split,
            encoding=data.encoding,
            comments=data.comments,
            delimiter=data.delimiter,
            sentence_column=data.sentence_column,
            labels=data.labels,
            fix_tags=data.fix_tags,
            label=data.label,
        )

    def replace(self, **fields: Any) -> ReadSpec:
        """Make the same specification with other fields, checked; those given as None stay as they are.

        Raises:
            ConfigError: a field has a value of the wrong kind.
        """
        given = {name: value for name, value in fields.items() if value is not None}
        try:
            return ReadSpec.model_validate(self.model_dump() | given)
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(map(str, first["loc"][:1])) or "read"
            raise ConfigError(f"{name}: {problem(first)}") from None

    def all_columns(self) -> dict[str, int | str]:
        """List the columns of the tasks, and of the features under `features.NAME`."""
        return {**(self.columns or {}), **{FEATURE + name: column for name, column in self.features.items()}}
