"""The results that are kept with the map: a list with pictures, and what can be done with each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QContextMenuEvent, QIcon, QKeyEvent, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QGridLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.base.jobs import Background
from app.canvas.thumbnail import thumbnail
from app.panels.result_amount import ResultAmount
from app.panels.result_rows import HEADLINE, PICTURE, REMARK, ResultRows, when_made
from app.scenarios.translate import shortest_paths
from app.widgets.parts import GAP, MARGIN, Button
from maps.results import changes_costs_only

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QImage

    from app.document.model import DocumentModel
    from maps.document import MapDocument
    from maps.results import KeptResult


class ResultsPanel(QWidget):
    """Lists the results, newest first. What a click means, the window decides; it tells what is in view."""

    view_wanted = Signal(object)  # KeptResult
    drawn_wanted = Signal()  # the drawn map is to be seen
    compare_wanted = Signal(object)  # list[KeptResult], one or two
    amount_wanted = Signal(float)  # how much of the change of the result in view is to be seen
    apply_wanted = Signal(object)  # KeptResult
    fork_wanted = Signal(object)  # KeptResult
    snap_wanted = Signal(object)  # KeptResult
    rename_wanted = Signal(object, str)  # KeptResult and the name that it shall have
    delete_wanted = Signal(object)  # list[KeptResult]

    def __init__(self, model: DocumentModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._results: tuple[KeptResult, ...] = ()  # in the order of the rows
        self._in_view: KeptResult | None = None
        self._drawn_in_view = True
        self._pictures: dict[MapDocument, QIcon] = {}  # empty while they are being made
        self._background = Background(self)
        self._hint = QLabel(self.tr("Every run that ends leaves its result here, and it is saved with the map."))
        self._hint.setProperty("dim", True)
        self._hint.setWordWrap(True)
        self.list = ResultList()
        self.list.itemClicked.connect(self._click)
        self.list.itemChanged.connect(self._take_name)
        self.list.itemSelectionChanged.connect(self._allow)
        self.list.view_asked.connect(self.view_chosen)
        self.list.removal_asked.connect(self.delete)
        self.list.menu_asked.connect(self._show_menu)
        self.view_button = self._button(
            self.tr("Drawn map"), self.tr("Show the drawn map, without a result or a run"), self.show_drawn
        )
        self.compare_button = self._button(
            self.tr("Compare…"),
            self.tr("Show the chosen results side by side; a single one beside the map it was made from"),
            self.compare,
        )
        self.apply_button = self._button(
            self.tr("Apply"), self.tr("Make the chosen result the drawn map, as one undo step"), self.apply
        )
        self.fork_button = self._button(
            self.tr("Fork"), self.tr("Apply the chosen result and start a run on it with its settings"), self.fork
        )
        self.snap_button = self._button(
            self.tr("Snap"),
            self.tr("Keep a copy of the chosen result in which every cell is one of the palette's terrains"),
            self.snap,
        )
        self.rename_button = self._button(
            self.tr("Rename"), self.tr("Give the chosen result another name (F2)"), self.rename
        )
        self.delete_button = self._button(
            self.tr("Delete…"), self.tr("Keep the chosen results no longer (Del)"), self.delete
        )
        self.amount = ResultAmount()
        self.amount.amount_wanted.connect(self.amount_wanted)
        self.amount.hide()
        buttons = QGridLayout()
        buttons.setSpacing(GAP)
        for number, button in enumerate(self._buttons):
            buttons.addWidget(button, number // 3, number % 3)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        layout.setSpacing(GAP)
        layout.addWidget(self._hint)
        layout.addWidget(self.list, 1)
        layout.addWidget(self.amount)
        layout.addLayout(buttons)
        model.results_changed.connect(self._show)
        model.title_changed.connect(self._mark)
        self._show()

    @property
    def chosen(self) -> list[KeptResult]:
        """The selected results, oldest first."""
        rows = sorted((self.list.row(item) for item in self.list.selectedItems()), reverse=True)
        return [self._results[row] for row in rows]

    def show_in_view(self, result: KeptResult | None, amount: float, *, drawn: bool) -> None:
        """Mark the result that the canvas shows, if it shows one. drawn: whether it shows the drawn map.

        amount: how much of the result's change is in view, from 0 to 1.
        """
        if result is not self._in_view:
            self._in_view = result
            self._mark()
            self.amount.setVisible(result is not None and changes_costs_only(result))
        self.amount.show_amount(amount)
        if drawn != self._drawn_in_view:
            self._drawn_in_view = drawn
            self._allow()

    def shut_down(self) -> None:
        """Wait for the picture that is being made."""
        self._background.shut_down()

    # What the designer does; without a fitting choice, nothing

    def view_chosen(self) -> None:
        """Show the chosen result, or what was in view before if it is in view already."""
        if len(self.chosen) == 1:
            self.view_wanted.emit(self.chosen[0])

    def show_drawn(self) -> None:
        """Show the drawn map."""
        self.drawn_wanted.emit()

    def compare(self) -> None:
        """Compare two results, or one with the map that it was made from."""
        if 1 <= len(self.chosen) <= 2:
            self.compare_wanted.emit(self.chosen)

    def apply(self) -> None:
        """Apply the chosen result."""
        if len(self.chosen) == 1:
            self.apply_wanted.emit(self.chosen[0])

    def fork(self) -> None:
        """Go on from the chosen result."""
        if len(self.chosen) == 1:
            self.fork_wanted.emit(self.chosen[0])

    def snap(self) -> None:
        """Snap the chosen result to the palette's terrains."""
        if len(self.chosen) == 1:
            self.snap_wanted.emit(self.chosen[0])

    def rename(self) -> None:
        """Let the designer type another name for the chosen result, in its row."""
        if len(self.chosen) == 1:
            self.list.editItem(self.list.selectedItems()[0])

    def delete(self) -> None:
        """Ask for the removal of the chosen results."""
        if self.chosen:
            self.delete_wanted.emit(self.chosen)

    # What is shown

    @property
    def _buttons(self) -> tuple[Button, ...]:
        return (
            self.view_button,
            self.compare_button,
            self.apply_button,
            self.fork_button,
            self.snap_button,
            self.rename_button,
            self.delete_button,
        )

    def _button(self, text: str, tip: str, do: Callable[[], None]) -> Button:
        button = Button(text, tip)
        button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        button.clicked.connect(do)
        return button

    def _show(self) -> None:
        """List the results anew; who was chosen stays chosen, and one that has come is."""
        before, chosen = self._results, self.chosen
        self._results = tuple(reversed(self._model.results))
        if len(self._results) == len(before):  # one may be in the place of another, such as a renamed one
            chosen = [now for then, now in zip(before, self._results, strict=True) if then in chosen]
        elif len(self._results) > len(before):
            chosen = self._results[:1]
        self.list.blockSignals(True)
        self.list.clear()
        for result in self._results:
            item = QListWidgetItem(result.name)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
            item.setData(HEADLINE, result.headline)
            item.setToolTip(f"{result.name}\n{result.headline}")
            self.list.addItem(item)
            item.setSelected(result in chosen)
            if result in chosen:
                self.list.setCurrentItem(item)
        self.list.blockSignals(False)
        self._pictures = {result.after: self._picture(result.after) for result in self._results}
        self._mark()
        self._allow()
        self._hint.setVisible(not self._results)

    def _picture(self, document: MapDocument) -> QIcon:
        """Return the picture of a map; an empty one, at first, while it is being made."""
        if document in self._pictures:
            return self._pictures[document]

        def work() -> QImage:
            return thumbnail(document, shortest_paths(document), PICTURE)

        def done(picture: QImage) -> None:
            if document in self._pictures:
                self._pictures[document] = QIcon(QPixmap.fromImage(picture))
                self._mark()

        self._background.start(work, done, _raise)
        return QIcon()

    def _mark(self) -> None:
        """Give the rows their pictures, and say which result is in view, and which no file holds."""
        self.list.blockSignals(True)
        for row, result in enumerate(self._results):
            item = self.list.item(row)
            remarks = [when_made(result)]
            if result is self._in_view:
                remarks.insert(0, self.tr("in view"))
            if not self._model.in_file(result):
                remarks.append(self.tr("not saved"))
            item.setData(REMARK, " · ".join(filter(None, remarks)))
            item.setIcon(self._pictures[result.after])
        self.list.blockSignals(False)

    def _allow(self) -> None:
        number = len(self.chosen)
        one = "" if number == 1 else self.tr("Choose one result first")
        for button in (self.apply_button, self.fork_button, self.snap_button, self.rename_button):
            button.allow(one)
        self.compare_button.allow("" if 1 <= number <= 2 else self.tr("Choose one result or two first"))
        self.delete_button.allow("" if number else self.tr("Choose a result first"))
        drawn = self.tr("The drawn map is in view; click a result to see it") if self._drawn_in_view else ""
        self.view_button.allow(drawn)

    def _click(self) -> None:
        if len(self.chosen) == 1:
            self.view_chosen()

    def _take_name(self, item: QListWidgetItem) -> None:
        result = self._results[self.list.row(item)]
        name = item.text()

        def rename() -> None:
            self.rename_wanted.emit(result, name)
            self._show()  # a name that was refused goes back

        if name != result.name:
            QTimer.singleShot(0, self, rename)  # the list must not be filled anew while a row is being edited

    def _show_menu(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        menu.addAction(self.tr("View"), self.view_chosen).setEnabled(len(self.chosen) == 1)
        for button in self._buttons[1:]:
            menu.addAction(button.text(), button.click).setEnabled(button.isEnabled())
        menu.exec(event.globalPos())


class ResultList(QListWidget):
    """The rows, with keys of their own: Return views, F2 renames, Delete asks for removal."""

    view_asked = Signal()
    removal_asked = Signal()
    menu_asked = Signal(object)  # QContextMenuEvent

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setItemDelegate(ResultRows(self))
        self.setIconSize(QSize(PICTURE, PICTURE))
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(self.tr("Results"))

    def event(self, event: QEvent) -> bool:
        """Claim the list's own keys before a shortcut of the window takes them."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _is_own(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """View by Return, ask for removal by Delete."""
        if self.state() == QAbstractItemView.State.EditingState:
            return  # the Return that ends the editing
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.view_asked.emit()
        elif event.key() == Qt.Key.Key_Delete:
            self.removal_asked.emit()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Tell that a menu is wanted."""
        self.menu_asked.emit(event)


def _is_own(event: QKeyEvent) -> bool:
    own = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Delete, Qt.Key.Key_F2)
    return event.key() in own and not event.modifiers()


def _raise(error: Exception) -> None:
    raise error  # drawing a valid map cannot fail: a defect, which is to be seen
