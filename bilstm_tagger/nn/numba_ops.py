"""Loops in machine code: numba compiles them on first use and keeps the result on disk.

bfloat16, which numpy lacks, is handed over as its 16 bits (`uint16`): the upper half of a float32.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import torch
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic, overload

from bilstm_tagger.nn.compiled_cache import tolerant

OPTIONS: dict[str, Any] = {
    "nogil": True,
    "error_model": "numpy",
    "fastmath": {"contract", "reassoc", "nsz", "arcp"},  # sums in any order; infinities and NaN as they are
}


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function in machine code, made when it is first called with arrays of a kind; other threads run meanwhile."""
    try:
        return tolerant(cast("Callable[..., Any]", njit(**OPTIONS, cache=True)(function)))
    except (RuntimeError, OSError):  # no folder that can be written: compiled anew in each process
        return cast("Callable[..., Any]", njit(**OPTIONS)(function))


def bits(tensor: torch.Tensor) -> np.ndarray:
    """The memory of a tensor as an array for compiled loops: bfloat16 as `uint16`, other kinds as they are."""
    if tensor.dtype is torch.bfloat16:
        return tensor.view(torch.int16).numpy().view(np.uint16)
    return tensor.numpy()


@intrinsic
def _as_float(_: Any, number: Any = None) -> Any:
    """The float32 with these 32 bits."""
    return types.float32(types.uint32), lambda context, builder, signature, arguments: builder.bitcast(
        arguments[0], ir.FloatType()
    )


@intrinsic
def _as_bits(_: Any, number: Any = None) -> Any:
    """The 32 bits of a float32."""
    return types.uint32(types.float32), lambda context, builder, signature, arguments: builder.bitcast(
        arguments[0], ir.IntType(32)
    )


def load(array: np.ndarray, place: int) -> np.float32:  # pragma: no cover - compiled
    """The number at a place of a float32 or bfloat16 row, as float32; for compiled loops only."""
    raise NotImplementedError


def store(array: np.ndarray, place: int, value: np.float32) -> None:  # pragma: no cover - compiled
    """Puts a float32 into a float32 or bfloat16 row, rounded to even; for compiled loops only."""
    raise NotImplementedError


@overload(load, inline="always")
def _load(array, place):  # type: ignore[no-untyped-def]
    if array.dtype == types.uint16:
        return lambda array, place: _as_float(np.uint32(array[place]) << np.uint32(16))
    return lambda array, place: array[place]


@overload(store, inline="always")
def _store(array, place, value):  # type: ignore[no-untyped-def]
    if array.dtype == types.uint16:

        def narrow(array, place, value):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
            number: Any = _as_bits(value)
            even = (number >> np.uint32(16)) & np.uint32(1)
            array[place] = np.uint16((number + np.uint32(0x7FFF) + even) >> np.uint32(16))

        return narrow

    def put(array, place, value):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
        array[place] = value

    return put


_LOG2_E = np.float32(1.4426950408889634)
# Taylor's coefficients of 2**x, log(2)**k / k!; on [-1/2, 1/2] seven of them leave a relative error of 1e-7.
_C1, _C2, _C3, _C4, _C5, _C6 = (np.float32(np.log(2) ** k / np.prod(np.arange(1, k + 1))) for k in range(1, 7))


@compiled
def sigmoid(x: np.float32) -> np.float32:
    """Logistic function in float32, without branches, so that loops around it run over whole vectors.

    `exp(-x)` is a power of two times `2**f` with `f` in [-1/2, 1/2]; beyond 87 float32 knows only 0 and 1.
    """
    power = min(max(-x, np.float32(-87.0)), np.float32(87.0)) * _LOG2_E
    whole = np.floor(power + np.float32(0.5))
    f = power - whole
    two_f = np.float32(1.0) + f * (_C1 + f * (_C2 + f * (_C3 + f * (_C4 + f * (_C5 + f * _C6)))))
    two_whole: Any = _as_float(np.uint32(np.int32(whole) + np.int32(127)) << np.uint32(23))
    return np.float32(1.0) / (np.float32(1.0) + two_f * two_whole)


@compiled
def tanh(x: np.float32) -> np.float32:
    """Hyperbolic tangent in float32: `2 sigmoid(2x) - 1`."""
    return np.float32(np.float32(2.0) * sigmoid(np.float32(2.0) * x) - np.float32(1.0))
