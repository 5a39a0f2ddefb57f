"""Proof that no placing is better, by branch and bound; and single moves as long as one makes a placing better.

As long as no cell that the shortest paths touch becomes a wall, no path gets longer. So one of these cells must,
and each in turn is tried, those before it being fixed open; a path over cells that are open for good bounds how
long the way can still get. Branching on the shortest path is the method of network interdiction.
"""

import numpy as np

from engine.core.arrays import Bytes, Integers
from engine.core.compiled import compiled
from engine.walls.board import Board, put_wall, shut_by, take_wall
from engine.walls.touched import Workspace, is_touched, touch

UNDECIDED, OPEN, CLOSED = 0, 1, 2


@compiled
def prove_longest(
    board: Board, count: int, known: float, limit: int, best: Integers, room: Workspace, stop: Bytes
) -> tuple[float, bool]:
    """Search all placings of `count` walls for a value above `known`; return the best value, and whether it ended.

    best: (count,) overwritten by the walls of a better placing, where there is one.
    limit: most placings that are looked at.
    """
    cells = board.closed.size
    closed, widest = board.closed.copy(), board.closed.copy()
    widest[board.candidates] = 1  # closed in the widest sense: all that is not fixed open
    shut, widest_shut = shut_by(board, closed), shut_by(board, widest)
    state = np.zeros(cells, np.uint8)
    listed = np.empty(cells * (count + 1), np.int64)  # cells to try, level after level
    first, last = np.zeros(count + 2, np.int64), np.zeros(count + 1, np.int64)
    at = np.zeros(count + 1, np.int64)
    seen = 0
    depth, fresh = 0, True
    while depth >= 0:
        if stop[0] or seen >= limit:
            return known, False
        if fresh:  # a placing that was not looked at yet: the walls at `at` of the levels above
            fresh = False
            seen += 1
            value, touched = touch(board, closed, shut, room)
            if value == np.inf:
                touched = 0
            elif value > known + board.tie and (depth == count or touched <= board.candidates.size - count):
                known = value
                _fill(board, closed, room, best)
            if 0 < depth == count and value < np.inf:  # the last wall
                last[depth - 1] = _keep_touched(room, listed, at[depth - 1] + 1, last[depth - 1])
            at[depth] = first[depth]
            last[depth] = first[depth]
            if depth < count:
                for entry in range(touched):
                    if state[room.cells[entry]] == UNDECIDED:
                        listed[last[depth]] = room.cells[entry]
                        last[depth] += 1
        ends = at[depth] == last[depth]
        if not ends:
            bound, _ = touch(board, widest, widest_shut, room)
            ends = bound <= known + board.tie
        if ends:
            for entry in range(first[depth], at[depth]):  # no longer fixed open
                state[listed[entry]] = UNDECIDED
                put_wall(board, widest, widest_shut, listed[entry])
            depth -= 1
            if depth >= 0:
                cell = int(listed[at[depth]])
                take_wall(board, closed, shut, cell)
                state[cell] = OPEN
                take_wall(board, widest, widest_shut, cell)
                at[depth] += 1
            continue
        cell = int(listed[at[depth]])
        put_wall(board, closed, shut, cell)
        state[cell] = CLOSED
        first[depth + 1] = last[depth]
        depth += 1
        fresh = True
    return known, True


@compiled
def _fill(board: Board, closed: Bytes, room: Workspace, walls: Integers) -> None:
    """Write the closed candidates, and as many that the paths do not touch as are missing, into `walls`."""
    count = 0
    for cell in board.candidates:
        if closed[cell]:
            walls[count] = cell
            count += 1
    for cell in board.candidates:
        if count < walls.size and not closed[cell] and not is_touched(room, cell):
            walls[count] = cell
            count += 1


@compiled
def settle(
    board: Board, closed: Bytes, walls: Integers, value: float, room: Workspace, stop: Bytes
) -> tuple[float, bool]:
    """Move single walls, as long as one such move is better; return the value, and whether none is left.

    closed: (P,) with the walls (count,) of a placing of this value. Both are changed in place.
    """
    shut = shut_by(board, closed)
    tried = np.empty(board.candidates.size, np.int64)
    number = unmoved = 0
    while unmoved < walls.size:
        if stop[0]:
            return value, False
        wall = int(walls[number])
        take_wall(board, closed, shut, wall)
        opened, count = touch(board, closed, shut, room)
        for entry in range(count):
            tried[entry] = room.cells[entry]
        best, target = value, wall
        if board.sign < 0.0:
            if opened >= value - board.tie:
                count = 0
            for cell in board.candidates:  # to close what no path touches keeps what opening the wall has gained
                if count > 0 and not closed[cell] and not is_touched(room, cell):
                    best, target, count = opened, cell, 0
        entry = 0
        while entry < count:
            cell = int(tried[entry])
            entry += 1
            put_wall(board, closed, shut, cell)
            reached, _ = touch(board, closed, shut, room)
            take_wall(board, closed, shut, cell)
            if reached == np.inf:
                continue
            if board.sign * (reached - best) > board.tie:
                best, target = reached, cell
            if board.sign > 0.0:
                count = _keep_touched(room, tried, entry, count)
        put_wall(board, closed, shut, target)
        unmoved = unmoved + 1 if target == wall else 0
        walls[number], value = target, best
        number = (number + 1) % walls.size
    return value, True


@compiled
def _keep_touched(room: Workspace, cells: Integers, first: int, last: int) -> int:
    """Drop the cells from `first` to `last` that the newest paths leave alone, and return where they end now.

    These paths stay open whichever of the dropped cells becomes a wall, so it gains no more than they do.
    """
    kept = first
    for entry in range(first, last):
        if is_touched(room, cells[entry]):
            cells[kept] = cells[entry]
            kept += 1
    return kept
