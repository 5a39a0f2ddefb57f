"""Types of the engine's arrays; shapes are stated where each is used."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]


def writable(values: npt.ArrayLike) -> Floats:
    """Return the values as a contiguous, writable float64 array; a copy only if they are not one already."""
    return np.require(values, dtype=np.float64, requirements=["C", "W"])
