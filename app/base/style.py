"""Style the window: Fusion with one dark and one light palette, and one accent."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

ACCENT = "#3d8fd1"
# Curves, readable on both grounds.
BEST, PATH, SOFT, BOUND = "#d9a514", "#3d8fd1", "#8a93a3", "#e4572e"

_DARK = {
    "window": "#2b2d33",
    "base": "#212329",
    "button": "#383b43",
    "text": "#e6e8ec",
    "dim": "#a3a8b3",
    "off": "#7d828d",
    "edge": "#1b1c21",
    "accent": "#2b74b3",
}
_LIGHT = {
    "window": "#eef0f3",
    "base": "#ffffff",
    "button": "#e1e4e9",
    "text": "#1d2026",
    "dim": "#5c626d",
    "off": "#8b919b",
    "edge": "#c9cdd4",
    "accent": "#2569a5",
}

# What a palette cannot say. The window's own colours only: nothing that Fusion draws well is drawn anew.
_SHEET = """
QToolBar {{ border: 0; spacing: 2px; padding: 3px; background: {window}; }}
QToolBar#tools {{ border-right: 1px solid {edge}; }}
QToolBar#options {{ border-bottom: 1px solid {edge}; }}
QToolButton {{ padding: 3px; border: 1px solid transparent; border-radius: 4px; }}
QToolButton:hover {{ background: {button}; }}
QToolButton:focus {{ border-color: {accent}; }}
QToolBar QToolButton:checked {{ background: {accent}; color: white; }}
QDockWidget {{ titlebar-close-icon: none; }}
QDockWidget::title {{ padding: 5px 10px; background: {button}; text-align: left; }}
QTabBar {{ qproperty-drawBase: 0; }}
QTabBar::tab {{ padding: 5px 10px; background: {window}; color: {dim}; border: 0;
    border-top: 2px solid transparent; }}
QTabBar::tab:selected {{ color: {text}; background: {button}; border-top: 2px solid {accent}; }}
QTabBar::tab:hover {{ color: {text}; }}
QMainWindow::separator {{ background: {edge}; width: 4px; height: 4px; }}
QStatusBar {{ border-top: 1px solid {edge}; }}
QStatusBar::item {{ border: 0; }}
QStatusBar QLabel {{ color: {dim}; padding: 0 8px; }}
QLabel[dim="true"] {{ color: {dim}; }}
QToolTip {{ padding: 4px; border: 1px solid {edge}; }}
QPushButton:checked {{ background: {accent}; color: white; border: 1px solid {accent}; border-radius: 4px; }}
QPushButton:checked:focus {{ border-color: {text}; }}
QPushButton#primary {{ background: {accent}; color: white; border: 1px solid {accent}; border-radius: 4px;
    font-weight: 600; padding: 4px 12px; }}
QPushButton#primary:hover {{ background: {hover}; }}
QPushButton#primary:focus {{ border: 2px solid {text}; }}
"""


def apply_style(application: QApplication, dark: bool | None = None) -> None:
    """Set Fusion in dark or light; None follows the system."""
    # Off while the palette changes: with it on, Qt would style every widget several times over.
    application.setStyleSheet("")
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
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(colours["off"]))
    palette.setColor(QPalette.ColorRole.Highlight, QColor(colours["accent"]))
    palette.setColor(QPalette.ColorRole.HighlightedText, QColor("#ffffff"))
    palette.setColor(QPalette.ColorRole.Link, QColor(ACCENT))
    application.setPalette(palette)
    hover = QColor(colours["accent"]).lighter(112).name()
    application.setStyleSheet(_SHEET.format(hover=hover, **colours))
