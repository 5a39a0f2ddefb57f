"""Move points to distinct cell centres at the end of a run: by an assignment, as rounding may collide."""

from dataclasses import replace

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial import KDTree

from engine.core.arrays import Flags, Floats, Integers
from engine.matching.limits import LAST_ROUNDS, Limits, Settled, crowded, inside, settle, symmetric_cells
from engine.matching.symmetry import Orbits

# Snapping moves a point by up to half a diagonal, so points are settled with spacings larger by this much.
ROOM_TO_SNAP = (0.0, 0.5, 1.0, 2**0.5)


def snap(limits: Limits, allowed: Flags, orbits: Orbits, positions: Floats, fixed: Flags) -> Settled:
    """Move points to distinct centres of `allowed` cells (H, W), symmetric and the spacing apart.

    For a spacing of at most 1, the sum of squared moves of the first point of each orbit is minimal. For a larger
    one, points are first settled with a larger spacing, in turn; the first result that keeps the spacing is
    returned, or else the one with the fewest crowded points. Fixed points stay and occupy their cells.
    """
    tried: list[Settled] = []
    for room in ROOM_TO_SNAP:
        roomy = replace(limits, spacing=limits.spacing + room)
        start = settle(roomy, allowed, orbits, positions, fixed, LAST_ROUNDS).positions if room else positions
        snapped, unsnapped = _snapped(limits, allowed, orbits, start, fixed)
        tried.append(Settled(snapped, crowded(snapped, limits.spacing, fixed), unsnapped))
        if tried[-1].crowded.size == 0:
            break
    return min(tried, key=lambda settled: settled.crowded.size)


def _snapped(
    limits: Limits, allowed: Flags, orbits: Orbits, positions: Floats, fixed: Flags
) -> tuple[Floats, Integers]:
    """Return positions with every orbit on cells of its own, and the points for which none were left."""
    empty = allowed.copy()
    taken = np.floor(positions[fixed & inside(allowed, positions)] + 0.5).astype(np.int64)
    empty[taken[:, 0], taken[:, 1]] = False
    cells = np.argwhere(symmetric_cells(empty, limits.symmetry)).astype(np.float64)
    images = np.einsum("kij,cj->cki", orbits.turns, cells - orbits.middle) + orbits.middle  # (c, k, 2)
    numbers = np.rint(images).astype(np.int64) @ np.array([limits.shape[1], 1])
    # An orbit fits on cells that the same symmetry elements map to themselves.
    kept_by = numbers == numbers[:, :1]
    first = positions[orbits.first]
    missing: list[int] = []
    for kept in np.unique(orbits.kept_by, axis=0):
        rows = np.flatnonzero((orbits.kept_by == kept).all(axis=1))
        fit = (kept_by == kept).all(axis=1)
        chosen = distinct_nearest(first[rows], cells[fit], numbers[fit].min(axis=1))
        found = chosen >= 0
        first[rows[found]] = cells[fit][chosen[found]]
        missing.extend(orbits.members[rows[~found]].ravel().tolist())
    return orbits.copied(positions, first), np.unique(np.array(missing, dtype=np.int64))


def distinct_nearest(points: Floats, places: Floats, kind: Integers) -> Integers:
    """Assign points (n, 2) to `places` (c, 2), no two of one `kind` (c,), at the least sum of squared distances.

    Returns indices (n,), −1 for points without a place where there are too few kinds.
    Only the k nearest kinds of each point are candidates. Points with a common candidate form a cluster, and the
    assignment of a cluster of s points with k ≥ s is exact: a point with a farther kind could change to one of its
    s nearest that is free. So k is raised until that holds for every cluster.
    """
    chosen = np.full(len(points), -1, dtype=np.int64)
    kinds = np.unique(kind)
    if len(points) == 0 or kinds.size == 0:
        return chosen
    tree = KDTree(places)
    most = int(np.bincount(np.searchsorted(kinds, kind)).max())
    candidates = np.ones(len(points), dtype=np.int64)
    near: list[dict[int, int]] = [{} for _ in points]
    clusters: list[list[int]] = []
    waiting = np.arange(len(points))
    while waiting.size:
        for i in waiting.tolist():
            near[i] = _nearest_kinds(tree, points[i], kind, int(candidates[i]), most)
        clusters = _clusters(near)
        waiting = np.array(
            [i for cluster in clusters for i in cluster if candidates[i] < min(len(cluster), kinds.size)],
            dtype=np.int64,
        )
        size = {i: len(cluster) for cluster in clusters for i in cluster}
        candidates[waiting] = [min(size[i], kinds.size) for i in waiting.tolist()]
    for cluster in clusters:
        offered = sorted({k for i in cluster for k in near[i]})
        column = {k: j for j, k in enumerate(offered)}
        squared = np.full((len(cluster), len(offered)), np.inf)
        for row, i in enumerate(cluster):
            for k, place in near[i].items():
                squared[row, column[k]] = ((points[i] - places[place]) ** 2).sum()
        # Infinite pairs are chosen only where there are too few kinds, and then every kind was a candidate.
        rows, cols = linear_sum_assignment(np.where(np.isfinite(squared), squared, 1e12))
        for row, col in zip(rows.tolist(), cols.tolist(), strict=True):
            chosen[cluster[row]] = near[cluster[row]][offered[col]]
    return chosen


def _nearest_kinds(tree: KDTree, point: Floats, kind: Integers, count: int, most: int) -> dict[int, int]:
    """Return the `count` nearest kinds, each with its nearest place; at most `most` places share a kind."""
    _, places = tree.query(point, k=np.arange(1, min(count * most, kind.size) + 1))
    found: dict[int, int] = {}
    for place in np.atleast_1d(places).tolist():
        found.setdefault(int(kind[place]), int(place))
        if len(found) == count:
            break
    return found


def _clusters(near: list[dict[int, int]]) -> list[list[int]]:
    """Return the connected components of points that share kinds."""
    parent = list(range(len(near)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    owner: dict[int, int] = {}
    for i, kinds in enumerate(near):
        for k in kinds:
            parent[root(i)] = root(owner.setdefault(k, i))
    groups: dict[int, list[int]] = {}
    for i in range(len(near)):
        groups.setdefault(root(i), []).append(i)
    return list(groups.values())
