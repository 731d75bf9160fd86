"""Which task of an earlier model a file is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bilstm_tagger.errors import ConfigError, CorpusError

if TYPE_CHECKING:
    from bilstm_tagger.settings.schema import Settings
    from bilstm_tagger.tagging.tagger import Tagger


def choose_task(settings: Settings, earlier: Tagger, *, column: int | str | None) -> tuple[str, int | str] | None:
    """Choose the task of an earlier model that a file has tags for, where it has not those of all.

    Args:
        settings: those of the run, with all tasks of the model.
        earlier: the model.
        column: the column that was named.

    Returns:
        The task and the column of its tags; None if the file has the tags of all tasks.

    Raises:
        ConfigError: more than one task is of that kind, or none.
        CorpusError: the file cannot be read.
    """
    from bilstm_tagger.corpus.formats import format_of
    from bilstm_tagger.corpus.reading import read_corpus
    from bilstm_tagger.schemes.grammar import Scheme
    from bilstm_tagger.settings.read_spec import ReadSpec

    path = str(settings.data.train)
    spec = ReadSpec.from_settings(settings.data, settings.tasks, settings.features)
    if column is None:
        try:
            read_corpus(path, spec=spec)
        except CorpusError:
            column = next(iter(format_of(path, settings.data.format).columns.values()))
        else:
            return None
    corpus = read_corpus(path, spec=spec.model_copy(update={"columns": {"tags": column}}))
    plain = not corpus.has_spans("tags")
    fitting = [task for task, scheme in earlier.schemes.items() if (scheme is Scheme.NONE) == plain]
    if len(fitting) != 1:
        kind = "plain tags" if plain else "tags of spans"
        known = ", ".join(fitting or earlier.schemes)
        raise ConfigError(
            f"{path}: column {column} has {kind}, and the model has {len(fitting) or 'no'} tasks of that kind "
            f"({known}); name one: --task {(fitting or list(earlier.schemes))[0]}={path}"
        )
    return fitting[0], column
