"""Probabilities of tags that people gave, against the sum over all tag sequences."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pytest
from tiny import PLAIN, settings_of, untrained

from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.schemes.grammar import Scheme, tag_names
from bilstm_tagger.schemes.spans import spans_to_tags, tags_to_spans
from bilstm_tagger.tagging.output_tags import OutputTags

SCHEMES = [scheme for scheme in Scheme if scheme is not Scheme.NONE]
ALL = 5_000  # more than the legal sequences of four tokens


def drawn_spans(draw: random.Random, length: int) -> list[tuple[int, int, str]]:
    spans, place = [], 0
    while place < length:
        end = min(place + draw.randint(1, 2), length)
        if draw.random() < 0.6:
            spans.append((place, end, draw.choice(["PER", "LOC"])))
        place = end + draw.randint(0, 1)
    return spans


@pytest.mark.parametrize("scheme", [Scheme.BIO, Scheme.IOBES, Scheme.IOB1])
def test_a_given_span_has_the_sum_over_all_sequences_that_have_it(scheme: Scheme) -> None:
    tagger = untrained(settings_of(), schemes={"ner": scheme}, seed=3)
    draw = random.Random(1)
    documents = []
    for number in range(12):
        sizes = [draw.randint(1, 4) for _ in range(2)]
        tags = [tag for size in sizes for tag in spans_to_tags(drawn_spans(draw, size), size, scheme)]
        words = [draw.choice(PLAIN) for _ in tags]
        document = Document(words, [0, sizes[0], sum(sizes)], tags={"ner": tags}, schemes={"ner": scheme})
        document.id = str(number)
        documents.append(document)
    judged = list(tagger.probabilities_of(documents, batch_tokens=9))
    asked = 0
    for document, exact in zip(judged, tagger.pipe(documents, n_best=ALL, batch_tokens=9), strict=True):
        assert document.tags == documents[int(document.id or 0)].tags
        sentences = zip(pairwise(document.bounds), exact.probabilities["ner"].n_best or [], strict=True)
        for number, ((first, last), sequences) in enumerate(sentences):
            assert sum(each.probability for each in sequences) == pytest.approx(1, abs=1e-9)
            for start, end, label in tags_to_spans(document.tags["ner"][first:last], scheme):
                having = (each for each in sequences if (start, end, label) in tags_to_spans(each.tags, scheme))
                told = document.probabilities["ner"].span(first + start, first + end, label)
                assert told == pytest.approx(sum(each.probability for each in having), abs=1e-9)
                span = next(span for span in document.sentences[number].spans if span.start == start)
                assert span.probability == told
                asked += 1
        np.testing.assert_allclose(document.probabilities["ner"].marginals, exact.probabilities["ner"].marginals)
    assert asked > 15


@pytest.mark.parametrize("scheme", SCHEMES)
def test_ids_are_the_inverse_of_strings(scheme: Scheme) -> None:
    output = OutputTags(tag_names(["LOC", "PER"], Scheme.IOBES), Scheme.IOBES, scheme)
    draw = random.Random(2)
    sizes = [draw.randint(1, 9) for _ in range(40)]
    tags = [tag for size in sizes for tag in spans_to_tags(drawn_spans(draw, size), size, scheme)]
    bounds = np.cumsum([0, *sizes])
    assert output.strings(output.ids(tags, bounds.tolist()), bounds) == tags


def test_labels_that_the_model_lacks_are_outside() -> None:
    tagger = untrained(settings_of(), seed=3)
    tags = ["B-ORG", "I-ORG", "_", "B-PER"]
    document = Document(PLAIN[:4], [0, 4], tags={"ner": tags}, schemes={"ner": Scheme.BIO})
    judged = next(tagger.probabilities_of([document]))
    assert judged.tags["ner"] == tags
    assert not judged.probabilities["ner"].spans[:3].any()
    assert judged.probabilities["ner"].spans[3].any()


def test_documents_without_tags_are_refused() -> None:
    tagger = untrained(settings_of())
    with pytest.raises(CorpusError, match=r"^the document has no tags for task 'ner'; it has: none$"):
        list(tagger.probabilities_of([Document.from_words(["a"])]))
