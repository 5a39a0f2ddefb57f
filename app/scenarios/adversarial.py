"""Adversarial path: a fixed total of cost is redistributed until the shortest path is as long as it can get."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite, nan
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from app.scenarios.adversarial_report import AdversarialReport
from app.scenarios.adversarial_settings import AdversarialSettings
from app.scenarios.common_settings import admissible_of, apply_map, drawn_costs, with_bounds
from app.scenarios.figures import curve
from app.scenarios.frame import Floats, Frame
from app.scenarios.route_report import costs_of, route_reports
from app.scenarios.scenario import RunStep, Scenario, state_of
from app.scenarios.translate import class_movements, movement_grid, path_cells
from app.scenarios.words import compared, kept_share, of_possible, with_length
from engine.core.errors import ProblemError, SuggestedFix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from app.scenarios.report import RunFacts
    from engine.core.device import Placement
    from engine.cost_maps.problem import Problem
    from maps.document import MapDocument


@dataclass(frozen=True)
class AdversarialFigures:
    """Path costs of a step: of the routes together, with targets their mean.

    bound: that no map passes which keeps as much, where the map is kept at all.  gap: of the best map to it,
    relative.  longest: a bound for every map.  kept: share of the drawn cost that the best map leaves in place.
    off_target: worst relative deviation from a target.  quantity: of what the path costs are, in words.
    device: where the step was computed.
    """

    bound: float = curve(
        "proven limit for what it keeps",
        "bound",
        tip="No map that keeps as much of yours as the best one does has a longer path. It rises while the best "
        "map keeps less, and falls as the proof goes on.",
    )
    best: float = curve(
        "best for what it keeps",
        "best",
        tip="The best map so far: its path, weighed against how much of your map it keeps. It may fall where "
        "another map keeps more.",
    )
    path_cost: float = curve("this step", "value")
    soft: float = curve(
        "softened trip", "soft", tip="What the steps follow: in the field, the entropy-regularised path cost."
    )
    gap: float = nan
    longest: float = nan
    kept: float = 1.0
    off_target: float = nan
    quantity: str = "Path"
    device: str = "cpu"


AdversarialStep: TypeAlias = RunStep[AdversarialFigures, Floats]


class AdversarialPath(Scenario[AdversarialSettings, AdversarialFigures, Floats]):
    """Redistribute cost so that shortest paths become longer, shorter, or as long as asked. Result: (H, W)."""

    name = "adversarial"
    title = "Make the trip longer"
    summary = "Hard ground moves to where everybody walks, until the way is as long as it can get."
    term = "adversarial shortest path"
    axis = "path cost"
    settings = AdversarialSettings
    figures = AdversarialFigures
    headline_of_best = True

    def steps(
        self, document: MapDocument, settings: AdversarialSettings, state: object = None
    ) -> Iterator[AdversarialStep]:
        """See `Scenario.steps`. The true optimum is refused for an objective that is not linear."""
        from engine.cost_maps.problem import check_problem

        problem = adversarial_problem(document, settings)
        check_problem(problem)
        placement = placement_of(settings, problem)
        if settings.method != "optimum":
            return _design_steps(problem, settings, settings.method, placement, state)
        if not problem.objective.linear:
            raise ProblemError(
                "objective",
                "the true optimum solves the aim “Longer trips” alone, without smoothness or closeness; choose "
                "the method logit or bregman for this one",
                SuggestedFix("method", "logit"),
            )
        return _optimum_steps(problem, settings, placement, state)

    def total_steps(self, settings: AdversarialSettings) -> int | None:
        """Return Adam's steps; the true optimum takes as many as it needs."""
        return None if settings.method == "optimum" else settings.steps

    def headline(self, first: AdversarialFigures, last: AdversarialFigures) -> str:
        """Return the run in one line: "2.3 × longer (path 29.0 → 66.7) · 97 % of what is possible, 94 % …"."""
        lengths = f"{first.path_cost:.1f}", f"{last.best:.1f}"
        line = with_length(compared(first.path_cost, last.best), last.quantity, *lengths)
        kept = kept_share(last.kept)
        if isfinite(last.off_target):
            return f"{line} · {100.0 * last.off_target:.1f}\u00a0% off the length you asked for, {kept}"
        if last.gap < 0.5:
            return f"{line} · {of_possible(last.gap)}{_where(last.bound < last.longest)}, {kept}"
        possible = f"no more than {last.bound:.0f} is possible, " if isfinite(last.bound) else ""
        return f"{line} · {possible}{kept}"

    def apply(self, document: MapDocument, result: Floats) -> MapDocument:
        """Return the document with the best map's costs. Raises MapError where the map does not fit."""
        return apply_map(document, result)

    def report(
        self,
        before: MapDocument,
        after: MapDocument,
        settings: AdversarialSettings,
        last: AdversarialStep,
        facts: RunFacts,
    ) -> AdversarialReport:
        """Return exact path costs of both documents, and the gap of the second to the run's bound."""
        from engine.cost_maps.change import share_kept
        from engine.cost_maps.objectives import score

        problem = adversarial_problem(before, settings)
        routes = route_reports(before, after)
        costs_before, costs_after = costs_of(routes)
        longest, keeping = last.figures.longest, last.figures.bound
        if not keeping < longest:
            keeping = nan
        reached = score(problem, costs_after)
        return AdversarialReport(
            facts,
            quantity=_quantity(problem),
            path_cost_before=_shown_cost(problem, costs_before),
            path_cost_after=_shown_cost(problem, costs_after),
            upper_bound=longest,
            gap=_gap(longest, reached),
            keep=problem.objective.keep,
            kept=share_kept(problem.grid.passable, drawn_costs(before), drawn_costs(after)),
            keeping_bound=keeping,
            keeping_gap=_gap(keeping, reached),
            budget=after.total_cost,
            method=settings.method,
            device=last.figures.device,
            aim=settings.aim,
            routes=routes,
        )

    def prepared(self, document: MapDocument, settings: AdversarialSettings) -> MapDocument:
        """Return the document with the bounds of the settings."""
        return with_bounds(document, settings)

    def aims_at_targets(self, settings: AdversarialSettings) -> bool:
        """Return whether each route has a target."""
        return settings.aim == "target"

    def with_targets(self, settings: AdversarialSettings, targets: tuple[float, ...]) -> AdversarialSettings:
        """Return the settings with a path cost for each route, in their order."""
        return replace(settings, targets=targets)


