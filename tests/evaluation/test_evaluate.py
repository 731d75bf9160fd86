from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bilstm_tagger.cli.tables import evaluation_view, percent, tag_table
from bilstm_tagger.corpus.trained import training_specs
from bilstm_tagger.document.document import Document
from bilstm_tagger.errors import ConfigError, CorpusError
from bilstm_tagger.evaluation.counting import lenient_spans
from bilstm_tagger.evaluation.evaluate import Evaluation, evaluate, headline, score_task
from bilstm_tagger.evaluation.scores import Average, Score, SpanScores, TagScores
from bilstm_tagger.evaluation.strict import SeqevalReader, strict_spans
from bilstm_tagger.schemes.grammar import Scheme, tag_names
from bilstm_tagger.schemes.spans import convert, repair
from bilstm_tagger.settings.schema import DataSettings, Settings, TaskSettings
from bilstm_tagger.tagging.tagger import Tagger

BIO_TAGS = ["O", "O", "O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
POS_TAGS = ["NOUN", "VERB", "DET", "X"]
Tags = list[list[str]]


def documents_of(
    sentences: Tags, scheme: Scheme = Scheme.BIO, *, task: str = "ner", per_document: int = 50
) -> list[Document]:
    """Documents with these tags; the words are the numbers of the tokens."""
    found = []
    for first in range(0, len(sentences), per_document):
        part = sentences[first : first + per_document]
        flat = list(chain.from_iterable(part))
        words = [f"w{first}.{number}" for number in range(len(flat))]
        bounds = [0]
        for sentence in part:
            bounds.append(bounds[-1] + len(sentence))
        found.append(Document(words, bounds, tags={task: flat}, schemes={task: scheme}))
    return found


def random_tags(seed: int, names: Sequence[str], *, noise: float = 0.3, sentences: int = 300) -> tuple[Tags, Tags]:
    """Gold tags and a noisy copy; neither need be legal in any scheme."""
    draw = random.Random(seed)
    gold = [[draw.choice(names) for _ in range(draw.randint(1, 12))] for _ in range(sentences)]
    noisy = [[draw.choice(names) if draw.random() < noise else tag for tag in tags] for tags in gold]
    return gold, noisy


def legal(sentences: Tags) -> Tags:
    return [repair(tags, Scheme.BIO)[0] for tags in sentences]


def scored(gold: Tags, predicted: Tags, scheme: Scheme = Scheme.BIO) -> SpanScores:
    scores = score_task(documents_of(gold, scheme), documents_of(predicted, scheme), "ner", known=frozenset())
    assert isinstance(scores, SpanScores)
    return scores


def tag_scores(
    gold: Tags, predicted: Tags, *, known: Iterable[str] = (), labels: Sequence[str] | None = None
) -> TagScores:
    pair = documents_of(gold, Scheme.NONE), documents_of(predicted, Scheme.NONE)
    scores = score_task(*pair, "ner", known=frozenset(known), labels=labels)
    assert isinstance(scores, TagScores)
    return scores


# --- Against other scorers -------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("predictions_legal", [True, False])
def test_strict_scores_equal_seqeval(seed: int, predictions_legal: bool) -> None:
    from seqeval.metrics import classification_report
    from seqeval.scheme import IOB2

    gold, predicted = random_tags(seed, BIO_TAGS)
    gold, predicted = legal(gold), legal(predicted) if predictions_legal else predicted
    report: Any = classification_report(gold, predicted, mode="strict", scheme=IOB2, output_dict=True, zero_division=0)
    scores = scored(gold, predicted)
    ours: dict[str, Score | Average] = {
        **scores.labels,
        "micro avg": scores.micro,
        "macro avg": scores.macro,
        "weighted avg": scores.weighted,
    }
    for name, score in ours.items():
        theirs = report[name]
        figures, expected = (score.precision, score.recall), (theirs["precision"], theirs["recall"])
        assert figures == (pytest.approx(expected, abs=1e-15) if name == "weighted avg" else expected)
        assert score.f1 == pytest.approx(theirs["f1-score"], abs=1e-15)
        assert score.support == theirs["support"]
    assert set(ours) == set(report)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("names", [BIO_TAGS, ["O", "B-A", "I-A", "E-A", "S-A", "I-B", "E-B", "B-B"]])
def test_lenient_score_equals_seqeval_default(seed: int, names: list[str]) -> None:
    from seqeval.metrics import f1_score, precision_score, recall_score

    scheme = Scheme.BIO if "E-A" not in names else Scheme.IOBES
    gold, predicted = random_tags(seed, names)
    lenient = scored(gold, predicted, scheme).conlleval
    assert lenient.precision == precision_score(gold, predicted)
    assert lenient.recall == recall_score(gold, predicted)
    assert lenient.f1 == pytest.approx(f1_score(gold, predicted), abs=1e-15)


@pytest.mark.parametrize(("scheme", "theirs"), [(Scheme.BIO, "BIO"), (Scheme.IOBES, "BIOES"), (Scheme.IOB1, "IOB")])
def test_printed_scores_equal_seqscore(scheme: Scheme, theirs: str) -> None:
    from seqscore.scoring import convert_score, score_label_sequences

    drawn = (legal(sentences) for sentences in random_tags(7, BIO_TAGS))
    gold, predicted = ([convert(tags, Scheme.BIO, scheme) for tags in sentences] for sentences in drawn)
    expected, accuracy = score_label_sequences(predicted, gold, theirs, repair=None)
    scores = scored(gold, predicted, scheme)
    pairs = [(scores.labels[label], score) for label, score in expected.type_scores.items()]
    for ours, other in [(scores.micro, expected), *pairs]:
        for figure in ("precision", "recall", "f1"):
            value = getattr(other, figure)
            assert getattr(ours, figure) == value
            assert percent(value) == str(convert_score(value, full_precision=False))
    assert scores.accuracy.value == accuracy.accuracy


def test_accuracy_equals_udtools(tmp_path: Path) -> None:
    from udtools import udeval

    gold, predicted = random_tags(3, POS_TAGS)

    def loaded(sentences: Tags, name: str) -> Any:
        lines = []
        for tags in sentences:
            for number, tag in enumerate(tags, start=1):
                head, relation = (0, "root") if number == 1 else (1, "dep")
                lines.append(f"{number}\tw{number}\t_\t{tag}\t_\t_\t{head}\t{relation}\t_\t_")
            lines.append("")
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n", "utf-8")
        return udeval.load_conllu_file(str(path), defaultdict(int))

    expected = udeval.evaluate(loaded(gold, "gold.conllu"), loaded(predicted, "predicted.conllu"))["UPOS"]
    ours = tag_scores(gold, predicted).accuracy
    assert ours.value == expected.f1
    assert percent(ours.value) == f"{100 * expected.f1:.2f}"


def test_tag_scores_equal_sklearn() -> None:
    from sklearn.metrics import precision_recall_fscore_support

    gold, predicted = random_tags(5, POS_TAGS)
    flat = list(chain.from_iterable(gold)), list(chain.from_iterable(predicted))
    scores = tag_scores(gold, predicted)
    columns = precision_recall_fscore_support(*flat, labels=sorted(POS_TAGS), zero_division=0)
    for (tag, score), *theirs in zip(scores.tags.items(), *columns, strict=True):
        assert [score.precision, score.recall, score.f1, score.support] == pytest.approx(theirs), tag
    macro = precision_recall_fscore_support(*flat, average="macro", zero_division=0)
    assert [scores.macro.precision, scores.macro.recall, scores.macro.f1] == pytest.approx(macro[:3])


SEQEVAL_NAMES = {
    Scheme.IOB1: "IOB1",
    Scheme.BIO: "IOB2",
    Scheme.IOBES: "IOBES",
    Scheme.BMES: "IOBES",  # with M for I
    Scheme.BILOU: "BILOU",
}
LABELS = ["PER", "LOC", "a-b"]


@st.composite
def any_tags(draw: st.DrawFn) -> tuple[Scheme, Tags, Tags]:
    """A scheme, gold tags and predicted tags of the same sentences; often legal, often not."""
    scheme = draw(st.sampled_from(list(SEQEVAL_NAMES)))
    names = st.sampled_from(["O", "O", *tag_names(LABELS, scheme)])
    gold = draw(st.lists(st.lists(names, max_size=8), min_size=1, max_size=5))
    predicted = [
        tags if draw(st.booleans()) else draw(st.lists(names, min_size=len(tags), max_size=len(tags))) for tags in gold
    ]
    for sentences in (gold, predicted):
        if draw(st.booleans()):
            sentences[:] = [repair(tags, scheme)[0] for tags in sentences]
    return scheme, gold, predicted


@settings(max_examples=300, deadline=None)
@given(any_tags())
def test_strict_scores_of_any_tags_equal_seqeval(drawn: tuple[Scheme, Tags, Tags]) -> None:
    """The figures by label, micro, macro and weighted, and the score of every epoch."""
    import seqeval.scheme
    from seqeval.metrics.v1 import precision_recall_fscore_support

    scheme, gold, predicted = drawn
    scores = scored(gold, predicted, scheme)
    assert headline(documents_of(gold, scheme), documents_of(predicted, scheme), "ner") == scores.micro.f1
    sides = [[[tag.replace("M-", "I-") for tag in tags] for tags in side] for side in (gold, predicted)]
    known = getattr(seqeval.scheme, SEQEVAL_NAMES[scheme])
    labels = {tag for side in sides for tag in seqeval.scheme.Entities(side, known).unique_tags}
    assert list(scores.labels) == sorted(labels)
    if not labels:  # of no label seqeval takes no mean
        assert scores.micro == Score(0, 0, 0)
        assert scores.macro == scores.weighted == Average(0.0, 0.0, 0.0, 0)
        return

    def theirs(average: str | None) -> Any:
        return precision_recall_fscore_support(*sides, average=average, scheme=known, zero_division=0)

    for average, score in (("micro", scores.micro), ("macro", scores.macro), ("weighted", scores.weighted)):
        expected = theirs(average)
        assert [score.precision, score.recall, score.f1] == pytest.approx(expected[:3], abs=1e-15)
        assert score.support == expected[3]
    by_label = [[each.precision, each.recall, each.f1, each.support] for each in scores.labels.values()]
    assert by_label == [list(row) for row in zip(*theirs(None), strict=True)]


@given(any_tags())
def test_both_strict_readings_are_the_same(drawn: tuple[Scheme, Tags, Tags]) -> None:
    scheme, *sides = drawn
    read = SeqevalReader(scheme)
    for tags in chain(*sides):
        assert strict_spans(tags, scheme) == read(tags)


@pytest.mark.parametrize(
    ("scheme", "tags", "expected"),
    [
        (Scheme.IOBES, "B-PER I-PER O", []),
        (Scheme.IOBES, "B-PER B-PER E-PER", [(1, 3, "PER")]),
        (Scheme.IOBES, "S-PER E-PER I-PER", [(0, 1, "PER")]),
        (Scheme.BMES, "B-PER M-PER O B-PER M-PER E-PER", [(3, 6, "PER")]),
        (Scheme.BILOU, "U-PER L-PER B-LOC L-PER", [(0, 1, "PER")]),
        (Scheme.IOB1, "B-PER O I-PER", [(2, 3, "PER")]),
        (Scheme.IOB1, "B-PER I-PER", [(1, 2, "PER")]),
        (Scheme.IOB1, "I-PER B-PER B-LOC", [(0, 1, "PER")]),
    ],
)
def test_ill_formed_spans(scheme: Scheme, tags: str, expected: list[Any]) -> None:
    """By seqeval's patterns, worked out by hand."""
    assert strict_spans(tags.split(), scheme) == SeqevalReader(scheme)(tags.split()) == expected


def test_labels_keep_their_hyphens() -> None:
    """seqeval by itself strips them."""
    scores = scored([["B-a-", "O", "B-a"]], [["B-a", "O", "B-a"]])
    assert scores.labels == {"a": Score(1, 2, 1), "a-": Score(0, 0, 1)}


@pytest.mark.parametrize("read", [headline, partial(score_task, known=())])
def test_tags_of_no_scheme_are_refused(read: Any) -> None:
    with pytest.raises(CorpusError, match=r"^tag 'E-PER' is no tag of BIO, which has O and B, I-LABEL$"):
        read(documents_of([["B-PER", "I-PER"]]), documents_of([["B-PER", "E-PER"]]), "ner")


# --- Reading spans ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tags", "strict", "lenient"),
    [
        ("O I-PER I-PER", [], [(1, 3, "PER")]),
        ("B-PER I-LOC O", [(0, 1, "PER")], [(0, 1, "PER"), (1, 2, "LOC")]),
        ("B-PER O I-PER", [(0, 1, "PER")], [(0, 1, "PER"), (2, 3, "PER")]),
        ("I-LOC B-LOC I-LOC", [(1, 3, "LOC")], [(0, 1, "LOC"), (1, 3, "LOC")]),
    ],
)
def test_illegal_tags_are_read_two_ways(tags: str, strict: list[Any], lenient: list[Any]) -> None:
    assert strict_spans(tags.split(), Scheme.BIO) == strict
    assert lenient_spans(tags.split(), Scheme.BIO) == lenient


