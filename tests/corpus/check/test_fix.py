"""Files that `check --fix` writes: what was wrong is mended and listed, everything else is as it was."""

from __future__ import annotations

import json
import re
from pathlib import Path

import openpyxl
import pytest
from command_line import run
from typer.testing import CliRunner

from bilstm_tagger.cli import app
from bilstm_tagger.corpus.check.check import check_corpus
from bilstm_tagger.corpus.check.fix import fix_corpus
from bilstm_tagger.corpus.convert.tasks import find_columns
from bilstm_tagger.corpus.reading import read_corpus
from bilstm_tagger.errors import ConfigError
from bilstm_tagger.settings.read_spec import ReadSpec

BROKEN = """# one
Anna\tX\tB_PER
Berg\tX\tI_PER

Oslo\tX\tB_LOC
# two
is\tX\tO
far\tX\tI_PER

Oslo\tX\tB_LOC
is\tX\tO
far\tX\tI_PER

 He\tX\tO
"""
NESTED = """#FORMAT=WebAnno TSV 3.3
#T_SP=de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity|identifier|value
#T_SP=de.tudarmstadt.ukp.dkpro.core.api.lexmorph.type.pos.POS|PosValue

#Text=Old Leeds won
1-1\t0-3\tOld\t_\t_\tADJ\t
1-2\t4-9\tLeeds\t*[1]|*[2]\tORG[1]|LOC[2]\tPROPN\t
1-3\t10-13\twon\t*[1]\tORG[1]\tVERB\t
"""
MENDED = """# one
Anna\tX\tB-PER
Berg\tX\tI-PER

Oslo\tX\tB-LOC
# two
is\tX\tO
far\tX\tB-PER

He\tX\tO

"""


def put(folder: Path, content: str, name: str = "a.conll") -> Path:
    path = folder / name
    path.write_text(content, "utf-8")
    return path


def test_a_corrected_file_with_each_change(tmp_path: Path) -> None:
    path, target = put(tmp_path, BROKEN), tmp_path / "b.conll"
    done = fix_corpus(path, target, ReadSpec(comments="#"))
    assert target.read_text() == MENDED
    told = "\n".join(done.changes)
    assert f"tags: 6 tags spelled as meant, the first at {path}:2: " in told
    assert "'B_LOC' is 'B-LOC' (2)" in told
    assert "made legal" in told
    assert f"1 word without the blanks around, the first at {path}:14" in told
    assert f"1 sentence left out that occurs before, the first at {path}:10" in told
    assert not done.left
    assert check_corpus([target], None).ok is False  # the comments are tokens unless it is said
    again = fix_corpus(target, tmp_path / "c.conll", ReadSpec(comments="#"))
    assert (again.changes, (tmp_path / "c.conll").read_text()) == ([], MENDED)


def test_labels_are_spelled_as_most_are(tmp_path: Path) -> None:
    path = put(tmp_path, "a B-Ort\n\nb B-Ort\n\nc B-ort\nd I-ort\n\n")
    done = fix_corpus(path, tmp_path / "b.conll")
    assert (tmp_path / "b.conll").read_text() == "a B-Ort\n\nb B-Ort\n\nc B-Ort\nd I-Ort\n\n"
    assert done.changes == ["tags: label 'ort' (1 span) is 'Ort'"]


@pytest.mark.parametrize("names", [("per", "PER"), ("PER", "per"), ("Per", "PER"), ("person", "Person")])
def test_of_equally_many_spellings_that_in_capitals_is_chosen(tmp_path: Path, names: tuple[str, str]) -> None:
    usual = min(names)  # capitals come before small letters
    path = put(tmp_path, "".join(f"{name}s B-{name}\n\n" for name in names))
    fix_corpus(path, tmp_path / "b.conll")
    assert set(read_corpus(tmp_path / "b.conll")[0].tags_of("tags")) == {f"B-{usual}"}
    assert f"--map '{max(names)}={usual}'" in str(check_corpus([path]).findings)


def test_spellings_are_counted_in_the_sentences_that_stay(tmp_path: Path) -> None:
    path = put(tmp_path, "a B-ort\n\n" * 3 + "b B-Ort\n\nc B-Ort\n\n")
    done = fix_corpus(path, tmp_path / "b.conll")
    assert done.changes[0] == "tags: label 'ort' (3 spans) is 'Ort'"
    assert (tmp_path / "b.conll").read_text() == "a B-Ort\n\nb B-Ort\n\nc B-Ort\n\n"


def test_records_that_occur_again_are_left_out(tmp_path: Path) -> None:
    record = '{"text": "Anna slept", "label": [[0, 4, "PER"]]}\n'
    done = fix_corpus(put(tmp_path, record * 3, "a.jsonl"), tmp_path / "b.jsonl")
    assert len((tmp_path / "b.jsonl").read_text().splitlines()) == 1
    assert "2 sentences left out" in done.changes[0]


