"""Bounded foresight: agents that plan by beam search; the map helps or hinders them, the shortest path stays."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, isnan
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from app.scenarios.common_settings import (
    admissible_of,
    apply_map,
    budget_setting,
    drawn_costs,
    keep_setting,
    learning_rate_setting,
    lower_setting,
    seed_setting,
    steps_setting,
    symmetry_setting,
    upper_setting,
    with_bounds,
)
from app.scenarios.figures import curve
from app.scenarios.frame import Cells, Floats, Frame
from app.scenarios.report import Report, RunFacts, Score
from app.scenarios.scenario import RunStep, Scenario, state_of
from app.scenarios.settings import Choice, Number, Whole, setting
from app.scenarios.translate import class_movements, movement_grid, path_cells
from app.scenarios.words import kept_share
from engine.core.status import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from engine.cost_maps.admissible import Symmetry
    from engine.design import foresight as engine
    from engine.paths.beam_search import Layer
    from engine.paths.soft_beam import SoftLayer
    from maps.document import MapDocument

Aim = Literal["badly", "well", "watch"]

AIMS: dict[Aim, str] = {"badly": "Let them do badly", "well": "Let them do well", "watch": "Only watch"}
LAYER_SHOWN = 0.08  # seconds that a layer of a beam is in view, so that an eye can follow


def _watching(settings: ForesightSettings) -> bool:
    return settings.aim == "watch"


@dataclass(frozen=True)
class ForesightSettings:
    """How far agents see, what shall become of them, what the map must keep, and how to run."""

    aim: Aim = setting("badly", Choice("Aim", "What shall become of planners who see only so far", choices=AIMS))
    width: int = setting(
        3,
        Whole("Ways in mind", "How many ways a planner weighs at once", term="beam width", least=1, most=64),
    )
    horizon: int = setting(
        6,
        Whole("Moves ahead", "How far a planner looks", term="horizon of the search", least=1, most=64),
    )
    tolerance: float = setting(
        0.02,
        Number(
            "Best way stays",
            "Share by which the best way itself may become longer or shorter",
            term="tolerance of the path cost",
            most=1.0,
            single_step=0.01,
            unused=_watching,
        ),
    )
    keep: float = keep_setting(_watching)
    symmetry: Symmetry = symmetry_setting()
    budget: float | None = budget_setting()
    lower: float | None = lower_setting()
    upper: float | None = upper_setting()
    steps: int = steps_setting(200, 50, _watching)
    learning_rate: float = learning_rate_setting(0.1, unused=_watching)
    seed: int = seed_setting()


@dataclass(frozen=True)
class ForesightFigures:
    """Exact figures of a step. excess: mean share, in %, by which walks are dearer than paths; NaN if one is lost.

    lost: agents that do not arrive on the best map, of `agents`.  path_cost: of their shortest paths together.
    kept: share of the drawn cost that the best map leaves in place.
    """

    lost: int
    agents: int
    path_cost: float
    kept: float
    excess: float = curve("walks dearer, % (this step)", "value")
    best_excess: float = curve("walks dearer, % (best so far)", "best")


@dataclass(frozen=True, eq=False)
class ForesightReport(Report):
    """Exact figures of both documents, (A,) one for each agent. excess: a share; infinite where one is lost."""

    aim: Aim
    width: int
    horizon: int
    excess_before: Floats
    excess_after: Floats
    path_costs_before: Floats
    path_costs_after: Floats
    kept: float
    budget: float

    def score(self) -> Score:
        """Return by how much the agents' walks are dearer than the shortest paths, on average."""
        before, after = (100.0 * float(excess.mean()) for excess in (self.excess_before, self.excess_after))
        return Score("walks dearer, %", before, after)

    def summary_lines(self) -> list[str]:
        """Return the excess of the walks, the paths' costs, and how agents plan."""
        paths = zip(self.path_costs_before.tolist(), self.path_costs_after.tolist(), strict=True)
        return [
            f"Walks dearer than the shortest path by {_shares(self.excess_before, 1)} → "
            f"{_shares(self.excess_after, 1)} · {kept_share(self.kept)}",
            "Shortest paths: " + ", ".join(f"{was:.4g} → {now:.4g}" for was, now in paths),
            f"Beam of {self.width}, {self.horizon} moves ahead · {self.run.steps} steps in "
            f"{self.run.seconds:.2f} s · {self.run.movement}",
        ]

    def captions(self) -> tuple[str, str]:
        """Return the excess of the walks."""
        return (
            f"walks dearer by {_shares(self.excess_before, 0)}",
            f"walks dearer by {_shares(self.excess_after, 0)}",
        )


