"""What a CUDA GPU does: tokens per second of training and tagging, and seconds and dev F1 of whole runs.

    python -m benchmarks.gpu --data DIR

`DIR` holds `conll2003/train.txt` and `valid.txt` and, under `glove/`, the word vectors. On one H100 all of it takes
less than four minutes. Without a GPU it says so and ends; `--device cpu --small` takes the same way through the code on
a CPU, with a few sentences. `--pack OUT` writes a folder that is small enough to be sent to another machine: the
corpus, and of the vectors those that its words can look up, with which dev F1 is the same.

`--grid FACTOR:RATE ...` trains preset `ner` with other batches and rates; a run takes some fifteen seconds.
"""

from __future__ import annotations

import argparse
import gzip
import logging
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bilstm_tagger.corpus import read_corpus
from bilstm_tagger.nn import device as devices
from bilstm_tagger.settings.loading import load_settings
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.training import train
from bilstm_tagger.vocab.vectors import read_vectors
from bilstm_tagger.vocab.vocab import lookup_keys

SPLITS = ("train", "valid")
DOCUMENT = 20  # sentences in a document that is tagged
SMALL = {
    "embedder.characters.filters": [8, 8, 8],
    "encoder.hidden_size": 16,
    "head.hidden_size": 8,
    "training.epochs": 2,
    "training.min_steps": 0,
}
SMALL_SENTENCES = 400


def main(arguments: Sequence[str] | None = None) -> None:
    """Run what is asked for."""
    options = _parser().parse_args(arguments)
    if options.pack:
        pack(options.data, options.pack)
        return
    if options.device == "cuda" and not torch.cuda.is_available():
        print("no GPU: torch finds no CUDA device here; --device cpu --small takes the same way on a CPU")
        return
    devices.QUEUED.add(options.device)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    name = torch.cuda.get_device_name() if options.device == "cuda" else "CPU, by the operations of a GPU"
    print(f"{name}; torch {torch.__version__}, Python {sys.version.split()[0]}", flush=True)
    with tempfile.TemporaryDirectory(prefix="bilstm-tagger-") as folder:
        corpora = _corpora(options.data, Path(folder), small=options.small)
        for preset, changed in _runs(options):
            overrides = changed | (SMALL if options.small else {})
            tagger = run(preset, corpora, Path(folder) / "model", device=options.device, overrides=overrides)
            if not changed:
                tagging(tagger, corpora["train"], rounds=1 if options.small else 5)
        if options.profile:
            profile(corpora, Path(folder) / "model", device=options.device, small=options.small)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with conll2003/ and glove/")
    parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"])
    parser.add_argument("--small", action="store_true", help="a small network and few sentences")
    parser.add_argument("--presets", nargs="*", default=["ner", "ner-best"], help="which to train")
    parser.add_argument("--seeds", type=int, default=1, help="runs of each preset")
    parser.add_argument("--grid", nargs="*", default=[], metavar="FACTOR:RATE", help="further runs of preset ner")
    parser.add_argument("--profile", action="store_true", help="where the time of a step of ner-best goes")
    parser.add_argument("--pack", type=Path, metavar="OUT", help="write a small copy of the data, and end")
    return parser


def _runs(options: argparse.Namespace) -> Iterator[tuple[str, dict[str, Any]]]:
    """Preset of each run, and what differs from it."""
    for preset in options.presets:
        yield preset, {}
        yield from ((preset, {"training.seed": seed}) for seed in range(1, options.seeds))
    for each in options.grid:
        factor, _, rate = each.partition(":")
        yield "ner", {"training.gpu_batch_factor": int(factor), "training.learning_rate": float(rate)}


def _corpora(data: Path, folder: Path, *, small: bool) -> dict[str, Path]:
    """The files that runs read: train, dev and vectors."""
    found = {split: data / "conll2003" / f"{split}.txt" for split in SPLITS}
    found["vectors"] = _vectors(data)
    if small:
        for split in SPLITS:
            blocks = found[split].read_text("utf-8").split("\n\n")[:SMALL_SENTENCES]
            found[split] = folder / f"{split}.txt"
            found[split].write_text("\n\n".join(blocks) + "\n", "utf-8")
    return found


