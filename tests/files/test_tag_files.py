"""Tagging files and folders, with a small tagger of fixed rules in place of a trained one."""

from __future__ import annotations

import errno
import gzip
import io
import json
import re
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rule_tagger import RuleTagger

from bilstm_tagger.corpus import ReadSpec, read_corpus
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import ConfigError, CorpusError, TaggerError
from bilstm_tagger.files import OUTPUT_FORMATS, FilesReport, streams, tag_files
from bilstm_tagger.files.formats import OutputFormat, write_jsonl
from bilstm_tagger.files.inputs import Job, read_job


@pytest.fixture
def tagger() -> RuleTagger:
    return RuleTagger()


def to_stream(tagger: RuleTagger, inputs: list[Path], **options: Any) -> tuple[str, FilesReport]:
    stream = io.StringIO()
    report = tag_files(tagger, inputs, stream=stream, **options)
    return stream.getvalue(), report


def records(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def below(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_text_file_to_jsonl(tagger: RuleTagger, tmp_path: Path) -> None:
    text = "\ufeffyesterday  Ada Lovelace\r\nsaw 🙂 Bob.\u200b\n"
    path = tmp_path / "notes.txt"
    path.write_bytes(text.encode())
    report = tag_files(tagger, [path], output=tmp_path / "out")
    (record,) = records((tmp_path / "out" / "notes.txt.jsonl").read_text("utf-8"))
    assert record["text"] == text[1:]
    assert record["id"] == "notes.txt"
    assert record["sentences"] == [[0, len(record["tokens"])]]
    stretches = zip(record["start_char"], record["end_char"], strict=True)
    assert [record["text"][start:end] for start, end in stretches] == record["tokens"]
    assert "words" not in record
    assert [span["text"] for span in record["spans"]] == ["Ada Lovelace", "Bob"]
    first = record["spans"][0]
    assert (first["task"], first["label"], first["start"], first["end"]) == ("ner", "PER", 1, 3)
    assert record["text"][first["start_char"] : first["end_char"]] == "Ada Lovelace"
    assert record["tags"]["upos"][:3] == ["WORD", "NAME", "NAME"]
    assert (report.found, report.files, report.documents, report.sentences) == (1, 1, 1, 1)
    assert report.tokens == len(record["tokens"])
    assert report.seconds > 0


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n")), min_size=1))
def test_lines_in_are_documents_out(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    path = tmp_path_factory.mktemp("lines") / "a.txt"
    path.write_bytes("".join(line + "\n" for line in lines).encode())
    output, report = to_stream(RuleTagger(), [path], input_format="lines")
    found = [json.loads(line) for line in output.split("\n")[:-1]]
    opening = lines[0].removeprefix("\ufeff")
    assert [record["text"] for record in found] == [opening, *lines[1:]]
    assert [record["id"] for record in found] == [f"a.txt:{number}" for number in range(1, len(lines) + 1)]
    for record in found:
        spans = zip(record["start_char"], record["end_char"], strict=True)
        assert [record["text"][start:end] for start, end in spans] == record["tokens"]
    assert report.documents == len(lines)


def test_words_keep_their_lines_and_tokens(tagger: RuleTagger, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("Ada  saw\tten\u00a0000 #tags\n\n-DOCSTART-like Bob\n", "utf-8")
    output, report = to_stream(tagger, [path], input_format="words")
    assert [record["tokens"] for record in records(output)] == [
        ["Ada", "saw", "ten\u00a0000", "#tags"],
        [],
        ["-DOCSTART-like", "Bob"],
    ]
    assert (report.documents, report.sentences, report.tokens) == (3, 3, 6)
    columns, _ = to_stream(RuleTagger(tasks=("ner",)), [path], input_format="words", format="conll")
    assert columns.splitlines() == [
        "Ada\tB-PER", "saw\tO", "ten\u00a0000\tO", "#tags\tO", "", "", "-DOCSTART-like\tO", "Bob\tB-PER", "",
    ]  # fmt: skip


def test_columns_in_and_out_keep_their_layout(tagger: RuleTagger, tmp_path: Path) -> None:
    path = tmp_path / "a.conll"
    path.write_text("-DOCSTART- -X- O\n\nAda NN O\nwins VB O\n\n-DOCSTART- -X- O\n\n# NN O\n\n")
    output, report = to_stream(tagger, [path], format="conll")
    assert output == (
        "-DOCSTART- -X- O O O\n\nAda NN O B-PER NAME\nwins VB O O WORD\n\n-DOCSTART- -X- O O O\n\n# NN O O WORD\n\n"
    )
    assert (report.documents, report.sentences, report.tokens) == (2, 2, 3)
    record, other = records(to_stream(tagger, [path])[0])
    assert (record["text"], record["id"], other["id"]) == ("Ada wins", "a.conll:1", "a.conll:2")


def test_word_column_is_used_for_columns_alone(tagger: RuleTagger, tmp_path: Path) -> None:
    conll = tmp_path / "a.conll"
    conll.write_text("1 Ada\n2 wins\n")
    conllu = tmp_path / "b.conllu"
    conllu.write_text(CONLLU)
    first, second = records(to_stream(tagger, [conll, conllu], spec=ReadSpec(word_column=2))[0])
    assert first["tokens"] == ["Ada", "wins"]
    assert second["words"][:2] == ["Ada", "al"]
    lemma = records(to_stream(tagger, [conllu, conll], spec=ReadSpec(word_column="LEMMA"))[0])
    assert lemma[0]["words"][2] == "the"
    assert lemma[1]["tokens"] == ["1", "2"]


CONLLU = """# newdoc id = d1
# text = Ada al fin.
1\tAda\t_\t_\t_\t_\t_\t_\t_\t_
2-3\tal\t_\t_\t_\t_\t_\t_\t_\t_
2\tal\ta\t_\t_\t_\t_\t_\t_\t_
3\tel\tthe\t_\t_\t_\t_\t_\t_\t_
4\tfin\t_\t_\t_\t_\t_\t_\t_\tSpaceAfter=No
5\t.\t_\t_\t_\t_\t_\t_\t_\t_

"""


def test_conllu_in_and_out(tagger: RuleTagger, tmp_path: Path) -> None:
    path = tmp_path / "a.conllu"
    path.write_text(CONLLU)
    output, _ = to_stream(tagger, [path], format="conllu")
    assert len(output.splitlines()) == len(CONLLU.splitlines())
    assert "2-3\tal\t" in output
    assert "1\tAda\t_\tNAME\t_\t_\t_\t_\t_\tNER=B-PER\n" in output
    (record,) = records(to_stream(tagger, [path])[0])
    assert record["id"] == "d1"
    assert record["text"] == "Ada al fin."
    assert record["tokens"] == ["Ada", "al", "al", "fin", "."]
    assert record["words"] == ["Ada", "al", "el", "fin", "."]


def test_raw_text_to_conll_and_conllu_reads_back(tagger: RuleTagger, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text("Ada Byron wins.")
    (tmp_path / "in" / "b.txt").write_text("so does Bob")
    for format, columns in (("conll", {"ner": 2}), ("conllu", {"ner": "NER"})):
        tag_files(tagger, [tmp_path / "in"], output=tmp_path / format, format=format)
        (document,) = read_corpus(tmp_path / format / "in" / f"a.txt.{format}", columns)
        assert document.words == ["Ada", "Byron", "wins", "."]
        assert document.tags["ner"] == ["B-PER", "I-PER", "O", "O"]
        stream = tmp_path / f"all.{format}"
        stream.write_text(to_stream(tagger, [tmp_path / "in"], format=format)[0])
        assert len(read_corpus(stream, columns)) == 2


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


def test_input_is_not_overwritten_even_by_force(tagger: RuleTagger, tmp_path: Path) -> None:
    inputs = [tmp_path / "a.txt", tmp_path / "a.txt.conll"]
    for path in inputs:
        path.write_text("Ada")
    with pytest.raises(ConfigError, match=r"a\.txt\.conll: .* would overwrite this input"):
        tag_files(tagger, inputs, output=tmp_path, format="conll", force=True)
    assert tag_files(tagger, inputs, output=tmp_path, format="html").files == 2


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
    with pytest.raises(ConfigError, match="would overwrite this input"):
        tag_files(tagger, [mails / "a.txt", mails / "a.txt.conll"], output=same, format="conll", force=True)


def test_nothing_is_overwritten_without_force(tagger: RuleTagger, tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("Ada")
    inputs = [tmp_path / "a.txt", tmp_path / "b.txt"]
    out = tmp_path / "out"
    out.mkdir()
    (out / "b.txt.jsonl").write_text("precious")
    with pytest.raises(ConfigError, match=r"b\.txt\.jsonl would be overwritten; use --force"):
        tag_files(tagger, inputs, output=out)
    assert below(out) == ["b.txt.jsonl"]
    tag_files(tagger, inputs, output=out, force=True)
    assert (out / "b.txt.jsonl").read_text() != "precious"
    with pytest.raises(ConfigError, match=r"a\.txt\.jsonl and 1 more"):
        tag_files(tagger, inputs, output=out)


def test_two_files_of_one_name_are_refused(tagger: RuleTagger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.txt").write_text("Ada")
    with pytest.raises(ConfigError, match="would both become"):
        tag_files(tagger, [tmp_path / "x" / "a.txt", tmp_path / "y" / "a.txt"], output=tmp_path / "out")
    monkeypatch.chdir(tmp_path)
    tag_files(tagger, ["x/a.txt", "y/a.txt", "x/../y"], output="out")
    assert below(tmp_path / "out") == ["x/a.txt.jsonl", "y/a.txt.jsonl"]


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

    def read(job: Job, spec: ReadSpec) -> Iterator[str | Document]:
        if job.name == "a.txt":
            raise OSError(errno.EIO, "Input/output error")
        return read_job(job, spec)

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


@pytest.mark.parametrize(
    ("name", "options", "error", "message"),
    [
        ("missing.txt", {}, CorpusError, "no such file"),
        ("a.md", {}, ConfigError, "does not tell the format"),
        ("a.md", {"input_format": "pdf"}, ConfigError, "known: text, lines, words, conll, conllu"),
        (
            "a.md",
            {"input_format": "text", "format": "xml"},
            ConfigError,
            "known: jsonl, conll, conllu, html, text",
        ),
        ("folder", {}, CorpusError, "no file to tag in this folder among 1 of other kinds"),
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
    for path in ("a.md", "folder/b.md"):
        (tmp_path / path).write_text("Ada")
    with pytest.raises(error, match=message):
        tag_files(tagger, [tmp_path / name], output=tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_one_place_for_the_results(tagger: RuleTagger, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="either into a folder or to a stream"):
        tag_files(tagger, [tmp_path])


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.counts: dict[str, int] = {}
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.counts[tag] = self.counts.get(tag, 0) + 1
        assert not {"src", "href"} & {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.words += data


def test_html_is_one_page_with_all_documents(tagger: RuleTagger, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Ada <script>&amp; Bob")
    (tmp_path / "b.txt").write_text("Cy")
    output, _ = to_stream(tagger, [tmp_path / "a.txt", tmp_path / "b.txt"], format="html")
    page = _Page()
    page.feed(output)
    assert (page.counts["html"], page.counts["section"], page.counts["mark"]) == (1, 2, 3)
    assert "script" not in page.counts
    assert "<script>&amp; " in page.words
    assert "#aa9cfc" in output


def test_text_shows_spans_in_brackets_off_a_terminal(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("see [bold]  Ada Byron :smile: and Bob")
    output, _ = to_stream(RuleTagger(), [path], format="text")
    assert output == "see [bold]  [Ada Byron PER] :smile: and [Bob PER]\n"
    output, _ = to_stream(RuleTagger(tasks=("upos",)), [path], format="text")
    assert output.startswith("see/WORD [/WORDbold/WORD]/WORD  Ada/NAME Byron/NAME")


def test_text_is_coloured_on_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    path = tmp_path / "a.txt"
    path.write_text("so Ada")
    output, _ = to_stream(RuleTagger(), [path], format="text")
    assert re.search(r"48;(2;170;156;252|5;147)m Ada ", output)  # #aa9cfc behind it, exact or the nearest of 256


def test_text_shows_a_multiword_token_once(tmp_path: Path) -> None:
    path = tmp_path / "a.conllu"
    path.write_text(CONLLU)
    output, _ = to_stream(RuleTagger(tasks=("upos",)), [path], format="text")
    assert output == "Ada/NAME al/WORD/WORD fin/WORD./WORD\n"


def test_reading_runs_only_a_window_ahead(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("Ada wins\n" * 1000)
    seen: list[tuple[int, int]] = []

    class Counting(RuleTagger):
        given = 0

        def read(self, source: str | Document) -> Document:
            self.given += isinstance(source, str)
            return super().read(source)

    tagger = Counting(ahead=10)
    to_stream(
        tagger, [path], input_format="lines", batch_tokens=77,
        progress=lambda report: seen.append((tagger.given, report.documents)),
    )  # fmt: skip
    assert tagger.options == {"batch_tokens": 77}
    assert seen[-1] == (1000, 1000)
    assert max(given - done for given, done in seen) <= 10


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


@pytest.mark.parametrize("kind", [_Losing, _Cutting, _Adding])
def test_lost_documents_and_tokens_are_noticed(kind: type[RuleTagger], tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for number in range(8):
        (tmp_path / "in" / f"{number}.txt").write_text("Ada wins " * (number + 1))
    with pytest.raises(TaggerError, match="internal error"):
        to_stream(kind(), [tmp_path / "in"])
    if kind is not _Adding:  # there all files are complete before the fault shows
        with pytest.raises(TaggerError, match="internal error"):
            tag_files(kind(), [tmp_path / "in"], output=tmp_path / "out")


def test_names_that_are_not_unicode_are_spelled_out(tagger: RuleTagger, tmp_path: Path) -> None:
    path = tmp_path / "caf\udce9.txt"
    try:
        path.write_text("Ada")
    except (OSError, UnicodeEncodeError):
        pytest.skip("the file system allows Unicode names only")
    (record,) = records(to_stream(tagger, [path])[0])
    assert record["id"] == r"caf\udce9.txt"
    record["id"].encode()


def test_formats_have_different_suffixes() -> None:
    suffixes = [known.suffix for known in OUTPUT_FORMATS.values()]
    assert len(set(suffixes)) == len(suffixes)
