"""Arrays to colours, in plain numpy: what the canvas and the pictures share."""

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]

# Six stations of cividis, a map from dark blue over grey to yellow that reads the same with every kind of
# colour vision (Nuñez, Anderton and Renslow 2018), joined by straight lines.
_CIVIDIS = np.array(
    [(0, 34, 78), (53, 69, 108), (102, 105, 112), (148, 142, 119), (200, 184, 102), (254, 232, 56)]
)
WALL, WALL_EDGE = np.array((28, 28, 34)), np.array((84, 84, 96))
SURROUND = np.array((45, 47, 54))


def colour_table(size: int = 256) -> Pixels:
    """(size, 3) colours from the cheapest to the dearest."""
    stations = np.linspace(0.0, 1.0, len(_CIVIDIS))
    at = np.linspace(0.0, 1.0, size)
    channels = [np.interp(at, stations, _CIVIDIS[:, channel]) for channel in range(3)]
    return np.rint(np.stack(channels, axis=1)).astype(np.uint8)


_TABLE = colour_table()


def cost_pixels(cost: npt.NDArray[np.floating], passable: npt.NDArray[np.bool_], lo: float, hi: float) -> Pixels:
    """(H, W, 3) colours of a cost map between lo and hi, on a square-root scale; walls flat and dark.

    The square root spreads the cheap end, where most of a map lies.
    """
    share = np.clip((cost - lo) / max(hi - lo, 1e-12), 0.0, 1.0)
    pixels = _TABLE[np.rint(np.sqrt(share) * 255.0).astype(np.int64)]
    pixels[~passable] = WALL
    return pixels
