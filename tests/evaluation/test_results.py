"""Tables over model folders: which settings differ, which scores there are, and how they are spelled."""

from __future__ import annotations

import csv
import io
import json
import shutil
import statistics
from pathlib import Path
from typing import Any

import pytest
from command_line import run
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_ind
from tiny import settings_of, untrained

from bilstm_tagger.errors import ModelError
from bilstm_tagger.evaluation.result_tables import to_csv, to_latex, to_markdown
from bilstm_tagger.evaluation.results import Outcome, Result, Results, collect_results
from bilstm_tagger.evaluation.seed_difference import difference
from bilstm_tagger.settings.loading import known_settings


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "first"
    untrained(settings_of()).save(folder)
    return folder


def model(source: Path, folder: Path, *, dev: float, tests: dict[str, float] | None = None, **settings: Any) -> Path:
    """A copy of a model folder with other settings, by dotted key with `__` for the dot, and scores."""
    shutil.copytree(source, folder)
    config = json.loads((folder / "config.json").read_text())
    for key, value in settings.items():
        *path, name = key.split("__")
        table = config["settings"]
        for part in path:
            table = table[part]
        table[name] = value
    (folder / "config.json").write_text(json.dumps(config))
    scores = [
        {"file": name, "sha256": f"{name} {score}"[:4], "scores": {"ner": score}}
        for name, score in (tests or {}).items()
    ]
    (folder / "metrics.json").write_text(json.dumps({"dev": {"ner": dev}, "test_scores": scores}))
    return folder


def test_only_the_settings_that_differ_are_shown(first: Path, tmp_path: Path) -> None:
    small = model(first, tmp_path / "m" / "small", dev=0.5, encoder__hidden_size=20, notes="other words")
    large = model(first, tmp_path / "m" / "large", dev=0.75, encoder__hidden_size=100, training__patience=None)
    found = collect_results([small, large])
    assert found.settings == ["encoder.hidden_size"]
    assert found.cells() == [["20"], ["100"]]
    assert [row.scores for row in found.rows] == [{"ner dev": Outcome(0.5)}, {"ner dev": Outcome(0.75)}]
    assert [row.name for row in found.by_score().rows] == [str(large), str(small)]
    assert not found.notes


def test_values_are_written_as_people_write_them(first: Path, tmp_path: Path) -> None:
    corpora = [
        {"train": "a.conll", "unmarked": ["MISC"], "weight": 1.0},
        {"train": "b.conll", "unmarked": [], "weight": 0.5},
    ]
    one = model(first, tmp_path / "one", dev=0.5, tasks__ner__corpora=corpora, training__average_from=None)
    two = model(first, tmp_path / "two", dev=0.5, embedder__characters__widths=[3, 4], training__average_from=0.5)
    found = collect_results([one, two])
    cells = dict(zip(found.settings, zip(*found.cells(), strict=True), strict=True))
    assert cells["tasks.ner.corpora"] == ("a.conll (unmarked MISC), b.conll (weight 0.5)", "none")
    assert cells["training.average_from"] == ("none", "0.5")
    assert cells["embedder.characters.widths"] == ("2, 3", "3, 4")


def test_lists_of_phrases_and_models_without(first: Path, tmp_path: Path) -> None:
    kinds = {
        "bigram": {"bigram": True},
        "lists": {"phrases": {"PER": "people.txt", "LOC": "places.txt"}, "ignore_case": True},
    }
    feature = known_settings({"features": {"any": {"bigram": True}}}).model_dump(mode="json")["features"]["any"]
    made = [
        model(first, tmp_path / name, dev=0.5, features={"known": {**feature, "bigram": False, **chosen}})
        for name, chosen in kinds.items()
    ]
    found = collect_results([*made, first])
    cells = dict(zip(found.settings, zip(*found.cells(), strict=True), strict=True))
    assert cells["features.known.bigram"] == ("true", "false", "–")
    assert cells["features.known.phrases.PER"] == ("–", "people.txt", "–")
    assert cells["features.known.phrases"] == ("none", "–", "–")


def test_a_setting_newer_than_the_model_has_its_default(first: Path, tmp_path: Path) -> None:
    old = model(first, tmp_path / "old", dev=0.5)
    config = json.loads((old / "config.json").read_text())
    del config["settings"]["training"]["recase"]
    (old / "config.json").write_text(json.dumps(config))
    assert collect_results([old, first]).settings == []


