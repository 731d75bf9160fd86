"""Kills trainings at random moments, resumes them, and compares the weights with those of an unbroken run.

`python -m benchmarks.torture.training --count 40` exits with 1 if one ends otherwise, or leaves something behind.
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from bilstm_tagger.io.atomic import recover_folder
from bilstm_tagger.training.checkpoint import NAME as CHECKPOINT
from bilstm_tagger.training.run_folder import SETTINGS as SETTINGS_FILE

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "data" / "sample"
SETTINGS = (
    "embedder.size=8", "embedder.characters.size=4", "embedder.characters.widths=[3]",
    "embedder.characters.filters=[6]", "encoder.hidden_size=10", "training.threads=2", "training.min_steps=0",
    "training.average_from=0.3",
)  # fmt: skip
DECIDES = ("model.safetensors", "vocab.json", "config.json")


def command(output: Path, *further: str) -> list[str]:
    """A training of a few seconds."""
    sets = [part for each in SETTINGS for part in ("--set", each)]
    train = ["--train", str(SAMPLE / "en-dev.conllu"), "--dev", str(SAMPLE / "en-test.conllu"), "--column", "NER"]
    return [
        sys.executable, "-m", "bilstm_tagger", "train", "--preset", "ner", *train, "--epochs", "6", *sets,
        "--output", str(output), *further,
    ]  # fmt: skip


def killed(output: Path, after: float, how: signal.Signals) -> bool:
    """Begins or continues a training and ends it after some seconds; whether it had come to its end before."""
    running = subprocess.Popen(command(output, "--resume"), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        _, told = running.communicate(timeout=after)
    except subprocess.TimeoutExpired:
        running.send_signal(how)
        running.communicate()
        return is_finished(output)  # the model may have been in its place already
    if running.returncode:
        raise SystemExit(f"training ends with {running.returncode}: {told.decode()[-2000:]}")
    return True


def is_finished(output: Path) -> bool:
    """Whether a folder holds the model of a whole run, and nothing to resume."""
    recover_folder(output)  # as whoever reads it does
    return (output / "config.json").is_file() and not any(
        (output / name).exists() for name in (CHECKPOINT, SETTINGS_FILE)
    )


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=40, help="times to kill a training")
    parser.add_argument("--seed", type=int, default=0, help="decides when and how")
    options = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in what shells run in the background
    draw = random.Random(options.seed)
    outcomes: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as place:
        whole, began = Path(place, "whole"), time.perf_counter()
        subprocess.run(command(whole), cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        seconds = time.perf_counter() - began
        number = kills = 0
        while kills < options.count:
            number += 1
            output = Path(place, f"run{number}")
            finished = False
            for _ in range(draw.choice((1, 2, 4))):
                how = draw.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGINT, signal.SIGTERM))
                finished = killed(output, draw.uniform(0.0, seconds), how)
                if finished:
                    break
                kills += 1
                outcomes[how.name] += 1
            if not finished and not killed(output, 50 * seconds + 60, signal.SIGKILL):
                raise SystemExit("a resumed training does not end")
            for name in DECIDES:
                if (output / name).read_bytes() != (whole / name).read_bytes():
                    outcomes[f"WRONG {name}"] += 1
            left = [path.name for path in Path(place).iterdir() if path.name.startswith(".")]
            outcomes["WRONG left behind"] += len(left)
            names = [{path.name for path in folder.iterdir()} for folder in (output, whole)]
            outcomes["WRONG files"] += names[0] != names[1]
            outcomes["the same weights"] += 1
    told = ", ".join(f"{count} {name}" for name, count in sorted(outcomes.items()) if count)
    print(f"{kills} kills of {number} trainings: {told}")
    sys.exit(1 if any(outcomes[name] for name in outcomes if name.startswith("WRONG")) else 0)


if __name__ == "__main__":
    main()
