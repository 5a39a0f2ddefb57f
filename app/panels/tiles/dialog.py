"""Ask which terrain each tile of a map is and what terrains cost, and show at once what the map becomes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QPixmap
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.base.jobs import NewestWins
from app.canvas.colouring import cost_pixels
from app.canvas.terrain_colours import map_pixels
from app.panels.class_prices import typed_price
from app.panels.tiles.tile_list import TileList
from app.widgets.parts import GAP, MARGIN, TARGET, Button, Notice, NumberField, number
from maps.errors import MapError
from maps.terrain_words import with_suggestions
from maps.tile_table import (
    TileTable,
    own_colour,
    table_of,
    with_cost,
    with_passable,
    with_price,
    with_table,
    with_terrain,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from maps.document import MapDocument
    from maps.tiles import MapTiles

SIDE = 264  # px of a preview's longer edge
SIZE = 1020, 660  # px
Previewed = tuple["MapDocument", QImage, QImage]


class TilesDialog(QDialog):
    """Edits the table of a map's tiles; the map itself stays until `applied` is emitted with what it becomes.

    suggest: begin with costs and walls guessed from names, where the map's file says none.
    """

    applied = Signal(object)  # the new document

    def __init__(
        self, document: MapDocument, tiles: MapTiles, *, suggest: bool, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Tiles and their costs"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._document, self._tiles = document, tiles
        self._classes = [kind.name for kind in document.classes]
        begun = table_of(document, tiles)
        self.table: TileTable = with_suggestions(begun, tiles) if suggest else begun
        self.list = TileList(tiles, self.table, self._classes)
        self.head = QLabel(wordWrap=True)
        self.notice = Notice()
        self.pictures = self._picture(self.tr("Terrains")), self._picture(self.tr("Costs"))
        self.suggest = Button(
            self.tr("Suggest from names"), self.tr("Guess costs and walls from words such as water, wall or road")
        )
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.apply = buttons.addButton(self.tr("Apply"), QDialogButtonBox.ButtonRole.AcceptRole)
        self._preview = NewestWins(self._prepare, self._show_preview, self._refuse, self)

        foot = QHBoxLayout()
        foot.addWidget(self.suggest)
        foot.addWidget(buttons, 1)
        left = QVBoxLayout()
        left.setSpacing(MARGIN)
        left.addWidget(self.head)
        left.addWidget(self.list, 1)
        left.addLayout(self._make_form())
        left.addWidget(self.notice)
        left.addLayout(foot)
        right = QVBoxLayout()
        right.setSpacing(GAP)
        for title, picture in self.pictures:
            right.addWidget(title)
            right.addWidget(picture)
        right.addStretch(1)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(12, 12, 12, 12)
        whole.setSpacing(12)
        whole.addLayout(left, 1)
        whole.addLayout(right)
        self.resize(*SIZE)

        self.list.terrain_typed.connect(self._name)
        self.list.cost_typed.connect(self._cost)
        self.list.open_clicked.connect(self._open)
        self.list.price_typed.connect(self._price)
        self.list.itemSelectionChanged.connect(self._show_chosen)
        self.suggest.clicked.connect(self._suggest)
        buttons.accepted.connect(self._apply)
        buttons.rejected.connect(self.reject)
        self.finished.connect(self._preview.shut_down)
        self._show()

    @property
    def busy(self) -> bool:
        """Whether a preview is still to come."""
        return self._preview.busy

    def sizeHint(self) -> QSize:
        """Return the first size, which fits a small screen."""
        return QSize(*SIZE)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Let Enter take over what was typed into a field, not the whole table."""
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if not (enter and not isinstance(self.focusWidget(), QPushButton)):
            super().keyPressEvent(event)

    # Making

    def _picture(self, title: str) -> tuple[QLabel, QLabel]:
        picture = QLabel()
        picture.setFixedSize(SIDE, SIDE)
        picture.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        picture.setAccessibleName(title)
        return QLabel(title), picture

    def _make_form(self) -> QGridLayout:
        """The fields for all chosen rows at once."""
        self.terrain = QComboBox()
        self.terrain.setEditable(True)
        self.terrain.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.terrain.setMinimumHeight(TARGET)
        self.terrain.setToolTip(self.tr("The terrain of all chosen tiles; a new name makes a new terrain of them"))
        self.cost = NumberField(self.tr("What a cell of the chosen tiles' terrains costs"))
        self.closed = Button(self.tr("Wall"), self.tr("Let nobody walk on the chosen tiles' terrains"))
        self.opened = Button(self.tr("Open"), self.tr("Let one walk on the chosen tiles' terrains"))
        self.chosen = QLabel()
        self.prices = [
            NumberField(self.tr("What {} pays there; empty where they cannot go").format(name))
            for name in self._classes
        ]
        form = QGridLayout()
        form.setHorizontalSpacing(MARGIN)
        form.setVerticalSpacing(GAP)
        form.addWidget(self.chosen, 0, 0)
        form.addWidget(self.terrain, 0, 1)
        form.addWidget(QLabel(self.tr("Cost")), 0, 2)
        form.addWidget(self.cost, 0, 3)
        form.addWidget(self.opened, 0, 4)
        form.addWidget(self.closed, 0, 5)
        form.setColumnStretch(1, 1)
        if self.prices:
            row = QHBoxLayout()
            row.setSpacing(GAP)
            for name, field in zip(self._classes, self.prices, strict=True):
                row.addWidget(QLabel(name))
                row.addWidget(field)
            row.addStretch(1)
            form.addLayout(row, 1, 1, 1, 5)
        for field in (self.cost, *self.prices):
            field.setMaximumWidth(72)
        self.terrain.activated.connect(lambda: self._name(self.list.chosen, self.terrain.currentText()))
        editor = self.terrain.lineEdit()
        assert editor is not None
        editor.editingFinished.connect(self._name_typed)
        self.cost.editingFinished.connect(self._cost_typed)
        self.closed.clicked.connect(lambda: self._open(self.list.chosen, False))
        self.opened.clicked.connect(lambda: self._open(self.list.chosen, True))
        for at, field in enumerate(self.prices):
            field.editingFinished.connect(lambda at=at, field=field: self._price_typed(at, field))
        return form

    # What the designer does

    def _name_typed(self) -> None:
        text = self.terrain.currentText()
        if text.strip() and text != self._common(lambda number: self.table.terrains[number].name):
            self._name(self.list.chosen, text)

    def _cost_typed(self) -> None:
        if self.cost.touched and self.cost.text().strip():
            self._cost(self.list.chosen, self.cost.text())

    def _price_typed(self, movement: int, field: NumberField) -> None:
        if field.touched:
            self._price(self.list.chosen, movement, field.text())

    def _name(self, kinds: Sequence[int], name: str) -> None:
        colour = own_colour(self.table, self._tiles, kinds)
        self._change(lambda table: with_terrain(table, set(kinds), name, colour))

    def _cost(self, kinds: Sequence[int], text: str) -> None:
        def change(table: TileTable) -> TileTable:
            for terrain in table.terrains_at(kinds):
                table = with_cost(table, terrain, number(text))
            return table

        self._change(change)

    def _open(self, kinds: Sequence[int], passable: bool) -> None:
        def change(table: TileTable) -> TileTable:
            for terrain in table.terrains_at(kinds):
                table = with_passable(table, terrain, passable)
            return table

        self._change(change)

    def _price(self, kinds: Sequence[int], movement: int, text: str) -> None:
        def change(table: TileTable) -> TileTable:
            for terrain in table.terrains_at(kinds):
                price = typed_price(f"price of {self._classes[movement]}", text)
                table = with_price(table, movement, terrain, price)
            return table

        self._change(change)

    def _suggest(self) -> None:
        self._change(lambda table: with_suggestions(table, self._tiles))

    def _change(self, change: Callable[[TileTable], TileTable]) -> None:
        try:
            self.table = change(self.table)
            self.notice.say("")
        except MapError as error:
            self.notice.say(str(error))
        self._show()

    def _apply(self) -> None:
        try:
            document = with_table(self._document, self._tiles, self.table)
        except MapError as error:
            self.notice.say(str(error))
            return
        self.applied.emit(document)
        self.accept()

    # What is shown

    def _show(self) -> None:
        self.list.show_table(self.table)
        count = len(self.table.terrains)
        words = self.tr("{} kinds of tiles{}, terrains: {}. Choose several rows to change them together.")
        of = self.tr(" of {}").format(self.list.common.strip()) if self.list.common else ""
        self.head.setText(words.format(len(self._tiles.kinds), of, count))
        self._show_chosen()
        self._preview.ask()

    def _show_chosen(self) -> None:
        chosen = self.list.chosen
        terrains = self.table.terrains
        self.chosen.setText(self.tr("{} chosen").format(len(chosen)) if chosen else self.tr("None chosen"))
        name = self._common(lambda number: terrains[number].name)
        self.terrain.blockSignals(True)
        self.terrain.clear()
        self.terrain.addItems([terrain.name for terrain in terrains])
        self.terrain.setCurrentIndex(-1)
        self.terrain.setEditText(name)
        self.terrain.blockSignals(False)
        self.cost.show_text(self._common(lambda number: f"{terrains[number].cost:.7g}"))
        for movement, field in enumerate(self.prices):
            paid = self.table.prices[movement]
            field.show_text(self._common(lambda number, paid=paid: f"{paid[number]:.7g}".replace("inf", "")))
        none = "" if chosen else self.tr("Choose rows of the list first")
        for field in (self.terrain, self.cost, *self.prices):
            field.setEnabled(bool(chosen))
        self.opened.allow(none)
        self.closed.allow(none)

    def _common(self, words: Callable[[int], str]) -> str:
        """What is said of the terrains of all chosen rows, empty where they differ."""
        said = {words(number) for number in self.table.terrains_at(self.list.chosen)}
        return said.pop() if len(said) == 1 else ""

    def _prepare(self) -> Callable[[], Previewed]:
        document, tiles, table = self._document, self._tiles, self.table

        def work() -> Previewed:
            made = with_table(document, tiles, table)
            costs = made.cost[made.passable]
            lo, hi = (float(costs.min()), float(costs.max())) if costs.size else (0.0, 1.0)
            terrain = map_pixels(made, lo, hi)
            return made, _image(terrain), _image(cost_pixels(made.cost, made.passable, lo, hi))

        return work

    def _show_preview(self, previewed: Previewed) -> None:
        for (_, label), image in zip(self.pictures, previewed[1:], strict=True):
            label.setPixmap(QPixmap.fromImage(image))

    def _refuse(self, error: Exception) -> None:
        if not isinstance(error, MapError):
            raise error
        self.notice.say(str(error))


def _image(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> QImage:
    """The pixels (H, W, 3), a cell each, as a picture that fits the preview."""
    # Less before Qt has it: a large map's pixels would be copied several times.
    step = max(1, max(pixels.shape[:2]) // (4 * SIDE))
    small = np.ascontiguousarray(pixels[::step, ::step])
    height, width = small.shape[:2]
    image = QImage(small.data, width, height, 3 * width, QImage.Format.Format_RGB888)
    crisp = max(height, width) <= SIDE
    return image.convertToFormat(QImage.Format.Format_RGB32).scaled(
        SIDE,
        SIDE,
        Qt.AspectRatioMode.KeepAspectRatio,
        Qt.TransformationMode.FastTransformation if crisp else Qt.TransformationMode.SmoothTransformation,
    )
