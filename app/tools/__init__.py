"""The tools: generators over pointer events, and the table that names them.

A tool is a function, an entry in `TOOLS` and a picture `assets/icons/<name>.svg`; the tool bar, its keys, the
options bar and the canvas follow from these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from app.tools import cells, fill, points, routes, shapes, stamp, strokes
from app.tools.tool import Gesture, PointerEvent, Sketch, Tool, ToolOptions

if TYPE_CHECKING:
    from maps.symmetry import Symmetry

__all__ = [
    "MIRRORS",
    "TOOLS",
    "Gesture",
    "OptionField",
    "PointerEvent",
    "Sketch",
    "Tool",
    "ToolEntry",
    "ToolOptions",
]


MIRRORS: dict[Symmetry, str] = {
    "none": "None",
    "left_right": "Left and right",
    "top_bottom": "Top and bottom",
    "four_way": "Both",
    "half_turn": "Half turn",
    "quarter_turn": "Quarter turns",
    "diagonal": "Diagonal",
}

# A field of the options bar. "value" is what the mode works with: a cost, an amount or a factor; "terrain" names
# the one that is painted.
OptionField = Literal[
    "filled",
    "size",
    "hardness",
    "mode",
    "value",
    "swap",
    "terrain",
    "spacing",
    "weight",
    "seed",
    "snap",
    "select_by",
    "tolerance",
    "connected",
    "mirror",
]


@dataclass(frozen=True)
class ToolEntry:
    """Describe a tool of the tool bar.

    shortcut: its key. hint: what it does, for the tooltip and the status bar. begin: the tool itself.
    options: the fields of the options bar that count for it. for_points: it edits the points of layouts.
    edits: whether it changes the map at all. edits_right: whether the right button does.
    from_outside: whether its gesture may begin beside the map.
    """

    title: str
    shortcut: str
    hint: str
    begin: Tool
    options: tuple[OptionField, ...] = ()
    for_points: bool = False
    edits: bool = True
    edits_right: bool = False
    from_outside: bool = False

    @property
    def has_size(self) -> bool:
        """Whether the brush's size counts, so that the canvas shows it."""
        return "size" in self.options

    @property
    def paints(self) -> bool:
        """Whether it paints the terrain or cost that the designer chose."""
        return "value" in self.options


_VALUE: tuple[OptionField, ...] = ("mode", "value", "swap", "terrain", "mirror")
_BRUSH: tuple[OptionField, ...] = ("size", "hardness", *_VALUE)
_SCATTER: tuple[OptionField, ...] = ("size", "spacing", "weight", "seed")

TOOLS: dict[str, ToolEntry] = {
    "brush": ToolEntry("Brush", "B", "Paint a terrain or costs", strokes.brush, _BRUSH, from_outside=True),
    "eraser": ToolEntry(
        "Eraser", "E", "Back to the base terrain", strokes.eraser, ("size", "mirror"), from_outside=True
    ),
    "line": ToolEntry("Line", "L", "Drag a straight line; Shift: 45°", shapes.line, _BRUSH, from_outside=True),
    "rectangle": ToolEntry(
        "Rectangle", "R", "Drag a rectangle; Shift: square", shapes.box, ("filled", *_VALUE), from_outside=True
    ),
    "gradient": ToolEntry(
        "Gradient",
        "U",
        "Drag from one cost to the other, in the selected cells",
        shapes.gradient,
        ("value", "swap"),
    ),
    "fill": ToolEntry("Fill", "F", "Fill connected cells of one kind", fill.fill, _VALUE),
    "picker": ToolEntry("Picker", "I", "Take a cell's terrain or cost for painting", fill.picker, edits=False),
    "wall": ToolEntry(
        "Wall",
        "W",
        "Left builds, right clears",
        strokes.wall,
        ("size", "mirror"),
        edits_right=True,
        from_outside=True,
    ),
    "lock": ToolEntry(
        "Lock",
        "K",
        "Left locks against runs, right unlocks",
        strokes.lock,
        ("size", "mirror"),
        edits_right=True,
        from_outside=True,
    ),
    "cells": ToolEntry(
        "Select cells",
        "M",
        "Select cells to paint in; Shift adds, Alt takes away",
        cells.select_cells,
        ("select_by", "tolerance", "connected"),
        from_outside=True,
    ),
    "stamp": ToolEntry(
        "Stamp", "Q", "Put copied cells down; Esc lays them aside", stamp.stamp, ("mirror",), from_outside=True
    ),
    "start": ToolEntry("Start", "S", "Set or drag a route's start", routes.start, ("mirror",)),
    "goal": ToolEntry("Goal", "G", "Set or drag a route's goal", routes.goal, ("mirror",)),
    "trace": ToolEntry(
        "Trace", "T", "Draw the way that the path should take", routes.trace, ("mirror",), edits_right=True
    ),
    "points": ToolEntry(
        "Points",
        "P",
        "Add or drag a point, right removes",
        points.points,
        ("weight", "snap", "mirror"),
        True,
        edits_right=True,
        from_outside=True,
    ),
    "select": ToolEntry(
        "Select", "V", "Select or drag points; Shift adds", points.select, ("snap",), True, from_outside=True
    ),
    "lasso": ToolEntry(
        "Lasso", "O", "Draw a line round points; Shift adds", points.lasso, ("snap",), True, from_outside=True
    ),
    "scatter": ToolEntry(
        "Scatter",
        "D",
        "Scatter points, right brushes away",
        points.scatter,
        _SCATTER,
        True,
        edits_right=True,
        from_outside=True,
    ),
}
