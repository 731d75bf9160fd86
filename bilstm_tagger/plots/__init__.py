"""The one place that imports matplotlib: figures described as plain data and written as PNG.

No window is opened and no global state of matplotlib is changed.
"""

from __future__ import annotations

from bilstm_tagger.plots.dots import Dots, save_dots
from bilstm_tagger.plots.heatmaps import Heatmap, save_heatmaps
from bilstm_tagger.plots.lines import STYLES, Line, Panel, learning_curves, save_panels

__all__ = [
    "STYLES",
    "Dots",
    "Heatmap",
    "Line",
    "Panel",
    "learning_curves",
    "save_dots",
    "save_heatmaps",
    "save_panels",
]
