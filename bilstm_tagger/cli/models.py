"""`bilstm-tagger models`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from bilstm_tagger.cli.app import screen
from bilstm_tagger.wording import counted


def models(*, as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False) -> None:
    """List the models that come with the package: languages, tasks, licence, scores on dev."""
    from bilstm_tagger.model_folder.find import shipped_models

    found = [listed(name, folder) for name, folder in shipped_models().items()]
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False, indent=2))
    elif found:
        screen().print(_table(found))
    else:
        typer.echo("no model comes with this installation", err=True)


def listed(name: str, folder: Path) -> dict[str, Any]:
    """What the list tells of one model, as plain values."""
    from bilstm_tagger.model_folder.info import read_info
    from bilstm_tagger.schemes.grammar import Scheme

    info, _ = read_info(folder)
    tasks = {}
    for task in info.tasks:
        plain = info.schemes[task] is Scheme.NONE
        tags = info.vocab.tags[task]
        tasks[task] = {
            "labels": tags if plain else sorted({tag[2:] for tag in tags} - {""}),
            "measure": "accuracy" if plain else "strict F1",
            "dev": info.metrics.get("dev", {}).get(task),
        }
    return {
        "name": name,
        "languages": list(info.settings.get("languages", [])),
        "tasks": tasks,
        "licence": info.settings.get("licence", ""),
        "bytes": sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()),
        "folder": str(folder),
    }


def _table(found: Sequence[dict[str, Any]]) -> Any:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from bilstm_tagger.wording import percent

    table = Table(box=box.SIMPLE)
    for header in ("model", "languages", "tasks", "on dev", "MB", "licence"):
        table.add_column(header, overflow="fold", justify="right" if header == "MB" else "left")
    for model in found:
        tasks, scores = [], []
        for task, each in model["tasks"].items():
            few = len(each["labels"]) <= 8
            tasks.append(
                f"{task}: {', '.join(each['labels'])}" if few else f"{task}: {counted(len(each['labels']), 'tag')}"
            )
            scores.append("–" if each["dev"] is None else f"{each['measure']} {percent(each['dev'])}")
        row = (model["name"], ", ".join(model["languages"]), "\n".join(tasks), "\n".join(scores))
        table.add_row(*map(Text, (*row, f"{model['bytes'] / 1e6:.1f}", model["licence"])))
    return table
