"""What would fail late is looked at first: memory, room on the disk, and all that saving a model needs."""

from __future__ import annotations

import importlib.util
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

import torch

from bilstm_tagger.errors import ConfigError, reason_of
from bilstm_tagger.io.memory import available_memory
from bilstm_tagger.model_folder.build import build_model
from bilstm_tagger.model_folder.card import model_card
from bilstm_tagger.model_folder.info import ModelInfo
from bilstm_tagger.nn.device import is_queued, pick_device
from bilstm_tagger.settings.schema import TrainingSettings
from bilstm_tagger.training.data import fitting_batch_size, largest_batch
from bilstm_tagger.training.pace import largest_batch_size
from bilstm_tagger.training.processes import Processes
from bilstm_tagger.training.sources import Source

FLOAT = 4  # bytes
PER_TOKEN = 8  # numbers that training keeps of a token for each unit: gates, states, and their gradients

PARTS = {
    "embedder": "embedder.size, embedder.max_pretrained or embedder.characters",
    "encoder": "encoder.hidden_size, encoder.layers or encoder.ensemble_size",
    "heads": "head.hidden_size",
    "a batch": "training.batch_size, or cut the longest sentences",
}


def numbers_of(info: ModelInfo) -> Counter[str]:
    """Numbers in each part of a network, without building it; frozen ones are `frozen`.

    A network with parts from outside the package is not looked at.
    """
    if info.network.plugins:
        return Counter()
    with torch.device("meta"):
        model = build_model(info.network, info.vocab)
    counts = Counter({"frozen": model.embedder.frozen.numel()})
    for name, weight in model.named_parameters():
        counts["embedder" if name.startswith("embedder.") else name.split(".")[2]] += weight.numel()
    return counts


def check_memory(
    info: ModelInfo, sources: Iterable[Source], training: TrainingSettings, processes: Processes | None = None
) -> None:
    """Compares the memory that training will need with what there is.

    Processes of one machine share its memory, unless each has a GPU.

    Args:
        info: the network and its vocabulary.
        sources: the corpora of the run.
        training: its settings.
        processes: that share the work; this one alone unless given.

    Raises:
        ConfigError: if it is not enough, naming the setting that takes most.
    """
    processes = processes or Processes()
    device = pick_device(training.device)
    sharing = 1 if is_queued(device) else processes.beside
    first = processes.number == (0 if is_queued(device) else processes.local)  # the run's first process is among these
    counts = numbers_of(info)
    frozen = counts.pop("frozen", 0) * sharing
    # In each process the weights, their gradient, their mean, and one or two moments; in the first one the best so far.
    copies = sharing * (3 + (2 if training.optimizer == "adamw" else 1)) + first
    needs = {part: FLOAT * copies * count for part, count in counts.items()}
    encoder = info.network.encoder
    units = encoder.hidden_size * encoder.layers * encoder.ensemble_size * (2 if encoder.direction == "both" else 1)
    tokens = _largest_batch(sources, largest_batch_size(training, device)) * sharing // processes.count
    needs["a batch"] = FLOAT * PER_TOKEN * units * tokens
    total, free = sum(needs.values()) + FLOAT * frozen, _free(training.device)
    if free is not None and total > free:
        part = max(needs, key=lambda name: needs[name])
        raise ConfigError(
            f"training{f' in {sharing} processes' if sharing > 1 else ''} would need about {total / 1e9:,.1f} GB of "
            f"memory, of which {needs[part] / 1e9:,.1f} for {part}, and {free / 1e9:,.1f} GB are free: lower "
            f"{PARTS[part]}{', or start fewer processes' if sharing > 1 else ''}"
        )


def _largest_batch(sources: Iterable[Source], largest: int) -> int:
    """Tokens, padding included, of the largest batch, which has at most so many sentences."""
    lengths = [
        [end - start for document in source.train for start, end in pairwise(document.bounds) if start < end]
        for source in sources
    ]
    batch_size = fitting_batch_size(sum(map(len, lengths)), largest)
    return max((largest_batch(each, batch_size) for each in lengths), default=0)


def _free(device: str) -> int | None:
    if pick_device(device).type == "cuda":
        return int(torch.cuda.mem_get_info()[0])
    return available_memory()


def check_tokenizer(name: str) -> None:
    """Refuses a tokeniser that there is not, without loading spaCy, which training can do without.

    Raises:
        ConfigError: naming those that there are.
    """
    kind, _, language = name.partition(":")
    spacy = importlib.util.find_spec("spacy")
    places = [] if spacy is None else [Path(each, "lang") for each in spacy.submodule_search_locations or []]
    known = sorted(path.parent.name for place in places for path in place.glob("*/__init__.py"))
    if name in ("characters", "whitespace") or (kind == "spacy" and (language in known or not known)):
        return
    raise ConfigError(
        f"data.tokenizer: no tokenizer {name!r}: give characters, whitespace or spacy:LANGUAGE; spaCy has "
        f"{', '.join(known)}"
    )


def check_saving(folder: Path, info: ModelInfo, training: TrainingSettings) -> None:
    """Does what saving does, as far as it can be done without weights.

    Args:
        folder: where checkpoints and the model go.
        info: all that is known of the model.
        training: settings of the run.

    Raises:
        ConfigError: if the model could not be saved, or could not be used.
    """
    check_tokenizer(info.tokenizer)
    try:
        import matplotlib  # noqa: F401 - draws the learning curves at the end
    except ImportError as error:
        raise ConfigError(f"the learning curves cannot be drawn: {error}; pip install matplotlib") from None
    try:
        for values in (info.to_config(), info.vocab.to_json(), model_card(info, weights=0, size=0)):
            json.dumps(values, ensure_ascii=False).encode()
    except (UnicodeEncodeError, TypeError, ValueError) as error:
        raise ConfigError(f"the model could not be stored as JSON: {error}") from None
    counts = numbers_of(info)
    frozen = counts.pop("frozen", 0)
    copies = 3 + (
        2 if training.optimizer == "adamw" else 1
    )  # in a checkpoint, of which there are two while one is made
    needed = FLOAT * (frozen + (1 + 2 * copies) * sum(counts.values()))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for place in (folder, folder.resolve().parent):  # the model is made beside its place
            with tempfile.TemporaryDirectory(dir=place, prefix=".bilstm-tagger-"):
                pass
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be written: {reason_of(error)}; choose another --output") from None
    if needed > free:
        raise ConfigError(
            f"{folder}: model and checkpoints need about {needed / 1e6:,.0f} MB, and {free / 1e6:,.0f} MB are free; "
            "choose another --output or make room"
        )
