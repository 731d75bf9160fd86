"""Corpora as numbers, and the order in which training reads them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import torch

from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.nn.batch import Batch, Types
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.settings.schema import CorpusSettings
from bilstm_tagger.training.partial import TagSets, tag_choices
from bilstm_tagger.vocab.features import encode_features
from bilstm_tagger.vocab.vocab import Vocab

FEWEST_BATCHES = 50  # in an epoch
SMALLEST_BATCH = 8
POOL = 40  # batches whose sentences are sorted by length together: 6 % padding on CoNLL-2003


@dataclass(frozen=True, slots=True)
class EncodedCorpus:
    """Sentences as ids.

    Attributes:
        types: the distinct words; entry 0 is the padding type.
        words: for each sentence the entries of its tokens in `types`.
        tags: for each task the tag ids of each sentence.
        recased: for each type its lower-case and its upper-case type `(2, types)`; None where nothing is recased.
        features: for each further feature its ids of each sentence.
        tag_sets: for each task with tags that are not known which tags each set has `(sets, tags)`.
        weights: for each task whose sentences do not all count the same the factor of each one's loss.
    """

    types: Types
    words: list[np.ndarray]
    tags: dict[str, list[np.ndarray]]
    recased: np.ndarray | None = None
    features: dict[str, list[np.ndarray]] = field(default_factory=dict)
    tag_sets: dict[str, np.ndarray] = field(default_factory=dict)
    weights: dict[str, np.ndarray] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.words)

    @property
    def tokens(self) -> int:
        """Number of tokens."""
        return sum(map(len, self.words))

    def batch(self, members: np.ndarray, cases: np.ndarray | None = None) -> Batch:
        """The sentences with these numbers, padded.

        Args:
            members: numbers of the sentences.
            cases: for each sentence 0 for lower case, 1 for upper case, -1 for its own.
        """
        chosen = [self.words[member] for member in members]
        if cases is not None and self.recased is not None:
            chosen = [
                words if case < 0 else self.recased[case, words] for words, case in zip(chosen, cases, strict=True)
            ]
        lengths = np.array([len(words) for words in chosen])
        distinct, index = np.unique(np.concatenate([[0], *chosen]), return_inverse=True)
        places = np.arange(lengths.max()) < lengths[:, None]
        tags = {task: _pad([ids[member] for member in members], places) for task, ids in self.tags.items()}
        return Batch(
            self.types.select(torch.from_numpy(distinct)),
            _pad([index[1:]], places),
            torch.from_numpy(lengths),
            tags,
            {name: _pad([ids[member] for member in members], places) for name, ids in self.features.items()},
            {task: torch.from_numpy(sets) for task, sets in self.tag_sets.items() if bool((tags[task] < 0).any())},
            {task: torch.from_numpy(factors[members]) for task, factors in self.weights.items()},
        )


def _pad(rows: list[np.ndarray], places: np.ndarray) -> torch.Tensor:
    padded = np.zeros(places.shape, np.int64)
    padded[places] = np.concatenate(rows)
    return torch.from_numpy(padded)


def encode_types(vocab: Vocab, words: Sequence[str]) -> Types:
    """The words as types, behind the padding type."""
    arrays = vocab.encode(words)
    return Types(
        torch.from_numpy(np.concatenate([[0], arrays.rows])),
        torch.from_numpy(np.pad(arrays.chars, ((1, 0), (0, 0)))),
        torch.from_numpy(np.concatenate([[0], arrays.shapes])),
    )


def encode_corpus(
    documents: Sequence[Document],
    vocab: Vocab,
    *,
    tasks: Mapping[str, Scheme],
    recase: bool = False,
    option: Callable[[str, Document], CorpusSettings | None] = lambda task, document: None,
) -> EncodedCorpus:
    """The documents' sentences as ids; empty sentences are left out.

    Args:
        documents: with gold tags of all `tasks` and their schemes resolved.
        vocab: ids of words and tags.
        tasks: the scheme in which the network writes each task's tags.
        recase: whether the words' lower- and upper-case forms are wanted too.
        option: tells for a task and a document what its corpus does not annotate and how much it counts.

    Raises:
        CorpusError: for a tag that the vocabulary lacks.
    """
    entries: dict[str, int] = {}
    words: list[np.ndarray] = []
    tags: dict[str, list[np.ndarray]] = {task: [] for task in tasks}
    features: dict[str, list[np.ndarray]] = {name: [] for name in vocab.features}
    sets = {task: TagSets(vocab.tags[task]) for task in tasks}
    weights: dict[str, list[float]] = {task: [] for task in tasks}
    for document in documents:
        types = np.array([entries.setdefault(word, len(entries) + 1) for word in document.words], np.int64)
        options = {task: option(task, document) for task in tasks}
        gold = {task: _tag_ids(document, task, scheme, sets[task], options[task]) for task, scheme in tasks.items()}
        further = encode_features(vocab.features, [document])
        for start, end in pairwise(document.bounds):
            if start == end:
                continue
            words.append(types[start:end])
            for task, ids in gold.items():
                tags[task].append(ids[start:end])
                weights[task].append(getattr(options[task], "weight", 1.0))
            for name, ids in further.items():
                features[name].append(ids[start:end])
    recased = _recased(entries) if recase else None
    return EncodedCorpus(
        encode_types(vocab, list(entries)),
        words,
        tags,
        recased,
        features,
        {task: each.table() for task, each in sets.items() if each.used},
        {task: np.array(each, np.float32) for task, each in weights.items() if set(each) - {1.0}},
    )


def _recased(entries: dict[str, int]) -> np.ndarray:
    """Lower- and upper-case entry of each word `(2, types)`; forms not yet in `entries` are added to it."""
    forms = list(entries)
    cases = [
        [0, *(entries.setdefault(change(word), len(entries) + 1) for word in forms)]
        for change in (str.lower, str.upper)
    ]
    return np.array(cases, np.int64)


def _tag_ids(document: Document, task: str, scheme: Scheme, sets: TagSets, option: CorpusSettings | None) -> np.ndarray:
    """The document's gold tags, written as the network does, as ids; negative ones of sets where they are unknown."""
    source = document.schemes.get(task, Scheme.NONE)
    unmarked = option.unmarked if option else ()
    numbers = []
    for start, end in pairwise(document.bounds):
        choices = tag_choices(document.tags[task][start:end], source, scheme, labels=sets.labels, unmarked=unmarked)
        for choice in choices:
            number = sets.id_of(choice)
            if number is None:
                raise CorpusError(f"{document.where(start)}: tag {choice!r} of {task} is not in the vocabulary")
            numbers.append(number)
    return np.array(numbers, np.int64)


