"""Constraints on the positions of points: passable cells, a region, a symmetry, a minimum distance.

Positions are (n, 2) in cells; the cell (r, c) is the square [r − ½, r + ½] × [c − ½, c + ½].
"""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import KDTree

from engine.core.arrays import Flags, Floats, Integers, writable
from engine.core.cancel import check
from engine.core.compiled import compiled
from engine.core.errors import ProblemError, SuggestedFix
from engine.cost_maps.admissible import Symmetry, symmetric_shape
from engine.matching.symmetry import Orbits, middle_of, turns_of

# Positions keep this far inside their cell, so that no rounding puts them into the next one.
MARGIN = 1e-6
# Points are pushed apart this share further than needed, so that finitely many rounds suffice.
PUSH_FURTHER = 1e-3
# Rounds of pushing apart: while points move, and at the end.
ROUNDS, LAST_ROUNDS = 20, 2_000
# A distance may miss the spacing by this much, in cells.
SLACK = 1e-9
# Every so many rounds, points that are still too near get a random kick by this share of the spacing.
KICK_EVERY, KICK = 50, 0.3
# Direction in which coinciding points are pushed apart, radians per index: never along a mirror axis.
PARTING = 2.399963


@dataclass(frozen=True, eq=False)
class Limits:
    """Constraints that hold at every step of a run.

    passable: (H, W) bool, the map without its walls.  region: (H, W) bool, cells to stay in; None for the whole
        map.
    symmetry: of every layout, about the middle of the map; fixed points are exempt.
    spacing: minimum distance between any two points, in cells; 0 for none.
    snap: end on distinct cell centres.
    """

    passable: Flags
    region: Flags | None = None
    symmetry: Symmetry = "none"
    spacing: float = 0.0
    snap: bool = False

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns (H, W) of the map."""
        height, width = self.passable.shape
        return height, width

    def allowed(self) -> Flags:
        """Return flags (H, W) of the cells that, with all their images, are passable and in the region."""
        cells = self.passable if self.region is None else self.passable & self.region
        return symmetric_cells(cells, self.symmetry)


@dataclass(frozen=True, eq=False)
class Settled:
    """Positions (n, 2) after a projection, and the indices of points that it could not bring within the limits.

    crowded: points nearer to another than the spacing.  unsnapped: points without a cell centre of their own.
    """

    positions: Floats
    crowded: Integers
    unsnapped: Integers


def check_limits(limits: Limits) -> None:
    """Refuse, by ProblemError ("symmetry", "spacing" or "region"), limits that no layout can keep."""
    if not symmetric_shape(limits.shape, limits.symmetry):
        raise ProblemError(
            "symmetry",
            f"the symmetry {limits.symmetry.replace('_', ' ')} needs a square map; this one has "
            f"{limits.shape[0]} rows and {limits.shape[1]} columns",
            SuggestedFix("symmetry", "none"),
        )
    if not (np.isfinite(limits.spacing) and limits.spacing >= 0.0):
        raise ProblemError("spacing", f"the spacing is {limits.spacing}; it must be a number of at least 0")
    if limits.region is not None and limits.region.shape != limits.passable.shape:
        raise ProblemError(
            "region", f"the region is {limits.region.shape}, but the map is {limits.passable.shape}"
        )
    if not limits.allowed().any():
        raise ProblemError(
            "region",
            "no cell may hold a point: paint a region with passable cells"
            + ("" if limits.symmetry == "none" else ", whose images under the symmetry are in it too"),
            SuggestedFix("region", None) if limits.region is not None and limits.passable.any() else None,
        )


def symmetric_cells(cells: Flags, symmetry: Symmetry) -> Flags:
    """Return those of the cells (H, W) whose images under the symmetry are all among them."""
    height, width = cells.shape
    middle = middle_of((height, width))
    where = np.argwhere(np.ones_like(cells)) - middle
    kept = np.ones_like(cells)
    for turn in turns_of(symmetry):
        check()
        row, col = np.rint(where @ turn.T + middle).astype(np.int64).T
        kept &= cells[row, col].reshape(cells.shape)
    return kept


def settle(
    limits: Limits, allowed: Flags, orbits: Orbits, positions: Floats, fixed: Flags, rounds: int = ROUNDS
) -> Settled:
    """Bring points into `allowed` cells (H, W), symmetric and the spacing apart, by alternating projections.

    fixed: (n,) points that stay where they are.  rounds: of pushing apart, at most; points that are still too near
    then are `crowded`. Raises ProblemError if a point has to lie on a mirror axis that no allowed cell touches.
    """
    current = _into_cells(allowed, orbits, positions, fixed)
    for number in range(1, rounds + 1):
        check()
        pairs = _close_pairs(current, limits.spacing - SLACK, fixed)
        if pairs.size == 0:
            break
        pushed = _pushed_apart(current, pairs, fixed, limits.spacing * (1.0 + PUSH_FURTHER))
        if number % KICK_EVERY == 0:
            stuck = np.setdiff1d(pairs, np.flatnonzero(fixed))
            kick = np.random.default_rng(number).normal(0.0, KICK * limits.spacing, pushed.shape)
            pushed[stuck] += kick[stuck]
        current = _into_cells(allowed, orbits, pushed, fixed)
    return Settled(current, crowded(current, limits.spacing, fixed), np.zeros(0, dtype=np.int64))


def crowded(positions: Floats, spacing: float, fixed: Flags) -> Integers:
    """Return the indices of points nearer than `spacing` to another; pairs of fixed points do not count."""
    return np.unique(_close_pairs(positions, spacing - SLACK, fixed))


def nearest_allowed(allowed: Flags, positions: Floats) -> Floats:
    """Return for each position (n, 2) the nearest one in an allowed cell (H, W); there must be such a cell."""
    return _nearest_allowed(allowed, writable(positions))


def slide(passable: Flags, before: Floats, after: Floats) -> Floats:
    """Move points (n, 2) straight towards `after`; at walls they slide along."""
    return _slide(passable, writable(before), writable(after))


def inside(allowed: Flags, positions: Floats) -> Flags:
    """Return flags (n,) of the positions that lie on the map and in an allowed cell."""
    cells = np.floor(positions + 0.5)
    height, width = allowed.shape
    on_map = (cells >= 0).all(axis=1) & (cells[:, 0] < height) & (cells[:, 1] < width)
    rows, cols = np.where(on_map[:, None], cells, 0.0).astype(np.int64).T
    return on_map & allowed[rows, cols]


def _into_cells(allowed: Flags, orbits: Orbits, positions: Floats, fixed: Flags) -> Floats:
    """Return the nearest symmetric positions in allowed cells; points on a mirror axis stay on it."""
    moved = orbits.symmetrised(positions)
    inward = np.where(fixed[:, None], positions, _nearest_allowed(allowed, writable(moved)))
    if orbits.trivial:
        return inward
    # The images of an allowed position are allowed, so orbits copied from their first point are. Only a point on
    # a mirror axis may leave the axis for the nearest cell, and that cell on its way back to the axis.
    settled = orbits.copied(inward, inward[orbits.first])
    astray = np.flatnonzero(~inside(allowed, settled)[orbits.first])
    if astray.size:
        first = settled[orbits.first]
        for orbit in astray.tolist():
            first[orbit] = _on_mirror(allowed, orbits, orbit, first[orbit])
        settled = orbits.copied(settled, first)
    return settled


def _on_mirror(allowed: Flags, orbits: Orbits, orbit: int, position: Floats) -> Floats:
    """Return the nearest place to `position` on the orbit's mirror axis, beside the centre of an allowed cell."""
    onto = orbits.turns[orbits.kept_by[orbit]].mean(axis=0)
    cells = np.argwhere(allowed).astype(np.float64)
    kept = (cells - orbits.middle) @ onto.T + orbits.middle
    kept = kept[(np.abs(kept - cells).max(axis=1) <= 0.5) & inside(allowed, kept)]
    if len(kept) == 0:
        raise ProblemError(
            "symmetry",
            f"a point at row {position[0]:.1f}, col {position[1]:.1f} has no partner under the symmetry and would "
            "have to lie on the mirror, but no allowed cell touches it; add or remove a point, or open a cell",
            SuggestedFix("symmetry", "none"),
        )
    return kept[np.argmin(((kept - position) ** 2).sum(axis=1))]


