"""Place walls: so many cells become walls, or stop being walls, until the paths are as long as can be."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from app.scenarios.common_settings import drawn_costs, seed_setting
from app.scenarios.figures import curve
from app.scenarios.frame import Frame
from app.scenarios.report import Report, RunFacts, Score
from app.scenarios.scenario import RunStep, Scenario, state_of
from app.scenarios.settings import Choice, DocumentChoice, Whole, setting
from app.scenarios.translate import class_movements, movement_grid, path_cells
from app.scenarios.words import compared, figure, with_length
from engine.core.errors import ProblemError, SuggestedFix
from engine.core.status import Status
from maps.document import Mask
from maps.edits import apply_walls
from maps.terrain import on_impassable_terrain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from app.scenarios.frame import Cells, Floats
    from engine.walls import run as engine
    from engine.walls.problem import WallProblem
    from maps.document import Cell, MapDocument, Route

Task = Literal["place", "clear", "thin"]
TASKS: dict[Task, str] = {
    "place": "Walls for long trips",
    "clear": "Open: short trips",
    "thin": "Open: trips stay long",
}
NO_WAYPOINTS = "none"


def _waypoints(document: MapDocument) -> dict[str, str]:
    return {NO_WAYPOINTS: "None", **{layout.name: layout.name for layout in document.layouts}}


@dataclass(frozen=True)
class PlaceWallsSettings:
    """How many walls come or go, what for, and how long to search."""

    task: Task = setting(
        "place", Choice("Task", "What becomes of walls; locked cells stay as they are", choices=TASKS)
    )
    walls: int = setting(
        30, Whole("Walls", "How many cells become walls, or stop being walls", least=1, most=100_000)
    )
    waypoints: str = setting(
        NO_WAYPOINTS,
        DocumentChoice(
            "Waypoints", "Points that every route passes on its way, in the order of the table", entries=_waypoints
        ),
    )
    steps: int = setting(
        250,
        Whole(
            "Search for",
            "More steps take longer and find better walls",
            term="iterations of the exchange search",
            least=1,
            most=100_000,
            single_step=50,
            unit="steps",
        ),
    )
    seed: int = seed_setting("Of the search; the same seed gives the same walls, byte for byte")


@dataclass(frozen=True)
class PlaceWallsFigures:
    """Path costs of all routes together, by weight. walls: how many come or go; `placed`: they come.

    longer: paths are to be long, not short.  proved: no choice is better.  settled: no move of one wall is.
    """

    best: float = curve("best so far", "best")
    path_cost: float = curve("this step", "value")
    walls: int = 0
    placed: bool = True
    longer: bool = True
    proved: bool = False
    settled: bool = False


@dataclass(frozen=True)
class WalkReport:
    """Exact path cost of one route, past its waypoints, before and after the run; infinite without a way."""

    name: str
    before: float
    after: float


@dataclass(frozen=True, eq=False)
class PlaceWallsReport(Report):
    """Exact path costs of both documents, by weight where there are several routes. walls: that changed.

    proved: no placing is better.  settled: no move of one wall is.
    """

    path_cost_before: float
    path_cost_after: float
    walls: int
    proved: bool
    settled: bool
    task: Task
    routes: tuple[WalkReport, ...]

    def score(self) -> Score:
        """Return the paths' cost."""
        return Score("path cost", self.path_cost_before, self.path_cost_after)

    def summary_lines(self) -> list[str]:
        """Return path costs, each route's where there are several, and how good the walls are."""
        what = f"Weighted sum of {len(self.routes)} routes" if len(self.routes) > 1 else "Path"
        lines = [
            f"{what} {self.path_cost_before:.4g} → {self.path_cost_after:.4g} · "
            f"{_quality(self.walls, self.task == 'place', self.task != 'clear', self.proved, self.settled)}"
        ]
        routes = self.routes if len(self.routes) > 1 else ()
        lines += [f"  {route.name}: {route.before:.4g} → {route.after:.4g}" for route in routes]
        lines.append(f"{self.run.steps} steps in {self.run.seconds:.2f} s · {self.run.movement}")
        return lines

    def captions(self) -> tuple[str, str]:
        """Return path costs and the number of walls."""
        what = f"weighted sum of {len(self.routes)} routes" if len(self.routes) > 1 else "path cost"
        done = "placed" if self.task == "place" else "removed"
        return (
            f"{what} {self.path_cost_before:.4g}",
            f"{what} {self.path_cost_after:.4g}, {self.walls} walls {done}",
        )


