"""Sizes of a corpus, and setting a part of it aside."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import ConfigError, CorpusError
from bilstm_tagger.wording import counted

# From this many documents on, whole documents are set aside instead of sentences.
_ENOUGH_DOCUMENTS = 10


def set_aside(
    documents: Sequence[Document], fraction: float = 0.1, seed: int = 0
) -> tuple[list[Document], list[Document]]:
    """Split off development data: whole documents where there are at least ten, else sentences.

    The same arguments always give the same split; the order stays that of the corpus.

    Args:
        documents: the corpus.
        fraction: share to set aside, between 0 and 1; at least one piece goes to each side.
        seed: chooses which.

    Returns:
        The remaining documents and those set aside. Where sentences were drawn each is a document.

    Raises:
        ConfigError: if `fraction` is not between 0 and 1.
        CorpusError: if there is only one sentence.
    """
    if not 0 < fraction < 1:
        raise ConfigError(f"the fraction to set aside must lie between 0 and 1, not {fraction}")
    units = _units(documents)
    if len(units) < 2:
        raise CorpusError("the corpus has fewer than two sentences, none can be set aside; name development data")
    count = min(max(round(len(units) * fraction), 1), len(units) - 1)
    chosen = set(random.Random(seed).sample(range(len(units)), count))
    train = [unit for index, unit in enumerate(units) if index not in chosen]
    return train, [unit for index, unit in enumerate(units) if index in chosen]


def fold(documents: Sequence[Document], count: int, seed: int = 0) -> list[tuple[list[Document], list[Document]]]:
    """Divide a corpus for cross-validation: whole documents where there are at least ten, else sentences.

    Args:
        documents: the corpus.
        count: number of folds, at least 2; their sizes differ by one piece at most.
        seed: chooses what goes where.

    Returns:
        For each fold the rest of the corpus and the fold itself, each in the order of the corpus.

    Raises:
        ConfigError: if there are fewer than two folds.
        CorpusError: if there are fewer pieces than folds.
    """
    if count < 2:
        raise ConfigError(f"cross-validation needs at least 2 folds, not {count}")
    units = _units(documents, enough=max(_ENOUGH_DOCUMENTS, 2 * count))
    if len(units) < count:
        raise CorpusError(f"{counted(len(units), 'sentence is', 'sentences are')} too few for {count} folds")
    order = random.Random(seed).sample(range(len(units)), len(units))
    folds = []
    for number in range(count):
        chosen = set(order[number::count])
        rest = [unit for index, unit in enumerate(units) if index not in chosen]
        folds.append((rest, [unit for index, unit in enumerate(units) if index in chosen]))
    return folds


def _units(documents: Sequence[Document], *, enough: int = _ENOUGH_DOCUMENTS) -> list[Document]:
    """What a corpus is divided into: its documents if there are `enough`, else its sentences, each a document."""
    units = [document for document in documents if document.words]
    return units if len(units) >= enough else [sentence for document in units for sentence in _cut(document)]


def _cut(document: Document) -> Iterator[Document]:
    """Each sentence with tokens as a document of its own."""
    for number, (first, last) in enumerate(pairwise(document.bounds)):
        if first != last:
            yield sentence_document(document, number)


def sentence_document(document: Document, number: int) -> Document:
    """A sentence as a document of its own, with its own piece of the text.

    Args:
        document: the document.
        number: number of a sentence that has tokens, from 0.
    """
    first, last = document.bounds[number : number + 2]
    base = document.starts[first]
    starts, ends = document.starts[first:last], document.ends[first:last]
    return Document(
        words=document.words[first:last],
        bounds=[0, last - first],
        text=document.text[base : max(ends)],
        starts=[start - base for start in starts],
        ends=[end - base for end in ends],
        tags={task: document.tags_of(task)[first:last] for task in document.tasks},
        schemes=dict(document.schemes),
        id=document.id,
        path=document.path,
        sheet=document.sheet,
        record=document.record,
        lines=None if document.lines is None else document.lines[first:last],
        columns={name: column[first:last] for name, column in document.columns.items()},
        probabilities={task: known.part(first, last) for task, known in document.probabilities.items()},
    )


@dataclass(frozen=True, slots=True)
class CorpusStats:
    """Sizes of a corpus.

    Attributes:
        documents: number of documents.
        sentences: number of sentences.
        tokens: number of tokens.
    """

    documents: int
    sentences: int
    tokens: int

    def __str__(self) -> str:
        """One line for people."""
        return ", ".join(
            [counted(self.documents, "document"), counted(self.sentences, "sentence"), counted(self.tokens, "token")]
        )


def stats(documents: Iterable[Document]) -> CorpusStats:
    """Count documents, sentences and tokens."""
    sizes = [(len(document.bounds) - 1, len(document.words)) for document in documents]
    return CorpusStats(len(sizes), sum(sentences for sentences, _ in sizes), sum(tokens for _, tokens in sizes))


def digest(documents: Iterable[Document]) -> str:
    """SHA-256 of the words, sentences and tags of a corpus that is not one file, in hexadecimal."""
    hashed = hashlib.sha256()
    for document in documents:
        for part in (document.words, map(str, document.bounds), *document.tags.values()):
            hashed.update("\0".join(part).encode("utf-8", "surrogatepass") + b"\1")
    return hashed.hexdigest()
