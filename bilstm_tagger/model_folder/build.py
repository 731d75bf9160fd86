"""The network that a configuration and a vocabulary describe, with fresh weights."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from bilstm_tagger.errors import ConfigError
from bilstm_tagger.model_folder.network import EmbedderConfig, EncoderConfig, NetworkConfig, TaskConfig
from bilstm_tagger.model_folder.plugins import plugin_class
from bilstm_tagger.nn.convolution import WindowEncoder
from bilstm_tagger.nn.crf import CRF, Transitions
from bilstm_tagger.nn.embedder import CharacterCNN, Embedder
from bilstm_tagger.nn.heads import Head
from bilstm_tagger.nn.model import Member, TaggingModel
from bilstm_tagger.nn.recurrent import CELLS, RecurrentEncoder
from bilstm_tagger.schemes.grammar import Scheme, allowed_transitions
from bilstm_tagger.vocab.vocab import SHAPES, Vocab

MOST_TAGS = 10_000  # where there is a table of transitions, which has a place for each two


def usable_name(name: str) -> bool:
    """Whether a task or a feature can have a name, which torch uses for a part of the network."""
    return bool(name) and "." not in name and not hasattr(nn.ModuleDict(), name)


def build_model(network: NetworkConfig, vocab: Vocab) -> TaggingModel:
    """A model with fresh weights.

    Args:
        network: kinds and sizes of its parts.
        vocab: numbers of words, characters and tags.

    Raises:
        ConfigError: if a plug-in cannot be imported or does not keep to the contract of plug-ins.
        CorpusError: if a tag is none of its task's scheme.
    """
    for name in (*network.tasks, *network.embedder.features):
        if not usable_name(name):
            raise ConfigError(f"a task or feature cannot be named {name!r}, for torch has other uses for it")
    embedder = _embedder(network.embedder, vocab)
    allowed = {task: _allowed(config, vocab.tags[task]) for task, config in network.tasks.items()}
    size = network.encoder.ensemble_size
    return TaggingModel(embedder, [_member(network, vocab, embedder.output_size, allowed) for _ in range(size)])


def _allowed(config: TaskConfig, tags: list[str]) -> Transitions | None:
    """The transitions that a head has to keep to or to score; None for tags that are chosen one by one."""
    if config.head == "softmax" and config.encoding is Scheme.NONE:
        return None
    if len(tags) > MOST_TAGS:
        raise ConfigError(f"{len(tags):,} tags are more than {MOST_TAGS:,}, the most that a CRF or spans allow for")
    return Transitions(*map(torch.from_numpy, allowed_transitions(tags, config.encoding)))


def _member(network: NetworkConfig, vocab: Vocab, input_size: int, allowed: Mapping[str, Transitions | None]) -> Member:
    encoder = _encoder(network.encoder, input_size)
    states: int = encoder.output_size  # type: ignore[assignment]
    heads = {}
    for task, config in network.tasks.items():
        ways = allowed[task]
        crf = CRF(ways) if ways is not None and config.head == "crf" else None
        kept = None if crf else ways
        heads[task] = Head(states, len(vocab.tags[task]), crf=crf, allowed=kept, hidden_size=config.hidden_size)
    return Member(encoder, heads)


def _encoder(config: EncoderConfig, input_size: int) -> nn.Module:
    shared = {name: getattr(config, name) for name in ("hidden_size", "layers", "dropout", "direction", "merge")}
    if config.type in CELLS:
        return RecurrentEncoder(input_size, cell=config.type, **shared)
    if config.type == "cnn":
        return WindowEncoder(input_size, width=config.width, **shared)
    return plugin_class(config.type).encoder(input_size, width=config.width, **shared)


def _embedder(config: EmbedderConfig, vocab: Vocab) -> Embedder:
    characters = plugin = None
    if config.characters is not None:
        sizes = {name: getattr(config.characters, name) for name in ("size", "widths", "filters", "dropout")}
        characters = CharacterCNN(len(vocab.characters), **sizes)
    if config.plugin is not None:
        plugin = plugin_class(config.plugin).embedding(
            words=len(vocab.trained), characters=len(vocab.characters), shapes=len(SHAPES)
        )
    return Embedder(
        trained=len(vocab.trained),
        frozen=len(vocab.frozen),
        word_size=config.word_size,
        characters=characters,
        plugin=plugin,
        shapes=len(SHAPES),
        shape_size=config.case_size,
        features={name: (each.count, config.features[name]) for name, each in vocab.features.items()},
        word_dropout=config.word_dropout,
        dropout=config.dropout,
    )
