"""Files that open with true lines; every fault is named with its place."""

from __future__ import annotations

import errno
import gzip
import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bilstm_tagger.errors import CorpusError
from bilstm_tagger.io.reading import open_text, read_bytes, read_text, sha256_file, sha256_folder


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
    assert "--encoding" in str(caught.value)


def test_wrong_encoding_inside_gzip(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(gzip.compress(b"ab\ncd\xff"))
    with pytest.raises(CorpusError, match=r"a\.gz:2: byte 5 of the file \(0xff\)"):
        list(open_text(path))


def test_utf16_is_recognised(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    for encoding in ("utf-16", "utf-8-sig"):
        path.write_bytes("h\u00e9llo\r\n\U0001f600".encode(encoding))
        assert list(open_text(path)) == [(1, "h\u00e9llo"), (2, "\U0001f600")]
        assert read_text(path) == "h\u00e9llo\r\n\U0001f600"
    path.write_bytes("hello".encode("utf-16")[:-1])
    with pytest.raises(CorpusError, match=r"a\.txt: is not whole UTF-16; fetch it again, or name another --encoding$"):
        list(open_text(path))


@pytest.mark.parametrize("encoding", ["cp1252", "cp1251", "gb18030"])
def test_b6_a_likely_encoding_is_named(tmp_path: Path, encoding: str) -> None:
    prose = {
        "cp1252": "Die Straße führt über die Brücke zum Café „Größe“. ",
        "cp1251": "Поезд отправляется утром с первого пути вокзала. ",
        "gb18030": "火车早上从第一站台出发，乘客请提前到达。",
    }[encoding]
    path = tmp_path / "a.txt"
    path.write_bytes((prose * 20).encode(encoding))
    with pytest.raises(CorpusError) as caught:
        list(open_text(path))
    named = str(caught.value).split("--encoding ")[1].split(",")[0].removesuffix(" first")
    assert (prose * 20) == read_text(path, encoding=named)


@pytest.mark.parametrize(
    "data", [b"%PDF-1.7\n\xe2\xe3\xcf\xd3", b"PK\x03\x04\x14\x06\xe2\xe3", b"\x89PNG\r\n\x1a\n\x00\x00"]
)
def test_b6_no_encoding_is_advised_for_what_is_no_text(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    with pytest.raises(CorpusError, match="does not look like a text file"):
        list(open_text(path))


def test_other_encodings(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("é\n".encode("latin1"))
    assert list(open_text(path, encoding="latin1")) == [(1, "é")]
    with pytest.raises(CorpusError, match="byte 0 of the file \\(0xe9\\) is not ASCII"):
        list(open_text(path, encoding="ascii"))
    with pytest.raises(
        CorpusError, match=r"^unknown encoding 'klingon'; use a name Python knows, e\.g\. 'utf-8' or 'latin1'$"
    ):
        list(open_text(path, encoding="klingon"))


def test_unreadable_paths(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"gone\.txt: no such file; check the path$"):
        list(open_text(tmp_path / "gone.txt"))
    with pytest.raises(CorpusError, match=r"is a folder; name a file in it$"):
        read_text(tmp_path)
    with pytest.raises(CorpusError, match=r"gone\.txt: no such file; check the path$"):
        sha256_file(tmp_path / "gone.txt")


def test_what_the_system_says_of_a_file_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In its own words; an error of a library may have no number, and only these."""
    for error, told in ((OSError(errno.EIO, "Input/output error"), "Input/output error"), (OSError("odd"), "odd")):

        def failing(*_: object, error: OSError = error) -> None:
            raise error

        monkeypatch.setattr("builtins.open", failing)
        with pytest.raises(CorpusError, match=rf"a\.txt: cannot be read: {told}$"):
            read_text(tmp_path / "a.txt")
        monkeypatch.undo()


@pytest.mark.skipif(os.name != "posix", reason="names of files are UTF-16 elsewhere, which holds halves of characters")
def test_a_name_that_no_file_can_have() -> None:
    for read in (read_text, read_bytes, lambda path: list(open_text(path))):
        with pytest.raises(CorpusError) as caught:
            read("a\ud800")
        assert str(caught.value) == r"'a\ud800': no name that a file can have; it holds half a character"


def test_sha256(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"abc" * 100_000)
    assert sha256_file(path) == hashlib.sha256(b"abc" * 100_000).hexdigest()


def test_utf_16_without_its_mark_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes("El Niño".encode("latin-1"))
    with pytest.raises(CorpusError, match=r"a\.txt: is not whole UTF-16; .* --encoding$"):
        read_text(path, encoding="utf-16")


@pytest.mark.parametrize("text", ["Señor Muñoz met José Núñez in Málaga.", "José Müller, Köln, und François", "café"])
def test_of_encodings_that_are_as_likely_the_most_usual_is_named(text: str, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(text.encode("cp1252"))
    with pytest.raises(CorpusError, match="--encoding cp1252"):
        read_text(path)


@pytest.mark.parametrize(
    ("guesses", "advice"),
    [
        (["cp1252"], "it may be cp1252: add --encoding cp1252, or save it as UTF-8"),
        (
            ["cp1250", "cp1252"],
            "it may be cp1252 or cp1250: try --encoding cp1252 first, or save it as UTF-8",
        ),
    ],
)
def test_one_likely_encoding_is_added_and_of_several_one_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, guesses: list[str], advice: str
) -> None:
    class Match:
        def __init__(self, encoding: str) -> None:
            self.encoding, self.could_be_from_charset = encoding, guesses

    monkeypatch.setattr("charset_normalizer.from_bytes", lambda data: [Match(guesses[0])])
    (tmp_path / "a.txt").write_bytes(b"Andr\xe9 left\n")
    with pytest.raises(CorpusError) as caught:
        list(open_text(tmp_path / "a.txt"))
    assert str(caught.value).endswith(advice)


def test_the_checksum_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    for name in ("a/b.txt", "a.txt", "c.md"):
        (tmp_path / name).write_text(name)
    whole, texts = sha256_folder(tmp_path), sha256_folder(tmp_path, [".txt"])
    lines = [f"{name}\0{hashlib.sha256(name.encode()).hexdigest()}\n" for name in ("a.txt", "a/b.txt", "c.md")]
    assert whole == hashlib.sha256("".join(lines).encode()).hexdigest()
    assert texts == hashlib.sha256("".join(lines[:2]).encode()).hexdigest()
    (tmp_path / "a" / "b.txt").rename(tmp_path / "a" / "c.txt")
    assert sha256_folder(tmp_path, [".txt"]) != texts
