"""Table, figure, claims and HTML report of the study of encoders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from bilstm_tagger.io.atomic import atomic_write
from bilstm_tagger.plots import Dots, save_dots
from bilstm_tagger.studies.encoders_result import EncodersResult, deviation, standard_error
from bilstm_tagger.studies.report import Claim, Image, Section, Table, Verdict, write_report

COMMAND = "bilstm-tagger study encoders"
#: A difference of means counts as one from so many standard errors on.
DECISIVE = 2.0


def write_encoders_report(result: EncodersResult, folder: str | Path, *, command: str = COMMAND) -> Path:
    """Write the figure, the table in Markdown and the HTML report.

    Args:
        result: what the study found.
        folder: where everything goes; made if absent.
        command: that made the result, shown in the report.

    Returns:
        the path of the HTML page.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    header, rows = encoders_table(result)
    with atomic_write(folder / "encoders.md") as stream:
        lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
        stream.write("".join(f"| {' | '.join(line)} |\n" for line in lines))
    figure = folder / "encoders.png"
    _draw(result, figure)
    page = folder / "encoders.html"
    write_report(
        page,
        title="Encoders side by side",
        summary=_summary(result),
        claims=encoders_claims(result),
        sections=[
            Section(
                "Score, size and speed",
                content=[
                    Image(figure, "A circle for each seed, a stroke at their mean, written above it."),
                    Table(header, rows, f"Mean over {_seeds(result)}, ± standard deviation. {_speeds(result)}"),
                ],
            ),
            _method(result),
        ],
        command=command,
    )
    return page


def encoders_table(result: EncodersResult) -> tuple[list[str], list[list[str]]]:
    """Header and rows of the one table: an encoder a row, means with deviations."""
    measure = _measure(result)
    with_test = any(run.test for run in result.runs)
    header = ["encoder", f"dev {measure}", *([f"test {measure}"] if with_test else [])]
    header += ["encoder weights", "training tokens/s", "tagging tokens/s"]
    rows = []
    for name, title in result.titles.items():
        cells = [title, spread(result.scores(name), 100, 2)]
        if with_test:
            tests = [run.test_score for run in result.runs_of(name)]
            cells.append(spread([score for score in tests if score is not None], 100, 2))
        cells.append(f"{result.parameters(name):,}")
        cells += [spread(result.speeds(name, tagging=tagging), 1, 0) for tagging in (False, True)]
        rows.append(cells)
    return header, rows


def encoders_claims(result: EncodersResult) -> list[Claim]:
    """What is said of these encoders beside what came out; only of those that took part."""
    claims = [
        _better(result, "lstm-both-concat", "rnn-both", "An LSTM usually does better than a plain RNN."),
        _better(
            result,
            "lstm-both-concat",
            "cnn",
            "A CNN carries information within its window only, so an LSTM should do better.",
        ),
        _better(
            result,
            "lstm-both-concat",
            "lstm-forward",
            "A sentence needs context from both sides: a bidirectional LSTM suits it.",
        ),
        _price(result),
        _finding(result, "lstm-both-sum", "lstm-both-concat", "(The text only says that both passes are accumulated.)"),
        _finding(result, "gru-both", "lstm-both-concat", "(Not in the text.) A GRU has a gate less than an LSTM."),
    ]
    return [claim for claim in claims if claim is not None]


def spread(values: Sequence[float], factor: float, digits: int) -> str:
    """Mean and standard deviation, as `91.23 ± 0.15`; of one value only itself."""
    error = deviation(values)
    mean = f"{factor * fmean(values):,.{digits}f}"
    return mean if error is None else f"{mean} ± {factor * error:,.{digits}f}"


def compare(one: Sequence[float], other: Sequence[float]) -> tuple[str, int]:
    """How the scores of one compare with those of another: in words, and as 1, -1, or 0 where the seeds cannot tell."""
    difference = fmean(one) - fmean(other)
    error = standard_error(one, other)
    words = f"a difference of {100 * difference:+.2f} points"
    if error is None:
        return f"{words} of one seed, which shows no spread", 0
    words += f" with a standard error of {100 * error:.2f}"
    if abs(difference) <= DECISIVE * error or difference == 0:
        return f"{words}: no more than the seeds make", 0
    return words, 1 if difference > 0 else -1


def _better(result: EncodersResult, one: str, other: str, claimed: str) -> Claim | None:
    if not {one, other} <= result.titles.keys():
        return None
    words, sign = compare(result.scores(one), result.scores(other))
    verdicts: dict[int, Verdict] = {1: "agrees", 0: "agrees in part", -1: "disagrees"}
    return Claim(claimed, f"{_both(result, one, other)}: {words}.", verdicts[sign])