def test_folders_of_folders_are_searched(first: Path, tmp_path: Path) -> None:
    for seed in (10, 9, 2):
        model(first, tmp_path / "runs" / f"seed-{seed}", dev=0.5, training__seed=seed)
    running = model(first, tmp_path / "runs" / "seed-11", dev=0.5)
    (running / "checkpoint").mkdir()
    (running / "checkpoint" / "config.json").write_text("{}")
    (tmp_path / "runs" / "begun").mkdir()
    (tmp_path / "runs" / "begun" / "settings.json").write_text("{}")
    shutil.copytree(first, tmp_path / "runs" / ".seed-12.new")
    (tmp_path / "runs" / "other").mkdir()
    (tmp_path / "runs" / "other" / "config.json").write_text("{}")  # of another program
    found = collect_results([tmp_path / "runs", tmp_path / "runs" / "seed-9"])
    assert [Path(row.name).name for row in found.rows] == ["seed-2", "seed-9", "seed-10"]
    assert [note.partition(": ")[0].rpartition("/")[2] for note in found.notes] == ["begun", "seed-11"]
    assert all("not finished" in note for note in found.notes)


def test_what_is_no_model_is_refused(first: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelError, match=r"empty: no finished model in it$"):
        collect_results([first, tmp_path / "empty"])
    with pytest.raises(ModelError, match="no such model folder"):
        collect_results([tmp_path / "none"])
    broken = model(first, tmp_path / "broken", dev=0.5)
    (broken / "metrics.json").write_text('{"dev": {"ner": "high"}}')
    with pytest.raises(
        ModelError, match=r"broken/metrics.json: missing or wrong piece: dev\.ner: input should be a valid number$"
    ):
        collect_results([broken])


def test_models_that_differ_in_the_seed_become_one_row(first: Path, tmp_path: Path) -> None:
    values = {0: 0.5, 1: 0.625, 2: 0.75}
    for size in (20, 100):
        for seed, value in values.items():
            score = value + size / 1000
            folder = tmp_path / f"size-{size}" / f"seed-{seed}"
            model(first, folder, dev=score, tests={"t.conll": score}, encoder__hidden_size=size, training__seed=seed)
    found = collect_results([tmp_path])
    assert found.settings == ["encoder.hidden_size", "training.seed"]
    assert found.columns == ["ner dev", "ner test"]
    found = found.over_seeds()
    assert found.settings == ["encoder.hidden_size"]
    assert [Path(row.name).name for row in found.rows] == ["size-20", "size-100"]
    expected = [value + 0.02 for value in values.values()]
    outcome = found.rows[0].scores["ner dev"]
    assert outcome.mean == pytest.approx(statistics.fmean(expected))
    assert outcome.deviation == pytest.approx(statistics.stdev(expected))
    assert outcome.runs == 3


@given(st.lists(st.lists(st.integers(0, 10_000), min_size=2, max_size=6), min_size=2, max_size=2))
def test_the_interval_of_a_difference_is_that_of_scipy(drawn: list[list[int]]) -> None:
    groups = [[value / 10_000 for value in values] for values in drawn]
    outcomes = [Outcome(statistics.fmean(each), statistics.stdev(each), len(each)) for each in groups]
    found = difference(*outcomes)
    if all(len(set(each)) == 1 for each in groups):
        assert found is None
        return
    expected = ttest_ind(*groups, equal_var=False)
    assert found is not None
    assert found.mean == pytest.approx(outcomes[0].mean - outcomes[1].mean)
    assert (found.low, found.high) == pytest.approx(tuple(expected.confidence_interval(0.95)))


def test_two_groups_of_seeds_are_compared(first: Path, tmp_path: Path) -> None:
    for size, values in ((20, (0.5, 0.52, 0.54)), (100, (0.6, 0.62, 0.64))):
        for seed, value in enumerate(values):
            tests = {"t.conll": 0.5 + seed / 10 + size / 10_000}
            folder = tmp_path / f"size-{size}" / f"seed-{seed}"
            model(first, folder, dev=value, tests=tests, encoder__hidden_size=size, training__seed=seed)
    a, b = tmp_path / "size-20", tmp_path / "size-100"
    shown = run("results", a, b, "--mean", "--format", "csv").stderr.splitlines()
    ways = "by Welch over 3 and 3 seeds"
    assert f"ner dev: {b} is 10.00 above {a}, 95 % interval 5.47 to 14.53 {ways}, so it is hardly chance" in shown
    assert f"ner test: {b} is 0.80 above {a}, 95 % interval -21.87 to 23.47 {ways}, so it may be chance" in shown
    # Not of single models, nor of one group, nor of a column that one lacks.
    assert "Welch" not in run("results", a, b).stderr
    assert "Welch" not in run("results", a, "--mean").stderr
    assert "Welch" not in run("results", a, b / "seed-0", "--mean").stderr
    assert run("results", a, b, "--mean").stderr.count("Welch") == 2


