"""Find the streaks in which traffic flows: what walkers who follow it leave on the map.

Compiled: a walk through a large map has thousands of steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from app.canvas.streaks import CORNERS, Streaks
from engine.core.arrays import writable
from engine.core.compiled import compiled
from engine.core.grid import MOVES

if TYPE_CHECKING:
    from app.scenarios.translate import Ends
    from engine.core.grid import Grid
    from engine.core.movement import Movement
    from maps.document import Cell

Floats = NDArray[np.float64]

WALKERS = 40  # of a route
BLOCKS = 26  # streaks along the longer side of a map, at most


@dataclass(frozen=True, eq=False)
class Stream:
    """How a route is walked.

    grid: its moves.  start, goal: its ends.  height: (H, W) falls along every way that walkers may take.
    """

    grid: Grid
    start: Cell
    goal: Cell
    height: Floats


def stream_of(movement: Movement, cost_map: Floats, ends: Ends, distance: Floats) -> Stream:
    """Return how a route is walked on a cost map (H, W). distance: (H, W) to its goal.

    Height is the distance to the goal less that from the start: it falls on detours as well, as long as they lead
    away from the start, where the distance to the goal alone may grow.
    """
    from engine.paths.exact import distances_to

    begun = distances_to(movement.grid, movement.costs(cost_map), ends.start).distance
    known = np.isfinite(distance) & np.isfinite(begun)
    height = np.subtract(distance, begun, out=np.full(distance.shape, np.inf), where=known)
    return Stream(movement.grid, ends.start, ends.goal, height)


def flow_streaks(traffic: NDArray[Any], streams: list[Stream]) -> Streaks:
    """Return streaks along which the traffic (H, W) of some routes goes, apart from each other.

    Of the moves that lead downwards a walker takes each as often as traffic lies behind it. The same traffic gives
    the same streaks.
    """
    apart = max(4.0, max(traffic.shape) / BLOCKS)
    draws = np.random.default_rng(0)
    load = np.ascontiguousarray(np.nan_to_num(traffic), np.float64)
    longest = 6 * sum(traffic.shape)
    heads, found = np.zeros((0, 2)), list[Floats]()
    walks = [
        cells
        for stream in streams
        if np.isfinite(stream.height[stream.start])
        for cells in _walks(load, stream, draws.random((WALKERS, longest)))
        if tuple(cells[-1].tolist()) == stream.goal  # some lose themselves behind a detour
    ]
    length = max(3, round(0.55 * apart))
    for number, cells in enumerate(walks):
        at = length + number * 7 % max(1, round(apart))
        while at < len(cells):
            head = cells[at]
            if (np.hypot(*(heads - head).T) < apart).any():
                at += max(1, round(apart / 4.0))
                continue
            heads = np.vstack([heads, head])
            found.append(_smooth(cells[at - length : at + 1]))
            at += round(apart)
    return np.array(found).reshape(-1, CORNERS, 2)


def _walks(load: Floats, stream: Stream, draws: Floats) -> list[NDArray[np.int64]]:
    """Return the cells (n, 2) of each walker. draws: (walkers, longest) in 0 … 1, one for each step."""
    height, legal = writable(stream.height), stream.grid.legal.copy()  # read-only arrays are of another type
    ends = np.array((stream.start, stream.goal), np.int64)
    cells, lengths = _walk(load, height, legal, MOVES, ends, draws)
    return [cells[number, :length] for number, length in enumerate(lengths.tolist())]


def _smooth(cells: NDArray[np.int64]) -> Floats:
    """Return (CORNERS, 2) positions along cells (n, 2), without the steps of the grid."""
    line = cells.astype(np.float64)
    for _ in range(2):
        line[1:-1] = (line[:-2] + 2.0 * line[1:-1] + line[2:]) / 4.0
    places = np.linspace(0.0, len(line) - 1.0, CORNERS)
    rows, cols = (np.interp(places, np.arange(len(line)), line[:, side]) for side in (0, 1))
    return np.column_stack([rows, cols])


_LEAST_FALL = 1e-9  # less is rounding: behind the ends of a route all is level


@compiled
def _walk(
    load: Floats,
    height: Floats,
    legal: NDArray[np.uint8],
    moves: NDArray[np.int64],
    ends: NDArray[np.int64],
    draws: Floats,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    walkers, longest = draws.shape
    cells = np.zeros((walkers, longest, 2), np.int64)
    lengths = np.ones(walkers, np.int64)
    shares = np.zeros(len(moves))
    for walker in range(walkers):
        row, col = ends[0, 0], ends[0, 1]
        cells[walker, 0, 0], cells[walker, 0, 1] = row, col
        for step in range(1, longest):
            if row == ends[1, 0] and col == ends[1, 1]:
                break
            total = 0.0
            for k in range(len(moves)):
                shares[k] = 0.0
                if legal[row, col] >> k & 1:
                    r, c = row + moves[k, 0], col + moves[k, 1]
                    if height[row, col] - height[r, c] > _LEAST_FALL:
                        # A little for each, as traffic may be nothing beside the start.
                        shares[k] = max(load[r, c], 0.0) + 1e-12
                        total += shares[k]
            if total <= 0.0:
                break
            left = draws[walker, step] * total
            chosen = -1
            for k in range(len(moves)):
                if shares[k] > 0.0:
                    chosen = k
                    left -= shares[k]
                    if left <= 0.0:
                        break
            row, col = row + moves[chosen, 0], col + moves[chosen, 1]
            cells[walker, step, 0], cells[walker, step, 1] = row, col
            lengths[walker] = step + 1
    return cells, lengths
