"""How many of the places that `review` ranks first are errors.

    python -m benchmarks.curation.review --data DIR --jobs 4

Errors made: 5 % of the spans of 3,000 sentences of CoNLL-2003 train are spoilt, as many each by a wrong label, wrong
ends, a name dropped, a name invented, and judged by five folds. Errors of people: the corrections of CoNLL++ (Wang et
al. 2019, "CrossWeigh") to the test set of CoNLL-2003, judged by `en-news`, which was trained on its train. Beside the
ranking of the package stand those it was chosen from, and cleanlab's ranking of tokens, if cleanlab is installed.
"""

from __future__ import annotations

import json
import random
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.curation.cells import (
    TASK,
    binary_vectors,
    corpus_of,
    one_thread,
    parser,
    run_cells,
    sentences,
    settings_of,
)
from benchmarks.curation.spoil import KINDS, Spoilt, spoil

if TYPE_CHECKING:
    from bilstm_tagger.curation.places import Place
    from bilstm_tagger.document.document import Document
    from bilstm_tagger.tagging.tagger import Tagger

SENTENCES = 3_000
SHARE = 0.05
FOLDS = 5
FIRST = 100
CHOSEN_ON, REPORTED = (0, 1, 2), (10, 11, 12)  # seeds

Score = Callable[["Place", Mapping[str, float]], float]


def main() -> None:
    """Run all cells and write the report."""
    arguments = parser(__doc__).parse_args()
    cells: dict[str, Any] = {"conllpp": (conllpp_cell, (arguments.data,))}
    vectors = binary_vectors(arguments.data, arguments.runs)
    cells |= {f"review-{seed}": (spoilt_cell, (arguments.data, vectors, seed)) for seed in (*REPORTED, *CHOSEN_ON)}
    results = run_cells(cells, jobs=arguments.jobs, folder=arguments.runs)
    (arguments.runs / "review.json").write_text(json.dumps(results, indent=1) + "\n", "utf-8")
    (arguments.results / "review.md").write_text("\n".join(report(results)) + "\n", "utf-8")
    print(arguments.results / "review.md")


def spoilt_cell(data: Path, vectors: Path, seed: int) -> dict[str, Any]:
    """The ranks of errors that were made in 3,000 sentences."""
    from bilstm_tagger.corpus.corpus import Corpus
    from bilstm_tagger.curation.opinions import opinions
    from bilstm_tagger.training.folds import fold_taggers
    from bilstm_tagger.training.sources import Source

    one_thread()
    every = sentences(data / "conll2003" / "train.txt")
    drawn = [every[number] for number in sorted(random.Random(seed).sample(range(len(every)), SENTENCES))]
    for number, document in enumerate(drawn):
        document.id = str(number)
    documents, errors = spoil(drawn, SHARE, seed=seed)
    began = time.process_time()
    settings = settings_of(data, vectors, seed=seed)
    sources = [Source([TASK], corpus_of(documents), Corpus())]
    found, tokens = [], []
    for tagger, (held_out,) in fold_taggers(settings, sources, folds=FOLDS):
        found += opinions(tagger, held_out, TASK)
        tokens += token_probabilities(tagger, held_out)
    seconds = time.process_time() - began
    return {"errors": len(errors), "cpu_seconds": seconds, **judged(found, errors), **peer(tokens, errors)}


def conllpp_cell(data: Path) -> dict[str, Any]:
    """The ranks of what CoNLL++ corrected."""
    from bilstm_tagger.curation.opinions import opinions
    from bilstm_tagger.tagging.tagger import Tagger

    one_thread()
    before, after = (sentences(data / name / "test.txt") for name in ("conll2003", "conllpp"))
    errors = [
        Spoilt(number, start, end, "corrected")
        for number, (old, new) in enumerate(zip(before, after, strict=True))
        for start, end, _ in sorted(_spans(old) ^ _spans(new))
    ]
    tagger = Tagger.load("en-news")
    found = list(opinions(tagger, before, TASK))
    return {"errors": len(errors), **judged(found, errors), **peer(list(token_probabilities(tagger, before)), errors)}


