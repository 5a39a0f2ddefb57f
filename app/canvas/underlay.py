"""A picture laid over the map, to be traced: it is seen through, and is no part of the map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QImageReader, QPainter

if TYPE_CHECKING:
    from pathlib import Path

    from app.canvas.view import View

LONGEST_SIDE = 4096  # px that are kept of a picture


@dataclass(frozen=True)
class Place:
    """Where a picture lies: its upper left corner and its width in cells, its height following.

    left, top: 0 is the map's own corner.  opacity: from 0, unseen, to 1, hiding the map.
    """

    left: float = 0.0
    top: float = 0.0
    width: float = 1.0
    opacity: float = 0.5


@dataclass(frozen=True, eq=False)
class Underlay:
    """A picture and its place."""

    picture: QImage
    place: Place

    def area(self, view: View) -> QRectF:
        """Return where on the screen it lies."""
        place, scale = self.place, view.scale
        width = place.width * scale
        height = width * self.picture.height() / max(1, self.picture.width())
        return QRectF(view.left + place.left * scale, view.top + place.top * scale, width, height)

    def draw(self, painter: QPainter, view: View, area: QRect) -> None:
        """Draw what of it lies in an area."""
        whole = self.area(view)
        seen = whole.intersected(QRectF(area))
        if seen.isEmpty():
            return
        per_px = self.picture.width() / whole.width()
        part = QRectF(
            (seen.left() - whole.left()) * per_px,
            (seen.top() - whole.top()) * per_px,
            seen.width() * per_px,
            seen.height() * per_px,
        )
        painter.save()
        painter.setOpacity(self.place.opacity)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(seen, self.picture, part)
        painter.restore()


def fitted_place(picture: QImage, shape: tuple[int, int], opacity: float = 0.5) -> Place:
    """Return the place where a picture is as large as a map of this shape lets it, whole and in the middle."""
    height, width = shape
    wide = min(float(width), height * picture.width() / max(1, picture.height()))
    high = wide * picture.height() / max(1, picture.width())
    return Place((width - wide) / 2, (height - high) / 2, wide, opacity)


def load_picture(path: Path) -> QImage:
    """Return a picture, no larger than is of use. Raises ValueError with a sentence for what cannot be read."""
    reader = QImageReader(str(path))
    reader.setAutoTransform(True)
    size = reader.size()
    if size.isValid() and max(size.width(), size.height()) > LONGEST_SIDE:
        reader.setScaledSize(size.scaled(QSize(LONGEST_SIDE, LONGEST_SIDE), Qt.AspectRatioMode.KeepAspectRatio))
    picture = reader.read()
    if picture.isNull():
        words = QCoreApplication.translate("Underlay", "{} cannot be shown as a picture: {}")
        raise ValueError(words.format(path.name, reader.errorString()))
    return picture.convertToFormat(QImage.Format.Format_ARGB32_Premultiplied)
