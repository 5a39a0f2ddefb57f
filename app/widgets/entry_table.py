"""Edit a table of the document's entries in place: what the panels of routes, layouts, terrains share."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Generic, TypeVar

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.widgets.parts import GAP, MARGIN, SWATCH, TARGET, Button, Notice, tabular
from maps.document import Layout, MapDocument, Route
from maps.errors import MapError
from maps.movement import MovementClass
from maps.terrain import Terrain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from app.document.model import DocumentModel

_USE = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space, Qt.Key.Key_F2)
_REMOVE = (Qt.Key.Key_Delete, Qt.Key.Key_Backspace)
_LEAST_ROWS, _MOST_ROWS = 3, 8
_HEADER = """
    QHeaderView { background: palette(base); }
    QHeaderView::section { background: palette(base); border: none; padding: 2px 3px; }
"""


Entry = TypeVar("Entry", Route, Layout, Terrain, MovementClass)


@dataclass(frozen=True)
class Column:
    """Describe a column of the table. width: px, None takes what is left."""

    title: str
    tip: str
    width: int | None = None
    editable: bool = False
    is_number: bool = False


class EntryTable(QTableWidget):
    """Choose among rows. Enter, Space and F2 edit a cell, or emit `used` if it has no text."""

    used = Signal(int, int)
    pressed_again = Signal(int)  # the row that was the current one before
    removal_asked = Signal()

    def __init__(self, columns: Sequence[Column], parent: QWidget | None = None) -> None:
        super().__init__(0, len(columns), parent)
        self._columns = columns
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.DoubleClicked)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setIconSize(QSize(SWATCH, SWATCH))
        self.verticalHeader().hide()
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(TARGET)
        header = self.horizontalHeader()
        header.setStyleSheet(_HEADER)
        header.setMinimumSectionSize(16)
        header.setHighlightSections(False)
        header.setSectionsClickable(False)
        for at, column in enumerate(columns):
            item = QTableWidgetItem(column.title)
            item.setToolTip(column.tip)
            side = Qt.AlignmentFlag.AlignRight if column.is_number else Qt.AlignmentFlag.AlignLeft
            item.setTextAlignment(side | Qt.AlignmentFlag.AlignVCenter)
            self.setHorizontalHeaderItem(at, item)
            if column.width is None:
                header.setSectionResizeMode(at, QHeaderView.ResizeMode.Stretch)
            else:
                header.setSectionResizeMode(at, QHeaderView.ResizeMode.Fixed)
                self.setColumnWidth(at, column.width)

    def event(self, event: QEvent) -> bool:
        """Claim the table's own keys before a shortcut of the window takes them."""
        ours = isinstance(event, QKeyEvent) and event.key() in (*_USE, *_REMOVE) and not event.modifiers()
        if ours and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()  # before a shortcut of the window takes the key
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Edit or use the current cell, or ask for the removal of its row."""
        index = self.currentIndex()
        if self.state() == QAbstractItemView.State.EditingState:
            return  # the Enter that ends the editing
        if event.key() in _USE and index.isValid():
            if index.flags() & Qt.ItemFlag.ItemIsEditable:
                self.edit(index)
            else:
                self.used.emit(index.row(), index.column())
        elif event.key() in _REMOVE:
            self.removal_asked.emit()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Tell if the row was the current one already."""
        before = self.currentRow()
        super().mousePressEvent(event)
        if before >= 0 and self.rowAt(event.position().toPoint().y()) == before:
            self.pressed_again.emit(before)

    def show_text(self, row: int, column: int, text: str, tip: str = "", dim: bool = False) -> None:
        """Show a text in a cell; dim: as what is not the designer's own."""
        item = self._item(row, column)
        item.setText(text)
        item.setToolTip(tip)
        # A selected row has one colour for all of its text.
        font = item.font()
        font.setItalic(dim)
        item.setFont(font)
        self._colour(item)

    def show_icon(self, row: int, column: int, icon: QIcon, tip: str) -> None:
        """Show an icon in a cell, beside its text if it has any."""
        item = self._item(row, column)
        item.setIcon(icon)
        item.setToolTip(tip)

    def is_editable(self, column: int) -> bool:
        """Return whether texts can be typed into a column."""
        return self._columns[column].editable

    def sizeHint(self) -> QSize:
        """Return a size that shows all rows, up to a limit."""
        return self._size(min(max(self.rowCount(), _LEAST_ROWS), _MOST_ROWS))

    def minimumSizeHint(self) -> QSize:
        """Return a size that shows a few rows."""
        return self._size(_LEAST_ROWS)

    def changeEvent(self, event: QEvent) -> None:
        """Show texts in the colours of another palette."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.blockSignals(True)
            for row, column in product(range(self.rowCount()), range(self.columnCount())):
                item = self.item(row, column)
                if item is not None:
                    self._colour(item)
            self.blockSignals(False)

    def _colour(self, item: QTableWidgetItem) -> None:
        palette = self.palette()
        item.setForeground(palette.placeholderText() if item.font().italic() else palette.text())

    def _item(self, row: int, column: int) -> QTableWidgetItem:
        item = self.item(row, column)
        if item is None:
            item = QTableWidgetItem()
            flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
            if self._columns[column].editable:
                flags |= Qt.ItemFlag.ItemIsEditable
            item.setFlags(flags)
            if self._columns[column].is_number:
                item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                item.setFont(tabular(self.font()))
            self.setItem(row, column, item)
        return item

    def _size(self, rows: int) -> QSize:
        frame = 2 * self.frameWidth()
        return QSize(200, self.horizontalHeader().sizeHint().height() + rows * TARGET + frame)


class EntriesPanel(QWidget, Generic[Entry]):
    """Edit one kind of the document's entries in a table, with buttons and a line for errors below it.

    entries: takes them out of a document. put: a document with an entry at an index, added where the index is
    their number. drop: a document without the one at an index. Every change is one undo step.
    """

    _filled = False  # Qt may announce a palette before anything is made

    def __init__(
        self,
        model: DocumentModel,
        entries: Callable[[MapDocument], tuple[Entry, ...]],
        put: Callable[[MapDocument, int, Entry], MapDocument],
        drop: Callable[[MapDocument, int], MapDocument],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._model = model
        self._entries, self._put, self._drop = entries, put, drop
        self._shown: tuple[Entry, ...] = ()
        self._active = 0
        self.table = EntryTable(self._make_columns())
        self.notice = Notice()
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(GAP)
        self._buttons.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        layout.setSpacing(GAP)
        layout.addWidget(self.table, 1)
        layout.addLayout(self._buttons)
        layout.addWidget(self.notice)
        self.table.itemChanged.connect(self._take_text)
        self.table.currentCellChanged.connect(self._take_row)
        self.table.removal_asked.connect(self.remove)
        model.changed.connect(self._follow)

    # What subclasses say

    def _make_columns(self) -> Sequence[Column]:
        raise NotImplementedError

    def _fill(self, row: int, entry: Entry) -> None:
        """Show an entry in a row, by `_text` and `_icon`."""
        raise NotImplementedError

    def _typed(self, entry: Entry, column: int, text: str) -> tuple[str, Entry]:
        """Return an undo step's label and an entry with a text typed into a column. Raises MapError."""
        raise NotImplementedError

    def _choose(self, row: int) -> None:
        """Tell that the designer made a row the active one."""
        raise NotImplementedError

    def _keep_active(self, before: int, now: int) -> None:
        """Update the active entry where something else made `now` entries of `before`."""
        if self._active > now:
            self._active = max(now - 1, 0)
            self._choose(self._active)

    def _allow_buttons(self) -> None:
        """Enable and disable the buttons."""
        raise NotImplementedError

    # What subclasses use

    def _add_button(self, button: Button, on_click: Callable[[], None]) -> Button:
        self._buttons.insertWidget(self._buttons.count() - 1, button)
        button.clicked.connect(lambda: on_click())
        return button

    def _text(self, row: int, column: int, text: str, tip: str = "", dim: bool = False) -> None:
        self.table.show_text(row, column, text, tip, dim)

    def _icon(self, row: int, column: int, icon: QIcon, tip: str) -> None:
        self.table.show_icon(row, column, icon, tip)

    # What is shown

    @property
    def active(self) -> int:
        """Index of the active entry; the number of entries stands for a new one."""
        return self._active

    def set_active(self, index: int) -> None:
        """Show another entry as the active one, without telling that it was chosen."""
        self._active = index
        self.table.blockSignals(True)
        if index < self.table.rowCount():
            self.table.setCurrentCell(index, max(self.table.currentColumn(), 0))
        else:
            self.table.clearSelection()
            self.table.setCurrentCell(-1, -1)
        self.table.blockSignals(False)
        self._allow_buttons()

    def refresh(self) -> None:
        """Show every row anew."""
        self._filled = True
        self._shown = ()
        self._show(self._model.document)
        self._allow_buttons()  # also where there is nothing to show

    def _follow(self, _old: MapDocument, new: MapDocument) -> None:
        self._show(new)

    def _show(self, document: MapDocument) -> None:
        entries = self._entries(document)
        if entries is self._shown and self.table.rowCount() == len(entries):
            return
        old, self._shown = self._shown, entries
        before = self.table.rowCount()
        self.notice.say("")
        self.table.blockSignals(True)
        self.table.setRowCount(len(entries))
        for row, entry in enumerate(entries):
            if row >= len(old) or entry is not old[row]:
                self._fill(row, entry)
        self.table.blockSignals(False)
        self.table.updateGeometry()
        self._keep_active(before, len(entries))
        self.set_active(self._active)

    def changeEvent(self, event: QEvent) -> None:
        """Draw icons and texts anew in other colours of the window."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and self._filled:
            self.refresh()

    # What the designer does

    def remove(self) -> None:
        """Remove the active entry."""
        row, count = self._active, len(self._shown)
        if row < count:
            self._active = max(min(row, count - 2), 0)
            self._edit(self.tr("Remove {}").format(self._shown[row].name), lambda now: self._drop(now, row))
            self._choose(self._active)

    def _append(self, label: str, entry: Entry) -> None:
        row = len(self._shown)
        if self._edit(label, lambda now: self._put(now, row, entry)):
            self._activate(row)

    def _replace(self, row: int, label: str, entry: Entry) -> bool:
        return self._edit(label, lambda now: self._put(now, row, entry))

    def _edit(self, label: str, change: Callable[[MapDocument], MapDocument]) -> bool:
        try:
            self._model.edit(label, change(self._model.document))
        except MapError as error:
            self.notice.say(str(error))
            return False
        self.notice.say("")
        return True

    def _activate(self, row: int) -> None:
        self.set_active(row)
        self._choose(row)

    def _take_row(self, row: int, _column: int, before: int, _before: int) -> None:
        if row >= 0 and row != before:
            self._active = row
            self._allow_buttons()
            self._choose(row)

    def _take_text(self, item: QTableWidgetItem) -> None:
        row, column = item.row(), item.column()
        if not self.table.is_editable(column) or row >= len(self._shown):
            return
        try:
            label, entry = self._typed(self._shown[row], column, item.text())
        except MapError as error:
            self.notice.say(str(error))
        else:
            self._replace(row, label, entry)
        # What is shown is what the document says, also where it was refused or rounded.
        self.table.blockSignals(True)
        self._fill(row, self._shown[row])
        self.table.blockSignals(False)
