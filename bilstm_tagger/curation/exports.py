"""Sentences to annotate in the import forms of annotation tools, with the spans of the model marked."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import IO, Any

from bilstm_tagger.curation.choosing import Suggestion
from bilstm_tagger.curation.tables import write_table
from bilstm_tagger.document.document import Document
from bilstm_tagger.files.entity_tables import Cell

__all__ = ["EXPORTS", "write_csv", "write_doccano", "write_label_studio", "write_prodigy"]

HEADER = ("rank", "uncertainty", "file", "document", "line", "start", "tokens", "tags", "text")


def write_doccano(suggestions: Sequence[Suggestion], stream: IO[str], *, task: str) -> None:
    """Write JSON lines as doccano imports and exports them (sequence labelling): `text` and `label`.

    Further keys become metadata there.

    Args:
        suggestions: the sentences.
        stream: where to.
        task: the task whose spans are marked.
    """
    for rank, each in enumerate(suggestions, 1):
        document = each.document
        label = [[span.start_char, span.end_char, span.label] for span in document.spans_of(task)]
        _line(stream, {"text": document.text, "label": label, **_origin(each, rank)})


def write_prodigy(suggestions: Sequence[Suggestion], stream: IO[str], *, task: str) -> None:
    """Write JSON lines as Prodigy's recipes read them (`ner.manual`): `text`, `tokens`, `spans`, `meta`.

    Arguments as for `write_doccano`.
    """
    for rank, each in enumerate(suggestions, 1):
        document = each.document
        spans = [
            {
                "start": span.start_char,
                "end": span.end_char,
                "token_start": span.start,
                "token_end": span.end - 1,
                "label": span.label,
            }
            for span in document.spans_of(task)
        ]
        _line(stream, {"text": document.text, "tokens": _tokens(document), "spans": spans, "meta": _origin(each, rank)})


def _tokens(document: Document) -> list[dict[str, Any]]:
    following = [*document.starts[1:], len(document.text)]
    return [
        {"text": document.text[start:end], "start": start, "end": end, "id": index, "ws": following[index] > end}
        for index, (start, end) in enumerate(zip(document.starts, document.ends, strict=True))
    ]


def write_label_studio(suggestions: Sequence[Suggestion], stream: IO[str], *, task: str) -> None:
    """Write tasks with predictions as Label Studio imports them: one JSON list.

    It fits a labelling configuration with `<Text name="text" value="$text"/>` and `<Labels name="label"
    toName="text">`. Arguments as for `write_doccano`.
    """
    records = []
    for rank, each in enumerate(suggestions, 1):
        result = [
            {
                "from_name": "label",
                "to_name": "text",
                "type": "labels",
                "value": {
                    "start": span.start_char,
                    "end": span.end_char,
                    "text": span.text,
                    "labels": [span.label],
                    **({} if span.probability is None else {"score": round(span.probability, 6)}),
                },
            }
            for span in each.document.spans_of(task)
        ]
        data = {"text": each.document.text, **_origin(each, rank)}
        records.append({"data": data, "predictions": [{"model_version": "bilstm-tagger", "result": result}]})
    json.dump(records, stream, ensure_ascii=False, indent=1)
    stream.write("\n")


def write_csv(suggestions: Sequence[Suggestion], stream: IO[str], *, task: str) -> None:
    """Write a table with a row per sentence; tokens and tags are lists in JSON, which `train` reads.

    Arguments as for `write_doccano`.
    """
    write_table(HEADER, (_row(each, rank, task) for rank, each in enumerate(suggestions, 1)), stream, kind="csv")


def _row(each: Suggestion, rank: int, task: str) -> list[Cell]:
    document = each.document
    lists = [json.dumps(column, ensure_ascii=False) for column in (document.words, document.tags_of(task))]
    origin = [document.path, document.id, _line_of(each), each.start_char]
    return [rank, round(each.uncertainty, 6), *origin, *lists, document.text]


def _origin(each: Suggestion, rank: int) -> dict[str, Any]:
    """Where a sentence comes from, and why it was chosen."""
    document = each.document
    place = {"file": document.path, "document": document.id, "line": _line_of(each), "start": each.start_char}
    told = {name: value for name, value in place.items() if value is not None}
    return {"rank": rank, "uncertainty": round(each.uncertainty, 6), **told}


def _line_of(each: Suggestion) -> int | None:
    return each.document.lines[0] if each.document.lines else each.line


def _line(stream: IO[str], record: dict[str, Any]) -> None:
    stream.write(json.dumps(record, ensure_ascii=False) + "\n")


EXPORTS: dict[str, Callable[..., None]] = {
    "doccano": write_doccano,
    "label-studio": write_label_studio,
    "prodigy": write_prodigy,
    "csv": write_csv,
}
