"""One sparse direct solve."""

import numpy as np
from scipy.sparse import csc_matrix
from scipy.sparse.linalg import splu

from engine.core.arrays import Floats, Integers


def solve_symmetric(rows: Integers, columns: Integers, entries: Floats, right: Floats) -> Floats:
    """Solve M x = right, M the symmetric positive definite matrix of these entries; repeated ones add up."""
    size = right.size
    matrix = csc_matrix((entries, (rows, columns)), shape=(size, size))
    factors = splu(matrix, permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True})
    return np.asarray(factors.solve(right), dtype=np.float64)
