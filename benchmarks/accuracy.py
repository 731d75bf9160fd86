"""Scores on CoNLL-2003 and UD English-EWT over several seeds, and what each part of the model is worth.

    python -m benchmarks.accuracy --data DIR --seeds 5

Every row is one training run in a process of its own, on one thread. A run that is interrupted continues where it was;
a complete run is not repeated. After each run the table is written anew. All choices (epoch, settings) are made on
dev; the test figure of a run is read once, from the model with the best dev score.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RUNS = HERE / "runs"
TABLE = HERE / "results" / "accuracy.md"
ABLATION_SEEDS = 2


@dataclass(frozen=True)
class Row:
    """One line of a table: a configuration that is trained with several seeds.

    Attributes:
        name: in the table.
        preset: what its settings start from.
        tasks: the corpus of each task.
        overrides: settings that differ from the preset's, by dotted key.
    """

    name: str
    preset: str
    tasks: dict[str, str]
    overrides: dict[str, Any] = field(default_factory=dict)


PLAIN: dict[str, Any] = {
    "head.hidden_size": 0,
    "training.optimizer": "sgd",
    "training.learning_rate": 0.04,
    "training.batch_size": 16,
    "training.epochs": 30,
}  # the network of most papers, trained as they do
NER, UPOS, XPOS = {"ner": "conll2003"}, {"upos": "ewt"}, {"xpos": "ewt"}
MAIN = [
    Row("ner", "ner", NER),
    Row("plain", "ner", NER, PLAIN),
    Row("ner-best", "ner-best", NER),
    Row("pos", "pos", UPOS),
    Row("xpos", "pos", XPOS, {"tasks.xpos.head": "softmax"}),
    Row(
        "three tasks",
        "ner",
        {**UPOS, **XPOS, **NER},
        {"encoder.hidden_size": 256, "tasks.upos.weight": 0.5, "tasks.xpos.weight": 0.5, **PLAIN},
    ),
]
COLUMNS: dict[str, int | str] = {"ner": -1, "upos": "UPOS", "xpos": "XPOS"}


def ablations() -> list[Row]:
    """The plain network for a third of the epochs, whole and with one part changed."""
    common = {**PLAIN, "training.epochs": PLAIN["training.epochs"] // 3}
    changes: dict[str, dict[str, Any]] = {
        "whole": {},
        "no characters": {"embedder.characters": None},
        "no pretrained vectors": {"embedder.vectors": None},
        "softmax for CRF": {"tasks.ner.head": "softmax"},
        "BIO for IOBES": {"tasks.ner.encoding": "BIO"},
        "one direction": {"encoder.direction": "forward"},
        "AdamW for SGD": {"training.optimizer": "adamw", "training.learning_rate": 0.002},
        "no averaging": {"training.average_from": None},
        "a tanh layer": {"head.hidden_size": 100},
    }
    return [Row(f"ablation: {name}", "ner", NER, {**common, **change}) for name, change in changes.items()]


def corpora(data: Path) -> dict[str, dict[str, str]]:
    """Files of each corpus."""
    ewt, conll = data / "ud-english-ewt", data / "conll2003"
    return {
        "ewt": {part: str(ewt / f"en_ewt-ud-{part}.conllu") for part in ("train", "dev", "test")},
        "conll2003": {
            "train": str(conll / "train.txt"),
            "dev": str(conll / "valid.txt"),
            "test": str(conll / "test.txt"),
        },
    }


def main() -> None:
    """Run what is not complete yet and print the path of the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with conll2003/, ud-english-ewt/ and glove/")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=1, help="runs at a time, each on one thread")
    parser.add_argument("--rows", default="", help="comma-separated names; default all")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        name, _, seed = arguments.one.rpartition("@")
        run_one(next(row for row in all_rows() if row.name == name), int(seed), arguments.data)
        return
    names = [name.strip() for name in arguments.rows.split(",") if name.strip()]
    rows = [row for row in all_rows() if not names or row.name in names]
    todo = [
        (row, seed) for row in rows for seed in seeds_of(row, arguments.seeds) if not result_file(row, seed).exists()
    ]
    with ThreadPoolExecutor(arguments.jobs) as pool:
        for _ in pool.map(lambda job: in_process(job[0], job[1], arguments.data), todo):
            write_table()
    write_table()
    print(TABLE)


