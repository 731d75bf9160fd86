"""Watching an encoder from outside: hooks keep what its passes read, or hold one direction still.

The encoder itself runs as it always does, so what is seen here is what tagging does, residuals and merging included.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

# Nothing here works without torch; commands import this module when they run.
import torch  # noqa: TID253
from torch import Tensor, nn  # noqa: TID253

from bilstm_tagger.inspection.result import ALL
from bilstm_tagger.nn.batch import Batch, Types
from bilstm_tagger.nn.lstm_reference import run_direction, weights_of
from bilstm_tagger.nn.model import TaggingModel
from bilstm_tagger.nn.recurrent import PASSES, RecurrentEncoder
from bilstm_tagger.tagging.torch_runtime import torch_model
from bilstm_tagger.vocab.features import encode_features

if TYPE_CHECKING:
    from bilstm_tagger.document.document import Document
    from bilstm_tagger.tagging.tagger import Tagger

COPIES_TOKENS = 4096  # tokens of the copies of a sentence that are differentiated at once


@dataclass(frozen=True, slots=True)
class Trace:
    """States of all layers and directions over some tokens.

    Attributes:
        directions: names of the directions.
        hidden: hidden states `(layers, directions, tokens, units)`.
        gates: forget, input and output gates `(layers, directions, 3, tokens, units)`; None if there are none.
        cell: cell states `(layers, directions, tokens, units)`; None if there are none.
    """

    directions: tuple[str, ...]
    hidden: np.ndarray
    gates: np.ndarray | None = None
    cell: np.ndarray | None = None

    @staticmethod
    def joined(parts: Sequence[Trace]) -> Trace:
        """Several stretches of tokens as one."""

        def join(arrays: Sequence[np.ndarray | None]) -> np.ndarray | None:
            present = [array for array in arrays if array is not None]
            return np.concatenate(present, axis=-2) if present else None

        hidden = np.concatenate([part.hidden for part in parts], axis=-2)
        return Trace(parts[0].directions, hidden, join([p.gates for p in parts]), join([p.cell for p in parts]))


@torch.no_grad()
def embed(tagger: Tagger, document: Document) -> Tensor:
    """What the encoder reads for the tokens of a document, `(1, tokens, size)`."""
    model, words = torch_model(tagger.runtime), document.words
    arrays = tagger.vocab.encode(words)
    types = Types(*(torch.from_numpy(ids) for ids in (arrays.rows, arrays.chars, arrays.shapes)))
    features = encode_features(tagger.vocab.features, [document])
    batch = Batch(
        types,
        torch.arange(len(words))[None],
        torch.tensor([len(words)]),
        features={name: torch.from_numpy(ids)[None] for name, ids in features.items()},
    )
    return model.embedder(batch.to(model.embedder.words.weight.device))  # type: ignore[no-any-return]


@torch.no_grad()
def trace(encoder: nn.Module, x: Tensor) -> Trace:
    """Run the encoder over one row of tokens, `x` `(1, tokens, size)`, and keep what each pass does."""
    seen: dict[nn.Module, tuple[Tensor, Tensor]] = {}

    def keep(module: nn.Module, given: Any, result: Any) -> None:
        seen[module] = given[0], result[0] if isinstance(result, tuple) else result

    layers = [_parts(layer) for layer in encoder.layers]  # type: ignore[union-attr]
    with ExitStack() as hooks:
        for part in (part for layer in layers for part in layer.values()):
            hooks.enter_context(_hook(part, keep))
        encoder(x, torch.tensor([x.shape[1]], device=x.device))
    directions = tuple(layers[0])
    hidden = [[_in_order(seen[part][1], name)[0] for name, part in layer.items()] for layer in layers]
    if not all(isinstance(part, nn.LSTM) for part in seen):
        return Trace(directions, _stacked(hidden))
    gates, cell = [], []
    for layer in layers:
        passes = {name: run_direction(seen[part][0], weights_of(part)) for name, part in layer.items()}  # type: ignore[arg-type]
        in_order = {name: [_in_order(value, name)[0] for value in found] for name, found in passes.items()}
        gates.append([torch.stack(values[:3]) for values in in_order.values()])
        cell.append([values[4] for values in in_order.values()])
    return Trace(directions, _stacked(hidden), _stacked(gates), _stacked(cell))


def gradient_norms(model: TaggingModel, x: Tensor, *, task: str, tags: Sequence[int]) -> dict[str, np.ndarray]:
    """How much each token's score of its tag hangs on each token's embedding.

    Args:
        model: the network.
        x: embeddings of one row of tokens `(1, tokens, size)`.
        task: the head that gives the scores.
        tags: for each token the tag whose emission is the score.

    Returns:
        for each direction, and for `all`, the length of the gradient of token `i`'s score with respect to token `j`'s
        embedding at `[i, j]`, `(tokens, tokens)`. For a direction the states of the other one are held still in every
        layer.
    """
    encoder = model.encoders[0]
    directions = list(_parts(encoder.layers[0])) if isinstance(encoder, RecurrentEncoder) else []
    found = {}
    for path in (*directions, ALL):
        with _held_still(encoder, [name for name in directions if path not in (name, ALL)]):
            found[path] = _gradient_norms(model, x, task, torch.tensor(tags, device=x.device))
    return found


def _gradient_norms(model: TaggingModel, x: Tensor, task: str, tags: Tensor) -> np.ndarray:
    """One copy of the sentence for each token's score, so that one backward pass gives many gradients."""
    tokens = x.shape[1]
    rows = []
    for chosen in torch.split(torch.arange(tokens, device=x.device), max(1, COPIES_TOKENS // tokens)):
        copies = x.detach().repeat(len(chosen), 1, 1).requires_grad_()
        states = model.encoders[0](copies, torch.full((len(chosen),), tokens, device=x.device))
        emissions = model.heads(task)[0](states[torch.arange(len(chosen)), chosen])
        score = emissions[torch.arange(len(chosen)), tags[chosen]].sum()
        (gradient,) = torch.autograd.grad(score, copies)
        rows.append(gradient.norm(dim=-1).cpu())
    return torch.cat(rows).numpy()


def _parts(layer: nn.Module) -> dict[str, nn.Module]:
    """The passes of a layer by direction; a layer without passes is one itself."""
    passes = getattr(layer, "passes", None)
    return {"window": layer} if passes is None else {PASSES[name]: part for name, part in passes.items()}


@contextmanager
def _held_still(encoder: nn.Module, directions: Sequence[str]) -> Iterator[None]:
    """Let no gradient through the passes of these directions."""

    def detach(_module: nn.Module, _given: Any, result: Any) -> Any:
        return result.detach() if isinstance(result, Tensor) else (result[0].detach(), result[1])

    with ExitStack() as stack:
        for layer in encoder.layers:  # type: ignore[union-attr]
            for name, part in _parts(layer).items():
                if name in directions:
                    stack.enter_context(_hook(part, detach))
                stack.enter_context(_training(part))
        yield


@contextmanager
def _training(part: nn.Module) -> Iterator[None]:
    """Fused networks on a GPU give gradients in training mode only; the passes have no dropout of their own."""
    before = part.training
    part.train()
    try:
        yield
    finally:
        part.train(before)


@contextmanager
def _hook(module: nn.Module, function: Any) -> Iterator[None]:
    handle = module.register_forward_hook(function)
    try:
        yield
    finally:
        handle.remove()


def _in_order(values: Tensor, direction: str) -> Tensor:
    """Values of a pass `(1, tokens, units)` in the order of the tokens."""
    return values.flip(1) if direction == "backward" else values


def _stacked(rows: Sequence[Sequence[Tensor]]) -> np.ndarray:
    return torch.stack([torch.stack(list(row)) for row in rows]).cpu().numpy()
