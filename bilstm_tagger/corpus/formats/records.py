"""Records (one JSON object, one row of a table) read as documents: tokens with tags, or text with marked spans.

What is recognised: our own output; `tokens` or `words` with a list of tags for each task, as data sets have
them; doccano's `label`, `labels` and `entities`; Label Studio's JSON and JSON-MIN; Prodigy's `tokens`,
`spans` and `answer`; spaCy's old `[text, {"entities": [...]}]`; CLUENER's `label`; and what `token_spans` reads.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

from bilstm_tagger.corpus.formats.char_spans import Aligner, not_annotated
from bilstm_tagger.corpus.formats.marks import Mark, Spot, read_mark
from bilstm_tagger.corpus.formats.record_layouts import LABEL_STUDIO, flat_record, has_several, is_unanswered
from bilstm_tagger.corpus.formats.record_tags import checked_tags, flat_tags
from bilstm_tagger.corpus.formats.record_words import (
    WORDS,
    Kept,
    Record,
    WordKeys,
    check_unicode,
    find_words,
    given_words,
    is_empty,
    key_of,
    keys_of,
    kind_of,
    wanted,
)
from bilstm_tagger.corpus.formats.token_columns import TEXTS
from bilstm_tagger.corpus.formats.token_spans import NAMES, TokenRecord, token_record
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.schemes.grammar import UNKNOWN, Scheme
from bilstm_tagger.schemes.spans import SpanTuple, spans_to_tags
from bilstm_tagger.settings.read_spec import ReadSpec
from bilstm_tagger.text.tokenizers import Tokenizer, get_tokenizer
from bilstm_tagger.wording import counted

logger = logging.getLogger("bilstm_tagger")

# Keys of our own records; a task that is called like one of them is under `tags`.
OWN_KEYS = frozenset(["id", "text", "sentences", "tokens", "words", "start_char", "end_char", "spans", "tags"])
# Where the tags of a task are if the user names no key and none is called like the task.
_TAGS = ("tags", "spans", "entities", "labels", "label", "annotations")
_MARKS = ("spans", "entities", "annotations")
_SEVERAL = "several annotations: the one marked as ground truth was taken, else the first"


class RecordReader:
    """Reads the records of one file.

    Args:
        path: the file, for messages.
        spec: how to read it; columns are keys, numbers stand for the usual ones.

    Attributes:
        by_number: whether messages name the number of a record too, since several are in one line.
    """

    def __init__(self, path: str, spec: ReadSpec) -> None:
        self.path = path
        self.spec = spec
        self.columns = spec.all_columns()
        self.by_number = False
        self._aligner = Aligner(path, spec.misaligned)
        self._tokenizer: Tokenizer | None = None
        self._word_keys = WordKeys(TEXTS)
        self._unseen = {task: column for task, column in self.columns.items() if isinstance(column, str)}
        self._mark_tasks: dict[str, set[str]] = {task: set() for task in self.columns}
        self._left_out = 0
        self._no_text = 0
        self._kept: Kept | None = None
        self._no_spans = 0
        self._several = 0
        self._empty = True
        self._number = 0

    def document(self, record: Any, line: int) -> Document | None:
        """Read one record.

        Args:
            record: the object or row.
            line: its line or row, for messages; it becomes that of each token.

        Returns:
            The document; None for a record whose annotation was refused or not made, when tags are asked for,
            and for all that follow a span which will be refused by `finish`.

        Raises:
            CorpusError: if it does not make a document, as `file:line`.
        """
        self._number += 1
        spot = Spot(self.path, line, self._number if self.by_number else None)
        place = str(spot)
        self._empty = False
        self._several += has_several(record)
        record = flat_record(record, place)
        # Of what is only to be tagged, nothing is left out.
        if self.spec.columns and is_unanswered(record):
            self._left_out += 1
            return None
        given = token_record(record, place)
        if given is not None:
            document = self._of_tokens(given, spot)
            document.record = spot.record
            document.id = next((str(record[name]) for name in NAMES if record.get(name) is not None), None)
            return document
        self._kept = None
        document, has_text = self._words(record, place)
        document.path, document.lines, document.record = self.path, [line] * len(document), spot.record
        identity = record.get("id")
        document.id = None if identity is None else str(identity)
        spans: dict[str, list[SpanTuple]] = {}
        blank: dict[str, set[int]] = {}
        for task, column in self.columns.items():
            key, value = self._lookup(task, column, record, place)
            if _is_marks(key, value, record):
                marks = self._marks(value, task, column, key, place)
                if marks and not has_text:
                    raise CorpusError(f"{place}: {key} counts characters, but the record has no text with its tokens")
                spans[task], blank[task] = self._aligner.lay(marks, document.text, document.starts, document.ends, spot)
            else:
                tags = flat_tags(key, value, place)
                if self._kept is not None and len(tags) == self._kept.count + len(document):
                    tags = [tags[index] for index in self._kept.places]
                document.tags[task] = checked_tags(tags, document, task, place)
        _keep_together(document.bounds, chain.from_iterable(spans.values()))
        for task, placed in spans.items():
            tags = not_annotated(spans_to_tags(placed, len(document), Scheme.BIO), blank[task])
            if record.get("_is_binary"):  # Prodigy asked about these spans alone
                tags = [UNKNOWN if tag == "O" else tag for tag in tags]
            document.tags[task] = tags
            document.schemes[task] = Scheme.BIO
        document.tags = {task: document.tags[task] for task in self.columns}
        return None if self._aligner.failed else document

    def _of_tokens(self, given: TokenRecord, spot: Spot) -> Document:
        """The document of a record whose spans count tokens."""
        starts, ends = find_words(given.words, given.text) if given.text is not None else (None, None)
        words, bounds, text = given.words, given.bounds, given.text
        document = (
            Document(words, bounds) if starts is None else Document(words, bounds, text=text, starts=starts, ends=ends)
        )
        document.path, document.lines = self.path, [spot.line] * len(words)
        for task, column in self.columns.items():
            self._unseen.pop(task, None)
            name = str(column) if isinstance(column, str) else "ner"
            if given.spans is not None:
                spans = self._aligner.without_overlaps(given.spans, spot)
                _keep_together(document.bounds, spans)
                document.tags[task] = spans_to_tags(spans, len(document), Scheme.BIO)
                document.schemes[task] = Scheme.BIO
            elif name in given.tags:
                document.tags[task] = checked_tags(list(given.tags[name]), document, task, str(spot))
            else:
                known = ", ".join(given.tags) or "none"
                raise CorpusError(f"{spot}: no {name!r} for task {task!r}; the tokens have {known}")
        return document

    def finish(self) -> None:
        """Report what was left out, once all records have been read.

        Raises:
            CorpusError: if spans did not fit, or no record had the key of a task.
        """
        self._aligner.finish()
        for task, column in () if self._empty else self._unseen.items():
            seen = ", ".join(sorted(self._mark_tasks[task])) or "none"
            raise CorpusError(
                f"{self.path}: no span belongs to {column!r} (named there: {seen}); name another key with --column"
            )
        for count, one, more in (
            (
                self._left_out,
                "record without an accepted annotation was left out",
                "records without an accepted annotation were left out",
            ),
            (self._no_text, "record without text is an empty document", "records without text are empty documents"),
            (
                self._no_spans,
                "result that is no labelled span, such as a relation or a choice, was left out",
                "results that are no labelled spans, such as relations or choices, were left out",
            ),
            (self._several, f"task has {_SEVERAL}", f"tasks have {_SEVERAL}"),
        ):
            if count:
                logger.warning("%s: %s", self.path, counted(count, one, more))

    def _words(self, record: Record, place: str) -> tuple[Document, bool]:
        """The record's tokens, or its text tokenised; and whether its text is the record's."""
        key = self.spec.text_column
        if isinstance(self.spec.word_column, str):
            value = wanted(record, self.spec.word_column, place)
        else:
            names = [] if key else self._word_keys.of(record, place)
            value = record[names[0]] if names else None
        if value is not None:
            text = wanted(record, key, place) if key else record.get("text")
            blanks = bool(self.spec.columns) and not {"sentences", "start_char"} <= record.keys()
            document, has_text, self._kept = given_words(value, record, place, text=text, drop_blanks=blanks)
            return document, has_text
        if not self.spec.columns and is_empty(record, key or "text"):
            self._no_text += 1
            return Document([], [0]), False
        text = wanted(record, key or "text", place)
        if not isinstance(text, str):
            raise CorpusError(f"{place}: {key or 'text'} is {kind_of(text)}, not a string")
        check_unicode(text, place)
        if self._tokenizer is None:
            self._tokenizer = get_tokenizer(self.spec.tokenizer)
        return self._tokenizer(text), True

    def _lookup(self, task: str, column: int | str, record: Record, place: str) -> tuple[str, Any]:
        """The key and the value of a task's tags or spans, which a data set may have as several lists side by side."""
        key, value = _find(task, column, record, place)
        if isinstance(value, Mapping) and "start" in value and all(isinstance(each, list) for each in value.values()):
            value = [dict(zip(value, items, strict=False)) for items in zip(*value.values(), strict=False)]
        elif isinstance(value, Mapping):  # our own output: one list for each task
            name = column if isinstance(column, str) and column != key else task
            name = key_of(value, name) or name
            if name not in value and (len(value) != 1 or name != task):
                raise CorpusError(f"{place}: {key} has no {name!r}; it has: {', '.join(map(str, value)) or 'none'}")
            self._unseen.pop(task, None)
            value = value.get(name, next(iter(value.values())))
        if isinstance(column, str) and _is_called(key, column):
            self._unseen.pop(task, None)
        return key, value

    def _marks(self, value: list[Any], task: str, column: int | str, key: str, place: str) -> list[Mark]:
        """A task's spans: of a file that names tasks with them, all must be of one, or one is asked for."""
        found = [read_mark(item, place) for item in value]
        marks = [mark for mark in found if mark is not None]
        self._no_spans += len(found) - len(marks)
        seen = self._mark_tasks[task]
        seen.update(mark.task for mark in marks if mark.task is not None)
        if isinstance(column, str) and not _is_called(key, column):
            if column in seen:
                self._unseen.pop(task, None)
            return [mark for mark in marks if mark.task == column]
        if len(seen) > 1:
            names = ", ".join(sorted(seen))
            raise CorpusError(f"{place}: {key} has spans of {names}; name one of them, --column {task}=NAME")
        return marks


