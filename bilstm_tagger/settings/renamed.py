"""Settings of earlier versions: those with another name today, and those that are gone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

RENAMED = {
    "embedder.keep": "embedder.max_pretrained",
    "embedder.shape_size": "embedder.case_size",
    "embedder.stored": "embedder.quantization",
    "encoder.feedforward": "head.hidden_size",
    "encoder.members": "encoder.ensemble_size",
}
REMOVED = frozenset(
    {
        "embedder.digits",
        "encoder.context",
        "encoder.sentence_size",
        "training.language_model",
        "training.replace",
        "training.schedule",
        "training.warmup",
        "training.weight_decay",
    }
)


def renamed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of an earlier version by their present names; those that are gone are left out."""
    new = {table: dict(entry) if isinstance(entry, Mapping) else entry for table, entry in values.items()}
    for key in sorted(REMOVED | RENAMED.keys()):
        table, _, name = key.partition(".")
        if not isinstance(new.get(table), dict) or name not in new[table]:
            continue
        value = new[table].pop(name)
        if key in RENAMED:
            other, _, name = RENAMED[key].partition(".")
            new.setdefault(other, {}).setdefault(name, value)
    return new
