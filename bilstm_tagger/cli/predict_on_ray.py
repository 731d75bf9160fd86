"""`predict --engine ray`: which options it takes, and what it prints."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any

import typer

from bilstm_tagger.cli.app import note
from bilstm_tagger.cli.output import is_standard_output
from bilstm_tagger.cli.tagging import tag_options
from bilstm_tagger.errors import choose
from bilstm_tagger.wording import counted

ENGINES = ("local", "ray")
_TAKEN = frozenset(
    [
        "inputs", "model", "output", "format", "input_format", "text_column", "force", "probabilities",
        "min_probability", "min_precision", "batch_tokens", "workers", "precision", "engine", "resume",
        "id_column",
    ]
)  # fmt: skip


def predict_on_ray(context: typer.Context) -> None:
    """Tag on Ray with the options of a call.

    Args:
        context: of the call.

    Raises:
        typer.BadParameter: if an option is missing, or is of no use there.
    """
    given: dict[str, Any] = context.params
    if given["engine"] not in ENGINES:
        raise typer.BadParameter(
            f"no engine {given['engine']!r}; {choose(given['engine'], ENGINES)}", param_hint="--engine"
        )
    for parameter in context.command.params:
        name = parameter.name or ""
        source = context.get_parameter_source(name)
        if name not in _TAKEN and source is not None and source.name == "COMMANDLINE":
            raise typer.BadParameter("is of no use with --engine ray; leave it out", param_hint=parameter.opts[0])
    if not given["inputs"] or is_standard_output(given["output"]):
        raise typer.BadParameter("--engine ray needs inputs and --output", param_hint="--engine")
    from bilstm_tagger.integrations.ray import import_ray
    from bilstm_tagger.integrations.ray_files import Input, Model, tag_uris

    options = tag_options(
        Path(given["model"]),
        batch_tokens=given["batch_tokens"],
        probabilities=given["probabilities"],
        min_probability=given["min_probability"],
        min_precision=given["min_precision"],
    )
    _quieten(import_ray())
    workers = context.get_parameter_source("workers")
    manifest = tag_uris(
        Model(str(given["model"]), given["precision"]),
        Input(given["inputs"], given["input_format"], given["text_column"], given["id_column"]),
        given["output"],
        format=given["format"] or "parquet",
        force=given["force"],
        resume=given["resume"],
        options=options,
        workers=(given["workers"] or None) if workers is not None and workers.name == "COMMANDLINE" else None,
    )
    rate = f"{manifest.tokens / manifest.seconds:,.0f} tokens/s with starting, {counted(manifest.workers, 'actor')}"
    told = "an interrupted run was finished" if manifest.resumed else rate
    sizes = f"{counted(manifest.rows, 'row')} into {given['output']}: {counted(manifest.tokens, 'token')}"
    note(f"tagged {sizes} ({told})")
    if manifest.rows_without_tokens:
        note(f"note: {counted(manifest.rows_without_tokens, 'row has', 'rows have')} no text")


def _quieten(ray: Any) -> None:
    """Start Ray, or join the cluster of RAY_ADDRESS, so that warnings alone are printed."""
    from bilstm_tagger.integrations.ray import start_ray

    logging.getLogger("ray.data").setLevel(logging.WARNING)
    ray.data.DataContext.get_current().enable_progress_bars = sys.stderr.isatty()
    start_ray(logging_level=logging.WARNING)
