"""Compare on one canvas: what is in view on the right, and on the left the map from before, or another result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.run.measures import Measurer, Wanted

if TYPE_CHECKING:
    from app.canvas.canvas import Canvas
    from app.document.model import DocumentModel
    from app.run.measures import Measures
    from app.run.view import RunView
    from maps.document import MapDocument
    from maps.results import KeptResult


class SplitView(QObject):
    """Shows two maps while it is on: of a result, the one before it; of a step of a run, the drawn one.

    A pair of results is shown as one pinned on the left and the other in view. Of the drawn map, after a result
    was applied say, the left is the map before the newest result; where there is none, the canvas is whole.
    """

    changed = Signal()  # `on`
    told = Signal(str)  # why there is nothing to compare

    def __init__(self, view: RunView, model: DocumentModel, canvas: Canvas) -> None:
        super().__init__(canvas)
        self._view, self._model, self._canvas = view, model, canvas
        self._pinned: KeptResult | None = None
        self._measured: MapDocument | None = None  # whose paths are asked for, last
        self.on = False
        self._measurer = Measurer(self)
        self._measurer.measured.connect(self._take_paths)
        view.shown_changed.connect(self._follow)

    @property
    def busy(self) -> bool:
        """Whether the paths of the left half are still to come."""
        return self._measurer.busy

    def toggle(self) -> None:
        """Show two maps, or one again."""
        self.on, self._pinned = not self.on, None
        self._follow()
        if self.on and self._canvas.beside is None:
            self.told.emit(self.tr("Nothing to compare yet: run something, or view a result of this map"))
        self.changed.emit()

    def compare(self, results: list[KeptResult]) -> None:
        """Show a result beside the map that it came from; of two, the first beside the second."""
        self.on, self._pinned = True, results[0] if len(results) > 1 else None
        self._view.show_result(results[-1])
        self._follow()
        self.changed.emit()

    def shut_down(self) -> None:
        """Cancel what is being measured."""
        self._measurer.shut_down()

    def _follow(self) -> None:
        left, words = self._left() if self.on else (None, "")
        if left is None or left.shape != self._view.shown.document.shape:
            self._measured = None
            self._canvas.show_beside(None)
            return
        self._canvas.show_beside(left, (words, self._view.shown.subject or self.tr("drawn map")))
        if left is not self._measured:
            self._measured = left
            self._measurer.measure(Wanted(left, left.cost, self._canvas.options.route))

    def _left(self) -> tuple[MapDocument | None, str]:
        """Return the map of the left half, and what it is in words."""
        shown, pinned = self._view.shown, self._pinned
        if pinned is not None and pinned in self._model.results and pinned is not shown.result:
            return pinned.after, self.tr("“{}”").format(pinned.name)
        if shown.result is not None:
            return shown.result.before, self.tr("before")
        if shown.frame is not None:
            return self._model.document, self.tr("drawn map")
        newest = self._model.results[-1] if self._model.results else None
        return (None, "") if newest is None else (newest.before, self.tr("before “{}”").format(newest.name))

    def _take_paths(self, measures: Measures) -> None:
        if measures.of.document is self._canvas.beside:
            self._canvas.show_measures_beside(measures.paths, measures.contours)
