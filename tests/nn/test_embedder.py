"""The embedder: what a word's vector is made of, and what must not change it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from bilstm_tagger.nn.batch import Batch, Types, mask_of
from bilstm_tagger.nn.embedder import UNK, CharacterCNN, Embedder, drop

TRAINED, FROZEN, SIZE = 5, 4, 6


def embedder(**options: Any) -> Embedder:
    torch.manual_seed(0)
    characters = CharacterCNN(9, size=4, widths=(2, 3), filters=(5, 6), dropout=0.0)
    chosen = {"characters": characters, "shapes": 4, "shape_size": 3} | options
    made = Embedder(trained=TRAINED, frozen=FROZEN, word_size=SIZE, **chosen)
    made.frozen.normal_()
    return made


@pytest.fixture
def types() -> Types:
    """The padding type, an unknown word, two trained and three frozen words."""
    chars = torch.tensor([[0, 0, 0], [2, 0, 0], [3, 4, 0], [5, 6, 7], [8, 0, 0], [2, 3, 4], [7, 7, 0]])
    return Types(torch.tensor([0, 1, 2, 4, 5, 8, 6]), chars, torch.tensor([0, 1, 2, 3, 1, 2, 3]))


@pytest.fixture
def batch(types: Types) -> Batch:
    index = torch.tensor([[2, 4, 2, 5], [3, 1, 0, 0], [6, 2, 3, 0]])
    return Batch(types, index, torch.tensor([4, 2, 3]))


def brute_characters(cnn: CharacterCNN, word: list[int]) -> Tensor:
    """Features of one word, window by window."""
    vectors = cnn.embedding.weight
    features = []
    for convolution, width in zip(cnn.convolutions, cnn.widths, strict=True):
        padded = [0] * (width // 2) + word + [0] * width
        windows = [
            convolution.weight @ vectors[padded[at : at + width]].flatten() + convolution.bias
            for at in range(len(word))
        ]
        features.append(torch.stack(windows).amax(0))
    return torch.cat(features).tanh()


@pytest.mark.parametrize("widths", [(1,), (2,), (3,), (4,), (5,), (2, 3, 7)])
def test_character_features_equal_those_computed_window_by_window(widths: tuple[int, ...]) -> None:
    torch.manual_seed(1)
    cnn = CharacterCNN(9, size=4, widths=widths, filters=[3] * len(widths), dropout=0.5).eval()
    words = [[2], [3, 4, 5, 6, 7, 8], [8, 8], [1, 2, 3]]
    chars = torch.zeros(4, 6, dtype=torch.long)
    for row, word in enumerate(words):
        chars[row, : len(word)] = torch.tensor(word)
    assert cnn.output_size == 3 * len(widths)
    features = cnn(chars)
    for row, word in enumerate(words):
        torch.testing.assert_close(features[row], brute_characters(cnn, word))


@pytest.mark.parametrize("width", [2, 3, 4])
def test_character_features_do_not_depend_on_the_width_of_the_batch(width: int) -> None:
    torch.manual_seed(1)
    cnn = CharacterCNN(9, size=4, widths=(width,), filters=(40,), dropout=0.0)
    alone = cnn(torch.tensor([[3, 4]]))
    for wider in range(3, 12):
        chars = torch.zeros(3, wider, dtype=torch.long)
        chars[0, :2] = torch.tensor([3, 4])
        chars[1] = 5
        torch.testing.assert_close(cnn(chars)[0], alone[0])


def test_a_type_is_its_word_its_characters_and_its_shape(types: Types) -> None:
    made = embedder().eval()
    vectors = made.embed_types(types)
    assert made.characters is not None
    assert made.shapes is not None
    assert vectors.shape == (7, made.type_size)
    assert made.type_size == made.output_size == SIZE + 11 + 3
    table = torch.cat([made.words.weight, made.frozen])
    assert torch.equal(vectors[:, :SIZE], table[types.rows])
    torch.testing.assert_close(vectors[:, SIZE:-3], made.characters(types.chars))
    assert torch.equal(vectors[:, -3:], made.shapes.weight[types.shapes])
    assert torch.isfinite(vectors).all()


@pytest.mark.parametrize(
    ("options", "size"),
    [
        ({"characters": None}, SIZE + 3),
        ({"shape_size": 0}, SIZE + 11),
        ({"characters": None, "shape_size": 0}, SIZE),
        ({"features": {"gazetteer": (3, 2)}}, SIZE + 11 + 3 + 2),
    ],
)
def test_every_part_may_be_absent(batch: Batch, options: dict[str, Any], size: int) -> None:
    made = embedder(**options).eval()
    gazetteer = torch.tensor([[0, 1, 2, 0], [1, 1, 0, 0], [2, 0, 1, 0]])
    with_features = Batch(batch.types, batch.index, batch.lengths, features={"gazetteer": gazetteer})
    x = made(with_features)
    assert x.shape == (3, 4, size)
    assert made.output_size == size
    assert torch.equal(x[..., : made.type_size], made.embed_types(batch.types)[batch.index])
    if "features" in options:
        assert torch.equal(x[..., -2:], made.features["gazetteer"].weight[gazetteer])


def test_without_frozen_rows(types: Types) -> None:
    made = Embedder(trained=9, frozen=0, word_size=SIZE, characters=None, shapes=4, shape_size=0)
    assert torch.equal(made.embed_types(types), made.words.weight[types.rows])


def test_gradients_reach_trained_rows_only(batch: Batch) -> None:
    made = embedder()
    frozen = made.frozen.clone()
    made(batch).square().sum().backward()
    grad = made.words.weight.grad.to_dense()
    touched = {row for row in range(TRAINED) if grad[row].any()}
    assert touched == {1, 2, 4}, "the rows of the batch's trained words, and neither padding nor others"
    assert not made.frozen.requires_grad
    assert made.frozen.grad is None
    assert "frozen" not in dict(made.named_parameters())
    assert torch.equal(made.frozen, frozen)
    assert made.characters is not None
    assert not made.characters.embedding.weight.grad[0].any()
    assert all(torch.isfinite(weight.grad.to_dense()).all() for weight in made.parameters() if weight.grad is not None)


def test_padding_rows_are_zero() -> None:
    made = embedder()
    assert made.characters is not None
    assert not made.words.weight[0].any()
    assert not made.characters.embedding.weight[0].any()


def test_word_dropout_is_drawn_for_each_token_after_the_gather(types: Types) -> None:
    rate, tokens = 0.3, 4000
    made = embedder(word_dropout=rate)
    index = torch.full((2, tokens // 2), 5)  # one frozen word throughout: dropped by type, all would go or none
    x = made(Batch(types, index, torch.tensor([tokens // 2] * 2)))
    word = made.embed_types(types)[5]
    dropped = (x[..., :SIZE] == made.words.weight[UNK]).all(-1)
    kept = (x[..., :SIZE] == word[:SIZE]).all(-1)
    assert (dropped ^ kept).all()
    assert abs(dropped.float().mean().item() - rate) < 0.03
    assert torch.equal(x[..., SIZE:], word[SIZE:].expand(2, tokens // 2, -1)), "characters and shape stay"
    assert torch.equal(
        made.eval()(Batch(types, index, torch.tensor([2000, 2000])))[..., :SIZE], word[:SIZE].expand(2, 2000, -1)
    )


def test_word_dropout_teaches_the_unknown_row(types: Types) -> None:
    made = embedder(word_dropout=0.5)
    made(Batch(types, torch.full((1, 50), 5), torch.tensor([50]))).sum().backward()
    assert made.words.weight.grad.to_dense()[UNK].any()


def test_dropout_has_one_mask_a_sentence(batch: Batch) -> None:
    made = embedder(dropout=0.5)
    torch.manual_seed(4)
    zero = (made(batch) == 0).masked_fill(~mask_of(batch.lengths, 4)[..., None], value=False)
    for row, length in enumerate(batch.lengths.tolist()):
        assert torch.equal(zero[row, :length].all(0), zero[row, :length].any(0))
        assert 0.2 < zero[row, :length].float().mean() < 0.8
    assert not torch.equal(zero[0, 0], zero[1, 0])


def test_select_cuts_characters_to_the_longest_word(types: Types) -> None:
    chosen = types.select(torch.tensor([0, 2, 6]))
    assert chosen.rows.tolist() == [0, 2, 6]
    assert chosen.chars.tolist() == [[0, 0], [3, 4], [7, 7]]
    assert chosen.shapes.tolist() == [0, 2, 3]
    assert types.select(torch.tensor([0])).chars.shape == (1, 1)
    assert len(types.select(torch.tensor([], dtype=torch.long))) == 0


def test_batch(batch: Batch) -> None:
    assert batch.tokens == 9
    assert np.array_equal(mask_of(batch.lengths, 4).numpy(), [[1, 1, 1, 1], [1, 1, 0, 0], [1, 1, 1, 0]])
    moved = batch.to("cpu")
    assert torch.equal(moved.index, batch.index)
    assert len(moved.types) == 7


@pytest.mark.parametrize("rate", [0.2, 0.5])
def test_dropout_from_bytes(rate: float) -> None:
    torch.manual_seed(0)
    x = torch.ones(203, 5, 31)
    found = drop(x, rate)
    kept = found != 0
    assert abs(kept.float().mean().item() - (1 - rate)) < 0.01
    assert abs(found.mean().item() - 1) < 0.01
    torch.testing.assert_close(found[kept], torch.full_like(found[kept], 1 / (1 - rate)), rtol=0.01, atol=0)
    assert abs(kept[:, 0].float().mean(0).std().item()) < 0.06, "no place is special"
    torch.manual_seed(0)
    assert torch.equal(drop(x, rate), found)


def test_hardly_anything_may_be_kept() -> None:
    assert torch.isfinite(drop(torch.ones(5000), 0.999)).all()
