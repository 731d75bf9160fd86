from __future__ import annotations

import gzip
import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from bilstm_tagger.corpus import read_corpus
from bilstm_tagger.corpus.formats.jsonl import to_record
from bilstm_tagger.files import OUTPUT_FORMATS, tag_files
from bilstm_tagger.integrations.server.limits import Limits
from bilstm_tagger.integrations.server.routes import _file
from bilstm_tagger.integrations.server.uploads import safe_name
from bilstm_tagger.integrations.server.work import FileAnswer
from bilstm_tagger.tagging.tagger import Tagger

NOTES = "Ada Lovelace was late.\r\nRain fell on Leeds.\n"
CONLL = "Ada O\nLovelace O\n\nLeeds O\n"
PAGE = "<html><body><p>Ada came.</p><script>alert(1)</script></body></html>"


def sent(*files: tuple[str, str | bytes]) -> list[tuple[str, tuple[str, bytes]]]:
    return [("files", (name, text.encode() if isinstance(text, str) else text)) for name, text in files]


def test_files_are_read_and_tagged_as_predict_does(client: TestClient, tagger: Tagger, tmp_path: Path) -> None:
    given = [("notes.txt", NOTES), ("words.conll", CONLL), ("page.html", PAGE)]
    for name, text in given:
        (tmp_path / name).write_bytes(text.encode())
    stream = io.StringIO()
    tag_files(tagger, [tmp_path / name for name, _ in given], stream=stream)
    expected = [json.loads(line) for line in stream.getvalue().splitlines()]
    answer = client.post("/files", files=sent(*given)).json()
    assert (answer["documents"], answer["failures"]) == (expected, [])
    lines = client.post("/files", files=sent(*given), data={"format": "jsonl"})
    assert lines.text == stream.getvalue()
    assert lines.headers["content-disposition"] == 'attachment; filename="tagged.jsonl"'


def test_probabilities_of_files_are_those_of_the_tagger(client: TestClient, tagger: Tagger, named: str) -> None:
    data = {"probabilities": "true", "alternatives": "2", "model": "tiny"}
    document = client.post("/files", files=sent(("a.txt", named)), data=data).json()["documents"][0]
    expected = to_record(tagger(named, probabilities=True))
    assert document["id"] == "a.txt"
    assert document["probabilities"] == expected["probabilities"]
    assert [len(each) for each in document["alternatives"]["ner"]] == [2] * len(document["tokens"])
    data = {"min_probability": "1.0"}
    assert client.post("/files", files=sent(("a.txt", named)), data=data).json()["documents"][0]["spans"] == []


def test_a_file_that_cannot_be_read_is_told_and_the_others_are_tagged(client: TestClient) -> None:
    given = sent(
        ("bad.txt", b"\xff\xfe\xff"), ("good.txt", NOTES), ("picture.png", b"x"),
        ("packed.txt.gz", gzip.compress(b"a")), ("rows.parquet", b"x"), ("broken.json", '{"text": "a"\n'),
    )  # fmt: skip
    answer = client.post("/files", files=given)
    assert answer.status_code == 200
    assert [document["id"] for document in answer.json()["documents"]] == ["good.txt"]
    failures = sorted(answer.json()["failures"])
    assert [each.split(":")[0] for each in failures] == [
        "bad.txt", "broken.json", "packed.txt.gz", "picture.png", "rows.parquet",
    ]  # fmt: skip
    assert not any("tmp" in each or "bilstm-tagger-" in each for each in failures)
    assert "files of this kind are not read here; known: .ann" not in failures[3]
    answer = client.post("/files", files=given, data={"format": "conll"})
    assert answer.status_code == 422
    assert "and 4 more files fail" in answer.json()["detail"]


MAIL = """From: a@example.org\nSubject: x\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=B\n
--B\nContent-Type: text/plain\n\nAda came.
--B\nContent-Type: image/png\nContent-Disposition: attachment\n\nx
--B--\n"""


def test_what_is_not_read_of_files_is_told_as_predict_tells_it(client: TestClient) -> None:
    given = sent(("a.eml", MAIL), ("b.csv", 'text\nAda came.\n""\n'), ("c.tsv", "Ada\tx\nBob\ty\n"), ("d.txt", NOTES))
    answer = client.post("/files", files=given).json()
    assert answer["failures"] == []
    assert answer["notes"] == [
        "read as columns of tokens, the first of which is tagged, since no cell holds several words: c.tsv; if these "
        "are tokens, end each sentence with an empty line; if it is a table, name the column of its text",
        "of 1 .eml the offsets and lines count in the text taken from the file, not in the file",
        "1 row or record without a text is an empty document: b.csv (1)",
        "1 attachment or other part of a mail is not read; save it as a file to tag it: a.eml (1)",
    ]
    assert client.post("/files", files=sent(("d.txt", NOTES))).json()["notes"] == []


