"""Files of any system: seqeval's scores in any scheme and format; misaligned files are refused with their lines."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from command_line import ENVIRONMENT
from tiny import sentences, write_conll

from bilstm_tagger.errors import ConfigError, CorpusError
from bilstm_tagger.evaluation.compare import compare
from bilstm_tagger.evaluation.predictions import evaluate_predictions, paired, read_gold_file
from bilstm_tagger.evaluation.scores import SpanScores, TagScores
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.schemes.spans import convert, repair
from bilstm_tagger.settings.read_spec import ReadSpec

Rows = list[list[Sequence[str]]]
NER = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")


def drawn(*, legal: bool = True) -> tuple[Rows, list[list[str]], list[list[str]]]:
    """Words with gold and predicted tags."""
    draw = random.Random(4)
    rows, gold, guesses = [], [], []
    for sentence in sentences(40, seed=4):
        tags = [tag for _, tag in sentence]
        told = [draw.choice(NER) if draw.random() < 0.2 else tag for tag in tags]
        told = repair(told, Scheme.BIO)[0] if legal else told
        rows.append([(word, tag, other) for (word, tag), other in zip(sentence, told, strict=True)])
        gold.append(tags)
        guesses.append(told)
    return rows, gold, guesses


def write(path: Path, rows: Sequence[Sequence[Sequence[str]]]) -> Path:
    path.write_text("".join("".join(" ".join(row) + "\n" for row in each) + "\n" for each in rows), "utf-8")
    return path


def of_seqeval(gold: list[list[str]], guesses: list[list[str]]) -> float:
    from seqeval.metrics import f1_score
    from seqeval.scheme import IOB2

    return float(f1_score(gold, guesses, mode="strict", scheme=IOB2))


@pytest.mark.parametrize("legal", [True, False])
def test_one_file_with_both_columns(tmp_path: Path, legal: bool) -> None:
    rows, gold, guesses = drawn(legal=legal)
    file = write(tmp_path / "both.conll", rows)
    found = evaluate_predictions(file, columns={"ner": 3}, gold_columns={"ner": 2}, resamples=100)
    scores = found.tasks["ner"]
    assert isinstance(scores, SpanScores)
    assert scores.micro.f1 == pytest.approx(of_seqeval(gold, guesses), abs=1e-12)
    assert 0.5 < scores.micro.f1 < 1
    assert (scores.known, scores.unknown, scores.unseen_labels) == (None, None, {})
    assert (found.seconds, found.tokens_per_second, found.sentences) == (None, None, 40)
    assert scores.micro.intervals is not None
    assert bool(found.notes) is not legal
    assert legal or ("not all predicted tags are legal" in found.notes[0] and f"{file}:" in found.notes[0])
    assert json.loads(json.dumps(found.to_json()))["tasks"]["ner"]["known_recall"] is None


@pytest.mark.parametrize("scheme", [Scheme.IOB1, Scheme.IOBES, Scheme.BILOU, Scheme.BMES])
def test_illegal_predictions_beside_gold_in_another_scheme(tmp_path: Path, scheme: Scheme) -> None:
    """They are scored as beside the same gold in their own scheme, as seqeval scores them."""
    rows, gold, guesses = drawn(legal=False)
    words = [[row[0] for row in each] for each in rows]
    spelled = [convert(tags, Scheme.BIO, scheme) for tags in gold]
    true, told = (
        write(tmp_path / name, [list(zip(*pair, strict=True)) for pair in zip(words, tags, strict=True)])
        for name, tags in (("gold.conll", spelled), ("told.conll", guesses))
    )
    found = evaluate_predictions(told, true, resamples=0)
    scores = found.tasks["tags"]
    assert isinstance(scores, SpanScores)
    assert scores.micro.f1 == pytest.approx(of_seqeval(gold, guesses), abs=1e-12)
    flat = [tag == other for pair in zip(gold, guesses, strict=True) for tag, other in zip(*pair, strict=True)]
    assert scores.accuracy.value == pytest.approx(sum(flat) / len(flat))
    assert "not all predicted tags are legal" in found.notes[0]

    legal = write(
        tmp_path / "legal.conll", [list(zip(*pair, strict=True)) for pair in zip(words, spelled, strict=True)]
    )
    for pair, place in (((told, legal), 0), ((legal, told), 1)):
        compared = compare(true, *pair, resamples=100).tasks["tags"]
        assert compared.scores[place].headline == scores.micro.f1
        assert compared.scores[1 - place].headline == 1.0


def test_two_files_that_are_not_legal_in_two_schemes_are_refused(tmp_path: Path) -> None:
    true = write(tmp_path / "a.conll", [[("Ada", "B-PER"), ("Berg", "I-PER"), ("in", "O"), ("Oslo", "B-LOC")]])
    one = write(tmp_path / "b.conll", [[("Ada", "B-PER"), ("Berg", "I-PER"), ("in", "O"), ("Oslo", "I-LOC")]])
    other = write(tmp_path / "c.conll", [[("Ada", "B-PER"), ("Berg", "E-PER"), ("in", "S-X"), ("Oslo", "I-LOC")]])
    with pytest.raises(
        CorpusError,
        match=(
            r"^tags: b\.conll is in BIO and c\.conll in IOBES, and not all tags of either are legal; convert "
            r"one of them into the scheme of the other, with --repair$"
        ),
    ):
        compare(true, one, other, resamples=100)


@pytest.mark.parametrize("scheme", [Scheme.BIO, Scheme.IOB1, Scheme.IOBES, Scheme.BILOU, Scheme.BMES])
def test_predictions_in_another_scheme_and_another_file(tmp_path: Path, scheme: Scheme) -> None:
    rows, gold, guesses = drawn()
    spelled = [convert(tags, Scheme.BIO, scheme) for tags in guesses]
    other = [
        [(row[0], tag) for row, tag in zip(each, tags, strict=True)] for each, tags in zip(rows, spelled, strict=True)
    ]
    predictions = write(tmp_path / "predicted.conll", other)
    found = evaluate_predictions(
        predictions, write(tmp_path / "gold.conll", [[row[:2] for row in each] for each in rows])
    )
    scores = found.tasks["tags"]
    assert isinstance(scores, SpanScores)
    assert scores.micro.f1 == pytest.approx(of_seqeval(gold, guesses), abs=1e-12)
    assert scores.scheme is Scheme.BIO
    assert found.notes == ()


TOUCHING = [[("Ada", "B-PER"), ("Bo", "B-PER"), ("Lim", "I-PER"), ("left", "O"), ("Leeds", "B-LOC")]]


@pytest.mark.parametrize("letters", [True, False])
def test_predictions_in_io_are_read_as_such_and_told(tmp_path: Path, letters: bool) -> None:
    """Neighbours of one label are one span, as seqeval counts them once they are spelled in BIO."""
    io = [tag.replace("B-", "I-") for _, tag in TOUCHING[0]]
    rows = [[(*row, tag if letters else tag[2:] or tag) for row, tag in zip(TOUCHING[0], io, strict=True)]]
    file = write(tmp_path / "io.conll", rows)
    found = evaluate_predictions(file, columns={"ner": 3}, gold_columns={"ner": 2}, resamples=0)
    scores = found.tasks["ner"]
    assert isinstance(scores, SpanScores)
    merged = [["B-PER", "I-PER", "I-PER", "O", "B-LOC"]]
    assert scores.micro.f1 == pytest.approx(of_seqeval([[tag for _, tag in TOUCHING[0]]], merged), abs=1e-12)
    (told,) = found.notes
    assert told.startswith("ner: the predicted tags do not say where spans begin, as in IO: ")
    assert told.endswith("in gold spans of one label touch 1 time")


def test_gold_in_io_beside_predictions_with_letters(tmp_path: Path) -> None:
    rows = [[(word, tag[2:] or tag, tag) for word, tag in TOUCHING[0]]]
    found = evaluate_predictions(
        write(tmp_path / "io.conll", rows), columns={"ner": 3}, gold_columns={"ner": 2}, resamples=0
    )
    scores = found.tasks["ner"]
    assert isinstance(scores, SpanScores)
    assert (scores.micro.support, scores.micro.predicted, scores.micro.correct) == (2, 3, 1)
    assert found.notes[0].startswith("ner: the gold tags do not say where spans begin")


def test_labels_alone_on_both_sides_are_told_as_plain_tags(tmp_path: Path) -> None:
    rows = [[("Ada", "PER", "PER")], [("it", "O", "O"), ("rained", "O", "O"), ("there", "O", "O")]] * 4
    found = evaluate_predictions(write(tmp_path / "io.conll", rows), columns={"ner": 3}, gold_columns={"ner": 2})
    assert isinstance(found.tasks["ner"], TagScores)
    assert (
        "ner: tags such as 'PER' beside O were taken for plain tags; if they mark spans, --scheme IO" in found.notes[0]
    )


def test_documents_may_be_divided_otherwise(tmp_path: Path) -> None:
    """Columns with `-DOCSTART-` beside JSON lines with one sentence per document."""
    rows, gold, guesses = drawn()
    lines = [json.dumps({"tokens": [row[0] for row in each], "ner": [row[2] for row in each]}) for each in rows]
    predictions = tmp_path / "predicted.jsonl"
    predictions.write_text("\n".join(lines) + "\n", "utf-8")
    text = write(tmp_path / "gold.conll", [[row[:2] for row in each] for each in rows]).read_text("utf-8")
    (tmp_path / "gold.conll").write_text("-DOCSTART- O\n\n" + text, "utf-8")
    found = evaluate_predictions(
        predictions, tmp_path / "gold.conll", columns={"ner": "ner"}, gold_columns={"ner": -1}, resamples=0
    )
    assert found.tasks["ner"].headline == pytest.approx(of_seqeval(gold, guesses), abs=1e-12)


def test_plain_tags(tmp_path: Path) -> None:
    file = write(tmp_path / "pos.conll", [[("Rain", "NOUN", "NOUN"), ("fell", "VERB", "NOUN")]])
    scores = evaluate_predictions(file, columns={"pos": -1}, gold_columns={"pos": -2}).tasks["pos"]
    assert isinstance(scores, TagScores)
    assert (scores.accuracy.value, scores.confusions) == (0.5, [("VERB", "NOUN", 1)])


def test_gold_without_a_span_takes_the_scheme_of_the_predictions(tmp_path: Path) -> None:
    file = write(tmp_path / "none.conll", [[("Rain", "O", "B-X"), ("fell", "O", "I-X")]])
    scores = evaluate_predictions(file, columns={"ner": 3}, gold_columns={"ner": 2}).tasks["ner"]
    assert isinstance(scores, SpanScores)
    assert (scores.micro.predicted, scores.kinds["invented"]) == (1, 1)


WORDS = [[("Ada", "B-PER"), ("left", "O")], [("Rain", "O"), ("fell", "O")]]


@pytest.mark.parametrize(
    ("predicted", "problem"),
    [
        ([WORDS[0], [("Rain", "O"), ("falls", "O")]], "p:5: predicted tags are of 'falls', but gold has 'fell' (g:5)"),
        ([WORDS[0]], "g:4: gold tags go on with 'Rain' where p:2 was the last word of the other"),
        ([*WORDS, WORDS[0]], "p:7: predicted tags go on with 'Ada' where g:5 was the last word of the other"),
        ([[*WORDS[0], *WORDS[1]]], "g:2: a sentence ends behind 'left', but goes on in p:2"),
        ([[WORDS[0][0]], [WORDS[0][1]], WORDS[1]], "p:1: a sentence ends behind 'Ada', but goes on in g:1"),
        ([[("Ada", "Person"), ("left", "O")], WORDS[1]], "p:1: the predicted tag 'Person' is none of BIO"),
    ],
)
def test_misaligned_files_are_refused_with_their_lines(tmp_path: Path, predicted: Rows, problem: str) -> None:
    predictions, gold = write(tmp_path / "p.conll", predicted), write(tmp_path / "g.conll", WORDS)
    with pytest.raises(CorpusError) as refused:
        evaluate_predictions(predictions, gold)
    assert str(refused.value).replace(str(predictions), "p").replace(str(gold), "g").startswith(problem)


def test_plain_gold_beside_predicted_spans_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path / "mixed.conll", [[("Rain", "NOUN", "B-X"), ("fell", "VERB", "I-X")]])
    with pytest.raises(
        CorpusError,
        match=(
            r"mixed\.conll:1: ner has spans in BIO, but the tags are plain ones such as 'NOUN'; name the "
            r"column of the spans with --column$"
        ),
    ):
        evaluate_predictions(file, columns={"ner": 3}, gold_columns={"ner": 2})


def test_columns_must_be_named(tmp_path: Path) -> None:
    file = write(tmp_path / "both.conll", drawn()[0])
    with pytest.raises(
        ConfigError,
        match=(
            r"both\.conll: which columns\? Name both, as --gold-column -2 --column -1 where the predicted "
            r"tags are last, or give the gold tags in a file of their own$"
        ),
    ):
        evaluate_predictions(file, columns={"ner": 3})
    with pytest.raises(
        ConfigError,
        match=(
            r"both\.conll: the gold tags are of a, b, the predicted ones of c; name the columns of both by "
            r"task, as --gold-column ner=NER --column ner=4$"
        ),
    ):
        evaluate_predictions(file, columns={"c": 3}, gold_columns={"a": 2, "b": 3})
    found = evaluate_predictions(file, columns={"b": 3, "c": 3}, gold_columns={"a": 2, "b": 2}, resamples=0)
    assert list(found.tasks) == ["b"]


def test_nothing_of_it_needs_torch(tmp_path: Path) -> None:
    """Scores, intervals, page, table, matrix and comparison of two files, in a process of its own."""
    rows, _, _ = drawn()
    file = write(tmp_path / "both.conll", rows)
    gold = write_conll(tmp_path / "gold.conll", sentences(5))
    arguments = [
        ["evaluate", "--predictions", file, "--gold-column", "2", "--column", "3", "--errors", tmp_path / "e.html"],
        ["evaluate", gold, "--predictions", gold, "--errors", tmp_path / "e.csv", "--confusion", "-"],
        ["compare", file, file, file, "--gold-column", "2", "--column-a", "2", "--column-b", "3", "--resamples", "100"],
    ]
    code = f"""
