"""Change which cells are selected, and edit them, by key or menu: pure functions, and their table."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from app.tools.moving import cleared, put_in_place
from app.tools.painting import painted, terrain_in_hand
from maps.cell_selection import CellSelection, grown, selection_of, shrunk
from maps.edits import set_passable
from maps.errors import MapError
from maps.pieces import Piece, cut_out, flipped, turned

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.tools.tool import ToolOptions
    from maps.document import MapDocument, Mask

CellActionName = Literal[
    "cut",
    "copy",
    "paste",
    "select_all",
    "select_none",
    "invert",
    "grow",
    "shrink",
    "fill",
    "clear",
    "mirror",
    "upend",
    "turn",
    "turn_back",
]


@dataclass(frozen=True)
class CellOutcome:
    """Hold what an action made of document and options.

    sentence: what could not be done, or empty. tool: what is to be taken up, or empty.
    """

    document: MapDocument
    options: ToolOptions
    sentence: str = ""
    tool: str = ""


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
    return CellOutcome(cleared(document, _cells(document, options)), options)


def _copy(document: MapDocument, options: ToolOptions) -> CellOutcome:
    return CellOutcome(document, replace(options, piece=cut_out(document, _cells(document, options))))


def _cut(document: MapDocument, options: ToolOptions) -> CellOutcome:
    return replace(_copy(document, options), document=_clear(document, options).document)


def _paste(document: MapDocument, options: ToolOptions) -> CellOutcome:
    if options.piece is None:
        return CellOutcome(document, options, "There are no cells to paste; select some and copy them first")
    return CellOutcome(document, options, tool="stamp")


def _transformed(change: Callable[[Piece], Piece]) -> Callable[[MapDocument, ToolOptions], CellOutcome]:
    def run(document: MapDocument, options: ToolOptions) -> CellOutcome:
        cells = _cells(document, options)
        after, selection = put_in_place(document, cells, change(cut_out(document, cells)))
        left_out = cells.count - (0 if selection is None else selection.count)
        sentence = f"{left_out} cells fell off the map" if left_out else ""
        return CellOutcome(after, replace(options, cells=selection), sentence)

    return run


def _cells(document: MapDocument, options: ToolOptions) -> CellSelection:
    cells = selected_cells(document, options)
    assert cells is not None, "run_cell_action looks first"
    return cells


# What becomes of a piece in hand; without one, the same action changes the selected cells where they are.
PIECE_CHANGES: dict[CellActionName, Callable[[Piece], Piece]] = {
    "mirror": lambda piece: flipped(piece, columns=True),
    "upend": lambda piece: flipped(piece, columns=False),
    "turn": lambda piece: turned(piece, 1),
    "turn_back": lambda piece: turned(piece, 3),
}

CELL_ACTIONS: dict[CellActionName, CellAction] = {
    "cut": CellAction("Cut cells", "Ctrl+X", "Cut cells", _cut),
    "copy": CellAction("Copy cells", "Ctrl+C", "", _copy),
    "paste": CellAction("Paste cells", "Ctrl+V", "", _paste, needs_cells=False),
    "select_all": CellAction("Select all cells", "Ctrl+A", "", _select_all, needs_cells=False),
    "select_none": CellAction("Select no cells", "Ctrl+Shift+A", "", _select_none, needs_cells=False),
    "invert": CellAction("Invert the selection", "Ctrl+I", "", _invert, needs_cells=False),
    "grow": CellAction("Grow the selection", "Ctrl+Shift+Up", "", _changed_by(grown)),
    "shrink": CellAction("Shrink the selection", "Ctrl+Shift+Down", "", _changed_by(shrunk)),
    "fill": CellAction("Fill the selected cells", "Shift+F", "Fill selection", _fill),
    "clear": CellAction("Clear the selected cells", "Del", "Clear selection", _clear),
    "mirror": CellAction("Flip left and right", "Shift+H", "Flip cells", _transformed(PIECE_CHANGES["mirror"])),
    "upend": CellAction("Flip top and bottom", "Shift+V", "Flip cells", _transformed(PIECE_CHANGES["upend"])),
    "turn": CellAction("Turn clockwise", "Shift+R", "Turn cells", _transformed(PIECE_CHANGES["turn"])),
    "turn_back": CellAction(
        "Turn anticlockwise", "Shift+L", "Turn cells", _transformed(PIECE_CHANGES["turn_back"])
    ),
}
