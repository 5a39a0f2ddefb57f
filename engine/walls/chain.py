"""A placing of walls with its labels, and how a move of walls is tried on it."""

from typing import NamedTuple

import numpy as np

from engine.core.arrays import Bytes, Floats, Integers
from engine.core.compiled import compiled
from engine.walls.board import Board, Queue, closed_to, queue_of, shut_by
from engine.walls.distances import AT_THE_END, blank, spread, unchanged_below

# Entries of `Chain.figures`.
VALUE, LOG_WAYS, BEST = 0, 1, 2


class Chain(NamedTuple):
    """A placing of walls, the labels on it, and the best placing so far. P: cells of the board, L: legs.

    closed: (P,) walls, and what is impassable anyway.  shut: (C, P) the same for classes, see `board.shut_by`.
    walls: (count,) their cells.  place: (P,) where in `walls` a cell is, or -1.  lengths: (L,) of the legs.
    near, near_ways: (L, P) labels from the leg's start.  far, far_ways: (L, P) labels to its goal.
    best: (count,) cells.
    figures: value, logarithm of the numbers of shortest paths, and best value.
    labels, ways, new_lengths: (P,), (P,), (L,) room for what a move would give.
    """

    closed: Bytes
    shut: Bytes
    walls: Integers
    place: Integers
    lengths: Floats
    near: Floats
    near_ways: Floats
    far: Floats
    far_ways: Floats
    best: Integers
    figures: Floats
    labels: Floats
    ways: Floats
    new_lengths: Floats
    queue: Queue


def chain_of(board: Board, walls: Integers) -> Chain:
    """Return the placing with these cells (count,) as walls."""
    legs, cells = len(board.legs), board.closed.size
    closed, place = board.closed.copy(), np.full(cells, -1, dtype=np.int64)
    closed[walls], place[walls] = 1, np.arange(walls.size)
    near, near_ways, far, far_ways = (np.empty((legs, cells)) for _ in range(4))
    labels, ways = np.empty(cells), np.empty(cells)
    chain = Chain(
        closed,
        shut_by(board, closed),
        walls.copy(),
        place,
        np.empty(legs),
        near,
        near_ways,
        far,
        far_ways,
        walls.copy(),
        np.zeros(3),
        labels,
        ways,
        np.empty(legs),
        queue_of(board),
    )
    label_all(board, chain)
    return chain


@compiled
def label_all(board: Board, chain: Chain) -> None:
    """Compute every label and figure of the chain's walls."""
    nothing = np.zeros(0, np.int64)
    for leg in range(len(board.legs)):
        blank(board.legs[leg, 0], chain.near[leg], chain.near_ways[leg])
        blank(board.legs[leg, 1], chain.far[leg], chain.far_ways[leg])
        _renew(board, chain, leg, AT_THE_END, AT_THE_END)
        chain.lengths[leg] = chain.near[leg, board.legs[leg, 1]]
    chain.figures[VALUE], chain.figures[LOG_WAYS] = try_changed(board, chain, nothing, 0)
    chain.figures[BEST] = chain.figures[VALUE]


@compiled
def try_changed(board: Board, chain: Chain, changed: Integers, count: int) -> tuple[float, float]:
    """Return the value and the logarithm of ways, after `count` cells of `changed` were opened or closed.

    Lengths are left in `chain.new_lengths`; the value is infinite where a leg is sealed.
    """
    value = log_ways = 0.0
    for leg in range(len(board.legs)):
        near, far, goal, kind = chain.near[leg], chain.far[leg], board.legs[leg, 1], board.kinds[leg]
        since = unchanged_below(board, changed, count, near, kind)
        until = unchanged_below(board, changed, count, far, kind)
        if near[goal] < since:
            length, number = near[goal], chain.near_ways[leg, goal]
        else:
            length, number = spread(
                board,
                kind,
                closed_to(chain.closed, chain.shut, kind),
                board.tail_share,
                since,
                near,
                chain.near_ways[leg],
                until,
                far,
                chain.far_ways[leg],
                chain.labels,
                chain.ways,
                chain.queue,
            )
        chain.new_lengths[leg] = length
        value += board.weights[leg] * length
        if length == np.inf:
            break
        log_ways += np.log(number)
    return value, log_ways


@compiled
def take_changed(board: Board, chain: Chain, changed: Integers, count: int, value: float, log_ways: float) -> None:
    """Renew the labels after the change that `try_changed` tried, whose figures are given."""
    chain.figures[VALUE], chain.figures[LOG_WAYS] = value, log_ways
    for leg in range(len(board.legs)):
        chain.lengths[leg] = chain.new_lengths[leg]
        since = unchanged_below(board, changed, count, chain.near[leg], board.kinds[leg])
        until = unchanged_below(board, changed, count, chain.far[leg], board.kinds[leg])
        _renew(board, chain, leg, since, until)


@compiled
def _renew(board: Board, chain: Chain, leg: int, since: float, until: float) -> None:
    """Compute a leg's labels from its start from the value `since` on, and those to its goal from `until` on."""
    near, near_ways, far, far_ways = chain.near[leg], chain.near_ways[leg], chain.far[leg], chain.far_ways[leg]
    share, queue, kind = board.tail_share, chain.queue, board.kinds[leg]
    closed = closed_to(chain.closed, chain.shut, kind)
    spread(board, kind, closed, share, since, near, near_ways, 0.0, far, far_ways, near, near_ways, queue)
    spread(board, kind, closed, 1.0 - share, until, far, far_ways, 0.0, near, near_ways, far, far_ways, queue)
