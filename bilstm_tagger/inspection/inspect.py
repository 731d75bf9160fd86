"""Look inside the network while it tags a text: gates, states, scores, and what each prediction depends on.

The encoder runs once as it does when tagging, in float32, and the inputs of its passes are recorded; the LSTM of
`nn/lstm_reference.py`, which gives every gate, then runs on the same inputs with the same weights.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import TaggerError, choose
from bilstm_tagger.inspection.result import OUTPUT, Inspection, NamedArray, Unit
from bilstm_tagger.inspection.traces import Trace, embed, gradient_norms, mean_emissions, mean_transitions, trace
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.schemes.spans import convert
from bilstm_tagger.tagging.opened import opened
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.tagging.torch_runtime import torch_model
from bilstm_tagger.wording import counted

if TYPE_CHECKING:
    from bilstm_tagger.tagging.sources import Input

__all__ = ["Inspection", "NamedArray", "Unit", "inspect"]

logger = logging.getLogger("bilstm_tagger")

GATES = ("forget", "input", "output")
LONGEST = 1000  # tokens; dependences are one number per pair of tokens
MOST_UNITS = 12
START, END = "START", "END"


def inspect(tagger: Tagger | str | Path, source: Input, *, task: str | None = None) -> Inspection:
    """Tag a text and look inside the network: gates, states, scores, and what each prediction depends on.

    For an ensemble, tags and scores are those of all encoders together; gates, states and dependences are those of the
    first encoder.

    Args:
        tagger: a tagger, or the model folder or name of one, as for `Tagger.load`.
        source: a text, words, sentences or a document, as for the tagger.
        task: the task whose predictions to explain; if None the first task with spans, or else the first task.

    Returns:
        the tagged document with all numbers.

    Raises:
        TaggerError: there is no such task, no token, or there are more than 1,000 tokens.
    """
    tagger = opened(tagger)
    task = _task(tagger, task)
    document = tagger(source)
    if not 0 < len(document.words) <= LONGEST:
        raise TaggerError(f"{counted(len(document.words), 'token')} to inspect; give a text of 1 to {LONGEST:,} tokens")
    model = torch_model(tagger.runtime)
    if (encoders := len(model.encoders)) > 1:
        logger.warning("%d encoders: tags and scores are those of all together, the rest is of the first", encoders)
    tags = _tag_ids(tagger, document, task)
    embeddings = embed(tagger, document)
    traces, dependences, scores = [], [], []
    for start, end in pairwise(document.bounds):
        if start == end:
            continue
        x = embeddings[:, start:end]
        traces.append(trace(model.encoders[0], x))
        dependences.append(gradient_norms(model, x, task=task, tags=tags[start:end]))
        scores.append(mean_emissions(model, x, task=task))
    return _inspection(
        tagger,
        document,
        task,
        network_tags=[tagger.vocab.tags[task][tag] for tag in tags],
        states=Trace.joined(traces),
        dependences=dependences,
        scores=np.concatenate(scores),
        transitions=mean_transitions(model, task),
    )


def _task(tagger: Tagger, task: str | None) -> str:
    """The task to explain."""
    if task is None:
        return next((name for name in tagger.tasks if tagger.schemes[name] is not Scheme.NONE), tagger.tasks[0])
    if task not in tagger.tasks:
        raise TaggerError(f"no task {task!r} in this model; {choose(task, tagger.tasks)}")
    return task


def _tag_ids(tagger: Tagger, document: Document, task: str) -> list[int]:
    """The predicted tags as ids of the network."""
    config = tagger.info.network.tasks[task]
    tags = document.tags[task]
    sentences = (convert(tags[start:end], config.scheme, config.encoding) for start, end in pairwise(document.bounds))
    return [tagger.vocab.tags[task].index(tag) for sentence in sentences for tag in sentence]


def _inspection(
    tagger: Tagger,
    document: Document,
    task: str,
    *,
    network_tags: Sequence[str],
    states: Trace,
    dependences: list[dict[str, np.ndarray]],
    scores: np.ndarray,
    transitions: np.ndarray | None,
) -> Inspection:
    """Name the axes of all arrays."""
    words, tags = tuple(document.words), tuple(tagger.vocab.tags[task])
    layers = tuple(f"layer {number + 1}" for number in range(len(states.hidden)))
    if states.directions == (OUTPUT,):
        layers = (OUTPUT,)
    axes = {"layer": layers, "direction": states.directions}
    gates = cell_norm = None
    if states.gates is not None and states.cell is not None:
        gates = NamedArray(states.gates.mean(-1), {**axes, "gate": GATES, "token": words})
        cell_norm = NamedArray(np.linalg.norm(states.cell, axis=-1), {**axes, "token": words})
    paths = tuple(dependences[0])
    dependence = np.stack([_block_diagonal([sentence[path] for sentence in dependences]) for path in paths])
    units = tuple(map(str, range(states.hidden.shape[-1])))
    inspection = Inspection(
        document=document,
        task=task,
        encoder=tagger.info.network.encoder.type,
        hidden_states=NamedArray(states.hidden.swapaxes(2, 3), {**axes, "unit": units, "token": words}),
        hidden_norm=NamedArray(np.linalg.norm(states.hidden, axis=-1), {**axes, "token": words}),
        dependence=NamedArray(dependence, {"path": paths, "token": words, "on": words}),
        units=(),
        network_tags=tuple(network_tags),
        tag_scores=NamedArray(scores, {"token": words, "tag": tags}),
        transitions=None if transitions is None else NamedArray(transitions, _transition_axes(tags)),
        lstm_gates=gates,
        lstm_cell_norm=cell_norm,
    )
    return inspection.with_units(_specific_units(states.hidden))


def _transition_axes(tags: Sequence[str]) -> dict[str, tuple[str, ...]]:
    return {"from": (START, *tags), "to": (*tags, END)}


def _block_diagonal(blocks: list[np.ndarray]) -> np.ndarray:
    """A square matrix with these blocks along its diagonal and 0 elsewhere."""
    size = sum(map(len, blocks))
    whole = np.zeros((size, size), blocks[0].dtype)
    start = 0
    for block in blocks:
        end = start + len(block)
        whole[start:end, start:end] = block
        start = end
    return whole


def _specific_units(hidden: np.ndarray) -> list[tuple[int, int, int]]:
    """Layer, direction and index of the units whose hidden state at one token is farthest from their mean elsewhere.

    Args:
        hidden: hidden states `(layers, directions, tokens, units)`.

    Returns:
        at most `MOST_UNITS`, the most specific first; none for a single token.
    """
    tokens = hidden.shape[2]
    if tokens == 1:
        return []
    elsewhere = (hidden.sum(2, keepdims=True) - hidden) / (tokens - 1)
    largest = np.abs(hidden - elsewhere).max(2)
    order = np.argsort(-largest, axis=None, kind="stable")[:MOST_UNITS]
    return [(int(a), int(b), int(c)) for a, b, c in zip(*np.unravel_index(order, largest.shape), strict=True)]