def test_of_a_file_that_breaks_and_of_a_damaged_mail_what_is_whole_is_answered(client: TestClient) -> None:
    head = "From: a@b\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\n"
    given = sent(("a.jsonl", '{"text": "Ada came."}\n{"text"\n'), ("b.eml", head + "QWRhIGNhbWUuQ"))
    answer = client.post("/files", files=given).json()
    assert [document["text"] for document in answer["documents"]] == ["Ada came.", "Ada came."]
    (failure,) = answer["failures"]
    assert failure.startswith("a.jsonl:2: ")
    assert failure.endswith("; 1 document before that is tagged")
    assert (
        "mails with damage, of which text may be missing or misread: b.eml: its base64 is cut short" in answer["notes"]
    )


def test_a_file_that_answers_has_its_notes_in_a_header(client: TestClient) -> None:
    def asked(*files: tuple[str, str]) -> Any:
        return client.post("/files", files=sent(*files), data={"format": "conll"})

    answer = asked(("a.eml", MAIL), ("ä字.csv", 'text\nAda came.\n""\n'))
    assert answer.status_code == 200
    assert (
        json.loads(answer.headers["Bilstm-Tagger-Notes"])
        == (client.post("/files", files=sent(("a.eml", MAIL), ("ä字.csv", 'text\nAda came.\n""\n'))).json()["notes"])
    )
    assert "ä字.csv (1)" in json.loads(answer.headers["Bilstm-Tagger-Notes"])[1]
    assert "Bilstm-Tagger-Notes" not in asked(("d.txt", NOTES)).headers


@pytest.mark.parametrize(("count", "length"), [(1, 10_000), (5, 20), (2000, 200)])
def test_notes_fit_in_a_header(count: int, length: int) -> None:
    answer = _file(FileAnswer(b"", tuple(f"{at} " + "字" * length for at in range(count))), "conll")
    line = answer.headers["Bilstm-Tagger-Notes"]
    told = json.loads(line)
    assert len(line) <= 4100
    assert told[0].startswith("0 字")
    assert len(told) == count or told[-1] == f"and {count - len(told) + 1:,} more"


def test_encodings_are_told_without_options(client: TestClient) -> None:
    given = sent(
        ("le.txt", NOTES.encode("utf-16-le")), ("be.conll", CONLL.encode("utf-16-be")),
        ("cp.txt", ("Zoë était à l’église. " * 5).encode("cp1252")),
    )  # fmt: skip
    answer = client.post("/files", files=[*given, *sent(("good.txt", NOTES))]).json()
    assert [document["id"] for document in answer["documents"]] == ["good.txt"]
    le, be, cp = answer["failures"]
    assert le == "le.txt: is UTF-16-LE without a byte order mark; save it as UTF-8"
    assert be == "be.conll: is UTF-16-BE without a byte order mark; save it as UTF-8"
    assert re.fullmatch(r"cp\.txt:1: byte 2 .* is not UTF-8; it may be cp1252(?: or \w+){0,2}: save it as UTF-8", cp), (
        cp
    )


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (
            "probabilties",
            "no 'probabilties'; did you mean 'probabilities'? known: files, model, format, probabilities, ",
        ),
        ("file", "no 'file'; did you mean 'files'? known: files, "),
        ("n_best", "no 'n_best'; known: files, "),
    ],
)
def test_a_field_that_is_not_known_is_refused(client: TestClient, name: str, told: str) -> None:
    answer = client.post("/files", files=sent(("a.txt", NOTES)), data={name: "2"})
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith(told)
    for path, body in (("/files", {"files": sent(("a.txt", NOTES))}), ("/tag", {"json": {"text": "a"}})):
        answer = client.post(path, params={name: "2"}, **body)
        message = f"{name!r} stands behind the address, where nothing is read; send it in the body"
        assert (answer.status_code, answer.json()["detail"]) == (422, message)


def test_names_of_files_lead_nowhere(client: TestClient, tmp_path: Path) -> None:
    for name in ("../../evil.txt", "/etc/evil.txt", "C:\\evil.txt", "a/../evil.txt"):
        document = client.post("/files", files=sent((name, NOTES))).json()["documents"][0]
        assert document["id"] == "evil.txt"
    assert [safe_name(name) for name in ("", "..", "a/..", ".", "e\x00v\n.txt", "a" * 300 + ".txt", "ü" * 200)] == [
        "file", "file", "file", "file", "ev.txt", "a" * 97 + ".txt", "ü" * 100,
    ]  # fmt: skip
    for name in ("[a].txt", "-x.txt", "~.txt", "$HOME.txt", "*.txt"):
        assert client.post("/files", files=sent((name, NOTES))).json()["documents"][0]["id"] == name


