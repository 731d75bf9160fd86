"""Corpora as numbers, and the order in which training reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from bilstm_tagger.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.labels import Scheme, convert
from bilstm_tagger.nn.batch import Batch, Types
from bilstm_tagger.vocab import Vocab

POOL = 50  # batches whose sentences are sorted by length together, to spare padding


@dataclass(frozen=True, slots=True)
class EncodedCorpus:
    """Sentences as ids.

    Attributes:
        types: the distinct words; entry 0 is the padding type.
        words: for each sentence the entries of its tokens in `types`.
        tags: for each task the tag ids of each sentence.
    """

    types: Types
    words: list[np.ndarray]
    tags: dict[str, list[np.ndarray]]

    def __len__(self) -> int:
        return len(self.words)

    @property
    def tokens(self) -> int:
        """Number of tokens."""
        return sum(map(len, self.words))

    def batch(self, members: np.ndarray) -> Batch:
        """The sentences with these numbers, padded."""
        chosen = [self.words[member] for member in members]
        lengths = np.array([len(words) for words in chosen])
        distinct, index = np.unique(np.concatenate([[0], *chosen]), return_inverse=True)
        places = np.arange(lengths.max()) < lengths[:, None]
        tags = {task: _pad([ids[member] for member in members], places) for task, ids in self.tags.items()}
        return Batch(
            self.types.select(torch.from_numpy(distinct)),
            _pad([index[1:]], places),
            torch.from_numpy(lengths),
            tags,
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


def encode_corpus(documents: Sequence[Document], vocab: Vocab, *, tasks: Mapping[str, Scheme]) -> EncodedCorpus:
    """The documents' sentences as ids; empty sentences are left out.

    Args:
        documents: with gold tags of all `tasks` and their schemes resolved.
        vocab: ids of words and tags.
        tasks: the scheme in which the network writes each task's tags.

    Raises:
        CorpusError: for a tag that the vocabulary lacks.
    """
    entries: dict[str, int] = {}
    words: list[np.ndarray] = []
    tags: dict[str, list[np.ndarray]] = {task: [] for task in tasks}
    ids = {task: {tag: number for number, tag in enumerate(vocab.tags[task])} for task in tasks}
    for document in documents:
        places = np.array([entries.setdefault(word, len(entries) + 1) for word in document.words], np.int64)
        for start, end in zip(document.bounds, document.bounds[1:], strict=False):
            if start == end:
                continue
            words.append(places[start:end])
            for task, scheme in tasks.items():
                gold = convert(document.tags[task][start:end], document.schemes.get(task, Scheme.NONE), scheme)
                try:
                    tags[task].append(np.array([ids[task][tag] for tag in gold], np.int64))
                except KeyError as error:
                    raise CorpusError(
                        f"{document.where(start)}: tag {error} of {task} is not in the vocabulary"
                    ) from None
    return EncodedCorpus(encode_types(vocab, list(entries)), words, tags)


def batches(corpora: Sequence[EncodedCorpus], *, batch_size: int, seed: int, epoch: int) -> Iterator[Batch]:
    """One epoch's batches in an order that depends on seed and epoch alone.

    Sentences are shuffled, sorted by length within pools of 50 batches, and the batches shuffled again; those of
    several
    corpora are mixed in proportion to their sizes.
    """
    order = np.random.default_rng([seed, epoch])
    plan: list[tuple[EncodedCorpus, np.ndarray]] = []
    for corpus in corpora:
        shuffled = order.permutation(len(corpus))
        for first in range(0, len(shuffled), POOL * batch_size):
            pool = shuffled[first : first + POOL * batch_size]
            pool = pool[np.argsort([len(corpus.words[member]) for member in pool], kind="stable")]
            plan += [(corpus, pool[at : at + batch_size]) for at in range(0, len(pool), batch_size)]
    for number in order.permutation(len(plan)):
        corpus, members = plan[number]
        yield corpus.batch(members)


def batches_per_epoch(corpora: Sequence[EncodedCorpus], batch_size: int) -> int:
    """Number of batches that `batches` yields."""
    return sum(-(-len(corpus) // batch_size) for corpus in corpora)
