"""Records of GLiNER, DyGIE, SpERT, spaCy 2 and CLUENER: what is read of each, and which keys that takes."""

from __future__ import annotations

from typing import Any

import pytest

from bilstm_tagger.corpus.formats.token_spans import TokenRecord, cluener_marks, token_record

WORDS = ["Anna", "Berg", "slept"]
PER = [(0, 2, "PER")]


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (
            {"tokenized_text": WORDS, "ner": [[0, 1, "PER"]], "id": 1},
            TokenRecord(WORDS, [0, 3], PER, keys=frozenset(["tokenized_text", "ner"])),
        ),
        (
            {"doc_key": "1", "sentences": [WORDS[:2], WORDS[2:]], "ner": [[[0, 1, "PER"]], []]},
            TokenRecord(WORDS, [0, 2, 3], PER, keys=frozenset(["sentences", "ner"])),
        ),
        (
            {"doc_key": "1", "sentences": [WORDS[:2], WORDS[2:]]},
            TokenRecord(WORDS, [0, 2, 3], keys=frozenset(["sentences"])),
        ),
        (
            {"tokens": WORDS, "entities": [{"type": "PER", "start": 0, "end": 2}], "relations": []},
            TokenRecord(WORDS, [0, 3], PER, keys=frozenset(["tokens", "entities"])),
        ),
        (
            {"paragraphs": [{"raw": "Anna", "sentences": [{"tokens": [{"orth": "Anna", "ner": "U-PER"}]}]}]},
            TokenRecord(
                ["Anna"], [0, 1], None, {"ner": ["U-PER"]}, "Anna", keys=frozenset(["paragraphs"])
            ),
        ),
        ({"tokens": WORDS, "tags": ["O"] * 3}, None),
        ({"tokens": WORDS, "sentences": [[0, 3]], "entities": []}, None),
    ],
)  # fmt: skip
def test_each_layout(record: dict[str, Any], expected: TokenRecord | None) -> None:
    assert token_record(record, "a.jsonl:1") == expected


@pytest.mark.parametrize(
    ("labels", "marks"),
    [
        (
            {"PER": {"Anna": [[0, 3], [9, 12]]}},
            [{"start": at, "end": at + 4, "label": "PER", "text": "Anna"} for at in (0, 9)],
        ),
        ({"PER": {}}, []),
        ({}, None),
        ("PER", None),
        ({"PER": ["Anna"]}, None),
        ({"PER": {"Anna": 5}}, None),
        ({"PER": {"Anna": [5]}}, None),
        ({"PER": {"Anna": [[0]]}}, None),
        ({"PER": {"Anna": [[0, 3], [4, 5, 6]]}}, None),
    ],
)
def test_labels_of_cluener(labels: object, marks: list[dict[str, Any]] | None) -> None:
    assert cluener_marks(labels) == marks
