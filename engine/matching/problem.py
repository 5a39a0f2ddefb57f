"""The problem of a matching run: the layouts to move, their targets, and the refusals before a run starts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from engine.core.arrays import Flags, Floats, Integers
from engine.core.errors import ProblemError, SuggestedFix
from engine.matching.ground_cost import Ground, Straight, Walking, WalkingCost, cells_of
from engine.matching.limits import Limits, check_limits, inside
from engine.transport.problem import TOTALS_AGREE

Totals = Literal["same", "scale", "partial", "unbalanced"]

# A density is sampled at no more points than this; for walking distances each needs a Dijkstra run and a map.
MOST_DENSITY_POINTS = 4_096
MOST_WALKING_POINTS = 512


@dataclass(frozen=True, eq=False)
class PointSet:
    """A layout of the map: points with a common name.

    positions: (n, 2) in cells.  weights: (n,) of at least 0; 1 each if None.
    fixed: (n,) bool, points that neither move nor change their weight; none if None.
    keys: (n,) int64, distinct; by its key a point is recognised when a run goes on after an edit. 0 … n − 1 if
        None.
    """

    name: str
    positions: Floats
    weights: Floats | None = None
    fixed: Flags | None = None
    keys: Integers | None = None

    @property
    def size(self) -> int:
        """Number n of points."""
        return len(self.positions)

    def all_weights(self) -> Floats:
        """Return the weights (n,), 1 each where none were given."""
        return np.ones(self.size) if self.weights is None else np.asarray(self.weights, dtype=np.float64)

    def all_fixed(self) -> Flags:
        """Return flags (n,) of the fixed points, none where none were given."""
        return np.zeros(self.size, dtype=np.bool_) if self.fixed is None else self.fixed

    def all_keys(self) -> Integers:
        """Return the keys (n,), 0 … n − 1 where none were given."""
        return np.arange(self.size) if self.keys is None else self.keys


@dataclass(frozen=True, eq=False)
class Density:
    """A named map (H, W), ≥ 0, to spread over. Only ratios of its values on cells that may hold points matter."""

    name: str
    values: Floats


Target = PointSet | Density


@dataclass(frozen=True, eq=False)
class MatchProblem:
    """Layouts to move, each towards its own target, or all together towards a single one.

    Layouts with a single target share its mass: no two of them end in the same place.
    totals: what to do where the weights of layouts and target differ in total (a density is scaled anyway).
        "same" refuses, "scale" scales the target, "partial" matches `mass` and leaves the most expensive rest,
        "unbalanced" matches what is nearer than about `give_up`.
    mass: for "partial"; None for all of the smaller total.  give_up: for "unbalanced", in cells.
    move: change the positions, the weights (at a fixed total), or both.
    """

    layouts: tuple[PointSet, ...]
    targets: tuple[Target, ...]
    limits: Limits
    ground: Ground = field(default_factory=Straight)
    totals: Totals = "same"
    mass: float | None = None
    give_up: float = 10.0
    move: Literal["positions", "weights", "both"] = "positions"

    def groups(self) -> list[tuple[tuple[int, ...], Target]]:
        """Return, for each transport problem, the numbers of its layouts and its target."""
        if len(self.targets) == 1:
            return [(tuple(range(len(self.layouts))), self.targets[0])]
        return [((number,), target) for number, target in enumerate(self.targets)]


def density_points(density: Density, allowed: Flags, most: int) -> tuple[Floats, Floats, int]:
    """Return a density as at most `most` points: positions (m, 2), weights (m,), side of the blocks in cells.

    With more cells than that, square blocks are joined, each at its centre of mass: the total and the centre of
    mass of the density are preserved.
    """
    values = np.where(allowed, density.values, 0.0)
    rows, cols = np.nonzero(values)
    weights = values[rows, cols]
    side = 1
    while True:
        _, block = np.unique((rows // side) * values.shape[1] + cols // side, return_inverse=True)
        if block.max() < most:
            break
        side *= 2
    total = np.bincount(block, weights).astype(np.float64)
    where = np.stack([np.bincount(block, weights * place) / total for place in (rows, cols)], axis=1)
    return where, total, side


def check_matching(problem: MatchProblem) -> None:
    """Refuse, by ProblemError, a problem that no run can start on; the message names the layout and the point.

    Its subject is "layout", "weights", "totals", "density", "ground", or one of `check_limits`.
    """
    check_limits(problem.limits)
    if not problem.layouts:
        raise ProblemError("layout", "there is no layout to move; place some points")
    if len(problem.targets) not in (1, len(problem.layouts)):
        raise ProblemError(
            "layout",
            f"there are {len(problem.layouts)} layouts and {len(problem.targets)} targets; give each layout a "
            f"target, or all of them a single one",
        )
    names = [layout.name for layout in problem.layouts]
    for number, layout in enumerate(problem.layouts):
        if layout.name in names[:number]:
            raise ProblemError("layout", f"two layouts are named '{layout.name}'; rename one")
        _check_layout(layout, problem.limits.passable)
    for target in problem.targets:
        if isinstance(target, PointSet):
            _check_layout(target, problem.limits.passable)
        else:
            _check_density(target, problem.limits.allowed())
    _check_ground(problem)
    if problem.totals == "unbalanced" and not (np.isfinite(problem.give_up) and problem.give_up > 0.0):
        raise ProblemError("totals", f"the distance to give up at is {problem.give_up}; give a number above 0")
    for numbers, target in problem.groups():
        _check_totals(problem, [problem.layouts[number] for number in numbers], target)


def _check_layout(layout: PointSet, passable: Flags) -> None:
    where = layout.positions
    if where.ndim != 2 or where.shape[1] != 2:
        raise ProblemError(
            "layout", f"the positions of layout '{layout.name}' are {where.shape}; they must be (points, 2)"
        )
    if layout.size == 0:
        raise ProblemError("layout", f"layout '{layout.name}' is empty; place some points")
    for name, values in (("weights", layout.weights), ("fixed", layout.fixed), ("keys", layout.keys)):
        if values is not None and values.shape != (layout.size,):
            raise ProblemError(
                "layout",
                f"layout '{layout.name}' has {layout.size} points, but its {name} are {values.shape}",
            )
    keys, counts = np.unique(layout.all_keys(), return_counts=True)
    if len(keys) < layout.size:
        raise ProblemError(
            "layout",
            f"two points of layout '{layout.name}' have the key {keys[counts > 1][0]}; make them distinct",
        )
    for i, (row, col) in enumerate(where.tolist()):
        if not (np.isfinite(row) and np.isfinite(col)):
            raise ProblemError(
                "layout",
                f"point {i} of layout '{layout.name}' lies at ({row}, {col}); move it to a place on the map",
            )
    height, width = passable.shape
    outside = np.flatnonzero(~inside(np.ones_like(passable), where))
    if outside.size:
        row, col = where[outside[0]]
        raise ProblemError(
            "layout",
            f"point {outside[0]} of layout '{layout.name}', at ({row:g}, {col:g}), lies outside the map of "
            f"{height} rows and {width} columns; move it onto the map",
        )
    walled = np.flatnonzero(~inside(passable, where))
    if walled.size:
        row, col = where[walled[0]]
        raise ProblemError(
            "layout",
            f"point {walled[0]} of layout '{layout.name}', at ({row:g}, {col:g}), lies in a wall; move it, or "
            f"clear the wall",
        )
    weights = layout.all_weights()
    bad = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0.0)))
    if bad.size:
        raise ProblemError(
            "weights",
            f"point {bad[0]} of layout '{layout.name}' has weight {weights[bad[0]]}; give it a finite weight of "
            f"at least 0",
        )
    if not weights.sum() > 0.0:
        raise ProblemError(
            "weights", f"all points of layout '{layout.name}' have weight 0; give at least one a weight above 0"
        )


def _check_density(density: Density, allowed: Flags) -> None:
    if density.values.shape != allowed.shape:
        raise ProblemError(
            "density", f"the density '{density.name}' is {density.values.shape}, but the map is {allowed.shape}"
        )
    bad = ~(np.isfinite(density.values) & (density.values >= 0.0))
    if bad.any():
        row, col = (int(i) for i in np.argwhere(bad)[0])
        raise ProblemError(
            "density",
            f"the density '{density.name}' is {density.values[row, col]} at cell (row {row}, col {col}); every "
            f"value must be a finite number of at least 0",
        )
    if not density.values[allowed].sum() > 0.0:
        raise ProblemError(
            "density", f"the density '{density.name}' is 0 on every cell that may hold a point; paint some there"
        )


def _check_ground(problem: MatchProblem) -> None:
    ground = problem.ground
    if isinstance(ground, Straight):
        return
    if isinstance(ground, Walking):
        if not np.array_equal(ground.grid.passable, problem.limits.passable):
            raise ProblemError("ground", "the walls of the walking distances are not those of the limits")
        bad = ground.grid.passable & ~(np.isfinite(ground.cost_map) & (ground.cost_map > 0.0))
        if bad.any():
            row, col = (int(i) for i in np.argwhere(bad)[0])
            raise ProblemError(
                "ground",
                f"cell (row {row}, col {col}) costs {ground.cost_map[row, col]}; every passable cell needs a "
                f"finite cost above 0",
            )
        return
    count = sum(layout.size for layout in problem.layouts)
    if problem.move != "weights" or len(problem.targets) > 1 or ground.costs.shape[0] != count:
        raise ProblemError(
            "ground",
            f"a cost matrix serves to move weights, with a single target and one row for each of the {count} "
            f"points; this one is {ground.costs.shape}",
        )


def _check_totals(problem: MatchProblem, layouts: Sequence[PointSet], target: Target) -> None:
    total = sum(float(layout.all_weights().sum()) for layout in layouts)
    if isinstance(target, Density):
        return
    other = float(target.all_weights().sum())
    names = " and ".join(f"'{layout.name}'" for layout in layouts)
    if problem.totals == "same" and abs(total - other) > TOTALS_AGREE * max(total, other):
        raise ProblemError(
            "totals",
            f"{'layout' if len(layouts) == 1 else 'layouts'} {names} and target '{target.name}' differ in total "
            f"weight, {total:g} and {other:g}; make them equal, or choose what becomes of the difference: "
            "scale the target's weights, partial or unbalanced",
            SuggestedFix("totals", "scale"),
        )
    if problem.totals == "partial" and problem.mass is not None:
        most = min(total, other)
        if not (np.isfinite(problem.mass) and 0.0 < problem.mass <= most * (1.0 + TOTALS_AGREE)):
            raise ProblemError(
                "totals",
                f"a mass of {problem.mass:g} cannot be matched: {names} weigh {total:g} and '{target.name}' "
                f"{other:g}; choose a mass above 0 and up to {most:g}",
                SuggestedFix("mass", most),
            )


def check_ways(
    layouts: Sequence[PointSet], target: Target, weights: Floats, cost: WalkingCost, needed: bool
) -> None:
    """Refuse, by ProblemError, points that walls separate from their target.

    needed: whether all weight must be matched; then every connected part of the map must have equal totals too.
    """
    positions = np.concatenate([layout.positions for layout in layouts])
    names = [(layout.name, i) for layout in layouts for i in range(layout.size)]
    reaches = cost.reaches(positions)
    lost = np.flatnonzero(~reaches.any(axis=1))
    if lost.size:
        name, i = names[int(lost[0])]
        row, col = cells_of(positions)[lost[0]]
        raise ProblemError(
            "ground",
            f"no way leads from point {i} of layout '{name}', in cell (row {row}, col {col}), to any point of "
            f"'{target.name}'; open a wall, move the point, or use straight distances",
            SuggestedFix("ground", Straight()),
        )
    if not needed:
        return
    own = np.concatenate([layout.all_weights() for layout in layouts])
    # Points that reach the same targets lie in the same connected part.
    for reach in np.unique(reaches, axis=0):
        here, there = own[(reaches == reach).all(axis=1)].sum(), weights[reach].sum()
        if abs(here - there) > TOTALS_AGREE * max(own.sum(), weights.sum()):
            name, i = names[int(np.flatnonzero((reaches == reach).all(axis=1))[0])]
            raise ProblemError(
                "totals",
                f"walls close off the part of the map around point {i} of layout '{name}': the layouts weigh "
                f"{here:g} there and '{target.name}' {there:g}. Open a wall, make them equal, or choose partial "
                f"or unbalanced totals",
            )
