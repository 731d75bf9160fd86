"""Part `files`: folders of raw text through the command line, wall clock from start to exit."""

from __future__ import annotations

import itertools
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.speed.common import Bench, Result, cli, interleaved, run_process
from benchmarks.speed.peers import SPACY_SCRIPT, spacy_pipeline

FILES = 2_000
ROUNDS = 3  # of ours; a script around spaCy takes minutes and runs once


def files(bench: Bench) -> Result:
    """Seconds for all files, by ours with one and several processes and by a script around `nlp.pipe`."""
    pipeline = spacy_pipeline(bench)
    cores = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "in")
        tokens = write_texts(bench, folder, bench.tokens, FILES)
        script = Path(place, "tag_folder.py")
        script.write_text(SPACY_SCRIPT, "utf-8")
        ours = {
            "ours, 1 worker": ([], None),
            f"ours, {len(cores)} workers": (["--workers", str(len(cores))], None),
            "ours, 1 worker on one core": (["--threads", "1"], {cores[0]}),
        }
        seconds = interleaved(
            {name: partial(_ours, bench, folder, Path(place, "out"), *how) for name, how in ours.items()},
            rounds=ROUNDS,
        )
        for processes in sorted({1, len(cores)}):
            command = [sys.executable, script, pipeline, folder, Path(place, "spacy.jsonl"), str(processes)]
            one_thread = {"OMP_NUM_THREADS": "1"} if processes > 1 else {}
            seconds[f"spaCy, {processes} process{'es' * (processes > 1)}"] = run_process(
                command, environment=one_thread
            ).seconds
    return {"tokens": tokens, "files": FILES, "seconds": seconds}


def _ours(bench: Bench, folder: Path, output: Path, options: list[str], cores: set[int] | None) -> None:
    shutil.rmtree(output, ignore_errors=True)
    run_process(cli("predict", folder, "--model", bench.model, "--output", output, *options), cores=cores)


def write_texts(bench: Bench, folder: Path, tokens: int, files: int) -> int:
    """Write running text of both corpora, repeated as often as it takes; the number of words in it."""
    folder.mkdir(parents=True)
    paragraphs = itertools.cycle(list(_paragraphs(bench)))
    written = 0
    for number in range(files):
        goal = tokens * (number + 1) // files
        with (folder / f"{number:04}.txt").open("w", encoding="utf-8") as stream:
            while written < goal:
                paragraph = next(paragraphs)
                stream.write(paragraph + "\n\n")
                written += paragraph.count(" ") + 1
    return written


def _paragraphs(bench: Bench) -> Iterator[str]:
    """Documents of the corpora as paragraphs; punctuation stands apart, as the corpora have it."""
    from bilstm_tagger.corpus import ReadSpec, iterate_corpus

    for path in (bench.conll("train"), bench.data / "ud-english-ewt" / "en_ewt-ud-train.conllu"):
        spec = ReadSpec(columns={}, format="conll" if path.suffix == ".txt" else "conllu")
        for document in iterate_corpus(path, spec):
            lines = [" ".join(sentence.words) for sentence in document.sentences if len(sentence)]
            for first in range(0, len(lines), 5):
                yield " ".join(lines[first : first + 5])
