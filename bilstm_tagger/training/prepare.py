"""From the settings' corpora to everything training starts from."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise

import numpy as np
import torch

from bilstm_tagger.corpus.trained import training_specs
from bilstm_tagger.errors import ConfigError
from bilstm_tagger.model_folder.build import build_model
from bilstm_tagger.model_folder.info import ModelInfo
from bilstm_tagger.model_folder.network import TaskConfig, network_config
from bilstm_tagger.nn.model import TaggingModel
from bilstm_tagger.schemes.grammar import UNKNOWN, Scheme, has_unknown, tag_names
from bilstm_tagger.schemes.spans import tags_to_spans
from bilstm_tagger.settings.loading import portable
from bilstm_tagger.settings.schema import Settings
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.training.data import EncodedCorpus, encode_corpus
from bilstm_tagger.training.replay import add_replay
from bilstm_tagger.training.sources import Source, read_sources, schemes_of, settle_sources
from bilstm_tagger.training.warm_start import kept_lists, load_earlier, name_lost_labels, same_word_size, take_over
from bilstm_tagger.vocab.coverage import LOW, Coverage
from bilstm_tagger.vocab.features import build_features
from bilstm_tagger.vocab.vectors import Vectors, read_vectors
from bilstm_tagger.vocab.vocab import Vocab, build_vocab, extend_vocab, lookup_keys

logger = logging.getLogger("bilstm_tagger")

_FILLED = 20_000  # rows copied at a time


@dataclass(frozen=True, slots=True)
class Prepared:
    """What training starts from.

    Attributes:
        sources: the corpora, each with its tasks.
        info: all that is known of the model to be trained: its network, vocabulary and schemes.
        vectors: pretrained vectors, if any.
        coverage: share of training tokens that have a pretrained vector; None without vectors.
        earlier: the tagger whose weights training starts from, if any.
    """

    sources: list[Source]
    info: ModelInfo
    vectors: Vectors | None
    coverage: float | None
    earlier: Tagger | None = None

    def encode(self, *, recase: bool) -> list[EncodedCorpus]:
        """The training documents of each source as ids; `recase` keeps their words in other cases too."""
        encodings = {task: config.encoding for task, config in self.info.network.tasks.items()}
        return [
            encode_corpus(
                source.train,
                self.info.vocab,
                tasks={task: encodings[task] for task in source.tasks},
                recase=recase,
                option=source.option,
            )
            for source in self.sources
        ]

    def model(self) -> TaggingModel:
        """A model with pretrained vectors as word rows where there are any; all else is fresh or an earlier model's."""
        model = build_model(self.info.network, self.info.vocab)
        if self.vectors:
            _fill(model, self.info.vocab, self.vectors)
        if self.earlier:
            take_over(model, self.info.vocab, self.earlier)
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
    earlier = load_earlier(settings.training.init_from)
    if settings.data.replay:
        sources = add_replay(settings, sources, earlier)
    words = [word for source in sources for document in source.train for word in document.words]
    vectors = coverage = None
    if settings.embedder.vectors:
        vectors = read_vectors(
            settings.embedder.vectors, words=lookup_keys(words), keep=settings.embedder.max_pretrained
        )
        coverage = _coverage(words, vectors)
    size = vectors.size if vectors else settings.embedder.size
    if earlier:
        size = same_word_size(earlier, vectors)
    network = network_config(settings, schemes, word_size=size)
    vocab = build_vocab(
        words,
        tags={task: _tags(config, task, sources) for task, config in network.tasks.items()},
        vector_words=[*(earlier.vocab.words if earlier else ()), *(vectors.words if vectors else ())],
        min_count=settings.embedder.min_count,
        longest=settings.embedder.characters.longest if settings.embedder.characters else 24,
        features=build_features(
            settings.features,
            (document for source in sources for document in source.train),
            kept=kept_lists(settings.features, earlier) if earlier else None,
        ),
    )
    if earlier:
        vocab = extend_vocab(vocab, earlier.vocab)
        name_lost_labels(vocab, earlier.vocab)
    reading = training_specs(settings.data, settings.tasks, settings.features)
    info = ModelInfo(network, vocab, settings.data.tokenizer, reading, portable(settings))
    return Prepared(sources, info, vectors, coverage, earlier)


def _tags(config: TaskConfig, task: str, sources: Sequence[Source]) -> list[str]:
    """All tags the network may give: for spans every prefix of every label, for plain tags those seen in training."""
    source = next(source for source in sources if task in source.tasks)
    if config.scheme is Scheme.NONE:
        if any(option.unmarked for option in source.options.get(task, {}).values()):
            raise ConfigError(f"tasks.{task}: unmarked is for labels of spans, but its tags are plain; leave it out")
        tags = set(chain.from_iterable(document.tags[task] for document in source.train))
        return sorted(tags - {UNKNOWN} if has_unknown(tags) else tags)
    labels = sorted({
        label
        for document in source.train
        for start, end in pairwise(document.bounds)
        for _, _, label in tags_to_spans(document.tags[task][start:end], config.scheme)
    })  # fmt: skip
    _check_unmarked(source, task, labels)
    return tag_names(labels, config.encoding)


def _check_unmarked(source: Source, task: str, labels: Sequence[str]) -> None:
    """Refuse labels that are not annotated anywhere: nothing could be learnt of them."""
    for option in source.options.get(task, {}).values():
        for label in option.unmarked:
            if label not in labels:
                raise ConfigError(
                    f"tasks.{task}: unmarked names {label!r}, which no training corpus annotates; "
                    f"there are {', '.join(labels)}"
                )


def _coverage(words: list[str], vectors: Vectors) -> float:
    coverage = Coverage(vectors.words).of_tokens(Counter(words))
    if coverage < LOW:
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
