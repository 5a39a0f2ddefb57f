"""How much of the drawn map a map changes. Without torch, so that a window may ask."""

import numpy as np

from engine.core.arrays import Flags, Floats
from engine.cost_maps.admissible import Admissible


def share_kept(passable: Flags, drawn: Floats, cost_map: Floats) -> float:
    """Return the share of the drawn cost that is still in its cell: 1 for the drawn map, at least 0."""
    before, after = drawn[passable], cost_map[passable]
    return max(0.0, 1.0 - 0.5 * float(np.abs(after - before).sum()) / float(before.sum()))


def squared_change(admissible: Admissible, drawn: Floats, cost_map: Floats) -> float:
    """Return ‖d‖²: the sum over the cells that may change of the squared difference of two maps (H, W)."""
    change = admissible.reduce(cost_map) - admissible.reduce(drawn)
    return float(np.sum(admissible.size * change**2))
