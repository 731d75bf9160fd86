"""Python, the command line, spaCy, data sets, frames and HTTP tell the same, to the last digit."""

from __future__ import annotations

from pathlib import Path

import datasets
import pytest

from benchmarks.ways import ROUNDED, WAYS, Answer, differences

TEXTS = [
    "Rain fell on the lake. Ada left Turin in 1999 and Noor stayed.",
    "Two lines,\n\na blank one: Ada\nLovel and 42 boats.\tOb!",
    "the boat (left) in Turin's Lake -- \U0001f600 «Ob» don't",
    *(f"Noor {number} fell in Lake Ob. And Ada?" for number in range(30)),
]


@pytest.fixture(scope="module")
def reference(model_folder: Path) -> list[Answer]:
    return WAYS["Python"](str(model_folder), TEXTS)


@pytest.mark.parametrize("way", [name for name in WAYS if name != "Python"])
def test_every_way_tells_the_same(
    way: str, reference: list[Answer], model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    if way == "HTTP":
        pytest.importorskip("fastapi", reason="needs the extra serve")
    answers = WAYS[way](str(model_folder), TEXTS)
    assert differences(reference, answers, digits=ROUNDED.get(way)) == []


def test_differences_are_found(reference: list[Answer]) -> None:
    """The comparison sees one digit, one tag, one text too few."""
    assert sum(len(answer["spans"]) for answer in reference) > 20
    one, *rest = reference
    task, label, start, end, probability = one["spans"][0]
    digit = {**one, "spans": [(task, label, start, end, probability + 1e-15), *one["spans"][1:]]}
    tag = {**one, "tags": {"upos": ["?", *one["tags"]["upos"][1:]]}}
    for other in (digit, tag):
        assert len(differences(reference, [other, *rest])) == 1
    assert differences(reference, [digit, *rest], digits=6) != []
    assert differences(reference, rest)
