"""The map as compiled loops read it: flat cells inside a closed rim, so that no step needs a check of bounds."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.core.arrays import Bytes, Floats, Integers
from engine.core.compiled import compiled
from engine.core.grid import LENGTHS, MOVES, Cell
from engine.walls.problem import WallProblem

# Distances that differ by this share of the longest move are one: sums of √2 in another order.
TIE = 1e-9
# Most buckets of a queue; where costs differ by more, cells of a bucket are settled again when they improve.
MOST_BUCKETS = 4096
_CORNERS_NEEDED = {"free": 0, "one_open": 1, "both_open": 2}


class Board(NamedTuple):
    """A problem with every candidate open. P: cells with the rim, `stride` to a row; K moves, L legs.

    closed: (P,) 1 on the rim and where the map is impassable.  cost: (P,).
    candidates: (C,) cells that may be walls.  is_candidate: (P,).
    legs: (L, 2) cells from and to which a leg leads.  weights: (L,).
    steps, row_steps, column_steps: (K,) offsets of the moves and of the two corners that a diagonal passes.
    around: (8,) offsets of the cells around one.  sign: 1 for longer, -1 for shorter.
    corners_needed: how many of these must be open.  tail_share: see `Grid`.
    bucket, buckets: width and number of the queue's buckets.  reach: cost of the longest move.  tie: see `TIE`.
    """

    closed: Bytes
    cost: Floats
    candidates: Integers
    is_candidate: Bytes
    legs: Integers
    weights: Floats
    steps: Integers
    row_steps: Integers
    column_steps: Integers
    around: Integers
    stride: int
    sign: float
    corners_needed: int
    tail_share: float
    bucket: float
    buckets: int
    reach: float
    tie: float


class Queue(NamedTuple):
    """A bucket queue: lists of entries, each a cell and the distance that it had when it was added.

    heads: (buckets,) newest entry of each.  cells, keys, links: (8 P,) entries and the next one of their list.
    """

    heads: Integers
    cells: npt.NDArray[np.int32]
    keys: Floats
    links: npt.NDArray[np.int32]


def board_of(problem: WallProblem) -> Board:
    """Return the problem as compiled loops read it."""
    grid = problem.grid
    height, width = grid.shape
    stride = width + 2
    closed = np.ones((height + 2, stride), dtype=np.uint8)
    closed[1:-1, 1:-1] = ~grid.passable
    cost = np.ones((height + 2, stride))
    cost[1:-1, 1:-1] = np.where(grid.passable, problem.cost_map, 1.0)
    is_candidate = np.zeros((height + 2, stride), dtype=np.uint8)
    is_candidate[1:-1, 1:-1] = problem.candidates
    moves = MOVES[: grid.neighbours]
    passable_costs = problem.cost_map[grid.passable]
    reach = float(LENGTHS[grid.neighbours - 1] * passable_costs.max())
    # Slightly under the cheapest move, so that a cell's last improvement comes from an earlier bucket.
    bucket = max(0.999 * float(passable_costs.min()), reach / (MOST_BUCKETS - 2))
    legs = [leg for route in problem.routes for leg in zip(route.stops[:-1], route.stops[1:], strict=True)]
    return Board(
        closed.reshape(-1),
        cost.reshape(-1),
        np.flatnonzero(is_candidate).astype(np.int64),
        is_candidate.reshape(-1),
        np.array([[flat_cell(cell, stride) for cell in leg] for leg in legs], dtype=np.int64),
        np.array([route.weight for route in problem.routes for _ in route.stops[1:]]),
        moves[:, 0] * stride + moves[:, 1],
        moves[:, 0] * stride,
        moves[:, 1].copy(),
        MOVES[:, 0] * stride + MOVES[:, 1],
        stride,
        1.0 if problem.aim == "longer" else -1.0,
        _CORNERS_NEEDED[grid.corner_rule],
        grid.tail_share,
        bucket,
        int(reach / bucket) + 2,
        reach,
        TIE * reach,
    )


def queue_of(board: Board) -> Queue:
    """Return an empty queue for distances on the board."""
    room = 8 * board.closed.size
    return Queue(
        np.full(board.buckets, -1, dtype=np.int64),
        np.empty(room, dtype=np.int32),
        np.empty(room),
        np.empty(room, dtype=np.int32),
    )


def flat_cell(cell: Cell, stride: int) -> int:
    """Return a cell (row, col) of the map as a flat cell of the board."""
    return (cell[0] + 1) * stride + cell[1] + 1


@compiled
def may_pass(closed: Bytes, cell: int, by_row: int, by_column: int, corners_needed: int) -> bool:
    """Return whether a diagonal move is legal by the two corners that it passes; see `Board` for the offsets."""
    return closed[cell + by_row] + closed[cell + by_column] <= 2 - corners_needed
