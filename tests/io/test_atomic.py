"""Files and folders that are never half written."""

from __future__ import annotations

import errno
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import pytest

from bilstm_tagger.errors import TaggerError
from bilstm_tagger.io import atomic
from bilstm_tagger.io.atomic import atomic_folder, atomic_write, recover_folder


def test_atomic_write(tmp_path: Path) -> None:
    path = tmp_path / "new" / "deep" / "a.txt"
    with atomic_write(path) as text:
        text.write("é\r\nb\n")
        assert not path.exists()
    assert path.read_bytes() == "é\r\nb\n".encode()
    with atomic_write(path, binary=True) as data:
        data.write(b"\x00\xff")
    assert path.read_bytes() == b"\x00\xff"
    assert [p.name for p in path.parent.iterdir()] == ["a.txt"]


def test_atomic_write_failure_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt), atomic_write(path) as text:
        text.write("half")
        raise KeyboardInterrupt
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_atomic_write_follows_links_and_longest_names(tmp_path: Path) -> None:
    real = tmp_path / ("n" * 251 + ".txt")
    link = tmp_path / "link"
    link.symlink_to(real)
    with atomic_write(link) as text:
        text.write("x")
    assert link.is_symlink()
    assert real.read_text() == "x"


def test_atomic_write_refuses_what_it_cannot_write(tmp_path: Path) -> None:
    with pytest.raises(TaggerError, match=r"is a folder; name a file in it$"), atomic_write(tmp_path):
        pass
    (tmp_path / "file").touch()
    with pytest.raises(TaggerError, match="cannot be written"), atomic_write(tmp_path / "file" / "a.txt"):
        pass


def test_a_vanished_part_file_does_not_hide_the_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="the real error"), atomic_write(tmp_path / "a.txt"):
        (part,) = tmp_path.iterdir()
        part.unlink()
        raise ValueError("the real error")


def test_a_full_disk_is_named_with_the_target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    path = tmp_path / "a.txt"
    with pytest.raises(TaggerError) as caught, atomic_write(path) as text:
        text.write("x")
    assert str(caught.value) == f"{path}: cannot be written: No space left on device; choose another place"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes")
def test_where_folders_cannot_be_opened_their_files_are_synced_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on Windows; elsewhere a folder that cannot be opened is an error."""
    opened: list[Path] = []
    open_, file = os.open, tmp_path / "a.txt"
    file.write_text("Ada")

    def open_files_alone(path: Path, *given: int) -> int:
        if path == tmp_path:
            raise PermissionError(13, "Permission denied")
        opened.append(path)
        return open_(path, *given)

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", open_files_alone)
        with pytest.raises(PermissionError):
            atomic._sync(tmp_path)
        patched.setattr(os, "name", "nt")
        atomic._sync(tmp_path)
        atomic._sync(file)
    assert opened == [file]


@pytest.mark.parametrize("linked", [False, True])
def test_atomic_write_to_a_pipe(tmp_path: Path, linked: bool) -> None:
    """What is no regular file is written to and stays what it is."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    path = tmp_path / "link" if linked else pipe
    if linked:
        path.symlink_to(pipe)
    with ThreadPoolExecutor(1) as pool:
        received = pool.submit(pipe.read_bytes)
        with atomic_write(path) as text:
            text.write("é\r\n")
        assert received.result(timeout=30) == "é\r\n".encode()
    assert pipe.is_fifo()
    assert path.is_symlink() == linked


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="pseudo-terminals")
def test_atomic_write_to_a_device(tmp_path: Path) -> None:
    """A pseudo-terminal of this test's own, never a device of the machine."""
    ours, theirs = os.openpty()
    try:
        device = Path(os.ttyname(theirs))
        with atomic_write(device) as text:
            text.write("shown")
        assert os.read(ours, 100) == b"shown"
        assert device.is_char_device()
    finally:
        os.close(ours)
        os.close(theirs)


def _fill(folder: Path, content: str) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "a.txt").write_text(content)


def test_atomic_folder_replaces_as_a_whole(tmp_path: Path) -> None:
    target = tmp_path / "models" / "mine"
    for content in ("one", "two"):
        with atomic_folder(target) as fresh:
            _fill(fresh, content)
        assert (target / "sub" / "a.txt").read_text() == content
        assert [p.name for p in target.parent.iterdir()] == ["mine"]


