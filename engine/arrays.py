"""Names for the arrays that the engine passes around; shapes are stated where each is used."""

from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]
AnyFloats = npt.NDArray[np.floating[Any]]
