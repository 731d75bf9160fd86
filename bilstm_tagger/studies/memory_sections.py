"""The sections of the report on memory: each draws its figure and explains it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from bilstm_tagger.plots import Line, Panel, save_panels
from bilstm_tagger.studies.copy_task import KINDS
from bilstm_tagger.studies.memory_claims import EXPLODED
from bilstm_tagger.studies.memory_result import MemoryResult
from bilstm_tagger.studies.report import Image, Section, Table

TITLES = {"even": "trained on all lags equally often", "short first": "trained mostly on short lags"}
SHORT_TITLES = {"even": "all lags equally often", "short first": "mostly short lags"}
LAG = "lag (tokens after the mark)"
NORM = "gradient norm at the mark"
#: Number of training steps drawn as one point.
BLOCK = 20


def recall(result: MemoryResult, folder: Path) -> Section:
    """Accuracy by lag, one panel per network.

    Args:
        result: the result of the study.
        folder: where the figure goes.
    """
    recipes = result.settings["recipes"]
    panels = [_accuracy_panel(result, mixture, name) for mixture, models in recipes.items() for name in models]
    path = folder / "accuracy_by_lag.png"
    save_panels(panels, path, columns=max(map(len, recipes.values())), size=(2.1, 2.2), share_y=True, legend=False)
    caption = (
        "Share of right answers by lag, one panel per network, the other networks in grey. Upper row: "
        f"{TITLES['even']}; lower row: {TITLES['short first']}. Dotted: guessing, and the end of the CNN's window."
    )
    return Section("How far back each network remembers", content=[Image(path, caption), _accuracy_table(result)])


def _accuracy_panel(result: MemoryResult, mixture: str, network: str) -> Panel:
    """One network in its colour over the others in grey, so that lines that coincide are separate."""
    models = result.settings["recipes"][mixture]
    lines = [
        Line(
            KINDS[name].title,
            result.lags,
            result.accuracy(mixture, name),
            _band([run.accuracy for run in result.runs(mixture, name)]),
            muted=name != network,
        )
        for name in models
    ]
    return Panel(
        f"{KINDS[network].title}\n{SHORT_TITLES[mixture]}",
        "lag (tokens)",
        "right answers (share)",
        lines,
        levels={"": result.chance},
        marks={"": result.window - 0.5},
        y_limits=(0, 1.06),
    )


def _accuracy_table(result: MemoryResult) -> Table:
    shown = [place for place, lag in enumerate(result.lags) if lag % 20 == 0 or lag in (1, 5, result.window)]
    rows = []
    for mixture, models in result.settings["recipes"].items():
        for name in models:
            steps = fmean(run.steps for run in result.runs(mixture, name))
            shares = result.accuracy(mixture, name)
            rows.append([row_name(name, mixture), f"{steps:.0f}", *(f"{shares[place]:.3f}" for place in shown)])
    header = ["network", "steps", *(f"lag {result.lags[place]}" for place in shown)]
    return Table(header, rows, "Mean share of right answers over the seeds. Steps: mean number of training steps.")


def row_name(name: str, mixture: str) -> str:
    """The first cell of a table row: network and mixture."""
    return f"{KINDS[name].title}, {SHORT_TITLES[mixture]}"


def vanishing(result: MemoryResult, folder: Path) -> Section:
    """Gradient by lag before and after training.

    Args:
        result: the result of the study.
        folder: where the figure goes.
    """
    panels = []
    for title, after in (("before training", False), (TITLES["even"], True)):
        lines = []
        for name in result.settings["recipes"]["even"]:
            norms = [run.gradient_after if after else run.gradient_before for run in result.runs("even", name)]
            lines.append(Line(KINDS[name].title, result.lags, result.gradient(name, after=after), _band(norms)))
        panels.append(Panel(title, LAG, NORM, lines, log_y=True))
    path = folder / "gradient_by_lag.png"
    save_panels(panels, path, share_y=True)
    return Section(
        "How gradients vanish",
        [
            "The gradient of the last state (in a random direction) with respect to the vector of the mark. A straight "
            "line on this logarithmic scale is exponential decay. The CNN's line ends where its gradient is exactly 0.",
        ],
        [Image(path, "Norm of the gradient that reaches the mark, by lag; geometric mean over the seeds.")],
    )


def exploding(result: MemoryResult, folder: Path) -> Section:
    """Gradient by lag and by scale of the recurrent weights.

    Args:
        result: the result of the study.
        folder: where the figure goes.
    """
    models = list(dict.fromkeys(item.model for item in result.growth))
    scales = sorted({item.scale for item in result.growth})
    panels = [
        Panel(
            KINDS[name].title,
            LAG,
            "gradient norm relative to lag 0",
            [
                Line(f"×{scale:g}", result.lags, _relative(result.grown(name, scale)), end_label=f"×{scale:g}")
                for scale in scales
            ],
            log_y=True,
            levels={"": 1.0},
        )
        for name in models
    ]
    first, last = result.lags[0], result.lags[-1]
    path = folder / "gradient_growth.png"
    save_panels(panels, path, size=(3.9, 4.2), share_y=True, legend=False)
    return Section(
        "How gradients explode",
        [
            "Untrained networks. The recurrent weights of each gate are an orthogonal matrix, which keeps the length "
            "of a vector, times a scale; each line is one scale, written at its end.",
            "The dotted line is a gradient that stays as it is on its way back from the last token to the mark. A line "
            "that rises above it grows, a line that falls below it vanishes. Each unit of the logarithmic scale is "
            "a factor of 10, so a straight line is a constant factor per token, which the table shows: above 1 the "
            f"gradient grows, below 1 it vanishes. It is said to explode if it is more than {EXPLODED:g} times as "
            f"large at lag {last} as at lag {first}, which takes a factor of {EXPLODED ** (1 / (last - first)):.3f} "
            "per token.",
        ],
        [
            Image(path, "Norm of the gradient that reaches the mark, relative to that at lag 0, by lag and scale."),
            _factor_table(result, models, scales),
        ],
    )


def _factor_table(result: MemoryResult, models: Sequence[str], scales: Sequence[float]) -> Table:
    tokens = result.lags[-1] - result.lags[0]
    rows = [
        [KINDS[name].title, *(f"{_relative(result.grown(name, scale))[-1] ** (1 / tokens):.2f}" for scale in scales)]
        for name in models
    ]
    header = ["network", *(f"×{scale:g}" for scale in scales)]
    return Table(header, rows, "Factor per token by which the gradient changes, by scale of the recurrent weights.")


def clipping(result: MemoryResult, folder: Path) -> Section:
    """Training with and without clipping.

    Args:
        result: the result of the study.
        folder: where the figure goes.
    """
    settings = result.settings
    first_norms = [run.norms[0] for run in result.clipping if run.clip is None]
    path = folder / "clipping.png"
    _draw_clipping(result, path)
    return Section(
        "Clipping",
        [
            f"An RNN whose recurrent weights start at ×{settings['clipping_scale']:g}, lags up to "
            f"{settings['clipping_task']['max_lag']}, trained by plain SGD with a learning rate of "
            f"{settings['clipping_recipe']['learning_rate']:g}. The length of a training step is the gradient norm "
            "times the learning rate. Clipping shortens a gradient that is longer than the limit to the limit; its "
            "direction stays.",
            f"The first gradients have norms from {min(first_norms):.3g} to {max(first_norms):.3g}. Without clipping "
            "the first step is that long and moves the weights far away from where they started; the figure on "
            "the left compares how the loss falls afterwards. On the right are the norms before they are clipped: with "
            "clipping they may stay large, because the weights may stay where gradients explode, but no step is longer "
            "than the limit times the learning rate.",
        ],
        [
            Image(
                path,
                "The same training with and without clipping. Left: mean over the seeds, shaded from the lowest to the "
                "highest. Right: largest norm of all seeds.",
            )
        ],
    )


def _draw_clipping(result: MemoryResult, path: Path) -> None:
    settings = result.settings
    losses, norms = [], []
    for clip, name in ((None, "not clipped"), (settings["clip"], f"clipped at {settings['clip']:g}")):
        runs = [run for run in result.clipping if run.clip == clip]
        means = [[fmean(block) for block in _blocks(run.losses)] for run in runs]
        peaks = [[max(block) for block in _blocks(run.norms)] for run in runs]
        steps = [BLOCK * (place + 1) for place in range(len(means[0]))]
        losses.append(Line(name, steps, [fmean(column) for column in zip(*means, strict=True)], _band(means)))
        norms.append(Line(name, steps, [max(column) for column in zip(*peaks, strict=True)]))
    guessing = {"guessing": math.log(settings["clipping_task"]["marks"])}
    limit = {f"limit of clipping, {settings['clip']:g}": settings["clip"]}
    panels = [
        Panel(f"loss, mean of {BLOCK} steps", "training step", "loss (nats)", losses, levels=guessing),
        Panel(
            f"gradient norm before clipping, largest of {BLOCK} steps",
            "training step",
            "gradient norm",
            norms,
            log_y=True,
            levels=limit,
            y_limits=(settings["clip"] / 2, 2 * max(max(run.norms) for run in result.clipping)),
        ),
    ]
    save_panels(panels, path, size=(4.8, 3.6))


def _blocks(values: Sequence[float]) -> list[Sequence[float]]:
    """The values, `BLOCK` at a time."""
    return [values[start : start + BLOCK] for start in range(0, len(values), BLOCK)]


def _relative(norms: Sequence[float]) -> list[float]:
    """The norms divided by the first one."""
    return [norm / norms[0] for norm in norms]


def _band(rows: Sequence[Sequence[float]]) -> tuple[list[float], list[float]]:
    """Lowest and highest of each column."""
    columns = list(zip(*rows, strict=True))
    return [min(column) for column in columns], [max(column) for column in columns]
