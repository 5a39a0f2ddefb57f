"""Provide the small parts that panels and dialogs are made of."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QIcon, QKeyEvent, QPainter, QPaintEvent, QPalette, QPen, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QColorDialog,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionButton,
    QStyleOptionViewItem,
    QWidget,
)

from maps.errors import MapError

if TYPE_CHECKING:
    from collections.abc import Collection

GAP, MARGIN = 4, 8  # px
TARGET = 24  # px, the least height of what is clicked
SWATCH = 16  # px
EDGE = QColor(128, 132, 140)  # seen on dark and light ground
_FINE = 3  # pixels of an icon per px, for fine screens


class Button(QPushButton):
    """Push a button no wider than its words; while it is disabled its tooltip says why."""

    def __init__(self, text: str, tip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tip = tip
        self.setText(text)
        self.setToolTip(tip)
        self.setMinimumHeight(TARGET)
        self.setAutoDefault(False)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Return the size of the words with a margin, and of the arrow of a menu."""
        arrow = SWATCH if self.menu() else 0
        return QSize(self.fontMetrics().horizontalAdvance(self.text()) + 20 + arrow, TARGET)

    def allow(self, reason_against: str = "") -> None:
        """Enable the button, or disable it with the reason."""
        self.setEnabled(not reason_against)
        self.setToolTip(reason_against or self._tip)


class RemoveButton(Button):
    """Remove something with a click; not with a bare Space, which is easily meant for another widget."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave Space to others."""
        if event.key() in (Qt.Key.Key_Space, Qt.Key.Key_Select):
            event.ignore()
        else:
            super().keyPressEvent(event)


class Check(QCheckBox):
    """Tick a box whose border is visible on a dark ground too, where Fusion's is not."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the box and its label."""
        option = QStyleOptionButton()
        self.initStyleOption(option)
        style, painter = self.style(), QPainter(self)
        box = QRectF(style.subElementRect(QStyle.SubElement.SE_CheckBoxIndicator, option, self))
        option.rect = style.subElementRect(QStyle.SubElement.SE_CheckBoxContents, option, self)
        style.drawControl(QStyle.ControlElement.CE_CheckBoxLabel, option, painter, self)
        draw_tick_box(painter, box, self.palette(), self.isChecked(), self.hasFocus())
        painter.end()


class Notice(QLabel):
    """Show a warning or a remark; takes no room while there is none."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)
        self.words = ""
        self.hide()

    def say(self, words: str) -> None:
        """Show a sentence, or nothing."""
        self.words = words
        self.setText(f'<span style="color:#d9822b">⚠</span> {escape(words)}' if words else "")
        self.setVisible(bool(words))


class ElidedLabel(QLabel):
    """A line of words that ends with an ellipsis where there is little room, instead of asking for more."""

    def minimumSizeHint(self) -> QSize:
        """Ask for little width."""
        return QSize(0, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw as many of the words as fit."""
        painter = QPainter(self)
        shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
        painter.end()


class Rows(QStyledItemDelegate):
    """Draw rows that are high enough to be clicked."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Return the usual size, at least as high as a click needs."""
        return super().sizeHint(option, index).expandedTo(QSize(0, TARGET))


