"""Decide what is in view, a step of the run, a kept result or the drawn map, and of what every figure speaks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from app.run.measures import Measurer, Measures, Wanted
from app.run.shown import Headline, Shown, with_ground, with_points
from app.scenarios.frame import Frame
from app.scenarios.translate import shortest_paths
from app.scenarios.words import compared, kept_share
from maps.errors import MapError
from maps.results import with_amount

if TYPE_CHECKING:
    from app.canvas.canvas import Canvas
    from app.document.model import DocumentModel
    from app.run.model import RunModel
    from app.scenarios.frame import Plan
    from maps.document import MapDocument
    from maps.results import KeptResult

PROGRESS_INTERVAL = 100  # milliseconds
# While steps follow each other, measuring them takes this share of one core at most.
MEASURED_SHARE = 0.1
MEASURE_INTERVAL = 500  # milliseconds between two such measurements, at least


@dataclass(frozen=True, eq=False)
class _KeptInView:
    """A kept result in view. ground: its map with the costs from before the run; frame: its costs, over these.

    amount: how much of the change the frame shows, from 0 to 1.
    """

    result: KeptResult
    ground: MapDocument
    frame: Frame
    amount: float = 1.0


class RunView(QObject):
    """Decides which map, at which step, the window speaks of: `shown` is that one decision.

    `refresh` makes it from the whole state at once; every change of that state ends in it. The canvas is kept in
    agreement here; all panels with figures read `shown` and `headline` after `shown_changed`.
    """

    shown_changed = Signal()  # `shown`, or what is known of it
    frame_shown = Signal(object)  # the Frame that has come into view
    compare_changed = Signal(bool)  # whether the drawn map is shown in place of the run's
    progress_changed = Signal()  # the run's curves and time line are due to be drawn
    gallery_changed = Signal(object, object)  # maps with their captions, and per map the paths of its routes

    def __init__(self, run: RunModel, model: DocumentModel, canvas: Canvas, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._run, self._model, self._canvas = run, model, canvas
        self.shown = Shown(model.document)
        self._kept: _KeptInView | None = None
        self._scrubbed: Frame | None = None
        self._comparing = False
        self._left = False  # for the drawn map, which was edited after the run or is its result now
        self.drawn_measures: Measures | None = None  # of the drawn map, or of it before its newest edits
        self._frame_measures: Measures | None = None  # of a step or a kept result
        self._compared: Plan | None = None
        self._moved: tuple[MapDocument, Frame, MapDocument] | None = None  # a document, a frame, both together
        self._shape = model.document.shape  # of the map that the canvas shows
        self._asked: Wanted | None = None  # to be measured, last
        # A document with a frame's walls and terrains.
        self._walled: tuple[MapDocument, Frame, MapDocument] | None = None
        self.measurer = Measurer(self)
        self.measurer.measured.connect(self._take_measures)
        self._measure_due = QTimer(self, interval=MEASURE_INTERVAL, singleShot=True)
        self._measure_due.timeout.connect(self._measure_now)
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
        self._scrubbed, self._kept, self._left = frame, None, False
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

    def leave_run(self) -> None:
        """Show the drawn map in place of the run's until a step of it is chosen again."""
        self._left = True
        self.compare(False)
        self.refresh()

    @property
    def run_left(self) -> bool:
        """Whether the drawn map is in view, as the run's does not show its newest edits or was applied."""
        return self._left and self._run.frame is not None

    def show_result(self, result: KeptResult | None, amount: float = 1.0) -> None:
        """Show a kept result in place of the run's map and the drawn one; None goes back to what was in view.

        amount: how much of its change, from 0 to 1, where it `changes_costs_only`.
        """
        if result is not self.shown.result or amount != self.shown.amount:
            same = self._kept if self._kept is not None and self._kept.result is result else None
            self._kept = None if result is None else _kept_in_view(result, amount, same)
            self.refresh()

    def show_drawn(self) -> None:
        """Show the drawn map, in place of a kept result or of the run's."""
        self._kept = None
        if self._frame_in_view() is None:
            self.refresh()
        else:
            self.compare(True)

    def show_plan(self, plan: Plan | None) -> None:
        """Show the plan of the plan panel where the run has none; None for no plan."""
        self._compared = plan
        self.refresh()

    def forget(self) -> None:
        """Forget what was measured, as another map is open now."""
        self.drawn_measures = self._frame_measures = self._asked = None
        self.refresh()

    # What is shown

    def refresh(self) -> None:
        """Decide from the state of everything what is in view, and show it on the canvas."""
        kept = self._kept
        if kept is not None:
            document, frame, result, moving = kept.ground, kept.frame, kept.result, False
            subject = self.tr("“{}”").format(result.name)
            if kept.amount != 1.0:
                subject = self.tr("{} % of “{}”").format(round(100.0 * kept.amount), result.name)
        else:
            document, frame, result = self._model.document, self._frame_in_view(), None
            moving = frame is not None and self._scrubbed is None and self._run.state == "running"
            subject = "" if frame is None else self._words_of(frame)
            document = self._ground(document, frame)
        amount = 1.0 if kept is None else kept.amount
        shown = Shown(document, frame, subject, moving, None, self._compared, result, amount)
        self._show(replace(shown, measures=self._measures_for(shown)))
        self._measure()
        self.shown_changed.emit()

    @property
    def map_of_points(self) -> MapDocument:
        """The map in view with its points where they are in view; its costs are those from before the run."""
        shown, known = self.shown, self._moved
        if shown.frame is None or not shown.frame.layouts:
            return shown.document
        if known is None or known[0] is not shown.document or known[1] is not shown.frame:
            try:
                moved = with_points(shown.document, shown.frame)
            except MapError:  # the map has lost the layout meanwhile
                moved = shown.document
            self._moved = known = shown.document, shown.frame, moved
        return known[2]

    @property
    def headline(self) -> Headline:
        """The score of what is in view; where it has none, the newest one that there is, stale, and of what."""
        shown, run = self.shown, self._run
        if shown.result is not None:
            words = shown.result.headline if shown.amount == 1.0 else self._words_of_less(shown)
            return Headline(words, self.tr("of {}").format(shown.subject))
        if shown.frame is None:
            return self._headline_of_drawn()
        words = run.headline(shown.frame.step)
        drawn = self._model.document
        if drawn is not run.taken and all(drawn is not entry.after for entry in self._model.results):
            edited = self.tr("of the map before your edit")
            return Headline(words, edited if run.busy else self._of_last_run(), stale=True)
        of_best = run.scenario is not None and run.scenario.headline_of_best
        if shown.frame is not run.frame:
            told = self.tr("best up to step {} of {}") if of_best else self.tr("at step {} of {}")
            return Headline(words, told.format(shown.frame.step, run.step))
        return Headline(words, self.tr("best so far") if of_best and run.busy else "")

    def _headline_of_drawn(self) -> Headline:
        """Return the score of the kept result that the drawn map is or began as, else that of the run."""
        run, history = self._run, self._model.history
        results = {entry.after: entry for entry in self._model.results}  # a document is equal only to itself
        for age, (_, document) in enumerate(reversed(history.entries[: history.position + 1])):
            result = results.get(document)
            if result is not None:
                words = self.tr("of “{}”").format(result.name)
                if age == 0 and not self._model.previewing:
                    return Headline(result.headline, words + self.tr(", which is the drawn map now"))
                return Headline(result.headline, words + self.tr(", before your edits"), stale=True)
        words = run.headline()
        if not words:
            return Headline()
        subject = self.tr("of the run, not of the drawn map") if run.busy else self._of_last_run()
        return Headline(words, subject, stale=True)

    def _words_of_less(self, shown: Shown) -> str:
        """Return what a part of a result's change does, as far as it is measured."""
        from engine.cost_maps.change import share_kept

        before = shown.document.cost.astype(np.float64)
        words = kept_share(share_kept(shown.document.passable, before, shown.costs))
        now, drawn = shown.measures, self.drawn_measures
        if now is None or drawn is None or shown.result is None or drawn.of.document is not shown.result.before:
            return words
        if len(now.costs) != 1 or not shown.measured:
            return words
        was, cost = float(drawn.costs[0]), float(now.costs[0])
        return self.tr("{} (path {:.1f} → {:.1f}), {}").format(compared(was, cost), was, cost, words)

    def _of_last_run(self) -> str:
        return self.tr("of the last run, not of the drawn map")

    def shut_down(self) -> None:
        """Wait for the measurement that is under way."""
        self.measurer.shut_down()

    def _words_of(self, frame: Frame) -> str:
        if frame is self._run.frame and self._run.shows_result:
            return self.tr("the run's result") if frame.cost_map is None else self.tr("the run's best map")
        return self.tr("step {} of the run").format(frame.step)

    def _frame_in_view(self) -> Frame | None:
        frame = self._scrubbed or self._run.frame
        refused = self._run.refused and self._scrubbed is None  # the newest frame does not show the refused edit
        if frame is None or self._comparing or self._left or refused:
            return None
        fits = frame.cost_map is None or frame.cost_map.shape == self._model.document.shape
        return frame if fits else None

    def _ground(self, document: MapDocument, frame: Frame | None) -> MapDocument:
        """Return the document with the walls and terrains of the frame, the same one until either is another."""
        if frame is None or (frame.passable is None and frame.terrain is None):
            self._walled = None
            return document
        if self._walled is None or self._walled[0] is not document or self._walled[1] is not frame:
            self._walled = document, frame, with_ground(document, frame)
        return self._walled[2]

    def _measures_for(self, shown: Shown) -> Measures | None:
        """Return the newest measures of what is in view.

        Those of the drawn map, and of a run that goes on, may be of an earlier state, as long as the size is the
        same.
        """
        measures = self._frame_measures if shown.has_run_costs else self.drawn_measures
        if measures is None or measures.of.document.shape != shown.document.shape:
            return None
        current = measures.of.document is shown.document and measures.of.cost_map is shown.costs
        return measures if current or shown.moving or not shown.has_run_costs else None

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
            canvas.show_walks(() if frame is None else frame.walks)
            canvas.show_moving(None if frame is None else frame.layouts)
            if frame is not None:
                self.frame_shown.emit(frame)
        if measures is not before.measures or shown.measured != before.measured:
            known = {} if measures is None else measures.route_costs
            canvas.show_path_costs(known, stale=not shown.measured)
        if measures is not before.measures or shown.costs_subject != before.costs_subject:
            canvas.show_distance(None if measures is None else measures.distance, shown.costs_subject)
            canvas.show_contours(None if measures is None else measures.contours)
            canvas.show_streaks(None if measures is None else measures.streaks)
        if frame is not before.frame or measures is not before.measures:
            if frame is not None and shown.has_run_costs:
                canvas.show_paths(list(frame.paths or (measures.paths if measures and shown.measured else ())))
                canvas.show_unreachable(None)
            else:
                canvas.show_paths([] if measures is None else list(measures.paths))
                found = (None, "") if measures is None else (measures.cut_off, measures.why_cut_off)
                canvas.show_unreachable(*found)
        if frame is not before.frame or shown.compared is not before.compared:
            canvas.show_plan(shown.plan)

    def _measure(self) -> None:
        """Have what is in view measured, while steps follow each other only now and then."""
        if not self.shown.moving or not self.shown.has_run_costs:
            self._measure_now()
        elif not self._measure_due.isActive():
            measures = self._frame_measures
            pause = 0.0 if measures is None else 1000.0 * measures.seconds / MEASURED_SHARE
            self._measure_due.start(max(MEASURE_INTERVAL, round(pause)))

    def _measure_now(self) -> None:
        shown, route = self.shown, self._canvas.options.route
        traffic = None if shown.frame is None else shown.frame.traffic
        wanted = Wanted(shown.document, shown.costs, route, shown.subject if shown.has_run_costs else "", traffic)
        known = shown.measures
        if known is not None and wanted.same_as(known.of) and not shown.moving:
            # Of the drawn map, too, where that is not in view: targets keep what its paths cost.
            wanted, known = Wanted(self._model.document, self._model.document.cost, route), self.drawn_measures
        if (known is None or not wanted.same_as(known.of)) and not wanted.same_as(self._asked):
            self._asked = wanted
            self.measurer.measure(wanted)

    def _take_measures(self, measures: Measures) -> None:
        if measures.of.subject:
            self._frame_measures = measures
        else:
            self.drawn_measures = measures
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


def _kept_in_view(result: KeptResult, amount: float, shown: _KeptInView | None) -> _KeptInView:
    """Return what is to be shown. shown: the same result in view with another amount."""
    before, after = result.before, result.after
    if shown is not None:
        ground = shown.ground
    else:
        ground = after.replace(cost=before.cost) if before.shape == after.shape else after
    costs = after.cost if amount == 1.0 else with_amount(result, amount).cost
    return _KeptInView(result, ground, Frame(0, cost_map=costs.astype(np.float64)), amount)
