"""Balance by rank: costs change until the sites that spawns find nearest are the ones that the designer wants."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from app.scenarios.balance_settings import (
    HALVES,
    LEFT_RIGHT,
    TOP_BOTTOM,
    Aim,
    BalanceSettings,
    layout_names,
    site_names,
)
from app.scenarios.common_settings import (
    PLAIN,
    admissible_of,
    apply_map,
    chosen_movement,
    drawn_costs,
    with_bounds,
)
from app.scenarios.figures import curve
from app.scenarios.frame import Cells, Floats, Frame
from app.scenarios.report import Report, RunFacts, Score
from app.scenarios.scenario import RunStep, Scenario, state_of
from app.scenarios.translate import fixes_in_settings, moved_cost, movement_grid
from app.scenarios.words import kept_share
from engine.core.errors import ProblemError, SuggestedFix
from engine.core.status import Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from engine.design import balance as engine
    from engine.design.balance_problem import BalanceProblem
    from maps.document import Cell, Layout, MapDocument

MOST_PATHS = 24  # drawn at most


@dataclass(frozen=True)
class BalanceFigures:
    """Exact figures of a step. violation: by how much aims are missed, at most 1 for each.

    met: aims that the best map meets, of `aims`.  kept: share of the drawn cost that the best map leaves in place.
    """

    met: int
    aims: int
    kept: float
    violation: float = curve("missing (this step)", "value")
    best_violation: float = curve("missing (best so far)", "best")


@dataclass(frozen=True, eq=False)
class BalanceReport(Report):
    """Exact figures of both documents. Ranks: 1 is the nearest; ranks and distances are (spawns, sites)."""

    aim: Aim
    aims: int
    met_before: int
    met_after: int
    team_ranks_before: Floats
    team_ranks_after: Floats
    ranks_after: Floats
    distances_after: Floats
    changed_total: float
    kept: float
    budget: float

    def score(self) -> Score:
        """Return the aims met."""
        return Score("aims met", self.met_before, self.met_after)

    def summary_lines(self) -> list[str]:
        """Return the aims met, the teams' ranks where they are the aim, and what the change cost."""
        lines = [f"Aims met: {self.met_before} → {self.met_after} of {self.aims} · {kept_share(self.kept)}"]
        if self.aim == "equal":
            before, after = (
                ", ".join(f"{rank:.3g}" for rank in ranks.tolist())
                for ranks in (self.team_ranks_before, self.team_ranks_after)
            )
            lines.append(f"Mean ranks of the teams: {before} → {after}")
        lines.append(
            f"Cost moved {self.changed_total:.4g} of {self.budget:.6g} · {self.run.steps} steps in "
            f"{self.run.seconds:.2f} s · {self.run.movement}"
        )
        return lines

    def captions(self) -> tuple[str, str]:
        """Return the aims met."""
        return f"{self.met_before} of {self.aims} aims met", f"{self.met_after} of {self.aims}"


BalanceStep: TypeAlias = RunStep[BalanceFigures, Floats]


