"""Files that `check --fix` writes: what was wrong is mended and listed, everything else is as it was."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from bilstm_tagger.cli import app
from bilstm_tagger.corpus.check.check import check_corpus
from bilstm_tagger.corpus.check.fix import fix_corpus
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


def test_the_command(tmp_path: Path) -> None:
    path, target = put(tmp_path, BROKEN), tmp_path / "b.conll"
    arguments = ["check", str(path), "--comments", "#", "--fix"]
    result = CliRunner().invoke(app, [*arguments, str(target)])
    assert (target.read_text(), "changed: tags: 6 tags" in result.output) == (MENDED, True)
    assert CliRunner().invoke(app, [*arguments, str(target), str(path)]).exit_code == 2
    with pytest.raises(ConfigError, match=r"b\.conll: already exists; name another file for --fix$"):
        fix_corpus(path, target)