def _find(task: str, column: int | str, record: Record, place: str) -> tuple[str, Any]:
    """The key and value of a task's tags, a task that only spans name among them."""
    if isinstance(column, str):
        key, tags = key_of(record, column), record.get("tags")
        if isinstance(tags, Mapping) and (key is None or (key in OWN_KEYS and column in tags)):
            key = "tags"
        of_marks = (name for name in _MARKS if _names_tasks(record.get(name)))
        key = key or key_of(record, f"{column}_tags") or next(of_marks, None)
    elif LABEL_STUDIO in record:
        key = "spans"
    else:
        key = usual_key(task, record)
    if key is None and ("answer" in record or "annotation_id" in record):
        return "spans", []  # Prodigy and Label Studio leave out what is empty
    if key is None:
        usual = (column,) if isinstance(column, str) else _TAGS
        if (empty := next((name for name in usual if record.get(name, 0) in (None, "")), None)) is not None:
            raise CorpusError(f"{place}: {empty!r} is empty; give a tag for each token, or [] for no spans")
        missing = f"no {column!r}" if isinstance(column, str) else f"no tags for task {task!r}"
        raise CorpusError(f"{place}: {missing}; the record has: {keys_of(record)}; name the right key with --column")
    return key, record[key]


def _is_called(key: str, column: str) -> bool:
    """Whether a key is the one that was named, in any case of letters, or that with `_tags` behind it."""
    return key.casefold() in (column.casefold(), f"{column}_tags".casefold())


def usual_key(task: str, record: Record) -> str | None:
    """Give the key of a task's tags where no column is named; None if the record has none of the usual ones."""
    usual = (task, f"{task}_tags", *_TAGS, *(("ner_tags",) if task in ("ner", "tags") else ()))
    return next((name for name in usual if isinstance(record.get(name), list | str | Mapping)), None)


def _names_tasks(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(item, Mapping) and ("task" in item or "from_name" in item) for item in value
    )


def _is_marks(key: str, value: Any, record: Record) -> bool:
    """Whether a list has spans, not one tag a token."""
    if not isinstance(value, list | tuple):
        return False
    if not value:
        return key in _MARKS or not any(record.get(name) for name in WORDS)
    if all(isinstance(item, list | tuple) for item in value):
        return not all(isinstance(tag, str) for tag in chain.from_iterable(value))
    return any(isinstance(item, Mapping | list | tuple) for item in value)


def _keep_together(bounds: list[int], spans: Iterable[tuple[int, int, str]]) -> None:
    """Let no sentence end inside a span; where the tokeniser saw an end there, it was wrong."""
    inside = {place for start, end, _ in spans for place in range(start + 1, end)}
    if inside:
        bounds[:] = [bound for bound in bounds if bound not in inside]
