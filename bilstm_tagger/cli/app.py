"""What all commands share: exit codes, and messages on standard error."""

from __future__ import annotations

import errno
import io
import logging
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand, TyperGroup

from bilstm_tagger.cli.hints import in_options_of
from bilstm_tagger.errors import TaggerError, one_line

if TYPE_CHECKING:
    from rich.console import Console

INTERRUPTED = 130  # 128 + SIGINT, as shells report it
# Options that name a file or folder.
FILE_OPTIONS = frozenset(
    [
        "model", "output", "train_file", "dev_file", "test_file", "vectors", "init_from", "png", "html", "json_file",
        "fix", "test", "track_to", "predictions", "errors", "confusion", "differences", "apply",
    ]
)  # fmt: skip
_running: list[Any] = []  # click's context of the command that runs
_HALF = re.compile("[\ud800-\udfff]")
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
        except TaggerError as error:  # before the command itself ran
            tell_error(error)
            raise typer.Exit(1) from None
        except KeyboardInterrupt as interrupt:
            note(": ".join(["stopped", *map(str, interrupt.args)]))
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            _close_stdout()
            raise typer.Exit(0) from None
        except OSError as error:
            raise typer.Exit(_cannot_write(error)) from None
        finally:
            logger.removeHandler(handler)


class Command(TyperCommand):
    """A command whose arguments are checked before it runs: no empty names of files, and nothing but Unicode."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; an error of the library is told in the options that this command has."""
        _running.append(ctx)
        try:
            return super().invoke(ctx)
        except TaggerError as error:
            tell_error(error)
            raise typer.Exit(1) from None
        finally:
            _running.pop()

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take the arguments apart.

        Raises:
            typer.BadParameter: for an empty name, which would mean the current folder, for half a character,
                which no file could hold (names of files may have any bytes), and for a second value of an option
                that takes one.
        """
        values = {name for each in self.params if _takes_text(each) for name in each.opts}
        for before, each in pairwise(["", *args]):
            option, equals, value = each.partition("=") if each.startswith("--") else (before, "=", each)
            if before not in values and equals and not value and option not in values:
                raise typer.BadParameter(
                    "an argument is empty; name a file or a folder (. is the current one)",
                    param_hint=option or "INPUTS",
                )
        if not ctx.resilient_parsing:  # as for completion
            self._refuse_second_values(ctx, args)
        rest = super().parse_args(ctx, args)
        for parameter in filter(_takes_text, self.params):
            value = ctx.params.get(parameter.name or "")
            for each in value if isinstance(value, list | tuple) else [value]:
                if isinstance(each, str) and _HALF.search(each):
                    raise typer.BadParameter(
                        f"{each!a} is not UTF-8; set the terminal to UTF-8 or put the text into a file",
                        param_hint=parameter.opts[0],
                    )
        return rest

    def _refuse_second_values(self, ctx: Any, args: list[str]) -> None:
        """Raise for an option that is given twice but takes one value: the parser would drop the first in silence."""
        seen = set()
        for parameter in self.make_parser(ctx).parse_args(list(args))[2]:
            if parameter.param_type_name != "option" or getattr(parameter, "is_flag", False) or parameter.multiple:
                continue
            if parameter in seen:
                raise typer.BadParameter("is given twice, but takes one value", param_hint=parameter.opts[0])
            seen.add(parameter)


def _takes_text(parameter: Any) -> bool:
    """Whether a parameter is an option with a value that names no file."""
    is_option = parameter.param_type_name == "option" and not parameter.is_flag
    return is_option and parameter.name not in FILE_OPTIONS


class _Notes(logging.Handler):
    """Shows the log messages of the library, one line each; warnings are marked."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print a message to standard error."""
        # sys.stderr is looked up each time, because a progress bar replaces it while it is on the screen.
        mark = "warning: " if record.levelno >= logging.WARNING else ""
        message = in_own_options(record.getMessage())
        print(mark + one_line(message), file=sys.stderr, flush=True)


def in_own_options(message: str) -> str:
    """Write a message in the options of the command that runs."""
    return in_options_of(message, _running[-1] if _running else None)


def note(message: str) -> None:
    """Print a message to standard error, on one line, without what would speak to the terminal."""
    print(one_line(in_own_options(message)), file=sys.stderr, flush=True)


@contextmanager
def if_stopped(message: Callable[[], str]) -> Iterator[None]:
    """Say more than that the command was stopped, should somebody stop it with Ctrl-C.

    Args:
        message: tells then what there is of the output, and what to do.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(message()) from None


def tell_error(error: object) -> None:
    """Print an error to standard error, on one line."""
    note(f"error: {error}")


def screen() -> Console:
    """Standard output for tables and text in colour; control characters in them are shown, not obeyed."""
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment

    class Screen(Console):
        def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
            """The segments of what is printed."""
            for text, style, control in super().render(renderable, options):
                lines = text if control or text.isprintable() else "\n".join(map(one_line, text.split("\n")))
                yield Segment(lines, style, control)

    return Screen(highlight=False)


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


def end_by_signal(number: int, _: object) -> None:
    """End the program as an exception does: what is half written is removed, and other processes end too."""
    sys.exit(128 + number)


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
    """Tell what the system refused: a file that it names, or else the output."""
    if error.filename is not None:
        tell_error(f"{os.fsdecode(error.filename)}: {error.strerror}")
        return 1
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
