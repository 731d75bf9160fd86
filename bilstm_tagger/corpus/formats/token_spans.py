"""Records whose spans count tokens: GLiNER, SpERT, DyGIE; the training data of spaCy 2; CLUENER's labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, chain
from typing import Any

from bilstm_tagger.corpus.formats.record_words import Record, check_unicode
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.schemes.spans import SpanTuple

__all__ = ["NAMES", "TokenRecord", "cluener_marks", "token_record"]


# What the name of such a record is called.
NAMES = ("id", "doc_key", "orig_id")


@dataclass(frozen=True, slots=True)
class TokenRecord:
    """A record of tokens.

    Attributes:
        words: its tokens.
        bounds: where its sentences begin and the last one ends.
        spans: its spans in tokens, ends exclusive; None if it has tags.
        tags: tags by name.
        text: its text, if the record has one.
        keys: the keys of the record that tokens, tags and spans are read from.
    """

    words: list[str]
    bounds: list[int]
    spans: list[SpanTuple] | None = None
    tags: Mapping[str, list[Any]] = field(default_factory=dict)
    text: str | None = None
    keys: frozenset[str] = frozenset()


def token_record(record: Record, place: str) -> TokenRecord | None:
    """Read a record in one of these layouts; None if it is in another.

    GLiNER: `tokenized_text`, `ner` of `[first, last, label]`. DyGIE: `sentences` of tokens, `ner` likewise, counted
    through the document. SpERT: `tokens`, `entities` of `start`, exclusive `end`, and `type`. spaCy 2: `paragraphs` of
    `sentences` of `tokens`.

    Raises:
        CorpusError: tokens or spans are not as they should be.
    """
    if isinstance(record.get("paragraphs"), list):
        return _spacy2(record["paragraphs"], place)
    sentences = record.get("sentences")
    if isinstance(record.get("tokenized_text"), list) and isinstance(record.get("ner"), list):
        words = _words([record["tokenized_text"]], place)
        return TokenRecord(
            words,
            _bounds([words]),
            _inclusive(record["ner"], len(words), place),
            keys=frozenset(["tokenized_text", "ner"]),
        )
    if isinstance(sentences, list) and sentences and all(map(_is_strings, sentences)) and "tokens" not in record:
        words = _words(sentences, place)
        marked = record.get("ner")
        if not isinstance(marked, list):
            return TokenRecord(words, _bounds(sentences), None, keys=frozenset(["sentences"]))
        flat = list(chain.from_iterable(item for item in marked if isinstance(item, list)))
        return TokenRecord(
            words, _bounds(sentences), _inclusive(flat, len(words), place), keys=frozenset(["sentences", "ner"])
        )
    entities = record.get("entities")
    if _is_strings(record.get("tokens")) and isinstance(entities, list) and entities and all(map(_is_spert, entities)):
        words = _words([record["tokens"]], place)
        spans = [(item["start"], item["end"], item["type"]) for item in entities]
        return TokenRecord(
            words, _bounds([words]), _checked(spans, len(words), place), keys=frozenset(["tokens", "entities"])
        )
    return None


def _is_strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_spert(item: Any) -> bool:
    return isinstance(item, Mapping) and {"type", "start", "end"} <= item.keys() and "text" not in item


def _words(sentences: Sequence[Any], place: str) -> list[str]:
    words = list(chain.from_iterable(sentences))
    if not all(isinstance(word, str) and word for word in words):
        raise CorpusError(f"{place}: a token is empty or no string; every token needs a word")
    check_unicode("".join(words), place)
    return words


def _bounds(sentences: Sequence[Any]) -> list[int]:
    return [0, *accumulate(map(len, sentences))]


def _inclusive(items: Sequence[Any], count: int, place: str) -> list[SpanTuple]:
    spans = []
    for item in items:
        if not isinstance(item, list | tuple) or len(item) < 3 or type(item[1]) is not int:
            raise CorpusError(f"{place}: {item!r} is no span; write [first token, last token, label]")
        spans.append((item[0], item[1] + 1, item[2]))
    return _checked(spans, count, place)


def _checked(spans: Sequence[tuple[Any, Any, Any]], count: int, place: str) -> list[SpanTuple]:
    for start, end, label in spans:
        if type(start) is not int or type(end) is not int or not 0 <= start < end <= count:
            raise CorpusError(f"{place}: span {label!r} of tokens {start} to {end} lies outside the {count} tokens")
        if not isinstance(label, str) or not label.strip():
            raise CorpusError(f"{place}: the span of tokens {start} to {end} needs one label, a string")
    return sorted({(start, end, label.strip()) for start, end, label in spans})


def _spacy2(paragraphs: list[Any], place: str) -> TokenRecord:
    try:
        sentences = [sentence["tokens"] for paragraph in paragraphs for sentence in paragraph["sentences"]]
        words = _words([[token["orth"] for token in tokens] for tokens in sentences], place)
        raw = [paragraph.get("raw") for paragraph in paragraphs]
    except (KeyError, TypeError, AttributeError):
        raise CorpusError(f"{place}: paragraphs of spaCy 2 need sentences with tokens, each with its orth") from None
    tokens = list(chain.from_iterable(sentences))
    names = dict.fromkeys(key for token in tokens for key in token if key not in ("orth", "id", "head"))
    tags = {name: [token.get(name) for token in tokens] for name in names}
    text = "\n".join(raw) if all(isinstance(item, str) for item in raw) else None
    return TokenRecord(words, _bounds(sentences), None, tags, text, frozenset(["paragraphs"]))


def cluener_marks(labels: Any) -> list[dict[str, Any]] | None:
    """Spans from CLUENER's `{label: {text: [[first, last]]}}`, ends inclusive; None if it is something else."""
    if not isinstance(labels, Mapping) or not labels:
        return None
    if not all(isinstance(texts, Mapping) for texts in labels.values()):
        return None
    marks = []
    for label, texts in labels.items():
        for text, places in texts.items():
            if not isinstance(places, list) or not all(isinstance(at, list) and len(at) == 2 for at in places):
                return None
            marks += [{"start": first, "end": last + 1, "label": label, "text": text} for first, last in places]
    return marks
