"""Tagging a data set of Ray Data: one tagger on one thread in each of many actors, on one machine or on many.

Ray moves the data, runs the actors and does again what is lost with a process or a machine; what stands here is only
what an actor does with a batch. A batch comes as an Arrow table and goes back as one with more columns.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bilstm_tagger.errors import ConfigError
from bilstm_tagger.files.worker import collect_rarely
from bilstm_tagger.frames.tagged_tables import tagged_table
from bilstm_tagger.tagging.tagger import Tagger

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    import ray.data
    from torch import Tensor, nn

MISSING = "tagging on Ray needs it: pip install 'bilstm-tagger[ray]'"
# Of a processor for each actor. An actor keeps one busy; what is not asked for is room for the tasks that read and
# write, and for the actors of a machine that is lost. Ray waits for ever where an actor finds no room to start again.
ACTOR_CPUS = 0.5
BATCH = 1000  # rows; some 200,000 tokens of articles, enough to sort sentences by length


def tag(
    dataset: ray.data.Dataset,
    *,
    column: str = "text",
    model: str | Path | Tagger = "en",
    prefix: str = "",
    probabilities: bool = False,
    min_probability: float | Mapping[str, float] = 0.0,
    batch_tokens: int | None = None,
    precision: str = "auto",
    batch_size: int = BATCH,
    workers: int | None = None,
) -> ray.data.Dataset:
    """Adds tokens, tags and spans to each row of a data set; they are computed when the data set is read or written.

    Args:
        dataset: its rows and columns stay; Ray keeps their order only if it is told to.
        column: where its texts are, or its lists of words; a missing text has no tokens.
        model: a tagger, or as for `Tagger.load`; it is sent once to each machine, whose actors share its weights.
        prefix: written before the names of the new columns.
        probabilities: whether they tell how probable tags and spans are.
        min_probability: spans that are less probable are left out; a number, or one for each label.
        batch_tokens: padded tokens per batch for the network; the tagger's own default if None.
        precision: as for `Tagger.load`; each machine chooses for itself where it is `auto`.
        batch_size: rows that are tagged together.
        workers: number of actors; one for each processor of the cluster if None.

    Returns:
        the data set with new columns: `tokens`, `start_char`, `end_char`, one of tags for each task, and `spans`.

    Raises:
        ConfigError: if Ray is not installed.
        TaggerError: if there is no such model; where rows are read, if there is no such column or a new one is there
            already.
    """
    ray = import_ray()
    workers = workers or processors()
    options: dict[str, Any] = {"probabilities": probabilities, "min_probability": min_probability}
    if batch_tokens is not None:
        options["batch_tokens"] = batch_tokens
    # Else Ray joins small files into blocks of 128 MB, which is five minutes of one actor, and has the others wait.
    return dataset.repartition(target_num_rows_per_block=batch_size).map_batches(
        _Actor,
        fn_constructor_kwargs={
            "model": _sent(model if isinstance(model, Tagger) else Tagger.load(model, precision=precision)),
            "precision": precision,
            "options": {"column": column, "prefix": prefix, **options},
        },
        batch_size=batch_size,
        batch_format="pyarrow",
        compute=ray.data.ActorPoolStrategy(size=workers, max_tasks_in_flight_per_actor=2),
        num_cpus=_actor_cpus(),
    )


def _actor_cpus() -> float:
    """Of a processor for each actor: nothing where no machine has two, since a task that reads wants one."""
    nodes = [node["Resources"].get("CPU", 0) for node in import_ray().nodes() if node["Alive"]]
    return ACTOR_CPUS if max(nodes, default=0) >= 2 else 0


def processors() -> int:
    """Processors of the cluster; Ray is started on this machine if it does not run yet."""
    ray = import_ray()
    start_ray()
    return max(1, int(ray.cluster_resources().get("CPU", 1)))


def start_ray(**options: Any) -> None:
    """Start Ray on this machine, or join the cluster of the environment variable RAY_ADDRESS; neither if it runs.

    Without an address Ray would look for the last cluster that was started here, and wait minutes for one that is gone.

    Args:
        options: for `ray.init`.
    """
    ray = import_ray()
    if not ray.is_initialized():
        ray.init(address=os.environ.get("RAY_ADDRESS", "local"), **options)


def import_ray() -> Any:
    """The package `ray` with `ray.data`.

    Raises:
        ConfigError: if it is not installed.
    """
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise ConfigError(MISSING) from error
    return ray


def _sent(tagger: Tagger) -> Any:
    """Network and vocabulary in Ray's object store, whose memory the processes of a machine share."""
    import torch

    from bilstm_tagger.model_folder.folder import ModelParts
    from bilstm_tagger.tagging.torch_runtime import torch_model

    ray = import_ray()
    kinds: dict[type, Any] = {torch.Tensor: _tensor, torch.nn.Parameter: _parameter}
    for kind, again in kinds.items():  # Ray copies what torch pickles, and shares the arrays of numpy
        ray.util.register_serializer(kind, serializer=_array, deserializer=again)
    try:
        return ray.put(ModelParts(tagger.info, torch_model(tagger.runtime)))
    finally:
        for kind in kinds:
            ray.util.deregister_serializer(kind)


def _array(tensor: Tensor) -> np.ndarray:
    return tensor.detach().cpu().numpy()


def _tensor(array: np.ndarray) -> Tensor:
    import torch

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The given NumPy array is not writable")  # and tagging writes to no weight
        return torch.from_numpy(array)


def _parameter(array: np.ndarray) -> nn.Parameter:
    from torch import nn

    return nn.Parameter(_tensor(array), requires_grad=False)


class _Actor:
    """A tagger in a process of its own.

    Args:
        model: network and vocabulary in Ray's object store.
        precision: as for `Tagger.load`.
        options: arguments of `tagged_table`.
    """

    def __init__(self, model: Any, precision: str, options: Mapping[str, Any]) -> None:
        import torch

        from bilstm_tagger.nn.device import pick_precision

        torch.set_num_threads(1)
        self._options = options
        parts = import_ray().get(model)
        parts.model.precision = pick_precision(precision, torch.device("cpu"))
        self._tagger = Tagger.of(parts)
        collect_rarely()

    def __call__(self, batch: pa.Table) -> pa.Table:
        """The batch with new columns."""
        return tagged_table(self._tagger, batch, **self._options)