def test_too_much_is_refused(client_of: Callable[..., TestClient]) -> None:
    client = client_of(limits=Limits(characters=50, texts=2, body_bytes=1_000_000))
    answer = client.post("/files", files=sent(*[(f"{n}.txt", "a") for n in range(3)]))
    assert (answer.status_code, answer.json()["detail"]) == (413, "3 files in one request; at most 2 are allowed")
    answer = client.post("/files", files=sent(("a.txt", "ab " * 10), ("b.txt", "ab " * 10)))
    assert answer.status_code == 413
    assert answer.json()["detail"] == "the files hold more than 50 characters of text; send fewer at a time"
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(3):
            archive.writestr(f"word/{number}.xml", bytes(40_000_000))
    answer = client.post("/files", files=sent(("a.docx", bomb.getvalue())))
    assert answer.status_code == 422
    assert answer.json()["detail"] == "a.docx: holds more than 100 MB; send it in parts"


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
        (b"", "multipart/form-data; boundary=x"),
        (b"{}", "application/json"),
        (b"a=b", "application/x-www-form-urlencoded"),
        (b"x", "multipart/form-data"),
    ],
)
def test_a_form_that_is_none_is_refused_in_one_sentence(client: TestClient, content: bytes, kind: str) -> None:
    answer = client.post("/files", content=content, headers={"Content-Type": kind})
    assert answer.status_code in (400, 422)
    assert isinstance(answer.json()["detail"], str)


# What the page, or a program, sends back

FUSED = (
    "# text = do\n1-2\tdo\t_\t_\t_\t_\t_\t_\t_\t_\n"
    + "".join(f"{number}\t{word}\t_\tX\t_\t_\t{number - 1}\tdep\t_\t_\n" for number, word in ((1, "de"), (2, "o")))
    + "\n"
)


def span(label: str, start: int, end: int, task: str = "ner") -> dict[str, Any]:
    return {"task": task, "label": label, "start": start, "end": end}


def corrected(client: TestClient, source: str, **changes: Any) -> dict[str, Any]:
    """A tagged text as the page sends it."""
    return of_page(client.post("/tag", json={"text": source}).json()["documents"][0]) | changes


def of_page(record: dict[str, Any]) -> dict[str, Any]:
    """An answer as the page sends it back."""
    spans = [{key: span[key] for key in ("task", "label", "start", "end")} for span in record["spans"]]
    kept = {key: record[key] for key in ("text", "sentences", "start_char", "end_char")}
    return {**kept, "tags": {"upos": record["tags"]["upos"]}, "spans": spans}


def test_what_was_not_corrected_is_written_as_it_was_tagged(client: TestClient, tagger: Tagger, named: str) -> None:
    asked = {"format": "jsonl", "documents": [corrected(client, named), corrected(client, "a")]}
    answer = client.post("/export", json=asked)
    records = [json.loads(line) for line in answer.text.splitlines()]
    assert records == [json.loads(json.dumps(to_record(document))) for document in tagger.pipe([named, "a"])]


def content_of(answer: Any, format: str) -> bytes:
    """What is in a file; a workbook tells the second in which it was written."""
    if format != "xlsx":
        return answer.content
    return zipfile.ZipFile(io.BytesIO(answer.content)).read("xl/worksheets/sheet1.xml")


@pytest.mark.parametrize("format", OUTPUT_FORMATS)
def test_what_was_answered_is_taken_back(client: TestClient, tagger: Tagger, named: str, format: str) -> None:
    """With all that can be asked for, and a text in which words are not their stretches of it."""
    if format == "xlsx":
        pytest.importorskip("openpyxl")
    everything = {"texts": [named, "Ada  came.", ""], "probabilities": True, "alternatives": 2, "n_best": 2}
    documents = client.post("/tag", json=everything).json()["documents"]
    assert {"probabilities", "alternatives", "n_best", "tokens"} <= set(documents[0])
    forms = {"probabilities": "true", "alternatives": "2"}
    uploads = client.post("/files", files=sent(("a.conllu", FUSED), ("b.txt", named)), data=forms).json()["documents"]
    assert uploads[0]["words"] == ["de", "o"]
    written = client.post("/export", json={"format": format, "documents": [*documents, *uploads]})
    assert written.status_code == 200, written.text
    pages = [corrected(client, source) for source in (named, "Ada  came.", "")]
    pages += [of_page(document) | {"id": document["id"]} for document in uploads]
    pages[3]["words"] = ["de", "o"]
    expected = client.post("/export", json={"format": format, "documents": pages})
    assert content_of(written, format) == content_of(expected, format)
    if format == "jsonl":
        read = [json.loads(line) for line in written.text.splitlines()]
        plain = client.post("/tag", json={"texts": everything["texts"]}).json()["documents"]
        again = client.post("/files", files=sent(("a.conllu", FUSED), ("b.txt", named))).json()
        assert read == [*plain, *again["documents"]]


