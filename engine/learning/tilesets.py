"""Synthetic tile pictures and maps: examples with known costs to learn from.

A terrain map (H, W) is derived from smooth noise: hills where it is high, forest where it is moist, marsh where it
is both low and moist, a river and a road along level lines. A tileset draws each terrain as several tiles of 8 × 8
pixels; a picture has one of them on every cell, under a light and with a grain that differ from map to map. All
tiles are drawn by this module; none was taken from a game.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

from engine.core.arrays import Bytes, Floats
from engine.core.cancel import check
from engine.core.grid import Cell, Grid
from engine.paths.gradients_blackbox import exact_paths

TILE = 8
VARIANTS = 4
# Cost of a cell of each terrain, per unit length.
COSTS = {"road": 0.8, "meadow": 1.2, "forest": 2.4, "hills": 3.9, "marsh": 5.6, "river": 8.2}
TERRAINS = tuple(COSTS)
# Grain of a picture in grey levels, and the range of its light.
GRAIN, LIGHT = 8, (0.88, 1.08)
# Cells that are drawn at a time: the colours of a whole large map, as floats, would need gigabytes.
BAND = 16384
# A picture's noise varies over this many cells.
FEATURE = 2.2

Colour = tuple[int, int, int]
Drawing = Callable[[np.random.Generator], Floats]


@dataclass(frozen=True)
class Tileset:
    """The look of all terrains. palette: ground and accent colour of each, in the order of `TERRAINS`."""

    name: str
    palette: tuple[tuple[Colour, Colour], ...]


TILESETS = {
    look.name: look
    for look in (
        Tileset(
            "meadow",
            (
                ((186, 160, 118), (150, 124, 86)),
                ((122, 176, 84), (146, 198, 100)),
                ((84, 130, 62), (36, 84, 40)),
                ((150, 136, 104), (96, 84, 64)),
                ((108, 128, 88), (70, 92, 84)),
                ((66, 122, 190), (120, 172, 226)),
            ),
        ),
        Tileset(
            "winter",
            (
                ((176, 172, 168), (140, 134, 132)),
                ((232, 238, 244), (212, 222, 234)),
                ((214, 224, 232), (58, 92, 88)),
                ((198, 204, 214), (122, 128, 144)),
                ((196, 212, 214), (140, 164, 170)),
                ((132, 174, 214), (198, 222, 240)),
            ),
        ),
        Tileset(
            "desert",
            (
                ((160, 120, 86), (122, 88, 62)),
                ((226, 196, 132), (238, 212, 154)),
                ((206, 180, 112), (96, 120, 58)),
                ((190, 132, 88), (132, 82, 56)),
                ((180, 162, 104), (112, 116, 84)),
                ((64, 150, 160), (126, 200, 200)),
            ),
        ),
        Tileset(
            "night",
            (
                ((74, 70, 82), (54, 50, 64)),
                ((36, 54, 62), (46, 68, 72)),
                ((26, 40, 48), (10, 20, 28)),
                ((56, 56, 72), (30, 30, 44)),
                ((32, 46, 48), (22, 34, 44)),
                ((26, 38, 84), (50, 70, 128)),
            ),
        ),
    )
}


@dataclass(frozen=True, eq=False)
class Examples:
    """Maps with their cheapest paths, from the first corner to the last. All moves are legal everywhere.

    terrain: (B, H, W) uint8, index into `TERRAINS`.  cost_maps: (B, H, W).
    loads: (B, H, W) of one cheapest path each.  costs: (B,) of those paths.  seed: of the maps and pictures.
    """

    grid: Grid
    terrain: Bytes
    cost_maps: Floats
    loads: Floats
    costs: Floats
    seed: int

    def __len__(self) -> int:
        """Return the number B of maps."""
        return len(self.terrain)

    @property
    def starts(self) -> list[Cell]:
        """The first cell of every path."""
        return [(0, 0)] * len(self)

    @property
    def goals(self) -> list[Cell]:
        """The last cell of every path."""
        height, width = self.grid.shape
        return [(height - 1, width - 1)] * len(self)


def examples(count: int, height: int, width: int, seed: int) -> Examples:
    """Make `count` maps of height × width cells; the same seed gives the same maps."""
    grid = Grid(np.ones((height, width), dtype=np.bool_))
    terrain = terrain_maps(count, height, width, seed)
    cost_maps = np.array(list(COSTS.values()))[terrain]
    starts, goals = [(0, 0)] * count, [(height - 1, width - 1)] * count
    costs, loads = exact_paths(grid, cost_maps, starts, goals)
    return Examples(grid, terrain, cost_maps, loads, costs, seed)


def terrain_maps(count: int, height: int, width: int, seed: int) -> Bytes:
    """Make terrain maps (count, height, width), uint8 indices into `TERRAINS`."""
    generator = np.random.default_rng(seed)

    def noise(feature: float) -> Floats:
        # A margin keeps the map's edge as varied as its middle.
        around = int(3.0 * feature)
        shape = count, height + 2 * around, width + 2 * around
        smooth = gaussian_filter(generator.standard_normal(shape), (0.0, feature, feature))
        smooth = smooth[:, around : around + height, around : around + width]
        return smooth * (2.0 * feature * np.sqrt(np.pi))

    elevation, moisture, water, way = noise(FEATURE), noise(FEATURE), noise(2.0 * FEATURE), noise(2.0 * FEATURE)
    check()
    terrain = np.full((count, height, width), TERRAINS.index("meadow"), dtype=np.uint8)
    terrain[moisture > 0.3] = TERRAINS.index("forest")
    terrain[elevation > 0.6] = TERRAINS.index("hills")
    terrain[(elevation < -0.3) & (moisture > 0.1)] = TERRAINS.index("marsh")
    terrain[_level_line(water)] = TERRAINS.index("river")
    terrain[_level_line(way)] = TERRAINS.index("road")
    return terrain


def picture(tileset: Tileset, terrain: Bytes, seed: int | tuple[int, int] = 0) -> Bytes:
    """Draw a terrain map (H, W) as a picture (8·H, 8·W, 3), uint8 RGB; seed: of tile variants, light and grain."""
    generator = np.random.default_rng(seed)
    height, width = terrain.shape
    tiles, variant = _tiles(tileset), generator.integers(0, VARIANTS, terrain.shape)
    drawn = np.empty((TILE * height, TILE * width, 3), dtype=np.uint8)
    grain = generator.integers(-GRAIN, GRAIN + 1, drawn.shape, dtype=np.int8)
    light = np.float32(generator.uniform(*LIGHT))
    rows = max(1, BAND // width)
    for begin in range(0, height, rows):
        check()
        some = tiles[terrain[begin : begin + rows], variant[begin : begin + rows]]
        plain = some.transpose(0, 2, 1, 3, 4).reshape(-1, TILE * width, 3)
        lines = slice(TILE * begin, TILE * (begin + rows))
        drawn[lines] = np.clip(plain * light + grain[lines], 0, 255).astype(np.uint8)
    return drawn


def _level_line(field: Floats) -> npt.NDArray[np.bool_]:
    """Return flags (B, H, W) of positive cells with a non-positive neighbour of eight: lines without gaps."""
    padded = np.pad(field, ((0, 0), (1, 1), (1, 1)), mode="edge")
    height, width = field.shape[1:]
    lowest = np.min(
        [padded[:, r : r + height, c : c + width] for r in range(3) for c in range(3)],
        axis=0,
    )
    return (field > 0.0) & (lowest <= 0.0)


@cache
def _tiles(tileset: Tileset) -> npt.NDArray[np.float32]:
    """Draw the variants of every terrain's tile, (T, V, 8, 8, 3), always the same."""
    generator = np.random.default_rng(0)
    tiles = np.empty((len(TERRAINS), VARIANTS, TILE, TILE, 3), dtype=np.float32)
    for number, (terrain, (ground, accent)) in enumerate(zip(TERRAINS, tileset.palette, strict=True)):
        for variant in range(VARIANTS):
            share = _DRAWINGS[terrain](generator)[:, :, None]
            tiles[number, variant] = (1.0 - share) * np.array(ground) + share * np.array(accent)
    return tiles


