"""Tokenisers: the tokens are spaCy's, the offsets are true, sentences end where a reader would say."""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
import spacy
from growth import grows_linearly
from hypothesis import given, settings
from hypothesis import strategies as st

from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import ConfigError, CorpusError
from bilstm_tagger.text import tokenizers as text_module
from bilstm_tagger.text.brackets import bracket_cuts
from bilstm_tagger.text.sentences import sentence_bounds
from bilstm_tagger.text.tokenizers import UNSEEN, Tokenizer, get_tokenizer

NAMES = ["spacy:en", "spacy:es", "spacy:zh", "characters", "whitespace"]
TOKENIZERS = {name: get_tokenizer(name) for name in NAMES}
ENGLISH = spacy.blank("en")

# Pieces that taggers have stumbled over: odd spaces, joiners, emoji, combining marks, line ends, contractions.
PIECES = st.one_of(
    st.sampled_from(
        [" ", "  ", "\n", "\n\n", "\r\n", "\r", "\t", "\u00a0", "\u3000", "\u200b", "\u200d", "\ufeff", "\x1c"]
    ),
    st.sampled_from(["U.S.", "don't", "can't", "3.5km", "$5", "e.g.", "http://a.b/c?d=1", "end.Next", "Mr.", "a@b.co"]),
    st.sampled_from(
        [
            "e\u0301",
            "\U0001f469\u200d\U0001f467",
            "\u5317\u4eac\u3002",
            "\u201cNo!\u201d",
            "...",
            "?!",
            "\u2026",
            ":)",
            "''",
            "(b)",
            "[1]",
            "](",
            "\u2020",
            "\u00b9",
        ]
    ),
    st.text(max_size=6),
)
TEXTS = st.lists(PIECES, max_size=15).map("".join)


def check_document(document: Document, text: str) -> None:
    """What every tokeniser owes: the text untouched, true offsets, only what is not seen skipped, no empty sentence."""
    assert document.text == text
    document.check_offsets()
    assert [text[start:end] for start, end in zip(document.starts, document.ends, strict=True)] == document.words
    edges = zip([0, *document.ends], [*document.starts, len(text)], strict=True)
    assert not re.sub(f"[{UNSEEN}]", "", "".join(text[end:start] for end, start in edges)).strip()
    assert not any(word.isspace() for word in document.words)
    assert document.bounds == sorted(set(document.bounds))


def sentences(text: str, name: str = "spacy:en") -> list[str]:
    return [sentence.text for sentence in TOKENIZERS[name](text).sentences]


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None)
@given(text=TEXTS)
def test_the_text_is_never_edited(name: str, text: str) -> None:
    check_document(TOKENIZERS[name](text), text)


@settings(deadline=None)
@given(TEXTS)
def test_tokens_are_those_of_spacy(text: str) -> None:
    seen = re.sub(f"[{UNSEEN}]", " ", text)
    # Stretch by stretch: of `x:) :)U.S.` spaCy takes the second `:)` apart, of `:)U.S.` alone it does not. Stretches
    # that brackets join are several.
    expected = [
        (token.text, stretch.start() + first + token.idx)
        for stretch in re.finditer(r"\S+", seen)
        for first, end in pairwise([0, *bracket_cuts(stretch.group()), len(stretch.group())])
        for token in ENGLISH.make_doc(f"{stretch.group()[first:end]}\n")
        if not token.is_space
    ]
    document = TOKENIZERS["spacy:en"](text)
    assert list(zip(document.words, document.starts, strict=True)) == expected


