"""Symmetries of a map: where the images of a cell, a shape or a piece lie. The words are those of the engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from maps.pieces import Piece, flipped, transposed
from maps.raster import Patch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from maps.document import Cell

Symmetry = Literal["none", "left_right", "top_bottom", "four_way", "half_turn", "quarter_turn", "diagonal"]


@dataclass(frozen=True)
class Image:
    """One map of a grid onto itself: rows and columns exchanged or not, then either of them reversed or not."""

    exchanged: bool = False
    rows: bool = False
    columns: bool = False

    def place(self, place: tuple[float, float], shape: tuple[int, int]) -> tuple[float, float]:
        """Return where a position (row, col) goes on a map of this shape; cell centres are whole numbers."""
        row, col = (place[1], place[0]) if self.exchanged else place
        return shape[0] - 1 - row if self.rows else row, shape[1] - 1 - col if self.columns else col

    def cell(self, cell: Cell, shape: tuple[int, int]) -> Cell:
        """Return where a cell goes, on the map or beside it."""
        row, col = self.place(cell, shape)
        return int(row), int(col)

    def patch(self, patch: Patch, shape: tuple[int, int]) -> Patch:
        """Return where a shape goes."""
        r0, c0, r1, c1 = patch.rectangle
        corners = self.cell((r0, c0), shape), self.cell((r1 - 1, c1 - 1), shape)
        weights = patch.weights.T if self.exchanged else patch.weights
        weights = weights[:: -1 if self.rows else 1, :: -1 if self.columns else 1]
        top, left = (min(pair) for pair in zip(*corners, strict=True))
        if patch.weights.size == 0:
            return Patch((0, 0, 0, 0), np.zeros((0, 0), np.float32))
        return Patch((top, left, top + weights.shape[0], left + weights.shape[1]), weights)

    def piece(self, piece: Piece, corner: Cell, shape: tuple[int, int]) -> tuple[Piece, Cell]:
        """Return what a piece at a corner becomes, and where its first cell then lies."""
        height, width = piece.shape
        opposite = corner[0] + height - 1, corner[1] + width - 1
        corners = self.cell(corner, shape), self.cell(opposite, shape)
        made = transposed(piece) if self.exchanged else piece
        made = flipped(made, columns=False) if self.rows else made
        made = flipped(made, columns=True) if self.columns else made
        (one_row, one_col), (other_row, other_col) = corners
        return made, (min(one_row, other_row), min(one_col, other_col))


_IMAGES: dict[Symmetry, tuple[Image, ...]] = {
    "none": (),
    "left_right": (Image(columns=True),),
    "top_bottom": (Image(rows=True),),
    "four_way": (Image(columns=True), Image(rows=True), Image(rows=True, columns=True)),
    "half_turn": (Image(rows=True, columns=True),),
    "quarter_turn": (
        Image(exchanged=True, columns=True),
        Image(rows=True, columns=True),
        Image(exchanged=True, rows=True),
    ),
    "diagonal": (Image(exchanged=True),),
}
NEEDS_SQUARE: frozenset[Symmetry] = frozenset(("quarter_turn", "diagonal"))


def images_of(symmetry: Symmetry, shape: tuple[int, int]) -> tuple[Image, ...]:
    """Return the maps of a symmetry but the one that moves nothing; none where it needs a square and has none."""
    return () if symmetry in NEEDS_SQUARE and shape[0] != shape[1] else _IMAGES[symmetry]


def with_images(patch: Patch, symmetry: Symmetry, shape: tuple[int, int]) -> list[Patch]:
    """Return a shape and its images."""
    return [patch, *(image.patch(patch, shape) for image in images_of(symmetry, shape))]


def merged(patches: Sequence[Patch]) -> list[Patch]:
    """Return shapes of which no two rectangles overlap; those that did are one, each cell with its larger weight.

    The time goes with the cells of the shapes, and not with those of the map between them.
    """
    apart: list[Patch] = []
    for patch in patches:
        joined = patch
        while (other := next((one for one in apart if _overlap(one, joined)), None)) is not None:
            apart.remove(other)
            joined = _union(joined, other)
        apart.append(joined)
    return apart


def _overlap(one: Patch, other: Patch) -> bool:
    (r0, c0, r1, c1), (s0, d0, s1, d1) = one.rectangle, other.rectangle
    return max(r0, s0) < min(r1, s1) and max(c0, d0) < min(c1, d1)


def _union(one: Patch, other: Patch) -> Patch:
    (r0, c0, r1, c1), (s0, d0, s1, d1) = one.rectangle, other.rectangle
    top, left, bottom, right = min(r0, s0), min(c0, d0), max(r1, s1), max(c1, d1)
    weights = np.zeros((bottom - top, right - left), np.float32)
    for patch in (one, other):
        a0, b0, a1, b1 = patch.rectangle
        under = weights[a0 - top : a1 - top, b0 - left : b1 - left]
        np.maximum(under, patch.weights, out=under)
    return Patch((top, left, bottom, right), weights)
