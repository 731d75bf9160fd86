"""`inspect` and `study` on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny import sentences, settings_of, untrained, write_conll
from typer.main import get_command
from typer.testing import CliRunner, Result

from bilstm_tagger.cli import app
from bilstm_tagger.cli.examples import EXAMPLES
from bilstm_tagger.cli.hints import in_options_of
from bilstm_tagger.inspection.inspect import inspect
from bilstm_tagger.studies import memory, memory_report, memory_result
from bilstm_tagger.tagging.tagger import Tagger

TEXT = "Ada left [Turin] at 42 ."


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("models")
    for cell in ("lstm", "gru"):
        settings = settings_of(data__tokenizer="whitespace", encoder__type=cell, encoder__layers=2)
        untrained(settings).save(folder / cell)
    return {cell: folder / cell for cell in ("lstm", "gru")}


def test_inspect_shows_tables(models: dict[str, Path]) -> None:
    result = run("inspect", "--text", TEXT, "--model", models["lstm"])
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    header = next(line.split() for line in lines if line.split()[:1] == ["token"])
    assert header == ["token", "tag", "→f", "→i", "→o", "→|c|", "→|h|", "←f", "←i", "←o", "←|c|", "←|h|"]
    seen = inspect(Tagger.load(models["lstm"]), TEXT)
    row = next(line.split() for line in lines if line.split()[:1] == ["[Turin]"])
    assert row[1] == seen.tags[2]
    assert row[2] == f"{seen.gates.select(layer=0, direction='forward', gate='forget', token=2):.2f}"
    assert [line.strip() for line in lines if line.startswith("layer ")] == ["layer 1", "layer 2"]
    assert "most token-specific units" in result.stdout


def test_inspect_shows_one_unit_at_every_token(models: dict[str, Path]) -> None:
    result = run("inspect", "--text", TEXT, "--model", models["lstm"], "--unit", "2,backward,3")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    start = next(number for number, line in enumerate(lines) if "←2:3" in line)
    states = inspect(Tagger.load(models["lstm"]), TEXT).hidden_states.select(layer=1, direction="backward", unit=3)
    rows = lines[start + 2 : start + 2 + len(states)]
    assert [row.split()[-1] for row in rows] == [f"{value:.2f}" for value in states.tolist()]
    for wrong in ("2,backward", "0,backward,3", "2,backward,x"):
        result = run("inspect", "--text", TEXT, "--model", models["lstm"], "--unit", wrong)
        assert result.exit_code == 2
        assert "write LAYER,DIRECTION,UNIT" in result.stderr
    result = run("inspect", "--text", TEXT, "--model", models["lstm"], "--unit", "3,backward,3")
    assert result.exit_code == 1
    assert result.stderr == "error: --unit 3,backward,3: no layer 3; the model has 1 to 2\n"
    result = run("inspect", "--text", TEXT, "--model", models["lstm"], "--unit", "2,backwards,3")
    message = "--unit 2,backwards,3: no direction 'backwards'; did you mean 'backward'? known: forward, backward"
    assert result.stderr == f"error: {message}\n"
    result = run("inspect", "--text", TEXT, "--model", models["lstm"], "--unit", "2,backward,6")
    assert result.stderr == "error: --unit 2,backward,6: no unit 6; a layer has 0 to 5 in each direction\n"


def test_inspect_shows_scores_and_transitions(models: dict[str, Path]) -> None:
    result = run("inspect", "--text", TEXT, "--model", models["lstm"])
    seen = inspect(Tagger.load(models["lstm"]), TEXT)
    tag = seen.tag_scores.axes["tag"][int(seen.tag_scores.select(token=0).argmax())]
    assert f"{tag} {seen.tag_scores.select(token=0).max():+.2f}" in result.stdout
    assert any(line.split()[:1] == ["START"] for line in result.stdout.splitlines())


def test_inspect_writes_files(models: dict[str, Path], tmp_path: Path) -> None:
    files = {name: tmp_path / "new" / f"seen.{name}" for name in ("png", "html", "json")}
    flags = [part for name, path in files.items() for part in (f"--{name}", path)]
    result = run("inspect", "--text", TEXT, "--model", models["lstm"], *flags)
    assert result.exit_code == 0
    assert f"page: {files['html']}" in result.stderr
    values = json.loads(files["json"].read_text("utf-8"))
    assert values == json.loads(json.dumps(inspect(Tagger.load(models["lstm"]), TEXT).to_json()))
    assert files["png"].read_bytes().startswith(b"\x89PNG")
    assert "[Turin]" in files["html"].read_text("utf-8")


def test_inspect_answers_json_on_standard_output(models: dict[str, Path]) -> None:
    result = run("inspect", "--text", TEXT, "--model", models["gru"], "--json", "-")
    assert result.exit_code == 0
    values = json.loads(result.stdout)
    assert values["encoder"] == "gru"
    assert values["tokens"] == TEXT.split()


def test_inspect_without_gates(models: dict[str, Path]) -> None:
    result = run("inspect", "--text", TEXT, "--model", models["gru"])
    assert result.exit_code == 0
    assert "only an LSTM has gates and cell states; this model's encoder.type is gru" in result.stderr
    assert "→|h|" in result.stdout
    assert "→f" not in result.stdout


def test_inspect_leaves_out_what_an_encoder_from_elsewhere_or_a_softmax_lacks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BILSTM_TAGGER_PLUGINS", f"{__name__}:Mean")
    own = settings_of(
        data__tokenizer="whitespace", encoder__type=f"{__name__}:Mean", embedder__plugin=f"{__name__}:Mean"
    )
    soft = settings_of(data__tokenizer="whitespace", tasks__ner__head="softmax")
    for name, settings in (("own", own), ("soft", soft)):
        untrained(settings).save(tmp_path / name)
    page = str(tmp_path / "page.html")
    result = run("inspect", "--text", TEXT, "-m", tmp_path / "own", "--unit", "1,output,2", "--html", page)
    assert result.exit_code == 0, result.output
    assert f"note: of the encoder {__name__}:Mean what it gives is shown" in result.stderr
    assert "output, unit 2" in result.stdout
    assert "what each prediction depends on most" in result.stdout
    result = run("inspect", "--text", TEXT, "-m", tmp_path / "soft")
    assert result.exit_code == 0
    assert "tags with the highest scores" in result.stdout
    assert "transitions" not in result.stdout


class Mean(torch.nn.Module):
    """An embedding of a word's length, and an encoder of the mean of what there is; both from elsewhere."""

    def __init__(self, *_: object, **__: object) -> None:
        super().__init__()
        self.output_size = 3

    def forward(self, x: Any, lengths: torch.Tensor | None = None) -> torch.Tensor:
        if lengths is None:
            return (x.chars != 0).sum(1, keepdim=True).float().repeat(1, 3)
        return x.mean(-1, keepdim=True).repeat(1, 1, 3)