@dataclass(frozen=True, slots=True)
class PlannedBatch:
    """The sentences of a batch that is not yet made.

    Attributes:
        corpus: where they are from.
        members: their numbers.
        cases: for each one its case, as in `EncodedCorpus.batch`; None where each has its own.
    """

    corpus: EncodedCorpus
    members: np.ndarray
    cases: np.ndarray | None

    @property
    def tokens(self) -> int:
        """Number of tokens."""
        return sum(len(self.corpus.words[member]) for member in self.members)

    def share(self, number: int = 0, count: int = 1) -> tuple[Batch, float]:
        """What one of several processes reads, and by what it divides its loss, so that the mean over the processes is
        the loss per sentence.

        Where a batch has fewer sentences than there are processes, some of them read a sentence that counts nothing.
        """
        places = np.arange(number, len(self.members), count)
        divisor = len(self.members) / count if len(places) else math.inf
        places = places if len(places) else np.zeros(1, np.int64)
        cases = None if self.cases is None else self.cases[places]
        return self.corpus.batch(self.members[places], cases), divisor


def batches(
    corpora: Sequence[EncodedCorpus], *, batch_size: int, seed: int, epoch: int, recase: float = 0.0
) -> Iterator[Batch]:
    """One epoch's batches, as `plan` orders them."""
    for planned in plan(corpora, batch_size=batch_size, seed=seed, epoch=epoch, recase=recase):
        yield planned.share()[0]


