"""Choose what the canvas shows, a frame of the run or the drawn map, and when panels are redrawn."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from app.run.measures import Measurer, Measures
from app.scenarios.frame import Frame
from app.scenarios.translate import shortest_paths

if TYPE_CHECKING:
    from app.canvas.canvas import Canvas
    from app.document.model import DocumentModel
    from app.run.model import RunModel
    from app.scenarios.frame import Plan
    from maps.document import MapDocument
    from maps.results import KeptResult

PROGRESS_INTERVAL = 100  # milliseconds


@dataclass(frozen=True, eq=False)
class Shown:
    """What the canvas shows.

    document: the map below everything: the drawn one, with the walls of the frame where it has any, or that of a
    kept result, as it was before its run.
    frame: the frame in view, of the run or of a kept result; None where the drawn map is.
    measures: of the drawn map, or of the kept result; None before there are any of a map of its size.
    compared: the plan of the plan panel, shown where the frame has none. result: the kept result in view, if any.
    """

    document: MapDocument
    frame: Frame | None = None
    measures: Measures | None = None
    compared: Plan | None = None
    result: KeptResult | None = None

    @property
    def has_run_costs(self) -> bool:
        """Whether the frame's costs, and the paths on them, stand in place of the drawn ones."""
        return self.frame is not None and self.frame.cost_map is not None

    @property
    def plan(self) -> Plan | None:
        """The plan whose lines are drawn."""
        return self.compared if self.frame is None or self.frame.plan is None else self.frame.plan


@dataclass(frozen=True, eq=False)
class _KeptInView:
    """A kept result in view. ground: its map with the costs from before the run; frame: its costs, over these."""

    result: KeptResult
    ground: MapDocument
    frame: Frame
    measures: Measures | None = None

    def with_measures(self, measures: Measures) -> _KeptInView:
        """Return it with its exact paths, once these are known."""
        return replace(self, measures=measures, frame=replace(self.frame, paths=measures.paths))


