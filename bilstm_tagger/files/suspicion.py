"""Texts that are probably not what they are taken for: markup or columns in plain text, another script or language."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any

from bilstm_tagger.corpus.formats.conllu_rows import WIDTH as _WIDTH
from bilstm_tagger.corpus.formats.standard_fields import UNIVERSAL
from bilstm_tagger.corpus.formats.webanno import FIRST as WEBANNO
from bilstm_tagger.files.other_kinds import begins_as
from bilstm_tagger.schemes.grammar import UNKNOWN, parse

SAMPLE = 20_000  # characters of a text that are looked at
_LEAST = 40  # letters below which nothing is said of a script
_LEAST_LATIN = 200  # and of a language
_SAMPLE_LATIN = 1_000
_LEAST_CHOSEN = 20  # letters below which a text is taken to be in one of the languages there are
_LIKELIER = 20  # times as probable has a language to be as the one that is preferred
_NO_LANGUAGE = "zxx"
_LEAST_WRITTEN = 4  # letters below which nothing is said of a script there
_TIMES = 50  # as probable has another language to be
_ENGLISH = re.compile(r"\b(?:the|and|of|to|is|was|that)\b")
_SURE = 0.95  # of the language, as py3langid tells it; share of cells that are tags
_LEAST_ROWS = 5  # lines or tokens below which nothing is said of tags
_MOSTLY = 0.9  # share of lines with as many cells as most have
_OFTEN = 0.4  # share of `O` in a column, from which on it is one of tags, whatever the others are
_TAG = re.compile(
    r"</?(?:p|div|span|a|b|i|br|li|ul|td|tr|table|h[1-6]|html|body|font|script)(?:\s[^<>]{0,300})?/?>", re.I
)
_QUOTED = re.compile(r"=(?:[0-9A-F]{2}|\r?\n)")
_HEADER = re.compile(r"(?:From|Return-Path|Received|MIME-Version|Content-Type|Message-ID): ", re.I)
# Scripts of languages that spaCy names, where it is not Latin.
_SCRIPTS: dict[str, tuple[str, ...]] = {
    "zh": ("CJK",), "ja": ("CJK", "HIRAGANA", "KATAKANA"), "ko": ("HANGUL", "CJK"), "el": ("GREEK",), "he": ("HEBREW",),
    "ru": ("CYRILLIC",), "uk": ("CYRILLIC",), "bg": ("CYRILLIC",), "mk": ("CYRILLIC",), "sr": ("CYRILLIC", "LATIN"),
    "ky": ("CYRILLIC",), "tt": ("CYRILLIC", "LATIN"), "ar": ("ARABIC",), "fa": ("ARABIC",), "ur": ("ARABIC",),
    "hi": ("DEVANAGARI",), "mr": ("DEVANAGARI",), "ne": ("DEVANAGARI",), "sa": ("DEVANAGARI",), "bn": ("BENGALI",),
    "th": ("THAI",), "hy": ("ARMENIAN",), "ta": ("TAMIL",), "te": ("TELUGU",), "kn": ("KANNADA",), "ml": ("MALAYALAM",),
    "gu": ("GUJARATI",), "am": ("ETHIOPIC",), "ti": ("ETHIOPIC",), "si": ("SINHALA",), "grc": ("GREEK",),
}  # fmt: skip

# Scripts that a language has hardly a letter of: Japanese has the characters of Chinese beside its own.
_NEVER: dict[str, tuple[str, ...]] = {"zh": ("HIRAGANA", "KATAKANA")}
# Codes of varieties, which are taken for the language where there is no model for the variety itself.
_VARIETIES = {"wuu": "zh", "yue": "zh", "gan": "zh", "lzh": "zh", "nb": "no", "nn": "no"}
_SCRIPTS |= {variety: _SCRIPTS[language] for variety, language in _VARIETIES.items() if language in _SCRIPTS}


def markup_in(text: str) -> str | None:
    """What a plain text seems to be instead, such as markup, with what to do about it; None if it is plain.

    Args:
        text: the text; its beginning is looked at.
    """
    sample = text[:SAMPLE]
    if "\0" in sample:
        return "has NUL characters in it, as no text has; leave it out if it is another kind of file"
    lines = sample.count("\n") + 1
    if (kind := begins_as(sample)) is not None:
        return kind
    if has_tags(sample):
        return "has tags of HTML in it; if it is a page, use --input-format html"
    if len(_HEADER.findall(sample[:2_000])) >= 2:
        return "begins like a mail; use --input-format mail"
    if "=" in sample and len(_QUOTED.findall(sample)) >= max(3, lines // 4):
        return "seems to be quoted-printable, as bodies of mails are; use --input-format mail for the whole mail"
    return None


def has_tags(text: str) -> bool:
    """Whether a text has tags of HTML in it.

    Args:
        text: the text; its beginning is looked at.
    """
    return "<" in text and len(_TAG.findall(text[:SAMPLE])) >= 2


def columns_in(text: str) -> str | None:
    """What a plain text seems to be if its lines are words with their tags, with what to do about it; else None.

    Args:
        text: the text; its beginning is looked at.
    """
    sample = text[:SAMPLE]
    lines = [line for line in sample.splitlines() if line.strip() and not line.startswith(("# ", "-DOCSTART-"))]
    rows = [line.split("\t") if "\t" in line else line.split() for line in lines]
    if sample.startswith(WEBANNO):
        return "is WebAnno TSV; use --input-format webanno"
    width, count = Counter(map(len, rows)).most_common(1)[0] if rows else (0, 0)
    alike = [row for row in rows if len(row) == width]
    if count >= max(_LEAST_ROWS, _MOSTLY * len(rows)) and any(map(_are_tags, list(zip(*alike, strict=True))[1:])):
        numbered = width == _WIDTH and sum(row[0].isdecimal() for row in alike) >= _MOSTLY * count
        name, what = ("conllu", "CoNLL-U") if numbered else ("conll", "columns of words and tags")
        shown = " ".join(alike[0])[:60]
        return f"looks like {what} ({count:,} of {len(rows):,} lines, such as {shown!r}); use --input-format {name}"
    tokens = [token.rpartition("/") for token in sample.split()]
    if len(tokens) >= _LEAST_ROWS and _are_tags([tag if word else "" for word, _, tag in tokens]):
        return f"looks like words with tags behind them, such as {''.join(tokens[0])!r}; use --input-format word/tag"
    return None


def _are_tags(cells: Sequence[str]) -> bool:
    """Whether cells are tags: of spans, or universal parts of speech, or `O` more often than a text could have it."""
    counts = Counter(cell for cell in cells if cell != UNKNOWN)  # as parts of multiword tokens have
    if 2 * counts.total() < len(cells):
        return False
    known = sum(count for cell, count in counts.items() if cell in UNIVERSAL or parse(cell) is not None)
    return known >= _SURE * counts.total() or counts["O"] >= _OFTEN * counts.total()


def language_of(tokenizer: str) -> str | None:
    """The language of a model by the name of its tokeniser; None if that does not tell."""
    kind, _, language = tokenizer.partition(":")
    return language if kind == "spacy" and language != "xx" else None


def other_language(text: str, language: str) -> str | None:
    """What a text is written in if that is clearly not the language of the model; None if it may be.

    Args:
        text: the text; its beginning is looked at.
        language: the model's language, by its ISO code.
    """
    sample = text[:SAMPLE]
    expected = _SCRIPTS.get(language, ("LATIN",))
    if not (sample.isascii() and "LATIN" in expected):
        scripts = _scripts(sample)
        script = _script(scripts, expected) or _foreign(scripts, language)
        if script is not None:
            return f"{script if script == 'CJK' else script.capitalize()} script"
    return _latin_language(sample, language) if expected == ("LATIN",) else None


def clearly_other(text: str, languages: Sequence[str]) -> tuple[str, bool]:
    """Tell which of some languages a text is in, or that it is clearly in none of them.

    Args:
        text: the text; its beginning is looked at.
        languages: their ISO codes, all of them known, the preferred first, which it is unless another is clearly
            likelier.

    Returns:
        The language, and whether it is one of them.
    """
    sample = text[:_SAMPLE_LATIN]
    ranked: dict[str, float] = {}
    for language, probability in _identifier().rank(sample):
        if language != _NO_LANGUAGE:
            variety = language not in languages and _VARIETIES.get(language) in languages
            ranked.setdefault(_VARIETIES[language] if variety else language, float(probability))
    scripts = _scripts(sample)
    letters = scripts.total()
    found = next((each for each in ranked if each not in _SCRIPTS or _is_written(scripts, each)), next(iter(ranked)))
    written = [each for each in languages if _is_written(scripts, each)]
    best = max(written, key=ranked.__getitem__, default=None)
    if best is None:
        return found, found in languages
    if found not in languages and letters >= _LEAST_CHOSEN and ranked[found] >= _TIMES * ranked[best]:
        return found, False
    preferred = not letters or ranked[best] < _LIKELIER * ranked[written[0]]
    return (written[0] if preferred else best), True


def _is_written(scripts: Counter[str], language: str) -> bool:
    """Whether enough letters are of the scripts of a language and few of those it never has, or there are too few."""
    expected = _SCRIPTS.get(language, ("LATIN",))
    if _foreign(scripts, language):
        return False
    return scripts.total() < _LEAST_WRITTEN or sum(scripts[each] for each in expected) >= 0.4 * scripts.total()


def _foreign(scripts: Counter[str], language: str) -> str | None:
    """The script of many letters that the language never has."""
    most = 0.1 * scripts.total()
    return next((script for script in _NEVER.get(language, ()) if scripts[script] > most), None)


def known_languages() -> frozenset[str]:
    """The codes of the languages that can be told, where `has_identifier`."""
    return frozenset(_identifier().nb_classes) - {_NO_LANGUAGE}


def has_identifier() -> bool:
    """Tell whether the package that tells languages is installed."""
    return _identifier() is not None


def _script(found: Counter[str], expected: Collection[str]) -> str | None:
    """The script of most letters, if it is none of those expected."""
    total = found.total()
    if total < _LEAST and not (total >= 8 and not found.keys() & set(expected)):
        return None
    script, most = found.most_common(1)[0]
    return script if script not in expected and most > 0.6 * total else None


def _scripts(sample: str) -> Counter[str]:
    """How many letters are of which script."""
    found: Counter[str] = Counter()
    for letter, count in Counter(sample).items():
        if letter.isalpha():
            found[unicodedata.name(letter, "UNKNOWN").split()[0]] += count
    return found


def _latin_language(sample: str, language: str) -> str | None:
    """The language by py3langid, where it is installed, is sure, and knows the model's."""
    sample = sample[:_SAMPLE_LATIN]
    if sum(map(str.isalpha, sample)) < _LEAST_LATIN:
        return None
    if language == "en" and len(_ENGLISH.findall(sample)) * 250 > len(sample):
        return None  # which is 100 times faster to find out
    identifier = _identifier()
    if identifier is None or language not in identifier.nb_classes:
        return None
    found, sure = identifier.classify(sample)
    return f"the language {found!r}" if found != language and sure >= _SURE else None


@lru_cache(maxsize=1)
def _identifier() -> Any:
    """The classifier, loaded once; None without the extra `languages`."""
    try:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier
    except ImportError:
        return None
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
