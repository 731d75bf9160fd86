"""The visible text of HTML, one line per block, so that no sentence goes from a cell or heading into the next."""

from __future__ import annotations

import codecs
import re
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from bilstm_tagger.errors import ConfigError, CorpusError
from bilstm_tagger.files.source import suffix_of
from bilstm_tagger.io.encodings import is_encoding, marked_encoding
from bilstm_tagger.io.reading import read_bytes, refuse_without_mark

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

_HIDDEN = frozenset({
    "head", "script", "style", "template", "noscript", "svg", "math", "iframe", "object", "audio", "video", "canvas",
    "select", "datalist",
})  # fmt: skip
# What stays inside a line; every other element begins and ends one.
_INLINE = frozenset({
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "img",
    "ins", "kbd", "label", "mark", "nobr", "q", "rp", "rt", "ruby", "s", "samp", "small", "span", "strike", "strong",
    "sub", "sup", "time", "tt", "u", "var", "wbr",
})  # fmt: skip
_CHARSET = re.compile(rb"<(?:meta|\?xml)[^>]{0,200}?(?:charset|encoding)\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_XHTML = re.compile(r"\s*<\?xml\b|(?s:.)*?<html\b[^<>]*http://www\.w3\.org/1999/xhtml", re.IGNORECASE)
# Comments, sections of CDATA and tags, each to its end or that of the page, so that all is looked at once.
_MARKUP = re.compile(
    r"<!--.*?(?:-->|\Z)|<!\[CDATA\[(?P<text>.*?)(?:(?P<close>\]\]>)|\Z)"
    r"|<(?P<name>[a-zA-Z][\w.:-]*)(?P<inside>(?:\"[^\"]*(?:\"|\Z)|'[^']*(?:'|\Z)|[^'\"<>])*+)(?P<end>>?)",
    re.DOTALL,
)
_VOID = frozenset({
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr",
})  # fmt: skip
_NOT_SHOWN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_SPACE = re.compile(r"[ \t\n\r\f]+")  # white space as HTML has it: a no-break space stays
_LOOKED_AT = 2048  # bytes in which a page declares its encoding
# Encodings that no page declares which can be read so far; UTF-8 is meant, as browsers have it:
# https://html.spec.whatwg.org/multipage/parsing.html#prescan-a-byte-stream-to-determine-its-encoding
_UNREADABLE_SO = ("utf-16", "utf-32")
_UTF16 = frozenset(
    {"unicode", "csunicode", "ucs-2", "iso-10646-ucs-2", "unicodefeff", "unicodefffe"}
)  # which it is too


def read_html(path: Path, *, encoding: str | None = None) -> tuple[str, bool]:
    """Read the visible text of a file.

    Args:
        path: the file.
        encoding: its encoding; None for what it declares.

    Returns:
        The text, and whether its encoding was guessed.

    Raises:
        CorpusError: if the file cannot be read or is not in the encoding that it declares.
        ConfigError: if the parser is not installed.
    """
    html, guessed = _decoded(read_bytes(path), path, encoding)
    if suffix_of(path) == ".xhtml" or _XHTML.match(html, 0, _LOOKED_AT):
        html = _as_html(html)
    return visible_text(html), guessed


def _as_html(xhtml: str) -> str:
    """Write XHTML so that a parser of HTML reads the same in it.

    HTML knows no empty elements but those of a few names, so that `<script/>` has no end there, and takes a section of
    CDATA for a comment.
    """

    def written(found: re.Match[str]) -> str:
        if (text := found["text"]) is not None:
            in_script = not found["close"] or "</script" in text.lower()  # which is HTML, and has that in a string
            return found[0] if in_script else escape(text)
        name, inside = found["name"], found["inside"]
        if name is None or not (inside.endswith("/") and found["end"]) or name.lower() in _VOID:
            return found[0]
        return f"<{name}{inside[:-1]}></{name}>"

    return _MARKUP.sub(written, xhtml)


def visible_text(html: str) -> str:
    """The text that a browser would show, without its images and forms: one line per block.

    Args:
        html: the page or a piece of one.

    Raises:
        ConfigError: if the parser is not installed.
    """
    try:
        from selectolax.lexbor import LexborHTMLParser
    except ImportError as error:
        raise ConfigError("HTML needs selectolax: pip install 'bilstm-tagger[documents]'") from error

    body = LexborHTMLParser(html).body
    pieces: list[str] = [] if body is None else _pieces(body)
    lines = (line.strip(" ") for line in "".join(pieces).split("\n"))
    return "".join(f"{line}\n" for line in lines if line)


def _pieces(body: LexborNode) -> list[str]:
    """Stretches of text and line ends, by a walk without recursion, since pages nest without bound."""
    pieces: list[str] = []
    waiting: list[LexborNode | str] = [body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, str):
            pieces.append(node)
        elif node.tag == "-text":
            _append_text(pieces, node)
        elif node.tag is not None and not node.tag.startswith("-") and _is_shown(node):
            edge = "" if node.tag in _INLINE else "\n"
            pieces.append(edge)
            waiting.append(edge)
            child = node.last_child
            while child is not None:
                waiting.append(child)
                child = child.prev
    return pieces


def _append_text(pieces: list[str], node: LexborNode) -> None:
    text = (node.text_content or "").replace("\u00ad", "")  # which no browser shows but at a line end
    parent = node.parent
    if parent is None or parent.tag not in ("pre", "textarea"):
        text = _SPACE.sub(" ", text)
    if text.startswith(" ") and pieces and pieces[-1].endswith((" ", "\n")):
        text = text[1:]
    if text:
        pieces.append(text)


def _is_shown(node: LexborNode) -> bool:
    if node.tag in _HIDDEN:
        return False
    attributes = node.attributes
    return "hidden" not in attributes and not _NOT_SHOWN.search(attributes.get("style") or "")


def _decoded(data: bytes, path: Path, named: str | None) -> tuple[str, bool]:
    """The page as text: by `named`, its mark, what it declares, else UTF-8, else windows-1252 like browsers."""
    begin = data[:_LOOKED_AT]
    marked = named or ("utf-8-sig" if begin.startswith(codecs.BOM_UTF8) else marked_encoding(begin))
    if not marked:
        refuse_without_mark(begin, path)
    found = _CHARSET.search(begin)
    declared = found.group(1).decode("ascii", "replace") if found else None
    if declared is not None and _is_unreadable_so(declared):
        declared = None
    encoding = marked or declared or "utf-8"
    if not named and encoding.lower() in ("iso-8859-1", "latin1", "latin-1", "us-ascii", "ascii"):
        encoding = "windows-1252"  # which is what pages mean by it: https://encoding.spec.whatwg.org/#names-and-labels
    if not is_encoding(encoding):
        raise CorpusError(f"{path}: the encoding {encoding[:80]!r} is not known; name another, --encoding")
    try:
        return data.decode(encoding), False
    except UnicodeError as error:
        if marked or declared:
            line = data.count(b"\n", 0, getattr(error, "start", 0)) + 1
            says = "the page is not" if named else "the page says what it is not,"
            raise CorpusError(f"{path}:{line}: {says} {encoding}; name its encoding, --encoding") from None
    return data.decode("windows-1252", "replace"), True


def _is_unreadable_so(encoding: str) -> bool:
    """Whether a declaration that is read byte by byte, as ASCII, says that this cannot be done."""
    if encoding.lower() in _UTF16:
        return True
    return is_encoding(encoding) and codecs.lookup(encoding).name.startswith(_UNREADABLE_SO)
