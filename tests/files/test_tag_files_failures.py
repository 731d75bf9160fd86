"""What cannot be read, written or tagged is reported, and nothing else is lost."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import pytest
from rule_tagger import RuleTagger
from tagged import below, records, to_stream

from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import ConfigError, CorpusError, TaggerError
from bilstm_tagger.files import OUTPUT_FORMATS, streams, tag_files
from bilstm_tagger.files.formats import OutputFormat, write_jsonl
from bilstm_tagger.files.inputs import Job, read_job
from bilstm_tagger.files.source import Source, Tally
from bilstm_tagger.settings.read_spec import ReadSpec


@pytest.fixture
def tagger() -> RuleTagger:
    return RuleTagger()


def test_a_bad_file_does_not_stop_the_others(tagger: RuleTagger, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.txt").write_text("Ada")
    (folder / "b.txt").write_bytes(b"caf\xe9")
    (folder / "c.conll").write_text("Ada NN\n\n-DOCSTART- O\n\nBob\n")
    (folder / "d.txt").write_text("")
    (folder / "e.txt").write_text("Bob")
    report = tag_files(tagger, [folder], output=tmp_path / "out")
    assert below(tmp_path / "out" / "in") == ["a.txt.jsonl", "d.txt.jsonl", "e.txt.jsonl"]
    assert (report.found, report.files) == (5, 3)
    messages = sorted(map(str, report.failures))
    assert [str(folder / name) in message for name, message in zip(("b.txt", "c.conll:5"), messages, strict=True)]
    assert "0xe9" in messages[0]
    (empty,) = records((tmp_path / "out" / "in" / "d.txt.jsonl").read_text())
    assert (empty["text"], empty["tokens"], empty["sentences"]) == ("", [], [])
    output, report = to_stream(tagger, [folder])
    ids = [record["id"] for record in records(output)]
    assert ids == ["in/a.txt", "in/c.conll:1", "in/d.txt", "in/e.txt"]
    assert (report.files, len(report.failures)) == (3, 2)


@pytest.mark.parametrize("broken", ["c.conll", "c.jsonl"])
def test_sizes_are_those_of_what_is_written(tagger: RuleTagger, tmp_path: Path, broken: str) -> None:
    """A file that breaks in the middle is not written into a folder; on a stream what is before the break stays."""
    contents = {
        "c.conll": "Ada NN\n\n-DOCSTART- O\n\nBob\n",
        "c.jsonl": '{"text": "Ada saw Bob"}\n{"text"\n',
    }
    (tmp_path / broken).write_text(contents[broken])
    (tmp_path / "e.txt").write_text("Eve sat")
    inputs = [tmp_path / broken, tmp_path / "e.txt"]
    report = tag_files(tagger, inputs, output=tmp_path / "out")
    assert (report.files, report.documents, report.sentences, report.tokens) == (1, 1, 1, 2)
    assert "before that" not in str(report.failures[0])
    output, report = to_stream(tagger, inputs)
    found = records(output)
    assert [record["text"].split()[0] for record in found] == ["Ada", "Eve"]
    assert (report.files, report.documents) == (1, 2)
    assert report.tokens == sum(len(record["tokens"]) for record in found)
    assert str(report.failures[0]).endswith("; 1 document before that is tagged")


def test_a_file_that_cannot_be_written_is_reported(tagger: RuleTagger, tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("Ada")
    out = tmp_path / "out"
    (out / "a.txt.jsonl").mkdir(parents=True)
    report = tag_files(tagger, [tmp_path / "a.txt", tmp_path / "b.txt"], output=out, force=True)
    assert [str(error) for error in report.failures] == [f"{out / 'a.txt.jsonl'}: is a folder; name a file in it"]
    assert below(out) == ["b.txt.jsonl"]


def test_faults_of_the_disk_are_reported(tagger: RuleTagger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("a.txt", "b.txt", "c.txt"):
        (tmp_path / name).write_text("Ada")
    inputs = [tmp_path / name for name in ("a.txt", "b.txt", "c.txt")]

    def read(job: Job, spec: ReadSpec, tally: Tally) -> Iterator[Source]:
        if job.name == "a.txt":
            raise OSError(errno.EIO, "Input/output error")
        return read_job(job, spec, tally)

    def write(documents: Iterable[Document], stream: TextIO, **options: Any) -> None:
        for document in documents:
            if document.id == "b.txt":
                raise OSError(errno.ENOSPC, "No space left on device")
            write_jsonl([document], stream, **options)

    monkeypatch.setattr(streams, "read_job", read)
    monkeypatch.setitem(OUTPUT_FORMATS, "jsonl", OutputFormat(write, ".jsonl"))
    report = tag_files(tagger, inputs, output=tmp_path / "out")
    assert [str(error) for error in report.failures] == [
        f"{tmp_path / 'a.txt'}: cannot be read: Input/output error",
        f"{tmp_path / 'out' / 'b.txt.jsonl'}: cannot be written: No space left on device",
    ]
    assert below(tmp_path / "out") == ["c.txt.jsonl"]


KILLED = """
import sys
from bilstm_tagger.files import tag_files
from rule_tagger import RuleTagger

