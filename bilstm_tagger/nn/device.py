"""Where and in which precision the network runs, and all that differs by it.

A CPU gets loops in machine code (`numba_ops`), word rows with sparse gradients, and small batches that stay in its
cache. A CUDA GPU gets the same sums as operations on whole tensors, which it works through in a queue: dense gradients,
large batches, and no number that the host would have to wait for in a step.
"""

from __future__ import annotations

import torch

from bilstm_tagger.errors import ConfigError, choose

DEVICES = ("auto", "cpu", "cuda", "mps")
PRECISIONS = ("auto", "bfloat16", "float32")

QUEUED = {"cuda"}  # kinds of devices that work through a queue; tests add the CPU


def is_queued(device: torch.device) -> bool:
    """Whether the device works through a queue of operations on whole tensors, so that no step may wait for it."""
    return device.type in QUEUED


def pick_device(name: str) -> torch.device:
    """The device of that name (`cpu`, `cuda`, `cuda:1`, `mps`); `auto` takes a CUDA GPU if there is one.

    Raises:
        ConfigError: if there is no such device, or torch cannot use it here.
    """
    if name.partition(":")[0] not in DEVICES:
        raise ConfigError(f"no device {name!r}; {choose(name, DEVICES)}")
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.zeros(1, device=name)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise ConfigError(f"device {name!r} cannot be used here: {reason}") from None
    return torch.device(name)


def pick_precision(name: str, device: torch.device) -> torch.dtype:
    """Number format of the encoder's products; `auto` takes bfloat16 where the processor multiplies it natively.

    Raises:
        ConfigError: if there is no such format.
    """
    if name not in PRECISIONS:
        raise ConfigError(f"no precision {name!r}; {choose(name, PRECISIONS)}")
    if name == "auto":
        name = "bfloat16" if _has_bfloat16(device) else "float32"
    return torch.bfloat16 if name == "bfloat16" else torch.float32


def _has_bfloat16(device: torch.device) -> bool:
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    # The one name of torch here that is not public, and the only way to ask; without it float32 is right too.
    ask = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return device.type == "cpu" and ask is not None and bool(ask())
