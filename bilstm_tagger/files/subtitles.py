"""The cues of subtitles (SubRip `.srt`, WebVTT `.vtt`): one line per cue, so that each ends a sentence."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from itertools import takewhile
from pathlib import Path

from bilstm_tagger.errors import CorpusError
from bilstm_tagger.files.source import Tally, Unread
from bilstm_tagger.io.reading import open_text

# Hours are optional in WebVTT, both signs before the milliseconds are in use, and some programs leave these out.
_TIMING = re.compile(r"\s*(?:\d+:)?\d{1,2}:\d{1,2}(?:[.,]\d{1,3})?\s*-->\s*(?:\d+:)?\d{1,2}:\d{1,2}(?:[.,]\d{1,3})?")
_MARKUP = re.compile(r"</?[a-zA-Z][^<>]*>|<\d[\d:.]*>|\{\\[^{}]*\}")
_VOICE = re.compile(r"<v(?:\.[^\s<>]*)?\s+[^\s<>][^<>]*>")
_READING = re.compile(r"<rt\b[^<>]*>.*?(?:</rt>|(?=</ruby>)|$)", re.IGNORECASE)
_SPEAKER = re.compile(r"\s*[-–—]")
_NUMBER = re.compile(r"\s*\d+\s*")


def read_subtitles(path: Path, tally: Tally, *, encoding: str | None = None) -> str:
    """Read what is said, without numbers, times, markup and readings of characters.

    In SubRip all between two lines of times is what is said, but for the number that may stand before the second: cues
    without a blank line between them, or with one inside, are in use. In WebVTT a blank line ends a cue, and what
    stands before the next line of times is its name, a comment or a style.
    https://www.w3.org/TR/webvtt1/#file-structure

    Args:
        path: the file.
        tally: where names of speakers and readings, which are not read, are counted.
        encoding: its encoding, as in `open_text`.

    Returns:
        One line per cue, or per speaker where one cue has several.

    Raises:
        CorpusError: if the file cannot be read or has no cue.
    """
    lines = [line for _, line in open_text(path, encoding=encoding)]
    _leave_out(lines, str(path), tally)
    times = [number for number, line in enumerate(lines) if _TIMING.match(line)]
    if not times:
        if last := max((number for number, line in enumerate(lines, 1) if line.strip()), default=0):
            raise CorpusError(
                f"{path}:{last}: no line of times, 00:00:01,000 --> 00:00:02,000, up to here; is it whole?"
            )
        return ""
    chunks = [
        lines[start:end] for start, end in zip([0, *(time + 1 for time in times)], [*times, len(lines)], strict=True)
    ]
    cues = [_without_number(chunk) for chunk in chunks[:-1]]
    if 2 * sum(len(cue) < len(chunk) for cue, chunk in zip(cues, chunks[:-1], strict=True)) <= len(cues):
        cues = chunks[:-1]  # cues without numbers, where one is what is said
    cues.append(chunks[-1])
    if lines[0].startswith("WEBVTT"):
        cues = [[], *(list(takewhile(str.strip, cue)) for cue in cues[1:])]
    return "".join(f"{line}\n" for cue in cues for line in _joined(cue))


def _leave_out(lines: list[str], place: str, tally: Tally) -> None:
    """Take readings out of lines, and count them and names of speakers, which are in tags."""
    speakers = readings = 0
    for number, line in enumerate(lines):
        if "<" in line:
            speakers += len(_VOICE.findall(line))
            lines[number], taken = _READING.subn("", line)
            readings += taken
    tally.leave_out(Unread.SPEAKERS, place, speakers)
    tally.leave_out(Unread.READINGS, place, readings)


def _without_number(chunk: list[str]) -> list[str]:
    """What stands before a line of times without the number of the cue that begins there, if it has one."""
    last = next((number for number in range(len(chunk) - 1, -1, -1) if chunk[number].strip()), None)
    if last is None or not _NUMBER.fullmatch(chunk[last]):
        return chunk
    # One at the end of a text, and not right before the times, is said.
    is_said = last + 1 < len(chunk) and last > 0 and chunk[last - 1].strip()
    return chunk if is_said else chunk[:last]


def _joined(cue: Iterable[str]) -> list[str]:
    """The lines of a cue: wrapped ones joined, but not over a blank one, nor to what another speaker says."""
    said: list[str] = []
    wrapped = False
    for line in cue:
        text = html.unescape(_MARKUP.sub("", line)).strip()
        if text and wrapped and not _SPEAKER.match(text):
            said[-1] = f"{said[-1]} {text}"
        elif text:
            said.append(text)
        wrapped = bool(said) and bool(line.strip())
    return said
