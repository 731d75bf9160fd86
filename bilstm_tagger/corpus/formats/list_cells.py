"""Cells of CSV that look like lists: JSON, Python and numpy's printing are read, everything else is refused.

A cell such as `['Anna' 'Berg']`, which numpy prints, is valid Python with another meaning: one string `AnnaBerg`. So a
list is read only where its text has one meaning.
"""

from __future__ import annotations

import ast
import io
import json
import re
import tokenize
from typing import Any

__all__ = ["ListLike", "read_cell"]

_STRING = r"""(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""
_NUMPY = re.compile(rf"\[\s*({_STRING}(?:\s+{_STRING})*)\s*\]", re.DOTALL)
_STRINGS = re.compile(_STRING, re.DOTALL)
_ARRAY = re.compile(r"(?:np\.|numpy\.)?(?:array|list|Index)\((.*)\)", re.DOTALL)
_TYPE = re.compile(r",\s*dtype=[^\[\]]*$")
# A list; or brackets and braces right before a quotation mark.
_OPENS = re.compile(r"""\[(?!\s*\w*\]\s*\S)|[({]\s*['"]|(?:np\.|numpy\.)?(?:array|list|Index)\(\s*[\[(]""")


class ListLike(str):
    """A cell that looks like a list and has no certain meaning as one.

    Attributes:
        fault: why it cannot be read.
    """

    __slots__ = ("fault",)
    fault: str

    @classmethod
    def of(cls, cell: str, fault: str) -> ListLike:
        """Make one with its fault."""
        made = cls(cell)
        made.fault = f"{fault}: write JSON, as in {json.dumps(['Anna', 'slept'])}, or save the table as Parquet"
        return made


def read_cell(cell: str) -> Any:
    """Read a cell that may be a list.

    Args:
        cell: what stands in the table.

    Returns:
        A list if it is one in JSON, Python or numpy's printing; `ListLike` if it only looks like one; None for an empty
        cell; else the cell.
    """
    stripped = cell.strip()
    if not stripped:
        return None
    if not _OPENS.match(stripped):
        return cell
    try:
        value = json.loads(stripped)
    except (ValueError, RecursionError):
        return _python(cell, stripped)
    return value if isinstance(value, list | dict) else cell


def _python(cell: str, text: str) -> Any:
    inner = _ARRAY.fullmatch(text)
    if inner:
        return _python(cell, _TYPE.sub("", inner[1]).strip())
    if text[:1] == "[" and text[1:2] == " " and not re.search(r"['\"]", text):
        return cell  # tokens with spaces between, the first of which is a bracket
    if text[-1:] not in ("]", ")", "}"):
        return ListLike.of(cell, "look like a list that is cut short")
    if "..." in _STRINGS.sub("", text) or "…" in _STRINGS.sub("", text):
        return ListLike.of(cell, "are a list with items left out (...)")
    numpy = _NUMPY.fullmatch(text)
    if numpy and "," not in _STRINGS.sub("", text):
        return _evaluated(cell, f"[{','.join(_STRINGS.findall(numpy[1]))}]")
    if _strings_touch(text):
        return ListLike.of(cell, "are a list in which a comma is missing")
    return _evaluated(cell, text)


def _evaluated(cell: str, text: str) -> Any:
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return ListLike.of(cell, "look like a list and are neither JSON nor a list of Python")
    if isinstance(value, set):
        return ListLike.of(cell, "are a set, which has no order")
    return list(value) if isinstance(value, list | tuple) else value if isinstance(value, dict) else cell


def _strings_touch(text: str) -> bool:
    """Whether two strings follow each other without a comma, which Python joins."""
    before = False
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            if token.type in (tokenize.NL, tokenize.NEWLINE):
                continue
            now = token.type == tokenize.STRING
            if before and now:
                return True
            before = now
    except (tokenize.TokenError, IndentationError, SyntaxError):
        return False
    return False
