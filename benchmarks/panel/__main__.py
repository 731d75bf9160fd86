"""Judges models on texts of many kinds, from gold tokens and from raw text, in three cases, with errors by kind.

python -m benchmarks.panel --data DIR --model models/en [--model models/en-news] [--peer spacy:en_core_web_sm]

`--part dev` reads what may be chosen on; the test parts are for the model that has been chosen.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.panel.scoring import KINDS, Tally, tally
from benchmarks.panel.sets import TextSet, panel, recased
from benchmarks.panel.taggers import Judged, Model, peer


@dataclass(slots=True)
class Result:
    """What one tagger reaches on one set: names from gold tokens, raw text, in lower and upper case; UPOS accuracy."""

    tokens: Tally | None = None
    raw: Tally | None = None
    lower: Tally | None = None
    upper: Tally | None = None
    upos: float | None = None


def main() -> None:
    """Print the tables of the panel, and write them if a file is named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with names/, conll2003/, ud-english-ewt/")
    parser.add_argument("--model", action="append", required=True, help="model folder; several may be named")
    parser.add_argument("--peer", action="append", default=[], help="spacy:PIPELINE")
    parser.add_argument("--part", choices=["dev", "test"], default="test")
    parser.add_argument("--only", action="append", default=[], help="sets whose name has this in it; else all")
    parser.add_argument("--card", action="store_true", help="put each model's figures into its folder and card")
    parser.add_argument("--output", type=Path, help="Markdown file for the tables")
    arguments = parser.parse_args()
    taggers: list[Judged] = [*map(Model, arguments.model), *map(peer, arguments.peer)]
    results = {}
    for text_set in panel(arguments.data, arguments.part):
        if arguments.only and not any(part in text_set.name for part in arguments.only):
            continue
        results[text_set.name] = [judge(tagger, text_set) for tagger in taggers]
        print(text_set.name, *(_short(each) for each in results[text_set.name]), flush=True)
    text = "\n".join(tables([tagger.name for tagger in taggers], results)) + "\n"
    print(text)
    if arguments.output:
        arguments.output.write_text(text, "utf-8")
    if arguments.card:
        for at, tagger in enumerate(taggers):
            if isinstance(tagger, Model):
                tagger.store(card_tables({name: rows[at] for name, rows in results.items()}))


def judge(tagger: Judged, text_set: TextSet) -> Result:
    """One tagger on one set."""
    found = Result()
    labels = text_set.labels
    written = [item for item in text_set.items if item.words is not None]
    if labels:
        chars = [item.spans for item in text_set.items]
        found.raw = tally(chars, tagger.of_text(text_set.items), labels)
        for case, change in (("lower", str.lower), ("upper", str.upper)):
            changed = recased(text_set.items, change)
            setattr(found, case, tally(chars, tagger.of_text(changed), labels))
    if written:
        names, upos = tagger.of_words(written)
        found.tokens = tally([item.names for item in written], names, labels) if labels else None
        if written[0].upos is not None and any(upos):
            pairs = [
                gold == guess
                for item, each in zip(written, upos, strict=True)
                for gold, guess in zip(item.upos or [], each, strict=True)
            ]
            found.upos = 100 * sum(pairs) / len(pairs)
    return found


def tables(names: Sequence[str], results: dict[str, list[Result]]) -> Iterator[str]:
    """The tables in Markdown."""
    yield "Strict F1 of names, in percent. Lower and upper case are of raw text."
    yield ""
    yield "| text | tagger | names | gold tokens | raw text | lower case | upper case | PER | ORG | LOC | MISC |"
    yield "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
    cross = {name: rows for name, rows in results.items() if name.startswith("CrossNER, ")}
    for name, rows in results.items():
        for tagger, each in zip(names, rows, strict=True):
            if each.raw is not None:
                yield f"| {name} | {tagger} | {each.raw.gold.total():,} | {_row(each)} |"
    if len(cross) > 1:
        for at, tagger in enumerate(names):
            means = (
                statistics.fmean(_value(getattr(rows[at], part)) for rows in cross.values())
                for part in ("tokens", "raw", "lower", "upper")
            )
            yield f"| CrossNER, mean | {tagger} | | {' | '.join(f'{mean:.1f}' for mean in means)} | | | | |"
    yield ""
    yield "UPOS accuracy from gold tokens, in percent:"
    yield ""
    yield "| text | tagger | UPOS |"
    yield "|---|---|---:|"
    for name, rows in results.items():
        for tagger, each in zip(names, rows, strict=True):
            if each.upos is not None:
                yield f"| {name} | {tagger} | {each.upos:.2f} |"
    yield ""
    yield "Errors in names of raw text, by kind:"
    yield ""
    yield f"| text | tagger | {' | '.join(KINDS)} |"
    yield "|---|---|---:|---:|---:|---:|"
    for name, rows in results.items():
        for tagger, each in zip(names, rows, strict=True):
            if each.raw is not None:
                yield f"| {name} | {tagger} | {' | '.join(str(each.raw.errors[kind]) for kind in KINDS)} |"


def card_tables(results: dict[str, Result]) -> list[dict[str, Any]]:
    """What the card of a model tells of the panel."""
    named = {name: each for name, each in results.items() if each.raw is not None}
    return [
        {
            "title": "Names in texts of many kinds, strict F1 in percent (by label: raw text):",
            "header": ["text", "gold tokens", "raw text", "lower case", "upper case", "PER", "ORG", "LOC", "MISC"],
            "rows": [[name, *_row(each).split(" | ")] for name, each in named.items()],
        },
        {
            "title": "Errors in names of raw text, by kind:",
            "header": ["text", *KINDS],
            "rows": [[name, *(each.raw.errors[kind] for kind in KINDS)] for name, each in named.items() if each.raw],
        },
        {
            "title": "Parts of speech, accuracy in percent, gold tokens:",
            "header": ["text", "UPOS"],
            "rows": [[name, f"{each.upos:.2f}"] for name, each in results.items() if each.upos is not None],
        },
    ]


def _row(result: Result) -> str:
    parts = (result.tokens, result.raw, result.lower, result.upper)
    figures = ["–" if part is None else f"{part.f1:.1f}" for part in parts]
    raw = result.raw or Tally()
    figures += [f"{raw.f1_of(label):.1f}" if raw.gold[label] else "–" for label in ("PER", "ORG", "LOC", "MISC")]
    return " | ".join(figures)


def _value(part: Tally | None) -> float:
    return part.f1 if part is not None else 0.0


def _short(result: Result) -> str:
    return f"{_value(result.tokens):.1f}/{_value(result.raw):.1f}"


if __name__ == "__main__":
    main()
