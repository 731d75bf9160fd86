"""Features of tokens beside the word: columns of the data, bigrams of words, phrases of word lists."""

from __future__ import annotations

import logging
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

logger = logging.getLogger("bilstm_tagger")

Kind = Literal["column", "bigram", "phrases"]


@dataclass(slots=True)
class Feature:
    """The values of a feature in the order of their ids, and how the value of a token is determined.

    Attributes:
        name: the name of the feature and, for a column, of the document's column.
        kind: `column` of the data, `bigram` of a word and the next one, or `phrases` of word lists.
        values: the strings with an id of their own. Rare values of a column or bigram have the id `UNK`, and so has a
            token outside all phrases.
        phrases: the phrases of each list, by label.
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
        """The number of ids: pad, unknown, and the values."""
        return len(self.values) + UNK + 1

    def encode(self, document: Document) -> np.ndarray:
        """The id of the feature's value at each token `(tokens,)`.

        Raises:
            CorpusError: the document lacks the column.
        """
        values = values_of(self.name, self.kind, document, self._matcher)
        get = self._ids.get
        return np.fromiter((get(value, UNK) for value in values), np.int64, len(document.words))

    def to_json(self) -> dict[str, Any]:
        """Plain values for `vocab.json`."""
        values = {"kind": self.kind, "values": self.values}
        return values | ({"phrases": self.phrases, "ignore_case": self.ignore_case} if self.phrases else {})


def build_features(
    settings: Mapping[str, FeatureSettings], documents: Iterable[Document], *, kept: Mapping[str, Feature] | None = None
) -> dict[str, Feature]:
    """Build the features that the settings name, with the values that occur in the training documents.

    Args:
        settings: the settings of each feature, by its name.
        documents: the training documents.
        kept: features that are used unchanged, such as lists of an earlier model whose files may be gone.

    Raises:
        ConfigError: a list of phrases cannot be read, is empty or has columns.
        CorpusError: a document lacks a column.
    """
    listed = list(documents) if settings else []
    kept = kept or {}
    return {name: kept.get(name) or _build(name, feature, listed) for name, feature in settings.items()}


def _build(name: str, settings: FeatureSettings, documents: Sequence[Document]) -> Feature:
    if settings.phrases:
        phrases = {label: _read_phrases(name, path) for label, path in settings.phrases.items()}
        labels = sorted(set(_Matcher(phrases, ignore_case=settings.ignore_case).labels.values()))
        values = [f"{letter}-{label}" for label in labels for letter in _LETTERS]
        feature = Feature(name, "phrases", values, phrases, settings.ignore_case)
        _tell_unfound(feature, settings.phrases, documents)
        return feature
    kind: Kind = "bigram" if settings.bigram else "column"
    counts = Counter(chain.from_iterable(values_of(name, kind, document, None) for document in documents))
    return Feature(name, kind, sorted(value for value, count in counts.items() if count >= settings.min_count))


def _tell_unfound(feature: Feature, paths: Mapping[str, str], documents: Sequence[Document]) -> None:
    """Warn of lists of which no phrase is in the training documents, so that nothing is learnt of them."""
    missing = dict(paths)
    for document in documents:
        for tag in set(values_of(feature.name, feature.kind, document, feature._matcher)):
            for label in tag[2:].split("+"):
                missing.pop(label, None)
        if not missing:
            return
    for label, path in missing.items() if documents else ():
        case = "" if feature.ignore_case else ", in the same case"
        logger.warning(
            "features.%s: no phrase of %s (%s) is in the training data%s; is there one phrase in each line?",
            feature.name,
            label,
            path,
            case,
        )


def merge_features(features: Mapping[str, Feature], earlier: Mapping[str, Feature]) -> dict[str, Feature]:
    """Put the values of an earlier model's features first, so that their ids stay the same.

    Args:
        features: the features of the new training data.
        earlier: the features of the model that training starts from.
    """
    merged = {}
    for name, feature in features.items():
        old = earlier.get(name)
        values = dict.fromkeys([*(old.values if old and old.kind == feature.kind else ()), *feature.values])
        merged[name] = Feature(name, feature.kind, list(values), feature.phrases, feature.ignore_case)
    return merged


def encode_features(features: Mapping[str, Feature], documents: Iterable[Document]) -> dict[str, np.ndarray]:
    """The ids of the tokens of consecutive documents `(tokens,)`, by feature; empty without features."""
    if not features:
        return {}
    listed = list(documents)
    return {
        name: np.concatenate([np.zeros(0, np.int64), *map(feature.encode, listed)])
        for name, feature in features.items()
    }


def values_of(name: str, kind: Kind, document: Document, matcher: _Matcher | None) -> Sequence[str]:
    """The value of a feature at each token, as a string.

    Args:
        name: the name of the feature.
        kind: the kind of the feature.
        document: the document.
        matcher: finds the phrases of a feature of kind `phrases`.

    Raises:
        CorpusError: the document lacks the column.
    """
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
    """Each word with the next one of its sentence; the last word by itself."""
    for start, end in pairwise(document.bounds):
        words = document.words[start:end]
        yield from (f"{word} {after}" for word, after in pairwise(words))
        yield from words[-1:]


class _Matcher:
    """Finds phrases in sentences, from left to right, the longest at each token.

    Phrases are compared without their white space, so that it does not matter how the text was tokenised; a match
    begins and ends with a token. A phrase that stands in several lists gets their labels joined by `+`.
    """

    def __init__(self, phrases: Mapping[str, Sequence[str]], *, ignore_case: bool) -> None:
        self.ignore_case = ignore_case
        labels_of: dict[str, list[str]] = {}
        for label, listed in sorted(phrases.items()):
            for phrase in listed:
                labels = labels_of.setdefault(self._key(phrase), [])
                if label not in labels:
                    labels.append(label)
        self.labels = {key: "+".join(labels) for key, labels in labels_of.items() if key}
        self.keys = sorted(self.labels)

    def _key(self, text: str) -> str:
        joined = "".join(text.split())
        return joined.casefold() if self.ignore_case else joined

    def __call__(self, words: Sequence[str]) -> list[str]:
        """The tag of each word of a sentence in IOBES, `O` outside phrases."""
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
        """End and label of the longest phrase that begins at `start`; `start` itself if there is none."""
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
    """The phrases of a file, one per line; empty lines and repetitions are left out."""
    phrases: dict[str, None] = {}
    try:
        for number, line in open_text(path):
            if "\t" in line.strip():
                raise ConfigError(
                    f"features.{name}: {path}:{number}: has columns ({line.strip()!r}); write one phrase in each "
                    'line, and those of each label in a file of their own: phrases = { LABEL = "FILE" }'
                )
            if line.strip():
                phrases[" ".join(line.split())] = None
    except (CorpusError, OSError) as error:
        raise ConfigError(f"features.{name}: {error}") from None
    if not phrases:
        raise ConfigError(f"features.{name}: {path} holds no phrase; write one per line")
    return list(phrases)
