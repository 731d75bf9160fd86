"""Writing a file anew with all that it has, for commands that change some of its tags."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from bilstm_tagger.corpus.convert.convert import save_and_compare
from bilstm_tagger.corpus.convert.tasks import Columns, further_columns, is_webanno
from bilstm_tagger.corpus.corpus import Corpus
from bilstm_tagger.corpus.formats import format_of
from bilstm_tagger.corpus.formats.sheets import style_of
from bilstm_tagger.corpus.formats.token_columns import COMMAS, CsvStyle, TokenRowLayout
from bilstm_tagger.corpus.reading import read_corpus
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.settings.read_spec import ReadSpec

__all__ = ["read_whole", "rewrite"]


def read_whole(source: str | Path, spec: ReadSpec) -> tuple[Corpus, Columns]:
    """Read a file with those further tasks that can be read as they are.

    Args:
        source: the file.
        spec: how to read it, with the tasks that are named. Options about tags are for these alone, and are left to
            the caller (`respell_tags`).

    Returns:
        The corpus, in which the further tasks are settled, and the columns of the further tasks.

    Raises:
        CorpusError: the file cannot be read.
    """
    further = further_columns(source, spec)
    untouched: dict[str, object] = {"labels": {}, "label": None, "fix_tags": False}

    def read(columns: Columns) -> Corpus:
        return read_corpus(source, spec=spec.model_copy(update={"columns": columns, **untouched}))

    for task, column in list(further.items()):
        try:
            read({task: column}).settle(task)
        except CorpusError:  # what is not kept is told after writing
            del further[task]
    corpus = read((spec.columns or {}) | further)
    for task in further:
        corpus = corpus.settle(task)
    return corpus, further


def rewrite(corpus: Corpus, source: str | Path, target: str | Path, *, spec: ReadSpec) -> list[str]:
    """Write a corpus in the layout of the file that it comes from, where the suffix stays.

    Args:
        corpus: what to write, settled.
        source: the file that it comes from.
        target: the file to write.
        spec: how the source was read, with the columns of all tasks to write.

    Returns:
        A sentence for each thing that the new file does not hold.

    Raises:
        CorpusError: the target cannot hold the corpus.
    """
    format = None
    if Path(target).suffix.lower() == (suffix := Path(source).suffix.lower()):
        if is_webanno(source, format_of(source, spec.format).name, encoding=spec.encoding):
            format = "webanno"
        elif suffix in (".csv", ".xlsx") and all(isinstance(each.layout, TokenRowLayout) for each in corpus):
            corpus = _with_columns(corpus, style_of(source, spec) if suffix == ".csv" else COMMAS)
            format = "token-csv" if suffix == ".csv" else None
    _, lost = save_and_compare(corpus, source, target, spec=spec, format=format)
    return lost


def _with_columns(corpus: Corpus, style: CsvStyle) -> Corpus:
    """The documents of a table, which get all its columns: unless they are of several sheets, or it cannot tell them.

    Columns of one name cannot be told apart, nor can a table with a single sentence that has no column for it.
    """
    layouts = {each.layout.header for each in corpus if isinstance(each.layout, TokenRowLayout)}
    sentences = sum(a < b for each in corpus for a, b in pairwise(each.bounds))
    made = []
    for document in corpus:
        document = document.with_tags(document.tags, document.schemes)
        layout = document.layout
        if isinstance(layout, TokenRowLayout) and len(layouts) == 1 and document.sheet is None:
            apart = layout.sentence is not None or sentences > 1
            distinct = len({*layout.header}) == len(layout.header)
            document.layout = replace(layout, kept=apart and distinct, style=style)
        made.append(document)
    return Corpus(made, corpus.schemes)
