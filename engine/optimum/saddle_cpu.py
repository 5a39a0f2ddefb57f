"""The primal–dual iterations on the CPU: each is a vectorised pass over the map and a multigrid cycle per route.

The map gets a border of one cell, so that every neighbour is a shifted view of a row. Both directions of an
edge are kept at the cell that its even move leaves: flow[route, move, r, c] with `move` even is the mass that
leaves (r, c) by that move, flow[route, move + 1, r, c] what comes back on the same edge.
"""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from engine.core.arrays import Bytes, Floats, Integers, writable
from engine.core.cancel import check, stop_byte
from engine.core.grid import MOVES
from engine.core.movement import grouped
from engine.cost_maps.problem import Problem
from engine.optimum.multigrid import Multigrid, multigrid
from engine.optimum.saddle_cpu_kernels import (
    Constants,
    Point,
    Work,
    iterate,
    squared_distance,
    squared_drops,
    step_costs,
    step_routes,
    weights_of,
)
from engine.optimum.saddle_point import SaddlePoint, adapted_balance, step_norm, step_sizes


class _Class(NamedTuple):
    """Routes that move alike. Maps have the border.

    routes: their numbers, in the order of `CpuSaddle`.  grids: of the class's moves.
    constants: of the problem, with the ends and weights of these routes.
    factor: what the class pays of a cell's cost; None for the cost itself.
    """

    routes: slice
    grids: Multigrid
    constants: Constants
    work: Work
    factor: Floats | None

    def part(self, point: Point) -> Point:
        """Return the variables of these routes, not copied."""
        return Point(point.flow[self.routes], point.potentials[self.routes], point.cost)


class CpuSaddle:
    """The iterations of `engine.optimum.saddle_point.Saddle` on the CPU.

    Inside, routes of one class follow each other: `_order` says which route of the problem stands where.
    """

    def __init__(self, problem: Problem, start: SaddlePoint) -> None:
        groups = grouped(problem.movements)
        self._order = [route for _, routes in groups for route in routes]
        problem = replace(problem, routes=tuple(problem.routes[route] for route in self._order))
        self._sizes = step_sizes(problem)
        self._weights = problem.weights
        self._classes = _classes(problem)
        self._balance = start.balance[self._order]
        flow = start.flow[self._order]
        flow *= self._weights[:, None, None, None]
        legal = [one.grids.legal[1:-1, 1:-1] for one in self._classes]
        self._point = Point(
            np.concatenate(
                [_paired(flow[one.routes], may) for one, may in zip(self._classes, legal, strict=True)]
            ),
            _bordered(np.nan_to_num(start.potentials[self._order])),
            _bordered(start.cost_map),
        )
        self._shift = 0.0
        self._anchor = self._next = _copied(self._point)
        self._since_restart = 0

    def advance(self, count: int) -> None:
        """Iterate `count` times."""
        self._iterate(self._point, self._since_restart, count, True)
        self._since_restart += count

    def step_length(self) -> float:
        """Compute T(z) beside the present point z; return their distance in the norm of the step sizes."""
        check()
        self._next = _copied(self._point)
        self._iterate(self._next, 0, 1, False)
        return step_norm(self._balance, *self._distances(self._next), self._sizes)

    def point(self) -> SaddlePoint:
        """Return the T(z) that `step_length` last computed, as copies."""
        check()
        flow, potentials, cost = self._next
        known = np.full_like(potentials, np.nan)
        for one in self._classes:
            inside = np.full(cost.size, False)
            inside[one.grids.cells] = True
            known[one.routes] = np.where(inside.reshape(cost.shape), potentials[one.routes], np.nan)
        back = np.argsort(self._order)
        return SaddlePoint(
            (_unpaired(flow) / self._weights[:, None, None, None])[back],
            known[back, 1:-1, 1:-1],
            cost[1:-1, 1:-1].copy(),
            self._balance[back],
        )

    def restart(self) -> None:
        """Make the present point the anchor, and move the balance towards what was observed since."""
        self._balance = adapted_balance(self._balance, *self._distances(self._anchor), self._sizes)
        self._anchor = _copied(self._point)
        self._since_restart = 0

    def _distances(self, other: Point) -> tuple[Floats, Floats, float]:
        """Return how far `other` is from the present point: flow (R,), drops of the potentials (R,), map."""
        flow, potentials, cost = self._point
        moves = flow.shape[1]
        flows = [squared_distance(a.ravel(), b.ravel()) for a, b in zip(other.flow, flow, strict=True)]
        check()
        changes = other.potentials - potentials
        drops = [
            squared_drops(change, one.grids.legal, moves)
            for one in self._classes
            for change in changes[one.routes]
        ]
        costs = squared_distance(other.cost.ravel(), cost.ravel())
        return np.sqrt(flows), np.sqrt(drops), float(np.sqrt(costs))

    def _iterate(self, point: Point, done: int, count: int, halpern: bool) -> None:
        tau, sigma = self._balance, self._sizes.potential / self._balance
        sigma_cost = self._sizes.cost / self._sizes.shares(self._balance)
        (one, *others) = self._classes
        if one.factor is None and not others:
            self._shift = iterate(
                point,
                self._anchor,
                one.constants,
                one.grids,
                one.work,
                self._shift,
                tau,
                sigma,
                sigma_cost,
                done,
                count,
                halpern,
                stop_byte(),
            )
        else:
            for iteration in range(done, done + count):
                keep, reach = weights_of(iteration, halpern)
                self._step_classes(point, tau, sigma, sigma_cost, keep, reach)
        check()

    def _step_classes(
        self, point: Point, tau: Floats, sigma: Floats, sigma_cost: float, keep: float, reach: float
    ) -> None:
        """Iterate once, class after class: the same as `iterate`, with each one's own moves and prices."""
        load = np.zeros_like(point.cost)
        for one in self._classes:
            one.work.load[:] = 0.0
            step_routes(
                one.part(point),
                one.part(self._anchor),
                one.constants,
                one.grids,
                one.work,
                point.cost if one.factor is None else one.factor * point.cost,
                tau[one.routes],
                sigma[one.routes],
                keep,
                reach,
                stop_byte(),
            )
            check()
            load += one.work.load if one.factor is None else one.factor * one.work.load
        first = self._classes[0]
        work = first.work._replace(load=load)
        self._shift = step_costs(point, self._anchor, first.constants, work, self._shift, sigma_cost, keep, reach)


