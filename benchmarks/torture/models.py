"""Loads spoilt model folders: each is refused in one line, or loads and tags as before, in little time and memory.

`python -m benchmarks.torture.models --count 2000` exits with 1 if one does something else.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import select
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import torch

from benchmarks.torture.folders import spoil
from bilstm_tagger.errors import ModelError, TaggerError
from bilstm_tagger.tagging.tagger import Tagger

GOLDEN = Path(__file__).parents[2] / "tests" / "golden" / "format-1"
MODELS = ("cnn", "ensemble-int4", "gru-forward", "two-layers-int8")
INPUTS = [["Ada", "Lovelace", "wrote", "to", "Turin", "in", "1999", "."], ["rain", "fell"], ["Yes"]]
SECONDS, MEMORY, LINE = 2, 1 << 30, 500  # of processor, bytes, characters of the message
PATIENCE = 60.0  # seconds by the clock, where others use the processor too


def tags_of(folder: Path) -> dict[str, list[str]]:
    """Tags of the inputs."""
    return dict(Tagger.load(folder, precision="float32")(INPUTS).tags)


def attempt(folder: Path, expected: dict[str, list[str]], *, meant: bool) -> str:
    """What comes of loading a folder in a child process: `same`, `refused`, `other`, or what is wrong.

    Args:
        folder: to be loaded.
        expected: tags of the folder as it was.
        meant: whether its checksums were made true, so that other tags are what its maker wanted.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        _limit()
        os.write(writing, _outcome(folder, expected, meant=meant).encode("utf-8", "backslashreplace")[:60_000])
        os._exit(0)
    os.close(writing)
    with open(reading, "rb") as stream:
        ready = select.select([stream], [], [], PATIENCE)[0]
        if not ready:
            os.kill(child, signal.SIGKILL)
        told = stream.read().decode("utf-8", "replace")
    _, status, used = os.wait4(child, 0)
    if not ready:
        return "WRONG hangs"
    if status or not told:
        return f"WRONG ends with status {status}"
    if used.ru_utime + used.ru_stime > SECONDS:
        return f"WRONG takes {used.ru_utime + used.ru_stime:.1f} s"
    return "WRONG runs code" if (folder / "ran").exists() else told


def _limit() -> None:
    present = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (present + MEMORY, present + MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS + 1, SECONDS + 2))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _outcome(folder: Path, expected: dict[str, list[str]], *, meant: bool) -> str:
    try:
        found = tags_of(folder)
    except ModelError as error:
        message = str(error)
        if len(message) > LINE or "\n" in message or not message.isprintable():
            return f"WRONG message of {len(message)} characters: {message!r}"
        return "refused"
    except TaggerError as error:
        return f"WRONG kind: {type(error).__name__}: {error}"
    except BaseException as error:
        return f"WRONG traceback: {type(error).__name__}: {str(error)[:300]}"
    if found == expected:
        return "same"
    whole = all(len(tags) == sum(map(len, INPUTS)) for tags in found.values())
    return "other" if meant and whole else f"WRONG tags: {json.dumps(found)[:300]}"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2000, help="folders to spoil")
    parser.add_argument("--seed", type=int, default=0, help="decides how")
    parser.add_argument("--only", type=int, help="the number of a single one, to look at")
    options = parser.parse_args()
    torch.set_num_threads(1)
    outcomes: Counter[str] = Counter()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as place:
        whole, expected = {}, {}
        for name in MODELS:
            whole[name] = Path(place, name)
            Tagger.load(GOLDEN / name, precision="float32").save(whole[name])
            expected[name] = tags_of(whole[name])
        wanted = range(options.count) if options.only is None else [options.only]
        for number in wanted:
            draw = random.Random(f"{options.seed} {number}")
            name = draw.choice(MODELS)
            folder = Path(shutil.copytree(whole[name], Path(place, "spoilt")))
            way, meant = spoil(folder, draw)
            found = attempt(folder, expected[name], meant=meant)
            outcomes[found.split()[0]] += 1
            if found.startswith("WRONG") or options.only is not None:
                print(f"{number}: {name}, {way}, {'meant' if meant else 'an accident'}: {found}", flush=True)
            shutil.rmtree(folder)
    told = ", ".join(f"{count} {name}" for name, count in sorted(outcomes.items()))
    print(f"{sum(outcomes.values())} folders: {told}; {time.perf_counter() - began:.0f} s")
    sys.exit(1 if outcomes["WRONG"] else 0)


if __name__ == "__main__":
    main()
