"""Balance by rank: costs change until the sites that spawns find nearest are the ones that the designer wants."""

from __future__ import annotations

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
from app.scenarios.translate import movement_grid, movement_words
from maps.document import Layout, MapDocument

if TYPE_CHECKING:
    from engine.design.balance import BalanceIterate, BalanceProblem

AIMS = {
    "equal": "Equal team ranks",
    "nearest": "Site among k nearest",
    "order": "Keep the sites in order",
}
LEFT_RIGHT, TOP_BOTTOM = "left_right", "top_bottom"
HALVES = {LEFT_RIGHT: "Left and right half", TOP_BOTTOM: "Upper and lower half"}
MOST_PATHS = 24  # drawn at most


def _layouts(document: MapDocument) -> dict[str, str]:
    return {layout.name: layout.name for layout in document.layouts}


def _sites(document: MapDocument) -> dict[str, str]:
    names = list(_layouts(document))
    return {name: name for name in names[1:] + names[:1]}


def _teams(document: MapDocument) -> dict[str, str]:
    return {**HALVES, **{name: f"Against layout {name}" for name in _layouts(document)}}


@dataclass(frozen=True)
class Balance:
    """Who is ranked, what is wanted of the ranks, what the map must keep, and how to run."""

    spawns: str = setting("", "Spawns", "The layout that distances are measured from", entries=_layouts)
    sites: str = setting("", "Sites", "The layout that distances are measured to", entries=_sites)
    aim: str = setting(
        "equal", "Aim", "What is wanted of the ranks of path costs from spawns to sites", choices=AIMS
    )
    teams: str = setting(
        "",
        "Teams",
        "Which spawns are a team: those of one half of the map against the other, or of another layout",
        entries=_teams,
        unused=lambda settings: settings.aim != "equal",
    )
    spawn: int = setting(
        1,
        "Spawn number",
        "Which of the spawns, counted from 1; 0 for every one of them",
        most=10_000,
        single_step=1,
        unused=lambda settings: settings.aim == "equal",
    )
    site: int = setting(
        1,
        "Site number",
        "Which of the sites, counted from 1",
        least=1,
        most=10_000,
        single_step=1,
        unused=lambda settings: settings.aim != "nearest",
    )
    nearest: int = setting(
        1,
        "Among the nearest",
        "How many sites may be as near: the k of “among the k nearest”",
        least=1,
        most=10_000,
        single_step=1,
        unused=lambda settings: settings.aim != "nearest",
    )
    budget: float | None = budget_setting()
    lower: float | None = lower_setting()
    upper: float | None = upper_setting()
    symmetry: str = symmetry_setting()
    steps: int = setting(300, "Steps", "Steps of Adam", least=1, most=100_000, single_step=50)
    margin: float = setting(
        0.01,
        "Margin",
        "By how much an aim has to be met, as a share of the distances",
        most=1.0,
        single_step=0.01,
        more=True,
    )
    closeness: float = setting(
        0.0, "Closeness", "Penalty on leaving the drawn map; 0 leaves it out", most=1e3, more=True
    )
    learning_rate: float = setting(
        0.1, "Learning rate", "Size of Adam's steps", least=0.001, most=10.0, single_step=0.05, more=True
    )
    seed: int = seed_setting()


def balance_problem(document: MapDocument, settings: Balance) -> BalanceProblem:
    """The engine's problem. Raises ProblemError, naming the layout and the point, where it cannot be."""
    from engine.core.errors import ProblemError
    from engine.design.balance import BalanceProblem, EqualRanks, Nearest, Order

    names = list(_layouts(document))
    if not names:
        raise ProblemError("layout", "the map has no layout of points; place spawns and sites with Points (P)")
    spawns = _layout(document, settings.spawns or names[0])
    sites = _layout(document, settings.sites or next(iter(_sites(document))))
    if spawns is sites:
        raise ProblemError("layout", f"'{sites.name}' is both spawns and sites; choose two layouts")
    starts = _cells(document, spawns)
    side = settings.teams or LEFT_RIGHT
    if side in HALVES:
        axis, middle = (1, document.width / 2) if side == LEFT_RIGHT else (0, document.height / 2)
        teams = [int(cell[axis] >= middle) for cell in starts]
    else:
        rivals = _layout(document, side)
        if rivals in (spawns, sites):
            raise ProblemError("layout", f"'{rivals.name}' cannot be the other team too; choose another layout")
        teams = [0] * len(starts)
        if settings.aim == "equal":
            starts = [*starts, *_cells(document, rivals)]
            teams += [1] * (len(starts) - len(teams))
    goals = _cells(document, sites)
    if settings.spawn > len(starts) or settings.site > len(goals):
        raise ProblemError(
            "layout",
            f"there is no spawn {settings.spawn} or no site {settings.site}: '{spawns.name}' has "
            f"{len(starts)} points and '{sites.name}' {len(goals)}",
        )
    chosen = range(len(starts)) if settings.spawn == 0 else [settings.spawn - 1]
    if settings.aim == "equal":
        aims: tuple[Any, ...] = (EqualRanks(),)
    elif settings.aim == "nearest":
        aims = tuple(Nearest(spawn, settings.site - 1, settings.nearest) for spawn in chosen)
    else:
        aims = tuple(Order(spawn, tuple(range(len(goals)))) for spawn in chosen)
    return BalanceProblem(
        movement_grid(document),
        np.array(document.cost, np.float64),
        tuple(starts),
        tuple(teams),
        tuple(goals),
        aims,
        admissible_of(document, settings),
        settings.margin,
        settings.closeness,
    )


