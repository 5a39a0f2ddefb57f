"""The end of a run: points on distinct cell centres, by an assignment, never by rounding."""

from dataclasses import replace

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial import KDTree

from engine.core.arrays import Flags, Floats, Integers
from engine.matching.limits import LAST_ROUNDS, Limits, Settled, crowded, inside, settle, symmetric_cells
from engine.matching.symmetry import Orbits

# Snapping moves a point by up to half a diagonal: the spacing is tried with more and more room for that.
ROOM_TO_SNAP = (0.0, 0.5, 1.0, 2**0.5)


def snap(limits: Limits, allowed: Flags, around: Orbits, positions: Floats, fixed: Flags) -> Settled:
    """Moves points to distinct centres of `allowed` cells (H, W), symmetric and the spacing apart.

    The sum of squared moves, of the first point of each orbit, is the smallest there is, as long as the cells
    next to each other are far enough apart (spacing of at most 1). With a larger spacing, points are first
    given more and more room, and the first layout that keeps the spacing is taken, or else the least crowded.
    Fixed points stay, and their cells are taken.
    """
    tried: list[Settled] = []
    for room in ROOM_TO_SNAP:
        roomy = replace(limits, spacing=limits.spacing + room)
        start = settle(roomy, allowed, around, positions, fixed, LAST_ROUNDS).positions if room else positions
        snapped, unsnapped = _snapped(limits, allowed, around, start, fixed)
        tried.append(Settled(snapped, crowded(snapped, limits.spacing, fixed), unsnapped))
        if tried[-1].crowded.size == 0:
            break
    return min(tried, key=lambda settled: settled.crowded.size)


def _snapped(
    limits: Limits, allowed: Flags, around: Orbits, positions: Floats, fixed: Flags
) -> tuple[Floats, Integers]:
    """Positions with every orbit on cells of its own, and the points for which there were none."""
    empty = allowed.copy()
    taken = np.floor(positions[fixed & inside(allowed, positions)] + 0.5).astype(np.int64)
    empty[taken[:, 0], taken[:, 1]] = False
    cells = np.argwhere(symmetric_cells(empty, limits.symmetry)).astype(np.float64)
    images = np.einsum("kij,cj->cki", around.turns, cells - around.middle) + around.middle  # (c, k, 2)
    numbers = np.rint(images).astype(np.int64) @ np.array([limits.shape[1], 1])
    # An orbit fits on cells that the same elements leave in place.
    kept_by = numbers == numbers[:, :1]
    first = positions[around.first]
    missing: list[int] = []
    for kept in np.unique(around.kept_by, axis=0):
        rows = np.flatnonzero((around.kept_by == kept).all(axis=1))
        fit = (kept_by == kept).all(axis=1)
        chosen = distinct_nearest(first[rows], cells[fit], numbers[fit].min(axis=1))
        found = chosen >= 0
        first[rows[found]] = cells[fit][chosen[found]]
        missing.extend(around.members[rows[~found]].ravel().tolist())
    return around.copied(positions, first), np.unique(np.array(missing, dtype=np.int64))


def distinct_nearest(points: Floats, places: Floats, kind: Integers) -> Integers:
    """For each point (n, 2) one of `places` (c, 2), no two of the same `kind` (c,), least sum of squared moves.

    Returns indices (n,), −1 for points that are left without when the kinds do not suffice.
    Points look at their k nearest kinds only. Points that share one form a cluster; a cluster of s points
    with k ≥ s is solved exactly, since a point that took a farther kind could swap to one of its s nearest
    that is free. So k grows until that holds everywhere.
    """
    chosen = np.full(len(points), -1, dtype=np.int64)
    kinds = np.unique(kind)
    if len(points) == 0 or kinds.size == 0:
        return chosen
    tree = KDTree(places)
    most = int(np.bincount(np.searchsorted(kinds, kind)).max())
    look = np.ones(len(points), dtype=np.int64)
    near: list[dict[int, int]] = [{} for _ in points]
    clusters: list[list[int]] = []
    waiting = np.arange(len(points))
    while waiting.size:
        for i in waiting.tolist():
            near[i] = _nearest_kinds(tree, points[i], kind, int(look[i]), most)
        clusters = _clusters(near)
        waiting = np.array(
            [i for cluster in clusters for i in cluster if look[i] < min(len(cluster), kinds.size)], dtype=np.int64
        )
        size = {i: len(cluster) for cluster in clusters for i in cluster}
        look[waiting] = [min(size[i], kinds.size) for i in waiting.tolist()]
    for cluster in clusters:
        offered = sorted({k for i in cluster for k in near[i]})
        column = {k: j for j, k in enumerate(offered)}
        squared = np.full((len(cluster), len(offered)), np.inf)
        for row, i in enumerate(cluster):
            for k, place in near[i].items():
                squared[row, column[k]] = ((points[i] - places[place]) ** 2).sum()
        # Only where there are too few kinds for all are pairs left out, and then every kind was looked at.
        rows, cols = linear_sum_assignment(np.where(np.isfinite(squared), squared, 1e12))
        for row, col in zip(rows.tolist(), cols.tolist(), strict=True):
            chosen[cluster[row]] = near[cluster[row]][offered[col]]
    return chosen


def _nearest_kinds(tree: KDTree, point: Floats, kind: Integers, count: int, most: int) -> dict[int, int]:
    """The `count` nearest kinds and the place of each that is nearest; `most` places share a kind."""
    _, places = tree.query(point, k=np.arange(1, min(count * most, kind.size) + 1))
    found: dict[int, int] = {}
    for place in np.atleast_1d(places).tolist():
        found.setdefault(int(kind[place]), int(place))
        if len(found) == count:
            break
    return found


def _clusters(near: list[dict[int, int]]) -> list[list[int]]:
    """Points that are linked through kinds they share."""
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
