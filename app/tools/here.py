"""What can be done at one cell without a gesture: pure functions of document, options and cell."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from app.tools.painting import picked
from app.tools.routes import with_end_at
from app.tools.stamp import stamped
from maps.cell_selection import cells_alike, selection_of

if TYPE_CHECKING:
    from app.tools.routes import End
    from app.tools.tool import ToolOptions
    from maps.document import Cell, MapDocument


def pick_here(document: MapDocument, options: ToolOptions, cell: Cell) -> ToolOptions:
    """Return the options that paint what the cell is."""
    return picked(document, cell, options)


def place_here(document: MapDocument, options: ToolOptions, *, cell: Cell, end: End) -> MapDocument:
    """Return the document with the start or the goal of the active route, and of its images, at the cell."""
    return with_end_at(document, options, end, cell)


def paste_here(document: MapDocument, options: ToolOptions, *, cell: Cell) -> MapDocument:
    """Return the document with the piece in hand, and its images, its middle at the cell."""
    return document if options.piece is None else stamped(document, options.piece, cell, options)


def select_here(document: MapDocument, options: ToolOptions, cell: Cell, *, by_cost: bool) -> ToolOptions:
    """Return the options with all cells selected, joined or not, that are of the cell's terrain, or cost."""
    mask = cells_alike(document, cell, by_cost=by_cost, tolerance=options.tolerance, connected=False)
    return replace(options, cells=selection_of(mask))
