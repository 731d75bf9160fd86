"""Features of tokens beside the word: columns of the data, pairs of neighbouring words, phrases of lists."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from bilstm_tagger.errors import ConfigError, CorpusError
from bilstm_tagger.io.reading import open_text

if TYPE_CHECKING:
    from bilstm_tagger.document.document import Document
    from bilstm_tagger.settings.schema import FeatureSettings

PAD, UNK = 0, 1
_LETTERS = "BIES"

Kind = Literal["column", "bigram", "phrases"]


@dataclass(slots=True)
class Feature:
    """Values of a feature in the order of their ids, and how a token gets one.

    Attributes:
        name: its name, under which documents carry its column.
        kind: `column` of the data, `bigram` of a word and the next one, or `phrases` of lists.
        values: strings with an id; those of a column or bigrams too rare to learn have the id of the unknown, and
            so has a token outside all phrases.
        phrases: the lists, by label.
        ignore_case: whether phrases match in any case.
    """

    name: str
    kind: Kind
    values: list[str]
    phrases: dict[str, list[str]] = field(default_factory=dict)
    ignore_case: bool = False
    _ids: dict[str, int] = field(init=False, repr=False, compare=False)
    _matcher: _Matcher | None = field(init=False, repr=False, compare=False, default=None)

    def __post_init__(self) -> None:
        self._ids = {value: number for number, value in enumerate(self.values, UNK + 1)}
        if self.kind == "phrases":
            self._matcher = _Matcher(self.phrases, ignore_case=self.ignore_case)

    @property
    def count(self) -> int:
        """Number of ids: pad, unknown, and the values."""
        return len(self.values) + UNK + 1

    def encode(self, document: Document) -> np.ndarray:
        """The id of each token `(tokens,)`.

        Raises:
            CorpusError: if the document lacks the column.
        """
        found = values_of(self.name, self.kind, document, self._matcher)
        get = self._ids.get
        return np.fromiter((get(value, UNK) for value in found), np.int64, len(document.words))

    def to_json(self) -> dict[str, Any]:
        """Plain values for `vocab.json`."""
        values = {"kind": self.kind, "values": self.values}
        return values | ({"phrases": self.phrases, "ignore_case": self.ignore_case} if self.phrases else {})


def build_features(
    settings: Mapping[str, FeatureSettings], documents: Iterable[Document], *, kept: Mapping[str, Feature] | None = None
) -> dict[str, Feature]:
    """The features that the settings name, with the values that the training documents have.

    Args:
        settings: those of each feature by its name.
        documents: the training documents.
        kept: features that are taken as they are, such as lists of an earlier model whose files may be gone.

    Raises:
        ConfigError: if a list of phrases cannot be read or is empty.
        CorpusError: if a document lacks a column.
    """
    listed = list(documents) if settings else []
    known = kept or {}
    return {name: known.get(name) or _build(name, chosen, listed) for name, chosen in settings.items()}


def _build(name: str, chosen: FeatureSettings, documents: Sequence[Document]) -> Feature:
    if chosen.phrases:
        phrases = {label: _read_phrases(name, path) for label, path in chosen.phrases.items()}
        labels = sorted(set(_Matcher(phrases, ignore_case=chosen.ignore_case).labels.values()))
        values = [f"{letter}-{label}" for label in labels for letter in _LETTERS]
        return Feature(name, "phrases", values, phrases, chosen.ignore_case)
    kind: Kind = "bigram" if chosen.bigram else "column"
    counts = Counter(chain.from_iterable(values_of(name, kind, document, None) for document in documents))
    return Feature(name, kind, sorted(value for value, count in counts.items() if count >= chosen.min_count))


def merge_features(features: Mapping[str, Feature], earlier: Mapping[str, Feature]) -> dict[str, Feature]:
    """The features with all values of an earlier model's first, whose ids stay the same."""
    merged = {}
    for name, feature in features.items():
        old = earlier.get(name)
        values = dict.fromkeys([*(old.values if old and old.kind == feature.kind else ()), *feature.values])
        merged[name] = Feature(name, feature.kind, list(values), feature.phrases, feature.ignore_case)
    return merged


