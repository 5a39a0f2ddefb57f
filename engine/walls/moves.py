"""Which walls to move where: proposals that look at the shortest paths and at the barriers that stand already."""

import numpy as np

from engine.core.arrays import Integers
from engine.core.compiled import compiled
from engine.core.grid import LENGTHS
from engine.walls.board import Board, closed_to, corners_of, costs_of, may_pass, steps_of
from engine.walls.chain import Chain

MOST_MOVED = 8
# Shares of the proposals: a piece of a barrier slides; else two or three walls move at once.
SLIDES, SEVERAL, THREE = 0.15, 0.2, 0.06
# Where a wall goes: beside where it is, onto a shortest path, beside another wall, and for the rest anywhere.
SHIFTS, ONTO_PATH, EXTENDS = 0.3, 0.45, 0.17
# How often a wall is picked of three by what its loss costs; else at random.
PICKED = 0.5


@compiled
def propose(board: Board, chain: Chain, numbers: Integers, cells: Integers) -> int:
    """Write which walls (numbers in `chain.walls`) move to which cells; return how many, 0 for no legal move."""
    if np.random.random() < SLIDES:
        count = _slide(board, chain, numbers, cells)
    else:
        kind = np.random.random()
        count = 3 if kind < THREE else 2 if kind < SEVERAL else 1
        for entry in range(count):
            numbers[entry] = _wall_to_move(board, chain)
            cells[entry] = _cell_for(board, chain, int(chain.walls[numbers[entry]]))
    return count if _fits(board, chain, numbers, cells, count) else 0


@compiled
def _fits(board: Board, chain: Chain, numbers: Integers, cells: Integers, count: int) -> bool:
    """Return whether all walls and all cells differ, and the cells may be walls and are none that stays."""
    for entry in range(count):
        cell = cells[entry]
        if not board.is_candidate[cell]:
            return False
        leaves = chain.place[cell] < 0
        for other in range(count):
            if other != entry and (numbers[other] == numbers[entry] or cells[other] == cell):
                return False
            leaves = leaves or (numbers[other] == chain.place[cell] and other != entry)
        if not leaves:
            return False
    return True


@compiled
def _slide(board: Board, chain: Chain, numbers: Integers, cells: Integers) -> int:
    """Move a piece of a barrier, of two to six walls that touch each other, by one cell."""
    by = board.around[np.random.randint(8)]
    wanted, count = np.random.randint(2, 7), 1
    numbers[0] = np.random.randint(chain.walls.size)
    for _ in range(2 * wanted):
        if count == wanted:
            break
        number = chain.place[chain.walls[numbers[count - 1]] + board.around[np.random.randint(8)]]
        met = number < 0
        for entry in range(count):
            met = met or numbers[entry] == number
        if not met:
            numbers[count] = number
            count += 1
    for entry in range(count):
        cells[entry] = chain.walls[numbers[entry]] + by
    return count


@compiled
def _wall_to_move(board: Board, chain: Chain) -> int:
    """Return the number of a wall: of some, the one whose opening suits the aim best."""
    chosen = np.random.randint(chain.walls.size)
    if np.random.random() < PICKED:
        least = board.sign * loss_without(board, chain, chain.walls[chosen])
        for _ in range(2):
            other = np.random.randint(chain.walls.size)
            loss = board.sign * loss_without(board, chain, chain.walls[other])
            if loss < least:
                chosen, least = other, loss
    return chosen


@compiled
def loss_without(board: Board, chain: Chain, wall: int) -> float:
    """Return by how much the value falls at least when a wall opens: by the way straight through its cell."""
    loss, share = 0.0, board.tail_share
    for leg in range(len(board.legs)):
        cost = costs_of(board, board.kinds[leg])
        there = back = np.inf
        for move in range(4):
            beside = wall + board.around[move]
            there = min(there, chain.near[leg, beside] + share * cost[beside] + (1.0 - share) * cost[wall])
            back = min(back, chain.far[leg, beside] + (1.0 - share) * cost[beside] + share * cost[wall])
        loss += board.weights[leg] * max(0.0, chain.lengths[leg] - there - back)
    return loss


@compiled
def _cell_for(board: Board, chain: Chain, wall: int) -> int:
    """Return a cell for a wall that moves; it may be one that will not do."""
    kind = np.random.random()
    if kind < SHIFTS:
        return wall + board.around[np.random.randint(8)]
    if kind < SHIFTS + ONTO_PATH:
        leg = np.random.randint(len(board.legs))
        first, second = _cell_of_path(board, chain, leg), _cell_of_path(board, chain, leg)
        crowded = _closed_around(board, chain, first) + 2.0 * np.random.random()
        return first if crowded > _closed_around(board, chain, second) + 2.0 * np.random.random() else second
    if kind < SHIFTS + ONTO_PATH + EXTENDS:
        return chain.walls[np.random.randint(chain.walls.size)] + board.around[np.random.randint(8)]
    return board.candidates[np.random.randint(board.candidates.size)]


@compiled
def _closed_around(board: Board, chain: Chain, cell: int) -> int:
    """Return how many of the eight cells around are closed."""
    closed, around = chain.closed, board.around
    count = 0
    for direction in range(8):
        count += int(closed[cell + around[direction]])
    return count


@compiled
def _cell_of_path(board: Board, chain: Chain, leg: int) -> int:
    """Return a random cell of a random shortest path, each path being as likely as any other."""
    kind, near, ways = board.kinds[leg], chain.near[leg], chain.near_ways[leg]
    closed, cost = closed_to(chain.closed, chain.shut, kind), costs_of(board, kind)
    steps, needed = steps_of(board, kind), corners_of(board, kind)
    by_rows, by_columns = board.row_steps, board.column_steps
    share, slack = board.tail_share, 4.0 * board.tie
    cell = board.legs[leg, 1]
    stop = np.random.random() * chain.lengths[leg]
    while near[cell] > stop:
        before, total = cell, 0.0
        for move in range(steps.size):
            tail = cell + steps[move]
            if closed[tail]:
                continue
            along = LENGTHS[move] * (share * cost[tail] + (1.0 - share) * cost[cell])
            if abs(near[tail] + along - near[cell]) > slack:
                continue
            if move >= 4 and not may_pass(closed, cell, by_rows[move], by_columns[move], needed):
                continue
            total += ways[tail]
            if total == ways[tail] or np.random.random() * total < ways[tail]:
                before = tail
        if before == cell:
            break
        cell = before
    return cell