SENTENCES = st.lists(st.lists(st.sampled_from(BIO_TAGS), max_size=8), min_size=1, max_size=6).map(legal)


@given(SENTENCES, st.sampled_from([Scheme.BIO, Scheme.IOB1, Scheme.IOBES, Scheme.BMES, Scheme.BILOU]))
def test_legal_tags_are_read_alike(sentences: Tags, scheme: Scheme) -> None:
    for tags in sentences:
        spelled = convert(tags, Scheme.BIO, scheme)
        expected = strict_spans(tags, Scheme.BIO)
        assert lenient_spans(spelled, scheme) == strict_spans(spelled, scheme) == expected


@given(SENTENCES)
def test_perfect_prediction(sentences: Tags) -> None:
    scores = scored(sentences, sentences)
    expected = 1.0 if scores.micro.support else 0.0
    assert scores.micro.f1 == scores.conlleval.f1 == scores.macro.f1 == scores.headline == expected
    assert scores.accuracy.correct == scores.accuracy.total == sum(map(len, sentences))


def test_plain_tags_have_no_lenient_spans() -> None:
    assert lenient_spans(["NOUN", "X"], Scheme.NONE) == []


# --- Headline, unseen labels, known words ----------------------------------------------------------


@pytest.mark.parametrize(("names", "scheme"), [(BIO_TAGS, Scheme.BIO), (POS_TAGS, Scheme.NONE)])
def test_headline_is_that_of_the_full_scores(names: list[str], scheme: Scheme) -> None:
    gold, predicted = (documents_of(tags, scheme) for tags in random_tags(11, names))
    scores = score_task(gold, predicted, "ner", known=frozenset())
    assert headline(gold, predicted, "ner") == scores.headline
    assert headline([], [], "ner") == 0.0


