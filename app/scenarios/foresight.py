"""Bounded foresight: agents that plan by beam search; the map helps or hinders them, the shortest path stays."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from app.scenarios.common_settings import (
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
from app.scenarios.translate import exact_paths, movement_grid, movement_words
from maps.document import MapDocument

if TYPE_CHECKING:
    from engine.design.foresight import ForesightIterate, ForesightProblem

AIMS = {"badly": "Let them do badly", "well": "Let them do well", "watch": "Only watch"}


LAYER_SHOWN = 0.08  # seconds that a layer of a beam is in view, so that an eye can follow


def _watching(settings: Foresight) -> bool:
    return settings.aim == "watch"


@dataclass(frozen=True)
class Foresight:
    """How far agents see, what shall become of them, what the map must keep, and how to run."""

    aim: str = setting("badly", "Aim", "What shall become of agents that see only so far", choices=AIMS)
    width: int = setting(
        3, "Beam width", "How many ways an agent keeps in mind at once", least=1, most=64, single_step=1
    )
    horizon: int = setting(6, "Foresight", "How many moves an agent looks ahead", least=1, most=64, single_step=1)
    tolerance: float = setting(
        0.02,
        "Shortest path stays",
        "Share by which the cost of the shortest path itself may change",
        most=1.0,
        single_step=0.01,
        unused=_watching,
    )
    budget: float | None = budget_setting()
    lower: float | None = lower_setting()
    upper: float | None = upper_setting()
    symmetry: str = symmetry_setting()
    steps: int = setting(200, "Steps", "Steps of Adam", least=1, most=100_000, single_step=50, unused=_watching)
    learning_rate: float = setting(
        0.1,
        "Learning rate",
        "Size of Adam's steps",
        least=0.001,
        most=10.0,
        single_step=0.05,
        more=True,
        unused=_watching,
    )
    seed: int = seed_setting()


def foresight_problem(document: MapDocument, settings: Foresight) -> ForesightProblem:
    """The engine's problem: an agent for each route. Raises ProblemError where it cannot be."""
    from engine.design.foresight import Agent, ForesightProblem

    return ForesightProblem(
        movement_grid(document),
        np.array(document.cost, np.float64),
        tuple(Agent(route.start, route.goal, settings.width, settings.horizon) for route in document.routes),
        "badly" if settings.aim == "watch" else settings.aim,
        admissible_of(document, settings),
        settings.tolerance,
    )


def steps(document: MapDocument, settings: Foresight, state: Any) -> Iterator[Seen]:
    """See `Scenario.steps`."""
    from engine.design.foresight import ForesightSettings, check_foresight, foresee

    problem = foresight_problem(document, settings)
    check_foresight(problem)
    if settings.aim == "watch":
        return _watch(problem)
    how = ForesightSettings(steps=settings.steps, learning_rate=settings.learning_rate, seed=settings.seed)
    return (_seen(problem, iterate) for iterate in foresee(problem, how, state))


def _seen(problem: ForesightProblem, iterate: ForesightIterate) -> Seen:
    now, best = iterate.verdict, iterate.best_verdict
    figures = {**_figures(best), "excess": _percent(now.excess), "best_excess": _percent(best.excess)}

    def frame() -> Frame:
        over = iterate.status is not None
        cost_map, verdict = (iterate.best_map, best) if over else (iterate.cost_map, now)
        return Frame(
            iterate.step,
            cost_map,
            _beam_map(problem, iterate.beams),
            exact_paths(problem.grid, cost_map, problem.agents),
            walks=tuple(walk.cells for walk in verdict.walks),
        )

    status = "" if iterate.status is None else iterate.status.value
    ending = None if iterate.status is None else iterate.status.sentence
    return Seen(iterate.step, figures, frame, iterate.best_map, iterate.state, status, ending)


def _watch(problem: ForesightProblem) -> Iterator[Seen]:
    """The agents' plans on the drawn map, one layer of the beam after the other."""
    from engine.design.foresight import verdict_on

    verdict = verdict_on(problem, problem.cost_map)
    figures = {**_figures(verdict), "excess": _percent(verdict.excess), "best_excess": _percent(verdict.excess)}
    paths = exact_paths(problem.grid, problem.cost_map, problem.agents)
    shown = [(walk, plan, layer) for walk in verdict.walks for plan in walk.plans for layer in plan.layers]
    for step, (walk, plan, layer) in enumerate(shown):
        walked = np.concatenate([before.way for before in walk.plans[: walk.plans.index(plan)]] or [plan.way[:1]])

        def frame(step: int = step, layer: Any = layer, walked: Any = walked) -> Frame:
            beam = np.zeros(problem.grid.shape)
            beam[layer.cells[:, 0], layer.cells[:, 1]] = 1.0
            return Frame(step, problem.cost_map, beam, paths, walks=(walked,))

        ending = None
        if step + 1 == len(shown):
            ending = "All plans were shown; scrub the time line to look at any of them again."
        yield Seen(step, figures, frame, None, None, "" if ending is None else "steps_done", ending)
        time.sleep(LAYER_SHOWN)


