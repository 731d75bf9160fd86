"""Output of earlier runs that lies among the input, and files that have several names."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command_line import run
from rule_tagger import RuleTagger
from tagged import below, records, to_stream

from bilstm_tagger.errors import CorpusError
from bilstm_tagger.files import FilesReport, Shard, tag_files
from bilstm_tagger.files.earlier_output import MARK
from bilstm_tagger.files.formats import OUTPUT_FORMATS
from bilstm_tagger.files.resume import Run

FORMATS = ("jsonl", "conll", "html", "text", "csv", "entities")


@pytest.fixture
def tagger() -> RuleTagger:
    return RuleTagger()


@pytest.fixture
def letters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two files, in the current one."""
    folder = tmp_path / "letters"
    (folder / "sub").mkdir(parents=True)
    for name in ("a.txt", "sub/b.md"):
        (folder / name).write_text("Ada ran.")
    monkeypatch.chdir(tmp_path)
    return Path("letters")


def found(tagger: RuleTagger, inputs: list[Any]) -> FilesReport:
    return tag_files(tagger, inputs, stream=io.StringIO())


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    ("place", "as_given"),
    [
        *(
            (place, given)
            for place in ("letters/tagged", "letters", ".")
            for given in ("relative", "absolute", "files")
        ),
        *((place, "dot") for place in ("letters/tagged", ".")),
    ],
)
def test_output_of_an_earlier_run_is_left_out_and_named(
    tagger: RuleTagger, letters: Path, format: str, place: str, as_given: str
) -> None:
    inputs: dict[str, list[Any]] = {
        "relative": [letters], "absolute": [letters.resolve()], "dot": [Path()],
        "files": [(letters / name).resolve() for name in ("a.txt", "sub/b.md")],
    }  # fmt: skip
    assert tag_files(tagger, inputs[as_given], output=place, format=format).files == 2
    report = found(tagger, [Path()])
    assert (report.found, report.files, len(report.output), report.suspected) == (2, 2, 2, [])
    suffix = OUTPUT_FORMATS[format].suffix
    assert all(name.endswith(suffix) for name in report.output)
    named = [Path(name) for name in report.output]
    assert found(tagger, [*named]).found == 2  # what is named is tagged


def test_output_without_the_mark_is_tagged_and_told(tagger: RuleTagger, letters: Path) -> None:
    tag_files(tagger, [letters], output=letters / "tagged")
    (letters / "tagged" / MARK).unlink()
    report = found(tagger, [letters])
    assert (report.found, report.output) == (4, [])
    assert report.suspected == ["letters/tagged/letters/a.txt.jsonl", "letters/tagged/letters/sub/b.md.jsonl"]


def test_files_of_ones_own_beside_output_are_tagged(tagger: RuleTagger, letters: Path) -> None:
    """A record beside a text, or output of what is not tagged now, is no second copy of anything."""
    tag_files(tagger, [letters], output=letters / "tagged")
    (letters / "tagged" / "other.jsonl").write_text('{"text": "Bob ran."}')
    (letters / "tagged" / "other.txt.jsonl").write_text('{"text": "Bob ran."}')
    report = found(tagger, [letters])
    assert (report.found, len(report.output), report.suspected) == (4, 2, [])
    report = found(tagger, [letters / "tagged"])
    assert (report.found, report.output, report.suspected) == (4, [], [])


def test_output_of_shares_is_left_out(tagger: RuleTagger, letters: Path) -> None:
    for place in (1, 2):
        tag_files(tagger, [letters / "a.txt"], output="letters/tagged", shard=Shard(place, 2), identity="rules")
    report = found(tagger, [letters])
    outputs = [f"letters/tagged/letters/a.txt.{place}-of-2.jsonl" for place in (1, 2)]
    assert sorted(report.output) == [*outputs, *(f"letters/tagged/shard-{place}-of-2.json" for place in (1, 2))]


