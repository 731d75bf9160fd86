"""What a tagger is asked for, wherever it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class TagOptions:
    """Options of `Tagger.pipe`.

    Attributes:
        batch_tokens: padded tokens per batch for the network; the tagger's own default if None.
        probabilities: whether documents know how probable their tags and spans are.
        min_probability: spans that are less probable are left out; a number, or one for each label.
        n_best: how many of the best tag sequences of each sentence are wanted.
    """

    batch_tokens: int | None = None
    probabilities: bool = False
    min_probability: float | Mapping[str, float] = 0.0
    n_best: int = 0

    def arguments(self) -> dict[str, Any]:
        """The arguments of `pipe` that differ from its defaults."""
        named = {
            "batch_tokens": self.batch_tokens,
            "probabilities": self.probabilities,
            "min_probability": self.min_probability,
            "n_best": self.n_best,
        }
        return {name: value for name, value in named.items() if value}
