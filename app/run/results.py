"""What the designer does with kept results: look at one, take one over, go on from one, rename, delete."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.run.keeping import same_map
from app.scenarios import SCENARIOS
from app.scenarios.settings import settings_from_words
from maps.errors import MapError
from maps.results import changes_costs_only, with_amount

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from app.document.model import DocumentModel
    from app.run.controller import RunChoice, RunController
    from app.run.model import RunModel
    from app.run.view import RunView
    from app.scenarios.frame import Frame
    from maps.results import KeptResult


class ResultsController(QObject):
    """Carries out the designer's decisions about kept results.

    choice: the scenario and settings of the next run. confirm: asks whether something may
    happen, by a question and the verb of its button.
    """

    told = Signal(str)  # a sentence for the status bar
    applied = Signal()  # a result was made the drawn map

    def __init__(
        self,
        controller: RunController,
        view: RunView,
        run: RunModel,
        model: DocumentModel,
        choice: RunChoice,
        confirm: Callable[[str, str], bool],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._controller, self._view, self._run, self._model = controller, view, run, model
        self._choice, self._confirm = choice, confirm
        model.results_changed.connect(self._leave_what_is_gone)

    @property
    def in_view(self) -> KeptResult | None:
        """The result that the canvas shows; None where it shows the run or the drawn map."""
        return self._view.shown.result

    @property
    def step_in_view(self) -> Frame | None:
        """The earlier step of an ended run that the canvas shows; None where it shows anything else."""
        shown = self._view.shown
        newest = shown.frame is self._run.frame
        return None if self._run.busy or newest or shown.result is not None else shown.frame

    @property
    def can_apply_run(self) -> bool:
        """Whether `apply_run` has something to apply."""
        return self.step_in_view is not None or self._controller.can_apply

    def apply_run(self) -> None:
        """Take the step of the run that is in view over into the drawn map; its result where none is."""
        self._controller.apply_result(self.step_in_view)

    def view(self, result: KeptResult | None) -> None:
        """Show a result on the canvas; None, or the one in view already, goes back to what was in view before."""
        self._view.show_result(None if result is self.in_view else result)

    def show_amount(self, amount: float) -> None:
        """Show the result in view with so much of its change, from 0 to 1, where only costs are changed."""
        if self.in_view is not None and changes_costs_only(self.in_view):
            self._view.show_result(self.in_view, amount)

    def show_drawn(self) -> None:
        """Show the drawn map, in place of a result or of the run's map."""
        self._view.show_drawn()

    @property
    def drawn_in_view(self) -> bool:
        """Whether the canvas shows the drawn map, without a step of a run."""
        return self._view.shown.frame is None

    def apply(self, result: KeptResult) -> None:
        """Make a result's map the drawn one, as one undo step.

        If the drawn map is not the one from which the result was made, the designer is asked first.
        """
        if self._may_replace(result):
            words = self._view.headline.words if self.in_view is result else result.headline
            name = self._take_over(result, self.tr("Apply {}"))
            self.told.emit(self.tr("Applied {}: {}").format(name, words))
            self.applied.emit()

    def apply_shown(self) -> None:
        """Make what is in view the drawn map, as one undo step, because it is about to be edited."""
        shown = self._view.shown
        if shown.result is not None:
            replaced = not self._fits_drawn(shown.result)
            name = self._take_over(shown.result, self.tr("Apply {}"))
            if name:
                # No question: it would take the button that is being pressed away from the canvas.
                place = self.tr(" in place of a map from which it was not made,") if replaced else ""
                told = self.tr("Applied {}{} before your edit; undo takes both back, one by one.")
                self.told.emit(told.format(name, place))
        elif shown.frame is not None and not self._run.busy:
            self._controller.apply_frame(shown.frame)

    def fork(self, result: KeptResult) -> None:
        """Apply a result as one undo step, and start a run on its map with its settings."""
        scenario = SCENARIOS.get(result.scenario)
        if scenario is None:
            self.told.emit(self.tr("This program knows no scenario “{}”.").format(result.scenario))
        elif self._may_replace(result):
            self._controller.end_run()
            self._take_over(result, self.tr("Fork of {}"))
            self._choice.take_up(scenario, settings_from_words(scenario.settings, result.settings))
            self._controller.start_or_pause()

    def rename(self, result: KeptResult, name: str) -> None:
        """Give a result another name; one that cannot be a name is refused with the reason."""
        name = name.strip()
        if not name or name == result.name:
            return
        try:
            renamed = replace(result, name=name)
        except MapError as error:
            self.told.emit(str(error))
            return
        in_view = self.in_view is result
        self._model.exchange(result, renamed)
        if in_view:
            self._view.show_result(renamed)

    def delete(self, results: Sequence[KeptResult]) -> None:
        """Keep these results no longer, if the designer says yes."""
        names = ", ".join(f"“{result.name}”" for result in results)
        if results and self._confirm(
            self.tr("Delete {}? This cannot be undone.").format(names), self.tr("Delete")
        ):
            for result in results:
                self._model.drop(result)

    def _fits_drawn(self, result: KeptResult) -> bool:
        """Return whether the drawn map is the one from which a result was made, or the result itself."""
        drawn = self._model.document
        return same_map(drawn, result.before) or same_map(drawn, result.after)

    def _may_replace(self, result: KeptResult) -> bool:
        drawn, after = self._model.document, result.after
        if self._fits_drawn(result):
            return True
        if drawn.shape != after.shape:
            question = self.tr(
                "The result is a map of {} × {} cells, the drawn one has {} × {}. Replace it whole?"
            )
            return self._confirm(question.format(*after.shape, *drawn.shape), self.tr("Replace"))
        question = self.tr("The drawn map is not the one from which “{}” was made. Replace it whole?")
        return self._confirm(question.format(result.name), self.tr("Replace"))

    def _take_over(self, result: KeptResult, label: str) -> str:
        """Show the drawn map again, as the result's, with as much of its change as is in view.

        label: of the undo step, with room for a name.  Returns that name; empty where nothing changes.
        """
        amount = self._view.shown.amount if self.in_view is result else 1.0
        after = with_amount(result, amount)
        self._view.show_result(None)
        if same_map(self._model.document, after):
            return ""
        part = "" if amount == 1.0 else self.tr("{} % of ").format(round(100.0 * amount))
        self._model.edit(label.format(part + result.name), after)
        return f"{part}“{result.name}”"

    def _leave_what_is_gone(self) -> None:
        if self.in_view not in (None, *self._model.results):
            self._view.show_result(None)