def _vectors(data: Path) -> Path:
    return sorted((data / "glove").glob("glove*"))[0]


def _settings(preset: str, corpora: dict[str, Path], device: str, overrides: dict[str, Any]) -> Any:
    files = {
        "data.train": str(corpora["train"]),
        "data.dev": str(corpora["valid"]),
        "data.format": "conll",
        "embedder.vectors": str(corpora["vectors"]),
        "training.device": device,
    }
    return load_settings(preset, overrides=files | overrides)


def run(preset: str, corpora: dict[str, Path], output: Path, *, device: str, overrides: dict[str, Any]) -> Tagger:
    """Train from files to a model folder, and print what it took."""
    began = time.perf_counter()
    tagger = train(_settings(preset, corpora, device, overrides), output=output, force=True)
    seconds = time.perf_counter() - began
    history = tagger.metrics["history"]
    tokens = statistics.median(row["tokens_per_second"] for row in history)
    learning = sum(row["seconds"] for row in history)
    dev = ", ".join(f"{100 * score:.2f}" for score in tagger.metrics["dev"].values())
    changed = " ".join(f"{key.rpartition('.')[2]}={value}" for key, value in overrides.items() if key not in SMALL)
    print(
        f"train {preset:9}{changed}  {tokens:>9,.0f} tokens/s  {len(history)} epochs in {learning:.1f} s  "
        f"whole run {seconds:.1f} s  dev {dev}",
        flush=True,
    )
    return tagger


def tagging(tagger: Tagger, corpus: Path, *, rounds: int) -> None:
    """Print tokens per second from lists of words, cold and warm."""
    sentences = [list(each.words) for document in read_corpus(corpus, format="conll") for each in document.sentences]
    sentences = [each for each in sentences if each]
    documents = [sentences[at : at + DOCUMENT] for at in range(0, len(sentences), DOCUMENT)]
    tokens = sum(map(len, sentences))
    runs = {"first time": (documents, 1, 1), f"documents of {DOCUMENT} sentences": (documents, 5, rounds)}
    for name, (sources, times, count) in (runs | {"sentences": (sentences, 5, rounds)}).items():
        rates = []
        for _ in range(count):
            began = time.perf_counter()
            for _document in tagger.pipe(sources * times):
                pass
            rates.append(tokens * times / (time.perf_counter() - began))
        print(f"  tag lists of words, {name}: {statistics.median(rates):,.0f} tokens/s", flush=True)


def profile(corpora: dict[str, Path], output: Path, *, device: str, small: bool) -> None:
    """Print where the time of an epoch of `ner-best` goes, by operation."""
    from torch.profiler import ProfilerActivity, profile

    activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if device == "cuda" else [])]
    with profile(activities=activities) as found:
        run("ner-best", corpora, output, device=device, overrides={**(SMALL if small else {}), "training.epochs": 1})
    for key in ("self_cpu_time_total", *(["self_device_time_total"] if device == "cuda" else [])):
        print(found.key_averages().table(sort_by=key, row_limit=25, max_name_column_width=40), flush=True)


def pack(data: Path, output: Path) -> None:
    """Copy the corpus and the vectors that its words can look up."""
    (output / "conll2003").mkdir(parents=True, exist_ok=True)
    (output / "glove").mkdir(exist_ok=True)
    words: set[str] = set()
    for split in SPLITS:
        source = data / "conll2003" / f"{split}.txt"
        shutil.copyfile(source, output / "conll2003" / source.name)
        for document in read_corpus(source, format="conll"):
            words |= set(document.words)
    vectors = read_vectors(_vectors(data), words=lookup_keys(words))
    with gzip.open(output / "glove" / "glove.txt.gz", "wt", encoding="utf-8") as stream:
        for word, row in zip(vectors.words, np.asarray(vectors.table, np.float32), strict=True):
            stream.write(f"{word} {' '.join(f'{number:.5g}' for number in row)}\n")
    print(f"{len(vectors.words):,} of {vectors.total:,} vectors in {output}")


if __name__ == "__main__":
    main()
