"""The end of commands that tag files: what was done, and what was not."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from bilstm_tagger.cli.app import note, tell_error
from bilstm_tagger.errors import TaggerError
from bilstm_tagger.wording import counted

if TYPE_CHECKING:
    from bilstm_tagger.files import FilesReport
    from bilstm_tagger.files.source import Tally

SHOWN = 5  # of what is left out, so many are named


def sizes(report: FilesReport) -> str:
    """How much was tagged, and how fast."""
    rate = report.tokens / max(report.seconds, 1e-9)
    return f"{counted(report.sentences, 'sentence')}, {counted(report.tokens, 'token')} ({rate:,.0f} tokens/s)"


def conclude(report: FilesReport, output: Path | None, *, models: str = "") -> None:
    """Tell what was done and what was not; any failure makes the exit code 1.

    Args:
        report: what was done.
        output: where the results are.
        models: how many documents each model was chosen for, if any was.
    """
    if report.finished:
        note(
            "note: "
            + counted(
                report.finished,
                "file was tagged by the interrupted run and is left as it is",
                "files were tagged by the interrupted run and are left as they are",
            )
        )
    if report.skipped:
        kinds = _by_suffix(report.other)
        note(
            f"note: {counted(report.skipped, 'file of another kind', 'files of other kinds')} left out ({kinds}); to "
            "tag one, name it with --input-format"
        )
    if report.left_out:
        note(f"note: no regular files, left out: {_some(report.left_out)}")
    _tell(report.tally)
    for error in _failures(report):
        tell_error(error)
    place = "" if output is None else f" into {output}"
    if output is not None or not sys.stdout.isatty():
        note(
            f"tagged {report.files} of {counted(report.found, 'file')}{place}: {sizes(report)}{models and '; '}{models}"
        )
    if report.failures:
        raise typer.Exit(1)


def _failures(report: FilesReport) -> list[TaggerError]:
    """What went wrong, with one line for all files in languages that no model is for."""
    from bilstm_tagger.files.by_language import LanguageError

    of_language = [each for each in report.failures if isinstance(each, LanguageError)]
    others = [each for each in report.failures if not isinstance(each, LanguageError)]
    return [*others, LanguageError.joined(of_language)] if of_language else others


def _tell(tally: Tally) -> None:
    """Tell what readers met that is no failure."""
    for message in tally.no_text:
        note(f"note: left out: {message}")
    if tally.columns:
        note(
            "note: read as columns of tokens, the first of which is tagged, since no cell holds several words: "
            f"{_some(tally.columns)}; if it is a table, name the column of its text: "
            "--input-format csv --text-column NAME; if these are tokens, end each sentence with an empty line"
        )
    if tally.extracted:
        note(
            f"note: of {_by_suffix(tally.extracted)} the offsets count in the text taken from the file, not in the file"
        )
    if tally.empty:
        words = counted(
            tally.empty.total(),
            "row or record without a text is an empty document",
            "rows or records without a text are empty documents",
        )
        note(f"note: {words}: {_some(_by_place(tally.empty))}")
    if tally.attachments:
        words = counted(
            tally.attachments.total(),
            "attachment or other part of a mail is not read; save it as a file to tag it",
            "attachments and other parts of mails are not read; save them as files to tag them",
        )
        note(f"note: {words}: {_some(_by_place(tally.attachments))}")
    if tally.damaged:
        note(f"note: text of mails with damaged parts is not read: {_some(tally.damaged)}")
    if tally.guessed:
        note(f"note: read as windows-1252, since not UTF-8: {_some(tally.guessed)}")


def _some(places: Sequence[str]) -> str:
    """The first few, and how many more there are."""
    more = f"; and {len(places) - SHOWN} more" if len(places) > SHOWN else ""
    return f"{'; '.join(places[:SHOWN])}{more}"


def _by_place(counts: Mapping[str, int]) -> list[str]:
    """Places in order, each with how often something is there."""
    return [f"{place} ({count:,})" for place, count in counts.items()]


def _by_suffix(counts: Mapping[str, int]) -> str:
    """Counts by suffix, the most frequent first."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], not item[0], item[0]))
    return ", ".join(f"{count} {suffix or 'without a suffix'}" for suffix, count in ordered)
