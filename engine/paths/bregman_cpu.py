"""Bregman projections on the CPU: compiled sweeps in absorbed form, without an exponential in the loop.

With y the potentials at the last absorption, `kernel[v, k] = exp((y_v − y_u − edge_cost) / ε)` is kept and
only the multipliers m_v = exp((potential_v − y_v) / ε) move: the flow on an edge is kernel · m_v / m_u.
"""

from collections.abc import Sequence

import numpy as np

from engine.core.arrays import Bytes, Flags, Floats, writable
from engine.core.cancel import check, stop_byte
from engine.core.compiled import compiled
from engine.core.grid import LENGTHS, MOVES, Cell, Grid

# Kernel entries outside these limits carry no flow that matters, but would give 0/0 or overflow.
SMALLEST, LARGEST = 1e-200, 1e100
ABSORB_BEYOND = 1e50
# One projection may not change a multiplier by more, or the products of the next would overflow.
LARGEST_FACTOR = 1e30
COLOURS = np.array([(0, 0), (1, 1), (0, 1), (1, 0)])


class CpuProjections:
    """The `Projections` of `engine.paths.soft_paths`, on the CPU."""

    def __init__(
        self,
        grid: Grid,
        cost_map: Floats,
        starts: Sequence[Cell],
        goals: Sequence[Cell],
        reachable: Flags,
        potentials: Floats,
        epsilon: float,
    ) -> None:
        self._grid = grid
        self._cost_map = writable(cost_map)
        self._epsilon = epsilon
        self._legal = np.where(reachable, grid.legal, 0).astype(np.uint8)
        self._ends = np.array([(*start, *goal) for start, goal in zip(starts, goals, strict=True)])
        self._potentials = np.where(reachable, potentials, 0.0)
        self._multipliers = np.ones_like(self._potentials)
        self._kernel = np.empty((*self._potentials.shape, grid.neighbours))
        self._reachable = reachable
        for route in range(len(starts)):
            self._absorb(route)

    def sweep(self, relaxation: Floats, active: Flags, count: int) -> None:
        """Project every cell of the active routes `count` times, over-relaxed by ω; both arrays are (R,)."""
        for route in np.flatnonzero(active):
            done = 0
            while done < count:
                ends, omega = self._ends[route], float(relaxation[route])
                done += _sweeps(*self._route(int(route)), ends, omega, count - done, stop_byte())
                check()
                if done < count:
                    self._absorb(int(route))

    def supply_error(self) -> Floats:
        """Return the L1 error of the present flow's supply: (R,)."""
        return np.array([_supply_error(*self._route(i), self._ends[i]) for i in range(len(self._ends))])

    def potentials(self) -> Floats:
        """Return the present potentials: (R, H, W), NaN where no goal can be reached."""
        potentials = self._potentials + self._epsilon * np.log(self._multipliers)
        return np.where(self._reachable, potentials, np.nan)

    def flow(self) -> Floats:
        """Return the present flow: (R, K, H, W)."""
        return np.stack([_flow(*self._route(i)) for i in range(len(self._ends))])

    def _route(self, route: int) -> tuple[Floats, Floats, Bytes]:
        check()
        return self._multipliers[route], self._kernel[route], self._legal[route]

    def _absorb(self, route: int) -> None:
        check()
        _absorb(
            self._potentials[route],
            self._multipliers[route],
            self._kernel[route],
            self._cost_map,
            self._legal[route],
            self._grid.tail_share,
            self._epsilon,
            stop_byte(),
        )
        check()


@compiled
def _absorb(
    potentials: Floats,
    multipliers: Floats,
    kernel: Floats,
    cost_map: Floats,
    legal: Bytes,
    tail_share: float,
    epsilon: float,
    stop: Bytes,
) -> None:
    """Move the multipliers into the potentials, in place, and compute the kernel anew."""
    height, width, moves = kernel.shape
    for r in range(height):
        for c in range(width):
            potentials[r, c] += epsilon * np.log(multipliers[r, c])
            multipliers[r, c] = 1.0
    for r in range(height):
        if stop[0]:
            return
        for c in range(width):
            for k in range(moves):
                if legal[r, c] >> k & 1:
                    r2, c2 = r + MOVES[k, 0], c + MOVES[k, 1]
                    edge = LENGTHS[k] * (tail_share * cost_map[r, c] + (1.0 - tail_share) * cost_map[r2, c2])
                    entry = np.exp((potentials[r, c] - potentials[r2, c2] - edge) / epsilon)
                    kernel[r, c, k] = min(max(entry, SMALLEST), LARGEST)
                else:
                    kernel[r, c, k] = 0.0


