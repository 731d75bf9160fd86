"""Figures are written, look as described, and keep matplotlib out of sight until they are asked for."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from bilstm_tagger.errors import TaggerError
from bilstm_tagger.plots import STYLES, Line, Panel, learning_curves, save_panels

PNG = b"\x89PNG\r\n\x1a\n"


def size_of(path: Path) -> tuple[int, int]:
    """Width and height from the PNG's header."""
    data = path.read_bytes()
    assert data[:8] == PNG
    return int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")


def rows(count: int) -> list[dict[str, float]]:
    return [
        {"epoch": epoch, "loss": 10 / epoch, "score": 1 - 0.5 / epoch, "learning_rate": 0.02 * (1 - epoch / 99)}
        for epoch in range(1, count + 1)
    ]


@pytest.mark.parametrize("count", [1, 3, 90])
def test_learning_curves(count: int, tmp_path: Path) -> None:
    learning_curves(rows(count), tmp_path / "curves.png", best=1)
    width, height = size_of(tmp_path / "curves.png")
    assert width > 1200
    assert height > 350


def test_no_epochs_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(TaggerError, match="epoch"):
        learning_curves([], tmp_path / "curves.png", best=1)


def test_panels_with_gaps_zeros_bands_and_guides(tmp_path: Path) -> None:
    path = tmp_path / "figure.png"
    lines = [
        Line("a", [0, 1, 2], [1.0, None, 0.0]),
        Line("b", [0, 1, 2], [0.5, 1e-30, float("nan")], ([0.4, 1e-31, 0], [0.6, 1e-29, 0])),
    ]
    panels = [
        Panel("left", "x (tokens)", "y", lines, log_y=True, levels={"one": 1.0}, marks={"end": 1.5}),
        Panel("right", "x (tokens)", "y", lines[:1], y_limits=(0, 2)),
    ]
    save_panels(panels, path)
    wide = size_of(path)[0]
    save_panels(panels[:1], path, share_y=True)
    assert size_of(path)[0] < wide


def test_same_figure_same_bytes(tmp_path: Path) -> None:
    for name in ("one.png", "two.png"):
        learning_curves(rows(5), tmp_path / name, best=3)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


def test_styles_differ_in_colour_stroke_and_marker() -> None:
    for parts in zip(*STYLES, strict=True):
        assert len(set(parts)) == len(STYLES)


def test_colours_differ_in_grey() -> None:
    """Neighbours in the list of styles are never alike in lightness."""
    lightness = []
    for colour, _, _ in STYLES:
        red, green, blue = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
        lightness.append(0.299 * red + 0.587 * green + 0.114 * blue)
    assert all(abs(one - other) > 0.1 for one, other in pairwise(lightness))


def test_importing_brings_no_matplotlib() -> None:
    code = "import sys, bilstm_tagger.plots; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
