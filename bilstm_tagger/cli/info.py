"""`bilstm-tagger info`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bilstm_tagger.cli.app import screen
from bilstm_tagger.wording import counted

if TYPE_CHECKING:
    from rich.table import Table


def info(
    model: Annotated[
        Path, typer.Argument(help="Model folder, a model that comes with the package, or one of the hub.")
    ] = Path("en"),
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the tasks of a model, its scores, its data and its settings."""
    from bilstm_tagger.model_folder.find import find_folder

    facts = describe(find_folder(model))
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False, indent=2))
    else:
        screen().print(_table(facts))


def describe(folder: Path) -> dict[str, Any]:
    """What is known of a model, as plain values; code from elsewhere that it needs is named, and not run.

    Args:
        folder: its folder.
    """
    from bilstm_tagger.model_folder.folder import load_network
    from bilstm_tagger.model_folder.info import read_info
    from bilstm_tagger.schemes.grammar import Scheme

    info, stored = read_info(folder)
    vocab, metrics, plugins = info.vocab, info.metrics, info.network.plugins
    model = None if plugins else load_network(folder, info, stored)
    tasks = {}
    for task, config in info.network.tasks.items():
        plain = config.scheme is Scheme.NONE
        labels = vocab.tags[task] if plain else sorted({tag[2:] for tag in vocab.tags[task] if tag != "O"})
        tasks[task] = {
            "scheme": str(config.scheme),
            "head": config.head,
            "measure": "accuracy" if plain else "strict F1",
            "dev": metrics.get("dev", {}).get(task),
            "labels": labels,
        }
    return {
        "folder": str(folder),
        **({} if info.source is None else {"source": info.source}),
        "tasks": tasks,
        "tokenizer": info.tokenizer,
        "sizes": {
            **({} if model is None else {"parameters": sum(weight.numel() for weight in model.parameters())}),
            "trained words": len(vocab.trained),
            "frozen words": len(vocab.frozen),
            "characters": len(vocab.characters),
            "bytes": sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()),
        },
        **({"plugins": plugins} if plugins else {}),
        **{key: metrics[key] for key in ("best_epoch", "epochs", "coverage") if key in metrics},
        **info.provenance,
        "settings": info.settings,
    }


def _table(facts: Mapping[str, Any]) -> Table:
    """The facts of `describe` in two columns."""
    from rich.table import Table
    from rich.text import Text

    from bilstm_tagger.wording import percent

    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")

    def add(name: str, value: str) -> None:
        """Add a row; Text, because rich would read square brackets as markup."""
        table.add_row(Text(name), Text(value))

    add("model", facts["folder"])
    if "source" in facts:
        name, _, commit = facts["source"].partition("@")
        add("hub", f"{name}, revision {commit}")
    for task, config in facts["tasks"].items():
        score = "" if config["dev"] is None else f"; dev {config['measure']} {percent(config['dev'])}"
        add(f"task {task}", f"scheme {config['scheme']}, head {config['head']}{score}")
        add("", ", ".join(config["labels"]))
    if "epochs" in facts:
        add("trained", f"{counted(facts['epochs'], 'epoch')}, the best was number {facts['best_epoch']}")
    for row in facts.get("data", []):
        sentences = f"{counted(row['sentences'], 'sentence')}, " if row["sentences"] else ""
        add(row["role"], f"{row['name']}: {sentences}{counted(row['tokens'], 'token')}, sha256 {row['sha256'][:12]}")
    add("sizes", ", ".join(f"{value:,} {name}" for name, value in facts["sizes"].items()))
    if "plugins" in facts:
        add(
            "code from elsewhere", f"{', '.join(facts['plugins'])}; what else is in the network is not known without it"
        )
    add("tokenizer", facts["tokenizer"])
    add("versions", ", ".join(f"{name} {value}" for name, value in facts.get("versions", {}).items()))
    for key, value in _flat(facts["settings"]):
        add(key, json.dumps(value, ensure_ascii=False))
    return table


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Nested settings under the names that --set takes."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value
