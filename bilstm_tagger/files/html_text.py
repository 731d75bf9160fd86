"""The visible text of HTML, one line per block, so that no sentence goes from a cell or heading into the next."""

from __future__ import annotations

import codecs
import re
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from bilstm_tagger.errors import ConfigError, CorpusError
from bilstm_tagger.files.note_marks import Stretches
from bilstm_tagger.files.source import Tally, Unread, suffix_of
from bilstm_tagger.io.encodings import is_encoding, marked_encoding
from bilstm_tagger.io.reading import read_bytes, refuse_without_mark

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

# What a browser shows nothing of: https://html.spec.whatwg.org/multipage/rendering.html#hidden-elements
_HIDDEN = frozenset({
    "head", "title", "script", "style", "template", "noscript", "noembed", "noframes", "datalist", "rp", "link", "meta",
})  # fmt: skip
# What it shows in a line without a text of the page.
_BOXES = frozenset({
    "audio", "canvas", "embed", "iframe", "img", "input", "math", "meter", "object", "progress", "select", "svg",
    "video",
})  # fmt: skip
# What begins and ends a line, by https://html.spec.whatwg.org/multipage/rendering.html#flow-content-3 and what follows
# it there, with controls that have a border. All else stays inside of a line.
_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "br", "button", "caption", "center", "col", "colgroup", "dd",
    "details", "dialog", "dir", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "frameset",
    "h1", "h2", "h3", "h4", "h5", "h6", "header", "hgroup", "hr", "html", "legend", "li", "listing", "main", "marquee",
    "menu", "nav", "ol", "optgroup", "option", "p", "plaintext", "pre", "search", "section", "summary", "table",
    "tbody", "td", "textarea", "tfoot", "th", "thead", "tr", "ul", "xmp",
})  # fmt: skip
_CONTROLS = frozenset({"input", "select"})  # of them what labels fields
# Of what stays inside of a line, what HTML knows. Others, of web components or of XML, are laid out by somebody else.
_WITHIN_LINES = frozenset({
    "a", "abbr", "acronym", "area", "b", "base", "basefont", "bdi", "bdo", "bgsound", "big", "blink", "cite", "code",
    "data", "del", "dfn", "em", "font", "i", "ins", "kbd", "keygen", "label", "map", "mark", "nobr", "output",
    "param", "picture", "q", "rb", "ruby", "s", "samp", "small", "source", "spacer", "span", "strike", "strong", "sub",
    "sup", "time", "track", "tt", "u", "var", "wbr",
})  # fmt: skip
_AS_IT_IS = frozenset({"listing", "plaintext", "pre", "textarea", "xmp"})  # of these, white space is shown
_READINGS = frozenset({"rt", "rtc"})  # how characters are read, above or beside them
_RAISED = frozenset({"sup", "sub"})
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
_LONGEST_MARK = 80  # characters, and elements, of what is raised; more is text
_LOOKED_AT = 2048  # bytes in which a page declares its encoding
# Encodings that no page declares which can be read so far; UTF-8 is meant, as browsers have it:
# https://html.spec.whatwg.org/multipage/parsing.html#prescan-a-byte-stream-to-determine-its-encoding
_UNREADABLE_SO = ("utf-16", "utf-32")
_UTF16 = frozenset(
    {"unicode", "csunicode", "ucs-2", "iso-10646-ucs-2", "unicodefeff", "unicodefffe"}
)  # which it is too


def read_html(path: Path, tally: Tally, *, encoding: str | None = None) -> str:
    """Read the visible text of a file.

    Args:
        path: the file.
        tally: where is told if the encoding was guessed, what is not read, and that there is no text.
        encoding: its encoding; None for what it declares.

    Raises:
        CorpusError: if the file cannot be read or is not in the encoding that it declares.
        ConfigError: if the parser is not installed.
    """
    html, guessed = _decoded(read_bytes(path), path, encoding)
    if guessed:
        tally.guessed.append(str(path))
    if suffix_of(path) == ".xhtml" or _XHTML.match(html, 0, _LOOKED_AT):
        html = _as_html(html)
    text = visible_text(html, tally, str(path))
    if not text and html.strip():
        tally.no_visible_text.append(str(path))
    return text


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


