"""What lay under the layer of costs when it was written: where something else is now, its costs are stale."""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from typing import TYPE_CHECKING

import numpy as np

from maps.formats.tiled.model import TILE_BITS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from maps.document import Mask
    from maps.formats.tiled.model import Gids

_MARK, _WALL = np.uint32(0x7FFF), np.uint32(0x8000)  # as much of a tile's id as tells it from most others
_LITTLE = np.dtype("<u2")
_HEAD = re.compile(r"(-?\d{1,9}),(-?\d{1,9}),(\d{1,6}),(\d{1,6}) ")


def ground_text(gids: Gids, walls: Mask, first: tuple[int, int]) -> str:
    """Return tiles and walls (H, W) of a map that begins at `first` (row, col), for `unchanged_ground`."""
    marks = _marks(gids, walls)
    packed = base64.b64encode(zlib.compress(marks.tobytes())).decode()
    return f"{first[0]},{first[1]},{gids.shape[0]},{gids.shape[1]} {packed}"


def unchanged_ground(text: str, gids: Gids, walls: Mask, first: tuple[int, int]) -> Mask | None:
    """Return where (H, W) tiles and walls are those of the text; None where it is no such text."""
    head = _HEAD.match(text)
    if head is None:
        return None
    row, col, height, width = (int(number) for number in head.groups())
    expected = height * width * _LITTLE.itemsize
    if expected > 4 * max(gids.size, 1 << 20):
        return None
    try:
        data = zlib.decompressobj().decompress(base64.b64decode(text[head.end() :], validate=True), expected + 1)
    except (binascii.Error, ValueError, zlib.error):
        return None
    if len(data) != expected:
        return None
    before = np.frombuffer(data, _LITTLE).reshape(height, width)
    same = np.zeros(gids.shape, np.bool_)
    # The old map's rectangle on the new one: an infinite map may begin elsewhere by now.
    top, left = row - first[0], col - first[1]
    rows, cols = slice(max(top, 0), top + height), slice(max(left, 0), left + width)
    part = _marks(gids[rows, cols], walls[rows, cols])
    under = before[max(-top, 0) :, max(-left, 0) :][: part.shape[0], : part.shape[1]]
    if part.shape == under.shape:
        same[rows, cols] = part == under
    return same


def _marks(gids: Gids, walls: Mask) -> NDArray[np.uint16]:
    return (gids & TILE_BITS & _MARK | np.where(walls, _WALL, np.uint32(0))).astype(_LITTLE)
