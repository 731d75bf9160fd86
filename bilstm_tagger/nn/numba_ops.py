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
from numba.core import cgutils
from numba.extending import intrinsic, overload

from bilstm_tagger.nn.compiled_cache import tolerant

IN_ORDER = {"contract", "nsz", "arcp"}  # infinities and NaN as they are
ANY_ORDER = IN_ORDER | {"reassoc"}


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function in machine code, made when it is first called with arrays of a kind; other threads run meanwhile.

    Its sums are made in any order.
    """
    return _compiled(function, ANY_ORDER)


def compiled_in_order(function: Callable[..., Any]) -> Callable[..., Any]:
    """As `compiled`, with sums in the order in which they are written."""
    return _compiled(function, IN_ORDER)


def _compiled(function: Callable[..., Any], fastmath: set[str]) -> Callable[..., Any]:
    options: dict[str, Any] = {"nogil": True, "error_model": "numpy", "fastmath": fastmath}
    try:
        return tolerant(cast("Callable[..., Any]", njit(**options, cache=True)(function)))
    except (RuntimeError, OSError):  # no folder that can be written: compiled anew in each process
        return cast("Callable[..., Any]", njit(**options)(function))


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


@intrinsic
def prefetch(_: Any, array: Any = None, place: Any = None) -> Any:
    """Has the cache line at a place of a row fetched, so that it is there when it is needed some steps later."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        kind = signature.args[0]
        row = context.make_array(kind)(context, builder, arguments[0])
        pointer = cgutils.get_item_pointer(  # type: ignore[no-untyped-call]
            context, builder, kind, row, [arguments[1]], wraparound=False, boundscheck=False
        )
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        function = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]
            builder.module, ir.FunctionType(ir.VoidType(), [byte, number, number, number]), "llvm.prefetch.p0i8"
        )
        read, keep, data = (ir.Constant(number, value) for value in (0, 3, 1))
        builder.call(function, [builder.bitcast(pointer, byte), read, keep, data])
        return context.get_dummy_value()

    return types.void(array, place), generate


LINE = 64  # bytes of a cache line
FARTHEST = 28.0  # beyond it e**x counts as e**28; three such factors are still a float32
_LOG2_E = np.float32(1.4426950408889634)
_SHIFT = np.float32(1.5 * 2**23 + 127)  # added to a float32, it leaves the whole part, plus 127, in the lowest bits
_ONE = np.float32(1.0)
# The polynomial for 2**x on [-1/2, 1/2], 1 at 0, of degree 5 whose largest relative error is smallest: 1.1e-7.
_C1, _C2, _C3, _C4, _C5 = map(np.float32, (0.6931470037, 0.2402224243, 0.05550733581, 0.009671513923, 0.001326472848))


@compiled_in_order
def exp_minus(x: np.float32) -> np.float32:
    """`exp(-x)` in float32 for `x` in [-28, 28], beyond which it stays the same; sigmoids and tanh are made of it.

    It is a power of two times `2**f` with `f` in [-1/2, 1/2], without branches or calls, so that loops around it run
    over whole vectors.
    """
    power = min(max(x, np.float32(-FARTHEST)), np.float32(FARTHEST)) * -_LOG2_E
    shifted = power + _SHIFT
    f = power - (shifted - _SHIFT)
    two_whole: Any = _as_float(_as_bits(shifted) << np.uint32(23))
    return np.float32(two_whole * (_ONE + f * (_C1 + f * (_C2 + f * (_C3 + f * (_C4 + f * _C5))))))


@compiled
def tanh(x: np.float32) -> np.float32:
    """Hyperbolic tangent in float32: `(1 - exp(-2x)) / (1 + exp(-2x))`."""
    e = exp_minus(np.float32(2.0) * x)
    return np.float32((_ONE - e) / (_ONE + e))
