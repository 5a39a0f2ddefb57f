"""The largest entries of a plan, for drawing it."""

import numpy as np

from engine.core.arrays import Floats, Integers


def largest_couplings(plan: Floats, count: int) -> tuple[Integers, Integers, Floats]:
    """Return rows, columns and mass (k,) of the `count` largest entries of a plan (n, m), the largest first.

    Only entries above 0 are returned, so k ≤ count. Equal ones come in the order of rows and columns.
    """
    flat = plan.reshape(-1)
    count = min(count, flat.size)
    largest = np.sort(np.argpartition(flat, flat.size - count)[flat.size - count :])
    largest = largest[np.argsort(-flat[largest], kind="stable")]
    largest = largest[flat[largest] > 0.0]
    rows, columns = np.unravel_index(largest, plan.shape)
    return rows.astype(np.int64), columns.astype(np.int64), flat[largest]
