"""The README and the pages of the documentation: which there are, and the code blocks they show."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "README.zh.md", *sorted((ROOT / "docs").rglob("*.md"))]

_BLOCK = re.compile(
    r"(?:^<!-- not run: (?P<reason>[^>]+?) -->\n)?"
    r"^```(?P<language>\w+)(?: title=\"(?P<title>[^\"]+)\")?\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
_FILE = re.compile(r"(?:[Ss]ave this as `(?P<saved>[\w.-]+)`[^\n]*(?:\n[^\n]+)*|`(?P<named>[\w-]+\.\w+)`\s?[:：])\s*\Z")


@dataclass(frozen=True)
class Block:
    """A code block of a page.

    Attributes:
        language: what stands behind its opening fence.
        code: its lines.
        line: where it begins in the page.
        reason: why it is not run, if it is not.
        file: the file that it is, if the text before it names one.
        output: what it prints, if the page shows that.
    """

    language: str
    code: str
    line: int
    reason: str | None
    file: str | None
    output: str | None


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks_of(page: Path) -> list[Block]:
    """The code blocks of a page, those with their output joined to it."""
    text = page.read_text("utf-8")
    found: list[Block] = []
    end = 0
    for match in _BLOCK.finditer(text):
        before, end = text[end : match.start()], match.end()
        if match["title"] == "Output":
            last = found.pop()
            assert not before.strip(), f"{name_of(page)}: an output that does not stand right behind its block"
            found.append(Block(last.language, last.code, last.line, last.reason, last.file, match["code"]))
            continue
        named = _FILE.search(before)
        file = named and (named["saved"] or named["named"])
        line = text.count("\n", 0, match.start()) + 1
        found.append(Block(match["language"], match["code"], line, match["reason"], file, None))
    return found


def shell_lines(code: str) -> Iterator[str]:
    """The commands of a shell block, without what a line is continued with or commented by."""
    for line in code.replace("\\\n", " ").splitlines():
        words = line.split("  #")[0].strip()
        if words:
            yield words


def inline_code(page: Path) -> list[str]:
    """What stands between single backticks outside the blocks of a page."""
    return re.findall(r"`([^`\n]+)`", _BLOCK.sub("", page.read_text("utf-8")))


def call_of(line: str) -> tuple[list[str], str | None, str | None]:
    """Arguments of a call of the program, the file piped into it, and the file its output goes to."""
    call = re.fullmatch(r"(?:cat (\S+) \| )?bilstm-tagger (.*?)(?: > (\S+))?", line)
    assert call, f"{line!r}: not a call that the tests of the pages understand"
    return shlex.split(call[2]), call[1], call[3]