def test_nothing_found_or_nothing_there_is_zero() -> None:
    assert Score(0, 0, 0).f1 == Score(0, 3, 0).f1 == Score(0, 0, 3).f1 == 0.0
    assert scored([["O", "O"]], [["O", "O"]]).macro.f1 == 0.0


def test_known_and_unknown_words() -> None:
    gold, predicted = [["NOUN", "VERB", "DET"]], [["NOUN", "DET", "VERB"]]
    scores = tag_scores(gold, predicted, known={"w0.0", "w0.1"})
    assert (scores.known.correct, scores.known.total) == (1, 2)
    assert (scores.unknown.correct, scores.unknown.total) == (0, 1)
    assert scores.confusions == [("DET", "VERB", 1), ("VERB", "DET", 1)]


def test_spans_with_an_unknown_word_are_counted_apart() -> None:
    gold = documents_of([["B-PER", "I-PER", "O", "B-LOC"]])
    predicted = documents_of([["B-PER", "I-PER", "O", "O"]])
    scores = score_task(gold, predicted, "ner", known={"w0.0", "w0.3"})
    assert (scores.known.correct, scores.known.total) == (0, 1)
    assert (scores.unknown.correct, scores.unknown.total) == (1, 1)


def test_unseen_labels_are_misses() -> None:
    gold, predicted = documents_of([["B-GPE", "O", "B-PER"]]), documents_of([["O", "O", "B-PER"]])
    scores = score_task(gold, predicted, "ner", known=(), labels=["PER"])
    assert scores.unseen_labels == {"GPE": 1}
    assert isinstance(scores, SpanScores)
    assert scores.micro == Score(correct=1, predicted=1, support=2)
    assert tag_scores([["A", "B"]], [["A", "A"]], labels=["A"]).unseen_labels == {"B": 1}


