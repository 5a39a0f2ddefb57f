"""The status bar: passing messages, the cell under the pointer, total cost, zoom and device."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QLabel, QStatusBar, QStyle, QStyleOption, QWidget

from app.widgets.parts import MARGIN, ElidedLabel, tabular
from maps.terrain import NO_TERRAIN
from maps.travel import price_at

if TYPE_CHECKING:
    from PySide6.QtGui import QPaintEvent

    from app.canvas.canvas import Canvas
    from app.run.view import RunView
    from app.scenarios.frame import Frame
    from maps.document import Cell, MapDocument

QUICK_CELLS = 100_000  # whose costs are summed up in no time
WHILE = 8000  # milliseconds that a sentence stays
DEVICES = {"cpu": "CPU", "cuda": "GPU (CUDA)", "mps": "GPU"}


class StatusBar(QStatusBar):
    """Follows the canvas and what is in view."""

    def __init__(self, canvas: Canvas, view: RunView, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = view
        self._hovered: tuple[int, int] | None = None
        self._class = ""  # the name of a movement class
        self._progress, self._subject, self._cell, self._total = ElidedLabel(), ElidedLabel(), QLabel(), QLabel()
        self._zoom, self._device = QLabel(), QLabel()
        self._cell.setMinimumWidth(250)
        self._subject.setToolTip(self.tr("The map in view, of which cell, total, headline and routes speak"))
        self._labels = self._progress, self._cell, self._subject, self._total, self._zoom, self._device
        for label in self._labels:
            label.setFont(tabular(label.font()))
            self.addPermanentWidget(label)
        self.messageChanged.connect(self.setToolTip)  # there may be no room for all of it
        self.messageChanged.connect(self._make_room)
        canvas.cell_hovered.connect(self._hover)
        canvas.hover_left.connect(self._leave)
        canvas.view_changed.connect(self._show_zoom)
        view.shown_changed.connect(self._show_cell)
        view.shown_changed.connect(self._show_total_if_quick)
        view.progress_changed.connect(self._show_total)
        view.frame_shown.connect(self._show_device)
        self._show_total()

    def tell(self, sentence: str) -> None:
        """Show a sentence for a while."""
        self.showMessage(sentence, WHILE)

    def show_progress(self, words: str) -> None:
        """Show how far the run is; empty where none is under way."""
        self._progress.setText(words)

    def show_class(self, name: str) -> None:
        """Tell at the pointer what a movement class of the map pays there; an empty name tells of none."""
        if name != self._class:
            self._class = name
            self._show_cell()

    def _make_room(self, sentence: str) -> None:
        """Let what can wait give way to a sentence that would not fit beside it."""
        quiet = self._subject, self._total, self._zoom, self._device, self._cell
        # By hints: where labels stand is known only once the layout has been at work.
        taken = sum(max(label.sizeHint().width(), label.minimumWidth()) + MARGIN for label in self._labels)
        fits = self.fontMetrics().horizontalAdvance(sentence) <= self.width() - taken - 2 * MARGIN
        for label in quiet:
            label.setVisible(not sentence or fits or (label is self._cell and bool(label.text())))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the sentence with an ellipsis where its room ends; Qt would cut it off within a letter."""
        if not self.currentMessage():
            super().paintEvent(event)
            return
        painter, option = QPainter(self), QStyleOption()
        option.initFrom(self)
        self.style().drawPrimitive(QStyle.PrimitiveElement.PE_PanelStatusBar, option, painter, self)
        first = min((label.x() for label in self._labels if label.isVisible()), default=self.width())
        room = QRect(MARGIN, 0, first - 2 * MARGIN, self.height())
        shown = painter.fontMetrics().elidedText(self.currentMessage(), Qt.TextElideMode.ElideRight, room.width())
        painter.setPen(self.palette().windowText().color())
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
        painter.end()

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
        self._cell.setText(" · ".join(self.words_at(*cell)) if cell is not None and inside else "")
        if inside:
            self._cell.show()

    def words_at(self, row: int, col: int) -> list[str]:
        """Say what is at a cell of the map in view."""
        shown = self._view.shown
        document, frame, measures, costs = shown.document, shown.frame, shown.measures, shown.costs
        words = [self.tr("row {}, col {}").format(row, col)]
        words.extend(self._ground(document, (row, col), float(costs[row, col])))
        kind = document.class_called(self._class)
        if kind is not None:
            price = price_at(document, kind, (row, col), costs)
            pays = self.tr("{} pays {:.3g}").format(kind.name, price)
            words.append(pays if np.isfinite(price) else self.tr("{} cannot go").format(kind.name))
        if frame is not None and frame.traffic is not None and frame.traffic.shape == document.shape:
            words.append(self.tr("traffic {:.2f}").format(frame.traffic[row, col]))
        if measures is not None and shown.measured and measures.distance is not None:
            distance = measures.distance[row, col]
            far = self._far(document, measures.route, distance)
            words.append(far if np.isfinite(distance) else self.tr("no way to the goal"))
        return words

    def _ground(self, document: MapDocument, cell: Cell, cost: float) -> list[str]:
        """Name the terrain of a cell, and what it costs there; a terrain that a wall stands on is unseen."""
        number = int(document.terrain[cell])
        terrain = None if number == NO_TERRAIN else document.palette[number]
        if terrain is None or document.passable[cell] != terrain.passable:
            return [self.tr("cost {:.3g}").format(cost) if document.passable[cell] else self.tr("wall")]
        if not terrain.passable:
            return [self.tr("{}, impassable").format(terrain.name)]
        said, usual = f"{cost:.3g}", f"{terrain.cost:.3g}"
        if said == usual:
            return [terrain.name, self.tr("cost {}").format(said)]
        return [terrain.name, self.tr("cost {} (usually {})").format(said, usual)]

    def _far(self, document: MapDocument, route: int, distance: float) -> str:
        """Say how far a goal is, and whose distance that is where it is not plain."""
        journey = document.routes[route]
        words = self.tr("{:.4g} to the goal").format(distance)
        if len(document.routes) > 1:
            words += self.tr(" of {}").format(journey.name or self.tr("route {}").format(route + 1))
        if journey.movement:
            return words + self.tr(" for {}").format(journey.movement)
        return words + (self.tr(" at the plain cost") if self._class else "")

    def _show_total_if_quick(self) -> None:
        """Sum the costs of a large map up, which takes milliseconds, not for every step of a run."""
        shown = self._view.shown
        if not shown.moving or shown.document.cost.size <= QUICK_CELLS:
            self._show_total()

    def _show_total(self) -> None:
        shown = self._view.shown
        self._subject.setText(shown.subject or self.tr("drawn map"))
        self._total.setText(self.tr("total cost {:.6g}").format(shown.total_cost))

    def _show_zoom(self, scale: float) -> None:
        self._zoom.setText(f"{scale:.3g} px")

    def _show_device(self, frame: Frame) -> None:
        where = DEVICES.get(frame.device, frame.device)
        self._device.setText(where)
        why = frame.device_reason
        self._device.setToolTip(self.tr("The run computes on the {}: {}").format(where, why) if why else "")
