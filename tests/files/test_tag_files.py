"""Tagging files and folders, with a small tagger of fixed rules in place of a trained one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rule_tagger import RuleTagger
from tagged import CONLLU, records, to_stream

from bilstm_tagger.corpus import ReadSpec, read_corpus
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import ConfigError
from bilstm_tagger.files import FilesReport, TagOptions, tag_files
from bilstm_tagger.files.source import Tally


@pytest.fixture
def tagger() -> RuleTagger:
    return RuleTagger()


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
    conll.write_text("x Ada\ny wins\n")
    conllu = tmp_path / "b.conllu"
    conllu.write_text(CONLLU)
    first, second = records(to_stream(tagger, [conll, conllu], spec=ReadSpec(word_column=2))[0])
    assert first["tokens"] == ["Ada", "wins"]
    assert second["words"][:2] == ["Ada", "al"]
    lemma = records(to_stream(tagger, [conllu, conll], spec=ReadSpec(word_column="LEMMA"))[0])
    assert lemma[0]["words"][2] == "the"
    assert lemma[1]["tokens"] == ["x", "y"]


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


def test_one_place_for_the_results(tagger: RuleTagger, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="either into a folder or to a stream"):
        tag_files(tagger, [tmp_path])


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
        tagger, [path], input_format="lines", options=TagOptions(batch_tokens=77),
        progress=lambda report: seen.append((tagger.given, report.documents)),
    )  # fmt: skip
    assert tagger.options == {"batch_tokens": 77}
    assert seen[-1] == (1000, 1000)
    assert max(given - done for given, done in seen) <= 10


def test_names_that_are_not_unicode_are_spelled_out(tagger: RuleTagger, tmp_path: Path) -> None:
    path = tmp_path / "caf\udce9.txt"
    try:
        path.write_text("Ada")
    except (OSError, UnicodeEncodeError):
        pytest.skip("the file system allows Unicode names only")
    (record,) = records(to_stream(tagger, [path])[0])
    assert record["id"] == r"caf\udce9.txt"
    record["id"].encode()


def test_a_report_begins_with_nothing() -> None:
    assert FilesReport(2) == FilesReport(2, 0, [], 0, 0, 0, 0, [], 0.0, {}, Tally(), 0)
    assert not FilesReport(2).nothing_read
