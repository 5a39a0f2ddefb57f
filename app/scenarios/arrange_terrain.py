"""Arrange terrain: the tiles that are on the map change places until paths are as wanted."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from math import isfinite, nan
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from app.scenarios.arrange_settings import ArrangeSettings
from app.scenarios.common_settings import drawn_costs
from app.scenarios.figures import curve
from app.scenarios.frame import Floats, Frame
from app.scenarios.report import Report, RunFacts, Score
from app.scenarios.route_report import RouteReport, costs_of, route_reports
from app.scenarios.scenario import RunStep, Scenario, state_of
from app.scenarios.tiles import Tiles, tiles_of
from app.scenarios.translate import path_cells, route_movements
from app.scenarios.words import compared, of_possible, with_length, within
from engine.core.errors import ProblemError
from maps.travel import travel_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from engine.arranging.problem import Aim, Arrangement, TravelClass
    from engine.arranging.run import ArrangeIterate
    from maps.document import MapDocument


@dataclass(frozen=True)
class ArrangeFigures:
    """Path costs of a step: the weighted sum of the routes, with "fair" the smallest ratio to the drawn cost.

    gap: of the best map to the bound, relative.  changed: share of the tiles that differ from the drawn map.
    off_target: worst relative deviation from a target.
    """

    bound: float = curve("longest possible (bound)", "bound")
    best: float = curve("best so far", "best")
    path_cost: float = curve("this step", "value")
    gap: float = nan
    changed: float = 0.0
    off_target: float = nan


@dataclass(frozen=True, eq=False)
class ArrangeReport(Report):
    """Exact path costs of both documents: the weighted sum of the routes.

    upper_bound, gap: of that sum, with "fair" of the smallest ratio to the drawn cost; NaN without a bound.
    tiles: how many the map has, of so many terrains.
    """

    path_cost_before: float
    path_cost_after: float
    upper_bound: float
    gap: float
    tiles_changed: int
    tiles: int
    terrains: int
    aim: Aim
    routes: tuple[RouteReport, ...]

    def score(self) -> Score:
        """Return the paths' cost."""
        return Score("path cost", self.path_cost_before, self.path_cost_after)

    def summary_lines(self) -> list[str]:
        """Return path costs and gap, each route's where there are several, and how many tiles changed."""
        what = f"Weighted sum of {len(self.routes)} routes" if len(self.routes) > 1 else "Path"
        line = f"{what} {self.path_cost_before:.4g} → {self.path_cost_after:.4g}"
        line += f" · {compared(self.path_cost_before, self.path_cost_after)}"
        if isfinite(self.gap):
            line += f" · within {within(self.gap)} % of the best that these tiles can do"
        routes = self.routes if len(self.routes) > 1 else ()
        return [
            line,
            *(route.line for route in routes),
            f"{self.tiles_changed} of {self.tiles} tiles changed, {self.terrains} terrains · "
            f"{self.run.steps} steps in {self.run.seconds:.2f} s · {self.run.movement}",
        ]

    def captions(self) -> tuple[str, str]:
        """Return path costs, and the share of tiles that changed."""
        what = f"weighted sum of {len(self.routes)} routes" if len(self.routes) > 1 else "path cost"
        changed = 100.0 * self.tiles_changed / max(1, self.tiles)
        return (
            f"{what} {self.path_cost_before:.4g}",
            f"{what} {self.path_cost_after:.4g}, {changed:.0f} % of the tiles changed",
        )


@dataclass(frozen=True, eq=False)
class Arranged:
    """An arrangement (H, W) of tiles: the number of each one's terrain."""

    tiles: Tiles
    terrain: npt.NDArray[np.int64]


ArrangeStep: TypeAlias = RunStep[ArrangeFigures, Arranged]


