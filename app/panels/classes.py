"""The movement classes: those who pay other prices than everybody, how wide they are and how they step."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QMenu, QVBoxLayout

from app.panels.class_prices import ClassPrices, typed_price
from app.panels.movement_words import corner_words, neighbour_words
from app.widgets.choices import offer_in_cell
from app.widgets.entry_table import Column, EntriesPanel
from app.widgets.parts import Button, Check, RemoveButton, number, shortest
from maps.class_starters import starter_classes
from maps.errors import MapError
from maps.movement import SIZES, MovementClass
from maps.terrain_edits import remove_class, set_class

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QAction
    from PySide6.QtWidgets import QWidget

    from app.document.model import DocumentModel
    from maps.document import MapDocument
    from maps.movement import CornerRule, Neighbours
    from maps.terrain import Terrain

NAME, MOVES, CORNERS, SIZE, FACTOR = range(5)


class ClassesPanel(EntriesPanel[MovementClass]):
    """List the movement classes and, below them, what the chosen one pays in each terrain."""

    changed = Signal()  # `chosen` or `shows_reach`

    def __init__(self, model: DocumentModel, parent: QWidget | None = None) -> None:
        super().__init__(model, lambda document: document.classes, set_class, remove_class, parent)
        self._rule = model.document.rule
        self._told: tuple[tuple[Terrain, ...], MovementClass | None] | None = None  # what the prices are of
        self._starters = QMenu(self)
        self._offered: dict[QAction, MovementClass] = {}
        self._starters.aboutToShow.connect(self._fill_starters)
        self._starters.triggered.connect(self._add)
        add = Button(self.tr("Add"), self.tr("Add a class of those who pay other prices"))
        add.setMenu(self._starters)
        self._add_button(add, lambda: None)
        self._remove_button = self._add_button(
            RemoveButton(
                self.tr("Remove"), self.tr("Remove the chosen class; everybody can walk its routes (Del)")
            ),
            self.remove,
        )
        self.table.setAccessibleName(self.tr("Movement classes"))
        self.empty = QLabel(
            self.tr("Everybody moves alike. Add a class for walkers, carts or boats that pay other prices.")
        )
        self.prices = ClassPrices()
        self.meaning = QLabel()
        self.reach = Check(self.tr("Show where it can go"))
        self.reach.setToolTip(self.tr("Shade the cells of the map where the chosen class cannot be"))
        for words in (self.empty, self.meaning):
            words.setWordWrap(True)
            words.setProperty("dim", True)
        box = self.layout()
        assert isinstance(box, QVBoxLayout)
        box.insertWidget(0, self.empty)
        box.addWidget(self.prices, 2)
        box.addWidget(self.meaning)
        box.addWidget(self.reach)
        box.addStretch(0)
        self.table.cellClicked.connect(self._offer)
        self.table.used.connect(self._offer)
        self.prices.typed.connect(self._take_price)
        self.reach.toggled.connect(lambda: self.changed.emit())
        self.refresh()

    @property
    def chosen(self) -> MovementClass | None:
        """The class that the prices are of, None on a map without classes."""
        return self._shown[self._active] if self._active < len(self._shown) else None

    @property
    def shows_reach(self) -> bool:
        """Whether the map is to show where the chosen class can go."""
        return self.reach.isChecked() and self.chosen is not None

    def _make_columns(self) -> Sequence[Column]:
        pays = self.tr("What it pays in a cell without a terrain, as a multiple of the cell's cost")
        return (
            Column(self.tr("Name"), self.tr("What routes call it by"), editable=True),
            Column(
                self.tr("Moves"), self.tr("To how many neighbours it steps; as everybody on the map, or not"), 52
            ),
            Column(self.tr("Corners"), self.tr("What a diagonal step needs; as for everybody, or not"), 56),
            Column(
                self.tr("Size"), self.tr("How many cells it is wide, 1 to {}").format(SIZES[-1]), 40, True, True
            ),
            Column(self.tr("Factor"), pays, 50, True, True),
        )

    def _fill(self, row: int, entry: MovementClass) -> None:
        rule = entry.rule_on(self._rule)
        self._text(row, NAME, entry.name, self.tr("Double click to rename it; its routes follow"))
        self._text(row, SIZE, str(entry.size), self._room(entry))
        self._text(row, FACTOR, shortest(entry.factor))
        moves = self.tr("{} neighbours; click to choose").format(rule.neighbours)
        self._text(row, MOVES, str(entry.neighbours or self.tr("map's")), moves, entry.neighbours is None)
        if rule.neighbours == 4:
            self._text(row, CORNERS, "–", self.tr("With 4 neighbours there are no diagonal moves"), dim=True)
        else:
            short = {"both_open": self.tr("both"), "one_open": self.tr("one"), "free": self.tr("free")}
            words = self.tr("map's") if entry.corner_rule is None else short[entry.corner_rule]
            tip = self.tr("{}; click to choose").format(corner_words()[rule.corner_rule])
            self._text(row, CORNERS, words, tip, entry.corner_rule is None)

    def _room(self, kind: MovementClass) -> str:
        if kind.size == 1:
            return self.tr("fits through single cells")
        return self.tr("needs {0} × {0} free cells").format(kind.size)

    def _typed(self, entry: MovementClass, column: int, text: str) -> tuple[str, MovementClass]:
        if column == NAME:
            return self.tr("Rename class"), replace(entry, name=text.strip())
        value = number(text)
        if column == FACTOR:
            return self.tr("Factor of class"), replace(entry, factor=value)
        if value not in SIZES:
            raise MapError(f"a class is {SIZES[0]} to {SIZES[-1]} cells wide, not {text.strip()}")
        return self.tr("Size of class"), replace(entry, size=int(value))

    def _choose(self, row: int) -> None:
        self._show_chosen(self._model.document)

    def _keep_active(self, before: int, now: int) -> None:
        self._active = max(min(self._active, now - 1), 0)

    def _allow_buttons(self) -> None:
        self._remove_button.allow("" if self._shown else self.tr("There is no class to remove"))

    # What is shown

    def refresh(self) -> None:
        """Show everything anew."""
        self._told = None
        super().refresh()

    def _show(self, document: MapDocument) -> None:
        if document.rule != self._rule:
            self._rule, self._shown = document.rule, ()  # every row speaks of it
        super()._show(document)
        self._show_chosen(document)

    def _show_chosen(self, document: MapDocument) -> None:
        """Show the prices of the chosen class, or what classes are for where there is none."""
        kind, told = self.chosen, self._told
        if told is not None and told[0] is document.palette and told[1] is kind:
            return
        self._told = document.palette, kind
        for widget in (self.table, self.prices, self.meaning, self.reach):
            widget.setVisible(kind is not None)
        self.empty.setVisible(kind is None)
        if kind is not None:
            self.prices.show_prices(document.palette, kind)
            means = self.tr("Factor × cost is paid where a cell has no terrain. Size {}: {}.")
            self.meaning.setText(means.format(kind.size, self._room(kind)))
        self.changed.emit()

    # What the designer does

    def _fill_starters(self) -> None:
        taken = {kind.name for kind in self._shown}
        self._starters.clear()
        self._offered = {
            self._starters.addAction(f"{starter.kind.name} – {starter.words}"): replace(
                starter.kind, name=_free(starter.kind.name, taken)
            )
            for starter in starter_classes(self._model.document.palette)
        }

    def _add(self, starter: QAction) -> None:
        self._append(self.tr("Add class"), self._offered[starter])

    def _offer(self, row: int, column: int) -> None:
        """Offer what a cell without a text to type can be."""
        kind, rule = self._shown[row], self._rule
        everybody = self.tr("As everybody: {}")
        if column == MOVES:
            moves: dict[Neighbours | None, str] = {None: everybody.format(neighbour_words()[rule.neighbours])}

            def step(neighbours: Neighbours | None) -> None:
                self._replace(row, self.tr("Moves of class"), replace(kind, neighbours=neighbours))

            offer_in_cell(self.table, row, column, moves | neighbour_words(), kind.neighbours, step)
        elif column == CORNERS and kind.rule_on(rule).neighbours == 8:
            needs: dict[CornerRule | None, str] = {
                None: everybody.format(corner_words()[rule.corner_rule].lower())
            }

            def turn(corner_rule: CornerRule | None) -> None:
                self._replace(row, self.tr("Corners of class"), replace(kind, corner_rule=corner_rule))

            offer_in_cell(self.table, row, column, needs | corner_words(), kind.corner_rule, turn)

    def _take_price(self, terrain: int, text: str) -> None:
        kind, palette = self.chosen, self._model.document.palette
        assert kind is not None
        try:
            price = typed_price(f"{kind.name} on {palette[terrain].name}", text)
        except MapError as error:
            self.notice.say(str(error))
        else:
            costs = (*kind.costs[:terrain], price, *kind.costs[terrain + 1 :])
            self._replace(
                self._active, self.tr("Price of {}").format(palette[terrain].name), replace(kind, costs=costs)
            )
        self.prices.show_prices(palette, self.chosen or kind)  # what holds, also where it was refused


def _free(name: str, taken: set[str]) -> str:
    """Return the name, or "name 2", "name 3", … where it is taken."""
    names = (name, *(f"{name} {n}" for n in range(2, len(taken) + 2)))
    return next(each for each in names if each not in taken)
