"""Figures and HTML report of the study of memory."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from bilstm_tagger.plots import Line, Panel, save_panels
from bilstm_tagger.studies.copy_task import KINDS
from bilstm_tagger.studies.memory_claims import memory_claims
from bilstm_tagger.studies.memory_result import MemoryResult
from bilstm_tagger.studies.report import Image, Section, Table, write_report

COMMAND = "bilstm-tagger study memory"
TITLES = {"even": "trained on all lags equally often", "short first": "trained mostly on short lags"}
LAG = "lag (tokens after the mark)"
NORM = "gradient norm at the mark"
#: Training steps drawn as one point.
BLOCK = 20


def write_memory_report(result: MemoryResult, folder: str | Path, *, command: str = COMMAND) -> Path:
    """Write the figures, the numbers as JSON and the HTML report.

    Args:
        result: what the study found.
        folder: where everything goes; made if absent.
        command: that made the result, shown in the report.

    Returns:
        the path of the HTML page.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    result.save(folder / "memory.json")
    page = folder / "memory.html"
    sections = [section(result, folder) for section in (_recall, _vanishing, _exploding, _clipping)]
    write_report(
        page,
        title="What an LSTM remembers",
        summary=_summary(result),
        claims=memory_claims(result),
        sections=[*sections, _method(result)],
        command=command,
    )
    return page


def _summary(result: MemoryResult) -> list[str]:
    return [
        "Much is said about why an LSTM remembers longer than a plain RNN, and why a CNN does not. This page puts "
        "what is said beside what small networks do on a task made for it, also where the two disagree.",
        f"The task: a sequence holds one of {result.settings['task']['marks']} marks among distractors; at the end "
        "the network says which. The lag is the number of tokens after the mark. Every figure is over "
        f"{len(result.settings['seeds'])} seeds: lines are means, shades reach from the lowest seed to the highest.",
    ]


def _recall(result: MemoryResult, folder: Path) -> Section:
    panels = []
    for mixture, models in result.settings["recipes"].items():
        lines = [
            Line(
                KINDS[name].title,
                result.lags,
                result.accuracy(mixture, name),
                _band([run.accuracy for run in result.runs(mixture, name)]),
            )
            for name in models
        ]
        panels.append(
            Panel(
                TITLES[mixture],
                LAG,
                "right answers (share)",
                lines,
                levels={"guessing": result.chance},
                marks={"end of the CNN's window": result.window - 0.5},
                y_limits=(0, 1.04),
            )
        )
    path = folder / "accuracy_by_lag.png"
    save_panels(panels, path, share_y=True)
    caption = "Share of right answers by lag. Markers inside one another belong to lines that coincide."
    return Section("How far back each network remembers", content=[Image(path, caption), _accuracy_table(result)])


def _accuracy_table(result: MemoryResult) -> Table:
    shown = [place for place, lag in enumerate(result.lags) if lag % 20 == 0 or lag in (1, 5, result.window)]
    rows = []
    for mixture, models in result.settings["recipes"].items():
        for name in models:
            steps = fmean(run.steps for run in result.runs(mixture, name))
            shares = result.accuracy(mixture, name)
            rows.append([_row_name(name, mixture), f"{steps:.0f}", *(f"{shares[place]:.3f}" for place in shown)])
    header = ["network", "steps", *(f"lag {result.lags[place]}" for place in shown)]
    return Table(header, rows, "Mean share of right answers over the seeds. Steps: training steps made, in the mean.")


def _row_name(name: str, mixture: str) -> str:
    return f"{KINDS[name].title}, {'all lags equally' if mixture == 'even' else 'short lags first'}"


def _vanishing(result: MemoryResult, folder: Path) -> Section:
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
            "The gradient of the last state (in a random direction) for the vector of the mark. A straight line on "
            "this logarithmic scale is exponential decay. The CNN's line ends where its gradient is exactly 0.",
        ],
        [Image(path, "Norm of the gradient that reaches the mark, by lag; geometric mean over the seeds.")],
    )


def _exploding(result: MemoryResult, folder: Path) -> Section:
    models = list(dict.fromkeys(item.model for item in result.growth))
    scales = sorted({item.scale for item in result.growth})
    panels = [
        Panel(
            KINDS[name].title,
            LAG,
            NORM,
            [Line(f"×{scale:g}", result.lags, result.grown(name, scale)) for scale in scales],
            log_y=True,
        )
        for name in models
    ]
    path = folder / "gradient_growth.png"
    save_panels(panels, path, share_y=True, legend_title="scale of the recurrent weights")
    return Section(
        "How gradients explode",
        ["Untrained networks whose recurrent weights are an orthogonal matrix (one for each gate) times a scale."],
        [Image(path, "Norm of the gradient that reaches the mark, by lag and scale of the recurrent weights.")],
    )