class ArrangeTerrain(Scenario[ArrangeSettings, ArrangeFigures, Arranged]):
    """Rearrange the tiles of a map so that paths get longer, shorter, or as asked. Result: the tiles."""

    name = "arrange_terrain"
    title = "Arrange my terrain"
    summary = "Your tiles change places until the way is as long as you want; none is made or lost."
    term = "assignment of terrains under a shortest-path objective"
    axis = "path cost"
    settings = ArrangeSettings
    figures = ArrangeFigures

    def steps(
        self, document: MapDocument, settings: ArrangeSettings, state: object = None
    ) -> Iterator[ArrangeStep]:
        """See `Scenario.steps`."""
        from engine.arranging.checks import check_arrangement
        from engine.arranging.prepared import prepare

        problem, tiles = arrangement(document, settings)
        check_arrangement(problem)
        prepare(problem)
        return _steps(problem, tiles, settings, state)

    def total_steps(self, settings: ArrangeSettings) -> int | None:
        """Return the rounds; a run with a tolerance may end before."""
        return settings.steps

    def headline(self, first: ArrangeFigures, last: ArrangeFigures) -> str:
        """Return the run in one line: "1.6 × longer (path 108.9 → 176.2) · 96 % of what is possible · …"."""
        lengths = f"{first.path_cost:.4g}", f"{last.best:.4g}"
        line = with_length(compared(first.path_cost, last.best), "path", *lengths)
        if isfinite(last.off_target):
            line += f" · {100.0 * last.off_target:.1f}\u00a0% off the length you asked for"
        elif last.gap < 0.5:
            line += f" · {of_possible(last.gap)} with these tiles"
        return line + f" · {100.0 * last.changed:.0f}\u00a0% of the tiles changed"

    def apply(self, document: MapDocument, result: Arranged) -> MapDocument:
        """Return the document with the best arrangement. Raises MapError where the map does not fit."""
        return result.tiles.arranged(document, result.terrain)

    def report(
        self,
        before: MapDocument,
        after: MapDocument,
        settings: ArrangeSettings,
        last: ArrangeStep,
        facts: RunFacts,
    ) -> ArrangeReport:
        """Return exact path costs of both documents, and the gap of the second to the run's bound."""
        from engine.arranging.problem import score
        from engine.cost_maps.certificate import relative_gap

        problem, _ = arrangement(before, settings)
        routes = route_reports(before, after)
        costs_before, costs_after = costs_of(routes)
        weights = np.array([route.weight for route in before.routes])
        reached = score(problem, _of_problem(before, costs_after))
        bound = last.figures.bound
        return ArrangeReport(
            facts,
            path_cost_before=float(weights @ costs_before),
            path_cost_after=float(weights @ costs_after),
            upper_bound=bound,
            gap=max(0.0, relative_gap(bound, reached)) if isfinite(bound) else nan,
            tiles_changed=int(np.count_nonzero(_differ(before, after) & problem.tiles)),
            tiles=int(np.count_nonzero(problem.tiles)),
            terrains=problem.terrains,
            aim=settings.aim,
            routes=routes,
        )

    def aims_at_targets(self, settings: ArrangeSettings) -> bool:
        """Return whether each route has a target."""
        return settings.aim == "target"

    def with_targets(self, settings: ArrangeSettings, targets: tuple[float, ...]) -> ArrangeSettings:
        """Return the settings with a path cost for each route, in their order."""
        return replace(settings, targets=targets)


def arrangement(document: MapDocument, settings: ArrangeSettings) -> tuple[Arrangement, Tiles]:
    """Return the engine's problem of arranging the document's tiles, and what its terrains are.

    Raises ProblemError where the map has too many terrains, or there is not one target for each route.
    """
    from engine.arranging.districts import winding_blocks
    from engine.arranging.problem import Arrangement, Limits

    if settings.targets and len(settings.targets) != len(document.routes):
        raise ProblemError(
            "objective", f"{len(settings.targets)} targets for {len(document.routes)} routes; give one for each"
        )
    tiles = tiles_of(document)
    districts = None
    if 0 < settings.district < max(document.shape):
        districts = winding_blocks(document.shape, settings.district)
    limits = Limits(
        locked=document.locked,
        free_zone=settings.free_zone,
        districts=districts,
        symmetry=settings.symmetry,
        most_changed=settings.most_changed,
    )
    return Arrangement(tiles.terrain, tuple(_classes(document, settings, tiles)), limits, settings.aim), tiles


