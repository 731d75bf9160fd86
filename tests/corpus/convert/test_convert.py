"""Converting between formats and schemes: nothing changes on the way but what is said."""

from __future__ import annotations

import json
import re
import shlex
import tempfile
from collections.abc import Callable, Sequence
from itertools import pairwise, permutations
from pathlib import Path

import pytest
import spacy
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from round_trips import SCHEMES, documents
from spacy.tokens import DocBin, Span
from typer.testing import CliRunner, Result

from bilstm_tagger.cli import app
from bilstm_tagger.corpus import ReadSpec, read_corpus, save_corpus
from bilstm_tagger.corpus.convert.convert import ConvertOptions, convert_corpus
from bilstm_tagger.corpus.convert.tasks import find_columns
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import ConfigError, CorpusError
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.schemes.spans import convert, tags_to_spans

BIO = "Ada\tX\tB-PER\nLovel\tX\tI-PER\nleft\tY\tO\nTurin\tX\tB-LOC\n\nthe\tZ\tO\nOb\tX\tB-LOC\nLake\tX\tB-LOC\n\n"
CONLLU = """# newdoc id = one
# sent_id = one-1
# text = Ada can't stay.
# note = kept in CoNLL-U alone
1	Ada	Ada	PROPN	NNP	Number=Sing	4	nsubj	_	NER=B-PER|Gloss=x
2-3	can't	_	_	_	_	_	_	_	_
2	can	can	AUX	MD	_	4	aux	_	NER=O
3	not	not	PART	RB	_	4	advmod	_	NER=O
4	stay	stay	VERB	VB	_	0	root	_	NER=O|SpaceAfter=No
5	.	.	PUNCT	.	_	4	punct	_	NER=O

"""


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    def make(text: str, name: str = "a.conll") -> Path:
        path = tmp_path / name
        path.write_text(text, "utf-8")
        return path

    return make


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["convert", *map(str, arguments)])


def spans(corpus: Sequence[Document], task: str, scheme: Scheme) -> list[tuple[str, str]]:
    """Words and label of each span, over all documents."""
    return [
        (" ".join(document.words[start + a : start + b]), label)
        for document in corpus
        for start, end in pairwise(document.bounds)
        for a, b, label in tags_to_spans(document.tags_of(task)[start:end], scheme)
    ]


def flat(corpus: Sequence[Document], task: str | None = None) -> list[str]:
    return [item for each in corpus for item in (each.words if task is None else each.tags_of(task))]


# ---- any corpus, any format, any scheme


@settings(max_examples=15, deadline=None)
@pytest.mark.parametrize("suffix", ["conll", "conllu", "jsonl", "parquet", "arrow", "csv", "conll.gz"])
@given(
    corpus=st.lists(documents(words=st.text("ab#-1É中", min_size=1, max_size=4)), min_size=1, max_size=3),
    source=st.sampled_from(SCHEMES),
    target=st.sampled_from(SCHEMES),
)
def test_there_and_back(suffix: str, corpus: list[Document], source: Scheme, target: Scheme) -> None:
    assume(any(document.words for document in corpus))
    for document in corpus:
        tags, known = document.tags["ner"], document.schemes.pop("ner")
        document.tags["ner"] = [
            tag for start, end in pairwise(document.bounds) for tag in convert(tags[start:end], known, source)
        ]
        document.tags["pos"] = [f"T{len(word)}" for word in document.words]
    if suffix.endswith(".gz"):
        suffix = suffix.removesuffix(".gz")  # gzip is only read
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        save_corpus(corpus, folder / "a.jsonl")
        there = convert_corpus(
            folder / "a.jsonl", folder / f"b.{suffix}", ConvertOptions(declared=source, scheme=target)
        )
        assert there.schemes == {"ner": (source, target), "pos": (Scheme.NONE, Scheme.NONE)}
        written = read_corpus(folder / f"b.{suffix}", there.columns)
        assert flat(written) == flat(corpus)
        assert flat(written, "pos") == flat(corpus, "pos")
        assert spans(written, "ner", target) == spans(corpus, "ner", source)
        options = ConvertOptions(spec=ReadSpec(columns=there.columns), declared=target, scheme=source)
        back = convert_corpus(folder / f"b.{suffix}", folder / "c.jsonl", options)
        returned = read_corpus(folder / "c.jsonl", {"ner": "ner", "pos": "pos"})
    assert flat(returned, "ner") == flat(corpus, "ner")
    if not (there.losses or back.losses):
        full = [document for document in corpus if document.words]
        returned = [document for document in returned if document.words]
        assert [document.id for document in returned] == [document.id for document in full]
        assert [document.text for document in returned] == [document.text for document in full]
        assert [set(document.bounds) for document in returned] == [set(document.bounds) for document in full]


