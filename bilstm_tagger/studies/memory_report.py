"""The HTML report of the study of memory."""

from __future__ import annotations

import math
from pathlib import Path
from statistics import fmean

from bilstm_tagger.studies.memory_claims import memory_claims
from bilstm_tagger.studies.memory_result import MemoryResult
from bilstm_tagger.studies.memory_sections import clipping, exploding, recall, row_name, vanishing
from bilstm_tagger.studies.report import Section, Table, write_report
from bilstm_tagger.wording import counted

COMMAND = "bilstm-tagger study memory"


def write_memory_report(result: MemoryResult, folder: str | Path, *, command: str | None = None) -> Path:
    """Write the figures, the numbers as JSON and the HTML report.

    Args:
        result: the result of the study.
        folder: where the files go: figures, `memory.json` and `memory.html`.
        command: the command line of the study, shown in the report; None for that with the same number of seeds.

    Returns:
        the path of the HTML page.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    result.save(folder / "memory.json")
    page = folder / "memory.html"
    sections = [section(result, folder) for section in (recall, vanishing, exploding, clipping)]
    write_report(
        page,
        title="What an LSTM remembers",
        summary=_summary(result),
        claims=memory_claims(result),
        sections=[*sections, _method(result)],
        command=command or f"{COMMAND} --seeds {len(result.settings['seeds'])}",
    )
    return page


def _summary(result: MemoryResult) -> list[str]:
    seeds = len(result.settings["seeds"])
    drawn = ": lines are means, shades reach from the lowest seed to the highest" if seeds > 1 else ""
    return [
        "An LSTM is said to remember longer than a plain RNN, and a CNN only what is in its window. This page puts "
        "common statements about these networks beside measurements with small networks.",
        f"The task: a sequence contains one of {result.settings['task']['marks']} marks among distractors; at its end "
        "the network names the mark. The lag is the number of tokens after the mark. Every figure is over "
        f"{counted(seeds, 'seed')}{drawn}.",
    ]


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
            "after the last token. Initial weights are torch's, except the biases of the LSTM's gates. Adam, "
            "gradients clipped at norm 1; training stops early once the mean loss of 20 steps is below 0.005 nats. "
            "For each network and mixture the learning rate is the best of three or four that were tried.",
            f"Accuracy: {settings['accuracy_count']} new sequences per seed and lag, so guessing is within "
            f"{200 * error:.1f} points of {result.chance:.1%} (95 % interval). Gradient: {settings['gradient_count']} "
            "sequences per seed and lag, in float64.",
            f"Processor time: recall and vanishing gradients {seconds['recall']:.0f} s, large recurrent weights "
            f"{seconds['growth']:.0f} s, clipping {seconds['clipping']:.0f} s; elapsed time {seconds['wall']:.0f} s "
            f"in total. torch {result.torch_version}.",
        ],
        [_recipe_table(result)],
    )


def _recipe_table(result: MemoryResult) -> Table:
    rows = []
    for mixture, recipes in result.settings["recipes"].items():
        for name, recipe in recipes.items():
            loss = fmean(run.final_loss for run in result.runs(mixture, name))
            numbers = (f"{recipe['learning_rate']:g}", str(recipe["batch"]), str(recipe["steps"]), f"{loss:.3f}")
            rows.append([row_name(name, mixture), f"{result.parameters[name]:,}", *numbers])
    header = ["network", "weights", "learning rate", "batch", "most steps", "final loss (nats)"]
    return Table(header, rows, "Weights: of the recurrent layer or the convolutions, without embedding and scores.")
