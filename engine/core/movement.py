"""How a class of travellers moves on a map, and what it pays of the map's costs.

A map has one cost c of every cell; a class pays factor · c. So the path cost of a class's route is linear in the
map along a path, like everybody's, and its load by the map is factor · (load by what the class pays).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from engine.core.arrays import Flags, Floats
from engine.core.clearance import open_to
from engine.core.errors import ProblemError
from engine.core.grid import Cell, Grid


@dataclass(frozen=True, eq=False)
class Movement:
    """The moves of one class, and its prices. Routes of one class share one object.

    grid: where the class may stand, with its size taken into account, and its moves from there.
    factor: (H, W) what it pays for a cell, as a multiple of the cell's cost: > 0 where the class may stand,
        finite elsewhere. None: 1 everywhere.
    name: of the class, as people know it; empty for the map's own movement.
    size: it stands on size × size cells; see `engine.core.clearance`.
    """

    grid: Grid
    factor: Floats | None = None
    name: str = ""
    size: int = 1

    def with_walls(self, walls: Flags) -> Grid:
        """Return the moves that are left with these cells (H, W) as further walls."""
        return replace(self.grid, passable=self.grid.passable & open_to(~walls, self.size))

    def costs(self, cost_map: Floats) -> Floats:
        """Return what the class pays (H, W) on a cost map (H, W)."""
        return cost_map if self.factor is None else self.factor * cost_map

    def load(self, load: Floats) -> Floats:
        """Return the load (..., H, W) by the cost map from that by what the class pays: the adjoint of `costs`."""
        return load if self.factor is None else self.factor * load

    @cached_property
    def scale(self) -> float:
        """Mean factor of the cells where the class may stand: what its path costs are large or small by."""
        if self.factor is None or not self.grid.passable.any():
            return 1.0
        return float(self.factor[self.grid.passable].mean())

    @cached_property
    def largest_factor(self) -> float:
        """Greatest factor of the cells where the class may stand."""
        return 1.0 if self.factor is None else float(self.factor[self.grid.passable].max(initial=0.0))


def grouped(movements: Sequence[Movement]) -> list[tuple[Movement, list[int]]]:
    """Return every movement once, with the numbers of the routes that have it, in the routes' order."""
    groups: dict[Movement, list[int]] = {}
    for number, movement in enumerate(movements):
        groups.setdefault(movement, []).append(number)
    return list(groups.items())


def check_movement(movement: Movement, ground: Grid, priced: Flags) -> None:
    """Refuse, by ProblemError, prices that are not above 0, and cells that have no cost.

    ground: the map's own moves.  priced: (H, W) cells that have a cost, among them walls that classes cross.
    """
    called = f"the class “{movement.name}”" if movement.name else "a route's class"
    grid, factor = movement.grid, movement.factor
    if grid.shape != ground.shape or (factor is not None and factor.shape != ground.shape):
        raise ProblemError("movement", f"{called} moves on another map than the one of {ground.shape}")
    if grid.cost_rule != ground.cost_rule:
        raise ProblemError(
            "movement",
            f"{called} pays by the rule “{grid.cost_rule}”, the map by “{ground.cost_rule}”; give them the same",
        )
    outside = grid.passable & ~priced
    if outside.any():
        raise ProblemError("movement", f"{called} enters cell {_first(outside)}, a wall that has no cost")
    if factor is None:
        return
    if not np.isfinite(factor).all():
        cell = _first(~np.isfinite(factor))
        raise ProblemError("movement", f"{called} has a price that is no number, at cell {cell}")
    free = grid.passable & (factor <= 0.0)
    if free.any():
        cell = _first(free)
        raise ProblemError(
            "movement",
            f"{called} pays {factor[cell]:g} times the cost of cell {cell}; give it a price above 0, or let it "
            f"not go there",
        )


def check_end(movement: Movement, subject: str, what: str, cell: Cell) -> None:
    """Refuse, by ProblemError about a `subject`, a cell that a class cannot stand on; `what` names it in words."""
    rows, columns = movement.grid.shape
    if not movement.grid.contains(cell):
        raise ProblemError(
            subject,
            f"{what}, cell {cell}, lies outside the map of {rows} rows and {columns} columns; move it onto the "
            f"map",
        )
    if not movement.grid.passable[cell]:
        if movement.name:
            raise ProblemError(
                subject,
                f"{what}, cell {cell}, is no place for the class “{movement.name}”; move it, or let the class go "
                f"there",
            )
        raise ProblemError(subject, f"{what}, cell {cell}, is a wall; move it or clear the wall")


def unreachable(movement: Movement, subject: str, what: str, start: Cell, goal: Cell) -> ProblemError:
    """Return the refusal, about a `subject`, of a way that a class does not find; `what` names it in words."""
    if movement.name:
        return ProblemError(
            subject,
            f"{what}: no way leads the class “{movement.name}” from {start} to {goal}; open one for it, or move "
            f"one of the two",
        )
    return ProblemError(
        subject,
        f"{what}: no way leads from {start} to {goal}; open a wall between them, or move one of the two",
    )


def _first(cells: Flags) -> Cell:
    row, column = np.argwhere(cells)[0].tolist()
    return row, column
