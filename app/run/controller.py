"""Control a run from the window: start, pause and stop it, pass edits on to it, apply or discard its result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from PySide6.QtCore import QObject, Signal

from app.run.keeping import kept_result, same_map
from app.run.measures import walled_end
from app.run.shown import with_frame
from app.widgets.parts import free_name
from maps.errors import MapError
from maps.results import MOST_RESULTS, RESULT_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.document.model import DocumentModel
    from app.run.measures import Measures
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

    choice: the scenario and settings of the next run. confirm: asks whether something may
    happen, by a question and the verb of its button.
    """

    told = Signal(str)  # a sentence for the status bar
    applied = Signal()  # a result or a step was made the drawn map
    lacks_changed = Signal()  # what the map lacks for a run is known better now
    result_outdated = Signal()  # the map was edited after the run, whose result does not show the edit

    def __init__(
        self,
        run: RunModel,
        model: DocumentModel,
        choice: RunChoice,
        confirm: Callable[[str, str], bool],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._run, self._model = run, model
        self._choice, self._confirm = choice, confirm
        self._applied: MapDocument | None = None  # what applying the run's result made
        self._entry: KeptResult | None = None  # of the run, in the list of results
        self._entered: object = None  # the result from which the entry was made
        self._measures: Measures | None = None  # of the drawn map, the newest
        run.finished.connect(self.keep)
        model.history_changed.connect(self._take_edit)

    # Which decisions are open

    @property
    def lacks(self) -> str:
        """What the map lacks for a run of the chosen scenario, as a sentence; empty where it has all."""
        if not self._choice.scenario.needs_route:
            return ""
        document, measures = self._model.document, self._measures
        if not document.routes:
            return self.tr("There is no route: drop a start and a goal on the map (S, G).")
        for number, route in enumerate(document.routes, 1):
            if walled := walled_end(document, number - 1):
                if route.movement:
                    return self.tr("{}: move it, or let another class walk the route.").format(walled)
                return self.tr("{}: move it or clear the wall.").format(walled)
            if route.start == route.goal:
                return self.tr("Route {} starts at its goal: move one of the two.").format(number)
            if measures is not None and measures.of.document is document and not measures.leads(number - 1):
                if route.movement:
                    cut = self.tr("{} has no way along route {}: see in Classes where it can go, or move an end.")
                    return cut.format(route.movement, number)
                cut = self.tr("Walls cut the goal of route {} off: open one, or move the start or the goal.")
                return cut.format(number)
        return ""

    def take_measures(self, measures: Measures | None) -> None:
        """Take the newest measures of the drawn map, which tell whether walls cut a route's goal off."""
        if measures is not self._measures:
            before = self.lacks
            self._measures = measures
            if self.lacks != before:
                self.lacks_changed.emit()

    @property
    def can_start_or_pause(self) -> bool:
        """Whether a run can begin, pause or go on."""
        return not self._run.refused if self._run.busy else not self.lacks

    @property
    def can_step(self) -> bool:
        """Whether the run under way can make a single step."""
        return self._run.busy and not self._run.refused

    @property
    def can_stop(self) -> bool:
        """Whether a run is under way, paused or not."""
        return self._run.busy

    @property
    def can_apply(self) -> bool:
        """Whether a run has ended with a result, and the map is not what applying it made."""
        has_result = self.can_revert and self._run.result is not None
        made = (self._applied, None if self._entry is None else self._entry.after)
        return has_result and all(self._model.document is not document for document in made)

    @property
    def can_revert(self) -> bool:
        """Whether a run has ended, with or without a result."""
        return self._run.state in ("ended", "failed")

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
        """Return the drawn map with the run's result in it; None while there is none that fits.

        On the map that the run worked on, this is the very map of the kept result.
        """
        scenario, result = self._run.scenario, self._run.result
        if scenario is None or result is None:
            return None
        if self._entry is not None and self._entered is result and self._model.document is self._run.taken:
            return self._entry.after
        try:
            return scenario.apply(self._model.document, result)
        except MapError:
            return None

    def apply_result(self, frame: Frame | None = None) -> None:
        """Take the run's result over into the drawn map, as one undo step; the run can still be looked at.

        If the map has changed since the run last took it up, the designer is asked first.
        frame: an earlier one of the run, to be taken over in place of the result.
        """
        if self._run.scenario is None:
            return
        if frame is None:
            applied, what, label = self.result_document(), self.tr("the run's result"), self._run.scenario.title
        else:
            applied, what = self._with(frame), self.tr("step {}").format(frame.step)
            label = self.tr("Apply {}").format(what)
        if applied is None:
            self.told.emit(self.tr("{} does not fit this map any more.").format(what[:1].upper() + what[1:]))
            return
        before, after = self._model.document.total_cost, applied.total_cost
        if self._model.document is not self._run.taken:
            question = self.tr(
                "The map has changed since the run last took it up. Apply {} to it? "
                "The total cost becomes {:.6g}, it is {:.6g}."
            )
            if not self._confirm(question.format(what, after, before), self.tr("Apply")):
                return
        if frame is None:
            self._applied = applied
        self._model.edit(label, applied)
        words = [self._run.headline(None if frame is None else frame.step)]
        if f"{before:.6g}" != f"{after:.6g}":
            words.append(self.tr("total cost {:.6g}, before {:.6g}").format(after, before))
        self.told.emit(self.tr("Applied {}: {}").format(what, "; ".join(filter(None, words))))
        self.applied.emit()

    def apply_frame(self, frame: Frame) -> None:
        """Take a frame of an ended run, which is about to be edited, over into the drawn map, as one undo step.

        The newest frame stands for the run's result.
        """
        if frame is self._run.frame and (applied := self.result_document()) is not None:
            self._applied = applied
            words = self.tr("the run's result")
        else:
            applied = self._with(frame)
            if applied is None:
                return
            words = self.tr("step {}").format(frame.step)
        if not same_map(applied, self._model.document):
            changed = self._model.document is not self._run.taken
            self._model.edit(self.tr("Apply {}").format(words), applied)
            onto = self.tr(" to the map, which has changed since the run,") if changed else ""
            told = self.tr("Applied {}{} before your edit; undo takes both back, one by one.")
            self.told.emit(told.format(words, onto))

    def revert(self) -> None:
        """Forget an ended run; the drawn map is in view again. Its result stays in the list of results."""
        self._run.clear()
        self.told.emit("")  # what was told of it

    def keep(self) -> None:
        """Put the best that the run has found into the list of results; each run has one entry there."""
        best, results = self._run.best, self._model.results
        if best is None or best is self._entered:
            return
        earlier = next((entry for entry in results if entry is self._entry), None)
        name = earlier.name if earlier else self._free_name()
        entry = kept_result(self._run, name)
        if entry is None:
            if self._run.found_nothing:
                self._entered = best
                self.told.emit(self.tr("Nothing better than your map was found, so no result is kept"))
            return
        self._entry, self._entered = entry, best
        if earlier is not None:
            self._model.exchange(earlier, entry)
            return
        dropped = self._model.keep(entry)
        told = self.tr("Kept as “{}” in Results").format(name)
        if dropped:
            names = ", ".join(f"“{entry.name}”" for entry in dropped)
            most = self.tr("; the oldest, {}, had to go: {} results or {} MB are the most")
            told += most.format(names, MOST_RESULTS, RESULT_BYTES >> 20)
        self.told.emit(told)

    def fork(self, frame: Frame) -> None:
        """Make the map and the points of an earlier step the drawn ones, as one undo step, and run from there."""
        self.end_run()
        try:
            forked = with_frame(self._model.document, frame)
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

    def _with(self, frame: Frame) -> MapDocument | None:
        """Return the drawn map with a frame in it; None where it does not fit."""
        try:
            return with_frame(self._model.document, frame)
        except MapError:
            return None

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
