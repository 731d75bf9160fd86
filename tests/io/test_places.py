"""Places that cannot be written are told before the work whose result goes there."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from command_line import run
from tiny import sentences, write_conll

from bilstm_tagger.errors import ConfigError, TaggerError
from bilstm_tagger.io import places
from bilstm_tagger.io.places import check_file_place, check_folder_place
from bilstm_tagger.studies import memory
from bilstm_tagger.tagging.tagger import Tagger


def test_what_can_be_written_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a")
    (tmp_path / "link").symlink_to(tmp_path / "later")
    (tmp_path / "to-file").symlink_to(tmp_path / "file")
    for name in ("new", "new/deep/one", "file", "link", "to-file"):
        check_file_place(tmp_path / name)
    for name in (".", "new", "new/deep/one", "link"):
        check_folder_place(tmp_path / name)
    for device in ("/dev/null", "/dev/stdout"):
        check_file_place(device)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "link", "to-file"]


def test_what_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("a")
    Path("loop").symlink_to("loop")
    with pytest.raises(TaggerError, match=r"^\.: is a folder; name a file in it$"):
        check_file_place(".")
    with pytest.raises(ConfigError, match=r"^file: is a file; choose another place$"):
        check_folder_place("file")
    for check in (check_file_place, check_folder_place):
        for name, reason in (
            ("file/a", "Not a directory"),
            ("x" * 300, "File name too long"),
            ("loop", "Too many levels of symbolic links"),
        ):
            with pytest.raises(TaggerError, match=rf"^{name}: cannot be written: {reason}.*; choose another place$"):
                check(name)
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != tmp_path)
    for check in (check_file_place, check_folder_place):
        with pytest.raises(TaggerError, match=r"^a/b: cannot be written: Permission denied \(.*\); choose another"):
            check("a/b")


def test_the_system_calls_what_is_under_a_file_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Windows does, which has no root either where a drive is missing."""
    monkeypatch.chdir(tmp_path)
    Path("file").write_text("a")
    ask = places._mode

    def mode_of(path: Path) -> int | None:
        try:
            return ask(path)
        except NotADirectoryError:
            return None

    monkeypatch.setattr(places, "_mode", mode_of)
    for check in (check_file_place, check_folder_place):
        with pytest.raises(
            TaggerError, match=r"^file/a/b: cannot be written: Not a directory .*; choose another place$"
        ):
            check("file/a/b")
    monkeypatch.setattr(places, "_mode", lambda path: None)
    for check in (check_file_place, check_folder_place):
        with pytest.raises(TaggerError, match=r"^a/b: cannot be written: No such file .*; choose another place$"):
            check("a/b")


@pytest.mark.parametrize(
    "words",
    [
        ["evaluate", "DATA", "--model", "MODEL", "--json", "AT/a.json"],
        ["evaluate", "DATA", "--model", "MODEL", "--raw", "--json", "AT/a.json"],
        ["evaluate", "DATA", "--model", "MODEL", "--errors", "AT/a.html"],
        ["evaluate", "DATA", "--model", "MODEL", "--confusion", "AT/a.png"],
        ["evaluate", "DATA", "--predictions", "DATA", "--json", "AT/a.json"],
        ["compare", "DATA", "MODEL", "DATA", "--differences", "AT/a.csv"],
        ["compare", "DATA", "MODEL", "DATA", "--json", "AT/a.json"],
        ["inspect", "--text", "a", "--model", "MODEL", "--png", "AT/a.png"],
        ["inspect", "--text", "a", "--model", "MODEL", "--html", "AT/a.html"],
        ["inspect", "--text", "a", "--model", "MODEL", "--json", "AT/a.json"],
        ["suggest", "DATA", "--model", "MODEL", "--output", "AT/a.csv"],
        ["review", "DATA", "--column", "3", "--output", "AT/a.csv"],
        ["study", "memory", "--output", "AT"],
        ["study", "memory", "--output", "AT/a"],
        ["study", "encoders", "--train", "DATA", "--dev", "DATA", "--output", "AT"],
        ["study", "encoders", "--train", "DATA", "--dev", "DATA", "--output", "AT/a"],
        ["sweep", "SWEEP", "--output", "AT"],
        ["sweep", "SWEEP", "--output", "AT/a"],
        ["train", "DATA", "--column", "3", "--output", "AT/a"],
        ["train", "DATA", "--column", "3", "--seeds", "2", "--output", "AT/a"],
    ],
    ids=" ".join,
)
def test_commands_look_first(
    words: list[str], model_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def work(*_: object, **__: object) -> None:
        raise AssertionError("the work has begun")

    monkeypatch.setattr(Tagger, "pipe", work)
    monkeypatch.setattr(memory, "run_memory_study", work)
    monkeypatch.setattr("bilstm_tagger.training.run.prepare", work)
    data, sweep, file = tmp_path / "data.conll", tmp_path / "sweep.toml", tmp_path / "file"
    write_conll(data, sentences(5))
    sweep.write_text(f"data.train = '{data}'\n[sweep]\nmethod = 'grid'\n[sweep.settings]\nencoder.hidden_size = [4]\n")
    file.write_text("")
    names = {"DATA": data, "MODEL": model_folder, "SWEEP": sweep, "AT": file}
    result = run(*(str(names.get(word, word)).replace("AT/", f"{file}/") for word in words))
    assert result.exit_code == 1, result.output
    (told,) = result.stderr.splitlines()
    if words[-1] == "AT":
        assert told == f"error: {file}: is a file; choose another place"
    else:
        at = words[-1].replace("AT/", f"{file}/")
        assert told == f"error: {at}: cannot be written: Not a directory; choose another place"
    assert file.read_text() == ""


def test_a_model_that_cannot_be_written_is_not_calibrated(
    model_folder: Path, tiny_dev: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = shutil.copytree(model_folder, tmp_path / "model")
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != model or not mode & os.W_OK)
    refused = run("calibrate", tiny_dev, "--model", model, "--force")
    assert refused.exit_code == 1
    assert f"{model}: cannot be written: Permission denied" in refused.stderr
    assert run("calibrate", tiny_dev, "--model", model, "--dry-run").exit_code == 0
    (tmp_path / "a.png").mkdir()
    refused = run("calibrate", tiny_dev, "--model", model, "--dry-run", "--png", tmp_path / "a.png")
    assert refused.stderr == f"error: {tmp_path / 'a.png'}: is a folder; name a file in it\n"
