"""The study of memory: RNN, GRU, LSTM and CNN on the copy-a-mark task, and what happens to their gradients.

Four parts: accuracy by lag and the gradient at the mark, before and after training; the gradient with large recurrent
weights; training such a network with and without clipping; an LSTM with forced gates compared with two RNNs. Every job
has its own seed and one thread, so the numbers do not depend on how many jobs run at the same time.
"""

from __future__ import annotations

import json
import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import Any

# Nothing here works without torch; commands import this module when they run.
import torch  # noqa: TID253

from bilstm_tagger.studies.copy_task import KINDS, Sizes, accuracy_by_lag, build, train
from bilstm_tagger.studies.gradient_flow import (
    forced_gates_differences,
    gradient_by_lag,
    scale_recurrent_weights,
    train_plainly,
)
from bilstm_tagger.studies.memory_result import Clipping, Growth, MemoryResult, MemorySettings, Recall

#: Called after each job: its description, number of finished jobs, number of all jobs.
Progress = Callable[[str, int, int], None]
#: Added to a seed for the measurements, so that they use other sequences than training.
FRESH = 10_000

_Outcome = Recall | Growth | Clipping


def run_memory_study(
    settings: MemorySettings | None = None, *, workers: int = 1, progress: Progress | None = None
) -> MemoryResult:
    """Run the whole study.

    Args:
        settings: settings of the study; the defaults if None.
        workers: number of processes, one thread each; 1 computes in this process. The numbers are the same.
        progress: called after each job.
    """
    settings = settings or MemorySettings()
    started = time.perf_counter()
    jobs = _jobs(settings)
    outcomes: dict[int, Any] = {}
    for place, outcome in _finished(jobs, workers):
        outcomes[place] = outcome
        if progress:
            progress(jobs[place].description, len(outcomes), len(jobs))
    parts: dict[str, list[Any]] = {"recall": [], "growth": [], "clipping": []}
    for place, job in enumerate(jobs):
        parts[job.part].append(outcomes[place])
    seconds = {part: sum(outcome.seconds for outcome in of_part) for part, of_part in parts.items()}
    return MemoryResult(
        settings=json.loads(json.dumps(asdict(settings))),
        lags=list(settings.lags),
        chance=settings.task.chance,
        window=settings.sizes.window,
        parameters={name: _parameters(name, settings) for name in KINDS},
        wide_cnn_parameters=_parameters("cnn", replace(settings, sizes=_wide(settings))),
        forced_gates=forced_gates_differences(seed=0),
        recall=parts["recall"],
        growth=parts["growth"],
        clipping=parts["clipping"],
        seconds={**seconds, "wall": time.perf_counter() - started},
        torch_version=torch.__version__,
    )


def _parameters(name: str, settings: MemorySettings) -> int:
    return build(name, settings.task, settings.sizes, seed=0).body_parameters


