"""Define what tools work with: pointer events, options, sketches, gestures."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from app.document.model import DocumentModel

if TYPE_CHECKING:
    from maps.cell_selection import CellSelection
    from maps.document import Cell
    from maps.pieces import Piece
    from maps.symmetry import Symmetry
    from maps.terrain import Terrain


TERRAIN_KEYS = "123456789"  # that take up the first terrains of the palette
BrushMode = Literal["set", "add", "scale", "smooth", "noise"]
SelectBy = Literal["rectangle", "lasso", "terrain", "cost"]


@dataclass(frozen=True)
class PointerEvent:
    """Describe one event of a gesture.

    cell: under the pointer, (row, col), perhaps outside the map. reach: how many cells off a mark drawn on
    the map may be and still be hit; 0 where cells are large. position: as exactly as the pointer goes, in the
    units of a layout's positions. touch: how many of these a point may be off and still be hit.
    """

    cell: Cell
    button: Literal["left", "right"] = "left"
    modifiers: frozenset[Literal["shift", "control", "alt"]] = frozenset()
    phase: Literal["press", "move", "release"] = "press"
    reach: int = 0
    position: tuple[float, float] = (0.0, 0.0)
    touch: float = 0.5


@dataclass(frozen=True)
class ToolOptions:
    """Hold what the designer set for the tools.

    size: cells across. hardness: share of the brush's radius with full weight. cost: what "set" paints; terrain:
    number of the terrain that it paints, None for a cost only; other_cost, other_terrain: what was painted before,
    with which these are swapped. amount: cost units that "add" adds; factor: what "scale" multiplies by; strength:
    by how much "noise" varies costs, as a share of them. filled: rectangles. route, layout: index of the active
    one; the number of them stands for a new one. selection: points of the active layout. weight: of new points.
    snap: points to cell centres. spacing: least distance of scattered points, in cells. seed: of what is
    scattered.
    cells: those that are selected, to which painting keeps; None for all. select_by: how cells are selected;
    tolerance: by how much costs that are selected as one may differ; connected: whether only joined cells are.
    piece: cells that were copied, which the stamp puts down; None for none.
    mirror: the symmetry in which everything is painted and placed.
    """

    size: float = 5.0
    hardness: float = 0.8
    cost: float = 2.5
    terrain: int | None = None
    other_cost: float = 1.0
    other_terrain: int | None = None
    amount: float = 0.5
    factor: float = 1.5
    strength: float = 0.3
    mode: BrushMode = "set"
    filled: bool = True
    route: int = 0
    layout: int = 0
    selection: frozenset[int] = frozenset()
    weight: float = 1.0
    snap: bool = False
    spacing: float = 2.0
    seed: int = 0
    cells: CellSelection | None = None
    select_by: SelectBy = "rectangle"
    tolerance: float = 0.0
    connected: bool = True
    piece: Piece | None = None
    mirror: Symmetry = "none"

    @property
    def value(self) -> float:
        """The number that the mode paints with."""
        return {"set": self.cost, "add": self.amount, "scale": self.factor, "smooth": 1.0, "noise": self.strength}[
            self.mode
        ]

    @property
    def painted_terrain(self) -> int | None:
        """Number of the terrain that is painted; None where it is a cost."""
        return self.terrain if self.mode == "set" else None

    def with_cost(self, cost: float) -> ToolOptions:
        """Return the options that paint a cost, which leaves cells without a terrain."""
        return replace(self._putting_aside(None), cost=cost, terrain=None, mode="set")

    def with_terrain(self, number: int, terrain: Terrain) -> ToolOptions:
        """Return the options that paint a terrain of the palette. An impassable one has no cost to paint."""
        cost = terrain.cost if terrain.passable else self.cost
        return replace(self._putting_aside(number), cost=cost, terrain=number, mode="set")

    def with_value(self, value: float) -> ToolOptions:
        """Return the options with another number for the mode, which has none where it smooths."""
        match self.mode:
            case "set":
                return self.with_cost(value)
            case "add":
                return replace(self, amount=value)
            case "scale":
                return replace(self, factor=value)
            case "noise":
                return replace(self, strength=value)
            case "smooth":
                return self

    def with_costs_swapped(self) -> ToolOptions:
        """Return the options that paint with the other of the two costs or terrains."""
        return replace(
            self,
            cost=self.other_cost,
            terrain=self.other_terrain,
            other_cost=self.cost,
            other_terrain=self.terrain,
            mode="set",
        )

    def _putting_aside(self, terrain: int | None) -> ToolOptions:
        """The options with what is painted now as the other, unless it stays the same terrain, or a cost."""
        return self if terrain == self.terrain else replace(self, other_cost=self.cost, other_terrain=self.terrain)


@dataclass(frozen=True)
class Sketch:
    """Hold what a gesture shows beside the document.

    outline: (row, col) corners. selection: the points that would be selected, None for no change;
    cells: the cells that would be, None for no change. sentence: what cannot be done where the pointer is,
    or empty.
    """

    outline: tuple[tuple[float, float], ...] = ()
    selection: frozenset[int] | None = None
    cells: CellSelection | None = None
    sentence: str = ""


# A gesture takes the press, the moves and the release, commits at its end, and may return changed options.
# Whoever drives it closes it to break it off, and cancels the model's preview.
Gesture = Generator[Sketch | None, PointerEvent, ToolOptions | None]
Tool = Callable[[DocumentModel, ToolOptions], Gesture]
