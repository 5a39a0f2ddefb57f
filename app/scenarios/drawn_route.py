"""Draw the route: costs change as little as possible until the shortest path takes the line that was drawn."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, nan
from typing import TYPE_CHECKING, TypeAlias

from app.scenarios.common_settings import (
    admissible_of,
    apply_map,
    drawn_costs,
    learning_rate_setting,
    lower_setting,
    seed_setting,
    steps_setting,
    symmetry_setting,
    upper_setting,
    with_bounds,
)
from app.scenarios.figures import curve
from app.scenarios.frame import Floats, Frame
from app.scenarios.report import Report, RunFacts, Score
from app.scenarios.scenario import RunStep, Scenario, state_of
from app.scenarios.settings import Choice, DocumentChoice, Number, Toggle, setting
from app.scenarios.translate import class_movement, fixes_in_settings, moved_cost, movement_grid
from app.scenarios.words import within
from engine.core.errors import ProblemError, SuggestedFix
from engine.core.status import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from engine.cost_maps.admissible import Symmetry
    from engine.design import drawn_route as engine
    from engine.design.drawn_line import DrawnRouteProblem
    from engine.design.drawn_route import Gradient
    from maps.document import MapDocument, Route

GRADIENTS: dict[Gradient, str] = {
    "fenchel_young": "Soft paths",
    "interpolation": "Interpolation",
    "perturbation": "Perturbed paths",
}


def _routes(document: MapDocument) -> dict[str, str]:
    return {route.name: route.name for route in document.routes if route.line}


@dataclass(frozen=True)
class DrawnRouteSettings:
    """Which route, what the map must keep, and how to run."""

    route: str = setting(
        "",
        DocumentChoice(
            "Road",
            "The route whose drawn line shall be the best way; draw it with the tool Trace (T)",
            entries=_routes,
            flag="--line-of",
        ),
    )
    margin: float = setting(
        0.05,
        Number(
            "Clearly by",
            "By how much harder each cell of the road may become, and it is still the best way",
            term="margin of the shortest path",
            most=1000.0,
            single_step=0.01,
        ),
    )
    keep_total: bool = setting(
        False, Toggle("Keep the total cost", "What is added in one place is taken in another", term="the budget")
    )
    symmetry: Symmetry = symmetry_setting()
    lower: float | None = lower_setting()
    upper: float | None = upper_setting()
    steps: int = steps_setting(300, 50)
    gradient: Gradient = setting(
        "fenchel_young",
        Choice(
            "Gradient",
            "How a path that leaves the road tells which cells to change",
            term="Fenchel–Young loss of soft paths, interpolation, perturbed optimisers",
            choices=GRADIENTS,
            more=True,
        ),
    )
    learning_rate: float = learning_rate_setting(0.1, single_step=0.01)
    tolerance: float = setting(
        0.0,
        Number(
            "Good enough",
            "Stop when the change is so near to the least possible one, as a share; 0 uses all steps",
            term="tolerance, a relative gap",
            most=1.0,
            single_step=0.01,
            more=True,
        ),
    )
    seed: int = seed_setting("Of the noise of perturbed paths")


@dataclass(frozen=True)
class DrawnRouteFigures:
    """Figures of a step, best_*: of the least changed map that follows the line. change: root of squared changes.

    follows: whether the best map's path takes the line.  least_change: no map that follows the line changes
    less; gap: of the best change to it, relative.  on_path: share of the line on the path, in %.
    """

    follows: bool
    best_change: float
    least_change: float
    gap: float
    on_path: float = curve("% of the line on the path", "value")
    best_on_path: float = curve("best so far", "best")
    change: float = curve("change (root of squares)", "soft")


@dataclass(frozen=True, eq=False)
class DrawnRouteReport(Report):
    """Figures of both documents, whose costs are float32.

    on_path: share of the line's cells on the path.  reduced_cost: by how much any other way is dearer at least;
    infinite without another way.  change: root of squared changes; least_change, gap: NaN without a bound.
    """

    on_path_before: float
    on_path_after: float
    path_cost: float
    line_cost: float
    reduced_cost: float
    changed_total: float
    change: float
    least_change: float
    gap: float
    line_cells: int
    gradient: Gradient

    def score(self) -> Score:
        """Return how much of the line is on the path."""
        return Score("% of the line on the path", 100.0 * self.on_path_before, 100.0 * self.on_path_after)

    def summary_lines(self) -> list[str]:
        """Return how much of the line is on the path, and the change that it took."""
        lines = [
            f"Line on the path: {100 * self.on_path_before:.0f} % → {100 * self.on_path_after:.0f} % of "
            f"{self.line_cells} cells",
            f"Total change {self.changed_total:.4g} · {self.run.steps} steps of {self.gradient} in "
            f"{self.run.seconds:.2f} s · {self.run.movement}",
        ]
        if isfinite(self.gap):
            lines.append(f"The change is within {within(self.gap)} % of the least possible.")
        return lines

    def captions(self) -> tuple[str, str]:
        """Return how much of the line is on the path."""
        return (
            f"{100 * self.on_path_before:.0f} % of the drawn line on the path",
            f"{100 * self.on_path_after:.0f} %, total change {self.changed_total:.4g}",
        )


DrawnRouteStep: TypeAlias = RunStep[DrawnRouteFigures, Floats]


class DrawnRoute(Scenario[DrawnRouteSettings, DrawnRouteFigures, Floats]):
    """Change costs until the shortest path takes a drawn line. Result: (H, W) costs."""

    name = "drawn_route"
    title = "My road is the best way"
    summary = "Draw a road (T); the ground changes as little as possible until walkers take it by themselves."
    term = "inverse shortest path"
    axis = "line on the path"
    settings = DrawnRouteSettings
    figures = DrawnRouteFigures
    headline_of_best = True

    def steps(
        self, document: MapDocument, settings: DrawnRouteSettings, state: object = None
    ) -> Iterator[DrawnRouteStep]:
        """See `Scenario.steps`."""
        from engine.design import drawn_route as engine
        from engine.design.drawn_line import check_drawn_route

        problem = drawn_problem(document, settings)
        with fixes_in_settings(_setting_of):
            check_drawn_route(problem)
        how = engine.DrawnRouteSettings(
            gradient=settings.gradient,
            steps=settings.steps,
            learning_rate=settings.learning_rate,
            tolerance=settings.tolerance,
            seed=settings.seed,
        )
        return _steps(problem, how, state_of(engine.DrawnRouteState, state))

    def total_steps(self, settings: DrawnRouteSettings) -> int | None:
        """Return Adam's steps."""
        return settings.steps

    def headline(self, first: DrawnRouteFigures, last: DrawnRouteFigures) -> str:
        """Return how much of the line is on the path, and how near the change is to the least possible."""
        line = f"{last.best_on_path:.0f}\u00a0% of your road is on the best way"
        if last.follows:
            line = "Your road is the best way"
        if last.follows and isfinite(last.gap):
            line += f" · change within {within(last.gap)}\u00a0% of the least possible"
        return line

    def apply(self, document: MapDocument, result: Floats) -> MapDocument:
        """Return the document with the best map's costs. Raises MapError where the map does not fit."""
        return apply_map(document, result)

    def report(
        self,
        before: MapDocument,
        after: MapDocument,
        settings: DrawnRouteSettings,
        last: DrawnRouteStep,
        facts: RunFacts,
    ) -> DrawnRouteReport:
        """Return how both documents stand to the line, and the run's bound of the change."""
        from engine.design.drawn_line import line_standing

        problem = drawn_problem(before, settings)
        was = line_standing(problem, problem.cost_map)
        now = line_standing(problem, drawn_costs(after))
        return DrawnRouteReport(
            facts,
            on_path_before=was.on_path,
            on_path_after=now.on_path,
            path_cost=now.path_cost,
            line_cost=now.line_cost,
            reduced_cost=now.certificate,
            changed_total=moved_cost(before, after),
            change=last.figures.best_change,
            least_change=last.figures.least_change,
            gap=last.figures.gap,
            line_cells=len(problem.line),
            gradient=settings.gradient,
        )

    def prepared(self, document: MapDocument, settings: DrawnRouteSettings) -> MapDocument:
        """Return the document with the bounds of the settings."""
        return with_bounds(document, settings)