def all_rows() -> list[Row]:
    """Every configuration."""
    return MAIN + ablations()


def seeds_of(row: Row, seeds: int) -> range:
    """Seeds of a row."""
    return range(ABLATION_SEEDS if row.name.startswith("ablation") else seeds)


def slug(row: Row, seed: int) -> str:
    """Name of a run's folder."""
    return f"{row.name.replace(': ', '-').replace(' ', '-')}-seed{seed}"


def result_file(row: Row, seed: int) -> Path:
    """Where a finished run's figures are."""
    return RUNS / f"{slug(row, seed)}.json"


def in_process(row: Row, seed: int, data: Path) -> None:
    """One run in a process of its own, so that runs share neither threads nor random states."""
    RUNS.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "benchmarks.accuracy", "--data", str(data), "--one", f"{row.name}@{seed}"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    with (RUNS / f"{slug(row, seed)}.log").open("a") as log:
        subprocess.run(command, check=True, env=environment, stdout=log, stderr=log)


def run_one(row: Row, seed: int, data: Path) -> None:
    """Train, score on test, and compute the same score with an independent scorer."""
    from bilstm_tagger.settings.loading import load_settings

    files = corpora(data)
    overrides = {
        "embedder.vectors": str(data / "glove" / "glove.6B.100d.top.txt.gz"),
        "training.seed": seed,
        "training.threads": 1,
        **row.overrides,
    }
    for task, corpus in row.tasks.items():
        overrides[f"tasks.{task}.column"] = COLUMNS[task]
        for part in ("train", "dev"):
            overrides[f"tasks.{task}.{part}"] = files[corpus][part]
    settings = load_settings(row.preset, tasks=list(row.tasks), overrides=overrides)
    tagger = trained(settings, RUNS / slug(row, seed))
    history = tagger.metrics["history"]
    result = {
        "row": row.name,
        "seed": seed,
        "tasks": {
            task: {
                "dev": 100 * tagger.metrics["dev"][task],
                "test": 100 * test_score(tagger, task, files[corpus]["test"]),
                "independent": INDEPENDENT[task](tagger, files[corpus]["test"]),
            }
            for task, corpus in row.tasks.items()
        },
        "best_epoch": tagger.metrics["best_epoch"],
        "epochs": tagger.metrics["epochs"],
        "minutes": sum(epoch["seconds"] for epoch in history) / 60,
        "cpu_minutes": sum(epoch["cpu_seconds"] for epoch in history) / 60,
        "settings": settings_hash(settings),
        "versions": tagger.info.provenance["versions"],
    }
    result_file(row, seed).write_text(json.dumps(result, indent=2) + "\n", "utf-8")


def test_score(tagger: Any, task: str, test: str) -> float:
    """Headline score of the task on a test corpus."""
    from bilstm_tagger.corpus import read_corpus
    from bilstm_tagger.evaluation.evaluate import evaluate

    return float(evaluate(tagger, read_corpus(test, {task: COLUMNS[task]})).tasks[task].headline)


def trained(settings: Any, folder: Path) -> Any:
    """The run's tagger: as it was stored, continued, or trained from the start."""
    from bilstm_tagger import Tagger
    from bilstm_tagger.training import train
    from bilstm_tagger.training.progress import LineProgress

    interrupted = (folder / "checkpoint").exists()
    if (folder / "config.json").exists() and not interrupted:
        return Tagger.load(folder)
    train(settings, output=folder, resume=interrupted, force=not interrupted, progress=LineProgress())
    return Tagger.load(folder)


def seqscore_f1(tagger: Any, test: str) -> float:
    """Micro F1 of spans by seqscore, from tags in BIO."""
    from seqscore.scoring import convert_score, score_label_sequences

    from bilstm_tagger.corpus import read_corpus
    from bilstm_tagger.schemes.grammar import Scheme
    from bilstm_tagger.schemes.spans import convert

    task = "ner"
    gold = read_corpus(test, {task: COLUMNS[task]}).settle(task)
    scheme = gold.schemes[task]
    sides = []
    for documents, written in ((gold, scheme), (list(tagger.pipe(gold)), tagger.schemes[task])):
        sentences = [sentence.tags(task) for document in documents for sentence in document.sentences if len(sentence)]
        sides.append([convert(tags, written, Scheme.BIO) for tags in sentences])
    score, _ = score_label_sequences(sides[1], sides[0], "BIO", repair=None)
    return float(convert_score(score.f1, full_precision=False))


