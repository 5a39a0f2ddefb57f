"""A plan as the plan panel shows it: a picture of the matrix, whose rows can be pointed at, and its figures."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.base import style
from app.panels.plan.pixels import Values, binned, plan_pixels
from app.widgets.parts import EDGE, GAP, MARGIN, tabular

SMALLEST = 100  # px, side of a picture
BESIDE = 120  # px, least width of the words beside it
KEY = 96  # px, greatest width of the key to its colours
STALE = 0.4  # opacity of a picture of another moment than the one in view
_MARK = 3.0  # px, height of a marked row at least


class PlanPicture(QWidget):
    """Draw a plan in a square, its rows as high and its columns as wide as fits.

    Places are those of the picture, from the top. Mouse and arrow keys point at one.
    place: the marked row, None for none. message: the sentence in place of a plan.
    """

    row_pointed = Signal(object)  # place of a row, None for none
    resized = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values: Values | None = None
        self._block, self._shape = (1, 1), (0, 0)
        self.message = ""
        self._image: QImage | None = None
        self.place: int | None = None
        self._side = SMALLEST
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)

    def show_plan(self, values: Values, block: tuple[int, int], shape: tuple[int, int]) -> None:
        """Show the means (rows, columns) over blocks of a plan of this shape."""
        self._values, self._block, self._shape, self.message = values, block, shape, ""
        self._image = None
        self.update()

    def show_message(self, message: str) -> None:
        """Show a sentence in place of a plan, or nothing."""
        self._values, self._image, self.place, self.message = None, None, None, message
        self._shape = (0, 0)
        self.update()

    def mark(self, place: int | None) -> None:
        """Mark a row, None for none."""
        if place != self.place:
            self.place = place
            self.update()

    def set_side(self, side: int) -> None:
        """Set how many px the picture is high and wide, if there is room."""
        if side != self._side:
            self._side = side
            self.updateGeometry()

    @property
    def square(self) -> QRectF:
        """Where the plan is drawn."""
        side = min(self.width(), self.height())
        return QRectF(0.0, 0.0, side, side)

    @property
    def points_per_pixel(self) -> tuple[int, int]:
        """Rows and columns of the plan that share a pixel; 1 and 1 where each has its own."""
        down, across = self._further_block()
        return self._block[0] * down, self._block[1] * across

    def row_y(self, place: int) -> float:
        """Return where the middle of a row is, px."""
        return (place + 0.5) / max(self._shape[0], 1) * self.square.height()

    def sizeHint(self) -> QSize:
        """Return the side that was set."""
        return QSize(self._side, self._side)

    def minimumSizeHint(self) -> QSize:
        """Return the smallest side at which rows can be told apart."""
        return QSize(SMALLEST, SMALLEST)

    def _further_block(self) -> tuple[int, int]:
        if self._values is None:
            return 1, 1
        pixels = max(self.square.height() * self.devicePixelRatioF(), 1.0)
        rows, columns = self._values.shape
        return math.ceil(rows / pixels), math.ceil(columns / pixels)

    # What the designer does

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Point at the row under the pointer."""
        at = event.position()
        place = None
        if self._shape[0] and self.square.contains(at):
            place = min(int(at.y() / self.square.height() * self._shape[0]), self._shape[0] - 1)
        self._point(place)

    def leaveEvent(self, event: QEvent) -> None:
        """Point at no row."""
        super().leaveEvent(event)
        self._point(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Point at another row with the arrow keys, Home and End; at none with Escape."""
        keys, last = Qt.Key, self._shape[0] - 1
        here = -1 if self.place is None else self.place
        places = {
            keys.Key_Down: min(here + 1, last),
            keys.Key_Up: max(here - 1, 0),
            keys.Key_Home: 0,
            keys.Key_End: last,
        }
        if last >= 0 and event.key() in places:
            self._point(places[Qt.Key(event.key())])
        elif event.key() == keys.Key_Escape and self.place is not None:
            self._point(None)
        else:
            super().keyPressEvent(event)

    def _point(self, place: int | None) -> None:
        if place != self.place:
            self.mark(place)
            self.row_pointed.emit(place)

    # Drawing

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Draw the plan anew at the new size."""
        super().resizeEvent(event)
        self._image = None
        self.resized.emit()

    def changeEvent(self, event: QEvent) -> None:
        """Draw the plan anew in other colours of the window."""
        if event.type() == QEvent.Type.PaletteChange:
            self._image = None
        super().changeEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the plan and the marked row, or the message."""
        painter, square, palette = QPainter(self), self.square, self.palette()
        painter.setOpacity(1.0 if self.isEnabled() else STALE)
        painter.fillRect(square, palette.base())
        if self._values is not None:
            self._draw_plan(painter, self._values, square)
        elif self.message:
            painter.setPen(palette.placeholderText().color())
            words = square.adjusted(MARGIN, GAP, -MARGIN, -GAP)
            painter.drawText(words, Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap, self.message)
        painter.setPen(QPen(palette.color(QPalette.ColorRole.Highlight), 2.0) if self.hasFocus() else EDGE)
        painter.drawRect(square.adjusted(0.5, 0.5, -0.5, -0.5))
        painter.end()

    def _draw_plan(self, painter: QPainter, values: Values, square: QRectF) -> None:
        block = self._further_block()
        if self._image is None:
            self._image = _image(binned(values, block), self.palette().color(QPalette.ColorRole.Base))
        down, across = self.points_per_pixel
        # The last block may stand for fewer points than the others.
        whole = QRectF(
            square.left(),
            square.top(),
            square.width() * self._image.width() * across / self._shape[1],
            square.height() * self._image.height() * down / self._shape[0],
        )
        painter.save()
        painter.setClipRect(square)
        painter.drawImage(whole, self._image)
        if self.place is not None:
            height = max(square.height() / self._shape[0], _MARK)
            strip = QRectF(square.left(), self.row_y(self.place) - height / 2, square.width(), height)
            painter.setPen(QPen(QColor(style.BOUND), 1.5))
            for y in (strip.top(), strip.bottom()):
                painter.drawLine(QPointF(strip.left(), y), QPointF(strip.right(), y))
        painter.restore()


class ColourKey(QWidget):
    """Explain a picture's colours, from no mass to its largest. most: that mass in words, or empty."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.most = ""
        self.setFont(tabular(self.font()))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def show_most(self, mass: float | None) -> None:
        """Show a key up to this mass, None for none."""
        self.most = "" if mass is None else f"{mass:.3g}"
        self.update()

    def sizeHint(self) -> QSize:
        """Return a size that holds the bar and its numbers."""
        return QSize(SMALLEST, self.fontMetrics().height() + GAP)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the bar of colours between its numbers."""
        if not self.most:
            return
        painter, words = QPainter(self), self.fontMetrics()
        least, most = words.horizontalAdvance("0") + GAP, words.horizontalAdvance(self.most) + GAP
        middle, width = self.height() / 2.0, min(self.width() - least - most, KEY)
        bar = QRectF(least, middle - 4.0, width, 8.0)
        painter.drawText(0, round(middle + words.ascent() / 2.0 - 1.0), "0")
        painter.drawText(round(bar.right()) + GAP, round(middle + words.ascent() / 2.0 - 1.0), self.most)
        # Masses whose square roots are evenly spaced, as `plan_pixels` takes roots.
        masses = np.linspace(0.0, 1.0, 64)[None, :] ** 2
        painter.drawImage(bar, _image(masses, self.palette().color(QPalette.ColorRole.Base)))
        painter.setPen(EDGE)
        painter.drawRect(bar)
        painter.end()


class PlanView(QWidget):
    """Show a plan's picture, and under it or beside it a title, the cost and remarks.

    The words have the tooltip: over the picture it would hide the rows that are pointed at.
    """

    def __init__(self, title: str, tip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.picture = PlanPicture()
        self.picture.setAccessibleName(title)
        self.title = QLabel(f"<b>{title}</b>")
        self.cost, self.remark, self.off = QLabel(), QLabel(), QLabel()
        self.key = ColourKey()
        self.key.setToolTip(tip)
        self._words = QWidget()
        words = QVBoxLayout(self._words)
        words.setContentsMargins(0, 0, 0, 0)
        words.setSpacing(1)
        for label in (self.title, self.cost, self.remark, self.off):
            label.setFont(tabular(label.font()))
            label.setToolTip(tip)
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            words.addWidget(label)
        words.addWidget(self.key)
        self.remark.setProperty("dim", True)
        words.addStretch(1)
        self._box = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(GAP)
        self._box.addWidget(self.picture)
        self._box.addWidget(self._words, 1)

    def arrange(self, side: int, beside: bool) -> None:
        """Give the picture this side, px, with the words beside it or under it."""
        directions = QBoxLayout.Direction
        self._box.setDirection(directions.LeftToRight if beside else directions.TopToBottom)
        self._box.setSpacing(MARGIN if beside else GAP)
        self._words.setMinimumWidth(BESIDE if beside else 0)
        self.picture.set_side(side)

    def show_words(self, cost: str, remark: str, off: str) -> None:
        """Show the cost, a remark on it, and how far the plan's marginals are off."""
        for label, text in ((self.cost, cost), (self.remark, remark), (self.off, off)):
            label.setText(text)

    def show_plan(self, values: Values, block: tuple[int, int], shape: tuple[int, int]) -> None:
        """Show a plan and the key to its colours; see `PlanPicture.show_plan`."""
        self.picture.show_plan(values, block, shape)
        self.key.show_most(float(values.max(initial=0.0)))

    def show_message(self, message: str) -> None:
        """Show a sentence in place of a plan, or nothing."""
        self.picture.show_message(message)
        self.key.show_most(None)


def _image(values: Values, ground: QColor) -> QImage:
    pixels = plan_pixels(values, (ground.red(), ground.green(), ground.blue()))
    rows, columns, _ = pixels.shape
    return QImage(pixels.tobytes(), columns, rows, 3 * columns, QImage.Format.Format_RGB888).copy()
