"""How many sentences with labels of one's own a model needs: from scratch, and from the model that ships.

    python -m benchmarks.finetuning --data DIR

The labels are the chunks (NP, VP, ...) of CoNLL-2003, which `en` has never seen. Sentences for training and dev are
drawn from the development file, whose text `en` was not trained on; all are scored on the test file. Every run is the
command line that the how-to page shows. Complete runs are not repeated. Writes `benchmarks/results/finetuning.md`
and `.png`.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RUNS = HERE / "runs" / "finetuning"
RESULTS = HERE / "results"
SIZES = (100, 200, 400, 800)
DEV = 200  # sentences
STARTS = ("scratch", "en")
CHUNKS = "3"  # column


def main() -> None:
    """Run what is not complete yet, write the table and the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with conll2003/ and glove/")
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    RUNS.mkdir(parents=True, exist_ok=True)
    scores = {
        (start, size): [run(arguments.data, start, size, seed) for seed in range(arguments.seeds)]
        for size in SIZES
        for start in STARTS
    }
    (RESULTS / "finetuning.md").write_text("\n".join(markdown(scores)) + "\n", "utf-8")
    picture(scores, RESULTS / "finetuning.png")
    print(RESULTS / "finetuning.md")


def run(data: Path, start: str, size: int, seed: int) -> dict[str, float]:
    """Test F1 in percent and seconds of one training."""
    name = RUNS / f"{start}-{size}-{seed}"
    result = name.with_suffix(".json")
    if not result.exists():
        train, dev = sample(data / "conll2003" / "valid.txt", size, seed)
        begin = ["--init-from", "en"] if start == "en" else ["--vectors", data / "glove" / "glove.6B.100d.top.txt.gz"]
        common = ["--output", name, "--seed", str(seed), "--threads", "1", "--force"]
        tagger("train", *begin, "--task", f"chunk={train},{dev}", "--set", f"tasks.chunk.column={CHUNKS}", *common)
        scored = RUNS / "scored.json"
        tagger("evaluate", data / "conll2003" / "test.txt", "--model", name, "--json", scored)
        history = json.loads((name / "metrics.json").read_text("utf-8"))["history"]
        task = json.loads(scored.read_text("utf-8"))["tasks"]["chunk"]
        scores = {"f1": 100 * task["strict"]["micro"]["f1"], "seconds": sum(row["seconds"] for row in history)}
        result.write_text(json.dumps(scores), "utf-8")
    return dict(json.loads(result.read_text("utf-8")))


def tagger(*arguments: Any) -> None:
    """One command of `bilstm-tagger`."""
    subprocess.run([sys.executable, "-m", "bilstm_tagger", *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)


def sample(corpus: Path, size: int, seed: int) -> tuple[Path, Path]:
    """Files of `size` and of `DEV` sentences drawn at random."""
    sentences = [block for block in corpus.read_text("utf-8").split("\n\n") if block and "-DOCSTART-" not in block]
    drawn = random.Random(seed).sample(sentences, size + DEV)
    paths = RUNS / f"train-{size}-{seed}.conll", RUNS / f"dev-{size}-{seed}.conll"
    for path, part in zip(paths, (drawn[:size], drawn[size:]), strict=True):
        path.write_text("\n\n".join(part) + "\n", "utf-8")
    return paths


def markdown(scores: dict[tuple[str, int], list[dict[str, float]]]) -> Iterator[str]:
    """Lines of the table."""
    seeds = len(next(iter(scores.values())))
    yield "# Labels of one's own"
    yield ""
    yield f"Made by `python -m benchmarks.finetuning --data DIR`. Strict F1 of chunks on CoNLL-2003 test, {seeds} seeds"
    yield "each; seconds of training on one thread."
    yield ""
    yield "| sentences | from scratch | from `en` | seconds, from scratch | seconds, from `en` |"
    yield "|---:|---:|---:|---:|---:|"
    for size in SIZES:
        cells = [str(size)]
        for start in STARTS:
            f1 = [run["f1"] for run in scores[start, size]]
            cells.append(f"{statistics.mean(f1):.1f} ± {statistics.stdev(f1):.1f}" if seeds > 1 else f"{f1[0]:.1f}")
        cells += [f"{statistics.mean(run['seconds'] for run in scores[start, size]):.0f}" for start in STARTS]
        yield "| " + " | ".join(cells) + " |"
    yield ""
    yield "![learning curve](finetuning.png)"


def picture(scores: dict[tuple[str, int], list[dict[str, float]]], path: Path) -> None:
    """F1 by number of sentences, one line per start."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3.6), layout="constrained")
    axes = figure.subplots()
    for start, label in zip(STARTS, ("from scratch, GloVe", "from en"), strict=True):
        by_size = [[run["f1"] for run in scores[start, size]] for size in SIZES]
        axes.errorbar(
            SIZES,
            [statistics.mean(each) for each in by_size],
            [statistics.stdev(each) if len(each) > 1 else 0 for each in by_size],
            marker="o",
            capsize=3,
            label=label,
        )
    axes.set(xscale="log", xlabel="annotated sentences", ylabel="strict F1 of chunks, test")
    axes.set_xticks(SIZES, [str(size) for size in SIZES])
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    figure.savefig(path, dpi=150)


if __name__ == "__main__":
    main()
