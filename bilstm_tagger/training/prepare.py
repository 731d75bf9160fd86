"""From the settings' corpora to everything training starts from."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain

import numpy as np
import torch

from bilstm_tagger.model_folder.build import build_model, network_scheme
from bilstm_tagger.nn.model import TaggingModel
from bilstm_tagger.schemes.grammar import Scheme, tag_names
from bilstm_tagger.schemes.spans import tags_to_spans
from bilstm_tagger.settings.schema import Settings
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.training.data import EncodedCorpus, encode_corpus
from bilstm_tagger.training.replay import add_replay
from bilstm_tagger.training.sources import Source, read_sources, schemes_of, settle_sources
from bilstm_tagger.training.warm_start import kept_lists, load_earlier, name_lost_labels, same_word_size, take_over
from bilstm_tagger.vocab.features import build_features
from bilstm_tagger.vocab.vectors import Vectors, read_vectors
from bilstm_tagger.vocab.vocab import Vocab, build_vocab, extend_vocab, wanted_words

logger = logging.getLogger("bilstm_tagger")

_FILLED = 20_000  # rows copied at a time
LOW_COVERAGE = 0.7  # share of training tokens with a pretrained vector under which something is likely wrong


@dataclass(frozen=True, slots=True)
class Prepared:
    """What training starts from.

    Attributes:
        sources: the corpora, each with its tasks.
        schemes: for each task how the data writes spans.
        vocab: words, characters, tags.
        vectors: pretrained vectors, if any.
        coverage: share of training tokens that have a pretrained vector; None without vectors.
        earlier: the tagger whose weights training starts from, if any.
    """

    sources: list[Source]
    schemes: dict[str, Scheme]
    vocab: Vocab
    vectors: Vectors | None
    coverage: float | None
    earlier: Tagger | None = None

    def network_schemes(self, settings: Settings) -> dict[str, Scheme]:
        """For each task how the network writes its tags."""
        return {task: network_scheme(settings, task, scheme) for task, scheme in self.schemes.items()}

    def encode(self, settings: Settings) -> list[EncodedCorpus]:
        """The training documents of each source as ids."""
        schemes = self.network_schemes(settings)
        return [
            encode_corpus(
                source.train,
                self.vocab,
                tasks={task: schemes[task] for task in source.tasks},
                context=settings.encoder.context,
                recase=settings.training.recase > 0,
            )
            for source in self.sources
        ]

    def model(self, settings: Settings) -> TaggingModel:
        """A model with pretrained vectors as word rows where there are any; all else is fresh or an earlier model's."""
        size = self.vectors.size if self.vectors else settings.embedder.size
        if self.earlier:
            size = same_word_size(self.earlier, self.vectors)
        model = build_model(settings, self.vocab, self.network_schemes(settings), word_size=size)
        if self.vectors:
            _fill(model, self.vocab, self.vectors)
        if self.earlier:
            take_over(model, self.vocab, self.earlier)
        return model

    def without_rows(self) -> Prepared:
        """The same without the vectors themselves: once they are in a model, they only take memory."""
        return replace(self, vectors=self.vectors.without_rows() if self.vectors else None)


def prepare(settings: Settings) -> Prepared:
    """Reads the corpora, settles schemes and vocabulary, and reads the vectors that are needed.

    Raises:
        ConfigError: if a task has no training corpus.
        CorpusError, VectorsError: for files that cannot be used.
    """
    return prepare_sources(settings, read_sources(settings))


def prepare_sources(settings: Settings, sources: list[Source]) -> Prepared:
    """Everything training starts from, of corpora that have been read; errors as in `prepare`."""
    sources = settle_sources(settings, sources)
    schemes = schemes_of(sources, settings.tasks)
    earlier = load_earlier(settings)
    if settings.data.replay:
        sources = add_replay(settings, sources, earlier)
    words = [word for source in sources for document in source.train for word in document.words]
    vectors = coverage = None
    if settings.embedder.vectors:
        vectors = read_vectors(settings.embedder.vectors, wanted=wanted_words(words), keep=settings.embedder.keep)
    vocab = build_vocab(
        words,
        tags={task: _tags(settings, task, schemes[task], sources) for task in schemes},
        vector_words=[*(earlier.vocab.frozen if earlier else ()), *(vectors.words if vectors else ())],
        min_count=settings.embedder.min_count,
        digits=settings.embedder.digits,
        longest=settings.embedder.characters.longest if settings.embedder.characters else 24,
        features=build_features(
            settings,
            (document for source in sources for document in source.train),
            kept=kept_lists(settings, earlier) if earlier else None,
        ),
    )
    if vectors:
        coverage = _coverage(words, vectors)
    if earlier:
        vocab = extend_vocab(vocab, earlier.vocab)
        name_lost_labels(vocab, earlier.vocab)
    return Prepared(sources, schemes, vocab, vectors, coverage, earlier)


def _tags(settings: Settings, task: str, scheme: Scheme, sources: Sequence[Source]) -> list[str]:
    """All tags the network may give: for spans every prefix of every label, for plain tags those seen in training."""
    source = next(source for source in sources if task in source.tasks)
    if scheme is Scheme.NONE:
        return sorted(set(chain.from_iterable(document.tags[task] for document in source.train)))
    labels = {
        label
        for document in source.train
        for start, end in zip(document.bounds, document.bounds[1:], strict=False)
        for _, _, label in tags_to_spans(document.tags[task][start:end], scheme)
    }
    return tag_names(sorted(labels), network_scheme(settings, task, scheme))


def _coverage(words: list[str], vectors: Vectors) -> float:
    have = set(vectors.words)
    coverage = sum(word.lower() in have for word in words) / max(len(words), 1)
    if coverage < LOW_COVERAGE:
        logger.warning(
            "only %.1f %% of the training tokens have a vector in %s: is it the right language and spelling?",
            100 * coverage,
            vectors.path,
        )
    return coverage


@torch.no_grad()
def _fill(model: TaggingModel, vocab: Vocab, vectors: Vectors) -> None:
    """Puts the pretrained vectors into trained and frozen rows; trained rows without one keep their random start."""
    at = {word: row for row, word in enumerate(vectors.words)}
    for table, words in ((model.embedder.words.weight, vocab.trained), (model.embedder.frozen, vocab.frozen)):
        pairs = [(row, at[word]) for row, word in enumerate(words) if word in at]
        targets, origins = np.array(pairs, np.int64).reshape(-1, 2).T
        for first in range(0, len(pairs), _FILLED):  # in pieces, since a second copy of the table would be large
            piece = slice(first, first + _FILLED)
            table[torch.from_numpy(targets[piece])] = torch.from_numpy(vectors.table[origins[piece]])
