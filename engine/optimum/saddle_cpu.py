"""The primal–dual iterations on the CPU: one vectorised pass over the map and one multigrid cycle for each.

The map gets a border of one cell, so that every neighbour is a shifted view of a row. Both directions of an
edge are kept at the cell that its even move leaves: flow[route, move, r, c] with `move` even is the mass that
leaves (r, c) by that move, flow[route, move + 1, r, c] what comes back on the same edge.
"""

from typing import NamedTuple

import numpy as np

from engine.core.arrays import Bytes, Floats, Integers, writable
from engine.core.compiled import compiled
from engine.core.grid import LENGTHS, MOVES
from engine.cost_maps.problem import Problem
from engine.optimum.multigrid import Multigrid, cycle, multigrid
from engine.optimum.saddle_point import SaddlePoint, adapted_balance, step_norm, step_sizes

# Sums run in so many lanes: they are vectorised, and the same on every machine.
LANES = 64
BUDGET_TOLERANCE = 1e-11


class Point(NamedTuple):
    """flow (R, K, H + 2, W + 2), both directions of an edge together; potentials (R, H + 2, W + 2); cost."""

    flow: Floats
    potentials: Floats
    cost: Floats


class Setting(NamedTuple):
    """What stays the same. Maps have the border.

    ends: (R, 4) start and goal.  share: of a move's cost that its first cell bears.  members, first: cells of
    the groups with more than one, and where each begins.
    """

    ends: Integers
    weights: Floats
    share: float
    members: Integers
    first: Integers
    lower: Floats
    upper: Floats
    budget: float


class Work(NamedTuple):
    """Room for one iteration: maps, and vectors for the multigrid's coarser levels."""

    load: Floats
    missing: Floats
    solution: Floats
    rest: Floats
    coarse_missing: Floats
    coarse_solution: Floats
    coarse_rest: Floats


class CpuSaddle:
    """See `engine.optimum.saddle_point.Saddle`."""

    def __init__(self, problem: Problem, start: SaddlePoint) -> None:
        grid, admissible = problem.grid, problem.admissible
        self._sizes = step_sizes(grid)
        self._grids = multigrid(grid, problem.starts, border=1)
        members, first = _groups(problem)
        self._setting = Setting(
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
        self._iterate(self._point, self._since_restart, count, True)
        self._since_restart += count

    def look(self) -> float:
        self._next = _copied(self._point)
        self._iterate(self._next, 0, 1, False)
        return step_norm(self._balance, *self._distances(self._next), self._sizes)

    def point(self) -> SaddlePoint:
        flow, potentials, cost = self._next
        inside = np.full(cost.size, False)
        inside[self._grids.cells] = True
        known = np.where(inside.reshape(cost.shape), potentials, np.nan)
        return SaddlePoint(
            _unpaired(flow) / self._setting.weights[:, None, None, None],
            known[:, 1:-1, 1:-1].copy(),
            cost[1:-1, 1:-1].copy(),
            self._balance.copy(),
        )

    def restart(self) -> None:
        self._balance = adapted_balance(self._balance, *self._distances(self._anchor), self._sizes)
        self._anchor = _copied(self._point)
        self._since_restart = 0

    def _distances(self, other: Point) -> tuple[Floats, Floats, float]:
        """How far `other` is from the present point: flow (R,), drops of the potentials (R,), map."""
        flow, potentials, cost = self._point
        moves = flow.shape[1]
        flows = [_squared_distance(a.ravel(), b.ravel()) for a, b in zip(other.flow, flow, strict=True)]
        changes = other.potentials - potentials
        drops = [_squared_drops(change, self._grids.legal, moves) for change in changes]
        costs = _squared_distance(other.cost.ravel(), cost.ravel())
        return np.sqrt(flows), np.sqrt(drops), float(np.sqrt(costs))

    def _iterate(self, point: Point, done: int, count: int, halpern: bool) -> None:
        self._shift = _iterate(
            point,
            self._anchor,
            self._setting,
            self._grids,
            self._work,
            self._shift,
            self._balance,
            self._sizes.potential / self._balance,
            self._sizes.cost / float(self._balance.sum()),
            done,
            count,
            halpern,
        )


def _copied(point: Point) -> Point:
    return Point(point.flow.copy(), point.potentials.copy(), point.cost.copy())


def _bordered(values: Floats) -> Floats:
    return writable(np.pad(values, [(0, 0)] * (values.ndim - 2) + [(1, 1), (1, 1)]))


def _paired(flow: Floats, legal: Bytes) -> Floats:
    """(R, K, H, W) by the cell that a move leaves -> (R, K, H + 2, W + 2) with both directions together."""
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
    """The inverse of `_paired`."""
    height, width = paired.shape[-2] - 2, paired.shape[-1] - 2
    flow = paired[..., 1:-1, 1:-1].copy()
    for move in range(0, flow.shape[1], 2):
        dr, dc = MOVES[move].tolist()
        flow[:, move + 1] = paired[:, move + 1, 1 - dr : 1 - dr + height, 1 - dc : 1 - dc + width]
    return flow


def _groups(problem: Problem) -> tuple[Integers, Integers]:
    """Cells of the groups with more than one: flat bordered indices, and where each group begins."""
    admissible = problem.admissible
    width = problem.grid.shape[1] + 2
    shared = np.append(admissible.size > 1.0, False)  # FIXED is -1
    rows, columns = np.nonzero(shared[admissible.group])
    order = np.argsort(admissible.group[rows, columns], kind="stable")
    members = ((rows + 1) * width + columns + 1)[order]
    counts = admissible.size[admissible.size > 1.0].astype(np.int64)
    return members, np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(counts)])


