"""Warnings of texts that are not what they are taken for: one a file."""

from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace

import pytest
from rule_tagger import RuleTagger
from tagged import to_stream

from bilstm_tagger.files import suspicion
from bilstm_tagger.files.suspicion import clearly_other, columns_in, language_of, markup_in, other_language

ENGLISH = "Anna Berg met the board of Nordlys in Oslo and spoke of the fish that was to be sold in the spring. "
FRENCH = "Le conseil de la ville a décidé hier que les écoles seront fermées pendant la semaine de la fête. " * 4
CHINESE = "张三昨天在北京见到了李四，他们一起吃了饭。" * 3
JAPANESE = "東京で会議があり、参加者は大阪から来た。"
RUSSIAN = "Анна Берг вчера приехала в Москву и встретила там своих друзей из Норвегии."


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        ("<p>Anna Berg</p>", "has tags of HTML in it; if it is a page, use --input-format html"),
        ("Anna<br/>\n<a href='x'>Berg</a>", "has tags of HTML in it; if it is a page, use --input-format html"),
        ("Ada\0\0", "has NUL characters in it, as no text has; leave it out if it is another kind of file"),
        ("From: a@b\nMIME-Version: 1.0\n\nAnna", "begins like a mail; use --input-format mail"),
        (
            "Zo=C3=AB Berg =\nZo=C3=AB =E2=80=93",
            "seems to be quoted-printable, as bodies of mails are; use --input-format mail for the whole mail",
        ),
    ],
)
def test_markup_in_plain_text_is_warned_of(
    text: str, warning: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "a.txt").write_text(text, "utf-8")
    to_stream(RuleTagger(), [tmp_path / "a.txt"])
    assert [record.getMessage() for record in caplog.records] == [f"{tmp_path / 'a.txt'}: {warning}"]


IOB = "Ada B-PER\nKing I-PER\nran O\n\nLeeds B-LOC\n. O\n\n"
USE = "; use --input-format"


@pytest.mark.parametrize("name", ["a.txt", "a.md"])
def test_columns_in_plain_text_are_warned_of(name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / name).write_text(f"-DOCSTART- O\n\n{IOB}", "utf-8")
    to_stream(RuleTagger(), [tmp_path / name])
    found = f"looks like columns of words and tags (5 of 5 lines, such as 'Ada B-PER'){USE} conll"
    assert [record.getMessage() for record in caplog.records] == [f"{tmp_path / name}: {found}"]


@pytest.mark.parametrize(
    ("text", "use"),
    [
        (IOB.replace(" ", "\t"), "conll"),
        (IOB.replace("-", "_").replace("B_", ""), "conll"),  # near misses, and labels alone
        (IOB.replace(" ", " NN x ") * 9, "conll"),
        ("\n".join(f"{word}\t{tag}" for word, tag in zip("abcde", ["NOUN", "VERB", "DET"] * 2, strict=False)), "conll"),
        ("".join(f"{at}\tAda\tAda\tPROPN\tNNP\t_\t0\troot\t_\t_\n" for at in range(1, 7)), "conllu"),
        ("Ada/B-PER King/I-PER ran/O\nin/O Leeds/B-LOC ./O\n", "word/tag"),
        ("#FORMAT=WebAnno TSV 3.3\n", "webanno"),
        (IOB * 900, "conll"),
    ],
)
def test_tags_beside_words_are_known(text: str, use: str) -> None:
    assert (columns_in(text) or "").rpartition("; ")[2] == f"use --input-format {use}"


@pytest.mark.parametrize(
    "text",
    [
        "", ENGLISH, ENGLISH.replace(" ", "\n"), "Ada B-PER\nran O\n", "Ada Lovelace\nAlan Turing\nMary Shelley\n" * 3,
        "Ada\tLovelace\tO\nAlan\tTuring\tA\nMary\tShelley\tB\n" * 3, f"{ENGLISH}\n{IOB}", "and/or " * 9,
        "Take the I-95\nThen the I-80\nThen go home\nAnd eat cake\nThen sleep well\n",
    ],
)  # fmt: skip
def test_lines_of_a_text_are_not(text: str) -> None:
    assert columns_in(text) is None


@pytest.mark.parametrize(
    "text",
    ["", ENGLISH, "a < b and c > d", "x<3 <3 you", "if a == b: c = d\n" * 9, "From: here to there", "1 = 2 = 3 =AB"],
)
def test_plain_text_is_not(text: str) -> None:
    assert markup_in(text) is None


@pytest.mark.parametrize(
    ("text", "languages", "found"),
    [
        (CHINESE, ["en", "zh"], ("zh", True)),
        (JAPANESE, ["en", "zh"], ("ja", False)),
        (JAPANESE, ["en", "zh", "ja"], ("ja", True)),
        ("ありがとう", ["en", "zh"], ("ja", False)),
        ("这家店叫「鲜の每日」，在上海和北京都有分店，人们很喜欢。", ["en", "zh"], ("zh", True)),
        # A few words in another script do not make it the text's.
        ("安格拉在柏林。 Anna Berg met Tom Lind in Oslo on Monday and they spoke of fish.", ["en", "zh"], ("en", True)),
        ("安格拉在柏林。 Anna Berg met Tom Lind in Oslo on Monday and they spoke of fish.", ["en"], ("en", True)),
        (CHINESE + " Anna", ["en", "zh"], ("zh", True)),
    ],
)
def test_of_languages_of_several_scripts_that_of_most_letters(
    text: str, languages: list[str], found: tuple[str, bool]
) -> None:
    pytest.importorskip("py3langid")
    assert clearly_other(text, languages) == found


