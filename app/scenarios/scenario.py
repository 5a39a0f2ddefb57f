"""What a scenario is: settings from which a form and a command line are built, and steps that a run takes.

Nothing here knows Qt, and importing a scenario imports no solver: only its steps do.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, TypeAlias, TypeVar

from app.scenarios.figures import Curve, curves_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from _typeshed import DataclassInstance

    from app.scenarios.frame import Frame
    from app.scenarios.report import Report, RunFacts
    from engine.core.status import Status
    from maps.document import MapDocument


class ScenarioSettings(Protocol):
    """What the frozen dataclasses of settings have in common; their fields are made by `settings.setting`."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def seed(self) -> int:
        """Seed of the run's random numbers."""
        ...


Settings = TypeVar("Settings", bound=ScenarioSettings)
StepFigures = TypeVar("StepFigures", bound="DataclassInstance")
Result = TypeVar("Result")
State = TypeVar("State")


@dataclass(frozen=True, eq=False)
class RunStep(Generic[StepFigures, Result]):
    """One step of a run.

    frame: makes what the canvas shows; called only when somebody looks.
    result: the best so far, for `Scenario.apply`; None where there is none yet.
    state: from which a run on an edited document goes on, see `Scenario.steps`.
    status: how the run ended; None while it may go on.  message: the same as a sentence.
    seconds_shown: how long a window should show this step before the next one.
    total: the number of the last step, where only the run itself knows it; see `Scenario.total_steps`.
    """

    step: int
    figures: StepFigures
    frame: Callable[[], Frame]
    result: Result | None = None
    state: object = None
    status: Status | None = None
    message: str = ""
    seconds_shown: float = 0.0
    total: int | None = None


class Scenario(ABC, Generic[Settings, StepFigures, Result]):
    """One thing to do with a map.

    name: in the table, on the command line and in reports.  title, summary: what the designer reads.
    term: what the field calls it.
    settings, figures: the dataclasses of the run's settings and of a step's numbers.
    axis: what the curves measure.  needs_route: whether a map without a route has nothing to offer.
    makes_gallery: whether a run makes several maps.  moves_points: whether it moves layouts of points.
    headline_of_best: whether the headline tells of the best so far, where a frame shows the step itself.
    preparing: what takes time before the first step.  finishing: what takes time after the last one, if anything.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    summary: ClassVar[str]
    term: ClassVar[str]
    axis: ClassVar[str]
    needs_route: ClassVar[bool] = True
    makes_gallery: ClassVar[bool] = False
    moves_points: ClassVar[bool] = False
    headline_of_best: ClassVar[bool] = False
    preparing: ClassVar[str] = "building the problem"
    finishing: ClassVar[str] = ""
    settings: type[Settings]
    figures: type[StepFigures]

    @property
    def curves(self) -> tuple[Curve, ...]:
        """Return the curves of the scenario's figures."""
        return curves_of(self.figures)

    @abstractmethod
    def steps(
        self, document: MapDocument, settings: Settings, state: object = None
    ) -> Iterator[RunStep[StepFigures, Result]]:
        """Return the steps of a run on a document.

        state: that of an earlier run's step, from which this run goes on, perhaps on an edited document.
        Raises ProblemError at once if no run can start.
        """

    @abstractmethod
    def total_steps(self, settings: Settings) -> int | None:
        """Return the number of a run's last step; None where that is not known beforehand."""

    @abstractmethod
    def headline(self, first: StepFigures, last: StepFigures) -> str:
        """Return the run in one line, from the figures of its first and of its last step."""

    def stopped(self, last: StepFigures) -> str:
        """Return what a run leaves that is stopped after a step, for the end of a sentence."""
        return "the best map so far is kept"

    @abstractmethod
    def apply(self, document: MapDocument, result: Result) -> MapDocument:
        """Return the document with the result in it. Raises MapError where it does not fit."""

    @abstractmethod
    def report(
        self,
        before: MapDocument,
        after: MapDocument,
        settings: Settings,
        last: RunStep[StepFigures, Result],
        facts: RunFacts,
    ) -> Report:
        """Return what a run did. before, after: without and with its result.  last: its last step."""

    def gallery(self, document: MapDocument, result: Result) -> list[tuple[str, MapDocument]]:
        """Return every map that the run made, each with its caption; none where it makes only one."""
        return []

    def prepared(self, document: MapDocument, settings: Settings) -> MapDocument:
        """Return the document with those settings in it that belong to the map, such as bounds of its costs."""
        return document

    def aims_at_targets(self, settings: Settings) -> bool:
        """Return whether the run brings each route to a path cost of its own."""
        return False

    def with_targets(self, settings: Settings, targets: tuple[float, ...]) -> Settings:
        """Return the settings with a path cost for each route, if the scenario knows such targets."""
        return settings


AnyScenario: TypeAlias = Scenario[Any, Any, Any]
AnyStep: TypeAlias = RunStep[Any, Any]


def state_of(kind: type[State], state: object) -> State | None:
    """Return the state of an earlier step as what it is. Raises TypeError for one of another kind of run."""
    if state is None or isinstance(state, kind):
        return state
    raise TypeError(f"a run cannot go on from {type(state).__name__}; {kind.__name__} is needed")
