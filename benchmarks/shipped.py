"""Test scores of a model that ships, as people write and without case, and its speed, into its metrics and its card.

python -m benchmarks.shipped --data DIR --model models/en
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.accuracy import corpora
from benchmarks.machine import processor
from bilstm_tagger.files.split import usable_cores

CASES: dict[str, Callable[[str], str]] = {"as written": str, "lower case": str.lower, "upper case": str.upper}


def main() -> None:
    """Score the model and store the tables in its folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with conll2003/ and ud-english-ewt/")
    parser.add_argument("--model", type=Path, default=Path("models/en"))
    arguments = parser.parse_args()
    from bilstm_tagger import Tagger

    tagger = Tagger.load(arguments.model, precision="float32")
    files = corpora(arguments.data)
    upos = by_case(tagger, files["ewt"]["test"], "upos", "UPOS")
    ner = by_case(tagger, files["conll2003"]["test"], "ner", -1)
    tagger.metrics["test"] = [
        {
            "title": "On the test corpora (UD English-EWT, gold tokens; CoNLL-2003), read once, in percent:",
            "header": ["text", "UPOS accuracy", "known words", "unknown words", "NER strict F1"],
            "rows": [
                [
                    case,
                    percent(upos[case].accuracy.value),
                    percent(upos[case].known.value),
                    percent(upos[case].unknown.value),
                    percent(ner[case].micro.f1),
                ]
                for case in CASES
            ],
        },
        {
            "title": "Names by type, text as written:",
            "header": ["type", "precision", "recall", "F1", "spans"],
            "rows": [
                [label, percent(score.precision), percent(score.recall), percent(score.f1), score.support]
                for label, score in ner["as written"].labels.items()
            ],
        },
        speed(arguments.model, files["conll2003"]["test"]),
    ]
    tagger.save(arguments.model)
    for table in tagger.metrics["test"]:
        print(table["title"], table["header"], *table["rows"], sep="\n")


def by_case(tagger: Any, path: str, task: str, column: int | str) -> dict[str, Any]:
    """The task's scores on a corpus as it is, in lower case and in upper case."""
    from bilstm_tagger.corpus import read_corpus
    from bilstm_tagger.document.document import Document
    from bilstm_tagger.evaluation.evaluate import evaluate

    documents = read_corpus(path, {task: column}, format="conllu" if path.endswith(".conllu") else "conll")
    scores = {}
    for case, change in CASES.items():
        recased = [
            Document([change(word) for word in document.words], document.bounds, tags=document.tags)
            for document in documents
        ]
        scores[case] = evaluate(tagger, recased).tasks[task]
    return scores


def speed(model: Path, path: str) -> dict[str, Any]:
    """Table of how fast the model tags the words of a corpus, by number of threads."""
    from bilstm_tagger import Tagger
    from bilstm_tagger.corpus import read_corpus
    from bilstm_tagger.evaluation.speed import benchmark, thread_counts

    documents = read_corpus(path, {}, format="conll")
    rows = []
    for threads in thread_counts(usable_cores()):
        result = benchmark(
            lambda precision: Tagger.load(model, precision=precision),
            documents,
            precisions=["auto"],
            threads=[threads],
        )
        rows.append([threads, f"{result.best.tokens_per_second:,.0f}", f"{result.latency.median:.1f}"])
    return {
        "title": f"Speed from words to the tags of all tasks, on {processor()}:",
        "header": ["threads", "tokens per second", "milliseconds per sentence, median"],
        "rows": rows,
    }


def percent(value: float) -> str:
    """A share in percent, two places."""
    return f"{100 * value:.2f}"


if __name__ == "__main__":
    main()
