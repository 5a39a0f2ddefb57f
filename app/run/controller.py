"""Control a run from the window: start, pause and stop it, pass edits on to it, apply or discard its result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, Signal

from app.run.keeping import kept_result, same_map
from app.widgets.parts import free_name
from maps.edits import apply_costs, apply_walls
from maps.errors import MapError
from maps.layout_edits import move_layouts
from maps.results import MOST_RESULTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.document.model import DocumentModel
    from app.run.model import RunModel
    from app.scenarios.frame import Frame
    from app.scenarios.scenario import AnyScenario, ScenarioSettings
    from engine.core.errors import SuggestedFix
    from maps.document import MapDocument
    from maps.results import KeptResult


class RunChoice(Protocol):
    """What is to be run next; in the window, the run panel."""

    @property
    def scenario(self) -> AnyScenario:
        """The chosen scenario."""
        ...

    def settings(self) -> ScenarioSettings:
        """Return a value of the scenario's settings class."""
        ...

    def apply_fix(self, fix: SuggestedFix) -> None:
        """Give the setting that kept a run from starting the value that was suggested."""
        ...

    def take_up(self, scenario: AnyScenario, settings: ScenarioSettings) -> None:
        """Choose a scenario with these settings."""
        ...


class RunController(QObject):
    """Carries out the designer's decisions about the run on the document, and keeps every run's result with it.

    choice: the scenario and settings of the next run. confirm: asks a question, returns whether the answer is yes.
    """

    told = Signal(str)  # a sentence for the status bar
    result_outdated = Signal()  # the map was edited after the run, whose result does not show the edit

    def __init__(
        self,
        run: RunModel,
        model: DocumentModel,
        choice: RunChoice,
        confirm: Callable[[str], bool],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._run, self._model = run, model
        self._choice, self._confirm = choice, confirm
        self._applied: MapDocument | None = None  # what applying the run's result made
        self._entry: KeptResult | None = None  # of the run, in the list of results
        self._entered: object = None  # the result from which the entry was made
        run.finished.connect(self.keep)
        model.history_changed.connect(self._take_edit)

    # Which decisions are open

    @property
    def can_stop(self) -> bool:
        """Whether a run is under way, paused or not; it can then also make a single step."""
        return self._run.busy

    @property
    def can_apply(self) -> bool:
        """Whether a run has ended with a result, and the map is not what applying it made."""
        has_result = self.can_revert and self._run.result is not None
        return has_result and self._model.document is not self._applied

    @property
    def can_revert(self) -> bool:
        """Whether a run has ended, with or without a result."""
        return self._run.state in ("ended", "failed")

    @property
    def outdated(self) -> bool:
        """Whether a run has ended that speaks neither of the drawn map nor of its applied result."""
        drawn = self._model.document
        return self.can_revert and drawn is not self._run.taken and drawn is not self._applied

    # The decisions

    def start_or_pause(self) -> None:
        """Pause the run, let it go on, or start one where there is none: the primary button."""
        if self._run.state == "running":
            self._run.pause()
        elif self._run.state == "paused":
            self._run.resume()
        elif self._run.start(self._model.document, self._choice.scenario, self._choice.settings()):
            self._entry = self._entered = self._applied = None

    def step(self) -> None:
        """Make one step, then pause."""
        self._run.single_step()

    def stop(self) -> None:
        """End the run; its best result stays."""
        self._run.stop()

    def result_document(self) -> MapDocument | None:
        """Return the drawn map with the run's result in it; None while there is none that fits."""
        scenario, result = self._run.scenario, self._run.result
        if scenario is None or result is None:
            return None
        try:
            return scenario.apply(self._model.document, result)
        except MapError:
            return None

    def apply_result(self) -> None:
        """Take the run's result over into the drawn map, as one undo step; the run can still be looked at.

        If the map has changed since the run last took it up, the designer is asked first.
        """
        applied = self.result_document()
        if applied is None or self._run.scenario is None:
            self.told.emit(self.tr("The run's result does not fit this map any more."))
            return
        before, after = self._model.document.total_cost, applied.total_cost
        if self._model.document is not self._run.taken:
            question = self.tr(
                "The map has changed since the run last took it up. Apply the run's result to it? "
                "The total cost becomes {:.6g}, it is {:.6g}."
            )
            if not self._confirm(question.format(after, before)):
                return
        self._applied = applied
        self._model.edit(self._run.scenario.title, applied)
        self.told.emit(self.tr("Applied: total cost {:.6g}, before {:.6g}").format(after, before))

    def apply_frame(self, frame: Frame) -> None:
        """Take a frame of an ended run, which is about to be edited, over into the drawn map, as one undo step.

        The newest frame stands for the run's result.
        """
        if frame is self._run.frame and (applied := self.result_document()) is not None:
            self._applied = applied
            words = self.tr("the run's result")
        else:
            try:
                applied = _forked(self._model.document, frame)
            except MapError:
                return
            words = self.tr("step {}").format(frame.step)
        if not same_map(applied, self._model.document):
            self._model.edit(self.tr("Apply {}").format(words), applied)
            self.told.emit(self.tr("Applied {} before your edit; undo takes both back, one by one.").format(words))

    def revert(self) -> None:
        """Forget an ended run; the drawn map is in view again. Its result stays in the list of results."""
        self._run.clear()

    def keep(self) -> None:
        """Put the best that the run has found into the list of results; each run has one entry there."""
        best, results = self._run.best, self._model.results
        if best is None or best is self._entered:
            return
        earlier = next((entry for entry in results if entry is self._entry), None)
        name = earlier.name if earlier else self._free_name()
        entry = kept_result(self._run, name)
        if entry is None:
            return
        self._entry, self._entered = entry, best
        if earlier is not None:
            self._model.exchange(earlier, entry)
            return
        dropped = self._model.keep(entry)
        told = self.tr("Kept as “{}” in Results").format(name)
        if dropped is not None:
            told += self.tr("; the oldest, “{}”, had to go: {} are the most").format(dropped.name, MOST_RESULTS)
        self.told.emit(told)

    def fork(self, frame: Frame) -> None:
        """Make the map and the points of an earlier step the drawn ones, as one undo step, and run from there."""
        self.end_run()
        try:
            forked = _forked(self._model.document, frame)
        except MapError as error:
            self.told.emit(str(error))
            return
        if forked is not self._model.document:
            self._model.edit(self.tr("Fork at step {}").format(frame.step), forked)
        self.revert()
        self.start_or_pause()

    def apply_fix(self) -> None:
        """Give the setting that kept the run from starting the value that was suggested, and start."""
        if self._run.fix is not None:
            self._choice.apply_fix(self._run.fix)
            self.start_or_pause()

    def end_run(self) -> None:
        """End a run that is under way at once, and keep the best that it has found."""
        self.keep()
        self._run.halt()

    def forget(self) -> None:
        """End the run without a result, as another map is open now."""
        if self._run.busy:
            self._run.halt()
        self._run.clear()
        self._entry = self._entered = self._applied = None

    def _free_name(self) -> str:
        title = "" if self._run.scenario is None else self._run.scenario.title
        return free_name(title, {entry.name for entry in self._model.results})

    def _take_edit(self) -> None:
        if self._run.busy:
            self._run.edit(self._model.document)
        elif self._run.state == "failed" and self._run.result is None:
            self._run.clear()  # the reason may be gone with this edit
        elif self._run.frame is not None and self._model.document is not self._run.taken:
            self.result_outdated.emit()


def _forked(document: MapDocument, frame: Frame) -> MapDocument:
    """Return a document with a frame's costs, walls and points. Raises MapError where they do not fit."""
    moved = {name: (positions, None) for name, positions in (frame.layouts or {}).items()}
    forked = move_layouts(document, moved)
    if frame.cost_map is not None:
        forked = apply_costs(forked, frame.cost_map).document
    return forked if frame.passable is None else apply_walls(forked, frame.passable).document
