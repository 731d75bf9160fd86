"""The README.md of a model folder: what the model is, what it was made from, how well it does, where it ends."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bilstm_tagger.model_folder.build import head_kind

if TYPE_CHECKING:
    from bilstm_tagger.tagging.tagger import Tagger


def model_card(tagger: Tagger, *, settings: dict[str, Any], size: int) -> str:
    """Markdown about the tagger, in the order a reader asks: task, use, scores, data, settings, limits.

    Args:
        tagger: what to describe.
        settings: its settings as they are stored.
        size: bytes of the model folder.
    """
    parts = [
        f"# {', '.join(tagger.tasks)} tagger",
        _use(),
        "## Tasks\n\n" + "\n".join(_task(tagger, task) for task in tagger.tasks),
        "## Scores\n\n" + _scores(tagger.metrics),
        "## Data\n\n" + _data(tagger.provenance, tagger.settings.notes),
        "## Model\n\n" + _model(tagger, size),
        "## Settings\n\n```json\n" + json.dumps(settings, indent=2) + "\n```",
        "## Limits\n\nIt has learnt from the data above alone: other genres, other languages and later years will "
        "score lower. Check it on a sample of your own text before you rely on it.",
    ]
    return "\n\n".join(parts) + "\n"


def _use() -> str:
    return (
        "Made with [bilstm-tagger](https://pypi.org/project/bilstm-tagger/).\n\n"
        "```python\nfrom bilstm_tagger import Tagger\n\n"
        'tagger = Tagger.load("path/to/this/folder")\n'
        'for token in tagger("Your text here."):\n    print(token.text, token.tag())\n```'
    )


def _task(tagger: Tagger, task: str) -> str:
    tags = tagger.vocab.tags[task]
    settings = tagger.settings.tasks[task]
    scheme = str(tagger.schemes[task])
    if scheme == "none":
        kinds = f"{len(tags)} tags: {', '.join(tags)}"
    else:
        labels = sorted({tag.partition("-")[2] for tag in tags} - {""})
        kinds = f"spans of {', '.join(labels)}; data in {scheme}, network in {settings.encoding}"
    return f"- **{task}** ({head_kind(tagger.settings, task, tagger.schemes[task])} head): {kinds}"


def _scores(metrics: dict[str, Any]) -> str:
    if not metrics.get("dev"):
        return "None measured."
    rows = [f"| {task} | {100 * score:.2f} |" for task, score in metrics["dev"].items()]
    best = metrics.get("best_epoch")
    note = f"Epoch {best} of {metrics.get('epochs')}, the best on the dev corpus" if best else "On the dev corpus"
    table = "| task | dev |\n|---|---|\n" + "\n".join(rows)
    parts = [f"{note}: F1 of exact spans, accuracy of plain tags, in percent.", table]
    return "\n\n".join([*parts, *map(_test, metrics.get("test", []))])


def _test(table: dict[str, Any]) -> str:
    """A table of test scores as a benchmark stored it: a title, a header, rows."""
    lines = [table["header"], ["---"] * len(table["header"]), *table["rows"]]
    return f"{table['title']}\n\n" + "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def _data(provenance: dict[str, Any], notes: str) -> str:
    rows = [
        f"| {row['role']} | {row['name']} | {row['sentences']:,} | {row['tokens']:,} | `{row['sha256'][:12]}` |"
        for row in provenance.get("data", [])
    ]
    table = "| role | file | sentences | tokens | sha256 |\n|---|---|---|---|---|\n" + "\n".join(rows)
    licence = "The licence of the data decides what the model may be used for; state it in `notes` before you share it."
    return f"{table}\n\n{notes or licence}"


def _model(tagger: Tagger, size: int) -> str:
    weights = sum(weight.numel() for weight in tagger.model.parameters())
    encoder = tagger.settings.encoder
    directions = {"both": "two directions", "forward": "left to right", "backward": "right to left"}[encoder.direction]
    versions = ", ".join(f"{name} {number}" for name, number in tagger.provenance.get("versions", {}).items())
    return (
        f"{encoder.layers} {encoder.type.upper()} layer(s), {directions}, {encoder.hidden_size} units each; "
        f"{weights:,} trained weights, {len(tagger.vocab.frozen):,} further words with frozen vectors; "
        f"{size / 1e6:.1f} MB.\n\n"
        f"Seed {tagger.settings.training.seed}; {versions}."
    )