def test_records_of_shares_are_left_out(tagger: RuleTagger, letters: Path) -> None:
    for number in (1, 2):
        tag_files(tagger, [letters], output="out", identity="rules", shard=Shard(number, 2))
    assert Path("out", "shard-1-of-2.json").is_file()
    report = found(tagger, ["."])
    assert (report.files, report.failures) == (2, [])
    assert sum(name.endswith("-of-2.json") for name in report.output) == 2
    # One of somebody else is a file like others.
    Path("out", "shard-3-of-9.json").write_text('{"text": "Ada ran."}')
    assert found(tagger, ["."]).files == 3


def test_output_of_a_killed_run_is_left_out(tagger: RuleTagger, letters: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where it was killed behind its last file, and nothing is left to do."""

    def killed(run: Run) -> None:
        raise KeyboardInterrupt

    asked: dict[str, Any] = {"output": "letters/tagged", "identity": "rules"}
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(Run, "end", killed)
        tag_files(tagger, [letters], **asked)
    assert len(found(tagger, [letters]).output) == 2
    before = (letters / "tagged" / MARK).read_bytes()
    assert tag_files(tagger, [letters], resume=True, **asked).finished == 2
    assert [path.name for path in (letters / "tagged").glob(".*")] == [MARK]
    assert (letters / "tagged" / MARK).read_bytes() == before  # names each once


def test_only_what_a_run_wrote_is_left_out(tagger: RuleTagger, letters: Path) -> None:
    """Not files of one's own below the same folder, which another run could have written."""
    for folder in (letters, Path("other")):
        folder.mkdir(exist_ok=True)
        (folder / "c d\u00e9.txt").write_text("Bob ran.")
    tag_files(tagger, [letters], output=".")
    for own in ("other/c d\u00e9.txt.jsonl", "letters/sub/c.txt.jsonl", "letters/sub/c.txt"):
        Path(own).write_text('{"text": "Bob ran."}')
    report = found(tagger, [Path("other")])
    assert (report.found, report.output, report.suspected) == (2, [], ["other/c d\u00e9.txt.jsonl"])
    tag_files(tagger, [letters / "a.txt"], output=".", format="conll")  # adds to what the mark names
    report = found(tagger, [Path()])
    assert report.suspected == ["letters/sub/c.txt.jsonl", "other/c d\u00e9.txt.jsonl"]
    assert [Path(each).name for each in report.output] == [
        "a.txt.conll", "a.txt.jsonl", "c d\u00e9.txt.jsonl", "b.md.jsonl",
    ]  # fmt: skip


def test_a_mark_that_cannot_be_read_whole_tells_what_it_names(tagger: RuleTagger, letters: Path) -> None:
    tag_files(tagger, [letters], output="letters/tagged")
    mark = letters / "tagged" / MARK
    mark.write_bytes(mark.read_bytes()[:-5] + b"\xff\n[[\n")
    report = found(tagger, [letters])
    assert (len(report.output), len(report.suspected)) == (1, 1)


def test_the_output_folder_and_the_output_file_are_told(tagger: RuleTagger, letters: Path) -> None:
    for force in (False, True):
        report = tag_files(tagger, [letters], output=letters / "tagged", force=force)
        assert report.output == ([f"letters/tagged{os.sep}"] if force else [])
    shutil.rmtree(letters / "tagged")
    names = letters / "names.jsonl"
    names.write_text('{"text": "Ada"}')
    report = tag_files(tagger, [letters], stream=io.StringIO(), exclude=names)
    assert (report.found, report.output) == (2, [str(names)])


def test_a_link_to_a_file_that_is_tagged_is_left_out_and_named(tagger: RuleTagger, letters: Path) -> None:
    (letters / "0link.txt").symlink_to("a.txt")
    (letters / "far.txt").symlink_to(Path("elsewhere.txt").resolve())
    Path("elsewhere.txt").write_text("Bob ran.")
    for inputs in ([letters], [letters / "0link.txt", letters], [letters / "a.txt", letters / "0link.txt", letters]):
        output, report = to_stream(tagger, inputs)
        assert sorted({record["id"] for record in records(output)}) == [
            "letters/a.txt", "letters/far.txt", "letters/sub/b.md",
        ]  # fmt: skip
        assert set(report.left_out) == {"letters/0link.txt: a link to letters/a.txt"}
    tag_files(tagger, [letters], output="out")
    assert below(Path("out")) == ["letters/a.txt.jsonl", "letters/far.txt.jsonl", "letters/sub/b.md.jsonl"]


@pytest.fixture
def unreadable(letters: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder below another that nobody may list, as root may any."""
    folder, scandir = letters / "closed", os.scandir
    folder.mkdir()
    (folder / "c.txt").write_text("Bob ran.")

    def refusing(path: Any = ".") -> Any:
        if Path(path) == folder:
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refusing)
    yield folder
    monkeypatch.undo()


def test_a_folder_that_cannot_be_read_fails_alone(tagger: RuleTagger, unreadable: Path) -> None:
    report = found(tagger, [unreadable.parent])
    assert (report.found, report.files, report.unread_folders) == (2, 2, 1)
    message = "letters/closed: the folder cannot be read: Permission denied"
    assert list(map(str, report.failures)) == [message]
    assert found(tagger, [unreadable, unreadable.parent / "a.txt"]).files == 1
    with pytest.raises(CorpusError, match=message):
        found(tagger, [unreadable])


def test_the_command_fails_for_a_folder_that_cannot_be_read(unreadable: Path, model_folder: Path) -> None:
    result = run("entities", unreadable.parent, "--model", model_folder)
    assert result.exit_code == 1
    assert "error: letters/closed: the folder cannot be read: Permission denied" in result.stderr
    assert "tagged 2 of 2 files, 1 folder not read: " in result.stderr


def test_files_of_one_name_are_told_apart(tagger: RuleTagger, tmp_path: Path) -> None:
    for folder in ("q", "r"):
        (tmp_path / folder / "data").mkdir(parents=True)
        (tmp_path / folder / "data" / "a.txt").write_text("Ada ran.")
    folders = [tmp_path / folder / "data" for folder in ("q", "r")]
    files = [folder / "a.txt" for folder in folders]
    for inputs in (folders, files):
        stream = io.StringIO()
        tag_files(tagger, inputs, stream=stream, format="entities")
        assert [record["file"] for record in records(stream.getvalue())] == list(map(str, files))
        stream = io.StringIO()
        tag_files(tagger, inputs, stream=stream, format="tsv-counts")
        assert stream.getvalue().splitlines()[1].split("\t")[-2:] == ["2", "2"]
    (folders[0] / "b.txt").write_text("Ada ran.")
    stream = io.StringIO()
    tag_files(tagger, folders, stream=stream, format="entities")  # data/b.txt would tell neither folder
    assert [record["file"] for record in records(stream.getvalue())] == [
        str(path) for path in (folders[0] / "a.txt", folders[0] / "b.txt", folders[1] / "a.txt")
    ]
    stream = io.StringIO()
    tag_files(tagger, files[:1], stream=stream, format="entities")
    assert [record["file"] for record in records(stream.getvalue())] == ["a.txt"]


def test_notes_on_output_among_the_input(letters: Path, model_folder: Path) -> None:
    assert run("predict", letters, "--output", "letters/tagged", "--model", model_folder).exit_code == 0
    counts = ("entities", letters, "--count", "--format", "tsv", "--model", model_folder)
    result = run(*counts)
    assert (
        "note: output of this or an earlier run, left out: letters/tagged/letters/a.txt.jsonl; "
        "letters/tagged/letters/sub/b.md.jsonl; to tag it too, name its files\n" in result.stderr
    )
    before = result.stdout
    (letters / "tagged" / MARK).unlink()
    assert (
        "note: 2 files have the names that the output of other input files would have; their names"
        in run(*counts).stderr
    )
    shutil.rmtree(letters / "tagged")
    assert run(*counts).stdout == before