def test_atomic_folder_failure_leaves_the_old_folder(tmp_path: Path) -> None:
    target = tmp_path / "mine"
    with atomic_folder(target) as fresh:
        _fill(fresh, "old")
    with pytest.raises(KeyboardInterrupt), atomic_folder(target) as fresh:
        _fill(fresh, "half")
        raise KeyboardInterrupt
    assert (target / "sub" / "a.txt").read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["mine"]


def test_all_is_on_the_disk_before_the_swap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "mine"
    with atomic_folder(target) as fresh:
        _fill(fresh, "old")
    events: list[tuple[str, str | int]] = []
    sync, rename = os.fsync, Path.rename

    def recorded_sync(handle: int) -> None:
        events.append(("sync", os.fstat(handle).st_ino))
        sync(handle)

    def recorded_rename(self: Path, to: Path) -> Path:
        events.append(("rename", self.name))
        return rename(self, to)

    monkeypatch.setattr(os, "fsync", recorded_sync)
    monkeypatch.setattr(Path, "rename", recorded_rename)
    with atomic_folder(target) as fresh:
        _fill(fresh, "new")
        inside = {path.stat().st_ino for path in (fresh, fresh / "sub", fresh / "sub" / "a.txt")}
    swap = events.index(("rename", "mine"))
    assert {number for kind, number in events[:swap] if kind == "sync"} == inside
    assert events[swap:] == [("rename", "mine"), ("rename", ".mine.new"), ("sync", tmp_path.stat().st_ino)]


def test_a_file_is_on_the_disk_before_it_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[tuple[str, bytes]] = []
    sync, replace = os.fsync, Path.replace
    path = tmp_path / "a.txt"

    def recorded_sync(handle: int) -> None:
        events.append(("sync", next(tmp_path.iterdir()).read_bytes()))
        sync(handle)

    def recorded_replace(self: Path, to: Path) -> Path:
        events.append(("replace", self.read_bytes()))
        return replace(self, to)

    monkeypatch.setattr(os, "fsync", recorded_sync)
    monkeypatch.setattr(Path, "replace", recorded_replace)
    with atomic_write(path) as stream:
        stream.write("whole")
    assert events == [("sync", b"whole"), ("replace", b"whole")]
    assert path.read_bytes() == b"whole"


STEPS = 9  # renames, syncs and removals when an existing folder of one subfolder and one file is replaced


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills a forked process")
@pytest.mark.parametrize("step", range(STEPS + 1))
def test_crash_at_any_step_leaves_one_whole_folder(tmp_path: Path, step: int) -> None:
    """Kill the swap before each of its file operations, as a power cut would: without any clean-up."""
    target = tmp_path / "mine"
    with atomic_folder(target) as fresh:
        _fill(fresh, "old")
    child = os.fork()
    if child == 0:
        try:
            _die_before(step)
            with atomic_folder(target) as fresh:
                _fill(fresh, "new")
            os._exit(COMPLETE)
        finally:
            os._exit(FAILED)
    exit_code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert exit_code == (KILLED if step < STEPS else COMPLETE)
    recover_folder(target)
    assert (target / "sub" / "a.txt").read_text() in ("old", "new")
    with atomic_folder(target) as fresh:
        _fill(fresh, "newest")
    assert (target / "sub" / "a.txt").read_text() == "newest"
    assert [p.name for p in tmp_path.iterdir()] == ["mine"]


COMPLETE, KILLED, FAILED = range(3)


def _die_before(step: int) -> None:
    """End this process without any clean-up before one of its file operations."""
    steps = count()
    for owner, name in ((Path, "rename"), (atomic, "_sync"), (shutil, "rmtree")):
        real = getattr(owner, name)

        def dying(*args: object, real: object = real, **more: object) -> object:
            if next(steps) == step:
                os._exit(KILLED)
            return real(*args, **more)  # type: ignore[operator]

        setattr(owner, name, dying)


def test_recover_folder_puts_back_or_cleans(tmp_path: Path) -> None:
    target, old = tmp_path / "mine", tmp_path / ".mine.old"
    recover_folder(target)
    assert not target.exists()
    old.mkdir()
    _fill(old, "old")
    recover_folder(target)
    assert (target / "sub" / "a.txt").read_text() == "old"
    old.mkdir()
    recover_folder(target)
    assert [p.name for p in tmp_path.iterdir()] == ["mine"]


def test_atomic_folder_refuses_files_and_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(TaggerError, match=r"file: is a file where a folder should go; choose another name$"),
        atomic_folder(tmp_path / "file"),
    ):
        pass
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    for path in (".", "..", tmp_path):
        with pytest.raises(TaggerError, match="current folder"), atomic_folder(path):
            pass
