"""All formats together: the same corpus in each trains the same weights; files of each are tagged."""

from __future__ import annotations

import io
import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from rule_tagger import RuleTagger
from spacy.tokens import DocBin
from spacy.vocab import Vocab
from tagged import CONLLU, below, to_stream

from bilstm_tagger.corpus import ReadSpec, read_corpus, save_corpus
from bilstm_tagger.errors import ConfigError
from bilstm_tagger.files import OUTPUT_FORMATS, json_lines, tag_files
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.schemes.spans import convert
from bilstm_tagger.settings.loading import load_settings
from bilstm_tagger.training import train

PLAIN = ReadSpec(tokenizer="whitespace")


@pytest.fixture(scope="module")
def weights(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, torch.Tensor]]:
    """What an epoch over the same sentences gives, by the format they were read from."""
    folder = tmp_path_factory.mktemp("formats")
    documents = read_corpus(sample / "en-train.conllu", {"ner": "NER"})[:1].settle("ner")
    found = {}
    for name in ("a.conll", "a.jsonl", "a.parquet", "a.arrow", "a.csv", "a.spacy"):
        save_corpus(documents, folder / name)
        settings = load_settings("ner", overrides={
            "data": {"train": str(folder / name), "dev": str(folder / name)},
            "embedder": {"size": 8, "case_size": 0, "characters": {"size": 4, "filters": [4]}},
            "encoder.hidden_size": 8,
            "training": {"epochs": 1, "threads": 1},
        })  # fmt: skip
        found[name] = train(settings, output=folder / f"{name}-model").runtime.model.state_dict()
    return found


@pytest.mark.parametrize("name", ["a.jsonl", "a.parquet", "a.arrow", "a.csv", "a.spacy"])
def test_the_format_does_not_change_the_weights(weights: dict[str, dict[str, torch.Tensor]], name: str) -> None:
    columns = weights["a.conll"]
    assert columns.keys() == weights[name].keys()
    assert all(torch.equal(tensor, weights[name][key]) for key, tensor in columns.items())


@pytest.mark.parametrize(("suffix", "scheme"), [("bmes", Scheme.BMES), ("conll", Scheme.BILOU), ("tsv", Scheme.IOBES)])
def test_a_character_a_line_in_any_spelling(tmp_path: Path, suffix: str, scheme: Scheme) -> None:
    bio = [["B-NAME", "I-NAME", "I-NAME", "O", "B-CONT"], ["B-ORG", "I-ORG"]]
    lines = ["高勇强，中", "中国"]
    rows = [
        "\n".join(f"{character} {tag}" for character, tag in zip(line, convert(tags, Scheme.BIO, scheme), strict=True))
        for line, tags in zip(lines, bio, strict=True)
    ]
    path = tmp_path / f"a.{suffix}"
    path.write_text("\n\n".join(rows) + "\n", encoding="utf-8")
    documents = read_corpus(path, {"ner": -1}).settle("ner")
    assert documents.schemes == {"ner": scheme}
    assert [(span.label, span.start, span.end) for span in documents[0].spans] == [
        ("NAME", 0, 3), ("CONT", 4, 5), ("ORG", 5, 7)
    ]  # fmt: skip
    save_corpus(documents, tmp_path / f"b.{suffix}")
    assert (tmp_path / f"b.{suffix}").read_text("utf-8") == path.read_text("utf-8") + "\n"


def inputs(folder: Path) -> list[Path]:
    """The same text in JSON, Parquet and .spacy; in the last with tokens."""
    records = [{"id": "x", "text": "so  Ada Byron ran"}, {"text": "Bob", "label": [[0, 1, "MISFIT"]]}]
    (folder / "a.jsonl").write_text("".join(json.dumps(record) + "\n" for record in records))
    table = pa.table({"key": [5, 6], "body": [record["text"] for record in records]})
    pq.write_table(table, folder / "b.parquet")
    save_corpus(read_corpus(folder / "a.jsonl", {}, spec=PLAIN), folder / "c.spacy")
    return [folder / name for name in ("a.jsonl", "b.parquet", "c.spacy")]


def test_files_of_each_format_are_tagged(tmp_path: Path) -> None:
    records, table, docs = inputs(tmp_path)
    stream = io.StringIO()
    report = tag_files(RuleTagger(), [records, docs], stream=stream, spec=PLAIN)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert not report.failures
    assert [line["id"] for line in lines] == ["x", "a.jsonl:2", "c.spacy:1", "c.spacy:2"]
    assert [[span["text"] for span in line["spans"]] for line in lines] == [["Ada Byron"], ["Bob"]] * 2
    out = tmp_path / "out"
    spec = ReadSpec(tokenizer="whitespace", text_column="body")
    report = tag_files(RuleTagger(), [table], output=out, format="parquet", spec=spec)
    assert not report.failures
    rows = pq.read_table(out / "b.parquet.parquet").to_pylist()
    assert [row["key"] for row in rows] == [5, 6]
    assert [row["ner"] for row in rows] == [["O", "B-PER", "I-PER", "O"], ["B-PER"]]
    assert rows[0]["spans"][0]["text"] == "Ada Byron"