@pytest.mark.parametrize(
    ("flags", "message"),
    [(["--text", ""], "0 tokens to inspect"), (["--text", "a", "--task", "pos"], "no task 'pos' in this model")],
)
def test_inspect_refuses_in_one_line(models: dict[str, Path], flags: list[str], message: str) -> None:
    result = run("inspect", *flags, "--model", models["lstm"])
    assert result.exit_code == 1
    assert result.stderr.startswith(f"error: {message}")
    assert result.stderr.count("\n") == 1


def test_study_encoders(tmp_path: Path) -> None:
    """All six, as small as can be."""
    train = write_conll(tmp_path / "train.conll", sentences(12))
    dev = write_conll(tmp_path / "dev.conll", sentences(6, seed=1))
    small = ["embedder.size=4", "embedder.characters=none", "encoder.hidden_size=4", "training.epochs=1"]
    assignments = [part for value in small for part in ("--set", value)]
    flags = ["--train", train, "--dev", dev, "--seeds", "1", "--threads", "1", *assignments]
    result = run("study", "encoders", *flags, "--output", tmp_path / "out")
    assert result.exit_code == 0
    assert "LSTM (both, concat)" in result.stdout
    assert "6 of 6  cnn, seed 0: dev" in result.stderr
    page = (tmp_path / "out" / "encoders.html").read_text("utf-8")
    assert "study encoders --train train.conll --dev dev.conll --threads 1 --preset fast --seeds 1 --set" in page
    assert str(tmp_path) not in page
    again = run("study", "encoders", *flags, "--output", tmp_path / "out")
    assert again.exit_code == 0
    assert again.stderr.count("(done before)") == 6
    other = run("study", "encoders", *flags, "--set", "preset=poss", "--output", tmp_path / "out")
    assert "unknown preset 'poss'; did you mean 'pos'" in other.stderr


