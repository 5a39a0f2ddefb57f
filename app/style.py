"""The look of the window: Fusion with one dark and one light palette, and one accent."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

ACCENT = "#3d8fd1"
# Curves, the same on both grounds.
BEST, PATH, SOFT, BOUND = "#f0c419", "#3d8fd1", "#8a93a3", "#e4572e"

_DARK = {"window": "#2b2d33", "base": "#212329", "button": "#383b43", "text": "#e6e8ec", "dim": "#8b9099"}
_LIGHT = {"window": "#eceef1", "base": "#ffffff", "button": "#dfe2e7", "text": "#1d2026", "dim": "#6d737d"}


def apply_style(application: QApplication, dark: bool | None = None) -> None:
    """Fusion in dark or light; None follows the system."""
    application.setStyle("Fusion")
    if dark is None:
        dark = application.styleHints().colorScheme() != Qt.ColorScheme.Light
    colours = _DARK if dark else _LIGHT
    palette = QPalette()
    for role, name in (
        (QPalette.ColorRole.Window, "window"),
        (QPalette.ColorRole.Base, "base"),
        (QPalette.ColorRole.AlternateBase, "button"),
        (QPalette.ColorRole.Button, "button"),
        (QPalette.ColorRole.ToolTipBase, "base"),
        (QPalette.ColorRole.WindowText, "text"),
        (QPalette.ColorRole.Text, "text"),
        (QPalette.ColorRole.ButtonText, "text"),
        (QPalette.ColorRole.ToolTipText, "text"),
        (QPalette.ColorRole.PlaceholderText, "dim"),
    ):
        palette.setColor(role, QColor(colours[name]))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(colours["dim"]))
    palette.setColor(QPalette.ColorRole.Highlight, QColor(ACCENT))
    palette.setColor(QPalette.ColorRole.HighlightedText, QColor("#ffffff"))
    palette.setColor(QPalette.ColorRole.Link, QColor(ACCENT))
    application.setPalette(palette)
