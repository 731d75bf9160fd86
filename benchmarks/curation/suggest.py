"""How many sentences need annotation if `suggest` chooses them, and how many if chance does.

    python -m benchmarks.curation.suggest --data DIR --jobs 4

CoNLL-2003 stands for texts that a person annotates: from 100 sentences of train drawn at random, a hundred more are
taken in each round, up to 800, by a model trained on those before, and a new model is trained on all. All models are
scored on dev and on test. Beside chance and `suggest` stand the usual measure, MNLP (Shen et al. 2018), and what
`suggest` would choose with another share of the length.
"""

from __future__ import annotations

import json
import math
import random
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.curation.cells import (
    TASK,
    binary_vectors,
    corpus_of,
    one_thread,
    parser,
    run_cells,
    sentences,
    settings_of,
    trained,
)

if TYPE_CHECKING:
    from bilstm_tagger.document.document import Document
    from bilstm_tagger.tagging.tagger import Tagger

FIRST, STEP, LAST = 100, 100, 800
STEPS = 600  # of the optimiser at least, however few sentences there are
Chooser = Callable[["Tagger", "Sequence[Document]", random.Random], list[int]]


def main() -> None:
    """Run all cells, write the report and draw the curves."""
    arguments = parser(__doc__)
    arguments.add_argument("--seeds", type=int, default=3)
    arguments.add_argument("--arms", nargs="+", choices=list(ARMS), default=list(ARMS))
    given = arguments.parse_args()
    vectors = binary_vectors(given.data, given.runs)
    cells = {
        f"suggest-{arm}-{seed}": (curve, (given.data, vectors, arm, seed))
        for seed in range(given.seeds)
        for arm in given.arms
    }
    results = run_cells(cells, jobs=given.jobs, folder=given.runs)
    by_arm = {arm: [results[f"suggest-{arm}-{seed}"] for seed in range(given.seeds)] for arm in given.arms}
    (given.runs / "suggest.json").write_text(json.dumps(by_arm, indent=1) + "\n", "utf-8")
    (given.results / "suggest.md").write_text("\n".join(report(by_arm)) + "\n", "utf-8")
    picture(by_arm, given.results / "suggest.png")
    print(given.results / "suggest.md")


# ---- choosing


def by_chance(tagger: Tagger, pool: Sequence[Document], draw: random.Random) -> list[int]:
    """Any sentences."""
    return draw.sample(range(len(pool)), STEP)


def by_package(power: float) -> Chooser:
    """What `suggest` chooses, with a power of the length."""

    def choose(tagger: Tagger, pool: Sequence[Document], draw: random.Random) -> list[int]:
        from bilstm_tagger.curation.choosing import Candidates

        candidates = Candidates(STEP, TASK, power=power)
        candidates.add(tagger.pipe(untagged(pool), probabilities=True))
        return [int(each.document.id or 0) for each in candidates.chosen()]

    return choose


def by_mnlp(tagger: Tagger, pool: Sequence[Document], draw: random.Random) -> list[int]:
    """The sentences whose best tags have the lowest logarithmic probability per token."""
    values = []
    for number, document in enumerate(tagger.pipe(untagged(pool), n_best=1)):
        best = (document.probabilities[TASK].n_best or [])[0][0].probability
        values.append((math.log(max(best, 1e-300)) / len(document), number))
    return [number for _, number in sorted(values)[:STEP]]


def untagged(pool: Sequence[Document]) -> Iterator[Document]:
    """The sentences without their tags, their places in the pool as `id`."""
    for number, document in enumerate(pool):
        bare = document.with_tags({})
        bare.id = str(number)
        yield bare


ARMS: Mapping[str, Chooser] = {
    "random": by_chance,
    "suggest": by_package(0.25),
    "power-0.5": by_package(0.5),
    "power-1": by_package(1.0),
    "mnlp": by_mnlp,
}


