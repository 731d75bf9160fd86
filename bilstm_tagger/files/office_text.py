"""Text of Word documents and PDF files, by the packages of the extra `documents`."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

from bilstm_tagger.errors import ConfigError, CorpusError
from bilstm_tagger.files.pdf_lines import page_text
from bilstm_tagger.io.reading import read_bytes
from bilstm_tagger.wording import counted

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"  # the same text a second time
_BREAKS = {f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}tab": "\t", f"{_W}noBreakHyphen": "\u2011"}
# A word that goes on behind a hyphen at a line end; some programs set a blank before those that they set.
_DIVIDED = re.compile(r"(?<![^\W\d_])([^\W\d_]+)( ?[\u2010\u00ad-])\n([^\W\d_]+)(\S*)[^\S\n]*\n?")
_TYPED = re.compile(r"[^\W\d_]\u2010[^\W\d_]")  # inside of a line, where no program sets one
_WORD = re.compile(r"[^\W\d_]+")
_PARTS = ("header", "footer", "footnotes", "endnotes")


def read_docx(path: Path) -> str:
    """Read a Word document: one line per paragraph of its body, tables, text boxes, notes, headers and footers.

    Raises:
        CorpusError: if the file cannot be read.
        ConfigError: if python-docx is not installed.
    """
    try:
        import docx
        from lxml import etree
    except ImportError as error:
        raise ConfigError(f"{path}: .docx needs python-docx: pip install 'bilstm-tagger[documents]'") from error

    data = read_bytes(path)
    try:
        document = docx.Document(BytesIO(data))
        inside = [relation for relation in document.part.rels.values() if not relation.is_external]
        parts = [each.target_part.blob for each in inside if each.reltype.rpartition("/")[2] in _PARTS]
        trees = [document.element.body, *map(etree.fromstring, parts)]
    except Exception as error:  # python-docx, zipfile and lxml each have errors of their own, down to KeyError
        raise CorpusError(f"{path}: not a whole .docx file: {_reason(error)}") from None
    return "".join(f"{text}\n" for tree in trees for text in map(_paragraph, tree.iter(f"{_W}p")) if text.strip())


def _paragraph(paragraph: Any) -> str:
    return "".join(_runs(paragraph))


def _runs(element: Any) -> Iterator[str]:
    """The text of a paragraph without that of paragraphs inside it, as text boxes have."""
    for child in element:
        if child.tag == f"{_W}t":
            yield child.text or ""
        elif child.tag in _BREAKS:
            yield _BREAKS[child.tag]
        elif child.tag not in (f"{_W}p", _FALLBACK):
            yield from _runs(child)


def read_pdf(path: Path) -> str:
    """Read the text of a PDF file, page by page, with words whole that are divided at line ends.

    Raises:
        CorpusError: if the file cannot be read, is encrypted, or holds no text.
        ConfigError: if pypdf is not installed.
    """
    try:
        import pypdf
    except ImportError as error:
        raise ConfigError(f"{path}: .pdf needs pypdf: pip install 'bilstm-tagger[documents]'") from error

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it reports each odd object; what matters it raises
    data = read_bytes(path)
    try:
        reader = pypdf.PdfReader(BytesIO(data))
        if reader.is_encrypted and not reader.decrypt(""):
            raise CorpusError(f"{path}: is encrypted; save it without a password")
        pages = list(map(page_text, reader.pages))
    except CorpusError:
        raise
    except Exception as error:  # of a damaged file pypdf raises whatever the first wrong object leads to
        raise CorpusError(f"{path}: not a whole PDF file: {_reason(error)}") from None
    text = "\n".join(pages)
    if pages and not text.strip():
        raise CorpusError(f"{path}: {counted(len(pages), 'page')} without text; if scanned, run OCR first")
    # Half characters come from fonts without a table of characters.
    return _undivided(text.encode("utf-8", "replace").decode("utf-8"))


def _undivided(text: str) -> str:
    """The text with words whole that a program has divided at line ends; the line ends behind the word.

    A hyphen that an author may have typed is taken out only where the word stands whole elsewhere. Soft hyphens come
    from programs alone, and so does U+2010 unless it stands inside of lines too, as where a font has it for `-`.
    """
    whole: set[str] | None = None
    typed = "-\u2010" if _TYPED.search(text) else "-"

    def joined(found: re.Match[str]) -> str:
        nonlocal whole
        before, hyphen, behind, rest = found.groups()
        if not behind[0].islower():
            return found[0]
        if hyphen[-1] in typed:
            if hyphen[0] == " ":
                return found[0]  # a dash
            whole = set(_WORD.findall(text)) if whole is None else whole
            if before + behind not in whole:
                return found[0]
        return f"{before}{behind}{rest}\n"

    return _DIVIDED.sub(joined, text)


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
