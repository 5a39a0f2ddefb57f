"""Draw icons from `assets/icons` in the colour of the text."""

from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

ASSETS = Path(__file__).resolve().parents[2] / "assets"
PIXELS = 60  # three times the size on screen, for fine screens


def icon(name: str, colour: QColor) -> QIcon:
    """Return the icon of this name; `currentColor` in its file becomes `colour`."""
    text = (ASSETS / "icons" / f"{name}.svg").read_text("utf-8").replace("currentColor", colour.name())
    pixmap = QPixmap(PIXELS, PIXELS)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    QSvgRenderer(QByteArray(text.encode("utf-8"))).render(painter, QRectF(0, 0, PIXELS, PIXELS))
    painter.end()
    return QIcon(pixmap)


def app_icon() -> QIcon:
    """Return the program's own icon."""
    return QIcon(str(ASSETS / "longcut.svg"))
