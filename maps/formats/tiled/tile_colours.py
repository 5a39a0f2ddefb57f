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


class TilePictures:
    """The pictures of a map's tiles, cut from their tilesets' files where these can be read."""

    def __init__(self, path: Path, tiled: TiledMap) -> None:
        self._path, self._tiled = path, tiled
        self._sheets: dict[str, NDArray[np.uint8] | None] = {}

    def tile(self, gid: int) -> NDArray[np.uint8] | None:
        """Return the pixels (height, width, 4) of a tile, by its id without turning bits; None where unknown."""
        tileset = self._tiled.tileset_of(gid) if gid else None
        if tileset is None or not tileset.image:
            return None
        name = f"{tileset.source}\0{tileset.image}"
        if name not in self._sheets:
            self._sheets[name] = _sheet(self._path, tileset)
        sheet = self._sheets[name]
        return None if sheet is None else _cut(sheet, tileset, gid - tileset.first_gid)


def tile_colours(path: Path, tiled: TiledMap, gids: Iterable[int]) -> dict[int, str]:
    """Return the main colour "#rrggbb" of each tile, by its id without turning bits, left out where unknown."""
    pictures = TilePictures(path, tiled)
    colours: dict[int, str] = {}
    for gid in gids:
        picture = pictures.tile(gid)
        colour = None if picture is None else main_colour(picture)
        if colour is not None:
            colours[gid] = colour
    return colours


def main_colour(picture: NDArray[np.uint8]) -> str | None:
    """Return the colour "#rrggbb" that most of a picture (height, width, 4) is of; None where nothing is seen.

    It is the mean of the pixels in the fullest of 8 × 8 × 8 boxes of the colour cube.
    """
    pixels = picture.reshape(-1, 4)
    weight = pixels[:, 3].astype(np.float64)
    if not weight.any():
        return None
    box = (pixels[:, :3] >> 5).astype(np.int64) @ np.array((64, 8, 1))
    chosen = box == np.argmax(np.bincount(box, weights=weight, minlength=512))
    weight, colours = weight[chosen], pixels[chosen, :3].astype(np.float64)
    red, green, blue = np.rint(weight @ colours / weight.sum()).astype(int).tolist()
    return f"#{red:02x}{green:02x}{blue:02x}"


def read_picture(path: Path) -> NDArray[np.uint8] | None:
    """Return the pixels (H, W, 4) of a picture; None where it cannot be read or is too large."""
    try:
        with opened(path, MAX_PICTURE) as file, Image.open(file) as image:
            if image.width * image.height > MOST_PIXELS:
                return None
            return np.asarray(image.convert("RGBA"))
    # Whatever is wrong with a picture: the map is read without it.
    except (MapFormatError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None


def _sheet(path: Path, tileset: Tileset) -> NDArray[np.uint8] | None:
    """The pixels (H, W, 4) of a tileset's picture; None where it cannot be had."""
    try:
        named_by = beside(path, tileset.source) if tileset.source else path
        return read_picture(beside(named_by, tileset.image))
    except MapFormatError:
        return None


def _cut(sheet: NDArray[np.uint8], tileset: Tileset, number: int) -> NDArray[np.uint8] | None:
    width, height = tileset.tile_size
    step_x, step_y = width + tileset.spacing, height + tileset.spacing
    if width < 1 or height < 1:
        return None
    columns = tileset.columns or max(1, (sheet.shape[1] - 2 * tileset.margin + tileset.spacing) // step_x)
    left, top = tileset.margin + number % columns * step_x, tileset.margin + number // columns * step_y
    tile = sheet[top : top + height, left : left + width]
    return tile if tile.size else None
