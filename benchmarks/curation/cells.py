"""Runs cells in parallel processes, keeps their results, and reads the corpora that they need."""

from __future__ import annotations

import argparse
import gzip
import json
import multiprocessing
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bilstm_tagger.corpus.corpus import Corpus
    from bilstm_tagger.document.document import Document
    from bilstm_tagger.settings.schema import Settings
    from bilstm_tagger.tagging.tagger import Tagger

TASK = "ner"
RUNS = Path(__file__).parent.parent / "runs" / "curation"
RESULTS = Path(__file__).parent.parent / "results"
# Trains in seconds on a few hundred sentences, in half a minute on three thousand.
RECIPE = {
    "tasks.ner.scheme": "BIO",
    "embedder.max_pretrained": 60_000,
    "training.threads": 1,
    "training.precision": "float32",
}

Cell = Callable[..., dict[str, Any]]


def parser(description: str | None) -> argparse.ArgumentParser:
    """The arguments that both benchmarks have."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--data", type=Path, required=True, help="folder with conll2003/, conllpp/ and glove/")
    made.add_argument("--jobs", type=int, default=1, help="processes at a time")
    made.add_argument("--runs", type=Path, default=RUNS, help="where the results of cells are kept")
    made.add_argument("--results", type=Path, default=RESULTS, help="where the report goes")
    return made


def run_cells(cells: Mapping[str, tuple[Cell, Sequence[Any]]], *, jobs: int, folder: Path) -> dict[str, dict[str, Any]]:
    """Run what has no result yet.

    Args:
        cells: for each name a function and its arguments.
        jobs: processes at a time.
        folder: where results are kept.
    """
    folder.mkdir(parents=True, exist_ok=True)
    missing = {name: cell for name, cell in cells.items() if not (folder / f"{name}.json").exists()}
    os.environ["OMP_NUM_THREADS"] = "1"
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        running = {pool.submit(function, *arguments): name for name, (function, arguments) in missing.items()}
        for done in as_completed(running):
            name = running[done]
            (folder / f"{name}.json").write_text(json.dumps(done.result()), "utf-8")
            print(f"{name}: done", flush=True)
    return {name: json.loads((folder / f"{name}.json").read_text("utf-8")) for name in cells}


def binary_vectors(data: Path, folder: Path) -> Path:
    """GloVe's vectors in word2vec's binary format, which is read faster and without pyarrow; made if need be."""
    import numpy as np

    target = folder / "glove.bin"
    if not target.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with gzip.open(data / "glove" / "glove.6B.100d.top.txt.gz", "rt", encoding="utf-8") as stream:
            rows = [line.rstrip("\n").rsplit(" ", 100) for line in stream]
        part = target.with_suffix(".part")
        with part.open("wb") as binary:
            binary.write(f"{len(rows)} 100\n".encode())
            for word, *numbers in rows:
                binary.write(word.encode() + b" " + np.array(numbers, "<f4").tobytes())
        part.replace(target)
    return target


def settings_of(data: Path, vectors: Path, *, seed: int, **further: Any) -> Settings:
    """Preset `fast` with vectors and these settings, `__` in a name for the dot."""
    from bilstm_tagger.settings.loading import load_settings

    given = {name.replace("__", "."): value for name, value in further.items()}
    files = {"data.train": str(data / "conll2003" / "train.txt"), "embedder.vectors": str(vectors)}
    return load_settings("fast", overrides={**RECIPE, **files, "training.seed": seed, **given})


def sentences(path: Path) -> list[Document]:
    """The sentences of a file as documents, each with its number as `id`."""
    from bilstm_tagger.corpus.reading import read_corpus
    from bilstm_tagger.corpus.split import sentence_document

    corpus = read_corpus(path, {TASK: -1}, format="conll").settle(TASK)
    parts = [
        sentence_document(document, number)
        for document in corpus
        for number, sentence in enumerate(document.sentences)
        if len(sentence)
    ]
    for number, part in enumerate(parts):
        part.id = str(number)
    return parts


def corpus_of(documents: Sequence[Document]) -> Corpus:
    """Sentences as a settled corpus."""
    from bilstm_tagger.corpus.corpus import Corpus
    from bilstm_tagger.schemes.grammar import Scheme

    return Corpus(documents, {TASK: Scheme.BIO})


def trained(documents: Sequence[Document], settings: Settings) -> Tagger:
    """A tagger trained on these sentences, a tenth of which choose the best epoch."""
    from bilstm_tagger.training.loop import Trainer
    from bilstm_tagger.training.prepare import prepare_sources
    from bilstm_tagger.training.progress import Silent
    from bilstm_tagger.training.sources import Source

    train, dev = corpus_of(documents).set_aside(settings.data.dev_fraction)
    prepared = prepare_sources(settings, [Source([TASK], train, dev)])
    with tempfile.TemporaryDirectory() as folder:
        trainer = Trainer(settings.training, prepared, weights={TASK: 1.0}, folder=Path(folder), progress=Silent())
        trainer.run()
        return trainer.tagger()


def one_thread() -> None:
    """Compute in one thread."""
    import torch

    torch.set_num_threads(1)