@compiled
def _sweeps(
    multipliers: Floats, kernel: Floats, legal: Bytes, ends: Floats, omega: float, count: int, stop: Bytes
) -> int:
    """Sweep, and return how often: `count`, or less if a multiplier left its range and must be absorbed first."""
    height, width, moves = kernel.shape
    start_r, start_c, goal_r, goal_c = ends[0], ends[1], ends[2], ends[3]
    inverse = 1.0 / multipliers
    for sweep in range(count):
        largest = 1.0
        for colour in range(4):
            for r in range(COLOURS[colour, 0], height, 2):
                if stop[0]:
                    return count
                for c in range(COLOURS[colour, 1], width, 2):
                    if legal[r, c] == 0:
                        continue
                    out, into = 0.0, 0.0
                    for k in range(moves):
                        if legal[r, c] >> k & 1:
                            r2, c2 = r + MOVES[k, 0], c + MOVES[k, 1]
                            out += kernel[r, c, k] * inverse[r2, c2]
                            into += kernel[r2, c2, k ^ 1] * multipliers[r2, c2]
                    if r == start_r and c == start_c and out * into < 1e30:
                        balanced = (1.0 + np.sqrt(1.0 + 4.0 * out * into)) / (2.0 * out)
                    elif r == goal_r and c == goal_c and out * into < 1e30:
                        balanced = 2.0 * into / (1.0 + np.sqrt(1.0 + 4.0 * out * into))
                    else:
                        balanced = np.sqrt(into) / np.sqrt(out)
                    old = multipliers[r, c]
                    step = balanced * inverse[r, c] - 1.0
                    if abs(step) < 0.01:
                        # (1 + step)^ω by its series: several times cheaper, and off by under 1e-9.
                        factor = 1.0 + omega * step * (
                            1.0 + 0.5 * (omega - 1.0) * step * (1.0 + (omega - 2.0) / 3.0 * step)
                        )
                    else:
                        factor = min(max((1.0 + step) ** omega, 1.0 / LARGEST_FACTOR), LARGEST_FACTOR)
                    new = old * factor
                    multipliers[r, c] = new
                    inverse[r, c] = 1.0 / new
                    largest = max(largest, max(new, inverse[r, c]))
        if largest > ABSORB_BEYOND:
            return sweep + 1
    return count


@compiled
def _supply_error(multipliers: Floats, kernel: Floats, legal: Bytes, ends: Floats) -> float:
    height, width, moves = kernel.shape
    error = 0.0
    for r in range(height):
        for c in range(width):
            if legal[r, c] == 0:
                continue
            surplus = 0.0
            for k in range(moves):
                if legal[r, c] >> k & 1:
                    r2, c2 = r + MOVES[k, 0], c + MOVES[k, 1]
                    surplus += kernel[r, c, k] * multipliers[r, c] / multipliers[r2, c2]
                    surplus -= kernel[r2, c2, k ^ 1] * multipliers[r2, c2] / multipliers[r, c]
            if r == ends[0] and c == ends[1]:
                surplus -= 1.0
            if r == ends[2] and c == ends[3]:
                surplus += 1.0
            error += abs(surplus)
    return error


@compiled
def _flow(multipliers: Floats, kernel: Floats, legal: Bytes) -> Floats:
    height, width, moves = kernel.shape
    flow = np.zeros((moves, height, width))
    for r in range(height):
        for c in range(width):
            for k in range(moves):
                if legal[r, c] >> k & 1:
                    r2, c2 = r + MOVES[k, 0], c + MOVES[k, 1]
                    flow[k, r, c] = kernel[r, c, k] * multipliers[r, c] / multipliers[r2, c2]
    return flow