def test_sentences_inside_a_text_stay(tmp_path: Path) -> None:
    row = "1\t{}\t_\tX\t_\t_\t0\troot\t_\t_\n\n"
    content = "# newdoc\n" + row.format("a") + row.format("a")
    done = fix_corpus(put(tmp_path, content, "a.conllu"), tmp_path / "b.conllu")
    assert (tmp_path / "b.conllu").read_text() == content
    assert done.left == ["1 sentence that occurs before, inside longer texts"]


@pytest.mark.parametrize("name", ["b.jsonl", "b.conll", "b.parquet", "b.spacy"])
def test_other_tasks_are_kept_as_they_are(tmp_path: Path, name: str) -> None:
    tags = {
        "ner": ["B_PER", "O", "O"],
        "chunk": ["B-NP", "B-VP", "O"],
        "upos": ["PROPN", "VERB", "PUNCT"],
        "stray": ["B-X", "X", "O"],
    }
    path = put(tmp_path, json.dumps({"tokens": ["Ada", "left", "."], "tags": tags}) + "\n", "a.jsonl")
    spec = ReadSpec(columns={"ner": "ner"}, labels={"PER": "P", "NP": "N"})
    done = fix_corpus(path, tmp_path / name, spec)
    places: dict[str, int | str] = {task: task for task in tags if task != "stray"}
    if name == "b.conll":
        places = {"ner": 2, "chunk": 3, "upos": 4}
    elif name == "b.spacy":
        places |= {"ner": "ents", "upos": "pos"}
    written = read_corpus(tmp_path / name, places)[0]
    assert [written.tags_of(task) for task in places] == [["B-P", "O", "O"], tags["chunk"], tags["upos"]]
    assert any(loss.startswith("tags of the records: stray; to keep what holds tags") for loss in done.losses)


def test_layers_that_cannot_be_kept_are_told(tmp_path: Path) -> None:
    path = put(tmp_path, NESTED, "a.tsv")
    for columns in (None, {"upos": "POS"}):
        target = tmp_path / f"{columns is None}.jsonl"
        done = fix_corpus(path, target, ReadSpec(columns=columns))
        assert done.losses == ["layers: NamedEntity.value (2, which tags cannot hold)"]
    arguments = ["check", str(path), "--column", "upos=POS", "--fix", str(tmp_path / "c.jsonl")]
    assert "not kept: layers: NamedEntity.value (2" in CliRunner().invoke(app, arguments).output
    fix_corpus(path, tmp_path / "d.jsonl", ReadSpec(columns={"upos": "POS"}, misaligned="snap"))
    assert read_corpus(tmp_path / "d.jsonl", {"ner": "ner"})[0].tags_of("ner") == ["O", "B-ORG", "I-ORG"]


def test_keys_of_misc_with_near_misses(tmp_path: Path) -> None:
    row = "{}\ta\t_\tX\t_\t_\t0\troot\t_\tNER={}\n"
    content = "".join(row.format(number, tag) for number, tag in enumerate(["{}_PER", "{}_PER", "O"], 1)) + "\n"
    path = put(tmp_path, content.format("B", "I"), "a.conllu")
    fix_corpus(path, tmp_path / "b.conllu")
    assert re.findall("NER=(.*)", (tmp_path / "b.conllu").read_text()) == ["B-PER", "I-PER", "O"]


def test_the_command(tmp_path: Path) -> None:
    path, target = put(tmp_path, BROKEN), tmp_path / "b.conll"
    arguments = ["check", str(path), "--comments", "#", "--fix"]
    result = CliRunner().invoke(app, [*arguments, str(target)])
    assert (target.read_text(), "changed: tags: 6 tags" in result.output) == (MENDED, True)
    assert CliRunner().invoke(app, [*arguments, str(target), str(path)]).exit_code == 2
    with pytest.raises(ConfigError, match=r"b\.conll: already exists; name another file for --fix$"):
        fix_corpus(path, target)


@pytest.mark.parametrize("column", [3, "NER", -2])
def test_a_column_that_is_mended_is_not_kept_as_it_was_too(column: int | str, tmp_path: Path) -> None:
    source, target = tmp_path / "a.csv", tmp_path / "b.csv"
    rows = ["Ada,B-PER,X", "ran,O,Y", "", "Eve,B-Per,X", "sat,O,Y", "", "Ada,B-PER,X", "sat,O,Y"]
    numbered = [f"{1 + rows[:at].count('')},{row}" for at, row in enumerate(rows) if row]
    source.write_text("\n".join(["sentence_id,word,ner,upos", *numbered]) + "\n")
    fix_corpus(source, target, ReadSpec(columns={"names": column}))
    assert target.read_text() == source.read_text().replace("B-Per", "B-PER")


