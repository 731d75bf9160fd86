"""What the network reads: distinct word types, and where each token finds its type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Types:
    """The distinct words of a batch as numbers; whatever depends on the word alone is computed once for each.

    Attributes:
        rows: rows of the word table `(types,)`; 0 pad, 1 unk.
        chars: character ids `(types, characters)`, 0 behind the end of a word.
        shapes: ids of the words' case shapes `(types,)`.
    """

    rows: Tensor
    chars: Tensor
    shapes: Tensor

    def __len__(self) -> int:
        return self.rows.shape[0]

    def select(self, index: Tensor) -> Types:
        """The types at `index` `(n,)`, their characters cut to the longest word among them."""
        chars = self.chars[index]
        longest = int((chars != 0).sum(1).max()) if len(index) else 0
        return Types(self.rows[index], chars[:, : max(longest, 1)], self.shapes[index])

    def to(self, device: torch.device | str) -> Types:
        """The same numbers on another device."""
        return Types(moved(self.rows, device), moved(self.chars, device), moved(self.shapes, device))


@dataclass(frozen=True, slots=True)
class Batch:
    """A padded batch of sentences.

    Attributes:
        types: the distinct words in it; entry 0 is the padding type.
        index: for each token its entry in `types`, `(batch, tokens)`; 0 where padded.
        lengths: number of real tokens of each sentence `(batch,)`.
        tags: gold tag ids `(batch, tokens)` for each task that has them; a token whose tag is not known has -1 - s,
            which stands for set s of `tag_sets`.
        features: further ids of tokens `(batch, tokens)` by name.
        tag_sets: for tasks with tags here that are not known which tags each set has `(sets, tags)`; set 0 has all.
        weights: for tasks whose sentences do not all count the same the factor of each one's loss `(batch,)`.
    """

    types: Types
    index: Tensor
    lengths: Tensor
    tags: Mapping[str, Tensor] = field(default_factory=dict)
    features: Mapping[str, Tensor] = field(default_factory=dict)
    tag_sets: Mapping[str, Tensor] = field(default_factory=dict)
    weights: Mapping[str, Tensor] = field(default_factory=dict)

    @property
    def tokens(self) -> int:
        """Number of real tokens."""
        return int(self.lengths.sum())

    def repeated(self, times: int) -> Batch:
        """The same sentences so many times, without their tags."""
        features = {name: ids.repeat(times, 1) for name, ids in self.features.items()}
        return Batch(self.types, self.index.repeat(times, 1), self.lengths.repeat(times), features=features)

    def to(self, device: torch.device | str) -> Batch:
        """The same batch on another device."""
        return Batch(
            self.types.to(device),
            moved(self.index, device),
            moved(self.lengths, device),
            {name: moved(ids, device) for name, ids in self.tags.items()},
            {name: moved(ids, device) for name, ids in self.features.items()},
            {task: moved(sets, device) for task, sets in self.tag_sets.items()},
            {task: moved(factors, device) for task, factors in self.weights.items()},
        )


def moved(x: Tensor, device: torch.device | str) -> Tensor:
    """The tensor on another device; to a CUDA GPU from pinned memory, for which the host does not wait."""
    if torch.device(device).type == "cuda" and x.device.type == "cpu":
        return x.pin_memory().to(device, non_blocking=True)
    return x.to(device)


def mask_of(lengths: Tensor, width: int) -> Tensor:
    """True at the first `lengths[i]` of `width` places, `(batch, width)`."""
    return torch.arange(width, device=lengths.device) < lengths[:, None]


def reversed_places(lengths: Tensor, width: int) -> Tensor:
    """Places that reverse each sentence within its own length and leave padding at the end, `(batch, width)`."""
    places = torch.arange(width, device=lengths.device)
    return torch.where(places < lengths[:, None], lengths[:, None] - 1 - places, places)
