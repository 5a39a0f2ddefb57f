"""Distances and numbers of shortest paths, computed anew only as far as a change of walls reaches.

A label of a cell is its distance from one end of a leg, with the number of shortest paths from there. Opening or
closing cells changes no label that is smaller than those of the cells around them. So a search starts at the first
labels that may change, and ends where the rest of the way is known from the labels of the leg's other end. The
queue has buckets (Dial 1969).
"""

import numpy as np

from engine.core.arrays import Bytes, Floats, Integers
from engine.core.compiled import compiled
from engine.core.grid import LENGTHS
from engine.walls.board import Board, Queue, corners_of, costs_of, may_pass, steps_of

# Numbers of shortest paths are cut off here, so that products of two stay finite.
MOST_WAYS = 1e150
# Labels below this are those of an end itself: always right.
AT_THE_END = 1e-300


@compiled
def blank(root: int, distance: Floats, ways: Floats) -> None:
    """Write labels (P,) of which only that of `root` is known."""
    distance[:] = np.inf
    ways[:] = 0.0
    distance[root], ways[root] = 0.0, 1.0


@compiled
def unchanged_below(board: Board, changed: Integers, count: int, distance: Floats, kind: int) -> float:
    """Return below which value all labels stay, where the first `count` cells of `changed` open or close."""
    steps, least = steps_of(board, kind), np.inf
    up = 0 if kind == 0 else board.after[kind - 1]  # from a cell, to the places where one stands over it
    down = 0 if kind == 0 else board.before[kind - 1]
    for entry in range(count):
        for row in range(-up, down + 1):
            for column in range(-up, down + 1):
                cell = changed[entry] + row * board.stride + column
                least = min(least, distance[cell])
                for move in range(steps.size):
                    least = min(least, distance[cell + steps[move]])
    return float(max(least, AT_THE_END))


@compiled
def spread(
    board: Board,
    kind: int,
    closed: Bytes,
    near: float,
    since: float,
    known: Floats,
    known_ways: Floats,
    until: float,
    rest: Floats,
    rest_ways: Floats,
    distance: Floats,
    ways: Floats,
    queue: Queue,
) -> tuple[float, float]:
    """Compute labels from `since` on, up to where the rest of the way is known: the leg's length, and its ways.

    kind: of the leg.  closed: (P,) where those who walk it may not stand.
    near: share of a move's cost that the cell bears from which labels spread.
    known, known_ways: (P,) labels, right below `since`.  rest, rest_ways: labels of the other end, right below
    `until`; with `until` 0 all labels are computed and no length is returned but infinity.
    distance, ways: (P,) the result; may be `known` and `known_ways` themselves.
    """
    cost, steps, tie = costs_of(board, kind), steps_of(board, kind), board.tie
    heads, cells, keys, links = queue.heads, queue.cells, queue.keys, queue.links
    moves, buckets, per_bucket, far = steps.size, heads.size, 1.0 / board.bucket, 1.0 - near
    by_rows, by_columns, needed = board.row_steps, board.column_steps, corners_of(board, kind)
    heads[:] = -1
    used = waiting = 0
    length, number = np.inf, 0.0
    for cell in range(known.size):
        label = known[cell]
        distance[cell] = label if label < since else np.inf
        ways[cell] = known_ways[cell]
    # Before the first bucket come the cells from which a move leaves the labels that stay.
    for cell in range(known.size):
        if since - board.reach - tie <= known[cell] < since:
            cells[used], keys[used], links[used] = cell, known[cell], heads[0]
            heads[0] = used
            used += 1
            waiting += 1
    bucket = slot = 0
    while waiting > 0 and length + tie >= since + bucket * board.bucket + until:
        entry = heads[slot]
        heads[slot] = -1
        while entry >= 0:
            waiting -= 1
            cell, label = int(cells[entry]), keys[entry]
            entry = links[entry]
            if label != distance[cell]:
                continue  # it has been reached on a shorter way since
            way, base = ways[cell], near * cost[cell]
            for move in range(moves):
                head = cell + steps[move]
                before = distance[head]
                if before <= label or before < since or closed[head]:
                    continue
                reached = label + LENGTHS[move] * (base + far * cost[head])
                if reached > before + tie:
                    continue
                if move >= 4 and not may_pass(closed, cell, by_rows[move], by_columns[move], needed):
                    continue
                if rest[head] < until:
                    total = reached + rest[head]
                    if total < length - tie:
                        length, number = total, way * rest_ways[head]
                    elif total <= length + tie:
                        number += way * rest_ways[head]
                elif reached < before - tie:
                    distance[head], ways[head] = reached, way
                    ahead = max(int((reached - since) * per_bucket) - bucket, 0) + slot
                    if ahead >= buckets:
                        ahead -= buckets
                    cells[used], keys[used], links[used] = head, reached, heads[ahead]
                    heads[ahead] = used
                    used += 1
                    waiting += 1
                else:
                    ways[head] = min(ways[head] + way, MOST_WAYS)
        if heads[slot] < 0:
            bucket += 1
            slot = slot + 1 if slot + 1 < buckets else 0
    return float(length), float(number)
