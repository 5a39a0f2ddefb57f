"""The point layouts: name, colour, number of points, total weight; and the weight of the selected points."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.widgets.entry_table import Column, EntriesPanel
from app.widgets.parts import GAP, Button, NumberField, RemoveButton, ask_colour, shortest, swatch
from maps.checks import not_negative
from maps.document import Layout
from maps.edits import remove_layout, set_layout
from maps.errors import MapError
from maps.layout_edits import new_layout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from app.document.model import DocumentModel

COLOUR, NAME, POINTS, WEIGHT = range(4)


class LayoutsPanel(EntriesPanel[Layout]):
    """List the layouts of points. The window tells which points are selected and acts on the signals."""

    layout_chosen = Signal(int)
    weight_changed = Signal(float)  # for each selected point
    import_clicked = Signal()
    export_clicked = Signal()

    def __init__(self, model: DocumentModel, parent: QWidget | None = None) -> None:
        super().__init__(model, lambda document: document.layouts, set_layout, remove_layout, parent)
        self._add_button(Button(self.tr("Add"), self.tr("Add an empty layout; place points with P")), self._add)
        self._remove_button = self._add_button(
            RemoveButton(self.tr("Remove"), self.tr("Remove the chosen layout and its points (Del)")), self.remove
        )
        self._add_button(
            Button(self.tr("Import…"), self.tr("Read points from a file into a new layout")),
            self.import_clicked.emit,
        )
        self._export_button = self._add_button(
            Button(self.tr("Export…"), self.tr("Write the chosen layout's points to a file")),
            self.export_clicked.emit,
        )
        self.selected = QLabel()
        self.weight = NumberField(self.tr("Weight of each selected point; a point of weight 2 counts as two"))
        self.weight.setFixedWidth(72)
        self.weight.editingFinished.connect(self._take_weight)
        label = QLabel(self.tr("Weight"))
        label.setBuddy(self.weight)
        row = QHBoxLayout()
        row.setSpacing(GAP)
        row.addWidget(self.selected, 1)
        row.addWidget(label)
        row.addWidget(self.weight)
        box = self.layout()
        assert isinstance(box, QVBoxLayout)
        box.insertLayout(box.count() - 1, row)
        self.table.setAccessibleName(self.tr("Layouts"))
        self.table.cellClicked.connect(self._ask_colour)
        self.table.used.connect(self._ask_colour)
        self.show_selection(np.zeros(0))
        self.refresh()

    def show_selection(self, weights: NDArray[np.floating]) -> None:
        """Show how many points are selected and their weights (k,)."""
        count = len(weights)
        self.selected.setText(
            self.tr("No points selected") if count == 0 else self.tr("{} selected").format(count)
        )
        self.weight.setEnabled(count > 0)
        alike = count > 0 and np.ptp(weights) <= 1e-9 * np.max(weights)
        self.weight.setPlaceholderText(self.tr("mixed") if count > 0 and not alike else "")
        self.weight.show_text(shortest(float(weights[0])) if alike else "")

    def _make_columns(self) -> Sequence[Column]:
        return (
            Column("", self.tr("The layout's colour on the map"), 28),
            Column(self.tr("Name"), self.tr("The layout's name"), editable=True),
            Column(self.tr("Points"), self.tr("Number of points"), 56, False, True),
            Column(self.tr("Weight"), self.tr("Weight of all points together"), 64, False, True),
        )

    def _fill(self, row: int, entry: Layout) -> None:
        self._icon(row, COLOUR, swatch(entry.colour), self.tr("Click for another colour"))
        self._text(row, NAME, entry.name, self.tr("Double click to rename it"))
        self._text(row, POINTS, str(len(entry.positions)))
        self._text(row, WEIGHT, f"{entry.weights.sum():.5g}")

    def _typed(self, entry: Layout, column: int, text: str) -> tuple[str, Layout]:
        # A layout has no equality: the same name must give the same layout, or there would be an empty step.
        renamed = text.strip()
        return self.tr("Rename layout"), entry if renamed == entry.name else replace(entry, name=renamed)

    def _choose(self, row: int) -> None:
        self.layout_chosen.emit(row)

    def _allow_buttons(self) -> None:
        none = "" if self._active < len(self._shown) else self.tr("Choose a layout first")
        self._remove_button.allow(none)
        self._export_button.allow(none)

    def _add(self) -> None:
        self._append(self.tr("Add layout"), new_layout(self._model.document))

    def _take_weight(self) -> None:
        if not self.weight.touched or not self.weight.text():
            return
        try:
            weight = not_negative(self.tr("the weight"), self.weight.value())
        except MapError as error:
            self.notice.say(str(error))
            return
        self.notice.say("")
        self.weight.show_value(weight)
        self.weight_changed.emit(weight)

    def _ask_colour(self, row: int, column: int) -> None:
        if column != COLOUR:
            return
        layout = self._shown[row]
        colour = ask_colour(self, layout.colour, self.tr("Colour of {}").format(layout.name))
        if colour is not None and colour != layout.colour:
            self._replace(row, self.tr("Colour layout"), replace(layout, colour=colour))