JOINED = {
    "Ada Byron[1] came": "Ada Byron [ 1 ] came",
    "Byron.[6] Then": "Byron . [ 6 ] Then",
    "Byron,[2][13] and": "Byron , [ 2 ] [ 13 ] and",
    "Byron[note 1]; he": "Byron [ note 1 ] ; he",
    "Byron[12\u201314], he": "Byron [ 12\u201314 ] , he",
    "Byron\u201d[2]": "Byron \u201d [ 2 ]",
    "Byron[1]Tom": "Byron [ 1 ] Tom",
    "[1]Tom": "[ 1 ] Tom",
    "Tom(TORY) and": "Tom ( TORY ) and",
    "Tom(TORY)was": "Tom ( TORY ) was",
    "(TORY)[5]": "( TORY ) [ 5 ]",
    "Tom\uff08TORY\uff09": "Tom \uff08 TORY \uff09",
    "Tom\u2020 Tom\u2021": "Tom \u2020 Tom \u2021",
    "Byron\u00b9 Byron.\u00b2": "Byron \u00b9 Byron . \u00b2",
    "[Tom](http://a.b": "[ Tom ] ( http://a.b",
    "Paris(FR),London(UK);Berlin(DE)/Rome(IT)": "Paris ( FR ) , London ( UK ) ; Berlin ( DE ) / Rome ( IT )",
    "[Ada Byron](http://a.b": "[ Ada Byron ] ( http://a.b",
    "Tom(2:1) left.[who?]": "Tom ( 2:1 ) left . [ who ? ]",
    "Tom(@tom) and": "Tom ( @tom ) and",
    "Tom(TORY).Then": "Tom ( TORY ) . Then",
    "speaker(TORY) Tom(born 1815)": "speaker ( TORY ) Tom ( born 1815 )",
    "\uc11c\uc6b8(Seoul) Byron(1815)": "\uc11c\uc6b8 ( Seoul ) Byron ( 1815 )",
    "1815[1] word[a] left[citation needed]": "1815 [ 1 ] word [ a ] left [ citation needed ]",
}
WHOLE = [
    *("(s)he", "[t]he", "(in)formal", "sad :(", "x :[", ":-(", "km²", "http://a.b/c_(d)", "www.a.b/c[1]", "a-b"),
    *("colo(u)r", "student(e)s", "student[s]", "parent(s)/guardian(s)", "Lehrer(innen)", "hand[s]ome"),
    *("Fe(OH)3", "Ca3(PO4)2", "NaAl(SO4)2", "poly(ethylene)", "poly(ADP-ribose)", "501(c)(3)", "a*(B+CC)", "P(A|B)"),
    *("x[:,0]", "x[0]", "arr[i]", "list[str]", "f(x)", "printf(3)", "Tom()"),
]


@pytest.mark.parametrize("name", ["spacy:en", "spacy:de", "spacy:es"])
@pytest.mark.parametrize(("text", "words"), JOINED.items())
def test_brackets_and_marks_of_notes_are_no_part_of_a_word(name: str, text: str, words: str) -> None:
    document = get_tokenizer(name)(text)
    check_document(document, text)
    assert document.words == words.split()


@pytest.mark.parametrize("text", WHOLE)
def test_other_brackets_stay_as_spacy_has_them(text: str) -> None:
    assert TOKENIZERS["spacy:en"](text).words == [token.text for token in ENGLISH.make_doc(text)]


def test_a_line_that_is_split_whole_has_its_brackets_apart() -> None:
    rule = next(rule for rule in spacy.blank("es").tokenizer.rules if len(rule.split()) > 1)
    words = TOKENIZERS["spacy:es"](f"{rule} Tom(TORY) Byron[1]").words
    assert words[-8:] == "Tom ( TORY ) Byron [ 1 ]".split()  # noqa: SIM905


