"""From words to vectors: word vectors, a character CNN and the case shape, once for each distinct word."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from bilstm_tagger.nn.batch import Batch, Types, mask_of
from bilstm_tagger.nn.device import is_queued
from bilstm_tagger.nn.numba_ops import compiled
from bilstm_tagger.nn.packed_rows import unpacked
from bilstm_tagger.nn.recurrent import LockedDropout

UNK = 1


class CharacterCNN(nn.Module):
    """Convolutions of several widths over a word's characters, the maximum over places (Ma and Hovy 2016).

    Computed as one matrix product a width over the windows of real characters only: words differ so much in length that
    a convolution over the padded batch would spend most of its time on padding. A GPU takes the padding too: how many
    characters are real is a number that it would have to be waited for.

    Args:
        characters: number of character ids.
        size: size of a character's vector.
        widths: window widths in characters.
        filters: number of filters of each width.
        dropout: rate of the dropout on the windows' character vectors.
    """

    def __init__(
        self, characters: int, *, size: int, widths: Sequence[int], filters: Sequence[int], dropout: float
    ) -> None:
        super().__init__()
        self.embedding = nn.Embedding(characters, size, padding_idx=0)
        bound = (3 / size) ** 0.5
        nn.init.uniform_(self.embedding.weight.data, -bound, bound)
        self.embedding.weight.data[0] = 0
        self.widths = tuple(widths)
        self.convolutions = nn.ModuleList(
            nn.Linear(width * size, count) for width, count in zip(widths, filters, strict=True)
        )
        self.dropout = dropout
        self.output_size = sum(filters)

    def forward(self, chars: Tensor) -> Tensor:
        """Features `(types, filters)` of character ids `(types, characters)`, 0 behind the end of a word."""
        widest = max(self.widths)
        left = widest // 2
        lengths = (chars != 0).sum(1).clamp_min(1)
        padded = nn.functional.pad(chars, (left, widest - 1 - left))
        windows, real = padded.unfold(1, widest, 1), mask_of(lengths, chars.shape[1])
        if is_queued(chars.device):
            rows = self._filtered(windows.flatten(0, 1), left).view(*real.shape, -1)
            return torch.tanh(rows.masked_fill(~real[..., None], -torch.inf).amax(1))
        rows = self._filtered(windows[real], left)
        highest: Tensor = _Maximum.apply(rows, lengths)  # type: ignore[no-untyped-call]
        return torch.tanh(highest)

    def _filtered(self, windows: Tensor, left: int) -> Tensor:
        """What all filters make of windows of characters `(windows, widest)`, `left` of them before the character in
        the middle; `(windows, filters)`.
        """
        x = self.embedding(windows)
        if self.training and self.dropout:
            x = drop(x, self.dropout)
        found = []
        for convolution, width in zip(self.convolutions, self.widths, strict=True):
            first = left - width // 2
            found.append(convolution(x[:, first : first + width].flatten(1)))
        return torch.cat(found, -1)


def drop(x: Tensor, rate: float) -> Tensor:
    """Dropout with a rate rounded to 256ths: eight decisions for one random number, which is what dropout costs.

    Args:
        x: of any shape.
        rate: share of the numbers that become 0; the others are scaled up.
    """
    zeros = min(round(256 * rate), 255)
    drawn = torch.randint(-(2**63), 2**63 - 1, (-(-x.numel() // 8),), device=x.device)
    keep = drawn.view(torch.uint8)[: x.numel()].view(x.shape) >= zeros
    return x * keep.to(x.dtype).mul_(256 / (256 - zeros))


class _Maximum(torch.autograd.Function):
    """Largest values `(words, size)` over the rows `(rows, size)` of each word, which lie one word behind the other."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, lengths: Tensor) -> Tensor:
        given = rows.detach().float().cpu()
        highest, where = given.new_empty(len(lengths), rows.shape[1]), torch.empty(len(lengths), rows.shape[1]).long()
        _maximum(given.numpy(), lengths.cpu().numpy(), highest.numpy(), where.numpy())
        ctx.where, ctx.rows = where.to(rows.device), len(rows)
        return highest.to(rows)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        # No two words share a row, so no two gradients meet.
        return grad.new_zeros(ctx.rows, grad.shape[1]).scatter_(0, ctx.where, grad), None


@compiled
def _maximum(rows, lengths, highest, where):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    at = 0
    for word in range(len(lengths)):
        best, place = highest[word], where[word]
        for j in range(rows.shape[1]):
            best[j] = rows[at, j]
            place[j] = at
        for row in range(at + 1, at + lengths[word]):
            for j in range(rows.shape[1]):
                higher = rows[row, j] > best[j]
                best[j] = rows[row, j] if higher else best[j]
                place[j] = row if higher else place[j]
        at += lengths[word]