def test_the_body_in_the_docs_is_taken(client: TestClient) -> None:
    page = Path(__file__).parents[3] / "docs/integrations/server.md"
    (body,) = re.findall(r"```json\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    answer = client.post("/export", json=json.loads(body))
    assert answer.status_code == 200, answer.text
    tags = [line.split("\t")[1] for line in answer.text.splitlines() if line]
    assert tags == ["O", "O", "O", "B-LOC", "O"]


@pytest.mark.parametrize(("format", "column"), [("jsonl", -1), ("conll", 2), ("spacy", "ents"), ("parquet", -1)])
def test_corrections_can_be_trained_on(client: TestClient, tmp_path: Path, format: str, column: int | str) -> None:
    spans = [
        span("PER", 0, 2),
        span("SHIP", 4, 5),
        span("PER", 6, 7),
    ]
    documents = [corrected(client, "Ada Lovelace saw the Beagle. Ada left.", spans=spans)]
    answer = client.post("/export", json={"format": format, "documents": documents})
    assert answer.status_code == 200, answer.text
    path = tmp_path / f"corrected{OUTPUT_FORMATS[format].suffix}"
    path.write_bytes(answer.content)
    read = read_corpus(path, {"ner": column}).settle("ner")
    assert [(span.text, span.label) for document in read for span in document.spans_of("ner")] == [
        ("Ada Lovelace", "PER"), ("Beagle", "SHIP"), ("Ada", "PER"),
    ]  # fmt: skip


@pytest.mark.parametrize("format", OUTPUT_FORMATS)
def test_every_format_is_written(client: TestClient, format: str) -> None:
    if format == "xlsx":
        pytest.importorskip("openpyxl")
    answer = client.post("/export", json={"format": format, "documents": [corrected(client, "Ada came.")]})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"] == f'attachment; filename="tagged{OUTPUT_FORMATS[format].suffix}"'
    assert answer.headers["content-type"] == "application/octet-stream"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"spans": [span("A", 0, 2), span("B", 1, 3)]}, "overlaps"),
        ({"spans": [span("A", 2, 5)]}, "the A from token 2 to 5 goes over the end of its sentence"),
        ({"spans": [span("A", 9, 10)]}, "there is no token 9 for a A to begin at"),
        ({"spans": [span("A", 1, 1)]}, "covers tokens"),
        ({"spans": [span("A\tB", 0, 1)]}, "spans.0.label: string should match pattern"),
        ({"spans": [span(" A", 0, 1)]}, "spans.0.label: string should match pattern"),
        ({"spans": [span("A" * 101, 0, 1)]}, "spans.0.label: string should have at most 100 characters"),
        ({"spans": [span("A", 0, 1) | {"lable": "B"}]}, "spans.0: no 'lable'; did you mean 'label'? known: task, "),
        ({"token": []}, "documents.0: no 'token'; did you mean 'tokens'? known: id, "),
        ({"tokens": ["Ada", "came", ".", "Rain", "fell", "!"]}, "the tokens are not what start_char and end_char cut"),
        ({"spans": [], "tags": {"ner": ["B-PER"] * 6}}, "not those of its spans; correct the spans and leave tags.ner"),
        ({"spans": [span("A", 0, 1, "x")]}, "the model has no task 'x'; it has: "),
        ({"tags": {"upos": ["NOUN"]}}, "1 upos tag for 6 tokens"),
        ({"sentences": [[0, 3], [4, 6]]}, "each sentence must begin where the one before it ends"),
        ({"sentences": [[0, 3], [3, 7]]}, "sentence bounds must run from 0"),
        ({"start_char": [0]}, "sentence bounds must run"),
        ({"end_char": [3, 8, 99, 13, 18, 19]}, "outside"),
        ({"text": "\ud800"}, ""),
    ],
)  # fmt: skip
def test_what_does_not_fit_together_is_told(client: TestClient, changes: dict[str, Any], told: str) -> None:
    document = corrected(client, "Ada came. Rain fell.", **changes)
    content = json.dumps({"documents": [document]})
    answer = client.post("/export", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422, answer.text
    assert told in answer.json()["detail"]
