"""A further aim while training: the states tell which word comes next.

Tags are few and mostly say that nothing is there; words are a signal from every token. The left-to-right states of the
first layer learn to tell the next word, the right-to-left ones the word before (Rei 2017). None of this is part of the
model that is kept.

A softmax over all words would take longer than all else. So the words of the batch are scored, among which are the
right ones, and of the others a sample, which stands for all of them (Bengio and Senécal 2008).
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor, nn

from bilstm_tagger.nn.batch import Batch, mask_of
from bilstm_tagger.nn.embedder import UNK
from bilstm_tagger.nn.model import TaggingModel
from bilstm_tagger.nn.recurrent import RecurrentLayer
from bilstm_tagger.settings.schema import Settings

WORDS = 6000  # told apart, the most frequent ones; all others count as one
SAMPLE = 500
SIZE = 64  # of a word's vector here
DROPOUT = 0.3  # on the states


class LanguageModel(nn.Module):
    """Tells neighbouring words from the states of a layer, which it keeps whenever the layer is run for training.

    Args:
        layer: an encoder's first layer; with both directions it sets their states side by side.
        words: number of rows of words that learn.
    """

    def __init__(self, layer: RecurrentLayer, words: int) -> None:
        super().__init__()
        self.rows = min(words, WORDS)
        self.directions = list(layer.passes)
        size = layer.output_size // len(self.directions)
        self.hidden = nn.ModuleDict({name: nn.Linear(size, SIZE) for name in self.directions})
        self.words = nn.ModuleDict({name: _table(self.rows) for name in self.directions})
        self.states: Tensor | None = None
        self._hook = layer.register_forward_hook(self._keep)

    def _keep(self, layer: nn.Module, _given: Any, states: Tensor) -> None:
        self.states = states if layer.training else None

    def release(self) -> None:
        """Lets go of the layer, which outlives training."""
        self._hook.remove()

    def loss(self, batch: Batch) -> Tensor:
        """Summed negative log likelihood of the neighbours of the batch's tokens, which the layer has just read."""
        if self.states is None:
            raise RuntimeError("the layer has to read the batch first, in training mode")
        states, self.states = self.states.float(), None
        inside = mask_of(batch.lengths, states.shape[1])[:, 1:]  # pairs of neighbours
        rows = batch.types.rows
        present, entries = torch.unique(rows.where(rows < self.rows, UNK), return_inverse=True)
        candidates, stand_for = self._candidates(present)
        entries = entries[batch.index]
        losses = []
        for name, part in zip(self.directions, states.chunk(len(self.directions), -1), strict=True):
            forward = name == "left_to_right"
            known, told = (part[:, :-1], entries[:, 1:]) if forward else (part[:, 1:], entries[:, :-1])
            hidden = torch.tanh(self.hidden[name](nn.functional.dropout(known[inside], DROPOUT)))
            scores = hidden @ self.words[name](candidates).T + stand_for
            losses.append(nn.functional.cross_entropy(scores, told[inside], reduction="sum"))
        return torch.stack(losses).sum()

    def _candidates(self, present: Tensor) -> tuple[Tensor, Tensor]:
        """Rows to choose from `(n,)`, those of the batch first, and the log of how many words each stands for."""
        absent = torch.ones(self.rows, dtype=torch.bool, device=present.device).index_fill_(0, present, False)
        others = absent.nonzero().squeeze(1)
        many = math.log(max(1.0, len(others) / SAMPLE))
        if len(others) > SAMPLE:
            others = others[torch.randint(len(others), (SAMPLE,), device=others.device)]
        stand_for = torch.cat(
            [present.new_zeros(len(present)).float(), torch.full_like(others, many, dtype=torch.float)]
        )
        return torch.cat([present, others]), stand_for


def _table(words: int) -> nn.Embedding:
    table = nn.Embedding(words, SIZE, sparse=True)
    nn.init.uniform_(table.weight, -0.1, 0.1)
    return table


def language_models(model: TaggingModel, settings: Settings) -> nn.ModuleList:
    """One for each member's encoder; none unless they are wanted."""
    if not settings.training.language_model:
        return nn.ModuleList()
    words = model.embedder.words.num_embeddings
    return nn.ModuleList(LanguageModel(member.encoder.layers[0], words) for member in model.members)  # type: ignore[index,arg-type]