def test_other_sentences_are_refused() -> None:
    gold = documents_of([["O", "O"], ["O"]])
    with pytest.raises(CorpusError, match=r"^1 gold document, but 0 predicted; score the same ones$"):
        headline(gold, [], "ner")
    with pytest.raises(
        CorpusError,
        match=(
            r"^document 1 has 2 sentences and 3 tokens in gold, but 1 and 3 predicted, or they end "
            r"elsewhere; score the same sentences$"
        ),
    ):
        headline(gold, documents_of([["O", "O", "O"]]), "ner")


def test_other_schemes_are_refused() -> None:
    gold = documents_of([["B-PER"]])
    with pytest.raises(CorpusError, match=r"^task 'ner' is BIO in gold but IOBES predicted; convert one of them$"):
        score_task(gold, documents_of([["S-PER"]], Scheme.IOBES), "ner", known=())
    with pytest.raises(CorpusError, match=r"^task 'ner' is in several schemes: BIO, IOBES; convert it to one$"):
        headline([*gold, *documents_of([["S-PER"]], Scheme.IOBES)], gold * 2, "ner")


# --- A tagger against a corpus ---------------------------------------------------------------------


class Oracle:
    """Stands in for a tagger: knows the right tags of some words, in the schemes of its training data."""

    def __init__(self, answers: dict[str, dict[str, str]], *, settings: Settings, schemes: dict[str, Scheme]) -> None:
        self.answers, self.schemes = answers, schemes
        self.reading = training_specs(settings.data, settings.tasks, settings.features)
        tags = {task: sorted(set(table.values())) for task, table in answers.items()}
        self.vocab = SimpleNamespace(tags=tags, known=frozenset({"Ann", "in"}), features={})
        self.tasks = list(answers)
        self.info = SimpleNamespace(provenance={})

    def pipe(self, documents: Iterable[Document]) -> Iterator[Document]:
        for document in documents:
            tags = {}
            for task, table in self.answers.items():
                tags[task] = [table.get(word, "O") for word in document.words]
            yield document.with_tags(tags, self.schemes)