@pytest.mark.parametrize("name", ["spacy:en", "spacy:zh", "spacy:es"])
@pytest.mark.parametrize("unit", ["\U0001f389", ")", "=-", "x", "'s", "\u5317"])
@pytest.mark.parametrize("around", ["Ada {} left.", "{}", "by and by {} 10 a.m.\n{}"])
def test_a_stretch_without_white_space_takes_no_time_with_the_square_of_its_length(
    name: str, unit: str, around: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokenizer = TOKENIZERS[name]
    given: list[str] = []
    spacys = tokenizer._nlp.tokenizer

    class Watched:
        rules = getattr(spacys, "rules", None)

        def __call__(self, text: str) -> object:
            given.extend(text.split())
            return spacys(text)

    monkeypatch.setattr(tokenizer._nlp, "tokenizer", Watched())
    for length in (text_module.LONGEST, 5_000):
        text = around.format(*[unit * length] * around.count("{}"))
        document = tokenizer(text)
        assert "".join(document.words) == "".join(text.split())
        assert [text[a:b] for a, b in zip(document.starts, document.ends, strict=True)] == document.words
    assert max(map(len, given), default=0) <= text_module.LONGEST  # nothing is given that was seen before


@pytest.mark.parametrize(
    "made", [lambda n: "\u5b57" * n + "[1]", lambda n: "a" * n + "[1]", lambda n: "a:" * n + "[1]"]
)
def test_the_time_for_cuts_grows_with_a_stretch_not_with_the_square(made: Callable[[int], str]) -> None:
    assert grows_linearly(bracket_cuts, made, 4000)


def test_an_address_behind_words_without_a_blank_is_whole() -> None:
    stretch = "\u5b57" * 30 + "(https://a.b/c[1]d"
    assert bracket_cuts(stretch) == [30]


def test_a_long_stretch_within_the_bound_is_one_word() -> None:
    for length, words in ((text_module.LONGEST, 1), (text_module.LONGEST + 1, 6)):
        assert len(TOKENIZERS["spacy:en"]("x" * length).words) == words


def test_rules_across_a_space_are_kept() -> None:
    """Spanish has rules that hold a space: texts with them are not split stretch by stretch."""
    spanish = spacy.blank("es")
    rule = next(rule for rule in spanish.tokenizer.rules if len(rule.split()) > 1)
    text = f"uno {rule} dos\n\n \ttres {rule}\n"
    expected = [(token.text, token.idx) for token in spanish.make_doc(text) if not token.is_space]
    document = TOKENIZERS["spacy:es"](text)
    assert list(zip(document.words, document.starts, strict=True)) == expected
    assert len(document.sentences) == 2


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", ["", " ", "\n\n", "\r\n\t \u00a0\u2029"])
def test_white_space_alone_has_no_sentence(name: str, text: str) -> None:
    document = TOKENIZERS[name](text)
    assert document.bounds == [0]
    assert document.words == []
    assert document.text == text


@pytest.mark.parametrize(
    "text",
    [
        "Mr. Hill left. | She stayed! | Did he? | Yes.",
        "It costs 3.5 dollars, e.g. in the U.S. today. | Then no more.",
        "\u201cCome in!\u201d | He did.",
        '"Come in." | He did.',
        '"Come in!" he said. | "No."',
        "(It rained.) | We left.",
        "He waited ... and waited. | Nothing came...",
        "He waited\u2026 and waited\u2026 | Nothing came.",
        "What?! | No!! | Well . . . | Yes.",
        'They said . | " Come in .',
        "It ended . '' | Next .",
        "go home. | i am tired. | ok",
        "\u5317\u4eac\u5f88\u5927\u3002 | \u4ed6\u6765\u4e86\uff01",
        ". | Hello",
        "Ada came.[1] | Eve left.[2][13] | So she did. | [All laugh]",
        "A word.\u00b9 | Sea came.\u2020 | He left.[citation needed] | He came.[who?] | Then she did.",
        "one two three",
    ],
)
def test_sentences_end_where_a_reader_would_say(text: str) -> None:
    assert sentences(text.replace(" | ", " ")) == text.split(" | ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A title\n\nThe text\ngoes on", ["A title", "The text\ngoes on"]),
        ("A title\r\n\r\nThe text\r\ngoes on", ["A title", "The text\r\ngoes on"]),
        ("A title\r\rThe text\rgoes on", ["A title", "The text\rgoes on"]),
        ("A title\n \t\n\nThe text", ["A title", "The text"]),
        ("A title\u2029The text", ["A title", "The text"]),
        ("\n\nOne\n\n", ["One"]),
        ("he said ...\n\nand left", ["he said ...", "and left"]),
    ],
)
def test_blank_lines_end_sentences(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_characters() -> None:
    text = "\u5f20\u4e09\u6765\u4e86\u3002\u201c\u597d\uff01\u201d\u4ed6\u8bf4\n\u771f\u2026\u2026\u597d 3.5"
    document = TOKENIZERS["characters"](text)
    assert document.words == [character for character in text if not character.isspace()]
    assert [sentence.text for sentence in document.sentences] == [
        "\u5f20\u4e09\u6765\u4e86\u3002",
        "\u201c\u597d\uff01\u201d",
        "\u4ed6\u8bf4",
        "\u771f\u2026\u2026",
        "\u597d 3.5",
    ]


@pytest.mark.parametrize("mark", ["\u061c", "\u200b", "\u200e", "\u202a", "\u2069", "\ufeff"])
@pytest.mark.parametrize("name", ["spacy:en", "spacy:es", "spacy:zh", "characters"])
def test_characters_that_are_not_seen_belong_to_no_word(name: str, mark: str) -> None:
    text = f"{mark}Ada Byron{mark} came{mark}.{mark}\n{mark}"
    document, plain = TOKENIZERS[name](text), TOKENIZERS[name]("Ada Byron came.")
    assert (document.text, document.words, document.bounds) == (text, plain.words, plain.bounds)
    assert [text[a:b] for a, b in zip(document.starts, document.ends, strict=True)] == plain.words


def test_joiners_stay_inside_of_words() -> None:
    assert TOKENIZERS["spacy:en"]("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 a\u00adb").words == [
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
        "a\u00adb",
    ]


def test_whitespace_makes_one_sentence_a_line() -> None:
    document = TOKENIZERS["whitespace"]("He said . ok\n\n  #tag  n't \r\nlast\x0bone")
    assert [sentence.words for sentence in document.sentences] == [
        ["He", "said", ".", "ok"],
        ["#tag", "n't"],
        ["last", "one"],
    ]


def test_bounds_of_a_large_text_are_complete() -> None:
    text = "One two. " * 1000
    words = text.split()
    starts = [match.start() for match in re.finditer(r"\S+", text)]
    ends = [start + len(word) for start, word in zip(starts, words, strict=True)]
    assert sentence_bounds(text, words, starts, ends) == [0, 2000]
    assert TOKENIZERS["spacy:en"](text).bounds == list(range(0, 3001, 3))


def test_longer_than_spacy_allows_by_default() -> None:
    text = "word " * 250_000
    assert len(text) > ENGLISH.max_length
    assert len(TOKENIZERS["spacy:en"](text)) == 250_000


def test_a_full_memory_is_emptied(monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer = get_tokenizer("spacy:en")
    assert isinstance(tokenizer, text_module.SpacyTokenizer)
    most = len(tokenizer._nlp.vocab.strings) + 50
    monkeypatch.setattr(text_module, "_MOST_STRINGS", most)
    for number in range(200):
        text = f"Don't stop{number} it's stop{number}."
        assert tokenizer(text).words == ["Do", "n't", f"stop{number}", "it", "'s", f"stop{number}", "."]
        assert len(tokenizer._nlp.vocab.strings) < most + 10
        assert len(tokenizer._chunks) < 150


def test_pipe_is_lazy_and_keeps_order() -> None:
    texts = iter(["One.", "Two.", "Three."])
    documents = TOKENIZERS["spacy:en"].pipe(texts)
    assert next(documents).text == "One."
    assert next(texts) == "Two."
    assert [document.text for document in documents] == ["Three."]


def test_one_tokenizer_serves_threads() -> None:
    tokenizer = get_tokenizer("spacy:en")
    texts = [f"Word{number} isn't word{number % 7}." for number in range(300)]
    with ThreadPoolExecutor(4) as pool:
        documents = list(pool.map(tokenizer, texts))
    assert [document.words for document in documents] == [TOKENIZERS["spacy:en"](text).words for text in texts]


@pytest.mark.parametrize("name", ["spacy:en", "characters", "whitespace"])
def test_tokenizers_travel_to_other_processes(name: str) -> None:
    copy = pickle.loads(pickle.dumps(TOKENIZERS[name]))  # noqa: S301
    assert isinstance(copy, Tokenizer)
    assert copy.name == name
    assert copy("Don't go.").words == TOKENIZERS[name]("Don't go.").words


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("spacy", r"^no tokenizer 'spacy'; known: .*spacy:LANGUAGE \(such as spacy:en\)$"),
        ("spacy:", r"^no tokenizer 'spacy:'; known: characters, whitespace, spacy:LANGUAGE \(such as spacy:en\)$"),
        ("nltk:en", r"^no tokenizer 'nltk:en'; known: characters, whitespace, spacy:LANGUAGE \(such as spacy:en\)$"),
        ("", r"^no tokenizer ''; known: characters, whitespace, spacy:LANGUAGE \(such as spacy:en\)$"),
        ("spacy:english", r"^spaCy has no language 'english' .*known: af, am, .*, en, "),
        ("spacy:en_core_web_sm", r"^spaCy has no language 'en_core_web_sm'"),
    ],
)
def test_unknown_names_are_refused(name: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        get_tokenizer(name)


def test_a_language_that_needs_a_package_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str) -> None:
        raise ImportError(f"The {name} tokenizer requires\nanother library")

    monkeypatch.setattr(spacy, "blank", refuse)
    with pytest.raises(
        ConfigError, match=r"^tokenizer 'spacy:th' cannot be loaded: The th tokenizer requires another library$"
    ):
        get_tokenizer("spacy:th")


def test_half_a_character_is_refused() -> None:
    with pytest.raises(CorpusError, match=r"^the text holds half a character, '\\ud83d': decode its file as UTF-8$"):
        TOKENIZERS["spacy:en"]("a \ud83d b")
    assert TOKENIZERS["spacy:en"]("a b").words == ["a", "b"]