def _layout(document: MapDocument, name: str) -> Layout:
    from engine.core.errors import ProblemError

    found = [layout for layout in document.layouts if layout.name == name]
    if not found:
        names = ", ".join(repr(layout.name) for layout in document.layouts)
        raise ProblemError("layout", f"there is no layout '{name}'; the map has {names}")
    if not len(found[0].positions):
        raise ProblemError("layout", f"layout '{name}' is empty; place some points")
    return found[0]


def _cells(document: MapDocument, layout: Layout) -> list[tuple[int, int]]:
    from engine.core.errors import ProblemError

    cells = [(int(row), int(column)) for row, column in np.rint(layout.positions)]
    for number, cell in enumerate(cells, 1):
        if not document.passable[cell]:
            raise ProblemError(
                "layout", f"point {number} of layout '{layout.name}' lies in a wall, at cell {cell}; move it"
            )
    return cells


def steps(document: MapDocument, settings: Balance, state: Any) -> Iterator[Seen]:
    """See `Scenario.steps`."""
    from engine.design.balance import BalanceSettings, balance, check_balance

    problem = balance_problem(document, settings)
    check_balance(problem)
    how = BalanceSettings(steps=settings.steps, learning_rate=settings.learning_rate, seed=settings.seed)
    return (_seen(problem, iterate) for iterate in balance(problem, how, state))


def _seen(problem: BalanceProblem, iterate: BalanceIterate) -> Seen:
    now, best = iterate.standing, iterate.best_standing
    figures = {
        "met": float(best.met),
        "aims": float(len(problem.aims)),
        "violation": float(sum(now.violations)),
        "best_violation": float(sum(best.violations)),
        "first_team": float(best.team_ranks[0]),
        "last_team": float(best.team_ranks[-1]),
        "changed": iterate.changed,
        "loss": iterate.loss,
    }

    def frame() -> Frame:
        cost_map = iterate.cost_map if iterate.status is None else iterate.best_map
        return Frame(iterate.step, cost_map, None, _paths(problem, cost_map))

    ending = None
    if iterate.status is not None:
        done = best.met == len(problem.aims)
        ending = "Done: every aim is met." if done else iterate.status.sentence
        if not done and iterate.status.value != "not_a_number":
            ending = (
                f"{best.met} of {len(problem.aims)} aims are met. More steps, wider bounds or a smaller margin "
                f"may meet the others; locked cells and walls may forbid it."
            )
    status = "" if iterate.status is None else iterate.status.value
    return Seen(iterate.step, figures, frame, iterate.best_map, iterate.state, status, ending)


def _paths(problem: BalanceProblem, cost_map: Any) -> tuple[Any, ...]:
    """From the spawns that aims speak of to the site that they are after, or to their nearest one."""
    from engine.design.balance import Nearest
    from engine.paths.exact import distances_to, shortest_path

    fields = [distances_to(problem.grid, cost_map, site) for site in problem.sites]
    wanted: list[tuple[int, int]] = []
    for aim in problem.aims:
        if isinstance(aim, Nearest):
            wanted.append((aim.spawn, aim.site))
    for number, spawn in enumerate(problem.spawns if not wanted else ()):
        wanted.append((number, int(np.argmin([field.distance[spawn] for field in fields]))))
    return tuple(
        shortest_path(fields[site], problem.spawns[spawn])
        for spawn, site in wanted[:MOST_PATHS]
        if fields[site].reaches(problem.spawns[spawn])
    )


def headline(first: Mapping[str, float], last: Mapping[str, float]) -> str:
    """The run in one line."""
    return f"{last['met']:.0f} of {last['aims']:.0f} aims met · cost moved {last['changed']:.4g}"


def report(before: MapDocument, after: MapDocument, settings: Balance, last: Seen) -> Report:
    """Exact figures of both documents."""
    from engine.design.balance import balance_standing

    problem = balance_problem(before, settings)
    was, now = (balance_standing(problem, np.array(document.cost, np.float64)) for document in (before, after))
    return {
        "aims": len(problem.aims),
        "met_before": was.met,
        "met_after": now.met,
        "team_ranks_before": was.team_ranks.tolist(),
        "team_ranks_after": now.team_ranks.tolist(),
        "ranks_after": now.ranks.tolist(),
        "distances_after": now.distances.tolist(),
        "changed_total": float(np.abs(after.cost - before.cost, dtype=np.float64)[before.passable].sum()),
        "budget": float(after.cost[after.passable].sum(dtype=np.float64)),
        "steps": last.step,
        "aim": settings.aim,
        "seed": settings.seed,
        "movement": movement_words(before.rule),
    }


def words(report: Report) -> list[str]:
    """The report as lines."""
    lines = [f"[bold]Aims met: {report['met_before']} → {report['met_after']} of {report['aims']}[/]"]
    if report["aim"] == "equal":
        ranks = (", ".join(f"{rank:.3g}" for rank in report[f"team_ranks_{when}"]) for when in ("before", "after"))
        lines.append("Mean ranks of the teams: " + " → ".join(ranks))
    lines.append(
        f"Cost moved {report['changed_total']:.4g} of {report['budget']:.6g} · {report['steps']} steps in "
        f"{report['seconds']:.2f} s · {report['movement']}"
    )
    return lines


def captions(report: Report) -> tuple[str, str]:
    """Aims met."""
    return f"{report['met_before']} of {report['aims']} aims met", f"{report['met_after']} of {report['aims']}"


SCENARIO = Scenario(
    title="Balance by rank",
    summary="Change costs until spawns have the sites near that you want, or both teams stand alike.",
    settings=Balance,
    steps=steps,
    total_steps=lambda settings: settings.steps,
    apply=apply_map,
    headline=headline,
    curves=(
        Curve("violation", "missing (this step)", "value"),
        Curve("best_violation", "missing (best so far)", "best"),
    ),
    axis="what is missing",
    report=report,
    words=words,
    captions=captions,
    needs_route=False,
)
