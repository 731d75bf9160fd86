"""The processes of one run, as `torchrun` and `accelerate launch` start them: gradients by torch's DDP.

Every process reads all data, plans the same batches and takes its share of each. So the batches are the same however
many processes there are, and all of them hold the same weights after each step. The first one scores on dev and writes.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

from bilstm_tagger.errors import ConfigError, TaggerError


class Processes:
    """This process and those beside it; alone unless the environment says otherwise.

    Args:
        number: of this process, from 0.
        count: of all processes.
        local: number of this process on its machine, which is that of its GPU.
        beside: how many of the processes are on its machine, this one included.
    """

    def __init__(self, number: int = 0, count: int = 1, local: int = 0, beside: int = 1) -> None:
        self.number = number
        self.count = count
        self.local = local
        self.beside = beside

    @classmethod
    def of_environment(cls) -> Processes:
        """Those that `torchrun` tells of.

        Raises:
            ConfigError: if the variables are not numbers.
        """
        names = {"RANK": 0, "WORLD_SIZE": 1, "LOCAL_RANK": 0, "LOCAL_WORLD_SIZE": 1}
        try:
            return cls(*(int(os.environ.get(name, default)) for name, default in names.items()))
        except ValueError as error:
            raise ConfigError(f"{', '.join(names)}, which torchrun sets: {error}") from None

    @property
    def is_first(self) -> bool:
        """Whether this is the one that scores, writes and tells."""
        return self.number == 0

    @contextmanager
    def joined(self, device: torch.device) -> Iterator[None]:
        """Meets the other processes, and leaves them at the end.

        Raises:
            ConfigError: if there is no GPU for this process.
            TaggerError: if another process ends before this one.
        """
        if self.count == 1:
            yield
            return
        if device.type == "cuda":
            if self.local >= torch.cuda.device_count():
                raise ConfigError(
                    f"process {self.local + 1} of this machine has no GPU, there are {torch.cuda.device_count()}: "
                    "start as many processes as there are GPUs"
                )
            torch.cuda.set_device(self.local)
        distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
        try:
            yield
        finally:
            distributed.destroy_process_group()

    def wrapped(self, module: nn.Module, *, leaves_out: bool) -> nn.Module:
        """The module whose gradients are means over all processes.

        Args:
            module: computes a loss.
            leaves_out: whether some steps do without some of its weights.
        """
        if self.count == 1:
            return module
        # What does not change is not sent before each step; the option has another name from torch 2.13 on.
        named = inspect.signature(DistributedDataParallel).parameters
        sync = "forward_sync_buffers" if "forward_sync_buffers" in named else "broadcast_buffers"
        options: dict[str, Any] = {sync: False, "find_unused_parameters": leaves_out}
        with told():
            return DistributedDataParallel(module, **options)

    def meet(self) -> None:
        """Waits until all processes have come as far as this one."""
        if self.count > 1:
            with told():
                distributed.barrier()

    def mean(self, value: Tensor) -> Tensor:
        """The mean of a scalar over all processes."""
        if self.count == 1:
            return value
        with told():
            value = value.clone()
            distributed.all_reduce(value)
        return value / self.count

    def of_first(self, value: Any) -> Any:
        """What the first process holds."""
        if self.count == 1:
            return value
        holder = [value]
        with told():
            distributed.broadcast_object_list(holder)
        return holder[0]


@contextmanager
def told() -> Iterator[None]:
    """Says in one line that another process has ended, of which the libraries tell in many ways.

    Raises:
        TaggerError: for an error of a process group.
    """
    try:
        yield
    except RuntimeError as error:
        if not distributed.is_initialized() or not _of_group(error):
            raise
        raise TaggerError(
            "another process of the run has ended, so this one ends too; start all of them again with --resume, "
            "which continues behind the last whole epoch"
        ) from None


def _of_group(error: RuntimeError) -> bool:
    """Whether a process group failed; gloo's errors have no class of their own."""
    return isinstance(error, distributed.DistError) or "gloo" in str(error)