class Halting(RuleTagger):
    def tag(self, document):
        if "halt" in document.words:
            print("halted", flush=True)
            sys.stdin.read()
        return super().tag(document)

tag_files(Halting(ahead=1), [sys.argv[1]], output=sys.argv[2], input_format="lines")
"""


@pytest.mark.skipif(os.name != "posix", reason="sends a signal")
def test_the_next_run_removes_what_a_killed_one_left(tagger: RuleTagger, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Ada\n" * 9)
    (tmp_path / "b.txt").write_text("Bob\nhalt\n")
    out = tmp_path / "out"
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, tmp_path / "b.txt", out], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    ) as process:  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == b"halted\n"
        process.kill()
    (left,) = out.iterdir()
    assert left.name.startswith(".")
    tag_files(tagger, [tmp_path / "a.txt"], output=out)
    assert below(out) == ["a.txt.jsonl"]


class _Losing(RuleTagger):
    def pipe(self, sources: Iterable[Any], **options: int) -> Iterator[Document]:
        return islice(super().pipe(sources, **options), 1, None)


class _Cutting(RuleTagger):
    def tag(self, document: Document) -> Document:
        return super().tag(Document(document.words[1:], [0, len(document) - 1]))


class _Adding(RuleTagger):
    def pipe(self, sources: Iterable[Any], **options: int) -> Iterator[Document]:
        yield from super().pipe(sources, **options)
        yield Document([], [0])


class _Swallowing(RuleTagger):
    def pipe(self, sources: Iterable[Any], **options: int) -> Iterator[Document]:
        tagged = list(super().pipe(sources, **options))
        yield from tagged[:-1]


@pytest.mark.parametrize(("kind", "complete"), [(_Losing, 0), (_Cutting, 0), (_Adding, 8), (_Swallowing, 7)])
def test_lost_documents_and_tokens_are_noticed(kind: type[RuleTagger], complete: int, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for number in range(8):
        (tmp_path / "in" / f"{number}.txt").write_text("Ada wins " * (number + 1))
    with pytest.raises(TaggerError, match="internal error"):
        to_stream(kind(), [tmp_path / "in"])
    with pytest.raises(TaggerError, match="internal error"):
        tag_files(kind(), [tmp_path / "in"], output=tmp_path / "out")
    assert below(tmp_path) == [
        *(f"in/{number}.txt" for number in range(8)),
        *(f"out/in/{number}.txt.jsonl" for number in range(complete)),
    ]


@pytest.mark.parametrize("kind", [_Losing, _Cutting, _Swallowing])
def test_a_tagger_that_fails_inside_a_file_is_no_fault_of_the_file(kind: type[RuleTagger], tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Ada wins\n" * 8)
    with pytest.raises(TaggerError, match="internal error"):
        tag_files(kind(), [tmp_path / "a.txt"], output=tmp_path / "out", input_format="lines")
    assert below(tmp_path) == ["a.txt"]


@pytest.mark.parametrize(
    ("name", "options", "error", "message"),
    [
        ("missing.txt", {}, CorpusError, r"missing\.txt: no such file or folder; check the path$"),
        ("a.jpg", {}, ConfigError, r"a\.jpg: \.jpg is not read .*; run OCR first"),
        (
            "a.jpg",
            {"input_format": "mp3"},
            ConfigError,
            r"^no input format 'mp3'; known: text, lines, words, log, html, .*, conllu, .*, brat$",
        ),
        (
            "a.jpg",
            {"input_format": "text", "format": "xml"},
            ConfigError,
            r"^no output format 'xml'; known: jsonl, conll, conllu, .*, entities$",
        ),
        ("folder", {}, CorpusError, r"folder: no file to tag in this folder among 1 of other kinds"),
    ],
)
def test_what_cannot_begin(
    tagger: RuleTagger,
    tmp_path: Path,
    name: str,
    options: dict[str, str],
    error: type[TaggerError],
    message: str,
) -> None:
    (tmp_path / "folder").mkdir()
    for path in ("a.jpg", "folder/b.jpg"):
        (tmp_path / path).write_text("Ada")
    with pytest.raises(error, match=message):
        tag_files(tagger, [tmp_path / name], output=tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()
