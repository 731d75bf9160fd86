"""What all commands share: exit codes, and messages on standard error."""

from __future__ import annotations

import errno
import io
import logging
import os
import sys
from collections.abc import Callable
from typing import Any

import typer
from typer.core import TyperGroup

from bilstm_tagger.errors import TaggerError

INTERRUPTED = 130  # 128 + SIGINT, as shells report it
_CANNOT_WRITE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)


class Commands(TyperGroup):
    """Runs a command and turns an exception into one line and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command that the arguments name."""
        handler = _Notes()
        logger = logging.getLogger("bilstm_tagger")
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
            return result
        except TaggerError as error:
            tell_error(error)
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            typer.echo("stopped", err=True)
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            _close_stdout()
            raise typer.Exit(0) from None
        except OSError as error:
            raise typer.Exit(_cannot_write(error)) from None
        finally:
            logger.removeHandler(handler)


class _Notes(logging.Handler):
    """Shows the log messages of the library, one line each; warnings are marked."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print a message to standard error."""
        # sys.stderr is looked up each time, because a progress bar replaces it while it is on the screen.
        mark = "warning: " if record.levelno >= logging.WARNING else ""
        print(mark + record.getMessage(), file=sys.stderr, flush=True)


def note(message: str) -> None:
    """Print a message to standard error."""
    print(message, file=sys.stderr, flush=True)


def tell_error(error: object) -> None:
    """Print an error to standard error, on one line."""
    note(f"error: {' '.join(str(error).split(chr(10)))}")


def open_closed_streams() -> None:
    """Put something in place of standard streams that were closed, before another file gets their numbers.

    What is written to standard output then fails in one line; notes on standard error go nowhere.
    """
    for number, flags in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, flags)  # which takes the lowest free number
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - open to the end
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - open to the end


def run_to_the_end(app: Callable[[], Any]) -> None:
    """Run the program; output that cannot be written at its very end, or as help, is one line too.

    Args:
        app: runs the command and raises SystemExit.
    """
    code: Any = 0
    try:
        app()
    except SystemExit as end:
        code = end.code
    except OSError as error:
        code = _cannot_write(error)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _close_stdout()
    except OSError as error:
        code = _cannot_write(error)
    sys.exit(code)


def _cannot_write(error: OSError) -> int:
    if error.errno not in _CANNOT_WRITE:
        raise error
    _close_stdout()
    tell_error(f"the output cannot be written: {error.strerror}")
    return 1


def use_utf8() -> None:
    """Write UTF-8 with line feeds into files and pipes, whatever the locale and the system."""
    if isinstance(sys.stdout, io.TextIOWrapper) and not sys.stdout.isatty():
        sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    if isinstance(sys.stderr, io.TextIOWrapper):
        sys.stderr.reconfigure(errors="backslashreplace")


def _close_stdout() -> None:
    """Discard what is still in the buffer, so that the interpreter does not report an error when it exits."""
    try:
        descriptor = sys.stdout.fileno()
    except (OSError, ValueError):  # not a real file, as under test
        return
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, descriptor)
    os.close(null)
