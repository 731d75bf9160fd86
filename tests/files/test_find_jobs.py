"""What is found to tag in folders, and where its output may not go."""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import socket
from pathlib import Path

import pytest
from rule_tagger import RuleTagger
from tagged import below, records, to_stream

from bilstm_tagger.errors import ConfigError, CorpusError
from bilstm_tagger.files import tag_files


@pytest.fixture
def tagger() -> RuleTagger:
    return RuleTagger()


def test_folder_is_searched_in_order(tagger: RuleTagger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "b.txt",
        "a.txt",
        "sub/c.TXT",
        "sub/d.conll",
        "sub/z.jpg",
        ".hidden.txt",
        ".git/e.txt",
        "sub/f.txt.gz",
    ):
        path = tmp_path / "mails" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = b"Ada\n"
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    monkeypatch.chdir(tmp_path)
    output, report = to_stream(tagger, [Path("mails")])
    names = ["mails/a.txt", "mails/b.txt", "mails/sub/c.TXT", "mails/sub/d.conll:1", "mails/sub/f.txt.gz"]
    assert [record["id"] for record in records(output)] == names
    assert (report.found, report.skipped) == (5, 1)
    report = tag_files(tagger, [Path("mails/a.txt"), Path("mails"), Path("mails/sub")], output="tagged")
    assert report.files == 5
    assert below(tmp_path / "tagged") == sorted(name.split(":")[0] + ".jsonl" for name in names)
    tag_files(tagger, [Path()], output="here")
    assert "mails/a.txt.jsonl" in below(tmp_path / "here")


def test_a_name_that_tells_no_format_is_refused_with_those_that_do(tmp_path: Path) -> None:
    path = tmp_path / "a.unknown"
    path.write_bytes(b"")
    with pytest.raises(ConfigError) as caught:
        tag_files(RuleTagger(), [path], stream=io.StringIO())
    before, rest = str(caught.value).split("(known: ")
    known, behind = rest.split(")")
    assert before == f"{path}: the name does not tell the format "
    assert behind == "; name it, --input-format text"
    assert known.split(", ") == sorted(known.split(", "))
    assert {".txt", ".md", ".html", ".eml", ".mbox", ".srt", ".docx", ".pdf", ".csv", ".xlsx"} < set(known.split(", "))