def _classes(problem: Problem) -> list[_Class]:
    """Return the classes of a problem whose routes are in the order of their classes."""
    grid, admissible = problem.grid, problem.admissible
    members, first = _groups(problem)
    constants = Constants(
        ends=np.array([(*route.start, *route.goal) for route in problem.routes]) + 1,
        weights=problem.weights,
        share=grid.tail_share,
        members=members,
        first=first,
        lower=_bordered(admissible.expand(admissible.lower)),
        upper=_bordered(admissible.expand(admissible.upper)),
        budget=admissible.budget + float(admissible.fixed.sum()),
    )
    classes: list[_Class] = []
    for movement, numbers in grouped(problem.movements):
        routes = slice(numbers[0], numbers[-1] + 1)
        grids = multigrid(movement.grid, problem.starts[routes], border=1)
        shape, unknowns = constants.lower.shape, int(grids.first[-1])
        maps, vectors = (np.zeros(shape) for _ in range(4)), (np.zeros(unknowns) for _ in range(3))
        own = constants._replace(ends=constants.ends[routes], weights=constants.weights[routes])
        factor = None if movement.factor is None else _bordered(movement.factor)
        classes.append(_Class(routes, grids, own, Work(*maps, *vectors), factor))
    return classes


def _copied(point: Point) -> Point:
    return Point(point.flow.copy(), point.potentials.copy(), point.cost.copy())


def _bordered(values: Floats) -> Floats:
    return writable(np.pad(values, [(0, 0)] * (values.ndim - 2) + [(1, 1), (1, 1)]))


def _paired(flow: Floats, legal: Bytes) -> Floats:
    """Move flow from the cell that it leaves, (R, K, H, W), to that of its edge's even move, with a border."""
    height, width = flow.shape[-2:]
    paired = _bordered(flow)
    for move in range(0, flow.shape[1], 2):
        dr, dc = MOVES[move].tolist()
        may = legal >> move & 1
        there = paired[:, move + 1, 1 + dr : 1 + dr + height, 1 + dc : 1 + dc + width] * may
        paired[:, move, 1:-1, 1:-1] *= may
        paired[:, move + 1] = _bordered(there)
    return paired


def _unpaired(paired: Floats) -> Floats:
    """Undo `_paired`."""
    height, width = paired.shape[-2] - 2, paired.shape[-1] - 2
    flow = paired[..., 1:-1, 1:-1].copy()
    for move in range(0, flow.shape[1], 2):
        dr, dc = MOVES[move].tolist()
        flow[:, move + 1] = paired[:, move + 1, 1 - dr : 1 - dr + height, 1 - dc : 1 - dc + width]
    return flow


def _groups(problem: Problem) -> tuple[Integers, Integers]:
    """Return the cells of the groups with more than one: flat bordered indices, and where each group begins."""
    admissible = problem.admissible
    width = problem.grid.shape[1] + 2
    shared = np.append(admissible.size > 1.0, False)  # FIXED is -1
    rows, columns = np.nonzero(shared[admissible.group])
    order = np.argsort(admissible.group[rows, columns], kind="stable")
    members = ((rows + 1) * width + columns + 1)[order]
    counts = admissible.size[admissible.size > 1.0].astype(np.int64)
    return members, np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(counts)])
