"""Interrupted runs go on: what they had written stays, the rest is tagged, and the result is that of one run."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torture
from command_line import run
from rule_tagger import RuleTagger
from tagged import contents

from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import ConfigError, TaggerError
from bilstm_tagger.files import TagOptions, tag_files
from bilstm_tagger.files.earlier_output import MARK
from bilstm_tagger.files.resume import NAME
from bilstm_tagger.settings.read_spec import ReadSpec

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals")


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds the processes of a process")
def test_runs_that_are_killed_ten_times() -> None:
    """`make torture` kills a hundred runs of the command."""
    counts = torture.torture("rules", 10)
    assert counts.total() == 10
    assert counts.total() - counts["finished before"] >= 3


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds the processes of a process")
@pytest.mark.parametrize("code", ["import time; time.sleep(60)", "while True: pass"])
def test_torture_ends_what_hangs_and_what_runs_for_ever(code: str, tmp_path: Path) -> None:
    with (tmp_path / "said").open("wb") as said:
        line = [sys.executable, "-X", "faulthandler", "-c", code]
        process = subprocess.Popen(line, stderr=said, start_new_session=True)
        with pytest.raises(AssertionError, match=r"hangs, having used \d+\.\d s"):
            torture.wait(process, 0.5)
    assert "Current thread" in (tmp_path / "said").read_text()


class Stopping(RuleTagger):
    """Is interrupted at one word."""

    def tag(self, document: Document) -> Document:
        if "halt" in document.words:
            raise KeyboardInterrupt
        return super().tag(document)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    texts = {"a": "Ada ran.", "b": "Bob slept.", "c": "Cid sat.", "d": "halt", "e": "Dora left."}
    for name, text in texts.items():
        (folder / f"{name}.txt").write_text(text)
    return folder


def asked(output: Path, **more: Any) -> dict[str, Any]:
    return {"output": output, "identity": "rules", "resume": True, **more}


def interrupted(source: Path, output: Path, **more: Any) -> None:
    with pytest.raises(KeyboardInterrupt):
        tag_files(Stopping(ahead=1), [source], **asked(output, **more))


def test_the_rest_is_tagged_and_what_is_there_stays(source: Path, tmp_path: Path) -> None:
    whole, out = tmp_path / "whole", tmp_path / "out"
    tag_files(RuleTagger(), [source], output=whole)
    interrupted(source, out)
    assert sorted(path.name for path in out.rglob("*.*")) == [MARK, NAME, "a.txt.jsonl", "b.txt.jsonl"]
    before = (out / "in" / "a.txt.jsonl").stat().st_mtime_ns
    report = tag_files(RuleTagger(), [source], **asked(out))
    assert (report.finished, report.files, report.found) == (2, 3, 3)
    assert contents(out) == contents(whole)
    assert (out / "in" / "a.txt.jsonl").stat().st_mtime_ns == before


def test_an_input_that_has_changed_is_tagged_again(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    interrupted(source, out)
    (source / "a.txt").write_text("Eva ran.")
    later = (out / "in" / "a.txt.jsonl").stat().st_mtime_ns + 1
    os.utime(source / "a.txt", ns=(later, later))
    assert tag_files(RuleTagger(), [source], **asked(out)).finished == 1
    assert json.loads((out / "in" / "a.txt.jsonl").read_text())["text"] == "Eva ran."


@pytest.mark.parametrize(
    ("other", "named"),
    [
        ({"identity": "others"}, "model"),
        ({"options": TagOptions(min_probability=0.5)}, "options"),
        ({"spec": ReadSpec(encoding="cp1252")}, "encoding"),
        ({"format": "conll"}, "format"),
        ({"text_column": "body", "input_format": "jsonl"}, "input_format, text_column"),
    ],
)
def test_a_run_of_another_kind_is_not_gone_on_with(
    other: dict[str, Any], named: str, source: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    interrupted(source, out)
    with pytest.raises(ConfigError, match=re.escape(f"of another {named}; ")):
        tag_files(RuleTagger(), [source], **asked(out, **other))
    (out / NAME).write_text("damaged")
    with pytest.raises(
        ConfigError,
        match=(
            r"out: the interrupted run was of another .*model, options; give the same again, or begin anew "
            r"with --force$"
        ),
    ):
        tag_files(RuleTagger(), [source], **asked(out))


def test_output_of_an_earlier_run_is_not_taken_for_that_of_this_one(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    interrupted(source, out)
    old = (out / NAME).stat().st_mtime_ns - 1
    os.utime(out / "in" / "a.txt.jsonl", ns=(old, old))
    assert tag_files(RuleTagger(), [source], **asked(out)).finished == 1


def test_without_an_interrupted_run_nothing_is_resumed_or_overwritten(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (source / "d.txt").write_text("Cleo stayed.")
    assert tag_files(RuleTagger(), [source], **asked(out)).files == 5
    told = r"out/in/a\.txt\.jsonl and 4 more: there already, and no run was interrupted that could go on; use --force"
    with pytest.raises(ConfigError, match=told):
        tag_files(RuleTagger(), [source], **asked(out))
    assert not (out / NAME).exists()


def test_a_name_that_leaves_no_room_for_a_suffix_stops_no_other_file(tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    fits, too_long = "x" * 236 + ".txt", "y" * 250 + ".txt"  # .jsonl fits behind the first, .entities.jsonl does not
    for name in (fits, too_long, "z.txt"):
        (source / name).write_text("Ada came.")
    for force in (False, True):
        report = tag_files(RuleTagger(), [source], output=out, force=force)
        assert report.files == 2
        assert [str(error).endswith("File name too long") for error in report.failures] == [True]
        assert sorted(path.name for path in (out / "in").iterdir()) == [f"{fits}.jsonl", "z.txt.jsonl"]


def test_failures_can_be_resumed(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (source / "d.txt").write_bytes(b"\xff\xff")
    report = tag_files(RuleTagger(), [source], **asked(out))
    assert (report.files, len(report.failures)) == (4, 1)
    (source / "d.txt").write_text("Cleo stayed.")
    report = tag_files(RuleTagger(), [source], **asked(out))
    assert (report.finished, report.files, report.failures) == (4, 1, [])
    assert not (out / NAME).exists()


def test_the_command_resumes(source: Path, tmp_path: Path, model_folder: Path) -> None:
    out, flags = tmp_path / "out", ["-m", model_folder, "-o", tmp_path / "out"]
    interrupted(source, out)
    other = run("predict", source, *flags, "--resume")
    assert other.exit_code == 1
    assert "the interrupted run was of another model" in other.stderr
    shutil.rmtree(out)
    (source / "d.txt").write_bytes(b"\xff")
    assert run("predict", source, *flags).exit_code == 1
    (source / "d.txt").write_text("Cleo stayed.")
    done = run("predict", source, *flags, "--resume")
    assert done.exit_code == 0, done.stderr
    assert "note: 4 files were tagged by the interrupted run and are left as they are" in done.stderr
    assert run("predict", source, "-m", model_folder, "--resume").exit_code == 2


def test_a_full_disk_ends_files_and_the_rest_follows(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is full from the second file on: faked, so that no file system has to be mounted."""
    sync, calls = os.fsync, iter(range(1_000))

    def full(handle: int) -> None:
        if next(calls) >= 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        sync(handle)

    (source / "d.txt").write_text("Cleo stayed.")
    whole, out = tmp_path / "whole", tmp_path / "out"
    tag_files(RuleTagger(), [source], output=whole)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        report = tag_files(RuleTagger(), [source], **asked(out))
    assert report.files == 1
    assert all("No space left on device" in str(error) for error in report.failures)
    assert sorted(path.name for path in out.rglob("*.*")) == [MARK, NAME, "a.txt.jsonl"]
    assert tag_files(RuleTagger(), [source], **asked(out)).finished == 1
    assert contents(out) == contents(whole)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = os.geteuid() == 0 and shutil.which("mount") is not None
    if mounted:
        line = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(folder)]
        mounted = subprocess.run(line, check=False, capture_output=True).returncode == 0
    if not mounted:
        pytest.skip("mounts a small file system, for which it must be root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_is_really_full(small_disk: Path, tmp_path: Path) -> None:
    source = tmp_path / "in"
    source.mkdir()
    for number in range(5):
        (source / f"{number}.txt").write_text("Ada ran. " * 200)
    report = tag_files(RuleTagger(), [source], **asked(small_disk))
    assert 0 < report.files < 5
    assert len(report.failures) == 5 - report.files
    assert all("No space left on device" in str(error) for error in report.failures)
    written = [path.name for path in small_disk.rglob("*.*")]
    assert len(written) == report.files + (NAME in written) + (MARK in written)
    assert not [name for name in written if name.endswith(".part")]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir(mode=0o500)
    with pytest.raises(TaggerError, match="cannot be written: Permission denied"):
        tag_files(RuleTagger(), [source], **asked(out))


def test_an_input_that_vanishes(source: Path, tmp_path: Path) -> None:
    class Removing(RuleTagger):
        def tag(self, document: Document) -> Document:
            (source / "e.txt").unlink(missing_ok=True)
            return super().tag(document)

    report = tag_files(Removing(ahead=1), [source], **asked(tmp_path / "out"))
    assert report.files == 4
    assert [str(error) for error in report.failures] == [f"{source}/e.txt: no such file; check the path"]
