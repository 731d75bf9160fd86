"""The study of encoders: the same data and settings with six encoders, several seeds each.

Each run has a folder of its own, which is a model folder when it is done, and a file of results. What is done is not
done again, and a run that was interrupted goes on from its last epoch.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

# Nothing here works without torch; commands import this module when they run.
import torch  # noqa: TID253

from bilstm_tagger.errors import ConfigError, TaggerError
from bilstm_tagger.evaluation.evaluate import evaluate
from bilstm_tagger.io.atomic import atomic_write
from bilstm_tagger.model_folder.find import is_model_folder
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.settings.loading import parse_settings
from bilstm_tagger.settings.schema import Settings
from bilstm_tagger.studies.encoders_result import EncoderRun, EncodersResult
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.tagging.torch_runtime import torch_model
from bilstm_tagger.training import train
from bilstm_tagger.training.progress import Progress as TrainingProgress
from bilstm_tagger.training.run import SETTINGS

logger = logging.getLogger("bilstm_tagger")

#: For each encoder its name for people and its settings. A cnn with `sum` has filters over the whole window, the usual
#: kind; its two layers of width 5 see 9 tokens.
ENCODERS: dict[str, tuple[str, dict[str, Any]]] = {
    "lstm-both-concat": ("LSTM (both, concat)", {"type": "lstm", "direction": "both", "merge": "concat"}),
    "lstm-both-sum": ("LSTM (both, sum)", {"type": "lstm", "direction": "both", "merge": "sum"}),
    "lstm-forward": ("LSTM (forward)", {"type": "lstm", "direction": "forward"}),
    "gru-both": ("GRU (both, concat)", {"type": "gru", "direction": "both", "merge": "concat"}),
    "rnn-both": ("RNN (both, concat)", {"type": "rnn", "direction": "both", "merge": "concat"}),
    "cnn": ("CNN (window of 9)", {"type": "cnn", "direction": "both", "merge": "sum", "width": 5, "layers": 2}),
}
TIMED = 3  # passes over dev, of which the fastest counts: what disturbs a measurement only makes it slower

#: Called after each run: the run, whether it had been done before, runs done, runs in all.
Listener = Callable[[EncoderRun, bool, int, int], None]


def run_encoders_study(
    settings: Settings,
    *,
    output: str | Path,
    seeds: Sequence[int] = (0, 1, 2),
    test: str | None = None,
    encoders: Mapping[str, tuple[str, dict[str, Any]]] | None = None,
    listener: Listener | None = None,
    progress: TrainingProgress | None = None,
) -> EncodersResult:
    """Train and measure each encoder with each seed, or read what an earlier call has done.

    Seeds are the outer loop: whenever the study is broken off, the encoders have about as many runs each.

    Args:
        settings: of all runs but for the encoder's kind and the seed; needs `data.train` and `data.dev`.
        output: folder of the study; below it a model folder for each run in `runs`.
        seeds: each encoder is trained once for each.
        test: a file to score on as well.
        encoders: name and settings of each; the six of `ENCODERS` if None.
        listener: hears of each run that is done.
        progress: hears of every training step.

    Raises:
        ConfigError: settings without dev, or runs in `output` that were made with other ones.
    """
    if settings.data.train is None or settings.data.dev is None:
        raise ConfigError("the study of encoders needs data.train and data.dev")
    encoders = ENCODERS if encoders is None else encoders
    folder = Path(output)
    runs = []
    for seed in seeds:
        for name, (_, values) in encoders.items():
            chosen = _settings_of(settings, values, seed)
            run, done_before = _run(folder, name, chosen, test, progress)
            runs.append(run)
            if listener:
                listener(run, done_before, len(runs), len(seeds) * len(encoders))
    first = Tagger.load(folder / "runs" / f"{next(iter(encoders))}-{seeds[0]}")
    result = EncodersResult(
        # As a model folder stores them: files by their names alone.
        settings=first.info.settings | {"encoder": settings.encoder.model_dump(mode="json")},
        titles={name: title for name, (title, _) in encoders.items()},
        settings_of={name: dict(values) for name, (_, values) in encoders.items()},
        measures={task: "accuracy" if scheme is Scheme.NONE else "strict F1" for task, scheme in first.schemes.items()},
        runs=sorted(runs, key=lambda run: (list(encoders).index(run.encoder), run.seed)),
        threads=settings.training.threads or torch.get_num_threads(),
        torch_version=torch.__version__,
    )
    result.save(folder / "encoders.json")
    return result


def _settings_of(settings: Settings, encoder: Mapping[str, Any], seed: int) -> Settings:
    values = settings.model_dump(mode="json")
    values["encoder"] |= encoder
    values["training"]["seed"] = seed
    return parse_settings(values)


def _run(
    folder: Path, name: str, settings: Settings, test: str | None, progress: TrainingProgress | None
) -> tuple[EncoderRun, bool]:
    """One run and whether it had been done before."""
    label = f"{name}-{settings.training.seed}"
    record = folder / "results" / f"{label}.json"
    made_with = {"settings": settings.model_dump(mode="json"), "test": test}
    begun = record.is_file()
    if begun and (run := _read(record, made_with)):
        return run, True
    logger.info("%s, seed %d", name, settings.training.seed)
    started = time.perf_counter()
    _write(record, {**made_with, "run": None})
    _train(folder / "runs" / label, settings, begun=begun, progress=progress)
    run = _measure(folder / "runs" / label, name, settings, test, started)
    _write(record, {**made_with, "run": asdict(run)})
    return run, False


def _write(record: Path, values: Mapping[str, Any]) -> None:
    with atomic_write(record) as stream:
        json.dump(values, stream, indent=1)


def _read(record: Path, made_with: Mapping[str, Any]) -> EncoderRun | None:
    """The run of a record; None of one that was begun only."""
    try:
        stored = json.loads(record.read_text("utf-8"))
        run = stored["run"] and EncoderRun(**stored["run"])
        same = {key: stored[key] for key in made_with} == made_with
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TaggerError(f"{record}: damaged: {error!r}; remove it and the run is done again") from None
    if not same:
        raise ConfigError(f"{record}: made with other settings; choose another output folder, or remove this one")
    return run


def _train(folder: Path, settings: Settings, *, begun: bool, progress: TrainingProgress | None) -> None:
    """Train anew, go on training, or leave alone what was finished but not measured."""
    unfinished = (folder / SETTINGS).is_file()  # a finished run has no such file any more
    if not begun or unfinished or not is_model_folder(folder):
        train(settings, output=folder, resume=begun, force=not begun, progress=progress)


def _measure(folder: Path, name: str, settings: Settings, test: str | None, started: float) -> EncoderRun:
    tagger = Tagger.load(folder)
    passes = [evaluate(tagger, str(settings.data.dev)) for _ in range(TIMED)]
    found = evaluate(tagger, test).tasks if test else {}
    return EncoderRun(
        encoder=name,
        seed=settings.training.seed,
        dev={task: scores.headline for task, scores in passes[0].tasks.items()},
        test={task: scores.headline for task, scores in found.items()},
        parameters=sum(weight.numel() for weight in torch_model(tagger.runtime).encoders[0].parameters()),
        trained_per_second=median(row["tokens_per_second"] for row in tagger.metrics["history"]),
        tagged_per_second=max(each.tokens / max(each.seconds, 1e-9) for each in passes),
        epochs=tagger.metrics["epochs"],
        seconds=time.perf_counter() - started,
    )
