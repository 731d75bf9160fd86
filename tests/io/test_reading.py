"""Files that open with true lines; every fault is named with its place."""

from __future__ import annotations

import gzip
import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bilstm_tagger.errors import CorpusError
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


def test_sha256(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"abc" * 100_000)
    assert sha256_file(path) == hashlib.sha256(b"abc" * 100_000).hexdigest()
