"""The colours of tiles, from their tilesets' pictures where these lie beside the map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from maps.errors import MapFormatError
from maps.formats.limits import opened
from maps.formats.tiled.places import beside

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from maps.formats.tiled.model import TiledMap, Tileset

MOST_PIXELS = 32 << 20
MAX_PICTURE = 64 << 20
# For tiles without a picture; told apart by every kind of colour vision, and quiet enough for a whole map.
UNSEEN = (
    "#b9cf6a", "#e3b75f", "#3f8f5f", "#6f8fb5", "#c9a58b", "#8a7f9e", "#d8cfa8", "#5d7f78", "#b5746a", "#9aa0a8",
)  # fmt: skip


def tile_colours(path: Path, tiled: TiledMap, gids: Iterable[int]) -> dict[int, str]:
    """Return the mean colour "#rrggbb" of each tile, by its id without turning bits, left out where unknown."""
    pictures: dict[str, NDArray[np.uint8] | None] = {}
    colours: dict[int, str] = {}
    for gid in gids:
        tileset = tiled.tileset_of(gid)
        if tileset is None or not tileset.image:
            continue
        name = f"{tileset.source}\0{tileset.image}"
        if name not in pictures:
            pictures[name] = _picture(path, tileset)
        picture = pictures[name]
        colour = None if picture is None else _mean_colour(picture, tileset, gid - tileset.first_gid)
        if colour is not None:
            colours[gid] = colour
    return colours


def _picture(path: Path, tileset: Tileset) -> NDArray[np.uint8] | None:
    """The pixels (H, W, 4) of a tileset's picture; None where it cannot be had."""
    try:
        named_by = beside(path, tileset.source) if tileset.source else path
        with opened(beside(named_by, tileset.image), MAX_PICTURE) as file, Image.open(file) as image:
            if image.width * image.height > MOST_PIXELS:
                return None
            return np.asarray(image.convert("RGBA"))
    # Whatever is wrong with a picture: the map is read without it.
    except (MapFormatError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def _mean_colour(picture: NDArray[np.uint8], tileset: Tileset, number: int) -> str | None:
    width, height = tileset.tile_size
    step_x, step_y = width + tileset.spacing, height + tileset.spacing
    if width < 1 or height < 1:
        return None
    columns = tileset.columns or max(1, (picture.shape[1] - 2 * tileset.margin + tileset.spacing) // step_x)
    left, top = tileset.margin + number % columns * step_x, tileset.margin + number // columns * step_y
    tile = picture[top : top + height, left : left + width].reshape(-1, 4).astype(np.float64)
    weight = float(tile[:, 3].sum())
    if weight == 0.0:
        return None
    red, green, blue = np.rint(tile[:, :3].T @ tile[:, 3] / weight).astype(int).tolist()
    return f"#{red:02x}{green:02x}{blue:02x}"
