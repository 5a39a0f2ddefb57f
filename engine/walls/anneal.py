"""Simulated annealing of one chain (Metropolis et al. 1953) with guided moves."""

import numpy as np

from engine.core.arrays import Bytes
from engine.core.compiled import compiled
from engine.walls.board import Board, put_wall, take_wall
from engine.walls.chain import BEST, LOG_WAYS, VALUE, Chain, take_changed, try_changed
from engine.walls.moves import MOST_MOVED, propose

# Weight of the logarithm of the numbers of shortest paths, in temperatures: the fewer, the nearer one more wall
# is to lengthening them all.
WAYS_WEIGHT = 0.2


@compiled
def anneal(board: Board, chain: Chain, moves: int, temperature: float, seed: int, stop: Bytes) -> int:
    """Try so many moves at a temperature, in units of value; return how many were accepted.

    Everything random comes from the seed. Returns early, with a placing in between, when the stop byte is set.
    """
    np.random.seed(seed)
    numbers, cells = np.empty(MOST_MOVED, np.int64), np.empty(MOST_MOVED, np.int64)
    changed = np.empty(2 * MOST_MOVED, np.int64)
    accepted = 0
    per_way = WAYS_WEIGHT * temperature if board.sign > 0.0 else 0.0
    for _ in range(moves):
        if stop[0]:
            break
        count = propose(board, chain, numbers, cells)
        if count == 0:
            continue
        for entry in range(count):
            changed[entry], changed[count + entry] = chain.walls[numbers[entry]], cells[entry]
            take_wall(board, chain.closed, chain.shut, changed[entry])
        for entry in range(count):
            put_wall(board, chain.closed, chain.shut, cells[entry])
        value, log_ways = try_changed(board, chain, changed, 2 * count)
        gain = board.sign * (value - chain.figures[VALUE]) - per_way * (log_ways - chain.figures[LOG_WAYS])
        if value < np.inf and (gain >= 0.0 or np.random.random() < np.exp(gain / temperature)):
            accepted += 1
            for entry in range(count):
                chain.place[changed[entry]] = -1
            for entry in range(count):
                chain.walls[numbers[entry]] = cells[entry]
                chain.place[cells[entry]] = numbers[entry]
            take_changed(board, chain, changed, 2 * count, value, log_ways)
            if board.sign * (value - chain.figures[BEST]) > board.tie:
                chain.figures[BEST] = value
                for number in range(chain.walls.size):
                    chain.best[number] = chain.walls[number]
        else:
            for entry in range(count):
                take_wall(board, chain.closed, chain.shut, cells[entry])
            for entry in range(count):
                put_wall(board, chain.closed, chain.shut, changed[entry])
    return accepted