def test_the_first_sentence_that_is_left_out_is_named_not_one_that_stays(tmp_path: Path) -> None:
    source = tmp_path / "a.jsonl"
    twice = {"text": "a b\na b", "tokens": ["a", "b", "a", "b"], "sentences": [[0, 2], [2, 4]], "ner": ["O"] * 4}
    once = {"text": "a b", "tokens": ["a", "b"], "ner": ["O", "O"]}
    source.write_text("".join(json.dumps(record) + "\n" for record in (twice, once)))
    done = fix_corpus(source, tmp_path / "b.jsonl", ReadSpec(columns={"ner": "ner"}))
    assert [change for change in done.changes if "left out" in change] == [
        f"1 sentence left out that occurs before, the first at {source}:2"
    ]


def test_a_table_of_tokens_stays_one(tmp_path: Path) -> None:
    source, target = tmp_path / "a.csv", tmp_path / "b.csv"
    source.write_text("doc_id,sentence_id,word,ner\nx,1,Ada,B-PER\nx,1,ran,O\ny,2,Eve,B-Per\ny,3,Bob,B-PER\n")
    fix_corpus(source, target)
    assert target.read_text() == source.read_text().replace("B-Per", "B-PER")


@pytest.mark.parametrize(
    "rows",
    [
        "Sentence #,Word,Lemma,NER\nNo. 1,Ada,ada,B-PER\n,ran,run,O\nNo. 2,Eve,,B-Per\nNo. 3,Bo,bo,B-PER\n",
        "file,token,note,tag\nx,Ada,a,B-PER\nx,ran,b,O\n,,,\nx,Eve,c,B-Per\ny,Bo,,B-PER\n",
        "token,note,tag\nAda,a,B-PER\nran,b,O\n,,\nEve,c,B-Per\n,,\nBo,,B-PER\n",
    ],
)
@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_the_columns_of_a_table_of_tokens_stay(rows: str, suffix: str, tmp_path: Path) -> None:
    source, target = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"

    def cells(path: Path) -> list[list[str]]:
        if suffix == ".csv":
            return [line.split(",") for line in path.read_text("utf-8").splitlines()]
        return [[cell or "" for cell in row] for row in openpyxl.load_workbook(path).active.values]

    given = [line.split(",") for line in rows.splitlines()]
    if suffix == ".csv":
        source.write_text(rows, "utf-8")
    else:
        book = openpyxl.Workbook()
        for row in given:
            book.active.append([cell or None for cell in row])
        book.save(source)
    done = fix_corpus(source, target)
    assert cells(target) == [[cell.replace("B-Per", "B-PER") for cell in row] for row in given]
    assert done.losses == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("mark", [",", ";", "\t", "^"])
@pytest.mark.parametrize("said", [False, True])
def test_a_table_of_tokens_is_written_as_it_was(encoding: str, mark: str, said: bool, tmp_path: Path) -> None:
    rows = [
        ["no", "word", "ner", "note"],
        ["1", "Müller", "B-PER", "a"],
        ["1", "ran", "O", ""],
        ["2", "Köln", "B-LOC", ""],
    ]
    begin = f"sep={mark}\r\n" if said else ""
    text = begin + "".join(mark.join(row) + "\r\n" for row in rows)
    (tmp_path / "a.csv").write_bytes(text.encode(encoding))
    odd = ["--delimiter", mark] if mark == "^" else []
    odd += ["--encoding", encoding] if encoding == "cp1252" else []
    done = run("check", tmp_path / "a.csv", "--fix", tmp_path / "b.csv", "--sentence-column", "no", *odd)
    assert done.exit_code == 0, done.stderr
    expected = text if encoding == "utf-8" else "\ufeff" + text
    assert (tmp_path / "b.csv").read_bytes().decode() == expected
    assert "not kept" not in done.output


def test_sentences_that_are_left_out_leave_the_other_rows_of_a_table(tmp_path: Path) -> None:
    source, target = tmp_path / "a.csv", tmp_path / "b.csv"
    source.write_text("Sentence #,Word,NER,n\n1,Ada,B-PER,a\n2,ran,O,b\n3,Ada,B-PER,c\n4,Bo,B-PER,d\n")
    fix_corpus(source, target)
    assert target.read_text() == "Sentence #,Word,NER,n\n1,Ada,B-PER,a\n2,ran,O,b\n4,Bo,B-PER,d\n"


def test_webanno_stays_webanno(tmp_path: Path) -> None:
    source, target = tmp_path / "a.tsv", tmp_path / "b.tsv"
    layer = "#T_SP=de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity|value"
    rows = "1-1\t0-3\tAda\tPER\t\n1-2\t4-7\tran\t_\t\n"
    again = "2-1\t8-11\tEve\tPer\t\n\n#Text=Bob\n3-1\t12-15\tBob\tPER\t\n"
    source.write_text(f"#FORMAT=WebAnno TSV 3.3\n{layer}\n\n\n#Text=Ada ran\n{rows}\n#Text=Eve\n{again}")
    done = fix_corpus(source, target)
    assert any("'Per'" in change for change in done.changes)
    assert target.read_text().startswith("#FORMAT=WebAnno TSV 3")
    (task,) = find_columns(target)
    corpus = read_corpus(target, find_columns(target)).settle(task)
    assert [span.label for document in corpus for span in document.spans_of(task)] == ["PER"] * 3
