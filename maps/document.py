"""The map document: one immutable value that holds everything a designer drew."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from maps.checks import Cell, check_text, not_negative, positive, valid_cell, valid_colour, valid_cost
from maps.errors import MapError, name_cell
from maps.metadata import JSON, frozen_metadata
from maps.movement import MovementClass, MovementRule
from maps.terrain import DEFAULT_PALETTE, MOST_TERRAINS, NO_TERRAIN, Terrain, TerrainMap, terrains_by_cost

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from maps.origin import Origin

CostMap: TypeAlias = NDArray[np.float32]
Mask: TypeAlias = NDArray[np.bool_]
# Of a route: its start, its goal, and the name of the movement class that walks it, empty for the plain movement.
Journey: TypeAlias = tuple[Cell, Cell, str]

# Every document keeps to these, so that whatever can be drawn can also be saved and read again.
MAX_SIDE = 16_384
MAX_CELLS = 64 * 1024 * 1024

MOST_DECIMALS = 15  # that a float can tell apart


@dataclass(frozen=True)
class Bounds:
    """The least and the greatest cost that an optimised cell may take; what is drawn by hand may lie outside."""

    lower: float = 0.2
    upper: float = 5.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "lower", positive("bounds: lower", self.lower))
        object.__setattr__(self, "upper", positive("bounds: upper", self.upper))
        if self.lower > self.upper:
            raise MapError(f"bounds: lower {self.lower:g} is above upper {self.upper:g}; swap them")


@dataclass(frozen=True)
class Route:
    """A start and a goal, (row, col) each; `expected_cost` is the length that a scenario file promises.

    An end may lie on a wall while the designer is still drawing; it may not lie outside the map.
    expected_decimals: how many decimals of it the file gives; None where it is exact.
    line: cells (row, col) that the designer drew for the path to take, in order; empty if none were.
    movement: name of the movement class that walks it; empty for the plain movement: the map's rule and costs.
    """

    name: str
    start: Cell
    goal: Cell
    weight: float = 1.0
    colour: str = "#e69f00"
    expected_cost: float | None = None
    line: tuple[Cell, ...] = ()
    expected_decimals: int | None = None
    movement: str = ""

    def __post_init__(self) -> None:
        where = f"route {self.name!r}"
        check_text("route: name", self.name)
        check_text(f"{where}: movement", self.movement)
        object.__setattr__(self, "start", valid_cell(f"{where}: start", self.start))
        object.__setattr__(self, "goal", valid_cell(f"{where}: goal", self.goal))
        object.__setattr__(self, "weight", not_negative(f"{where}: weight", self.weight))
        object.__setattr__(self, "colour", valid_colour(where, self.colour))
        if self.expected_cost is not None:
            cost = not_negative(f"{where}: expected_cost", self.expected_cost)
            object.__setattr__(self, "expected_cost", cost)
        if self.expected_decimals is not None and not 0 <= self.expected_decimals <= MOST_DECIMALS:
            raise MapError(f"{where}: {self.expected_decimals} decimals; 0 to {MOST_DECIMALS} are possible")
        object.__setattr__(self, "line", tuple(valid_cell(f"{where}: line", cell) for cell in self.line))

    @property
    def journey(self) -> Journey:
        """Start, goal and who walks it: on these the cost of its path depends."""
        return self.start, self.goal, self.movement

    def expects(self, cost: float) -> bool:
        """Return whether a path of this cost is the expected one, to the decimals that the file gives.

        A file may have rounded or cut its figure, and may have reckoned with a rounded √2: a difference of
        2e-4, or of 1e-5 of the whole, is none.
        """
        if self.expected_cost is None:
            return True
        slack = max(2e-4, 1e-5 * self.expected_cost)
        unit = 0.0 if self.expected_decimals is None else 10.0**-self.expected_decimals
        return -max(slack, 0.5 * unit) <= cost - self.expected_cost <= max(slack, unit)


@dataclass(frozen=True, eq=False)
class Layout:
    """Weighted points on the map.

    positions: (n, 2) float64, (row, col) in cells; the centre of cell (r, c) is (r, c), so that a map of
    H × W cells covers -0.5 … H - 0.5 and -0.5 … W - 0.5. weights: (n,) float64, not negative.
    """

    name: str
    positions: NDArray[np.float64]
    weights: NDArray[np.float64]
    colour: str = "#0072b2"

    def __post_init__(self) -> None:
        where = f"layout {self.name!r}"
        check_text("layout: name", self.name)
        positions = frozen(self.positions, np.float64)
        weights = frozen(self.weights, np.float64)
        if positions.ndim != 2 or positions.shape[1] != 2:
            raise MapError(f"{where}: positions have shape {positions.shape}; (n, 2) for (row, col) is needed")
        if weights.shape != (len(positions),):
            raise MapError(f"{where}: {len(positions)} positions need as many weights, not {weights.shape}")
        if not np.isfinite(positions).all():
            point = int(np.argmin(np.isfinite(positions).all(axis=1)))
            raise MapError(f"{where}: point {point} lies at {tuple(positions[point])}; both must be finite")
        good = np.isfinite(weights) & (weights >= 0)
        if not good.all():
            point = int(np.argmin(good))
            raise MapError(f"{where}: point {point} weighs {weights[point]}; a weight is finite and at least 0")
        object.__setattr__(self, "positions", positions)
        object.__setattr__(self, "weights", weights)
        object.__setattr__(self, "colour", valid_colour(where, self.colour))


@dataclass(frozen=True, eq=False)
class MapDocument:
    """A map: arrays of one shape (H, W), and what belongs to them.

    cost: float32, cost of crossing a cell per unit length, finite and > 0 in every cell (impassable ones
    remember theirs); passable: bool; locked: bool, cells that an optimisation may not change.
    terrain: uint8, number of the cell's terrain in the palette, NO_TERRAIN where it has a cost of its own only;
    without one given, no cell has a terrain. A cell of a terrain costs what the terrain does, unless a run has
    made it cheaper or dearer; a cell of an impassable terrain is impassable. A passable terrain may have a wall
    on it.
    classes: of those who move by prices of their own; routes name theirs.
    origin: the file of another editor that the map was read from, if it came from one.
    cell_size: side of a cell in world units. metadata: whatever JSON can say, kept and not interpreted (lists
    become tuples).

    Arrays are made read-only and copied only if the caller could still write to them, so that documents share
    what they do not change. Raises MapError, naming the cell, route, layout or field.
    """

    cost: CostMap
    passable: Mask
    locked: Mask
    terrain: TerrainMap = field(default_factory=lambda: np.zeros((0, 0), np.uint8))
    rule: MovementRule = field(default_factory=MovementRule)
    bounds: Bounds = field(default_factory=Bounds)
    routes: tuple[Route, ...] = ()
    layouts: tuple[Layout, ...] = ()
    palette: tuple[Terrain, ...] = DEFAULT_PALETTE
    classes: tuple[MovementClass, ...] = ()
    origin: Origin | None = None
    cell_size: float = 1.0
    name: str = ""
    metadata: Mapping[str, JSON] = field(default_factory=dict[str, JSON])

    def __post_init__(self) -> None:
        shape = np.shape(self.cost)
        if len(shape) != 2:
            raise MapError(f"cost has {len(shape)} dimensions; a map has two, (rows, columns)")
        check_size(*shape)
        if np.size(self.terrain) == 0:
            object.__setattr__(self, "terrain", freshly_frozen(np.full(shape, NO_TERRAIN, np.uint8)))
        for layer in ("passable", "locked", "terrain"):
            values: NDArray[Any] = getattr(self, layer)
            other = np.shape(values)
            if other != shape:
                raise MapError(f"{layer} has shape {other}, cost has {shape}; all layers need the same shape")
        object.__setattr__(self, "cost", _checked_cost(self.cost))
        object.__setattr__(self, "passable", frozen(self.passable, np.bool_))
        object.__setattr__(self, "locked", frozen(self.locked, np.bool_))
        object.__setattr__(self, "routes", tuple(self.routes))
        object.__setattr__(self, "layouts", tuple(self.layouts))
        object.__setattr__(self, "palette", tuple(self.palette))
        object.__setattr__(self, "terrain", _checked_terrain(self.terrain, self.palette))
        object.__setattr__(self, "classes", tuple(self.classes))
        object.__setattr__(self, "cell_size", positive("cell_size", self.cell_size))
        object.__setattr__(self, "metadata", frozen_metadata(self.metadata))
        check_text("name", self.name)
        self._check_classes()
        for route in self.routes:
            ends = (("start", route.start), ("goal", route.goal))
            for end, cell in (*ends, *(("its line, at", cell) for cell in route.line)):
                if not self.contains(cell):
                    raise MapError(
                        f"route {route.name!r}: {end} {name_cell(*cell)} is outside the map of "
                        f"{self.height} × {self.width} cells"
                    )
        for layout in self.layouts:
            inside = points_inside(layout.positions, self.height, self.width)
            if not inside.all():
                point = int(np.argmin(inside))
                row, col = layout.positions[point]
                raise MapError(
                    f"layout {layout.name!r}: point {point} at row {row:g}, col {col:g} is outside the map of "
                    f"{self.height} × {self.width} cells"
                )

    @property
    def height(self) -> int:
        """Rows of cells."""
        return self.cost.shape[0]

    @property
    def width(self) -> int:
        """Columns of cells."""
        return self.cost.shape[1]

    @property
    def shape(self) -> tuple[int, int]:
        """(rows, columns)."""
        return self.height, self.width

    @cached_property
    def total_cost(self) -> float:
        """Sum of the costs of the passable cells."""
        return float(self.cost.sum(where=self.passable, dtype=np.float64))

    @property
    def arrays(self) -> tuple[NDArray[Any], ...]:
        """The arrays of cells and points, which documents share where they agree."""
        points = (array for layout in self.layouts for array in (layout.positions, layout.weights))
        return (self.cost, self.passable, self.locked, self.terrain, *points)

    def class_of(self, route: Route) -> MovementClass | None:
        """Return the movement class that walks a route; None for the plain movement."""
        return self.class_called(route.movement)

    def class_called(self, name: str) -> MovementClass | None:
        """Return the movement class of a name; None where there is none."""
        return next((kind for kind in self.classes if kind.name == name), None)

    def contains(self, cell: Cell) -> bool:
        """Return whether (row, col) is a cell of this map."""
        return 0 <= cell[0] < self.height and 0 <= cell[1] < self.width

    def replace(self, **changes: Any) -> MapDocument:
        """Return a document with some fields changed; unchanged arrays are shared, not copied.

        With costs of another shape and no terrain given, no cell has one.
        """
        if "cost" in changes and "terrain" not in changes and np.shape(changes["cost"]) != self.shape:
            changes["terrain"] = np.zeros((0, 0), np.uint8)
        return dataclasses.replace(self, **changes)

    def _check_classes(self) -> None:
        names = [kind.name for kind in self.classes]
        for kind in self.classes:
            if names.count(kind.name) > 1:
                raise MapError(f"two movement classes are called {kind.name!r}; rename one of them")
            if len(kind.costs) != len(self.palette):
                raise MapError(
                    f"movement class {kind.name!r} has {len(kind.costs)} costs for {len(self.palette)} terrains; "
                    "it needs one for each"
                )
        for route in self.routes:
            if route.movement and route.movement not in names:
                raise MapError(f"route {route.name!r} is walked by {route.movement!r}, a class that the map lacks")


def new_document(
    height: int,
    width: int,
    cost: float = 1.0,
    *,
    rule: MovementRule | None = None,
    bounds: Bounds | None = None,
    palette: Sequence[Terrain] = DEFAULT_PALETTE,
    cell_size: float = 1.0,
    name: str = "",
) -> MapDocument:
    """Return an open map of height × width cells, all of one cost, all passable, none locked.

    All are of the palette's first terrain of that cost, where there is one.
    """
    check_size(height, width)
    return MapDocument(
        cost=freshly_frozen(np.full((height, width), valid_cost("cost", cost), np.float32)),
        passable=freshly_frozen(np.ones((height, width), np.bool_)),
        locked=freshly_frozen(np.zeros((height, width), np.bool_)),
        terrain=freshly_frozen(np.full((height, width), terrain_of_cost(cost, palette), np.uint8)),
        rule=rule or MovementRule(),
        bounds=bounds or Bounds(),
        palette=tuple(palette),
        cell_size=cell_size,
        name=name,
    )


def terrain_of_cost(cost: float, palette: Sequence[Terrain]) -> int:
    """Return the number of the palette's first passable terrain of this cost, NO_TERRAIN if there is none."""
    cell = np.full((1, 1), cost, np.float32)
    return int(terrains_by_cost(cell, np.ones((1, 1), np.bool_), palette)[0, 0])