def test_spacy_there_and_back(write: Callable[..., Path], tmp_path: Path) -> None:
    path = write(BIO)
    options = ConvertOptions(spec=ReadSpec(columns={"pos": 2, "ner": 3}), scheme=Scheme.IOBES)
    there = convert_corpus(path, tmp_path / "b.spacy", options)
    assert there.columns == {"pos": "tag", "ner": "ents"}
    assert there.losses == ("the spelling of ner as IOBES: the format has spans, which are read as BIO",)
    assert find_columns(tmp_path / "b.spacy") == {"xpos": "tag", "ner": "ents"}
    returning = ConvertOptions(spec=ReadSpec(columns=there.columns))
    back = convert_corpus(tmp_path / "b.spacy", tmp_path / "c.conll", returning)
    assert back.losses == ()
    assert (tmp_path / "c.conll").read_text("utf-8") == BIO


@pytest.mark.parametrize("format", ["spacy", "webanno", "conllu", "conll", "jsonl"])
@pytest.mark.parametrize(
    "names",
    [
        *permutations(["chunk", "ner"]),
        *permutations(["ents", "ner"]),
        *permutations(["pos", "Morph"]),
        ("spans:a", "x"),
    ],
    ids="-".join,
)
def test_two_tasks_with_spans_come_back_each_as_itself(
    write: Callable[..., Path], tmp_path: Path, names: tuple[str, str], format: str
) -> None:
    """Whichever of them is the entities, and whether or not one is called like a field of the format."""
    path = write("Ada\tB-NP\tB-PER\nleft\tB-VP\tO\nTurin\tB-NP\tB-LOC\n\n")
    options = ConvertOptions(spec=ReadSpec(columns={names[0]: 2, names[1]: 3}), target_format=format)
    done = convert_corpus(path, tmp_path / "b", options)
    assert [loss for loss in done.losses if loss.startswith(("spans", "tags"))] == []
    written = read_corpus(tmp_path / "b", spec=ReadSpec(columns=done.columns, format=format))
    assert spans(written, names[0], Scheme.BIO) == [("Ada", "NP"), ("left", "VP"), ("Turin", "NP")]
    assert spans(written, names[1], Scheme.BIO) == [("Ada", "PER"), ("Turin", "LOC")]


def test_a_group_called_like_a_field_is_told_and_read(tmp_path: Path) -> None:
    doc = spacy.blank("en").make_doc("Ada left Turin")
    doc.ents = [Span(doc, 0, 1, "PER")]
    doc.spans["ner"] = [Span(doc, 2, 3, "LOC")]
    doc.spans["POS"] = [Span(doc, 1, 3, "VP")]
    DocBin(docs=[doc]).to_disk(tmp_path / "a.spacy")
    assert find_columns(tmp_path / "a.spacy") == {"ner": "ents", "POS": "spans:POS"}
    done = convert_corpus(tmp_path / "a.spacy", tmp_path / "b.jsonl")
    assert "annotations of spaCy: spans:ner (1)" in done.losses[0]
    written = read_corpus(tmp_path / "b.jsonl", {"ner": "ner", "POS": "POS"})
    assert spans(written, "POS", Scheme.BIO) == [("left Turin", "VP")]
    assert spans(read_corpus(tmp_path / "a.spacy", {"x": "spans:ner"}), "x", Scheme.BIO) == [("Turin", "LOC")]


# ---- what is told


def test_scheme_in_place_with_other_columns(write: Callable[..., Path], tmp_path: Path) -> None:
    done = convert_corpus(write(BIO), tmp_path / "b.conll", ConvertOptions(scheme=Scheme.BILOU))
    assert done.columns == {"tags": 3}
    assert done.schemes == {"tags": (Scheme.BIO, Scheme.BILOU)}
    assert done.losses == ()
    assert (tmp_path / "b.conll").read_text("utf-8") == BIO.replace("B-LOC", "U-LOC").replace("I-PER", "L-PER")
    json.dumps(done.to_json())


