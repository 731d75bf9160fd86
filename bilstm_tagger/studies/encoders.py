"""The study of encoders: the same data and settings with six encoders, several seeds each.

Each run has its own folder, which is a model folder when the run is complete, and a file of results. A complete run is
not repeated, and an interrupted run continues from its last epoch, as long as settings and data are the same. Scores on
a test file are kept with the model; they are measured when there are none of that file.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from statistics import median
from typing import Any

# Nothing here works without torch; commands import this module when they run.
import torch  # noqa: TID253

from bilstm_tagger.errors import ConfigError, TaggerError
from bilstm_tagger.evaluation.evaluate import evaluate
from bilstm_tagger.evaluation.scores import SpanScores, TagScores
from bilstm_tagger.io.atomic import atomic_write
from bilstm_tagger.io.places import check_folder_place
from bilstm_tagger.model_folder.find import is_model_folder
from bilstm_tagger.model_folder.json_files import read_json
from bilstm_tagger.schemes.grammar import Scheme
from bilstm_tagger.settings.loading import parse_settings
from bilstm_tagger.settings.schema import Settings
from bilstm_tagger.studies.encoders_result import EncoderRun, EncodersResult
from bilstm_tagger.tagging.tagger import Tagger
from bilstm_tagger.tagging.torch_runtime import torch_model
from bilstm_tagger.training import train
from bilstm_tagger.training.held_out import check_test, known_scores, score_on_test
from bilstm_tagger.training.progress import Progress as TrainingProgress
from bilstm_tagger.training.provenance import changes_since
from bilstm_tagger.training.run_folder import SETTINGS, is_finished

logger = logging.getLogger("bilstm_tagger")

#: Title and settings of each encoder. A CNN with `sum` has the usual filters over the whole window; its two layers of
#: width 5 read 9 tokens.
ENCODERS: dict[str, tuple[str, dict[str, Any]]] = {
    "lstm-both-concat": ("LSTM (both, concat)", {"type": "lstm", "direction": "both", "merge": "concat"}),
    "lstm-both-sum": ("LSTM (both, sum)", {"type": "lstm", "direction": "both", "merge": "sum"}),
    "lstm-forward": ("LSTM (forward)", {"type": "lstm", "direction": "forward"}),
    "gru-both": ("GRU (both, concat)", {"type": "gru", "direction": "both", "merge": "concat"}),
    "rnn-both": ("RNN (both, concat)", {"type": "rnn", "direction": "both", "merge": "concat"}),
    "cnn": ("CNN (window of 9)", {"type": "cnn", "direction": "both", "merge": "sum", "width": 5, "layers": 2}),
}
TIMED = 3  # passes over dev; the fastest counts, since other load on the machine can only slow a pass down

#: Called after each run: the run, whether it had been complete before, number of complete runs, number of all runs.
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
    """Train and measure each encoder with each seed; read the results of runs that are complete already.

    Seeds are the outer loop, so that an interrupted study has about the same number of runs of each encoder.

    Args:
        settings: the settings of all runs except the kind of encoder and the seed; `data.train` and `data.dev` are
            needed.
        output: the folder of the study; `runs` below it gets a model folder per run.
        seeds: each encoder is trained once per seed.
        test: a file to score on as well; it decides nothing, and may be another one when the study goes on.
        encoders: title and settings of each encoder; the six of `ENCODERS` if None.
        listener: called after each run.
        progress: receives every training step.

    Returns:
        all runs; they are also written to `encoders.json` in `output`.

    Raises:
        ConfigError: there is no dev file, or the runs in `output` were made with other settings or data.
        CorpusError: the test file cannot be used.
        TaggerError: nothing can be written to `output`.
    """
    if settings.data.train is None or settings.data.dev is None:
        raise ConfigError("the study of encoders needs data.train and data.dev")
    encoders = ENCODERS if encoders is None else encoders
    folder = Path(output)
    check_folder_place(folder)
    for seed in seeds:
        for name, (_, values) in encoders.items():
            _refuse_others(folder, name, _settings_of(settings, values, seed))
    if test is not None:
        check_test(settings, test)
    runs = []
    for seed in seeds:
        for name, (_, values) in encoders.items():
            run, done_before = _run(folder, name, _settings_of(settings, values, seed), test, progress)
            runs.append(run)
            if listener:
                listener(run, done_before, len(runs), len(seeds) * len(encoders))
    result = _result(settings, encoders, runs, Tagger.load(folder / "runs" / f"{next(iter(encoders))}-{seeds[0]}"))
    result.save(folder / "encoders.json")
    return result


def _result(
    settings: Settings, encoders: Mapping[str, tuple[str, dict[str, Any]]], runs: Sequence[EncoderRun], first: Tagger
) -> EncodersResult:
    """Collect the runs; `first` is the tagger of the first run."""
    return EncodersResult(
        # As a model folder stores them: files by their names alone.
        settings=first.info.settings | {"encoder": settings.encoder.model_dump(mode="json")},
        titles={name: title for name, (title, _) in encoders.items()},
        settings_of={name: dict(values) for name, (_, values) in encoders.items()},
        measures={task: "accuracy" if scheme is Scheme.NONE else "strict F1" for task, scheme in first.schemes.items()},
        runs=sorted(runs, key=lambda run: (list(encoders).index(run.encoder), run.seed)),
        threads=settings.training.threads or torch.get_num_threads(),
        torch_version=torch.__version__,
    )


def _settings_of(settings: Settings, encoder: Mapping[str, Any], seed: int) -> Settings:
    values = settings.model_dump(mode="json")
    values["encoder"] |= encoder
    values["training"]["seed"] = seed
    return parse_settings(values)


def _refuse_others(folder: Path, name: str, settings: Settings) -> None:
    """Refuse to go on with a run that was made, or has begun, with other settings or data."""
    place, record = _places(folder, name, settings)
    begun = is_model_folder(place) or (place / SETTINGS).is_file()
    if record.is_file() and begun and (changed := changes_since(place, settings)):
        what = "; ".join(changed)
        raise ConfigError(
            f"{place}: was trained with other settings: {what}; choose another --output, or remove {folder}"
        )


def _places(folder: Path, name: str, settings: Settings) -> tuple[Path, Path]:
    """The folder of a run and its file of results."""
    label = f"{name}-{settings.training.seed}"
    return folder / "runs" / label, folder / "results" / f"{label}.json"


def _run(
    folder: Path, name: str, settings: Settings, test: str | None, progress: TrainingProgress | None
) -> tuple[EncoderRun, bool]:
    """One run, and whether it had been complete before."""
    place, record = _places(folder, name, settings)
    begun = record.is_file()
    run = _read(record) if begun else None
    done = run is not None and is_finished(place)
    if run is None or not done:
        logger.info("%s, seed %d", name, settings.training.seed)
        started = time.perf_counter()
        _write(record, {"run": None})
        _train(place, settings, begun=begun, progress=progress)
        run = _measure(place, name, settings, started)
        _write(record, {"run": asdict(run)})
    return replace(run, test={} if test is None else _on_test(place, test)), done


def _on_test(folder: Path, test: str) -> dict[str, float]:
    """The scores of a finished model on the test file; those of another file of this name are replaced."""
    known = known_scores(read_json(folder / "metrics.json"), test)
    return score_on_test(Tagger.load(folder), test, folder=folder) if known is None else known


def _write(record: Path, values: Mapping[str, Any]) -> None:
    with atomic_write(record) as stream:
        json.dump(values, stream, indent=1)


def _read(record: Path) -> EncoderRun | None:
    """The run of a result file; None if the run is not complete."""
    try:
        stored = json.loads(record.read_text("utf-8"))
        return EncoderRun(**stored["run"]) if stored["run"] is not None else None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TaggerError(f"{record}: damaged: {error!r}; remove it and the run is repeated") from None


def _train(folder: Path, settings: Settings, *, begun: bool, progress: TrainingProgress | None) -> None:
    """Train from the start or continue; nothing to do for a run that was trained but not measured."""
    if not begun or not is_finished(folder):
        train(settings, output=folder, resume=begun, force=not begun, progress=progress)


def _measure(folder: Path, name: str, settings: Settings, started: float) -> EncoderRun:
    tagger = Tagger.load(folder)
    passes = [evaluate(tagger, str(settings.data.dev)) for _ in range(TIMED)]
    history = tagger.metrics["history"]
    return EncoderRun(
        encoder=name,
        seed=settings.training.seed,
        dev={task: scores.headline for task, scores in passes[0].tasks.items()},
        test={},
        parameters=sum(weight.numel() for weight in torch_model(tagger.runtime).encoders[0].parameters()),
        trained_per_second=median(row["tokens_per_second"] for row in history),
        tagged_per_second=max(each.tokens_per_second or 0.0 for each in passes),
        epochs=tagger.metrics["epochs"],
        seconds=time.perf_counter() - started,
        late_gain=_late_gain([row["score"] for row in history]),
        dev_units=min(_units(scores) for scores in passes[0].tasks.values()),
    )


def _late_gain(scores: Sequence[float]) -> float:
    """By how much the best score of all epochs exceeds the best one of the first three quarters of them."""
    early = scores[: len(scores) * 3 // 4]
    return max(scores) - max(early, default=0.0)


def _units(scores: SpanScores | TagScores) -> int:
    """The number of gold spans, or of tokens for plain tags."""
    return scores.micro.support if isinstance(scores, SpanScores) else scores.accuracy.total
