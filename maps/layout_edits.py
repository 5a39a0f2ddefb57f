"""Edits of point layouts: pure functions from a document to a new one, and which points lie where.

Positions are (row, col) in cells as in `Layout`; `points` are indices into a layout's positions. A point that
an edit puts somewhere lies on a passable cell of the map, or the edit raises MapError and says which does not.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from maps.document import Layout, MapDocument, Mask, points_inside
from maps.edits import set_layout
from maps.errors import MapError, name_cell

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Positions = NDArray[np.float64]
Indices = NDArray[np.int64]

# Stay apart for every kind of colour vision (Okabe and Ito); light enough to be seen on a dark map.
LAYOUT_COLOURS = ("#56b4e9", "#e69f00", "#cc79a7", "#f0e442", "#009e73", "#d55e00")


def new_layout(document: MapDocument, name: str = "") -> Layout:
    """Return a layout without points, with the next name and colour that no other layout has."""
    names = {layout.name for layout in document.layouts}
    number = next(n for n in range(1, len(names) + 2) if f"Layout {n}" not in names)
    colours = [layout.colour for layout in document.layouts]
    rarest = min(LAYOUT_COLOURS, key=colours.count)
    return Layout(_free_name(name, names) if name else f"Layout {number}", np.zeros((0, 2)), np.zeros(0), rarest)


def cells_of(document: MapDocument, positions: ArrayLike) -> Indices:
    """Return (n, 2) cells that positions lie in; outside the map they are cells that the map does not have."""
    at = _positions(positions)
    cells = np.floor(at + 0.5).astype(np.int64)
    # The far border still belongs to the last row and column.
    on_border = at == np.array(document.shape) - 0.5
    return cells - on_border


def blocked(document: MapDocument, positions: ArrayLike) -> Mask:
    """Return (n,) bool: which positions lie outside the map or in a wall."""
    at = _positions(positions)
    inside = points_inside(at, document.height, document.width)
    result = ~inside
    rows, cols = cells_of(document, at[inside]).T
    result[inside] = ~document.passable[rows, cols]
    return result


def why_blocked(document: MapDocument, positions: ArrayLike) -> str:
    """Return a sentence about the first of the positions that no point can take; empty if all are free."""
    at = _positions(positions)
    bad = blocked(document, at)
    if not bad.any():
        return ""
    first = int(np.argmax(bad))
    if not np.isfinite(at[first]).all():
        return f"Points stay on the map: ({at[first, 0]}, {at[first, 1]}) is no place"
    row, col = (int(index) for index in cells_of(document, at[first])[0])
    if not document.contains((row, col)):
        size = f"{document.height} × {document.width}"
        return f"Points stay on the map: {name_cell(row, col)} lies outside its {size} cells"
    return f"Points cannot stand in walls: {name_cell(row, col)} is one; clear it or choose a cell beside it"


def add_points(document: MapDocument, index: int, positions: ArrayLike, weights: ArrayLike = 1.0) -> MapDocument:
    """Append points to a layout, or to a new one where index is the number of layouts.

    positions: (n, 2) or one (row, col); weights: (n,) or one for all.
    """
    at = _positions(positions)
    _check_free(document, at)
    layout = _layout(document, index) if index < len(document.layouts) else new_layout(document)
    heavy = np.broadcast_to(np.asarray(weights, np.float64), (len(at),))
    return set_layout(
        document,
        index,
        replace(
            layout,
            positions=np.concatenate([layout.positions, at]),
            weights=np.concatenate([layout.weights, heavy]),
        ),
    )


def move_points(document: MapDocument, index: int, points: Iterable[int], by: ArrayLike) -> MapDocument:
    """Shift points by (rows, cols), one shift for all or (n, 2)."""
    chosen = _chosen(document, index, points)
    return place_points(document, index, chosen, document.layouts[index].positions[chosen] + np.asarray(by))


def place_points(document: MapDocument, index: int, points: Iterable[int], positions: ArrayLike) -> MapDocument:
    """Put points at new positions (n, 2)."""
    chosen = _chosen(document, index, points)
    layout = document.layouts[index]
    at = layout.positions.copy()
    at[chosen] = _positions(positions)
    _check_free(document, at[chosen])
    if np.array_equal(at, layout.positions):
        return document
    return set_layout(document, index, replace(layout, positions=at))


def move_layouts(
    document: MapDocument, moved: Mapping[str, tuple[Positions, NDArray[np.float64] | None]]
) -> MapDocument:
    """Give whole layouts, by name, other positions (n, 2) and, where there are any, other weights (n,).

    Raises MapError if one of them is gone, or has another number of points by now.
    """
    indices = {layout.name: index for index, layout in enumerate(document.layouts)}
    for name, (positions, weights) in moved.items():
        if name not in indices:
            raise MapError(f"the layout {name!r} that was moved is not in the map any more")
        layout = document.layouts[indices[name]]
        if len(layout.positions) != len(positions):
            raise MapError(
                f"layout {name!r} has {len(layout.positions)} points now, but {len(positions)} were moved"
            )
        made = replace(layout, positions=positions, weights=layout.weights if weights is None else weights)
        document = set_layout(document, indices[name], made)
    return document


def remove_points(document: MapDocument, index: int, points: Iterable[int]) -> MapDocument:
    """Remove points from a layout; the others keep their order."""
    chosen = _chosen(document, index, points)
    layout = document.layouts[index]
    kept = np.ones(len(layout.positions), np.bool_)
    kept[chosen] = False
    if kept.all():
        return document
    left = replace(layout, positions=layout.positions[kept], weights=layout.weights[kept])
    return set_layout(document, index, left)


def set_weights(document: MapDocument, index: int, points: Iterable[int], weights: ArrayLike) -> MapDocument:
    """Give points new weights, one for all or (n,). Raises MapError for a weight below 0 or not finite."""
    chosen = _chosen(document, index, points)
    layout = document.layouts[index]
    heavy = layout.weights.copy()
    heavy[chosen] = weights
    if np.array_equal(heavy, layout.weights):
        return document
    return set_layout(document, index, replace(layout, weights=heavy))


def align_points(document: MapDocument, index: int, points: Iterable[int]) -> MapDocument:
    """Move points to the centres of cells, no two to the same one.

    The point nearest to a centre chooses first; each takes the nearest passable cell where no other point of
    the layout stands. Raises MapError if there are fewer free cells than points.
    """
    chosen = _chosen(document, index, points)
    at = document.layouts[index].positions
    free = document.passable.copy()
    others = np.delete(at, chosen, axis=0)
    rows, cols = cells_of(document, others).T
    free[rows, cols] = False
    off_centre = np.hypot(*(at[chosen] - np.rint(at[chosen])).T)
    aligned = at.copy()
    for point in chosen[np.argsort(off_centre, kind="stable")]:
        cell = _nearest_free(free, at[point])
        aligned[point] = cell
        free[cell] = False
    return place_points(document, index, chosen, aligned[chosen])


def paste_points(
    document: MapDocument, index: int, positions: ArrayLike, weights: ArrayLike
) -> tuple[MapDocument, int]:
    """Add points as far as they find room; return the document and how many fell into walls or outside."""
    at = _positions(positions)
    fits = ~blocked(document, at)
    heavy = np.broadcast_to(np.asarray(weights, np.float64), (len(at),))
    if not fits.any():
        return document, len(at)
    return add_points(document, index, at[fits], heavy[fits]), int((~fits).sum())


def scatter_points(
    document: MapDocument,
    taken: ArrayLike,
    centre: tuple[float, float],
    size: float,
    spacing: float,
    rng: np.random.Generator,
) -> Positions:
    """Return (n, 2) random positions on passable cells within a disc, `spacing` cells or more from each other.

    taken: (m, 2) positions that they keep away from too. size: the disc's width in cells.
    Darts are thrown at the disc, four for every point that it could hold, and kept where they fit.
    """
    radius = max(size, 1.0) / 2.0
    spacing = max(spacing, 1e-3)
    most = int(min(4.0 * np.ceil(np.pi * (radius / spacing + 0.5) ** 2), 2000.0))
    distance, angle = radius * np.sqrt(rng.random(most)), 2.0 * np.pi * rng.random(most)
    darts = np.stack([centre[0] + distance * np.sin(angle), centre[1] + distance * np.cos(angle)], axis=1)
    darts = darts[~blocked(document, darts)]
    near = _positions(taken)
    near = near[(np.abs(near - centre) < radius + spacing).all(axis=1)]
    kept: list[Positions] = []
    for dart in darts:
        if len(near) == 0 or np.hypot(*(near - dart).T).min() >= spacing:
            kept.append(dart)
            near = np.concatenate([near, dart[None]])
    return np.array(kept).reshape(-1, 2)


def nearest_point(positions: Positions, at: tuple[float, float], reach: float) -> int | None:
    """Return the index of the position nearest to `at` within `reach` cells; None if there is none."""
    if len(positions) == 0:
        return None
    distance = np.hypot(*(positions - at).T)
    nearest = int(np.argmin(distance))
    return nearest if distance[nearest] <= reach else None


def points_in_box(positions: Positions, corner: tuple[float, float], opposite: tuple[float, float]) -> Indices:
    """Return the indices of the positions in the rectangle between two corners, its border included."""
    low, high = np.minimum(corner, opposite), np.maximum(corner, opposite)
    return np.flatnonzero(((positions >= low) & (positions <= high)).all(axis=1))


def points_in_polygon(positions: Positions, polygon: ArrayLike) -> Indices:
    """Return the indices of the positions inside a closed polygon (k, 2), by the even-odd rule."""
    ends = _positions(polygon)
    inside = np.zeros(len(positions), np.bool_)
    row, col = positions[:, 0], positions[:, 1]
    for (row_a, col_a), (row_b, col_b) in zip(ends, np.roll(ends, -1, axis=0), strict=True):
        if row_a == row_b:
            continue
        # Does a ray along the row, towards larger columns, cross this side?
        crosses = (row_a > row) != (row_b > row)
        inside ^= crosses & (col < col_a + (row - row_a) * (col_b - col_a) / (row_b - row_a))
    return np.flatnonzero(inside)


def _layout(document: MapDocument, index: int) -> Layout:
    if not 0 <= index < len(document.layouts):
        raise MapError(f"there is no layout {index}; the map has {len(document.layouts)}, counted from 0")
    return document.layouts[index]


def _chosen(document: MapDocument, index: int, points: Iterable[int]) -> Indices:
    layout = _layout(document, index)
    chosen = np.array(sorted(set(points)), np.int64)
    if len(chosen) and not (chosen[0] >= 0 and chosen[-1] < len(layout.positions)):
        raise MapError(f"layout {layout.name!r} has {len(layout.positions)} points, none of index {chosen[-1]}")
    return chosen


def _positions(values: ArrayLike) -> Positions:
    return np.asarray(values, np.float64).reshape(-1, 2)


def _check_free(document: MapDocument, positions: Positions) -> None:
    if reason := why_blocked(document, positions):
        raise MapError(reason)


def _nearest_free(free: Mask, position: Positions) -> tuple[int, int]:
    """The free cell whose centre is nearest, looked for in a growing square."""
    height, width = free.shape
    reach = 2.0
    while True:
        r0, c0 = (max(0, int(np.ceil(at - reach))) for at in position)
        r1, c1 = int(min(height, position[0] + reach + 1)), int(min(width, position[1] + reach + 1))
        cells = np.argwhere(free[r0:r1, c0:c1]) + np.array((r0, c0))
        distance = np.hypot(*(cells - position).T)
        whole = (r0, c0, r1, c1) == (0, 0, height, width)
        # Within the reach no cell outside the square can be nearer.
        if len(cells) and (whole or distance.min() <= reach):
            row, col = cells[int(np.argmin(distance))]
            return int(row), int(col)
        if whole:
            raise MapError("there are fewer free cells than points to align; remove points or clear walls")
        reach *= 4.0


def _free_name(name: str, taken: set[str]) -> str:
    if name not in taken:
        return name
    return next(f"{name} {n}" for n in range(2, len(taken) + 3) if f"{name} {n}" not in taken)