@pytest.mark.parametrize("style", ["text", "markdown", "latex"])
def test_a_mean_of_fewer_seeds_says_so(first: Path, tmp_path: Path, style: str) -> None:
    for seed in range(3):
        tests = {"t.conll": 0.5 + seed / 8} if seed < 2 else {}
        model(first, tmp_path / "a" / f"seed-{seed}", dev=0.5, tests=tests, training__seed=seed)
        model(first, tmp_path / "b" / f"seed-{seed}", dev=0.5, tests={"t.conll": 0.5}, training__seed=seed)
    (folder,) = {Path(row.name).parent / "b" for row in collect_results([tmp_path]).over_seeds().rows}
    for seed in range(3):
        config = json.loads((folder / f"seed-{seed}" / "config.json").read_text())
        config["settings"]["encoder"]["hidden_size"] += 1
        (folder / f"seed-{seed}" / "config.json").write_text(json.dumps(config))
    shown = run("results", tmp_path, "--mean", "--format", style, "--output", tmp_path / "table")
    assert shown.exit_code == 0
    text = (tmp_path / "table").read_text()
    assert text.count("(n=2)") == text.count("(n=") == 1
    told = "ner test is the mean of 2 of 3 seeds, as the others have no such score"
    assert f"note: {tmp_path / 'a'}: {told}\n" in shown.stderr


def test_copies_of_a_seed_count_once(first: Path, tmp_path: Path) -> None:
    for name, seed, score in (("seed-0", 0, 0.5), ("seed-1", 1, 0.75), ("copy", 1, 0.75)):
        model(first, tmp_path / name, dev=score, training__seed=seed)
    found = collect_results([tmp_path / "seed-0", tmp_path / "seed-1", tmp_path / "copy"]).over_seeds()
    (row,) = found.rows
    outcome = row.scores["ner dev"]
    assert (outcome.mean, outcome.runs) == (0.625, 2)
    assert outcome.deviation == pytest.approx(statistics.stdev([0.5, 0.75]))
    assert found.notes == (
        f"{tmp_path / 'copy'}: has the seed 1 as {tmp_path / 'seed-1'} has, so it is left out of the mean",
    )


def test_several_test_files_have_a_column_each(first: Path, tmp_path: Path) -> None:
    one = model(first, tmp_path / "one", dev=0.5, tests={"b.conll": 0.25, "a.conll": 0.125})
    two = model(first, tmp_path / "two", dev=0.5, tests={"b.conll": 0.5})
    found = collect_results([one, two])
    assert found.columns == ["ner dev", "ner a.conll", "ner b.conll"]
    assert not found.notes
    config = json.loads((two / "metrics.json").read_text())
    config["test_scores"][0]["sha256"] = "another"
    (two / "metrics.json").write_text(json.dumps(config))
    assert collect_results([one, two]).notes == (
        "b.conll: the models were scored on files of this name that differ in their content",
    )


def table(*rows: tuple[str, dict[str, Any], dict[str, Outcome]]) -> Results:
    return Results(tuple(Result(*row) for row in rows))


TABLE = table(
    ("a_b", {"x.y": "p|q&r", "same": 1}, {"ner dev": Outcome(0.9013), "ner test": Outcome(0.5, 0.0125, 3)}),
    ("c", {"x.y": 5, "same": 1}, {"ner dev": Outcome(0.75)}),
)


def test_markdown() -> None:
    assert to_markdown(TABLE) == (
        "| model | x.y | ner dev | ner test | seeds |\n"
        "| --- | --- | ---: | ---: | ---: |\n"
        r"| a\_b | p\|q&r | **90.13 (n=1)** | **50.00 ± 1.25** | 3 |"
        "\n| c | 5 | 75.00 | – | 1 |\n"
    )


