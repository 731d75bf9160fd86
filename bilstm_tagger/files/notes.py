"""What is told of files that were read: what of them was not, and what was guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import shorten

from bilstm_tagger.files.source import Tally, Unread
from bilstm_tagger.wording import counted

__all__ = ["SHOWN", "UNREAD", "by_suffix", "notes_of", "some"]

SHOWN = 5  # of what is left out, so many are named
_LONGEST_EXAMPLE = 60  # characters
# What is not read: the words behind 1 and behind more.
UNREAD: Mapping[Unread, tuple[str, str]] = {
    Unread.ATTACHMENTS: (
        "attachment or other part of a mail is not read; save it as a file to tag it",
        "attachments and other parts of mails are not read; save them as files to tag them",
    ),
    Unread.PAGES: (
        "page of a PDF file is without text; if scanned, run OCR first",
        "pages of PDF files are without text; if scanned, run OCR first",
    ),
    Unread.LAYOUTS: (
        "layout of a PDF page is not read, since it is damaged; names may be cut at line ends there",
        "layouts of PDF pages are not read, since they are damaged; names may be cut at line ends there",
    ),
    Unread.ANNOTATIONS: ("annotation of a PDF file is not read", "annotations of PDF files are not read"),
    Unread.COMMENTS: ("comment is not read", "comments are not read"),
    Unread.EMBEDDED: (
        "chart, diagram or file inside of a Word document is not read",
        "charts, diagrams and files inside of Word documents are not read",
    ),
    Unread.MARKS: (
        "raised mark of a note, such as {example}, is not read",
        "raised marks of notes, such as {example}, are not read",
    ),
    Unread.READINGS: ("reading of characters (ruby) is not read", "readings of characters (ruby) are not read"),
    Unread.OTHER_KEYS: (
        "record has words, but not under the key of the text: {example}",
        "records have words, but not under the key of the text: {example}",
    ),
    Unread.SPEAKERS: ("name of a speaker, <v NAME>, is not read", "names of speakers, <v NAME>, are not read"),
}


def notes_of(tally: Tally) -> list[str]:
    """What readers met that is no failure, a sentence for each kind of it; the first few files are named."""
    notes = [f"left out: {message}" for message in tally.no_text]
    if tally.columns:
        notes.append(
            "read as columns of tokens, the first of which is tagged, since no cell holds several words: "
            f"{some(tally.columns)}; if these are tokens, end each sentence with an empty line; if it is a table, name "
            "the column of its text: --input-format csv --text-column NAME"
        )
    if tally.extracted:
        notes.append(
            f"of {by_suffix(tally.extracted)} the offsets and lines count in the text taken from the file, not in the "
            "file"
        )
    if tally.empty:
        words = counted(
            tally.empty.total(),
            "row or record without a text is an empty document",
            "rows or records without a text are empty documents",
        )
        notes.append(f"{words}: {some(_by_place(tally.empty))}")
    for what, (one, more) in UNREAD.items():
        if counts := tally.unread.get(what):
            words = counted(counts.total(), one, more).format(example=_short(tally.examples.get(what, "[1]")))
            notes.append(f"{words}: {some(_by_place(counts))}")
    if tally.no_visible_text:
        notes.append(
            "pages that show no text by themselves, as where a script, frames or pictures do: "
            f"{some(tally.no_visible_text)}"
        )
    if tally.damaged:
        notes.append(f"mails with damage, of which text may be missing or misread: {some(tally.damaged)}")
    if tally.guessed:
        notes.append(f"read as windows-1252, since not UTF-8: {some(tally.guessed)}")
    return notes


def some(places: Sequence[str]) -> str:
    """The first few, and how many more there are."""
    more = f"; and {len(places) - SHOWN} more" if len(places) > SHOWN else ""
    return f"{'; '.join(places[:SHOWN])}{more}"


def _short(text: str) -> str:
    return shorten(text, _LONGEST_EXAMPLE, placeholder=" ...")


def _by_place(counts: Mapping[str, int]) -> list[str]:
    """Places in order, each with how often something is there."""
    return [f"{place} ({count:,})" for place, count in counts.items()]


def by_suffix(counts: Mapping[str, int]) -> str:
    """Counts by suffix, the most frequent first."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], not item[0], item[0]))
    return ", ".join(f"{count} {suffix or 'without a suffix'}" for suffix, count in ordered)
