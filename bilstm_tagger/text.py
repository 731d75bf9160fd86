"""From raw text to a document: tokenisers by name, and where sentences end.

No tokeniser edits the text: white space between tokens is skipped, and the offsets keep the truth.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from threading import Lock
from typing import TYPE_CHECKING

from bilstm_tagger.document import Document
from bilstm_tagger.errors import ConfigError, CorpusError

if TYPE_CHECKING:
    from spacy.language import Language

# A token of nothing but these ends a sentence.
FINAL = ".!?…。！？｡．‼⁇⁈⁉؟۔।॥"
FINAL_CHARACTERS = "。！？!?；…"
_QUOTES = frozenset("\"'”’»›」』") | {"''"}
_CLOSING = _QUOTES | frozenset(")]}】》〉）］｝")
# These open as well as close, so they close only where no space is before them.
_AMBIGUOUS = frozenset("\"'")
_LINE = re.compile(r"(?>\r\n?|\n)")
_BLANK_LINE = re.compile(r"(?>\r\n?|\n)[^\S\r\n]*(?>\r\n?|\n)|\u2029")
# About 60 MB of chunks; a text of any size keeps its vocabulary well below.
_CACHED_CHARACTERS = 1_000_000


class Tokenizer(ABC):
    """Turns texts into documents.

    Attributes:
        name: The name that makes the same tokeniser again.
    """

    name: str

    @abstractmethod
    def __call__(self, text: str) -> Document:
        """Split a text into sentences and tokens.

        Args:
            text: Any text; it is kept as it is.

        Returns:
            The document; one of white space alone has no sentences.
        """

    def pipe(self, texts: Iterable[str]) -> Iterator[Document]:
        """Split texts one after the other, as they come."""
        return map(self, texts)


def get_tokenizer(name: str) -> Tokenizer:
    """Make a tokeniser by its name.

    Args:
        name: ``spacy:`` and a language code for spaCy's rules and our sentence ends; ``characters`` for one
            token a character; ``whitespace`` for tokens between white space and one sentence a line.

    Returns:
        The tokeniser.

    Raises:
        ConfigError: There is no such tokeniser or language, or it needs a package that is not installed.
    """
    if name == "characters":
        return CharacterTokenizer()
    if name == "whitespace":
        return WhitespaceTokenizer()
    kind, _, language = name.partition(":")
    if kind == "spacy" and language:
        return SpacyTokenizer(language)
    raise ConfigError(f"no tokenizer {name!r}: give spacy:LANGUAGE (such as spacy:en), characters or whitespace")


class SpacyTokenizer(Tokenizer):
    """The tokeniser rules of one of spaCy's languages, remembered chunk by chunk.

    spaCy splits each stretch between white space on its own, so the tokens of a stretch are looked up once
    and remembered; frequent words then cost a dictionary look-up instead of spaCy's own path.
    """

    def __init__(self, language: str) -> None:
        """Load the rules of a language.

        Args:
            language: spaCy's code for it, such as ``en``.

        Raises:
            ConfigError: spaCy does not know it, or needs a further package for it.
        """
        self.name = f"spacy:{language}"
        self._nlp = _blank_language(language)
        self._chunks: dict[str, tuple[str, ...]] = {}
        self._cached = 0
        self._by_chunk = _splits_by_chunk(self._nlp)
        # spaCy allows one memory zone at a time, and the chunks must not be dropped while they are read.
        self._lock = Lock()

    def __reduce__(self) -> tuple[Callable[[str], Tokenizer], tuple[str]]:
        """Travel to another process as a name; the rules are loaded there."""
        return get_tokenizer, (self.name,)

    def __call__(self, text: str) -> Document:
        """Split a text into sentences and tokens."""
        try:
            with self._lock:
                words, starts, ends = self._split_chunks(text) if self._by_chunk else self._split_whole(text)
        except UnicodeEncodeError as error:
            half = ascii(error.object[error.start])
            raise CorpusError(f"the text holds half a character, {half}: decode its file as UTF-8") from error
        bounds = sentence_bounds(text, words, starts, ends)
        return Document(words, bounds, text=text, starts=starts, ends=ends)

    def _split_chunks(self, text: str) -> tuple[list[str], list[int], list[int]]:
        stretches = text.split()
        if self._cached > _CACHED_CHARACTERS:
            self._chunks.clear()
            self._cached = 0
        missing = set(stretches).difference(self._chunks)
        if missing:
            self._learn(missing)
        return _place(text, stretches, self._chunks)

    def _learn(self, stretches: Iterable[str]) -> None:
        """Let spaCy split stretches, all in one go; line breaks between them keep each to itself."""
        # What spaCy stores for a text is dropped with the zone: it would otherwise grow with every new word.
        with self._nlp.memory_zone():
            pieces: list[str] = []
            for token in self._nlp.tokenizer("\n".join(stretches) + "\n"):
                piece = token.text
                if piece != "\n":
                    pieces.append(piece)
                    continue
                stretch = "".join(pieces)
                self._chunks[stretch] = tuple(pieces)
                self._cached += len(stretch)
                pieces.clear()

    def _split_whole(self, text: str) -> tuple[list[str], list[int], list[int]]:
        with self._nlp.memory_zone():
            pairs = [(token.text, token.idx) for token in self._nlp.tokenizer(text)]
        pairs = [pair for pair in pairs if not pair[0].isspace()]
        words = [word for word, _ in pairs]
        starts = [start for _, start in pairs]
        return words, starts, [start + len(word) for word, start in pairs]


def _place(
    text: str, stretches: list[str], pieces: dict[str, tuple[str, ...]]
) -> tuple[list[str], list[int], list[int]]:
    """Find the offsets of the pieces of each stretch, which follow each other without a gap."""
    words: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    find = text.index
    position = 0
    for stretch in stretches:
        parts = pieces[stretch]
        position = find(stretch, position)
        for part in parts:
            words.append(part)
            starts.append(position)
            position += len(part)
            ends.append(position)
    return words, starts, ends


def _blank_language(language: str) -> Language:
    try:
        import spacy
    except ImportError as error:
        raise ConfigError(f"tokenizer 'spacy:{language}' needs spaCy: pip install spacy") from error
    known = _spacy_languages()
    if language not in known:
        raise ConfigError(f"spaCy has no language {language!r} for the tokenizer; it has {', '.join(known)}")
    try:
        return spacy.blank(language)
    except (ImportError, OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(f"tokenizer 'spacy:{language}' cannot be loaded: {reason}") from error


def _spacy_languages() -> list[str]:
    import pkgutil

    import spacy.lang

    return sorted(module.name for module in pkgutil.iter_modules(spacy.lang.__path__) if module.ispkg)


def _splits_by_chunk(nlp: Language) -> bool:
    """Whether a language splits each stretch between white space on its own, with no rule across a space."""
    rules = getattr(nlp.tokenizer, "rules", None)
    return rules is not None and not any(len(rule.split()) > 1 for rule in rules)


class CharacterTokenizer(Tokenizer):
    """One token a character that is not white space; sentences end at Chinese full stops and line breaks."""

    name = "characters"

    def __call__(self, text: str) -> Document:
        """Split a text into sentences and characters."""
        starts = [index for index, character in enumerate(text) if not character.isspace()]
        words = [text[index] for index in starts]
        ends = [index + 1 for index in starts]
        bounds = sentence_bounds(text, words, starts, ends, final=FINAL_CHARACTERS, breaks=_LINE)
        return Document(words, bounds, text=text, starts=starts, ends=ends)


class WhitespaceTokenizer(Tokenizer):
    """Tokens between white space, one sentence a line: text that has been tokenised before."""

    name = "whitespace"

    def __call__(self, text: str) -> Document:
        """Split a text into lines and words."""
        stretches = text.split()
        words, starts, ends = _place(text, stretches, {stretch: (stretch,) for stretch in stretches})
        bounds = sentence_bounds(text, words, starts, ends, final="", breaks=_LINE)
        return Document(words, bounds, text=text, starts=starts, ends=ends)


def sentence_bounds(
    text: str,
    words: list[str],
    starts: list[int],
    ends: list[int],
    *,
    final: str = FINAL,
    breaks: re.Pattern[str] = _BLANK_LINE,
) -> list[int]:
    """Find where sentences end: after final punctuation and what closes behind it, and at breaks of the text.

    Args:
        text: The text.
        words: Its tokens.
        starts: Where each token begins in the text.
        ends: Where each token ends.
        final: A token of nothing but these characters ends a sentence.
        breaks: Stretches of the text, such as blank lines, that no sentence goes across.

    Returns:
        Bounds as a `Document` has them; no sentence is empty.
    """
    cuts: set[int] = set()
    stops = {word for word in set(words) if not word.strip(final)} if final else set()
    following = 0
    for index in [place for place, word in enumerate(words) if word in stops] if stops else ():
        if index < following:
            continue
        following = _after_closing(words, starts, ends, index + 1, stops)
        if following < len(words) and not _goes_on(words, index, following):
            cuts.add(following)
    cuts.update(bisect_left(starts, found.end()) for found in breaks.finditer(text))
    if words:
        cuts.add(len(words))
    cuts.discard(0)
    return [0, *sorted(cuts)]


def _after_closing(words: list[str], starts: list[int], ends: list[int], index: int, stops: set[str]) -> int:
    """Skip further stops, and the quotation marks and brackets that close behind them."""
    while index < len(words):
        word = words[index]
        touches = starts[index] == ends[index - 1]
        if word not in stops and (word not in _CLOSING or (word in _AMBIGUOUS and not touches)):
            break
        index += 1
    return index


def _goes_on(words: list[str], index: int, following: int) -> bool:
    """Whether a sentence goes on in lower case after dots or a quotation, as in ``"Where?" she said``."""
    if not words[following][0].islower():
        return False
    dots = words[index].startswith("..") or "…" in words[index]
    return dots or any(word in _QUOTES for word in words[index + 1 : following])
