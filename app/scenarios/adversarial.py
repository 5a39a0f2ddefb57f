"""Adversarial path: a fixed total of cost is redistributed until the shortest path is as long as it can get."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from app.scenarios.common_settings import (
    DEVICES,
    admissible_of,
    apply_map,
    budget_setting,
    lower_setting,
    seed_setting,
    symmetry_setting,
    upper_setting,
)
from app.scenarios.frame import Frame
from app.scenarios.scenario import Curve, Report, Scenario, Seen
from app.scenarios.settings import setting
from app.scenarios.translate import exact_paths, movement_grid, movement_words, path_costs
from app.scenarios.words import within
from maps.document import MapDocument

if TYPE_CHECKING:
    from engine.core.arrays import Floats
    from engine.cost_maps.problem import Problem

AIMS = {
    "longer": "Longer paths",
    "shorter": "Shorter paths",
    "longer_minimum": "The shortest route longer",
    "target": "A target for each route",
}
METHODS = {
    "logit": "Soft paths (logit)",
    "bregman": "Entropic flow (Bregman)",
    "exact": "Exact path",
    "optimum": "True optimum",
}


def _without_adam(settings: Adversarial) -> bool:
    return settings.method == "optimum"


@dataclass(frozen=True)
class Adversarial:
    """What is asked for, beyond what the document says, and how to run.

    None takes what the document has (budget, lower, upper) or what suits the method.
    """

    aim: str = setting(
        "longer", "Aim", "What becomes of the weighted sum of the routes' costs, or of each of them", choices=AIMS
    )
    targets: tuple[float, ...] = setting(
        (),
        "Targets",
        "The path cost that each route should have, in the routes' order",
        flag="--target",
        unused=lambda settings: settings.aim != "target",
    )
    budget: float | None = budget_setting()
    lower: float | None = lower_setting()
    upper: float | None = upper_setting()
    symmetry: str = symmetry_setting()
    method: str = setting(
        "logit",
        "Method",
        "logit: fastest on a CPU; bregman: smooth, for GPUs; exact: the path itself; optimum: the true optimum "
        "of the aim “Longer paths”",
        choices=METHODS,
    )
    steps: int = setting(
        400, "Steps", "Steps of Adam", least=1, most=100_000, single_step=100, unused=_without_adam
    )
    smoothness: float = setting(
        0.0, "Smoothness", "Penalty on jumps between neighbouring cells; 0 leaves it out", most=1e3, more=True
    )
    closeness: float = setting(
        0.0, "Closeness", "Penalty on leaving the drawn map; 0 leaves it out", most=1e3, more=True
    )
    epsilon: float | None = setting(
        None,
        "Last spread",
        "How spread the traffic still is at the last step, as a share of the mean cost (regularisation ε)",
        least=0.0005,
        most=1.0,
        single_step=0.005,
        as_is=lambda _: ("suits the method", 0.01),
        more=True,
        unused=_without_adam,
    )
    learning_rate: float = setting(
        0.45,
        "Learning rate",
        "Size of Adam's steps",
        least=0.001,
        most=10.0,
        single_step=0.05,
        more=True,
        unused=_without_adam,
    )
    tolerance: float = setting(
        0.0,
        "Stop within",
        "Stop at this gap to the longest possible, as a share; 0 uses all steps, and 0.0005 for the optimum",
        most=1.0,
        single_step=0.005,
        more=True,
    )
    seed: int = seed_setting()
    device: str = setting("auto", "Device", "Where the engine computes", choices=DEVICES, more=True)


def adversarial_problem(document: MapDocument, settings: Adversarial) -> Problem:
    """The engine's problem of redistributing the document's costs. Raises ProblemError where that cannot be."""
    from engine.core.errors import ProblemError
    from engine.cost_maps.problem import Objective, Problem, Route

    if settings.targets and len(settings.targets) != len(document.routes):
        raise ProblemError(
            "objective",
            f"{len(settings.targets)} targets for {len(document.routes)} routes; give one for each",
        )
    cost_map = np.array(document.cost, dtype=np.float64)
    targets = settings.targets or (None,) * len(document.routes)
    return Problem(
        grid=movement_grid(document),
        cost_map=cost_map,
        routes=tuple(
            Route(route.start, route.goal, route.weight, target)
            for route, target in zip(document.routes, targets, strict=True)
        ),
        admissible=admissible_of(document, settings),
        objective=Objective(settings.aim, settings.smoothness, settings.closeness),
    )


def steps(document: MapDocument, settings: Adversarial, state: Any) -> Iterator[Seen]:
    """See `Scenario.steps`."""
    from engine.core.errors import ProblemError
    from engine.cost_maps.problem import check_problem

    problem = adversarial_problem(document, settings)
    check_problem(problem)
    if settings.method != "optimum":
        return _design_steps(problem, document, settings, state)
    if not problem.objective.linear:
        raise ProblemError(
            "objective",
            "the true optimum solves the aim “Longer paths” without smoothness or closeness; choose the method "
            "logit or bregman for this one",
        )
    return _optimum_steps(problem, document, settings, state)


def _design_steps(problem: Problem, document: MapDocument, settings: Adversarial, state: Any) -> Iterator[Seen]:
    from engine.design.adversarial import DesignSettings, optimise_costs

    device = device_of(settings)
    how = DesignSettings(
        method=settings.method,  # pyright: ignore[reportArgumentType]
        steps=settings.steps,
        learning_rate=settings.learning_rate,
        epsilon_end=settings.epsilon,
        tolerance=settings.tolerance,
        seed=settings.seed,
        device=device,
    )
    if state is None:
        yield _as_drawn(problem, document)
    for iterate in optimise_costs(problem, how, state):
        bound = np.nan if iterate.upper_bound is None else iterate.upper_bound
        gap = np.nan if iterate.gap is None else iterate.gap
        figures = {
            "path_cost": _figure_of(problem, iterate.path_costs),
            "best": _figure_of(problem, iterate.best_path_costs),
            "soft": _figure_of(problem, iterate.soft_costs),
            "bound": bound,
            "gap": gap,
            "off_target": iterate.best_score if settings.aim == "target" else np.nan,
        }
        shown = iterate.cost_map if iterate.status is None else iterate.best_map
        yield Seen(
            iterate.step,
            figures,
            _framing(problem, iterate.step, shown, iterate.loads, device),
            iterate.best_map,
            iterate.state,
            "" if iterate.status is None else iterate.status.value,
            None if iterate.status is None else iterate.status.sentence,
        )


def _optimum_steps(problem: Problem, document: MapDocument, settings: Adversarial, state: Any) -> Iterator[Seen]:
    from engine.optimum.run import OptimumSettings, approach_optimum

    default = OptimumSettings()
    how = OptimumSettings(
        settings.tolerance or default.tolerance, default.max_iterations, device=device_of(settings)
    )
    if state is None:
        yield _as_drawn(problem, document)
    for iterate in approach_optimum(problem, how, state):
        figures = {
            "path_cost": iterate.value,
            "best": iterate.value,
            "soft": np.nan,
            "bound": iterate.upper_bound,
            "gap": iterate.gap,
            "off_target": np.nan,
        }
        yield Seen(
            iterate.iterations,
            figures,
            _framing(problem, iterate.iterations, iterate.cost_map, iterate.loads, how.device),
            iterate.cost_map,
            iterate.warm_start,
            "" if iterate.status is None else iterate.status.value,
            None if iterate.status is None else iterate.status.sentence,
        )


def _as_drawn(problem: Problem, document: MapDocument) -> Seen:
    from engine.cost_maps.objectives import score

    costs = np.array(path_costs(document))
    drawn = _figure_of(problem, costs)
    off = score(problem, costs) if problem.objective.aim == "target" else np.nan
    unknown = dict.fromkeys(("soft", "bound", "gap"), np.nan)
    figures = {"path_cost": drawn, "best": drawn, **unknown, "off_target": off}
    return Seen(0, figures, _framing(problem, 0, problem.cost_map, None), None, None)


def _figure_of(problem: Problem, costs: Floats) -> float:
    """The path cost to show for those of the routes (R,): what the run optimises, with targets their mean."""
    from engine.cost_maps.objectives import score

    if problem.objective.aim == "target":
        return float(problem.weights @ costs / problem.weights.sum())
    return score(problem, costs)


def _framing(problem: Problem, step: int, cost_map: Any, loads: Any, device: str = "cpu") -> Any:
    def frame() -> Frame:
        traffic = None if loads is None else np.einsum("r,rhw->hw", problem.weights, loads)
        paths = exact_paths(problem.grid, cost_map, problem.routes)
        return Frame(step, cost_map, traffic, paths, device=device)

    return frame


def device_of(settings: Adversarial) -> str:
    """Where a run with these settings computes; raises ValueError for a device that is not there."""
    from engine.core.device import pick_device

    if settings.method == "optimum":
        return pick_device("cpu" if settings.device == "auto" else settings.device, "exact")
    return pick_device(settings.device, settings.method)  # pyright: ignore[reportArgumentType]


def headline(first: Mapping[str, float], last: Mapping[str, float]) -> str:
    """The run in one line: "Path 29.0 → 83.4 · within 0.6 % of the longest possible"."""
    line = f"Path {first['path_cost']:.1f} → {last['best']:.1f}"
    if np.isfinite(last["off_target"]):
        return line + f" · {100.0 * last['off_target']:.1f}\u00a0% off the target"
    if last["gap"] < 0.5:
        line += f" · within {within(last['gap'])}\u00a0% of the longest possible"
    elif np.isfinite(last["bound"]):
        line += f" · no more than {last['bound']:.0f} is possible"
    return line


def report(before: MapDocument, after: MapDocument, settings: Adversarial, last: Seen) -> Report:
    """Figures of the documents as they are: float32 costs."""
    from engine.cost_maps.certificate import relative_gap
    from engine.cost_maps.objectives import score

    problem = adversarial_problem(before, settings)
    costs_before, costs_after = path_costs(before), path_costs(after)
    bound = float(last.figures["bound"])
    known = np.isfinite(bound)
    gap = max(0.0, relative_gap(bound, score(problem, costs_after))) if known else None
    return {
        "path_cost_before": score(problem, costs_before),
        "path_cost_after": score(problem, costs_after),
        "upper_bound": bound if known else None,
        "gap": gap,
        "budget": float(after.cost[after.passable].sum(dtype=np.float64)),
        "steps": last.step,
        "method": settings.method,
        "device": device_of(settings),
        "seed": settings.seed,
        "aim": settings.aim,
        "movement": movement_words(before.rule),
        "routes": [
            {"name": route.name, "start": route.start, "goal": route.goal, "before": was, "after": now}
            for route, was, now in zip(before.routes, costs_before, costs_after, strict=True)
        ],
    }


def words(report: Report) -> list[str]:
    """The report as lines."""
    gap = report["gap"]
    line = f"[bold]Path {report['path_cost_before']:.4g} → {report['path_cost_after']:.4g}"
    if gap is not None:
        line += f" · within {within(gap)} % of the longest possible ({report['upper_bound']:.6g})"
    lines = [line + "[/]"]
    routes = report["routes"] if len(report["routes"]) > 1 else []
    lines += [f"  {route['name']}: {route['before']:.4g} → {route['after']:.4g}" for route in routes]
    lines.append(
        f"Total cost {report['budget']:.6g} · {report['steps']} steps of {report['method']} on "
        f"{report['device']} in {report['seconds']:.2f} s · {report['movement']}"
    )
    if gap is not None and gap > 0.02 and report["method"] != "optimum" and report["aim"] == "longer":
        lines.append("More --steps come nearer; --method optimum finds the longest possible itself.")
    return lines


def captions(report: Report) -> tuple[str, str]:
    """Path costs and the gap."""
    near = "" if report["gap"] is None else f", within {within(report['gap'])} % of the longest possible"
    return f"path cost {report['path_cost_before']:.4g}", f"path cost {report['path_cost_after']:.4g}{near}"


SCENARIO = Scenario(
    title="Adversarial path",
    summary="Move a fixed total of cost about until the shortest path is as long as it can get.",
    settings=Adversarial,
    steps=steps,
    total_steps=lambda settings: None if settings.method == "optimum" else settings.steps,
    apply=apply_map,
    headline=headline,
    curves=(
        Curve("bound", "longest possible (bound)", "bound"),
        Curve("best", "best so far", "best"),
        Curve("path_cost", "this step", "value"),
        Curve("soft", "regularised", "soft"),
    ),
    axis="path cost",
    report=report,
    words=words,
    captions=captions,
)
