"""Draw the route: costs change as little as possible until the shortest path takes the line that was drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from app.scenarios.common_settings import admissible_of, apply_map, lower_setting, symmetry_setting, upper_setting
from app.scenarios.frame import Frame
from app.scenarios.scenario import Curve, Report, Scenario, Seen
from app.scenarios.settings import setting
from app.scenarios.translate import movement_grid, movement_words
from app.scenarios.words import within
from maps.document import MapDocument, Route

if TYPE_CHECKING:
    from engine.design.drawn_line import DrawnRouteProblem

GRADIENTS = {
    "fenchel_young": "Soft paths",
    "interpolation": "Interpolation",
    "perturbation": "Perturbed paths",
}


def _routes(document: MapDocument) -> dict[str, str]:
    return {route.name: route.name for route in document.routes if route.line}


@dataclass(frozen=True)
class DrawnRoute:
    """Which route, what the map must keep, and how to run."""

    route: str = setting(
        "",
        "Route",
        "The route whose drawn line the path should take; draw it with the tool Trace (T)",
        entries=_routes,
        flag="--line-of",
    )
    margin: float = setting(
        0.05,
        "Margin",
        "By how much every cell of the line may become dearer and the path still follow it",
        most=1000.0,
        single_step=0.01,
    )
    keep_total: bool = setting(False, "Keep the total cost", "What is added in one place is taken in another")
    lower: float | None = lower_setting()
    upper: float | None = upper_setting()
    symmetry: str = symmetry_setting()
    gradient: str = setting(
        "fenchel_young",
        "Gradient",
        "How a path that leaves the line tells which cells to change; soft paths: by the Fenchel–Young loss",
        choices=GRADIENTS,
    )
    steps: int = setting(300, "Steps", "Steps of Adam", least=1, most=100_000, single_step=50)
    learning_rate: float = setting(
        0.1,
        "Learning rate",
        "Size of Adam's steps, in units of the mean cost",
        least=0.001,
        most=10.0,
        single_step=0.01,
        more=True,
    )
    tolerance: float = setting(
        0.0,
        "Stop within",
        "Stop when the change is within this share of the least possible one; 0 uses all steps",
        most=1.0,
        single_step=0.01,
        more=True,
    )
    seed: int = setting(0, "Seed", "Of the noise of perturbed paths", more=True)


def drawn_problem(document: MapDocument, settings: DrawnRoute) -> DrawnRouteProblem:
    """The engine's problem. Raises ProblemError where it cannot be."""
    from engine.design.drawn_line import DrawnRouteProblem, legal_chain

    route = _route(document, settings)
    grid = movement_grid(document)
    costs = np.array(document.cost, np.float64)
    return DrawnRouteProblem(
        grid,
        costs,
        legal_chain(grid, [route.start, *route.line, route.goal]),
        admissible_of(document, settings),
        settings.keep_total,
        settings.margin,
    )


def _route(document: MapDocument, settings: DrawnRoute) -> Route:
    from engine.core.errors import ProblemError

    drawn = [route for route in document.routes if route.line]
    if not drawn:
        raise ProblemError(
            "line", "no route has a drawn line; draw one with the tool Trace (T), from start to goal"
        )
    named = [route for route in drawn if route.name == settings.route] if settings.route else drawn
    if not named:
        names = ", ".join(repr(route.name) for route in drawn)
        raise ProblemError("line", f"there is no route '{settings.route}' with a drawn line; there are {names}")
    return named[0]


def steps(document: MapDocument, settings: DrawnRoute, state: Any) -> Iterator[Seen]:
    """See `Scenario.steps`."""
    from engine.design.drawn_line import check_drawn_route
    from engine.design.drawn_route import DrawnRouteSettings

    problem = drawn_problem(document, settings)
    check_drawn_route(problem)
    how = DrawnRouteSettings(
        gradient=settings.gradient,  # pyright: ignore[reportArgumentType]
        steps=settings.steps,
        learning_rate=settings.learning_rate,
        tolerance=settings.tolerance,
        seed=settings.seed,
    )
    return _steps(problem, how, state)


