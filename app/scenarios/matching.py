"""Point matching: layouts of points move to fit another layout, or to spread over the painted costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite, nan
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from app.scenarios.figures import curve
from app.scenarios.frame import Cells, Floats, Frame, Plan
from app.scenarios.matching_problem import matching_problem, setting_of
from app.scenarios.matching_settings import Ground, MatchingSettings
from app.scenarios.report import Report, RunFacts, Score
from app.scenarios.scenario import RunStep, Scenario, state_of
from app.scenarios.translate import fixes_in_settings
from app.scenarios.words import figure
from maps.layout_edits import move_layouts

if TYPE_CHECKING:
    from engine.matching.iterate import MatchIterate, MatchSettings
    from engine.matching.problem import MatchProblem
    from engine.matching.state import MatchState
    from maps.document import MapDocument

LINES = 400  # of a plan, drawn at most

MovedLayouts: TypeAlias = Mapping[str, tuple[Floats, Floats]]  # name to positions (n, 2) and weights (n,)


@dataclass(frozen=True)
class MatchingFigures:
    """Figures of a step's plans. exact_cost: without blur; NaN where it was not computed. moved: in cells."""

    points: int
    epsilon: float
    blur: float
    exact_cost: float
    transport_cost: float = curve("mismatch", "best", tip="In the field: the transport cost.")
    regularised_cost: float = curve(
        "softened mismatch", "soft", tip="In the field: the regularised transport cost."
    )
    marginal_error: float = curve(
        "weight without a place", "bound", log=True, tip="In the field: the marginal error of the plan."
    )
    moved: float = curve("farthest move, cells", "value", log=True)


@dataclass(frozen=True)
class LayoutReport:
    """One layout that moved."""

    name: str
    points: int
    weight: float


@dataclass(frozen=True, eq=False)
class MatchingReport(Report):
    """Figures of the run's own first and last plan. exact_cost: of the best plan without blur; NaN if unknown."""

    transport_cost_before: float
    transport_cost_after: float
    exact_cost_before: float
    exact_cost_after: float
    marginal_error: float
    epsilon: float
    blur: float
    ground: Ground
    layouts: tuple[LayoutReport, ...]

    def score(self) -> Score:
        """Return the transport cost."""
        return Score("transport cost", self.transport_cost_before, self.transport_cost_after)

    def summary_lines(self) -> list[str]:
        """Return transport costs, exact ones where they are known, and what moved."""
        lines = [f"Transport cost {self.transport_cost_before:.4g} → {self.transport_cost_after:.4g}"]
        if isfinite(self.exact_cost_after):
            lines.append(
                f"Of the best plan without blur: {self.exact_cost_before:.4g} → {self.exact_cost_after:.4g}"
            )
        moved = ", ".join(f"{layout.points} points of {layout.name}" for layout in self.layouts)
        lines.append(
            f"{moved} · {self.run.steps} steps in {self.run.seconds:.2f} s · marginal error "
            f"{self.marginal_error:.1e} at a blur of {self.blur:g} cells"
        )
        return lines

    def captions(self) -> tuple[str, str]:
        """Return transport costs."""
        return (
            f"transport cost {self.transport_cost_before:.4g}",
            f"transport cost {self.transport_cost_after:.4g}",
        )


MatchingStep: TypeAlias = RunStep[MatchingFigures, MovedLayouts]


