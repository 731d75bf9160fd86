"""What a sweep reads is looked at before its first training, so that nothing fails after hours."""

from __future__ import annotations

from typing import Any

from bilstm_tagger.errors import TaggerError
from bilstm_tagger.model_folder.build import build_model
from bilstm_tagger.model_folder.plugins import plugin_class
from bilstm_tagger.nn.device import pick_device
from bilstm_tagger.settings.schema import Settings
from bilstm_tagger.training.foresee import check_tokenizer
from bilstm_tagger.training.prepare import prepare
from bilstm_tagger.training.provenance import without_notes
from bilstm_tagger.training.sweep_plan import SweepPlan

__all__ = ["check_files"]

_TABLES = ("data", "tasks", "features")
_KEYS = ("embedder.vectors", "embedder.plugin", "encoder.type", "training.init_from", "training.device")


def check_files(plan: SweepPlan) -> None:
    """Reads every corpus, file of vectors and earlier model that a trial may name, and looks for plug-ins and devices.

    Args:
        plan: what the sweep tries.

    Raises:
        TaggerError: of the kind that the training would raise, with the values that are tried.
    """
    seen = set()
    for values in plan.samples():
        settings = plan.settings(values)
        if (needs := _needs(settings)) in seen:
            continue
        seen.add(needs)
        try:
            with without_notes():
                _look(settings)
        except TaggerError as error:
            tried = {key: each for key, each in values.items() if key.split(".")[0] in _TABLES or key in _KEYS}
            listed = ", ".join(f"{key} = {each!r}" for key, each in tried.items())
            raise type(error)(f"with {listed}: {error}" if listed else str(error)) from None


def _needs(settings: Settings) -> str:
    """All that decides what is read; two settings that differ in nothing of it are looked at once."""
    own_parts = ":" in settings.encoder.type or settings.embedder.plugin is not None
    values: dict[str, Any] = settings.model_dump(
        mode="json",
        include={
            "data": True,
            "tasks": True,
            "features": True,
            "embedder": {"vectors", "plugin"},
            # Whether a class from elsewhere can have a size is known when it is made.
            "encoder": True if own_parts else {"type"},
            "training": {"init_from", "device"},
        },
    )
    for task in values["tasks"].values():
        del task["weight"]
    return repr(values)


def _look(settings: Settings) -> None:
    pick_device(settings.training.device)
    check_tokenizer(settings.data.tokenizer)
    for name in (settings.encoder.type, settings.embedder.plugin):
        if name is not None and ":" in name:
            plugin_class(name)
    prepared = prepare(settings)
    if prepared.info.network.plugins:  # which are tried when they are made
        build_model(prepared.info.network, prepared.info.vocab)
