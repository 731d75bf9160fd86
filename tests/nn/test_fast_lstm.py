"""LSTMs while tagging against torch's own, and compiled arithmetic against torch's."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from tiny import settings_of, untrained

from bilstm_tagger.nn.batch import mask_of
from bilstm_tagger.nn.fast_lstm import FastLSTM, VisitOrder, fast_lstm
from bilstm_tagger.nn.numba_ops import bits, compiled, exp_minus, load, store, tanh
from bilstm_tagger.nn.recurrent import RecurrentEncoder

LENGTHS = torch.tensor([3, 6, 1, 4])
SHAPES = [
    {},
    {"layers": 3},
    {"merge": "sum"},
    {"direction": "backward"},
    {"direction": "forward", "layers": 2},
    {"direction": "backward", "layers": 2},
    {"merge": "sum", "layers": 2},
]  # of encoders


def encoder(**shape: object) -> RecurrentEncoder:
    torch.manual_seed(0)
    made = RecurrentEncoder(5, hidden_size=9, **shape).eval()  # type: ignore[arg-type]
    for weight in made.parameters():
        weight.data.normal_(std=0.5)
    return made


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(("precision", "error"), [(torch.float32, 1e-6), (torch.bfloat16, 0.1)])
@torch.no_grad()
def test_states_equal_those_of_the_encoder(shape: dict[str, object], precision: torch.dtype, error: float) -> None:
    network = encoder(**shape)
    x = torch.randn(4, 6, 5)
    mask = mask_of(LENGTHS, 6)
    fast = FastLSTM([network], precision)
    states = fast(fast.table(x[mask]), np.arange(14), LENGTHS.numpy())
    torch.testing.assert_close(states, network(x, LENGTHS)[mask], rtol=0, atol=error)
    assert states.dtype is torch.float32


@pytest.mark.parametrize("shape", SHAPES)
@torch.no_grad()
def test_states_in_bfloat16_are_those_in_float32_rounded(shape: dict[str, object]) -> None:
    network, x = encoder(**shape), torch.randn(14, 5)
    whole, rounded = (FastLSTM([network], torch.bfloat16, states=dtype) for dtype in (torch.float32, torch.bfloat16))
    table = whole.table(x)
    states = rounded(table, np.arange(14), LENGTHS.numpy())
    torch.testing.assert_close(
        states.bfloat16(), whole(table, np.arange(14), LENGTHS.numpy()).bfloat16(), rtol=0, atol=0
    )
    plain = not rounded.others[0] and not rounded.first.summed
    assert states.dtype is (torch.bfloat16 if plain else torch.float32), "layers above and sums want all digits"


@pytest.mark.parametrize("shape", SHAPES)
@torch.no_grad()
def test_several_encoders_stand_side_by_side(shape: dict[str, object]) -> None:
    networks = [encoder(**shape), encoder(**shape)]
    for weight in networks[1].parameters():
        weight.data.normal_(std=0.3)
    x = torch.randn(14, 5)
    both = FastLSTM(networks, torch.float32)
    alone = [FastLSTM([network], torch.float32) for network in networks]
    expected = [each(each.table(x), np.arange(14), LENGTHS.numpy()) for each in alone]
    found = both(both.table(x), np.arange(14), LENGTHS.numpy())
    torch.testing.assert_close(found, torch.cat(expected, 1), rtol=0, atol=1e-6)


@torch.no_grad()
def test_tokens_of_one_word_share_a_row() -> None:
    fast = FastLSTM([encoder()], torch.float32)
    words = torch.randn(3, 5)
    chosen = np.array([2, 0, 0, 1, 2, 2])
    lengths = np.array([4, 2])
    whole = fast(fast.table(words[torch.from_numpy(chosen)]), np.arange(6), lengths)
    torch.testing.assert_close(fast(fast.table(words), chosen, lengths), whole, rtol=0, atol=1e-6)


@torch.no_grad()
def test_a_sentence_alone_gets_the_states_it_gets_among_others() -> None:
    fast = FastLSTM([encoder(layers=2)], torch.float32)
    table = fast.table(torch.randn(14, 5))
    together = fast(table, np.arange(14), LENGTHS.numpy()).split(LENGTHS.tolist())
    at = 0
    for length, states in zip(LENGTHS.tolist(), together, strict=True):
        alone = fast(table, np.arange(at, at + length), np.array([length]))
        torch.testing.assert_close(alone, states, rtol=0, atol=1e-6)
        at += length


@given(lengths=st.lists(st.integers(1, 9), min_size=1, max_size=12))
def test_order_visits_every_token_once_in_each_direction(lengths: list[int]) -> None:
    order = VisitOrder.of(np.array(lengths), ["forward", "backward"])
    assert sum(order.running) == sum(lengths)
    assert order.running == sorted(order.running, reverse=True)
    for visits in order.tokens.tolist():
        assert sorted(visits) == list(range(sum(lengths)))
    starts = np.cumsum(lengths) - lengths
    at = 0
    for step, running in enumerate(order.running):
        forward, backward = order.tokens[:, at : at + running].tolist()
        sentences = [int(np.searchsorted(starts, token, side="right")) - 1 for token in forward]
        assert sentences == [int(np.searchsorted(starts, token, side="right")) - 1 for token in backward]
        assert forward == [starts[sentence] + step for sentence in sentences]
        assert backward == [starts[sentence] + lengths[sentence] - 1 - step for sentence in sentences]
        at += running


@pytest.mark.parametrize(
    ("changes", "fits"),
    [
        ({}, True),
        ({"encoder__type": "gru"}, False),
        ({"encoder__type": "cnn"}, False),
    ],
)
def test_only_lstms_that_read_nothing_but_words_are_fast(changes: dict[str, object], fits: bool) -> None:
    assert (fast_lstm(untrained(settings_of(**changes)).runtime.model) is not None) is fits


@pytest.mark.parametrize(("hidden", "states"), [(8, torch.bfloat16), (0, torch.float32)])
def test_states_are_rounded_where_a_layer_reads_them_in_bfloat16(hidden: int, states: torch.dtype) -> None:
    model = untrained(settings_of(head__hidden_size=hidden)).runtime.model
    model.precision = torch.bfloat16
    fast = fast_lstm(model)
    assert fast is not None
    table = fast.table(torch.randn(14, fast.first.weight.shape[1]))
    assert fast(table, np.arange(14), LENGTHS.numpy()).dtype is states


@compiled
def each(values, found, slopes):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    for at in range(len(values)):
        found[at] = exp_minus(values[at])
        slopes[at] = tanh(values[at])


def test_compiled_functions_equal_those_of_torch() -> None:
    values = torch.cat([torch.linspace(-100, 100, 20_001), torch.tensor([-1e30, 1e30, 0.0, -1e-8])])
    found, slopes = torch.empty_like(values), torch.empty_like(values)
    each(values.numpy(), found.numpy(), slopes.numpy())
    torch.testing.assert_close(found, (-values.double().clamp(-28, 28)).exp().float(), rtol=3e-6, atol=0)
    assert found[values == 0].tolist() == [1.0]
    torch.testing.assert_close(slopes, torch.tanh(values.double()).float(), rtol=0, atol=3e-7)


@compiled
def copied(source, target):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    for at in range(len(source)):
        store(target, at, load(source, at))


@settings(deadline=None)
@given(arrays.arrays(np.float32, 33, elements=st.floats(-(2.0**100), 2.0**100, width=32)))
def test_bfloat16_is_rounded_as_torch_does(values: np.ndarray) -> None:
    narrow = torch.empty(33, dtype=torch.bfloat16)
    copied(values, bits(narrow))
    assert torch.equal(narrow, torch.from_numpy(values).bfloat16())
    wide = np.empty(33, np.float32)
    copied(bits(narrow), wide)
    assert torch.equal(torch.from_numpy(wide), narrow.float())
