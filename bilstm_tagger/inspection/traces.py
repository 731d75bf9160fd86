"""States, gradients and scores of a network, taken with forward hooks.

The encoder runs as it does when tagging; hooks record the inputs and outputs of its passes or cut the gradient of one
direction.
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

from bilstm_tagger.inspection.result import ALL, OUTPUT
from bilstm_tagger.nn.batch import Batch, Types
from bilstm_tagger.nn.convolution import WindowEncoder
from bilstm_tagger.nn.crf import DISALLOWED
from bilstm_tagger.nn.lstm_reference import run_direction, weights_of
from bilstm_tagger.nn.model import TaggingModel
from bilstm_tagger.nn.recurrent import PASSES, RecurrentEncoder
from bilstm_tagger.tagging.torch_runtime import torch_model
from bilstm_tagger.vocab.features import encode_features

if TYPE_CHECKING:
    from bilstm_tagger.document.document import Document
    from bilstm_tagger.tagging.tagger import Tagger

COPIES_TOKENS = 4096  # tokens per backward pass: copies of a sentence times its length


@dataclass(frozen=True, slots=True)
class Trace:
    """States of all layers and directions over some tokens.

    Attributes:
        directions: names of the directions.
        hidden: hidden states `(layers, directions, tokens, units)`.
        gates: forget, input and output gates `(layers, directions, 3, tokens, units)`; None if not an LSTM.
        cell: cell states `(layers, directions, tokens, units)`; None if not an LSTM.
    """

    directions: tuple[str, ...]
    hidden: np.ndarray
    gates: np.ndarray | None = None
    cell: np.ndarray | None = None

    @staticmethod
    def joined(parts: Sequence[Trace]) -> Trace:
        """Join the traces of consecutive sentences."""

        def join(arrays: Sequence[np.ndarray | None]) -> np.ndarray | None:
            present = [array for array in arrays if array is not None]
            return np.concatenate(present, axis=-2) if present else None

        hidden = np.concatenate([part.hidden for part in parts], axis=-2)
        return Trace(parts[0].directions, hidden, join([p.gates for p in parts]), join([p.cell for p in parts]))


@torch.no_grad()
def embed(tagger: Tagger, document: Document) -> Tensor:
    """The embeddings of the tokens of a document, which the encoder reads, `(1, tokens, size)`."""
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
    """Run an encoder over one sentence and record the states of each pass.

    Args:
        encoder: the encoder; of one that is not built in, what it gives is recorded as the states of one pass.
        x: the embeddings of the sentence `(1, tokens, size)`.
    """
    passes: dict[nn.Module, tuple[Tensor, Tensor]] = {}  # input and output of each

    def record(module: nn.Module, inputs: Any, output: Any) -> None:
        passes[module] = inputs[0], output[0] if isinstance(output, tuple) else output

    layers = _layers(encoder)
    with ExitStack() as hooks:
        for part in (part for layer in layers for part in layer.values()):
            hooks.enter_context(_hook(part, record))
        encoder(x, torch.tensor([x.shape[1]], device=x.device))
    directions = tuple(layers[0])
    hidden = [[_in_order(passes[part][1], name)[0] for name, part in layer.items()] for layer in layers]
    if type(encoder) is not RecurrentEncoder or encoder.cell != "lstm":
        return Trace(directions, _stacked(hidden))
    gates, cell = [], []
    for layer in layers:
        steps = {name: run_direction(passes[part][0], weights_of(part)) for name, part in layer.items()}  # type: ignore[arg-type]
        in_order = [[_in_order(values, name)[0] for values in step] for name, step in steps.items()]
        gates.append([torch.stack(values[:3]) for values in in_order])
        cell.append([values[4] for values in in_order])
    return Trace(directions, _stacked(hidden), _stacked(gates), _stacked(cell))


def gradient_norms(model: TaggingModel, x: Tensor, *, task: str, tags: Sequence[int]) -> dict[str, np.ndarray]:
    """How much the score of each token's tag depends on each token's embedding.

    Args:
        model: the network.
        x: the embeddings of one sentence `(1, tokens, size)`.
        task: the task whose emissions are the scores.
        tags: the id of the tag whose emission is the score, for each token.

    Returns:
        for each direction, and for `all`, the Euclidean norm of the gradient of token `i`'s score with respect to token
        `j`'s embedding at `[i, j]`, `(tokens, tokens)`. For one direction, no gradient flows through the passes of the
        other one in any layer.
    """
    encoder = model.encoders[0]
    directions = list(_layers(encoder)[0]) if type(encoder) is RecurrentEncoder else []
    norms = {}
    for path in (*directions, ALL):
        with _without_gradient(encoder, [name for name in directions if path not in (name, ALL)]):
            norms[path] = _gradient_norms(model, x, task, torch.tensor(tags, device=x.device))
    return norms


@torch.no_grad()
def mean_emissions(model: TaggingModel, x: Tensor, *, task: str) -> np.ndarray:
    """The emissions of a task at the tokens of one sentence, averaged over the encoders `(tokens, tags)`.

    Args:
        model: the network.
        x: the embeddings of the sentence `(1, tokens, size)`.
        task: the task.
    """
    lengths = torch.tensor([x.shape[1]], device=x.device)
    pairs = zip(model.encoders, model.heads(task), strict=True)
    return torch.stack([head(encoder(x, lengths))[0] for encoder, head in pairs]).mean(0).cpu().numpy()


@torch.no_grad()
def mean_transitions(model: TaggingModel, task: str) -> np.ndarray | None:
    """The transition scores of a task, averaged over the encoders.

    Returns:
        `(1 + tags, tags + 1)`: from the start of the sentence (row 0) or from each tag, to each tag or the end of the
        sentence (last column); minus infinity where disallowed. None if the task has no transition scores.
    """
    heads = model.heads(task)
    first = heads[0]
    if first.crf is not None:
        scores = [head.crf.scores() for head in heads if head.crf is not None]
        pairs, starts, ends = (torch.stack(part).mean(0) for part in zip(*scores, strict=True))
    elif first.transitions is not None:
        pairs, starts, ends = first.transitions, first.start_transitions, first.end_transitions
    else:
        return None
    whole = torch.cat(
        [torch.cat([starts[None], pairs]), torch.cat([ends.new_full((1,), DISALLOWED), ends])[:, None]], 1
    )
    return whole.masked_fill(whole <= DISALLOWED, -torch.inf).cpu().numpy()


def _gradient_norms(model: TaggingModel, x: Tensor, task: str, tags: Tensor) -> np.ndarray:
    """Gradients of one path: one copy of the sentence per score, so that one backward pass gives many gradients."""
    tokens = x.shape[1]
    rows = []
    for positions in torch.split(torch.arange(tokens, device=x.device), max(1, COPIES_TOKENS // tokens)):
        copies = x.detach().repeat(len(positions), 1, 1).requires_grad_()
        states = model.encoders[0](copies, torch.full((len(positions),), tokens, device=x.device))
        emissions = model.heads(task)[0](states[torch.arange(len(positions)), positions])
        score = emissions[torch.arange(len(positions)), tags[positions]].sum()
        # An encoder of one's own may pass no gradient on.
        (gradient,) = torch.autograd.grad(score, copies, allow_unused=True, materialize_grads=True)
        rows.append(gradient.norm(dim=-1).cpu())
    return torch.cat(rows).numpy()


def _layers(encoder: nn.Module) -> list[dict[str, nn.Module]]:
    """The passes of each layer by direction; a layer of a CNN has one, itself, as has an encoder of one's own."""
    if type(encoder) is RecurrentEncoder:
        return [{PASSES[name]: part for name, part in layer.passes.items()} for layer in encoder.layers]  # type: ignore[operator, union-attr]
    if type(encoder) is WindowEncoder:
        return [{"window": layer} for layer in encoder.layers]
    return [{OUTPUT: encoder}]


