"""What incomplete annotation costs: half of the names of two labels are not annotated, as unknown tokens or as O.

python -m benchmarks.partial --data DIR --seeds 2

CoNLL-2003: a quarter of train, of whose ORG and MISC names every second one, drawn by chance, loses its tags. Judged on
the development file, which stays as it is.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

LABELS = ("ORG", "MISC")
DRAW = 3
WAYS = {"unknown": "_", "O": "O"}


def main() -> None:
    """Train for each way and seed, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with conll2003/ and glove/")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=6)
    arguments = parser.parse_args()
    print("| the names that lost their annotation | dev F1 | ORG recall | MISC recall |")
    print("|---|---:|---:|---:|")
    for way, tag in WAYS.items():
        runs = [score(arguments.data, tag, seed=seed, epochs=arguments.epochs) for seed in range(arguments.seeds)]
        means = (statistics.fmean(figures) for figures in zip(*runs, strict=True))
        print(f"| {way} | {' | '.join(f'{mean:.1f}' for mean in means)} |", flush=True)


def score(data: Path, tag: str, *, seed: int, epochs: int) -> tuple[float, ...]:
    """F1, and recall of the two labels, on dev in percent, of a model that reads `tag` where names lost theirs."""
    from bilstm_tagger.corpus import read_corpus
    from bilstm_tagger.evaluation.evaluate import evaluate
    from bilstm_tagger.evaluation.scores import SpanScores
    from bilstm_tagger.settings.loading import load_settings
    from bilstm_tagger.training import train

    dev = data / "conll2003" / "valid.txt"
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "train.txt"
        path.write_text("\n".join(without_some(data / "conll2003" / "train.txt", tag)) + "\n", "utf-8")
        settings = load_settings(
            "ner",
            overrides={
                "data.train": str(path),
                "data.dev": str(dev),
                "data.format": "conll",
                "embedder.vectors": str(data / "glove" / "glove.6B.100d.top.txt.gz"),
                "embedder.max_pretrained": 20_000,
                "training.optimizer": "adamw",
                "training.learning_rate": 0.002,
                "training.epochs": epochs,
                "training.seed": seed,
                "training.threads": 1,
            },
        )
        tagger = train(settings, output=Path(name) / "model")
    scores = evaluate(tagger, read_corpus(dev, {"ner": -1}, format="conll")).tasks["ner"]
    assert isinstance(scores, SpanScores)
    return 100 * scores.micro.f1, *(100 * (scores.labels[label].recall or 0.0) for label in LABELS)


def without_some(path: Path, tag: str) -> Iterator[str]:
    """The lines of the first quarter of a file's sentences, in which half of the names of `LABELS` have `tag`."""
    draw = random.Random(DRAW)
    lines = path.read_text("utf-8").split("\n")
    hidden = False
    left = sum(not line for line in lines) // 4
    for line in lines:
        words, _, old = line.rpartition(" ")
        if old.startswith("B-"):
            hidden = old[2:] in LABELS and draw.random() < 0.5
        elif not old.startswith("I-"):
            hidden = False
        yield f"{words} {tag}" if hidden else line
        left -= not line
        if not left:
            return


if __name__ == "__main__":
    main()