def udtools_accuracy(tagger: Any, test: str, *, measure: str) -> float:
    """Accuracy by udtools' evaluation of the file that `predict` would write."""
    from udtools import udeval

    from bilstm_tagger.corpus import ReadSpec, iterate_corpus, save_corpus

    system = RUNS / f"{os.getpid()}.conllu"
    save_corpus(tagger.pipe(iterate_corpus(test, ReadSpec(columns={}))), system)
    try:
        gold, tagged = (udeval.load_conllu_file(path, defaultdict(int)) for path in (test, str(system)))
        scores = udeval.evaluate(gold, tagged)
    finally:
        system.unlink()
    return 100 * float(scores[measure].f1)


INDEPENDENT: dict[str, Callable[[Any, str], float]] = {
    "ner": seqscore_f1,
    "upos": partial(udtools_accuracy, measure="UPOS"),
    "xpos": partial(udtools_accuracy, measure="XPOS"),
}


def settings_hash(settings: Any) -> str:
    """Short hash of all settings but the seed and the place of the files."""
    values = settings.model_dump(mode="json")
    values["training"].pop("seed")
    for task in values["tasks"].values():
        task.update(train=None, dev=None)
    values["embedder"]["vectors"] = bool(values["embedder"]["vectors"])
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:10]


def write_table() -> None:
    """All finished runs as Markdown."""
    results = [json.loads(path.read_text("utf-8")) for path in sorted(RUNS.glob("*.json"))]
    TABLE.write_text("\n".join(markdown(results)) + "\n", "utf-8")


def markdown(results: list[dict[str, Any]]) -> Iterator[str]:
    """Lines of the table: means first, then every run."""
    by_row: dict[str, list[dict[str, Any]]] = {}
    for row in all_rows():
        if runs := [result for result in results if result["row"] == row.name]:
            by_row[row.name] = runs
    yield "# Accuracy"
    yield ""
    yield "Made by `python -m benchmarks.accuracy --data DIR --seeds 5`. Strict micro F1 of names (CoNLL-2003),"
    yield "accuracy of UPOS and XPOS (UD English-EWT, gold tokens), in percent; deviation over seeds. All choices are"
    yield "made on dev; train split only."
    yield ""
    yield "| configuration | task | seeds | dev | test | deviation | minutes per run: wall, processor |"
    yield "|---|---|---|---|---|---|---|"
    for name, runs in by_row.items():
        minutes = ", ".join(mean_of(runs, key) for key in ("minutes", "cpu_minutes"))
        for task in runs[0]["tasks"]:
            dev, test = ([run["tasks"][task][part] for run in runs] for part in ("dev", "test"))
            deviation = f"{statistics.stdev(test):.2f}" if len(test) > 1 else "–"
            figures = f"{statistics.mean(dev):.2f} | {statistics.mean(test):.2f} | {deviation}"
            yield f"| {name} | {task} | {len(runs)} | {figures} | {minutes} |"
    yield ""
    yield "| run | task | seed | dev | test | by seqscore / udtools | best epoch | settings | torch |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for name, runs in by_row.items():
        for run in runs:
            for task, score in run["tasks"].items():
                figures = f"{score['dev']:.2f} | {score['test']:.2f} | {score['independent']:.2f}"
                epochs = f"{run['best_epoch']} of {run['epochs']}"
                made = f"`{run['settings']}` | {run['versions']['torch']}"
                yield f"| {name} | {task} | {run['seed']} | {figures} | {epochs} | {made} |"


def mean_of(runs: list[dict[str, Any]], key: str) -> str:
    """Mean of a figure over runs; a dash where early runs did not note it."""
    return f"{statistics.mean(run[key] for run in runs):.1f}" if all(key in run for run in runs) else "–"


if __name__ == "__main__":
    main()