NER = {"Ann": "B-PER", "Lee": "I-PER", "in": "O", "Rome": "B-LOC"}
POS = {"Ann": "PROPN", "Lee": "PROPN", "in": "ADP", "Rome": "PROPN"}
CONLL = {
    "BIO": ["Ann NNP B-PER", "Lee NNP I-PER", "in IN O", "Rome NNP B-LOC"],
    "IOB1": ["Ann NNP I-PER", "Lee NNP I-PER", "in IN O", "Rome NNP I-LOC"],
    "IOBES": ["Ann NNP B-PER", "Lee NNP E-PER", "in IN O", "Rome NNP S-LOC"],
}


def ner_tagger(train: str | None = "train.conll", **data: Any) -> Tagger:
    settings = Settings(data=DataSettings(train=train, **data), tasks={"ner": TaskSettings(column=-1)})
    return cast("Tagger", Oracle({"ner": NER}, settings=settings, schemes={"ner": Scheme.BIO}))


def two_task_tagger() -> Tagger:
    tasks = {"upos": TaskSettings(column="UPOS"), "ner": TaskSettings(column="NER")}
    settings = Settings(data=DataSettings(train="train.conllu"), tasks=tasks)
    schemes = {"upos": Scheme.NONE, "ner": Scheme.BIO}
    return cast("Tagger", Oracle({"upos": POS, "ner": NER}, settings=settings, schemes=schemes))