@pytest.mark.skipif(os.name != "posix", reason="links, named pipes and devices")
def test_what_is_no_file_in_a_folder_is_left_out_and_named(
    tagger: RuleTagger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.txt").write_text("Ada")
    (folder / "link.txt").symlink_to(folder / "sub" / "b.txt")
    (folder / "sub" / "b.txt").write_text("Bob")
    (folder / "self.txt").symlink_to("self.txt")
    (folder / "self").symlink_to("self")
    (folder / "gone.conll").symlink_to("nowhere")
    os.mkfifo(folder / "sub" / "pipe.txt")
    (folder / "device.txt").symlink_to("/dev/zero")
    (folder / "again").symlink_to(folder, target_is_directory=True)
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as server:
        monkeypatch.chdir(folder)  # since the path of a socket is short
        server.bind("socket")
        for output, stream in ((tmp_path / "out", None), (None, io.StringIO())):
            report = tag_files(tagger, [folder], output=output, stream=stream)
            assert report.left_out == [
                f"{folder / 'again'}: a link to a folder",
                f"{folder / 'device.txt'}: a device",
                f"{folder / 'gone.conll'}: a link that leads nowhere",
                f"{folder / 'self'}: a link that leads nowhere",
                f"{folder / 'self.txt'}: a link that leads nowhere",
                f"{folder / 'socket'}: a socket",
                f"{folder / 'sub' / 'pipe.txt'}: a named pipe",
                f"{folder / 'link.txt'}: a link to {folder / 'sub' / 'b.txt'}",
            ]
            assert (report.found, report.files, report.skipped, report.failures) == (2, 2, 0, [])
    assert below(tmp_path / "out" / "in") == ["a.txt.jsonl", "sub/b.txt.jsonl"]


@pytest.mark.skipif(os.name != "posix", reason="links")
def test_links_to_themselves_named_or_in_the_way(tagger: RuleTagger, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Ada")
    (tmp_path / "self.txt").symlink_to("self.txt")
    with pytest.raises(CorpusError, match=r"self\.txt: no such file or folder; check the path$"):
        tag_files(tagger, [tmp_path / "self.txt"], output=tmp_path / "out")
    with pytest.raises(CorpusError, match="only: no file to tag in this folder among 1 of other kinds"):
        (tmp_path / "only").mkdir()
        (tmp_path / "only" / "self").symlink_to("self")
        tag_files(tagger, [tmp_path / "only"], output=tmp_path / "out")
    report = tag_files(tagger, [tmp_path / "a.txt"], output=tmp_path / "self.txt")
    assert ["Too many levels of symbolic links" in str(error) for error in report.failures] == [True]
    (tmp_path / "a.txt.jsonl").symlink_to("a.txt.jsonl")
    assert tag_files(tagger, [tmp_path / "a.txt"], output=tmp_path, force=True).files == 1
    assert (tmp_path / "a.txt.jsonl").is_file()


@pytest.mark.parametrize(
    ("place", "written"), [("mails/out", "mails/out/mails"), (".", "mails"), ("mails", "mails/mails")]
)
def test_own_output_is_not_input(tagger: RuleTagger, tmp_path: Path, place: str, written: str) -> None:
    mails = tmp_path / "mails"
    mails.mkdir()
    (mails / "a.txt").write_text("Ada")
    for format in ("conll", "conll", "conllu", "text"):
        report = tag_files(tagger, [mails], output=tmp_path / place, format=format, force=True)
        assert (report.found, report.files, report.tokens) == (1, 1, 1)
    suffixes = (".conll", ".conllu", ".tagged.txt")
    assert below(tmp_path) == ["mails/a.txt", *(f"{written}/a.txt{suffix}" for suffix in suffixes)]


def test_a_file_that_links_lead_to_twice_is_tagged_once(tagger: RuleTagger, tmp_path: Path) -> None:
    mails, same = tmp_path / "mails", tmp_path / "same"
    mails.mkdir()
    (mails / "a.txt").write_text("Ada")
    same.symlink_to(mails, target_is_directory=True)
    (tmp_path / "link.txt").symlink_to(mails / "a.txt")
    inputs = [mails / "a.txt", same / "a.txt", tmp_path / "link.txt", mails / ".." / "mails" / "a.txt"]
    report = tag_files(tagger, inputs, output=tmp_path / "out")
    assert (report.found, report.files) == (1, 1)
    (mails / "a.txt.conll").write_text("Ada")
    with pytest.raises(
        ConfigError,
        match=r"mails/a\.txt\.conll: the tagged .*mails/a\.txt would overwrite this input; use another --output$",
    ):
        tag_files(tagger, [mails / "a.txt", mails / "a.txt.conll"], output=same, format="conll", force=True)


def test_input_is_not_overwritten_even_by_force(tagger: RuleTagger, tmp_path: Path) -> None:
    inputs = [tmp_path / "a.txt", tmp_path / "a.txt.conll"]
    for path in inputs:
        path.write_text("Ada")
    with pytest.raises(ConfigError, match=r"a\.txt\.conll: .* would overwrite this input; use another --output$"):
        tag_files(tagger, inputs, output=tmp_path, format="conll", force=True)
    assert tag_files(tagger, inputs, output=tmp_path, format="html").files == 2


def test_nothing_is_overwritten_without_force(tagger: RuleTagger, tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("Ada")
    inputs = [tmp_path / "a.txt", tmp_path / "b.txt"]
    out = tmp_path / "out"
    out.mkdir()
    (out / "b.txt.jsonl").write_text("precious")
    with pytest.raises(ConfigError, match=r"out/b\.txt\.jsonl would be overwritten; use --force or another --output$"):
        tag_files(tagger, inputs, output=out)
    assert below(out) == ["b.txt.jsonl"]
    tag_files(tagger, inputs, output=out, force=True)
    assert (out / "b.txt.jsonl").read_text() != "precious"
    with pytest.raises(
        ConfigError, match=r"out/a\.txt\.jsonl and 1 more would be overwritten; use --force or another --output$"
    ):
        tag_files(tagger, inputs, output=out)


def test_two_files_of_one_name_are_refused(tagger: RuleTagger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.txt").write_text("Ada")
    with pytest.raises(
        ConfigError,
        match=r"x/a\.txt and .*y/a\.txt would both become .*out/a\.txt\.jsonl; tag them into two folders$",
    ):
        tag_files(tagger, [tmp_path / "x" / "a.txt", tmp_path / "y" / "a.txt"], output=tmp_path / "out")
    monkeypatch.chdir(tmp_path)
    tag_files(tagger, ["x/a.txt", "y/a.txt", "x/../y"], output="out")
    assert below(tmp_path / "out") == ["x/a.txt.jsonl", "y/a.txt.jsonl"]


def test_a_text_with_annotations_of_brat_beside_it_is_tagged_once(tagger: RuleTagger, tmp_path: Path) -> None:
    files = {"a.txt": "Ada ran.", "a.ann": "T1\tPER 0 3\tAda\n", "a.jsonl": '{"text": "Bob ran."}'}
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    stream = io.StringIO()
    report = tag_files(tagger, [tmp_path], stream=stream)
    assert stream.getvalue().count("Ada") == stream.getvalue().count("Bob")
    assert dict(report.other) == {".ann": 1}


@pytest.mark.parametrize("inputs", [["only"], ["only/*"], ["only", "only/all.jsonl*"]])
def test_the_file_that_is_written_alone_is_nothing_to_tag(
    tagger: RuleTagger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inputs: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "only").mkdir()
    (tmp_path / "only" / "all.jsonl").write_text('{"text": "Ada"}')
    with pytest.raises(CorpusError, match=r"^only/all\.jsonl: is output of this .* nothing else to tag$"):
        tag_files(tagger, inputs, stream=io.StringIO(), exclude=Path("only/all.jsonl"))
    assert tag_files(tagger, inputs, stream=io.StringIO(), exclude=Path("other.jsonl")).files == 1


def test_output_that_a_pattern_matches_is_left_out(
    tagger: RuleTagger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "p2.txt").write_text("Ada")
    (tmp_path / "p.jsonl").write_text('{"text": "Ada"}')
    report = tag_files(tagger, ["p*"], stream=io.StringIO(), exclude=tmp_path / "p.jsonl")
    assert (report.found, report.output) == (1, ["p.jsonl"])
    for name in ("p.jsonl", "../" + tmp_path.name + "/p.jsonl"):
        with pytest.raises(ConfigError, match=f"^{name}: the tagged file would overwrite this input; use another"):
            tag_files(tagger, ["p*", name], stream=io.StringIO(), exclude=Path("p.jsonl"))
    (tmp_path / "p.jsonl").unlink()
    for format in ("conll", "conll", "jsonl"):
        report = tag_files(tagger, ["p*"], output=".", format=format, force=True)
        assert report.found == 1
    assert report.output == ["p2.txt.conll"]


@pytest.mark.skipif(os.name != "posix", reason="a device")
def test_a_device_may_be_input_and_output(tagger: RuleTagger) -> None:
    report = tag_files(tagger, ["/dev/null"], stream=io.StringIO(), input_format="text", exclude=Path("/dev/null"))
    assert report.files == 1
