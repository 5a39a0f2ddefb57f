"""The longest shortest path exactly: one route, four moves, by a min-cost flow.

With lower ≤ c ≤ upper, total B, and loads a·x of a unit flow x (a = 1, but ½ at the ends under "mean", 0 at the
start under "entered"), duality turns max over c of the shortest path into

    min over F > 0 of  V(F) = (B − Σ lower + M(F)) / F,

where M(F) is the cheapest way to send F units when the first unit through a cell costs its lower bound and every
further one its upper bound: the path-length interdiction of Fulkerson and Harding (1977). M is convex with corners
at whole numbers. So units are sent along cheapest paths, each at least as dear as the last, until the next one
would be dearer than the average V; and V never exceeds the shortest path with all cells at their upper bound,
which is the answer where the budget is more than can be used.

The potentials of such a flow are distances on a map: a cell costs the difference of its two nodes, within its
bounds. Those of the last unit and of the one that was too dear, mixed so that a unit costs V, are the best map: by
complementary slackness its shortest path is V and its total B. The flow, divided by F, proves it the best.

Source: D. R. Fulkerson, G. C. Harding, Maximizing the minimum source-sink path subject to a budget constraint,
Mathematical Programming 13 (1977); successive shortest paths with potentials are textbook.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from engine.core.arrays import Floats
from engine.core.cancel import check, stop_byte
from engine.core.grid import shifted
from engine.cost_maps.admissible import Admissible
from engine.cost_maps.problem import Problem
from engine.optimum.interdiction_kernels import (
    ROUNDING,
    Network,
    advance_potentials,
    first_path,
    push_unit,
    tight_path,
)
from engine.paths.exact import distances_to, path_flow

# A search for a further path of the same price gives up after so many times the nodes of the last one.
PATIENCE = 8


@dataclass(frozen=True, eq=False)
class Interdiction:
    """What is known after some units.

    bound: no map has a longer path.  flow: (K, H, W) a unit flow that proves it, now and then; else None.
    cost_map: (H, W) that attains it, at the end; else None.
    """

    bound: float
    units: int
    flow: Floats | None = None
    cost_map: Floats | None = None


def applies(problem: Problem) -> bool:
    """Say whether the problem is of the kind that is solved here."""
    return (
        len(problem.routes) == 1
        and problem.moves_alike
        and problem.grid.neighbours == 4
        and problem.objective.linear
        and bool((problem.admissible.size == 1.0).all())
    )


def interdict(problem: Problem) -> Iterator[Interdiction]:
    """Solve a problem that `applies`; yield after every group of equally dear units, and the solution last."""
    return _Flow(problem).solve()


class _Flow:
    """The flow, on flat maps with a border of walls."""

    def __init__(self, problem: Problem) -> None:
        grid, admissible, route = problem.grid, problem.admissible, problem.routes[0]
        self._problem = problem
        self._upper_map = admissible.expand(admissible.upper)
        self._spare = admissible.budget - float(np.sum(admissible.lower))
        width, is_open = grid.shape[1] + 2, np.pad(grid.passable, 1).ravel()
        start, goal = ((r + 1) * width + c + 1 for r, c in (route.start, route.goal))
        none = np.zeros(is_open.size, dtype=np.int32)
        self._net = Network(
            is_open=is_open,
            lower=np.pad(admissible.expand(admissible.lower), 1).ravel(),
            upper=np.pad(self._upper_map, 1).ravel(),
            through=none.copy(),
            right=none.copy(),
            down=none,
            potential=np.zeros(2 * is_open.size),
            width=width,
            start=start,
            goal=goal,
            tight=ROUNDING * float(self._upper_map.max(initial=1.0)),
        )
        self._shares = (0.5, 0.5) if grid.cost_rule == "mean" else (0.0, 1.0)

    def solve(self) -> Iterator[Interdiction]:
        """See `interdict`."""
        grid, start = self._problem.grid, self._problem.starts[0]
        field = distances_to(grid, self._upper_map, self._problem.goals[0])
        highest = float(field.distance[start])
        net, nodes = self._net, self._net.potential.size
        came_from, path = np.zeros(nodes, dtype=np.int32), np.zeros(nodes, dtype=np.int32)
        seen, cursor = np.zeros(nodes, dtype=np.bool_), np.zeros(nodes, dtype=np.int8)
        bound, units, spent, last = highest, 0, 0.0, self._dual(net.potential, 0)
        proven = 1
        while True:
            advance_potentials(net, came_from, stop_byte())
            check()
            seen[:], cursor[:] = False, 0
            potential = net.potential.copy()
            length = first_path(net, came_from, path)
            while length:
                next_one = self._dual(potential, units)
                if units and next_one.price >= bound - net.tight:
                    # Where the budget is more than can be used, that path alone is the proof.
                    alone = bound >= highest - net.tight
                    flow = path_flow(grid, field, start) if alone else self._unit_flow(units)
                    yield Interdiction(bound, units, flow, self._best_map(bound, last, next_one))
                    return
                push_unit(net, path, length)
                units, spent, last = units + 1, spent + next_one.price, next_one
                bound = min(highest, (self._spare + spent) / units)
                seen[path[:length]] = False
                length = tight_path(net, seen, cursor, path, PATIENCE * length)
            # While the bound is the path over upper bounds, this flow proves less.
            proved = units >= 2 * proven and bound < highest
            proven = units if proved else proven
            yield Interdiction(bound, units, self._unit_flow(units) if proved else None)

    def _dual(self, potential: Floats, units: int) -> "_Dual":
        """Return the prices at which the unit after so many is sent."""
        net = self._net
        cells = zip((net.start, net.goal), self._shares, strict=True)
        ends = [(net.lower if share * (units + 1) <= 1.0 else net.upper)[cell] for cell, share in cells]
        price = potential[2 * net.goal] - potential[2 * net.start + 1]
        price += sum(share * end for share, end in zip(self._shares, ends, strict=True))
        return _Dual(potential, (float(ends[0]), float(ends[1])), float(price))

    def _best_map(self, bound: float, last: "_Dual", next_one: "_Dual") -> Floats:
        """Mix the prices of the last unit and of the one that was too dear, so that a unit costs the bound."""
        apart = next_one.price - last.price
        share = min(max((bound - last.price) / apart, 0.0), 1.0) if apart > 0.0 else 0.0
        prices = [
            np.diff(dual.potential.reshape(-1, 2), axis=1)[:, 0].clip(self._net.lower, self._net.upper)
            for dual in (last, next_one)
        ]
        cost = (1.0 - share) * prices[0] + share * prices[1]
        for cell, first, second in zip((self._net.start, self._net.goal), last.ends, next_one.ends, strict=True):
            cost[cell] = (1.0 - share) * first + share * second
        inside = cost.reshape(-1, self._net.width)[1:-1, 1:-1]
        # Prices between two duals may round beside the bounds, and a budget that cannot be used lies anywhere.
        admissible = self._problem.admissible
        return _filled(admissible, admissible.reduce(inside))

    def _unit_flow(self, units: int) -> Floats:
        net = self._net
        right, down = (flow.reshape(-1, net.width)[1:-1, 1:-1] / units for flow in (net.right, net.down))
        flow = np.zeros((4, *right.shape))
        for move, net in ((0, right), (2, down)):
            here, there = shifted(right.shape, move)
            flow[move] = np.maximum(net, 0.0)
            flow[move ^ 1][there] = np.maximum(-net, 0.0)[here]
        return flow


@dataclass(frozen=True, eq=False)
class _Dual:
    """The prices of one unit. potential: of the nodes.  ends: of start and goal.  price: of the whole way."""

    potential: Floats
    ends: tuple[float, float]
    price: float


def _filled(admissible: Admissible, z: Floats) -> Floats:
    """Return the map (H, W) of costs z (m,), with what is left of the budget in cells under their upper bound."""
    left = admissible.budget - float(np.sum(z))
    room = admissible.upper - z
    if left > 0.0 and room.sum() > 0.0:
        z = z + room * min(1.0, left / float(room.sum()))
    return admissible.expand(z)
