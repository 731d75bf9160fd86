"""The end of commands that tag files: what was done, and what was not."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from bilstm_tagger.cli.app import note, tell_error
from bilstm_tagger.errors import TaggerError
from bilstm_tagger.wording import counted

if TYPE_CHECKING:
    from bilstm_tagger.files import FilesReport


def sizes(report: FilesReport) -> str:
    """How much was tagged, and how fast if anything was."""
    rate = report.tokens / max(report.seconds, 1e-9)
    speed = f" ({rate:,.0f} tokens/s)" if report.tokens else ""
    return f"{counted(report.sentences, 'sentence')}, {counted(report.tokens, 'token')}{speed}"


def conclude(report: FilesReport, output: Path | None, *, models: str = "") -> None:
    """Tell what was done and what was not; any failure makes the exit code 1.

    Args:
        report: what was done.
        output: where the results are.
        models: how many documents each model was chosen for, if any was.
    """
    from bilstm_tagger.files.notes import by_suffix, notes_of, some
    from bilstm_tagger.files.other_kinds import ways_out

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
        kinds = by_suffix(report.other)
        words = counted(report.skipped, "file of another kind", "files of other kinds")
        note(f"note: {words} left out ({kinds}); {ways_out(report.other)}")
    if report.left_out:
        note(f"note: no regular files, left out: {some(report.left_out)}")
    if report.output:
        note(f"note: output of this or an earlier run, left out: {some(report.output)}; to tag it too, name its files")
    if report.suspected:
        words = counted(
            len(report.suspected),
            "file has the name that the output of another input file would have; its names may count twice",
            "files have the names that the output of other input files would have; their names may count twice",
        )
        note(f"note: {words}: {some(report.suspected)}")
    for told in notes_of(report.tally):
        note(f"note: {told}")
    for error in _failures(report):
        tell_error(error)
    place = "" if output is None else f" into {output}"
    if output is not None or not sys.stdout.isatty():
        unread = f", {counted(report.unread_folders, 'folder')} not read" if report.unread_folders else ""
        files = f"{report.files} of {counted(report.found, 'file')}{unread}"
        note(f"tagged {files}{place}: {sizes(report)}{models and '; '}{models}")
    if report.failures:
        raise typer.Exit(1)


def _failures(report: FilesReport) -> list[TaggerError]:
    """What went wrong, with one line for all files in languages that no model is for."""
    from bilstm_tagger.files.by_language import LanguageError

    of_language = [each for each in report.failures if isinstance(each, LanguageError)]
    others = [each for each in report.failures if not isinstance(each, LanguageError)]
    return [*others, LanguageError.joined(of_language)] if of_language else others
