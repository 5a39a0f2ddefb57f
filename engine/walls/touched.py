"""The value of a placing, and the cells on which its shortest paths depend: a change elsewhere leaves them."""

from typing import NamedTuple

import numpy as np

from engine.core.arrays import Bytes, Floats, Integers
from engine.core.compiled import compiled
from engine.core.grid import LENGTHS
from engine.walls.board import Board, Queue, closed_to, corners_of, costs_of, may_pass, queue_of, steps_of
from engine.walls.distances import AT_THE_END, blank, spread


class Workspace(NamedTuple):
    """Room for the labels of one leg (P,), and what `touch` finds.

    stamp: (1,) number of the newest evaluation.  touched: (P,) number of the one that last met the cell.
    cells: (P,) candidates met by the newest one.
    """

    near: Floats
    near_ways: Floats
    goal: Floats
    goal_ways: Floats
    stamp: Integers
    touched: Integers
    cells: Integers
    queue: Queue


def workspace_of(board: Board) -> Workspace:
    """Return room for evaluations on a board."""
    size = board.closed.size
    near, near_ways, goal, goal_ways = (np.empty(size) for _ in range(4))
    touched, cells = np.zeros(size, np.int64), np.zeros(size, np.int64)
    return Workspace(near, near_ways, goal, goal_ways, np.zeros(1, np.int64), touched, cells, queue_of(board))


@compiled
def touch(board: Board, closed: Bytes, shut: Bytes, room: Workspace) -> tuple[float, int]:
    """Return the value with these cells closed, and how many candidates one shortest path of each leg touches.

    closed: (P,).  shut: (C, P), see `board.shut_by`.
    Touched is what lies under a path, and under the corners that its diagonals pass: as long as none of these
    closes, the path stays as it is. They are listed in `room.cells` and stamped. The value of a sealed leg is
    infinite.
    """
    value, count = 0.0, 0
    room.stamp[0] += 1
    for leg in range(len(board.legs)):
        start, goal, kind = board.legs[leg, 0], board.legs[leg, 1], board.kinds[leg]
        barred = closed_to(closed, shut, kind)
        blank(start, room.near, room.near_ways)
        blank(goal, room.goal, room.goal_ways)
        length, _ = spread(
            board,
            kind,
            barred,
            board.tail_share,
            AT_THE_END,
            room.near,
            room.near_ways,
            AT_THE_END,
            room.goal,
            room.goal_ways,
            room.near,
            room.near_ways,
            room.queue,
        )
        if length == np.inf:
            return np.inf, 0
        value += board.weights[leg] * length
        cell, left = goal, length
        while cell != start:
            move = _last_move(board, kind, barred, room.near, cell, left)
            count = _mark(board, room, kind, cell, count)
            if move >= 4 and corners_of(board, kind) > 0:
                count = _mark(board, room, kind, cell + board.row_steps[move], count)
                count = _mark(board, room, kind, cell + board.column_steps[move], count)
            cell += board.around[move]
            left = float(room.near[cell])
    return value, count


@compiled
def _last_move(board: Board, kind: int, closed: Bytes, near: Floats, cell: int, label: float) -> int:
    """Return the move back to the cell from which a shortest path reaches one of this label."""
    share, best, least = board.tail_share, -1, np.inf
    cost, steps, needed = costs_of(board, kind), steps_of(board, kind), corners_of(board, kind)
    for move in range(steps.size):
        tail = cell + steps[move]
        if closed[tail]:
            continue
        if move >= 4 and not may_pass(closed, cell, board.row_steps[move], board.column_steps[move], needed):
            continue
        along = LENGTHS[move] * (share * cost[tail] + (1.0 - share) * cost[cell])
        off = abs(near[tail] + along - label)
        if off < least:
            best, least = move, off
    return best


@compiled
def _mark(board: Board, room: Workspace, kind: int, place: int, count: int) -> int:
    """Stamp the cells under a place, and list those that are candidates and were not met yet."""
    up = 0 if kind == 0 else board.before[kind - 1]
    down = 0 if kind == 0 else board.after[kind - 1]
    for row in range(-up, down + 1):
        for column in range(-up, down + 1):
            cell = place + row * board.stride + column
            if not is_touched(room, cell):
                room.touched[cell] = room.stamp[0]
                if board.is_candidate[cell]:
                    room.cells[count] = cell
                    count += 1
    return count


@compiled
def is_touched(room: Workspace, cell: int) -> bool:
    """Return whether the newest evaluation met the cell."""
    return room.touched[cell] == room.stamp[0]