PlaceWallsStep: TypeAlias = RunStep[PlaceWallsFigures, Mask]


class PlaceWalls(Scenario[PlaceWallsSettings, PlaceWallsFigures, Mask]):
    """Place or remove walls for the longest or the shortest paths. Result: (H, W), where the map is passable."""

    name = "place_walls"
    title = "Place walls"
    summary = "So many cells become walls that the way is as long as it can get; no route is ever sealed."
    term = "shortest path interdiction"
    axis = "path cost"
    settings = PlaceWallsSettings
    figures = PlaceWallsFigures

    def steps(
        self, document: MapDocument, settings: PlaceWallsSettings, state: object = None
    ) -> Iterator[PlaceWallsStep]:
        """See `Scenario.steps`."""
        from engine.walls import run as engine

        problem = walls_problem(document, settings)
        return _steps(document, problem, settings, state_of(engine.WallState, state))

    def total_steps(self, settings: PlaceWallsSettings) -> int | None:
        """Return the steps of the search; a proof may end it earlier."""
        return settings.steps

    def headline(self, first: PlaceWallsFigures, last: PlaceWallsFigures) -> str:
        """Return the run in one line: "2.0 × longer (path 31 → 63) · 14 walls · proved longest"."""
        quality = _quality(last.walls, last.placed, last.longer, last.proved, last.settled)
        lengths = figure(first.path_cost), figure(last.best)
        return f"{with_length(compared(first.path_cost, last.best), 'path', *lengths)} · {quality}"

    def apply(self, document: MapDocument, result: Mask) -> MapDocument:
        """Return the document with the walls of the result. Raises MapError where they do not fit."""
        return apply_walls(document, result).document

    def report(
        self,
        before: MapDocument,
        after: MapDocument,
        settings: PlaceWallsSettings,
        last: PlaceWallsStep,
        facts: RunFacts,
    ) -> PlaceWallsReport:
        """Return exact path costs of both documents, and how good the walls are."""
        problem = walls_problem(before, settings)
        was, now = (_lengths(problem, document) for document in (before, after))
        weights = np.array([route.weight for route in before.routes])
        return PlaceWallsReport(
            facts,
            path_cost_before=float(weights @ was),
            path_cost_after=float(weights @ now),
            walls=int(np.count_nonzero(before.passable != after.passable)),
            proved=last.figures.proved,
            settled=last.figures.settled,
            task=settings.task,
            routes=tuple(
                WalkReport(route.name, one, other)
                for route, one, other in zip(before.routes, was.tolist(), now.tolist(), strict=True)
            ),
        )


def walls_problem(document: MapDocument, settings: PlaceWallsSettings) -> WallProblem:
    """Return the engine's problem. Raises ProblemError where so many walls cannot come or go.

    Where classes walk the map, an impassable terrain is no wall that may be removed: some of them may cross it.
    """
    from engine.walls.problem import WallRoute, place_walls, remove_walls

    grid, costs, allowed = movement_grid(document), drawn_costs(document), ~document.locked
    placing, opened = settings.task == "place", document
    if not placing and any(route.movement for route in document.routes):
        allowed &= ~on_impassable_terrain(document.terrain, document.palette)
        opened = document.replace(passable=document.passable | allowed)
    routes = tuple(
        WallRoute(tuple(_stops(document, route, settings)), route.weight, movement)
        for route, movement in zip(document.routes, class_movements(opened), strict=True)
    )
    if placing:
        return place_walls(grid, costs, routes, allowed, settings.walls)
    aim = "shorter" if settings.task == "clear" else "longer"
    return remove_walls(grid, costs, routes, allowed, settings.walls, aim)


