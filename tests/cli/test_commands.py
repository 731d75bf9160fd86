"""The command line: results, notes and exit codes, with the tiny tagger."""

from __future__ import annotations

import errno
import io
import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from command_line import ENVIRONMENT, command, run
from rule_tagger import RuleTagger

import bilstm_tagger
from bilstm_tagger.cli.train_settings import run_settings
from bilstm_tagger.corpus import read_corpus
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.model_folder import folder
from bilstm_tagger.settings import loading as config
from bilstm_tagger.settings.schema import Settings
from bilstm_tagger.tagging import tagger


def in_python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout


# ---- the package and the program


def test_help_and_package_load_nothing_heavy() -> None:
    code = """
import sys
import bilstm_tagger, bilstm_tagger.cli
from typer.testing import CliRunner
for command in ([], ["train"], ["evaluate"], ["predict"], ["info"]):
    assert CliRunner().invoke(bilstm_tagger.cli.app, [*command, "--help"]).exit_code == 0
heavy = ("torch", "spacy", "numpy", "datasets", "seqeval", "bilstm_tagger.settings.loading", "bilstm_tagger.settings")
print([name for name in heavy if name in sys.modules])
"""
    assert in_python(code).strip() == "[]"


def test_help_is_there_at_once() -> None:
    """Processor time, which other processes on the machine hardly change; the goal is 0.5 s from start to end."""
    spent = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert command("--help").returncode == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(spent) < 0.5


def test_data_layer_loads_no_torch() -> None:
    code = """
import sys
from bilstm_tagger import Document, Settings, TaggerError, load_settings, read_corpus
import bilstm_tagger.files
print("torch" in sys.modules)
"""
    assert in_python(code).strip() == "False"


