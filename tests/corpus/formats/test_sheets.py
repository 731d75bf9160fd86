"""CSV, TSV and Excel: list-like cells read right or refused; a token in each row grouped into sentences."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bilstm_tagger.corpus import Corpus, ReadSpec, read_corpus, save_corpus
from bilstm_tagger.corpus.convert.tasks import find_columns
from bilstm_tagger.corpus.formats.list_cells import ListLike, read_cell
from bilstm_tagger.corpus.formats.sheets import delimiter_of
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError

NAMES = [["Anna", "Berg"], ["He"]]
letters = st.characters(exclude_categories=["Cs", "Cc"])
words = st.lists(st.text(letters, min_size=1, max_size=5), min_size=1, max_size=5)


def put(folder: Path, content: str, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_text(content, "utf-8")
    return path


def sentences(corpus: Corpus) -> list[list[str]]:
    return [sentence.words for document in corpus for sentence in document.sentences]


# ---- A1: cells that look like lists

READ = {
    "numpy": "['Anna' 'Berg' 'slept']",
    "numpy, wrapped": "['Anna'\n 'Berg'   'slept']",
    "array": "array(['Anna', 'Berg', 'slept'], dtype='<U5')",
    "np.array of objects": "np.array(['Anna', 'Berg', 'slept'], dtype=object)",
    "tuple": "('Anna', 'Berg', 'slept')",
    "json": '["Anna", "Berg", "slept"]',
    "spaces": "Anna Berg slept",
}
REFUSED = {
    "a comma is missing": "['Anna', 'Berg' 'slept']",
    "set": "{'Anna', 'Berg', 'slept'}",
    "left out": "['Anna' 'Berg' ... 'slept']",
    "left out, one sign": "['Anna', … 'slept']",
    "cut short": "['Anna', 'Berg', 'sle",
    "no quotation marks": "[Anna, Berg, slept]",
    "no quotation marks, numpy": "[Anna Berg slept]",
    "no comma, no blank": "['Anna''Berg''slept']",
    "nested": "[array(['Anna', 'Berg']) array(['slept'])]",
}


@pytest.mark.parametrize("name", READ)
def test_a1_lists_of_one_meaning_are_read(tmp_path: Path, name: str) -> None:
    cell = READ[name].replace('"', '""')
    path = put(tmp_path, f"tokens,ner_tags\n\"{cell}\",\"['B-PER' 'I-PER' 'O']\"\n")
    (document,) = read_corpus(path, {"ner": -1})
    assert (document.words, document.tags_of("ner")) == (["Anna", "Berg", "slept"], ["B-PER", "I-PER", "O"])


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("column", [0, 1])
def test_a1_other_lists_are_refused(tmp_path: Path, name: str, column: int) -> None:
    cells = ['"[""Anna"", ""Berg"", ""slept""]"', "O O O"]
    cells[column] = f'"{REFUSED[name]}"'
    path = put(tmp_path, "tokens,ner_tags\n" + ",".join(cells) + "\n")
    with pytest.raises(CorpusError, match=r"a\.csv:2: .*the (tokens|tags) .*write JSON, as in .* as Parquet"):
        read_corpus(path, {"ner": -1})


@given(words, st.integers(10, 80))
def test_a1_numpy_is_read_or_refused_but_never_otherwise(items: list[str], width: int) -> None:
    with np.printoptions(linewidth=width, threshold=100):
        cell = str(np.array(items, dtype=object))
    found = read_cell(cell)
    assert found == items or isinstance(found, ListLike)
    if not any(set("'\"\\.…") & set(item) for item in items):
        assert found == items


@given(words, st.sampled_from([str, repr, lambda items: str(tuple(items)), lambda items: " ".join(map(repr, items))]))
def test_a1_a_list_of_python_never_changes(items: list[str], show: object) -> None:
    found = read_cell(show(items))  # type: ignore[operator]
    if isinstance(found, list):
        assert found == items


def test_a1_brackets_among_tokens_stay_tokens() -> None:
    for cell in ("[CLS] Anna [SEP]", "[ Anna ]", "( he said )", "{ x }", "[1] Anna"):
        assert read_cell(cell) == cell


# ---- A2: a token in each row

KAGGLE = "Sentence #,Word,POS,Tag\nSentence: 1,Anna,NNP,B-per\n,Berg,NNP,I-per\nSentence: 2,He,PRP,O\n"
GROUPED = {
    "filled once": KAGGLE,
    "on every row": "sentence_id,token,ner\n0,Anna,B-per\n0,Berg,I-per\n1,He,O\n",
    "behind the tags": "word,tag,sentence_id\nAnna,B-per,0\nBerg,I-per,0\nHe,O,1\n",
    "empty rows": "word,tag\nAnna,B-per\nBerg,I-per\n\nHe,O\n",
    "rows of empty cells": "Word,Tag\nAnna,B-per\nBerg,I-per\n,\nHe,O\n",
    "semicolons": KAGGLE.replace(",", ";"),
    "tabs": KAGGLE.replace(",", "\t"),
    "an empty column": "word,tag,\nAnna,B-per,\nBerg,I-per,\n,,\nHe,O,\n",
}


@pytest.mark.parametrize("name", GROUPED)
def test_a2_tokens_are_grouped_into_sentences(tmp_path: Path, name: str) -> None:
    path = put(tmp_path, GROUPED[name])
    (document,) = corpus = read_corpus(path, {"ner": -1})
    assert sentences(corpus) == NAMES
    assert document.tags_of("ner") == ["B-per", "I-per", "O"]
    assert document.where(1) == f"{path}:3"


def test_a2_a_sentence_column_is_named(tmp_path: Path) -> None:
    path = put(tmp_path, "nr,w,t\n1,Anna,B-per\n1,Berg,I-per\n2,He,O\n")
    spec = ReadSpec(columns={"ner": "t"}, word_column="w", sentence_column="nr")
    assert sentences(read_corpus(path, spec=spec)) == NAMES
    assert sentences(read_corpus(path, spec=spec.replace(columns={"ner": 3}, sentence_column=1))) == NAMES
    with pytest.raises(CorpusError, match=r"a\.csv: no column 'number'; there are nr, w, t$"):
        read_corpus(path, spec=spec.replace(sentence_column="number"))


@pytest.mark.parametrize("header", ["word,tag", "Token;NER", "tokens,tags"])
def test_a2_what_may_be_either_is_refused_with_both_ways(tmp_path: Path, header: str) -> None:
    mark = ";" if ";" in header else ","
    path = put(tmp_path, header + f"\nAnna{mark}B-per\nBerg{mark}I-per\n")
    with pytest.raises(CorpusError, match=r"a\.csv:2: .*--sentence-column, or put an empty row .* JSON lists$"):
        read_corpus(path, {"ner": -1})


def test_a2_a_token_without_a_tag_is_named(tmp_path: Path) -> None:
    path = put(tmp_path, "sent_id,word,tag\n1,Anna,B-per\n1,Berg,\n")
    with pytest.raises(
        CorpusError,
        match=(
            r"a\.csv:3: no 'tag': the cell is empty; every token needs a word and a tag: fill it in, or "
            r"leave the whole row empty where a sentence ends$"
        ),
    ):
        read_corpus(path, {"ner": -1})


@pytest.mark.parametrize(
    ("line", "mark"), [("a,b;c", ","), ("a;b;c,d", ";"), ("a\tb", "\t"), ("a", ","), ('"a;b",c', ",")]
)
def test_b6_the_delimiter_is_found(line: str, mark: str) -> None:
    assert delimiter_of(f"\n{line}\n1,2,3;4\n") == mark


def test_b6_the_delimiter_is_named(tmp_path: Path) -> None:
    path = put(tmp_path, "word^tag\nAnna^B-per\n^\nHe^O\n")
    assert sentences(read_corpus(path, {"ner": -1}, delimiter="^")) == [["Anna"], ["He"]]


@pytest.mark.parametrize("mark", [",", ";", "|", "\t", "^"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_first_line_of_excel_tells_the_separator(mark: str, end: str, tmp_path: Path) -> None:
    rows = [
        "sep=" + mark,
        f"word{mark}tag",
        f"1,5;3{mark}O" if mark in "\t|^" else f"Anna{mark}O",
        "",
        f"He{mark}O",
        "",
    ]
    path = tmp_path / "a.csv"
    path.write_text("\ufeff" + end.join(rows), "utf-8", newline="")
    (document,) = read_corpus(path, {"ner": -1})
    assert (document.words[1], len(document.bounds), document.where(0)) == ("He", 3, f"{path}:3")
    assert find_columns(path) == {"tags": -1}


QUOTED_TOKENS = {
    "around two": ['"a', "b", 'c"'],
    "at the beginning": ['"a', "b", "c"],
    "at the end": ["a", 'b"', "c"],
    "inside": ['5"6', "b", "c"],
    "alone": ["a", '"', "c"],
    "doubled": ['""a', "b", "c"],
}


@pytest.mark.parametrize("name", QUOTED_TOKENS)
@pytest.mark.parametrize("header", ["token\ttag\n", "Sentence #\tWord\tTag\n"])
def test_quotation_marks_among_tokens_with_tabs_stay(name: str, header: str, tmp_path: Path) -> None:
    words = QUOTED_TOKENS[name]
    first = "1\t" if "#" in header else ""
    rows = "".join(f"{first}{word}\tO\n" for word in words)
    path = put(tmp_path, f"{header}{rows}\n{first.replace('1', '2')}He\tO\n", "a.tsv")
    assert sentences(read_corpus(path, {"ner": -1})) == [words, ["He"]]


def test_quotation_marks_around_cells_with_tabs_are_none_of_the_text(tmp_path: Path) -> None:
    path = put(tmp_path, 'id\ttext\n1\t"Anna said ""no"""\n2\t"two\nlines"\n', "a.tsv")
    assert [document.text for document in read_corpus(path, {})] == ['Anna said "no"', "two\nlines"]
    path = put(tmp_path, 'id\ttext\n1\t"No, he said\n2\tand "yes" too"\n', "a.tsv")
    assert [document.text for document in read_corpus(path, {})] == ['"No, he said', 'and "yes" too"']


