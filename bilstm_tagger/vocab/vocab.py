"""The vocabulary: words, characters and tags as ids, and the ids that the network reads for a word."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from bilstm_tagger.vocab.features import Feature, merge_features

PAD, UNK = 0, 1
SHAPES = ("pad", "other", "lower", "title", "upper", "initial", "mixed", "number", "digits and letters")
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class TypeArrays:
    """Words as ids, int64.

    Attributes:
        rows: row of the word vector `(words,)`.
        chars: character ids `(words, characters)`, padded with `PAD`.
        shapes: index into `SHAPES` `(words,)`.
    """

    rows: np.ndarray
    chars: np.ndarray
    shapes: np.ndarray


@dataclass(slots=True)
class Vocab:
    """Words, characters and tags in the order of their ids.

    Attributes:
        trained: keys of the trained word rows, as `key_of` finds them; entries 0 and 1 are pad and unk.
        frozen: keys of the frozen rows, whose ids follow.
        characters: character ids; entries 0 and 1 are pad and unk.
        tags: for each task its tags in the order of their ids.
        known: word forms of the training data, for scores on known and unknown words.
        longest: how many characters of a word are read.
        features: further features of tokens, by name.
        cased: whether a word may have a row in the case it is written in.
    """

    trained: list[str]
    frozen: list[str]
    characters: list[str]
    tags: dict[str, list[str]]
    known: frozenset[str] = frozenset()
    longest: int = 24
    features: dict[str, Feature] = field(default_factory=dict)
    cased: bool = False
    _rows: dict[str, int] = field(init=False, repr=False, compare=False)
    _chars: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._rows = {word: row for row, word in enumerate(self.trained + self.frozen) if row > UNK}
        self._chars = {char: number for number, char in enumerate(self.characters) if number > UNK}

    @property
    def words(self) -> list[str]:
        """The keys of all rows, in their order, but for pad and unk."""
        return self.trained[UNK + 1 :] + self.frozen

    def row(self, word: str) -> int:
        """The row of a word under the first of its keys that has one, else unk."""
        key = key_of(word, self._rows, cased=self.cased)
        return UNK if key is None else self._rows[key]

    def encode(self, words: Sequence[str]) -> TypeArrays:
        """Row, characters and shape of each word."""
        cut = [shorten(word, self.longest) for word in words]
        chars = np.zeros((len(words), max(map(len, cut), default=0) or 1), np.int64)
        get = self._chars.get
        for place, word in enumerate(cut):
            chars[place, : len(word)] = [get(char, UNK) for char in word]
        rows = np.fromiter(map(self.row, words), np.int64, len(words))
        return TypeArrays(rows, chars, np.fromiter(map(shape_of, words), np.int64, len(words)))

    def to_json(self) -> dict[str, Any]:
        """Plain values for `vocab.json`."""
        return {
            "trained": self.trained,
            "frozen": self.frozen,
            "characters": self.characters,
            "tags": self.tags,
            "known": sorted(self.known),
            "longest": self.longest,
            "features": {name: feature.to_json() for name, feature in self.features.items()},
            **({"cased": True} if self.cased else {}),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Vocab:
        """The inverse of `to_json`."""
        features = {name: Feature(name, **feature) for name, feature in values.get("features", {}).items()}
        return cls(**{**values, "known": frozenset(values["known"]), "features": features})


def build_vocab(
    words: Iterable[str],
    *,
    tags: dict[str, list[str]],
    vector_words: Sequence[str] = (),
    min_count: int = 2,
    longest: int = 24,
    features: dict[str, Feature] | None = None,
) -> Vocab:
    """Build the vocabulary of the training tokens and of the pretrained words that were read.

    A training word gets a trained row if it has a pretrained vector (`key_of`) or occurs `min_count` times; a word
    that has no vector is counted as its lower-case form with digits as 0. All other pretrained words become frozen
    rows. Words are looked up as they are written too if a pretrained word has a capital.

    Args:
        words: the training tokens.
        tags: the tags of each task in the order of their ids.
        vector_words: the words of the pretrained vectors, and of a model to start from.
        min_count: how often a word without a vector must occur to get a row.
        longest: how many characters of a word are read.
        features: further features of tokens, by name.
    """
    forms = Counter(words)
    pretrained = dict.fromkeys(vector_words)
    cased = any(word != word.lower() for word in pretrained)
    keys: Counter[str] = Counter()
    for form, count in forms.items():
        keys[key_of(form, pretrained, cased=cased) or zero_digits(form.lower())] += count
    trained = [key for key, count in keys.most_common() if key in pretrained or count >= min_count]
    in_training = set(trained)
    characters = Counter(char for form, count in forms.items() for char in form * min(count, 2))
    return Vocab(
        trained=["<pad>", "<unk>", *trained],
        frozen=[word for word in pretrained if word not in in_training],
        characters=["<pad>", "<unk>", *sorted(char for char, count in characters.items() if count > 1)],
        tags=tags,
        known=frozenset(forms),
        longest=longest,
        features=features or {},
        cased=cased,
    )


def extend_vocab(vocab: Vocab, earlier: Vocab) -> Vocab:
    """Extend a vocabulary by all words and characters of an earlier model, whose ids stay the same.

    Args:
        vocab: the vocabulary of the new training data; the frozen words of `earlier` were among its pretrained words.
        earlier: the vocabulary of the model that training starts from.
    """
    trained = list(dict.fromkeys([*earlier.trained, *vocab.trained]))
    in_training = set(trained)
    return replace(
        vocab,
        trained=trained,
        frozen=[word for word in vocab.frozen if word not in in_training],
        characters=list(dict.fromkeys([*earlier.characters, *vocab.characters])),
        known=vocab.known | earlier.known,
        features=merge_features(vocab.features, earlier.features),
        cased=vocab.cased or earlier.cased,
    )


def lookup_keys(words: Iterable[str]) -> set[str]:
    """Every key under which one of the words may be looked up, so that only these are read from a file of vectors."""
    forms = set(words)
    keys = {form.lower() for form in forms}
    return forms | keys | {zero_digits(key) for key in keys}


def key_of(word: str, keys: Container[str], *, cased: bool = True) -> str | None:
    """The first of a word's keys that is among `keys`: the word itself, in lower case, and that with digits as 0.

    Args:
        word: the word.
        keys: those that there are.
        cased: whether it is looked up as it is written.
    """
    if cased and word in keys:
        return word
    low = word.lower()
    if low in keys:
        return low
    zeros = zero_digits(low)
    return zeros if zeros in keys else None


def zero_digits(word: str) -> str:
    """Replace each digit by 0."""
    return _DIGIT.sub("0", word)


def shorten(word: str, longest: int) -> str:
    """Cut a word longer than `longest` characters to that length: its first and its last characters."""
    if len(word) <= longest:
        return word
    head = longest // 2
    return word[:head] + word[len(word) - (longest - head) :]


def shape_of(word: str) -> int:
    """The case shape of a word, an index into `SHAPES`."""
    if word.islower():
        name = "lower"
    elif not any(map(str.isalnum, word)):
        name = "other"
    elif any(map(str.isdigit, word)):
        name = "digits and letters" if any(map(str.isalpha, word)) else "number"
    elif word.isupper():
        name = "initial" if len(word) == 1 else "upper"
    elif word[0].isupper() and word[1:].islower():
        name = "title"
    else:
        name = "mixed" if any(map(str.isupper, word)) else "other"
    return _SHAPE_IDS[name]


_SHAPE_IDS = {name: number for number, name in enumerate(SHAPES)}