def test_public_names() -> None:
    assert set(bilstm_tagger.__all__) <= set(dir(bilstm_tagger))
    for name in bilstm_tagger.__all__:
        assert getattr(bilstm_tagger, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'Taggger'"):
        _ = bilstm_tagger.Taggger


def test_version() -> None:
    result = run("--version")
    assert (result.exit_code, result.stdout) == (0, f"bilstm-tagger {bilstm_tagger.__version__}\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ["predikt"],
        ["predict", "--model", "m"],
        ["predict", "a.txt", "--text", "Ada", "--model", "m"],
        ["predict", "--text", "Ada", "--model", "m", "--output", "out"],
        ["predict", "a.txt", "--model", "m", "--batch-tokens", "0"],
        ["evaluate", "--model", "m"],
        ["train", "--epochs", "many"],
        ["train", "--language", "de", "--tokenizer", "characters"],
    ],
)
def test_wrong_usage_exits_with_2(arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["predict", "--text", "Ada", "--model", "missing"], "missing: no such model folder"),
        (["evaluate", "missing.conll", "--model", "missing"], "missing: no such model folder"),
        (["info", "missing"], "missing: no such model folder"),
        (["train", "--preset", "nerr"], "did you mean 'ner'"),
        (["train", "--set", "training.epoch=3"], "did you mean 'epochs'"),
        (["train", "--set", "epochs"], "write key=value"),
        (["train", "missing.toml"], "missing.toml: cannot be read"),
        (["train"], "no training corpus: set `train` under [data] or [tasks.ner], or give --train FILE"),
        (["train", "--set", "tasks={}", "--column", "2"], "--column needs exactly one task"),
    ],
)
def test_errors_are_one_line_and_exit_with_1(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    assert message in result.stderr


@pytest.mark.parametrize(
    ("fault", "code", "said"),
    [
        (KeyboardInterrupt(), 130, "stopped\n"),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), 0, ""),
        (OSError(errno.ENOSPC, "No space left on device"), 1, "error: the output cannot be written: No space left"),
        (CorpusError("two\nlines"), 1, "error: two lines\n"),
    ],
)
def test_how_a_command_ends(
    fault: BaseException, code: int, said: str, model_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise fault

    monkeypatch.setattr(folder, "load_network", fail)
    result = run("info", model_folder)
    assert result.exit_code == code
    assert result.stderr.startswith(said)
    assert bool(result.stderr) == bool(said)


@pytest.mark.parametrize(
    ("arguments", "last"),
    [
        (["predict", "a.txt", "-o", "out"], "stopped: no file was finished, so there is no out yet; --resume goes on"),
        (["predict", "a.txt"], "stopped: the output ends where it was"),
        (["entities", "a.txt", "-o", "out.csv"], "stopped: nothing was written to out.csv, since "),
        (["entities", "a.txt"], "stopped: the output is not complete"),
        (["suggest", "a.txt", "-o", "out.csv"], "stopped: nothing was written to out.csv, since "),
    ],
)
def test_what_is_left_of_a_command_that_is_stopped(
    arguments: list[str], last: str, model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    Path("a.txt").write_text("Ada ran.\n", "utf-8")
    monkeypatch.setattr(tagger.Tagger, "pipe", stop)
    result = run(*arguments, "-m", model_folder)
    assert result.exit_code == 130
    assert result.stderr.splitlines()[-1].startswith(last)
    assert not Path("out.csv").exists()
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    if "out" in arguments:
        assert run(*arguments, "-m", model_folder, "--resume").exit_code == 0
        assert Path("out/a.txt.jsonl").is_file()


def test_a_fault_of_the_program_is_not_hidden(model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(folder, "load_network", fail)
    assert isinstance(run("info", model_folder).exception, PermissionError)


# ---- train


SMALL = [
    "--set", "embedder.size=8", "--set", "encoder.hidden_size=8", "--set", "embedder.characters=none",
    "--threads", "1",
]  # fmt: skip


def test_train_writes_a_model_and_says_what_it_found(tiny_train: Path, tmp_path: Path) -> None:
    output = tmp_path / "model"
    arguments = ["train", "--train", tiny_train, "--column", "NER", "--output", output, *SMALL]
    result = run(*arguments, "--epochs", "2")
    assert result.exit_code == 0, result.stderr
    assert "BIO" in result.stderr  # the scheme that was detected
    assert "warning: no dev corpus for ner: set aside" in result.stderr
    assert result.stderr.count("epoch ") == 2
    assert f"model: {output}" in result.stderr
    assert "strict F1" in result.stdout
    assert (output / "model.safetensors").is_file()
    again = run(*arguments)
    assert again.exit_code == 1
    assert "--force" in again.stderr
    assert run(*arguments, "--force", "--epochs", "1").exit_code == 0


def test_flags_win_over_set_over_file_over_preset(
    tiny_train: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []

    def fake(settings: Settings, *, output: Path, **options: Any) -> None:
        seen.append((settings, output, options))
        raise CorpusError("enough")

    monkeypatch.setattr("bilstm_tagger.training.train", fake)
    experiment = tmp_path / "mine.toml"
    experiment.write_text(
        'preset = "pos"\n[data]\ntrain = "a.conllu"\n[training]\nepochs = 5\nseed = 5\nclip = 3.0\n', "utf-8"
    )
    run(
        "train", experiment, "--set", "training.seed=6", "--set", "training.epochs=6", "--epochs", "7",
        "--column", "-2", "--scheme", "none", "--language", "de", "--train", tiny_train, "--dev", "d", "--vectors", "v",
        "--device", "cpu", "--resume",
    )  # fmt: skip
    ((settings, output, options),) = seen
    assert output == Path("models/mine")
    assert (options["resume"], options["force"]) == (True, False)
    training = settings.training
    assert (training.epochs, training.seed, training.clip, training.device) == (7, 6, 3.0, "cpu")
    assert training.optimizer == config.load_settings("pos").training.optimizer
    assert list(settings.tasks) == ["upos"]
    assert (settings.tasks["upos"].column, settings.tasks["upos"].scheme) == (-2, "none")
    assert (settings.data.train, settings.data.dev) == (str(tiny_train), "d")
    assert (settings.data.tokenizer, settings.embedder.vectors) == ("spacy:de", "v")
    run("train", "--preset", "pos", "--tokenizer", "characters", "--column", "XPOS")
    settings, output, _ = seen[1]
    assert output == Path("models/pos")
    assert (settings.data.tokenizer, settings.tasks["upos"].column) == ("characters", "XPOS")


# ---- evaluate


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--set", "training.epochs=two"], "--set training.epochs: input should be a whole number, got 'two'"),
        (["--set", "training.epoch=2"], "--set training.epoch: unknown key; did you mean 'epochs'?"),
        (["--set", "data.dev="], "--set data.dev: is empty; name something, write none, or leave it out"),
        (
            ["--column", "0"],
            "--column: columns are counted from 1, or from the end if negative, up to 10,000, or named, got 0",
        ),
        (
            ["--column", "ner=0"],
            "--column: columns are counted from 1, or from the end if negative, up to 10,000, or named, got 0",
        ),
        (["--epochs", "-2"], "--epochs: input should be greater than 0, got -2"),
        (["--epochs", "-2", "--set", "training.epochs=two"], "--epochs: input should be greater than 0, got -2"),
    ],
)
def test_a_wrong_setting_is_blamed_on_what_gave_it(tmp_path: Path, arguments: list[str], message: str) -> None:
    """Not on the file of settings that was named as well."""
    experiment = tmp_path / "small.toml"
    experiment.write_text('[data]\ntrain = "a.conll"\n[training]\nepochs = 2\n[tasks.ner]\ncolumn = "two"\n')
    result = run("train", experiment, *arguments)
    assert (result.exit_code, result.stderr) == (1, f"error: {message}\n")


def test_a_task_has_one_corpus_on_the_command_line() -> None:
    result = run("train", "--task", "ner=a.conll,b.conll", "--task", "ner=c.conll")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("error: --task 'ner=c.conll': ner is given twice; ")
    assert "[[tasks.ner.corpora]]" in result.stderr


def test_a_preset_by_set_is_one_by_flag(tmp_path: Path) -> None:
    assignments = ["preset=fast", "encoder.layers=2"]
    for preset, used in ((None, "fast"), ("pos", "pos")):
        settings = run_settings(None, preset, assignments, {}, None, None)
        assert settings == config.load_settings(used, overrides={"encoder.layers": 2})


def test_evaluate_shows_tables_and_writes_json(model_folder: Path, tiny_dev: Path, tmp_path: Path) -> None:
    file = tmp_path / "scores.json"
    result = run("evaluate", tiny_dev, "--model", model_folder, "--json", file)
    assert result.exit_code == 0, result.stderr
    assert "strict (seqeval)" in result.stdout
    assert "conlleval" in result.stdout
    assert "unknown words" in result.stdout
    scores = json.loads(file.read_text("utf-8"))
    assert set(scores["tasks"]) == {"ner", "upos"}
    assert scores["tokens"] == sum(map(len, read_corpus(tiny_dev)))
    piped = run("evaluate", tiny_dev, "--model", model_folder, "--json", "-")
    assert json.loads(piped.stdout)["tasks"] == scores["tasks"]


def test_evaluate_takes_other_columns(model_folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "gold.conll"
    file.write_text("Ada B-PER\nwins O\n\n", "utf-8")
    result = run("evaluate", file, "--model", model_folder, "--column", "ner=2", "--json", "-")
    assert result.exit_code == 0, result.stderr
    assert list(json.loads(result.stdout)["tasks"]) == ["ner"]
    assert "note: upos is left out" in result.stderr
    assert run("evaluate", file, "--model", model_folder, "--column", "2").exit_code == 1
    several = run("evaluate", file, "--model", model_folder, "--column", "2", "--column", "ner=2")
    assert several.exit_code == 2


# ---- predict


def test_predict_text(model_folder: Path) -> None:
    text = "Ada  Lovelace saw Paris. 🙂\nIt rained."
    result = run("predict", "--text", text, "--model", model_folder)
    assert result.exit_code == 0, result.stderr
    assert result.stderr == ""
    record = json.loads(result.stdout)
    assert record["text"] == text
    stretches = zip(record["start_char"], record["end_char"], strict=True)
    assert [text[start:end] for start, end in stretches] == record["tokens"]
    assert set(record["tags"]) == {"ner", "upos"}
    columns = run("predict", "--text", text, "--model", model_folder, "--format", "conll").stdout
    assert [line.split("\t")[0] for line in columns.splitlines() if line] == record["tokens"]
    shown = run("predict", "--text", text, "--model", model_folder, "--format", "text").stdout
    assert "Lovelace" in shown
    half = run("predict", "--text", "caf\udce9", "--model", model_folder)
    assert (half.exit_code, half.stdout) == (2, "")


class Terminal(io.StringIO):
    """A stream that takes itself for a terminal."""

    def isatty(self) -> bool:
        return True


def test_predict_colours_text_on_a_terminal(model_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bilstm_tagger.cli.predict import predict

    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr(tagger.Tagger, "load", lambda *_, **__: RuleTagger())
    predict(None, model=model_folder, text="so Ada Lovelace wins")
    assert "\x1b[" in screen.getvalue()
    assert " Ada Lovelace " in screen.getvalue()


def test_predict_counts_on_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bilstm_tagger.cli.tagging import progress
    from bilstm_tagger.files import tag_files

    (tmp_path / "a.txt").write_text("Ada wins", "utf-8")
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm-256color")
    with progress(quiet=True) as listener:
        assert listener is None
    with progress(quiet=False) as listener:
        tag_files(RuleTagger(), [tmp_path / "a.txt"], output=tmp_path / "out", progress=listener)
    assert "0 of 1 file, 1 sentence, 2 tokens" in screen.getvalue()


def test_predict_files_into_a_folder(model_folder: Path, tiny_dev: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mails"
    folder.mkdir()
    (folder / "a.txt").write_text("Ada saw Paris.", "utf-8")
    (folder / "b.txt").write_bytes(b"caf\xe9")
    (folder / "c.jpg").write_text("left out", "utf-8")
    (folder / "d.txt").symlink_to("d.txt")
    output = tmp_path / "tagged"
    arguments = ["predict", folder, tiny_dev, "--model", model_folder, "--output", output]
    result = run(*arguments)
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "note: 1 file of another kind left out (1 .jpg); .jpg: run OCR first\n" in result.stderr
    assert f"note: no regular files, left out: {folder / 'd.txt'}: a link that leads nowhere" in result.stderr
    assert f"error: {folder / 'b.txt'}" in result.stderr
    assert "tagged 2 of 3 files" in result.stderr
    assert sorted(path.name for path in output.rglob("*.jsonl")) == ["a.txt.jsonl", "dev.conllu.jsonl"]
    assert "use --force" in run(*arguments).stderr
    (folder / "b.txt").unlink()
    assert run(*arguments, "--force", "--batch-tokens", "50").exit_code == 0


def test_predict_keeps_all_of_conllu(model_folder: Path, tiny_dev: Path, tmp_path: Path) -> None:
    result = run("predict", tiny_dev, "--model", model_folder, "--format", "conllu")
    assert result.exit_code == 0, result.stderr
    file = tmp_path / "tagged.conllu"
    file.write_text(result.stdout, "utf-8")
    (gold, tagged) = (read_corpus(path, {"upos": "UPOS", "ner": "NER"}) for path in (tiny_dev, file))
    assert [document.words for document in tagged] == [document.words for document in gold]
    assert [document.bounds for document in tagged] == [document.bounds for document in gold]
    scores = json.loads(run("evaluate", tiny_dev, "--model", model_folder, "--json", "-").stdout)
    pairs = [
        pair for a, b in zip(gold, tagged, strict=True) for pair in zip(a.tags["upos"], b.tags["upos"], strict=True)
    ]
    accuracy = sum(a == b for a, b in pairs) / len(pairs)
    assert accuracy == pytest.approx(scores["tasks"]["upos"]["accuracy"]["value"])


def test_words_are_read_from_the_column_of_training(model_folder: Path, tmp_path: Path) -> None:
    from bilstm_tagger.corpus.trained import words_in_format, words_spec
    from bilstm_tagger.tagging.tagger import Tagger

    reading = Tagger.load(model_folder).reading
    assert words_in_format(words_spec(reading), "conll").word_column == 1
    fields = {"names": ("id", "form"), "word_column": "form"}
    named = words_spec({task: spec.replace(**fields) for task, spec in reading.items()})
    assert words_in_format(named, "conll").word_column == 2
    assert words_in_format(named, "conll").names == ()
    assert words_in_format(named, "jsonl").word_column == "form"


def test_standard_input_and_a_closed_pipe(model_folder: Path, tmp_path: Path) -> None:
    lines = ["Ada saw Paris .", "", "Grüße 🙂"]
    done = command(
        "predict", "-", "--model", model_folder, "--input-format", "lines", input="\r\n".join(lines).encode()
    )
    assert done.returncode == 0, done.stderr
    records = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert [record["text"] for record in records] == lines
    assert [record["id"] for record in records] == ["stdin:1", "stdin:2", "stdin:3"]
    assert b"tagged 1 of 1 file" in done.stderr
    file = tmp_path / "many.txt"
    file.write_text("Ada saw Paris .\n" * 4_000, "utf-8")
    call = f"{sys.executable} -m bilstm_tagger predict {file} --input-format lines --model {model_folder} | head -n 1"
    piped = subprocess.run(
        ["bash", "-o", "pipefail", "-c", call], env=ENVIRONMENT, capture_output=True, timeout=120, check=False
    )
    assert piped.returncode == 0
    assert piped.stdout.count(b"\n") == 1
    assert piped.stderr == b""


# ---- info


def test_info(model_folder: Path) -> None:
    result = run("info", model_folder)
    assert result.exit_code == 0, result.stderr
    for piece in ("scheme BIO, head crf", "dev strict F1", "PER", "NOUN", "training.epochs", "sha256", "parameters"):
        assert piece in result.stdout
    facts = json.loads(run("info", model_folder, "--json").stdout)
    assert set(facts["tasks"]) == {"ner", "upos"}
    assert facts["tasks"]["ner"]["scheme"] == "BIO"
    assert facts["sizes"]["bytes"] > 1000
    assert facts["settings"]["encoder"]["hidden_size"] == 16
    assert 0 <= facts["tasks"]["upos"]["dev"] <= 1
