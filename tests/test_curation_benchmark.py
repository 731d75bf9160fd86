"""The benchmarks of `review` and `suggest`: what is spoilt, and the measures against other implementations."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score
from tiny import sentences

from benchmarks.curation.review import auc
from benchmarks.curation.spoil import KINDS, spoil
from benchmarks.curation.suggest import needed
from bilstm_tagger.document.document import Document
from bilstm_tagger.schemes.grammar import Scheme, first_illegal
from bilstm_tagger.schemes.spans import tags_to_spans

SHARE = 0.2


def documents() -> list[Document]:
    rows = sentences(200, seed=2)
    return [
        Document(
            [word for word, _ in row], [0, len(row)], tags={"ner": [tag for _, tag in row]}, schemes={"ner": Scheme.BIO}
        )
        for row in rows
    ]


def test_errors_are_where_they_are_said_to_be_and_nowhere_else() -> None:
    before = documents()
    after, errors = spoil(before, SHARE, seed=3)
    count = sum(len(document.spans) for document in before)
    assert len(errors) == round(SHARE * count)
    assert max(Counter(error.kind for error in errors).values()) - len(errors) // len(KINDS) <= 1
    by_sentence = {error.sentence: error for error in errors}
    assert len(by_sentence) == len(errors)
    for number, (old, new) in enumerate(zip(before, after, strict=True)):
        assert first_illegal(new.tags["ner"], Scheme.BIO) is None
        assert old.words == new.words
        lost, added = (
            set(tags_to_spans(one.tags["ner"], Scheme.BIO)) - set(tags_to_spans(other.tags["ner"], Scheme.BIO))
            for one, other in ((old, new), (new, old))
        )
        if number not in by_sentence:
            assert not lost | added
            continue
        _, start, end, kind = by_sentence[number]
        assert min(a for a, _, _ in lost | added) == start
        assert max(b for _, b, _ in lost | added) == end
        assert (len(lost), len(added)) == {"dropped": (1, 0), "invented": (0, 1)}.get(kind, (1, 1))
        if kind == "wrong label":
            assert {span[:2] for span in lost} == {span[:2] for span in added}
        if kind == "wrong ends":
            (gone,), (come,) = lost, added
            assert gone[2] == come[2]
            assert abs(gone[0] - come[0]) + abs(gone[1] - come[1]) == 1
    again, same = spoil(before, SHARE, seed=3)
    assert same == errors
    assert [document.tags for document in again] == [document.tags for document in after]
    assert spoil(before, SHARE, seed=4)[1] != errors


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=2))
def test_auc_is_that_of_scikit_learn(drawn: list[tuple[int, bool]]) -> None:
    values, wrong = [float(value) for value, _ in drawn], [each for _, each in drawn]
    if len(set(wrong)) == 2:
        assert auc(values, wrong) == pytest.approx(roc_auc_score(wrong, values))


@given(st.lists(st.floats(0.1, 5), min_size=2, max_size=8), st.floats(0, 1))
def test_what_is_needed_lies_on_the_line_between_rounds(steps: list[float], share: float) -> None:
    y = np.cumsum(steps).tolist()
    x = [100.0 * (number + 1) for number in range(len(y))]
    target = min(y[0] + share * (y[-1] - y[0]), y[-1])  # rounding may go beyond the last
    assert needed(x, y, target) == pytest.approx(float(np.interp(target, y, x)))
    assert needed(x, y, y[-1] + 1) is None
