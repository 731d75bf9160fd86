"""JSON: one record a line, or a file that is one array of records; see `records` for what is recognised, and
`token_rows` for records with a token in each.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice, pairwise
from pathlib import Path
from typing import Any, TextIO

from bilstm_tagger.corpus.formats.json_records import read_records
from bilstm_tagger.corpus.formats.records import RecordReader
from bilstm_tagger.corpus.formats.token_rows import read_token_rows, token_table
from bilstm_tagger.document.document import Document
from bilstm_tagger.settings.read_spec import ReadSpec


def read(path: str | Path, spec: ReadSpec) -> Iterator[Document]:
    """Read records, each a document or each a token.

    Args:
        path: the file.
        spec: how to read it; the column of a task is the key of its tags or spans, or the name its spans go by; a
            number stands for the usual keys, of which `TASK`, `TASK_tags`, `tags` and `spans` come first. The column
            of the words is the key of the tokens; a number stands for the usual ones.

    Raises:
        CorpusError: for a record that does not fit, as `file:line`, or it is not clear where sentences end.
    """
    table, records = token_table(str(path), read_records(path, encoding=spec.encoding), spec)
    if table is not None:
        yield from read_token_rows(table)
        return
    reader = RecordReader(str(path), spec)
    first = list(islice(records, 2))
    reader.by_number = len({line for line, *_ in first}) < len(first)
    for line, record in chain(first, records):
        document = reader.document(record, line)
        if document is not None:
            yield document
    reader.finish()


def to_record(document: Document, tasks: Sequence[str] | None = None) -> dict[str, Any]:
    """A document as it stands in a line of JSON.

    Positions of `sentences` and spans (`start`, `end`) count tokens of the document, `start_char` and
    `end_char` characters of `text`; ends are exclusive. `tokens`, `start_char`, `end_char` and each
    list in `tags` have one entry a token, and `text[start_char:end_char]` is the token. `words` is there
    only where a word is not its stretch of text, inside a multiword token.

    Args:
        document: the document.
        tasks: the tasks to write; by default all.

    Returns:
        Plain lists, strings and numbers.
    """
    text, starts, ends = document.text, document.starts, document.ends
    tokens = [text[start:end] for start, end in zip(starts, ends, strict=True)]
    return _record(document, tasks, tokens, differ=tokens != document.words, listed=list)


def lazy_record(document: Document, tasks: Sequence[str] | None = None) -> dict[str, Any]:
    """The same record with iterators for what would be a further list, for documents of any length."""
    text, starts, ends = document.text, document.starts, document.ends

    def tokens() -> Iterator[str]:
        return (text[start:end] for start, end in zip(starts, ends, strict=True))

    differ = any(token != word for token, word in zip(tokens(), document.words, strict=True))
    return _record(document, tasks, tokens(), differ=differ, listed=iter)


def _record(
    document: Document,
    tasks: Sequence[str] | None,
    tokens: Iterable[str],
    *,
    differ: bool,
    listed: Callable[[Iterable[Any]], Iterable[Any]],
) -> dict[str, Any]:
    """A record of these tokens, which may differ from the words; `listed` makes of an iterator what the record has."""
    chosen = document.tasks if tasks is None else list(tasks)
    return {
        "id": document.id,
        "text": document.text,
        "sentences": listed(pairwise(document.bounds)),
        "tokens": tokens,
        **({"words": document.words} if differ else {}),
        "start_char": document.starts,
        "end_char": document.ends,
        "tags": {task: document.tags_of(task) for task in chosen},
        "spans": listed(chain.from_iterable(span_records(document, task) for task in chosen)),
        **probability_fields(document, chosen),
    }


def probability_fields(document: Document, tasks: Sequence[str]) -> dict[str, Any]:
    """Under `probabilities` how probable each tag is, by task, and under `n_best` each sentence's best sequences.

    There is nothing where that is not known.
    """
    known = [task for task in tasks if task in document.probabilities]
    if not known:
        return {}
    values = {}
    for task in known:
        told = document.probabilities[task]
        values[task] = [
            round(told.token(at, tag), 6) if tag in told.tags else None for at, tag in enumerate(document.tags_of(task))
        ]
    n_best = {
        task: [[{"probability": round(each.probability, 6), "tags": each.tags} for each in some] for some in found]
        for task in known
        if (found := document.probabilities[task].n_best) is not None
    }
    return {"probabilities": values, **({"n_best": n_best} if n_best else {})}


def span_records(document: Document, task: str) -> Iterator[dict[str, Any]]:
    """The spans of a task as they stand in a record; none where only its tags are known."""
    for span in document.spans_of(task) if task in document.schemes else ():
        yield {
            "task": task,
            "label": span.label,
            "text": span.text,
            "start": span.start,
            "end": span.end,
            "start_char": span.start_char,
            "end_char": span.end_char,
            **({} if span.probability is None else {"probability": round(span.probability, 6)}),
        }


def write(documents: Iterable[Document], stream: TextIO, *, tasks: Sequence[str] | None = None) -> None:
    """Write each document as one line of JSON, see `to_record`.

    Args:
        documents: what to write, one after another.
        stream: where to.
        tasks: the tasks to write; by default all of each document.
    """
    for document in documents:
        record = json.dumps(to_record(document, tasks), ensure_ascii=False, separators=(",", ":"))
        stream.write(record + "\n")