def drawn_problem(document: MapDocument, settings: DrawnRouteSettings) -> DrawnRouteProblem:
    """Return the engine's problem. Raises ProblemError where it cannot be."""
    from engine.design.drawn_line import DrawnRouteProblem, legal_chain

    route = _route(document, settings)
    grid, kind = movement_grid(document), document.class_of(route)
    movement = None if kind is None else class_movement(document, kind)
    return DrawnRouteProblem(
        grid,
        drawn_costs(document),
        legal_chain(movement.grid if movement else grid, [route.start, *route.line, route.goal]),
        admissible_of(document, settings),
        settings.keep_total,
        settings.margin,
        movement,
    )


def _route(document: MapDocument, settings: DrawnRouteSettings) -> Route:
    drawn = [route for route in document.routes if route.line]
    if not drawn:
        raise ProblemError(
            "line", "no route has a drawn line; draw one with the tool Trace (T), from start to goal"
        )
    named = [route for route in drawn if route.name == settings.route] if settings.route else drawn
    if not named:
        names = ", ".join(repr(route.name) for route in drawn)
        raise ProblemError(
            "line",
            f"there is no route '{settings.route}' with a drawn line; there are {names}",
            SuggestedFix("route", drawn[0].name) if len(drawn) == 1 else None,
        )
    return named[0]


