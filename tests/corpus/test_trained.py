"""Reading as the training data was read: what carries over to a file, and what must be named."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from bilstm_tagger.corpus import ReadSpec, read_corpus
from bilstm_tagger.corpus.formats import DATA_SETS, FORMATS, format_called
from bilstm_tagger.corpus.trained import (
    other_columns,
    read_available,
    spec_as_trained,
    training_specs,
    words_in_format,
    words_spec,
)
from bilstm_tagger.errors import ConfigError, CorpusError
from bilstm_tagger.settings.schema import DataSettings, FeatureSettings, TaskSettings

TASKS = {"ner": TaskSettings(column="t")}


def specs(**data: Any) -> dict[str, ReadSpec]:
    return training_specs(DataSettings(**data), TASKS, {"pos": FeatureSettings(column="p")})


@pytest.mark.parametrize(
    ("train", "format", "expected", "suffix"),
    [
        ("a.conll", None, "conll", None),
        ("a.jsonl.gz", None, "jsonl", None),
        ("a.data", "conllu", "conllu", ".data"),
        ("hf:some/set#train", None, "dataset", None),
        ("folder/that/is/gone", None, "dataset", None),
        (None, None, None, None),
    ],
)
def test_the_format_of_training_data_has_a_name(
    train: str | None, format: str | None, expected: str | None, suffix: str | None
) -> None:
    spec = specs(train=train, format=format)["ner"]
    assert (spec.format, spec.suffix, spec.columns, spec.features) == (expected, suffix, {"ner": "t"}, {"pos": "p"})
    assert ReadSpec.model_validate_json(spec.model_dump_json()) == spec


def test_each_task_has_its_own_file() -> None:
    tasks = {"ner": TaskSettings(column=-1, train="a.conll"), "upos": TaskSettings(column="UPOS", train="b.conllu")}
    trained = training_specs(DataSettings(), tasks, {})
    assert {task: (spec.format, spec.columns) for task, spec in trained.items()} == {
        "ner": ("conll", {"ner": -1}),
        "upos": ("conllu", {"upos": "UPOS"}),
    }
    spec, left_out = spec_as_trained(trained, "c.conllu")
    assert (spec.columns, left_out) == ({"upos": "UPOS", "ner": "ner"}, {})
    spec, left_out = spec_as_trained(trained, "c.conll")
    assert (spec.columns, list(left_out)) == ({"ner": -1}, ["upos"])
    spec, left_out = spec_as_trained(trained, "c.conllu", columns={"ner": "NER"})
    assert (spec.columns, left_out) == ({"ner": "NER", "upos": "UPOS"}, {})


def test_names_of_formats() -> None:
    assert [format_called(name) for name in (*FORMATS, "dataset")] == [*FORMATS.values(), DATA_SETS]
    with pytest.raises(ConfigError, match=r"no corpus format 'xml'; known: conll, .*, dataset"):
        format_called("xml")


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16-le"])
def test_the_format_is_found_in_the_encoding_of_the_training_data(tmp_path: Path, encoding: str) -> None:
    for content, format in (("Zoë X\n", "conll"), ("# global.columns = ID FORM Größe\n1\tZoë\tX\n", "conllup")):
        (tmp_path / "a.conll").write_text(content, encoding)
        assert specs(train=str(tmp_path / "a.conll"), encoding=encoding)["ner"].format == format


def test_what_carries_over_to_a_file_of_the_same_format() -> None:
    trained = specs(train="a.data", format="conll", names=("w", "p", "t"), word_column="w", tokenizer="characters")
    spec, left_out = spec_as_trained(trained, "test.data")
    assert (spec.format, spec.names, spec.word_column, spec.columns) == ("conll", ("w", "p", "t"), "w", {"ner": "t"})
    assert (spec.tokenizer, spec.features, spec.split, spec.suffix, left_out) == (
        "characters", {"pos": "p"}, "test", None, {},
    )  # fmt: skip
    named, _ = spec_as_trained(trained, "test.data", names=["a", "b"], word_column=2, columns={"ner": 1}, split="dev")
    assert (named.names, named.word_column, named.columns, named.split) == (("a", "b"), 2, {"ner": 1}, "dev")
    with pytest.raises(CorpusError, match="the name does not tell the format"):
        spec_as_trained(trained, "test.other")


def test_what_does_not_carry_over_to_another_format() -> None:
    trained = specs(train="a.conll", names=("w", "p", "t"), word_column="w", tokenizer="characters")
    spec, left_out = spec_as_trained(trained, "test.pos")
    assert (spec.names, spec.word_column, spec.columns, spec.tokenizer) == ((), 1, {}, "characters")
    assert left_out == {"ner": "it was trained on another file format, so name its column, --column ner=COLUMN"}


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.xlsx", "a.parquet", "a.arrow", "a.spacy", "a.conllu"])
def test_where_fields_have_names_a_task_is_found_by_its_own(name: str) -> None:
    spec, left_out = spec_as_trained(specs(train="a.conll", names=("w", "p", "t"), word_column="w"), name)
    assert (spec.columns, left_out) == ({"ner": "ner"}, {})
    assert spec_as_trained(specs(train="a.conll", word_column="w"), name, columns={"ner": "x"})[0].columns == {
        "ner": "x"
    }


@pytest.mark.parametrize("train", ["hf:some/set", "a.jsonl", "a.parquet", None])
def test_columns_of_records_mean_the_same_in_all_their_formats(train: str | None) -> None:
    spec, left_out = spec_as_trained(specs(train=train), "test.jsonl")
    assert (spec.columns, spec.format, left_out) == ({"ner": "t"}, None, {})


def test_tasks_that_are_there_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.conllu"
    path.write_text("1\ta\t_\tX\t_\t_\t_\t_\t_\t_\n\n", "utf-8")
    both = ReadSpec(columns={"ner": "NER", "upos": "UPOS"})
    corpus, missing, _ = read_available(path, both, required=())
    assert (corpus.tasks, list(missing)) == (["upos"], ["ner"])
    assert "no token has NER=" in missing["ner"]
    for spec in (both, ReadSpec(columns={"ner": "NER"}), ReadSpec(columns={"ner": "NER", "x": "X"})):
        with pytest.raises(
            CorpusError,
            match=(
                r"a\.conllu: no token has NER= in column MISC \(keys there: none\); name one of them, or a "
                r"column such as UPOS$"
            ),
        ):
            read_available(path, spec, required=["ner"])


def test_tasks_that_are_found_elsewhere_are_told_with_the_place(tmp_path: Path) -> None:
    path = tmp_path / "a.conllu"
    path.write_text("1\ta\t_\tX\t_\t_\t_\t_\t_\tName=B-PER\n\n", "utf-8")
    spec = ReadSpec(columns={"ner": "NER", "upos": "UPOS"})
    found = read_available(path, spec, required=(), others={"ner": ["Name"]})
    assert (found.corpus.tasks, found.missing, found.elsewhere) == (["ner", "upos"], {}, {"ner": "Name"})


def test_words_to_be_tagged(tmp_path: Path) -> None:
    trained = specs(train="a.conll", names=("t", "p", "w"), word_column="w", text_column="body")
    spec = words_spec(trained, text_column="other")
    assert (spec.columns, spec.text_column, words_spec(trained).text_column) == ({}, "other", "body")
    assert words_spec({"ner": ReadSpec(suffix=".x", split="test", misaligned="snap")}) == ReadSpec(
        columns={}, misaligned="drop"
    )
    assert words_spec({"ner": ReadSpec(encoding="cp1252")}).encoding is None  # files to be tagged have their own
    columns = words_in_format(spec, "conll")
    assert (columns.word_column, columns.features, columns.names) == (3, {"pos": 2}, ())
    records = words_in_format(spec, "jsonl")
    assert (records.word_column, records.features, records.names) == ("w", {"pos": "p"}, ())
    assert words_in_format(ReadSpec(word_column=2), "conllu").word_column == 1
    assert words_in_format(ReadSpec(word_column="form"), "conll").word_column == 1
    path = tmp_path / "a.conll"
    path.write_text("x N a more\n", "utf-8")  # columns that training data did not have
    (document,) = read_corpus(path, spec=columns)
    assert (document.words, document.columns["pos"], document.tags) == (["a"], ["N"], {})


NAMES = ["B-PER", "I-PER", "O", "B-LOC"]
PARTS = ["PROPN", "PROPN", "VERB", "PROPN"]
WORDS = ["Ada", "Byron", "left", "London"]
WEBANNO = """#FORMAT=WebAnno TSV 3.3
#T_SP=de.tudarmstadt.ukp.dkpro.core.api.lexmorph.type.pos.POS|PosValue
#T_SP=de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity|identifier|value


