"""Trainings and studies that take a second, in place of those that a page shows."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from bilstm_tagger.evaluation import speed
from bilstm_tagger.settings.loading import parse_settings
from bilstm_tagger.settings.schema import Settings
from bilstm_tagger.studies import encoders, memory
from bilstm_tagger.studies.copy_task import KINDS, CopyTask, Recipe, Sizes
from bilstm_tagger.studies.memory_result import MemorySettings
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.training import train as real_train

SMALL: dict[str, Any] = {
    "embedder": {"size": 8, "case_size": 2, "characters": {"size": 4, "widths": [3], "filters": [4]}},
    "encoder": {"hidden_size": 20, "layers": 1, "ensemble_size": 1},
    "head": {"hidden_size": 0},
}
ONCE = {"epochs": 1, "min_steps": 0, "threads": 1}

TASK = CopyTask(marks=3, distractors=2, max_lag=6, lead=2)
RECIPE = Recipe(0.01, batch=4, steps=3)
TINY = MemorySettings(
    task=TASK,
    sizes=Sizes(embedding=3, hidden=4, kernel=3, convolutions=2),
    recipes={mixture: dict.fromkeys(KINDS, RECIPE) for mixture in ("even", "short first")},
    seeds=(0, 1),
    lags=(0, 2, 4, 5, 6),
    accuracy_count=8,
    gradient_count=2,
    scales=(0.5, 4.0),
    clipping_task=TASK,
    clipping_recipe=RECIPE,
)


def small(settings: Settings) -> Settings:
    """The same run with one epoch and, unless it starts from a model, with a small network."""
    values = settings.model_dump()
    values["training"] |= ONCE
    if not settings.training.init_from:
        for section, sizes in SMALL.items():
            values[section] |= sizes
        if settings.embedder.characters is None:
            values["embedder"]["characters"] = None
    return parse_settings(values)


class Trainings:
    """Trains in the place of a page: small, and each training once per session."""

    def __init__(self, cache: Path) -> None:
        self.cache = cache
        self.runs: dict[str, Path] = {}
        self.own: set[Path] = set()

    def train(self, settings: Settings, *, output: str | Path, resume: bool = False, **given: Any) -> Tagger:
        """As `bilstm_tagger.train`; what it replaces is only what the tests had put there."""
        folder = Path(output)
        if folder.resolve() not in self.own or resume:
            shutil.rmtree(folder, ignore_errors=True)
        self.own.add(folder.resolve())
        settings = small(settings)
        if resume:
            return self._resumed(settings, folder)
        key = f"{Path.cwd() if 'gated' in str(settings) else ''}{settings.model_dump_json()}"
        if key not in self.runs:
            tagger = real_train(settings, output=folder, **given)
            self.runs[key] = Path(shutil.copytree(folder, self.cache / str(len(self.runs))))
            return tagger
        assert not folder.exists() or given.get("force"), f"{output}: the page trains into it twice"
        shutil.copytree(self.runs[key], folder, dirs_exist_ok=True)
        return Tagger.load(folder)

    def _resumed(self, settings: Settings, folder: Path) -> Tagger:
        """A run of two epochs that is stopped after the first, and goes on."""
        values = settings.model_dump()
        values["training"]["epochs"] = 2
        settings = parse_settings(values)

        class Stop:
            def step(self, **_: object) -> None: ...

            def epoch(self, row: object) -> None:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            real_train(settings, output=folder, progress=Stop())
        tagger = real_train(settings, output=folder, resume=True)
        assert tagger.metrics["epochs"] == 2
        return tagger


def shrink_measurements(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the commands of the studies and of the benchmark something small to measure."""
    run_memory, run_encoders = memory.run_memory_study, encoders.run_encoders_study
    two = {name: encoders.ENCODERS[name] for name in ("lstm-forward", "cnn")}

    def small_encoders(settings: Settings, **given: Any) -> Any:
        return run_encoders(small(settings), **(given | {"encoders": two, "seeds": (0,)}))

    monkeypatch.setattr(memory, "run_memory_study", lambda *_, **given: run_memory(TINY, **(given | {"workers": 1})))
    monkeypatch.setattr(encoders, "run_encoders_study", small_encoders)
    measure = speed.benchmark
    monkeypatch.setattr(speed, "LEAST_TOKENS", 200)
    monkeypatch.setattr(speed, "SENTENCES", 5)
    monkeypatch.setattr(
        speed, "benchmark", lambda *args, **given: measure(*args, **(given | {"threads": [1], "batch_tokens": [1_000]}))
    )
