"""The losses of an epoch, kept where they are until they are asked for."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from bilstm_tagger.training.processes import Processes


class EpochLosses:
    """Losses and gradient norms of the steps of an epoch.

    A GPU and other processes are asked for those of many steps at once, since each answer is waited for.

    Args:
        processes: that share the work.
        first: number of the epoch's first step, from 0.
        encoders: of the ensemble, over which the mean is taken.
    """

    def __init__(self, processes: Processes, *, first: int, encoders: int) -> None:
        self.processes = processes
        self.step = first
        self.encoders = encoders
        self.mean = math.nan  # loss of a step, over all that were asked for
        self._total = 0.0
        self._count = 0
        self._waiting: list[Tensor] = []

    def add(self, loss: Tensor, norm: Tensor) -> None:
        """Takes the loss and the gradient norm of the next step, both scalars, without looking at them."""
        self._waiting.append(torch.stack([loss.detach(), norm]))

    def ask(self) -> tuple[int, str] | None:
        """Looks at all steps since the last time.

        Returns:
            The first step at which something was infinite or no number, and what; None if nothing was.
        """
        found = self.processes.mean(torch.stack(self._waiting)).double().cpu()  # (steps, 2)
        self._waiting.clear()
        for place, (loss, norm) in enumerate(found.tolist()):
            if not math.isfinite(loss):
                return self.step + place, f"the loss is {loss}"
            if not math.isfinite(norm):
                return self.step + place, f"the gradient's norm is {norm}"
        self.step += len(found)
        self._count += len(found)
        self._total += float(found[:, 0].sum())
        self.mean = self._total / self._count / self.encoders
        return None
