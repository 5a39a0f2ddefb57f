"""Keep the map as an image of one pixel a cell, coloured anew only where cells changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from PySide6.QtGui import QImage

from app.canvas.colouring import (
    BANDS,
    UNREACHED,
    WALL,
    change_shades,
    change_table,
    colour_table,
    cost_shades,
    distance_bands,
    distance_table,
    round_up,
)
from app.canvas.terrain_colours import terrain_places, terrain_table
from maps.edits import union
from maps.terrain import NO_TERRAIN, on_impassable_terrain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from app.canvas.layers import Layer
    from maps.document import MapDocument, Mask
    from maps.raster import Rectangle

OPEN = 0xFFC4C6CA  # cells where nothing is coloured
Shown = Literal["terrain", "cost", "difference", "distance", "nothing"]
COLOURING: frozenset[Layer] = frozenset(("terrain", "cost", "walls", "difference", "distance"))


def changed_cells(old: MapDocument, new: MapDocument) -> Rectangle | None:
    """Return the smallest rectangle of cells in which two documents of one shape differ, or None."""
    dirty: Rectangle | None = None
    for before, now in (
        (old.cost, new.cost),
        (old.passable, new.passable),
        (old.locked, new.locked),
        (old.terrain, new.terrain),
    ):
        if before is not now:
            differs = before != now
            rows = np.flatnonzero(differs.any(axis=1))
            if len(rows):
                top, bottom = int(rows[0]), int(rows[-1]) + 1
                cols = np.flatnonzero(differs[top:bottom].any(axis=0))
                dirty = union(dirty, (top, int(cols[0]), bottom, int(cols[-1]) + 1))
    return dirty


class MapImage:
    """Colour a document, or a run's costs on it.

    image: RGB32, one pixel a cell. scale: (lo, hi) costs at the ends of the colour scale: the document's
    bounds, widened by what the map holds, so that it stands still during a run. greatest_change: end of the
    scale of differences, rounded up for the same reason. band: width of a band of equal distance; bands: how
    many there are. cells_of: (256,) how many cells there are of each terrain; terrains: numbers of those that are
    on the map; free_cells: how many cells one can walk on that have a cost of their own only.
    """

    def __init__(self, document: MapDocument) -> None:
        self.document = document
        self._run_costs: NDArray[np.float32] | None = None
        self._distance: NDArray[np.float32] | None = None
        self._layers: frozenset[Layer] = frozenset(("terrain", "cost", "walls"))
        self._pixels = np.zeros(document.shape, np.uint32)
        self.image = QImage(
            self._pixels.data, document.width, document.height, 4 * document.width, QImage.Format.Format_RGB32
        )
        self.scale = self._scale()
        self.greatest_change = self.band = 1.0
        self.bands = 1
        self.cells_of, self.free_cells = _counts(document, (0, 0, *document.shape))
        self.terrains = _numbers(self.cells_of)
        self._terrains = _packed(terrain_table(document.palette))
        self._colour((0, 0, *document.shape))

    @property
    def costs(self) -> NDArray[np.float32]:
        """(H, W) costs that are shown."""
        return self.document.cost if self._run_costs is None else self._run_costs

    @property
    def has_run(self) -> bool:
        """Whether a run's costs are shown in place of the document's."""
        return self._run_costs is not None

    @property
    def dotted(self) -> Mask | None:
        """(H, W) cells in the colour of their cost, among others in that of their terrain; None for none."""
        if self.shown != "terrain" or not self.free_cells:
            return None
        return self.document.passable & (self.document.terrain == NO_TERRAIN)

    @property
    def shown(self) -> Shown:
        """What the cells are coloured by: distance, else difference, else terrain, else cost, if there is any."""
        if "distance" in self._layers and self._distance is not None:
            return "distance"
        if "difference" in self._layers and self._run_costs is not None:
            return "difference"
        if "terrain" in self._layers and self.terrains:
            return "terrain"
        return "cost" if "cost" in self._layers else "nothing"

    def show_document(self, document: MapDocument, dirty: Rectangle | None = None) -> Rectangle | None:
        """Take over a document of the same shape; return the cells to be drawn anew, None for none.

        dirty: the cells that changed, where known.
        """
        old, self.document = self.document, document
        dirty = dirty or changed_cells(old, document)
        other_palette = old.palette != document.palette
        if dirty is None and old.bounds == document.bounds and not other_palette:
            return None
        before = self.shown
        if dirty is not None:
            self._count_again(old, dirty)
        if other_palette:
            self._terrains = _packed(terrain_table(document.palette))
        if other_palette or self.shown != before:
            dirty = 0, 0, *document.shape
        if self._run_costs is not None and dirty is not None and old.cost is not document.cost:
            # What the designer paints during a run shows at once; the next frame of the run brings it too.
            r0, c0, r1, c1 = dirty
            here = np.s_[r0:r1, c0:c1]
            edited = document.cost[here] != old.cost[here]
            self._run_costs[here][edited] = document.cost[here][edited]
        return self._colour_again(dirty)

    def show_costs(self, costs: NDArray[Any] | None) -> Rectangle | None:
        """Show a copy of a run's costs (H, W) in place of the document's; None for the document's own.

        Returns the cells to be drawn anew.
        """
        if costs is None and self._run_costs is None:
            return None  # as at every frame of a run that leaves the costs alone
        if costs is not None and costs.shape != self.document.shape:
            raise ValueError(f"costs of {costs.shape} do not fit the map of {self.document.shape}")
        if costs is None:
            self._run_costs = None
        else:  # what a run says of walls means nothing, and must not widen the scale
            self._run_costs = np.where(self.document.passable, costs, self.document.cost).astype(np.float32)
        return self._colour_again((0, 0, *self.document.shape))

    def show_distance(self, distance: NDArray[Any] | None) -> None:
        """Set distances (H, W) to the goal, infinite where no path leads, for the layer "distance"; or None."""
        before = self.shown
        self._distance = None if distance is None else np.array(distance, np.float32)
        if self._distance is not None:
            finite = self._distance[np.isfinite(self._distance)]
            farthest = float(finite.max(initial=0.0))
            self.band = round_up(farthest / BANDS)
            self.bands = int(farthest / self.band) + 1
        if "distance" in (before, self.shown):
            self._colour((0, 0, *self.document.shape))

    def show_layers(self, layers: frozenset[Layer]) -> None:
        """Colour by these of `COLOURING`."""
        if layers != self._layers:
            self._layers = layers
            self._colour_again((0, 0, *self.document.shape))

    def _scale(self) -> tuple[float, float]:
        bounds = self.document.bounds
        return min(bounds.lower, float(self.costs.min())), max(bounds.upper, float(self.costs.max()))

    def _count_again(self, old: MapDocument, dirty: Rectangle) -> None:
        (before, free_before), (now, free_now) = _counts(old, dirty), _counts(self.document, dirty)
        self.cells_of = self.cells_of - before + now
        self.terrains = _numbers(self.cells_of)
        self.free_cells += free_now - free_before

    def _greatest_change(self) -> float:
        return round_up(float(np.abs(self.costs - self.document.cost).max()))

    def _colour_again(self, dirty: Rectangle | None) -> Rectangle | None:
        ends = self._scale(), self._greatest_change() if self.shown == "difference" else self.greatest_change
        if ends != (self.scale, self.greatest_change):
            self.scale, self.greatest_change = ends
            dirty = (0, 0, *self.document.shape)
        if dirty is not None:
            self._colour(dirty)
        return dirty

    def _colour(self, rectangle: Rectangle) -> None:
        r0, c0, r1, c1 = rectangle
        here = np.s_[r0:r1, c0:c1]
        passable: Mask = self.document.passable[here]
        match self.shown:
            case "terrain":
                terrain, palette = self.document.terrain[here], self.document.palette
                colours = self._terrains.take(terrain_places(self.costs[here], terrain, palette, self.scale))
            case "cost":
                colours = _COSTS.take(cost_shades(self.costs[here], *self.scale))
            case "difference":
                change = self.costs[here] - self.document.cost[here]
                colours = _CHANGES.take(change_shades(change, self.greatest_change))
            case "distance":
                assert self._distance is not None
                reached = np.isfinite(self._distance[here])
                band = distance_bands(np.where(reached, self._distance[here], 0.0), self.band)
                colours = _packed(distance_table(self.bands)).take(np.where(reached, band, 0))
                colours[~reached] = _UNREACHED
            case "nothing":
                colours = np.full(passable.shape, OPEN, np.uint32)
        if "walls" in self._layers:
            walls = ~passable
            if self.shown == "terrain" and walls.any():
                walls &= ~on_impassable_terrain(self.document.terrain[here], self.document.palette)
            colours[walls] = _WALL
        self._pixels[here] = colours


def _counts(document: MapDocument, rectangle: Rectangle) -> tuple[NDArray[np.int64], int]:
    """Count the cells (256,) of each terrain in a rectangle, and the passable ones that have none."""
    r0, c0, r1, c1 = rectangle
    terrain, passable = document.terrain[r0:r1, c0:c1], document.passable[r0:r1, c0:c1]
    cells = np.bincount(terrain.ravel(), minlength=NO_TERRAIN + 1)
    return cells, int(np.count_nonzero(passable & (terrain == NO_TERRAIN))) if cells[NO_TERRAIN] else 0


def _numbers(cells_of: NDArray[np.int64]) -> list[int]:
    return np.flatnonzero(cells_of[:NO_TERRAIN]).tolist()


def reach_image(open_to_it: Mask, passable: Mask) -> QImage:
    """Return a dark veil where a movement class cannot be, and light on walls (H, W) where it can."""
    pixels = _REACH.take(open_to_it.view(np.uint8) * np.uint8(2) + passable.view(np.uint8))
    height, width = pixels.shape
    return QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_ARGB32_Premultiplied).copy()


def _packed(colours: NDArray[Any], alpha: NDArray[Any] | float = 255) -> NDArray[np.uint32]:
    """Return 32-bit pixels of (n, 3) premultiplied colours."""
    red, green, blue = np.asarray(colours).astype(np.uint32).T
    return np.asarray(alpha, np.float64).astype(np.uint32) << 24 | red << 16 | green << 8 | blue


_COSTS = _packed(colour_table())
_CHANGES = _packed(change_table())
_WALL = _packed(WALL[None])[0]
_UNREACHED = _packed(UNREACHED[None])[0]
# Premultiplied: where a movement class cannot be, be it a wall or not; on walls and elsewhere where it can.
_REACH = np.array((0xB40E0E12, 0xB40E0E12, 0xA04C7C94, 0), np.uint32)
