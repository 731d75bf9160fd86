"""The options that say how a file is read, in every command that has them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bilstm_tagger.cli import app
from bilstm_tagger.cli.init_from import choose_task
from bilstm_tagger.cli.values import label_map
from bilstm_tagger.corpus.formats import unheeded
from bilstm_tagger.errors import ConfigError
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.settings.loading import load_settings
from bilstm_tagger.settings.schema import Settings
from bilstm_tagger.training.sources import read_sources, settle_sources

SPANS = "Anna B-PER\nBerg I-PER\nslept O\n\nOslo B-LOC\nis O\nfar O\n\n"
PLAIN = "Anna PROPN\nslept VERB\n\nOslo PROPN\n\n"


def put(folder: Path, content: str, name: str = "a.conll") -> Path:
    path = folder / name
    path.write_text(content, "utf-8")
    return path


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, list(map(str, arguments)))


@pytest.fixture
def settings_of_run(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """The settings with which training would have begun."""
    runs: list[Settings] = []

    def fake(settings: Settings, *_: Any, **__: Any) -> None:
        runs.append(settings)
        raise ConfigError("training would begin here")

    monkeypatch.setattr("bilstm_tagger.training.train", fake)
    return runs


# ---- spelling


def convert(tmp_path: Path, content: str, *options: str) -> str:
    result = run("convert", put(tmp_path, content), tmp_path / "b.conll", "--force", *options)
    assert result.exit_code == 0, result.output
    return (tmp_path / "b.conll").read_text()


@pytest.mark.parametrize(
    ("before", "options"),
    [
        (SPANS.replace("-", "_"), ["--fix-tags"]),
        (SPANS.replace("PER", "Person").replace("LOC", "ort"), ["--map", "Person=PER,ort=LOC"]),
        (SPANS.replace("PER", "Person").replace("LOC", "ort"), ["--map", "Person=PER", "--map", "ort=LOC"]),
        (SPANS.replace("-LOC", "-PER").replace("-PER", ""), ["--label", "PER"]),
    ],
)
def test_a4_b7_convert_writes_tags_as_they_were_meant(tmp_path: Path, before: str, options: list[str]) -> None:
    wanted = SPANS.replace("LOC", "PER") if options[0] == "--label" else SPANS
    assert convert(tmp_path, before, *options) == wanted


def test_a4_a_scheme_is_enforced(tmp_path: Path) -> None:
    path = put(tmp_path, SPANS.replace("-", "_"))
    for command in (
        ["check", path, "--scheme"],
        ["convert", path, tmp_path / "b.jsonl", "--from-scheme"],
    ):
        result = run(*command, "BIO")
        assert result.exit_code == 1
        said = " ".join((result.output + str(result.exception)).split())
        assert "is no tag of BIO; if 'B-PER' was meant, add --fix-tags" in said


def test_a4_a_scheme_holds_for_the_tasks_with_spans(tiny_train: Path) -> None:
    assert run("check", tiny_train, "--column", "UPOS", "--column", "NER", "--scheme", "BIO").exit_code == 0


def test_a5_convert_to_io_says_what_is_lost(tmp_path: Path) -> None:
    path = put(tmp_path, "Anna B-PER\nBerg B-PER\nslept O\n\n")
    result = run("convert", path, tmp_path / "b.conll", "--scheme", "IO")
    assert "not kept: boundaries between 1 pair of spans that touch" in result.output
    assert (tmp_path / "b.conll").read_text() == "Anna PER\nBerg PER\nslept O\n\n"
    again = run("convert", tmp_path / "b.conll", tmp_path / "c.conll", "--from-scheme", "IO", "--scheme", "BIO")
    assert again.exit_code == 0
    assert (tmp_path / "c.conll").read_text() == "Anna B-PER\nBerg I-PER\nslept O\n\n"


def findings(*arguments: str | Path) -> dict[str, str]:
    report = json.loads(run("check", "--json", *arguments).stdout)
    return {finding["kind"]: finding["message"] for finding in report["findings"]}


def test_check_names_what_may_be_misread(tmp_path: Path) -> None:
    named = {
        "--fix-tags": findings(put(tmp_path, SPANS.replace("-", "_"))),
        "--label NAME": findings(put(tmp_path, SPANS.replace("-PER", "").replace("-LOC", ""))),
        "--scheme IO": findings(put(tmp_path, SPANS.replace("B-", "").replace("I-", ""))),
        "--comments '#'": findings(put(tmp_path, "# 1\n" + SPANS)),
        "left out of scores": findings(put(tmp_path, SPANS + "He _\n\n")),
        "write JSON": findings(put(tmp_path, "tokens,tags\n\"['a' 'b', 'c']\",O O O\n", "a.csv")),
        "--sentence-column": findings(put(tmp_path, "word,tag\nAnna,B-PER\nslept,O\n", "a.csv")),
        "--encoding": findings(put_bytes(tmp_path, SPANS.replace("Anna", "Änna").encode("cp1252"))),
    }
    for option, found in named.items():
        assert any(option in message for message in found.values()), (option, found)


def put_bytes(folder: Path, content: bytes) -> Path:
    (folder / "b.conll").write_bytes(content)
    return folder / "b.conll"


@pytest.mark.parametrize("text", ["PER", "=PER", "PER=", "a=b,c"])
def test_b7_a_map_is_written_as_pairs(text: str) -> None:
    import typer

    with pytest.raises(typer.BadParameter, match="write OLD=NEW"):
        label_map([text])
    with pytest.raises(typer.BadParameter, match="renamed twice"):
        label_map(["a=b", "a=c"])
    assert label_map(None) is None


# ---- evaluate


def test_b7_evaluate_renames_labels(model_folder: Path, tiny_dev: Path, tmp_path: Path) -> None:
    renamed = tmp_path / "dev.conllu"
    renamed.write_text(tiny_dev.read_text("utf-8").replace("-PER", "-Person"), "utf-8")
    scores = []
    for path, options in ((tiny_dev, []), (renamed, ["--map", "Person=PER"])):
        result = run("evaluate", path, "--model", model_folder, "--json", "-", *options)
        assert result.exit_code == 0, result.output
        scores.append(json.loads(result.stdout)["tasks"]["ner"])
    assert scores[0] == scores[1]


# ---- train


def test_b8_train_takes_the_data_as_its_argument(tmp_path: Path, settings_of_run: list[Settings]) -> None:
    path = put(tmp_path, SPANS)
    run("train", path, "--comments", "#", "--map", "PER=P", "--fix-tags")
    (settings,) = settings_of_run
    assert settings.data.train == str(path)
    assert (settings.data.comments, settings.data.labels, settings.data.fix_tags) == ("#", {"PER": "P"}, True)
    assert run("train", path, "--train", path).exit_code == 2


@pytest.mark.parametrize(("content", "task"), [(SPANS, "ner"), (PLAIN, "upos")])
def test_b8_the_task_of_a_model_is_found(
    tmp_path: Path, model_folder: Path, settings_of_run: list[Settings], content: str, task: str
) -> None:
    result = run("train", "--train", put(tmp_path, content), "--init-from", model_folder)
    (settings,) = settings_of_run
    assert {name: each.column for name, each in settings.tasks.items()} == {task: -1}
    assert f"trains its task '{task}' on column -1" in result.output


def test_b8_a_file_with_all_tasks_is_read_for_all(
    tiny_train: Path, model_folder: Path, settings_of_run: list[Settings]
) -> None:
    run("train", "--train", tiny_train, "--init-from", model_folder)
    assert set(settings_of_run[0].tasks) == {"ner", "upos"}


def test_b8_where_no_task_fits_the_command_is_named(tmp_path: Path) -> None:
    path = put(tmp_path, PLAIN)
    settings = load_settings("ner", overrides={"data.train": str(path), "tasks": {"a": {"column": "X"}, "b": {}}})

    class Earlier:
        def __init__(self) -> None:
            self.schemes = {"a": Scheme.BIO, "b": Scheme.BIO}

    with pytest.raises(ConfigError, match=r"has plain tags, and the model has no tasks of that kind .*--task a="):
        choose_task(settings, Earlier(), column=None)  # type: ignore[arg-type]


def test_a9_training_tells_of_tokens_that_are_not_annotated(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = put(tmp_path, SPANS + "He _\n\n")
    settings = load_settings("ner", overrides={"data.train": str(path), "data.dev": str(path)})
    with caplog.at_level("INFO", "bilstm_tagger"):
        settle_sources(settings, read_sources(settings))
    told = f"1 of 7 training tokens are not annotated (tag '_'), the first at {path}:9; the loss leaves them open"
    assert told in caplog.text


def test_a4_training_warns_of_near_misses(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = put(tmp_path, SPANS.replace("-", "_"))
    settings = load_settings("ner", overrides={"data.train": str(path), "data.dev": str(path)})
    settle_sources(settings, read_sources(settings))
    assert "if 'B-LOC' was meant, --fix-tags reads them so" in caplog.text


# ---- options that cannot apply

ROW = "1\tAnna\t_\tPROPN\t_\t_\t_\t_\t_\tNER=B-PER\n\n"
RECORD = '{"tokens": ["Anna"], "ner": ["B-PER"]}\n'


@pytest.mark.parametrize(
    ("name", "content", "options", "flag"),
    [
        ("a.conll", SPANS, ["--sentence-column", "s"], "--sentence-column"),
        ("a.conll", SPANS, ["--text-column", "t"], "--text-column"),
        ("a.conll", SPANS, ["--delimiter", ";"], "--delimiter"),
        ("a.conllu", ROW, ["--comments", "#"], "--comments"),
        ("a.conllu", ROW, ["--names", "a,b"], "--names"),
        ("a.jsonl", RECORD, ["--delimiter", ";"], "--delimiter"),
        ("a.jsonl", RECORD, ["--comments", "#"], "--comments"),
    ],
)
def test_flags_that_change_nothing_are_refused(
    name: str, content: str, options: list[str], flag: str, tmp_path: Path, model_folder: Path
) -> None:
    path = put(tmp_path, content, name)
    commands: list[list[str | Path]] = [["check", path], ["convert", path, tmp_path / "b.conll"]]
    if flag not in ("--names", "--text-column"):
        commands += [
            ["evaluate", path, "--model", model_folder],
            ["evaluate", path, "--predictions", path],
            ["calibrate", path, "--model", model_folder],
            ["compare", path, model_folder, path],
            ["review", path],
        ]
    for command in commands:
        result = run(*command, *options)
        assert result.exit_code == 2, (command, result.output)
        message = " ".join(result.output.replace("│", " ").split())
        assert f"Invalid value for {flag}: changes nothing in {path.suffix[1:]}; leave it out" in message
    assert not (tmp_path / "b.conll").exists()


@pytest.mark.parametrize("flag", ["comments", "delimiter", "names", "sentence_column", "text_column"])
def test_flags_that_one_of_the_files_heeds_are_taken(flag: str, tmp_path: Path) -> None:
    columns, table = put(tmp_path, SPANS), put(tmp_path, "word,ner\nAnna,B-PER\n", "a.csv")
    header = put(tmp_path, "sentence\tword\tner\n1\tAnna\tB-PER\n", "a.tsv")
    slashed = put(tmp_path, "Anna/B-PER\n", "a.pos")
    assert unheeded([slashed], None, {"delimiter": "_"}) is None
    value = {flag: "x"}
    assert unheeded([columns, table], None, value) is None
    assert unheeded([header], None, value) == (("comments", "csv") if flag == "comments" else None)
    assert unheeded([tmp_path / "model", tmp_path / "a.unknown"], None, value) is None
    assert unheeded([columns, table], None, {flag: None}) is None


@pytest.mark.parametrize(
    ("begin", "name"), [("#FORMAT=WebAnno TSV 3.3\n", "webanno"), ("# global.columns = FORM UPOS\n", "conllup")]
)
def test_what_a_file_is_inside_tells_which_flags_it_heeds(begin: str, name: str, tmp_path: Path) -> None:
    path = put(tmp_path, begin, "a.tsv")
    assert unheeded([path], None, {"names": ("a", "b")}) == ("names", name)
    assert unheeded([path], None, {"comments": "#"}) == ("comments", name)
    assert unheeded([path], None, {"labels": {"A": "B"}}) is None


@pytest.mark.parametrize(
    ("name", "content", "setting", "value"),
    [
        ("a.conllu", ROW, "data.comments", "#"),
        ("a.conll", SPANS, "data.sentence_column", "s"),
        ("a.conll", SPANS, "data.text_column", "text"),
        ("a.jsonl", RECORD, "data.delimiter", ";"),
        ("a.jsonl", RECORD, "data.names", ["a", "b"]),
    ],
)
def test_training_refuses_settings_of_reading_that_change_nothing(
    name: str, content: str, setting: str, value: str | list[str], tmp_path: Path
) -> None:
    path = put(tmp_path, content, name)
    overrides = {"data.train": str(path), "data.dev": str(path), setting: value}
    with pytest.raises(ConfigError) as told:
        read_sources(load_settings("ner", overrides=overrides))
    assert str(told.value) == f"{setting}: changes nothing in {path.suffix[1:]}; leave it out"


def test_training_takes_settings_of_reading_that_one_of_the_files_heeds(tmp_path: Path) -> None:
    train = put(tmp_path, RECORD, "a.jsonl")
    dev = put(tmp_path, "words;ner\nAnna Berg;B-PER I-PER\n", "b.csv")
    overrides = {"data.train": str(train), "data.dev": str(dev), "data.delimiter": ";"}
    (source,) = read_sources(load_settings("ner", overrides=overrides))
    assert source.dev[0].tags_of("ner") == ["B-PER", "I-PER"]


# ---- the language of raw text


@pytest.mark.parametrize(("options", "tokens"), [
    (["--language", "zh"], 4), (["--tokenizer", "characters"], 4), (["--tokenizer", "whitespace"], 2), ([], 2),
])  # fmt: skip
def test_the_language_of_raw_text_is_named_as_in_training(options: list[str], tokens: int, tmp_path: Path) -> None:
    path = put(tmp_path, json.dumps({"text": "\u6211\u4eec \u5317\u4eac", "spans": [[0, 2, "X"]]}), "a.jsonl")
    checked = json.loads(run("check", path, "--json", *options).stdout)
    assert checked["files"][0]["tokens"] == tokens
    assert run("convert", path, tmp_path / "b.conll", *options).exit_code == 0
    assert len((tmp_path / "b.conll").read_text("utf-8").split()) == 2 * tokens


@pytest.mark.parametrize("command", [["check"], ["convert", "b.conll"], ["train"]])
def test_a_language_and_a_tokenizer_are_refused_together(command: list[str], tmp_path: Path) -> None:
    path = put(tmp_path, SPANS)
    done = run(command[0], path, *command[1:], "--language", "de", "--tokenizer", "whitespace")
    assert done.exit_code == 2
    assert "give --language or --tokenizer, not both" in " ".join(done.output.replace("│", " ").split())
