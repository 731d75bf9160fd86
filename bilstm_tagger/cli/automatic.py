"""`--model auto`: a model for each document, by the language of its text."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import typer

from bilstm_tagger.wording import counted

if TYPE_CHECKING:
    from bilstm_tagger.files import TagOptions
    from bilstm_tagger.files.by_language import ModelChooser
    from bilstm_tagger.files.worker import Loader

# Formats in which all documents of a file have the same tasks.
_ALIKE = ("conll", "parquet", "spacy")


class Automatic(NamedTuple):
    """What choosing a model for each document needs.

    Attributes:
        chooser: chooses it.
        identity: tells these models from others, for a run that is resumed.
    """

    chooser: ModelChooser
    identity: str


def is_automatic(model: Path) -> bool:
    """Whether models are to be chosen; a folder of that name is a model itself."""
    from bilstm_tagger.model_folder.find import AUTO

    return str(model).partition(":")[0] == AUTO and not model.exists()


def loading(
    model: Path,
    *,
    format: str,
    min_precision: float | None,
    device: str,
    precision: str,
    threads: int | None,
    options: TagOptions | None,
) -> tuple[Loader, Automatic | None]:
    """Tell how the model that is named is loaded, or those of which one is chosen for each document.

    Args:
        model: value of `--model`; of several, none is loaded to look at them.
        format: the output format.
        min_precision: value of `--min-precision`.
        device: as for `Tagger.load`.
        precision: as for `Tagger.load`.
        threads: processor threads.
        options: what the models are compiled for when they are loaded.

    Raises:
        typer.BadParameter: an option cannot be used with models that differ.
        TaggerError: there are no such models, or the extra is missing.
    """
    from bilstm_tagger.files import ModelLoader
    from bilstm_tagger.files.by_language import LanguageLoader, ModelChooser, candidates_of
    from bilstm_tagger.model_folder.find import fingerprint

    if not is_automatic(model):
        return ModelLoader(str(model), device, precision, threads, options), None
    if min_precision is not None:
        raise typer.BadParameter(
            "is of one model; name it with --model, or use --min-probability", param_hint="--min-precision"
        )
    candidates = candidates_of(str(model))
    if format in _ALIKE and len({tuple(each.info.tasks) for each in candidates}) > 1:
        tasks = "; ".join(f"{each.name}: {', '.join(each.info.tasks)}" for each in candidates)
        raise typer.BadParameter(
            f"{format} has the same tasks for all documents, and the models have not ({tasks}); use jsonl",
            param_hint="--format",
        )
    loaders = {each.name: ModelLoader(str(each.folder), device, precision, threads, options) for each in candidates}
    identity = " ".join(fingerprint(each.folder) for each in candidates)
    return LanguageLoader(loaders, candidates[0].info.reading), Automatic(ModelChooser(candidates), identity)


def chosen_models(chosen: Counter[str]) -> str:
    """How many documents each model was chosen for."""
    return ", ".join(f"{name}: {counted(count, 'document')}" for name, count in sorted(chosen.items()))
