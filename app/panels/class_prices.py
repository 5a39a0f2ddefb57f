"""What a movement class pays in each terrain of the palette."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Signal

from app.widgets.entry_table import Column, EntryTable
from app.widgets.parts import number, shortest, swatch
from maps.checks import positive
from maps.errors import MapError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtWidgets import QTableWidgetItem, QWidget

    from maps.movement import MovementClass
    from maps.terrain import Terrain

TERRAIN, USUAL, PRICE = range(3)
_CANNOT = ("", "-", "–", "—", "−", "no", "none", "cannot")  # typed where a class cannot go


class ClassPrices(EntryTable):
    """List the terrains with their usual costs and what a class pays; Delete says that it cannot go there."""

    typed = Signal(int, str)  # a terrain's number, and what was typed for its price

    def __init__(self, parent: QWidget | None = None) -> None:
        tr = QCoreApplication.translate
        columns = (
            Column(tr("ClassPrices", "Terrain"), tr("ClassPrices", "A terrain of the palette")),
            Column(tr("ClassPrices", "Usual"), tr("ClassPrices", "What it costs everybody else"), 64, False, True),
            Column(tr("ClassPrices", "Price"), tr("ClassPrices", "What the chosen class pays"), 72, True, True),
        )
        super().__init__(columns, parent)
        self.setAccessibleName(self.tr("Prices"))
        self.itemChanged.connect(self._take_text)
        self.removal_asked.connect(lambda: self._tell(self.currentRow(), ""))

    def show_prices(self, palette: Sequence[Terrain], kind: MovementClass) -> None:
        """Show what a class pays; what everybody pays anyway is dim."""
        self.blockSignals(True)
        self.setRowCount(len(palette))
        for row, (terrain, price) in enumerate(zip(palette, kind.costs, strict=True)):
            usual = terrain.cost if terrain.passable else math.inf
            self.show_text(row, TERRAIN, terrain.name)
            self.show_icon(row, TERRAIN, swatch(terrain.colour, crossed=not terrain.passable), terrain.name)
            self.show_text(row, USUAL, self._words(usual), dim=True)
            tip = self.tr("Double click for another price; empty it where {} cannot go").format(kind.name)
            self.show_text(row, PRICE, self._words(price), tip, dim=price == usual)
        self.blockSignals(False)
        self.updateGeometry()

    def _words(self, price: float) -> str:
        return self.tr("cannot") if math.isinf(price) else shortest(price)

    def _take_text(self, item: QTableWidgetItem) -> None:
        if item.column() == PRICE:
            self._tell(item.row(), item.text())

    def _tell(self, row: int, text: str) -> None:
        if row >= 0:
            self.typed.emit(row, text)


def typed_price(what: str, text: str) -> float:
    """Return the price that was typed; infinite where a word, a dash or nothing says that one cannot go there.

    what: whose price of which terrain, for the MapError where it is none.
    """
    words = text.strip().lower()
    if words in _CANNOT:
        return math.inf
    try:
        price = number(words)
    except MapError:
        raise MapError(f"“{text.strip()}” is no price; type a number such as 2.5, or “cannot”") from None
    return price if price == math.inf else positive(what, price)
