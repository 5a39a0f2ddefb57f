"""The palette: terrains with a colour, a name and a cost."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal

from app.tools.tool import TERRAIN_KEYS
from app.widgets.entry_table import Column, EntriesPanel
from app.widgets.parts import Button, RemoveButton, ask_colour, free_name, number, shortest, swatch, tick_box
from maps.terrain import Terrain
from maps.terrain_edits import remove_palette_terrain, set_palette_terrain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtWidgets import QWidget

    from app.document.model import DocumentModel

COLOUR, NAME, COST, WALL = range(4)


class PalettePanel(EntriesPanel[Terrain]):
    """List the terrains: a click takes one for painting, a double click edits it, and its cells follow."""

    terrain_chosen = Signal(int)  # its number in the palette

    def __init__(self, model: DocumentModel, parent: QWidget | None = None) -> None:
        edits = set_palette_terrain, remove_palette_terrain
        super().__init__(model, lambda document: document.palette, *edits, parent)
        self._add_button(Button(self.tr("Add"), self.tr("Add a terrain like the chosen one")), self._add)
        self._remove_button = self._add_button(
            RemoveButton(self.tr("Remove"), self.tr("Remove the chosen terrain from the palette (Del)")),
            self.remove,
        )
        self.table.setAccessibleName(self.tr("Palette"))
        # Another cost may have been picked since the row became the active one.
        self.table.pressed_again.connect(self._choose)
        self.table.cellClicked.connect(self._click)
        self.table.cellDoubleClicked.connect(self._double_click)
        self.table.used.connect(self._use)
        self.refresh()

    def _make_columns(self) -> Sequence[Column]:
        return (
            Column("", self.tr("The terrain's colour, and the key that takes it up"), 44),
            Column(self.tr("Name"), self.tr("The terrain's name"), editable=True),
            Column(self.tr("Cost"), self.tr("What it costs to cross a cell of it"), 64, True, True),
            Column(self.tr("Wall"), self.tr("Whether nobody can cross it"), 40),
        )

    def _fill(self, row: int, entry: Terrain) -> None:
        self._text(row, COLOUR, TERRAIN_KEYS[row : row + 1], dim=True)
        self._icon(
            row,
            COLOUR,
            swatch(entry.colour, crossed=not entry.passable),
            self.tr("Click to paint with it, double click for another colour"),
        )
        self._text(row, NAME, entry.name, self.tr("Click to paint with it, double click to rename it"))
        self._text(row, COST, shortest(entry.cost), self.tr("Double click for another cost"), not entry.passable)
        self._icon(
            row,
            WALL,
            tick_box(self.palette(), not entry.passable),
            self.tr("Click to let nobody cross it, or everybody"),
        )

    def _typed(self, entry: Terrain, column: int, text: str) -> tuple[str, Terrain]:
        if column == NAME:
            return self.tr("Rename terrain"), replace(entry, name=text.strip())
        return self.tr("Cost of terrain"), replace(entry, cost=number(text))

    def _choose(self, row: int) -> None:
        if row < len(self._shown):
            self.terrain_chosen.emit(row)

    def _keep_active(self, before: int, now: int) -> None:
        if self._active >= min(before, now):  # none yet, or gone: only the designer takes a terrain up
            self._active = now

    def _allow_buttons(self) -> None:
        self._remove_button.allow("" if self._active < len(self._shown) else self.tr("Choose a terrain first"))

    def _add(self) -> None:
        name = free_name(self.tr("Terrain"), {terrain.name for terrain in self._shown})
        like = self._shown[self._active] if self._active < len(self._shown) else Terrain(name, 1.0, "#9aa0a8")
        self._append(self.tr("Add terrain"), replace(like, name=name))

    def _click(self, row: int, column: int) -> None:
        if column == WALL:
            terrain = self._shown[row]
            self._replace(row, self.tr("Wall or not"), replace(terrain, passable=not terrain.passable))

    def _double_click(self, row: int, column: int) -> None:
        if column == COLOUR:
            terrain = self._shown[row]
            colour = ask_colour(self, terrain.colour, self.tr("Colour of {}").format(terrain.name))
            if colour is not None:
                self._replace(row, self.tr("Colour terrain"), replace(terrain, colour=colour))

    def _use(self, row: int, column: int) -> None:
        self._click(row, column)
        self._double_click(row, column)
