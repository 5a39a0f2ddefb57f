"""Compiled loops of `engine.optimum.interdiction`: units of flow along cheapest paths through cells.

Maps are flat and have a border of walls. A cell has two nodes, "in" and "out": number 2·cell and 2·cell + 1. The
first unit through a cell costs `lower`, every further one `upper`; moves between cells are free. The potentials of
the nodes keep the reduced cost of every residual arc at 0 or more; arcs of none are tight:

    in → out    of a cell, for the price of its next unit      out → in    of a cell, taking its last unit back
    out → in    of a neighbour                                 in → out    of a neighbour that flow comes from
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.core.arrays import Bytes, Flags, Floats
from engine.core.compiled import CELLS_BETWEEN_POLLS, compiled

Units = npt.NDArray[np.int32]


class Network(NamedTuple):
    """The arcs between n cells, and the flow on them.

    is_open, lower, upper: (n,).  through: (n,) flow through a cell.  right, down: (n,) net flow from a cell to its
    neighbour.  potential: (2n,) of the nodes.  width: of a row.  start, goal: cells.  tight: the largest reduced
    cost of a tight arc.
    """

    is_open: Flags
    lower: Floats
    upper: Floats
    through: Units
    right: Units
    down: Units
    potential: Floats
    width: int
    start: int
    goal: int
    tight: float


# An arc is tight up to this share of the largest price: reduced costs are differences of long sums.
ROUNDING = 1e-11
ARCS = 5


@compiled
def advance_potentials(net: Network, came_from: Units, stop: Bytes) -> None:
    """Raise the potentials by min(distance from the start, distance of the goal); write who reached each node.

    Dijkstra's algorithm on reduced costs. Most nodes are reached by tight arcs, and those need no heap.
    """
    through, right, down, potential = net.through, net.right, net.down, net.potential
    lower, upper, width, start, goal, tight = net.lower, net.upper, net.width, net.start, net.goal, net.tight
    nodes = potential.size
    source, sink = 2 * start + 1, 2 * goal
    distance = np.full(nodes, np.inf)
    for cell in range(nodes // 2):
        if not net.is_open[cell]:
            distance[2 * cell] = -1.0  # nothing is nearer, so nothing leads there
    distance[2 * start] = -1.0
    keys, heap = np.empty(2 * nodes), np.empty(2 * nodes, dtype=np.int32)
    near = np.empty(2 * nodes, dtype=np.int32)
    heads, prices = np.empty(ARCS, dtype=np.int64), np.empty(ARCS)
    heads[:], prices[:] = 0, 0.0
    distance[source] = 0.0
    near[0], nears, size, settled = source, 1, 0, 0
    while nears > 0 or size > 0:
        if nears > 0:
            nears -= 1
            v = np.int64(near[nears])
            d = distance[v]
        else:
            d, v = keys[0], np.int64(heap[0])
            size -= 1
            last_key, last, hole = keys[size], heap[size], 0
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
            if d > distance[v]:
                continue
        if d >= distance[sink]:
            break
        settled += 1
        if settled % CELLS_BETWEEN_POLLS == 0 and stop[0]:
            return
        # The arcs of `_arcs`, written out: a call for each node takes longer than all the rest.
        cell = v >> 1
        passing = through[cell]
        if v & 1:
            heads[0], heads[1] = v + 1, v - 3
            heads[2], heads[3] = v + 2 * width - 1, v - 2 * width - 1
            prices[:4] = 0.0
            arcs = 4
            if passing > 0:
                heads[4], prices[4] = v - 1, -upper[cell] if passing > 1 else -lower[cell]
                arcs = 5
        else:
            heads[0], prices[0] = v + 1, lower[cell] if passing == 0 else upper[cell]
            arcs = 1
            if passing > 0:
                if right[cell] < 0:
                    heads[arcs], prices[arcs] = v + 3, 0.0
                    arcs += 1
                if right[cell - 1] > 0:
                    heads[arcs], prices[arcs] = v - 1, 0.0
                    arcs += 1
                if down[cell] < 0:
                    heads[arcs], prices[arcs] = v + 2 * width + 1, 0.0
                    arcs += 1
                if down[cell - width] > 0:
                    heads[arcs], prices[arcs] = v - 2 * width + 1, 0.0
                    arcs += 1
        here = d + potential[v]
        for arc in range(arcs):
            u = heads[arc]
            along = here + prices[arc] - potential[u]
            # Without this a node would be reached again and again, each time nearer by a rounding.
            if along - d <= tight:
                along = d
            if along >= distance[u]:
                continue
            distance[u] = along
            came_from[u] = v
            if u & 1 == 0 and through[u >> 1] == 0 and u != sink:
                # From here only one way leads on.
                onward = along + lower[u >> 1] + potential[u] - potential[u + 1]
                along = d if onward - d <= tight and along == d else max(onward, along)
                u += 1
                if along >= distance[u]:
                    continue
                distance[u] = along
                came_from[u] = u - 1
            if along == d and nears < near.size:
                near[nears] = u
                nears += 1
                continue
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
            keys[hole], heap[hole] = along, u
    farthest = distance[sink]
    for v in range(nodes):
        if distance[v] > 0.0:
            potential[v] += min(distance[v], farthest)


@compiled
def tight_path(net: Network, seen: Flags, cursor: npt.NDArray[np.int8], path: Units, patience: int) -> int:
    """Look for a path of tight arcs from start to goal, depth first; return how many nodes of `path` it has, or 0.

    seen, cursor: (2n,) nodes that are known to lead nowhere, and the arcs of each that were tried; a caller that
    looks for the next path clears `seen` along the last one and leaves the rest.  patience: nodes to try at most.
    """
    potential, tight = net.potential, net.tight
    heads, prices = np.empty(ARCS, dtype=np.int64), np.empty(ARCS)
    source, sink = 2 * net.start + 1, 2 * net.goal
    path[0], length, u = source, 1, source
    seen[source] = True
    while length > 0:
        v = path[length - 1]
        if v == sink:
            return length
        arcs = _arcs(net, v, heads, prices)
        found = False
        while cursor[v] < arcs:
            u = heads[cursor[v]]
            if not seen[u] and prices[cursor[v]] + potential[v] - potential[u] <= tight:
                found = True
                break
            cursor[v] += 1
        if found:
            patience -= 1
            if patience < 0:
                return 0
            seen[u] = True
            cursor[u] = 0
            path[length] = u
            length += 1
        else:
            length -= 1
    return 0


@compiled
def first_path(net: Network, came_from: Units, path: Units) -> int:
    """Write the path on which `advance_potentials` reached the goal; return how many nodes of `path` it has."""
    length, v = 1, 2 * net.goal
    while v != 2 * net.start + 1:
        v = came_from[v]
        length += 1
    v = 2 * net.goal
    for step in range(length - 1, -1, -1):
        path[step] = v
        v = came_from[v]
    return length


@compiled
def push_unit(net: Network, path: Units, length: int) -> None:
    """Send one unit along the first nodes of `path`."""
    through, right, down, width = net.through, net.right, net.down, net.width
    for step in range(length - 1):
        v, u = path[step], path[step + 1]
        i, j = v >> 1, u >> 1
        if i == j:
            through[i] += 1 if v & 1 == 0 else -1
        elif j == i + 1:
            right[i] += 1
        elif j == i - 1:
            right[j] -= 1
        elif j == i + width:
            down[i] += 1
        else:
            down[j] -= 1


@compiled
def _arcs(net: Network, node: int, heads: npt.NDArray[np.int64], prices: Floats) -> int:
    """Write heads and prices of the residual arcs of a node, and return how many there are."""
    cell, count, width, passing = node >> 1, 0, net.width, net.through[node >> 1]
    if node & 1:
        for there in (cell + 1, cell - 1, cell + width, cell - width):
            if net.is_open[there] and there != net.start:
                heads[count], prices[count] = 2 * there, 0.0
                count += 1
        if passing > 0:
            heads[count], prices[count] = node - 1, -net.upper[cell] if passing > 1 else -net.lower[cell]
            count += 1
        return count
    if cell != net.goal:
        heads[0], prices[0] = node + 1, net.lower[cell] if passing == 0 else net.upper[cell]
        count = 1
    if passing > 0:
        if net.right[cell] < 0:
            heads[count], prices[count] = node + 3, 0.0
            count += 1
        if net.right[cell - 1] > 0:
            heads[count], prices[count] = node - 1, 0.0
            count += 1
        if net.down[cell] < 0:
            heads[count], prices[count] = node + 2 * width + 1, 0.0
            count += 1
        if net.down[cell - width] > 0:
            heads[count], prices[count] = node - 2 * width + 1, 0.0
            count += 1
    return count