def encode_features(features: Mapping[str, Feature], documents: Iterable[Document]) -> dict[str, np.ndarray]:
    """Ids of the tokens of consecutive documents `(tokens,)` by feature; empty, at no cost, without features."""
    if not features:
        return {}
    listed = list(documents)
    return {
        name: np.concatenate([np.zeros(0, np.int64), *map(feature.encode, listed)])
        for name, feature in features.items()
    }


def values_of(name: str, kind: Kind, document: Document, matcher: _Matcher | None) -> Sequence[str]:
    """The value of each token, as a string."""
    if kind == "phrases" and matcher is not None:
        return [value for start, end in pairwise(document.bounds) for value in matcher(document.words[start:end])]
    if kind == "bigram":
        return list(_bigrams(document))
    if name not in document.columns:
        if not document.words:
            return []
        raise CorpusError(
            f"{document.path or document.id or 'the text'}: has no column for the feature {name!r} that the model "
            f"reads beside the words; give a file with that column, or a Document with columns={{{name!r}: [...]}}"
        )
    return document.columns[name]


def _bigrams(document: Document) -> Iterator[str]:
    """Each word with the next one of its sentence; the last word alone."""
    for start, end in pairwise(document.bounds):
        words = document.words[start:end]
        yield from (f"{word} {after}" for word, after in pairwise(words))
        yield from words[-1:]


class _Matcher:
    """Finds phrases in sentences, from left to right the longest at each place.

    Phrases are compared without their white space, so that it does not matter how the text was cut into tokens; a match
    begins and ends with a token. A phrase that several lists have gets their labels joined by `+`.
    """

    def __init__(self, phrases: Mapping[str, Sequence[str]], *, ignore_case: bool) -> None:
        self.ignore_case = ignore_case
        found: dict[str, list[str]] = {}
        for label, listed in sorted(phrases.items()):
            for phrase in listed:
                labels = found.setdefault(self._key(phrase), [])
                if label not in labels:
                    labels.append(label)
        self.labels = {key: "+".join(labels) for key, labels in found.items() if key}
        self.keys = sorted(self.labels)

    def _key(self, text: str) -> str:
        joined = "".join(text.split())
        return joined.casefold() if self.ignore_case else joined

    def __call__(self, words: Sequence[str]) -> list[str]:
        """The tag of each word of a sentence in IOBES, `O` outside."""
        tags = ["O"] * len(words)
        keys = list(map(self._key, words))
        start = 0
        while start < len(words):
            end, label = self._longest(keys, start)
            if end - start == 1:
                tags[start] = f"S-{label}"
            elif end > start:
                tags[start:end] = [f"B-{label}", *[f"I-{label}"] * (end - start - 2), f"E-{label}"]
            start = max(end, start + 1)
        return tags

    def _longest(self, keys: Sequence[str], start: int) -> tuple[int, str]:
        """End and label of the longest phrase that begins there; `start` itself if there is none."""
        best, label, text = start, "", ""
        for end in range(start, len(keys)):
            text += keys[end]
            place = bisect_left(self.keys, text)
            if place == len(self.keys) or not self.keys[place].startswith(text):
                break
            if self.keys[place] == text and text:
                best, label = end + 1, self.labels[text]
        return best, label


def _read_phrases(name: str, path: str) -> list[str]:
    """The phrases of a file, one a line; empty lines and repetitions are left out."""
    try:
        phrases = dict.fromkeys(" ".join(line.split()) for _, line in open_text(path) if not line.isspace() and line)
    except (CorpusError, OSError) as error:
        raise ConfigError(f"features.{name}: {error}") from None
    if not phrases:
        raise ConfigError(f"features.{name}: {path} holds no phrase; write one a line")
    return list(phrases)
