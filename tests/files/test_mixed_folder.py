"""One command over a folder of everything that people have: each file is read, or a line names what became of it."""

from __future__ import annotations

import csv
import gzip
import io
import json
import mailbox
import os
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from command_line import run

SENTENCE = "Angela Merkel visited Paris on Monday."
PAGE = f"<html><body><p>{SENTENCE}</p></body></html>"


def mail() -> EmailMessage:
    message = EmailMessage()
    message["From"] = "a@example.org"
    message.set_content(SENTENCE + "\n")
    return message


def box(path: Path) -> None:
    made = mailbox.mbox(path)
    made.add(mail())
    made.close()


def workbook(path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["id", "text"])
    book.active.append([1, SENTENCE])
    book.save(path)


def word(path: Path) -> None:
    docx = pytest.importorskip("docx")
    document = docx.Document()
    document.add_paragraph(SENTENCE)
    document.save(path)


def packed(path: Path) -> None:
    with pa.output_stream(path, compression="zstd") as stream:
        stream.write(SENTENCE.encode())


TOKENS = "Angela\nMerkel\nvisited\nParis\non\nMonday\n.\n"
RECORD = json.dumps({"text": SENTENCE})
GOOD: dict[str, str | bytes | Callable[[Path], Any]] = {
    **{f"plain{number}.txt": SENTENCE for number in range(20)},
    "bom.txt": "\ufeff" + SENTENCE, "crlf.txt": SENTENCE + "\r\n", "UPPER.TXT": SENTENCE, "a b ü.txt": SENTENCE,
    "a.md": f"# Title\n\n{SENTENCE}\n", "a.markdown": SENTENCE, "a.rst": SENTENCE, "a.text": SENTENCE,
    "a.log": SENTENCE,
    "a.html": PAGE, "b.htm": f'<meta charset="latin1">{PAGE}é'.encode("latin1"), "c.xhtml": PAGE.encode("utf-16"),
    "a.eml": mail().as_bytes(), "a.mbox": box, "a.srt": f"1\n00:00:01,000 --> 00:00:02,000\n{SENTENCE}\n",
    "a.vtt": f"WEBVTT\n\n00:01.000 --> 00:02.000\n{SENTENCE}\n", "a.csv": f"id,text\n1,{SENTENCE}\n",
    "b.csv": f"id;body\n1;{SENTENCE}\n", "a.tsv": f"id\ttext\n1\t{SENTENCE}\n", "b.tsv": TOKENS.replace("\n", "\tO\n"),
    "a.jsonl": RECORD + "\n", "a.ndjson": RECORD + "\n", "a.json": f"[{RECORD}]", "b.json": json.dumps(
        {"text": SENTENCE, "n": 1}, indent=1), "a.conll": TOKENS, "a.bio": TOKENS.replace("\n", " O\n"),
    "a.conllu": "".join(f"{at}\t{token}" + "\t_" * 8 + "\n" for at, token in enumerate(TOKENS.split(), 1)) + "\n",
    "a.parquet": lambda path: pq.write_table(pa.table({"text": [SENTENCE]}), path),
    "a.xlsx": workbook, "a.docx": word, "a.txt.gz": gzip.compress(SENTENCE.encode()), "b.txt.zst": packed,
    "huge.txt": (SENTENCE + "\n\n") * 2_000,
}  # fmt: skip
EMPTY = ("empty.txt", "empty.csv", "empty.jsonl", "empty.conll", "empty.srt", "empty.html")
BROKEN = {
    "latin.txt": "caf\xe9".encode("latin1"), "broken.jsonl": b'{"text": "a"', "half.jsonl": b'{"text": "a\\ud800"}\n',
    "broken.gz.txt.gz": b"not packed", "broken.docx": b"PK", "broken.xlsx": b"PK", "broken.parquet": b"PAR1",
    "broken.pdf": b"%PDF-1.4", "broken.eml": b"\n\nno header", "broken.csv": b'text\n"open\n', "broken.conllu": b"x\n",
    "two.srt": b"no times\n",
}  # fmt: skip
NO_TEXT = {"package.json": "{}", "numbers.csv": "a,b\n1,2\n"}
OTHER = ("a.jpg", "b.jpg", "c.zip", "Makefile")
HUGE = 2_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for module in ("selectolax", "docx", "pypdf", "openpyxl", "python_calamine"):
        pytest.importorskip(module)
    made = tmp_path / "mixed"
    (made / "sub").mkdir(parents=True)
    for number, (name, content) in enumerate((GOOD | BROKEN | NO_TEXT).items()):
        path = made / ("sub" if number % 3 == 0 else ".") / name
        if callable(content):
            content(path)
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
    for name in (*EMPTY, *OTHER):
        (made / name).write_bytes(b"")
    (made / "self.txt").symlink_to("self.txt")
    os.mkfifo(made / "pipe.txt")
    return made


@pytest.mark.skipif(os.name != "posix", reason="links and named pipes")
@pytest.mark.parametrize("workers", [1, 2])
def test_nothing_is_lost_without_a_line_that_names_it(folder: Path, tmp_path: Path, workers: int) -> None:
    assert len(GOOD) + len(EMPTY) + len(BROKEN) + len(NO_TEXT) + len(OTHER) + 2 >= 60
    output = tmp_path / "names.csv"
    result = run("entities", folder, "--output", output, "--workers", workers)
    assert result.exit_code == 1, result.stderr
    rows = list(csv.DictReader(io.StringIO(output.read_text("utf-8-sig"), newline="")))
    found = {(Path(row["file"]).name, row["text"]) for row in rows}
    assert found >= {(name, text) for name in GOOD for text in ("Angela Merkel", "Paris")}, {
        name for name in GOOD if (name, "Paris") not in found
    }
    assert sum(row["text"] == "Angela Merkel" for row in rows) == len(GOOD) - 1 + HUGE
    errors = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == len(BROKEN), errors
    assert all(any(f"/{name}" in line for line in errors) for name in BROKEN)
    left_out = [line for line in result.stderr.splitlines() if line.startswith("note: left out: ")]
    assert [any(f"/{name}" in line for line in left_out) for name in NO_TEXT] == [True, True]
    assert len(left_out) == 2
    assert "note: 4 files of other kinds left out (2 .jpg, 1 .zip, 1 without a suffix)" in result.stderr
    assert "pipe.txt: a named pipe" in result.stderr
    assert "self.txt: a link that leads nowhere" in result.stderr
    total = len(GOOD) + len(EMPTY) + len(BROKEN) + len(NO_TEXT)
    assert f"tagged {len(GOOD) + len(EMPTY)} of {total} files into {output}" in result.stderr


@pytest.mark.skipif(os.name != "posix", reason="links and named pipes")
def test_counts_over_all_files(folder: Path) -> None:
    result = run("entities", folder, "--count", "--format", "tsv")
    first, second = list(csv.DictReader(io.StringIO(result.stdout), dialect="excel-tab"))[:2]
    assert {first["text"], second["text"]} == {"Angela Merkel", "Paris"}
    assert {(row["count"], row["files"]) for row in (first, second)} == {(str(len(GOOD) - 1 + HUGE), str(len(GOOD)))}
