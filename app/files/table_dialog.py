"""Ask how a table of text is to be read, and show its first rows as they then are."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from maps.errors import MapFormatError
from maps.formats.csv_grid import MOST_LINES
from maps.formats.limits import opened
from maps.formats.options import NoCostError
from maps.formats.table import Table, TableOptions, is_number

if TYPE_CHECKING:
    from pathlib import Path

    from maps.formats.table import Separator

ROWS, COLUMNS = 8, 12  # that are shown
SEPARATORS: tuple[Separator, ...] = (",", ";", "\t", " ")


class TableDialog(QDialog):
    """Ask for separator, decimal mark, header, index and walls; what is not said is recognised."""

    def __init__(self, path: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._path = path
        self.setWindowTitle(self.tr("Open {} as a table").format(path.name))
        self.resize(640, 420)
        recognised, yes, no = self.tr("As recognised"), self.tr("Yes"), self.tr("No")
        names = (self.tr("Commas"), self.tr("Semicolons"), self.tr("Tabs"), self.tr("Blanks"))
        self.separator = _choice(recognised, *names)
        self.decimal_comma, self.header, self.index = (_choice(recognised, yes, no) for _ in range(3))
        self.walls = QLineEdit(placeholderText=self.tr("none; for instance -9999 0"))
        form = QFormLayout()
        for text, field in (
            (self.tr("Columns are parted by"), self.separator),
            (self.tr("1,5 is one and a half"), self.decimal_comma),
            (self.tr("The first line names the columns"), self.header),
            (self.tr("The first column numbers the rows"), self.index),
            (walls_label(), self.walls),
        ):
            field.setMinimumHeight(24)
            form.addRow(text, field)
        self.dialect = QLabel(wordWrap=True)
        self.preview = QTableWidget()
        self.preview.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Open | QDialogButtonBox.StandardButton.Cancel)
        self._open = buttons.button(QDialogButtonBox.StandardButton.Open)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(self.dialect)
        layout.addWidget(self.preview)
        layout.addWidget(buttons)
        for box in (self.separator, self.decimal_comma, self.header, self.index):
            box.currentIndexChanged.connect(self._show)
        self.walls.textChanged.connect(self._show)
        self._show()

    def options(self) -> TableOptions:
        """Return what was said. Raises ValueError where the walls are no numbers."""
        separator = self.separator.currentIndex()
        decimal_comma, header, index = (
            None if box.currentIndex() == 0 else box.currentIndex() == 1
            for box in (self.decimal_comma, self.header, self.index)
        )
        return TableOptions(
            separator=SEPARATORS[separator - 1] if separator else None,
            decimal_comma=decimal_comma,
            header=header,
            index=index,
            walls=tuple(float(word) for word in self.walls.text().split()),
        )

    def _show(self) -> None:
        """Read the first rows anew; what cannot be read is said instead."""
        self.preview.clear()
        try:
            options = self.options()
            with opened(self._path) as file:
                table = Table(self._path, file, MOST_LINES, options)
                names = next(table.records(), (1, [""]))[1] if table.dialect.header else None
                rows = [fields[:COLUMNS] for _, fields in islice(table.rows(), ROWS)]
        except MapFormatError as error:
            self._tell(str(error), usable=False)
            return
        except ValueError:
            self._tell(self.tr("Walls are numbers with blanks between them, as in -9999 0"), usable=False)
            return
        self.preview.setRowCount(len(rows))
        self.preview.setColumnCount(max(map(len, rows), default=0))
        if names:
            self.preview.setHorizontalHeaderLabels(names[:COLUMNS])
        for row, fields in enumerate(rows):
            for column, field in enumerate(fields):
                wall = is_number(field) and float(field) in options.walls
                self.preview.setItem(row, column, QTableWidgetItem(self.tr("wall") if wall else field))
        self._tell(self.tr("Read as: {}.").format(table.dialect.told), usable=bool(rows))

    def _tell(self, sentence: str, *, usable: bool) -> None:
        self.dialect.setText(sentence)
        self._open.setEnabled(usable)


def walls_label() -> str:
    """Return what the field for walls is called."""
    return QCoreApplication.translate("TableDialog", "Values that mean a wall")


def with_remedy(error: MapFormatError) -> str:
    """Return why a table was refused, and what in the dialog for tables may help."""
    if not isinstance(error, NoCostError):
        return str(error)
    remedy = QCoreApplication.translate("Files", "If {:g} means a wall, write it under “{}”")
    return f"{error}. {remedy.format(error.value, walls_label())}"


def _choice(*entries: str) -> QComboBox:
    box = QComboBox()
    box.addItems(entries)
    return box
