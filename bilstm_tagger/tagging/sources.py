"""What a tagger takes: texts, word lists, lists of sentences, spaCy Docs and documents."""

from __future__ import annotations

import reprlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, cast

from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import TaggerError
from bilstm_tagger.tagging.checks import check_unicode, check_words

if TYPE_CHECKING:
    from bilstm_tagger.text.tokenizers import Tokenizer

Input = str | Sequence[str] | Sequence[Sequence[str]] | Any

_LISTS = (list, tuple)
_WANTED = "give a text, a list of words or a list of lists of words"


def read_source(source: Input, tokenizer: Callable[[], Tokenizer]) -> Document:
    """The untagged document of one source.

    Args:
        source: what the caller gave.
        tokenizer: gives the tokeniser of the model, which takes seconds to load.

    Raises:
        TaggerError: if it is nothing that can be tagged.
    """
    if not isinstance(source, _LISTS):  # which are looked at first, being the most and the smallest
        if isinstance(source, Document):
            check_words(source.words, "".join(source.words))
            return source
        if isinstance(source, str):
            check_unicode(source, "the text")
            return tokenizer()(source)
        if hasattr(source, "has_annotation"):  # a spaCy Doc, known without importing spaCy
            from bilstm_tagger.text.spacy_docs import document_of

            return document_of(cast("Any", source), tokenizer())[0]
        if not isinstance(source, Iterable) or isinstance(source, bytes | Mapping):
            raise TaggerError(f"{_WANTED}, not {type(source).__name__}")
    words = list(source)
    if (joined := _joined(words)) is not None:
        check_words(words, joined, "item {}".format)
        return Document(words, [0, len(words)])
    items = [list(each) if _is_sentence(each) else each for each in words]
    sentences = [each for each in items if isinstance(each, list)]
    every = list(chain.from_iterable(sentences))
    if len(sentences) < len(items) or (joined := _joined(every)) is None:
        raise TaggerError(_odd_one(items))
    check_words(every, joined, lambda at: _in_sentences(at, sentences))
    return Document.from_sentences(sentences)


def _is_sentence(item: object) -> bool:
    return isinstance(item, Iterable) and not isinstance(item, str | bytes | Mapping)


def _in_sentences(at: int, sentences: Sequence[Sequence[str]]) -> str:
    """The place of a word that has a number among the words of all sentences."""
    for number, sentence in enumerate(sentences):
        if at < len(sentence):
            return f"word {at} of item {number}"
        at -= len(sentence)
    raise IndexError(at)


def _odd_one(items: Sequence[Any]) -> str:
    """What is wrong with a list in which some item is neither a word nor a list of words, or which has both."""
    for at, item in enumerate(items):
        if isinstance(item, list):
            for number, word in enumerate(item):
                if not isinstance(word, str):
                    return _no_word(word, f"word {number} of item {at}")
        elif not isinstance(item, str):
            return _no_word(item, f"item {at}")
    word, sentence = (next(at for at, item in enumerate(items) if isinstance(item, kind)) for kind in (str, list))
    mixed = f"words and sentences are mixed in one list (item {word} is a word, item {sentence} a list, counted from 0)"
    return f"{mixed}; give a list of words or a list of lists of words"


def _no_word(word: object, place: str) -> str:
    told = f"{place}, counted from 0, is {reprlib.repr(word)}"
    return f"{_WANTED}; {told}, and a word is a str, not {type(word).__name__}"


def _joined(words: list[Any]) -> str | None:
    """The words in one string; None if some are none."""
    try:
        return "".join(words)
    except TypeError:
        return None
