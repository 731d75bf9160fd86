"""From raw text to a document: tokenisers by name.

No tokeniser edits the text: white space between tokens is skipped, and the offsets keep the truth. Characters that are
not seen are skipped too, but by ``whitespace``, whose tokens are those of a text that has been tokenised before.

spaCy's rules take brackets off the ends of a stretch between white space and leave those inside of it, so that
``Merkel[1]`` would be ``Merkel[1`` and ``]``. Such stretches are divided first, and spaCy splits each part. Words and
formulas with a bracket inside (``colo(u)r``, ``Fe(OH)3``, ``x[0]``) are not.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, compress, pairwise
from operator import add
from threading import Lock
from typing import TYPE_CHECKING

from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import ConfigError, CorpusError, choose
from bilstm_tagger.text.brackets import MARK, bracket_cuts
from bilstm_tagger.text.sentences import CHINESE_FINAL, LINE, sentence_bounds
from bilstm_tagger.text.windows import bounded

if TYPE_CHECKING:
    from spacy.language import Language

_STRETCH = re.compile(r"\S+")
_LINE_TEXT = re.compile(r"[^\n]+")
# About 130 MB in spaCy and here together.
_MOST_STRINGS = 200_000
# spaCy takes marks off the end of a stretch without white space one by one: time grows with the square of its length.
LONGEST = 1000  # characters of a stretch; a longer one is data, a drawn line, or meant to keep us busy
PIECE = 200
_TOO_LONG = re.compile(rf"\S{{{LONGEST + 1},}}")

# Characters that are not seen and belong to no word: places where a line may end, marks of byte order and of direction.
# Joiners are letters of words, as in Persian and Hindi, and soft hyphens stand inside of them.
UNSEEN = "\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
_UNSEEN = re.compile(f"[{UNSEEN}]")


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

    def document(self, text: str, words: list[str], starts: list[int], ends: list[int]) -> Document:
        """Split tokens into sentences as this tokeniser does, and those that are too long into windows.

        Args:
            text: The text.
            words: Its tokens.
            starts: Where each token begins in the text.
            ends: Where each token ends.
        """
        return bounded_document(text, words, sentence_bounds(text, words, starts, ends), starts, ends)

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
    known = ("characters", "whitespace", "spacy:LANGUAGE (such as spacy:en)")
    raise ConfigError(f"no tokenizer {name!r}; {choose(name, known)}")


def seen(text: str) -> str:
    """The text with spaces for characters that are not seen and belong to no word.

    Args:
        text: Any text.

    Returns:
        A text of the same length, so that offsets are those of the first.
    """
    return text if text.isascii() else _UNSEEN.sub(" ", text)


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
        self._language = language
        self._load()
        # The memory must not be dropped while another thread reads it.
        self._lock = Lock()

    def __reduce__(self) -> tuple[Callable[[str], Tokenizer], tuple[str]]:
        """Travel to another process as a name; the rules are loaded there."""
        return get_tokenizer, (self.name,)

    def __call__(self, text: str) -> Document:
        """Split a text into sentences and tokens."""
        try:
            with self._lock:
                words, starts, ends = self._split(seen(text))
        except UnicodeEncodeError as error:
            half = ascii(error.object[error.start])
            raise CorpusError(f"the text holds half a character, {half}: decode its file as UTF-8") from error
        return self.document(text, words, starts, ends)

    def _load(self) -> None:
        self._nlp = _blank_language(self._language)
        # Rules that hold a space, and tokenisers without rules, look beyond a stretch.
        rules = getattr(self._nlp.tokenizer, "rules", None)
        self._wide_rules = None if rules is None else [rule for rule in rules if len(rule.split()) > 1]
        self._chunks: dict[str, tuple[str, ...]] = {}

    def _split(self, text: str) -> tuple[list[str], list[int], list[int]]:
        # spaCy keeps every string it has met, and so do we: begin afresh before that grows without end.
        if len(self._nlp.vocab.strings) > _MOST_STRINGS:
            self._load()
        if self._wide_rules is None or any(rule in text for rule in self._wide_rules):
            return self._split_lines(text)
        stretches = text.split()
        missing = set(stretches).difference(self._chunks)
        if any(len(stretch) > LONGEST for stretch in missing):
            stretches = list(chain.from_iterable(map(_pieces, stretches)))
            missing = set(stretches).difference(self._chunks)
        if missing:
            self._learn(missing)
        return _place(text, stretches, self._chunks)

    def _learn(self, stretches: set[str]) -> None:
        """Let spaCy split stretches, all in one go; line breaks between them and their parts keep each to itself."""
        divided = {stretch: _set_apart(stretch) for stretch in stretches if MARK.search(stretch)}
        parts = {*stretches, *chain.from_iterable(divided.values())}.difference(self._chunks)
        pieces: list[str] = []
        for token in self._nlp.tokenizer("\n".join(parts) + "\n"):
            piece = token.text
            if piece != "\n":
                pieces.append(piece)
                continue
            self._chunks["".join(pieces)] = tuple(pieces)
            pieces.clear()
        for stretch, of in divided.items():
            self._chunks[stretch] = tuple(chain.from_iterable(map(self._chunks.__getitem__, of)))

    def _split_lines(self, text: str) -> tuple[list[str], list[int], list[int]]:
        """Let spaCy split each line, since some of its tokenisers slow down with the length of a text."""
        words: list[str] = []
        starts: list[int] = []
        for first, part in _parts(text):
            doc = self._nlp.tokenizer(part)
            words += [token.text for token in doc]
            starts += [first + token.idx for token in doc]
        kept = [not word.isspace() for word in words]
        words, starts = list(compress(words, kept)), list(compress(starts, kept))
        return words, starts, list(map(add, starts, map(len, words)))


def _set_apart(stretch: str) -> list[str]:
    """The parts of a stretch without white space that are split by themselves; an address on the web is one."""
    cuts = bracket_cuts(stretch)
    return [stretch[start:end] for start, end in pairwise([0, *cuts, len(stretch)])] if cuts else [stretch]


def _pieces(stretch: str) -> list[str]:
    """A stretch that is too long for spaCy in pieces; another one whole."""
    if len(stretch) <= LONGEST:
        return [stretch]
    return [stretch[at : at + PIECE] for at in range(0, len(stretch), PIECE)]


def _parts(text: str) -> Iterator[tuple[int, str]]:
    """The lines of a text, cut inside stretches that are too long, and where each part begins."""
    for line in _LINE_TEXT.finditer(text):
        content, first = line.group(), line.start()
        cuts = {at for long in _TOO_LONG.finditer(content) for at in range(long.start(), long.end(), PIECE)}
        for stretch in _STRETCH.finditer(content):
            cuts.update(stretch.start() + cut for cut in bracket_cuts(stretch.group()))
        for start, end in pairwise([0, *sorted(cut for cut in cuts if cut), len(content)]):
            yield first + start, content[start:end]


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


def bounded_document(text: str, words: list[str], bounds: list[int], starts: list[int], ends: list[int]) -> Document:
    """The document, with sentences that are too long for the network cut into windows.

    Args:
        text: The text.
        words: Its tokens.
        bounds: Where sentences begin and end, in tokens.
        starts: Where each token begins in the text.
        ends: Where each token ends.
    """
    bounds, seams = bounded(bounds, text, words, starts, ends)
    document = Document(words, bounds, text=text, starts=starts, ends=ends)
    document.seams = seams
    return document


def _blank_language(language: str) -> Language:
    try:
        import spacy
    except ImportError as error:
        raise ConfigError(f"tokenizer 'spacy:{language}' needs spaCy: pip install spacy") from error
    known = _spacy_languages()
    if language not in known:
        raise ConfigError(f"spaCy has no language {language!r} for the tokenizer; {choose(language, known)}")
    try:
        nlp = spacy.blank(language)
    except (ImportError, OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(f"tokenizer 'spacy:{language}' cannot be loaded: {reason}") from error
    # The shape, norm and further features of each new word are not asked for here; they take half the time.
    nlp.vocab.lex_attr_getters = {}  # type: ignore[attr-defined]
    return nlp


def _spacy_languages() -> list[str]:
    import pkgutil

    import spacy.lang

    return sorted(module.name for module in pkgutil.iter_modules(spacy.lang.__path__) if module.ispkg)


class CharacterTokenizer(Tokenizer):
    """One token a character that is not white space; sentences end at Chinese full stops and line breaks."""

    name = "characters"

    def __call__(self, text: str) -> Document:
        """Split a text into sentences and characters."""
        starts = [index for index, character in enumerate(seen(text)) if not character.isspace()]
        words = [text[index] for index in starts]
        ends = [index + 1 for index in starts]
        return self.document(text, words, starts, ends)

    def document(self, text: str, words: list[str], starts: list[int], ends: list[int]) -> Document:
        """Split tokens into sentences at Chinese full stops and line breaks."""
        bounds = sentence_bounds(text, words, starts, ends, final=CHINESE_FINAL, breaks=LINE)
        return bounded_document(text, words, bounds, starts, ends)


class WhitespaceTokenizer(Tokenizer):
    """Tokens between white space, one sentence a line: text that has been tokenised before."""

    name = "whitespace"

    def __call__(self, text: str) -> Document:
        """Split a text into lines and words."""
        stretches = text.split()
        words, starts, ends = _place(text, stretches, {stretch: (stretch,) for stretch in set(stretches)})
        return self.document(text, words, starts, ends)

    def document(self, text: str, words: list[str], starts: list[int], ends: list[int]) -> Document:
        """Make each line a sentence."""
        bounds = sentence_bounds(text, words, starts, ends, final="", breaks=LINE)
        return Document(words, bounds, text=text, starts=starts, ends=ends)
