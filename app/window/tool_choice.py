"""The active tool and its options, on which canvas, options bar and panels agree."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.canvas.terrain_colours import has_terrain
from app.tools import TOOLS, ToolOptions

if TYPE_CHECKING:
    from app.canvas.canvas import Canvas
    from app.document.model import DocumentModel
    from app.panels.tool_options import OptionsBar
    from app.window.docks import Panels
    from maps.document import MapDocument
    from maps.symmetry import Symmetry
    from maps.terrain import Terrain


class ToolChoice(QObject):
    """Takes a choice made in one of these places over to the others; the canvas holds the tool and its options."""

    chosen = Signal()  # another tool
    palette_changed = Signal()
    told = Signal(str, int)  # a sentence for the status bar, and for how many milliseconds

    def __init__(self, model: DocumentModel, canvas: Canvas, bar: OptionsBar, panels: Panels) -> None:
        super().__init__(canvas)
        self._model, self._canvas, self._bar = model, canvas, bar
        self._terrain, self._routes, self._layouts = panels.terrain, panels.routes, panels.layouts
        self._palette = model.document.palette
        bar.show_palette(self._palette)
        self._warned_of = 0.0  # cost of the brush
        self._before = canvas.tool  # the tool before the one in hand
        canvas.options_changed.connect(self._take_options)
        canvas.tool_wanted.connect(self._go_on_with)
        bar.options_changed.connect(canvas.set_options)
        panels.terrain.terrain_chosen.connect(self.take_terrain)
        model.changed.connect(self._follow_palette)
        panels.routes.route_chosen.connect(self._choose_route)
        panels.layouts.layout_chosen.connect(self._choose_layout)
        panels.layouts.weight_changed.connect(canvas.set_selected_weight)

    def choose(self, tool: str) -> None:
        """Make a tool of `TOOLS` the active one. Raises KeyError for a name that is none."""
        before = self._canvas.tool
        self._canvas.set_tool(tool)
        if before != tool:
            self._before = before
        if TOOLS[tool].paints and "mode" not in TOOLS[tool].options:
            self._set_options(replace(self._canvas.options, mode="set"))  # what it paints is the cost in hand
        self._bar.show_tool(tool)
        entry = TOOLS[tool]
        self.told.emit(f"{entry.title}: {entry.hint}", 4000)
        self.chosen.emit()

    def _go_on_with(self, tool: str) -> None:
        self.choose(tool or self._before)

    def take_terrain(self, number: int) -> None:
        """Paint with a terrain of the palette, with the brush if the tool in hand paints none."""
        self._set_options(self._canvas.options.with_terrain(number, self._model.document.palette[number]))
        if not TOOLS[self._canvas.tool].paints:
            self.choose("brush")

    def take_mirror(self, symmetry: Symmetry) -> None:
        """Paint and place in a symmetry of the map."""
        self._set_options(replace(self._canvas.options, mirror=symmetry))

    def begin(self) -> None:
        """Paint, on a map of terrains that has just come, with those nearest in cost to the brush's two."""
        document, options = self._model.document, self._canvas.options
        options = replace(options, terrain=None, other_terrain=None, cells=None)
        if has_terrain(document) and any(terrain.passable for terrain in document.palette):
            for cost in (options.other_cost, options.cost):
                number = _nearest(document.palette, cost)
                options = options.with_terrain(number, document.palette[number])
        self._set_options(options)

    def _set_options(self, options: ToolOptions) -> None:
        self._canvas.set_options(options)
        self._bar.show_options(options)

    def _follow_palette(self, old: MapDocument, new: MapDocument) -> None:
        """Keep the terrains in hand, which another palette may number or price anew."""
        if new.palette is old.palette:
            return
        self._bar.show_palette(new.palette)
        self.palette_changed.emit()
        options = self._canvas.options
        number = _renumbered(options.terrain, old.palette, new.palette)
        other = _renumbered(options.other_terrain, old.palette, new.palette)
        options = replace(options, terrain=number, other_terrain=other)
        if number is not None and options.mode == "set":
            options = options.with_terrain(number, new.palette[number])
        self._set_options(options)

    def _choose_route(self, route: int) -> None:
        self._set_options(replace(self._canvas.options, route=route))

    def _choose_layout(self, layout: int) -> None:
        if layout != self._canvas.options.layout:
            self._set_options(replace(self._canvas.options, layout=layout, selection=frozenset()))

    def _take_options(self, options: ToolOptions) -> None:
        self._bar.show_options(options)
        self._warn_of_cost(options)
        terrain = options.painted_terrain
        self._terrain.set_active(len(self._model.document.palette) if terrain is None else terrain)
        if options.route < len(self._model.document.routes):
            self._routes.set_active(options.route)
        if options.layout < len(self._model.document.layouts):
            self._layouts.set_active(options.layout)
        self._layouts.show_selection(self._canvas.selected_weights)

    def _warn_of_cost(self, options: ToolOptions) -> None:
        bounds, cost = self._model.document.bounds, options.cost
        sets_cost = options.mode == "set" and options.terrain is None
        if sets_cost and cost != self._warned_of and not bounds.lower <= cost <= bounds.upper:
            outside = self.tr("A cost of {:g} lies outside this map's bounds, {:g} to {:g}: a run would refuse it")
            self.told.emit(outside.format(cost, bounds.lower, bounds.upper), 8000)
        self._warned_of = cost


def _nearest(palette: tuple[Terrain, ...], cost: float) -> int:
    """Return the number of the passable terrain whose cost is nearest; there is one."""
    passable = [number for number, terrain in enumerate(palette) if terrain.passable]
    return min(passable, key=lambda number: abs(palette[number].cost - cost))


def _renumbered(number: int | None, old: tuple[Terrain, ...], new: tuple[Terrain, ...]) -> int | None:
    """Return the number that a terrain of the old palette has in the new one; None where it is gone."""
    if number is None or number >= len(old):
        return None
    if old[number] in new:
        return new.index(old[number])
    return number if len(new) >= len(old) else None
