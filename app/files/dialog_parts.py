"""What the two dialogs for writing a map have in common: which map, and words that may be long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QComboBox, QLabel, QScrollArea

from app.widgets.parts import MARGIN, TARGET

if TYPE_CHECKING:
    from maps.document import MapDocument


def map_choice(result: MapDocument | None) -> QComboBox:
    """Return the choice between the drawn map ("drawn") and a run's result ("result"), which may be missing."""
    which = QComboBox()
    which.setMinimumHeight(TARGET)
    which.addItem(_tr("The drawn map"), "drawn")
    if result is not None:
        which.addItem(_tr("The run's result"), "result")
    which.setEnabled(result is not None)
    which.setToolTip(
        _tr("There is no result of a run to write")
        if result is None
        else _tr("Whether to write the map as drawn or as the run made it")
    )
    return which


def words_to_scroll() -> tuple[QLabel, QScrollArea]:
    """Return a label for rich text of any length, and the area that scrolls it."""
    words = QLabel()
    words.setWordWrap(True)
    words.setTextFormat(Qt.TextFormat.RichText)
    words.setAlignment(Qt.AlignmentFlag.AlignTop)
    words.setMargin(MARGIN)
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setWidget(words)
    return words, area


def _tr(words: str) -> str:
    return QCoreApplication.translate("DialogParts", words)
