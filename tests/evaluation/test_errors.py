"""Errors: as many as the scores count, as sure as the model was, mended one by one; pages that escape everything."""

from __future__ import annotations

import csv
import random
import re
from html.parser import HTMLParser
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import PLAIN, settings_of, untrained

from bilstm_tagger.document.document import Document
from bilstm_tagger.evaluation.breakdown import breakdowns, confused_labels, gains, repeated
from bilstm_tagger.evaluation.counting import score_task
from bilstm_tagger.evaluation.errors import errors_of, judged_cases
from bilstm_tagger.evaluation.errors_csv import COLUMNS, write_errors_csv
from bilstm_tagger.evaluation.errors_page import write_errors_page
from bilstm_tagger.evaluation.evaluate import Evaluation, evaluate
from bilstm_tagger.evaluation.pairing import SPAN_ERRORS, ErrorKind
from bilstm_tagger.evaluation.scores import Score, SpanScores, TagScores
from bilstm_tagger.schemes.grammar import UNKNOWN, Scheme
from bilstm_tagger.schemes.spans import repair, tags_to_spans
from bilstm_tagger.tagging.tagger import Tagger

SPAN_TAGS = ("O", "O", "O", "B-PER", "I-PER", "B-LOC", "I-LOC")
PLAIN_TAGS = ("NOUN", "VERB", "X")
HOSTILE = "<script>alert(1)</script>"
KNOWN = frozenset({"w0", "w1", "w2"})


def document(tags: list[list[str]], scheme: Scheme, words: list[str] | None = None) -> Document:
    flat = list(chain.from_iterable(tags))
    bounds = [0]
    for each in tags:
        bounds.append(bounds[-1] + len(each))
    words = words or [f"w{place % 5}" for place in range(len(flat))]
    return Document(words, bounds, tags={"t": flat}, schemes={"t": scheme})


def random_pair(seed: int, scheme: Scheme, *, unknown: float = 0.0) -> tuple[list[Document], list[Document]]:
    draw = random.Random(seed)
    names = PLAIN_TAGS if scheme is Scheme.NONE else SPAN_TAGS
    gold, guesses = [], []
    for _ in range(4):
        tags = [[draw.choice(names) for _ in range(draw.randint(0, 12))] for _ in range(8)]
        told = [[draw.choice(names) if draw.random() < 0.3 else tag for tag in each] for each in tags]
        if scheme is not Scheme.NONE:
            tags, told = ([repair(each, scheme)[0] for each in both] for both in (tags, told))
        tags = [[UNKNOWN if draw.random() < unknown else tag for tag in each] for each in tags]
        gold.append(document(tags, scheme))
        guesses.append(document(told, scheme))
    return gold, guesses


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([Scheme.BIO, Scheme.NONE]), st.sampled_from([0.0, 0.15]))
def test_cases_are_what_the_scores_count(seed: int, scheme: Scheme, unknown: float) -> None:
    gold, guesses = random_pair(seed, scheme, unknown=unknown)
    scores = score_task(gold, guesses, "t", known=KNOWN)
    cases = judged_cases(gold, guesses, "t", known=KNOWN)
    errors = errors_of(cases)
    correct = sum(case.kind is None for case in cases)
    if isinstance(scores, SpanScores):
        told, true = (sum(getattr(case, name) is not None for case in cases) for name in ("predicted", "gold"))
        assert Score(correct, told, true) == scores.micro
        assert {str(kind): sum(case.kind is kind for case in errors) for kind in ErrorKind if kind != "wrong tag"} == (
            scores.kinds
        )
        familiar = [case for case in cases if case.gold and case.known]
        assert scores.known is not None
        assert (sum(case.kind is None for case in familiar), len(familiar)) == (
            scores.known.correct,
            scores.known.total,
        )
    else:
        assert (correct, len(cases)) == (scores.accuracy.correct, scores.accuracy.total)
        assert confused_labels(errors) == scores.confusions
    for view in breakdowns(cases, gold, spans=scheme is not Scheme.NONE).values():
        assert sum(each.correct for each in view.values()) == correct
        assert sum(each.support for each in view.values()) == sum(case.gold is not None for case in cases)


@pytest.mark.parametrize("scheme", [Scheme.BIO, Scheme.NONE])
@pytest.mark.parametrize("seed", range(3))
def test_gain_is_the_score_after_mending(seed: int, scheme: Scheme) -> None:
    """The predictions of a group are replaced by gold, and everything is scored anew."""
    gold, guesses = random_pair(seed, scheme)
    cases = judged_cases(gold, guesses, "t", known=KNOWN)
    before = score_task(gold, guesses, "t", known=KNOWN).headline
    found = gains(cases, spans=scheme is not Scheme.NONE)
    assert sum(gain.errors for gain in found) == len(errors_of(cases)) > 20
    assert found == sorted(found, key=lambda gain: -gain.points)
    for gain in found:
        counts = [0, 0, 0]
        for case in cases:
            in_group = (case.span[2], "all known" if case.known else "some unknown") == (gain.label, gain.words)
            told = case.gold if in_group else case.predicted
            counts[0] += case.gold is not None and told == case.gold
            counts[1] += told is not None
            counts[2] += case.gold is not None
        after = Score(*counts).f1 if scheme is not Scheme.NONE else counts[0] / len(cases)
        assert gain.points == pytest.approx(after - before, abs=1e-12)


