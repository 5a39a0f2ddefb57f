"""Rows of the list of results: picture, name, headline, and when each was made."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QIcon, QPainter, QPalette, QTextLayout
from PySide6.QtWidgets import QApplication, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from app.widgets.parts import GAP, MARGIN

if TYPE_CHECKING:
    from maps.results import KeptResult

PICTURE = 64  # px
HEADLINE_LINES = 3  # in a dock of its first width, the longest headline takes so many
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_LEFT_TOP = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
_ELIDED = Qt.TextElideMode.ElideRight
HEADLINE, REMARK = Qt.ItemDataRole.UserRole + 1, Qt.ItemDataRole.UserRole + 2


class ResultRows(QStyledItemDelegate):
    """Draws the picture of a result, and beside it its name, its headline and a dim remark."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Draw one row."""
        self.initStyleOption(option, index)
        style = option.widget.style()
        style.drawPrimitive(QStyle.PrimitiveElement.PE_PanelItemViewItem, option, painter, option.widget)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        roles = QPalette.ColorRole
        text = option.palette.color(roles.HighlightedText if chosen else roles.Text)
        dim = text if chosen else option.palette.color(roles.PlaceholderText)
        painter.save()
        picture = index.data(Qt.ItemDataRole.DecorationRole)
        frame = QRect(option.rect.left() + GAP, option.rect.top() + GAP, PICTURE, PICTURE)
        if isinstance(picture, QIcon):
            picture.paint(painter, frame)
        bold = option.font
        bold.setBold(True)
        plain = index.data(Qt.ItemDataRole.FontRole) or QApplication.font()
        name, headline = str(index.data(Qt.ItemDataRole.DisplayRole)), str(index.data(HEADLINE))
        place = self._lines(option.rect, 0)
        painter.setFont(bold)
        painter.setPen(text)
        painter.drawText(place, _LEFT, QFontMetrics(bold).elidedText(name, _ELIDED, place.width()))
        painter.setFont(plain)
        place = self._lines(option.rect, 1, HEADLINE_LINES)
        painter.drawText(place, _LEFT_TOP, "\n".join(wrapped(headline, plain, place.width(), HEADLINE_LINES)))
        painter.setPen(dim)
        place = self._lines(option.rect, 1 + HEADLINE_LINES)
        remark = QFontMetrics(plain).elidedText(str(index.data(REMARK)), _ELIDED, place.width())
        painter.drawText(place, _LEFT, remark)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Return the height of all lines with a margin."""
        return QSize(PICTURE + 120, (2 + HEADLINE_LINES) * _line_height() + 2 * GAP)

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Put the field for a new name in the place of the name."""
        editor.setGeometry(self._lines(option.rect, 0).adjusted(-GAP, -GAP // 2, 0, GAP // 2))

    def _lines(self, row: QRect, number: int, count: int = 1) -> QRect:
        left, height = row.left() + PICTURE + GAP + MARGIN, _line_height()
        return QRect(left, row.top() + GAP + number * height, row.right() - left - GAP, count * height)


def wrapped(words: str, font: QFont, width: int, most: int) -> list[str]:
    """Return words in lines of a width, px; what the last of `most` lines has no room for becomes an ellipsis."""
    layout, lines = QTextLayout(words, font), list[str]()
    layout.beginLayout()
    while len(lines) < most and (line := layout.createLine()).isValid():
        line.setLineWidth(width)
        begin = line.textStart()
        last = len(lines) == most - 1
        lines.append(words[begin:] if last else words[begin : begin + line.textLength()])
    layout.endLayout()
    return [QFontMetrics(font).elidedText(line.rstrip(), _ELIDED, width) for line in lines]


def _line_height() -> int:
    return QFontMetrics(QApplication.font()).lineSpacing()


def when_made(result: KeptResult) -> str:
    """Return the time at which a result was made, with the date where that was another day; empty if unknown."""
    try:
        made = datetime.fromisoformat(result.made)
    except ValueError:
        return ""
    today = made.date() == datetime.now(made.tzinfo).date()
    return f"{made:%H:%M}" if today else f"{made:%Y-%m-%d %H:%M}"
