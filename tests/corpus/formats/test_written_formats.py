"""brat, WebAnno TSV and a sentence per row, written: round trips by property, and what they cannot hold."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from command_line import run
from hypothesis import given, settings
from hypothesis import strategies as st
from round_trips import documents
from spacy.tokens import DocBin
from spacy.vocab import Vocab

from bilstm_tagger.corpus import ReadSpec, read_corpus, save_corpus
from bilstm_tagger.corpus.convert.convert import ConvertOptions, convert_corpus
from bilstm_tagger.corpus.formats import FORMATS
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import CorpusError, TaggerError
from bilstm_tagger.schemes.grammar import Scheme

# No white space and no control characters, which columns of tokens cannot hold; unassigned ones no XML.
words = st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn", "Zs", "Zl", "Zp"]), min_size=1, max_size=5)
plain = ReadSpec(tokenizer="whitespace")


def spans(document: Document, task: str = "ner") -> list[tuple[int, int, str]]:
    return [(span.start, span.end, span.label) for span in document.spans_of(task)]


def sentences(document: Document) -> list[list[str]]:
    return [document.words[start:end] for start, end in pairwise(document.bounds) if start < end]


@settings(max_examples=40, deadline=None)
@given(
    documents(words=words),
    st.lists(
        st.text(st.characters(exclude_characters="\t\r\n", exclude_categories=["Cs"]), min_size=1),
        min_size=20,
        max_size=20,
    ),
)
def test_webanno_comes_back(given: Document, values: list[str]) -> None:
    given.tags["pos"] = [values[at % len(values)] for at in range(len(given))]
    stream = io.StringIO()
    FORMATS["webanno"].write([given], stream)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.tsv")
        path.write_text(stream.getvalue(), "utf-8", newline="")
        columns = {"ner": "NamedEntity", "pos": "POS"} if given.words else {}
        (back,) = FORMATS["webanno"].read(path, plain.replace(columns=columns))
        (sniffed,) = FORMATS["conll"].read(path, plain.replace(columns=columns))
    assert sniffed.words == back.words
    assert sentences(back) == sentences(given)
    if given.words:
        assert spans(back) == spans(given)
        assert back.tags["pos"] == given.tags["pos"]


@given(
    st.lists(
        st.text(st.characters(exclude_characters="\t\r\n", exclude_categories=["Cs"]), min_size=1, max_size=6),
        min_size=1,
        max_size=3,
    )
)
def test_webanno_labels_of_any_signs(labels: list[str]) -> None:
    tags = [tag for label in labels for tag in (f"B-{label}", f"I-{label}", f"B-{label}")]
    document = Document(["a"] * len(tags), [0, len(tags)], tags={"ner": tags}, schemes={"ner": Scheme.BIO})
    stream = io.StringIO()
    FORMATS["webanno"].write([document], stream)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.tsv")
        path.write_text(stream.getvalue(), "utf-8", newline="")
        (back,) = FORMATS["webanno"].read(path, plain.replace(columns={"ner": -1}))
    assert back.tags["ner"] == tags


def test_webanno_counts_as_java_does(tmp_path: Path) -> None:
    text = "\U0001f600 Ada\r\nByron  came. She left."
    starts = [0, 2, 7, 14, 18, 20, 24, 28]
    names = ["\U0001f600", "Ada", "Byron", "came", ".", "She", "left", "."]
    document = Document(
        names, [0, 5, 8], text=text, starts=starts, ends=[a + len(word) for a, word in zip(starts, names, strict=True)],
        tags={"ner": ["O", "B-PER", "I-PER", "O", "O", "O", "O", "O"], "chunk": ["B-NP"] * 8, "dep": ["x"] * 8},
        schemes={"ner": Scheme.BIO, "chunk": Scheme.BIO},
    )  # fmt: skip
    save_corpus([document], tmp_path / "a.tsv", format="webanno", tasks=["ner", "chunk"])
    lines = (tmp_path / "a.tsv").read_text("utf-8").split("\n")
    assert lines[:3] == [
        "#FORMAT=WebAnno TSV 3.3",
        "#T_SP=de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity|value",
        "#T_SP=webanno.custom.Chunk|value",
    ]
    assert [line for line in lines if line.startswith("#Text=")] == [
        *("#Text=\U0001f600 Ada", "#Text=Byron  came.", "#Text=She left."),
    ]
    assert "1-3\t7-12\tByron\tPER[1]\tNP\t" in lines
    assert "2-1\t20-23\tShe\t_\tNP\t" in lines
    (back,) = read_corpus(tmp_path / "a.tsv", {"ner": -1, "chunk": "Chunk"})
    assert (back.tags["ner"], back.tags["chunk"]) == (document.tags["ner"], document.tags["chunk"])


@settings(max_examples=40, deadline=None)
@given(st.lists(documents(words=words), min_size=1, max_size=3))
def test_brat_has_the_texts_and_the_spans(given: list[Document]) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "brat")
        save_corpus(given, folder, format="brat", tasks=["ner"])
        files = sorted(folder.glob("*.txt"))
        assert len(files) == len(given)
        for document, file in zip(given, files, strict=True):
            text = file.read_bytes().decode()
            assert text == document.text
            found = []
            for number, line in enumerate(file.with_suffix(".ann").read_bytes().decode().split("\n")[:-1], 1):
                name, kind, told = line.split("\t")
                assert name == f"T{number}"
                label, _, offsets = kind.partition(" ")
                pieces = [tuple(map(int, piece.split())) for piece in offsets.split(";")]
                assert " ".join(text[start:end] for start, end in pieces).replace("\t", " ") == told
                found.append((pieces[0][0], pieces[-1][1], label))
            assert found == [(span.start_char, span.end_char, span.label) for span in document.spans_of("ner")]
        # Words that are cut as they were have the same spans again.
        back = FORMATS["brat"].read(folder, plain.replace(columns={"ner": -1}))
        for document in given if all(document.text.split() == document.words for document in given) else []:
            again = next(back)
            assert again.words == document.words
            assert spans(again) == spans(document)


@pytest.mark.parametrize("label", ["foo;bar", "a;1;2", ";", "x|y", "é[1]", "1"])
def test_brat_labels_of_any_characters_but_white_space(label: str, tmp_path: Path) -> None:
    """`;` stands between the pieces of a span too."""
    (tmp_path / "a.conll").write_text(f"A B-{label}\nB I-{label}\nC O\n\n", "utf-8")
    done = run("convert", tmp_path / "a.conll", tmp_path / "out", "--to", "brat")
    assert done.exit_code == 0, done.output
    assert "spans of" not in done.output
    assert (tmp_path / "out" / "000001.ann").read_text("utf-8") == f"T1\t{label} 0 3\tA B\n"
    (document,) = read_corpus(tmp_path / "out")
    assert [(span.label, span.start, span.end) for span in document.spans_of("tags")] == [(label, 0, 2)]


@pytest.mark.parametrize("label", ["a b", "a\tb", "a\nb", "a\u00a0b"])
def test_brat_labels_with_white_space_leave_nothing_behind(label: str, tmp_path: Path) -> None:
    first, second = ({"tokens": ["A"], "tags": [f"B-{each}"]} for each in ("X", label))
    (tmp_path / "a.jsonl").write_text(json.dumps(first) + "\n" + json.dumps(second), "utf-8")
    done = run("convert", tmp_path / "a.jsonl", tmp_path / "out", "--to", "brat")
    assert done.exit_code == 1
    assert "holds white space, which brat cannot; rename it by --map" in " ".join(done.output.split())
    assert [path.name for path in tmp_path.iterdir()] == ["a.jsonl"]


def test_brat_spans_over_lines_are_read_as_one(tmp_path: Path) -> None:
    text = "Anna\n Berg\tMaria"
    document = Document(
        ["Anna", "Berg", "Maria"], [0, 3], text=text, starts=[0, 6, 11], ends=[4, 10, 16],
        tags={"ner": ["B-PER", "I-PER", "I-PER"]}, schemes={"ner": Scheme.BIO}, id="mail/1: x",
    )  # fmt: skip
    save_corpus([document], tmp_path / "out", format="brat")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["000001-mail_1_x.ann", "000001-mail_1_x.txt"]
    assert (tmp_path / "out" / "000001-mail_1_x.ann").read_text() == "T1\tPER 0 4;5 16\tAnna  Berg Maria\n"
    assert spans(read_corpus(tmp_path / "out", {"ner": -1}, tokenizer="whitespace")[0]) == [(0, 3, "PER")]


@settings(max_examples=30, deadline=None)
@given(st.lists(documents(words=words), min_size=1, max_size=2), st.sampled_from(["sentence-csv", "sentence-xlsx"]))
def test_a_sentence_per_row_comes_back(given: list[Document], format: str) -> None:
    given = [document for document in given if document.words]
    for document in given:
        document.tags["pos"] = [word[::-1] for word in document.words]
        document.id = None
    known = FORMATS[format]
    suffix = ".xlsx" if known.binary else ".csv"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a" + suffix)
        save_corpus(given, path, format=format)
        if not given:
            return
        back = read_corpus(path, {"ner": "ner", "pos": "pos"})
    rows = [(document, pair) for document in given for pair in pairwise(document.bounds) if pair[0] < pair[1]]
    assert [document.words for document in back] == [document.words[a:b] for document, (a, b) in rows]
    for task in ("ner", "pos"):
        assert [document.tags[task] for document in back] == [document.tags[task][a:b] for document, (a, b) in rows]
    if format == "sentence-csv":
        texts = [document.text[document.starts[a] : document.ends[b - 1]] for document, (a, b) in rows]
        assert [document.text for document in back] == texts


BAD = [
    (
        "webanno",
        ["a b"],
        ["B-X"],
        r"^sentence 1, token 1: 'a b' holds white space, which WebAnno TSV cannot; write \.jsonl$",
    ),
    (
        "webanno",
        ["a"],
        ["B-X\tY"],
        r"^sentence 1, token 1: 'X\\tY' cannot be a label of WebAnno TSV; rename it by --map$",
    ),
    (
        "brat",
        ["a"],
        ["B-X Y"],
        r"^sentence 1, token 1: label 'X Y' holds white space, which brat cannot; rename it by --map$",
    ),
    ("sentence-xlsx", ["a\x01"], ["B-X"], r"^'a\\x01' has a character that Excel cannot hold; write \.csv or \.jsonl$"),
    ("sentence-xlsx", ["a" * 33_000], ["B-X"], "longer than a cell of Excel"),
]


@pytest.mark.parametrize(("format", "words", "tags", "message"), BAD)
def test_what_cannot_be_held_is_refused(
    tmp_path: Path, format: str, words: list[str], tags: list[str], message: str
) -> None:
    document = Document(words, [0, len(words)], tags={"ner": tags}, schemes={"ner": Scheme.BIO})
    with pytest.raises(CorpusError, match=message):
        save_corpus([document], tmp_path / "out", format=format)
    assert not list(tmp_path.iterdir())


def test_brat_is_a_new_folder(tmp_path: Path) -> None:
    document = Document(["a"], [0, 1], tags={"ner": ["B-X"], "pos": ["N"]}, schemes={"ner": Scheme.BIO})
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    for target, message in (
        ("full", r"full: is there already; name a new folder$"),
        ("a.ann", r"a\.ann: brat is written as a folder; name one, with --to brat$"),
    ):
        with pytest.raises(TaggerError, match=message):
            save_corpus([document], tmp_path / target, format="brat")
    assert (tmp_path / "full" / "mine.txt").read_text() == "mine"
    for tasks, named in ((["pos"], "pos"), (["pos", "pos"], "pos, pos"), ([], "no task")):
        with pytest.raises(CorpusError, match=f"^brat holds spans, and {named} has none; write .jsonl$"):
            save_corpus([document], tmp_path / "new", format="brat", tasks=tasks)


LOST = {
    "brat": [
        "tokens and sentences: brat has text, which is cut anew",
        *("boundaries of sentences: 95 became 96", "of CoNLL-U: names of sentences (95)"),
        "tags of upos, for which brat has no place",
    ],
    "webanno": ["boundaries of documents: 10 became 1", "of CoNLL-U: names of sentences (95)"],
    "sentence-csv": ["boundaries of documents: 10 became 95", "of CoNLL-U: names of sentences (95)"],
}


@pytest.mark.parametrize("format", LOST)
def test_convert_says_what_is_lost(sample: Path, tmp_path: Path, format: str) -> None:
    done = convert_corpus(sample / "en-dev.conllu", tmp_path / "out", ConvertOptions(target_format=format))
    assert list(done.losses) == LOST[format]
    if format == "brat":  # as many sentences as there are when it is read
        assert read_corpus(tmp_path / "out").stats().sentences == 96


def test_brat_that_is_cut_as_it_was_lost_nothing(tmp_path: Path) -> None:
    """Sentences that the text is cut into anew are not lost."""
    (tmp_path / "a.conll").write_text("Ada\tB-PER\nran\tO\n.\tO\n\nBob\tB-PER\nsang\tO\n.\tO\n")
    done = convert_corpus(tmp_path / "a.conll", tmp_path / "out", ConvertOptions(target_format="brat"))
    assert done.losses == ()
    assert read_corpus(tmp_path / "out").stats().sentences == 2
    (tmp_path / "b.conll").write_text("Ada\tB-PER\nran\tO\n\nbut-Bob\tB-PER\nsang\tO\n")
    done = convert_corpus(tmp_path / "b.conll", tmp_path / "more", ConvertOptions(target_format="brat"))
    assert done.losses[0] == "tokens and sentences: brat has text, which is cut anew"


def test_the_command(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"tokens": ["Ada", "came"], "ner_tags": ["B-PER", "O"]}) + "\n")
    done = run("convert", tmp_path / "a.jsonl", tmp_path / "out", "--to", "brat", "--column", "ner=ner_tags")
    assert done.exit_code == 0, done.stderr
    assert "ner: scheme BIO, written as spans" in done.stderr
    assert (tmp_path / "out" / "000001.ann").read_text() == "T1\tPER 0 3\tAda\n"
    assert run("convert", tmp_path / "a.jsonl", tmp_path / "out", "--to", "brat").exit_code == 1


def written_text(path: Path, format: str) -> str:
    """All text of a file or folder, unpacked."""
    if path.is_dir():
        return "".join(each.read_text("utf-8") for each in sorted(path.iterdir()))
    if format.endswith("xlsx"):
        with zipfile.ZipFile(path) as file:
            return "".join(file.read(name).decode("utf-8") for name in file.namelist())
    if format in ("parquet", "arrow"):
        table = pq.read_table(path) if format == "parquet" else pa.ipc.open_file(path.read_bytes()).read_all()
        return str(table.to_pydict())
    if format == "spacy":
        return str([doc.to_json() for doc in DocBin().from_disk(path).get_docs(Vocab())])
    return path.read_text("utf-8")


@pytest.mark.parametrize("tasks", [(), ("one",), ("two",), ("two", "one"), None])
@pytest.mark.parametrize("format", [name for name in FORMATS if name != "conllup"])
def test_just_the_tasks_that_are_asked_for_are_written(
    tmp_path: Path, format: str, tasks: tuple[str, ...] | None
) -> None:
    """No task is none, not all; a format without a place for so few or so many says so."""
    given_ = Document.from_sentences([["Ada", "Berg"], ["rain"]])
    tags = {"one": ["B-FIRST", "I-FIRST", "O"], "two": ["O", "B-SECOND", "O"]}
    given_ = given_.with_tags(tags, dict.fromkeys(tags, Scheme.BIO))
    try:
        save_corpus([given_], tmp_path / "out", format=format, tasks=tasks)
    except CorpusError as error:
        assert format in ("word/tag", "spacy", "sentence-csv", "sentence-xlsx", "token-csv", "brat")
        assert len(tags if tasks is None else tasks) != 1, error
        return
    found = written_text(tmp_path / "out", format)
    assert "Ada" in found
    wanted = list(tags if tasks is None else tasks)[: 1 if format == "brat" else None]  # which holds one
    assert ("FIRST" in found, "SECOND" in found) == ("one" in wanted, "two" in wanted)
