"""`bilstm-tagger convert`."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from bilstm_tagger.cli.app import note
from bilstm_tagger.cli.output import is_standard_output
from bilstm_tagger.cli.reading import (
    ColumnOption,
    CommentsOption,
    DelimiterOption,
    EncodingOption,
    FixOption,
    LabelOption,
    MapOption,
    MisalignedOption,
    NamesOption,
    RawLanguageOption,
    SentenceOption,
    TextOption,
    TokenizerOption,
    WordOption,
    read_spec,
    scheme_of,
)
from bilstm_tagger.errors import ConfigError

if TYPE_CHECKING:
    from bilstm_tagger.corpus.convert.convert import Conversion, ConvertOptions


def convert(
    source: Annotated[str, typer.Argument(metavar="IN", help="Annotated file or data set.", show_default=False)],
    target: Annotated[
        Path, typer.Argument(metavar="OUT", help="File to write; - for standard output.", show_default=False)
    ],
    *,
    source_format: Annotated[
        str | None, typer.Option("--from", metavar="FORMAT", help="Format of IN, if its name does not tell it.")
    ] = None,
    target_format: Annotated[str | None, typer.Option("--to", metavar="FORMAT", help="Format of OUT likewise.")] = None,
    column: ColumnOption = None,
    scheme: Annotated[
        str | None, typer.Option(help="Scheme to write spans in: IOB1, BIO, IOBES, BMES, BILOU or IO; else as in IN.")
    ] = None,
    from_scheme: Annotated[
        str | None, typer.Option(help="Scheme of the spans in IN, if it is not to be detected.")
    ] = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Make impossible tag sequences legal, as the CoNLL scorer reads them.")
    ] = False,
    names: NamesOption = None,
    word_column: WordOption = "1",
    language: RawLanguageOption = None,
    tokenizer: TokenizerOption = None,
    text_column: TextOption = None,
    misaligned: MisalignedOption = "error",
    encoding: EncodingOption = None,
    comments: CommentsOption = None,
    delimiter: DelimiterOption = None,
    sentence_column: SentenceOption = None,
    labels: MapOption = None,
    fix_tags: FixOption = False,
    label: LabelOption = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite OUT.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Report for machines.")] = False,
) -> None:
    """Write an annotated file in another format or scheme, and tell what is lost."""
    from bilstm_tagger.corpus.convert.convert import ConvertOptions

    if is_standard_output(target) and as_json:
        raise ConfigError(f"{target}: standard output is where --json reports; name a file")
    if target.is_file() and not force and not is_standard_output(target):
        raise ConfigError(f"{target}: already exists; --force overwrites it")
    options = ConvertOptions(
        spec=read_spec(
            [source],
            column,
            format=source_format,
            names=names,
            word_column=word_column,
            language=language,
            tokenizer=tokenizer,
            text_column=text_column,
            misaligned=misaligned,
            encoding=encoding,
            comments=comments,
            delimiter=delimiter,
            sentence_column=sentence_column,
            labels=labels,
            fix_tags=fix_tags,
            label=label,
        ),
        target_format=target_format,
        declared=scheme_of(from_scheme, "--from-scheme"),
        scheme=scheme_of(scheme, "--scheme"),
        repair=repair,
    )
    done = _converted(source, target, options)
    if as_json:
        typer.echo(json.dumps(done.to_json(), ensure_ascii=False, indent=2))
        return
    for line in _lines(done):
        note(line)
    note(f"{target}: {done.sizes}")


def _converted(source: str, target: Path, options: ConvertOptions) -> Conversion:
    """What was done; a file for standard output is read back before it is shown."""
    from bilstm_tagger.corpus.convert.convert import convert_corpus

    if not is_standard_output(target):
        return convert_corpus(source, target, options)
    if options.target_format is None:
        raise ConfigError(f"{target}: standard output has no suffix that tells the format; give --to")
    with TemporaryDirectory() as folder:
        done = convert_corpus(source, Path(folder) / "converted", options)
        if (Path(folder) / "converted").is_dir():
            raise ConfigError(f"{target}: {options.target_format} is a folder; name one")
        sys.stdout.flush()
        sys.stdout.buffer.write((Path(folder) / "converted").read_bytes())
        sys.stdout.buffer.flush()
    return done


def _lines(done: Conversion) -> Iterator[str]:
    for task, (before, after) in done.schemes.items():
        if task not in done.columns:
            continue  # told among what is lost
        schemes = f"scheme {before}" if before is after else f"scheme {before} to {after}"
        column = done.columns[task]
        place = f"column {column}" if isinstance(column, int) else column
        yield f"{task}: {schemes}, written as {place}{_read_back(task, column, done)}"
        if task in done.repairs:
            yield f"{task}: repaired {done.repairs[task]}"
    for loss in done.losses:
        yield f"not kept: {loss}"


def _read_back(task: str, column: int | str, done: Conversion) -> str:
    """What becomes of the name of a task that the file does not keep."""
    if task not in done.read_as:
        return ""
    name = done.read_as[task]
    flag = f"--column {shlex.quote(f'{task}={column}')}"
    return f"; read back as task {name!r}, or with {flag}" if name else f"; read back with {flag}"