@contextmanager
def _without_gradient(encoder: nn.Module, directions: Sequence[str]) -> Iterator[None]:
    """Stop the gradient at the passes of some directions."""

    def detach(_module: nn.Module, _inputs: Any, output: Any) -> Any:
        return output.detach() if isinstance(output, Tensor) else (output[0].detach(), output[1])

    with ExitStack() as stack:
        for layer in _layers(encoder):
            for name in directions:
                stack.enter_context(_hook(layer[name], detach))
        for part in encoder.modules():
            if isinstance(part, nn.RNNBase):
                stack.enter_context(_training(part))
        yield


@contextmanager
def _training(part: nn.RNNBase) -> Iterator[None]:
    """Put a recurrent network of torch into training mode, without dropout: cuDNN computes gradients only there."""
    before = part.training, part.dropout
    part.train()
    part.dropout = 0.0
    try:
        yield
    finally:
        part.train(before[0])
        part.dropout = before[1]


@contextmanager
def _hook(module: nn.Module, function: Any) -> Iterator[None]:
    """Register a forward hook for the time of the context."""
    handle = module.register_forward_hook(function)
    try:
        yield
    finally:
        handle.remove()


def _in_order(values: Tensor, direction: str) -> Tensor:
    """The values of a pass `(1, tokens, units)` in the order of the tokens."""
    return values.flip(1) if direction == "backward" else values


def _stacked(rows: Sequence[Sequence[Tensor]]) -> np.ndarray:
    return torch.stack([torch.stack(list(row)) for row in rows]).float().cpu().numpy()
