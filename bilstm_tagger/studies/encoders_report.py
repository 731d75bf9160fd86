"""Table, figure and HTML report of the study of encoders."""

from __future__ import annotations

from pathlib import Path
from statistics import fmean

from bilstm_tagger.io.atomic import atomic_write
from bilstm_tagger.plots import Dots, save_dots
from bilstm_tagger.studies.encoders_claims import LEAST_UNITS, encoders_claims, spread, undecided
from bilstm_tagger.studies.encoders_result import EncodersResult
from bilstm_tagger.studies.report import Image, Section, Table, write_report
from bilstm_tagger.wording import counted

COMMAND = "bilstm-tagger study encoders"


def write_encoders_report(result: EncodersResult, folder: str | Path, *, command: str = COMMAND) -> Path:
    """Write the figure, the table in Markdown and the HTML report.

    Args:
        result: the runs of the study.
        folder: where the files go: `encoders.md`, `encoders.png` and `encoders.html`.
        command: the command line of the study, shown in the report.

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
                    Image(figure, "One circle per seed; the bar is their mean, whose value is above it."),
                    Table(header, rows, f"Mean over {_seeds(result)}, ± standard deviation. {_speeds(result)}"),
                ],
            ),
            _method(result),
        ],
        command=command,
    )
    return page


def encoders_table(result: EncodersResult) -> tuple[list[str], list[list[str]]]:
    """Header and rows of the table: one row per encoder, means with standard deviations.

    Args:
        result: the runs of the study.
    """
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
    return counted(len(result.seeds), "seed")


def _speeds(result: EncodersResult) -> str:
    return f"Speed is that of the whole tagger on {counted(result.threads, 'thread')}."


def _summary(result: EncodersResult) -> list[str]:
    means = {title: 100 * fmean(result.scores(name)) for name, title in result.titles.items()}
    best, last = max(means, key=lambda title: means[title]), min(means, key=lambda title: means[title])
    return [
        f"The same tagger, data and settings with {len(means)} encoders, {_seeds(result)} each. No setting is tuned "
        "for any of them.",
        f"Highest mean score on dev: {best} with {means[best]:.2f} %; lowest: {last} with {means[last]:.2f} %.",
        *([note] if (note := undecided(result)) else []),
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
            f"Trained on {train}, scored on {dev}; tasks: {tasks}. Each run keeps the weights of its best epoch on "
            "dev, so the scores there are a little higher than on unseen text, for all encoders.",
            f"Preset {result.settings['preset']}: {training['optimizer']} at {training['learning_rate']:g}, "
            f"{training['epochs']} epochs, batches of {training['batch_size']} sentences; "
            f"{result.settings['encoder']['hidden_size']} units in each direction. Speed of training: tokens per "
            "second, median over the epochs; of tagging: the fastest of three passes over dev, from words to tags.",
            "A difference of two means counts if all three hold: its 95 % interval over the seeds (Welch 1947) does "
            f"not contain 0; dev has at least {LEAST_UNITS} gold spans (or tokens, for plain tags); and it is larger "
            "than what either encoder gained in the last quarter of its epochs, so longer training would not reverse "
            f"it. {hours:.1f} hours in total, torch {result.torch_version}.",
        ],
        [Table(["encoder", "settings under [encoder]"], rows, "The settings that differ, besides the seed.")],
    )
