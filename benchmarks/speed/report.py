"""The table and the charts, from whatever parts have been measured."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.speed.common import Result

OURS, PEER, KERNEL = "#3b6ea5", "#c9c9c9", "#8a8a8a"


def markdown(parts: dict[str, Result]) -> str:
    """All parts as Markdown."""
    lines = [
        "# Speed",
        "",
        "Made by `python -m benchmarks.speed --data DIR`; ratios are of figures from the same run. Peers: CRFsuite "
        "(python-crfsuite, features in Python) and spaCy (CNN NER pipeline without vectors, trained here on the same "
        "data). Flair and NCRF++ are not measured: they do not install beside this torch from the index this was made "
        "with.",
        "",
    ]
    for name, write in WRITERS.items():
        if name in parts:
            result = parts[name]
            lines += [f"## {name[0].upper()}{name[1:]}", "", *write(result), "", f"*{result['machine']}*", ""]
    return "\n".join(lines).rstrip() + "\n"


def _tagging(result: Result) -> Iterator[str]:
    rates, ours = result["rates"], result["rates"]["ours"]
    yield (
        f"CoNLL-2003 test, {result['tokens']:,} tokens, word lists in, tag lists out; ours does "
        f"{' and '.join(result['tasks'])} in {result['precision']}. Medians of interleaved rounds."
    )
    yield ""
    yield "| system | tokens/s | ours is | F1 |"
    yield "|---|---:|---:|---:|"
    for name, rate in rates.items():
        score = f"{result['f1'][name]:.1f}" if name in result["f1"] else ""
        yield f"| {name} | {rate:,.0f} | {ours / rate:.2f} × | {score} |"
    yield ""
    yield f"Tags of ours equal to those in float32: {result['agreement']:.3%}."


def _files(result: Result) -> Iterator[str]:
    seconds, tokens = result["seconds"], result["tokens"]
    yield f"{tokens:,} tokens of raw text in {result['files']} files, from start to exit, JSON lines out."
    yield ""
    yield "| program | seconds | tokens/s |"
    yield "|---|---:|---:|"
    for name, spent in seconds.items():
        yield f"| {name} | {spent:.1f} | {tokens / spent:,.0f} |"
    yield ""
    ours = min(spent for name, spent in seconds.items() if name.startswith("ours"))
    peer = min(spent for name, spent in seconds.items() if name.startswith("spaCy"))
    plain = next(spent for name, spent in seconds.items() if name == "spaCy, 1 process")
    several = next(spent for name, spent in seconds.items() if name.endswith(" workers"))
    bound = seconds["ours, 1 worker on one core"]
    yield f"Best of ours to `nlp.pipe`: {plain / ours:.1f} ×; to spaCy's best: {peer / ours:.1f} ×."
    yield f"All workers to one worker bound to one core: {bound / several:.2f} ×."


def _latency(result: Result) -> Iterator[str]:
    yield "One sentence of 25 tokens at a time, warm:"
    yield ""
    yield "| | milliseconds |"
    yield "|---|---:|"
    for name, value in result["milliseconds"].items():
        yield f"| {name} | {value:.2f} |"
    yield ""
    yield "`predict` on one line, from start to exit:"
    yield ""
    yield "| input | seconds | processor seconds |"
    yield "|---|---:|---:|"
    for kind, cold in result["cold"].items():
        yield f"| {kind} | {cold['seconds']:.2f} | {cold['processor']:.2f} |"


def _training(result: Result) -> Iterator[str]:
    rates, tokens = result["rates"], result["tokens"]
    yield (
        f"CoNLL-2003 train, {tokens:,} tokens; packed: preset `ner` as most write it, `nn.LSTM` on PackedSequences, "
        "at NCRF++'s batch of 10."
    )
    yield ""
    yield "| configuration | batch | precision | tokens/s | seconds an epoch | times packed |"
    yield "|---|---:|---|---:|---:|---:|"
    for name, rate in rates.items():
        yield (
            f"| {name} | {result['batch'][name]} | {result['precision'][name]} | {rate:,.0f} | {tokens / rate:.1f} "
            f"| {rate / rates['packed']:.1f} |"
        )


def _minutes(result: Result) -> Iterator[str]:
    yield "Whole runs on CoNLL-2003, from start to the finished model folder:"
    yield ""
    yield "| run | epochs | seconds | test F1 |"
    yield "|---|---:|---:|---:|"
    for name, run in result.items():
        if name != "machine":
            yield f"| {name} | {run['epochs']} | {run['seconds']:.0f} | {run['f1']:.2f} |"


def _memory(result: Result) -> Iterator[str]:
    yield "| largest resident memory | MiB |"
    yield "|---|---:|"
    for name, value in result["MiB"].items():
        yield f"| {name} | {value:,.0f} |"


def _scaling(result: Result) -> Iterator[str]:
    yield "Microseconds per token on one thread, random weights of preset `ner`:"
    for name, costs in result.items():
        if name != "machine":
            yield ""
            yield f"| {name} | {' | '.join(f'{int(size):,}' for size in costs)} |"
            yield f"|---|{'---:|' * len(costs)}"
            yield f"| µs | {' | '.join(f'{cost:.1f}' for cost in costs.values())} |"
    yield ""
    yield "![scaling](speed-scaling.png)"


WRITERS = {
    "tagging": _tagging,
    "files": _files,
    "latency": _latency,
    "training": _training,
    "minutes": _minutes,
    "memory": _memory,
    "scaling": _scaling,
}


def bar_chart(result: Result, path: Path) -> None:
    """Tokens per second of all systems as bars, as a PNG."""
    from matplotlib.figure import Figure

    rates = dict(sorted(result["rates"].items(), key=lambda item: item[1]))
    figure = Figure(figsize=(8, 0.4 * len(rates) + 1), layout="constrained")
    axes = figure.subplots()
    colours = [OURS if name.startswith("ours") else KERNEL if "kernel" in name else PEER for name in rates]
    bars = axes.barh(list(rates), [rate / 1000 for rate in rates.values()], color=colours)
    axes.bar_label(bars, fmt="%.0f", padding=3)
    axes.set(xlabel="thousand tokens per second, from word lists to tag lists", title="CoNLL-2003 test")
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=120)


def scaling_chart(result: Result, path: Path) -> None:
    """Time per token by each size, as a PNG."""
    from matplotlib.figure import Figure

    named = {name: costs for name, costs in result.items() if name != "machine"}
    figure = Figure(figsize=(9, 6), layout="constrained")
    for axes, (name, costs) in zip(figure.subplots(2, 2).flat, named.items(), strict=True):
        axes.plot([int(size) for size in costs], list(costs.values()), color="black", marker="o", markersize=4)
        axes.set(xscale="log", xlabel=name, ylabel="µs per token", ylim=(0, 1.15 * max(costs.values())))
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(path, dpi=120)