# Each drawing gives (8, 8) shares of the accent colour.
_ROWS, _COLUMNS = np.mgrid[:TILE, :TILE].astype(np.float64)


def _speckle(count: int, strength: float) -> Drawing:
    def draw(generator: np.random.Generator) -> Floats:
        share = np.zeros(TILE * TILE)
        share[generator.choice(share.size, count, replace=False)] = strength
        return share.reshape(TILE, TILE)

    return draw


def _trees(generator: np.random.Generator) -> Floats:
    share = np.zeros((TILE, TILE))
    for _ in range(3):
        row, column = generator.uniform(1.0, TILE - 2.0, 2)
        distance = np.hypot(_ROWS - row, _COLUMNS - column)
        share = np.maximum(share, np.clip(2.8 - distance, 0.0, 1.0))
    return share


def _peak(generator: np.random.Generator) -> Floats:
    top, middle = generator.uniform(0.5, 2.5), generator.uniform(2.5, 4.5)
    slope = (_ROWS - top) - 0.9 * np.abs(_COLUMNS - middle)
    return np.clip(slope, 0.0, 1.0) * np.where(middle < _COLUMNS, 1.0, 0.35)


def _reeds(generator: np.random.Generator) -> Floats:
    share = np.zeros((TILE, TILE))
    for row in (1, 3, 5, 7):
        begin = int(generator.integers(0, TILE - 3))
        share[row, begin : begin + 4] = 0.9
    return share


def _waves(generator: np.random.Generator) -> Floats:
    phase = generator.uniform(0.0, 2.0 * np.pi, 2)
    crest = np.sin(0.9 * _COLUMNS + phase[0]) + 2.0 * np.sin(1.6 * _ROWS + phase[1])
    return np.clip(crest - 1.2, 0.0, 1.0)


_DRAWINGS: dict[str, Drawing] = {
    "road": _speckle(10, 0.7),
    "meadow": _speckle(14, 0.9),
    "forest": _trees,
    "hills": _peak,
    "marsh": _reeds,
    "river": _waves,
}