def test_spacy_files_are_written(tmp_path: Path) -> None:
    report = tag_files(RuleTagger(), inputs(tmp_path)[:1], output=tmp_path / "out", format="spacy", spec=PLAIN)
    assert not report.failures
    first, second = DocBin().from_disk(tmp_path / "out" / "a.jsonl.spacy").get_docs(Vocab())
    assert (first.text, [ent.text for ent in first.ents]) == ("so  Ada Byron ran", ["Ada Byron"])
    assert [token.tag_ for token in second] == ["NAME"]


def test_bytes_do_not_go_to_text_streams(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = inputs(tmp_path)[:1]
    with pytest.raises(ConfigError, match=r"\.parquet is binary; write it into a folder"):
        tag_files(RuleTagger(), records, stream=io.StringIO(), format="parquet", spec=PLAIN)
    beneath = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(beneath))
    tag_files(RuleTagger(), records, stream=sys.stdout, format="parquet", spec=PLAIN)
    assert pq.read_table(io.BytesIO(beneath.getvalue())).num_rows == 2


def test_json_and_csv_in_folders_are_tagged_if_they_have_a_text(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text("{}")
    (tmp_path / "a.csv").write_text("text\nAda\n")
    (tmp_path / "a.txt").write_text("Ada")
    for options in ({"stream": io.StringIO()}, {"output": tmp_path.parent / "out"}):
        report = tag_files(RuleTagger(), [tmp_path], spec=PLAIN, **options)
        assert (report.found, report.files, report.skipped, report.failures) == (3, 2, 0, [])
        assert [str(tmp_path / "package.json") in line for line in report.tally.no_text] == [True]
    assert below(tmp_path.parent / "out" / tmp_path.name) == ["a.csv.jsonl", "a.txt.jsonl"]
    stream = io.StringIO()
    tag_files(RuleTagger(), [tmp_path / "a.csv"], stream=stream, spec=PLAIN)
    assert json.loads(stream.getvalue())["spans"][0]["text"] == "Ada"


@pytest.fixture
def tagger() -> RuleTagger:
    return RuleTagger()


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


def test_text_of_several_files_is_shown_under_their_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.txt").write_text("so Ada\nand Bob")
    (tmp_path / "b\x1b.txt").write_text("no one")
    monkeypatch.chdir(tmp_path)
    output, _ = to_stream(RuleTagger(), [Path("a.txt"), Path("b\x1b.txt")], format="text")
    assert output == "== a.txt ==\nso [Ada PER]\nand [Bob PER]\n== b\ufffd.txt ==\nno one\n"


def test_text_is_coloured_on_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    path = tmp_path / "a.txt"
    path.write_text("so Ada")
    output, _ = to_stream(RuleTagger(), [path], format="text")
    assert re.search(r"48;(2;170;156;252|5;147)m Ada ", output)  # #aa9cfc behind it, exact or the nearest of 256
    output, _ = to_stream(RuleTagger(tasks=("upos",)), [path], format="text")
    assert output == "so\x1b[2;36m/WORD\x1b[0m Ada\x1b[2;36m/NAME\x1b[0m\n"  # dim cyan


def test_text_shows_a_multiword_token_once(tmp_path: Path) -> None:
    path = tmp_path / "a.conllu"
    path.write_text(CONLLU)
    output, _ = to_stream(RuleTagger(tasks=("upos",)), [path], format="text")
    assert output == "Ada/NAME al/WORD/WORD fin/WORD./WORD\n"


def test_formats_have_different_suffixes() -> None:
    suffixes = [known.suffix for known in OUTPUT_FORMATS.values()]
    assert len(set(suffixes)) == len(suffixes)


def test_a_long_document_is_written_in_pieces_as_it_would_be_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    document = RuleTagger()('by Ada "Byron" é\u2028 to Eve, Bob and so on ' * 5)
    whole, pieces = io.StringIO(), io.StringIO()
    json_lines.write_jsonl([document, RuleTagger()("")], whole)
    monkeypatch.setattr(json_lines, "LONG", 0)
    monkeypatch.setattr(json_lines, "PIECE", 3)
    json_lines.write_jsonl([document, RuleTagger()("")], pieces)
    assert pieces.getvalue() == whole.getvalue()
