"""Draw smooth lines into arrays of opacities, and turn opacities into pixels.

Compiled: hundreds of long lines take QPainter 35 ms a frame, this 2.
"""

import math

import numpy as np
from numpy.typing import NDArray

from engine.core.compiled import compiled

Opacities = NDArray[np.uint8]


def line_opacity(
    shape: tuple[int, int], lines: NDArray[np.float64], strength: NDArray[np.float64], width: float = 1.0
) -> Opacities:
    """Return opacities 0 … 255 of lines on an image (H, W); where they cross the stronger one counts.

    lines: (k, 4) x, y to x, y in pixels, the centre of the first pixel at 0.5. strength: (k,) in 0 … 1.
    width: px. A line ends at the last column (row, for steep lines) whose centre it reaches; in each, a pixel
    is as opaque as the line covers it.
    """
    opacity = np.zeros(shape, np.uint8)
    _draw(opacity, np.ascontiguousarray(lines, np.float64), np.ascontiguousarray(strength, np.float64), width)
    return opacity


@compiled
def inked(core: Opacities, rim: Opacities, inks: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """Return the pixels (H, W) of lines: inks[rim, core]. core, rim: (H, W); inks: (256, 256)."""
    pixels = np.empty(core.shape, np.uint32)
    for row in range(core.shape[0]):
        for col in range(core.shape[1]):
            pixels[row, col] = inks[rim[row, col], core[row, col]]
    return pixels


@compiled
def _draw(opacity: Opacities, lines: NDArray[np.float64], strength: NDArray[np.float64], width: float) -> None:
    rows, cols = opacity.shape
    for k in range(len(lines)):
        full = 255.0 * strength[k]
        if full <= 0.0:
            continue
        # u along the line, growing; v across.
        u0, v0, u1, v1 = lines[k, 0] - 0.5, lines[k, 1] - 0.5, lines[k, 2] - 0.5, lines[k, 3] - 0.5
        along, across = cols, rows
        steep = abs(v1 - v0) > abs(u1 - u0)
        if steep:
            u0, v0, u1, v1 = v0, u0, v1, u1
            along, across = rows, cols
        if u0 > u1:
            u0, v0, u1, v1 = u1, v1, u0, v0
        slope = (v1 - v0) / (u1 - u0) if u1 > u0 else 0.0
        reach = 0.5 + 0.5 * width * math.sqrt(1.0 + slope * slope)
        for u in range(math.ceil(max(u0, 0.0)), math.floor(min(u1, along - 1.0)) + 1):
            v = v0 + (u - u0) * slope
            for w in range(math.ceil(max(v - reach, 0.0)), math.floor(min(v + reach, across - 1.0)) + 1):
                value = np.uint8(full * min(reach - abs(w - v), 1.0))
                row, col = (u, w) if steep else (w, u)
                if value > opacity[row, col]:
                    opacity[row, col] = value