def test_columns_left_behind(write: Callable[..., Path], tmp_path: Path) -> None:
    done = convert_corpus(write(BIO), tmp_path / "b.jsonl")
    assert done.losses == ("columns: 2; to keep what holds tags, name it: --column tags=-1 --column TASK=2",)
    named = ConvertOptions(spec=ReadSpec(columns={"ner": "ner"}, names=["word", "pos", "ner"]))
    assert "columns: pos;" in convert_corpus(write(BIO), tmp_path / "b.jsonl", named).losses[0]
    both = ConvertOptions(spec=ReadSpec(columns={"pos": 2, "tags": 3}))
    assert convert_corpus(write(BIO), tmp_path / "b.jsonl", both).losses == ()


@pytest.mark.parametrize("width", range(3, 8))
def test_all_columns_that_are_left_out_are_named_at_once(
    write: Callable[..., Path], tmp_path: Path, width: int
) -> None:
    """The flags of the message are all that is needed: with them nothing is left out."""
    path = write("\t".join(["Ada", *(f"T{column}" for column in range(2, width + 1))]) + "\n\n")
    (loss,) = convert_corpus(path, tmp_path / "b.jsonl").losses
    flags = loss.partition("name it: " if width == 3 else "name each: ")[2]
    assert flags.count("TASK=") == width - 2
    numbered = re.sub(r"TASK=(\d+)", r"t\1=\1", flags)
    result = run(path, tmp_path / "b.jsonl", "--force", *shlex.split(numbered))
    assert "not kept" not in result.stderr
    (line,) = (tmp_path / "b.jsonl").read_text("utf-8").splitlines()
    assert sorted(json.loads(line)["tags"]) == sorted(["tags", *(f"t{column}" for column in range(2, width))])


def test_many_columns_are_not_listed_twice(write: Callable[..., Path], tmp_path: Path) -> None:
    path = write("\t".join(["Ada", *"abcdefghij"]) + "\n\n")
    (loss,) = convert_corpus(path, tmp_path / "b.jsonl").losses
    assert loss.endswith("name each: --column tags=-1 --column TASK=NAME ...")


def test_conllu_keeps_all_of_itself(write: Callable[..., Path], tmp_path: Path) -> None:
    path = write(CONLLU, "a.conllu")
    assert find_columns(path) == {"upos": "UPOS", "xpos": "XPOS", "feats": "FEATS", "ner": "NER"}
    done = convert_corpus(path, tmp_path / "b.conllu")
    assert done.losses == ()
    assert (tmp_path / "b.conllu").read_text("utf-8") == CONLLU


def test_what_columns_cannot_hold(write: Callable[..., Path], tmp_path: Path) -> None:
    done = convert_corpus(write(CONLLU, "a.conllu"), tmp_path / "b.conll")
    assert done.columns == {"upos": 2, "xpos": 3, "feats": 4, "ner": 5}
    told = "; ".join(done.losses)
    for loss in ("names of documents", "multiword tokens and spacing", "LEMMA, DEPREL", "multiword tokens (1)"):
        assert loss in told
    for loss in ("comments (1)", "names of sentences (1)", "heads (5)", "tokens with further MISC entries (1)"):
        assert loss in told
    kept = convert_corpus(write(CONLLU, "a.conllu"), tmp_path / "b.jsonl")
    assert "text" not in "; ".join(kept.losses)
    assert "names of documents" not in kept.losses


def test_keys_that_no_document_holds(write: Callable[..., Path], tmp_path: Path) -> None:
    record = {"tokens": ["Ada", "left"], "tags": ["B-PER", "O"], "meta": {"year": 1843}, "source": "letter"}
    done = convert_corpus(write(json.dumps(record), "a.jsonl"), tmp_path / "b.jsonl")
    assert done.losses == ("further keys of the records: meta, source",)