def _shares(excess: Floats, decimals: int) -> str:
    return ", ".join(f"{100 * x:.{decimals}f} %" if isfinite(x) else "lost" for x in excess.tolist())


ForesightStep: TypeAlias = RunStep[ForesightFigures, Floats]


class BoundedForesight(Scenario[ForesightSettings, ForesightFigures, Floats]):
    """Change costs so that agents of bounded foresight do well or badly. Result: (H, W) costs."""

    name = "foresight"
    title = "Fool the planners"
    summary = "Walkers who look only a few moves ahead get misled, or helped, while the best way stays."
    term = "beam search with bounded foresight"
    axis = "walks dearer than the path, %"
    settings = ForesightSettings
    figures = ForesightFigures
    headline_of_best = True

    def steps(
        self, document: MapDocument, settings: ForesightSettings, state: object = None
    ) -> Iterator[ForesightStep]:
        """See `Scenario.steps`. Agents that are only watched make one step of each layer of their beams."""
        from engine.design import foresight as engine

        problem = foresight_problem(document, settings)
        engine.check_foresight(problem)
        if settings.aim == "watch":
            return _watch(problem)
        how = engine.ForesightSettings(
            steps=settings.steps, learning_rate=settings.learning_rate, seed=settings.seed
        )
        iterates = engine.foresee(problem, how, state_of(engine.ForesightState, state))
        return (_step_of(problem, iterate) for iterate in iterates)

    def total_steps(self, settings: ForesightSettings) -> int | None:
        """Return Adam's steps; how many layers there are to watch, only the run knows."""
        return None if settings.aim == "watch" else settings.steps

    def headline(self, first: ForesightFigures, last: ForesightFigures) -> str:
        """Return how many agents get lost or, where none does, how much dearer their walks are."""
        path = "best way" if last.agents == 1 else f"{last.agents} best ways together"
        if last.lost:
            lost = f"{last.lost} of {last.agents} planners get lost"
            return f"{lost} · {path} {last.path_cost:.4g} · {kept_share(last.kept)}"
        was, now = first.best_excess, last.best_excess
        before = "" if isnan(was) or was == now else f"{was:.0f} → "
        dearer = f"Planners walk {before}{now:.0f}\u00a0% farther than the best way"
        return f"{dearer} · {path} {last.path_cost:.4g} · {kept_share(last.kept)}"

    def apply(self, document: MapDocument, result: Floats) -> MapDocument:
        """Return the document with the best map's costs. Raises MapError where the map does not fit."""
        return apply_map(document, result)

    def report(
        self,
        before: MapDocument,
        after: MapDocument,
        settings: ForesightSettings,
        last: ForesightStep,
        facts: RunFacts,
    ) -> ForesightReport:
        """Return what agents do on both documents."""
        from engine.cost_maps.change import share_kept
        from engine.design.foresight import verdict_on

        problem = foresight_problem(before, settings)
        was, now = (verdict_on(problem, drawn_costs(document)) for document in (before, after))
        return ForesightReport(
            facts,
            aim=settings.aim,
            width=settings.width,
            horizon=settings.horizon,
            excess_before=was.excess,
            excess_after=now.excess,
            path_costs_before=was.path_costs,
            path_costs_after=now.path_costs,
            kept=share_kept(problem.grid.passable, problem.cost_map, drawn_costs(after)),
            budget=after.total_cost,
        )

    def prepared(self, document: MapDocument, settings: ForesightSettings) -> MapDocument:
        """Return the document with the bounds of the settings."""
        return with_bounds(document, settings)


