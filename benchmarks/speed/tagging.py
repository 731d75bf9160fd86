"""Parts `tagging` and `latency`: word lists to tag lists."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from benchmarks.speed.common import RUNS, Bench, Result, cli, f1, interleaved, run_process
from benchmarks.speed.peers import crf_features, crfsuite, doc_of, spacy_pipeline, tags_of
from bilstm_tagger.document.document import Document
from bilstm_tagger.files import ModelLoader, Profile, TagOptions, WorkerPool
from bilstm_tagger.files.inputs import Job
from bilstm_tagger.files.streams import Tagged, Untagged
from bilstm_tagger.tagging.batching import batch_places
from bilstm_tagger.tagging.tagger import BATCH_TOKENS, Tagger

TASK = "ner"


def tagging(bench: Bench) -> Result:
    """Tokens per second of all systems on the test set, from word lists to tag lists."""
    sentences, gold = bench.sentences("test"), bench.sentences("test", -1)
    tokens = sum(map(len, sentences))
    both, single = Tagger.load(bench.model), Tagger.load(bench.model, precision="float32")
    task = TASK if TASK in both.tasks else both.tasks[0]

    def tag(tagger: Tagger, threads: int) -> Callable[[], list[list[str]]]:
        def run() -> list[list[str]]:
            torch.set_num_threads(threads)
            return [document.tags_of(task) for document in tagger.pipe(sentences)]

        return run

    crf, nlp = crfsuite(bench), _spacy(bench)
    many = bench.threads
    systems: dict[str, Callable[[], Any]] = {
        "ours": tag(both, many),
        "ours, float32": tag(single, many),
        "ours, one thread": tag(both, 1),
        "ours, float32, one thread": tag(single, 1),
        "bare float32 kernel": _kernel(single, sentences, many),
        "bare float32 kernel, one thread": _kernel(single, sentences, 1),
        "CRFsuite, features in Python": lambda: [crf.tag(crf_features(words)) for words in sentences],
        "spaCy NER": lambda: [tags_of(doc) for doc in nlp.pipe(doc_of(nlp, words) for words in sentences)],
    }
    with WorkerPool(ModelLoader(str(bench.model)), many) as pool:
        systems[f"ours, {many} processes"] = lambda: _by_processes(pool, sentences, task)
        outputs = {name: run() for name, run in systems.items()}
        seconds = interleaved(systems, slow=["CRFsuite, features in Python", "spaCy NER"])
    torch.set_num_threads(many)
    reference = outputs["ours, float32"]
    return {
        "tokens": tokens,
        "tasks": both.tasks,
        "precision": str(both.runtime.model.precision).removeprefix("torch."),
        "rates": {name: tokens / spent for name, spent in seconds.items()},
        "f1": {name: f1(gold, tags) for name, tags in outputs.items() if "kernel" not in name},
        "agreement": _share_equal(outputs["ours"], reference),
    }


def _spacy(bench: Bench) -> Any:
    import spacy

    return spacy.load(spacy_pipeline(bench))


def _share_equal(some: list[list[str]], others: list[list[str]]) -> float:
    pairs = [pair for a, b in zip(some, others, strict=True) for pair in zip(a, b, strict=True)]
    return sum(a == b for a, b in pairs) / len(pairs)


def _kernel(tagger: Tagger, sentences: list[list[str]], threads: int) -> Callable[[], None]:
    """Two one-directional LSTMs of the model's sizes over the same padded batches, and nothing else."""
    layer = tagger.runtime.model.encoders[0].layers[0].passes["left_to_right"]
    passes = [nn.LSTM(layer.input_size, layer.hidden_size, batch_first=True).eval() for _ in range(2)]
    lengths = np.array([len(words) for words in sentences])
    inputs = [torch.randn(*mask.shape, layer.input_size) for _, _, mask in batch_places(lengths, BATCH_TOKENS)]

    def run() -> None:
        torch.set_num_threads(threads)
        with torch.inference_mode():
            for x in inputs:
                for each in passes:
                    each(x)

    return run


def _by_processes(pool: WorkerPool, sentences: list[list[str]], task: str) -> list[list[str]]:
    job = Job(Path(), "words", "words")
    untagged = ((job, Untagged(Document(words, [0, len(words)]), None)) for words in sentences)
    tagged = pool.tag(untagged, format="conll", options=TagOptions(), profile=Profile())
    return [
        item.content.tags_of(task)
        for _, item in tagged
        if isinstance(item, Tagged) and isinstance(item.content, Document)
    ]


def latency(bench: Bench) -> Result:
    """One sentence at a time while warm, and the command line from start to exit on one line."""
    words = [word for sentence in bench.sentences("test") for word in sentence]
    tagger = Tagger.load(bench.model)
    milliseconds: dict[str, float] = {}
    for threads in (1, bench.threads):
        torch.set_num_threads(threads)
        spent = []
        for number in range(400):
            sentence = words[25 * number : 25 * (number + 1)]
            began = time.perf_counter()
            tagger(sentence)
            spent.append(1000 * (time.perf_counter() - began))
        warm = sorted(spent[50:])
        milliseconds[f"median, {threads} threads"] = statistics.median(warm)
        milliseconds[f"90 % under, {threads} threads"] = warm[int(0.9 * len(warm))]
    return {"milliseconds": milliseconds, "cold": {kind: _cold(bench, kind) for kind in ("words", "text")}}


def _cold(bench: Bench, kind: str) -> Result:
    path = RUNS / "one-line.txt"
    path.write_text("Ada Lovelace met Charles Babbage in London .\n", "utf-8")
    command = cli("predict", path, "--model", bench.model, "--input-format", kind, "--profile")
    runs = [run_process(command) for _ in range(5)]
    return {
        "seconds": statistics.median(run.seconds for run in runs),
        "processor": statistics.median(run.processor for run in runs),
    }
