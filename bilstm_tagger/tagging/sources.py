"""What a tagger takes: texts, word lists, lists of sentences, spaCy Docs and documents."""

from __future__ import annotations

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
        check_words(words, joined)
        return Document(words, [0, len(words)])
    if any(isinstance(sentence, str) for sentence in words):
        raise TaggerError("words and sentences are mixed in one list; give a list of words or a list of lists of words")
    sentences = [list(each) if isinstance(each, Iterable) else [each] for each in words]
    every = list(chain.from_iterable(sentences))
    if (joined := _joined(every)) is None:
        odd = next(word for word in every if not isinstance(word, str))
        raise TaggerError(f"{_WANTED}; a word is a str, not {type(odd).__name__}")
    check_words(every, joined)
    return Document.from_sentences(sentences)


def _joined(words: list[Any]) -> str | None:
    """The words in one string; None if some are none."""
    try:
        return "".join(words)
    except TypeError:
        return None
