"""Turn arrays into colours, in plain numpy: what the canvas and the exported pictures share.

Values become shades 0 … 255, and a shade's colour is looked up in a table.
"""

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Shades = npt.NDArray[np.uint8]

# Six stations of cividis, a map from dark blue over grey to yellow that reads the same with every kind of
# colour vision (Nuñez, Anderton and Renslow 2018), joined by straight lines.
_CIVIDIS = ((0, 34, 78), (53, 69, 108), (102, 105, 112), (148, 142, 119), (200, 184, 102), (254, 232, 56))
# Blue and orange stay apart for every kind of colour vision; grey between them is neither.
_CHEAPER, _DEARER = (
    ((8, 64, 129), (74, 138, 200), (176, 203, 228)),
    ((248, 196, 140), (222, 122, 36), (138, 58, 8)),
)
_CHANGE = (*_CHEAPER, (238, 238, 236), *_DEARER)
# Lightness falls evenly with the distance.
_DISTANCE = ((252, 248, 214), (186, 220, 182), (98, 176, 172), (52, 120, 158), (44, 62, 120))
WALL, WALL_EDGE = np.array((28, 28, 34)), np.array((84, 84, 96))
SURROUND = np.array((45, 47, 54))
UNREACHED = np.array((132, 128, 134))  # cells from which there is no way to the goal
TOP = 255  # the last shade
BANDS = 24  # of equal distance, at most


def colour_table(size: int = TOP + 1) -> Pixels:
    """Return (size, 3) colours from the lowest cost to the highest."""
    return _between(_CIVIDIS, size)


def change_table(size: int = TOP + 1) -> Pixels:
    """Return (size, 3) colours from much cheaper over unchanged to much dearer."""
    return _between(_CHANGE, size)


def distance_table(bands: int) -> Pixels:
    """Return (bands, 3) colours from near to far, every other one darker, so that their borders are lines."""
    table = _between(_DISTANCE, bands).astype(np.float64)
    table[1::2] *= 0.88
    return np.rint(table).astype(np.uint8)


def cost_shades(costs: npt.NDArray[np.floating], lo: float, hi: float) -> Shades:
    """Return shades of costs between lo and hi on a square-root scale.

    The square root spreads the cheap end, where most of a map lies.
    """
    # Few and small arrays: this runs at every brush event.
    shade = np.subtract(costs, np.float32(lo), dtype=np.float32)
    shade *= np.float32(TOP**2 / max(hi - lo, 1e-12))
    np.clip(shade, 0.0, TOP**2, out=shade)
    np.sqrt(shade, out=shade)
    shade += np.float32(0.5)
    return shade.astype(np.uint8)


def change_shades(change: npt.NDArray[np.floating], greatest: float) -> Shades:
    """Return shades of cost changes between -greatest and greatest, on a square-root scale both ways."""
    share = np.clip(np.asarray(change, np.float32) * np.float32(1.0 / max(greatest, 1e-12)), -1.0, 1.0)
    half = np.float32(TOP / 2.0)
    return (half + half * np.copysign(np.sqrt(np.abs(share)), share) + np.float32(0.5)).astype(np.uint8)


def distance_bands(distance: npt.NDArray[np.floating], width: float) -> npt.NDArray[np.int64]:
    """Return the number of the band of this width in which each distance lies; distances must be finite."""
    return (np.asarray(distance, np.float64) / max(width, 1e-12)).astype(np.int64)


def round_up(value: float) -> float:
    """Round up to 1, 2 or 5 times a power of ten, so that scales stand still while values move a little."""
    if not value > 0.0:
        return 1.0
    power = 10.0 ** np.floor(np.log10(value))
    steps = (power * factor for factor in (1.0, 2.0, 5.0, 10.0))
    return float(next(step for step in steps if step >= value * (1.0 - 1e-9)))


def cost_pixels(cost: npt.NDArray[np.floating], passable: npt.NDArray[np.bool_], lo: float, hi: float) -> Pixels:
    """Return (H, W, 3) colours of a cost map between lo and hi; walls have one dark colour."""
    pixels = colour_table()[cost_shades(cost, lo, hi)]
    pixels[~passable] = WALL
    return pixels


def _between(stations: tuple[tuple[int, int, int], ...], size: int) -> Pixels:
    """Interpolate (size, 3) colours linearly between the given ones."""
    at, places = np.linspace(0.0, 1.0, size), np.linspace(0.0, 1.0, len(stations))
    channels = [np.interp(at, places, channel) for channel in zip(*stations, strict=True)]
    return np.rint(np.stack(channels, axis=1)).astype(np.uint8)