import sys
from typer.testing import CliRunner
from bilstm_tagger.cli import app
for line in {[list(map(str, line)) for line in arguments]}:
    result = CliRunner().invoke(app, line)
    assert result.exit_code == 0, (line, result.output, result.exception)
print([name for name in ("torch", "spacy") if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], env=ENVIRONMENT, capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.stdout.strip(), done.returncode) == ("[]", 0), done.stderr


def test_gold_tags_are_not_compared_with_themselves(tmp_path: Path) -> None:
    path = tmp_path / "a.conll"
    path.write_text("Ann B-PER B-PER\n\n", "utf-8")
    with pytest.raises(
        ConfigError, match=r"a\.conll: gold and predicted tags of ner are the same column; name two columns$"
    ):
        evaluate_predictions(path, columns={"ner": 3}, gold_columns={"ner": 3})
    assert evaluate_predictions(path, path, columns={"ner": 3}, gold_columns={"ner": 2}).tasks["ner"].headline == 1.0


@pytest.mark.parametrize("sign", ["_", "-"])
def test_a_token_without_a_predicted_tag_is_refused_with_its_line(sign: str, tmp_path: Path) -> None:
    path = tmp_path / "a.conll"
    path.write_text(f"Ada\tB-PER\tB-PER\nByron\tI-PER\t{sign}\nran\tO\tO\n\n", "utf-8")
    with pytest.raises(CorpusError, match=r"a\.conll:2: no tag was predicted here; write O outside of spans"):
        evaluate_predictions(path, gold_columns={"ner": 2}, columns={"ner": 3})