def test_latex() -> None:
    assert to_latex(TABLE) == (
        "% \\usepackage{booktabs}\n\\begin{tabular}{llrrr}\n\\toprule\n"
        "model & x.y & ner dev & ner test & seeds \\\\\n\\midrule\n"
        "a\\_b & p|q\\&r & \\textbf{90.13 (n=1)} & \\textbf{50.00 $\\pm$ 1.25} & 3 \\\\\n"
        "c & 5 & 75.00 & -- & 1 \\\\\n\\bottomrule\n\\end{tabular}\n"
    )


def test_csv_can_be_computed_with() -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(TABLE))))
    assert rows[0] == {
        "model": "a_b",
        "x.y": "p|q&r",
        "ner dev": "90.13",
        "ner dev deviation": "",
        "ner dev seeds": "1",
        "ner test": "50.00",
        "ner test deviation": "1.25",
        "ner test seeds": "3",
    }
    assert rows[1]["ner test"] == rows[1]["ner test seeds"] == ""


def test_equal_scores_are_both_the_best_and_a_lone_one_is_not() -> None:
    both = table(("a", {}, {"ner dev": Outcome(0.5)}), ("b", {}, {"ner dev": Outcome(0.50001)}))
    assert to_markdown(both).count("**50.00**") == 2
    assert "**" not in to_markdown(table(("a", {}, {"ner dev": Outcome(0.5)})))


def test_the_command(first: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    one = model(first, tmp_path / "one", dev=0.5, encoder__hidden_size=20)
    two = model(first, tmp_path / "two", dev=0.75, encoder__hidden_size=100)
    shown = run("results", one, two)
    rows = [line.split()[1:] for line in shown.stdout.splitlines()]
    assert [row for row in rows if row and row[0].isdigit()] == [["20", "50.00"], ["100", "75.00"]]
    done = run("results", tmp_path, "--format", "csv", "--sort", "--output", tmp_path / "table.csv")
    assert (done.exit_code, done.stdout) == (0, "")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "table.csv").read_text())))
    assert [row["encoder.hidden_size"] for row in rows] == ["100", "20"]
    assert run("results", tmp_path, "--mean", "--format", "latex").stdout.count("\\\\\n") == 3
    monkeypatch.setenv("COLUMNS", "40")
    narrow = run("results", one, two).stdout
    assert f"{one}: encoder.hidden_size=20\n" in narrow
    run("results", one, two, "--output", tmp_path / "table.txt")
    assert "encoder.hidden_size" in (tmp_path / "table.txt").read_text()
    assert run("results", tmp_path / "none").exit_code == 1


def test_settings_of_a_task_count_where_the_task_is(first: Path, tmp_path: Path) -> None:
    """But the files that it learns from, which the table would else lack."""
    one = settings_of().tasks["ner"].model_dump(mode="json")
    tasks = [{"ner": one}, {"ner": one | {"weight": 2.0}}, {"pos": one | {"head": "softmax", "train": "a.conll"}}]
    rows = [model(first, tmp_path / f"m{number}", dev=0.5, tasks=each) for number, each in enumerate(tasks)]
    found = collect_results(rows)
    assert found.settings == ["tasks.ner.weight", "tasks.pos.train"]
    assert found.cells() == [["1.0", "–"], ["2.0", "–"], ["–", "a.conll"]]
    assert collect_results(rows[::2]).settings == ["tasks.pos.train"]


def test_models_much_alike_are_told_by_what_differs(first: Path, tmp_path: Path) -> None:
    many = {"encoder__hidden_size": 20, "embedder__size": 7, "training__epochs": 77, "encoder__dropout": 0.25}
    long = "wide/" * 20
    for name, changed in (
        ("a", {"training__init_from": long}),
        ("b", {"training__init_from": long, "training__seed": 1}),
        ("c", many),
        ("d", many | {"training__seed": 1}),
    ):
        model(first, tmp_path / name, dev=0.5, **changed)
    lines = run("results", tmp_path).stdout.replace(f"{tmp_path}/", "").splitlines()[-4:]
    assert lines[0].startswith("a: ")
    assert "training.seed=0" in lines[0]
    assert lines[1] == "b: as a, but training.seed=1"
    assert lines[2].startswith("c: embedder.size=7, ")
    assert lines[3] == "d: as c, but training.seed=1"
