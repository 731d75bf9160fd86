"""An inspection as a PNG, and as an HTML page on which tokens, gates, layers and directions can be selected."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from html import escape
from importlib import resources
from itertools import pairwise
from pathlib import Path

import numpy as np

from bilstm_tagger.inspection.result import ALL, Inspection, NamedArray
from bilstm_tagger.io.atomic import atomic_write
from bilstm_tagger.plots import Heatmap, save_heatmaps

_SLOT = re.compile(r"\{\{(title|data)\}\}")
TEMPLATE = "inspection.html"
READS = {"forward": "left to right", "backward": "right to left"}
WIDEST = 24  # tokens per heatmap; longer texts continue below
SMALL_CELL = 0.2  # inches; cells of dependences in longer sentences, whose maps are not cut
WIDEST_PAIR = 14  # tokens up to which maps stand side by side


def draw(inspection: Inspection, path: str | Path) -> None:
    """Write the figure: gates, norms, units, tag scores, transitions, and what each prediction depends on.

    A long text continues in further rows of heatmaps, so that words and numbers stay legible.

    Args:
        inspection: the inspection.
        path: where the PNG goes.
    """
    bands = list(_token_bands(inspection))
    if inspection.learned_transitions is not None:
        bands.append([_transitions(inspection.learned_transitions)])
    bands += _dependences(inspection)
    with atomic_write(path, binary=True) as stream:
        save_heatmaps(bands, stream)


def write_page(inspection: Inspection, path: str | Path) -> None:
    """Write the HTML page, one file without links to others.

    Args:
        inspection: the inspection.
        path: where the page goes.
    """
    template = resources.files("bilstm_tagger.inspection").joinpath(TEMPLATE).read_text("utf-8")
    # Inside a script element only `<` could end it early.
    data = json.dumps(inspection.to_json(), ensure_ascii=False).replace("<", "\\u003c")
    title = escape(_shortened(inspection.document.text))
    with atomic_write(path) as stream:
        # In one pass: a text with `{{data}}` in it must not be filled in turn.
        stream.write(_SLOT.sub(lambda slot: {"title": title, "data": data}[slot[1]], template))


def depends_most_on(inspection: Inspection, token: int, *, most: int = 3) -> list[tuple[int, float]]:
    """The tokens that a prediction depends on most, each with its share of the sum of the gradient norms.

    Args:
        inspection: the inspection.
        token: index of the token whose prediction is meant.
        most: how many tokens to name.
    """
    row = inspection.dependence.select(path=ALL, token=token)
    total = float(row.sum())
    order = np.argsort(-row, kind="stable")[:most]
    return [(int(on), float(row[on]) / total) for on in order if row[on] > 0]


def best_tags(inspection: Inspection, token: int, *, most: int = 3) -> list[tuple[str, float]]:
    """The tags with the highest scores at a token, each with its score.

    Args:
        inspection: the inspection.
        token: index of the token.
        most: how many tags to name.
    """
    scores = inspection.tag_scores.select(token=token)
    order = np.argsort(-scores, kind="stable")[:most]
    return [(inspection.tag_scores.axes["tag"][tag], float(scores[tag])) for tag in order]


def pieces(tokens: int, *, widest: int = WIDEST) -> list[slice]:
    """Cut a number of tokens into pieces of about the same length.

    Args:
        tokens: the number of tokens.
        widest: how many tokens a piece may have.
    """
    count = math.ceil(tokens / widest)
    bounds = [round(part * tokens / count) for part in range(count + 1)]
    return [slice(start, end) for start, end in pairwise(bounds)]


def _token_bands(inspection: Inspection) -> Iterator[list[Heatmap]]:
    """Maps whose columns are the tokens, for one piece of the text after the other."""
    for piece in pieces(len(inspection.tokens)):
        bands = [band for layer in inspection.layers for band in _layer_bands(inspection, layer, piece)]
        units = [_units(inspection, piece)] if inspection.units else []
        for band in [*bands, [*units, _tag_scores(inspection, piece)]]:
            # Side by side where there is room, otherwise below each other.
            yield from [band] if piece.stop - piece.start <= WIDEST_PAIR else [[heatmap] for heatmap in band]


def _layer_bands(inspection: Inspection, layer: str, piece: slice) -> list[list[Heatmap]]:
    columns = inspection.tokens[piece]
    states = {"hidden state": inspection.hidden_norm}
    if inspection.lstm_cell_norm is not None:
        states = {"cell state": inspection.lstm_cell_norm, **states}
    high = max(float(norm.select(layer=layer).max()) for norm in states.values())
    gates, norms = [], []
    for direction in inspection.directions:
        title = layer if direction == layer else f"{layer}, {direction}"
        title += f" ({READS[direction]})" if direction in READS else ""
        rows = [norm.select(layer=layer, direction=direction)[piece].tolist() for norm in states.values()]
        norms.append(Heatmap(title, list(states), columns, rows, (0, high), "norm"))
        if inspection.lstm_gates is not None:
            names = inspection.gates.axes["gate"]
            values = inspection.gates.select(layer=layer, direction=direction)[:, piece]
            gates.append(Heatmap(title, names, columns, values.tolist(), (0, 1), "gate, mean of units"))
    return [gates, norms] if gates else [norms]


def _units(inspection: Inspection, piece: slice) -> Heatmap:
    names = [unit.name for unit in inspection.units]
    rows = [unit.trace[piece] for unit in inspection.units]
    title = "hidden state of the most token-specific units"
    return Heatmap(title, names, inspection.tokens[piece], rows, (-1, 1), "hidden state", diverging=True)


def _tag_scores(inspection: Inspection, piece: slice) -> Heatmap:
    scores = inspection.tag_scores
    high = float(np.abs(scores.values).max()) or 1.0
    rows = scores.values[piece].T.tolist()
    title = "score of each tag (emission)"
    return Heatmap(title, scores.axes["tag"], inspection.tokens[piece], rows, (-high, high), "score", diverging=True)


def _transitions(transitions: NamedArray) -> Heatmap:
    values, axes = transitions.values, transitions.axes
    allowed = np.isfinite(values)
    high = float(np.abs(values[allowed]).max(initial=0.0)) or 1.0
    rows = np.where(allowed, values, np.nan).tolist()
    title = "score of each transition (white without a number: disallowed)"
    labels = ("to", "from")
    return Heatmap(title, axes["from"], axes["to"], rows, (-high, high), "score", labels, diverging=True)


def _dependences(inspection: Inspection) -> list[list[Heatmap]]:
    """A map per sentence and path; the sentences do not depend on each other."""
    high = float(inspection.dependence.values.max())
    bands: list[list[Heatmap]] = []
    for start, end in pairwise(inspection.document.bounds):
        if start == end:
            continue
        words = inspection.tokens[start:end]
        tags = [f"{word}  {tag}" for word, tag in zip(words, inspection.shown_tags[start:end], strict=True)]
        cell = 0.42 if len(words) <= WIDEST else SMALL_CELL
        maps = []
        for path in inspection.paths:
            values = inspection.dependence.select(path=path)[start:end, start:end].tolist()
            title = "prediction depends on" + (" (all paths)" if path == ALL else f" ({path} passes only)")
            labels = ("this token", "prediction")
            maps.append(Heatmap(title, tags, words, values, (0, high), "gradient norm", labels, cell=cell))
        bands += [maps] if len(words) <= WIDEST_PAIR else [[heatmap] for heatmap in maps]
    return bands


def _shortened(text: str) -> str:
    """The text on one line of at most 80 characters."""
    line = " ".join(text.split())
    return line if len(line) <= 80 else line[:79] + "…"
