"""What a file has beside the tasks that are read from it is carried over or told, whatever its format."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from bilstm_tagger.corpus import Corpus, ReadSpec, read_corpus, save_corpus
from bilstm_tagger.corpus.convert.convert import ConvertOptions, convert_corpus
from bilstm_tagger.corpus.convert.tasks import find_columns
from bilstm_tagger.corpus.formats import FORMATS
from bilstm_tagger.document.document import Document

TAGS = {"upos": ["PROPN", "PROPN", "VERB"], "ner": ["B-PER", "I-PER", "O"], "chunk": ["B-NP", "I-NP", "B-VP"]}
WEBANNO = """#FORMAT=WebAnno TSV 3.3
#T_SP=de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity|identifier|value
#T_SP=de.tudarmstadt.ukp.dkpro.core.api.lexmorph.type.pos.POS|PosValue|coarseValue
#T_SP=webanno.custom.Mood|tone
#T_RL=de.tudarmstadt.ukp.dkpro.core.api.syntax.type.dependency.Dependency|DependencyType|BT_x.POS

#Text=Ada left
1-1\t0-3\tAda\t_\tPER\tNNP\t*\tglad[1]|calm[2]\tnsubj\t1-2
1-2\t4-8\tleft\t_\t_\tVBD\t*\tglad[1]|calm[2]\t_\t_
"""
NAMES = {"webanno": "a.tsv", "spacy": "a.spacy", "parquet": "a.parquet", "arrow": "a.arrow", "xlsx": "a.xlsx",
         "token-csv": "a.csv", "sentence-csv": "a.csv", "sentence-xlsx": "a.xlsx", "csv": "a.csv", "jsonl": "a.jsonl",
         "conllu": "a.conllu", "conll": "a.conll", "word/tag": "a.pos", "brat": "a"}  # fmt: skip


def corpus() -> Corpus:
    whole = Corpus([Document(["Ada", "Lovel", "left"], [0, 3], tags=dict(TAGS), id="one")])
    for task in TAGS:
        whole = whole.settle(task)
    return whole


def test_every_format_is_tried() -> None:
    assert FORMATS.keys() - {"conllup"} == NAMES.keys()


@pytest.mark.parametrize("format", sorted(NAMES.keys() - {"brat", "word/tag"}))
def test_no_task_is_lost_without_a_word(format: str, tmp_path: Path) -> None:
    """Without `--column` each task is there after the way back, under some name, or is told."""
    save_corpus(corpus(), tmp_path / NAMES[format], format=format)
    back = convert_corpus(tmp_path / NAMES[format], tmp_path / "back.jsonl")
    returned = read_corpus(tmp_path / "back.jsonl", {task: task for task in back.columns})
    carried = [returned[0].tags_of(task) for task in back.columns]
    told = " ".join(back.losses)
    for number, (task, tags) in enumerate(TAGS.items(), 2):
        if tags not in carried:
            assert re.search(rf"\b({task}|{number})\b.*--column TASK=({task}|{number})\b", told), task


@pytest.mark.parametrize("format", sorted(NAMES.keys() - {"brat", "word/tag", "conll", "conllu"}))
def test_naming_one_task_tells_of_the_others(format: str, tmp_path: Path) -> None:
    save_corpus(corpus(), tmp_path / NAMES[format], format=format)
    columns = find_columns(tmp_path / NAMES[format])
    name = next(task for task, column in columns.items() if str(column).lower() in ("upos", "pos", "pos.posvalue"))
    options = ConvertOptions(spec=ReadSpec(columns={name: columns[name]}))
    told = " ".join(convert_corpus(tmp_path / NAMES[format], tmp_path / "back.jsonl", options).losses).lower()
    rest = set(map(str, columns.values())) - {str(columns[name])}
    assert rest
    assert all(each.lower() in told for each in rest), told


@pytest.mark.parametrize("format", ["webanno", "spacy"])
def test_names_stay_names_behind_another_task_with_spans(format: str, tmp_path: Path) -> None:
    whole = Corpus([Document(["Ada", "Lovel", "left"], [0, 3], tags={task: TAGS[task] for task in ("chunk", "ner")})])
    for task in ("chunk", "ner"):
        whole = whole.settle(task)
    save_corpus(whole, tmp_path / NAMES[format], format=format)
    column = {"webanno": "NamedEntity", "spacy": "ents"}[format]
    assert read_corpus(tmp_path / NAMES[format], {"t": column})[0].tags_of("t") == TAGS["ner"]


def test_layers_of_webanno(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text(WEBANNO, "utf-8")
    done = convert_corpus(tmp_path / "a.tsv", tmp_path / "b.jsonl")
    assert done.columns == {"ner": "ner", "upos": "upos"}
    (loss,) = done.losses
    no_tags = "which tags cannot hold)"
    assert loss == f"layers: Mood.tone (2, {no_tags}, Dependency.DependencyType (1, {no_tags}"
    dropped = convert_corpus(tmp_path / "a.tsv", tmp_path / "b.jsonl", ConvertOptions(spec=ReadSpec(misaligned="drop")))
    assert dropped.columns == {"ner": "ner", "upos": "upos", "mood": "mood"}
    alone = ConvertOptions(spec=ReadSpec(columns={"tags": -1}))
    (loss,) = convert_corpus(tmp_path / "a.tsv", tmp_path / "b.jsonl", alone).losses
    assert loss.startswith("layers: POS.PosValue (2), Mood.tone")
    assert loss.endswith("to keep what holds tags, name it: --column tags=-1 --column TASK=POS.PosValue")


def test_annotations_of_spacy(tmp_path: Path) -> None:
    import spacy
    from spacy.tokens import Doc, DocBin, Span

    doc = Doc(spacy.blank("en").vocab, words=["Ada", "left"], lemmas=["Ada", "leave"])
    doc.ents = [Span(doc, 0, 1, label="PER")]
    doc.cats = {"LETTER": 1.0}
    DocBin(docs=[doc], store_user_data=True, attrs=["ENT_IOB", "ENT_TYPE", "LEMMA"]).to_disk(tmp_path / "a.spacy")
    (loss,) = convert_corpus(tmp_path / "a.spacy", tmp_path / "b.jsonl").losses
    assert loss == (
        "annotations of spaCy: lemma (2), cats (1, which tags cannot hold); to keep what holds tags, "
        "name it: --column ner=ents --column TASK=lemma"
    )


def test_columns_of_ontonotes(tmp_path: Path) -> None:
    rows = "a 0 0 Ada NNP (TOP* - - - Ann (PERSON) * (3)\na 0 1 left VBD *) leave 01 1 Ann * (V*) -\n"
    (tmp_path / "a.conll").write_text(f"#begin document (a); part 000\n{rows}\n#end document\n", "utf-8")
    (loss,) = convert_corpus(tmp_path / "a.conll", tmp_path / "b.jsonl").losses
    assert loss.startswith("columns: pos, parse, lemma, frameset, sense, speaker, arguments, coreference; ")
    named = ConvertOptions(spec=ReadSpec(columns={"ner": "ner", "pos": "pos"}))
    (loss,) = convert_corpus(tmp_path / "a.conll", tmp_path / "b.jsonl", named).losses
    assert loss.startswith("columns: parse, ")


def test_columns_of_a_data_set(tmp_path: Path) -> None:
    import datasets

    rows = {"tokens": [["Ada", "left"]], "ner_tags": [["B-PER", "O"]], "pos_tags": [["PROPN", "VERB"]]}
    datasets.Dataset.from_dict(rows).save_to_disk(tmp_path / "saved")
    options = ConvertOptions(spec=ReadSpec(columns={"ner": "ner_tags"}))
    (loss,) = convert_corpus(tmp_path / "saved", tmp_path / "b.jsonl", options).losses
    assert loss.startswith("columns of the data set: pos_tags; ")


@pytest.mark.parametrize("layout", ["array", "several lines", "cp1252"])
def test_keys_of_records_in_every_layout(layout: str, tmp_path: Path) -> None:
    """The first record is found in an array, over several lines and in another encoding too."""
    record = {"tokens": ["Ada"], "tags": ["O"], "source": "letter" if layout != "cp1252" else "caf\u00e9"}
    text = json.dumps(record, indent=1 if layout == "several lines" else None, ensure_ascii=False)
    path = tmp_path / "a.json"
    path.write_bytes((f"[{text}]" if layout == "array" else text).encode("cp1252"))
    spec = ReadSpec(encoding="cp1252" if layout == "cp1252" else None)
    done = convert_corpus(path, tmp_path / "b.jsonl", ConvertOptions(spec=spec))
    assert done.losses == ("further keys of the records: source",)


def test_tables_of_others_keep_the_usual_column(tmp_path: Path) -> None:
    """Columns that are no lists are no tasks, though the table begins as ours do."""
    text = 'id,text,tokens,tags,source\n1,Ada left,"[""Ada"", ""left""]","[""B-PER"", ""O""]",letter\n'
    (tmp_path / "a.csv").write_text(text, "utf-8")
    assert find_columns(tmp_path / "a.csv") == {"tags": -1}


@pytest.mark.parametrize("format", ["jsonl", "csv", "parquet"])
def test_keys_that_may_hold_tags_are_named_at_once(format: str, tmp_path: Path) -> None:
    """With the flags of the message nothing is left out but what holds no tags; what was read is not told."""
    rows = {"tokens": ["Ada", "left"], "pos_tags": ["X", "Y"], "ner_tags": ["B-PER", "O"], "chunk": ["B-A", "B-B"]}
    path = tmp_path / f"a.{format}"
    if format == "jsonl":
        path.write_text(json.dumps(rows | {"source": "letter", "heads": ["1"]}), "utf-8")
    elif format == "csv":
        cells = ",".join('"{}"'.format(json.dumps(cell).replace('"', '""')) for cell in rows.values())
        path.write_text(f"{','.join(rows)},source\n{cells},letter\n", "utf-8")
    else:
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.Table.from_pylist([rows | {"source": "letter"}]), path)
    losses = convert_corpus(path, tmp_path / "b.jsonl").losses
    (loss,) = [each for each in losses if "further keys" in each]
    assert "ner_tags" not in loss
    flags = re.findall(r"--column (\w+)=(\S+)", loss)
    assert flags == [("tags", "-1"), ("TASK", "pos_tags"), ("TASK", "chunk")]
    columns = {"tags": -1, "pos": "pos_tags", "chunk": "chunk"}
    losses = convert_corpus(path, tmp_path / "b.jsonl", ConvertOptions(spec=ReadSpec(columns=columns))).losses
    assert "--column" not in " ".join(losses)
    assert read_corpus(tmp_path / "b.jsonl", {"pos": "pos"})[0].tags_of("pos") == ["X", "Y"]


def test_an_object_of_tags_has_its_tasks_without_offsets_too(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"tokens": ["Ada", "left"], "tags": {"pos": ["PROPN", "VERB"], "ner": ["B-PER", "O"]}}\n', "utf-8")
    assert find_columns(path) == {"pos": "pos", "ner": "ner"}
    assert convert_corpus(path, tmp_path / "b.jsonl", ConvertOptions(spec=ReadSpec())).losses == ()


def test_the_only_task_of_an_object_of_tags_is_not_told_as_lost(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"tokens": ["Ada", "left"], "tags": {"pos": ["PROPN", "VERB"]}}\n', "utf-8")
    done = convert_corpus(path, tmp_path / "b.jsonl", ConvertOptions(spec=ReadSpec(columns={"tags": -1})))
    assert (done.losses, list(done.schemes)) == ((), ["tags"])


def test_a_column_without_a_name_is_told(tmp_path: Path) -> None:
    """It is the index of a data frame."""
    path = tmp_path / "a.csv"
    path.write_text(""",tokens,ner_tags\n0,"['Ada', 'left']","['B-PER', 'O']"\n""", "utf-8")
    done = convert_corpus(path, tmp_path / "b.jsonl", ConvertOptions(spec=ReadSpec()))
    assert done.losses == ("further keys of the records: one without a name",)


@pytest.mark.parametrize("index", [",", ",,"])
def test_columns_without_a_name_beside_rows_of_tokens_are_told(index: str, tmp_path: Path) -> None:
    """A frame with two levels of index has two."""
    path = tmp_path / "a.csv"
    numbers = "".join(f"{n}," for n in range(len(index)))
    path.write_text(f"{index}token,tag,s\n{numbers}Ada,B-PER,1\n{numbers}left,O,1\n{numbers}Bob,B-PER,2\n", "utf-8")
    spec = ReadSpec(columns={"ner": "tag"}, sentence_column="s")
    done = convert_corpus(path, tmp_path / "b.conll", ConvertOptions(spec=spec))
    assert done.losses == ("columns: one without a name",)
    assert (tmp_path / "b.conll").read_text("utf-8") == "Ada\tB-PER\nleft\tO\n\nBob\tB-PER\n\n"


@pytest.mark.parametrize("target", ["b.jsonl", "b.conll", "b.csv", "b.xlsx"])
def test_a_column_of_tags_that_were_read_otherwise_is_not_told(target: str, tmp_path: Path) -> None:
    """Cells for "not annotated" are not the tags that were read; the column itself is not lost."""
    path = tmp_path / "a.csv"
    rows = "d1,1,Ada,B-PER,x\nd1,1,in,-,x\nd1,1,York,_,x\nd1,2,The,O,x\n"
    for further, kept in (("MISC", True), ("", False)):
        lines = f"doc_id,Sentence #,Word,Tag,{further}\n{rows}".splitlines()
        path.write_text("\n".join(lines if kept else [line.rpartition(",")[0] for line in lines]), "utf-8")
        done = convert_corpus(path, tmp_path / target)
        told = [each for each in done.losses if each.startswith("columns")]
        wanted = "columns: MISC; to keep what holds tags, name it: --column tags=-1 --column TASK=MISC"
        assert told == ([wanted] if kept else [])
        (document,) = read_corpus(tmp_path / target, {"tags": -1 if target == "b.conll" else "tags"})
        assert document.tags_of("tags") == ["B-PER", "_", "_", "O"]


OF_TOKENS = {
    "GLiNER": {"tokenized_text": ["Ada", "left"], "ner": [[0, 0, "PER"]]},
    "DyGIE": {"doc_key": "d1", "sentences": [["Ada", "left"]], "ner": [[[0, 0, "PER"]]]},
    "SpERT": {"tokens": ["Ada", "left"], "entities": [{"type": "PER", "start": 0, "end": 1}], "orig_id": 7},
}


@pytest.mark.parametrize("name", OF_TOKENS)
@pytest.mark.parametrize("layout", ["lines", "array"])
@pytest.mark.parametrize("further", [{}, {"relations": [["x"]], "source": "news"}])
def test_keys_that_were_read_are_not_told_as_lost(
    name: str, layout: str, further: dict[str, object], tmp_path: Path
) -> None:
    record = OF_TOKENS[name] | further
    (tmp_path / "a.json").write_text(json.dumps(record if layout == "lines" else [record]))
    done = convert_corpus(tmp_path / "a.json", tmp_path / "b.jsonl")
    assert list(done.losses) == ([f"further keys of the records: {', '.join(further)}"] if further else [])
    (document,) = read_corpus(tmp_path / "b.jsonl")
    assert document.id == {"GLiNER": None, "DyGIE": "d1", "SpERT": "7"}[name]
