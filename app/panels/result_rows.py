"""Rows of the list of results: picture, name, headline, and when each was made."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QFontMetrics, QIcon, QPainter, QPalette
from PySide6.QtWidgets import QApplication, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from app.widgets.parts import GAP, MARGIN

if TYPE_CHECKING:
    from maps.results import KeptResult

PICTURE = 64  # px
HEADLINE, REMARK = Qt.ItemDataRole.UserRole + 1, Qt.ItemDataRole.UserRole + 2


class ResultRows(QStyledItemDelegate):
    """Draws the picture of a result, and beside it its name, its headline and a dim remark, a line each."""

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
        for line, (words, font, colour) in enumerate(
            (
                (index.data(Qt.ItemDataRole.DisplayRole), bold, text),
                (index.data(HEADLINE), plain, text),
                (index.data(REMARK), plain, dim),
            )
        ):
            place = self._line(option.rect, line)
            painter.setFont(font)
            painter.setPen(colour)
            shown = QFontMetrics(font).elidedText(str(words), Qt.TextElideMode.ElideRight, place.width())
            painter.drawText(place, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
        painter.restore()

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        """Return the height of a picture with a margin."""
        return QSize(PICTURE + 120, PICTURE + 2 * GAP)

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """Put the field for a new name in the place of the name."""
        editor.setGeometry(self._line(option.rect, 0).adjusted(-GAP, 0, 0, 0))

    def _line(self, row: QRect, number: int) -> QRect:
        left, height = row.left() + PICTURE + GAP + MARGIN, PICTURE // 3
        return QRect(left, row.top() + GAP + number * height, row.right() - left - GAP, height)


def when_made(result: KeptResult) -> str:
    """Return the time at which a result was made, with the date where that was another day; empty if unknown."""
    try:
        made = datetime.fromisoformat(result.made)
    except ValueError:
        return ""
    today = made.date() == datetime.now(made.tzinfo).date()
    return f"{made:%H:%M}" if today else f"{made:%Y-%m-%d %H:%M}"
