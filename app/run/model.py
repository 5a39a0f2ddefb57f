"""Hold the state of a run on the GUI thread: read from its mailbox at display rate, announced by signals."""

from dataclasses import fields
from typing import TYPE_CHECKING, Literal

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from app.run.keeping import same_map
from app.run.progress import Progress
from app.run.worker import Ending, Run, StepFigures, stopped
from app.scenarios.frame import Floats, Frame
from app.scenarios.scenario import AnyScenario, ScenarioSettings
from maps.document import MapDocument
from maps.errors import MapError

if TYPE_CHECKING:
    from engine.core.errors import SuggestedFix

DISPLAY_INTERVAL = 30  # milliseconds
# A run that has not stopped by then, as a library call cannot be cut short, is left to end by itself.
STOP_PATIENCE = 40  # milliseconds
MOST_KEPT = 128
KEPT_BYTES = 256 * 1024 * 1024

RunState = Literal["idle", "running", "paused", "ended", "failed"]


class RunModel(QObject):
    """At most one run at a time, and what it has shown so far.

    state: whether there is a run, and how it stands.  message: the latest sentence about it.
    refused: whether the run waits, as it cannot go on with the newest edit.
    taken: the document that the run works on, with the edits that it took up.  edits: at which steps it did.
    frame: the newest.  kept: frames along the way, spread evenly, for scrubbing.
    scenario, settings: of the newest run.  result: of an ended run, for `Scenario.apply`.
    fix: a change of a setting with which a refused run can start.
    """

    frame_changed = Signal()
    figures_changed = Signal()
    progress_changed = Signal(str)  # how far the run is, in words; empty when none is under way
    state_changed = Signal()
    finished = Signal()  # a run has ended by itself or was stopped; not when it is halted

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state: RunState = "idle"
        self.message = ""
        self.started_from: MapDocument | None = None
        self.taken: MapDocument | None = None
        self.refused = False
        self.frame: Frame | None = None
        self.kept: list[Frame] = []
        self.edits: list[int] = []
        self.scenario: AnyScenario | None = None
        self.settings: ScenarioSettings | None = None
        self.result: object = None
        self.fix: SuggestedFix | None = None
        self._figures: list[StepFigures] = []
        self._best_map: tuple[object, MapDocument, MapDocument] | None = None  # a best, without it, with it
        self._result_shown: tuple[Frame, MapDocument, bool] | None = None  # whether this frame shows this map
        self._progress: Progress | None = None
        self._told = ""  # how far the run is
        self._frames_seen, self._keep_every = 0, 1
        self._run: Run | None = None
        self._sent: MapDocument | None = None  # the newest that the run was given
        self._leaving: list[Run] = []  # no longer shown, perhaps still in their last step
        self._timer = QTimer(self, interval=DISPLAY_INTERVAL)
        self._timer.timeout.connect(self._drain)
        self._patience = QTimer(self, interval=STOP_PATIENCE, singleShot=True)
        self._patience.timeout.connect(self._let_go)

    @property
    def busy(self) -> bool:
        """Return whether a run is under way, paused or not."""
        return self.state in ("running", "paused")

    @property
    def computing(self) -> bool:
        """Return whether the thread of any run, the stopped ones included, still works."""
        return any(run.alive for run in (*self._leaving, *([] if self._run is None else [self._run])))

    def curves(self) -> dict[str, Floats]:
        """Return the numbers of all steps, (n,) each, by the field of the scenario's figures class; and "step"."""
        if not self._figures:
            return {"step": np.zeros(0)}
        rows = [vars(row.figures) for row in self._figures]
        entries = fields(self._figures[0].figures)
        names = [entry.name for entry in entries if not isinstance(rows[0][entry.name], str)]
        columns = {name: np.array([row[name] for row in rows], np.float64) for name in names}
        return {"step": np.array([row.step for row in self._figures], np.float64), **columns}

    def headline(self, step: int | None = None) -> str:
        """Return the run up to a step, the newest one if None, in one line, in the scenario's words."""
        if self.scenario is None or not self._figures:
            return ""
        rows = self._figures
        last = next((row for row in reversed(rows) if step is None or row.step == step), rows[-1])
        return self.scenario.headline(rows[0].figures, last.figures)

    @property
    def best(self) -> object:
        """Return the best result so far, of a run that goes on or has ended; None where there is none yet."""
        return self._run.result if self._run is not None and self.busy else self.result

    def best_map(self) -> MapDocument | None:
        """Return the map that the run works on with its best so far in it; None while there is none that fits."""
        best, before, known = self.best, self.taken, self._best_map
        if self.scenario is None or best is None or before is None:
            return None
        if known is None or known[0] is not best or known[1] is not before:
            try:
                known = best, before, self.scenario.apply(before, best)
            except MapError:
                return None
            self._best_map = known
        return known[2]

    @property
    def found_nothing(self) -> bool:
        """Return whether a run for a better map has ended with the map that it began with as its best."""
        before, after = self.taken, self.best_map()
        if self.busy or self.scenario is None or self.scenario.makes_gallery or before is None or after is None:
            return False
        return same_map(before, after)

    @property
    def shows_result(self) -> bool:
        """Return whether a run has ended and its newest frame is its result, not only its last step."""
        frame, after, known = self.frame, self.best_map(), self._result_shown
        if self.busy or frame is None or after is None:
            return False
        if known is None or known[0] is not frame or known[1] is not after:
            known = self._result_shown = frame, after, _shows(frame, after)
        return known[2]

    @property
    def step(self) -> int:
        """Return the newest step; 0 before the first."""
        return self._figures[-1].step if self._figures else 0

    @property
    def preparing(self) -> str:
        """Return what a run prepares before its first step, in words; empty afterwards and without one."""
        return "" if self._progress is None or self.state != "running" else self._progress.preparing

    @property
    def total(self) -> int | None:
        """Return the last step of the run that is under way; None where that is not known, or no run is."""
        return self._progress.total if self._progress is not None and self.busy else None

    def start(self, document: MapDocument, scenario: AnyScenario, settings: ScenarioSettings) -> bool:
        """Start a run on a snapshot and return whether it began; it does not while another is under way."""
        if self.busy:
            self.message = self.tr("A run is under way; stop it before you start another.")
            self.state_changed.emit()
            return False
        self._forget()
        self.started_from = self.taken = self._sent = document
        self.scenario, self.settings = scenario, settings
        self._run = Run(document, scenario, settings)
        self._timer.start()
        self._progress = Progress(scenario, scenario.total_steps(settings))
        self._become("running", "")
        return True

    def pause(self) -> None:
        """Pause after the step that is under way."""
        if self._run is not None and self.state == "running":
            self._run.pause()
            self._become("paused", self.tr("Paused."))

    def resume(self) -> None:
        """Go on after a pause; not while an edit is refused."""
        if self._run is not None and self.state == "paused" and not self.refused:
            self._run.resume()
            self._become("running", "")

    def single_step(self) -> None:
        """Take one step, then pause."""
        if self._run is not None and self.busy and not self.refused:
            self._run.single_step()
            self._become("paused", self.tr("Paused."))

    def stop(self) -> None:
        """End the run; its best map stays. What its thread computes after `STOP_PATIENCE` is dropped."""
        if self._run is not None and self.busy:
            self._run.stop()
            self._patience.start()

    def edit(self, document: MapDocument) -> None:
        """Let the run go on on an edited document."""
        if self._run is not None and self.busy and document is not self._sent:
            self._sent = document
            self._run.edit(document)

    def clear(self) -> None:
        """Forget an ended run."""
        if not self.busy:
            self._forget()
            self._become("idle", "")

    def halt(self) -> None:
        """End the run now; what it had is dropped."""
        if self._run is not None and self.busy:
            self._run.stop()
            self._part()
            self.result = None
            self._become("ended", "")

    def shut_down(self, patience: float = 10.0) -> bool:
        """Stop, wait at most `patience` seconds for each thread, and return whether none is left."""
        self._timer.stop()
        self._patience.stop()
        runs = [*self._leaving, *([] if self._run is None else [self._run])]
        for run in runs:
            run.stop()
        ended = all(run.shut_down(patience) for run in runs)
        if self.busy:
            self._become("ended", "")
        return ended

    def _let_go(self) -> None:
        """Show the best that a stopped run had, if it has not ended by now."""
        self._drain()
        if self._run is not None and self.busy:
            ending = stopped(self._run.result)
            self._part()
            self._end(ending)

    def _part(self) -> None:
        """Leave the run to end by itself: waiting for it here would hold up the window."""
        self._timer.stop()
        self._patience.stop()
        self._leaving = [run for run in (*self._leaving, self._run) if run is not None and run.alive]
        self._run = None

    def _end(self, ending: Ending) -> None:
        self._timer.stop()
        self._patience.stop()
        self.result, self.fix = ending.result, ending.fix
        if ending.cut:
            self._show_result()
        self.state = "failed" if ending.failed else "ended"
        self._become(self.state, self._stopped_words() if ending.cut else ending.message)
        self.finished.emit()

    def _stopped_words(self) -> str:
        total = None if self._progress is None else self._progress.total
        where = f"{self.step}" if total is None else self.tr("{} of {}").format(self.step, total)
        if self.found_nothing:
            return self.tr("Stopped at step {}; nothing better than your map was found.").format(where)
        if self.scenario is None or not self._figures:
            return self.tr("Stopped at step {}.").format(where)
        return self.tr("Stopped at step {}; {}.").format(where, self.scenario.stopped(self._figures[-1].figures))

    def _show_result(self) -> None:
        """Let the newest frame show the result: that of the last step shows the step, which may be worse."""
        before, after = self.taken, self.best_map()
        if before is not None and after is not None:
            costs = None if after.cost is before.cost else after.cost.astype(np.float64)
            moved = {
                layout.name: layout.positions
                for layout, old in zip(after.layouts, before.layouts, strict=True)
                if layout is not old
            }
            walls = None if after.passable is before.passable else after.passable
            terrain = None if after.terrain is before.terrain else after.terrain
            self.frame = Frame(self.step, costs, layouts=moved or None, passable=walls, terrain=terrain)
            self.frame_changed.emit()

    def _forget(self) -> None:
        self.frame, self.result, self.fix, self._best_map = None, None, None, None
        self.started_from, self.taken, self._sent, self.refused = None, None, None, False
        self.kept, self.edits, self._figures = [], [], []
        self._frames_seen, self._keep_every = 0, 1

    def _become(self, state: RunState, message: str) -> None:
        self.state, self.message = state, message
        if state == "paused" and self._progress is not None:
            self._progress.pause()
        self.state_changed.emit()
        self._tell_progress()

    def _tell_progress(self) -> None:
        """Say how far the run is, if the words are others than before."""
        progress = self._progress if self.busy else None
        words = "" if progress is None else progress.words(paused=self.state == "paused")
        if words != self._told:
            self._told = words
            self.progress_changed.emit(words)

    def _drain(self) -> None:
        if self._run is None:
            return
        mail = self._run.mailbox.fetch()
        if self._progress is not None:
            if mail.phase is not None:
                self._progress.enter(mail.phase)
            for row in mail.figures:
                self._progress.take(row)
        if mail.edits:
            self.edits.extend(edit.step for edit in mail.edits)
            self.taken = mail.edits[-1].document
            if self.refused:
                self.refused = False
                self._become("paused" if self._run.paused else "running", "")
        if mail.figures:
            if not self._figures:
                self._become(self.state, "")
            self._figures.extend(mail.figures)
        if mail.frame is not None:
            self.frame = mail.frame
            self._keep(mail.frame)
            self.frame_changed.emit()
        if mail.figures or mail.edits:
            self.figures_changed.emit()
        if mail.refusal is not None:
            self.refused = True
            self._become("paused", mail.refusal)
        if mail.ending is not None:
            self._end(mail.ending)
        self._tell_progress()

    def _keep(self, frame: Frame) -> None:
        """Every nth frame; n doubles whenever there are too many, so that what is kept is spread evenly."""
        self._frames_seen += 1
        if (self._frames_seen - 1) % self._keep_every == 0:
            self.kept.append(frame)
        if len(self.kept) > max(8, min(MOST_KEPT, KEPT_BYTES // _size(frame))):
            self.kept = self.kept[::2]
            self._keep_every *= 2


def _shows(frame: Frame, document: MapDocument) -> bool:
    """Return whether a frame has the costs, the walls, the terrains and the points of a document."""
    costs, points = frame.cost_map, frame.layouts or {}
    places = {layout.name: layout.positions for layout in document.layouts}
    open_cells, walls = document.passable, frame.passable
    if walls is not None and not np.array_equal(walls, open_cells):
        return False
    if frame.terrain is not None and not np.array_equal(frame.terrain, document.terrain):
        return False
    return (costs is None or np.allclose(costs[open_cells], document.cost[open_cells], rtol=1e-5)) and all(
        name in places and np.shape(at) == places[name].shape and np.allclose(at, places[name])
        for name, at in points.items()
    )


def _size(frame: Frame) -> int:
    layers = frame.cost_map, frame.traffic, frame.passable, frame.terrain
    arrays = [*layers, *frame.paths, *(frame.layouts or {}).values()]
    plan = 0 if frame.plan is None else frame.plan.lines.nbytes + frame.plan.mass.nbytes + frame.plan.rows.nbytes
    return 1 + plan + sum(array.nbytes for array in arrays if array is not None)
