"""What programs read of evaluations: every key has its name and its kind of value, for all kinds of scores."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bilstm_tagger.document.document import Document
from bilstm_tagger.evaluation.compare import Compared, Comparison
from bilstm_tagger.evaluation.counting import score_task
from bilstm_tagger.evaluation.raw import RawEvaluation, score_raw
from bilstm_tagger.evaluation.scores import Interval
from bilstm_tagger.evaluation.significance import Difference
from bilstm_tagger.schemes.grammar import Scheme


def scores(tags: str, scheme: Scheme, resamples: int = 100) -> Any:
    words = tags.split()
    made = Document(words, [0, len(words)], tags={"t": words}, schemes={"t": scheme})
    return score_task([made], [made], "t", known=frozenset(words[:1]), resamples=resamples)


def shape(values: Any) -> Any:
    if isinstance(values, dict):
        return {key: shape(value) for key, value in values.items()}
    return type(values).__name__ + (f" of {len(values)}" if isinstance(values, list) else "")


PRF = {"precision": "float", "recall": "float", "f1": "float", "support": "int"}
COUNTS = PRF | {"correct": "int", "predicted": "int"}
INTERVALS = {"intervals": {"precision": "list of 2", "recall": "list of 2", "f1": "list of 2"}}
SHARE = {"value": "float", "correct": "int", "total": "int", "interval": "list of 2"}
RAW = {
    "kind": "str",
    "headline": "float",
    "scheme": "str",
    "micro": COUNTS,
    "labels": {"A": COUNTS},
    "tokens": COUNTS,
}
SPANS = {
    "kind": "str",
    "headline": "float",
    "scheme": "str",
    "strict": {
        "micro": COUNTS | INTERVALS,
        "macro": PRF | INTERVALS,
        "weighted": PRF | INTERVALS,
        "labels": {"A": COUNTS | INTERVALS},
    },
    "conlleval": COUNTS | INTERVALS,
    "token_accuracy": SHARE,
    "known_recall": SHARE,
    "unknown_recall": SHARE,
    "unseen_labels": {},
    "confusion_matrix": {"A": {"A": "int"}},
    "errors": dict.fromkeys(("wrong label", "wrong ends", "wrong label and ends", "missed", "invented"), "int"),
    "cautions": {"A": "str"},
}
TAGS = {
    "kind": "str",
    "headline": "float",
    "accuracy": SHARE,
    "macro": PRF | INTERVALS,
    "known": SHARE,
    "unknown": SHARE,
    "tags": {"X": COUNTS | INTERVALS, "Y": COUNTS | INTERVALS},
    "confusions": "list of 0",
    "confusion_matrix": {"X": {"X": "int"}, "Y": {"Y": "int"}},
    "unseen_labels": {},
    "cautions": {"X": "str", "Y": "str"},
}


@pytest.mark.parametrize(("tags", "scheme", "kind", "expected"), [
    ("B-A I-A O B-A", Scheme.BIO, "spans", SPANS), ("X Y X", Scheme.NONE, "tags", TAGS)
])  # fmt: skip
def test_scores(tags: str, scheme: Scheme, kind: str, expected: Any) -> None:
    values = json.loads(json.dumps(scores(tags, scheme).to_json()))
    assert shape(values) == expected
    assert (values["kind"], values["headline"]) == (kind, 1.0)


def test_confusions() -> None:
    gold, found = (Document(["w"], [0, 1], tags={"t": [tag]}) for tag in "XY")
    values = score_task([gold], [found], "t", known=None).to_json()
    assert values["confusions"] == [{"gold": "X", "predicted": "Y", "count": 1}]
    assert (values["known"], values["unknown"]) == (None, None)


def test_comparisons() -> None:
    same = scores("B-A O", Scheme.BIO)
    difference = Difference(0.5, Interval(0.25, 0.75), 0.125, 0.0625, True, 3)
    compared = Compared((same, same), difference, {"A": (0.1, Interval(0.0, 0.2))}, (1, 2, 3, 4))
    values = Comparison(("one", "two"), {"t": compared}, ("a note",), gold=None, predicted=((), ())).to_json()  # type: ignore[arg-type]
    assert values.pop("tasks") == {
        "t": {
            "scores": [same.to_json()] * 2,
            "difference": 0.5,
            "interval": [0.25, 0.75],
            "p_bootstrap": 0.125,
            "p_randomisation": 0.0625,
            "p_randomisation_is_exact": True,
            "differing_sentences": 3,
            "labels": {"A": {"difference": 0.1, "interval": [0.0, 0.2]}},
            "found": {"both": 1, "only_first": 2, "only_second": 3, "neither": 4},
        }
    }
    assert values == {"systems": ["one", "two"], "notes": ["a note"]}


def test_raw_text() -> None:
    made = Document(["Ann"], [0, 1], text="Ann", starts=[0], ends=[3], tags={"t": ["B-A"]}, schemes={"t": Scheme.BIO})
    found = score_raw([made], [made], "t")
    values = RawEvaluation({"t": found}, documents=1, sentences=2, tokens=3, seconds=0.5, notes=("so",)).to_json()
    assert shape(values.pop("tasks")) == {"t": RAW}
    sizes = {"documents": 1, "sentences": 2, "tokens": 3, "seconds": 0.5, "tokens_per_second": 6.0}
    assert values == {**sizes, "notes": ["so"]}
    assert (found.to_json()["kind"], found.to_json()["scheme"]) == ("raw", "BIO")
