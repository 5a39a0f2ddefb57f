"""Exact distances and shortest paths, by Dijkstra's algorithm."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.core.arrays import Bytes, Floats, Integers, writable
from engine.core.cancel import check, stop_byte
from engine.core.compiled import CELLS_BETWEEN_POLLS, compiled
from engine.core.grid import LENGTHS, MOVES, Cell, Grid, load_of_flow

NO_MOVE = -1


@dataclass(frozen=True, eq=False)
class DistanceField:
    """Distances of all cells to one goal.

    distance: (H, W) cost of the shortest path from the cell to the goal; infinite where there is none.
    next_move: (H, W) int8, the first move of such a path; NO_MOVE at the goal and where there is none.
    order: (n,) int32, flat indices of the cells that reach the goal, nearest first (the settle order).
    """

    goal: Cell
    distance: Floats
    next_move: npt.NDArray[np.int8]
    order: npt.NDArray[np.int32]

    def reaches(self, cell: Cell) -> bool:
        """Say whether a path leads from the cell to the goal."""
        return bool(np.isfinite(self.distance[cell]))


def distances_to(grid: Grid, cost_map: Floats, goal: Cell) -> DistanceField:
    """Return the distances of all cells to `goal`. Costs must not be negative."""
    width = grid.shape[1]
    root = goal[0] * width + goal[1]
    distance, next_move, order = _dijkstra(writable(cost_map), grid.legal, root, grid.tail_share, stop_byte())
    check()
    return DistanceField(goal, distance, next_move, order)


def distances_from(grid: Grid, cost_map: Floats, start: Cell) -> DistanceField:
    """Return the distances of all cells from `start`: a field towards it, with every move turned round.

    It differs from `distances_to` where a move costs another amount than the way back.
    """
    root = start[0] * grid.shape[1] + start[1]
    distance, next_move, order = _dijkstra(
        writable(cost_map), grid.legal, root, 1.0 - grid.tail_share, stop_byte()
    )
    check()
    return DistanceField(start, distance, next_move, order)


def shortest_path(field: DistanceField, start: Cell) -> Integers:
    """Return the cells (n, 2) of one shortest path from `start` to the goal. Raises ValueError without one."""
    if not field.reaches(start):
        raise ValueError(f"no way leads from cell {start} to cell {field.goal}")
    cells = [start]
    row, column = start
    while (row, column) != field.goal:
        dr, dc = MOVES[field.next_move[row, column]]
        row, column = row + int(dr), column + int(dc)
        cells.append((row, column))
    return np.array(cells, dtype=np.int64)


def path_flow(grid: Grid, field: DistanceField, start: Cell) -> Floats:
    """Return the unit flow along one shortest path from `start`: (K, H, W)."""
    flow = np.zeros((grid.neighbours, *grid.shape))
    for row, column in shortest_path(field, start)[:-1]:
        flow[field.next_move[row, column], row, column] = 1.0
    return flow


def path_cost(grid: Grid, cost_map: Floats, cells: Integers) -> float:
    """Return the cost of a path through `cells` (n, 2). Raises ValueError at the first step that is not legal."""
    total = 0.0
    moves = [tuple(move) for move in MOVES[: grid.neighbours].tolist()]
    share = grid.tail_share
    for (row, column), (next_row, next_column) in zip(cells[:-1].tolist(), cells[1:].tolist(), strict=True):
        step = (next_row - row, next_column - column)
        if step not in moves or not grid.legal[row, column] >> moves.index(step) & 1:
            raise ValueError(f"the step from cell {(row, column)} to {(next_row, next_column)} is not legal")
        mixed = share * cost_map[row, column] + (1.0 - share) * cost_map[next_row, next_column]
        total += float(LENGTHS[moves.index(step)] * mixed)
    return total


def load_of_path(grid: Grid, cells: Integers) -> Floats:
    """Return the load (H, W) of a path through `cells` (n, 2), each a legal move from the one before."""
    flow = np.zeros((grid.neighbours, *grid.shape))
    moves = MOVES[: grid.neighbours].tolist()
    for (row, column), step in zip(cells[:-1].tolist(), np.diff(cells, axis=0).tolist(), strict=True):
        flow[moves.index(step), row, column] += 1.0
    return load_of_flow(grid, flow)


@compiled
def _dijkstra(
    cost_map: Floats, legal: Bytes, goal: int, tail_share: float, stop: Bytes
) -> tuple[Floats, npt.NDArray[np.int8], npt.NDArray[np.int32]]:
    """Return distance, next move and settle order; see `DistanceField`."""
    height, width = cost_map.shape
    cost, bits = cost_map.reshape(-1), legal.reshape(-1)
    cells = height * width
    offset = MOVES[:, 0] * width + MOVES[:, 1]
    distance = np.full(cells, np.inf)
    next_move = np.full(cells, np.int8(NO_MOVE))
    settled = np.zeros(cells, dtype=np.bool_)
    order = np.empty(cells, dtype=np.int32)
    settled_count = 0

    # A binary heap of (key, cell) with lazy deletion: improved cells are pushed again, stale entries skipped.
    keys = np.empty(4 * cells + 16)
    heap = np.empty(4 * cells + 16, dtype=np.int32)
    distance[goal] = 0.0
    keys[0], heap[0], size = 0.0, goal, 1
    while size > 0:
        key, u = keys[0], heap[0]
        size -= 1
        last_key, last = keys[size], heap[size]
        hole = 0
        while True:
            child = 2 * hole + 1
            if child >= size:
                break
            if child + 1 < size and keys[child + 1] < keys[child]:
                child += 1
            if keys[child] >= last_key:
                break
            keys[hole], heap[hole] = keys[child], heap[child]
            hole = child
        keys[hole], heap[hole] = last_key, last
        if settled[u]:
            continue
        settled[u] = True
        order[settled_count] = u
        settled_count += 1
        if settled_count % CELLS_BETWEEN_POLLS == 0 and stop[0]:
            break
        for k in range(8):
            # The way back from u is move k; the way towards the goal, v -> u, is move k ^ 1 of v.
            if not bits[u] >> k & 1:
                continue
            v = u + offset[k]
            if settled[v]:
                continue
            along = key + LENGTHS[k] * (tail_share * cost[v] + (1.0 - tail_share) * cost[u])
            if along < distance[v]:
                distance[v] = along
                next_move[v] = k ^ 1
                if size == keys.size:
                    keys = np.append(keys, np.empty(keys.size))
                    heap = np.append(heap, np.empty(heap.size, dtype=np.int32))
                hole = size
                size += 1
                while hole > 0:
                    parent = (hole - 1) // 2
                    if keys[parent] <= along:
                        break
                    keys[hole], heap[hole] = keys[parent], heap[parent]
                    hole = parent
                keys[hole], heap[hole] = along, v
    return distance.reshape(height, width), next_move.reshape(height, width), order[:settled_count].copy()