class NumberField(QLineEdit):
    """Edit one number. `value` reads it; Escape restores what was shown last."""

    def __init__(self, tip: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown = ""
        self.setToolTip(tip)
        self.setMinimumHeight(TARGET)
        self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.setFont(tabular(self.font()))

    def show_value(self, value: float) -> None:
        """Show a number."""
        self.show_text(shortest(value))

    def show_text(self, text: str) -> None:
        """Show a text in place of a number."""
        self._shown = text
        self.setText(text)

    @property
    def touched(self) -> bool:
        """Whether the designer has typed something else than what was shown."""
        return self.text() != self._shown

    def value(self) -> float:
        """Return the number in the field. Raises MapError if it is none."""
        return number(self.text())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Restore what was shown last on Escape."""
        if event.key() == Qt.Key.Key_Escape and self.touched:
            self.setText(self._shown)
        else:
            super().keyPressEvent(event)


def number(text: str) -> float:
    """Parse a number that was typed; a comma counts as the decimal point. Raises MapError if it is none."""
    try:
        return float(text.strip().replace(",", "."))
    except ValueError:
        raise MapError(f"“{text.strip()}” is no number; type one such as 2.5") from None


def shortest(value: float) -> str:
    """Write a number with no more digits than tell it from its neighbours in float32."""
    return f"{value:.7g}"


def tabular(font: QFont) -> QFont:
    """Return the font with figures of equal width, so that changing numbers do not jitter."""
    font = QFont(font)
    font.setFeature(QFont.Tag("tnum"), 1)
    return font


def free_name(prefix: str, taken: Collection[str]) -> str:
    """Return the first of "prefix 1", "prefix 2", … that is not taken."""
    return next(name for n in range(1, len(taken) + 2) if (name := f"{prefix} {n}") not in taken)


def ask_colour(parent: QWidget, colour: str, title: str) -> str | None:
    """Ask for a colour, "#rrggbb"; return None if the designer cancelled."""
    chosen = QColorDialog.getColor(QColor(colour), parent, title)
    return chosen.name() if chosen.isValid() else None


def round_pen(colour: QColor, width: float) -> QPen:
    """Return a pen whose lines end and meet round."""
    return QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)


def blank_pixmap(side: int = SWATCH) -> QPixmap:
    """Return a transparent square to draw an icon on, side in px."""
    pixmap = QPixmap(side * _FINE, side * _FINE)
    pixmap.setDevicePixelRatio(_FINE)
    pixmap.fill(Qt.GlobalColor.transparent)
    return pixmap


def swatch(colour: str, crossed: bool = False) -> QIcon:
    """Return an icon of a colour; crossed: marked as impassable, so that colour is not the only sign."""
    pixmap = blank_pixmap()
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    draw_swatch(painter, QRectF(1.5, 1.5, SWATCH - 3.0, SWATCH - 3.0), colour, crossed)
    painter.end()
    return plain_icon(pixmap)


def draw_swatch(painter: QPainter, square: QRectF, colour: str, crossed: bool = False) -> None:
    """Draw a colour in a square with round corners; crossed: marked as impassable."""
    painter.setPen(QPen(EDGE, 1.0))
    painter.setBrush(QColor(colour))
    painter.drawRoundedRect(square, 3.0, 3.0)
    if crossed:
        painter.setPen(QPen(QColor(230, 232, 236), 1.4))
        centre, arm = square.center(), square.width() * 0.26
        for down in (-arm, arm):
            painter.drawLine(centre - QPointF(arm, down), centre + QPointF(arm, down))


def tick_box(palette: QPalette, ticked: bool) -> QIcon:
    """Return an icon of a box, ticked or not, for a cell of a table."""
    pixmap = blank_pixmap()
    painter = QPainter(pixmap)
    draw_tick_box(painter, QRectF(1.0, 1.0, SWATCH - 2.0, SWATCH - 2.0), palette, ticked, False)
    painter.end()
    return plain_icon(pixmap)


def draw_tick_box(painter: QPainter, box: QRectF, palette: QPalette, ticked: bool, focused: bool) -> None:
    """Draw a box with a border, filled and with a tick in it where it is ticked."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    accent = palette.color(QPalette.ColorRole.Highlight)
    painter.setPen(QPen(accent if focused or ticked else EDGE, 1.5 if focused else 1.0))
    painter.setBrush(accent if ticked else palette.color(QPalette.ColorRole.Base))
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 3.0, 3.0)
    if ticked:
        painter.setPen(round_pen(palette.color(QPalette.ColorRole.HighlightedText), 1.8))
        corners = ((0.25, 0.52), (0.43, 0.7), (0.76, 0.3))
        at = [QPointF(box.left() + x * box.width(), box.top() + y * box.height()) for x, y in corners]
        painter.drawPolyline(at)


def plain_icon(pixmap: QPixmap) -> QIcon:
    """Return an icon that keeps its colours in a selected row."""
    icon = QIcon(pixmap)
    icon.addPixmap(pixmap, QIcon.Mode.Selected)
    return icon
