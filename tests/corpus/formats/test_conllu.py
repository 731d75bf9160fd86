"""CoNLL-U in and out; the `conllu` package is the independent reader."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import conllu as reference
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bilstm_tagger.corpus import read_corpus
from bilstm_tagger.corpus.formats import conllu
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.settings.read_spec import ReadSpec

DATA = Path(os.environ.get("BILSTM_TAGGER_DATA", Path(__file__).parents[4] / "shared" / "data"))


def row(number: str, form: str, upos: str = "X", misc: str = "_") -> str:
    """A line with a little in every column that is read."""
    return f"{number}\t{form}\t{form.lower()}\t{upos}\tx{upos}\t_\t0\tdep\t_\t{misc}"


def block(*lines: str) -> str:
    return "\n".join(lines) + "\n\n"


LETTER = (
    block(
        "# newdoc id = letter-1",
        "# sent_id = 1",
        "# text = I don't  know, al mar.",
        row("1", "I", "PRON"),
        row("2-3", "don't", "_"),
        row("2", "do", "AUX"),
        row("3", "n't", "PART"),
        row("4", "know", "VERB", "SpaceAfter=No|NER=B-X"),
        row("5", ",", "PUNCT", "Note=a=b"),
        row("6-7", "al", "_"),
        row("6", "a", "ADP"),
        row("7", "el", "DET"),
        row("7.1", "ghost", "VERB"),
        row("8", "mar", "NOUN", "NER=I-X|SpaceAfter=No"),
        row("9", ".", "PUNCT", "SpaceAfter=No"),
    )
    + block("# text = Yes!", row("0.1", "ghost"), row("1", "Yes", "INTJ", "SpaceAfter=No"), row("2", "!", "PUNCT"))
    + block("# sent_id = 3", row("1", "#tag", "X"))
    + block("# newpar", "# newdoc", "# something else", row("1", "#", "SYM"))
)


def parse(
    folder: Path, content: str, columns: Mapping[str, int | str] | None = None, word_column: int | str = 1
) -> list[Document]:
    path = folder / "a.conllu"
    path.write_bytes(content.encode())
    wanted = {"upos": "UPOS"} if columns is None else columns
    return list(conllu.read(path, ReadSpec(columns=wanted, word_column=word_column)))


def written(documents: Sequence[Document], tasks: Sequence[str] | None = None) -> str:
    stream = io.StringIO()
    conllu.write(iter(documents), stream, tasks=tasks)
    return stream.getvalue()


def slices(document: Document) -> list[str]:
    document.check_offsets()
    return [document.text[start:end] for start, end in zip(document.starts, document.ends, strict=True)]


def test_documents_words_and_text(tmp_path: Path) -> None:
    first, second = parse(tmp_path, LETTER)
    assert (first.id, second.id) == ("letter-1", None)
    assert first.bounds == [0, 9, 11, 12]
    assert first.words == ["I", "do", "n't", "know", ",", "a", "el", "mar", ".", "Yes", "!", "#tag"]
    assert first.text == "I don't  know, al mar.Yes!\n#tag"
    assert slices(first) == ["I", "do", "n't", "know", ",", "al", "al", "mar", ".", "Yes", "!", "#tag"]
    assert first.tags_of("upos")[:4] == ["PRON", "AUX", "PART", "VERB"]
    assert first.lines is not None
    assert [first.lines[0], first.lines[9], second.where(0)] == [4, 19, f"{tmp_path / 'a.conllu'}:28"]
    assert second.text == "#"


@pytest.mark.parametrize("change", [lambda text: text.replace("\n", "\r\n"), lambda text: "\ufeff" + text])
def test_line_ends_and_byte_order_mark(tmp_path: Path, change: object) -> None:
    documents = parse(tmp_path, change(LETTER))  # type: ignore[operator]
    assert written(documents) == LETTER


@pytest.mark.parametrize(
    "content",
    [
        LETTER,
        "# licence: none\n\n\n" + LETTER + "\n# the end\n\n",
        LETTER.replace("# newdoc id = letter-1\n", ""),
        "# newdoc id = empty\n\n" + LETTER,
        block("# only a comment"),
    ],
    ids=["plain", "loose-comments", "no-first-newdoc", "empty-document", "comment"],
)
def test_round_trip(tmp_path: Path, content: str) -> None:
    documents = parse(tmp_path, content, {})
    assert written(documents) == (content if documents else "")
    if any(map(len, documents)):
        assert written(parse(tmp_path, content, {"u": 4, "x": -6, "ner": "NER"})) == content


def test_missing_last_empty_line_is_added(tmp_path: Path) -> None:
    for cut in (1, 2):
        documents = parse(tmp_path, LETTER[:-cut])
        assert (len(documents), written(documents)) == (2, LETTER)


@pytest.mark.parametrize(
    ("column", "tags"),
    [
        ("UPOS", ["PRON", "AUX", "PART"]),
        ("upos", ["PRON", "AUX", "PART"]),
        (4, ["PRON", "AUX", "PART"]),
        ("4", ["PRON", "AUX", "PART"]),
        (-7, ["PRON", "AUX", "PART"]),
        ("XPOS", ["xPRON", "xAUX", "xPART"]),
        ("head", ["0", "0", "0"]),
        ("NER", ["O", "O", "O"]),
        ("Note", ["O", "O", "O"]),
    ],
)
def test_columns(tmp_path: Path, column: int | str, tags: list[str]) -> None:
    first, _ = parse(tmp_path, LETTER, {"t": column})
    assert first.tags_of("t")[:3] == tags


def test_misc_values(tmp_path: Path) -> None:
    first, second = parse(tmp_path, LETTER, {"ner": "NER", "note": "Note"})
    assert first.tags_of("ner")[3:8] == ["B-X", "O", "O", "O", "I-X"]
    assert first.tags_of("note")[4] == "a=b"
    assert second.tags_of("ner") == ["O"]


def test_other_words(tmp_path: Path) -> None:
    first, _ = parse(tmp_path, LETTER, {}, word_column="LEMMA")
    assert first.words[0] == "i"
    assert slices(first)[0] == "I"
    with pytest.raises(
        CorpusError,
        match=(
            r"a\.conllu: no column 'Translit' to take the words from; CoNLL-U has ID, FORM, LEMMA, UPOS, "
            r"XPOS, FEATS, HEAD, DEPREL, DEPS, MISC$"
        ),
    ):
        parse(tmp_path, LETTER, {}, word_column="Translit")


def test_columns_that_are_never_filled(tmp_path: Path) -> None:
    with pytest.raises(
        CorpusError,
        match=(
            r"a\.conllu: no token has Net= in column MISC \(keys there: NER, Note, SpaceAfter\); name one of "
            r"them, or a column such as UPOS$"
        ),
    ):
        parse(tmp_path, LETTER, {"ner": "Net"})
    with pytest.raises(
        CorpusError,
        match=(
            r"a\.conllu: no token has NER= in column MISC \(keys there: none\); name one of them, or a "
            r"column such as UPOS$"
        ),
    ):
        parse(tmp_path, block(row("1", "a")), {"ner": "NER"})
    with pytest.raises(
        CorpusError, match=r"a\.conllu: column FEATS is empty \('_'\) throughout; name another with --column$"
    ):
        parse(tmp_path, LETTER, {"feats": "FEATS"})
    for column in (0, 11, -11):
        with pytest.raises(CorpusError, match=f"no column {column}: CoNLL-U has 10"):
            parse(tmp_path, LETTER, {"t": column})


GOOD = row("1", "a") + "\n"


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        (GOOD + "2\tb\n", 2, "2 columns separated by tabs where CoNLL-U has 10"),
        (GOOD + row("2", "b").replace("\t", " "), 2, "1 column separated by tabs"),
        (GOOD + row("2", "b") + "\t_", 2, "11 columns"),
        (row("1", "a") + "\t_\n" + row("2", "b")[:-2], 1, "11 columns"),
        (GOOD + row("2", ""), 2, "column FORM is empty; CoNLL-U writes '_' there"),
        (GOOD + row("2", "b", ""), 2, "column UPOS is empty"),
        (GOOD + "# text = b", 2, "a comment inside a sentence"),
        (GOOD + row("3", "b"), 2, "ID '3' where word 2 was expected"),
        (GOOD + row("1", "b"), 2, "ID '1' where word 2 was expected"),
        (GOOD + row("x", "b"), 2, "ID 'x' where word 2 was expected"),
        (GOOD + row("02", "b"), 2, "ID '02' where word 2 was expected"),
        (row("0", "a"), 1, "ID '0' where word 1 was expected"),
        (GOOD + row("2.1", "b"), 2, "ID '2.1' where word 2 was expected"),
        (GOOD + row("1.0", "b"), 2, "ID '1.0' where word 2 was expected"),
        (GOOD + row("1-2", "b"), 2, "multiword token 1-2 is out of place"),
        (GOOD + row("2-1", "b"), 2, "multiword token 2-1 is out of place"),
        (row("1-3", "a") + "\n" + GOOD + row("2-3", "b"), 3, "multiword token 2-3 is out of place"),
        ("# x\n" + GOOD + row("2-3", "b") + "\n" + row("2", "b"), 2, "the sentence ends before word 3"),
        (row("0.1", "a"), 1, "the sentence ends before word 1"),
    ],
)
def test_malformed_lines(tmp_path: Path, content: str, line: int, message: str) -> None:
    before = block("# newdoc", row("1", "fine")) + "\n"
    with pytest.raises(CorpusError) as caught:
        parse(tmp_path, before + content + "\n\n" + block(row("1", "fine")))
    assert str(caught.value).startswith(f"{tmp_path / 'a.conllu'}:{line + 4}: {message}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("declared", "text"),
    [
        ("a b c", "a b c"),
        ("a  b\u00a0c  ", "a  b\u00a0c"),
        ("abc", "abc"),
        ("a b c d", "a bc"),
        ("a b", "a bc"),
        ("a x b c", "a bc"),
        ("", "a bc"),
    ],
)
def test_declared_text_is_taken_where_it_agrees(tmp_path: Path, declared: str, text: str) -> None:
    lines = (row("1", "a"), row("2", "b", misc="SpaceAfter=No"), row("3", "c", misc="XSpaceAfter=No"))
    (document,) = parse(tmp_path, block(f"# text = {declared}", *lines) + block(row("1", "d")))
    assert document.text == text + "\nd"
    assert slices(document) == ["a", "b", "c", "d"]


def test_new_tags_change_their_cells_only(tmp_path: Path) -> None:
    first, second = parse(tmp_path, LETTER, {"tag": "XPOS", "ner": "NER"})
    tags = ["O"] * 12
    tags[:2] = ["B-Y", "I-Y"]
    changed = first.with_tags({"tag": [f"t{i}" for i in range(12)], "ner": tags, "chunk": ["c"] * 12})
    old, new = LETTER.splitlines(), written([changed, second]).splitlines()
    assert len(old) == len(new)
    difference = [number for number, pair in enumerate(zip(old, new, strict=True), 1) if pair[0] != pair[1]]
    assert difference == first.lines
    assert new[3] == row("1", "I", "PRON", "NER=B-Y|chunk=c".replace("chunk", "CHUNK")).replace("xPRON", "t0")
    assert new[7].endswith("\tSpaceAfter=No|NER=O|CHUNK=c")
    assert new[13].endswith("\tNER=O|SpaceAfter=No|CHUNK=c")
    assert new[8].endswith("\tNote=a=b|CHUNK=c")


def test_predicted_outside_tags_are_written(tmp_path: Path) -> None:
    (document,) = parse(tmp_path, block(row("1", "a")), {})
    assert written([document.with_tags({"ner": ["O"]})]).endswith("\tNER=O\n\n")


def test_documents_of_several_files_stay_apart(tmp_path: Path) -> None:
    content = block("# licence") + block(row("1", "a"))
    one = parse(tmp_path, content)[0]
    for extra in (content, block("# licence") + block("# newdoc", row("1", "b"))):
        two = parse(tmp_path, extra)[0]
        assert [d.words for d in parse(tmp_path, written([one, two]))] == [one.words, two.words]


def test_documents_from_elsewhere(tmp_path: Path) -> None:
    text = "Hi there.Go  on"
    document = Document(
        ["Hi", "there", ".", "Go", "on"],
        [0, 3, 5],
        text=text,
        starts=[0, 3, 8, 9, 13],
        ends=[2, 8, 9, 11, 15],
        tags={"upos": ["INTJ", "ADV", "PUNCT", "VERB", "ADV"], "ner": ["O", "O", "O", "B-X", "O"]},
        columns={"LEMMA": ["hi", "there", ".", "go", "on"]},
        id="two\nlines",
    )
    expected = block(
        "# newdoc id = two lines",
        "# sent_id = 1",
        "# text = Hi there.",
        "1\tHi\thi\tINTJ\t_\t_\t_\t_\t_\tNER=O",
        "2\tthere\tthere\tADV\t_\t_\t_\t_\t_\tSpaceAfter=No|NER=O",
        "3\t.\t.\tPUNCT\t_\t_\t_\t_\t_\tSpaceAfter=No|NER=O",
    ) + block(
        "# sent_id = 2",
        "# text = Go on",
        "1\tGo\tgo\tVERB\t_\t_\t_\t_\t_\tNER=B-X",
        "2\ton\ton\tADV\t_\t_\t_\t_\t_\tNER=O",
    )
    assert written([document]) == expected
    (back,) = parse(tmp_path, expected, {"upos": "UPOS", "ner": "NER"})
    assert back.text == "Hi there.Go on"
    assert back.tags == document.tags
    assert written([document], []).count("NER") == 0


@pytest.mark.parametrize(
    ("task", "tag", "message"),
    [
        ("form", "x", "would overwrite column FORM"),
        ("ner", "a|b", "token 1: the tag 'a|b' cannot stand in NER"),
        ("upos", "a\tb", "the tag 'a\\tb' cannot stand in UPOS"),
        ("upos", "", "the tag '' cannot stand"),
        ("a=b", "x", "cannot be a key of column MISC"),
    ],
)
def test_tags_that_fit_nowhere(task: str, tag: str, message: str) -> None:
    with pytest.raises(CorpusError) as caught:
        written([Document(["w"], [0, 1], tags={task: [tag]})])
    assert message in str(caught.value)


def test_more_that_cannot_be_written() -> None:
    with pytest.raises(
        CorpusError, match=r"^two tasks would be written to the same place in CoNLL-U; rename one of them$"
    ):
        written([Document(["w"], [0, 1], tags={"ner": ["O"], "NER": ["O"]})])
    for word in ("", "a\tb", "a\nb"):
        with pytest.raises(CorpusError, match="token 2: the word"):
            written([Document.from_words(["x", word])])


forms = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\t\n\r"), min_size=1, max_size=4)
tokens = st.tuples(forms, st.booleans(), st.sampled_from(["NOUN", "X"]), st.sampled_from(["O", "B-Ä", "I-PER"]))
documents_of_tokens = st.lists(st.lists(st.lists(tokens, min_size=1), min_size=1, max_size=4), min_size=1, max_size=3)


@settings(deadline=None)
@given(documents_of_tokens)
def test_any_corpus_survives(
    tmp_path_factory: pytest.TempPathFactory, corpus: list[list[list[tuple[str, bool, str, str]]]]
) -> None:
    documents = []
    for listed in corpus:
        text, starts, ends, bounds = "", [], [], [0]
        for sentence in listed:
            for form, spaced, _, _ in sentence:
                starts.append(len(text))
                text += form
                ends.append(len(text))
                text += " " if spaced else ""
            if sentence[-1][1]:
                text = text[:-1] + "\n"
            bounds.append(len(ends))
        flat = [token for sentence in listed for token in sentence]
        tags = {"upos": [token[2] for token in flat], "ner": [token[3] for token in flat]}
        words = [token[0] for token in flat]
        documents.append(Document(words, bounds, text=text, starts=starts, ends=ends, tags=tags))
    content = written(documents)
    back = parse(tmp_path_factory.mktemp("conllu"), content, {"upos": "UPOS", "ner": "NER"})
    for mine, other in zip(documents, back, strict=True):
        assert (other.words, other.bounds, other.tags) == (mine.words, mine.bounds, mine.tags)
        assert (other.starts, other.ends) == (mine.starts, mine.ends)
        assert other.text == mine.text[: mine.ends[-1]]
    assert written(back) == content


def compare_with_reference(path: Path) -> list[Document]:
    documents = list(conllu.read(path, ReadSpec(columns={"upos": "UPOS", "xpos": "XPOS"})))
    content = path.read_text(encoding="utf-8")
    assert written(documents) == content
    sentences = reference.parse(content)
    words = [token for sentence in sentences for token in sentence if isinstance(token["id"], int)]
    assert [word for document in documents for word in document.words] == [token["form"] for token in words]
    assert [tag for document in documents for tag in document.tags_of("upos")] == [t["upos"] for t in words]
    texts = [sentence.text for document in documents for sentence in document.sentences]
    assert texts == [sentence.metadata["text"] for sentence in sentences]
    for document in documents:
        document.check_offsets()
    return documents


def test_the_reference_reader_agrees(tmp_path: Path) -> None:
    path = tmp_path / "a.conllu"
    path.write_text(
        LETTER.replace("# sent_id = 3", "# text = #tag").replace("# newpar", "# text = #"), encoding="utf-8"
    )
    compare_with_reference(path)


@pytest.mark.parametrize("split", ["dev", "test"])
def test_english_ewt(split: str) -> None:
    path = DATA / "ud-english-ewt" / f"en_ewt-ud-{split}.conllu"
    if not path.exists():
        pytest.skip(f"no {path}; set BILSTM_TAGGER_DATA to a folder with ud-english-ewt/")
    documents = compare_with_reference(path)
    assert len(documents) > 100
    changed = [document.with_tags({"upos": list(document.tags_of("upos"))}) for document in documents]
    assert written(changed) == path.read_text(encoding="utf-8")


def test_the_whole_of_misc_is_no_tag(tmp_path: Path) -> None:
    path = tmp_path / "a.conllu"
    path.write_text("1\tAda\t_\tPROPN\t_\t_\t0\troot\t_\tNER=B-PER\n\n", "utf-8")
    for column in (-1, 10):
        with pytest.raises(CorpusError, match="MISC, which holds many things; name a column or a key"):
            list(conllu.read(path, ReadSpec(columns={"ner": column})))


@pytest.mark.parametrize("cell", ["SpaceAfter=No NER=I-PER", "SpaceAfter=No;NER=I-PER", "Gloss=x, NER=I-PER"])
def test_a6_a_key_behind_another_separator_is_refused(tmp_path: Path, cell: str) -> None:
    row = "{}\t{}\t_\t_\t_\t_\t0\troot\t_\t{}\n"
    path = tmp_path / "a.conllu"
    path.write_text(row.format(1, "Ada", "NER=B-PER") + row.format(2, "Byron", cell) + "\n")
    with pytest.raises(CorpusError, match=r"a\.conllu:2: NER= stands inside .*entries with \| between them$"):
        read_corpus(path, {"ner": "NER"})
    path.write_text(row.format(1, "Ada", "NER=B-PER") + row.format(2, "Byron", "INNER=I-PER|X-NER=1") + "\n")
    assert read_corpus(path, {"ner": "NER"})[0].tags_of("ner") == ["B-PER", "O"]


def test_tokens_of_words_alone_are_numbered() -> None:
    stream = io.StringIO()
    conllu.write([Document.from_sentences([["Ada", "left"], ["Rain"]])], stream)
    parsed = reference.parse(stream.getvalue())
    assert [[(token["id"], token["form"]) for token in sentence] for sentence in parsed] == [
        *([(1, "Ada"), (2, "left")], [(1, "Rain")]),
    ]
