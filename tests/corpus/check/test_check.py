"""Checking corpora: each finding by a corpus that has it, and none on the sample."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bilstm_tagger.cli import app
from bilstm_tagger.corpus import Corpus, ReadSpec, read_corpus
from bilstm_tagger.corpus.check.check import CheckOptions, CheckReport, Finding, check_corpus
from bilstm_tagger.corpus.check.words import has_invisible
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import ConfigError, CorpusError, VectorsError
from bilstm_tagger.schemes.grammar import Scheme

Write = Callable[..., Path]

PLAIN = [("The", "O"), ("boat", "O"), ("left", "O"), ("Turin", "B-LOC"), (".", "O")]


def tokens(words: str, *spans: tuple[str, str]) -> list[tuple[str, str]]:
    """A sentence in which each of some words is a span."""
    labels = dict(spans)
    return [(word, f"B-{labels[word]}" if word in labels else "O") for word in words.split()]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def make(*sentences: Iterable[tuple[str, ...]], name: str = "train.conll") -> Path:
        path = tmp_path / name
        path.write_text("".join("".join("\t".join(row) + "\n" for row in each) + "\n" for each in sentences), "utf-8")
        return path

    return make


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["check", *map(str, arguments)])


def kinds(report: CheckReport, level: str = "warning") -> list[str]:
    return [finding.kind for finding in report.findings if finding.level == level]


def only(report: CheckReport, kind: str) -> Finding:
    """The one finding of a kind."""
    found = [finding for finding in report.findings if finding.kind == kind]
    assert len(found) == 1, report.findings
    return found[0]


# ---- the sample


@pytest.mark.parametrize(
    "files",
    [["en-train.conllu", "en-dev.conllu", "en-test.conllu"], ["zh-train.conll", "zh-dev.conll", "zh-test.conll"]],
)
def test_sample_has_no_warning(sample: Path, files: list[str]) -> None:
    report = check_corpus([sample / name for name in files])
    assert [finding for finding in report.findings if finding.level != "info"] == []
    for name in files:
        assert not [finding for finding in check_corpus([sample / name]).findings if finding.level != "info"]


def test_sizes_of_the_sample_are_those_of_its_readme(sample: Path) -> None:
    train, dev = check_corpus([sample / "en-train.conllu", sample / "en-dev.conllu"]).files
    assert (train.documents, train.sentences, train.tokens) == (60, 559, 9012)
    assert train.tasks["ner"].labels == {"LOC": 134, "PER": 122, "MISC": 69, "ORG": 54}
    assert (train.tasks["ner"].scheme, train.tasks["upos"].scheme, train.tasks["upos"].labels) == ("BIO", "none", {})
    assert sum(train.tasks["upos"].tags.values()) == 9012
    assert (train.unknown, dev.tokens) == (None, 1556)
    assert 0.2 < (dev.unknown or 0) < 0.3


def test_lengths(write: Write) -> None:
    path = write(*([("a", "X")] * size for size in (1, 2, 3, 4, 10)))
    assert check_corpus([path]).files[0].lengths == {
        "shortest": 1, "median": 3, "mean": 4, "95%": 10, "longest": 10,
    }  # fmt: skip


# ---- errors


def test_files_that_cannot_be_read_do_not_hide_the_others(write: Write, tmp_path: Path) -> None:
    torn = write([("a", "O")], [("b",)], name="torn.conll")
    empty = write(name="empty.conll")
    good = write(PLAIN)
    report = check_corpus([tmp_path / "absent.conll", torn, empty, good])
    assert kinds(report, "error") == ["unreadable"] * 3
    messages = [finding.message for finding in report.of("error")]
    assert "no such file" in messages[0]
    assert f"{torn}:3: 1 column where" in messages[1]
    assert "is empty (0 bytes)" in messages[2]
    assert [each.path for each in report.files] == [str(good)]
    assert not report.ok


NESTED = """#FORMAT=WebAnno TSV 3.3
#T_SP=de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity|identifier|value
#T_SP=de.tudarmstadt.ukp.dkpro.core.api.lexmorph.type.pos.POS|PosValue

