"""Tag very many tokens in one process and report how much memory it holds on the way.

Texts are made of words drawn at random, most of them new, so that whatever grows with words or documents shows. After
a tenth of the tokens, the warm-up, resident memory should stay within 10 %.
"""

from __future__ import annotations

import argparse
import random
import string
import sys
import time
from collections.abc import Iterator

from benchmarks.machine import resident
from bilstm_tagger.tagging.tagger import Tagger

REPORTS = 20  # lines that are printed
WARM_UP = 0.1  # share of the tokens
LIMIT = 0.1  # by which memory may grow after it


def texts(tokens: int, seed: int = 0) -> Iterator[str]:
    """Texts of 5 to 200 words, a third of which no text had before."""
    draw = random.Random(seed)
    common = ["".join(draw.choices(string.ascii_lowercase, k=draw.randint(1, 9))) for _ in range(5_000)]
    made = 0
    while made < tokens:
        words = draw.choices(common, k=draw.randint(5, 200))
        for place in range(0, len(words), 3):
            words[place] = "".join(draw.choices(string.ascii_letters, k=8))
        made += len(words)
        yield " ".join(words) + "."


def measure(model: str, tokens: int) -> float:
    """Tag, print memory on the way, and return by which share it has grown since the warm-up."""
    tagger = Tagger.load(model)
    began, done, shown = time.monotonic(), 0, 0
    warm = 0
    for document in tagger.pipe(texts(tokens)):
        done += len(document)
        if done >= (shown + 1) * tokens / REPORTS:
            shown = int(done * REPORTS / tokens)
            now = resident()
            print(
                f"{done:>12,} tokens {now / 2**20:8,.0f} MiB {done / (time.monotonic() - began):10,.0f} tokens/s",
                flush=True,
            )
            if not warm and done >= WARM_UP * tokens:
                warm = now
    return resident() / warm - 1


def main() -> None:
    """Read the arguments, measure, and end with 1 if memory has grown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="en", help="model folder, or a model that comes with the package")
    parser.add_argument("--tokens", type=int, default=20_000_000, help="number of tokens")
    arguments = parser.parse_args()
    grown = measure(arguments.model, arguments.tokens)
    print(f"{arguments.tokens:,} tokens: memory after the warm-up {grown:+.1%}")
    sys.exit(grown > LIMIT)


if __name__ == "__main__":
    main()