def _close_pairs(positions: Floats, distance: float, fixed: Flags) -> Integers:
    """Return pairs (p, 2) nearer than `distance` of which at least one may move, sorted."""
    if distance <= 0.0 or len(positions) < 2:
        return np.zeros((0, 2), dtype=np.int64)
    pairs = KDTree(positions).query_pairs(distance, output_type="ndarray").astype(np.int64).reshape(-1, 2)
    apart = np.linalg.norm(positions[pairs[:, 0]] - positions[pairs[:, 1]], axis=1)
    pairs = pairs[(apart < distance) & ~fixed[pairs].all(axis=1)]
    return pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]


def _pushed_apart(positions: Floats, pairs: Integers, fixed: Flags, distance: float) -> Floats:
    """Push the points of each pair to `distance`: half each, or one alone where the other is fixed."""
    one, other = pairs.T
    away = positions[one] - positions[other]
    apart = np.linalg.norm(away, axis=1)
    angle = PARTING * (one + 1.0)
    parting = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    unit = np.where(apart[:, None] > 1e-12, away / np.maximum(apart, 1e-12)[:, None], parting)
    push = (distance - apart)[:, None] * unit
    moved = np.zeros_like(positions)
    np.add.at(moved, one, np.where(fixed[other], 1.0, 0.5)[:, None] * push)
    np.add.at(moved, other, -np.where(fixed[one], 1.0, 0.5)[:, None] * push)
    return positions + np.where(fixed[:, None], 0.0, moved)


