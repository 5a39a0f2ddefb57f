"""A line that the shortest path of a map should follow: how it is drawn, and the test whether a map follows it.

A map follows the line if the line stays a shortest path even when every one of its cells costs more by the
margin. With w the map so raised and D its distances to the goal, that is D_v − D_u ≤ edge_cost_vu on every
move, with equality along the line: a convex set of maps. A positive margin makes the line the only shortest
path. Every unit flow x from start to goal gives one linear inequality, <load(line) − load(x), w> ≤ 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from engine.core.arrays import Flags, Floats, Integers
from engine.core.errors import ProblemError
from engine.core.grid import MOVES, Cell, Grid, edge_costs
from engine.core.movement import Movement, check_movement
from engine.cost_maps.admissible import Admissible
from engine.cost_maps.problem import check_admissible, check_costs
from engine.paths.exact import distances_to, load_of_path, shortest_path
from engine.paths.gradients_blackbox import exact_paths

# Two paths whose costs differ by this share of them are equally long.
EQUAL = 1e-9
NEWTON_STEPS = 50
IMPOSSIBLE = "no admissible map makes the line the shortest way"
REMEDY = "Widen the bounds, unlock cells, lower the margin, or draw a more direct line there."


@dataclass(frozen=True, eq=False)
class DrawnRouteProblem:
    """A drawn map, a line on it that the shortest path should take, and the maps that are admissible.

    line: (n, 2) cells, each a legal move from the one before; see `legal_chain`.
    admissible: bounds, locked cells, symmetry; its budget counts only if `keep_total`.
    margin: by how much every cell of the line may rise and the path still follow it, in cost units.
    movement: how those move who shall follow the line, and what they pay; None: as the map's own grid says. Paths,
        their loads and the margin are then in what they pay.
    """

    grid: Grid
    cost_map: Floats
    line: Integers
    admissible: Admissible
    keep_total: bool = False
    margin: float = 0.05
    movement: Movement | None = None

    @property
    def walking(self) -> Movement:
        """How those move who shall follow the line."""
        return self.movement or Movement(self.grid)

    @property
    def start(self) -> Cell:
        """First cell of the line."""
        return int(self.line[0, 0]), int(self.line[0, 1])

    @property
    def goal(self) -> Cell:
        """Last cell of the line."""
        return int(self.line[-1, 0]), int(self.line[-1, 1])

    @property
    def on_line(self) -> Flags:
        """Cells (H, W) of the line."""
        cells = np.zeros(self.grid.shape, dtype=np.bool_)
        cells[self.line[:, 0], self.line[:, 1]] = True
        return cells

    def raised(self, cost_map: Floats) -> Floats:
        """Return what is paid on a map (H, W), with every cell of the line raised by the margin."""
        return self.walking.costs(cost_map) + self.margin * self.on_line

    def admitted(self, cost_map: Floats) -> Floats:
        """Return the admissible map (H, W) nearest to this one."""
        return self.admissible.nearest(cost_map, self.keep_total)

    def project(self, z: Floats) -> Floats:
        """Return the admissible group costs (m,) nearest to z (m,)."""
        return self.admissible.project(z, self.keep_total)

    def largest(self, load: Floats) -> float:
        """Return the largest <load, what is paid on a map> over the admissible maps."""
        return self.admissible.largest(self.walking.load(load), self.keep_total)[0]


def legal_chain(grid: Grid, cells: Sequence[Cell] | Integers) -> Integers:
    """Return the line (n, 2) of legal moves through drawn `cells`, in order; gaps are closed by shortest paths.

    Loops are cut out, and a cell is left out where the line's next ones are one move away: no shortest path
    under costs of about the same size would take such a detour. So the line keeps to the drawn cells and what
    joins them, but need not visit them all. Raises ProblemError, naming the cell, for a line through a wall
    or off the map, with a gap that no path closes, or without two different ends.
    """
    drawn = [(int(row), int(column)) for row, column in cells]
    for cell in drawn:
        if not grid.contains(cell):
            height, width = grid.shape
            raise ProblemError(
                "line",
                f"the line leaves the map at cell {cell}; the map has {height} rows and {width} columns",
            )
        if not grid.passable[cell]:
            raise ProblemError(
                "line", f"the line runs through a wall at cell {cell}; draw around it, or clear the wall"
            )
    if len(drawn) < 2 or drawn[0] == drawn[-1]:
        raise ProblemError("line", "the line needs two different ends; draw it from a start to a goal")
    moves = MOVES[: grid.neighbours].tolist()
    even = np.ones(grid.shape)
    on_line = np.zeros(grid.shape, dtype=np.bool_)
    for here, there in pairwise(drawn):
        step = [there[0] - here[0], there[1] - here[1]]
        on_line[here] = on_line[there] = True
        if here == there or (step in moves and grid.legal[here] >> moves.index(step) & 1):
            continue
        field = distances_to(grid, even, there)
        if not field.reaches(here):
            raise ProblemError(
                "line", f"no way leads from cell {here} of the line to its next cell {there}; open a wall"
            )
        joining = shortest_path(field, here)
        on_line[joining[:, 0], joining[:, 1]] = True
    # So expensive off the line that the shortest path keeps to it.
    priced = np.where(on_line, 1.0, 4.0 * even.size)
    return shortest_path(distances_to(grid, priced, drawn[-1]), drawn[0])


def check_drawn_route(problem: DrawnRouteProblem) -> None:
    """Raise ProblemError, with a sentence that says what to change, if no run can start or succeed."""
    check_costs(problem.grid, problem.cost_map)
    if not (np.isfinite(problem.margin) and problem.margin >= 0.0):
        raise ProblemError("objective", f"the margin is {problem.margin}; it must be a number of at least 0")
    limits = problem.admissible
    free = replace(limits, budget=float(np.sum(limits.size * limits.lower)))
    check_admissible(limits if problem.keep_total else free)
    walking = problem.walking
    check_movement(walking, problem.grid, limits.fixed_or_free)
    legal = legal_chain(walking.grid, problem.line)
    if not np.array_equal(legal, problem.line):
        raise ProblemError("line", "the line is not a chain of legal moves without detours; join it anew")
    # The map that favours the line most, but for the total: what beats the line even there may beat it always.
    z = np.where(limits.gather(problem.on_line.astype(np.float64)) > 0.0, limits.lower, limits.upper)
    path = shortest_path(distances_to(walking.grid, problem.raised(limits.expand(z)), problem.goal), problem.start)
    difference = load_of_path(walking.grid, path) - load_of_path(walking.grid, problem.line)
    most = problem.largest(difference) + problem.margin * float(difference[problem.on_line].sum())
    if most < -EQUAL * float(limits.upper.max()):
        leaves = next(i for i, cell in enumerate(path.tolist()) if cell != problem.line[i].tolist())
        cell = tuple(problem.line[leaves - 1].tolist())
        raise ProblemError(
            "line",
            f"{IMPOSSIBLE}: the way that leaves it at cell {cell} is always cheaper. {REMEDY}",
        )


@dataclass(frozen=True, eq=False)
class LineStanding:
    """How a map compares with the line.

    path: (n, 2) the shortest path.  path_cost, line_cost: of that path and of the line.
    on_path: share of the line's cells that the path visits.
    certificate: smallest reduced cost edge_cost_vu + D_u − (rest of the line from v) of a move that leaves the
        line: every other path costs more by at least this. Negative: by so much the worst shortcut is cheaper.
    follows: whether the line is a shortest path even with its cells raised by the margin.
    """

    path: Integers
    path_cost: float
    line_cost: float
    on_path: float
    certificate: float
    follows: bool


def line_standing(problem: DrawnRouteProblem, cost_map: Floats) -> LineStanding:
    """Return how `cost_map` (H, W) compares with the line of the problem."""
    line = LineTest(problem)
    return line.standing(cost_map, line.excess(cost_map)[0])


class LineTest:
    """The test whether maps follow the line of a problem, and bounds on how much they must change for it."""

    def __init__(self, problem: DrawnRouteProblem) -> None:
        self.problem = problem
        self.load = load_of_path(problem.walking.grid, problem.line)
        self.on_line = problem.on_line
        moves = MOVES.tolist()
        self.moves = np.array([moves.index(step) for step in np.diff(problem.line, axis=0).tolist()])

    def excess(self, cost_map: Floats) -> tuple[float, Floats]:
        """Return by how much the line costs more than the shortest path on the raised map, and that path's load.

        0 where the line is a shortest path. Convex in the map: its slope is the difference of the loads.
        """
        problem = self.problem
        raised = problem.raised(cost_map)
        costs, loads = exact_paths(problem.walking.grid, raised[None], [problem.start], [problem.goal])
        excess = float(np.sum((self.load - loads[0]) * raised))
        return (excess if excess > EQUAL * float(costs[0]) else 0.0), loads[0]

    def standing(self, cost_map: Floats, excess: float) -> LineStanding:
        """Return how a map with that excess compares with the line."""
        problem, grid = self.problem, self.problem.walking.grid
        costs = problem.walking.costs(cost_map)
        field = distances_to(grid, costs, problem.goal)
        path = shortest_path(field, problem.start)
        visited = np.zeros(grid.shape, dtype=np.bool_)
        visited[path[:, 0], path[:, 1]] = True
        edges = edge_costs(grid, costs)
        rows, columns = problem.line[:-1, 0], problem.line[:-1, 1]
        rest = np.cumsum(edges[self.moves, rows, columns][::-1])[::-1]
        certificate = np.inf
        for move in range(grid.neighbours):
            legal = (grid.legal[rows, columns] >> move & 1).astype(np.bool_)
            r, c = rows[legal] + MOVES[move, 0], columns[legal] + MOVES[move, 1]
            reduced = edges[move, rows[legal], columns[legal]] + field.distance[r, c] - rest[legal]
            certificate = min(certificate, float(reduced[~self.on_line[r, c]].min(initial=np.inf)))
        return LineStanding(
            path=path,
            path_cost=float(field.distance[problem.start]),
            line_cost=float(rest[0]),
            on_path=float(visited[self.on_line].sum() / len(problem.line)),
            certificate=certificate,
            follows=excess <= 0.0,
        )

    def nearest(self, inside: Floats, outside: Floats) -> Floats:
        """Return the map nearest to `outside` that follows the line, on the segment from `inside`, which does.

        Newton's method on the excess along the segment, which is convex and piecewise linear: it ends after a few
        steps, and if rounding keeps it from that, with `inside`.
        """
        share, ahead = 1.0, outside
        for _ in range(NEWTON_STEPS):
            excess, load = self.excess(ahead)
            if excess <= 0.0:
                return ahead
            behind = float(np.sum((self.load - load) * self.problem.raised(inside)))
            if behind >= 0.0:
                return inside
            share *= -behind / (excess - behind)
            ahead = inside + share * (outside - inside)
        return inside

    def change(self, cost_map: Floats) -> float:
        """Return the root of the sum of squared changes of the passable cells."""
        return float(np.sqrt(np.sum((cost_map - self.problem.cost_map)[self.problem.grid.passable] ** 2)))

    @property
    def largest_change(self) -> float:
        """A change that no admissible map exceeds: a larger lower bound proves that none follows the line."""
        limits = self.problem.admissible
        highest = np.maximum(limits.upper, self.problem.cost_map[self.problem.grid.passable].max())
        return float(np.sqrt(np.sum(limits.size * highest**2)))

    def least_change(self, load: Floats) -> tuple[float, Floats]:
        """Return the lower bound on the change by a unit flow's `load` (H, W), and the map that attains it.

        The bound is concave in κ, with slope <load(line) − load, raised map>: bisection on its sign.
        """
        problem, limits = self.problem, self.problem.admissible
        difference = load - self.load
        drawn = limits.reduce(problem.cost_map)
        gain = limits.gather(problem.walking.load(difference)) / limits.size

        def at(weight: float) -> tuple[Floats, float]:
            cost_map = limits.expand(problem.project(drawn + weight * gain))
            return cost_map, -float(np.sum(difference * problem.raised(cost_map)))

        low, high = 0.0, 1.0
        while at(high)[1] > 0.0 and high < 1e6:
            low, high = high, 4.0 * high
        for _ in range(40):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if at(middle)[1] > 0.0 else (low, middle)
        cost_map, slope = at(low)
        squared = self.change(cost_map) ** 2 + 2.0 * low * slope
        return float(np.sqrt(max(0.0, squared))), cost_map
