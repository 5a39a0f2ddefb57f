"""What this program adds to a Tiled map: a tileset of cost classes, a layer of them, and a layer of routes.

The tileset is one picture of swatches: tiles 0 … 254 are cost classes, 255 a wall, and from 256 on the terrains of
a map that no other editor has made. The layers bear names of their own and are written anew as a whole.
"""

from __future__ import annotations

import io
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from maps.checks import valid_cost
from maps.cost_classes import cost_classes
from maps.errors import MapError
from maps.formats.tiled.ground import EMPTY
from maps.formats.tiled.model import TILE_BITS
from maps.formats.tiled.places import pixels_of_cell

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from maps.checks import Cell
    from maps.document import MapDocument, Route
    from maps.formats.tiled.model import Gids, TiledMap
    from maps.terrain import Terrain

TILESET, ROUTE_LAYER = "Longcut", "Longcut routes"
USUAL, TERRAINS, GROUND = "usual_costs", "terrains", "ground"  # properties of the layer of costs
COLUMNS, CLASSES, WALL, FIRST_TERRAIN = 16, 255, 255, 256
_CHEAP, _DEAR, _WALL = np.array((222.0, 232.0, 255.0)), np.array((178.0, 24.0, 43.0)), (34, 36, 43)
_SWATCH = 64  # px at most, of the picture's tiles


@dataclass(frozen=True)
class OwnTile:
    """A tile of the own tileset: a class of costs, a wall or a terrain."""

    number: int
    cost: float | None
    solid: bool = False
    kind: str = ""


@dataclass(frozen=True, eq=False)
class CostLayer:
    """The layer of costs: its tiles (H, W), by their number in the own tileset, and what they stand for.

    usual: what terrains cost, cells that a run has changed left aside, as "tile=cost" with blanks between.
    terrains: see `own_terrains`; empty without any.  ground: see `own_ground`.
    """

    tiles: Gids
    kinds: tuple[OwnTile, ...]
    greatest_error: float
    usual: str
    terrains: str = ""
    ground: str = ""

    @property
    def properties(self) -> dict[str, str]:
        """The properties of the layer."""
        held = {USUAL: self.usual, TERRAINS: self.terrains, GROUND: self.ground}
        return {name: text for name, text in held.items() if text or name == USUAL}


def cost_layer_of(document: MapDocument, terrains: str = "", ground: str = "") -> CostLayer:
    """Return the layer that says what every cell of a document costs. terrains, ground: see `CostLayer`."""
    classes = cost_classes(document.cost, document.passable, CLASSES)
    tiles = np.where(document.passable, classes.number, WALL).astype(np.uint32)
    kinds = [OwnTile(number, float(cost)) for number, cost in enumerate(classes.costs)]
    usual = " ".join(f"{kind.tile}={np.float32(kind.cost)!s}" for kind in document.palette if kind.tile)
    return CostLayer(
        tiles, (*kinds, OwnTile(WALL, None, solid=True)), classes.greatest_error, usual, terrains, ground
    )


def usual_costs(text: str) -> dict[str, float]:
    """Return the cost of each terrain, by its tile, from a layer's text; what cannot be read is left out."""
    found: dict[str, float] = {}
    for word in text.split():
        tile, _, cost = word.rpartition("=")
        with suppress(ValueError, MapError):
            found[tile] = valid_cost("", float(cost))
    return found


def terrain_tiles(palette: Sequence[Terrain]) -> tuple[OwnTile, ...]:
    """Return the tiles of a palette, for a map that no other editor has made."""
    return tuple(
        OwnTile(FIRST_TERRAIN + number, terrain.cost, not terrain.passable, terrain.name)
        for number, terrain in enumerate(palette)
        if terrain.tile != EMPTY
    )


def terrain_colours(document: MapDocument, tiled: TiledMap, *, fresh: bool) -> dict[int, str]:
    """Return the colours of the own tileset's terrains by their numbers; none in another editor's map.

    fresh: the map is made anew, its terrains numbered as in the palette.
    """
    if fresh:
        return {FIRST_TERRAIN + number: terrain.colour for number, terrain in enumerate(document.palette)}
    own = [f"{place}" for place, each in enumerate(tiled.tilesets) if each.name == TILESET]
    colours: dict[int, str] = {}
    for terrain in document.palette:
        place, _, local = terrain.tile.partition(":")
        if place in own and local.isdigit() and int(local) >= FIRST_TERRAIN:
            colours[int(local)] = terrain.colour
    return colours


def swatches(tile_size: tuple[int, int], classes: int, terrains: Mapping[int, str]) -> bytes:
    """Return the tileset's picture as PNG: classes from cheap to dear, a wall, and the terrains' colours.

    terrains: colour "#rrggbb" of each terrain's tile, by its number.
    """
    share = np.arange(CLASSES)[:, None] / max(1, classes - 1)
    ramp = _CHEAP + np.minimum(share, 1.0) * (_DEAR - _CHEAP)
    rows = rows_of(max(terrains, default=WALL))
    colours = np.full((rows * COLUMNS, 3), _WALL, np.uint8)
    colours[:CLASSES] = np.rint(ramp)
    for number, colour in terrains.items():
        colours[number] = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    width, height = swatch_size(tile_size)
    pixels = colours.reshape(rows, COLUMNS, 3).repeat(height, axis=0).repeat(width, axis=1)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def rows_of(last: int) -> int:
    """Return how many rows of swatches the own tileset has, whose last tile has this number."""
    return max(last, WALL) // COLUMNS + 1


def swatch_size(tile_size: tuple[int, int]) -> tuple[int, int]:
    """Return width and height of the own tiles, px."""
    return min(tile_size[0], _SWATCH), min(tile_size[1], _SWATCH)


def free_gid(tiled: TiledMap) -> int:
    """Return the first id of the own tileset: above all that the others can have."""
    first = 1
    for tileset in tiled.tilesets:
        if tileset.name == TILESET:
            return tileset.first_gid
        # A tileset that cannot be read may hold more tiles than the map shows.
        first = max(first, tileset.first_gid + (tileset.count or 4096))
    used = max((int((layer.gids & TILE_BITS).max(initial=0)) for layer in tiled.layers), default=0)
    return max(first, used + 1)


def corners_of(route: Route) -> tuple[Cell, ...]:
    """Return the cells that a route's line passes, its start first and its goal last, be they the same."""
    cells = (route.start, *route.line, route.goal) if route.line else (route.start, route.goal)
    corners = (cells[0], *(cell for before, cell in pairwise(cells) if cell != before))
    return corners if len(corners) > 1 else (route.start, route.goal)


def pixels_of(route: Route, tiled: TiledMap) -> list[tuple[float, float]]:
    """Return the corners (x, y) of a route's line in the editor, px."""
    width, height = pixels_of_cell(tiled.orientation, tiled.tile_size)
    return [
        ((col + tiled.first[1] + 0.5) * width, (row + tiled.first[0] + 0.5) * height)
        for row, col in corners_of(route)
    ]
