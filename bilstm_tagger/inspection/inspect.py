"""What happens inside the network while it reads a text: gates, states, and which tokens each prediction depends on.

The encoder runs once as it does when tagging, in float32, while the inputs of each of its passes are kept; the LSTM of
`nn/cell.py`, written gate by gate, is then run on the same inputs with the same weights.
"""

from __future__ import annotations

import logging
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import TaggerError
from bilstm_tagger.inspection.result import Inspection, NamedArray, Unit
from bilstm_tagger.inspection.traces import Trace, embed, gradient_norms, trace
from bilstm_tagger.schemes.spans import convert
from bilstm_tagger.tagging.torch_runtime import torch_model

if TYPE_CHECKING:
    from bilstm_tagger.tagging.tagger import Input, Tagger

__all__ = ["Inspection", "NamedArray", "Unit", "inspect"]

logger = logging.getLogger("bilstm_tagger")

GATES = ("forget", "input", "output")
LONGEST = 1000  # tokens: the dependences are a number for each pair of them
MOST_UNITS = 12


def inspect(tagger: Tagger, source: Input, *, task: str | None = None) -> Inspection:
    """Tag a text and look inside: gates, states, and what each prediction depends on.

    Of an ensemble the tags are those of all encoders together, gates, states and dependences those of the first.

    Args:
        tagger: the tagger.
        source: what the tagger takes: a text, words, sentences or a document.
        task: whose predictions to explain; the first one if None.

    Raises:
        TaggerError: no such task, no token, or more than a thousand.
    """
    task = tagger.tasks[0] if task is None else task
    if task not in tagger.tasks:
        raise TaggerError(f"no task {task!r} in this model; there are {', '.join(tagger.tasks)}")
    document = tagger(source)
    count = len(document.words)
    if not 0 < count <= LONGEST:
        raise TaggerError(f"{count} tokens to inspect; give a text of 1 to {LONGEST:,} tokens")
    model = torch_model(tagger.runtime)
    if (encoders := len(model.encoders)) > 1:
        logger.warning("%d encoders: the tags are those of all together, all else is of the first", encoders)
    wanted = _network_tags(tagger, document, task)
    vectors = embed(tagger, document)
    traces, blocks = [], []
    for start, end in pairwise(document.bounds):
        if start == end:
            continue
        x = vectors[:, start:end]
        traces.append(trace(model.encoders[0], x))
        blocks.append(gradient_norms(model, x, task=task, tags=wanted[start:end]))
    return _inspection(tagger, document, task, Trace.joined(traces), blocks)


def _network_tags(tagger: Tagger, document: Document, task: str) -> list[int]:
    """The predicted tags as the network writes them, by number."""
    config = tagger.info.network.tasks[task]
    tags = document.tags[task]
    sentences = (convert(tags[start:end], config.scheme, config.encoding) for start, end in pairwise(document.bounds))
    return [tagger.vocab.tags[task].index(tag) for sentence in sentences for tag in sentence]


def _inspection(
    tagger: Tagger, document: Document, task: str, seen: Trace, blocks: list[dict[str, np.ndarray]]
) -> Inspection:
    words = tuple(document.words)
    layers = tuple(f"layer {number + 1}" for number in range(len(seen.hidden)))
    places = {"layer": layers, "direction": seen.directions, "token": words}
    gates = cell_norm = None
    if seen.gates is not None and seen.cell is not None:
        means = seen.gates.mean(-1)
        gates = NamedArray(means, {"layer": layers, "direction": seen.directions, "gate": GATES, "token": words})
        cell_norm = NamedArray(np.linalg.norm(seen.cell, axis=-1), places)
    paths = tuple(blocks[0])
    dependence = np.stack([_block_diagonal([block[path] for block in blocks]) for path in paths])
    return Inspection(
        document=document,
        task=task,
        encoder=tagger.info.network.encoder.type,
        hidden_norm=NamedArray(np.linalg.norm(seen.hidden, axis=-1), places),
        dependence=NamedArray(dependence, {"path": paths, "token": words, "on": words}),
        units=_specific_units(seen.hidden, layers, seen.directions),
        lstm_gates=gates,
        lstm_cell_norm=cell_norm,
    )


def _block_diagonal(blocks: list[np.ndarray]) -> np.ndarray:
    size = sum(map(len, blocks))
    whole = np.zeros((size, size), blocks[0].dtype)
    start = 0
    for block in blocks:
        end = start + len(block)
        whole[start:end, start:end] = block
        start = end
    return whole


def _specific_units(hidden: np.ndarray, layers: tuple[str, ...], directions: tuple[str, ...]) -> tuple[Unit, ...]:
    """The units with the largest distance between one token's hidden state and the mean of the others'.

    Args:
        hidden: hidden states `(layer, direction, token, unit)`.
        layers: names of the layers.
        directions: names of the directions.
    """
    tokens = hidden.shape[2]
    if tokens == 1:
        return ()
    elsewhere = (hidden.sum(2, keepdims=True) - hidden) / (tokens - 1)
    distance = np.abs(hidden - elsewhere)
    token = distance.argmax(2)
    largest = distance.max(2)
    units = []
    for flat in np.argsort(-largest, axis=None, kind="stable")[:MOST_UNITS]:
        layer, direction, unit = np.unravel_index(flat, largest.shape)
        at = int(token[layer, direction, unit])
        units.append(
            Unit(
                layers[layer],
                directions[direction],
                int(unit),
                at,
                float(hidden[layer, direction, at, unit]),
                float(elsewhere[layer, direction, at, unit]),
            )
        )
    return tuple(units)
