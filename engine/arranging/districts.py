"""Districts for a map that has none: blocks of about one size with winding borders.

Straight borders would show on the arranged map, since costly terrain gathers along them. So the blocks are those
of a map whose cells are first moved about by a smooth random field.
"""

import numpy as np
from scipy.ndimage import gaussian_filter

from engine.core.arrays import Floats, Integers

# How far a border winds to either side, and how long its bends are, as shares of a block's side.
WINDING, BENDS = 0.3, 0.25


def winding_blocks(shape: tuple[int, int], side: int, seed: int = 0) -> Integers:
    """Return the number (H, W) of each cell's district, of about side × side cells."""
    generator = np.random.default_rng(seed)
    rows, columns = (
        (position + _wave(shape, side, generator)) // side for position in np.indices(shape).astype(np.float64)
    )
    inside = [
        np.clip(number, 0, max(1, round(length / side)) - 1).astype(np.int64)
        for number, length in zip((rows, columns), shape, strict=True)
    ]
    return inside[0] * (1 + shape[1] // side) + inside[1]


def _wave(shape: tuple[int, int], side: int, generator: np.random.Generator) -> Floats:
    """Return a smooth random field (H, W) of mean square (WINDING · side / 2)²."""
    field = np.asarray(gaussian_filter(generator.standard_normal(shape), BENDS * side, mode="nearest"))
    return 0.5 * WINDING * side * field / max(float(field.std()), 1e-12)