@pytest.mark.parametrize("target", ["b.jsonl", "b.conll", "b.csv", "b.conllu", "b.parquet"])
@pytest.mark.parametrize(
    ("name", "text", "options"),
    [
        ("a.conll", "K\xf6ln B-LOC\n", {"encoding": "cp1252"}),
        ("a.csv", "sid;word;tag\n1;Ada;B-PER\n1;left;O\n2;Bonn;B-LOC\n", {"delimiter": ";", "sentence_column": "sid"}),
        ("a.conll", "Ada B-PER\nBonn B-LOC\n", {"labels": {"PER": "LOC", "LOC": "PER"}}),
        ("a.jsonl", '{"body": "Ada left.", "spans": [[0, 3, "PER"]]}\n', {"text_column": "body"}),
        ("a.conll", "B-PER Ada\nO #left\n", {"word_column": 2, "columns": {"tags": 1}}),
        ("a.conll", "# a\nAda B-PER\n# b\nleft O\n", {"comments": "#"}),
    ],
)
def test_what_is_written_is_not_read_back_by_options_of_the_source(
    tmp_path: Path, name: str, text: str, options: dict[str, object], target: str
) -> None:
    (tmp_path / name).write_text(text, "cp1252")
    done = convert_corpus(tmp_path / name, tmp_path / target, ConvertOptions(spec=ReadSpec().replace(**options)))
    assert not [loss for loss in done.losses if "read back" in loss or " tag" in loss], done.losses


def test_documents_and_their_boundaries(tmp_path: Path) -> None:
    corpus = [Document(["a"], [0, 1], tags={"tags": ["O"]}, id=name) for name in ("x", "y")]
    save_corpus(corpus, tmp_path / "a.jsonl")
    assert convert_corpus(tmp_path / "a.jsonl", tmp_path / "b.conll").losses == ("names of documents",)
    assert convert_corpus(tmp_path / "a.jsonl", tmp_path / "b.conllu").losses == ()


# ---- repair and refusal


def test_impossible_tags_are_refused_or_repaired(write: Callable[..., Path], tmp_path: Path) -> None:
    path = write(BIO.replace("B-PER", "O"))
    with pytest.raises(
        CorpusError,
        match=r"a\.conll:2: tag 'I-PER' cannot follow 'O' in BIO; .*--repair read it as the CoNLL scorer would$",
    ):
        convert_corpus(path, tmp_path / "b.conll")
    assert not (tmp_path / "b.conll").exists()
    done = convert_corpus(path, tmp_path / "b.conll", ConvertOptions(repair=True, scheme=Scheme.IOBES))
    assert str(done.repairs["tags"]) == f"1 tag in 1 sentence, the first at {path}:2"
    assert spans(read_corpus(tmp_path / "b.conll"), "tags", Scheme.IOBES) == [
        ("Lovel", "PER"), ("Turin", "LOC"), ("Ob", "LOC"), ("Lake", "LOC"),
    ]  # fmt: skip


def test_a_declared_scheme_holds_for_spans_only(write: Callable[..., Path], tmp_path: Path) -> None:
    options = ConvertOptions(spec=ReadSpec(columns={"pos": 2, "ner": 3}), declared=Scheme.IOB1)
    with pytest.raises(
        CorpusError,
        match=(
            r"a\.conll:1: tag 'B-PER' cannot begin a sentence in IOB1; the whole corpus reads as BIO: "
            r"convert it to IOB1 first$"
        ),
    ):
        convert_corpus(write(BIO), tmp_path / "b.conll", options)
    path = write(
        BIO.replace("B-PER", "I-PER").replace("\tB-LOC\n\nthe", "\tI-LOC\n\nthe").replace("Ob\tX\tB", "Ob\tX\tI")
    )
    assert convert_corpus(path, tmp_path / "b.conll", options).schemes["pos"] == (Scheme.NONE, Scheme.NONE)


def test_what_cannot_be_done(write: Callable[..., Path], tmp_path: Path) -> None:
    path = write(BIO)
    with pytest.raises(
        ConfigError, match=r"^spans cannot become plain tags; choose one of IOB1, BIO, IOBES, BMES, BILOU, IO$"
    ):
        convert_corpus(path, tmp_path / "b.conll", ConvertOptions(scheme=Scheme.NONE))
    with pytest.raises(CorpusError, match="the name does not tell the format"):
        convert_corpus(path, tmp_path / "b.docx")
    with pytest.raises(ConfigError, match="no corpus format 'word'"):
        convert_corpus(path, tmp_path / "b.x", ConvertOptions(target_format="word"))
    with pytest.raises(CorpusError, match=r"absent\.conllu: no such file; check the path$"):
        convert_corpus(tmp_path / "absent.conllu", tmp_path / "b.conll")
    assert [each.name for each in tmp_path.iterdir()] == ["a.conll"]


