"""Pools of units without a map, for tests of what works on units."""

import numpy as np

from engine.arranging.choices import Choices


def pools_of(least, most, allowed=None, sizes=None, drawn=None) -> Choices:
    """Pools (P, T) of single cells; `sizes` gives their numbers of units."""
    sizes = [sum(row) for row in most] if sizes is None else sizes
    units, terrains = int(np.sum(sizes)), len(most[0])
    drawn = np.zeros(units, dtype=np.int64) if drawn is None else drawn
    return Choices(
        unit=np.arange(units),
        size=np.ones(units, dtype=np.int64),
        start=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        least=np.array(least),
        most=np.array(most),
        allowed=np.ones((units, terrains), dtype=bool) if allowed is None else allowed,
        changes=1.0 - np.eye(terrains)[drawn],
        drawn=drawn,
        terrain=drawn.reshape(1, units),
    )