def _steps(problem: DrawnRouteProblem, how: Any, state: Any) -> Iterator[Seen]:
    from engine.design.drawn_route import draw_route

    for iterate in draw_route(problem, how, state):
        now, best = iterate.standing, iterate.best_standing
        over = iterate.status is not None
        figures = {
            "on_path": 100.0 * now.on_path,
            "best_on_path": 100.0 * best.on_path,
            "change": iterate.change,
            "changed_total": float(np.abs(iterate.best_map - problem.cost_map)[problem.grid.passable].sum()),
            "best_change": iterate.best_change,
            "least_change": iterate.least_change,
            "certificate": best.certificate,
            "path_cost": best.path_cost,
            "line_cost": best.line_cost,
            "follows": float(best.follows),
            "gap": np.nan if iterate.gap is None else iterate.gap,
        }

        def frame(iterate: Any = iterate, over: bool = over) -> Frame:
            shown = iterate.best_standing if over else iterate.standing
            cost_map = iterate.best_map if over else iterate.cost_map
            return Frame(iterate.step, cost_map, iterate.load, (shown.path,))

        ending = None
        if iterate.status is not None:
            ending = _ending(iterate)
        status = "" if iterate.status is None else iterate.status.value
        yield Seen(iterate.step, figures, frame, iterate.best_map, iterate.state, status, ending)


def _ending(iterate: Any) -> str:
    if iterate.status.value == "not_a_number":
        return iterate.status.sentence
    if not iterate.best_standing.follows:
        return (
            f"The path does not take the line yet: {100 * iterate.best_standing.on_path:.0f} % of it is on the "
            f"path. More steps, wider bounds or a smaller margin may bring it there."
        )
    apart = iterate.best_standing.certificate
    if not np.isfinite(apart):
        return "The path takes the line; there is no other way."
    return f"The path takes the line, and every other way is dearer by at least {apart:.3g}."


def headline(first: Mapping[str, float], last: Mapping[str, float]) -> str:
    """The run in one line."""
    line = f"{last['best_on_path']:.0f}\u00a0% of the line on the path"
    if last["follows"] and np.isfinite(last["gap"]):
        line += f" · change within {within(last['gap'])}\u00a0% of the least possible"
    return line


def report(before: MapDocument, after: MapDocument, settings: DrawnRoute, last: Seen) -> Report:
    """Figures of the documents as they are: float32 costs."""
    from engine.design.drawn_line import line_standing

    problem = drawn_problem(before, settings)
    was = line_standing(problem, problem.cost_map)
    now = line_standing(problem, np.array(after.cost, np.float64))
    least, gap = float(last.figures["least_change"]), float(last.figures["gap"])
    return {
        "on_path_before": was.on_path,
        "on_path_after": now.on_path,
        "path_cost": now.path_cost,
        "line_cost": now.line_cost,
        "reduced_cost": now.certificate if np.isfinite(now.certificate) else None,
        "changed_total": float(np.abs(after.cost - before.cost, dtype=np.float64)[before.passable].sum()),
        "change": float(last.figures["best_change"]),
        "least_change": least if np.isfinite(least) else None,
        "gap": gap if np.isfinite(gap) else None,
        "line_cells": len(problem.line),
        "steps": last.step,
        "gradient": settings.gradient,
        "seed": settings.seed,
        "movement": movement_words(before.rule),
    }


def words(report: Report) -> list[str]:
    """The report as lines."""
    lines = [
        f"[bold]Line on the path: {100 * report['on_path_before']:.0f} % → {100 * report['on_path_after']:.0f} % "
        f"of {report['line_cells']} cells[/]",
        f"Total change {report['changed_total']:.4g} · {report['steps']} steps of {report['gradient']} in "
        f"{report['seconds']:.2f} s · {report['movement']}",
    ]
    if report["gap"] is not None:
        lines.append(f"The change is within {within(report['gap'])} % of the least possible.")
    return lines


def captions(report: Report) -> tuple[str, str]:
    """Shares of the line on the path."""
    return (
        f"{100 * report['on_path_before']:.0f} % of the drawn line on the path",
        f"{100 * report['on_path_after']:.0f} %, total change {report['changed_total']:.4g}",
    )


SCENARIO = Scenario(
    title="Draw the route",
    summary="Draw the way that the path should take (T); costs change as little as possible until it does.",
    settings=DrawnRoute,
    steps=steps,
    total_steps=lambda settings: settings.steps,
    apply=apply_map,
    headline=headline,
    curves=(
        Curve("on_path", "% of the line on the path", "value"),
        Curve("best_on_path", "best so far", "best"),
        Curve("change", "change (root of squares)", "soft"),
    ),
    axis="line on the path",
    report=report,
    words=words,
    captions=captions,
)
