"""How annotation tools lay out their records, made one flat object each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bilstm_tagger.corpus.formats.record_words import WORDS, Record, kind_of
from bilstm_tagger.corpus.formats.token_spans import cluener_marks
from bilstm_tagger.errors import CorpusError

__all__ = ["LABEL_STUDIO", "flat_record", "has_several", "is_unanswered", "whole_file"]

_PANDAS = "write records, to_json(path, orient='records', lines=True)"
_FIRST_RECORDS = 20  # of a list, that tell what it is
# Says that a record came from Label Studio; no key of a file has a line break.
LABEL_STUDIO = "label\nstudio"


def flat_record(record: Any, place: str) -> Record:
    """One flat object, whatever the tool it came from."""
    if isinstance(record, list) and len(record) == 2 and isinstance(record[0], str) and isinstance(record[1], Mapping):
        return {"text": record[0], **record[1]}
    if not isinstance(record, Mapping):
        raise CorpusError(f"{place}: {kind_of(record)} where an object with tokens or text is needed")
    whole = whole_file(record)
    if whole is not None:
        raise CorpusError(f"{place}: {whole}")
    named = cluener_marks(record.get("label")) if isinstance(record.get("text"), str) else None
    if named is not None:
        return {**{name: value for name, value in record.items() if name != "label"}, "spans": named}
    answers = next((record[name] for name in ("annotations", "completions") if _is_answers(record.get(name))), None)
    data = record.get("data")
    if not isinstance(data, Mapping):
        return record
    rest = {name: value for name, value in record.items() if name not in ("annotations", "completions", "data")}
    taken = sorted(_given(answers), key=lambda answer: not answer.get("ground_truth"))
    marked = {"spans": taken[0]["result"]} if taken else {}
    return {**rest, **data, **marked, LABEL_STUDIO: bool(taken)}


def whole_file(record: Any) -> str | None:
    """Tell what an object is that holds all records of a file, and what to do; None if it is a record.

    Two layouts are known: columns or rows by their number, as pandas writes them, and a list of records under a key.
    """
    if not isinstance(record, Mapping) or not record or isinstance(record.get("data"), Mapping):
        return None
    if all(isinstance(value, Mapping) and value for value in record.values()):
        numbers = [record.keys(), *(value.keys() for value in record.values())]
        if len(set(map(frozenset, numbers[1:]))) == 1 and any(all(map(_is_number, keys)) for keys in numbers):
            return f"one object of a whole table, as pandas writes it: {_PANDAS}"
        return None
    if {"columns", "data"} <= record.keys() and isinstance(record["data"], list):
        return f"one object of a whole table, as pandas writes it with orient='split': {_PANDAS}"
    if any(isinstance(record.get(name), str | list) for name in (*WORDS, "text", "sentences", "tokenized_text")):
        return None
    key = next((name for name, value in record.items() if _is_records(value)), None)
    if key is None:
        return None
    plain = str(key).isascii() and str(key).isidentifier()  # which jq takes without quotation marks
    alone = f", as by jq '.{key}' FILE > NEW.json" if plain else ""
    return f"one object with all records in the list {key!r}: write that list alone{alone}, or one record in each line"


def _is_number(key: Any) -> bool:
    return str(key).isdecimal()


def _is_records(value: Any) -> bool:
    """Whether a list has a record in each place, by the keys of the first few."""
    first = value[:_FIRST_RECORDS] if isinstance(value, list) else []
    return all(isinstance(each, Mapping) for each in first) and any(
        isinstance(each.get(name), str | list) for each in first for name in ("text", *WORDS)
    )


def has_several(record: Any) -> bool:
    """Whether a task of Label Studio has several annotations that were not cancelled."""
    if not isinstance(record, Mapping) or not isinstance(record.get("data"), Mapping):
        return False
    return any(
        _is_answers(record.get(name)) and len(_given(record[name])) > 1 for name in ("annotations", "completions")
    )


def _given(answers: Sequence[Any] | None) -> list[Any]:
    return [answer for answer in answers or [] if not answer.get("was_cancelled")]


def _is_answers(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, Mapping) and "result" in item for item in value)


def is_unanswered(record: Record) -> bool:
    """Whether nobody annotated it, or the annotator refused it (Prodigy's reject and ignore)."""
    return not record.get(LABEL_STUDIO, True) or record.get("answer", "accept") != "accept"