@pytest.fixture(scope="module")
def untrained_tagger() -> Tagger:
    settings = settings_of(tasks={"ner": {"column": 2}, "pos": {"column": 3, "head": "softmax"}})
    return untrained(settings, schemes={"ner": Scheme.BIO, "pos": Scheme.NONE})


@pytest.fixture(scope="module")
def judged(untrained_tagger: Tagger) -> Evaluation:
    draw = random.Random(0)
    some = [*PLAIN, "Ada", "Noor", "Turin", "Lake"]
    words = [["Ada", "left", "in", "Rain", "Noor"], ["the", "boat", HOSTILE, "Turin"]]
    words += [[draw.choice(some) for _ in range(size)] for size in (*[3, 5, 8] * 7, 120)]
    plain = Document.from_sentences(words)
    names = [draw.choice(["O", "O", "B-PER", "B-LOC"]) for _ in plain.words]
    gold = plain.with_tags({"ner": names, "pos": ["NOUN"] * len(names)}, {"ner": Scheme.BIO})
    return evaluate(untrained_tagger, [gold], probabilities=True, resamples=100)


def test_confidence_is_the_probability_that_the_tagger_gives(judged: Evaluation) -> None:
    told = judged.predicted[0]
    cases = judged_cases(judged.gold, judged.predicted, "ner", known=judged.known)
    errors = errors_of(cases)
    assert {case.kind for case in errors} == set(SPAN_ERRORS)
    spans = {(span.start, span.end, span.label): span.probability for span in told.spans_of("ner")}
    for case in errors:
        first = told.bounds[case.sentence]
        if case.predicted:
            start, end, label = case.predicted
            assert case.confidence == spans[first + start, first + end, label]
    assert [case.confidence for case in errors] == sorted((case.confidence or 0 for case in errors), reverse=True)
    assert all(case.confidence is None for case in cases if case.kind is None)
    for case in errors_of(judged_cases(judged.gold, judged.predicted, "pos")):
        first = told.bounds[case.sentence] + case.span[0]
        assert case.confidence == (told.tokens[first].probabilities_of("pos") or {})[case.predicted_label]


def test_a_missed_span_is_as_sure_as_all_sequences_without_it(judged: Evaluation, untrained_tagger: Tagger) -> None:
    """Summed over all tag sequences of short sentences; labels that the model lacks have no probability."""
    checked = 0
    for case in errors_of(judged_cases(judged.gold, judged.predicted, "ner")):
        words = judged.gold[0].sentences[case.sentence].words
        if case.kind is not ErrorKind.MISSED or len(words) > 4:
            continue
        sequences = (untrained_tagger([words], n_best=9**4).probabilities["ner"].n_best or [])[0]
        assert sum(each.probability for each in sequences) == pytest.approx(1, abs=1e-9)
        without = [each for each in sequences if case.gold not in tags_to_spans(each.tags, Scheme.BIO)]
        assert case.confidence == pytest.approx(sum(each.probability for each in without), abs=1e-6)
        checked += 1
    assert checked > 1
    unheard = Document.from_words(["Ada", "left"]).with_tags({"ner": ["B-SHIP", "O"]}, {"ner": Scheme.BIO})
    known = [*untrained_tagger.probabilities_of([unheard])]
    none_found = [each.with_tags({"ner": ["O", "O"]}, {"ner": Scheme.BIO}) for each in known]
    assert [case.confidence for case in judged_cases(known, none_found, "ner")] == [None]


def test_without_probabilities_errors_stay_in_order() -> None:
    gold, guesses = random_pair(1, Scheme.BIO)
    errors = errors_of(judged_cases(gold, guesses, "t"))
    assert [case.confidence for case in errors] == [None] * len(errors)
    assert [(case.document, case.sentence) for case in errors] == sorted(
        (each.document, each.sentence) for each in errors
    )
    assert all(case.known is None for case in errors)
    assert "words" not in breakdowns(judged_cases(gold, guesses, "t"), gold, spans=True)


