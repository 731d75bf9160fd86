"""Files of kinds that are not read, as text would be misread: what to do with them instead."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import chain

__all__ = ["XML", "begins_as", "way_out", "ways_out"]

XML = (".xml", ".rss", ".atom", ".rdf", ".tei", ".svg", ".opml", ".kml")
_NOTEBOOK = "write it as Markdown, jupyter nbconvert --to markdown"
_EXTRACT = "take its text out first"
_WAYS: Mapping[str, str] = {
    suffix: way
    for way, suffixes in {
        "save it as .docx": (".rtf", ".doc", ".odt", ".docm", ".dot", ".wpd", ".pages"),
        "save it as .pdf": (".ppt", ".pptx", ".odp", ".key", ".ps", ".eps", ".djvu"),
        "save it as .html": (".epub", ".mobi", ".azw", ".azw3", ".fb2", ".mht", ".mhtml", ".chm"),
        "save it as .eml or .mbox": (".msg", ".pst", ".ost", ".emlx"),
        "save it as .csv": (".db", ".sqlite", ".sqlite3", ".mdb", ".accdb", ".feather", ".orc", ".dta", ".sav", ".rds"),
        _EXTRACT: (*XML, ".tex", ".plist", ".drawio"),
        _NOTEBOOK: (".ipynb",),
        "run OCR first": (
            ".jpg", ".jpeg", ".png", ".tif", ".tiff", ".gif", ".bmp", ".webp", ".heic", ".avif", ".ico", ".psd",
        ),
        "write down what is said first": (
            ".mp3", ".wav", ".m4a", ".ogg", ".opus", ".flac", ".aac", ".wma", ".mp4", ".mkv", ".mov", ".avi", ".webm",
        ),
        "unpack it": (".zip", ".tar", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".warc", ".jar"),
    }.items()
    for suffix in suffixes
}  # fmt: skip
_JSON = re.compile(r'\s*(?:\{\s*|\[\s*\{\s*)"[^"\n]{0,200}"\s*:')
_CELLS = re.compile(r'"(?:nbformat|cell_type)"\s*:')
_CLOSED = re.compile(r"</[A-Za-z_][\w.:-]*\s*>")
_ROOT = re.compile(r"<(?:!doctype\s+)?([A-Za-z_][\w.:-]*)", re.I)
# Elements that pages and pieces of them begin with.
_OF_PAGES = re.compile(
    r"html|head|body|title|meta|link|style|script|base|p|div|span|a|b|i|u|em|strong|small|font|br|hr|img|h[1-6]|ul|ol|li"
    r"|dl|dt|dd|table|thead|tbody|tr|td|th|caption|center|section|article|header|footer|nav|main|aside|figure|blockquote"
    r"|pre|code|q|cite|abbr|sup|sub|form|input|button|label|select|iframe|noscript|video|audio|canvas",
    re.I,
)


def way_out(suffix: str) -> str | None:
    """What to do with a file of a kind that is not read; None if it may be read as text.

    Args:
        suffix: its suffix in lower case, with the dot.
    """
    return _WAYS.get(suffix)


def ways_out(suffixes: Mapping[str, int]) -> str:
    """What to do with files of kinds that are not read.

    Args:
        suffixes: how many there are of each.
    """
    ways: dict[str, list[str]] = {}
    for suffix in sorted(suffixes, key=lambda each: (-suffixes[each], each)):
        ways.setdefault(_WAYS.get(suffix, ""), []).append(suffix)
    others = ways.pop("", None)
    told = [f"{', '.join(each)}: {way}" for way, each in ways.items()]
    name = f"to tag one{' of the others' if told else ''}, name it with --input-format"
    return "; ".join(chain(told, [name] if others else []))


def begins_as(text: str) -> str | None:
    """What a text is by its beginning, if that is a kind whose text would be misread, and what to do; else None.

    Args:
        text: the beginning of it.
    """
    begin = text.lstrip("\ufeff \t\r\n")
    if begin.startswith("{\\rtf"):
        return f"is RTF, in which letters and names are written in commands; {_WAYS['.rtf']}"
    if begin.startswith(("{", "[")) and _JSON.match(begin):
        if _CELLS.search(begin):
            return f"is a notebook, in which texts are cells of JSON; {_NOTEBOOK}"
        return "is JSON, in which letters may be written as \\u00fc; use --input-format jsonl"
    root = _ROOT.search(begin) if begin.startswith("<") else None
    declared = begin.startswith("<?xml")
    if root is None or (root[1].lower() == "html" if declared else _OF_PAGES.fullmatch(root[1])):
        return None
    if declared or len(_CLOSED.findall(begin)) >= 2:
        return f"is XML, of which tags and entities such as &amp; are read as text; {_EXTRACT}"
    return None