# ---- A7: a table among columns of tokens


def test_a7_a_table_of_texts_is_read_as_a_table(tmp_path: Path) -> None:
    path = put(tmp_path, "id\ttext\n1\tAnna Berg visited Oslo.\n", "a.tsv")
    (document,) = read_corpus(path, {})
    assert (document.id, document.text) == ("1", "Anna Berg visited Oslo.")
    with pytest.raises(
        CorpusError,
        match=r"a\.tsv:2: no tags for task 'ner'; the record has: id, text; name the right key with --column$",
    ):
        read_corpus(path, {"ner": -1})


@pytest.mark.parametrize("quote", ['"', "'"])
def test_a7_a_header_over_tokens_is_no_token(tmp_path: Path, quote: str) -> None:
    path = put(tmp_path, f"Token\tTag\nAnna\tB-PER\n\n{quote}\tO\nHe\tO\n{quote}\tO\n", "a.tsv")
    corpus = read_corpus(path, {"ner": -1})
    assert sentences(corpus) == [["Anna"], [quote, "He", quote]]


@pytest.mark.parametrize(
    "sentence",
    [
        "Sentence #",
        "sentence_id",
        "Sentence Idx",
        "sentence no.",
        "Sentence-Nr",
        "sentence:number",
        "sent_id",
        "SENT_IDX",
    ],
)
@pytest.mark.parametrize("name", ["a.tsv", "a.csv"])
def test_usual_names_of_the_column_of_sentences(sentence: str, name: str, tmp_path: Path) -> None:
    mark = "\t" if name == "a.tsv" else ","
    rows = [[sentence, "Word", "Tag"], ["1", "Anna", "B-PER"], ["1", "slept", "O"], ["2", "He", "O"]]
    path = put(tmp_path, "".join(mark.join(row) + "\n" for row in rows), name)
    assert sentences(read_corpus(path, {"ner": -1})) == [["Anna", "slept"], ["He"]]


