"""Scores on CoNLL-2003 and UD English-EWT over several seeds, and what each part of the model is worth.

    python -m benchmarks.accuracy --data DIR --seeds 5

Every row is one training run in a process of its own, on one thread. A run that is interrupted continues where it
was; one that is done
is not repeated. After each run the table is written anew. All choices (epoch, settings) are made on dev; the test
figure of a run
is read once, from the model that dev chose.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RUNS = HERE / "runs"
TABLE = HERE / "results" / "accuracy.md"
ABLATION_SEEDS = 2


@dataclass(frozen=True)
class Row:
    """One line of a table: a configuration that is trained with several seeds."""

    name: str
    preset: str
    corpus: str
    overrides: dict[str, Any] = field(default_factory=dict)


MAIN = [Row("ner", "ner", "conll2003"), Row("pos", "pos", "ewt")]


def ablations(epochs: int) -> list[Row]:
    """Preset `ner` for `epochs` epochs, whole and with one part changed."""
    changes: dict[str, dict[str, Any]] = {
        "whole": {},
        "no characters": {"embedder.characters": None},
        "no pretrained vectors": {"embedder.vectors": None},
        "softmax for CRF": {"tasks.ner.head": "softmax"},
        "BIO for IOBES": {"tasks.ner.encoding": "BIO"},
        "one direction": {"encoder.direction": "forward"},
        "AdamW for SGD": {"training.optimizer": "adamw", "training.learning_rate": 0.002},
        "no averaging": {"training.average_from": None},
    }
    return [
        Row(f"ablation: {name}", "ner", "conll2003", {"training.epochs": epochs, **change})
        for name, change in changes.items()
    ]


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
    """Runs what is not done yet and prints where the table is."""
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
    wanted = [name.strip() for name in arguments.rows.split(",") if name.strip()]
    rows = [row for row in all_rows() if not wanted or row.name in wanted]
    todo = [
        (row, seed) for row in rows for seed in seeds_of(row, arguments.seeds) if not result_file(row, seed).exists()
    ]
    with ThreadPoolExecutor(arguments.jobs) as pool:
        for _ in pool.map(lambda job: in_process(job[0], job[1], arguments.data), todo):
            write_table()
    write_table()
    print(TABLE)


def all_rows() -> list[Row]:
    """Every configuration, the ablations at a third of the preset's epochs."""
    from bilstm_tagger.config import load_settings

    return MAIN + ablations(load_settings("ner").training.epochs // 3)


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
    """Trains, reads the test score, and asks an independent scorer for the same figure."""
    from bilstm_tagger.config import load_settings
    from bilstm_tagger.evaluation import evaluate

    files = corpora(data)[row.corpus]
    overrides = {
        "data.train": files["train"],
        "data.dev": files["dev"],
        "data.format": "conllu" if row.corpus == "ewt" else "conll",
        "embedder.vectors": str(data / "glove" / "glove.6B.100d.top.txt.gz"),
        "training.seed": seed,
        "training.threads": 1,
        **row.overrides,
    }
    settings = load_settings(row.preset, overrides=overrides)
    tagger = trained(settings, RUNS / slug(row, seed))
    evaluation = evaluate(tagger, files["test"])
    task = tagger.tasks[0]
    result = {
        "row": row.name,
        "seed": seed,
        "dev": 100 * tagger.metrics["dev"][task],
        "test": 100 * evaluation.tasks[task].headline,
        "independent": INDEPENDENT[row.corpus](tagger, files["test"]),
        "best_epoch": tagger.metrics["best_epoch"],
        "epochs": tagger.metrics["epochs"],
        "minutes": sum(epoch["seconds"] for epoch in tagger.metrics["history"]) / 60,
        "cpu_minutes": sum(epoch.get("cpu_seconds", math.nan) for epoch in tagger.metrics["history"]) / 60,
        "settings": settings_hash(settings),
        "versions": tagger.provenance["versions"],
    }
    result_file(row, seed).write_text(json.dumps(result, indent=2) + "\n", "utf-8")


def trained(settings: Any, folder: Path) -> Any:
    """The run's tagger: as it was stored, continued, or trained from the start."""
    from bilstm_tagger import Tagger
    from bilstm_tagger.training import train
    from bilstm_tagger.training.report import LineProgress

    interrupted = (folder / "checkpoint").exists()
    if (folder / "config.json").exists() and not interrupted:
        return Tagger.load(folder)
    train(settings, output=folder, resume=interrupted, force=not interrupted, progress=LineProgress())
    return Tagger.load(folder)


def seqscore_f1(tagger: Any, test: str) -> float:
    """Micro F1 of spans by seqscore, from tags in BIO."""
    from seqscore.scoring import convert_score, score_label_sequences

    from bilstm_tagger.corpus import read_corpus
    from bilstm_tagger.labels import convert, resolve
    from bilstm_tagger.schemes import Scheme

    task = tagger.tasks[0]
    gold = read_corpus(test, {task: tagger.settings.tasks[task].column}, format="conll")
    scheme = resolve(gold, task)
    sides = []
    for documents, written in ((gold, scheme), (list(tagger.pipe(gold)), tagger.schemes[task])):
        sentences = [sentence.tags(task) for document in documents for sentence in document.sentences if len(sentence)]
        sides.append([convert(tags, written, Scheme.BIO) for tags in sentences])
    score, _ = score_label_sequences(sides[1], sides[0], "BIO", repair=None)
    return float(convert_score(score.f1, full_precision=False))


def udtools_upos(tagger: Any, test: str) -> float:
    """UPOS accuracy by udtools' evaluation of the file that `predict` would write."""
    from udtools import udeval

    from bilstm_tagger.corpus import iterate_corpus, save_corpus

    system = RUNS / f"{os.getpid()}.conllu"
    save_corpus(tagger.pipe(iterate_corpus(test, {})), system)
    try:
        gold, tagged = (udeval.load_conllu_file(path, defaultdict(int)) for path in (test, str(system)))
        scores = udeval.evaluate(gold, tagged)
    finally:
        system.unlink()
    return 100 * float(scores["UPOS"].f1)


INDEPENDENT: dict[str, Callable[[Any, str], float]] = {"conll2003": seqscore_f1, "ewt": udtools_upos}


def settings_hash(settings: Any) -> str:
    """Short hash of all settings but the seed and the place of the files."""
    values = settings.model_dump(mode="json")
    values["training"].pop("seed")
    values["data"].update(train=None, dev=None)
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
        if found := [result for result in results if result["row"] == row.name]:
            by_row[row.name] = found
    yield "# Accuracy"
    yield ""
    yield "Made by `python -m benchmarks.accuracy --data DIR --seeds 5`. Strict micro F1 (CoNLL-2003) or UPOS accuracy"
    yield "(UD English-EWT, gold tokens), in percent; deviation over seeds. All choices made on dev; train split only."
    yield ""
    yield "| configuration | seeds | dev | test | deviation | minutes a run: wall, processor |"
    yield "|---|---|---|---|---|---|"
    for name, runs in by_row.items():
        dev, test = ([run[part] for run in runs] for part in ("dev", "test"))
        deviation = f"{statistics.stdev(test):.2f}" if len(test) > 1 else "–"
        minutes = statistics.mean(run["minutes"] for run in runs)
        processor = statistics.mean(run.get("cpu_minutes", math.nan) for run in runs)
        took = f"{minutes:.1f}" + ("" if math.isnan(processor) else f", {processor:.1f}")
        yield (
            f"| {name} | {len(runs)} | {statistics.mean(dev):.2f} | {statistics.mean(test):.2f} "
            f"| {deviation} | {took} |"
        )
    yield ""
    yield "| run | seed | dev | test | same by seqscore / udtools | best epoch | settings | torch |"
    yield "|---|---|---|---|---|---|---|---|"
    for name, runs in by_row.items():
        for run in runs:
            yield (
                f"| {name} | {run['seed']} | {run['dev']:.2f} | {run['test']:.2f} | {run['independent']:.2f} "
                f"| {run['best_epoch']} of {run['epochs']} | `{run['settings']}` | {run['versions']['torch']} |"
            )


if __name__ == "__main__":
    main()