class Embedder(nn.Module):
    """Vectors of tokens from trained word rows, frozen word rows, characters, case shapes and token features.

    Rows 0 to `trained - 1` of the word table learn; the rows behind them are pretrained vectors of words that the
    training data lacks. They never change, and so can be stored small, and stay so in memory.

    Args:
        trained: number of trained rows, pad and unk included.
        frozen: number of frozen rows.
        word_size: size of a word vector.
        characters: the character CNN, or None.
        plugin: a further embedding of words, from types to `(types, output_size)`, or None.
        shapes: number of case shapes.
        shape_size: size of a shape's vector; 0 for no such feature.
        features: ids and vector size of each further token feature by name.
        word_dropout: rate at which a token's word vector is replaced by that of an unknown word.
        dropout: rate of the dropout on the finished vector.
    """

    frozen: Tensor
    scale: Tensor | None

    def __init__(
        self,
        *,
        trained: int,
        frozen: int,
        word_size: int,
        characters: CharacterCNN | None,
        plugin: nn.Module | None = None,
        shapes: int,
        shape_size: int,
        features: dict[str, tuple[int, int]] | None = None,
        word_dropout: float = 0.0,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.words = nn.Embedding(trained, word_size, padding_idx=0, sparse=True)  # `train_on` changes it for GPUs
        bound = (3 / word_size) ** 0.5
        nn.init.uniform_(self.words.weight.data, -bound, bound)
        self.words.weight.data[0] = 0
        self.register_buffer("frozen", torch.zeros(frozen, word_size))
        self.register_buffer("scale", None, persistent=False)
        self.characters = characters
        self.shapes = nn.Embedding(shapes, shape_size) if shape_size else None
        self.features = nn.ModuleDict(
            {name: nn.Embedding(count, size) for name, (count, size) in (features or {}).items()}
        )
        self.word_size = word_size
        self.word_dropout = word_dropout
        self.dropout = LockedDropout(dropout)
        self.plugin = plugin
        sizes = [part.output_size for part in (characters, plugin) if part is not None]
        self.type_size: int = word_size + shape_size + sum(sizes)  # type: ignore[arg-type]
        self.output_size = self.type_size + sum(size for _, size in (features or {}).values())

    def train_on(self, device: torch.device) -> None:
        """Word rows with the kind of gradient that the device is quick with: a sparse one, or for a GPU a dense one."""
        self.words.sparse = not is_queued(device)

    def keep_packed(self, rows: Tensor, scale: Tensor) -> None:
        """Keeps the frozen rows as they are stored; a word's row is unpacked when the word is looked up.

        Args:
            rows: of the kinds that `unpacked` takes.
            scale: of each row `(rows, 1)`.
        """
        self.register_buffer("frozen", rows, persistent=False)
        self.register_buffer("scale", scale, persistent=False)

    def _frozen_rows(self, rows: Tensor | slice) -> Tensor:
        """Frozen rows `(rows, word_size)` as numbers."""
        if self.scale is None:
            return self.frozen[rows]
        return unpacked(self.frozen[rows], self.scale[rows], self.word_size)

    def _save_to_state_dict(self, destination: dict[str, Any], prefix: str, keep_vars: bool) -> None:
        """Frozen rows are numbers to whoever asks for the weights, however they are kept."""
        super()._save_to_state_dict(destination, prefix, keep_vars)
        destination[f"{prefix}frozen"] = self._frozen_rows(slice(None))

    def embed_types(self, types: Types) -> Tensor:
        """Vectors `(types, type_size)` of distinct words: all that depends on the word alone."""
        trained = self.words.num_embeddings
        vectors = self.words(types.rows.where(types.rows < trained, 0))
        if len(self.frozen):
            is_frozen = types.rows >= trained
            rows = (types.rows - trained).clamp_min(0)
            vectors = torch.where(is_frozen[:, None], self._frozen_rows(rows).to(vectors.dtype), vectors)
        parts = [vectors]
        if self.characters is not None:
            parts.append(self.characters(types.chars))
        if self.shapes is not None:
            parts.append(self.shapes(types.shapes))
        if self.plugin is not None:
            parts.append(self.plugin(types))
        return torch.cat(parts, -1)

    def forward(self, batch: Batch) -> Tensor:
        """Vectors `(batch, tokens, output_size)`."""
        return self.embed_tokens(self.embed_types(batch.types), batch)

    def embed_tokens(self, vectors: Tensor, batch: Batch) -> Tensor:
        """Tokens' vectors `(batch, tokens, output_size)` from their types' vectors `(types, type_size)`."""
        x = nn.functional.embedding(batch.index, vectors)
        if self.training and self.word_dropout:
            x = self._drop_words(x)
        parts = [x] + [table(batch.features[name]) for name, table in self.features.items()]
        return self.dropout(torch.cat(parts, -1) if len(parts) > 1 else x)  # type: ignore[no-any-return]

    def _drop_words(self, x: Tensor) -> Tensor:
        """Some tokens lose their word vector for that of an unknown word and keep their characters."""
        drop = torch.rand(x.shape[:2], device=x.device) < self.word_dropout
        unknown = self.words(torch.full((1,), UNK, device=x.device)).expand(*x.shape[:2], -1)
        words = torch.where(drop[..., None], unknown, x[..., : self.word_size])
        return torch.cat([words, x[..., self.word_size :]], -1)