@pytest.mark.parametrize(
    "tags",
    ["tag", "Tags", "NER", "ner_tag", "ner tags", "Label", "labels", "IOB", "bio", "ne.tag", "entity", "UPOS", "pos"],
)
def test_usual_names_of_the_column_of_tags(tags: str, tmp_path: Path) -> None:
    """Before other columns, of which -1 would be the last."""
    path = put(tmp_path, f"Token\t{tags}\tnote\nAnna\tB-PER\tx\n\nHe\tO\ty\n", "a.tsv")
    (document,) = read_corpus(path, {"t": -1})
    assert document.tags_of("t") == ["B-PER", "O"]


def test_a7_columns_without_a_header_stay_columns(tmp_path: Path) -> None:
    assert sentences(read_corpus(put(tmp_path, "word\tO\nid\tO\n\n", "a.tsv"), {"ner": -1})) == [["word", "id"]]


def test_a7_an_option_that_cannot_apply_is_refused(tmp_path: Path) -> None:
    path = put(tmp_path, "Anna B-PER\n\n", "a.conll")
    with pytest.raises(
        CorpusError,
        match=(
            r"a\.conll: columns of tokens have no text, so --text-column body cannot apply; leave it out, or "
            r"name the format$"
        ),
    ):
        read_corpus(path, {}, text_column="body")


@pytest.mark.parametrize("header", ["word,pos,note", "word,NER,note", "word,note"])
def test_the_usual_name_counts_before_the_last_column(tmp_path: Path, header: str) -> None:
    expected = "x" if header == "word,note" else "NOUN"
    rows = "Tea,NOUN,x\n,,\nIt,PRON,y\n" if header.count(",") == 2 else "Tea,x\n,\nIt,y\n"
    corpus = read_corpus(put(tmp_path, f"{header}\n{rows}"), {"t": -1})
    assert corpus[0].tags_of("t")[0] == expected


def test_sentences_are_named_by_their_document(tmp_path: Path) -> None:
    parts = [Document(["Tea", "It"], [0, 1, 2], tags={"t": ["a", "b"]}, id=name) for name in ("d", None)]
    save_corpus(parts, tmp_path / "b.csv", format="sentence-csv")
    rows = [line.split(",")[0] for line in (tmp_path / "b.csv").read_text("utf-8").splitlines()[1:]]
    assert rows == ["d.1", "d.2", "2.1", "2.2"]
