"""The status bar: passing messages, the cell under the pointer, total cost, zoom and device."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtWidgets import QLabel, QStatusBar, QWidget

from app.widgets.parts import tabular

if TYPE_CHECKING:
    from app.canvas.canvas import Canvas
    from app.document.model import DocumentModel
    from app.run.view import RunView
    from app.scenarios.frame import Frame

WHILE = 8000  # milliseconds that a sentence stays
DEVICES = {"cpu": "CPU", "cuda": "GPU (CUDA)", "mps": "GPU"}


class StatusBar(QStatusBar):
    """Follows the document, the canvas and the view of the run."""

    def __init__(self, model: DocumentModel, canvas: Canvas, view: RunView, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model, self._view = model, view
        self._hovered: tuple[int, int] | None = None
        self._cell, self._total, self._zoom, self._device = QLabel(), QLabel(), QLabel(), QLabel()
        self._cell.setMinimumWidth(250)
        for label in (self._cell, self._total, self._zoom, self._device):
            label.setFont(tabular(label.font()))
            self.addPermanentWidget(label)
        model.changed.connect(self._show_total)
        canvas.cell_hovered.connect(self._hover)
        canvas.hover_left.connect(self._leave)
        canvas.view_changed.connect(self._show_zoom)
        view.shown_changed.connect(self._show_cell)
        view.shown_changed.connect(self._show_total)
        view.frame_shown.connect(self._show_device)
        self._show_total()

    def tell(self, sentence: str) -> None:
        """Show a sentence for a while."""
        self.showMessage(sentence, WHILE)

    def _hover(self, row: int, col: int) -> None:
        self._hovered = row, col
        self._show_cell()

    def _leave(self) -> None:
        self._hovered = None
        self._show_cell()

    def _show_cell(self) -> None:
        """Say what is at the pointer; it may change under a pointer at rest."""
        cell = self._hovered
        inside = cell is not None and self._view.shown.document.contains(cell)
        self._cell.setText(" · ".join(self._words(*cell)) if cell is not None and inside else "")

    def _words(self, row: int, col: int) -> list[str]:
        shown = self._view.shown
        document, frame, measures = shown.document, shown.frame, shown.measures
        costs = document.cost if frame is None or frame.cost_map is None else frame.cost_map
        words = [self.tr("row {}, col {}").format(row, col)]
        passable = document.passable[row, col]
        words.append(self.tr("cost {:.3g}").format(costs[row, col]) if passable else self.tr("wall"))
        if frame is not None and frame.traffic is not None and frame.traffic.shape == document.shape:
            words.append(self.tr("traffic {:.2f}").format(frame.traffic[row, col]))
        elif measures is not None and measures.distance is not None:
            distance = measures.distance[row, col]
            far = self.tr("{:.4g} to the goal").format(distance)
            words.append(far if np.isfinite(distance) else self.tr("no way to the goal"))
        return words

    def _show_total(self) -> None:
        self._total.setText(self.tr("total cost {:.6g}").format(self._view.in_view.total_cost))

    def _show_zoom(self, scale: float) -> None:
        self._zoom.setText(f"{scale:.3g} px")

    def _show_device(self, frame: Frame) -> None:
        self._device.setText(DEVICES.get(frame.device, frame.device))