def _wide(settings: MemorySettings) -> Sizes:
    """Sizes with the smallest kernel whose window contains the longest lag."""
    reach = -(-settings.task.max_lag // settings.sizes.convolutions)
    return replace(settings.sizes, kernel=reach + 1)


@dataclass(frozen=True, slots=True)
class _Job:
    """One training or measurement, done by one process."""

    part: str
    settings: MemorySettings
    seed: int
    model: str = "rnn"
    mixture: str = "even"
    scale: float = 1.0
    clip: float | None = None

    @property
    def description(self) -> str:
        """What the job does, as text."""
        title = KINDS[self.model].title
        if self.part == "recall":
            return f"{title}, lags {self.mixture}, seed {self.seed}"
        if self.part == "growth":
            return f"{title}, recurrent weights ×{self.scale:g}, seed {self.seed}"
        return f"{title} {'without clipping' if self.clip is None else f'clipped at {self.clip:g}'}, seed {self.seed}"


def _jobs(settings: MemorySettings) -> list[_Job]:
    """All jobs, the long ones first so that all processes end at about the same time."""
    jobs = [
        _Job("recall", settings, seed, model=model, mixture=mixture)
        for mixture, recipes in settings.recipes.items()
        for model in recipes
        for seed in settings.seeds
    ]
    jobs += [_Job("clipping", settings, seed, clip=clip) for seed in settings.seeds for clip in (None, settings.clip)]
    jobs += [
        _Job("growth", settings, seed, model=model, scale=scale)
        for model in ("rnn", "gru", "lstm1")
        for scale in settings.scales
        for seed in settings.seeds
    ]
    return jobs


def _finished(jobs: Sequence[_Job], workers: int) -> Iterator[tuple[int, Any]]:
    """The index and the outcome of each job, in the order in which they finish."""
    if workers <= 1:
        yield from ((place, _run(job)) for place, job in enumerate(jobs))
        return
    others = multiprocessing.active_children()
    # A forked process cannot use torch's threads; a spawned one can.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_leave_interrupts) as pool:
        places = {pool.submit(_run, job): place for place, job in enumerate(jobs)}
        try:
            for future in as_completed(places):
                yield places[future], future.result()
        except BaseException:  # stopped, or failed: nobody waits for the jobs that are under way
            for process in multiprocessing.active_children():
                if process not in others:
                    process.kill()
            raise
        finally:
            pool.shutdown(cancel_futures=True)


def _leave_interrupts() -> None:
    """Ctrl-C, which the terminal sends to each process, is for the one that started the others and ends them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _run(job: _Job) -> _Outcome:
    functions: dict[str, Callable[[_Job], _Outcome]] = {"recall": _recall, "growth": _growth, "clipping": _clipping}
    started = time.process_time()
    with _one_thread():
        outcome = functions[job.part](job)
    return replace(outcome, seconds=time.process_time() - started)


@contextmanager
def _one_thread() -> Iterator[None]:
    """One thread of torch: sums have a fixed order, and the networks are too small for several threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _recall(job: _Job) -> Recall:
    """Train a network; measure accuracy by lag and the gradient before and after."""
    settings, task = job.settings, job.settings.task
    model = build(job.model, task, settings.sizes, seed=job.seed)
    fresh = job.seed + FRESH

    def gradient() -> list[float]:
        """The gradient by lag with the present weights."""
        return gradient_by_lag(model, task, settings.lags, count=settings.gradient_count, seed=fresh)

    before = gradient()
    recipe = settings.recipes[job.mixture][job.model]
    losses = train(model, task, mixture=job.mixture, recipe=recipe, seed=job.seed)
    return Recall(
        model=job.model,
        mixture=job.mixture,
        seed=job.seed,
        steps=len(losses),
        final_loss=sum(losses[-20:]) / len(losses[-20:]),
        accuracy=accuracy_by_lag(model, task, settings.lags, count=settings.accuracy_count, seed=fresh),
        gradient_before=before,
        gradient_after=gradient(),
    )


def _growth(job: _Job) -> Growth:
    """Measure the gradient of an untrained network with scaled recurrent weights."""
    settings = job.settings
    model = build(job.model, settings.task, settings.sizes, seed=job.seed)
    scale_recurrent_weights(model, job.scale, seed=job.seed)
    count, fresh = settings.gradient_count, job.seed + FRESH
    gradient = gradient_by_lag(model, settings.task, settings.lags, count=count, seed=fresh)
    return Growth(model=job.model, scale=job.scale, seed=job.seed, gradient=gradient)


def _clipping(job: _Job) -> Clipping:
    """Train an RNN with large recurrent weights, with or without clipping."""
    settings, task = job.settings, job.settings.clipping_task
    model = build("rnn", task, settings.sizes, seed=job.seed)
    scale_recurrent_weights(model, settings.clipping_scale, seed=job.seed)
    losses, norms = train_plainly(
        model, task, mixture="short first", recipe=settings.clipping_recipe, clip=job.clip, seed=job.seed
    )
    return Clipping(clip=job.clip, seed=job.seed, losses=losses, norms=norms)