def visible_text(html: str, tally: Tally, place: str = "") -> str:
    """The text that a browser would show, without its images and forms: one line per block.

    Args:
        html: the page or a piece of one.
        tally: where marks of notes and readings of characters, which are left out, are counted.
        place: where the page stands, for the tally.

    Raises:
        ConfigError: if the parser is not installed.
    """
    try:
        from selectolax.lexbor import LexborHTMLParser
    except ImportError as error:
        raise ConfigError("HTML needs selectolax: pip install 'bilstm-tagger[documents]'") from error

    body = LexborHTMLParser(html).body
    shown = _Shown()
    if body is not None:
        shown.walk(body)
    tally.leave_out(Unread.MARKS, place, len(shown.marks), shown.marks)
    tally.leave_out(Unread.READINGS, place, shown.readings)
    lines = (line.strip(" ") for line in "".join(shown.parts).split("\n"))
    return "".join(f"{line}\n" for line in lines if line)


class _Shown(Stretches):
    """What is shown of a page: stretches of text and line ends.

    Attributes:
        readings: number of readings of characters that were left out.
    """

    __slots__ = ("_boxes", "_edges", "_kept", "readings")

    def __init__(self) -> None:
        super().__init__()
        self.readings = 0
        self._boxes = False  # whether there was one since the last text
        self._edges = 0  # since then, of controls and of elements that HTML does not know
        self._kept = 0  # elements around the text in which white space stays as it is

    def walk(self, body: LexborNode) -> None:
        """Add what is inside of an element, without recursion, since pages nest without bound."""
        waiting: list[LexborNode | str] = [body]  # names are those of elements that end
        while waiting:
            node = waiting.pop()
            if isinstance(node, str):
                self._end(node)
                continue
            tag = node.tag
            if tag == "-text":
                self._add_text(node)
            elif tag is None or tag.startswith("-") or not _is_shown(node):
                continue
            elif tag in _BOXES:
                self._boxes = True
                self._edges += 2 * (tag in _CONTROLS)
            elif tag in _READINGS:
                self.readings += 1
            elif tag not in _RAISED or not self._is_mark(node):
                if tag in _BLOCKS:
                    self.parts.append("\n")
                    self._kept += tag in _AS_IT_IS
                    waiting.append(tag)
                elif tag not in _WITHIN_LINES:
                    self._edges += 1
                    waiting.append(tag)
                child = node.last_child
                while child is not None:
                    waiting.append(child)
                    child = child.prev

    def _end(self, tag: str) -> None:
        """End a block, or an element that HTML does not know."""
        if tag in _BLOCKS:
            self.parts.append("\n")
            self._kept -= tag in _AS_IT_IS
        else:
            self._edges += 1

    def _add_text(self, node: LexborNode) -> None:
        text = (node.text_content or "").replace("\u00ad", "")  # which no browser shows but at a line end
        if not self._kept:
            text = _SPACE.sub(" ", text)
        apart = not self.parts or self.parts[-1].endswith((" ", "\n"))
        # Words on both sides of a box, or in two such elements, without a blank between, stand apart on the screen.
        if self._edges > 1 and not apart and text[:1].isalnum():
            self.parts.append("\n")
        elif self._boxes and not apart and (text[:1].isalnum() or text[:1] in ("@", "#")):
            self.parts.append(" ")
        if text:
            self._edges, self._boxes = 0, False
        if text.startswith(" ") and apart:
            text = text[1:]
        self.add(text)

    def _is_mark(self, node: LexborNode) -> bool:
        inside = _inside(node)
        if inside is None:
            return False
        text, linked = inside
        parent = node.parent
        if parent is not None and parent.tag == "a":
            linked = linked or (node.prev is None and node.next is None)
        return self.leave_out(text, linked=linked, lowered=node.tag == "sub")


def _inside(node: LexborNode) -> tuple[str, bool] | None:
    """The text inside of an element, and whether it has a link; None without text, or if there is more than a mark has.

    It is looked at no further than that, since elements that are raised may be inside of each other without bound.
    """
    pieces: list[str] = []
    length = 0
    linked = False
    waiting = [child] if (child := node.first_child) is not None else []
    for _ in range(_LONGEST_MARK):
        if not waiting:
            break
        child = waiting.pop()
        waiting += [each for each in (child.next, child.first_child) if each is not None]
        if child.tag == "-text":
            piece = child.text_content or ""
            length += len(piece)
            pieces.append(piece)
        linked = linked or child.tag == "a"
        if length > _LONGEST_MARK:
            break
    return (_SPACE.sub(" ", "".join(pieces)), linked) if 0 < length <= _LONGEST_MARK and not waiting else None


def _is_shown(node: LexborNode) -> bool:
    if node.tag in _HIDDEN:
        return False
    attributes = node.attributes
    if node.tag == "input" and (attributes.get("type") or "").lower() == "hidden":
        return False
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