def _where(keeping: bool) -> str:
    """Return of which maps a bound is, behind what is possible: of those that keep as much, or of all."""
    return " keeping as much" if keeping else ""


def _gap(bound: float, reached: float) -> float:
    """Return by which share a path cost may still be exceeded; NaN without a bound."""
    return max(0.0, bound / reached - 1.0) if isfinite(bound) else nan


def adversarial_problem(document: MapDocument, settings: AdversarialSettings) -> Problem:
    """Return the engine's problem of redistributing the document's costs.

    Raises ProblemError where there is not one target for each route, or no map is admissible.
    """
    from engine.cost_maps.problem import Objective, Problem, Route

    if settings.targets and len(settings.targets) != len(document.routes):
        raise ProblemError(
            "objective",
            f"{len(settings.targets)} targets for {len(document.routes)} routes; give one for each",
        )
    keep = 0.0 if settings.method == "optimum" else settings.keep
    targets = settings.targets or (None,) * len(document.routes)
    return Problem(
        grid=movement_grid(document),
        cost_map=drawn_costs(document),
        routes=tuple(
            Route(route.start, route.goal, route.weight, target, movement)
            for route, target, movement in zip(document.routes, targets, class_movements(document), strict=True)
        ),
        admissible=admissible_of(document, settings, settings.budget),
        objective=Objective(settings.aim, settings.smoothness, settings.closeness, keep),
    )


def placement_of(settings: AdversarialSettings, problem: Problem) -> Placement:
    """Return where a run with these settings computes, and why.

    Raises ProblemError for a device that is not there, and for the true optimum of several classes off the CPU.
    """
    from engine.core.device import Placement, place

    if settings.method == "optimum" and not problem.moves_alike:
        if settings.device not in ("auto", "cpu"):
            raise ProblemError(
                "device",
                "the true optimum of several movement classes needs the CPU; choose it, or another method",
                SuggestedFix("device", "cpu"),
            )
        return Placement("cpu", "the true optimum of several movement classes needs it")
    return place(settings.device, settings.method, problem.size)


