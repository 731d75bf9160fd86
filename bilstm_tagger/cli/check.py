"""`bilstm-tagger check`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bilstm_tagger.cli.app import in_own_options, note, screen
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

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

    from bilstm_tagger.corpus.check.check import CheckOptions, CheckReport, FileReport, Finding

ROWS = 30  # tags or labels of a task that are shown
_STYLES = {"error": "bold red", "warning": "yellow", "info": "dim"}


def check(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE...", help="Annotated files or data sets, the training data first.", show_default=False
        ),
    ],
    *,
    column: ColumnOption = None,
    format: Annotated[str | None, typer.Option(help="Format of the files, if their names do not tell it.")] = None,
    scheme: Annotated[str | None, typer.Option(help="How the data writes spans, if it is not to be detected.")] = None,
    vectors: Annotated[
        str | None, typer.Option(metavar="FILE", help="Word vectors whose coverage is measured, as in train.")
    ] = None,
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
    fix: Annotated[
        Path | None,
        typer.Option(
            "--fix", metavar="OUT", help="Write FILE with its slips mended: tags, labels, blanks, repeated sentences."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Look for errors and slips in annotated files before training on them; exit code 1 if there is an error."""
    from bilstm_tagger.corpus.check.check import CheckOptions, check_corpus

    options = CheckOptions(
        spec=read_spec(
            files,
            column,
            format=format,
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
        scheme=scheme_of(scheme, "--scheme"),
        vectors=vectors,
    )
    if fix is not None and len(files) != 1:
        raise typer.BadParameter("mends one file at a time; name one FILE", param_hint="--fix")
    report = check_corpus(files, options)
    if fix is not None:
        _fix(files[0], fix, options)
    if as_json:
        typer.echo(json.dumps(report.to_json(), ensure_ascii=False, indent=2))
    else:
        console = screen()
        for title, table in _tables(report.files):
            console.print(_plain(title), table)  # a title of the table itself would be folded to its width
        for line in (*map(_finding, report.findings), _verdict(report)):
            console.print(line, soft_wrap=True)
    if not report.ok:
        raise typer.Exit(1)


def _fix(source: str, target: Path, options: CheckOptions) -> None:
    """Write the mended file and tell what was changed."""
    from bilstm_tagger.corpus.check.fix import fix_corpus

    done = fix_corpus(source, target, options.spec, scheme=options.scheme)
    for change in done.changes:
        note(f"changed: {change}")
    for rest in done.left:
        note(f"not changed: {rest}")
    for loss in done.losses:
        note(f"not kept: {loss}")
    note(f"{target}: {'written, with nothing to change' if not done.changes else 'written'}")


def _tables(files: Sequence[FileReport]) -> Iterator[tuple[str, Table]]:
    if not files:
        return
    yield "sizes", _size_table(files)
    for task in dict.fromkeys(task for each in files for task in each.tasks):
        yield _task_table(task, [each for each in files if task in each.tasks])


def _size_table(files: Sequence[FileReport]) -> Table:
    from bilstm_tagger.wording import percent

    table = _table("", [Path(each.path).name for each in files])
    for name in ("documents", "sentences", "tokens", "types"):
        table.add_row(name, *(f"{getattr(each, name):,}" for each in files))
    for name in ("shortest", "median", "95%", "longest"):
        label = name.replace("%", " %") + ("" if name != "shortest" else " sentence, in tokens")
        table.add_row(label, *(f"{each.lengths[name]:g}" for each in files))
    for name, label in (("unknown", "tokens unknown in the first file"), ("coverage", "tokens with a vector")):
        shares = [getattr(each, name) for each in files]
        if any(share is not None for share in shares):
            table.add_row(label, *("" if share is None else f"{percent(share)} %" for share in shares))
    return table


def _task_table(task: str, files: Sequence[FileReport]) -> tuple[str, Table]:
    scheme = files[0].tasks[task].scheme
    noun, unit = ("tag", "tokens") if scheme == "none" else ("label", "spans")
    counts = [each.tasks[task].tags if scheme == "none" else each.tasks[task].labels for each in files]
    names = sorted(
        {name for each in counts for name in each}, key=lambda name: (-sum(c.get(name, 0) for c in counts), name)
    )
    title = f"{task}: {len(names):,} {noun}{'s' * (len(names) != 1)}, scheme {scheme}; {unit}"
    table = _table(noun, [Path(each.path).name for each in files])
    for name in names[:ROWS]:
        table.add_row(_plain(name), *(f"{each.get(name, 0):,}" for each in counts))
    if len(names) > ROWS:
        rest = (f"{sum(each.get(name, 0) for name in names[ROWS:]):,}" for each in counts)
        table.add_row(f"{len(names) - ROWS:,} rarer", *rest, style="dim")
    table.add_section()
    table.add_row("all", *(f"{sum(each.values()):,}" for each in counts), style="bold")
    return title, table


def _table(name: str, figures: Sequence[str]) -> Table:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD)
    table.add_column(name, overflow="fold")
    for figure in figures:
        table.add_column(_plain(figure), justify="right")
    return table


def _finding(finding: Finding) -> Text:
    from rich.text import Text

    text = Text.assemble((f"{finding.level}: ", _STYLES[finding.level]), in_own_options(finding.message))
    for place in finding.places:
        text.append(f"\n    {place}", style="dim")
    return text


def _verdict(report: CheckReport) -> Text:
    from rich.text import Text

    errors, warnings = len(report.of("error")), len(report.of("warning"))
    words = f"{errors} error{'s' * (errors != 1)}, {warnings} warning{'s' * (warnings != 1)}"
    return Text(words, style="bold red" if errors else "yellow" if warnings else "bold green")


def _plain(text: str) -> Text:
    """Text that rich does not read as markup."""
    from rich.text import Text

    return Text(text)
