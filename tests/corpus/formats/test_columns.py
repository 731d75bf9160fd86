"""Columns in, columns out: nothing lost, every malformed line named."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bilstm_tagger.corpus.formats import columns as conll
from bilstm_tagger.corpus.formats import columns_write
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError
from bilstm_tagger.settings.read_spec import ReadSpec

DATA = Path(os.environ.get("BILSTM_TAGGER_DATA", Path(__file__).parents[4] / "shared" / "data"))

NEWS = """-DOCSTART- -X- -X- O

Ada NNP B-NP B-PER
Lovelace NNP I-NP I-PER
wrote VBD B-VP O

#code NN B-NP O

-DOCSTART- -X- -X- O

# SYM B-NP O
1 CD I-NP O

"""


def parse(
    folder: Path,
    content: str | bytes,
    columns: Mapping[str, int | str] | None = None,
    *,
    names: Sequence[str] | None = None,
    word_column: int | str = 1,
) -> list[Document]:
    path = folder / "a.conll"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    wanted = {"ner": -1} if columns is None else columns
    return list(conll.read(path, ReadSpec(columns=wanted, names=tuple(names or ()), word_column=word_column)))


def written(documents: Sequence[Document], tasks: Sequence[str] | None = None) -> str:
    stream = io.StringIO()
    columns_write.write(iter(documents), stream, tasks=tasks)
    return stream.getvalue()


def sentences(document: Document) -> list[list[str]]:
    return [[token.word for token in sentence] for sentence in document.sentences]


def test_documents_sentences_words_tags(tmp_path: Path) -> None:
    first, second = parse(tmp_path, NEWS, {"pos": 2, "ner": -1})
    assert sentences(first) == [["Ada", "Lovelace", "wrote"], ["#code"]]
    assert sentences(second) == [["#", "1"]]
    assert first.tags == {"pos": ["NNP", "NNP", "VBD", "NN"], "ner": ["B-PER", "I-PER", "O", "O"]}
    assert first.columns["3"] == ["B-NP", "I-NP", "B-VP", "B-NP"]
    assert first.lines == [3, 4, 5, 7]
    assert second.where(1) == f"{tmp_path / 'a.conll'}:12"
    assert first.text == "Ada Lovelace wrote\n#code"


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace(" ", "\t"),
        lambda text: text.replace(" ", "   "),
        lambda text: text.replace("\n", " \n"),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\ufeff" + text,
        lambda text: text.replace("\n\n", "\n  \n\t\n"),
        lambda text: text.rstrip("\n"),
        lambda text: text.replace("O\n\n-DOC", "O\n-DOC").replace(" O\n\nAda", " O\nAda"),
        lambda text: text.replace(" -X- -X- O", ""),
    ],
    ids=["tabs", "runs", "trailing", "crlf", "bom", "blank", "no-end", "tight-docstart", "bare-docstart"],
)
def test_spellings_of_the_same_file(tmp_path: Path, change: object) -> None:
    documents = parse(tmp_path, change(NEWS))  # type: ignore[operator]
    assert [sentences(document) for document in documents] == [
        [["Ada", "Lovelace", "wrote"], ["#code"]],
        [["#", "1"]],
    ]
    assert [document.tags_of("ner") for document in documents] == [["B-PER", "I-PER", "O", "O"], ["O", "O"]]


def test_words_may_hold_other_white_space(tmp_path: Path) -> None:
    (document,) = parse(tmp_path, "1\u00a0000 B-X\na\u3000b\u2028c I-X\n")
    assert document.words == ["1\u00a0000", "a\u3000b\u2028c"]
    (document,) = parse(tmp_path, "New York\t B-LOC \n")
    assert (document.words, document.tags_of("ner")) == (["New York"], ["B-LOC"])


@pytest.mark.parametrize("column", [4, "4", -1, "-1", "ner"])
def test_ways_to_name_a_column(tmp_path: Path, column: int | str) -> None:
    first, _ = parse(tmp_path, NEWS, {"t": column}, names=["form", "pos", "chunk", "ner"])
    assert first.tags_of("t") == ["B-PER", "I-PER", "O", "O"]
    assert first.columns["chunk"] == first.columns["3"]


@pytest.mark.parametrize("word", [2, "w", -1])
def test_word_column(tmp_path: Path, word: int | str) -> None:
    documents = parse(tmp_path, "O\tEU\nO\tx\n\n", {"ner": 1}, names=["tag", "w"], word_column=word)
    assert documents[0].words == ["EU", "x"]
    assert written(documents) == "O\tEU\nO\tx\n\n"


def test_words_alone(tmp_path: Path) -> None:
    (document,) = parse(tmp_path, "a\nb\n\nc\n", {})
    assert (document.words, document.bounds, document.tasks) == (["a", "b", "c"], [0, 2, 3], [])


def test_nothing_to_read(tmp_path: Path) -> None:
    assert parse(tmp_path, "") == []
    assert parse(tmp_path, "\n \n\n") == []


def test_empty_documents_are_kept(tmp_path: Path) -> None:
    content = "-DOCSTART- O\n\n-DOCSTART- O\n\na O\n\n-DOCSTART- O\n\n"
    documents = parse(tmp_path, content)
    assert [len(document) for document in documents] == [0, 1, 0]
    assert documents[0].tags_of("ner") == []
    assert written(documents) == content


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        ("a b O\nc O\n", 2, "2 columns where the file's first token has 3"),
        ("a O\n\nb\n", 3, "1 column where the file's first token has 2"),
        ("a O\nb c O\n", 2, "3 columns where the file's first token has 2"),
        ("a\tO\nb O\n", 2, None),
        ("a\tO\n\tO\n", 2, "column 1 is empty"),
        ("a\tO\nb\t\n", 2, "column 2 is empty"),
        ("-DOCSTART-\n\na\n", 3, "'ner' would be read from the column of the words (1 column in all)"),
    ],
)
def test_malformed_lines(tmp_path: Path, content: str, line: int, message: str | None) -> None:
    if message is None:  # a line without tabs is split at spaces: mixed files are fine
        assert parse(tmp_path, content)[0].tags_of("ner") == ["O", "O"]
        return
    with pytest.raises(CorpusError) as caught:
        parse(tmp_path, content)
    assert str(caught.value).startswith(f"{tmp_path / 'a.conll'}:{line}: {message}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("column", "names", "message"),
    [
        (5, None, ":3: no column 5: the file has 4 columns, counted from 1"),
        (-5, None, ":3: no column -5: the file has 4 columns"),
        (0, None, ":3: no column 0: "),
        ("ner", None, ":3: no column is named 'ner' (no column names were given)"),
        ("net", ["a", "b", "c", "ner"], ":3: no column is named 'net' (known: a, b, c, ner)"),
        (2, ["a", "b"], ":3: 4 columns, but 2 column names were given"),
    ],
)
def test_columns_that_are_not_there(
    tmp_path: Path, column: int | str, names: Sequence[str] | None, message: str
) -> None:
    with pytest.raises(CorpusError) as caught:
        parse(tmp_path, NEWS, {"t": column}, names=names)
    assert message in str(caught.value)


def test_round_trip_keeps_every_column(tmp_path: Path) -> None:
    for content in (NEWS, NEWS.replace(" ", "\t"), NEWS.replace("NN ", " ").replace(" ", "\t")):
        assert written(parse(tmp_path, content)) == content
        assert written(parse(tmp_path, content, {})) == content


def test_new_tags_go_to_their_column_and_new_tasks_to_the_end(tmp_path: Path) -> None:
    documents = parse(tmp_path, "-DOCSTART- -X- O\n\na X O\nb Y O\n\n")
    changed = [document.with_tags({"ner": ["B-A", "O"], "new": ["1", "2"]}) for document in documents]
    assert written(changed) == "-DOCSTART- -X- O O\n\na X B-A 1\nb Y O 2\n\n"
    assert written(changed, ["new"]) == "-DOCSTART- -X- O O\n\na X O 1\nb Y O 2\n\n"
    spaced = [document.with_tags({"new": ["two words", "2"]}) for document in documents]
    assert "a\tX\tO\ttwo words\n" in written(spaced)


def test_documents_from_elsewhere() -> None:
    one = Document(["a", "b"], [0, 1, 2], tags={"pos": ["X", "Y"], "ner": ["O", "B-A"]})
    assert written([one]) == "a\tX\tO\n\nb\tY\tB-A\n\n"
    assert written([one], ["ner"]) == "a\tO\n\nb\tB-A\n\n"
    assert written([one, one], ["ner"]) == "-DOCSTART-\tO\n\na\tO\n\nb\tB-A\n\n" * 2
    assert written([]) == ""


@pytest.mark.parametrize("word", ["", "a\tb", "a\nb", "a\rb", conll.DOCSTART])
def test_words_no_column_can_hold(word: str) -> None:
    with pytest.raises(CorpusError, match="sentence 1, token 2"):
        written([Document(["x", word], [0, 2], tags={"t": ["O", "O"]})])


def test_more_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(
        CorpusError,
        match=r"^sentence 1, token 1: 'O\\n' cannot stand in a column; it is empty or holds a tab or a line break$",
    ):
        written([Document(["x"], [0, 1], tags={"t": ["O\n"]})])
    for word in ("two words", "\u3000"):
        with pytest.raises(CorpusError) as caught:
            written([Document.from_words([word])])
        assert str(caught.value) == (
            f"sentence 1, token 1: the token {word!r} would not be read back as one token; write another format"
        )
    wide, narrow = parse(tmp_path, NEWS)[0], Document(["x"], [0, 1], tags={"ner": ["O"]})
    with pytest.raises(
        CorpusError,
        match=(
            r"^a document: 2 columns after documents with 4; write documents of different columns to "
            r"different files$"
        ),
    ):
        written([wide, narrow])
    with pytest.raises(CorpusError, match=r"^the document has no tags for task 'pos'; it has: ner$"):
        written([narrow], ["pos"])


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\t\n\r"), min_size=1, max_size=5)
tags = st.sampled_from(["O", "B-PER", "I-PER", "NN|x", "."])
corpora = st.lists(st.lists(st.lists(st.tuples(cells, tags, tags), min_size=1), min_size=1), min_size=1)


@settings(deadline=None)
@given(corpora)
def test_any_corpus_survives(
    tmp_path_factory: pytest.TempPathFactory, corpus: list[list[list[tuple[str, str, str]]]]
) -> None:
    documents = []
    for listed in corpus:
        document = Document.from_sentences([[word for word, _, _ in sentence] for sentence in listed])
        flat = [token for sentence in listed for token in sentence]
        documents.append(document.with_tags({"a": [t[1] for t in flat], "b": [t[2] for t in flat]}))
    assume(conll.DOCSTART not in documents[0].words and not documents[0].words[0].startswith("\ufeff"))
    content = written(documents)
    back = parse(tmp_path_factory.mktemp("conll"), content, {"a": 2, "b": 3})
    assert [(d.words, d.bounds, d.tags) for d in back] == [(d.words, d.bounds, d.tags) for d in documents]
    assert written(back) == content


@pytest.mark.parametrize("split", ["train", "valid", "test"])
def test_conll_2003(split: str) -> None:
    path = DATA / "conll2003" / f"{split}.txt"
    if not path.exists():
        pytest.skip(f"no {path}; set BILSTM_TAGGER_DATA to a folder with conll2003/")
    content = path.read_text(encoding="utf-8")
    documents = list(conll.read(path, ReadSpec(columns={"pos": 2, "ner": -1})))
    assert written(documents) == content
    rows = [line.split() for line in content.split("\n")]
    tokens = [row for row in rows if row and row[0] != "-DOCSTART-"]
    assert [word for document in documents for word in document.words] == [row[0] for row in tokens]
    assert [tag for document in documents for tag in document.tags_of("ner")] == [row[3] for row in tokens]
    assert len(documents) == sum(row[:1] == ["-DOCSTART-"] for row in rows)


@pytest.mark.parametrize(("line", "sign"), [("1,Ada,B-PER", ","), ("1;Ada;B-PER", ";"), ("Ada", ""), (",", "")])
@pytest.mark.parametrize("column", [-1, 3])
def test_cells_between_commas_are_told_for_a_table(line: str, sign: str, column: int, tmp_path: Path) -> None:
    path = tmp_path / "a.conll"
    path.write_text(f"{line}\n", "utf-8")
    with pytest.raises(CorpusError) as caught:
        list(conll.read(path, ReadSpec(columns={"ner": column})))
    told = f"or if its cells stand between {sign!r}, give the file the ending .csv"
    assert (told in str(caught.value)) is bool(sign)
    assert "stand between" in str(caught.value) or not sign


# ---- numbers of tokens


@pytest.mark.parametrize("rows", ["1\tAda\tB-PER\n2\tleft\tO\n\n1\tRain\tO\n", "1 Ada X\n2 left O\n"])
def test_numbers_of_tokens_are_no_words(rows: str, tmp_path: Path) -> None:
    path = tmp_path / "a.conll"
    path.write_text(rows, "utf-8")
    with pytest.raises(
        CorpusError, match=r"a\.conll: column 1 counts the tokens of each sentence; .* column 2: --word-column 2$"
    ):
        list(conll.read(path, ReadSpec(columns={"ner": -1})))
    (document,) = conll.read(path, ReadSpec(columns={"ner": -1}, word_column=2))
    assert document.words[:2] == ["Ada", "left"]


@pytest.mark.parametrize(
    "rows",
    [
        "1 B-X\n2 I-X\n",  # no further column that may have the words
        "1 7 O\n2 8 O\n",  # nor here
        "1 Ada O\n3 left O\n",
        "1 CD O\n\n1 CD O\n",  # no second token
        "1 CD O\n2 CD O\n\nAda NNP B-X\n",
        "-DOCSTART- x O\n\nAda NNP B-X\n\n-DOCSTART- x O\n\n1 CD O\n2 CD O\n",  # not the first document
    ],
)
def test_numbers_that_may_be_words_are(rows: str, tmp_path: Path) -> None:
    path = tmp_path / "a.conll"
    path.write_text(rows, "utf-8")
    words = [word for document in conll.read(path, ReadSpec(columns={"ner": -1})) for word in document.words]
    assert words == [row.split()[0] for row in rows.split("\n") if row and not row.startswith("-DOC")]


def test_places_of_tasks_without_documents() -> None:
    assert columns_write.places([], ["pos", "ner"]) == {"pos": 2, "ner": 3}