@compiled
def _iterate(
    point: Point,
    anchors: Point,
    setting: Setting,
    grids: Multigrid,
    work: Work,
    shift: float,
    tau: Floats,
    sigma: Floats,
    sigma_cost: float,
    done: int,
    count: int,
    halpern: bool,
) -> float:
    """`count` iterations in place: z ← β (2 T(z) − z) + (1 − β) anchor, or z ← T(z) without `halpern`.

    shift: what the map was last moved by to meet the budget; its new value is returned.
    """
    flow, potentials, cost = point
    load, missing, correction = work.load, work.missing, work.solution.reshape(-1)
    weights, ends = setting.weights, setting.ends
    for i in range(done, done + count):
        keep = (i + 1.0) / (i + 2.0) if halpern else 1.0
        reach = 2.0 * keep if halpern else 1.0
        load[:] = 0.0
        for k in range(weights.size):
            missing[:] = 0.0
            missing[ends[k, 0], ends[k, 1]] = weights[k]
            missing[ends[k, 2], ends[k, 3]] = -weights[k]
            _flow_pass(
                flow[k],
                potentials[k],
                cost,
                anchors.flow[k],
                load,
                missing,
                grids.legal,
                setting.share,
                tau[k],
                keep,
                reach,
            )
            cycle(
                grids,
                flow.shape[1],
                missing,
                work.solution,
                work.rest,
                work.coarse_missing,
                work.coarse_solution,
                work.coarse_rest,
            )
            y, anchor = potentials[k].reshape(-1), anchors.potentials[k].reshape(-1)
            for j in range(y.size):
                y[j] = keep * y[j] + reach * sigma[k] * correction[j] + (1.0 - keep) * anchor[j]
        _share_in_groups(load.reshape(-1), setting.members, setting.first)
        shift = _cost_pass(cost, anchors.cost, load, setting, work.rest, shift, sigma_cost, keep, reach)
    return shift


@compiled
def _flow_pass(
    flow: Floats,
    potentials: Floats,
    cost: Floats,
    anchors: Floats,
    load: Floats,
    missing: Floats,
    legal: Bytes,
    share: float,
    tau: float,
    keep: float,
    reach: float,
) -> None:
    """The flow of one route; adds the load of 2x' − x to `load` and takes its divergence from `missing`.

    Every inner loop writes one row from a few others: that is what the compiler vectorises.
    """
    moves, height, width = flow.shape[0], cost.shape[0] - 2, cost.shape[1] - 2
    ahead = np.empty((2, width))
    drop, price = np.empty(width), np.empty(width)
    for r in range(1, height + 1):
        may = legal[r][1 : width + 1]
        potential_here, cost_here = potentials[r][1 : width + 1], cost[r][1 : width + 1]
        load_here, missing_here = load[r][1 : width + 1], missing[r][1 : width + 1]
        for move in range(0, moves, 2):
            dr, dc = MOVES[move, 0], MOVES[move, 1]
            bit = np.uint8(1 << move)
            potential_there = potentials[r + dr][1 + dc : 1 + dc + width]
            cost_there = cost[r + dr][1 + dc : 1 + dc + width]
            for c in range(width):
                drop[c] = tau * (potential_here[c] - potential_there[c])
            for way in range(2):
                tail = LENGTHS[move] * (share if way == 0 else 1.0 - share)
                tau_here, tau_there = tau * tail, tau * (LENGTHS[move] - tail)
                sign = 1.0 if way == 0 else -1.0
                x, anchor = flow[move + way, r][1 : width + 1], anchors[move + way, r][1 : width + 1]
                doubled = ahead[way]
                for c in range(width):
                    price[c] = tau_here * cost_here[c] + tau_there * cost_there[c] - sign * drop[c]
                for c in range(width):
                    new = max(0.0, x[c] - price[c])
                    new = new if may[c] & bit else 0.0
                    doubled[c] = 2.0 * new - x[c]
                for c in range(width):
                    x[c] = 0.5 * reach * doubled[c] + (keep - 0.5 * reach) * x[c] + (1.0 - keep) * anchor[c]
            near, far = LENGTHS[move] * share, LENGTHS[move] * (1.0 - share)
            forth, back = ahead[0], ahead[1]
            load_there = load[r + dr][1 + dc : 1 + dc + width]
            missing_there = missing[r + dr][1 + dc : 1 + dc + width]
            for c in range(width):
                missing_here[c] -= forth[c] - back[c]
            for c in range(width):
                missing_there[c] += forth[c] - back[c]
            for c in range(width):
                load_here[c] += near * forth[c] + far * back[c]
            for c in range(width):
                load_there[c] += far * forth[c] + near * back[c]