def test_study_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the command hands on; the study itself has its own tests."""
    given: dict[str, Any] = {}

    def study(settings: memory_result.MemorySettings, *, workers: int, progress: Any) -> str:
        given["workers"] = workers
        given["seeds"] = settings.seeds
        progress("RNN, seed 0", 1, 2)
        return "result"

    def report(result: str, folder: Path) -> Path:
        given["report"] = (result, folder)
        return folder / "memory.html"

    monkeypatch.setattr(memory, "run_memory_study", study)
    monkeypatch.setattr(memory_report, "write_memory_report", report)
    result = run("study", "memory", "--output", tmp_path, "--workers", "3", "--seeds", "2")
    assert result.exit_code == 0
    assert given == {"workers": 3, "seeds": (0, 1), "report": ("result", tmp_path)}
    assert run("study", "memory", "--output", tmp_path).exit_code == 0
    assert given["seeds"] == memory_result.MemorySettings().seeds
    assert "1 of 2  RNN, seed 0" in result.stderr
    assert f"report: {tmp_path / 'memory.html'}" in result.stderr


def test_who_stops_a_study_hears_what_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(memory, "run_memory_study", stop)
    result = run("study", "memory", "--output", tmp_path / "out")
    assert result.exit_code == 130
    assert result.stderr == (
        f"stopped: nothing was written to {tmp_path / 'out'}, which needs the outcomes of all jobs; start again\n"
    )
    train = write_conll(tmp_path / "train.conll", sentences(12))
    small = ["embedder.size=4", "embedder.characters=none", "encoder.hidden_size=4", "training.epochs=2"]
    flags = ["--train", train, "--dev", train, *(part for value in small for part in ("--set", value))]
    monkeypatch.setattr("bilstm_tagger.studies.encoders._measure", stop)
    result = run("study", "encoders", *flags, "--output", tmp_path / "study")
    assert result.exit_code == 130
    assert result.stderr.endswith(f"\nstopped: {tmp_path / 'study'} keeps what is done; the same command goes on\n")


def test_advice_to_resume_is_that_of_the_study() -> None:
    """It has no --resume: the same command continues."""
    message = "interrupted: a holds the best model so far; --resume continues the run, or --resume, later"
    group = get_command(app)
    for name, expected in (("encoders", message.replace("--resume", "the same command")), ("", message)):
        with group.make_context("bilstm-tagger", ["study", "memory"], resilient_parsing=True) as root:
            command = group.commands["study"].commands[name] if name else group.commands["train"]
            assert in_options_of(message, command.make_context(name or "train", [], root, resilient_parsing=True)) == (
                expected
            )


def test_study_without_a_name_shows_help() -> None:
    result = run("study")
    assert "memory" in result.output
    assert "encoders" in result.output
    for line in EXAMPLES["study"]:
        assert " ".join(line.split()) in " ".join(result.output.split())
