"""CoNLL-2012: names in brackets, and each column under its name and its number, as the page of the task lists them.

https://conll.cemantix.org/2012/data.html
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bilstm_tagger.corpus import read_corpus
from bilstm_tagger.errors import CorpusError

LINE = "bc/a 0 0 Anna NNP (TOP* anna 01 2 spk (PERSON) (ARG0*) (12)"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a.gold_conll"
    path.write_text(f"#begin document (bc/a); part 000\n{LINE}\n\n#end document\n", "utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "number", "tag"),
    [
        ("word", 4, "Anna"),
        ("pos", 5, "NNP"),
        ("parse", 6, "(TOP*"),
        ("lemma", 7, "anna"),
        ("speaker", 10, "spk"),
        ("ner", 11, "B-PERSON"),
        ("names", 11, "B-PERSON"),
    ],
)
def test_a_column_is_read_by_name_and_number(path: Path, name: str, number: int, tag: str) -> None:
    for column in (name, name.upper(), number):
        assert read_corpus(path, {"x": column})[0].tags == {"x": [tag]}


@pytest.mark.parametrize(("number", "tag"), [(1, "bc/a"), (2, "0"), (3, "0"), (8, "01"), (9, "2"), (13, "(12)")])
def test_the_other_columns_have_numbers(path: Path, number: int, tag: str) -> None:
    assert read_corpus(path, {"x": number})[0].tags == {"x": [tag]}


def test_columns_that_no_task_is_read_from_are_kept_under_their_names(path: Path) -> None:
    assert read_corpus(path, {"ner": -1})[0].columns == {
        "pos": ["NNP"],
        "parse": ["(TOP*"],
        "lemma": ["anna"],
        "frameset": ["01"],
        "sense": ["2"],
        "speaker": ["spk"],
        "arguments": ["(ARG0*)"],
        "coreference": ["(12)"],
    }


@pytest.mark.parametrize("column", ["dep", 0, -2])
def test_a_column_that_there_is_not(path: Path, column: int | str) -> None:
    message = (
        f"{path}: no column {column!r}; CoNLL-2012 has word, pos, parse, lemma, speaker, ner, names, "
        "or give a number from 1"
    )
    with pytest.raises(CorpusError, match=f"^{re.escape(message)}$"):
        read_corpus(path, {"tags": column})


def row(number: int, word: str, name: str) -> str:
    return f"bc/a 0 {number} {word} NNP (TOP* - - - spk {name} * (12)\n"


def test_names_in_brackets(tmp_path: Path) -> None:
    words = ["Anna", "Berg", "slept", "in", "Oslo"]
    names = ["(PERSON*", "*)", "*", "*", "(GPE)"]
    body = "".join(row(at, word, name) for at, (word, name) in enumerate(zip(words, names, strict=True)))
    path = tmp_path / "a.v4_gold_conll"
    path.write_text(f"#begin document (bc/a); part 000\n{body}\n{body}\n#end document\n", "utf-8")
    (document,) = read_corpus(path, {"ner": -1, "pos": "pos"})
    assert [(span.text, span.label) for span in document.spans][:2] == [("Anna Berg", "PERSON"), ("Oslo", "GPE")]
    assert (document.id, document.bounds) == ("(bc/a); part 000", [0, 5, 10])
    assert document.tags_of("pos") == ["NNP"] * 10
    for content, message in (
        (body, r"b\.conll: the last document has no '#end document'; is the file whole\?$"),
        (
            row(0, "a", "(X*") + "\n#end document\n",
            r"b\.conll:2: the name that begins here does not end in its sentence$",
        ),
        (row(0, "a", "*)") + "\n#end document\n", r"b\.conll:2: .* closes a name that was not opened$"),
        ("a b\n#end document\n", r"b\.conll:2: 2 columns where CoNLL-2012 has 12 or more$"),
    ):
        with pytest.raises(CorpusError, match=message):
            (tmp_path / "b.conll").write_text("#begin document (x); part 000\n" + content, "utf-8")
            read_corpus(tmp_path / "b.conll", {"ner": -1})
    with pytest.raises(CorpusError, match=r"a\.v4_gold_conll:2: no column 20$"):
        read_corpus(path, {"tags": 20})