class Page(HTMLParser):
    """What a browser makes of a page: elements, and the text of each article."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.articles: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag == "article":
            self.articles.append("")

    def handle_data(self, data: str) -> None:
        if self.articles:
            self.articles[-1] += data


def written(evaluation: Evaluation, folder: Path, title: str = "Errors") -> tuple[str, Page]:
    write_errors_page(evaluation, folder / "errors.html", title=title)
    text = (folder / "errors.html").read_text("utf-8")
    return text, Page(text)


def test_page_shows_every_error(judged: Evaluation, tmp_path: Path) -> None:
    _, page = written(judged, tmp_path)
    errors = [case for task in ("ner", "pos") for case in errors_of(judged_cases(judged.gold, judged.predicted, task))]
    assert len(page.articles) == len(errors)
    assert any("…" in each for each in page.articles)  # a long sentence is cut around the error
    assert max(map(len, page.articles)) < 1500


def test_page_needs_nothing_from_elsewhere_and_escapes_everything(judged: Evaluation, tmp_path: Path) -> None:
    text, page = written(judged, tmp_path, title=f"Errors of {HOSTILE}")
    assert text.count("<script>") == 1 and HOSTILE not in text
    assert not re.search(r"https?:|@import|url\(", text)
    for _, attributes in page.elements:
        assert not {"src", "onclick", "onerror"} & set(attributes)
        assert (attributes.get("href") or "#").startswith("#")
    assert any(HOSTILE in each for each in page.articles)


@pytest.mark.parametrize("scheme", [Scheme.BIO, Scheme.NONE])
def test_hostile_labels_are_text(scheme: Scheme, tmp_path: Path) -> None:
    label = "\"'><img src=x onerror=alert(1)>&"
    prefix = "" if scheme is Scheme.NONE else "B-"
    true = document([[prefix + label, prefix + "A"]], scheme, words=["<b>", "&amp;"])
    told = document([[prefix + "A", prefix + label]], scheme, words=["<b>", "&amp;"])
    scores = score_task([true], [told], "t", known=None, resamples=100)
    made = Evaluation({f"<i>{label}": scores}, 1, 1, 2, None, gold=[], predicted=[])
    renamed = [
        Document(each.words, each.bounds, tags={f"<i>{label}": each.tags_of("t")}, schemes={f"<i>{label}": scheme})
        for each in (true, told)
    ]
    made = Evaluation(made.tasks, 1, 1, 2, None, notes=(label,), gold=renamed[:1], predicted=renamed[1:])
    text, page = written(made, tmp_path)
    assert not {"img", "b", "i"} & {tag for tag, attributes in page.elements if "onerror" in attributes or tag == "img"}
    assert "<img" not in text
    assert len(page.articles) == 2 and "<b>" in page.articles[0] and "&amp;" in page.articles[0]


def test_csv_has_a_row_for_each_error(judged: Evaluation, tmp_path: Path) -> None:
    write_errors_csv(judged, tmp_path / "errors.csv")
    with (tmp_path / "errors.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert tuple(rows[0]) == COLUMNS
    words = judged.gold[0].words
    for task in ("ner", "pos"):
        own = [row for row in rows if row["task"] == task]
        errors = errors_of(judged_cases(judged.gold, judged.predicted, task, known=judged.known))
        assert len(own) == len(errors)
        for row, case in zip(own, errors, strict=True):
            assert (row["kind"], row["gold"], row["predicted"]) == (case.kind, case.gold_label, case.predicted_label)
            assert float(row["confidence"]) == pytest.approx(case.confidence, abs=1e-6)
            first = judged.gold[0].bounds[case.sentence]
            told = " ".join(words[first + int(row["start"]) - 1 : first + int(row["end"])])
            assert told == (row["gold_text"] or row["predicted_text"])
            assert row["known_words"] == ("yes" if case.known else "no")
            assert told in row["sentence_text"]


def test_csv_disarms_formulas(tmp_path: Path) -> None:
    true, told = (document([[tag]], Scheme.NONE, words=["=1+1"]) for tag in ("A", "B"))
    scores = score_task([true], [told], "t", known=None)
    write_errors_csv(Evaluation({"t": scores}, 1, 1, 1, None, gold=[true], predicted=[told]), tmp_path / "e.csv")
    assert "'=1+1" in (tmp_path / "e.csv").read_text("utf-8")


def test_no_error_is_told(tmp_path: Path) -> None:
    gold, _ = random_pair(1, Scheme.BIO)
    scores = score_task(gold, gold, "t", known=None)
    assert isinstance(scores, SpanScores)
    _, page = written(Evaluation({"t": scores}, 4, 32, 10, None, gold=gold, predicted=gold), tmp_path)
    assert page.articles == []
    assert "There is no error." in (tmp_path / "errors.html").read_text("utf-8")


def test_repeated_texts() -> None:
    words = ["Rome", "Rome", "Rome", "Oslo"]
    true = document([["B-LOC"], ["B-LOC"], ["B-LOC"], ["B-LOC"]], Scheme.BIO, words=words)
    told = document([["B-PER"], ["O"], ["B-LOC"], ["O"]], Scheme.BIO, words=words)
    errors = errors_of(judged_cases([true], [told], "t"))
    assert repeated(errors, [true]) == [("Rome", {"LOC → PER": 1, "LOC → none": 1})]


def test_plain_tags_are_grouped_by_confusion(tmp_path: Path) -> None:
    gold, guesses = random_pair(2, Scheme.NONE)
    scores = score_task(gold, guesses, "t", known=None, resamples=100)
    assert isinstance(scores, TagScores)
    _, page = written(Evaluation({"t": scores}, 4, 32, 10, None, gold=gold, predicted=guesses), tmp_path)
    text = (tmp_path / "errors.html").read_text("utf-8")
    shown = re.findall(r"<summary>(\S+) → (\S+) · <output>(\d+)", text)
    assert [(true, told, int(count)) for true, told, count in shown] == scores.confusions
    assert len(page.articles) == sum(count for _, _, count in scores.confusions)
