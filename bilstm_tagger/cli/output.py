"""Where commands write one file: standard output, or a file that is there when it is complete."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import typer

from bilstm_tagger.cli.app import note

STDOUT = Path("-")
_STANDARD = ("-", "/dev/stdout", "/dev/fd/1")  # by name: with `> FILE` behind the command they are that file


def is_standard_output(output: str | Path | None) -> bool:
    """Tell whether standard output is meant: where nothing is named, and by its usual names.

    Args:
        output: value of `--output`.
    """
    return output is None or str(output) in _STANDARD


def file_of(output: Path | None) -> Path | None:
    """The file that is meant; None for standard output.

    Args:
        output: value of `--output`.
    """
    return None if is_standard_output(output) else output


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the results of files go: one file for all, a folder with a file for each, or neither: standard output.

    Attributes:
        file: the file; also a device or a pipe.
        folder: the folder.
        format: the output format that the suffix of the file tells, if one does.
    """

    file: Path | None = None
    folder: Path | None = None
    format: str | None = None

    @classmethod
    def of(cls, output: str | None) -> Destination:
        """Decide by what is named, and by what is there.

        Args:
            output: value of `--output`.

        Raises:
            ConfigError: it is called like a packed file, which is not written.
        """
        if output is None or is_standard_output(output):
            return cls()
        from bilstm_tagger.errors import ConfigError
        from bilstm_tagger.files.formats import format_of_suffix
        from bilstm_tagger.files.source import PACKED
        from bilstm_tagger.io.atomic import is_device

        target = Path(output)
        if is_device(target):
            return cls(file=target)
        if output.endswith(("/", os.sep)) or target.is_dir():
            return cls(folder=target)
        if target.suffix.lower() in PACKED and format_of_suffix(target.with_suffix("").suffix) is not None:
            raise ConfigError(f"{output}: no packed file is written; name {target.stem} and pack it, or a folder")
        format = format_of_suffix(target.suffix)
        return cls(folder=target) if format is None else cls(target, format=format)

    @property
    def is_screen(self) -> bool:
        """Whether the results are read on a terminal."""
        return self.file is None and self.folder is None and sys.stdout.isatty()

    def what_is_kept(self) -> str:
        """What there is of the output when the command is stopped."""
        from bilstm_tagger.io.atomic import is_device

        if self.folder is not None:
            if self.folder.exists():
                return f"{self.folder} holds what was finished; --resume goes on"
            return f"no file was finished, so there is no {self.folder} yet; --resume goes on"
        if self.file is None or is_device(self.file):
            return "the output ends where it was"
        return nothing_kept(self.file)


@contextmanager
def opened(output: Path | None, *, binary: bool, force: bool) -> Iterator[IO[Any]]:
    """Standard output, or a file that is replaced only when the new one is complete; a device is written to at once.

    Args:
        output: the file; None for standard output.
        binary: whether bytes are written.
        force: whether a file may be replaced.

    Raises:
        ConfigError: the file is there already, or is a folder.
    """
    from bilstm_tagger.errors import ConfigError
    from bilstm_tagger.io.atomic import atomic_write, is_device

    if output is None:
        yield sys.stdout
        return
    if output.is_dir():
        raise ConfigError(f"{output}: is a folder; name a file, such as {output / 'names.csv'}")
    if output.exists() and not force and not is_device(output):
        raise ConfigError(f"{output} would be overwritten; use --force or another --output")
    check_places(output)
    with atomic_write(output, binary=True) if binary else atomic_write(output) as stream:
        yield stream


def nothing_kept(output: Path | None) -> str:
    """What there is of the output where a command that writes one file is stopped."""
    if output is None:
        return "the output is not complete"
    return f"nothing was written to {output}, since a file appears when it is complete; start again"


def write_json(values: Any, path: Path | None) -> bool:
    """Write plain values if a file is named.

    Args:
        values: what `json` can write.
        path: the file, `-` for standard output; None for nowhere.

    Returns:
        Whether more may be printed: not behind JSON on standard output.
    """
    from bilstm_tagger.io.atomic import atomic_write

    text = json.dumps(values, ensure_ascii=False, indent=2) + "\n"
    if path is None:
        return True
    if is_standard_output(path):
        typer.echo(text, nl=False)
        return False
    with atomic_write(path) as stream:
        stream.write(text)
    return True


def tell_notes(lines: Iterable[str]) -> None:
    """Print what the reader of figures should know; that a model was trained on the corpus is a warning.

    Args:
        lines: the notes.
    """
    from bilstm_tagger.evaluation.trained_on import TrainedOn

    for line in lines:
        note(f"{'warning' if isinstance(line, TrainedOn) else 'note'}: {line}")


def check_places(*paths: Path | None) -> None:
    """Refuse files that cannot be written, before the work whose result goes there.

    Args:
        paths: the files; None for none, and `-` for standard output.

    Raises:
        TaggerError: one is a folder, or the system lets nothing be written there.
    """
    from bilstm_tagger.io.places import check_file_place

    for path in paths:
        if path is not None and not is_standard_output(path):
            check_file_place(path)


def check_pages(paths: Sequence[Path], option: str) -> None:
    """Refuse files that are neither pages nor tables, or cannot be written, before anything is computed.

    Args:
        paths: the files.
        option: the flag, for the message.

    Raises:
        typer.BadParameter: one has another suffix.
        TaggerError: one cannot be written.
    """
    for path in paths:
        if path.suffix.lower() not in (".html", ".csv"):
            raise typer.BadParameter(f"{path}: must end in .html or .csv", param_hint=option)
    check_places(*paths)
