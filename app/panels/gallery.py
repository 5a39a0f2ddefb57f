"""A gallery of maps that a run made, each with its figures; any of them opens as a map of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Signal
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import QLabel, QListView, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from app.canvas.thumbnail import thumbnail

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from maps.document import MapDocument

SIDE = 112  # px


class GalleryPanel(QWidget):
    """Pictures in rows; a double click or Enter opens one."""

    map_chosen = Signal(object)  # MapDocument

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._maps: list[MapDocument] = []
        self._hint = QLabel()
        self.show_training(False)
        self._hint.setProperty("dim", True)
        self._hint.setWordWrap(True)
        self._hint.setContentsMargins(12, 8, 12, 8)
        self.list = QListWidget()
        self.list.setViewMode(QListView.ViewMode.IconMode)
        self.list.setResizeMode(QListView.ResizeMode.Adjust)
        self.list.setMovement(QListView.Movement.Static)
        self.list.setIconSize(QSize(SIDE, SIDE))
        self.list.setSpacing(8)
        self.list.setUniformItemSizes(True)
        self.list.setAccessibleName(self.tr("Gallery"))
        self.list.setToolTip(self.tr("Double-click a map, or press Enter, to open it"))
        self.list.itemActivated.connect(self._choose)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._hint)
        layout.addWidget(self.list, 1)
        self.show_maps([], [])

    def show_training(self, training: bool) -> None:
        """Say when maps will come. training: whether a run that makes maps is under way."""
        coming = self.tr("The maps are made when the training ends, and appear here then.")
        none = self.tr("Maps that a run makes appear here; run the scenario “Many variants”.")
        self._hint.setText(coming if training else none)

    def show_maps(
        self, maps: Sequence[tuple[str, MapDocument]], paths: Sequence[Sequence[NDArray[np.int64]]]
    ) -> None:
        """Show maps with their captions, and each one's paths, cells (n, 2)."""
        self._maps = [document for _, document in maps]
        self.list.clear()
        for (caption, document), lines in zip(maps, paths, strict=True):
            item = QListWidgetItem(QIcon(QPixmap.fromImage(thumbnail(document, lines, SIDE))), caption)
            item.setToolTip(f"{document.name}: {caption.replace(chr(10), ', ')}")
            self.list.addItem(item)
        self._hint.setVisible(not maps)
        self.list.setVisible(bool(maps))

    def leave(self, opened: MapDocument) -> None:
        """Empty the gallery, as another map is open now, unless that is one of its own."""
        if all(opened is not document for document in self._maps):
            self.show_maps([], [])

    def _choose(self, item: QListWidgetItem) -> None:
        self.map_chosen.emit(self._maps[self.list.row(item)])
