"""Snap a map to the palette's terrains, and say what that takes of its paths."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from app.scenarios.translate import path_costs
from app.scenarios.words import figure
from maps.terrain_edits import snap_to_terrains

if TYPE_CHECKING:
    from maps.document import MapDocument

# How many times nearer another terrain's cost must be for a cell to take it; the paths may lose that share by it.
STAYS = (1.0, 1.25, 1.6, 2.0, 3.0, 5.0, 10.0)
NEXT_TO_NOTHING = 0.01


@dataclass(frozen=True, eq=False)
class Snap:
    """A map whose cells cost what their terrains do, and what it took.

    path_before, path_after: cost of the shortest paths, summed by the routes' weights; NaN without routes.
    cells: how many changed their cost; terrains: how many their terrain; greatest_change: of a cell's cost.
    """

    document: MapDocument
    path_before: float
    path_after: float
    cells: int
    terrains: int
    greatest_change: float

    @property
    def sentence(self) -> str:
        """Say what was lost: "Path 176.2 → 171.8 (2.5 % less), 312 cells changed by at most 0.74"."""
        if not self.cells:
            return "Every cell costs what its terrain does"
        cells = "1 cell" if self.cells == 1 else f"{figure(self.cells)} cells"
        changed = f"{cells} changed by at most {self.greatest_change:.2g}"
        if self.terrains:
            changed += f", {figure(self.terrains)} of them to another terrain"
        before, after = self.path_before, self.path_after
        if not (isfinite(before) and isfinite(after)):
            return changed
        share = 100.0 * (after - before) / before if before > 0.0 else 0.0
        moved = f"{abs(share):.1f} % {'less' if share < 0.0 else 'more'}" if abs(share) >= 0.05 else "as long"
        return f"Path {figure(before)} → {figure(after)} ({moved}), {changed}"

    def as_json(self) -> dict[str, float | int | None]:
        """Return the figures by the names that they have in a report, with null for those that are not finite."""
        cost = self.path_after
        return {
            "snapped_path_cost": cost if isfinite(cost) else None,
            "snap_greatest_change": self.greatest_change,
            "snap_cells": self.cells,
            "snap_terrains": self.terrains,
        }


def snap(document: MapDocument) -> Snap:
    """Give cells the terrain with the nearest cost, and measure the paths before and after.

    A cell keeps its own terrain as long as that costs the paths next to nothing: a run lowers what no path needs
    by a little everywhere, and by cost alone meadows would become road. Raises MapError for a palette without a
    passable terrain.
    """
    before, tried = _path_cost(document), [snap_to_terrains(document, stay) for stay in STAYS]
    best, after = tried[0], _path_cost(tried[0].document)
    allowed = abs(after - before) + NEXT_TO_NOTHING * before
    for snapped in tried[1:] if isfinite(after) else []:
        if snapped.terrains < best.terrains:  # else its paths need not be found
            path = _path_cost(snapped.document)
            if abs(path - before) <= allowed:
                best, after = snapped, path
    return Snap(best.document, before, after, best.cells, best.terrains, best.greatest_change)


def _path_cost(document: MapDocument) -> float:
    if not document.routes:
        return float("nan")
    weights = np.array([route.weight for route in document.routes])
    counts = weights > 0.0  # infinity times 0 is no number
    return float((weights[counts] * path_costs(document)[counts]).sum())