def plan(
    corpora: Sequence[EncodedCorpus], *, batch_size: int, seed: int, epoch: int, recase: float = 0.0
) -> Iterator[PlannedBatch]:
    """One epoch's batches in an order that depends on seed and epoch alone.

    Those of several corpora are mixed in proportion to their sizes. A share `recase` of the sentences is read in lower
    or upper case.
    """
    order = epoch_order(seed, epoch)
    for corpus, members in batch_plan(corpora, batch_size=batch_size, order=order):
        cases = None
        if recase:
            draw = order.random(len(members))
            cases = np.where(draw < recase / 2, 0, np.where(draw < recase, 1, -1))
        yield PlannedBatch(corpora[corpus], members, cases)


def epoch_order(seed: int, epoch: int) -> np.random.Generator:
    """Decides the order of an epoch."""
    return np.random.default_rng([seed, epoch])


def batch_plan(
    corpora: Sequence[EncodedCorpus], *, batch_size: int, order: np.random.Generator
) -> list[tuple[int, np.ndarray]]:
    """For each batch of an epoch the number of its corpus and the numbers of its sentences.

    Sentences are shuffled, sorted by length within pools of 40 batches, and the batches shuffled again.
    """
    found: list[tuple[int, np.ndarray]] = []
    for number, corpus in enumerate(corpora):
        shuffled = order.permutation(len(corpus))
        lengths = np.array([len(words) for words in corpus.words], np.int64)
        found += [(number, members) for members in _by_length(shuffled, lengths, batch_size)]
    return [found[place] for place in order.permutation(len(found))]


def _by_length(shuffled: np.ndarray, lengths: np.ndarray, batch_size: int) -> Iterator[np.ndarray]:
    """The batches of a corpus whose sentences have been shuffled."""
    for first in range(0, len(shuffled), POOL * batch_size):
        pool = shuffled[first : first + POOL * batch_size]
        pool = pool[np.argsort(lengths[pool], kind="stable")]
        yield from (pool[at : at + batch_size] for at in range(0, len(pool), batch_size))


def largest_batch(lengths: Sequence[int], batch_size: int) -> int:
    """Tokens, padding included, of the largest batch that training will see sooner or later.

    Args:
        lengths: tokens of each sentence of a corpus.
        batch_size: sentences in a batch.
    """
    if len(lengths) > POOL * batch_size:  # the longest ones can meet in a pool that fills its batches
        return max(lengths) * batch_size
    sizes = np.array(lengths, np.int64)
    found = _by_length(np.arange(len(sizes)), sizes, batch_size)  # one pool: the same batches in each epoch
    return max((len(members) * int(sizes[members].max()) for members in found), default=0)


def sentences_at(documents: Iterable[Document], numbers: Sequence[int]) -> list[str]:
    """Where the sentences with these numbers stand, as `encode_corpus` counts them."""
    filled = (
        (document, start) for document in documents for start, end in pairwise(document.bounds) if start < end
    )  # fmt: skip
    wanted = set(numbers)
    return [document.where(start) for number, (document, start) in enumerate(filled) if number in wanted]


def fitting_batch_size(sentences: int, largest: int) -> int:
    """Sentences in a batch: `largest`, or fewer, down to 8, where an epoch would have less than 50 batches.

    A few hundred sentences in large batches are read too often and learnt from too seldom.
    """
    return min(largest, max(SMALLEST_BATCH, sentences // FEWEST_BATCHES))


def batches_per_epoch(corpora: Sequence[EncodedCorpus], batch_size: int) -> int:
    """Number of batches that `batches` yields."""
    return sum(-(-len(corpus) // batch_size) for corpus in corpora)