def foresight_problem(document: MapDocument, settings: ForesightSettings) -> engine.ForesightProblem:
    """Return the engine's problem, with an agent for each route. Raises ProblemError where it cannot be."""
    from engine.design.foresight import Agent, ForesightProblem

    return ForesightProblem(
        movement_grid(document),
        drawn_costs(document),
        tuple(
            Agent(route.start, route.goal, settings.width, settings.horizon, movement)
            for route, movement in zip(document.routes, class_movements(document), strict=True)
        ),
        "badly" if settings.aim == "watch" else settings.aim,
        admissible_of(document, settings, settings.budget),
        settings.tolerance,
        settings.keep,
    )


def _step_of(problem: engine.ForesightProblem, iterate: engine.ForesightIterate) -> ForesightStep:
    now, best = iterate.verdict, iterate.best_verdict

    def frame() -> Frame:
        over = iterate.status is not None
        cost_map, verdict = (iterate.best_map, best) if over else (iterate.cost_map, now)
        return Frame(
            iterate.step,
            cost_map,
            _beam_map(problem, iterate.beams),
            path_cells(problem.ground.movements, cost_map, problem.agents),
            walks=tuple(walk.cells for walk in verdict.walks),
        )

    return RunStep(
        iterate.step,
        _figures(best, now.excess, iterate.kept),
        frame,
        iterate.best_map,
        iterate.state,
        iterate.status,
        "" if iterate.status is None else iterate.status.message,
    )


def _watch(problem: engine.ForesightProblem) -> Iterator[ForesightStep]:
    """Yield the agents' plans on the drawn map, one layer of the beam after the other."""
    from engine.design.foresight import verdict_on

    verdict = verdict_on(problem, problem.cost_map)
    figures = _figures(verdict, verdict.excess, 1.0)
    paths = path_cells(problem.ground.movements, problem.cost_map, problem.agents)
    shown = [(walk, plan, layer) for walk in verdict.walks for plan in walk.plans for layer in plan.layers]
    for step, (walk, plan, layer) in enumerate(shown):
        earlier = [before.path for before in walk.plans[: walk.plans.index(plan)]]
        walked = np.concatenate(earlier or [plan.path[:1]])
        over = step + 1 == len(shown)
        yield RunStep(
            step,
            figures,
            _framing(problem, step, layer, walked, paths),
            status=Status.STEPS_DONE if over else None,
            message="All plans were shown; scrub the time line to look at any of them again." if over else "",
            seconds_shown=LAYER_SHOWN,
            total=len(shown) - 1,
        )


def _framing(
    problem: engine.ForesightProblem, step: int, layer: Layer, walked: Cells, paths: tuple[Cells, ...]
) -> Callable[[], Frame]:
    def frame() -> Frame:
        beam = np.zeros(problem.grid.shape)
        beam[layer.cells[:, 0], layer.cells[:, 1]] = 1.0
        return Frame(step, problem.cost_map, beam, paths, walks=(walked,))

    return frame


def _figures(best: engine.Verdict, excess: Floats, kept: float) -> ForesightFigures:
    """Return the figures of the best map. excess: (A,) of the step's own map.  kept: of the drawn cost."""
    return ForesightFigures(
        lost=sum(not walk.arrives for walk in best.walks),
        agents=len(best.walks),
        path_cost=float(best.path_costs.sum()),
        kept=kept,
        excess=_percent(excess),
        best_excess=_percent(best.excess),
    )


def _percent(excess: Floats) -> float:
    """Return the mean share in per cent; NaN if an agent gets lost."""
    return float(100.0 * np.mean(excess)) if np.isfinite(excess).all() else np.nan


def _beam_map(problem: engine.ForesightProblem, beams: tuple[tuple[tuple[SoftLayer, ...], ...], ...]) -> Floats:
    """Return how often (H, W) cells are in a beam, by their membership."""
    beam = np.zeros(problem.grid.shape)
    for plans in beams:
        for layers in plans:
            for layer in layers:
                np.add.at(beam, (layer.cells[:, 0], layer.cells[:, 1]), layer.membership)
    return beam
