"""The ways to a tagger, each as a function from texts to what it tells, so that they can be compared to the last digit.

A further way is a further entry of `WAYS`.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.tagging.tagger import Tagger

# Of each text: under `tokens` their places, under `spans` label, place and probability by task, under `tags` and
# `probabilities` one entry per token by task. A way leaves out what it does not tell.
Answer = dict[str, Any]
Way = Callable[[str, Sequence[str]], list[Answer]]


def by_python(model: str, texts: Sequence[str]) -> list[Answer]:
    """`Tagger.pipe`."""
    tagger = Tagger.load(model)
    answers = []
    for document in tagger.pipe(texts, probabilities=True):
        spans = [span for task in document.tasks for span in document.spans_of(task)]
        answers.append({
            "tokens": list(zip(document.starts, document.ends, strict=True)),
            "spans": [(span.task, span.label, span.start_char, span.end_char, span.probability) for span in spans],
            "tags": {task: document.tags_of(task) for task in document.tasks},
            "probabilities": {
                task: [known.token(at, tag) for at, tag in enumerate(document.tags_of(task))]
                for task, known in document.probabilities.items()
            },
        })  # fmt: skip
    return answers


def by_command_line(model: str, texts: Sequence[str]) -> list[Answer]:
    """`bilstm-tagger predict`, which writes probabilities to six digits."""
    with tempfile.TemporaryDirectory() as place:
        source = Path(place) / "texts.jsonl"
        source.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts), "utf-8")
        command = [sys.executable, "-m", "bilstm_tagger", "predict", str(source), "--model", model]
        command += ["--format", "jsonl", "--probabilities", "--no-check-language"]
        done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr.decode())
    return [_of_record(json.loads(line)) for line in done.stdout.decode().splitlines()]


def by_spacy(model: str, texts: Sequence[str]) -> list[Answer]:
    """The spaCy component in a blank pipeline of the model's language."""
    import spacy

    import bilstm_tagger.integrations.spacy_component  # noqa: F401 - what the entry point does once it is installed

    tagger = Tagger.load(model)
    plain = next(task for task in tagger.tasks if tagger.schemes[task] is Scheme.NONE)
    named = next(task for task in tagger.tasks if tagger.schemes[task] is not Scheme.NONE)
    nlp = spacy.blank(tagger.info.tokenizer.partition(":")[2])
    nlp.add_pipe("bilstm_tagger", config={"model": model})
    answers = []
    for doc in nlp.pipe(texts, batch_size=len(texts)):
        tokens = [token for token in doc if not token.is_space]
        answers.append({
            "tokens": [(token.idx, token.idx + len(token)) for token in tokens],
            "spans": [(named, e.label_, e.start_char, e.end_char, e._.probability) for e in doc.ents],
            "tags": {plain: [token.tag_ for token in tokens]},
            "probabilities": {plain: [token._.probability for token in tokens]},
        })  # fmt: skip
    return answers


def by_data_set(model: str, texts: Sequence[str]) -> list[Answer]:
    """`Tagger.map` of a `Dataset`."""
    import datasets

    tagger = Tagger.load(model)
    data = datasets.Dataset.from_dict({"text": list(texts)})
    return [_of_row(row, tagger) for row in tagger.map(data, probabilities=True, batch_size=len(texts))]


def by_frame(model: str, texts: Sequence[str]) -> list[Answer]:
    """`Tagger.to_pandas`, one row per text."""
    import pandas as pd

    tagger = Tagger.load(model)
    frame = tagger.to_pandas(pd.Series(list(texts)), rows="texts")
    return [_of_row(row, tagger) for row in frame.to_dict("records")]


def by_table(model: str, texts: Sequence[str]) -> list[Answer]:
    """`Tagger.to_arrow`, one row per token and one per span."""
    tagger = Tagger.load(model)
    answers: list[Answer] = [
        {
            "tokens": [],
            "spans": [],
            "tags": {task: [] for task in tagger.tasks},
            "probabilities": {task: [] for task in tagger.tasks},
        }
        for _ in texts
    ]
    for row in tagger.to_arrow(texts).to_pylist():
        answers[row["row"]]["spans"].append(_span(row))
    for row in tagger.to_arrow(texts, rows="tokens").to_pylist():
        answer = answers[row["row"]]
        answer["tokens"].append((row["start_char"], row["end_char"]))
        for task in tagger.tasks:
            answer["tags"][task].append(row[f"{task}_tag"])
            answer["probabilities"][task].append(row[f"{task}_probability"])
    return answers


def by_http(model: str, texts: Sequence[str]) -> list[Answer]:
    """`bilstm-tagger serve` with two processes, asked for all texts in one request; probabilities have six digits."""
    with running_server("--model", model, "--workers", "2") as (_, address):
        body = json.dumps({"texts": list(texts), "probabilities": True}).encode()
        request = urllib.request.Request(f"{address}tag", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            return list(map(_of_record, json.load(answer)["documents"]))


@contextmanager
def running_server(*options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server in a process of its own, and its address."""
    command = [sys.executable, "-m", "bilstm_tagger", "serve", "--port", "0", *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        try:
            line = server.stderr.readline()
            if (found := re.search(r"http://\S+", line)) is None:
                raise RuntimeError(f"the server does not start: {line}{server.stderr.read()}")
            yield server, found[0]
        finally:
            server.terminate()


def _of_record(record: Any) -> Answer:
    return {
        "tokens": list(zip(record["start_char"], record["end_char"], strict=True)),
        "spans": list(map(_span, record["spans"])),
        "tags": record["tags"],
        "probabilities": record["probabilities"],
    }


def _of_row(row: Any, tagger: Tagger) -> Answer:
    return {
        "tokens": list(zip(row["start_char"], row["end_char"], strict=True)),
        "spans": list(map(_span, row["spans"])),
        "tags": {task: list(row[f"{task}_tags"]) for task in tagger.tasks},
        "probabilities": {task: list(row[f"{task}_probabilities"]) for task in tagger.tasks},
    }


def _span(row: Any) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("task", "label", "start_char", "end_char", "probability"))


WAYS: dict[str, Way] = {
    "Python": by_python,
    "command line": by_command_line,
    "spaCy": by_spacy,
    "Dataset.map": by_data_set,
    "pandas": by_frame,
    "Arrow": by_table,
    "HTTP": by_http,
}
ROUNDED = {"command line": 6, "HTTP": 6}  # digits of the probabilities that a way writes


def differences(reference: Sequence[Answer], other: Sequence[Answer], *, digits: int | None = None) -> list[str]:
    """Where another way tells something else, one line per text and field.

    Args:
        reference: what one way tells.
        other: what the other does.
        digits: to how many the other way rounds probabilities; None if it does not.
    """
    if len(reference) != len(other):
        return [f"{len(other)} texts in place of {len(reference)}"]
    found = []
    for number, (one, two) in enumerate(zip(reference, other, strict=True)):
        for field, value in two.items():
            wanted = one[field]
            if isinstance(value, dict):
                wanted = {task: wanted[task] for task in value}
            wanted = _rounded(wanted, digits)
            if value != wanted:
                found.append(f"text {number}, {field}: {value} in place of {wanted}"[:500])
    return found


def _rounded(value: Any, digits: int | None) -> Any:
    if digits is None:
        return value
    if isinstance(value, dict):
        return {key: _rounded(item, digits) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_rounded(item, digits) for item in value)
    return round(value, digits) if isinstance(value, float) else value
