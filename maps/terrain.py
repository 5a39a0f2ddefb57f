"""Terrains: named costs with a colour, and which of them each cell of a map is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from maps.checks import check_text, valid_colour, valid_cost

if TYPE_CHECKING:
    from collections.abc import Sequence

# Numbers of terrains in the palette (H, W); NO_TERRAIN where a cell has a cost of its own only.
TerrainMap: TypeAlias = NDArray[np.uint8]
NO_TERRAIN = 255
MOST_TERRAINS = 255

# For terrains of which no colour is known; told apart by every kind of colour vision, and quiet enough for a map.
SPARE_COLOURS = (
    "#b9cf6a", "#e3b75f", "#3f8f5f", "#6f8fb5", "#c9a58b", "#8a7f9e", "#d8cfa8", "#5d7f78", "#b5746a", "#9aa0a8",
)  # fmt: skip

Scalar = TypeVar("Scalar", bound=np.generic)


@dataclass(frozen=True)
class Terrain:
    """A named cost in the palette. tile: of another editor's map, what draws it there; see `maps.origin`."""

    name: str
    cost: float
    colour: str
    passable: bool = True
    tile: str = ""

    def __post_init__(self) -> None:
        where = f"terrain {self.name!r}"
        check_text("terrain: name", self.name)
        check_text(f"{where}: tile", self.tile)
        object.__setattr__(self, "cost", valid_cost(where, self.cost))
        object.__setattr__(self, "colour", valid_colour(where, self.colour))
        object.__setattr__(self, "passable", bool(self.passable))


# Ordered by cost; lightness falls as cost grows, so that the order survives every kind of colour blindness.
DEFAULT_PALETTE = (
    Terrain("road", 0.5, "#f2e6c4"),
    Terrain("grass", 1.0, "#b9cf6a"),
    Terrain("sand", 1.5, "#e3b75f"),
    Terrain("forest", 2.5, "#3f8f5f"),
    Terrain("swamp", 4.0, "#4b6d8a"),
    Terrain("rock", 5.0, "#6b5a55"),
    Terrain("wall", 1.0, "#22242b", passable=False),
)


def terrains_by_cost(
    cost: NDArray[np.float32], passable: NDArray[np.bool_], palette: Sequence[Terrain]
) -> TerrainMap:
    """Return the terrain (H, W) of cells of which only cost and passability are known.

    It is the palette's first one of the very cost, where there is one. An impassable cell takes an impassable
    terrain before one that a wall may stand on.
    """
    walls = _numbers(cost, palette, of_walls=True)
    ground = _numbers(cost, palette, of_walls=False)
    return np.where(passable | (walls == NO_TERRAIN), ground, walls)


def _numbers(cost: NDArray[np.float32], palette: Sequence[Terrain], *, of_walls: bool) -> TerrainMap:
    numbers = [number for number, terrain in enumerate(palette) if terrain.passable != of_walls]
    if not numbers:
        return np.full(cost.shape, NO_TERRAIN, np.uint8)
    costs, first = np.unique(palette_costs(palette)[numbers], return_index=True)
    at = np.minimum(np.searchsorted(costs, cost), len(costs) - 1)
    found: NDArray[Any] = np.array(numbers)[first[at]]
    return np.where(costs[at] == cost, found, NO_TERRAIN).astype(np.uint8)


def palette_costs(palette: Sequence[Terrain]) -> NDArray[np.float32]:
    """Return the costs (T,) of the terrains, as cells hold them."""
    return np.array([terrain.cost for terrain in palette], np.float32)


def of_each_cell(terrain: TerrainMap, values: ArrayLike, otherwise: Any, dtype: type[Scalar]) -> NDArray[Scalar]:
    """Return for every cell (H, W) its terrain's entry of `values` (T,), `otherwise` where it has no terrain."""
    table = np.full(NO_TERRAIN + 1, otherwise, dtype)
    given = np.asarray(values, dtype)
    table[: len(given)] = given
    return table[terrain]


def on_impassable_terrain(terrain: TerrainMap, palette: Sequence[Terrain]) -> NDArray[np.bool_]:
    """Return (H, W) cells of an impassable terrain."""
    return of_each_cell(terrain, [not kind.passable for kind in palette], False, np.bool_)
