"""The map as compiled loops read it: flat cells inside a closed rim, so that no step needs a check of bounds."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.core.arrays import Bytes, Flags, Floats, Integers
from engine.core.compiled import compiled
from engine.core.grid import LENGTHS, MOVES, Cell
from engine.core.movement import grouped
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
    steps: (K,) offsets of the moves.  row_steps, column_steps: (8,) of the two corners that a diagonal passes.
    around: (8,) offsets of the cells around one.  sign: 1 for longer, -1 for shorter.
    corners_needed: how many of these must be open.  tail_share: see `Grid`.
    bucket, buckets: width and number of the queue's buckets.  reach: cost of the longest move.  tie: see `TIE`.

    Classes of movement, C, beside the map's own:
    kinds: (L,) of each leg, 0 for the map's own movement, else the number of its class plus 1.
    shut: (C, P) as `closed`, for the places where one of a class may stand.  class_costs: (C, P) what it pays.
    class_moves, class_corners: (C,) how many moves it has, and how many corners these need.
    before, after: (C,) over how many cells it reaches up and left of its place, and down and right of it.
    rim: width of the closed rim, so that no one reaches beyond it.
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
    kinds: Integers
    shut: Bytes
    class_costs: Floats
    class_moves: Integers
    class_corners: Integers
    before: Integers
    after: Integers
    rim: int


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
    classes = [movement for movement, _ in grouped(problem.movements) if movement.grid is not grid]
    rim = max([1, *(movement.size for movement in classes)])
    stride = grid.shape[1] + 2 * rim

    def framed(values: Floats | Flags, beyond: float) -> Floats:
        return np.pad(values.astype(np.float64), rim, constant_values=beyond).reshape(-1)

    closed = framed(~grid.passable, 1.0).astype(np.uint8)
    cost = framed(np.where(grid.passable, problem.cost_map, 1.0), 1.0)
    is_candidate = framed(problem.candidates, 0.0).astype(np.uint8)
    shut = [framed(~movement.grid.passable, 1.0) for movement in classes]
    paid = [np.where(m.grid.passable, m.costs(problem.cost_map), 1.0) for m in classes]
    moves = MOVES[: grid.neighbours]
    reach, least = _extremes(problem)
    # Slightly under the cheapest move, so that a cell's last improvement comes from an earlier bucket.
    bucket = max(0.999 * least, reach / (MOST_BUCKETS - 2))
    legs = [leg for route in problem.routes for leg in route.legs]
    sizes = np.array([movement.size for movement in classes], dtype=np.int64)
    of_route = [classes.index(movement) + 1 if movement in classes else 0 for movement in problem.movements]
    return Board(
        closed,
        cost,
        np.flatnonzero(is_candidate).astype(np.int64),
        is_candidate,
        np.array([[flat_cell(cell, stride, rim) for cell in leg] for leg in legs], dtype=np.int64),
        np.array([route.weight for route in problem.routes for _ in route.legs]),
        moves[:, 0] * stride + moves[:, 1],
        MOVES[:, 0] * stride,
        MOVES[:, 1].copy(),
        MOVES[:, 0] * stride + MOVES[:, 1],
        stride,
        1.0 if problem.aim == "longer" else -1.0,
        _CORNERS_NEEDED[grid.corner_rule],
        grid.tail_share,
        bucket,
        int(reach / bucket) + 2,
        reach,
        TIE * reach,
        np.array([kind for kind, route in zip(of_route, problem.routes, strict=True) for _ in route.legs]),
        np.array(shut, dtype=np.uint8).reshape(len(classes), closed.size),
        np.array([framed(costs, 1.0) for costs in paid]).reshape(len(classes), closed.size),
        np.array([movement.grid.neighbours for movement in classes], dtype=np.int64),
        np.array([_CORNERS_NEEDED[movement.grid.corner_rule] for movement in classes], dtype=np.int64),
        (sizes - 1) // 2,
        sizes // 2,
        rim,
    )


def _extremes(problem: WallProblem) -> tuple[float, float]:
    """Return the cost of the longest move and of the cheapest cell, of all who walk."""
    reach, least = 0.0, np.inf
    for movement, _ in grouped(problem.movements):
        paid = movement.costs(problem.cost_map)[movement.grid.passable]
        reach = max(reach, float(LENGTHS[movement.grid.neighbours - 1] * paid.max()))
        least = min(least, float(paid.min()))
    return reach, least


def queue_of(board: Board) -> Queue:
    """Return an empty queue for distances on the board."""
    room = 8 * board.closed.size
    return Queue(
        np.full(board.buckets, -1, dtype=np.int64),
        np.empty(room, dtype=np.int32),
        np.empty(room),
        np.empty(room, dtype=np.int32),
    )


def flat_cell(cell: Cell, stride: int, rim: int) -> int:
    """Return a cell (row, col) of the map as a flat cell of the board."""
    return (cell[0] + rim) * stride + cell[1] + rim


@compiled
def may_pass(closed: Bytes, cell: int, by_row: int, by_column: int, corners_needed: int) -> bool:
    """Return whether a diagonal move is legal by the two corners that it passes; see `Board` for the offsets."""
    one, other = closed[cell + by_row] == 0, closed[cell + by_column] == 0
    return (one and other) if corners_needed == 2 else (corners_needed == 0 or one or other)


@compiled
def costs_of(board: Board, kind: int) -> Floats:
    """Return what those who walk a leg of this kind pay (P,)."""
    return board.cost if kind == 0 else board.class_costs[kind - 1]


@compiled
def steps_of(board: Board, kind: int) -> Integers:
    """Return the offsets of the moves of those who walk a leg of this kind: (K,)."""
    return board.steps if kind == 0 else board.around[: board.class_moves[kind - 1]]


@compiled
def corners_of(board: Board, kind: int) -> int:
    """Return how many corners their diagonals need."""
    return int(board.corners_needed if kind == 0 else board.class_corners[kind - 1])


@compiled
def closed_to(closed: Bytes, shut: Bytes, kind: int) -> Bytes:
    """Return where they may not stand (P,), of what is closed to all and shut to each class."""
    return closed if kind == 0 else shut[kind - 1]


@compiled
def put_wall(board: Board, closed: Bytes, shut: Bytes, cell: int) -> None:
    """Close an open cell; no one stands over it any more."""
    closed[cell] = 1
    _count_under(board, shut, cell, 1)


@compiled
def take_wall(board: Board, closed: Bytes, shut: Bytes, cell: int) -> None:
    """Open a closed cell."""
    closed[cell] = 0
    _count_under(board, shut, cell, -1)


@compiled
def _count_under(board: Board, shut: Bytes, cell: int, by: int) -> None:
    for kind in range(shut.shape[0]):
        for down in range(-board.after[kind], board.before[kind] + 1):
            for right in range(-board.after[kind], board.before[kind] + 1):
                shut[kind, cell + down * board.stride + right] += by


@compiled
def shut_by(board: Board, closed: Bytes) -> Bytes:
    """Return where no one of each class may stand (C, P), 0 where one may, while these cells (P,) are closed."""
    shut = board.shut.copy()
    for cell in board.candidates:
        if closed[cell]:
            _count_under(board, shut, cell, 1)
    return shut
