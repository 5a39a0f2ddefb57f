"""Change which cells are selected, and edit them, by key or menu: pure functions, and their table."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from app.tools.painting import painted, terrain_in_hand
from app.tools.strokes import base_terrain
from maps.cell_selection import CellSelection, grown, selection_of, shrunk
from maps.edits import set_passable, set_terrain
from maps.errors import MapError

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.tools.tool import ToolOptions
    from maps.document import MapDocument, Mask

CellActionName = Literal["select_all", "select_none", "invert", "grow", "shrink", "fill", "clear"]


@dataclass(frozen=True)
class CellOutcome:
    """Hold what an action made of document and options. sentence: what could not be done, or empty."""

    document: MapDocument
    options: ToolOptions
    sentence: str = ""


@dataclass(frozen=True)
class CellAction:
    """An action on the selected cells. label: of the undo step, empty where the map is not edited.

    needs_cells: it does nothing, and says so, where no cell is selected.
    """

    title: str
    shortcut: str
    label: str
    run: Callable[[MapDocument, ToolOptions], CellOutcome]
    needs_cells: bool = True


def selected_cells(document: MapDocument, options: ToolOptions) -> CellSelection | None:
    """Return the selection if there is one, and if it is one of this map."""
    cells = options.cells
    return None if cells is None or cells.mask.shape != document.shape else cells


def run_cell_action(name: CellActionName, document: MapDocument, options: ToolOptions) -> CellOutcome:
    """Carry out an action of `CELL_ACTIONS`; if that is impossible, keep the document and say why."""
    action = CELL_ACTIONS[name]
    if action.needs_cells and selected_cells(document, options) is None:
        return CellOutcome(document, options, "No cells are selected; select some with M first")
    try:
        return action.run(document, options)
    except MapError as error:
        return CellOutcome(document, options, sentence=str(error))


def _select_all(document: MapDocument, options: ToolOptions) -> CellOutcome:
    return CellOutcome(document, replace(options, cells=CellSelection(np.ones(document.shape, np.bool_))))


def _select_none(document: MapDocument, options: ToolOptions) -> CellOutcome:
    return CellOutcome(document, replace(options, cells=None))


def _invert(document: MapDocument, options: ToolOptions) -> CellOutcome:
    cells = selected_cells(document, options)
    mask = np.ones(document.shape, np.bool_) if cells is None else ~cells.mask
    return CellOutcome(document, replace(options, cells=selection_of(mask)))


def _changed_by(change: Callable[[Mask], Mask]) -> Callable[[MapDocument, ToolOptions], CellOutcome]:
    def run(document: MapDocument, options: ToolOptions) -> CellOutcome:
        return CellOutcome(document, replace(options, cells=selection_of(change(_cells(document, options).mask))))

    return run


def _fill(document: MapDocument, options: ToolOptions) -> CellOutcome:
    patch = _cells(document, options).patch
    filled = painted(document, patch, options, document)
    if terrain_in_hand(document, options) is None and options.mode == "set":
        filled = set_passable(filled, patch, True).document
    return CellOutcome(filled, options)


def _clear(document: MapDocument, options: ToolOptions) -> CellOutcome:
    cleared = set_terrain(document, _cells(document, options).patch, base_terrain(document))
    return CellOutcome(cleared.document, options)


def _cells(document: MapDocument, options: ToolOptions) -> CellSelection:
    cells = selected_cells(document, options)
    assert cells is not None, "run_cell_action looks first"
    return cells


CELL_ACTIONS: dict[CellActionName, CellAction] = {
    "select_all": CellAction("Select all cells", "Ctrl+A", "", _select_all, needs_cells=False),
    "select_none": CellAction("Select no cells", "Ctrl+Shift+A", "", _select_none, needs_cells=False),
    "invert": CellAction("Invert the selection", "Ctrl+I", "", _invert, needs_cells=False),
    "grow": CellAction("Grow the selection", "Ctrl+Shift+Up", "", _changed_by(grown)),
    "shrink": CellAction("Shrink the selection", "Ctrl+Shift+Down", "", _changed_by(shrunk)),
    "fill": CellAction("Fill the selected cells", "Shift+F", "Fill selection", _fill),
    "clear": CellAction("Clear the selected cells", "Del", "Clear selection", _clear),
}
