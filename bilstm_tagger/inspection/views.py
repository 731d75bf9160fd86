"""An inspection to look at: a PNG, and an HTML page on which tokens, gates, layers and directions can be chosen."""

from __future__ import annotations

import json
from html import escape
from importlib import resources
from pathlib import Path

import numpy as np

from bilstm_tagger.inspection.result import ALL, Inspection
from bilstm_tagger.io.atomic import atomic_write
from bilstm_tagger.plots import Heatmap, save_heatmaps

TEMPLATE = "inspection.html"
READS = {"forward": "left to right", "backward": "right to left"}


def draw(inspection: Inspection, path: str | Path) -> None:
    """Write the figure: gates and norms of each layer and direction, and what each prediction depends on.

    Args:
        inspection: what was seen.
        path: where the PNG goes.
    """
    bands = [band for layer in inspection.layers for band in _layer_bands(inspection, layer)]
    with atomic_write(path, binary=True) as stream:
        save_heatmaps([*bands, _dependences(inspection)], stream)


def write_page(inspection: Inspection, path: str | Path) -> None:
    """Write the HTML page, one file without links to others.

    Args:
        inspection: what was seen.
        path: where it goes.
    """
    template = resources.files("bilstm_tagger.inspection").joinpath(TEMPLATE).read_text("utf-8")
    # Inside a script element only `<` could end it early.
    data = json.dumps(inspection.to_json(), ensure_ascii=False).replace("<", "\\u003c")
    title = escape(_shortened(inspection.document.text))
    with atomic_write(path) as stream:
        stream.write(template.replace("{{title}}", title).replace("{{data}}", data))


def depends_most_on(inspection: Inspection, token: int, *, most: int = 3) -> list[tuple[int, float]]:
    """The tokens that a prediction depends on most, each with its share of the sum of the gradients' lengths.

    Args:
        inspection: what was seen.
        token: number of the token whose prediction is meant.
        most: how many tokens to name.
    """
    row = inspection.dependence.select(path=ALL, token=token)
    total = float(row.sum())
    order = np.argsort(-row, kind="stable")[:most]
    return [(int(place), float(row[place]) / total) for place in order if row[place] > 0]


def _layer_bands(inspection: Inspection, layer: str) -> list[list[Heatmap]]:
    columns = inspection.tokens
    lengths = {"hidden state": inspection.hidden_norm}
    if inspection.lstm_cell_norm is not None:
        lengths = {"cell state": inspection.lstm_cell_norm, **lengths}
    high = max(float(norm.select(layer=layer).max()) for norm in lengths.values())
    gates, norms = [], []
    for direction in inspection.directions:
        title = f"{layer}, {direction}" + (f" ({READS[direction]})" if direction in READS else "")
        rows = [norm.select(layer=layer, direction=direction).tolist() for norm in lengths.values()]
        norms.append(Heatmap(title, list(lengths), columns, rows, (0, high), "length (norm)"))
        if inspection.lstm_gates is not None:
            names = inspection.gates.axes["gate"]
            values = inspection.gates.select(layer=layer, direction=direction)
            gates.append(Heatmap(title, names, columns, values.tolist(), (0, 1), "gate, mean of units"))
    return [gates, norms] if gates else [norms]


def _dependences(inspection: Inspection) -> list[Heatmap]:
    tags = [f"{word}  {tag}" for word, tag in zip(inspection.tokens, inspection.tags, strict=True)]
    high = float(inspection.dependence.values.max())
    maps = []
    for path in inspection.paths:
        values = inspection.dependence.select(path=path).tolist()
        title = "prediction depends on" + (" (all paths)" if path == ALL else f" ({path} passes only)")
        maps.append(
            Heatmap(title, tags, inspection.tokens, values, (0, high), "gradient norm", ("this token", "prediction"))
        )
    return maps


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 80 else line[:79] + "…"
