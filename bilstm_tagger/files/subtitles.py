"""The cues of subtitles (SubRip `.srt`, WebVTT `.vtt`): one line per cue, so that each ends a sentence."""

from __future__ import annotations

import html
import re
from pathlib import Path

from bilstm_tagger.errors import CorpusError
from bilstm_tagger.io.reading import open_text

# Hours are optional in WebVTT, and both signs before the milliseconds are in use.
_TIMING = re.compile(r"\s*(?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3}\s*-->\s*(?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3}")
_MARKUP = re.compile(r"</?[a-zA-Z][^<>]*>|<\d[\d:.]*>|\{\\[^}]*\}")
_SPEAKER = re.compile(r"\s*[-–—]")


def read_subtitles(path: Path, *, encoding: str | None = None) -> str:
    """Read what is said, without numbers, times and markup.

    Args:
        path: the file.
        encoding: its encoding, as in `open_text`.

    Returns:
        One line per cue, or per speaker where one cue has several.

    Raises:
        CorpusError: if the file cannot be read or has no cue.
    """
    cues: list[list[str]] = []
    inside = False
    last = 0
    for number, line in open_text(path, encoding=encoding):
        if _TIMING.match(line):
            cues.append([])
            inside = True
        elif not line.strip():
            inside = False
        elif inside:
            _append(cues[-1], html.unescape(_MARKUP.sub("", line)).strip())
        last = number if line.strip() else last
    if not cues and last:
        raise CorpusError(f"{path}:{last}: no line of times, 00:00:01,000 --> 00:00:02,000, up to here; is it whole?")
    return "".join(f"{line}\n" for cue in cues for line in cue)


def _append(cue: list[str], line: str) -> None:
    """Add a line to a cue: wrapped, or, behind a dash, of the next speaker."""
    if cue and not _SPEAKER.match(line):
        cue[-1] = f"{cue[-1]} {line}"
    elif line:
        cue.append(line)
