"""Files that are dropped on the window."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from maps.formats import FORMATS

if TYPE_CHECKING:
    from PySide6.QtGui import QDropEvent


def dropped_map(event: QDropEvent) -> Path | None:
    """Return the file that is dragged or dropped, if it is a single one that can be opened."""
    urls = event.mimeData().urls()
    if len(urls) != 1 or not urls[0].isLocalFile():
        return None
    path = Path(urls[0].toLocalFile())
    return path if any(path.name.lower().endswith(kind.endings) for kind in FORMATS) else None