@pytest.mark.parametrize(
    ("name", "content"), [("a.csv", b""), ("a.jsonl", b"{"), ("a.parquet", b"PAR"), ("a.arrow", b"")]
)
def test_damaged_files_have_their_own_message(tmp_path: Path, name: str, content: bytes) -> None:
    """Looking for the tasks of a file leaves it to the reader to say what is wrong with it."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CorpusError, match=re.escape(name)):
        convert_corpus(tmp_path / name, tmp_path / "b.conll")


def test_tasks_found_in_tables(write: Callable[..., Path], tmp_path: Path) -> None:
    for suffix in ("jsonl", "parquet", "arrow", "csv"):
        target = tmp_path / f"b.{suffix}"
        convert_corpus(write(BIO), target, ConvertOptions(spec=ReadSpec(columns={"pos": 2, "ner": 3})))
        assert find_columns(target) == {"pos": "pos", "ner": "ner"}
    assert find_columns(write(BIO)) == {"tags": -1}


# ---- the command


def test_command(write: Callable[..., Path], tmp_path: Path) -> None:
    path, target = write(BIO.replace("B-PER", "O")), tmp_path / "b.conllu"
    refused = run(path, target)
    assert refused.exit_code == 1
    assert "--repair" in refused.stderr
    done = run(path, target, "--column", "ner=3", "--column", "xpos=2", "--scheme", "iobes", "--repair")
    assert (done.exit_code, done.stdout) == (0, "")
    assert "ner: scheme BIO to IOBES, written as NER\n" in done.stderr
    assert "xpos: scheme none, written as XPOS\n" in done.stderr
    assert "ner: repaired 1 tag in 1 sentence" in done.stderr
    assert "1 document, 2 sentences, 7 tokens" in done.stderr
    assert "already exists; --force" in run(path, target).stderr
    again = run(path, target, "--force", "--repair", "--column", "3", "--json")
    assert json.loads(again.stdout)["columns"] == {"tags": "TAGS"}
    assert json.loads(again.stdout)["schemes"] == {"tags": ["BIO", "BIO"]}


def test_command_tells_what_becomes_of_a_name(write: Callable[..., Path], tmp_path: Path) -> None:
    told = run(write(BIO), tmp_path / "b.conllu", "--column", "pos=2", "--column", "sense=3", "--column", "a b=3")
    assert told.exit_code == 1 and "cannot be a key of column MISC" in told.stderr
    told = run(write(BIO), tmp_path / "b.conllu", "--column", "pos=2")
    assert "pos: scheme none, written as XPOS; read back as task 'xpos', or with --column pos=XPOS\n" in told.stderr
    told = run(write(BIO), tmp_path / "c.conllu", "--column", "sense=2")
    assert "sense: scheme none, written as SENSE; read back with --column sense=SENSE\n" in told.stderr
    told = run(write(BIO), tmp_path / "b.conll", "--column", "ner=3")
    assert "ner: scheme BIO, written as column 3; read back as task 'tags', or with --column ner=3\n" in told.stderr
    as_json = run(write(BIO), tmp_path / "d.conllu", "--column", "pos=2", "--json")
    assert json.loads(as_json.stdout)["read_as"] == {"pos": "xpos"}


@pytest.mark.parametrize(
    "arguments", [["--scheme", "BIOX"], ["--column", "=3"], ["--column", "2", "--column", "3"], ["--misaligned", "x"]]
)
def test_wrong_usage(write: Callable[..., Path], tmp_path: Path, arguments: list[str]) -> None:
    assert run(write(BIO), tmp_path / "b.conllu", *arguments).exit_code == 2


@pytest.mark.parametrize(
    ("text", "words", "lost"),
    [
        ("Ada  ran", ["Ada", "ran"], "the spacing of the text"),
        ("\u200eAda ran", ["Ada", "ran"], "marks of the text that are not seen, as of direction, and its spacing"),
        ("Ada so ran", ["Ada", "ran"], "characters of the text between the tokens, and its spacing"),
    ],
)
def test_what_is_lost_of_a_text(text: str, words: list[str], lost: str, tmp_path: Path) -> None:
    starts = [text.index(word) for word in words]
    ends = [start + len(word) for start, word in zip(starts, words, strict=True)]
    record = {"text": text, "tokens": words, "start_char": starts, "end_char": ends, "tags": ["B-PER", "O"]}
    (tmp_path / "a.jsonl").write_text(json.dumps(record), "utf-8")
    for name, format in (("b.conllu", None), ("b.csv", "token-csv")):
        done = convert_corpus(tmp_path / "a.jsonl", tmp_path / name, ConvertOptions(target_format=format))
        assert lost in done.losses, name
