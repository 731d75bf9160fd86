"""Marginals, span marginals and n-best sequences against the sum over all tag sequences that a scheme allows."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bilstm_tagger.nn.crf import DISALLOWED
from bilstm_tagger.nn.n_best import n_best
from bilstm_tagger.nn.posteriors import posteriors, softmax
from bilstm_tagger.schemes.grammar import Scheme, allowed_transitions, tag_names
from bilstm_tagger.schemes.spans import tags_to_spans
from bilstm_tagger.tagging.output_tags import OutputTags

LABELS = ("A", "B")


@dataclass
class Chain:
    """A random CRF over some sentences."""

    scheme: Scheme
    names: list[str]
    emissions: np.ndarray
    transitions: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    lengths: list[int]

    @classmethod
    def random(cls, seed: int, scheme: Scheme, lengths: list[int], scale: float) -> Chain:
        draw = np.random.default_rng(seed)
        names = tag_names(LABELS, scheme)
        tags = len(names)
        scores = [draw.normal(size=size) * scale for size in ((tags, tags), tags, tags)]
        allowed = allowed_transitions(names, scheme)
        disallowed = [np.where(may, score, DISALLOWED) for may, score in zip(allowed, scores, strict=True)]
        return cls(scheme, names, draw.normal(size=(sum(lengths), tags)) * scale, *disallowed, lengths)

    @property
    def scores(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        return tuple(map(torch.from_numpy, (self.transitions, self.starts, self.ends)))  # type: ignore[return-value]

    def sentences(
        self, temperature: float = 1.0
    ) -> Iterator[tuple[int, int, list[tuple[int, ...]], np.ndarray, float]]:
        """First and last token, allowed sequences the best first, their probabilities, and log Z."""
        at = 0
        for length in self.lengths:
            scored = []
            for tags in itertools.product(range(len(self.names)), repeat=length):
                steps = [self.transitions[a, b] for a, b in pairwise(tags)]
                parts = [self.starts[tags[0]], self.ends[tags[-1]], *steps]
                if min(parts) > DISALLOWED:
                    own = sum(self.emissions[at + place, tag] for place, tag in enumerate(tags))
                    scored.append(((own + sum(parts)) / temperature, tags))
            scored.sort(key=lambda item: -item[0])
            scores = np.array([score for score, _ in scored])
            log_z = scores.max() + np.log(np.exp(scores - scores.max()).sum())
            yield at, at + length, [tags for _, tags in scored], np.exp(scores - log_z), float(log_z)
            at += length

    def best(self) -> np.ndarray:
        return np.array([tag for _, _, sequences, _, _ in self.sentences() for tag in sequences[0]])


chains = st.builds(
    Chain.random,
    seed=st.integers(0, 2**31),
    scheme=st.sampled_from([Scheme.BIO, Scheme.IOBES]),
    lengths=st.lists(st.integers(1, 4), min_size=1, max_size=3),
    scale=st.sampled_from([0.1, 1.0, 20.0, 1500.0]),  # the last is beyond what scaled probabilities hold
)


@settings(max_examples=60, deadline=None)
@given(chain=chains, temperature=st.sampled_from([0.5, 1.0, 3.0]))
@example(Chain.random(8000, Scheme.IOBES, [3, 1], 1500.0), 3.0)  # where `alpha` loses the best sequence
@example(
    chain=Chain.random(seed=116, scheme=Scheme.IOBES, lengths=[2], scale=1500.0), temperature=3.0
)  # beta overflows
def test_probabilities_equal_the_sum_over_all_allowed_sequences(chain: Chain, temperature: float) -> None:
    best = chain.best()
    output = OutputTags(chain.names, chain.scheme, chain.scheme)
    exact = posteriors(
        torch.from_numpy(chain.emissions),
        torch.tensor(chain.lengths),
        chain.scores,
        best=best,
        span_tags=output.span_tags(),
        temperature=temperature,
    )
    assert output.labels == LABELS
    np.testing.assert_allclose(exact.marginals.sum(1), 1, rtol=1e-9)
    for number, (first, last, sequences, shares, log_z) in enumerate(chain.sentences(temperature)):
        assert exact.log_z[number] == pytest.approx(log_z, rel=1e-9)
        marginals = np.zeros((last - first, len(chain.names)))
        for tags, share in zip(sequences, shares, strict=True):
            marginals[np.arange(last - first), list(tags)] += share
        np.testing.assert_allclose(exact.marginals[first:last], marginals, atol=1e-9)
        spans_of = [tags_to_spans([chain.names[tag] for tag in tags], chain.scheme) for tags in sequences]
        expected = np.zeros((last - first, len(LABELS)))
        for start, end, _ in tags_to_spans([chain.names[tag] for tag in best[first:last]], chain.scheme):
            for place, label in enumerate(LABELS):
                there = [(start, end, label) in spans for spans in spans_of]
                expected[start, place] = shares[np.array(there)].sum()
        np.testing.assert_allclose(exact.spans[first:last], expected, atol=1e-9)


@settings(max_examples=40, deadline=None)
@given(chain=chains, count=st.integers(1, 9), temperature=st.sampled_from([1.0, 2.0]))
def test_the_n_best_sequences_are_the_best_of_all(chain: Chain, count: int, temperature: float) -> None:
    log_z = np.array([each[-1] for each in chain.sentences(temperature)])
    given_ = (torch.from_numpy(chain.emissions), torch.tensor(chain.lengths), chain.scores, count, log_z)
    listed = n_best(*given_, temperature=temperature)
    for number, (first, last, sequences, shares, _) in enumerate(chain.sentences(temperature)):
        for rank in range(count):
            tags, told = listed.tags[rank, first:last], listed.log_probabilities[number, rank]
            if rank < len(sequences):
                assert tuple(tags) == sequences[rank]
                assert np.exp(told) == pytest.approx(shares[rank], abs=1e-9)
            else:
                assert told == -np.inf
                assert (tags == -1).all()


def test_plain_tags_have_the_probabilities_of_a_softmax() -> None:
    emissions = torch.randn(5, 3, dtype=torch.float64)
    np.testing.assert_allclose(softmax(emissions, 2.0), torch.softmax(emissions / 2, -1).numpy())
    free = (torch.zeros(3, 3), torch.zeros(3), torch.zeros(3))
    nothing = OutputTags(["X", "Y", "Z"], Scheme.NONE, Scheme.NONE).span_tags()
    exact = posteriors(emissions, torch.tensor([2, 3]), free, best=np.zeros(5, np.int64), span_tags=nothing)
    np.testing.assert_allclose(exact.marginals, softmax(emissions), rtol=1e-12)
    assert exact.spans.shape == (5, 0)


def test_a_long_sentence_loses_no_digits() -> None:
    """By a second algorithm: automatic differentiation of log Z gives the marginals."""
    chain = Chain.random(3, Scheme.IOBES, [700], 2.0)
    emissions = torch.from_numpy(chain.emissions).requires_grad_()
    transitions, starts, ends = chain.scores
    score = starts + emissions[0]
    for row in emissions[1:]:
        score = torch.logsumexp(score[:, None] + transitions, 0) + row
    log_z = torch.logsumexp(score + ends, 0)
    (marginals,) = torch.autograd.grad(log_z, emissions)
    output = OutputTags(chain.names, chain.scheme, chain.scheme)
    exact = posteriors(
        emissions, torch.tensor([700]), chain.scores, best=np.zeros(700, np.int64), span_tags=output.span_tags()
    )
    np.testing.assert_allclose(exact.marginals, marginals.numpy(), atol=1e-9)
    assert exact.log_z[0] == pytest.approx(float(log_z.detach()), rel=1e-12)