def test_gold_tokens_that_nobody_annotated_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.conll"
    path.write_text("Ada\tB-PER\tB-PER\nByron\t_\tI-PER\nran\tO\tO\nBob\tB-PER\tB-PER\n\n", "utf-8")
    found = evaluate_predictions(path, gold_columns={"ner": 2}, columns={"ner": 3})
    assert found.notes == ("ner: 1 of 4 tokens are not annotated and left out",)
    scores = found.tasks["ner"]
    assert isinstance(scores, SpanScores)
    assert (scores.micro.support, scores.micro.predicted, scores.micro.correct) == (1, 1, 1)


PAIRS = [("Ada", "B-PER", "B-Person"), ("Lee", "I-PER", "I-Person"), ("in", "O", "O"), ("Rome", "B-LOC", "B-{}")]


@pytest.mark.parametrize("scheme", ["letters", "IO"])
def test_labels_that_gold_spells_otherwise(tmp_path: Path, scheme: str) -> None:
    """One note of `evaluate` and `compare`, with the option that makes the labels alike."""
    rows = [[(word, gold, told.format("Ort")) for word, gold, told in PAIRS]]
    if scheme == "IO":  # plain tags, as far as can be told
        rows = [[(word, gold.split("-")[-1], told.split("-")[-1]) for word, gold, told in rows[0]]]
    path = write(tmp_path / "a.conll", rows)
    kind = "labels" if scheme == "letters" else "tags"
    note = (
        f"tags: {kind} that {path} predicts (Ort, Person) are none of gold's (LOC, PER) and count as wrong; if they "
        "mean the same, --map Ort=LOC,Person=PER renames them"
    )
    columns: dict[str, int | str] = {"tags": 3}
    found = evaluate_predictions(path, columns=columns, gold_columns={"tags": 2})
    assert note in found.notes
    both = compare(path, path, path, gold_columns={"tags": 2}, columns=({"tags": 2}, columns), resamples=100)
    assert note in both.notes
    renamed = ReadSpec(labels={"Ort": "LOC", "Person": "PER"})
    right = evaluate_predictions(path, columns=columns, gold_columns={"tags": 2}, spec=renamed)
    assert (right.tasks["tags"].headline, any("--map" in each for each in right.notes)) == (1.0, False)


