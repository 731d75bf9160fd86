"""The scans for GPUs against the compiled loops, which `test_crf` holds to brute force; Viterbi against all paths."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from bilstm_tagger.nn import crf_scan, device
from bilstm_tagger.nn.batch import mask_of
from bilstm_tagger.nn.crf import CRF, Transitions, log_likelihoods, log_likelihoods_of_sets, viterbi
from bilstm_tagger.schemes.grammar import Scheme, allowed_transitions, tag_names

NAMES = tag_names(["A", "B"], Scheme.IOBES)
ALLOWED = Transitions(*map(torch.from_numpy, allowed_transitions(NAMES, Scheme.IOBES)))


@pytest.fixture
def queued(monkeypatch: pytest.MonkeyPatch) -> None:
    """The CPU computes as a GPU does."""
    monkeypatch.setattr(device, "QUEUED", {"cuda", "cpu"})


def ensemble(count: int, seed: int) -> list[CRF]:
    torch.manual_seed(seed)
    crfs = [CRF(ALLOWED).double() for _ in range(count)]
    for crf in crfs:
        for weight in crf.parameters():
            weight.data.normal_()
    return crfs


def gradients(likelihood: Tensor, inputs: list[Tensor]) -> list[Tensor]:
    """Those of a sum in which each sentence of each encoder weighs otherwise."""
    weights = torch.linspace(-1, 2, likelihood.numel(), dtype=torch.float64).view_as(likelihood)
    return [likelihood.detach(), *torch.autograd.grad((likelihood * weights).sum(), inputs)]


lengths_of_batches = st.lists(st.integers(1, 9), min_size=1, max_size=6)


@settings(max_examples=25, deadline=None)
@given(
    sizes=lengths_of_batches,
    count=st.integers(1, 3),
    spread=st.sampled_from([1.0, 30.0, 600.0, 2000.0]),
    seed=st.integers(0, 99),
    together=st.sampled_from([crf_scan.MOST, 1, 300]),
)
def test_likelihoods_and_gradients_equal_those_of_the_compiled_loops(
    sizes: list[int], count: int, spread: float, seed: int, together: int
) -> None:
    crfs, lengths = ensemble(count, seed), torch.tensor(sizes)
    for crf in crfs:
        crf.transitions.data.mul_(spread if seed % 3 else 1.0)
    width = int(lengths.max()) + seed % 2  # padding behind the longest one too
    emissions = (spread * torch.randn(count, len(sizes), width, len(NAMES), dtype=torch.float64)).requires_grad_()
    tags = torch.full((len(sizes), width), NAMES.index("O"))
    allowed = torch.rand(len(sizes), width, len(NAMES)) < 0.5
    allowed[..., NAMES.index("O")] = True
    inputs = [emissions, *(weight for crf in crfs for weight in crf.parameters())]
    found = []
    for kinds in ({"cuda"}, {"cuda", "cpu"}):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(device, "QUEUED", kinds)
            patch.setattr(crf_scan, "MOST", together)
            known = gradients(log_likelihoods(crfs, emissions, tags, lengths), inputs)
            sets = gradients(log_likelihoods_of_sets(crfs, emissions, allowed, lengths), inputs)
            found.append(
                [*known, *sets, *(crf.marginals(each, lengths) for crf, each in zip(crfs, emissions, strict=True))]
            )
    for loops, scan in zip(*found, strict=True):
        torch.testing.assert_close(scan, loops, rtol=1e-9, atol=1e-9)


@pytest.mark.usefixtures("queued")
def test_tokens_far_apart_both_ways_keep_both_sequences() -> None:
    """Four tokens speak for one tag and four for another, with no way between them: both are as probable."""
    crf = CRF(Transitions(torch.eye(2, dtype=torch.bool), torch.ones(2).bool(), torch.ones(2).bool())).double()
    emissions = torch.zeros(1, 8, 2, dtype=torch.float64)
    emissions[0, :4, 0] = emissions[0, 4:, 1] = 300.0
    marginals = crf.marginals(emissions, torch.tensor([8]))
    torch.testing.assert_close(marginals, torch.full((1, 8, 2), 0.5, dtype=torch.float64))
    likelihood = crf.log_likelihood(emissions, torch.zeros(1, 8, dtype=torch.long), torch.tensor([8]))
    torch.testing.assert_close(likelihood, torch.tensor([0.5], dtype=torch.float64).log())


@pytest.mark.usefixtures("queued")
def test_what_stands_in_the_padding_has_no_effect() -> None:
    crfs, lengths = ensemble(2, 0), torch.tensor([2, 5])
    emissions = torch.randn(2, 2, 5, len(NAMES), dtype=torch.float64)
    noisy = emissions.masked_fill(~mask_of(lengths, 5)[:, :, None], 1e6).requires_grad_()
    tags = torch.full((2, 5), NAMES.index("O"))
    first, second = (log_likelihoods(crfs, each, tags, lengths) for each in (emissions, noisy))
    torch.testing.assert_close(first, second, rtol=0, atol=1e-9)
    (gradient,) = torch.autograd.grad(second.sum(), noisy)
    assert not gradient[:, 0, 2:].any()
    assert gradient[:, 0, :2].any()


@settings(max_examples=15, deadline=None)
@given(sizes=st.lists(st.integers(1, 3), min_size=1, max_size=4), seed=st.integers(0, 99))
def test_viterbi_finds_the_best_of_all_paths(sizes: list[int], seed: int) -> None:
    (crf,) = ensemble(1, seed)
    scores = [part.detach() for part in crf.scores()]
    emissions = 3 * torch.randn(sum(sizes), len(NAMES), dtype=torch.float64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(device, "QUEUED", {"cpu"})
        found = viterbi(emissions, torch.tensor(sizes), *scores).split(sizes)
    transitions, starts, ends = (part.numpy() for part in scores)
    for rows, tags in zip(emissions.split(sizes), found, strict=True):
        paths = np.array(list(product(range(len(NAMES)), repeat=len(rows))))
        sums = rows.numpy()[np.arange(len(rows)), paths].sum(1) + starts[paths[:, 0]] + ends[paths[:, -1]]
        sums += transitions[paths[:, :-1], paths[:, 1:]].sum(1)
        assert tags.tolist() == paths[sums.argmax()].tolist()


def test_viterbi_of_long_sentences_equals_the_compiled_loop() -> None:
    (crf,) = ensemble(1, 4)
    lengths = torch.tensor([300, 1, 77, 2])
    emissions = 5 * torch.randn(int(lengths.sum()), len(NAMES))
    found = []
    for kinds in ({"cuda"}, {"cpu"}):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(device, "QUEUED", kinds)
            found.append(crf.decode(emissions, lengths))
    assert torch.equal(*found)


@pytest.mark.usefixtures("queued")
@pytest.mark.parametrize("far", [True, False])
def test_viterbi_loses_nothing_in_a_long_sentence(monkeypatch: pytest.MonkeyPatch, far: bool) -> None:
    """Against whole numbers of any size: what all sequences have or pay alike does not crowd out the rest."""
    monkeypatch.setattr(crf_scan, "TOGETHER", 16)
    draw, tags, lengths = np.random.default_rng(5), 3, [2000, 1, 900]
    high = 2**48  # sums of 2,000 of them are beyond the whole numbers that float64 holds
    emissions = draw.integers(0, 3, (sum(lengths), tags))
    emissions += high * (draw.integers(0, 2, emissions.shape) if far else 1)
    transitions = draw.integers(0, 9, (tags, tags)) - (high * np.eye(tags, dtype=np.int64) if far else 0)
    edges = np.zeros(tags, np.int64)
    scores = [torch.from_numpy(part).double() for part in (emissions, transitions, edges, edges)]
    found = viterbi(scores[0], torch.tensor(lengths), *scores[1:]).split(lengths)
    for rows, path in zip(np.split(emissions.astype(object), np.cumsum(lengths)[:-1]), found, strict=True):
        reached = rows[0]
        for row in rows[1:]:
            reached = (reached[:, None] + transitions.astype(object)).max(0) + row
        moves = transitions[path[:-1], path[1:]].astype(object)
        assert rows[np.arange(len(rows)), path.numpy()].sum() + moves.sum() == max(reached)
