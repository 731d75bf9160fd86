"""How well the probabilities of names are calibrated on texts of many kinds: the expected calibration error of spans.

python -m benchmarks.panel.calibration --data DIR --model models/en [--model models/en-news] [--part dev]

From gold tokens. Where a corpus does not mark a label, names that a model gives it are left out.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from benchmarks.panel.sets import TextSet, panel
from bilstm_tagger import Tagger
from bilstm_tagger.evaluation.calibration import Judged, calibration_error

TASK = "ner"


def main() -> None:
    """Print one row a text."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with names/, conll2003/, ud-english-ewt/")
    parser.add_argument("--model", action="append", required=True, help="model folder; several may be named")
    parser.add_argument("--part", choices=["dev", "test"], default="test")
    arguments = parser.parse_args()
    taggers = {Path(model).name: Tagger.load(model) for model in arguments.model}
    print("| text | tagger | names found | right, % | mean probability, % | calibration error, % |")
    print("|---|---|---:|---:|---:|---:|")
    for text_set in panel(arguments.data, arguments.part):
        if text_set.labels and text_set.items[0].words is not None:
            for name, tagger in taggers.items():
                print(f"| {text_set.name} | {name} | {_row(tagger, text_set)} |", flush=True)


def _row(tagger: Tagger, text_set: TextSet) -> str:
    judged = judge(tagger, text_set)
    right, mean = (100 * float(part.mean()) for part in (judged.right, judged.probabilities))
    error = 100 * (calibration_error(judged) or 0.0)
    return f"{len(judged.right):,} | {right:.1f} | {mean:.1f} | {error:.1f}"


def judge(tagger: Tagger, text_set: TextSet) -> Judged:
    """The names that a tagger finds, how probable each is, and whether it is right."""
    items = [item for item in text_set.items if item.words]
    documents = tagger.pipe([item.words or [] for item in items], probabilities=True)
    labels: list[str] = []
    probabilities: list[float] = []
    right: list[bool] = []
    for item, document in zip(items, documents, strict=True):
        gold = set(item.names)
        for span in document.spans_of(TASK):
            if span.label in text_set.labels and span.probability is not None:
                labels.append(span.label)
                probabilities.append(span.probability)
                right.append((span.start, span.end, span.label) in gold)
    unknown = np.zeros(len(right), np.bool_)  # not asked for
    return Judged(tuple(labels), np.array(probabilities, np.float64), np.array(right, np.bool_), unknown)


if __name__ == "__main__":
    main()