def _setting_of(fix: SuggestedFix) -> SuggestedFix:
    """Return the engine's fix of a total as one of the setting that asks for it: the total need not be kept."""
    return SuggestedFix("keep_total", False) if fix.setting == "budget" else fix


def _steps(
    problem: DrawnRouteProblem, how: engine.DrawnRouteSettings, state: engine.DrawnRouteState | None
) -> Iterator[DrawnRouteStep]:
    from engine.design.drawn_route import draw_route

    for iterate in draw_route(problem, how, state):
        figures = DrawnRouteFigures(
            follows=iterate.best_standing.follows,
            best_change=iterate.best_change,
            least_change=iterate.least_change,
            gap=nan if iterate.gap is None else iterate.gap,
            on_path=100.0 * iterate.standing.on_path,
            best_on_path=100.0 * iterate.best_standing.on_path,
            change=iterate.change,
        )
        yield RunStep(
            iterate.step,
            figures,
            _framing(iterate),
            iterate.best_map,
            iterate.state,
            iterate.status,
            "" if iterate.status is None else _message(iterate, iterate.status),
        )


def _framing(iterate: engine.DrawnRouteIterate) -> Callable[[], Frame]:
    def frame() -> Frame:
        over = iterate.status is not None
        shown = iterate.best_standing if over else iterate.standing
        cost_map = iterate.best_map if over else iterate.cost_map
        return Frame(iterate.step, cost_map, iterate.load, (shown.path,))

    return frame


def _message(iterate: engine.DrawnRouteIterate, status: Status) -> str:
    best = iterate.best_standing
    if status is Status.NOT_A_NUMBER:
        return status.message
    if not best.follows:
        return (
            f"The path does not take the line yet: {100 * best.on_path:.0f} % of it is on the path. More steps, "
            f"wider bounds or a smaller margin may bring it there."
        )
    if not isfinite(best.certificate):
        return "The path takes the line; there is no other way."
    return f"The path takes the line, and every other way is dearer by at least {best.certificate:.3g}."