#Text=Old Leeds won
1-1\t0-3\tOld\t_\t_\tADJ\t
1-2\t4-9\tLeeds\t*[1]|*[2]\tORG[1]|LOC[2]\tPROPN\t
1-3\t10-13\twon\t*[1]\tORG[1]\tVERB\t
"""


@pytest.mark.parametrize(
    ("nested", "fault"), [(NESTED, ":7: span LOC .* overlaps span ORG"), (
        NESTED.replace("1-3\t", "1-2.1\t4-6\tLe\t_\tLOC\t_\t\n1-3\t").replace("|LOC[2]", ""),
        ":8: span LOC marks 'Le', a part of a token",
    )],
)  # fmt: skip
def test_layers_that_training_refuses_do_not_hide_the_others(tmp_path: Path, nested: str, fault: str) -> None:
    path = tmp_path / "a.tsv"
    path.write_text(nested, "utf-8")
    report = check_corpus([path])
    assert re.match(f"ner: {re.escape(str(path))}{fault}", only(report, "unreadable").message)
    assert list(report.files[0].tasks) == ["upos"]
    with pytest.raises(CorpusError, match=fault):
        read_corpus(path, {"ner": -1})
    kept = check_corpus([path], CheckOptions(spec=ReadSpec(misaligned="snap")))
    assert (kept.ok, list(kept.files[0].tasks)) == (True, ["ner", "upos"])


def test_span_groups_that_training_refuses(tmp_path: Path) -> None:
    import spacy
    from spacy.tokens import Doc, DocBin, Span

    doc = Doc(spacy.blank("en").vocab, words=["Old", "Leeds", "won"])
    doc.ents = [Span(doc, 1, 2, label="LOC")]
    doc.spans["nested"] = [Span(doc, 1, 2, label="LOC"), Span(doc, 0, 2, label="ORG")]
    DocBin(docs=[doc]).to_disk(tmp_path / "a.spacy")
    report = check_corpus([tmp_path / "a.spacy"])
    assert only(report, "unreadable").message.startswith(f"nested: {tmp_path / 'a.spacy'}:1: span ORG")
    assert list(report.files[0].tasks) == ["ner"]


def test_keys_of_misc_with_slips(write: Write) -> None:
    def rows(*tags: str) -> list[tuple[str, ...]]:
        return [(str(n), "a", "_", "X", "_", "_", "0", "root", "_", f"NER={tag}") for n, tag in enumerate(tags, 1)]

    report = check_corpus([write(rows("B-PER", "PER", "I-PER"), name="a.conllu")])
    assert only(report, "impossible tags").message.startswith("ner: ")
    assert list(check_corpus([write(rows("B_PER", "I_PER", "O"), name="b.conllu")]).files[0].tasks) == ["upos", "ner"]


def test_of_records_the_key_is_read_that_training_reads(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"tokens": ["Ada", "won"], "ner": ["B-PER", "O"], "pos": ["N", "V"]}\n', "utf-8")
    assert check_corpus([path]).files[0].tasks["ner"].labels == {"PER": 1}
    path.write_text('{"text": "Ada won", "spans": [[0, 3, "PER"]], "ner": [[0, 3, "PER"], [0, 7, "S"]]}\n', "utf-8")
    assert "overlaps span S" in only(check_corpus([path]), "unreadable").message


def test_columns_are_read_one_by_one_whatever_options_say_of_them(write: Write, tmp_path: Path) -> None:
    lines = '{"tokens": ["a"], "word": ["B"], "ner": [[0, 1, "X"], [0, 1, "Y"]], "pos": ["P"]}\n'
    (tmp_path / "a.jsonl").write_text(lines, "utf-8")
    spec = ReadSpec(columns={"word": "word", "ner": "ner", "pos": "pos"}, label="W")
    report = check_corpus([tmp_path / "a.jsonl"], CheckOptions(spec=spec))
    assert only(report, "unreadable").message.startswith("ner: ")
    assert report.files[0].tasks["word"].labels == {"W": 1}


def test_impossible_tags_with_their_places(write: Write) -> None:
    path = write(PLAIN, PLAIN, [("a", "O"), ("b", "I-LOC")], [("c", "B-PER"), ("d", "I-LOC")])
    report = check_corpus([path])
    finding = only(report, "impossible tags")
    assert finding.level == "error"
    assert f"{path}:14: tag 'I-LOC' cannot follow 'O' in BIO, and 1 more" in finding.message
    assert finding.places == (f"I-LOC {path}:14", f"I-LOC {path}:17")
    assert report.files[0].tasks["tags"].labels == {"LOC": 4, "PER": 1}  # as the scorer reads them


def test_later_files_are_held_to_the_scheme_of_the_first(write: Write) -> None:
    train = write(PLAIN, [("New", "B-LOC"), ("York", "I-LOC")])
    dev = write([("New", "B-LOC"), ("York", "E-LOC")], [("Ob", "S-LOC")], name="dev.conll")
    finding = only(check_corpus([train, dev]), "impossible tags")
    assert "dev.conll:2: tag 'E-LOC' is no tag of BIO; the whole corpus reads as IOBES" in finding.message
    assert check_corpus([dev]).ok
    assert kinds(check_corpus([dev], CheckOptions(scheme=Scheme.BIO)), "error") == ["impossible tags"]


def test_strays_among_tags_of_spans(write: Write) -> None:
    report = check_corpus([write(PLAIN, [("New", "B-LOC"), ("York", "I-LOC"), ("x", "!")])])
    assert "tag '!' among tags such as" in only(report, "impossible tags").message
    assert report.files[0].tasks == {}


def test_offsets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Write) -> None:
    broken = Document(["ab"], [0, 1], text="ab", starts=[0], ends=[3], tags={"tags": ["X"]})
    monkeypatch.setattr("bilstm_tagger.corpus.check.check.read_corpus", lambda *a, **k: Corpus([broken]))
    assert kinds(check_corpus([write(PLAIN)]), "error") == ["offsets"]


def test_nothing_to_check() -> None:
    with pytest.raises(ConfigError, match=r"^name at least one file to check$"):
        check_corpus([])


# ---- words


@pytest.mark.parametrize(
    ("word", "kind", "level"),
    [
        ("New\u00a0York", "white space", "warning"),
        (" a", "white space", "warning"),
        ("so\u00adft", "invisible", "warning"),
        ("\ufeffThe", "invisible", "warning"),
        ("a\u200bb", "invisible", "warning"),
        ("bell\x07", "invisible", "warning"),
        ("wh\ufffdt", "invisible", "warning"),
        ("cafÃ©", "encoding", "warning"),
        ("itâ€™s", "encoding", "warning"),
        ("&amp;", "entity", "warning"),
        ("&#39;s", "entity", "warning"),
        ("x" * 101, "long token", "warning"),
        ("cafe\u0301", "not composed", "info"),
    ],
)
def test_odd_tokens(write: Write, word: str, kind: str, level: str) -> None:
    path = write([*PLAIN, (word, "O")], [(word, "O")])
    report = check_corpus([path])
    finding = only(report, kind)
    assert finding.level == level
    assert f"{path}: 2 tokens " in finding.message
    assert finding.places[0].endswith(f" {path}:6")
    assert finding.places[0].isprintable()


@pytest.mark.parametrize(
    "word", ["a", "中", "&", "R&D", "AT&T;", "https://example.org/" + "x" * 100, "é", "👨\u200d👩", "می\u200cروم"]
)
def test_tokens_that_are_fine(write: Write, word: str) -> None:
    assert kinds(check_corpus([write([*PLAIN, (word, "O")])])) == []


def test_invisible_characters() -> None:
    england = "🏴" + "".join(chr(0xE0000 + ord(c)) for c in "gbeng") + "\U000e007f"
    for word in ("ascii", "Zürich", england, "क्\u200dष", "☺\ufe0f"):
        assert not has_invisible(word)
    for word in ("\u200ca", "a\u200d", "a\x00", "\u2066x", "x\ue000", "\U000e0067"):
        assert has_invisible(word)


def test_long_sentences(write: Write) -> None:
    path = write(PLAIN, [("a", "O")] * 501)
    assert only(check_corpus([path]), "long sentence").places == (f"501 tokens {path}:7",)


# ---- tags


def test_tags_seen_once(write: Write) -> None:
    many = [tokens("Turin", ("Turin", "LOC"))] * 220
    path = write(*many, tokens("Ada left", ("Ada", "PRE")))
    finding = only(check_corpus([path]), "seen once")
    assert finding.level == "warning"
    assert "tags: 'PRE' once in 221 spans" in finding.message
    assert finding.places == (f"PRE {path}:441",)
    few = check_corpus([write(PLAIN, tokens("Ada left", ("Ada", "PER")))])
    assert only(few, "seen once").level == "info"


def test_labels_spelled_alike(write: Write) -> None:
    path = write(tokens("Turin Ob", ("Turin", "LOC"), ("Ob", "Loc")), PLAIN)
    assert "'LOC' (2), 'Loc' (1)" in only(check_corpus([path]), "spelled alike").message
    plain = write([(".", "."), ("$", "$"), (",", ",")], name="pos.conll")
    assert "spelled alike" not in kinds(check_corpus([plain]))


def test_one_tag_for_all(write: Write) -> None:
    assert "all 2 tokens have the tag 'O'" in only(check_corpus([write(tokens("a b"))]), "one tag").message


def test_letters_without_labels(write: Write) -> None:
    report = check_corpus([write([("New", "B"), ("York", "I"), ("is", "O")])])
    assert "tags B, I, O have no label" in only(report, "no labels").message


def test_the_wrong_column(write: Write) -> None:
    path = write([(f"w{number}", f"lemma{number}") for number in range(60)])
    assert only(check_corpus([path]), "many tags").message.endswith("60 different tags in 60 tokens; the right column?")


def test_long_spans(write: Write) -> None:
    path = write(PLAIN, [("a", "B-LOC"), *[("b", "I-LOC")] * 30])
    assert only(check_corpus([path]), "long span").places == (f"LOC of 31 tokens {path}:7",)


def test_the_same_words_in_the_same_context(write: Write) -> None:
    path = write(
        tokens("He saw Turin in the rain .", ("Turin", "LOC")),
        tokens("They saw Turin in the rain .", ("Turin", "ORG")),
        tokens("We saw Turin in the rain again .", ("Turin", "LOC")),
        tokens("He saw Turin in the rain , too .", ("Turin", "ORG")),
    )
    finding = only(check_corpus([path]), "contradiction")
    assert finding.places == (f"'Turin': LOC {path}:3, ORG {path}:28",)
    assert only(check_corpus([path]), "ambiguous").places == ("'Turin': LOC 2, ORG 2",)


def test_words_of_spans_outside_of_spans(write: Write) -> None:
    new_york = [("New", "B-LOC"), ("York", "I-LOC"), ("sleeps", "O")]
    path = write(new_york, [("New", "O"), ("York", "O"), ("sleeps", "O")], [("New", "O"), ("snow", "O")])
    report = check_corpus([path])
    assert only(report, "contradiction").places == (f"'New York': LOC {path}:1, O {path}:5",)
    # A character alone is part of many words.
    chinese = write([("林", "B-PER"), ("来", "O")], [("林", "O"), ("来", "O")], name="zh.conll")
    assert "contradiction" not in kinds(check_corpus([chinese]))


def test_one_deviation_from_many(write: Write) -> None:
    usual = [tokens(f"{number} Turin {number}", ("Turin", "LOC")) for number in range(10)]
    path = write(*usual, tokens("x Turin y", ("Turin", "PER")))
    report = check_corpus([path])
    assert only(report, "deviation").places == (f"'Turin': LOC 10, but PER {path}:42",)
    assert kinds(check_corpus([write(*usual[1:], tokens("x Turin y", ("Turin", "PER")))])) == []


def test_plain_tags_in_the_same_context(write: Write) -> None:
    first, second = (
        [("I", "PRON"), ("like", tag), ("it", "PRON"), (end, "X")] for tag, end in (("VERB", "a"), ("ADP", "b"))
    )
    assert kinds(check_corpus([write(first, second)])) == []
    path = write(first, second, [*second[:3], ("a", "X")])
    assert only(check_corpus([path]), "contradiction").places == (f"'like': VERB {path}:2, ADP {path}:12",)


# ---- splits


LONG = tokens("The boat that Ada built left Turin .", ("Turin", "LOC"), ("Ada", "PER"))


def test_duplicates(write: Write) -> None:
    path = write(LONG, PLAIN, LONG, LONG, PLAIN)
    long, short = (finding for finding in check_corpus([path]).findings if finding.kind == "duplicate")
    assert (long.level, short.level) == ("warning", "info")
    assert "2 sentences of 8 or more tokens repeat another word for word" in long.message
    assert long.places == (f"{path}:16 as {path}:1",)
    assert "1 sentence of fewer than 8 tokens repeats another" in short.message


def test_places_in_a_line_of_several_sentences(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    words = ["no", "it", "no", "a\u200b"]
    record = {"tokens": words, "sentences": [[0, 1], [1, 2], [2, 3], [3, 4]], "tags": {"ner": ["O", "O", "O", "I-X"]}}
    path.write_text(json.dumps(record) + '\n{"tokens": ["no"], "tags": {"ner": ["B-Y"]}}\n', "utf-8")
    report = check_corpus([path], CheckOptions(spec=ReadSpec(columns={"ner": "ner"}), scheme=Scheme.BIO))
    assert only(report, "duplicate").places == (f"{path}:1, sentence 3 as {path}:1, sentence 1",)
    assert only(report, "impossible tags").message.startswith(f"ner: {path}:1, sentence 4: tag 'I-X' cannot begin")
    assert f"Y {path}:2" in only(report, "seen once").places


def test_leaks(write: Write) -> None:
    train, dev = write(PLAIN, LONG), write(LONG, PLAIN, LONG, tokens("x " * 9, ("y", "LOC")), name="dev.conll")
    report = check_corpus([train, dev])
    long, short = (finding for finding in report.findings if finding.kind == "leak")
    assert (long.level, short.level) == ("warning", "info")
    assert f"{dev}: shares 2 of its 3 sentences of 8 or more tokens with {train}" in long.message
    assert long.places == (f"{dev}:1 as {train}:7",)
    assert "shares 1 of its 1 sentence of fewer than 8 tokens" in short.message


def test_labels_that_train_lacks(write: Write) -> None:
    train = write(PLAIN, [("Ob", "B-LOC"), ("Lake", "I-LOC")])
    dev = write([("Ob", "B-LOC"), ("Lake", "I-LOC"), ("Ada", "B-PER"), ("Lovel", "I-PER")], name="dev.conll")
    report = check_corpus([train, dev])
    assert "dev.conll: tags has what" in only(report, "unknown tag").message
    assert "'PER' (2)" in only(report, "unknown tag").message
    assert report.files[1].unknown == 0.5
    assert "unknown tag" not in kinds(check_corpus([dev, train]))


# ---- vectors and the command


def test_coverage(write: Write, tmp_path: Path) -> None:
    vectors = tmp_path / "v.txt"
    vectors.write_text("the 1 2\nboat 1 2\n0000 1 2\n")
    path = write([("The", "O"), ("boat", "O"), ("1984", "O"), ("Turin", "B-LOC"), ("Turin", "B-LOC")])
    report = check_corpus([path], CheckOptions(vectors=str(vectors)))
    finding = only(report, "coverage")
    assert (finding.level, finding.places, report.files[0].coverage) == ("warning", ("'Turin' 2",), 0.6)
    assert "60.0% of the tokens, 75.0% of the types have a vector" in finding.message
    vectors.write_text("the 1 2\nboat 1 2\n0000 1 2\nturin 1 2\n")
    assert only(check_corpus([path], CheckOptions(vectors=str(vectors))), "coverage").level == "info"
    with pytest.raises(VectorsError):
        check_corpus([path], CheckOptions(vectors="absent.txt"))


def test_columns_and_names(write: Write) -> None:
    path = write([("Ada", "N", "B-PER"), ("left", "V", "O")])
    spec = ReadSpec(columns={"pos": "pos", "ner": "ner"}, names=("w", "pos", "ner"))
    report = check_corpus([path], CheckOptions(spec))
    assert {task: each.scheme for task, each in report.files[0].tasks.items()} == {"pos": "none", "ner": "BIO"}


def test_command(write: Write, tmp_path: Path) -> None:
    good = write(PLAIN, tokens("Ob froze", ("Ob", "LOC")))
    done = run(good, "--column", "ner=-1")
    assert done.exit_code == 0
    assert "ner: 1 label, scheme BIO; spans" in done.stdout
    assert done.stdout.splitlines()[-1] == "0 errors, 0 warnings"
    bad = write(PLAIN, [("[b]", "I-LOC")], [("a b", "O")], name="bad.conll")
    refused = run(good, bad)
    assert refused.exit_code == 1
    assert "error: tags: " in refused.stdout
    assert "warning: " in refused.stdout
    assert refused.stdout.splitlines()[-1] == "1 error, 1 warning"
    report = json.loads(run(bad, "--json").stdout)
    assert (report["ok"], len(report["files"])) == (False, 1)
    assert {"level", "kind", "message", "places"} == set(report["findings"][0])
    assert run(tmp_path / "absent.conll").exit_code == 1


def test_real_corpora(real_data: Path) -> None:
    """Known facts of CoNLL-2003: legal BIO, tables that are repeated, sentences shared by train and test."""
    folder = real_data / "conll2003"
    report = check_corpus([folder / "train.txt", folder / "test.txt"])
    assert report.ok
    train, test = report.files
    assert (train.documents, train.sentences, train.tokens) == (946, 14_041, 203_621)
    assert test.tasks["tags"].labels == {"LOC": 1668, "ORG": 1661, "PER": 1617, "MISC": 702}
    assert {"duplicate", "leak", "contradiction", "deviation"} <= set(kinds(report))


@pytest.mark.parametrize("tags", [["B-PER", "I-PER", "0", "0"], ["B-PER", "I-PER", "o", "0", "XX"], ["0", "0", "x"]])
def test_near_misses_of_outside_alone_are_no_doubt(tags: list[str], tmp_path: Path) -> None:
    (tmp_path / "a.conll").write_text("".join(f"w{at}\t{tag}\n" for at, tag in enumerate(tags)) + "\n")
    report = check_corpus([tmp_path / "a.conll"], CheckOptions(scheme=Scheme.NONE))
    assert report.ok