def curve(data: Path, vectors: Path, arm: str, seed: int) -> dict[str, Any]:
    """Scores after each round of one way to choose."""
    from bilstm_tagger.evaluation.evaluate import headline

    one_thread()
    began = time.process_time()
    settings = settings_of(
        data,
        vectors,
        seed=seed,
        training__min_steps=STEPS,
        training__optimizer="adamw",
        training__learning_rate=0.003,
    )
    pool = sentences(data / "conll2003" / "train.txt")
    judges = {
        name: corpus_of(sentences(data / "conll2003" / file))
        for name, file in (("dev", "valid.txt"), ("test", "test.txt"))
    }
    draw = random.Random(seed)
    taken = set(draw.sample(range(len(pool)), FIRST))
    rows = []
    while True:
        annotated = [pool[number] for number in sorted(taken)]
        tagger = trained(annotated, settings)
        scores = {name: 100 * headline(gold, list(tagger.pipe(gold)), TASK) for name, gold in judges.items()}
        rows.append({"sentences": len(annotated), "tokens": sum(map(len, annotated)), **scores})
        if len(taken) >= LAST:
            return {"rows": rows, "cpu_seconds": time.process_time() - began}
        left = [number for number in range(len(pool)) if number not in taken]
        taken |= {left[number] for number in ARMS[arm](tagger, [pool[number] for number in left], draw)}


# ---- report


def mean_curve(runs: Sequence[Mapping[str, Any]], key: str, of: str) -> tuple[list[float], list[float]]:
    """Means over seeds of what was annotated, in `key`, and of the score `of`."""
    rounds = list(zip(*(run["rows"] for run in runs), strict=True))
    return tuple([statistics.fmean(row[name] for row in rows) for rows in rounds] for name in (key, of))  # type: ignore[return-value]


def needed(x: Sequence[float], y: Sequence[float], target: float) -> float | None:
    """Where a curve first reaches a score, on the line between two rounds; None if it does not."""
    for number, value in enumerate(y):
        if value >= target:
            if number == 0:
                return x[0]
            share = (target - y[number - 1]) / (value - y[number - 1])
            return x[number - 1] + share * (x[number] - x[number - 1])
    return None


def report(by_arm: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[str]:
    """The page."""
    seeds = len(next(iter(by_arm.values())))
    yield "# Choosing what to annotate\n"
    yield (
        "Made by `python -m benchmarks.curation.suggest --data DIR`, which says what is done. Strict F1 on CoNLL-2003 "
        f"test, mean of {seeds} seed{'s' * (seeds > 1)}.\n"
    )
    yield f"| sentences | {' | '.join(by_arm)} |"
    yield f"|---:{'|---:' * len(by_arm)}|"
    curves = {arm: mean_curve(runs, "sentences", "test") for arm, runs in by_arm.items()}
    sizes = next(iter(curves.values()))[0]
    for number, size in enumerate(sizes):
        yield f"| {size:.0f} | {' | '.join(f'{values[number]:.2f}' for _, values in curves.values())} |"
    if "random" not in by_arm:
        return
    yield "\nWhat each way needs for the score that chance has at the last round, in relation to chance:\n"
    yield "| way | sentences, dev | sentences, test | tokens, test |"
    yield "|---|---:|---:|---:|"
    for arm, runs in by_arm.items():
        cells = []
        for key, of in (("sentences", "dev"), ("sentences", "test"), ("tokens", "test")):
            amount, values = mean_curve(by_arm["random"], key, of)
            found = needed(*mean_curve(runs, key, of), values[-1])
            cells.append("not reached" if found is None else f"{found:,.0f} ({found / amount[-1]:.2f})")
        yield f"| {arm} | {' | '.join(cells)} |"
    seconds = statistics.fmean(run["cpu_seconds"] for runs in by_arm.values() for run in runs)
    yield f"\nA curve takes {seconds:.0f} s of one processor.\n"
    yield "![learning curves](suggest.png)"


def picture(by_arm: Mapping[str, Sequence[Mapping[str, Any]]], path: Path) -> None:
    """F1 on test by sentences and by tokens, with the range over seeds."""
    from bilstm_tagger.plots import Line, Panel, save_panels

    panels = []
    for key, name in (("sentences", "annotated sentences"), ("tokens", "annotated tokens")):
        lines = []
        for arm, runs in by_arm.items():
            x, y = mean_curve(runs, key, "test")
            rounds = [[row["test"] for row in rows] for rows in zip(*(run["rows"] for run in runs), strict=True)]
            lines.append(Line(arm, x, y, band=(list(map(min, rounds)), list(map(max, rounds)))))
        panels.append(Panel("CoNLL-2003 test", name, "F1 in percent", lines))
    save_panels(panels, path, size=(4.6, 3.4), share_y=True)


if __name__ == "__main__":
    main()
