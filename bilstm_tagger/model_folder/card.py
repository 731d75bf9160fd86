"""The README.md of a model folder: what the model is, what it was made from, how well it does, where it ends."""

from __future__ import annotations

import json
from typing import Any

from bilstm_tagger.model_folder.info import ModelInfo
from bilstm_tagger.model_folder.network import EncoderConfig
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.wording import counted


def model_card(info: ModelInfo, *, weights: int, size: int, name: str = "path/to/this/folder") -> str:
    """Markdown about a model, in the order a reader asks: task, use, scores, data, settings, limits.

    Args:
        info: what is known of the model.
        weights: number of its weights that training moves.
        size: bytes of the model folder.
        name: by which it is loaded.
    """
    parts = [
        f"# {', '.join(info.tasks)} tagger",
        _use(name),
        "## Tasks\n\n" + "\n".join(_task(info, task) for task in info.tasks),
        *([f"## Licence\n\n{licence}"] if (licence := _setting(info, "licence")) else []),
        "## Scores\n\n" + _scores(info.metrics),
        "## Data\n\n" + _data(info.provenance, _setting(info, "notes")),
        "## Model\n\n" + _model(info, weights, size),
        "## Settings\n\n```json\n" + json.dumps(info.settings, indent=2) + "\n```",
        "## Limits\n\nIt has learnt from the data above alone: other genres, other languages and later years will "
        "score lower. Check it on a sample of your own text before you rely on it.",
    ]
    return "\n\n".join(parts) + "\n"


def _use(name: str) -> str:
    return (
        "Made with [bilstm-tagger](https://pypi.org/project/bilstm-tagger/).\n\n"
        "```python\nfrom bilstm_tagger import Tagger\n\n"
        f'tagger = Tagger.load("{name}")\n'
        'for token in tagger("Your text here."):\n    print(token.text, token.tag())\n```'
    )


def _task(info: ModelInfo, task: str) -> str:
    tags = info.vocab.tags[task]
    config = info.network.tasks[task]
    if config.scheme is Scheme.NONE:
        kinds = f"{counted(len(tags), 'tag')}: {', '.join(tags)}"
    else:
        labels = sorted({tag.partition("-")[2] for tag in tags} - {""})
        kinds = f"spans of {', '.join(labels)}; data in {config.scheme}, network in {config.encoding}"
    return f"- **{task}** ({config.head} head): {kinds}"


def _scores(metrics: dict[str, Any]) -> str:
    if not metrics.get("dev"):
        return "None measured."
    tests = metrics.get("test_scores", [])
    columns = [("dev", metrics["dev"]), *((test["file"], test["scores"]) for test in tests)]
    rows = [
        " | ".join([f"| {task}", *(f"{100 * scores[task]:.2f}" if task in scores else "" for _, scores in columns)])
        + " |"
        for task in metrics["dev"]
    ]
    best = metrics.get("best_epoch")
    note = f"Epoch {best} of {metrics.get('epochs')}, the best on the dev corpus" if best else "On the dev corpus"
    header = f"| {' | '.join(['task', *(name for name, _ in columns)])} |\n{'|---' * (len(columns) + 1)}|\n"
    table = header + "\n".join(rows)
    parts = [f"{note}: F1 of exact spans, accuracy of plain tags, in percent.", table]
    return "\n\n".join([*parts, *map(_test, metrics.get("test", []))])


def _test(table: dict[str, Any]) -> str:
    """A table of test scores as a benchmark stored it: a title, a header, rows."""
    lines = [table["header"], ["---"] * len(table["header"]), *table["rows"]]
    return f"{table['title']}\n\n" + "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def _data(provenance: dict[str, Any], notes: str | None) -> str:
    rows = [
        f"| {row['role']} | {row['name']} | {row['sentences']:,} | {row['tokens']:,} | `{row['sha256'][:12]}` |"
        for row in provenance.get("data", [])
    ]
    table = "| role | file | sentences | tokens | sha256 |\n|---|---|---|---|---|\n" + "\n".join(rows)
    licence = "The licence of the data decides what the model may be used for; state it in `notes` before you share it."
    return f"{table}\n\n{notes or licence}"


def _model(info: ModelInfo, weights: int, size: int) -> str:
    encoder = info.network.encoder
    versions = ", ".join(f"{name} {number}" for name, number in info.provenance.get("versions", {}).items())
    several = f", an ensemble of {encoder.ensemble_size}" if encoder.ensemble_size > 1 else ""
    return (
        f"{_encoder(encoder)}{several}; "
        f"{weights:,} trained weights, {counted(len(info.vocab.frozen), 'further word')} with frozen vectors; "
        f"{size / 1e6:.1f} MB.\n\n"
        f"Seed {_setting(info, 'training', 'seed')}; {versions}."
    )


def _encoder(encoder: EncoderConfig) -> str:
    """Layers and sizes of an encoder; of one from elsewhere its name alone, since what it makes of them is its own."""
    if ":" in encoder.type:
        return f"Encoder `{encoder.type}`"
    directions = {"both": "two directions", "forward": "left to right", "backward": "right to left"}[encoder.direction]
    layers = counted(encoder.layers, f"{encoder.type.upper()} layer")
    return f"{layers}, {directions}, {counted(encoder.hidden_size, 'unit')} each"


def _setting(info: ModelInfo, *path: str) -> Any:
    """A setting of the run that trained the model; None if the folder does not tell it."""
    value: Any = info.settings
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value
