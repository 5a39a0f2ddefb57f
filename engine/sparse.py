"""One sparse direct solve."""

from typing import Any

import numpy as np
from scipy.sparse import csc_matrix  # pyright: ignore
from scipy.sparse.linalg import splu  # pyright: ignore

from engine.arrays import Floats, Integers


def solve_symmetric(rows: Integers, columns: Integers, entries: Floats, right: Floats) -> Floats:
    """x with M x = right, M the symmetric positive definite matrix of these entries; repeated ones add up."""
    size = right.size
    matrix: Any = csc_matrix((entries, (rows, columns)), shape=(size, size))
    factors: Any = splu(matrix, permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True})
    return np.asarray(factors.solve(right), dtype=np.float64)
