"""A plan as pixels: means over blocks where it is larger than the picture, and the colours of its masses."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from app.canvas.colouring import Pixels

Values = NDArray[np.float64]

# From almost nothing to the largest mass, each lighter than the one before: blue to yellow tells its order to
# every kind of colour vision. On a light ground, each darker.
_ON_DARK = ((36, 66, 104), (58, 104, 142), (112, 148, 146), (190, 190, 120), (254, 232, 90))
_ON_LIGHT = ((200, 222, 234), (126, 180, 206), (66, 128, 170), (30, 80, 130), (8, 30, 72))


def binned(values: Values, block: tuple[int, int]) -> Values:
    """Return means over blocks of rows and columns; the last ones may be smaller."""
    for axis, size in enumerate(block):
        if size > 1:
            starts = list(range(0, values.shape[axis], size))
            counts = np.diff([*starts, values.shape[axis]])
            values = np.add.reduceat(values, starts, axis=axis) / (counts[:, None] if axis == 0 else counts)
    return values


def plan_pixels(values: Values, ground: tuple[int, int, int]) -> Pixels:
    """Return the colours (rows, columns, 3) of a plan: no mass is the ground, the largest the strongest colour.

    Shades go with the square root of the mass, so that a mass split among many is still seen.
    """
    stations = _ON_DARK if sum(ground) < 3 * 128 else _ON_LIGHT
    largest = float(values.max(initial=0.0))
    shades = np.sqrt(np.clip(values / largest, 0.0, 1.0)) if largest > 0.0 else np.zeros(values.shape)
    places = np.linspace(0.0, 1.0, len(stations) + 1)
    table = np.stack(
        [np.interp(np.linspace(0.0, 1.0, 256), places, tone) for tone in zip(ground, *stations, strict=True)],
        axis=1,
    )
    return np.rint(table).astype(np.uint8)[np.rint(shades * 255.0).astype(np.uint8)]
