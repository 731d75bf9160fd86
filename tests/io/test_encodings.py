"""UTF-16 and UTF-32 with and without their marks; Python's own codecs write them."""

from __future__ import annotations

import gzip
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bilstm_tagger.errors import CorpusError
from bilstm_tagger.io.encodings import likely_encodings, without_mark
from bilstm_tagger.io.reading import open_text, read_text

WITHOUT_MARK = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
ALPHABETS = {
    "Latin": "Ada wrote “from” London — naïvely, Šárka.",
    "Vietnamese": "Một người bạn từ Hà Nội",
    "Greek": "Η Ελένη ήρθε από την Αθήνα",
    "Cyrillic": "Анна приехала из Москвы",
    "Hebrew": "רבקה באה מחיפה היום",
    "Arabic": "جاءت مريم من القاهرة",
    "Hindi": "सीता दिल्ली से आई थी",
    "Thai": "สมชาย มาจาก กรุงเทพ วันนี้",
    "emoji": "Ada 🙂 came 🙂 home",
}


@pytest.mark.parametrize("encoding", WITHOUT_MARK)
@pytest.mark.parametrize("alphabet", ALPHABETS)
@pytest.mark.parametrize("packing", ["", ".gz", ".zst"])
def test_a_text_without_its_mark_is_refused(tmp_path: Path, alphabet: str, encoding: str, packing: str) -> None:
    text = ALPHABETS[alphabet] + "\r\n"
    path = tmp_path / f"a.txt{packing}"
    data = text.encode(encoding)
    if packing == ".zst":
        with pa.output_stream(path, compression="zstd") as stream:
            stream.write(data)
    else:
        path.write_bytes(gzip.compress(data) if packing else data)
    for read in (read_text, lambda path: list(open_text(path))):
        with pytest.raises(CorpusError) as caught:
            read(path)
        assert f"{path}: is {encoding.upper()} without a byte order mark; add --encoding {encoding}," in str(
            caught.value
        )
    assert read_text(path, encoding=encoding) == text


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", ["他从北京来。\n她在家。\n", "田中さんは京都から来た。\r\n", "그는 서울에서 왔다.\n"])
def test_other_scripts_are_told_too(tmp_path: Path, text: str, encoding: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes((text * 3).encode(encoding))
    with pytest.raises(CorpusError, match=f"--encoding {encoding}"):
        read_text(path)
    assert read_text(path, encoding=encoding) == text * 3


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
@pytest.mark.parametrize("text", ALPHABETS.values())
def test_a_mark_is_taken_also_where_the_encoding_is_named(tmp_path: Path, text: str, encoding: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(text.encode(encoding))
    for named in (None, encoding, f"{encoding}-le", f"{encoding}-be"):
        assert read_text(path, encoding=named) == text
        assert list(open_text(path, encoding=named)) == [(1, text)]


def test_a_cut_text_is_not_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    for encoding in WITHOUT_MARK:
        path.write_bytes("Ada came".encode(encoding)[:-1])
        with pytest.raises(CorpusError, match=f"a.txt: is not whole {encoding.upper()}"):
            read_text(path, encoding=encoding)


@settings(deadline=None)
@given(
    st.lists(st.text("abc é東.\n\t", min_size=2, max_size=8), min_size=1, max_size=30),
    st.sampled_from(["\0", "\0\0", "\0\n", "\n\0", "\0\0\0\0"]),
)
def test_zero_characters_in_a_text_are_read(
    tmp_path_factory: pytest.TempPathFactory, words: list[str], between: str
) -> None:
    path = tmp_path_factory.mktemp("zeros") / "a.txt"
    text = f"Ada{between}".join(words)
    path.write_bytes(text.encode())
    assert read_text(path) == text


@pytest.mark.parametrize("text", ["\0", "a\0", "a\0b", "\0\0\0\0\0\0", "Ada\0Bob\0Cy\0", "x\0\0\0\0\0\0\0", "a\tb\0\n"])
def test_few_zero_characters_make_no_utf_16(text: str) -> None:
    assert without_mark(text.encode()) is None


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("odd", ["\ufffd", "\x07", "\ue001", "\u0378", "\x7f"])
def test_what_decodes_to_characters_of_no_text_is_no_utf_16(odd: str, encoding: str) -> None:
    """Unknown, control, private and unassigned characters; one in a hundred may be there."""
    text = "他从北京来。\t她在家。\r\n" * 20
    assert likely_encodings((text + odd).encode(encoding)) == [encoding]
    assert encoding not in likely_encodings((text + odd * 3).encode(encoding))


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_halves_of_characters_are_no_utf_16(encoding: str) -> None:
    text = "她在家。\n" * 9
    assert likely_encodings(text.encode(encoding)) == [encoding]
    assert encoding not in likely_encodings((text + "\ud83d" * 3).encode(encoding, "surrogatepass"))


@given(st.binary(max_size=300))
def test_any_bytes_may_be_looked_at(data: bytes) -> None:
    for name in (without_mark(data), *likely_encodings(data)):
        assert name is None or "".encode(name) is not None
