"""Files of kinds that are not read: what is said of them, and of their content taken for text."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from command_line import run
from rule_tagger import RuleTagger
from tagged import to_stream

from bilstm_tagger.errors import ConfigError
from bilstm_tagger.files import tag_files
from bilstm_tagger.files.inputs import SUFFIXES
from bilstm_tagger.files.other_kinds import begins_as, way_out, ways_out

RTF = r"{\rtf1\ansi met J\'fcrgen in \b Ber\b0 lin.\par Ada}"
FEED = '<?xml version="1.0"?>\n<rss><item><title>Ada &amp; Bob</title></item></rss>'
NOTEBOOK = json.dumps({"cells": [{"cell_type": "markdown", "source": ["by Ada"]}], "nbformat": 4}, indent=1)


@pytest.mark.parametrize(
    ("suffix", "way"),
    [
        (".rtf", "save it as .docx"),
        (".rss", "take its text out first"),
        (".ipynb", "write it as Markdown, jupyter nbconvert --to markdown"),
        (".PNG", "run OCR first"),
        (".zip", "unpack it"),
    ],
)
def test_what_would_be_misread_is_not_advised_to_be_read_as_text(suffix: str, way: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_text("Ada")
    with pytest.raises(ConfigError) as caught:
        tag_files(RuleTagger(), [path], stream=io.StringIO())
    assert str(caught.value).startswith(f"{path}: {suffix.lower()} is not read (known: .ann, ")
    assert str(caught.value).endswith(f"; {way}")


def test_no_kind_that_is_read_has_another_way() -> None:
    assert not [suffix for suffix in SUFFIXES if way_out(suffix)]


@pytest.mark.parametrize(
    ("suffixes", "said"),
    [
        ({".xyz": 1}, "to tag one, name it with --input-format"),
        ({".png": 1, ".jpg": 2}, ".jpg, .png: run OCR first"),
        (
            {".rtf": 1, ".xyz": 3, "": 1},
            ".rtf: save it as .docx; to tag one of the others, name it with --input-format",
        ),
    ],
)
def test_ways_out_of_several_kinds(suffixes: dict[str, int], said: str) -> None:
    assert ways_out(suffixes) == said


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (RTF, "RTF"),
        (FEED, "XML"),
        ('\ufeff<?xml version="1.0"?>\n<article><p>Ada</p></article>', "XML"),
        ("<TEI>\n<name>Ada</name> <name>Bob</name></TEI>", "XML"),
        ('<!-- by Ada -->\n<feed xmlns="http://www.w3.org/2005/Atom"><title>Ada</title><id>1</id></feed>', "XML"),
        (NOTEBOOK, "a notebook"),
        ('{"text": "by J\\u00fcrgen"}\n{"text": "by Ada"}\n', "JSON"),
        ('[\n {"text": "by Ada"}]', "JSON"),
    ],
)
@pytest.mark.parametrize("suffix", [".txt", ".md", ".log"])
def test_content_of_another_kind_is_warned_of(
    text: str, kind: str, suffix: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_text(text, "utf-8")
    to_stream(RuleTagger(), [path])
    (record,) = caplog.records
    assert record.getMessage().startswith(f"{path}: is {kind}, ")


@pytest.mark.parametrize(
    "text",
    [
        "", "{Ada} and [Bob] ran", "[1] Ada: see there\n[2] Bob", '"Ada": he said', "{note: Ada}", "<3 Ada",
        "<Ada> hi\n<Bob> hi",
        "<http://example.com> by Ada", "{\\it Ada}", "[\"Ada\", \"Bob\"]",
    ],
)  # fmt: skip
def test_plain_text_is_of_no_other_kind(text: str) -> None:
    assert begins_as(text) is None


@pytest.mark.parametrize(
    "page",
    ["<!DOCTYPE html><p>Ada</p><p>Bob</p>", '<?xml version="1.0"?><html><p>Ada</p></html>', "<div><p>Ada</p></div>"],
)
def test_pages_are_pages(page: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "a.txt").write_text(page)
    to_stream(RuleTagger(), [tmp_path / "a.txt"])
    assert [record.getMessage().partition(": ")[2] for record in caplog.records] == [
        "has tags of HTML in it; if it is a page, use --input-format html"
    ]


def test_a_feed_read_as_a_page_is_warned_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    content = "<rss><item><d>&lt;p&gt;Ada ran&lt;/p&gt;</d></item></rss>"
    for name in ("a.rss", "a.html"):  # a page may well show tags
        (tmp_path / name).write_text(content)
        to_stream(RuleTagger(), [tmp_path / name], input_format="html")
    (record,) = caplog.records
    assert record.getMessage().startswith(f"{tmp_path / 'a.rss'}: is XML with pages in it")


def test_the_command_says_it(tmp_path: Path, model_folder: Path) -> None:
    (tmp_path / "a.txt").write_text("Ada ran.")
    for name in ("b.rtf", "c.png", "d.xyz"):
        (tmp_path / name).write_text(RTF)
    result = run("entities", tmp_path, "--model", model_folder)
    assert (
        "note: 3 files of other kinds left out (1 .png, 1 .rtf, 1 .xyz); .png: run OCR first; .rtf: save it as .docx; "
        "to tag one of the others, name it with --input-format\n" in result.stderr
    )
