"""List the steps of the history, mark the current one, and jump to any of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from app.widgets.parts import MARGIN, Rows

if TYPE_CHECKING:
    from app.document.model import DocumentModel


class HistoryPanel(QWidget):
    """One row per undo step, oldest first; the present is the current row, what was undone is dim below it."""

    _filled = False  # Qt may announce a palette before anything is made

    def __init__(self, model: DocumentModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._labels: tuple[str, ...] = ()
        self.list = QListWidget()
        self.list.setUniformItemSizes(True)
        self.list.setItemDelegate(Rows(self.list))
        self.list.setAccessibleName(self.tr("History"))
        self.list.setToolTip(self.tr("Click a step to go back or forward to it"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        layout.addWidget(self.list)
        self.list.currentRowChanged.connect(self._jump)
        model.history_changed.connect(self._show)
        self._show()

    def changeEvent(self, event: QEvent) -> None:
        """Draw in the colours of another palette."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._filled:
            self._dim()

    def _show(self) -> None:
        self._filled = True
        history = self._model.history
        labels = history.labels
        same = 0
        while same < min(len(labels), len(self._labels)) and labels[same] == self._labels[same]:
            same += 1
        self.list.blockSignals(True)
        while self.list.count() > same:
            self.list.takeItem(self.list.count() - 1)
        for label in labels[same:]:
            self.list.addItem(QListWidgetItem(label))
        self._labels = labels
        self._dim()
        self.list.setCurrentRow(history.position)
        self.list.blockSignals(False)
        self.list.scrollToItem(self.list.item(history.position))

    def _dim(self) -> None:
        position, palette = self._model.history.position, self.palette()
        for row in range(self.list.count()):
            item = self.list.item(row)
            undone = row > position
            item.setForeground(palette.placeholderText() if undone else palette.text())
            font = self.list.font()
            font.setItalic(undone)
            item.setFont(font)

    def _jump(self, row: int) -> None:
        if 0 <= row < len(self._model.history.entries):
            self._model.jump(row)
