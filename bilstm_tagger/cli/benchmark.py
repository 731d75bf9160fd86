"""`bilstm-tagger benchmark`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bilstm_tagger.cli.app import note, screen
from bilstm_tagger.wording import counted

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from bilstm_tagger.document.document import Document
    from bilstm_tagger.evaluation.speed import Benchmark, Rate
    from bilstm_tagger.tagging.tagger import Tagger


def benchmark(
    data: Annotated[str | None, typer.Argument(help="File to tag; default: a short text, repeated.")] = None,
    *,
    model: Annotated[
        Path, typer.Option("--model", "-m", help="Model folder, or a model that comes with the package.")
    ] = Path("en"),
    input_format: Annotated[str | None, typer.Option(help="Input format, as for predict.")] = None,
    seconds: Annotated[float, typer.Option(min=0.0, help="Least time per setting.")] = 1.0,
    device: Annotated[str, typer.Option(help="cpu, cuda or mps.")] = "cpu",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure how fast a model tags on this machine, and find the best setting."""
    from bilstm_tagger.evaluation.speed import benchmark as measure
    from bilstm_tagger.evaluation.speed import thread_counts
    from bilstm_tagger.files.split import usable_cores
    from bilstm_tagger.tagging.tagger import Tagger

    tagger = Tagger.load(model, device=device)
    result = measure(
        lambda precision: Tagger.load(model, device=device, precision=precision),
        _documents(tagger, data, input_format),
        precisions=_precisions(device),
        threads=thread_counts(usable_cores()) if device == "cpu" else [1],
        seconds=seconds,
        progress=None if as_json else _note_rate,
    )
    if as_json:
        typer.echo(json.dumps(result.to_json(), indent=2))
        return

    screen().print(_view(result))


def _documents(tagger: Tagger, data: str | None, input_format: str | None) -> list[Document]:
    """The documents to measure, tokenised; without data, the text that comes with the program."""
    from bilstm_tagger.corpus.trained import words_spec
    from bilstm_tagger.evaluation.speed import MOST_TOKENS, TEXT
    from bilstm_tagger.files.find_jobs import find_jobs
    from bilstm_tagger.files.inputs import read_job

    if data is None:
        return [tagger.read(TEXT)]
    job = find_jobs([data], input_format=input_format).jobs[0]
    documents: list[Document] = []
    tokens = 0
    for source in read_job(job, words_spec(tagger.reading)):
        documents.append(tagger.read(source.content))
        tokens += len(documents[-1])
        if tokens >= MOST_TOKENS:
            break
    return documents


def _precisions(device: str) -> list[str]:
    """float32, and bfloat16 on a device that computes with it natively."""
    import torch

    from bilstm_tagger.nn.device import pick_device, pick_precision

    both = pick_precision("auto", pick_device(device)) is torch.bfloat16
    return ["float32", "bfloat16"] if both else ["float32"]


def _note_rate(rate: Rate) -> None:
    """Report a rate while the others are measured."""
    note(
        f"{rate.precision}, {counted(rate.threads, 'thread')}, batches of {rate.batch_tokens}: "
        f"{rate.tokens_per_second:,.0f}"
    )


def _view(result: Benchmark) -> RenderableType:
    """The table of rates and the figures below it."""
    from rich.console import Group
    from rich.text import Text

    best, latency = result.best, result.latency
    lines = [
        f"best: {best.tokens_per_second:,.0f} tokens/s with --precision {best.precision} --threads {best.threads} "
        f"--batch-tokens {best.batch_tokens}",
        f"while all words are new: {result.first_pass:,.0f} tokens/s "
        f"({counted(result.tokens, 'token')}, {counted(result.types, 'distinct word')})",
        f"one sentence at a time ({latency.sentences} of {latency.tokens:.0f} tokens on average): "
        f"median {latency.median:.2f} ms, 90 % under {latency.p90:.2f} ms, 99 % under {latency.p99:.2f} ms",
        *(f"tags of {name} equal to float32: {share:.3%}" for name, share in result.agreement.items() if share < 1),
        *([] if result.memory is None else [f"peak memory: {result.memory:,.0f} MiB"]),
    ]
    return Group(_table(result), Text("\n".join(lines)))


def _table(result: Benchmark) -> Table:
    """Tokens per second: one row per precision and number of threads, one column per batch size."""
    from rich import box
    from rich.table import Table

    sizes = sorted({rate.batch_tokens for rate in result.rates})
    table = Table(box=box.SIMPLE_HEAD, title="tokens per second by batch size (padded tokens)", title_justify="left")
    table.add_column("precision")
    table.add_column("threads", justify="right")
    for size in sizes:
        table.add_column(f"{size:,}", justify="right")
    rows: dict[tuple[str, int], dict[int, Rate]] = {}
    for rate in result.rates:
        rows.setdefault((rate.precision, rate.threads), {})[rate.batch_tokens] = rate
    for (precision, threads), by_size in rows.items():
        table.add_row(precision, str(threads), *(f"{by_size[size].tokens_per_second:,.0f}" for size in sizes))
    return table