def write(path: Path, lines: Iterable[str]) -> Path:
    path.write_text("\n".join(lines) + "\n\n", "utf-8")
    return path


def conllu(rows: Iterable[tuple[str, str, str]]) -> list[str]:
    numbered = enumerate(rows, start=1)
    return [f"{n}\t{word}\t_\t{upos}\t_\t_\t_\t_\t_\t{misc}" for n, (word, upos, misc) in numbered]


@pytest.mark.parametrize("scheme", list(CONLL))
def test_files_in_any_scheme(tmp_path: Path, scheme: str) -> None:
    result = evaluate(ner_tagger(), write(tmp_path / "test.conll", CONLL[scheme]))
    scores = result.tasks["ner"]
    assert isinstance(scores, SpanScores)
    assert (scores.micro, scores.accuracy.value, scores.scheme) == (Score(2, 2, 2), 1.0, Scheme.BIO)
    assert (result.documents, result.sentences, result.tokens, result.notes) == (1, 1, 4, ())
    assert (scores.known.total, scores.unknown.total) == (0, 2)


def test_gold_labels_never_seen_are_noted(tmp_path: Path) -> None:
    path = write(tmp_path / "test.conll", ["Ann B-PER", "in O", "Rome B-GPE"])
    result = evaluate(ner_tagger(), path)
    assert result.notes == ("ner: the model never saw GPE (1), which count as missed",)
    assert result.tasks["ner"].headline == 0.5


def test_mixture_is_refused_with_its_line(tmp_path: Path) -> None:
    path = write(tmp_path / "test.conll", ["Ann B-PER", "in O", "Rome I-LOC", "Lee B-PER"])
    with pytest.raises(
        CorpusError,
        match=(
            r"test\.conll:3: tag 'I-LOC' cannot follow 'O' in BIO; correct it, or let --repair read it as "
            r"the CoNLL scorer would$"
        ),
    ):
        evaluate(ner_tagger(), path)


def test_plain_tags_for_a_span_task_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "test.conll", CONLL["BIO"])
    with pytest.raises(
        CorpusError,
        match=(
            r"test\.conll:1: ner has spans in BIO, but .* such as 'NNP'; name the column of the spans with "
            r"--column$"
        ),
    ):
        evaluate(ner_tagger(), path, columns=2)


def test_columns_of_another_layout(tmp_path: Path) -> None:
    path = write(tmp_path / "test.tsv", ["B-PER\tx\tAnn", "O\tx\tin"])
    assert evaluate(ner_tagger(), path, columns=1, word_column=3).tasks["ner"].headline == 1.0
    named = evaluate(ner_tagger(), path, columns={"ner": "e"}, names=["e", "p", "w"], word_column="w")
    assert named.tasks["ner"].headline == 1.0
    with pytest.raises(ConfigError, match=r"^column for task 'pos': the model has only ner$"):
        evaluate(ner_tagger(), path, columns={"pos": 1})


def test_training_settings_of_the_file_carry_over(tmp_path: Path) -> None:
    path = write(tmp_path / "test.data", ["Ann B-PER x", "in O x"])
    tagger = ner_tagger("train.data", format="conll", names=("word", "entity", "rest"))
    assert evaluate(tagger, path, columns="entity").tasks["ner"].headline == 1.0
    with pytest.raises(CorpusError, match="the name does not tell the format"):
        evaluate(ner_tagger(), path)