def _design_steps(
    problem: Problem,
    settings: AdversarialSettings,
    method: Literal["logit", "bregman", "exact"],
    placement: Placement,
    state: object,
) -> Iterator[AdversarialStep]:
    from engine.core.device import placed_iterates
    from engine.design.adversarial import DesignIterate, DesignSettings, DesignState, optimise_costs

    def run(device: str, state: DesignState | None) -> Iterator[DesignIterate]:
        how = DesignSettings(
            method=method,
            steps=settings.steps,
            learning_rate=settings.learning_rate,
            epsilon_end=settings.epsilon,
            tolerance=settings.tolerance,
            seed=settings.seed,
            device=device,
        )
        return optimise_costs(problem, how, state)

    if state is None:
        yield _as_drawn(problem)
    first = state_of(DesignState, state)
    for iterate, placed in placed_iterates(run, placement, first, lambda iterate: iterate.state):
        longest = nan if iterate.upper_bound is None else iterate.upper_bound
        bound = longest if iterate.keeping_bound is None else min(longest, iterate.keeping_bound)
        figures = AdversarialFigures(
            bound=bound,
            best=_shown_cost(problem, iterate.best_path_costs),
            path_cost=_shown_cost(problem, iterate.path_costs),
            soft=_shown_cost(problem, iterate.regularised_costs),
            gap=_gap(bound, iterate.best_score),
            longest=longest,
            kept=iterate.kept,
            off_target=iterate.best_score if settings.aim == "target" else nan,
            quantity=_quantity(problem),
            device=placed.device,
        )
        shown = iterate.cost_map if iterate.status is None else iterate.best_map
        yield RunStep(
            iterate.step,
            figures,
            _framing(problem, iterate.step, shown, iterate.loads, placed),
            iterate.best_map,
            iterate.state,
            iterate.status,
            "" if iterate.status is None else iterate.status.message,
        )


def _optimum_steps(
    problem: Problem, settings: AdversarialSettings, placement: Placement, state: object
) -> Iterator[AdversarialStep]:
    from engine.core.device import placed_iterates
    from engine.cost_maps.change import share_kept
    from engine.optimum.run import OptimumIterate, OptimumSettings, approach_optimum
    from engine.optimum.saddle_point import SaddlePoint

    default = OptimumSettings()

    def run(device: str, state: SaddlePoint | None) -> Iterator[OptimumIterate]:
        how = OptimumSettings(settings.tolerance or default.tolerance, default.max_iterations, device=device)
        return approach_optimum(problem, how, state)

    if state is None:
        yield _as_drawn(problem)
    first = state_of(SaddlePoint, state)
    for iterate, placed in placed_iterates(run, placement, first, lambda iterate: iterate.warm_start):
        yield RunStep(
            iterate.iterations,
            AdversarialFigures(
                bound=iterate.upper_bound,
                best=iterate.value,
                path_cost=iterate.value,
                gap=iterate.gap,
                longest=iterate.upper_bound,
                kept=share_kept(problem.grid.passable, problem.cost_map, iterate.cost_map),
                quantity=_quantity(problem),
                device=placed.device,
            ),
            _framing(problem, iterate.iterations, iterate.cost_map, iterate.loads, placed),
            iterate.cost_map,
            iterate.warm_start,
            iterate.status,
            "" if iterate.status is None else iterate.status.message,
        )


def _as_drawn(problem: Problem) -> AdversarialStep:
    """Return step 0, the drawn map."""
    from engine.cost_maps.objectives import score
    from engine.cost_maps.problem import path_costs

    costs = path_costs(problem, problem.cost_map)
    drawn = _shown_cost(problem, costs)
    off_target = score(problem, costs) if problem.objective.aim == "target" else nan
    figures = AdversarialFigures(best=drawn, path_cost=drawn, off_target=off_target, quantity=_quantity(problem))
    return RunStep(0, figures, _framing(problem, 0, problem.cost_map, None))


def _shown_cost(problem: Problem, costs: Floats) -> float:
    """Return what the run optimises, from the routes' path costs (R,); with targets their mean."""
    from engine.cost_maps.objectives import score

    if problem.objective.aim == "target":
        return float(problem.weights @ costs / problem.weights.sum())
    return score(problem, costs)


def _quantity(problem: Problem) -> str:
    """Return in words of what `_shown_cost` is."""
    number, weights = len(problem.routes), problem.weights
    if number == 1:
        weighted = problem.objective.aim != "target" and weights[0] != 1.0
        return f"Path × weight {weights[0]:.4g}" if weighted else "Path"
    alike = bool((weights == 1.0).all())
    match problem.objective.aim:
        case "target":
            return f"{'Mean' if alike else 'Weighted mean'} of {number} paths"
        case "longer_minimum":
            return f"Least of {number} {'paths' if alike else 'weighted paths'}"
        case _:
            return f"{'Sum' if alike else 'Weighted sum'} of {number} paths"


def _framing(
    problem: Problem, step: int, cost_map: Floats, loads: Floats | None, placed: Placement | None = None
) -> Callable[[], Frame]:
    """Return what makes the frame. loads: (R, H, W) soft traffic of the routes, drawn as their weighted sum."""

    def frame() -> Frame:
        traffic = None if loads is None else np.einsum("r,rhw->hw", problem.weights, loads)
        paths = path_cells(problem.movements, cost_map, problem.routes)
        where = ("cpu", "") if placed is None else (placed.device, placed.reason)
        return Frame(step, cost_map, traffic, paths, device=where[0], device_reason=where[1])

    return frame
