"""The command palette: finds a command by letters of its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QAction, QFocusEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QFrame,
    QHeaderView,
    QLabel,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.widgets.parts import GAP, MARGIN, TARGET, Rows

if TYPE_CHECKING:
    from collections.abc import Iterable

WIDTH, MOST_ROWS = 460, 12


class CommandPalette(QFrame):
    """A field and a list over the upper middle of the window, closed as soon as they lose the focus.

    A disabled command is dim and cannot be chosen.
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAutoFillBackground(True)
        self.hide()
        self._actions: list[QAction] = []
        self._focus_before: QWidget | None = None
        self.field = QLineEdit()
        self.field.setPlaceholderText(self.tr("Type a command"))
        self.field.setAccessibleName(self.tr("Command"))
        self.field.setMinimumHeight(TARGET + 4)
        self.field.setClearButtonEnabled(True)
        self.field.installEventFilter(self)
        self.list = QTreeWidget()
        self.list.setColumnCount(2)
        self.list.setHeaderHidden(True)
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setItemDelegate(Rows(self.list))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.header().setStretchLastSection(False)
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.list.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.none = QLabel(self.tr("No command has all of these words"))
        self.none.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.none.setMinimumHeight(2 * TARGET)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        layout.setSpacing(GAP)
        for widget in (self.field, self.list, self.none):
            layout.addWidget(widget)
        self.field.textChanged.connect(self._filter)
        self.field.returnPressed.connect(self._run_current)
        self.list.itemClicked.connect(self._run)

    def open_for(self, actions: Iterable[QAction]) -> None:
        """Show these commands; separators and those without a text are left out."""
        named = (action for action in actions if action.text() and not action.isSeparator() and not action.menu())
        self._actions = list(dict.fromkeys(named))
        self.field.clear()
        self._filter("")
        window = self._window
        self.setFixedWidth(min(WIDTH, window.width() - 2 * MARGIN))
        self.move((window.width() - self.width()) // 2, window.height() // 8)
        self._focus_before = window.window().focusWidget()
        self.show()
        self.raise_()
        self.field.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the keys of the field move in the list, and close the palette by Escape or when the focus goes."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}
            if (by := steps.get(Qt.Key(event.key()))) is not None:
                self._move(by)
                return True
            if event.key() == Qt.Key.Key_Escape:
                self._leave()
                return True
        elif isinstance(event, QFocusEvent) and event.type() == QEvent.Type.FocusOut:
            # The field's own context menu lies over it and is no reason to go.
            self.setVisible(event.reason() == Qt.FocusReason.PopupFocusReason)
        return super().eventFilter(watched, event)

    def _leave(self) -> None:
        """Close, and give the focus back to the widget that had it."""
        self.hide()
        if self._focus_before is not None:
            self._focus_before.setFocus()

    def _filter(self, typed: str) -> None:
        ranked = [(rank, action) for action in self._actions if (rank := _rank(typed, _name(action))) is not None]
        ranked.sort(key=lambda entry: entry[0])
        self.list.clear()
        for _, action in ranked:
            self.list.addTopLevelItem(self._item(action))
        self._choose(next((n for n, (_, action) in enumerate(ranked) if action.isEnabled()), -1))
        self.list.setVisible(bool(ranked))
        self.none.setVisible(not ranked)
        rows = min(len(ranked), MOST_ROWS)
        self.list.setFixedHeight(rows * TARGET + 2 * self.list.frameWidth())
        self.adjustSize()

    def _item(self, action: QAction) -> QTreeWidgetItem:
        shortcut = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText) or _named_key(action)
        mark = "✓ " if action.isCheckable() and action.isChecked() else ""
        item = QTreeWidgetItem([mark + _name(action), shortcut])
        item.setData(0, Qt.ItemDataRole.UserRole, action)
        item.setToolTip(0, action.statusTip() or action.toolTip())
        item.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        item.setForeground(1, self.palette().placeholderText())
        if not action.isEnabled():
            item.setFlags(Qt.ItemFlag.NoItemFlags)
        return item

    def _move(self, by: int) -> None:
        items = [self.list.topLevelItem(n) for n in range(self.list.topLevelItemCount())]
        enabled = [n for n, item in enumerate(items) if item is not None and item.flags()]
        if enabled:
            now = self.list.currentIndex().row()
            place = enabled.index(now) if now in enabled else 0
            # One step beyond an end comes in at the other; a page stops at the end.
            place = (place + by) % len(enabled) if abs(by) == 1 else min(max(place + by, 0), len(enabled) - 1)
            self._choose(enabled[place])

    def _choose(self, row: int) -> None:
        if (item := self.list.topLevelItem(row)) is not None:
            self.list.setCurrentItem(item)

    def _run_current(self) -> None:
        if (item := self.list.currentItem()) is not None:
            self._run(item)

    def _run(self, item: QTreeWidgetItem) -> None:
        action = item.data(0, Qt.ItemDataRole.UserRole)
        self._leave()  # first, so that the command finds the focus where it was
        action.trigger()


def _name(action: QAction) -> str:
    return action.text().partition("\t")[0].replace("&&", "\0").replace("&", "").replace("\0", "&")


def _named_key(action: QAction) -> str:
    """Return the key that stands behind a tab in the text, as Qt's menus show it too; a widget listens to it."""
    return action.text().partition("\t")[2]


def _rank(typed: str, name: str) -> tuple[int, int] | None:
    """Smaller is nearer; None if a typed word is not in the name."""
    typed, name = typed.casefold().strip(), name.casefold()
    if not all(word in name for word in typed.split()):
        return None
    starts = name.startswith(typed), any(word.startswith(typed) for word in name.split())
    return (0 if starts[0] else 1 if starts[1] else 2), name.find(typed.split()[0]) if typed else 0