def _clipping(result: MemoryResult, folder: Path) -> Section:
    settings = result.settings
    losses, norms = [], []
    for clip, name in ((None, "not clipped"), (settings["clip"], f"clipped at {settings['clip']:g}")):
        runs = [run for run in result.clipping if run.clip == clip]
        means = [[fmean(block) for block in _blocks(run.losses)] for run in runs]
        peaks = [[max(block) for block in _blocks(run.norms)] for run in runs]
        steps = [BLOCK * (place + 1) for place in range(len(means[0]))]
        losses.append(Line(name, steps, [fmean(column) for column in zip(*means, strict=True)], _band(means)))
        norms.append(Line(name, steps, [max(column) for column in zip(*peaks, strict=True)]))
    path = folder / "clipping.png"
    panels = [
        Panel(f"mean of {BLOCK} steps", "training step", "loss (nats)", losses),
        Panel(f"largest of {BLOCK} steps", "training step", "gradient norm before clipping", norms, log_y=True),
    ]
    save_panels(panels, path)
    return Section(
        "Clipping",
        [
            f"An RNN whose recurrent weights start at ×{settings['clipping_scale']:g}, lags up to "
            f"{settings['clipping_task']['max_lag']}, trained by plain SGD at a learning rate of "
            f"{settings['clipping_recipe']['learning_rate']:g}. A step is as long as its gradient "
            "times that rate; clipping bounds it.",
        ],
        [Image(path, "The same training with and without clipping; on the right the largest norm of all seeds.")],
    )


def _method(result: MemoryResult) -> Section:
    settings, seconds = result.settings, result.seconds
    task, sizes = settings["task"], settings["sizes"]
    samples = settings["accuracy_count"] * len(settings["seeds"])
    error = math.sqrt(result.chance * (1 - result.chance) / samples)
    return Section(
        "How it was measured",
        [
            f"Sequences of {task['lead'] + 1 + task['max_lag']} tokens: {task['marks']} marks, {task['distractors']} "
            f"distractors, vectors of {sizes['embedding']}, {sizes['hidden']} units; the CNN has "
            f"{sizes['convolutions']} convolutions of {sizes['kernel']} tokens. The answer is read from the state "
            "after the last token. Initial weights are torch's, but for the biases of the LSTM's gates. Adam, "
            "gradients clipped at norm 1; training stops early once the mean loss of 20 steps is below 0.005 nats. "
            "For each network and mixture the learning rate is the best of three or four that were tried.",
            f"Accuracy: {settings['accuracy_count']} fresh sequences a seed and lag, so guessing comes out within "
            f"{200 * error:.1f} points of {result.chance:.1%}. Gradient: {settings['gradient_count']} sequences a "
            "seed and lag, in float64.",
            f"Processor time: recall and vanishing gradients {seconds['recall']:.0f} s, large recurrent weights "
            f"{seconds['growth']:.0f} s, clipping {seconds['clipping']:.0f} s; by the clock {seconds['wall']:.0f} s "
            f"in all. torch {result.torch_version}.",
        ],
        [_recipe_table(result)],
    )


def _recipe_table(result: MemoryResult) -> Table:
    rows = []
    for mixture, recipes in result.settings["recipes"].items():
        for name, recipe in recipes.items():
            loss = fmean(run.final_loss for run in result.runs(mixture, name))
            numbers = (f"{recipe['learning_rate']:g}", str(recipe["batch"]), str(recipe["steps"]), f"{loss:.3f}")
            rows.append([_row_name(name, mixture), f"{result.parameters[name]:,}", *numbers])
    header = ["network", "weights", "learning rate", "batch", "most steps", "final loss (nats)"]
    return Table(header, rows, "Weights: of the recurrent layer or the convolutions, without embedding and scores.")


def _blocks(values: Sequence[float]) -> list[Sequence[float]]:
    """The values in runs of `BLOCK`."""
    return [values[start : start + BLOCK] for start in range(0, len(values), BLOCK)]


def _band(rows: Sequence[Sequence[float]]) -> tuple[list[float], list[float]]:
    """Lowest and highest of each column."""
    columns = list(zip(*rows, strict=True))
    return [min(column) for column in columns], [max(column) for column in columns]