def test_two_tasks_and_one_that_is_missing(tmp_path: Path) -> None:
    rows = [("Ann", "PROPN", "NER=B-PER"), ("in", "ADP", "_"), ("Rome", "NOUN", "NER=B-LOC")]
    both = evaluate(two_task_tagger(), write(tmp_path / "both.conllu", conllu(rows)))
    assert {task: scores.headline for task, scores in both.tasks.items()} == {"upos": 2 / 3, "ner": 1.0}
    assert both.notes == ("upos: the model never saw NOUN (1), which count as missed",)
    path = write(tmp_path / "one.conllu", conllu((word, upos, "_") for word, upos, _ in rows))
    one = evaluate(two_task_tagger(), path)
    assert list(one.tasks) == ["upos"]
    assert one.notes[0].startswith("ner is left out: ")
    with pytest.raises(
        CorpusError,
        match=(
            r"one\.conllu: no token has NER= in column MISC \(keys there: none\); name one of them, or a "
            r"column such as UPOS$"
        ),
    ):
        evaluate(two_task_tagger(), path, columns={"ner": "NER"})
    with pytest.raises(
        ConfigError, match=r"^column UPOS: of which task\? The model has several, so write upos=UPOS or ner=UPOS$"
    ):
        evaluate(two_task_tagger(), path, columns="UPOS")
    with pytest.raises(CorpusError):
        evaluate(two_task_tagger(), write(tmp_path / "bad.conllu", ["1\tAnn"]))


def test_brat_has_one_set_of_spans_and_needs_no_column(tmp_path: Path) -> None:
    (tmp_path / "brat").mkdir()
    (tmp_path / "brat" / "a.txt").write_text("Ann in Rome")
    (tmp_path / "brat" / "a.ann").write_text("T1\tPER 0 3\tAnn\nT2\tLOC 7 11\tRome\n")
    for path in (tmp_path / "brat", tmp_path / "brat" / "a.ann"):
        found = evaluate(two_task_tagger(), path)
        assert {task: scores.headline for task, scores in found.tasks.items()} == {"ner": 1.0}
        assert found.notes == (f"upos is left out: {path.name} has spans alone",)
    schemes = {"ner": Scheme.BIO, "chunk": Scheme.BIO}
    settings = Settings(data=DataSettings(train="t.conll"), tasks=dict.fromkeys(schemes, TaskSettings()))
    two = cast("Tagger", Oracle({"ner": NER, "chunk": NER}, settings=settings, schemes=schemes))
    with pytest.raises(
        CorpusError,
        match=(
            r"brat: nothing to compare with; ner is left out: it was trained on another file format, so name "
            r"its column, --column ner=COLUMN; chunk is left out: it was trained on another file format, so "
            r"name its column, --column chunk=COLUMN$"
        ),
    ):
        evaluate(two, tmp_path / "brat")
    assert list(evaluate(two, tmp_path / "brat", columns={"chunk": -1}).tasks) == ["chunk"]


def test_column_of_another_format_must_be_named(tmp_path: Path) -> None:
    path = write(tmp_path / "test.pos", ["Ann/B-PER"])
    with pytest.raises(
        CorpusError,
        match=r"test\.pos: nothing to compare with; ner is left out: .*name its column, --column ner=COLUMN$",
    ):
        evaluate(ner_tagger(), path)
    assert evaluate(ner_tagger(), path, columns=-1).tasks["ner"].headline == 1.0


def test_a_task_is_found_by_its_name_in_another_format(tmp_path: Path) -> None:
    path = write(tmp_path / "test.conllu", conllu([("Ann", "PROPN", "NER=B-PER")]))
    assert evaluate(ner_tagger(), path).tasks["ner"].headline == 1.0
    path = write(tmp_path / "other.conllu", conllu([("Ann", "PROPN", "Name=B-PER")]))
    with pytest.raises(
        CorpusError,
        match=(
            r"other\.conllu: no token has ner= in column MISC \(keys there: Name\); name one of them, or a "
            r"column such as UPOS$"
        ),
    ):
        evaluate(ner_tagger(), path)
    assert evaluate(ner_tagger(), path, columns="Name").tasks["ner"].headline == 1.0