class PointMatching(Scenario[MatchingSettings, MatchingFigures, MovedLayouts]):
    """Move layouts of points towards another layout or a density. Result: `MovedLayouts`."""

    name = "matching"
    title = "Spread the loot"
    summary = "Points spread over the ground, or move onto another layout, with as little moving as can be."
    term = "optimal transport, point matching"
    axis = "transport cost"
    needs_route = False
    moves_points = True
    settings = MatchingSettings
    figures = MatchingFigures

    def steps(
        self, document: MapDocument, settings: MatchingSettings, state: object = None
    ) -> Iterator[MatchingStep]:
        """See `Scenario.steps`. Points that stay in place in the drawing are known again after an edit."""
        from engine.core.device import pick_device
        from engine.matching.iterate import MatchSettings
        from engine.matching.problem import check_matching
        from engine.matching.state import MatchState

        before = state_of(MatchState, state)
        problem = matching_problem(document, settings, None if before is None else before.problem)
        with fixes_in_settings(setting_of):
            check_matching(problem)
        how = MatchSettings(
            steps=settings.steps,
            learning_rate=settings.learning_rate,
            blur_end=settings.blur,
            tolerance=settings.tolerance,
            seed=settings.seed,
            device=pick_device("cpu" if settings.device == "auto" else settings.device, "exact"),
        )
        return _steps(problem, how, before)

    def total_steps(self, settings: MatchingSettings) -> int | None:
        """Return Adam's steps; a run in which no point moves any more ends before."""
        return settings.steps

    def headline(self, first: MatchingFigures, last: MatchingFigures) -> str:
        """Return how many points there are, and how much better they fit than at first."""
        points = f"{last.points} point{'' if last.points == 1 else 's'}"
        before, after = first.transport_cost, last.transport_cost
        lengths = f"transport cost {figure(before)} → {figure(after)}"
        if not before > 0.0:
            return f"{points} in place ({lengths})"
        percent = 100.0 * (1.0 - after / before)
        mismatch = f"mismatch {abs(percent):.0f}\u00a0% {'smaller' if percent >= 0.0 else 'larger'}"
        return f"{points}, {mismatch} ({lengths})"

    def apply(self, document: MapDocument, result: MovedLayouts) -> MapDocument:
        """Return the document with its layouts where the run moved them.

        Raises MapError if one is gone or has changed.
        """
        return move_layouts(document, result)

    def report(
        self,
        before: MapDocument,
        after: MapDocument,
        settings: MatchingSettings,
        last: MatchingStep,
        facts: RunFacts,
    ) -> MatchingReport:
        """Return figures of the first and the last plan, both with the blur of the last step."""
        from engine.matching.iterate import MatchSettings
        from engine.matching.run import match_points

        start = next(match_points(matching_problem(before, settings), MatchSettings(blur_end=settings.blur)))
        moved: MovedLayouts = last.result or {}
        return MatchingReport(
            facts,
            transport_cost_before=start.transport_cost,
            transport_cost_after=last.figures.transport_cost,
            exact_cost_before=nan if start.exact_cost is None else start.exact_cost,
            exact_cost_after=last.figures.exact_cost,
            marginal_error=last.figures.marginal_error,
            epsilon=last.figures.epsilon,
            blur=last.figures.blur,
            ground=settings.ground,
            layouts=tuple(
                LayoutReport(name, len(positions), float(np.sum(weights)))
                for name, (positions, weights) in moved.items()
            ),
        )


def _steps(problem: MatchProblem, how: MatchSettings, state: MatchState | None) -> Iterator[MatchingStep]:
    from engine.matching.run import match_points

    with fixes_in_settings(setting_of):
        for iterate in match_points(problem, how, state):
            yield _step_of(iterate, how.device)


def _step_of(iterate: MatchIterate, device: str) -> MatchingStep:
    names = [layout.name for layout in iterate.state.problem.layouts]
    figures = MatchingFigures(
        points=sum(len(positions) for positions in iterate.positions),
        epsilon=iterate.epsilon,
        blur=iterate.blur,
        exact_cost=nan if iterate.exact_cost is None else iterate.exact_cost,
        transport_cost=iterate.transport_cost,
        regularised_cost=iterate.regularised_cost,
        marginal_error=iterate.marginal_error,
        moved=iterate.to_go,
    )

    def frame() -> Frame:
        layouts = dict(zip(names, iterate.positions, strict=True))
        return Frame(iterate.step, layouts=layouts, plan=_drawn_plan(iterate), device=device)

    result = {
        name: (positions, weights)
        for name, positions, weights in zip(names, iterate.positions, iterate.weights, strict=True)
    }
    return RunStep(
        iterate.step,
        figures,
        frame,
        result,
        iterate.state,
        iterate.status,
        "" if iterate.status is None else iterate.message,
    )


def _drawn_plan(iterate: MatchIterate) -> Plan:
    """Return the largest couplings, as lines from points to points or to ground."""
    from engine.matching.problem import Density

    plan = iterate.plan_lines(LINES)
    begins = _places(iterate.positions, plan.layouts, plan.points)
    ends = _places(iterate.target_positions, plan.targets, plan.target_points)
    grounds = [target.name for target in iterate.state.problem.targets if isinstance(target, Density)]
    return Plan(np.hstack([begins, ends]), plan.mass, plan.points, " · ".join(grounds))


def _places(layouts: tuple[Floats, ...], which: Cells, points: Cells) -> Floats:
    """Return the positions (k, 2) of points (k,), each of the layout with that index (k,)."""
    places: list[Floats] = [
        layouts[layout][point] for layout, point in zip(which.tolist(), points.tolist(), strict=True)
    ]
    return np.array(places, np.float64).reshape(-1, 2)