class RankBalance(Scenario[BalanceSettings, BalanceFigures, Floats]):
    """Change costs until ranks of path costs are as wanted. Result: (H, W) costs."""

    name = "balance"
    title = "Fair spawns"
    summary = "The ground changes until both teams stand alike, or each spawn has near what it should."
    term = "differentiable ranking of path costs"
    axis = "what is missing"
    needs_route = False
    settings = BalanceSettings
    figures = BalanceFigures
    headline_of_best = True

    def steps(
        self, document: MapDocument, settings: BalanceSettings, state: object = None
    ) -> Iterator[BalanceStep]:
        """See `Scenario.steps`."""
        from engine.design import balance as engine
        from engine.design.balance_problem import check_balance

        problem = balance_problem(document, settings)
        with fixes_in_settings(_setting_of):
            check_balance(problem)
        how = engine.BalanceSettings(
            steps=settings.steps, learning_rate=settings.learning_rate, seed=settings.seed
        )
        iterates = engine.balance(problem, how, state_of(engine.BalanceState, state))
        return (_step_of(problem, iterate) for iterate in iterates)

    def total_steps(self, settings: BalanceSettings) -> int | None:
        """Return Adam's steps; a run that meets every aim ends before."""
        return settings.steps

    def headline(self, first: BalanceFigures, last: BalanceFigures) -> str:
        """Return the aims met and how much of the map is kept."""
        met = f"All {last.aims}" if last.met == last.aims > 1 else f"{last.met} of {last.aims}"
        return f"{met} aims met · {kept_share(last.kept)}"

    def apply(self, document: MapDocument, result: Floats) -> MapDocument:
        """Return the document with the best map's costs. Raises MapError where the map does not fit."""
        return apply_map(document, result)

    def report(
        self,
        before: MapDocument,
        after: MapDocument,
        settings: BalanceSettings,
        last: BalanceStep,
        facts: RunFacts,
    ) -> BalanceReport:
        """Return exact ranks and distances of both documents."""
        from engine.cost_maps.change import share_kept
        from engine.design.balance import balance_standing

        problem = balance_problem(before, settings)
        was, now = (balance_standing(problem, drawn_costs(document)) for document in (before, after))
        return BalanceReport(
            facts,
            aim=settings.aim,
            aims=len(problem.aims),
            met_before=was.met,
            met_after=now.met,
            team_ranks_before=was.team_ranks,
            team_ranks_after=now.team_ranks,
            ranks_after=now.ranks,
            distances_after=now.distances,
            changed_total=moved_cost(before, after),
            kept=share_kept(problem.grid.passable, problem.cost_map, drawn_costs(after)),
            budget=after.total_cost,
        )

    def prepared(self, document: MapDocument, settings: BalanceSettings) -> MapDocument:
        """Return the document with the bounds of the settings."""
        return with_bounds(document, settings)


def balance_problem(document: MapDocument, settings: BalanceSettings) -> BalanceProblem:
    """Return the engine's problem. Raises ProblemError, naming the layout and the point, where it cannot be."""
    from engine.design.balance_problem import BalanceProblem, EqualRanks, Nearest, Order

    names = list(layout_names(document))
    if not names:
        raise ProblemError("layout", "the map has no layout of points; place spawns and sites with Points (P)")
    spawns = _layout(document, settings.spawns or names[0])
    sites = _layout(document, settings.sites or next(iter(site_names(document))))
    if spawns is sites:
        others = [name for name in site_names(document) if name != spawns.name]
        raise ProblemError(
            "layout",
            f"'{sites.name}' is both spawns and sites; choose two layouts",
            SuggestedFix("sites", others[0]) if others else None,
        )
    starts, teams = _spawns_and_teams(document, settings, spawns, sites)
    goals = _cells(document, settings, sites)
    for what, number, name, count in (
        ("spawn", settings.spawn, spawns.name, len(starts)),
        ("site", settings.site, sites.name, len(goals)),
    ):
        if number > count:
            raise ProblemError(
                "layout", f"there is no {what} {number}: '{name}' has {count} points", SuggestedFix(what, count)
            )
    chosen = range(len(starts)) if settings.spawn == 0 else [settings.spawn - 1]
    if settings.aim == "equal":
        aims: tuple[EqualRanks | Nearest | Order, ...] = (EqualRanks(),)
    elif settings.aim == "nearest":
        aims = tuple(Nearest(spawn, settings.site - 1, settings.nearest) for spawn in chosen)
    else:
        aims = tuple(Order(spawn, tuple(range(len(goals)))) for spawn in chosen)
    return BalanceProblem(
        movement_grid(document),
        drawn_costs(document),
        tuple(starts),
        tuple(teams),
        tuple(goals),
        aims,
        admissible_of(document, settings, settings.budget),
        settings.margin,
        settings.closeness,
        settings.keep,
        chosen_movement(document, settings.walker),
    )