def test_documents_with_gold_tags() -> None:
    document = Document(["Ann", "in"], [0, 2], tags={"ner": ["S-PER", "O"], "x": ["a", "b"]})
    result = evaluate(ner_tagger(), [document])
    assert result.tasks["ner"].headline == 1.0
    assert (document.tags["ner"], document.schemes) == (["S-PER", "O"], {})
    partly = evaluate(two_task_tagger(), [document])
    assert partly.notes == ("upos is left out: not every document has gold tags of it",)
    with pytest.raises(
        CorpusError, match=r"^the documents have no gold tags of ner; name their task as the model does$"
    ):
        evaluate(ner_tagger(), [Document(["Ann"], [0, 1])])
    with pytest.raises(CorpusError, match=r"^there is no token to evaluate on$"):
        evaluate(ner_tagger(), [])


def test_lost_sentences_are_caught() -> None:
    class Lossy(Oracle):
        def pipe(self, documents: Iterable[Document]) -> Iterator[Document]:
            return (Document(d.words, [0, len(d.words)]) for d in documents)

    settings = Settings(tasks={"ner": TaskSettings()})
    tagger = cast("Tagger", Lossy({"ner": NER}, settings=settings, schemes={"ner": Scheme.BIO}))
    with pytest.raises(
        CorpusError,
        match=(
            r"^document 1 has 2 sentences and 2 tokens in gold, but 1 and 2 predicted, or they end "
            r"elsewhere; score the same sentences$"
        ),
    ):
        evaluate(tagger, documents_of([["O"], ["O"]]))


# --- Tables and JSON -------------------------------------------------------------------------------


def rendered(view: Any, *, width: int = 100) -> str:
    from rich.console import Console

    console = Console(width=width, no_color=True)
    with console.capture() as capture:
        console.print(view)
    return capture.get()


def test_tables_and_json() -> None:
    spans = scored([["B-[x]", "O", "B-PER"]], [["B-[x]", "O", "O"]])
    tags = tag_scores([["A", "B", "B"]], [["A", "A", "B"]], known={"w0.0"})
    result = Evaluation({"ner": spans, "pos": tags}, documents=1, sentences=1, tokens=3, seconds=0.5, notes=("so",))
    text = rendered(evaluation_view(result))
    rows = [line.split() for line in text.splitlines()]
    assert ["[x]", "100.00", "100.00", "100.00", "1"] in rows
    assert ["micro", "100.00", "50.00", "66.67", "2"] in rows
    assert ["weighted", "50.00", "50.00", "50.00", "2"] in rows
    assert ["B", "A", "1", "50.00", "%"] in rows
    assert "conlleval (lenient): precision 100.00, recall 50.00, F1 66.67" in text
    assert "known words 100.00 of 1; unknown words 50.00 of 2" in text
    assert "1 document, 1 sentence, 3 tokens in 0.5 s (6 tokens/s)" in text
    values = json.loads(json.dumps(result.to_json()))
    assert values["tasks"]["ner"]["strict"]["micro"]["f1"] == spans.micro.f1
    assert values["tasks"]["pos"]["accuracy"] == {"value": 2 / 3, "correct": 2, "total": 3}
    assert values.pop("tasks").keys() == {"ner", "pos"}
    sizes = {"documents": 1, "sentences": 1, "tokens": 3}
    assert values == {**sizes, "seconds": 0.5, "tokens_per_second": 6, "notes": ["so"]}


def test_table_of_many_tags_is_cut() -> None:
    names = [f"T{number}" for number in range(30)]
    text = rendered(tag_table(tag_scores([names, ["T7"]], [names, ["T7"]]), rows=5))
    assert "and 25 rarer tags; all are in the JSON" in text
    assert next(line.split()[0] for line in text.splitlines() if line.strip().startswith("T")) == "T7"
