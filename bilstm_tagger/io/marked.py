"""A stream of text that readers give back whole, even if it begins with U+FEFF."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TextIO, cast


def marked_stream(stream: TextIO) -> TextIO:
    """The stream, with a byte order mark before what is written first if that begins like one.

    Readers drop one such mark, so what follows it comes back.

    Args:
        stream: where the text goes.
    """
    return cast("TextIO", _Marked(stream))


def write_mark(stream: TextIO) -> None:
    """Write a byte order mark, by which Excel knows UTF-8; nothing must have been written before.

    Args:
        stream: where it goes, marked or not.
    """
    if isinstance(stream, _Marked):
        stream.mark()
    else:
        stream.write("\ufeff")


class _Marked:
    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._begun = False

    def write(self, text: str) -> int:
        if text and not self._begun:
            self._begun = True
            text = "\ufeff" + text if text.startswith("\ufeff") else text
        return self._stream.write(text)

    def mark(self) -> None:
        """Write the mark that readers drop."""
        self._begun = True
        self._stream.write("\ufeff")

    def writelines(self, lines: Iterable[str]) -> None:
        if self._begun:
            self._stream.writelines(lines)
        else:
            self.write("".join(lines))