def _spawns_and_teams(
    document: MapDocument, settings: BalanceSettings, spawns: Layout, sites: Layout
) -> tuple[list[Cell], list[int]]:
    """Return the cells of all spawns and the team, 0 or 1, of each."""
    starts = _cells(document, settings, spawns)
    side = settings.teams or LEFT_RIGHT
    if side not in HALVES:
        rivals = _layout(document, side)
        if rivals in (spawns, sites):
            raise ProblemError(
                "layout",
                f"'{rivals.name}' cannot be the other team too; choose another layout",
                SuggestedFix("teams", LEFT_RIGHT),
            )
        if settings.aim != "equal":
            return starts, [0] * len(starts)
        others = _cells(document, settings, rivals)
        return [*starts, *others], [0] * len(starts) + [1] * len(others)
    teams = _halves(document, starts, side)
    other_side = TOP_BOTTOM if side == LEFT_RIGHT else LEFT_RIGHT
    if settings.aim == "equal" and len(set(teams)) < 2 and len(set(_halves(document, starts, other_side))) == 2:
        raise ProblemError(
            "objective",
            f"all points of '{spawns.name}' lie in one half of the map, so there is only one team; choose the "
            f"{HALVES[other_side].lower()}, or another layout",
            SuggestedFix("teams", other_side),
        )
    return starts, teams


def _halves(document: MapDocument, cells: list[Cell], side: str) -> list[int]:
    """Return in which half of the map, 0 or 1, each cell lies."""
    axis, middle = (1, document.width / 2) if side == LEFT_RIGHT else (0, document.height / 2)
    return [int(cell[axis] >= middle) for cell in cells]


def _layout(document: MapDocument, name: str) -> Layout:
    found = [layout for layout in document.layouts if layout.name == name]
    if not found:
        names = ", ".join(repr(layout.name) for layout in document.layouts)
        raise ProblemError("layout", f"there is no layout '{name}'; the map has {names}")
    if not len(found[0].positions):
        raise ProblemError("layout", f"layout '{name}' is empty; place some points")
    return found[0]


def _cells(document: MapDocument, settings: BalanceSettings, layout: Layout) -> list[Cell]:
    """Return the cells of a layout's points; where everybody walks, none may be a wall."""
    cells = [(int(row), int(column)) for row, column in np.rint(layout.positions)]
    for number, cell in enumerate(cells, 1):
        if settings.walker == PLAIN and not document.passable[cell]:
            raise ProblemError(
                "layout", f"point {number} of layout '{layout.name}' lies in a wall, at cell {cell}; move it"
            )
    return cells


def _setting_of(fix: SuggestedFix) -> SuggestedFix:
    """Return the engine's fix of an aim's k as one of the setting that gives it."""
    return SuggestedFix("nearest", fix.value) if fix.setting == "k" else fix


def _step_of(problem: BalanceProblem, iterate: engine.BalanceIterate) -> BalanceStep:
    best = iterate.best_standing
    figures = BalanceFigures(
        met=best.met,
        aims=len(problem.aims),
        kept=iterate.kept,
        violation=float(sum(iterate.standing.violations)),
        best_violation=float(sum(best.violations)),
    )

    def frame() -> Frame:
        cost_map = iterate.cost_map if iterate.status is None else iterate.best_map
        return Frame(iterate.step, cost_map, None, _paths(problem, cost_map))

    message = _message(best.met, len(problem.aims), iterate.status)
    return RunStep(iterate.step, figures, frame, iterate.best_map, iterate.state, iterate.status, message)


def _message(met: int, aims: int, status: Status | None) -> str:
    if status is None:
        return ""
    if met == aims:
        return "Done: every aim is met."
    if status is Status.NOT_A_NUMBER:
        return status.message
    return (
        f"{met} of {aims} aims are met. More steps, wider bounds or a smaller margin may meet the others; locked "
        f"cells and walls may forbid it."
    )


def _paths(problem: BalanceProblem, cost_map: Floats) -> tuple[Cells, ...]:
    """Return the paths from the spawns of the aims to their sites; without such aims, to the nearest ones."""
    from engine.design.balance_problem import Nearest
    from engine.paths.exact import distances_to, shortest_path

    costs = problem.walking.costs(cost_map)
    fields = [distances_to(problem.walking.grid, costs, site) for site in problem.sites]
    wanted = [(aim.spawn, aim.site) for aim in problem.aims if isinstance(aim, Nearest)]
    if not wanted:
        wanted = [
            (number, int(np.argmin([field.distance[spawn] for field in fields])))
            for number, spawn in enumerate(problem.spawns)
        ]
    return tuple(
        shortest_path(fields[site], problem.spawns[spawn])
        for spawn, site in wanted[:MOST_PATHS]
        if fields[site].reaches(problem.spawns[spawn])
    )
