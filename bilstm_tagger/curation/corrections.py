"""The corpus with the corrections that were accepted in the table of a review."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bilstm_tagger.corpus.convert.rewrite import read_whole, rewrite
from bilstm_tagger.corpus.corpus import Corpus
from bilstm_tagger.corpus.settle import holds_for
from bilstm_tagger.corpus.spelling import respell_tags
from bilstm_tagger.curation.review_table import read_spans, show_spans
from bilstm_tagger.curation.reviewing import reviewed_task
from bilstm_tagger.curation.tables import read_table, unescaped
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.schemes.grammar import UNKNOWN, Scheme
from bilstm_tagger.schemes.spans import SpanTuple, spans_to_tags, tags_to_spans
from bilstm_tagger.settings.read_spec import ReadSpec

__all__ = ["Applied", "Correction", "apply_table", "correct", "read_corrections"]

_NEEDED = ("accept", "given", "instead", "sentence", "document", "number", "task")
_YES = {"yes", "y", "x", "1", "true", "accept", "accepted", "ok"}
_NO = {"", "no", "n", "0", "false", "reject", "rejected"}


@dataclass(frozen=True, slots=True)
class Correction:
    """An accepted row.

    Attributes:
        place: where it stands in the table, for messages.
        task: the task whose spans it is about.
        document: number of the document, from 0.
        sentence: number of its sentence, from 0.
        words: the words of the sentence, as the table has them.
        given: the spans to be replaced.
        instead: the spans to put in their place.
        file: the file that the row is about, if it says.
    """

    place: str
    task: str
    document: int
    sentence: int
    words: str
    given: tuple[SpanTuple, ...]
    instead: tuple[SpanTuple, ...]
    file: str = ""


def read_corrections(
    path: Path, task: str | None = None, *, encoding: str | None = None
) -> tuple[list[Correction], int]:
    """The accepted rows of a table.

    Args:
        path: the table, as `review_rows` gives it, with `yes` or `x` in the column `accept` of some rows.
        task: the task that all of them must be about; else what each row says.
        encoding: encoding of a text file, UTF-8 by default.

    Returns:
        The corrections, and how many rows were not accepted.

    Raises:
        CorpusError: the table cannot be read, or a cell is not understood, with its place.
    """
    corrections, left = [], 0
    for place, cells in read_table(path, wanted=_NEEDED, encoding=encoding):
        answer = cells["accept"].strip().casefold()
        if answer not in _YES | _NO:
            raise CorpusError(f"{place}: accept is {cells['accept']!r}; write yes or x, or leave it empty")
        if answer in _NO:
            left += 1
            continue
        named = unescaped(cells["task"]).strip()
        if task is not None and named != task:
            raise CorpusError(f"{place}: the row is about task {named!r}, but --task is {task!r}; leave --task out")
        numbers = [cells[name].strip() for name in ("document", "number")]
        if not all(number.isdecimal() and int(number) for number in numbers):
            raise CorpusError(f"{place}: document and number are {', '.join(numbers)}; they must stay as they were")
        given, instead = (read_spans(unescaped(cells[name]), f"{place}: {name}") for name in ("given", "instead"))
        corrections.append(
            Correction(
                place,
                named,
                int(numbers[0]) - 1,
                int(numbers[1]) - 1,
                cells["sentence"],
                given,
                instead,
                unescaped(cells.get("file", "")),
            )
        )
    return corrections, left


def correct(corpus: Corpus, task: str, corrections: Iterable[Correction]) -> tuple[Corpus, list[str]]:
    """Put corrections into a corpus.

    Args:
        corpus: the corpus that was reviewed, with the task settled.
        task: the task.
        corrections: what to change.

    Returns:
        The corrected corpus, and a line for each change.

    Raises:
        CorpusError: a correction is about other data, or its spans cannot be there, with the place of its row.
    """
    scheme = corpus.schemes[task]
    known = {
        label
        for document in corpus
        for tags in document.sentence_tags(task)
        for _, _, label in tags_to_spans(tags, scheme)
    }
    by_document: dict[int, list[Correction]] = {}
    for each in corrections:
        by_document.setdefault(each.document, []).append(each)
    changes: list[str] = []
    documents = list(corpus)
    for number, rows in sorted(by_document.items()):
        if number >= len(documents):
            raise CorpusError(f"{rows[0].place}: there is no document {number + 1}; is it the table of this data?")
        document = documents[number]
        for row in rows:
            _check_file(row, document)
        tags = list(document.tags_of(task))
        changes += [_change(document, tags, row, known, scheme) for row in sorted(rows, key=lambda row: row.sentence)]
        documents[number] = document.with_tags({**document.tags, task: tags}, document.schemes)
    return Corpus(documents, corpus.schemes), changes


def _check_file(row: Correction, document: Document) -> None:
    """Refuse a row about another file; one that was moved is known by its name."""
    own = Path(document.path or "")
    if not row.file or not document.path or row.file == str(own):
        return
    named = Path(row.file)
    if named.name != own.name or (named.exists() and own.exists() and not named.samefile(own)):
        raise CorpusError(
            f"{row.place}: the row is about {named}, not {own}; give that file, or empty the column file if both are "
            "the same data"
        )


def _change(document: Document, tags: list[str], row: Correction, known: set[str], scheme: Scheme) -> str:
    """Put one correction into the tags of a document; the line that tells it."""
    if row.sentence + 1 >= len(document.bounds):
        raise CorpusError(f"{row.place}: there is no sentence {row.sentence + 1}; is it the table of this data?")
    first, last = document.bounds[row.sentence : row.sentence + 2]
    words = document.words[first:last]
    spans = tags_to_spans(tags[first:last], scheme)
    everything = (*row.given, *row.instead)
    start, end = min((a for a, _, _ in everything), default=0), max((b for _, b, _ in everything), default=0)
    if not _same(row.words, words):
        raise CorpusError(
            f"{row.place}: the sentence in the data is {' '.join(words)!r}; is it the table of this data?"
        )
    missing = [span for span in row.given if span not in spans]
    if missing or end > len(words):
        what = show_spans(missing) if missing else f"word {end}"
        raise CorpusError(f"{row.place}: the sentence has no {what}; is it the table of this data, or was it applied?")
    unknown = next((label for _, _, label in row.instead if label not in known), None)
    if unknown is not None:
        raise CorpusError(
            f"{row.place}: label {unknown!r} is none of the data's: {', '.join(sorted(known))}; write one of them into "
            "the cell `instead` of this row, or empty its cell `accept`"
        )
    kept = [span for span in spans if span not in row.given]
    try:
        changed = spans_to_tags([*kept, *row.instead], len(words), scheme)
    except CorpusError as error:
        raise CorpusError(f"{row.place}: {error}") from None
    # What is in an accepted span is annotated by that; around it nobody has said anything.
    decided = {index for begin, stop, _ in row.instead for index in range(begin, stop)}
    for index, tag in enumerate(tags[first:last]):
        if tag == UNKNOWN and index not in decided:
            changed[index] = tag
    tags[first:last] = changed
    told = " ".join(words[start:end])
    return f"{document.where(first + start)}: {told!r}: {show_spans(row.given)} is {show_spans(row.instead)}"


def _same(cell: str, words: Sequence[str]) -> bool:
    """Whether a cell holds these words, whatever a table did to blanks, to a formula, or to a text that is too long."""
    whole = "".join("".join(words).split())
    shown = ["".join(each.split()) for each in (cell, unescaped(cell))]
    return whole in shown or any(
        each.endswith("…") and whole.startswith(each[:-1]) for each in shown if len(each) > 9_999
    )


@dataclass(frozen=True, slots=True)
class Applied:
    """What was written.

    Attributes:
        changes: a line for each accepted row.
        left: number of rows that were not accepted.
        losses: what the file that was written does not hold.
    """

    changes: list[str]
    left: int
    losses: list[str]


def apply_table(
    source: str | Path,
    table: Path,
    target: Path,
    *,
    spec: ReadSpec,
    task: str | None = None,
    scheme: Scheme | None = None,
) -> Applied:
    """Write an annotated file anew with the accepted rows of a table.

    Args:
        source: the file that was reviewed.
        table: the table of the review, filled in; its rows say which task they are about.
        target: the file to write; its suffix tells the format, which is that of the source if both have one suffix.
        spec: how the file was read for the review; further tasks that it has are kept.
        task: the task that all rows must be about; None for any that is read.
        scheme: the scheme of the spans that were reviewed; detected if None.

    Raises:
        ConfigError: no task of the file has spans, or not the one that is named.
        CorpusError: a file cannot be read or written, or the table does not belong to the source.
    """
    corrections, left = read_corrections(table, task)
    corpus, further = read_whole(source, spec)
    corpus = Corpus(respell_tags(corpus, spec, str(source)), corpus.schemes)
    for name in spec.columns or {}:
        declared = scheme if scheme is not None and holds_for(corpus, name, [*(spec.columns or {})]) else None
        corpus = corpus.settle(name, declared=declared)
    reviewed_task({name: corpus.schemes[name] for name in spec.columns or {}}, task)
    by_task: dict[str, list[Correction]] = {}
    for each in corrections:
        if corpus.schemes.get(each.task, Scheme.NONE) is Scheme.NONE:
            known = ", ".join(f"{name} ({found})" for name, found in corpus.schemes.items())
            raise CorpusError(
                f"{each.place}: the row is about task {each.task!r}, and the tasks that are read are {known}; name "
                f"its column, --column {each.task}=COLUMN"
            )
        by_task.setdefault(each.task, []).append(each)
    changes: list[str] = []
    for name, rows in by_task.items():
        corpus, of_task = correct(corpus, name, rows)
        changes += of_task
    lost = rewrite(corpus, source, target, spec=spec.replace(columns=(spec.columns or {}) | further))
    return Applied(changes, left, lost)
