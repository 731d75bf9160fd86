"""Part `memory`: what several processes that tag need, and how much of it they share.

PSS counts a page that N processes share as an Nth for each; anonymous memory is what a process has for itself. Both
are those that Linux tells in /proc/PID/smaps_rollup.
"""

from __future__ import annotations

import random
import string
import tempfile
from pathlib import Path

from benchmarks.machine import memory_kinds
from bilstm_tagger.corpus.trained import training_specs
from bilstm_tagger.files import ModelLoader, TagOptions, WorkerPool
from bilstm_tagger.model_folder.build import build_model
from bilstm_tagger.model_folder.folder import ModelParts, save_model
from bilstm_tagger.model_folder.info import ModelInfo
from bilstm_tagger.model_folder.network import network_config
from bilstm_tagger.schemes.grammar import Scheme, tag_names
from bilstm_tagger.settings.loading import load_settings
from bilstm_tagger.vocab.vocab import build_vocab

VECTORS, SIZE = 400_000, 300
WORKERS = (1, 2, 4)


def measure(model: str) -> None:
    """Print memory of the processes of `predict --workers`, each of which has loaded its model and compiled."""
    print("| model | workers | PSS per worker, MB | anonymous, MB |")
    print("|---|---:|---:|---:|")
    with tempfile.TemporaryDirectory() as place:
        for kind in (None, "float32", "int8", "int4"):
            folder = model if kind is None else made(Path(place) / kind, kind)
            name = f"`{model}`" if kind is None else f"{VECTORS:,} vectors of {SIZE} numbers, {kind}"
            for workers in WORKERS:
                shared, own = memory_of(folder, workers)
                print(f"| {name} | {workers} | {shared:.0f} | {own:.0f} |", flush=True)


def memory_of(folder: str, workers: int) -> tuple[float, float]:
    """PSS and anonymous memory of a worker in the mean, in MB."""
    with WorkerPool(ModelLoader(folder, threads=1, options=TagOptions()), workers) as pool:
        for ready in pool._reading:
            ready.result()
        each = [memory_kinds(worker.process.pid or 0) for worker in pool._workers]
    shared, own = (sum(one[kind] / 1000 for one in each) / workers for kind in ("Pss", "Pss_Anon"))
    return shared, own


def made(folder: Path, kind: str) -> str:
    """A model folder with random vectors of random words."""
    settings = load_settings("ner", overrides={"embedder.size": SIZE, "embedder.quantization": kind})
    network = network_config(settings, dict.fromkeys(settings.tasks, Scheme.BIO), word_size=SIZE)
    draw = random.Random(0)
    vocab = build_vocab(
        ["Rain", "fell", "."],
        tags={task: tag_names(["LOC", "PER"], config.encoding) for task, config in network.tasks.items()},
        vector_words=["".join(draw.choices(string.ascii_lowercase, k=9)) for _ in range(VECTORS)],
        min_count=1,
    )
    model = build_model(network, vocab)
    model.embedder.frozen.normal_()
    reading = training_specs(settings.data, settings.tasks, settings.features)
    save_model(ModelParts(ModelInfo(network, vocab, settings.data.tokenizer, reading), model), folder)
    return str(folder)