def _lengths(problem: WallProblem, document: MapDocument) -> Floats:
    """Return the length of each route (R,) on a document with walls on some of the problem's candidates."""
    from engine.walls.problem import route_lengths

    return route_lengths(problem, problem.candidates & ~document.passable)


def _stops(document: MapDocument, route: Route, settings: PlaceWallsSettings) -> list[Cell]:
    """Return the cells that a route stops at: its start, the waypoints, its goal."""
    if settings.waypoints == NO_WAYPOINTS:
        return [route.start, route.goal]
    for layout in document.layouts:
        if layout.name == settings.waypoints:
            between = np.rint(layout.positions).astype(int)
            between = between.clip(0, (document.height - 1, document.width - 1))
            return [route.start, *((row, col) for row, col in between.tolist()), route.goal]
    raise ProblemError(
        "waypoints",
        f"there are no points '{settings.waypoints}' to pass; choose others, or none",
        SuggestedFix("waypoints", NO_WAYPOINTS),
    )


def _steps(
    document: MapDocument, problem: WallProblem, settings: PlaceWallsSettings, state: engine.WallState | None
) -> Iterator[PlaceWallsStep]:
    from engine.walls.problem import value_of
    from engine.walls.run import WallSettings, improve_walls

    figures_of = partial(
        PlaceWallsFigures,
        walls=settings.walls,
        placed=settings.task == "place",
        longer=problem.aim == "longer",
    )
    if state is None:
        drawn = value_of(problem, _lengths(problem, document))
        yield RunStep(0, figures_of(drawn, drawn), _framing(problem, 0, document.passable))
    for iterate in improve_walls(problem, WallSettings(settings.steps, settings.seed), state):
        passable = problem.grid.passable & ~iterate.walls
        yield RunStep(
            iterate.step,
            figures_of(iterate.value, iterate.current, proved=iterate.proved, settled=iterate.settled),
            _framing(problem, iterate.step, passable),
            passable,
            iterate.state,
            iterate.status,
            "" if iterate.status is None else _message(settings, iterate, iterate.status),
        )


def _framing(problem: WallProblem, step: int, passable: Mask) -> Callable[[], Frame]:
    def frame() -> Frame:
        from engine.cost_maps.problem import Route as Leg

        paths: list[Cells] = []
        for route, movement in zip(problem.routes, problem.movements, strict=True):
            left = replace(movement, grid=movement.with_walls(problem.candidates & ~passable))
            legs = [Leg(*ends) for ends in route.legs]
            paths.append(np.concatenate(path_cells([left] * len(legs), problem.cost_map, legs)))
        return Frame(step, problem.cost_map, paths=tuple(paths), passable=passable)

    return frame


def _quality(walls: int, placed: bool, longer: bool, proved: bool, settled: bool) -> str:
    """Return how many walls came or went, and how good the choice is, in words."""
    count = f"{walls} wall{'s' if walls > 1 else ''}{'' if placed else ' removed'}"
    if proved:
        return f"{count} · proved {'longest' if longer else 'shortest'}"
    if not settled:
        return count
    moved = "moved" if placed else "exchanged for another"
    return f"{count} · no single wall can be {moved} to make it {'longer' if longer else 'shorter'}"


def _message(settings: PlaceWallsSettings, iterate: engine.WallIterate, status: Status) -> str:
    aim = "shorter" if settings.task == "clear" else "longer"
    if status is Status.CONVERGED:
        return f"Proved: no other choice of {settings.walls} walls makes the paths {aim}."
    settled = f", and no change of a single wall makes the paths {aim}" if iterate.settled else ""
    return f"All steps done{settled}. More steps, or another seed, may still find better walls."