#Text=Ada Byron left London
1-1\t0-3\tAda\tPROPN\t*[1]\tPER[1]
1-2\t4-9\tByron\tPROPN\t*[1]\tPER[1]
1-3\t10-14\tleft\tVERB\t_\t_
1-4\t15-21\tLondon\tPROPN\t*\tLOC
"""


def _conllu(key: str, upos: int = 3) -> str:
    lines = []
    for number, (word, part, name) in enumerate(zip(WORDS, PARTS, NAMES, strict=True), 1):
        cells = [str(number), word, *"________"]
        cells[upos], cells[9] = part, f"{key}={name}"
        lines.append("\t".join(cells))
    return "\n".join(lines) + "\n\n"


FILES = {
    "key.conllu": _conllu("NER"),
    "small.conllu": _conllu("ner"),
    "mixed.conllu": _conllu("Ner"),
    "plus.conllu": "# global.columns = FORM UPOS NER\n"
    + "".join("\t".join(row) + "\n" for row in zip(WORDS, PARTS, NAMES, strict=True)),
    "plus.conll": "# global.columns = FORM NER upos\n"
    + "".join("\t".join(row) + "\n" for row in zip(WORDS, NAMES, PARTS, strict=True)),
    "project.tsv": WEBANNO,
    "table.tsv": "word\tupos\tner\n"
    + "".join("\t".join(row) + "\n" for row in zip(WORDS, PARTS, NAMES, strict=True))
    + "\t\t\nHere\tADV\tO\n",
    "lists.jsonl": json.dumps({"tokens": WORDS, "upos": PARTS, "ner": NAMES}),
    "tags.jsonl": json.dumps({"tokens": WORDS, "upos_tags": PARTS, "ner_tags": NAMES}),
    "large.jsonl": json.dumps({"tokens": WORDS, "UPOS_Tags": PARTS, "NER_tags": NAMES}),
    "marks.jsonl": json.dumps(
        {
            "text": " ".join(WORDS),
            "tokens": WORDS,
            "upos": PARTS,
            "ner_tags": [{"start": 0, "end": 9, "label": "PER"}, {"start": 15, "end": 21, "label": "LOC"}],
        }
    ),
}


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("train", ["other.pos", "part.conll"])
def test_a_model_of_another_format_finds_its_tasks_by_their_names(file: str, train: str, tmp_path: Path) -> None:
    path = tmp_path / file
    path.write_text(FILES[file], "utf-8")
    tasks = {"upos": TaskSettings(column=-1), "ner": TaskSettings(column=2)}
    spec, left_out = spec_as_trained(training_specs(DataSettings(train=train), tasks, {}), path)
    corpus, missing, _ = read_available(path, spec, required=())
    assert (left_out, missing) == ({}, {})
    tags = corpus.documents[0].tags
    assert (tags["upos"][:4], tags["ner"][:4]) == (PARTS, NAMES)


def test_two_spellings_of_a_key_are_not_guessed(tmp_path: Path) -> None:
    path = tmp_path / "a.conllu"
    path.write_text(_conllu("NER") + _conllu("Ner"), "utf-8")
    with pytest.raises(CorpusError, match=r"a\.conllu: column MISC has NER and Ner; name one of them with --column$"):
        read_corpus(path, spec=ReadSpec(columns={"ner": "ner"}))
    assert read_corpus(path, spec=ReadSpec(columns={"ner": "Ner"})).documents[0].tags["ner"] == ["O"] * 4 + NAMES


def test_a_model_of_an_earlier_release_reads_its_format_again(tmp_path: Path) -> None:
    """Which it calls `conll`, as the name of the file does."""
    path = tmp_path / "a.tsv"
    path.write_text(WEBANNO, "utf-8")
    trained = {"names": ReadSpec(format="conll", columns={"names": "NamedEntity"})}
    spec, left_out = spec_as_trained(trained, path)
    assert (spec.columns, left_out) == ({"names": "NamedEntity"}, {})
    assert read_corpus(path, spec=spec).documents[0].tags["names"] == NAMES


KAGGLE = "Sentence #,Word,POS,Tag\n1,Ada,NNP,B-PER\n1,Byron,NNP,I-PER\n1,left,VBD,O\n1,London,NNP,B-LOC\n"
ELSEWHERE = FILES | {
    "kaggle.csv": KAGGLE,
    "ne.csv": KAGGLE.replace("Tag", "NE"),
    "spans.jsonl": json.dumps(
        {
            "text": " ".join(WORDS),
            "spans": [{"start": 0, "end": 9, "label": "PER"}, {"start": 15, "end": 21, "label": "LOC"}],
        }
    ),
    "doccano.jsonl": json.dumps({"text": " ".join(WORDS), "label": [[0, 9, "PER"], [15, 21, "LOC"]]}),
}


@pytest.mark.parametrize("file", ELSEWHERE)
@pytest.mark.parametrize(("train", "column"), [("a.jsonl", "marked"), ("a.csv", "Entity"), ("a.conllu", "Name")])
def test_the_only_names_are_found_where_no_column_is_called_as_in_training(
    file: str, train: str, column: str, tmp_path: Path
) -> None:
    path = tmp_path / file
    path.write_text(ELSEWHERE[file], "utf-8")
    tasks = {"upos": TaskSettings(column="UD"), "ner": TaskSettings(column=column)}
    spec, _ = spec_as_trained(training_specs(DataSettings(train=train), tasks, {}), path)
    others = other_columns(path, spec, spans=["ner"])
    found = read_available(path, spec, required=(), others=others)
    assert found.corpus.documents[0].tags["ner"][:4] == NAMES
    assert found.elsewhere.get("ner", "ner") != column
    assert ("upos" in found.missing) == (file in ("kaggle.csv", "ne.csv", "spans.jsonl", "doccano.jsonl"))


def test_plain_tags_and_one_of_several_kinds_of_names_are_not_guessed() -> None:
    spec = ReadSpec(columns={"upos": "UD", "ner": "x", "chunk": "y"})
    assert other_columns("a.csv", spec, spans=["ner", "chunk"]) == {
        "upos": ["upos"], "ner": ["ner", "ne", "entities", "ents", "ent_type"], "chunk": ["chunk"],
    }  # fmt: skip
    assert other_columns("a.csv", spec, spans=["ner"])["ner"][-1] == -1
    assert other_columns("a.conll", spec, spans=["ner"]) == {"upos": [], "ner": [], "chunk": []}
    assert -1 not in other_columns("a.conllu", spec, spans=["ner"])["ner"]


def test_where_no_task_is_found_all_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("sentence_id,word,chunk\n1,Ada,B-NP\n", "utf-8")
    with pytest.raises(
        CorpusError,
        match=(
            r"a\.csv: no column 'ner'.*; nor are there tags of upos; say where they are: --column "
            r"upos=COLUMN or --column ner=COLUMN$"
        ),
    ):
        read_available(path, ReadSpec(columns={"upos": "upos", "ner": "ner"}), required=())


def test_a_pipe_is_read_once(tmp_path: Path) -> None:
    """A second reading would begin where the first one ended."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    row = "1\tAda\t_\tPROPN\t_\t_\t_\t_\t_\t_\n\n"
    spec = ReadSpec(format="conllu", columns={"upos": "UPOS", "ner": "NER"})
    writer = threading.Thread(target=path.write_text, args=(row * 2000,))
    writer.start()
    with pytest.raises(
        CorpusError,
        match=(
            r"pipe: no token has NER= .*; a pipe is read once: name the columns that are there, or write a " r"file$"
        ),
    ):
        read_available(path, spec, required=())
    writer.join()
    writer = threading.Thread(target=path.write_text, args=(row * 2000,))
    writer.start()
    assert read_available(path, spec.replace(columns={"upos": "UPOS"}), required=()).corpus.stats().tokens == 2000
    writer.join()