def test_some_labels_that_gold_spells_otherwise(tmp_path: Path) -> None:
    def notes(*rows: tuple[str, str, str]) -> list[str]:
        path = write(tmp_path / "a.conll", [list(rows)])
        found = evaluate_predictions(path, columns={"tags": 3}, gold_columns={"tags": 2}, resamples=0)
        return [each for each in found.notes if "--map" in each]

    shared = [(word, gold, told.format("LOC")) for word, gold, told in PAIRS]
    assert "(Person) are none of gold's (LOC, PER) " in notes(*shared)[0]
    assert notes(("it", "O", "B-MISC"), ("is", "B-LOC", "B-LOC")) == []  # no label of gold is meant by it
    assert notes(("it", "B-ORG", "O"), ("is", "B-LOC", "B-LOC"), ("so", "O", "B-MISC")) == []
    assert "--map PREDICTED=GOLD" in notes(("it", "B-ORG", "O"), ("so", "O", "B-MISC"))[0]
    assert notes(("it", "O", "B-MISC"), ("so", "O", "O")) == []


def test_labels_of_a_model_are_matched_by_those_of_gold(tmp_path: Path) -> None:
    path = write(tmp_path / "a.conll", [[(word, gold, told.format("Ort")) for word, gold, told in PAIRS]])
    gold, told = (read_gold_file(path, {"tags": column}) for column in (2, 3))
    assert "--map LOC=Ort,PER=Person renames" in paired(gold, told, "model", from_model=True).notes[-1]
