"""Ask what the numbers of a grid, or the colours of a picture, mean, and show the map that they then make."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QCoreApplication, QSize, Qt
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from app.files.table_dialog import TableDialog, walls_label
from maps.document import MAX_SIDE
from maps.errors import MapFormatError
from maps.formats import FORMATS, csv_grid, format_of, read_as
from maps.formats.options import ByteOrder, Colours, NoCostError, ReadOptions, UnsaidError
from maps.formats.raw16 import smoother_order
from maps.formats.told import told_at_reading

if TYPE_CHECKING:
    from pathlib import Path

    from maps.document import MapDocument

LARGEST_SHOWN = 8 << 20  # bytes of a file that is read anew for each choice
PREVIEW = 220  # px
COLOURS: tuple[Colours, ...] = ("terrains", "brightness", "palette")
ORDERS: tuple[ByteOrder, ...] = ("little", "big")
_PLAIN, _SCALED, _HEIGHTS = 0, 1, 2


class GridDialog(QDialog):
    """Ask what a file does not say. takes: the names in `ReadOptions` that its format looks at."""

    def __init__(self, path: Path, takes: frozenset[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._path, self._takes = path, takes
        self.setWindowTitle(self.tr("How {} is to be read").format(path.name))
        self._form = QFormLayout()
        each = self.tr("its colour: each is a terrain"), self.tr("its brightness"), self.tr("the nearest terrain")
        self.colours = self._choice("colours", self.tr("A pixel's cost is said by"), *each)
        costs, scaled, heights = (
            self.tr("costs"),
            self.tr("scaled to costs"),
            self.tr("heights, whose slope costs"),
        )
        self.meaning = self._choice("slope", self.tr("The numbers are"), costs, scaled, heights)
        self.first, self.last = (QDoubleSpinBox(minimum=1e-3, maximum=1e6, decimals=3) for _ in range(2))
        self.first.setValue(1.0)
        self.last.setValue(5.0)
        self._add(self.tr("The least costs"), self.first)
        self._add(self.tr("The greatest costs"), self.last)
        self.slope = QDoubleSpinBox(minimum=1e-6, maximum=1e6, decimals=6, value=1.0)
        self._add(self.tr("Cost = 1 + slope ×"), self.slope)
        self.order = self._choice("byte_order", self.tr("Its first byte is"), *self._orders())
        rows, columns = _likely_size(path)
        self.rows, self.columns = (QSpinBox(minimum=1, maximum=MAX_SIDE, value=n) for n in (rows, columns))
        self.flip = QCheckBox(self.tr("The last row comes first"))
        if "size" in takes:
            self._add(self.tr("Rows"), self.rows)
            self._add(self.tr("Columns"), self.columns)
            self._form.addRow("", self.flip)
        self.walls = QLineEdit(placeholderText=self.tr("none; for instance -9999 0"))
        self._add(walls_label(), self.walls)
        self.told, self.picture = QLabel(wordWrap=True), QLabel(alignment=Qt.AlignmentFlag.AlignCenter)
        self.told.setMinimumHeight(3 * self.fontMetrics().height())
        self.picture.setMinimumSize(QSize(PREVIEW, PREVIEW))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Open | QDialogButtonBox.StandardButton.Cancel)
        self.open_button = buttons.button(QDialogButtonBox.StandardButton.Open)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        beside = QHBoxLayout()
        beside.addLayout(self._form, 1)
        beside.addWidget(self.picture)
        layout = QVBoxLayout(self)
        layout.addLayout(beside)
        layout.addWidget(self.told)
        layout.addWidget(buttons)
        self._listen()
        self._show()

    def options(self) -> ReadOptions:
        """Return what was said. Raises ValueError where the walls are no numbers."""
        by_colour = "colours" in self._takes and COLOURS[self.colours.currentIndex()] != "brightness"
        meaning = _PLAIN if by_colour else self.meaning.currentIndex()
        has_size = "size" in self._takes
        return ReadOptions(
            walls=() if by_colour else tuple(float(word) for word in self.walls.text().split()),
            slope=self.slope.value() if meaning == _HEIGHTS else None,
            scale=(self.first.value(), self.last.value()) if meaning == _SCALED else None,
            colours=COLOURS[self.colours.currentIndex()] if "colours" in self._takes else None,
            byte_order=ORDERS[self.order.currentIndex()] if "byte_order" in self._takes else None,
            size=(self.rows.value(), self.columns.value()) if has_size else None,
            flip=has_size and self.flip.isChecked(),
        )

    def _orders(self) -> tuple[str, str]:
        """The two byte orders in words; the likelier one says so."""
        words = {"little": self.tr("the low one (PC)"), "big": self.tr("the high one (Mac)")}
        if "byte_order" in self._takes:
            try:
                smoother = smoother_order(self._path)
            except MapFormatError:
                smoother = None
            if smoother is not None:
                words[smoother] += self.tr(", likely: the land is smoother so")
        return words["little"], words["big"]

    def _choice(self, name: str, text: str, *entries: str) -> QComboBox:
        box = QComboBox()
        box.addItems(entries)
        if name in self._takes:
            self._add(text, box)
        return box

    def _add(self, text: str, field: QWidget) -> None:
        field.setMinimumHeight(24)
        self._form.addRow(text, field)

    def _listen(self) -> None:
        """Choose what is likely, and follow what is changed."""
        if self._takes & {"colours", "byte_order"}:
            self.meaning.setCurrentIndex(_SCALED)
        if self.tr("likely") in self.order.itemText(1):
            self.order.setCurrentIndex(1)
        for box in (self.colours, self.meaning, self.order):
            box.currentIndexChanged.connect(self._show)
        for number in (self.first, self.last, self.slope, self.rows, self.columns):
            number.valueChanged.connect(self._show)
        self.flip.toggled.connect(self._show)
        self.walls.textChanged.connect(self._show)

    def _show(self) -> None:
        """Read the file anew, and show the map or why it cannot be read so."""
        by_colour = "colours" in self._takes and COLOURS[self.colours.currentIndex()] != "brightness"
        meaning = self.meaning.currentIndex()
        for field, shown in (
            (self.meaning, not by_colour),
            (self.first, not by_colour and meaning == _SCALED),
            (self.last, not by_colour and meaning == _SCALED),
            (self.slope, not by_colour and meaning == _HEIGHTS),
            (self.walls, not by_colour),
        ):
            self._form.setRowVisible(field, shown)
        self.picture.clear()
        try:
            options = self.options()
            if self._path.stat().st_size > LARGEST_SHOWN:
                self._tell(self.tr("The file is too large to show what it becomes."), usable=True)
                return
            document = read_as(self._path, options)
        except MapFormatError as error:
            self._tell(str(error), usable=False)
        except OSError as error:
            self._tell(str(error.strerror), usable=False)
        except ValueError:
            self._tell(self.tr("Walls are numbers with blanks between them, as in -9999 0"), usable=False)
        else:
            costs = document.cost[document.passable]
            size = self.tr("{} rows × {} columns").format(*document.shape)
            told = [size, *told_at_reading(document)]
            if costs.size:
                told.insert(1, self.tr("costs {:.4g} to {:.4g}").format(costs.min(), costs.max()))
            self.picture.setPixmap(_picture_of(document))
            self._tell("; ".join(told) + ".", usable=True)

    def _tell(self, sentence: str, *, usable: bool) -> None:
        self.told.setText(sentence)
        self.open_button.setEnabled(usable)


def ask_how(path: Path, parent: QWidget) -> ReadOptions | None:
    """Return how the designer wants a file to be read, a table if it is nothing else; None if they cancel."""
    kind = format_of(path)
    is_grid = kind is not None and kind is not csv_grid.FORMAT and bool(kind.takes)
    dialog = GridDialog(path, kind.takes, parent) if kind is not None and is_grid else TableDialog(path, parent)
    return ReadOptions.of(dialog.options()) if dialog.exec() == QDialog.DialogCode.Accepted else None


def can_be_asked(path: Path, error: Exception) -> bool:
    """Return whether a file may be read after all, if more is said of how."""
    asks = isinstance(error, UnsaidError | NoCostError)
    kind = format_of(path)
    return kind is not None and bool(kind.takes) and (asks or kind is csv_grid.FORMAT)


def grids_filter() -> str:
    """Return the endings of the files that can be asked about, for a dialog of files."""
    endings = [f"*{ending}" for kind in FORMATS if kind.takes for ending in kind.endings]
    words = QCoreApplication.translate("Files", "Tables, grids and pictures ({});;All (*)")
    return words.format(" ".join(["*.tsv", "*.txt", *endings]))


def _likely_size(path: Path) -> tuple[int, int]:
    """The rows and columns of 16-bit heights: a square, else the most nearly square size that fits."""
    try:
        count = max(1, os.stat(path).st_size // 2)
    except OSError:
        return 1, 1
    side = math.isqrt(count)
    rows = next(rows for rows in range(side, 0, -1) if count % rows == 0)
    return (rows, count // rows) if count // rows <= MAX_SIDE else (side, side)


def _picture_of(document: MapDocument) -> QPixmap:
    """The map in greys, light where it is cheap, its walls black."""
    costs = document.cost[document.passable].astype(np.float64)
    least, most = (float(costs.min()), float(costs.max())) if costs.size else (1.0, 1.0)
    share = (document.cost.astype(np.float64) - least) / ((most - least) or 1.0)
    greys = np.where(document.passable, 255.0 - 190.0 * np.clip(share, 0.0, 1.0), 0.0).astype(np.uint8)
    height, width = greys.shape
    image = QImage(greys.tobytes(), width, height, width, QImage.Format.Format_Grayscale8)
    smooth = Qt.TransformationMode.SmoothTransformation if max(greys.shape) > PREVIEW else None
    return QPixmap.fromImage(image).scaled(
        PREVIEW,
        PREVIEW,
        Qt.AspectRatioMode.KeepAspectRatio,
        smooth or Qt.TransformationMode.FastTransformation,
    )