def _finding(result: EncodersResult, one: str, other: str, claimed: str) -> Claim | None:
    if not {one, other} <= result.titles.keys():
        return None
    words, _ = compare(result.scores(one), result.scores(other))
    share = result.parameters(one) / result.parameters(other)
    return Claim(claimed, f"{_both(result, one, other)}: {words}, at {share:.0%} of the weights.", "not claimed")


def _price(result: EncodersResult) -> Claim | None:
    one, other = "lstm-both-concat", "rnn-both"
    if not {one, other} <= result.titles.keys():
        return None
    ratio = result.parameters(one) / result.parameters(other)
    rates = {
        tagging: [fmean(result.speeds(name, tagging=tagging)) for name in (one, other)] for tagging in (True, False)
    }
    faster = {tagging: rates[tagging][1] / rates[tagging][0] for tagging in rates}
    weights = [f"{result.parameters(name):,}" for name in (one, other)]
    return Claim(
        "The LSTM pays for it: it is more complex than an RNN and has many more weights.",
        f"{weights[0]} weights in the encoder against {weights[1]}, {ratio:.2f} times as many. With the RNN the whole "
        f"tagger trains {faster[False]:.2f} times and tags {faster[True]:.2f} times as fast as with the LSTM.",
        "agrees" if ratio > 1 and min(faster.values()) > 1 else "agrees in part" if ratio > 1 else "disagrees",
    )


def _both(result: EncodersResult, one: str, other: str) -> str:
    parts = [f"{result.titles[name]} {spread(result.scores(name), 100, 2)}" for name in (one, other)]
    return " against ".join(parts)


def _draw(result: EncodersResult, path: Path) -> None:
    def of(values: dict[str, list[float]], factor: float) -> dict[str, list[float]]:
        return {title: [factor * value for value in values[name]] for name, title in result.titles.items()}

    names = list(result.titles)
    scores = of({name: result.scores(name) for name in names}, 100)
    weights = of({name: [float(result.parameters(name))] for name in names}, 1e-3)
    speeds = of({name: result.speeds(name, tagging=True) for name in names}, 1e-3)
    panels = [
        Dots("score on dev", f"{_measure(result)} (%)", scores, "{:.2f}"),
        Dots("size of the encoder", "weights (thousands)", weights, "{:,.0f}"),
        Dots("speed of the tagger", "tagging (1,000 tokens/s)", speeds, "{:,.0f}"),
    ]
    with atomic_write(path, binary=True) as stream:
        save_dots(panels, stream)


def _measure(result: EncodersResult) -> str:
    kinds = list(dict.fromkeys(result.measures.values()))
    return kinds[0] if len(kinds) == 1 else "score"


def _seeds(result: EncodersResult) -> str:
    return f"{len(result.seeds)} seed{'s' if len(result.seeds) > 1 else ''}"


def _speeds(result: EncodersResult) -> str:
    return f"Speed is that of the whole tagger on {result.threads} thread{'s' if result.threads > 1 else ''}."


def _summary(result: EncodersResult) -> list[str]:
    means = {title: 100 * fmean(result.scores(name)) for name, title in result.titles.items()}
    best, last = max(means, key=lambda title: means[title]), min(means, key=lambda title: means[title])
    return [
        f"The same tagger, data and settings with {len(means)} encoders, {_seeds(result)} each. Nothing is tuned for "
        "any one of them: what is compared is the encoders as they come.",
        f"Best on dev is {best} with {means[best]:.2f} %, last {last} with {means[last]:.2f} %.",
    ]


def _method(result: EncodersResult) -> Section:
    data, training = result.settings["data"], result.settings["training"]
    train, dev = (Path(data[part]).name for part in ("train", "dev"))
    tasks = ", ".join(f"{task} ({measure})" for task, measure in result.measures.items())
    hours = sum(run.seconds for run in result.runs) / 3600
    rows = [
        [result.titles[name], ", ".join(f"{key} = {value}" for key, value in values.items())]
        for name, values in result.settings_of.items()
    ]
    return Section(
        "How it was measured",
        [
            f"Trained on {train}, judged on {dev}; tasks: {tasks}. Each run keeps the weights of the epoch that was "
            "best on dev, so the scores there are a little above those on unseen text, for all encoders alike.",
            f"Preset {result.settings['preset']}: {training['optimizer']} at {training['learning_rate']:g}, "
            f"{training['epochs']} epochs, batches of {training['batch_size']} sentences; "
            f"{result.settings['encoder']['hidden_size']} units in each direction. Speed of training: tokens read a "
            "second, median over the epochs; of tagging: the fastest of three passes over dev, from words to tags.",
            f"A difference of two means counts where it exceeds {DECISIVE:g} standard errors. {hours:.1f} hours in "
            f"all, torch {result.torch_version}.",
        ],
        [Table(["encoder", "settings under [encoder]"], rows, "What differs from run to run, besides the seed.")],
    )
