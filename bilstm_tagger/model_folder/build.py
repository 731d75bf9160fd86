"""The network that settings and a vocabulary describe."""

from __future__ import annotations

import torch

from bilstm_tagger.nn.convolution import WindowEncoder
from bilstm_tagger.nn.crf import CRF
from bilstm_tagger.nn.embedder import CharacterCNN, Embedder
from bilstm_tagger.nn.model import Head, Member, TaggingModel
from bilstm_tagger.nn.recurrent import RecurrentEncoder
from bilstm_tagger.schemes.grammar import Scheme, legal_moves
from bilstm_tagger.settings.schema import Settings
from bilstm_tagger.vocab.vocab import SHAPES, Vocab


def network_scheme(settings: Settings, task: str, data_scheme: Scheme) -> Scheme:
    """How the network writes the task's spans, given how the data does."""
    return Scheme.NONE if data_scheme is Scheme.NONE else Scheme(settings.tasks[task].encoding)


def head_kind(settings: Settings, task: str, scheme: Scheme) -> str:
    """`crf` or `softmax`, as set or as the scheme suggests."""
    chosen = settings.tasks[task].head
    return chosen if chosen != "auto" else "softmax" if scheme is Scheme.NONE else "crf"


def build_model(settings: Settings, vocab: Vocab, schemes: dict[str, Scheme], *, word_size: int) -> TaggingModel:
    """A model with fresh weights.

    Args:
        settings: sizes and kinds of its parts.
        vocab: numbers of rows, characters and tags.
        schemes: for each task how the network writes its tags.
        word_size: size of the word vectors.
    """
    embedder = _embedder(settings, vocab, word_size)
    members = [_member(settings, vocab, schemes, embedder.output_size) for _ in range(settings.encoder.members)]
    return TaggingModel(embedder, members[0].encoder, dict(members[0].heads.items()), members[1:])  # type: ignore[arg-type]


def _member(settings: Settings, vocab: Vocab, schemes: dict[str, Scheme], input_size: int) -> Member:
    encoder = _encoder(settings, input_size)
    heads = {}
    for task, scheme in schemes.items():
        tags = vocab.tags[task]
        moves, starts, ends = map(torch.from_numpy, legal_moves(tags, scheme))
        crf = legal = None
        if head_kind(settings, task, scheme) == "crf":
            crf = CRF(moves, starts=starts, ends=ends)
        elif scheme is not Scheme.NONE:
            legal = (moves, starts, ends)
        feedforward = settings.encoder.feedforward
        heads[task] = Head(encoder.output_size, len(tags), crf=crf, legal=legal, feedforward=feedforward)
    return Member(encoder, heads)


def _encoder(settings: Settings, input_size: int) -> RecurrentEncoder | WindowEncoder:
    chosen = settings.encoder
    shared = chosen.model_dump(include={"hidden_size", "layers", "dropout", "direction", "merge"})
    if chosen.type == "cnn":
        return WindowEncoder(input_size, width=chosen.width, **shared)
    return RecurrentEncoder(input_size, cell=chosen.type, sentence_size=chosen.sentence_size, **shared)


def _embedder(settings: Settings, vocab: Vocab, word_size: int) -> Embedder:
    chosen = settings.embedder
    characters = None
    if chosen.characters is not None:
        characters = CharacterCNN(
            len(vocab.characters),
            size=chosen.characters.size,
            widths=chosen.characters.widths,
            filters=chosen.characters.filters,
            dropout=chosen.characters.dropout,
        )
    return Embedder(
        trained=len(vocab.trained),
        frozen=len(vocab.frozen),
        word_size=word_size,
        characters=characters,
        shapes=len(SHAPES),
        shape_size=chosen.shape_size,
        features={name: (each.count, settings.features[name].size) for name, each in vocab.features.items()},
        word_dropout=chosen.word_dropout,
        dropout=chosen.dropout,
    )