class RunView(QObject):
    """Keeps the canvas in agreement with the run, the drawn map, and what the designer chose to see.

    `refresh` decides what is shown, from the whole state at once; every change of that state ends in it. Panels
    follow the signals.
    """

    shown_changed = Signal()  # `shown`, or the document below it
    frame_shown = Signal(object)  # the Frame that has come into view
    compare_changed = Signal(bool)  # whether the drawn map is shown in place of the run's
    progress_changed = Signal()  # the run's curves and time line are due to be drawn
    route_costs_changed = Signal(object)  # (R,) exact path costs of the document's routes
    gallery_changed = Signal(object, object)  # maps with their captions, and per map the paths of its routes

    def __init__(self, run: RunModel, model: DocumentModel, canvas: Canvas, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._run, self._model, self._canvas = run, model, canvas
        self.shown = Shown(model.document)
        self._kept: _KeptInView | None = None
        self._scrubbed: Frame | None = None
        self._comparing = False
        self._measures: Measures | None = None
        self._compared: Plan | None = None
        self._shape = model.document.shape  # of the map that the canvas shows
        self._measured: tuple[MapDocument, int] | None = None  # asked for last
        self._walled: tuple[MapDocument, Frame, MapDocument] | None = None  # a document with a frame's walls
        self.measurer = Measurer(self)
        self.measurer.measured.connect(self._take_measures)
        self._progress_due = QTimer(self, interval=PROGRESS_INTERVAL, singleShot=True)
        self._progress_due.timeout.connect(self.progress_changed)
        model.changed.connect(self._take_document)
        canvas.options_changed.connect(self.refresh)  # the active route may be another
        run.frame_changed.connect(self.refresh)
        run.figures_changed.connect(self._take_figures)
        run.state_changed.connect(self._take_state)

    # What the designer chooses to see

    def scrub(self, frame: Frame | None) -> None:
        """Show an earlier frame of the run; None follows the newest again."""
        self._scrubbed, self._kept = frame, None
        self.compare(False)  # who scrubs wants to see the run
        self.refresh()

    def compare(self, drawn: bool) -> None:
        """Show the drawn map in place of the run's, or the run's again."""
        if drawn:
            self._kept = None
        if drawn != self._comparing:
            self._comparing = drawn
            self.compare_changed.emit(drawn)
            self.refresh()

    def show_result(self, result: KeptResult | None) -> None:
        """Show a kept result in place of the run's map and the drawn one; None goes back to what was in view."""
        if result is not self.shown.result:
            self._kept = None if result is None else _kept_in_view(result)
            self.refresh()

    def show_plan(self, plan: Plan | None) -> None:
        """Show the plan of the plan panel where the run has none; None for no plan."""
        self._compared = plan
        self.refresh()

    def forget(self) -> None:
        """Forget what was measured, as another map is open now."""
        self._measures = self._measured = None
        self.refresh()

    # What is shown

    @property
    def in_view(self) -> MapDocument:
        """The map of which figures speak: the drawn one, or that of the kept result in view."""
        return self._model.document if self._kept is None else self._kept.result.after

    def refresh(self) -> None:
        """Decide from the state of everything what the canvas shows, and show it."""
        kept = self._kept
        if kept is None:
            frame = self._frame_in_view()
            ground = self._ground(self._model.document, frame)
            shown = Shown(ground, frame, self._fitting_measures(), self._compared)
        else:
            shown = Shown(kept.ground, kept.frame, kept.measures, self._compared, kept.result)
        self._show(shown)
        self._measure()
        self.shown_changed.emit()

    def shut_down(self) -> None:
        """Wait for the measurement that is under way."""
        self.measurer.shut_down()

    def _frame_in_view(self) -> Frame | None:
        frame = self._scrubbed or self._run.frame
        refused = self._run.refused and self._scrubbed is None  # the newest frame does not show the refused edit
        if frame is None or self._comparing or refused:
            return None
        fits = frame.cost_map is None or frame.cost_map.shape == self._model.document.shape
        return frame if fits else None

    def _ground(self, document: MapDocument, frame: Frame | None) -> MapDocument:
        """Return the document with the walls of the frame, the same one until either is another."""
        if frame is None or frame.passable is None:
            self._walled = None
            return document
        if self._walled is None or self._walled[0] is not document or self._walled[1] is not frame:
            self._walled = document, frame, document.replace(passable=frame.passable)
        return self._walled[2]

    def _fitting_measures(self) -> Measures | None:
        measures = self._measures
        fits = measures is not None and measures.document.shape == self._model.document.shape
        return measures if fits else None

    def _show(self, shown: Shown) -> None:
        """Show it on the canvas, which is told only of what differs from what it shows already."""
        canvas, shape = self._canvas, shown.document.shape
        before = self.shown if shape == self._shape else Shown(shown.document)  # another size begins with nothing
        other_ground = canvas.document is not shown.document
        if other_ground:
            canvas.show_cost_map(None)
            canvas.show_document(shown.document)
        self.shown, self._shape = shown, shape
        frame, measures = shown.frame, shown.measures
        if frame is not before.frame or other_ground:
            canvas.show_cost_map(None if frame is None else frame.cost_map)
        if frame is not before.frame:
            canvas.show_flow(None if frame is None else frame.traffic)
            canvas.show_walks(() if frame is None else frame.walks)
            canvas.show_moving(None if frame is None else frame.layouts)
            if frame is not None:
                self.frame_shown.emit(frame)
        if measures is not before.measures:
            canvas.show_distance(None if measures is None else measures.distance)
        if frame is not before.frame or measures is not before.measures:
            if frame is not None and shown.has_run_costs:
                canvas.show_paths(list(frame.paths))
                canvas.show_unreachable(None)
            else:
                canvas.show_paths([] if measures is None else list(measures.paths))
                canvas.show_unreachable(None if measures is None else measures.cut_off)
        if frame is not before.frame or shown.compared is not before.compared:
            canvas.show_plan(shown.plan)

    def _measure(self) -> None:
        """Have what is in view measured: a kept result, or the drawn map unless a run under way covers it."""
        kept = self._kept
        wanted = self.in_view, self._canvas.options.route
        covered = kept is None and self._run.busy and self.shown.has_run_costs
        if wanted != self._measured and not covered:
            self._measured = wanted
            self.measurer.measure(*wanted)

    def _take_measures(self, measures: Measures) -> None:
        if self._kept is not None and measures.document is self._kept.result.after:
            self._kept = self._kept.with_measures(measures)
        else:
            self._measures = measures
        if measures.document.routes == self._model.document.routes:
            self.route_costs_changed.emit(measures.costs)
        self.refresh()

    # What panels show

    def _take_figures(self) -> None:
        if not self._progress_due.isActive():
            self._progress_due.start()

    def _take_document(self) -> None:
        """Show what the designer draws."""
        self._kept = None
        self.refresh()

    def _take_state(self) -> None:
        if self._run.state == "running":
            self._kept = None
        if self._run.frame is None:  # another run, or none
            self.scrub(None)
        else:
            self.refresh()
        self.progress_changed.emit()
        self._show_gallery()

    def _show_gallery(self) -> None:
        """Show the maps that a run made, if it made several; those of an earlier run stay until then."""
        scenario, document, result = self._run.scenario, self._run.started_from, self._run.result
        if scenario is None or document is None or result is None:
            return
        maps = scenario.gallery(document, result)
        if maps:
            self.gallery_changed.emit(maps, [shortest_paths(entry) for _, entry in maps])


def _kept_in_view(result: KeptResult) -> _KeptInView:
    before, after = result.before, result.after
    ground = after.replace(cost=before.cost) if before.shape == after.shape else after
    return _KeptInView(result, ground, Frame(0, cost_map=after.cost.astype(np.float64)))