def check_size(height: int, width: int) -> None:
    """Raise MapError unless a map of height × width cells is within the limits; call it before allocating."""
    if height < 1 or width < 1:
        raise MapError(f"a map of {height} × {width} cells is empty; it needs at least one row and one column")
    if height > MAX_SIDE or width > MAX_SIDE:
        raise MapError(f"a map of {height} × {width} cells is too large; a side may have {MAX_SIDE} cells")
    if height * width > MAX_CELLS:
        raise MapError(f"a map of {height} × {width} cells is too large; it may have {MAX_CELLS} cells in all")


def points_inside(positions: NDArray[np.float64], height: int, width: int) -> Mask:
    """Return (n,) bool: which (row, col) positions lie on a map of height × width cells, its border included."""
    # Column by column, which is ten times as fast as both at once: this runs at every brush event.
    rows, cols = positions[:, 0], positions[:, 1]
    return (rows >= -0.5) & (rows <= height - 0.5) & (cols >= -0.5) & (cols <= width - 0.5)


def frozen(values: ArrayLike, dtype: type[np.generic]) -> NDArray[Any]:
    """Return a read-only C-ordered array of `dtype`; `values` itself if it is one that nobody can write to."""
    if isinstance(values, np.ndarray):
        array = cast("NDArray[Any]", values)
        if array.dtype == dtype and array.flags.c_contiguous and not _writeable(array):
            return array
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        return freshly_frozen(np.array(values, dtype=dtype, order="C"))


