"""Standard streams that are closed or full: tags, or one line."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import ENVIRONMENT, run

from bilstm_tagger.cli.output import Destination

pytestmark = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")


def shell(line: str, *arguments: str | Path, cwd: Path | None = None) -> tuple[int, str, str]:
    program = f'"{sys.executable}" -m bilstm_tagger {line}'
    done = subprocess.run(
        ["sh", "-c", program, "sh", *map(str, arguments)],
        cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def test_help_into_a_full_disk() -> None:
    code, _, errors = shell("--help > /dev/full")
    assert (code, errors) == (1, "error: the output cannot be written: No space left on device\n")


def test_closed_streams(model_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Ada ran.")
    given = (tmp_path / "a.txt", model_folder, tmp_path / "out")
    code, _, errors = shell('predict "$1" -m "$2" >&-', *given)
    assert (code, errors.count("\n"), "cannot be written" in errors) == (1, 1, True)
    code, output, _ = shell('predict "$1" -m "$2" 2>&-', *given)
    assert (code, output.count("\n"), output[:6]) == (0, 1, '{"id":')
    code, _, _ = shell('predict "$1" -m "$2" -o "$3" >&- 2>&- <&-', *given)
    assert (code, [path.name for path in (tmp_path / "out").glob("[!.]*")]) == (0, ["a.txt.jsonl"])


def test_several_files_on_a_screen_carry_their_names(model_folder: Path, tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("so it is\n")
    both = run("predict", tmp_path / "a.txt", tmp_path / "b.txt", "-m", model_folder, "-f", "text").stdout
    assert [line for line in both.splitlines() if line.startswith("==")] == ["== a.txt ==", "== b.txt =="]
    assert "==" not in run("predict", tmp_path / "a.txt", "-m", model_folder, "-f", "text").stdout


def test_a_text_to_be_typed_is_asked_for(model_folder: Path, tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "bilstm_tagger", "predict", "-", "-m", str(model_folder), "-o",
             str(tmp_path / "out")],
            env=ENVIRONMENT, stdin=theirs, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert process.stderr is not None
        assert process.stderr.readline().startswith("reading the terminal; type the text, then end it by Ctrl-D")
        os.write(ours, b"Ada ran.\n\x04")
        process.communicate(timeout=120)
    finally:
        os.close(ours)
        os.close(theirs)
    assert json.loads((tmp_path / "out" / "stdin.jsonl").read_text())["text"] == "Ada ran.\n"


@pytest.mark.parametrize("number", ["SIGINT", "SIGTERM"])
def test_a_signal_behind_the_end_is_no_traceback(number: str) -> None:
    """As in what torch does when the interpreter ends."""
    program = (
        "import atexit, os, signal, sys\n"
        f"atexit.register(lambda: os.kill(os.getpid(), signal.{number}))\n"
        "from bilstm_tagger.cli import main\n"
        "sys.argv[1:] = ['--version']\n"
        "main()"
    )
    done = subprocess.run([sys.executable, "-c", program], env=ENVIRONMENT, capture_output=True, text=True)
    assert done.stdout
    assert done.stderr == ""


ESCAPE = "\x1b[31m\x9b1m\u202e"


def test_names_do_not_speak_to_the_terminal(model_folder: Path, tmp_path: Path) -> None:
    """Neither those of files nor what a model says of itself."""
    folder = tmp_path / f"m{ESCAPE}"
    shutil.copytree(model_folder, folder)
    config = json.loads((folder / "config.json").read_text("utf-8"))
    config["settings"]["licence"] = ESCAPE
    config["data"] = [{"role": "train", "name": ESCAPE, "sentences": 1, "tokens": 1, "sha256": "0" * 64}]
    (folder / "config.json").write_text(json.dumps(config), "utf-8")
    text = tmp_path / f"a{ESCAPE}.conll"
    text.write_text(f"Ada\tB-{ESCAPE}\nran\tB-{ESCAPE}x\n\n")
    (tmp_path / f"b{ESCAPE}.xyz").touch()
    for arguments in (
        ["info", folder],
        ["info", tmp_path / f"none{ESCAPE}"],
        ["check", text],
        ["predict", tmp_path, "-m", folder],
    ):
        result = run(*arguments)
        shown = result.stderr if arguments[0] == "predict" else result.output
        assert shown
        assert not {"\x1b", "\x9b", "\u202e"} & set(shown), ascii(shown)
        assert r"\x1b[31m" in shown


def test_a_text_like_a_slot_of_the_page_stays_as_it_is(model_folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "a.html"
    assert run("inspect", "--text", "{{data}} {{title}}", "-m", model_folder, "--html", page).exit_code == 0
    html = page.read_text("utf-8")
    assert "<title>Inside the tagger: {{data}} {{title}}</title>" in html
    data = html.split('<script type="application/json" id="data">')[1].split("</script>")[0]
    assert json.loads(data)["tokens"]


@pytest.mark.parametrize(
    "arguments",
    [
        "predict {}.txt", "predict {file} --model {}", "predict {file} --output {}", "train --train {}.conll -o m",
        "train --train {corpus} --output {}", "convert {corpus} {}.jsonl", "convert {}.conll b.jsonl", "check {}.conll",
        "evaluate {}.conll", "entities {file} --output {}.csv", "info {}", "compare {corpus} {} {}", "review {}.conll",
        "train {}.toml", "results {}", "suggest {}.txt",
    ],
)  # fmt: skip
def test_a_name_that_no_file_can_have_is_one_line(
    arguments: str, tiny_dev: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text("Ada came.")
    given = arguments.replace("{}", "x" * 300).format(file="a.txt", corpus=tiny_dev).split()
    result = run(*given)
    assert result.exit_code in (1, 2), result.output
    assert isinstance(result.exception, SystemExit), result.exception
    assert len([line for line in result.stderr.splitlines() if line.startswith("error: ")]) == 1, result.stderr
    assert "too long" in result.stderr.lower()


@pytest.mark.parametrize("output", ["-", "/dev/stdout", "/dev/null"])
@pytest.mark.parametrize("command", ["predict", "entities", "suggest"])
def test_output_to_a_device_is_a_stream(command: str, output: str, model_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Ada ran.\n")
    given = (tmp_path / "a.txt", model_folder)
    code, plain, _ = shell(f'{command} "$1" -m "$2"', *given)
    assert (code, plain[:1] != "") == (0, True)
    code, written, errors = shell(f'{command} "$1" -m "$2" -o {output}', *given, cwd=tmp_path)
    assert (code, written) == (0, "" if output == "/dev/null" else plain), errors
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_output_to_a_pipe_and_a_full_device(model_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Ada ran.\n")
    given = (tmp_path / "a.txt", model_folder, tmp_path / "pipe")
    code, written, _ = shell('predict "$1" -m "$2" -f conll -o /dev/stdout', *given)
    os.mkfifo(tmp_path / "pipe")
    piped = shell('predict "$1" -m "$2" -f conll -o "$3" & cat "$3"; wait', *given)
    assert (code, piped[1]) == (0, written)
    code, _, errors = shell('predict "$1" -m "$2" -o /dev/full', *given)
    assert (code, errors.splitlines()[-1]) == (1, "error: the output cannot be written: No space left on device")


def test_output_of_predict_is_no_file_of_unknown_suffix(model_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Ada ran.\n")
    (tmp_path / "b.dat").write_text("mine")
    done = run("predict", tmp_path / "a.txt", "-m", model_folder, "-o", tmp_path / "b.dat")
    assert done.exit_code == 1
    assert " ".join(done.output.split()).endswith("leave --output out to write one stream")
    assert (tmp_path / "b.dat").read_text() == "mine"


@pytest.mark.parametrize("name", ["all.jsonl", "all.json", "all.conll", "all.txt", "all.csv", "all.xlsx", "all.html"])
def test_predict_writes_one_file_where_its_suffix_tells_the_format(
    name: str, model_folder: Path, tmp_path: Path
) -> None:
    for each in ("a.txt", "b.txt"):
        (tmp_path / each).write_text("Ada ran.\n")
    texts, target = [tmp_path / "a.txt", tmp_path / "b.txt"], tmp_path / name
    done = run("predict", *texts, "-m", model_folder, "-o", target)
    assert done.exit_code == 0, done.stderr
    assert f"tagged 2 of 2 files into {target}" in done.stderr
    written = target.read_bytes()
    format = {".json": "jsonl", ".txt": "text"}.get(target.suffix, target.suffix[1:])
    if format != "xlsx":
        assert run("predict", *texts, "-m", model_folder, "-f", format).stdout_bytes == written
    refused = run("predict", *texts, "-m", model_folder, "-o", target)
    assert (refused.exit_code, "would be overwritten; use --force" in refused.stderr) == (1, True)
    assert run("predict", texts[0], "-m", model_folder, "-f", "conll", "-o", target, "--force").exit_code == 0
    assert target.read_text("utf-8").startswith("Ada")


@pytest.mark.parametrize("command", ["predict", "entities"])
def test_earlier_output_stays_where_there_is_nothing_else_to_tag(
    command: str, model_folder: Path, tmp_path: Path
) -> None:
    target = tmp_path / "all.csv"
    target.write_text("text\nAda ran.\n")
    for given in (tmp_path, tmp_path / "*", target):
        done = run(command, given, "-m", model_folder, "-o", target, "--force")
        assert (done.exit_code, str(target) in done.stderr) == (1, True)
        assert target.read_text() == "text\nAda ran.\n"


@pytest.mark.parametrize(
    ("output", "expected", "kept"),
    [
        (None, Destination(), "the output ends where it was"),
        ("-", Destination(), "the output ends where it was"),
        ("/dev/null", Destination(Path("/dev/null")), "the output ends where it was"),
        ("new.JSON", Destination(Path("new.JSON"), format="jsonl"), "nothing was written to new.JSON"),
        ("new.xlsx", Destination(Path("new.xlsx"), format="xlsx"), "nothing was written to new.xlsx"),
        ("new.dat", Destination(folder=Path("new.dat")), "there is no new.dat yet; --resume goes on"),
        ("new.csv/", Destination(folder=Path("new.csv")), "there is no new.csv yet; --resume goes on"),
        ("old.csv", Destination(folder=Path("old.csv")), "old.csv holds what was finished; --resume goes on"),
    ],
)
def test_where_predict_writes_and_what_is_kept(
    output: str | None, expected: Destination, kept: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if output == "/dev/null" and os.name != "posix":
        pytest.skip("a device")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.csv").mkdir()
    destination = Destination.of(output)
    assert destination == expected
    assert kept in destination.what_is_kept()
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    assert destination.is_screen == (expected == Destination())


def test_one_file_of_predict_is_none_of_its_inputs_and_not_resumed(model_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Ada ran.\n")
    own = run("predict", tmp_path / "a.txt", "-m", model_folder, "-o", tmp_path / "a.txt", "--force")
    assert (own.exit_code, "would overwrite this input" in own.stderr) == (1, True)
    assert (tmp_path / "a.txt").read_text() == "Ada ran.\n"
    for option in (["--resume"], ["--shard", "1/2"]):
        done = run("predict", tmp_path / "a.txt", "-m", model_folder, "-o", tmp_path / "a.csv", *option)
        assert (done.exit_code, (tmp_path / "a.csv").exists()) == (2, False)
    run("predict", tmp_path, "-m", model_folder, "-o", tmp_path / "all.conll")
    again = run("predict", tmp_path, "-m", model_folder, "-o", tmp_path / "all.conll", "--force")
    assert "tagged 1 of 1 file into" in again.stderr  # what it wrote is no input
    (tmp_path / "b.txt").write_bytes(b"Ada\xff\n")
    failed = run("predict", tmp_path / "b.txt", "-m", model_folder, "-o", tmp_path / "b.jsonl")
    assert (failed.exit_code, (tmp_path / "b.jsonl").exists()) == (1, False)
    packed = run("predict", tmp_path / "a.txt", "-m", model_folder, "-o", tmp_path / "all.jsonl.gz")
    told = f"{tmp_path / 'all.jsonl.gz'}: no packed file is written; name all.jsonl and pack it, or a folder"
    assert (packed.exit_code, told in packed.stderr) == (1, True)
    (tmp_path / "old.jsonl").mkdir()
    for folder in ("old.jsonl", "new.jsonl/"):  # a folder stays one, and a slash asks for one
        done = run("predict", tmp_path / "a.txt", "-m", model_folder, "-o", f"{tmp_path}/{folder}")
        assert done.exit_code == 0, done.stderr
        assert (tmp_path / folder / "a.txt.jsonl").is_file()


def test_what_is_converted_into_a_pipe_is_not_read_back(tmp_path: Path) -> None:
    (tmp_path / "a.conll").write_text("Ada B-PER\nran O\n\n")
    os.mkfifo(pipe := tmp_path / "pipe")
    _, written, errors = shell('convert "$1" "$2" --to word/tag & cat "$2"; wait', tmp_path / "a.conll", pipe)
    assert written == "Ada/B-PER ran/O\n\n"
    assert f"not kept: what the format cannot hold, which is not known: {pipe} cannot be read back" in errors


@pytest.mark.parametrize("target", ["-", "/dev/stdout"])
def test_convert_to_standard_output(target: str, tmp_path: Path) -> None:
    (tmp_path / "a.conll").write_text("Ada B-PER\nran O\n\n")
    code, output, errors = shell('convert a.conll "$1" --to conll --scheme IOBES | cat', target, cwd=tmp_path)
    assert (code, output) == (0, "Ada S-PER\nran O\n\n")
    assert f"{target}: 1 document, 1 sentence, 2 tokens" in errors
    code, _, _ = shell('convert a.conll "$1" --to conll > b.conll', target, cwd=tmp_path)
    assert (code, (tmp_path / "b.conll").read_text()) == (0, "Ada B-PER\nran O\n\n")
    assert {path.name for path in tmp_path.iterdir()} == {"a.conll", "b.conll"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "-: standard output has no suffix that tells the format; give --to"),
        (["--to", "brat"], "-: brat is a folder; name one"),
        (["--to", "jsonl", "--json"], "-: standard output is where --json reports; name a file"),
    ],
)
def test_what_convert_cannot_write_to_standard_output(options: list[str], said: str, tmp_path: Path) -> None:
    (tmp_path / "a.conll").write_text("Ada B-PER\nran O\n\n")
    result = run("convert", tmp_path / "a.conll", "-", *options)
    assert (result.exit_code, result.stdout, result.stderr.strip()) == (1, "", f"error: {said}")


def test_standard_output_by_name_is_that_of_every_command(model_folder: Path, tmp_path: Path) -> None:
    given = ("predict", "--text", "Ada ran.", "-m", model_folder, "-f", "conll")
    assert run(*given, "-o", "-").stdout == run(*given).stdout != ""
    code, written, _ = shell('results "$1" --format csv -o -', model_folder, cwd=tmp_path)
    assert (code, written[:5], list(tmp_path.iterdir())) == (0, "model", [])
