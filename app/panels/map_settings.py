"""What holds for the whole map: name, size, cell size, movement rule, bounds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, get_args

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QFormLayout,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.panels.movement_words import corner_words, neighbour_words
from app.tools.strokes import base_terrain
from app.widgets.parts import GAP, MARGIN, TARGET, Button, Notice, NumberField
from maps.document import Bounds, MapDocument
from maps.edits import resize
from maps.errors import MapError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from app.document.model import DocumentModel

NoticePlace = Literal["name", "size", "cell_size", "rule", "bounds"]
_MOST_SAID = 3
_CHECKED = "QToolButton:checked { background: palette(highlight); color: palette(highlighted-text); }"
_ARROWS = ("↖", "↑", "↗", "←", "•", "→", "↙", "↓", "↘")


class MapSettingsPanel(QWidget):
    """Edit what holds for the whole map; Enter or leaving a field makes one undo step."""

    def __init__(self, model: DocumentModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._shown: MapDocument | None = None
        self.name = QLineEdit()
        self.name.setMinimumHeight(TARGET)
        self.name.setToolTip(self.tr("What the map is called, also inside its file"))
        self.rows = NumberField(self.tr("Number of rows the map should have"))
        self.columns = NumberField(self.tr("Number of columns the map should have"))
        self.anchor, anchors = self._make_anchor()
        self.resize_button = Button(self.tr("Resize"), self.tr("Give the map this many rows and columns"))
        self.cell_size = NumberField(self.tr("Side of a cell in units of the game's world"))
        self.neighbours = self._choice(neighbour_words(), self.tr("Whether diagonal moves are legal"))
        self.corners = self._choice(
            corner_words(), self.tr("Which of the two cells beside a diagonal move must be open")
        )
        self.cost_rule = self._choice(
            {"mean": self.tr("Mean of both cells"), "entered": self.tr("The cell entered")},
            self.tr("Whose cost a move pays, times its length"),
        )
        self.lower_bound = NumberField(self.tr("The least cost that a run may give a cell"))
        self.upper_bound = NumberField(self.tr("The greatest cost that a run may give a cell"))
        self.notices: dict[NoticePlace, Notice] = {place: Notice() for place in get_args(NoticePlace)}

        size = QWidget()
        grid = QGridLayout(size)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(GAP)
        grid.setVerticalSpacing(GAP)
        grid.addLayout(_row(self.rows, QLabel("×"), self.columns), 0, 0)
        grid.addWidget(self.resize_button, 1, 0)
        grid.addLayout(anchors, 0, 1, 2, 1)
        grid.setColumnStretch(0, 1)
        self.resize_button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(MARGIN)
        form.setVerticalSpacing(GAP)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for text, field, notice in (
            (self.tr("Name"), self.name, self.notices["name"]),
            (self.tr("Rows × columns"), size, self.notices["size"]),
            (self.tr("Cell size"), self.cell_size, self.notices["cell_size"]),
            (self.tr("Moves"), self.neighbours, None),
            (self.tr("Diagonals"), self.corners, None),
            (self.tr("A move pays"), self.cost_rule, self.notices["rule"]),
            (self.tr("Bounds"), _row(self.lower_bound, QLabel("–"), self.upper_bound), self.notices["bounds"]),
        ):
            form.addRow(text, field)
            if notice is not None:
                form.addRow(notice)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(MARGIN, MARGIN, MARGIN, MARGIN)
        whole.addLayout(form)
        whole.addStretch(1)
        for field, said in (
            (self.name, self.tr("Name")),
            (self.rows, self.tr("Rows")),
            (self.columns, self.tr("Columns")),
            (self.cell_size, self.tr("Cell size")),
            (self.neighbours, self.tr("Moves")),
            (self.corners, self.tr("Diagonals")),
            (self.cost_rule, self.tr("A move pays")),
            (self.lower_bound, self.tr("Least cost")),
            (self.upper_bound, self.tr("Greatest cost")),
        ):
            field.setAccessibleName(said)

        self.name.editingFinished.connect(self._take_name)
        self.cell_size.editingFinished.connect(self._take_cell_size)
        self.lower_bound.editingFinished.connect(self._take_bounds)
        self.upper_bound.editingFinished.connect(self._take_bounds)
        self.resize_button.clicked.connect(self._take_size)
        self.rows.returnPressed.connect(self._take_size)
        self.columns.returnPressed.connect(self._take_size)
        for box in (self.neighbours, self.corners, self.cost_rule):
            box.currentIndexChanged.connect(self._take_rule)
        model.changed.connect(self._follow)
        self._show(model.document)

    # What is shown

    def _follow(self, _old: MapDocument, new: MapDocument) -> None:
        self._show(new)

    def _show(self, document: MapDocument) -> None:
        old, self._shown = self._shown, document
        if old is None or old.name != document.name:
            self.name.setText(document.name)
        if old is None or old.shape != document.shape:
            self.notices["size"].say("")
            self.rows.show_text(str(document.height))
            self.columns.show_text(str(document.width))
        if old is None or old.cell_size != document.cell_size:
            self.cell_size.show_value(document.cell_size)
        if old is None or old.bounds != document.bounds:
            self.lower_bound.show_value(document.bounds.lower)
            self.upper_bound.show_value(document.bounds.upper)
        if old is None or old.rule != document.rule:
            self._show_rule(document)

    def _show_rule(self, document: MapDocument) -> None:
        rule = document.rule
        for box, value in (
            (self.neighbours, rule.neighbours),
            (self.corners, rule.corner_rule),
            (self.cost_rule, rule.cost_rule),
        ):
            box.blockSignals(True)
            box.setCurrentIndex(box.findData(value))
            box.blockSignals(False)
        diagonal = rule.neighbours == 8
        self.corners.setEnabled(diagonal)
        self.corners.setToolTip(
            self.tr("Which of the two cells beside a diagonal move must be open")
            if diagonal
            else self.tr("With 4 neighbours there are no diagonal moves")
        )

    # What the designer does

    def _edit(self, notice: NoticePlace, label: str, change: Callable[[MapDocument], MapDocument]) -> None:
        # A change that returns the same document makes no undo step.
        try:
            document = change(self._model.document)
        except MapError as error:
            self.notices[notice].say(str(error))
            return
        self.notices[notice].say("")
        self._model.edit(label, document)

    def _take_name(self) -> None:
        name = self.name.text().strip()
        if name != self._model.document.name:
            self._edit("name", self.tr("Name map"), lambda now: now.replace(name=name))

    def _take_cell_size(self) -> None:
        if not self.cell_size.touched:
            self.notices["cell_size"].say("")
            return

        def with_cell_size(now: MapDocument) -> MapDocument:
            cell_size = self.cell_size.value()
            return now if now.cell_size == cell_size else now.replace(cell_size=cell_size)

        self._edit("cell_size", self.tr("Cell size"), with_cell_size)
        self._settle("cell_size", self.cell_size, self._model.document.cell_size)

    def _take_bounds(self) -> None:
        if not (self.lower_bound.touched or self.upper_bound.touched):
            self.notices["bounds"].say("")
            return

        def bounded(now: MapDocument) -> MapDocument:
            lower = self.lower_bound.value() if self.lower_bound.touched else now.bounds.lower
            upper = self.upper_bound.value() if self.upper_bound.touched else now.bounds.upper
            bounds = Bounds(lower, upper)
            return now if now.bounds == bounds else now.replace(bounds=bounds)

        self._edit("bounds", self.tr("Bounds"), bounded)
        self._settle("bounds", self.lower_bound, self._model.document.bounds.lower)
        self._settle("bounds", self.upper_bound, self._model.document.bounds.upper)

    def _settle(self, notice: NoticePlace, field: NumberField, value: float) -> None:
        # What was refused stays for the designer to mend; else what stands there is the document's number.
        if not self.notices[notice].words:
            field.show_value(value)

    def _take_rule(self) -> None:
        rule = replace(
            self._model.document.rule,
            neighbours=self.neighbours.currentData(),
            corner_rule=self.corners.currentData(),
            cost_rule=self.cost_rule.currentData(),
        )
        self._edit(
            "rule", self.tr("Movement rule"), lambda now: now if now.rule == rule else now.replace(rule=rule)
        )

    def _take_size(self) -> None:
        gone: list[str] = []

        def resized(now: MapDocument) -> MapDocument:
            height, width = (_whole(field) for field in (self.rows, self.columns))
            down, right = divmod(self.anchor.checkedId(), 3)
            offset = (height - now.height) * down // 2, (width - now.width) * right // 2
            document, lost = resize(now, height, width, offset, base_terrain(now).cost)
            gone.extend(lost)
            return document

        self._edit("size", self.tr("Resize map"), resized)
        if gone:
            more = self.tr("and {} more").format(len(gone) - _MOST_SAID) if len(gone) > _MOST_SAID else ""
            said = "; ".join([*gone[:_MOST_SAID], *([more] if more else [])])
            self.notices["size"].say(self.tr("{}. Undo brings all of it back.").format(said))

    # Making the fields

    def _make_anchor(self) -> tuple[QButtonGroup, QGridLayout]:
        places = (
            self.tr("the top left"),
            self.tr("the top"),
            self.tr("the top right"),
            self.tr("the left"),
            self.tr("the middle"),
            self.tr("the right"),
            self.tr("the bottom left"),
            self.tr("the bottom"),
            self.tr("the bottom right"),
        )
        group, grid = QButtonGroup(self), QGridLayout()
        grid.setSpacing(0)
        for number, (arrow, place) in enumerate(zip(_ARROWS, places, strict=True)):
            button = QToolButton(autoRaise=True)
            button.setText(arrow)
            button.setCheckable(True)
            button.setStyleSheet(_CHECKED)
            button.setFixedSize(QSize(TARGET, TARGET))
            button.setToolTip(self.tr("Resizing keeps {} of the map where it is").format(place))
            button.setAccessibleName(place)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            group.addButton(button, number)
            grid.addWidget(button, number // 3, number % 3)
        group.button(0).setChecked(True)
        return group, grid

    def _choice(self, entries: Mapping[Any, str], tip: str) -> QComboBox:
        box = QComboBox()
        for key, text in entries.items():
            box.addItem(text, key)
        box.setToolTip(tip)
        box.setMinimumHeight(TARGET)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(8)
        return box


def _row(*widgets: QWidget) -> QHBoxLayout:
    layout = QHBoxLayout()
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(GAP)
    for widget in widgets:
        layout.addWidget(widget, 0 if isinstance(widget, QLabel) else 1)
    return layout


def _whole(field: NumberField) -> int:
    value = field.value()
    if not value.is_integer():
        raise MapError(f"{field.text()} is no whole number; a map has whole rows and columns")
    return int(value)
