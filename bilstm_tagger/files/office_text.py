"""Text of Word documents and PDF files, by the packages of the extra `documents`."""

from __future__ import annotations

import logging
import re
from io import BytesIO
from pathlib import Path

from bilstm_tagger.errors import ConfigError, CorpusError
from bilstm_tagger.files.pdf_forms import filled_in
from bilstm_tagger.files.pdf_lines import page_text
from bilstm_tagger.files.source import Tally, Unread
from bilstm_tagger.files.word_xml import WordReader, count_comments
from bilstm_tagger.io.reading import read_bytes
from bilstm_tagger.wording import counted

# A word that goes on behind a hyphen at a line end; some programs set a blank before those that they set.
_DIVIDED = re.compile(r"(?<![^\W\d_])([^\W\d_]+)( ?[\u2010\u00ad-])\n([^\W\d_]+)(\S*)[^\S\n]*\n?")
_TYPED = re.compile(r"[^\W\d_]\u2010[^\W\d_]")  # inside of a line, where no program sets one
_WORD = re.compile(r"[^\W\d_]+")
_STYLES = "styles"
_PARTS = ("header", "footer", "footnotes", "endnotes")
_COMMENTS = "comments"
# Charts, diagrams, and files of other programs or of Word (ECMA-376, part 1, 17.17.2.1) inside of a document.
_EMBEDDED = frozenset({"chart", "chartEx", "diagramData", "oleObject", "package", "aFChunk"})


def read_docx(path: Path, tally: Tally) -> str:
    """Read a Word document: one line per paragraph of its body, tables, text boxes, notes, headers and footers.

    Args:
        path: the file.
        tally: where comments, embedded files, marks of notes and readings, which are not read, are counted.

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
        relations = [(each.reltype.rpartition("/")[2], each) for each in document.part.rels.values()]
        inside = [
            (kind, etree.fromstring(each.target_part.blob))
            for kind, each in relations
            if kind in (_STYLES, *_PARTS, _COMMENTS) and not each.is_external
        ]
        reader = WordReader(tree for kind, tree in inside if kind == _STYLES)
        trees = [document.element.body, *(tree for kind, tree in inside if kind in _PARTS)]
        text = "".join(f"{line}\n" for tree in trees for line in reader.lines(tree))
    except Exception as error:  # python-docx, zipfile and lxml each have errors of their own, down to KeyError
        raise CorpusError(f"{path}: not a whole .docx file: {_reason(error)}") from None
    tally.leave_out(Unread.COMMENTS, str(path), sum(count_comments(tree) for kind, tree in inside if kind == _COMMENTS))
    tally.leave_out(Unread.EMBEDDED, str(path), sum(kind in _EMBEDDED for kind, _ in relations))
    tally.leave_out(Unread.MARKS, str(path), len(reader.marks), reader.marks)
    tally.leave_out(Unread.READINGS, str(path), reader.readings)
    return text


def read_pdf(path: Path, tally: Tally) -> str:
    """Read the text of a PDF file, page by page, with words whole that are divided at line ends.

    What is filled into a page stands behind its text.

    Args:
        path: the file.
        tally: where pages without text, odd layouts and annotations, which are not read, are counted.

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
        pages = []
        blank = annotations = odd = 0
        for page in reader.pages:
            text, has_lines = page_text(page)
            odd += not has_lines
            filled = filled_in(page)
            if filled.texts:
                text = "\n\n".join([*filter(None, [text]), *filled.texts, ""])
            blank += not text.strip()
            annotations += filled.annotations
            pages.append(text)
    except CorpusError:
        raise
    except Exception as error:  # of a damaged file pypdf raises whatever the first wrong object leads to
        raise CorpusError(f"{path}: not a whole PDF file: {_reason(error)}") from None
    text = "\n".join(pages)
    if pages and not text.strip():
        raise CorpusError(f"{path}: {counted(len(pages), 'page')} without text; if scanned, run OCR first")
    tally.leave_out(Unread.PAGES, str(path), blank)
    tally.leave_out(Unread.LAYOUTS, str(path), odd)
    tally.leave_out(Unread.ANNOTATIONS, str(path), annotations)
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
