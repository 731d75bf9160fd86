"""Parts `training` and `minutes`: tokens per second of training, and time and score of whole runs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from benchmarks.speed.common import RUNS, Bench, Result
from bilstm_tagger.nn.batch import Batch
from bilstm_tagger.nn.device import pick_precision
from bilstm_tagger.settings.loading import load_settings
from bilstm_tagger.settings.schema import Settings
from bilstm_tagger.training import train
from bilstm_tagger.training.data import EncodedCorpus, batches
from bilstm_tagger.training.optim import Optimizer
from bilstm_tagger.training.prepare import prepare

SECONDS = 20.0  # for each configuration
PACKED_BATCH = 10  # NCRF++'s


class PackedEncoder(nn.Module):
    """The same network as most write it: a bidirectional `nn.LSTM` on PackedSequences."""

    def __init__(self, settings: Settings, input_size: int) -> None:
        super().__init__()
        encoder = settings.encoder
        self.lstm = nn.LSTM(
            input_size, encoder.hidden_size, num_layers=encoder.layers, bidirectional=True, batch_first=True
        )
        self.dropout = nn.Dropout(encoder.dropout)
        self.output_size = 2 * encoder.hidden_size

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        """States `(batch, tokens, 2 * hidden)` for inputs `(batch, tokens, input)`."""
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        states, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True, total_length=x.shape[1])
        return self.dropout(states)  # type: ignore[no-any-return]


def conll_settings(bench: Bench, preset: str, **overrides: Any) -> Settings:
    """A preset on CoNLL-2003 with GloVe."""
    return load_settings(
        preset,
        overrides={
            "data.train": str(bench.conll("train")),
            "data.dev": str(bench.conll("valid")),
            "data.format": "conll",
            "embedder.vectors": str(bench.vectors),
            "training.threads": bench.threads,
            **overrides,
        },
    )


def training(bench: Bench) -> Result:
    """Tokens per second of preset `ner` and `fast`, and of `ner` on PackedSequences."""
    result: Result = {"rates": {}, "batch": {}, "precision": {}}
    torch.set_num_threads(bench.threads)
    for name, preset, packed in (("preset ner", "ner", False), ("preset fast", "fast", False), ("packed", "ner", True)):
        settings = conll_settings(bench, preset)
        prepared = prepare(settings)
        torch.manual_seed(0)
        model = prepared.model(settings)
        precision = "float32"
        if packed:
            model.encoder = PackedEncoder(settings, model.embedder.output_size)
        else:
            model.precision = pick_precision(settings.training.precision, torch.device("cpu"))
            precision = str(model.precision).removeprefix("torch.")
        size = PACKED_BATCH if packed else settings.training.batch_size
        (corpus,) = prepared.encode(settings)
        result["rates"][name] = _rate(model, Optimizer(model, settings.training), _endless(corpus, size))
        result["batch"][name], result["precision"][name] = size, precision
        result["tokens"] = corpus.tokens
    return result


def _endless(corpus: EncodedCorpus, size: int) -> Iterator[Batch]:
    epoch = 0
    while True:
        yield from batches([corpus], batch_size=size, seed=0, epoch=epoch)
        epoch += 1


def _rate(model: Any, optimizer: Optimizer, made: Iterator[Batch]) -> float:
    """Tokens per second over `SECONDS` of optimiser steps, the first ones left out."""
    model.train()
    tokens, began = 0, time.perf_counter()
    for step, batch in enumerate(made):
        if step == 10:
            tokens, began = 0, time.perf_counter()
        if step > 10 and time.perf_counter() - began > SECONDS:
            break
        loss = torch.stack(list(model.losses(batch).values())).sum() / len(batch.sentence_lengths)
        loss.backward()
        optimizer.step(0.005)
        tokens += batch.tokens
    return tokens / (time.perf_counter() - began)


def minutes(bench: Bench) -> Result:
    """Elapsed time of whole training runs, from the start to the finished model folder, and their test scores."""
    from bilstm_tagger.evaluation.evaluate import evaluate

    result: Result = {}
    for name, preset in (("preset fast", "fast"), ("preset ner", "ner")):
        began = time.perf_counter()
        tagger = train(conll_settings(bench, preset), output=RUNS / preset, force=True)
        seconds = time.perf_counter() - began
        scores = evaluate(tagger, bench.conll("test"), format="conll").to_json()["tasks"]["ner"]
        result[name] = {
            "seconds": seconds,
            "f1": 100 * scores["strict"]["micro"]["f1"],
            "epochs": tagger.metrics["epochs"],
        }
    return result
