"""The list of tiles: a picture, how many cells, terrain, cost, passable, and what each movement class pays."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QCoreApplication, QItemSelectionModel, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QPixmap
from PySide6.QtWidgets import QAbstractItemView

from app.widgets.entry_table import Column, EntryTable
from app.widgets.parts import plain_icon, shortest, swatch, tick_box

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtWidgets import QTableWidgetItem, QWidget

    from maps.tile_table import TileTable
    from maps.tiles import MapTiles, TileKind

TILE, CELLS, TERRAIN, COST, OPEN, PRICES = range(6)
PICTURE = 24  # px
LEAST_WIDTH, MOST_WIDTH = 110, 690  # px, of a column that takes what is left, and of the list as asked for


class TileList(EntryTable):
    """Shows a table; several rows can be chosen, and what is typed into one counts for all of them.

    common: what the names of all tiles begin with, which is left out.
    """

    terrain_typed = Signal(list, str)  # kinds of tiles, and the name
    cost_typed = Signal(list, str)
    open_clicked = Signal(list, bool)
    price_typed = Signal(list, int, str)  # kinds of tiles, number of the class, text

    def __init__(
        self, tiles: MapTiles, table: TileTable, classes: Sequence[str], parent: QWidget | None = None
    ) -> None:
        tr = QCoreApplication.translate
        pays = tr("TileList", "What {} pays there; empty it where they cannot go")
        columns = (
            Column(tr("TileList", "Tile"), tr("TileList", "The tile in its editor, and what it is called there")),
            Column(
                tr("TileList", "Cells") + "  ",
                tr("TileList", "How many cells of the map show it"),
                64,
                False,
                True,
            ),
            Column(tr("TileList", "Terrain"), tr("TileList", "Tiles with one name are one terrain"), None, True),
            Column(tr("TileList", "Cost"), tr("TileList", "What a cell of the terrain costs"), 64, True, True),
            Column(tr("TileList", "Walk"), tr("TileList", "Whether one can walk there"), 48),
            *(Column(name, pays.format(name), 72, True, True) for name in classes),
        )
        super().__init__(columns, parent)
        self._tiles, self._table, self._classes = tiles, table, classes
        cells = tiles.cells
        size = [sum(cells[kind] for kind in table.kinds_of(each)) for each in range(len(table.terrains))]
        # Tiles of one terrain together, and so they stay while it is worked on.
        self.order = sorted(
            range(len(tiles.kinds)),
            key=lambda kind: (-size[table.of_kind[kind]], table.of_kind[kind], -cells[kind], kind),
        )
        # Of tiles of one set, its name says nothing.
        prefixes = {kind.label.removesuffix(kind.local) for kind in tiles.kinds if kind.family}
        self.common = prefixes.pop() if len(prefixes) == 1 else ""
        self.setAccessibleName(self.tr("Tiles"))
        fixed = sum(column.width or LEAST_WIDTH for column in columns)
        self.setMinimumWidth(min(fixed + 2 * PICTURE, MOST_WIDTH))
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        triggers = QAbstractItemView.EditTrigger
        self.setEditTriggers(triggers.DoubleClicked | triggers.AnyKeyPressed)
        self.setIconSize(QSize(PICTURE, PICTURE))
        self.verticalHeader().setDefaultSectionSize(PICTURE + 6)
        self.setRowCount(len(self.order))
        self.blockSignals(True)
        for row, kind in enumerate(self.order):
            entry = tiles.kinds[kind]
            label = entry.label.removeprefix(self.common)
            named = entry.name and entry.name != entry.label
            self.show_text(row, TILE, f"{label}  ·  {entry.name}" if named else label, entry.key)
            self.show_icon(row, TILE, picture_of(entry), entry.key)
            self.show_text(row, CELLS, f"{cells[kind]:,}")
        self.blockSignals(False)
        self.show_table(table)
        self.itemChanged.connect(self._take_text)
        self.cellClicked.connect(self._click)
        self.used.connect(self._click)

    @property
    def chosen(self) -> list[int]:
        """The kinds of tiles of the chosen rows."""
        return [self.order[index.row()] for index in self.selectionModel().selectedRows()]

    def choose(self, kinds: Sequence[int]) -> None:
        """Choose the rows of these kinds of tiles, and no others."""
        self.clearSelection()
        flags = QItemSelectionModel.SelectionFlag
        for row, kind in enumerate(self.order):
            if kind in kinds:
                index = self.model().index(row, 0)
                self.selectionModel().select(index, flags.Select | flags.Rows)

    def show_table(self, table: TileTable) -> None:
        """Show terrains and costs as a table says."""
        self._table = table
        renames = self.tr("Double click or F2 for another; all chosen rows follow")
        toggles = self.tr("Click to open or close it")
        swatches = [swatch(terrain.colour, crossed=not terrain.passable) for terrain in table.terrains]
        ticks = {ticked: tick_box(self.palette(), ticked) for ticked in (True, False)}
        self.blockSignals(True)
        for row, kind in enumerate(self.order):
            at = table.of_kind[kind]
            terrain = table.terrains[at]
            self.show_text(row, TERRAIN, terrain.name, renames)
            self.show_icon(row, TERRAIN, swatches[at], terrain.name)
            self.show_text(row, COST, shortest(terrain.cost), dim=not terrain.passable)
            self.show_icon(row, OPEN, ticks[terrain.passable], toggles)
            for movement, prices in enumerate(table.prices):
                price = prices[at]
                usual = terrain.cost if terrain.passable else math.inf
                words = self.tr("cannot") if math.isinf(price) else shortest(price)
                self.show_text(row, PRICES + movement, words, dim=price == usual)
        self.blockSignals(False)

    def _affected(self, row: int) -> list[int]:
        """The kinds that an edit of a row means: those of all chosen rows if it is one of them."""
        chosen = self.chosen
        kind = self.order[row]
        return chosen if kind in chosen else [kind]

    def _click(self, row: int, column: int) -> None:
        if column == OPEN and 0 <= row < len(self.order):
            terrain = self._table.terrains[self._table.of_kind[self.order[row]]]
            self.open_clicked.emit(self._affected(row), not terrain.passable)

    def _take_text(self, item: QTableWidgetItem) -> None:
        kinds, column = self._affected(item.row()), item.column()
        if column == TERRAIN:
            self.terrain_typed.emit(kinds, item.text())
        elif column == COST:
            self.cost_typed.emit(kinds, item.text())
        elif column >= PRICES:
            self.price_typed.emit(kinds, column - PRICES, item.text())


def picture_of(kind: TileKind) -> QIcon:
    """Return the picture of a tile, or its colour where it has none."""
    if kind.picture is None:
        return swatch(kind.colour, crossed=kind.passable is False)
    pixels = np.ascontiguousarray(kind.picture)
    height, width = pixels.shape[:2]
    image = QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGBA8888)
    side = 2 * PICTURE
    scaled = QPixmap.fromImage(image).scaled(
        side,
        side,
        Qt.AspectRatioMode.KeepAspectRatio,
        Qt.TransformationMode.FastTransformation
        if max(width, height) <= side
        else Qt.TransformationMode.SmoothTransformation,
    )
    return plain_icon(scaled)
