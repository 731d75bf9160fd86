"""A run's state on disk after each epoch: safetensors and JSON, swapped in as one folder."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from bilstm_tagger.errors import ModelError
from bilstm_tagger.io.atomic import atomic_folder, recover_folder
from bilstm_tagger.model_folder.weights import save_weights
from bilstm_tagger.nn.model import TaggingModel
from bilstm_tagger.training.optim import AveragedWeights, Optimizer
from bilstm_tagger.training.progress import Row

NAME = "checkpoint"


@dataclass(slots=True)
class State:
    """What is known after some epochs.

    Attributes:
        epochs: epochs done.
        history: one row of metrics for each.
        best_weights: the model's weights after the best of them.
    """

    epochs: int = 0
    history: list[Row] = field(default_factory=list)
    best_weights: dict[str, Tensor] = field(default_factory=dict)


class Checkpoint:
    """The checkpoint inside a run folder.

    Args:
        folder: the run folder.
        model: the model in training.
        optimizer: its optimiser.
        average: the model's averaged weights.
    """

    def __init__(self, folder: Path, model: TaggingModel, optimizer: Optimizer, average: AveragedWeights) -> None:
        self.folder = folder / NAME
        self.model = model
        self.optimizer = optimizer
        self.average = average

    def save(self, state: State) -> None:
        """Replaces the checkpoint; a crash at any moment leaves the earlier or the new one.

        Raises:
            TaggerError: if it cannot be written, as on a full disk.
        """
        parts = {
            "model": self.model.learned(),
            "optimizer": self.optimizer.state(),
            "average": self.average.state(),
            "best": state.best_weights,
        }
        with atomic_folder(self.folder) as folder:
            for name, tensors in parts.items():
                whole = {key: value.contiguous() for key, value in tensors.items()}
                save_weights(whole, folder / f"{name}.safetensors")
            values = {"epochs": state.epochs, "history": state.history}
            (folder / "state.json").write_text(json.dumps(values), "utf-8")

    def load(self) -> State | None:
        """Puts the checkpoint into all that is in training; None if there is none.

        Raises:
            ModelError: if it is damaged, belongs to other settings or is of an earlier version.
        """
        recover_folder(self.folder)
        if not self.folder.exists():
            return None
        try:
            values = json.loads((self.folder / "state.json").read_text("utf-8"))
            self.model.load_learned(self._part("model"))
            self.optimizer.load_state(self._part("optimizer"))
            self.average.load_state(self._part("average"))
            return State(**values, best_weights=self._part("best"))
        except (OSError, SafetensorError, ValueError, KeyError, TypeError, RuntimeError) as error:
            reason = str(error).splitlines()[0]
            raise ModelError(
                f"{self.folder}: the checkpoint cannot be continued: {reason}; start again with --force"
            ) from None

    def _part(self, name: str) -> dict[str, Tensor]:
        return load_file(self.folder / f"{name}.safetensors")
