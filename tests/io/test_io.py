"""Files that open with true lines, and files and folders that are never half written."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bilstm_tagger import io
from bilstm_tagger.errors import CorpusError, TaggerError
from bilstm_tagger.io.atomic import atomic_folder, atomic_write, recover_folder
from bilstm_tagger.io.reading import open_text, read_text, sha256_file


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_lines_end_at_line_breaks_only(tmp_path: Path, ending: str, mark: bytes) -> None:
    lines = ["first", "", "a\u2028b\x0cc\x85d", "zürich 東京 🙂"]
    path = tmp_path / "a.txt"
    path.write_bytes(mark + ending.join(lines).encode())
    assert list(open_text(path)) == list(enumerate(lines, 1))


def test_read_text_leaves_line_endings(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbfone\r\ntwo\rthree\n")
    assert read_text(path) == "one\r\ntwo\rthree\n"


def test_gzip_is_read_through(tmp_path: Path) -> None:
    path = tmp_path / "a.txt.gz"
    path.write_bytes(gzip.compress("ä\nb\n".encode()))
    assert list(open_text(path)) == [(1, "ä"), (2, "b")]


def test_damaged_gzip(tmp_path: Path) -> None:
    whole = gzip.compress(os.urandom(5000))
    for content in (whole[:2000], b"no gzip at all", whole[:20] + b"\xff" * 40 + whole[60:]):
        path = tmp_path / "a.gz"
        path.write_bytes(content)
        with pytest.raises(CorpusError, match=r"a\.gz: the gzip file is damaged|a\.gz:1: byte"):
            list(open_text(path))


@settings(deadline=None)
@given(before=st.text(alphabet="aé\n東", max_size=300), after=st.text(max_size=20))
def test_wrong_encoding_names_line_and_byte(tmp_path_factory: pytest.TempPathFactory, before: str, after: str) -> None:
    path = tmp_path_factory.mktemp("enc") / "a.txt"
    start = (before * 100).encode()
    path.write_bytes(start + b"\xe9" + b"x" + after.encode())
    with pytest.raises(CorpusError) as caught:
        list(open_text(path))
    line = start.count(b"\n") + 1
    assert str(caught.value).startswith(f"{path}:{line}: byte {len(start)} of the file (0xe9) is not UTF-8; ")
    assert "iconv -f latin1" in str(caught.value)


def test_wrong_encoding_inside_gzip(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(b"ab\ncd\xff"))
    with pytest.raises(CorpusError, match=r"a\.gz:2: byte 5 of the file \(0xff\)"):
        list(open_text(path))


def test_utf16_is_recognised(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("hello".encode("utf-16"))
    with pytest.raises(CorpusError, match="is UTF-16, not UTF-8"):
        list(open_text(path))


def test_other_encodings(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("é\n".encode("latin1"))
    assert list(open_text(path, encoding="latin1")) == [(1, "é")]
    with pytest.raises(CorpusError, match="byte 0 of the file \\(0xe9\\) is not ASCII"):
        list(open_text(path, encoding="ascii"))
    with pytest.raises(CorpusError, match="unknown encoding 'klingon'"):
        list(open_text(path, encoding="klingon"))


def test_unreadable_paths(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"gone\.txt: no such file"):
        list(open_text(tmp_path / "gone.txt"))
    with pytest.raises(CorpusError, match="is a folder"):
        read_text(tmp_path)
    with pytest.raises(CorpusError, match="no such file"):
        sha256_file(tmp_path / "gone.txt")


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
    with pytest.raises(TaggerError, match="is a folder"), atomic_write(tmp_path):
        pass
    (tmp_path / "file").touch()
    with pytest.raises(TaggerError, match="cannot be written"), atomic_write(tmp_path / "file" / "a.txt"):
        pass


def test_atomic_write_to_a_device(tmp_path: Path) -> None:
    with atomic_write(os.devnull) as text:
        text.write("gone")
    assert not Path(os.devnull).is_file()


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


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills a forked process")
@pytest.mark.parametrize("step", range(10))
def test_crash_at_any_step_leaves_one_whole_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """Kill the swap before each of its file operations, as a power cut would: without any clean-up."""
    target = tmp_path / "mine"
    with atomic_folder(target) as fresh:
        _fill(fresh, "old")
    steps = iter(range(100))
    child = os.fork()
    if child == 0:
        try:
            for owner, name in ((Path, "rename"), (io, "_sync"), (shutil, "rmtree")):
                real = getattr(owner, name)

                def dying(*args: object, real: object = real, **more: object) -> object:
                    if next(steps) == step:
                        os._exit(0)
                    return real(*args, **more)  # type: ignore[operator]

                setattr(owner, name, dying)
            with atomic_folder(target) as fresh:
                _fill(fresh, "new")
        finally:
            os._exit(1)
    os.waitpid(child, 0)
    recover_folder(target)
    assert (target / "sub" / "a.txt").read_text() in ("old", "new")
    with atomic_folder(target) as fresh:
        _fill(fresh, "newest")
    assert (target / "sub" / "a.txt").read_text() == "newest"
    assert [p.name for p in tmp_path.iterdir()] == ["mine"]


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
    with pytest.raises(TaggerError, match="is a file where a folder"), atomic_folder(tmp_path / "file"):
        pass
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    for path in (".", "..", tmp_path):
        with pytest.raises(TaggerError, match="current folder"), atomic_folder(path):
            pass


def test_sha256(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"abc" * 100_000)
    assert sha256_file(path) == hashlib.sha256(b"abc" * 100_000).hexdigest()
