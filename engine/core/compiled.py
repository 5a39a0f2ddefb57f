"""How the CPU's inner loops are compiled: kept on disk, and running without the interpreter lock."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit  # pyright: ignore[reportUnknownVariableType]

Kernel = TypeVar("Kernel", bound=Callable[..., Any])

# How many cells a loop passes before it looks at the byte of `engine.core.cancel` again: under a millisecond.
CELLS_BETWEEN_POLLS = 4096


def compiled(function: Kernel) -> Kernel:
    """Compile a loop over arrays to machine code.

    Without fast-math: infinities are meaningful distances here, and the same seed must give the same bytes.
    Division by zero gives an infinity or NaN, as in numpy; the caller checks results. Pass float64 arrays through
    `arrays.writable`, so that each kernel is compiled for one signature only.
    """
    return cast("Kernel", njit(cache=True, nogil=True, error_model="numpy")(function))
