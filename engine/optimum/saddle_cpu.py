"""The primal–dual iterations on the CPU: each is a vectorised pass over the map and a multigrid cycle per route.

The map gets a border of one cell, so that every neighbour is a shifted view of a row. Both directions of an
edge are kept at the cell that its even move leaves: flow[route, move, r, c] with `move` even is the mass that
leaves (r, c) by that move, flow[route, move + 1, r, c] what comes back on the same edge.
"""

import numpy as np

from engine.core.arrays import Bytes, Floats, Integers, writable
from engine.core.cancel import check, stop_byte
from engine.core.grid import MOVES
from engine.cost_maps.problem import Problem
from engine.optimum.multigrid import multigrid
from engine.optimum.saddle_cpu_kernels import Constants, Point, Work, iterate, squared_distance, squared_drops
from engine.optimum.saddle_point import SaddlePoint, adapted_balance, step_norm, step_sizes


class CpuSaddle:
    """The iterations of `engine.optimum.saddle_point.Saddle` on the CPU."""

    def __init__(self, problem: Problem, start: SaddlePoint) -> None:
        grid, admissible = problem.grid, problem.admissible
        self._sizes = step_sizes(grid)
        self._grids = multigrid(grid, problem.starts, border=1)
        members, first = _groups(problem)
        self._constants = Constants(
            ends=np.array([(*route.start, *route.goal) for route in problem.routes]) + 1,
            weights=problem.weights,
            share=grid.tail_share,
            members=members,
            first=first,
            lower=_bordered(admissible.expand(admissible.lower)),
            upper=_bordered(admissible.expand(admissible.upper)),
            budget=admissible.budget + float(admissible.fixed.sum()),
        )
        self._balance = start.balance.copy()
        self._point = Point(
            _paired(start.flow * problem.weights[:, None, None, None], self._grids.legal[1:-1, 1:-1]),
            _bordered(np.nan_to_num(start.potentials)),
            _bordered(start.cost_map),
        )
        shape, unknowns = self._point.cost.shape, int(self._grids.first[-1])
        maps, vectors = (np.zeros(shape) for _ in range(4)), (np.zeros(unknowns) for _ in range(3))
        self._work = Work(*maps, *vectors)
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
        inside = np.full(cost.size, False)
        inside[self._grids.cells] = True
        known = np.where(inside.reshape(cost.shape), potentials, np.nan)
        return SaddlePoint(
            _unpaired(flow) / self._constants.weights[:, None, None, None],
            known[:, 1:-1, 1:-1].copy(),
            cost[1:-1, 1:-1].copy(),
            self._balance.copy(),
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
        drops = [squared_drops(change, self._grids.legal, moves) for change in changes]
        costs = squared_distance(other.cost.ravel(), cost.ravel())
        return np.sqrt(flows), np.sqrt(drops), float(np.sqrt(costs))

    def _iterate(self, point: Point, done: int, count: int, halpern: bool) -> None:
        self._shift = iterate(
            point,
            self._anchor,
            self._constants,
            self._grids,
            self._work,
            self._shift,
            self._balance,
            self._sizes.potential / self._balance,
            self._sizes.cost / float(self._balance.sum()),
            done,
            count,
            halpern,
            stop_byte(),
        )
        check()


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