@compiled
def _nearest_allowed(allowed: Flags, positions: Floats) -> Floats:
    height, width = allowed.shape
    out = positions.copy()
    half = 0.5 - MARGIN
    for i in range(positions.shape[0]):
        r, c = positions[i, 0], positions[i, 1]
        row = min(max(int(np.floor(r + 0.5)), 0), height - 1)
        col = min(max(int(np.floor(c + 0.5)), 0), width - 1)
        best = np.inf
        for ring in range(max(height, width)):
            # Cells of this ring around the nearest cell of the map are at least ring − 1 away from the point.
            if best <= (ring - 1.0) * (ring - 1.0) and ring > 0:
                break
            for rr in range(max(0, row - ring), min(height, row + ring + 1)):
                edge = rr == row - ring or rr == row + ring
                step = 1 if edge or ring == 0 else 2 * ring
                for cc in range(col - ring, col + ring + 1, step):
                    if cc < 0 or cc >= width or not allowed[rr, cc]:
                        continue
                    near_r = min(max(r, rr - half), rr + half)
                    near_c = min(max(c, cc - half), cc + half)
                    squared = (near_r - r) * (near_r - r) + (near_c - c) * (near_c - c)
                    if squared < best:
                        best = squared
                        out[i, 0], out[i, 1] = near_r, near_c
    return out


@compiled
def _slide(passable: Flags, before: Floats, after: Floats) -> Floats:
    height, width = passable.shape
    out = before.copy()
    half = 0.5 - MARGIN
    for i in range(before.shape[0]):
        dr, dc = after[i, 0] - before[i, 0], after[i, 1] - before[i, 1]
        pieces = int(np.ceil(2.0 * max(abs(dr), abs(dc))))
        r, c = before[i, 0], before[i, 1]
        row, col = int(np.floor(r + 0.5)), int(np.floor(c + 0.5))
        for _ in range(pieces):
            r += dr / pieces
            to = int(np.floor(r + 0.5))
            if to != row and (to < 0 or to >= height or not passable[to, col]):
                r = row + half if to > row else row - half
            else:
                row = to
            c += dc / pieces
            to = int(np.floor(c + 0.5))
            if to != col and (to < 0 or to >= width or not passable[row, to]):
                c = col + half if to > col else col - half
            else:
                col = to
        out[i, 0], out[i, 1] = r, c
    return out
