"""Resident memory over many epochs, which must not grow: `python -m benchmarks.torture.memory --epochs 200`."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks.machine import resident
from bilstm_tagger.settings.loading import load_settings
from bilstm_tagger.training import train
from bilstm_tagger.training.progress import Row

SAMPLE = Path(__file__).parents[2] / "data" / "sample"
WARM = 0.1  # share of the epochs after which memory should be flat
GROWTH = 1.1


class Watch:
    """Remembers the resident memory after each epoch, in bytes."""

    def __init__(self) -> None:
        self.resident: list[int] = []

    def step(self, **_: object) -> None:
        """Says nothing."""

    def epoch(self, row: Row) -> None:
        """Looks at the memory."""
        self.resident.append(resident())


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=200, help="epochs to train")
    options = parser.parse_args()
    settings = load_settings("ner", overrides={
        "data": {"train": str(SAMPLE / "en-train.conllu"), "dev": str(SAMPLE / "en-dev.conllu")},
        "tasks": {"ner": {"column": "NER"}}, "embedder.size": 20, "encoder.hidden_size": 20,
        "training": {"epochs": options.epochs, "min_steps": 0, "threads": 1},
    })  # fmt: skip
    watch = Watch()
    with tempfile.TemporaryDirectory() as place:
        train(settings, output=Path(place, "model"), progress=watch)
    warm = watch.resident[int(WARM * len(watch.resident))]
    most = max(watch.resident[int(WARM * len(watch.resident)) :])
    print(f"{len(watch.resident)} epochs: {warm / 2**20:.0f} MiB after warm-up, {most / 2**20:.0f} MiB at most")
    sys.exit(0 if most <= GROWTH * warm else 1)


if __name__ == "__main__":
    main()