def _spans(document: Document) -> set[tuple[int, int, str]]:
    return {(span.start, span.end, span.label) for span in document.spans_of(TASK)}


def scores() -> dict[str, Score]:
    """The rankings that were tried; the first one is that of the package."""
    from bilstm_tagger.curation.places import score

    def threshold(place: Place, known: Mapping[str, float]) -> float:
        return min((known[label] for _, _, label in place.given), default=1.0)

    return {
        "the package's": score,
        "self-confidence": lambda place, known: -place.confidence,
        "normalised margin": lambda place, known: place.alternative - place.confidence,
        "both doubts multiplied": lambda place, known: place.alternative * (1 - place.confidence),
        "self-confidence, adjusted by class": lambda place, known: threshold(place, known) - place.confidence,
        "margin, self-confidence divided by class": lambda place, known: (
            place.alternative - place.confidence / threshold(place, known)
        ),
        "probability of the alternative": lambda place, known: place.alternative,
    }


def judged(found: Sequence[Any], errors: Sequence[Spoilt]) -> dict[str, Any]:
    """Errors among the first places of each ranking, and how well it tells errors from what is right."""
    from bilstm_tagger.curation.places import Kind, class_confidence, places

    every = [place for opinion in found for place in places(opinion)]
    at = [_error_at(errors)(int(place.key), place.start, place.end) for place in every]
    known = class_confidence(every)
    rankings = {}
    for name, score in scores().items():
        values = [score(place, known) for place in every]
        listed = [number for number, place in enumerate(every) if place.kind is not Kind.NONE]
        listed.sort(key=lambda number: -values[number])
        best: dict[str, tuple[float, bool]] = {}
        for place, value, error in zip(every, values, at, strict=True):
            before = best.get(place.key, (-np.inf, False))
            best[place.key] = max(before[0], value), before[1] or error is not None
        hits = [at[number] for number in listed[:FIRST]]
        rankings[name] = {
            "first": sum(hit is not None for hit in hits),
            "kinds": {kind: sum(hit is not None and hit.kind == kind for hit in hits) for kind in KINDS},
            "auc_places": auc(values, [error is not None for error in at]),
            "auc_sentences": auc([value for value, _ in best.values()], [wrong for _, wrong in best.values()]),
        }
    return {"places": len(every), "doubtful": len(listed), "rankings": rankings}


def _error_at(errors: Sequence[Spoilt]) -> Callable[[int, int, int], Spoilt | None]:
    """Finds the error that tokens of a sentence share a token with."""
    by_sentence: dict[int, list[Spoilt]] = {}
    for error in errors:
        by_sentence.setdefault(error.sentence, []).append(error)
    return lambda sentence, start, end: next(
        (error for error in by_sentence.get(sentence, ()) if start < error.end and end > error.start), None
    )


def auc(values: Sequence[float], wrong: Sequence[bool]) -> float:
    """Probability that something wrong has a higher value than something right, ties half (Mann and Whitney 1947)."""
    order = np.array(values)
    positive, negative = np.sort(order[np.array(wrong)]), np.sort(order[~np.array(wrong)])
    below = np.searchsorted(negative, positive, "left") + np.searchsorted(negative, positive, "right")
    return float(below.sum() / 2 / (len(positive) * len(negative)))


# ---- cleanlab


def token_probabilities(
    tagger: Tagger, documents: Sequence[Document]
) -> Iterator[tuple[int, list[str], list[str], Any]]:
    """For each sentence its number, its tags, the names of all tags and their probabilities `(tokens, tags)`."""
    for document, tagged in zip(documents, tagger.pipe(documents, probabilities=True), strict=True):
        known = tagged.probabilities[TASK]
        yield int(document.id or 0), document.tags_of(TASK), list(known.tags), known.marginals


