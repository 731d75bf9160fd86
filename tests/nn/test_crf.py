"""The CRF against brute force over all tag sequences."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
import torch
from torch import Tensor

from bilstm_tagger.nn.batch import mask_of
from bilstm_tagger.nn.crf import CRF, DISALLOWED, Transitions, viterbi
from bilstm_tagger.schemes.grammar import Scheme, allowed_transitions, tag_names

NAMES = tag_names(["A"], Scheme.IOBES)  # five tags: small enough for every sequence of four
ALLOWED = Transitions(*map(torch.from_numpy, allowed_transitions(NAMES, Scheme.IOBES)))


@pytest.fixture
def case() -> tuple[CRF, Tensor, Tensor]:
    torch.manual_seed(3)
    crf = CRF(ALLOWED).double()
    for weight in crf.parameters():
        weight.data.normal_()
    return crf, torch.randn(4, 4, len(NAMES), dtype=torch.float64, requires_grad=True), torch.tensor([4, 1, 3, 2])


def path_score(crf: CRF, emissions: Tensor, tags: tuple[int, ...]) -> Tensor:
    transitions, starts, ends = crf.scores()
    score = starts[tags[0]] + ends[tags[-1]]
    score = score + sum(emissions[step, tag] for step, tag in enumerate(tags))
    return score + sum(transitions[a, b] for a, b in pairwise(tags))


def all_paths(crf: CRF, emissions: Tensor, length: int) -> dict[tuple[int, ...], Tensor]:
    return {tags: path_score(crf, emissions, tags) for tags in product(range(len(NAMES)), repeat=length)}


def decode(crf: CRF, emissions: Tensor, lengths: Tensor) -> list[list[int]]:
    """The best tags of each sentence of a padded batch."""
    found = crf.decode(emissions[mask_of(lengths, emissions.shape[1])], lengths)
    return [tags.tolist() for tags in found.split(lengths.tolist())]


def legal_path(length: int) -> tuple[int, ...]:
    inside = [NAMES.index("B-A")] + [NAMES.index("I-A")] * (length - 2) + [NAMES.index("E-A")]
    return tuple(inside) if length > 1 else (NAMES.index("S-A"),)


def test_disallowed_transitions_have_one_score_and_all_others_their_weights() -> None:
    torch.manual_seed(2)
    crf = CRF(ALLOWED)
    for weight in crf.parameters():
        weight.data.normal_()
    weights = (crf.transitions, crf.start_transitions, crf.end_transitions)
    for found, weight, allowed, neutral in zip(
        crf.scores(), weights, ALLOWED, ALLOWED.without_preference(), strict=True
    ):
        assert found.shape == weight.shape == allowed.shape == neutral.shape
        assert 0 < allowed.sum() < allowed.numel()
        assert torch.equal(found[allowed], weight[allowed])
        assert (neutral[allowed] == 0).all()
        assert (found[~allowed] == DISALLOWED).all()
        assert (neutral[~allowed] == DISALLOWED).all()


def test_only_the_scores_of_transitions_are_stored() -> None:
    """Which ones are allowed follows from the scheme."""
    assert list(CRF(ALLOWED).state_dict()) == ["transitions", "start_transitions", "end_transitions"]


def test_likelihood_and_gradient_equal_brute_force(case: tuple[CRF, Tensor, Tensor]) -> None:
    crf, emissions, lengths = case
    gold = [legal_path(length) for length in lengths.tolist()]
    padded = torch.zeros(4, 4, dtype=torch.long)
    for row, tags in enumerate(gold):
        padded[row, : len(tags)] = torch.tensor(tags)
    weights = torch.tensor([1.0, -2.0, 0.5, 3.0], dtype=torch.float64)  # each sentence's gradient must carry its own
    inputs = [emissions, *crf.parameters()]

    ours = crf.log_likelihood(emissions, padded, lengths)
    our_gradients = torch.autograd.grad((ours * weights).sum(), inputs)
    brute = []
    for row, length in enumerate(lengths.tolist()):
        paths = all_paths(crf, emissions[row], length)
        brute.append(paths[gold[row]] - torch.logsumexp(torch.stack(list(paths.values())), 0))
    expected = torch.stack(brute)
    expected_gradients = torch.autograd.grad((expected * weights).sum(), inputs)

    torch.testing.assert_close(ours, expected, rtol=0, atol=1e-9)
    for found, wanted in zip(our_gradients, expected_gradients, strict=True):
        torch.testing.assert_close(found, wanted, rtol=0, atol=1e-9)


def random_sets(lengths: Tensor, generator: torch.Generator) -> Tensor:
    """Sets of allowed tags `(batch, tokens, tags)`, each sentence with a legal sequence among them."""
    allowed = torch.rand(len(lengths), int(lengths.max()), len(NAMES), generator=generator) < 0.4
    for row, length in enumerate(lengths.tolist()):
        for step, tag in enumerate(legal_path(length)):
            allowed[row, step, tag] = True
    return allowed


@pytest.mark.parametrize("seed", range(3))
def test_likelihood_of_sets_and_its_gradient_equal_brute_force(case: tuple[CRF, Tensor, Tensor], seed: int) -> None:
    crf, emissions, lengths = case
    allowed = random_sets(lengths, torch.Generator().manual_seed(seed))
    weights = torch.tensor([1.0, -2.0, 0.5, 3.0], dtype=torch.float64)
    inputs = [emissions, *crf.parameters()]

    ours = crf.log_likelihood_of_sets(emissions, allowed, lengths)
    our_gradients = torch.autograd.grad((ours * weights).sum(), inputs)
    brute = []
    for row, length in enumerate(lengths.tolist()):
        paths = all_paths(crf, emissions[row], length)
        fitting = [
            score for tags, score in paths.items() if all(allowed[row, step, tag] for step, tag in enumerate(tags))
        ]
        assert 0 < len(fitting) < len(paths)
        brute.append(torch.stack(fitting).logsumexp(0) - torch.stack(list(paths.values())).logsumexp(0))
    expected = torch.stack(brute)
    expected_gradients = torch.autograd.grad((expected * weights).sum(), inputs)

    torch.testing.assert_close(ours, expected, rtol=0, atol=1e-9)
    for found, wanted in zip(our_gradients, expected_gradients, strict=True):
        torch.testing.assert_close(found, wanted, rtol=0, atol=1e-9)


def test_sets_of_one_tag_or_of_all_give_the_likelihood_of_the_path_or_of_everything(
    case: tuple[CRF, Tensor, Tensor],
) -> None:
    crf, emissions, lengths = case
    tags = torch.zeros(4, 4, dtype=torch.long)
    for row, length in enumerate(lengths.tolist()):
        tags[row, :length] = torch.tensor(legal_path(length))
    one = torch.nn.functional.one_hot(tags, len(NAMES)).bool()
    torch.testing.assert_close(
        crf.log_likelihood_of_sets(emissions, one, lengths),
        crf.log_likelihood(emissions, tags, lengths),
        rtol=0,
        atol=1e-9,
    )
    everything = crf.log_likelihood_of_sets(emissions, torch.ones_like(one), lengths)
    torch.testing.assert_close(everything, torch.zeros_like(everything), rtol=0, atol=1e-9)


def test_viterbi_equals_brute_force(case: tuple[CRF, Tensor, Tensor]) -> None:
    crf, emissions, lengths = case
    decoded = decode(crf, emissions, lengths)
    for row, length in enumerate(lengths.tolist()):
        paths = all_paths(crf, emissions[row], length)
        best = max(paths, key=lambda tags: paths[tags].item())
        assert decoded[row] == list(best)


def test_marginals_equal_brute_force(case: tuple[CRF, Tensor, Tensor]) -> None:
    crf, emissions, lengths = case
    marginals = crf.marginals(emissions, lengths)
    for row, length in enumerate(lengths.tolist()):
        paths = all_paths(crf, emissions[row], length)
        total = torch.logsumexp(torch.stack(list(paths.values())), 0)
        expected = torch.zeros(4, len(NAMES), dtype=torch.float64)
        for tags, score in paths.items():
            for step, tag in enumerate(tags):
                expected[step, tag] += (score - total).exp().item()
        torch.testing.assert_close(marginals[row].detach(), expected, rtol=0, atol=1e-9)


def test_no_illegal_sequence_is_decoded_however_the_emissions_pull() -> None:
    crf = CRF(ALLOWED)
    torch.manual_seed(0)
    emissions = 50 * torch.randn(64, 12, len(NAMES))
    lengths = torch.randint(1, 13, (64,))
    for tags in decode(crf, emissions, lengths):
        assert ALLOWED.starts[tags[0]] and ALLOWED.ends[tags[-1]]
        assert all(ALLOWED.pairs[a, b] for a, b in pairwise(tags))


def test_float32_likelihood_stays_finite_for_confident_emissions() -> None:
    crf = CRF(ALLOWED)
    emissions = (200 * torch.randn(8, 60, len(NAMES))).requires_grad_()
    loss = -crf.log_likelihood(emissions, torch.zeros(8, 60, dtype=torch.long), torch.full((8,), 60)).sum()
    loss.backward()
    assert torch.isfinite(loss)
    assert emissions.grad is not None
    assert torch.isfinite(emissions.grad).all()


def test_padding_has_no_influence() -> None:
    torch.manual_seed(1)
    crf = CRF(ALLOWED)
    emissions = torch.randn(1, 5, len(NAMES))
    tags, lengths = torch.zeros(1, 5, dtype=torch.long), torch.tensor([3])
    noisy = emissions.clone()
    noisy[:, 3:] = 1000
    assert torch.equal(crf.log_likelihood(emissions, tags, lengths), crf.log_likelihood(noisy, tags, lengths))
    assert decode(crf, emissions, lengths) == decode(crf, noisy, lengths)


def test_a_very_long_sentence_keeps_the_best_path() -> None:
    """Sums of 50,000 scores of the same sign leave few digits of a float32 for their differences."""
    rng = np.random.default_rng(0)
    emissions = rng.normal(6, 1, (50_000, 3)).astype(np.float32)
    transitions = rng.normal(0, 1, (3, 3)).astype(np.float32)
    score = emissions[0].astype(np.float64)
    pointers = []
    for row in emissions[1:]:
        reached = score[:, None] + transitions
        pointers.append(reached.argmax(0))
        score = reached.max(0) + row
    path = [int(score.argmax())]
    for pointer in reversed(pointers):
        path.append(int(pointer[path[-1]]))
    given = (
        torch.from_numpy(emissions),
        torch.tensor([50_000]),
        torch.from_numpy(transitions),
        torch.zeros(3),
        torch.zeros(3),
    )
    assert viterbi(*given).tolist() == path[::-1]


def log_z_by_logs(crf: CRF, emissions: Tensor) -> Tensor:
    """By a second algorithm, for one sentence: a graph of log-sum-exps, which autograd differentiates."""
    transitions, starts, ends = (part.masked_fill(part == DISALLOWED, -1e300) for part in crf.scores())
    score = starts + emissions[0]
    for row in emissions[1:]:
        score = torch.logsumexp(score[:, None] + transitions, 0) + row
    return torch.logsumexp(score + ends, 0)


@pytest.mark.parametrize("spread", [1.0, 60.0, 150.0, 600.0, 2000.0])
@pytest.mark.parametrize("large", ["emissions", "transitions", "both"])
def test_scores_far_apart_leave_likelihood_and_gradient_exact(spread: float, large: str) -> None:
    """A factor that vanishes in scaled probabilities may be made up for by a later one."""
    for seed in range(12):
        torch.manual_seed(seed)
        crf = CRF(ALLOWED).double()
        for weight in crf.parameters():
            weight.data.normal_().mul_(1.0 if large == "emissions" else spread)
        emissions = torch.randn(3, 6, len(NAMES), dtype=torch.float64) * (1.0 if large == "transitions" else spread)
        emissions.requires_grad_()
        lengths, gold = torch.tensor([6, 1, 4]), torch.zeros(3, 6, dtype=torch.long)
        inputs = [emissions, *crf.parameters()]
        found = crf.log_likelihood(emissions, gold, lengths)
        gradient = torch.autograd.grad(found.sum(), inputs)
        paths = [path_score(crf, emissions[row], (0,) * length) for row, length in enumerate(lengths.tolist())]
        whole = [log_z_by_logs(crf, emissions[row, :length]) for row, length in enumerate(lengths.tolist())]
        expected = torch.stack(paths) - torch.stack(whole)
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)
        for part, wanted in zip(gradient, torch.autograd.grad(expected.sum(), inputs), strict=True):
            torch.testing.assert_close(part, wanted, rtol=0, atol=1e-6)
        marginals = crf.marginals(emissions, lengths)
        torch.testing.assert_close(marginals.sum(-1), mask_of(lengths, 6).double(), rtol=1e-9, atol=1e-9)


def test_emissions_that_pull_at_disallowed_tags_leave_the_likelihood_exact() -> None:
    """A first tag that may not come first, 5,000 above all others: nothing of it is left, and nothing else is lost."""
    crf = CRF(ALLOWED).double()
    emissions = torch.zeros(1, 3, len(NAMES), dtype=torch.float64)
    emissions[0, 0, NAMES.index("I-A")] = 5000.0
    emissions[0, 1, NAMES.index("B-A")] = 400.0
    emissions[0, 1, NAMES.index("S-A")] = 400.0
    emissions.requires_grad_()
    gold = torch.tensor([[NAMES.index("O"), NAMES.index("S-A"), NAMES.index("O")]])
    paths = all_paths(crf, emissions[0], 3)
    total = torch.logsumexp(torch.stack(list(paths.values())), 0)
    found = crf.log_likelihood(emissions, gold, torch.tensor([3]))
    torch.testing.assert_close(found[0], paths[tuple(gold[0].tolist())] - total)
    assert -10 < found.item() < 0
    (gradient,) = torch.autograd.grad(found.sum(), [emissions])
    assert torch.isfinite(gradient).all()
    assert gradient[0, 0, NAMES.index("I-A")] == 0


def test_tokens_far_apart_both_ways_keep_both_sequences() -> None:
    """Four tokens speak for one tag and four for another, with no way between them: both are as probable."""
    ways = Transitions(torch.eye(2, dtype=torch.bool), torch.ones(2).bool(), torch.ones(2).bool())
    crf = CRF(ways).double()
    emissions = torch.zeros(1, 8, 2, dtype=torch.float64)
    emissions[0, :4, 0] = emissions[0, 4:, 1] = 190.0
    marginals = crf.marginals(emissions, torch.tensor([8]))
    torch.testing.assert_close(marginals, torch.full((1, 8, 2), 0.5, dtype=torch.float64))


def test_unknown_tags_beside_emissions_far_apart() -> None:
    """Sequences of allowed tags, summed in two sweeps, one of which has tags that are ruled out."""
    torch.manual_seed(4)
    crf = CRF(ALLOWED).double()
    emissions = (400 * torch.randn(1, 4, len(NAMES), dtype=torch.float64)).requires_grad_()
    allowed = torch.ones(1, 4, len(NAMES), dtype=torch.bool)
    allowed[0, 1] = torch.tensor([name in ("O", "S-A") for name in NAMES])
    paths = all_paths(crf, emissions[0], 4)
    some = [score for tags, score in paths.items() if allowed[0, 1, tags[1]]]
    expected = torch.logsumexp(torch.stack(some), 0) - torch.logsumexp(torch.stack(list(paths.values())), 0)
    found = crf.log_likelihood_of_sets(emissions, allowed, torch.tensor([4]))
    torch.testing.assert_close(found[0], expected, rtol=1e-9, atol=1e-9)
    wanted = torch.autograd.grad(expected, [emissions])[0]
    torch.testing.assert_close(torch.autograd.grad(found.sum(), [emissions])[0], wanted, rtol=0, atol=1e-6)