@compiled
def _squared_drops(potentials: Floats, legal: Bytes, moves: int) -> float:
    """Σ over edges (drop of the potentials)²."""
    width = potentials.shape[1] - 2
    total = np.zeros(width)
    for r in range(1, potentials.shape[0] - 1):
        may, here = legal[r][1 : width + 1], potentials[r][1 : width + 1]
        for move in range(0, moves, 2):
            dr, dc = MOVES[move, 0], MOVES[move, 1]
            bit = np.uint8(1 << move)
            there = potentials[r + dr][1 + dc : 1 + dc + width]
            for c in range(width):
                total[c] += (here[c] - there[c]) ** 2 if may[c] & bit else 0.0
    return total.sum()


@compiled
def _squared_distance(a: Floats, b: Floats) -> float:
    """Σ (a − b)², in lanes."""
    lanes = np.zeros(LANES)
    for begin in range(0, a.size, LANES):
        end = min(begin + LANES, a.size)
        left, right = a[begin:end], b[begin:end]
        for j in range(end - begin):
            lanes[j] += (left[j] - right[j]) ** 2
    return lanes.sum()


@compiled
def _cost_pass(
    costs: Floats,
    anchors: Floats,
    loads: Floats,
    setting: Setting,
    room: Floats,
    shift: float,
    sigma: float,
    keep: float,
    reach: float,
) -> float:
    cost, anchor, load, wanted = costs.reshape(-1), anchors.reshape(-1), loads.reshape(-1), room.reshape(-1)
    lower, upper = setting.lower.reshape(-1), setting.upper.reshape(-1)
    for j in range(cost.size):
        wanted[j] = cost[j] + sigma * load[j]
    shift = _budget_shift(wanted, lower, upper, setting.budget, shift)
    for j in range(cost.size):
        wanted[j] = min(max(wanted[j] + shift, lower[j]), upper[j])
    for j in range(cost.size):
        cost[j] = reach * wanted[j] + (keep - reach) * cost[j] + (1.0 - keep) * anchor[j]
    return shift


@compiled
def _share_in_groups(load: Floats, members: Integers, first: Integers) -> None:
    """Gives every cell of a group the group's mean load."""
    for j in range(first.size - 1):
        total = 0.0
        for i in range(first[j], first[j + 1]):
            total += load[members[i]]
        for i in range(first[j], first[j + 1]):
            load[members[i]] = total / (first[j + 1] - first[j])


@compiled
def _budget_shift(wanted: Floats, lower: Floats, upper: Floats, budget: float, shift: float) -> float:
    """The λ with Σ clip(wanted + λ, lower, upper) = budget, by Newton's method inside a bracket, from `shift`."""
    totals, slopes = np.empty(LANES), np.empty(LANES)
    low, high = -np.inf, np.inf
    for _ in range(60):
        totals[:] = 0.0
        slopes[:] = 0.0
        for begin in range(0, wanted.size, LANES):
            end = min(begin + LANES, wanted.size)
            values, floor, ceiling = wanted[begin:end], lower[begin:end], upper[begin:end]
            for j in range(end - begin):
                moved = values[j] + shift
                clipped = min(max(moved, floor[j]), ceiling[j])
                totals[j] += clipped
                slopes[j] += 1.0 if moved == clipped else 0.0
        excess, slope = totals.sum() - budget, slopes.sum()
        if abs(excess) <= BUDGET_TOLERANCE * budget:
            break
        if excess > 0.0:
            high = shift
        else:
            low = shift
        newton = shift - excess / slope if slope > 0.0 else np.inf
        if low < newton < high:
            shift = newton
        elif np.isfinite(low) and np.isfinite(high):
            shift = 0.5 * (low + high)
        else:
            step = max(1.0, 2.0 * abs(shift))
            shift += step if excess < 0.0 else -step
    return shift