def peer(tokens: Sequence[tuple[int, list[str], list[str], Any]], errors: Sequence[Spoilt]) -> dict[str, Any]:
    """Errors among the first tokens that cleanlab ranks, and among the first places if its tokens are put together."""
    try:
        from cleanlab.token_classification.filter import find_label_issues
    except ImportError:
        return {}
    names = sorted({name for _, _, each, _ in tokens for name in each})
    at = {name: number for number, name in enumerate(names)}
    labels = [[at.get(tag, at["O"]) for tag in tags] for _, tags, _, _ in tokens]
    filled = []
    for _, _, each, marginals in tokens:
        whole = np.zeros((len(marginals), len(names)))
        whole[:, [at[name] for name in each]] = marginals
        filled.append(whole)
    issues = find_label_issues(labels, filled, return_indices_ranked_by="self_confidence", n_jobs=1)
    error_at = _error_at(errors)
    ranked = [(tokens[number][0], place) for number, place in issues]
    hits = [error_at(sentence, place, place + 1) for sentence, place in ranked[:FIRST]]
    seen: set[Any] = set()
    places: list[Spoilt | None] = []
    for sentence, place in ranked:
        error = error_at(sentence, place, place + 1)
        key = error or (sentence, place)
        beside = {(sentence, place - 1), (sentence, place + 1)}
        if key not in seen and not (error is None and beside & seen):
            places.append(error)
        seen |= {key, (sentence, place)}
    return {
        "cleanlab": {
            "issues": len(issues),
            "first_tokens": sum(hit is not None for hit in hits),
            "distinct_errors_in_first_tokens": len({hit for hit in hits if hit is not None}),
            "first_places": sum(hit is not None for hit in places[:FIRST]),
        }
    }


# ---- report


def report(results: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """The page."""
    yield "# Finding annotation errors\n"
    yield (
        "Made by `python -m benchmarks.curation.review --data DIR`, which says what is done. Each figure is the mean "
        f"of {len(REPORTED)} draws of sentences and errors; the ranking was chosen on {len(CHOSEN_ON)} other draws.\n"
    )
    drawn = [results[f"review-{seed}"] for seed in REPORTED]
    chosen = [results[f"review-{seed}"] for seed in CHOSEN_ON]
    people = results["conllpp"]
    yield (
        f"| ranking | errors among the first {FIRST} | draws it was chosen on | AUC of places | AUC on CoNLL++, places "
        "| sentences |"
    )
    yield "|---|---:|---:|---:|---:|---:|"
    for name in drawn[0]["rankings"]:
        first, before = (
            statistics.fmean(each["rankings"][name]["first"] for each in group) for group in (drawn, chosen)
        )
        area = statistics.fmean(each["rankings"][name]["auc_places"] for each in drawn)
        real = people["rankings"][name]
        yield (
            f"| {name} | {first:.1f} | {before:.1f} | {area:.3f} | {real['auc_places']:.3f} | "
            f"{real['auc_sentences']:.3f} |"
        )
    own = [each["rankings"]["the package's"]["first"] for each in drawn]
    yield f"\nErrors among the first {FIRST} in each draw: {', '.join(map(str, own))}."
    total = statistics.fmean(each["errors"] for each in drawn)
    seconds = statistics.fmean(each["cpu_seconds"] for each in drawn)
    yield f"There are {total:.0f} errors in a draw on average. {FOLDS} folds took {seconds:.0f} s of one processor.\n"
    if all("cleanlab" in each for each in drawn):
        yield "| cleanlab, tokens ranked | errors |\n|---|---:|"
        for key, what in (
            ("first_tokens", f"of the first {FIRST} tokens, in an error"),
            ("distinct_errors_in_first_tokens", f"different errors in the first {FIRST} tokens"),
            ("first_places", f"of the first {FIRST} places, its tokens put together"),
        ):
            yield f"| {what} | {statistics.fmean(each['cleanlab'][key] for each in drawn):.1f} |"


if __name__ == "__main__":
    main()
