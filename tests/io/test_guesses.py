"""Guesses of the encoding of short texts; Python's own codecs write them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bilstm_tagger.errors import CorpusError
from bilstm_tagger.io.encodings import likely_encodings
from bilstm_tagger.io.guesses import plausible
from bilstm_tagger.io.reading import read_text

GERMAN = "Jörg Müller fuhr über Köln."
CZECH = "Šárka žije v Českých Budějovicích."
RUSSIAN = "Анна приехала из Москвы."
CHINESE = "王小明在上海工作。"
JAPANESE = "田中さんは京都に行った。"
TEXTS = [
    (GERMAN, "cp1252"), (GERMAN, "mac_roman"), (GERMAN, "cp850"), (CZECH, "cp1250"), (CZECH, "iso8859_2"),
    ("Ayşe Iğdır'da yaşıyor.", "cp1254"), (RUSSIAN, "cp1251"), (RUSSIAN, "koi8_r"), (RUSSIAN, "cp866"),
    ("Η Ελένη ήρθε από την Αθήνα", "cp1253"), ("רבקה באה מחיפה היום", "cp1255"), ("جاءت مريم من القاهرة", "cp1256"),
    (CHINESE, "gbk"), (CHINESE, "gb2312"), ("陳小明在台中工作。", "big5"), (JAPANESE, "cp932"), (JAPANESE, "euc_jp"),
    ("민수는 부산에 산다.", "cp949"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "encoding"), TEXTS)
def test_an_encoding_that_reads_a_short_text_is_named(text: str, encoding: str, tmp_path: Path) -> None:
    data = text.encode(encoding)
    named = likely_encodings(data)
    assert len(named) <= 3
    assert text in [data.decode(name) for name in named]
    (tmp_path / "a.txt").write_bytes(data)
    with pytest.raises(CorpusError) as caught:
        read_text(tmp_path / "a.txt")
    assert f"it may be {' or '.join(named)}: " in str(caught.value)


@pytest.mark.parametrize(
    ("text", "encoding", "several"),
    [(CHINESE, "gbk", True), ("민수는 부산에 산다.", "cp949", True), (CZECH, "cp1250", True)],
)
def test_where_bytes_do_not_tell_several_are_named(text: str, encoding: str, several: bool) -> None:
    data = text.encode(encoding)
    named = likely_encodings(data)
    assert (len(named) > 1) is several
    assert len({data.decode(name) for name in named}) > 1


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        ("Jürgen Müller".encode("mac_roman"), "cp1252"),  # a second capital before small letters
        (RUSSIAN.encode("koi8_r"), "cp1251"),
        (RUSSIAN.encode("cp1251"), "cp1252"),  # words of accents alone
        (GERMAN.encode("cp1252"), "cp1251"),  # two scripts in a word
        (GERMAN.encode("cp1252"), "gb18030"),  # ideographs among letters
        (CHINESE.encode("gbk"), "cp949"),  # rare ones
        (JAPANESE.encode("euc_jp"), "gb18030"),
    ],
)
def test_what_reads_odd_words_is_not_named(data: bytes, encoding: str) -> None:
    assert encoding not in plausible(data, None)


@pytest.mark.parametrize(
    ("text", "encoding", "odd"),
    [
        ("Łódź", "cp1250", "£Ûdü"),  # a currency beside a letter
        ("Łomża", "cp1250", "£om¿a"),
        ("Größe", "mac_roman", "Grš§e"),  # a mark that stands before words
        ("Привет мир", "koi8_r", "נֹׂ׳ֵװ ֹֽׂ"),  # a point without its letter
        ("台北", "big5", "･x･_"),  # half a mark
    ],
)
def test_no_text_has_such_words(text: str, encoding: str, odd: str) -> None:
    data = text.encode(encoding)
    named = likely_encodings(data)
    assert encoding in named
    assert odd not in [data.decode(name) for name in named]


@pytest.mark.parametrize("text", ["Łódź", "Łomża", "Çağrı", "Żółć", "říš"])
def test_a_short_word_may_be_hardly_more_than_accents(text: str) -> None:
    encoding = "cp1254" if "ğ" in text else "cp1250"
    assert encoding in likely_encodings(text.encode(encoding))


@pytest.mark.parametrize(
    "text", ["© 2020 Ada Byron", "½ litre of milk", "Heute 10 °C in Leeds.", "Preis: 10 ¢, 3½", "Acme®"]
)
def test_signs_are_as_usual_as_letters_with_accents(text: str) -> None:
    assert likely_encodings(text.encode("cp1252"))[0] == "cp1252"


def test_a_currency_stands_beside_figures() -> None:
    assert likely_encodings("Für 5€ oder £7 in Köln".encode("cp1252"))[0] == "cp1252"


def test_a_guess_is_named_behind_the_usual_ones_that_are_as_likely() -> None:
    assert plausible("Привет мир".encode("koi8_r"), "shift_jis_2004")[0] == "koi8_r"


def test_a_guess_is_named_beside_the_usual_one_that_reads_the_same() -> None:
    data = GERMAN.encode("cp1252")
    assert plausible(data, None) == ["cp1252"]
    assert plausible(data, "cp1250") == ["cp1252", "cp1250"]


@given(st.binary(max_size=200), st.sampled_from([None, "cp1257", "no such encoding"]))
def test_any_bytes_have_guesses_that_read_their_lines(data: bytes, guess: str | None) -> None:
    for name in plausible(data, guess):
        for line in data.split(b"\n"):
            line.decode(name, "ignore")


def test_half_a_character_at_the_end_is_no_matter() -> None:
    assert plausible(CHINESE.encode("gbk")[:-1], None)[0] == "gb18030"