def _figures(verdict: Any) -> dict[str, float]:
    lost = [not walk.arrives for walk in verdict.walks]
    return {
        "lost": float(sum(lost)),
        "agents": float(len(lost)),
        "drift": float(np.abs(verdict.drift).max()),
        "walk_cost": float(sum(walk.cost for walk in verdict.walks)),
        "path_cost": float(verdict.path_costs.sum()),
    }


def _percent(excess: Any) -> float:
    """Mean share, in per cent, by which walks are dearer than shortest paths; NaN if an agent gets lost."""
    return float(100.0 * np.mean(excess)) if np.isfinite(excess).all() else np.nan


def _beam_map(problem: ForesightProblem, beams: Any) -> Any:
    seen = np.zeros(problem.grid.shape)
    for plans in beams:
        for layers in plans:
            for layer in layers:
                np.add.at(seen, (layer.cells[:, 0], layer.cells[:, 1]), layer.membership)
    return seen


def headline(first: Mapping[str, float], last: Mapping[str, float]) -> str:
    """The run in one line."""
    if last["lost"]:
        return f"{last['lost']:.0f} of {last['agents']:.0f} agents get lost · path {last['path_cost']:.4g}"
    was, now = first["best_excess"], last["best_excess"]
    before = "" if np.isnan(was) or was == now else f"{was:.0f} → "
    return f"Walks {before}{now:.0f}\u00a0% dearer than the path · path {last['path_cost']:.4g}"


def report(before: MapDocument, after: MapDocument, settings: Foresight, last: Seen) -> Report:
    """Exact figures of both documents."""
    from engine.design.foresight import verdict_on

    problem = foresight_problem(before, settings)
    was = verdict_on(problem, np.array(before.cost, np.float64))
    now = verdict_on(problem, np.array(after.cost, np.float64))

    def told(values: Any) -> list[float | None]:
        return [float(value) if np.isfinite(value) else None for value in values]

    return {
        "excess_before": told(was.excess),
        "excess_after": told(now.excess),
        "path_costs_before": was.path_costs.tolist(),
        "path_costs_after": now.path_costs.tolist(),
        "budget": float(after.cost[after.passable].sum(dtype=np.float64)),
        "width": settings.width,
        "horizon": settings.horizon,
        "steps": last.step,
        "aim": settings.aim,
        "seed": settings.seed,
        "movement": movement_words(before.rule),
    }


def words(report: Report) -> list[str]:
    """The report as lines."""

    def shares(when: str) -> str:
        return ", ".join("lost" if x is None else f"{100 * x:.1f} %" for x in report[f"excess_{when}"])

    paths = zip(report["path_costs_before"], report["path_costs_after"], strict=True)
    return [
        f"[bold]Walks dearer than the shortest path by {shares('before')} → {shares('after')}[/]",
        "Shortest paths: " + ", ".join(f"{was:.4g} → {now:.4g}" for was, now in paths),
        f"Beam of {report['width']}, {report['horizon']} moves ahead · {report['steps']} steps in "
        f"{report['seconds']:.2f} s · {report['movement']}",
    ]


def captions(report: Report) -> tuple[str, str]:
    """Excess of the walks."""
    was, now = (
        ", ".join("lost" if x is None else f"{100 * x:.0f} %" for x in report[f"excess_{when}"])
        for when in ("before", "after")
    )
    return f"walks dearer by {was}", f"walks dearer by {now}"


SCENARIO = Scenario(
    title="Bounded foresight",
    summary="Agents plan by beam search, a few moves ahead; let the map help or fool them while the path stays.",
    settings=Foresight,
    steps=steps,
    total_steps=lambda settings: None if settings.aim == "watch" else settings.steps,
    apply=apply_map,
    headline=headline,
    curves=(
        Curve("excess", "walks dearer, % (this step)", "value"),
        Curve("best_excess", "walks dearer, % (best so far)", "best"),
    ),
    axis="walks dearer than the path, %",
    report=report,
    words=words,
    captions=captions,
)