@pytest.mark.parametrize(
    ("text", "language", "word"),
    [
        (CHINESE, "en", "CJK script"),
        (RUSSIAN, "en", "Cyrillic script"),
        (ENGLISH * 2, "zh", "Latin script"),
        (ENGLISH, "ru", "Latin script"),
        ("北京很大上海也很大", "en", "CJK script"),
        (JAPANESE, "zh", "Hiragana script"),
    ],
)
def test_another_script_is_told(text: str, language: str, word: str) -> None:
    assert other_language(text, language) == word


def test_of_languages_about_as_likely_the_first_is_preferred() -> None:
    """Two words tell little: German is likelier than English for some, but not by far."""
    pytest.importorskip("py3langid")
    assert [clearly_other("Angela in Berlin", order) for order in (["en", "de"], ["de", "en"])] == [
        ("en", True),
        ("de", True),
    ]
    assert clearly_other("Das ist gut", ["en", "de"]) == ("de", True)


NATIVE = {
    "zh": "汉语", "ja": "日本語 にほん ニホン", "ko": "한국어 韓國語", "el": "ελληνικά", "grc": "ἑλληνική",
    "he": "עברית", "ru": "русский", "uk": "українська", "bg": "български", "mk": "македонски",
    "sr": "српски srpski", "ky": "кыргызча", "tt": "татарча tatarça", "ar": "العربية", "fa": "فارسی",
    "ur": "اردو", "hi": "हिन्दी", "mr": "मराठी", "ne": "नेपाली", "sa": "संस्कृतम्", "bn": "বাংলা",
    "th": "ภาษาไทย", "hy": "հայերեն", "ta": "தமிழ்", "te": "తెలుగు", "kn": "ಕನ್ನಡ", "ml": "മലയാളം",
    "gu": "ગુજરાતી", "am": "አማርኛ", "ti": "ትግርኛ", "si": "සිංහල",
}  # fmt: skip


@pytest.mark.parametrize("language", NATIVE)
def test_a_language_in_its_own_scripts_is_not_told(language: str) -> None:
    """In each of them alone too; in Latin it is, unless that is one of them."""
    for word in NATIVE[language].split():
        text = f"{word} " * 40
        assert other_language(text, language) is None, word
        if word[0] > "\u024f":  # the last letter of Latin Extended-B
            assert str(other_language(text, "en")).endswith(" script"), word
    latin = language in ("sr", "tt")
    assert str(other_language("Berg " * 40, language)).endswith(" script") is not latin


@pytest.mark.parametrize(
    ("text", "language"),
    [(ENGLISH, "en"), (RUSSIAN, "ru"), (CHINESE, "zh"), ("", "en"), ("Zoë", "en"), ("12 %", "zh"), ("北京", "en"),
     (ENGLISH * 5 + RUSSIAN, "en"), (CHINESE + "BMW", "zh")],
)  # fmt: skip
def test_where_it_is_not_clear_nothing_is_told(text: str, language: str) -> None:
    assert other_language(text, language) is None


def test_another_language_in_the_same_script() -> None:
    pytest.importorskip("py3langid")
    assert other_language(FRENCH, "en") == "the language 'fr'"
    assert other_language(ENGLISH * 4, "de") == "the language 'en'"
    assert other_language(FRENCH, "fr") is None
    assert other_language(FRENCH, "xx") is None


def test_the_beginning_tells_the_language() -> None:
    pytest.importorskip("py3langid")
    assert other_language(ENGLISH * 10 + FRENCH * 20, "de") == "the language 'en'"  # 1,000 characters
    assert other_language(ENGLISH * 10 + FRENCH * 20, "en") is None


def test_few_letters_do_not_tell_a_language() -> None:
    pytest.importorskip("py3langid")
    places = [place for place, letter in enumerate(FRENCH) if letter.isalpha()]
    assert other_language(FRENCH[: places[198] + 1], "en") is None
    assert other_language(FRENCH[: places[199] + 1], "en") == "the language 'fr'"  # which are 200 letters


def test_one_warning_a_file_that_can_be_turned_off(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "a.txt").write_text(ENGLISH)
    (tmp_path / "b.txt").write_text(CHINESE * 9, "utf-8")
    (tmp_path / "c.csv").write_text("text\n" + f"{RUSSIAN}\n" * 9, "utf-8")
    caplog.set_level(logging.WARNING)
    to_stream(RuleTagger(), [tmp_path], check_language=False)
    assert caplog.records == []
    to_stream(RuleTagger(), [tmp_path])
    found = [record.getMessage() for record in caplog.records]
    assert [line.split(": ")[0] for line in found] == [str(tmp_path / "b.txt"), str(tmp_path / "c.csv")]
    assert found[0] == (
        f"{tmp_path / 'b.txt'}: the text is in CJK script, the model is for 'en'; what it finds there is of no use"
    )


def test_the_language_is_that_of_the_tokeniser() -> None:
    assert [language_of(name) for name in ("spacy:en", "spacy:xx", "characters")] == ["en", None, None]


# ISO 639: Chinese as a whole has Wu, Cantonese, Gan and literary Chinese in it, Norwegian both written forms.
@pytest.mark.parametrize(
    ("variety", "whole"), [("wuu", "zh"), ("yue", "zh"), ("gan", "zh"), ("lzh", "zh"), ("nb", "no"), ("nn", "no")]
)
def test_a_variety_of_a_language_is_that_language(variety: str, whole: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = CHINESE if whole == "zh" else "Anna Berg drog til byen i dag for å kjøpe fisk og brød til middag. " * 3
    ranked = [(variety, 0.99), (whole, 0.005), ("en", 0.001), ("fr", 0.001)]
    monkeypatch.setattr(suspicion, "_identifier", lambda: SimpleNamespace(rank=lambda _: ranked))
    assert clearly_other(text, ["en", whole]) == (whole, True)
