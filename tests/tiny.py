"""Small made-up corpora, settings and taggers, which train in a fraction of a second."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from bilstm_tagger.corpus.trained import training_specs
from bilstm_tagger.model_folder.build import build_model
from bilstm_tagger.model_folder.folder import ModelParts
from bilstm_tagger.model_folder.info import ModelInfo
from bilstm_tagger.model_folder.network import network_config
from bilstm_tagger.schemes.grammar import Scheme, tag_names
from bilstm_tagger.schemes.spans import convert
from bilstm_tagger.settings.loading import load_settings
from bilstm_tagger.settings.schema import Settings
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.vocab.vocab import build_vocab

PLAIN = ["the", "boat", "left", "in", "1999", "and", "Rain", "fell", ".", "at", "42"]
NAMES = {"PER": ["Ada", "Noor", "Lovel"], "LOC": ["Turin", "Lake", "Ob"]}
POS = {**dict.fromkeys(PLAIN, "X"), "left": "VERB", "fell": "VERB", "boat": "NOUN", "Rain": "NOUN", ".": "PUNCT"}

Sentence = list[tuple[str, str]]


def sentences(count: int, *, seed: int = 0, longest: int = 7) -> list[Sentence]:
    """Words with BIO tags; the word tells the label, and no two names meet, so that it can be learnt."""
    draw = random.Random(seed)
    made = []
    for _ in range(count):
        sentence: Sentence = []
        while len(sentence) < draw.randint(1, longest):
            if draw.random() < 0.5 or (sentence and sentence[-1][1] != "O"):
                sentence.append((draw.choice(PLAIN), "O"))
            else:
                label = draw.choice(list(NAMES))
                words = draw.sample(NAMES[label], draw.randint(1, 3))
                sentence += [(word, f"{'I' if place else 'B'}-{label}") for place, word in enumerate(words)]
        made.append(sentence)
    return made


def write_conll(path: Path, rows: Iterable[Sentence], scheme: Scheme = Scheme.BIO) -> Path:
    """A file of words, parts of speech and tags in the given scheme."""
    with path.open("w", encoding="utf-8") as stream:
        for sentence in rows:
            tags = convert([tag for _, tag in sentence], Scheme.BIO, scheme)
            for (word, _), tag in zip(sentence, tags, strict=True):
                stream.write(f"{word}\t{POS.get(word, 'PROPN')}\t{tag}\n")
            stream.write("\n")
    return path


def settings_of(**overrides: Any) -> Settings:
    """Sizes of 4 to 8; overrides by dotted key with `__` for the dot."""
    small = {
        "embedder.size": 6,
        "embedder.case_size": 2,
        "embedder.characters.size": 4,
        "embedder.characters.widths": [2, 3],
        "embedder.characters.filters": [3, 3],
        "encoder.hidden_size": 6,
        "head.hidden_size": 0,
        "training.optimizer": "sgd",
        "training.learning_rate": 0.08,
        "training.epochs": 2,
        "training.batch_size": 4,
        "training.threads": 1,
    }
    return load_settings("ner", overrides=small | {key.replace("__", "."): value for key, value in overrides.items()})


def untrained(
    settings: Settings | None = None,
    *,
    schemes: Mapping[str, Scheme] | None = None,
    words: Sequence[str] = (*PLAIN, "Ada", "Turin"),
    seed: int = 0,
) -> Tagger:
    """A tagger with large random weights, so that its tags vary from word to word."""
    settings = settings or settings_of()
    schemes = dict(schemes or dict.fromkeys(settings.tasks, Scheme.BIO))
    network = network_config(settings, schemes, word_size=settings.embedder.size)
    labels = {
        task: ["DET", "NOUN", "X"] if scheme is Scheme.NONE else ["LOC", "PER"] for task, scheme in schemes.items()
    }
    vocab = build_vocab(
        words,
        tags={task: tag_names(labels[task], config.encoding) for task, config in network.tasks.items()},
        vector_words=["the", "river"],
        min_count=1,
    )
    torch.manual_seed(seed)
    model = build_model(network, vocab)
    with torch.no_grad():
        for name, weight in (*model.named_parameters(), ("", model.embedder.frozen)):
            weight.normal_(std=2.0 if "projection.weight" in name else 0.3 if ".heads." in name else 0.8)
        for table in (model.embedder.words, model.embedder.characters and model.embedder.characters.embedding):
            if table is not None:
                table.weight[0] = 0  # padding
    reading = training_specs(settings.data, settings.tasks, settings.features)
    info = ModelInfo(network, vocab, settings.data.tokenizer, reading, settings.model_dump(mode="json"))
    return Tagger.of(ModelParts(info, model))