def freshly_frozen(array: NDArray[Any]) -> NDArray[Any]:
    """Return `array` itself, made read-only: for arrays that the caller has just made and keeps to itself."""
    array.setflags(write=False)
    return array


def _writeable(array: NDArray[Any]) -> bool:
    # A read-only view of a writeable array still changes under us.
    owner: Any = array
    while isinstance(owner, np.ndarray):
        if owner.flags.writeable:
            return True
        owner = owner.base
    return False


def _checked_terrain(values: ArrayLike, palette: tuple[Terrain, ...]) -> TerrainMap:
    if len(palette) > MOST_TERRAINS:
        raise MapError(f"the palette has {len(palette)} terrains; {MOST_TERRAINS} is the most")
    terrain: TerrainMap = frozen(values, np.uint8)
    # NO_TERRAIN + 1 wraps to 0, so that one reduction without a temporary of another type tells.
    if int((terrain + np.uint8(1)).max()) > len(palette):
        bad = (terrain >= len(palette)) & (terrain != NO_TERRAIN)
        row, col = (int(index) for index in np.unravel_index(np.argmax(bad), bad.shape))
        raise MapError(
            f"{name_cell(row, col)}: terrain {terrain[row, col]} is not in the palette of {len(palette)} terrains"
        )
    return terrain


def _checked_cost(values: ArrayLike) -> CostMap:
    cost: CostMap = frozen(values, np.float32)
    # Two reductions of a layer, no temporary: this runs at every brush event.
    if not (cost.min() > 0 and cost.max() < np.inf):
        bad = ~(np.isfinite(cost) & (cost > 0))
        row, col = (int(index) for index in np.unravel_index(np.argmax(bad), bad.shape))
        value = np.asarray(values)[row, col]
        raise MapError(f"{name_cell(row, col)}: cost is {value}; a cost must be a finite number above 0")
    return cost