def _classes(document: MapDocument, settings: ArrangeSettings, tiles: Tiles) -> Iterator[TravelClass]:
    """Yield the engine's class of each of the document's that has routes; the plain one for routes without."""
    from engine.arranging.problem import TravelClass
    from engine.cost_maps.problem import Route

    targets = settings.targets or (None,) * len(document.routes)
    drawn = drawn_costs(document)
    for name in dict.fromkeys(route.movement for route in document.routes) or [""]:
        kind = next((kind for kind in document.classes if kind.name == name), None)
        if kind is None:
            costs, passable, paid, rule = tiles.costs, document.passable, drawn, document.rule
        else:
            travel, rule = travel_of(document, kind), kind.rule_on(document.rule)
            costs, passable, paid = tiles.paid_by(kind), travel.passable, travel.multiplier * drawn
        yield TravelClass(
            f"the class “{name}”" if name else "the walker",
            costs,
            tuple(
                Route(route.start, route.goal, route.weight, target)
                for route, target in zip(document.routes, targets, strict=True)
                if route.movement == name
            ),
            elsewhere=np.where(passable, paid, np.inf),
            neighbours=rule.neighbours,
            corner_rule=rule.corner_rule,
            cost_rule=rule.cost_rule,
            size=1 if kind is None else kind.size,
        )


def _of_problem(document: MapDocument, values: Floats) -> Floats:
    """Return values (R,) of the document's routes in the order of the engine's, class after class."""
    names = [route.movement for route in document.routes]
    return values[[number for name in dict.fromkeys(names) for number, own in enumerate(names) if own == name]]


def _differ(before: MapDocument, after: MapDocument) -> npt.NDArray[np.bool_]:
    """Return the (H, W) cells of another cost or terrain."""
    return (after.cost != before.cost) | (after.terrain != before.terrain)


def _steps(problem: Arrangement, tiles: Tiles, settings: ArrangeSettings, state: object) -> Iterator[ArrangeStep]:
    from engine.arranging import run as engine

    how = engine.ArrangeSettings(
        steps=settings.steps,
        threads=max(1, (os.cpu_count() or 1) - 1),  # one is left for the window
        tolerance=settings.tolerance,
        seed=settings.seed,
    )
    if state is None:
        yield _as_drawn(problem, tiles)
    for iterate in engine.arrange(problem, how, state_of(engine.ArrangeState, state)):
        shown = iterate.terrain if iterate.status is None else iterate.best_terrain
        yield RunStep(
            iterate.step,
            _figures(problem, iterate),
            _framing(iterate.step, tiles, shown),
            Arranged(tiles, iterate.best_terrain),
            iterate.state,
            iterate.status,
            "" if iterate.status is None else iterate.status.message,
        )


def _figures(problem: Arrangement, iterate: ArrangeIterate) -> ArrangeFigures:
    from engine.arranging.problem import path_costs as costs_on

    return ArrangeFigures(
        bound=nan if iterate.upper_bound is None else iterate.upper_bound,
        best=_shown_cost(problem, iterate.path_costs),
        path_cost=_shown_cost(problem, costs_on(problem, iterate.terrain)),
        gap=nan if iterate.gap is None else iterate.gap,
        changed=iterate.tiles_changed / max(1, np.count_nonzero(problem.tiles)),
        off_target=iterate.score if problem.aim == "target" else nan,
    )


def _as_drawn(problem: Arrangement, tiles: Tiles) -> ArrangeStep:
    """Return step 0, the drawn map."""
    from engine.arranging.problem import score

    drawn = _shown_cost(problem, problem.drawn_lengths)
    off_target = score(problem, problem.drawn_lengths) if problem.aim == "target" else nan
    figures = ArrangeFigures(best=drawn, path_cost=drawn, off_target=off_target)
    return RunStep(0, figures, _framing(0, tiles, problem.terrain))


def _shown_cost(problem: Arrangement, lengths: Floats) -> float:
    """Return what the run optimises, from the routes' path costs (R,); with targets their weighted mean."""
    from engine.arranging.problem import score, weights

    if problem.aim == "target":
        return float(weights(problem) @ lengths / weights(problem).sum())
    return score(problem, lengths)


def _framing(step: int, tiles: Tiles, terrain: npt.NDArray[np.int64]) -> Callable[[], Frame]:
    """Return what makes the frame of an arrangement."""

    def frame() -> Frame:
        arranged = tiles.arranged(tiles.document, terrain)
        paths = path_cells(route_movements(arranged), drawn_costs(arranged), arranged.routes)
        palette = None if tiles.palette is None else arranged.terrain
        return Frame(step, tiles.costs_of(terrain), paths=paths, terrain=palette)

    return frame
