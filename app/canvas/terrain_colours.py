"""Colour a map by its terrains: darker where a cell costs more than its terrain does, lighter where less."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from app.canvas.colouring import TOP, WALL, Pixels, colour_table, cost_pixels, cost_shades
from maps.terrain import NO_TERRAIN, of_each_cell, on_impassable_terrain, palette_costs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from numpy.typing import NDArray

    from maps.document import MapDocument
    from maps.terrain import Terrain, TerrainMap

USUAL = 128  # shade of a cell that costs what its terrain does
_FINENESS = 6  # shades are 1 / 2⁶ of a doubling apart, so that from four times the usual cost on all are alike
_DARKEST, _LIGHTEST = 0.62, 0.7  # how far a colour goes towards black and white


def has_terrain(document: MapDocument) -> bool:
    """Return whether any cell has a terrain, so that the map can be seen in their colours."""
    return bool((document.terrain != NO_TERRAIN).any())


def rgb(colour: str) -> tuple[int, int, int]:
    """Return the channels of a colour "#rrggbb"."""
    red, green, blue = bytes.fromhex(colour[1:])
    return red, green, blue


def terrain_table(palette: Sequence[Terrain]) -> Pixels:
    """Return (256 × 256, 3) colours, by 256 · number of the terrain + shade; no terrain has the scale of costs."""
    table = np.zeros((NO_TERRAIN + 1, TOP + 1, 3), np.uint8)
    table[NO_TERRAIN] = colour_table()
    share = (np.arange(TOP + 1)[:, None] - USUAL) / (TOP - USUAL)  # -1 much cheaper … 1 much dearer
    for number, terrain in enumerate(palette):
        colour = np.array(rgb(terrain.colour), np.float64)
        darker = colour * (1.0 - _DARKEST * np.maximum(share, 0.0))
        lighter = (255.0 - colour) * _LIGHTEST * np.maximum(-share, 0.0)
        # The costs under an impassable terrain are unseen.
        table[number] = np.rint(np.clip(darker + lighter, 0.0, 255.0)) if terrain.passable else colour
    return table.reshape(-1, 3)


def terrain_places(
    costs: NDArray[Any], terrain: TerrainMap, palette: Sequence[Terrain], scale: tuple[float, float]
) -> NDArray[np.uint16]:
    """Return the place (H, W) of each cell in `terrain_table`.

    Shades follow the logarithm of the cost over the terrain's. Cells without a terrain are on the scale of costs.
    """
    # Few and small arrays: this runs at every brush event. The bits of a float32 above 0, as an integer, rise by
    # 2²³ with every doubling and almost evenly in between: differences are logarithms, and 0 for equal costs.
    bits = np.asarray(costs, np.float32).view(np.int32)
    shade = bits - of_each_cell(terrain, palette_costs(palette).view(np.int32), 0, np.int32)
    shade >>= 23 - _FINENESS
    np.clip(shade, 1 - USUAL, TOP - USUAL, out=shade)
    shade += USUAL
    places = terrain.astype(np.uint16)
    places <<= 8
    places += shade.astype(np.uint16)
    free = terrain == NO_TERRAIN
    if free.any():
        np.copyto(places, cost_shades(costs, *scale) + np.uint16(NO_TERRAIN << 8), where=free)
    return places


def map_pixels(document: MapDocument, lo: float, hi: float) -> Pixels:
    """Return (H, W, 3) colours of a map: of its terrains if it has any, else of its costs between lo and hi."""
    if not has_terrain(document):
        return cost_pixels(document.cost, document.passable, lo, hi)
    terrain, palette = document.terrain, document.palette
    pixels = terrain_table(palette)[terrain_places(document.cost, terrain, palette, (lo, hi))]
    pixels[~document.passable & ~on_impassable_terrain(terrain, palette)] = WALL
    return pixels
