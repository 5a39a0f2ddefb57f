"""Point matching: layouts of points move to fit another layout, or to spread over the painted costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.markup import escape

from app.scenarios.common_settings import DEVICES, SYMMETRIES
from app.scenarios.frame import Frame
from app.scenarios.scenario import Curve, Report, Scenario, Seen
from app.scenarios.settings import setting
from app.scenarios.translate import movement_grid, movement_words
from app.scenarios.words import figure
from maps.document import Layout, MapDocument
from maps.errors import MapFormatError
from maps.formats import read_map
from maps.layout_edits import move_layouts

if TYPE_CHECKING:
    from engine.matching.iterate import MatchIterate
    from engine.matching.problem import MatchProblem as Problem

ALL = "*"
COSTS, CHEAPNESS, HEAT = "costs", "cheapness", "heat"  # densities; a layout of this name would come first
DENSITIES = {COSTS: "Dear ground", CHEAPNESS: "Cheap ground", HEAT: "A heat map (file)"}
GROUNDS = {
    "squared": "Squared distance",
    "distance": "Straight distance",
    "walking": "Walking distance",
}
TOTALS = {
    "same": "Must be the same",
    "scale": "Scale the target's",
    "partial": "Partial: leave some",
    "unbalanced": "Unbalanced: give up",
}
LOCKED = {
    "stay": "Hold their points",
    "avoid": "Keep points out",
    "inside": "Keep points inside",
    "ignore": "Mean nothing here",
}
MOVES = {"positions": "Positions", "weights": "Weights", "both": "Positions and weights"}
LINES = 400  # of a plan, drawn at most


def _sources(document: MapDocument) -> dict[str, str]:
    names = {layout.name: layout.name for layout in document.layouts}
    return {**names, ALL: "All but the target"} if len(names) > 2 else names


def _targets(document: MapDocument) -> dict[str, str]:
    names = [layout.name for layout in document.layouts]
    # The second comes first: from the first to the second is what a new designer wants.
    return {**{name: name for name in names[1:] + names[:1]}, **DENSITIES}


@dataclass(frozen=True)
class Matching:
    """Which layout moves towards what, what it must keep, and how to run."""

    source: str = setting("", "Move", "The layout whose points move", entries=_sources, flag="--from")
    target: str = setting(
        "",
        "Towards",
        "The layout that they move to, or the painted costs as a density",
        entries=_targets,
        flag="--to",
    )
    heat: str = setting(
        "",
        "Heat map",
        "A map of the same size, painted for this: points gather where its costs are high",
        path="*.longcut *.npy *.csv *.png",
        unused=lambda settings: settings.target != HEAT,
    )
    ground: str = setting(
        "squared",
        "Distance",
        "What moving costs: squared straight distance, straight distance, or the cheapest way over the map",
        choices=GROUNDS,
    )
    totals: str = setting(
        "same", "Total weights", "What to do where the two layouts differ in total weight", choices=TOTALS
    )
    mass: float | None = setting(
        None,
        "Mass to match",
        "How much weight is matched",
        as_is=lambda _: ("as much as fits", 0.0),
        unused=lambda settings: settings.totals != "partial",
    )
    give_up: float = setting(
        10.0,
        "Give up beyond",
        "Distance beyond which a point had better stay alone",
        least=0.1,
        unit="cells",
        unused=lambda settings: settings.totals != "unbalanced",
    )
    spacing: float = setting(
        0.0, "Least spacing", "Least distance between two points; 0 for none", unit="cells", most=1000.0
    )
    snap: bool = setting(False, "End on cell centres", "Every point ends on a cell centre of its own")
    symmetry: str = setting("none", "Symmetry", "A symmetry that the moved points keep", choices=SYMMETRIES)
    locked: str = setting("stay", "Locked cells", "What locked cells mean for points", choices=LOCKED)
    steps: int = setting(200, "Steps", "Steps of Adam", least=1, most=100_000, single_step=50)
    move: str = setting("positions", "Change", "What the run may change", choices=MOVES, more=True)
    blur: float = setting(
        0.25,
        "Blur at the end",
        "Length over which the plan is blurred at the last step (√ε of the regularisation)",
        least=0.01,
        most=1000.0,
        single_step=0.05,
        unit="cells",
        more=True,
    )
    learning_rate: float | None = setting(
        None,
        "Farthest step",
        "The farthest that a point moves in one step, in cells",
        least=0.001,
        as_is=lambda _: ("by the farthest way", 1.0),
        more=True,
    )
    tolerance: float = setting(
        0.001, "Stop below", "Stop when no point moves farther than this in a step", unit="cells", more=True
    )
    seed: int = setting(0, "Seed", "Of the noise that parts points in one place", more=True)
    device: str = setting("auto", "Device", "Where the engine computes", choices=DEVICES, more=True)


def _numbers(document: MapDocument, settings: Matching) -> tuple[list[int], int | None]:
    """Indices of the layouts that move, and of the target; None for a density."""
    from engine.core.errors import ProblemError

    names = [layout.name for layout in document.layouts]
    if not names:
        raise ProblemError("layout", "the map has no layout of points; place some with the tool Points (P)")
    target = settings.target or next(iter(_targets(document)))
    source = settings.source or names[0]
    for role, name, known in (
        ("move", source, [*names, ALL]),
        ("move towards", target, [*names, *DENSITIES]),
    ):
        if name not in known:
            raise ProblemError(
                "layout", f"there is no layout '{name}' to {role}; the map has {', '.join(map(repr, names))}"
            )
    at = names.index(target) if target in names else None
    moving = [n for n in range(len(names)) if n != at] if source == ALL else [names.index(source)]
    if at in moving or not moving:
        raise ProblemError(
            "layout", f"the layout '{target}' cannot move towards itself; choose another one, or a density"
        )
    return moving, at


def matching_problem(document: MapDocument, settings: Matching, before: Problem | None = None) -> Problem:
    """The engine's problem. before: of the run that goes on, whose points are known again by where they lie.

    Raises ProblemError where it cannot be.
    """
    from engine.matching.ground_cost import Straight, Walking
    from engine.matching.limits import Limits
    from engine.matching.problem import Density, MatchProblem

    moving, at = _numbers(document, settings)
    costs = np.array(document.cost, np.float64)
    if at is None:
        target: Any = Density(settings.target or COSTS, _density(document, settings))
    else:
        target = _engine_layout(document.layouts[at], None, _find(before, "targets", document.layouts[at]))
    stay = document.locked if settings.locked == "stay" else None
    layouts = [document.layouts[number] for number in moving]
    region = {"avoid": ~document.locked, "inside": document.locked}.get(settings.locked)
    if settings.ground == "walking":
        ground: Any = Walking(movement_grid(document), costs)
    else:
        ground = Straight(2 if settings.ground == "squared" else 1)
    return MatchProblem(
        layouts=tuple(_engine_layout(layout, stay, _find(before, "layouts", layout)) for layout in layouts),
        targets=(target,),
        limits=Limits(document.passable, region, settings.symmetry, settings.spacing, settings.snap),
        ground=ground,
        totals=settings.totals,
        mass=settings.mass,
        give_up=settings.give_up,
        move=settings.move,
    )


def _density(document: MapDocument, settings: Matching) -> Any:
    """(H, W) values to spread over. Raises ProblemError for a heat map that is none of this map."""
    from engine.core.errors import ProblemError

    costs = np.array(document.cost, np.float64)
    if settings.target != HEAT:
        return 1.0 / costs if settings.target == CHEAPNESS else costs
    if not settings.heat:
        raise ProblemError("heat", "choose the file of the heat map that the points shall spread over")
    try:
        heat = read_map(settings.heat)
    except MapFormatError as error:
        raise ProblemError("heat", str(error)) from error
    if heat.shape != document.shape:
        raise ProblemError(
            "heat",
            f"{Path(settings.heat).name} has {heat.height} rows and {heat.width} columns, this map has "
            f"{document.height} and {document.width}; a heat map has to have the same size",
        )
    return np.where(heat.passable, heat.cost, 0.0).astype(np.float64)


def _engine_layout(layout: Layout, stay: Any, before: Any) -> Any:
    from engine.matching.problem import PointSet

    positions = np.array(layout.positions)
    cells = np.rint(positions).astype(np.int64)
    fixed = None if stay is None or not len(cells) else stay[cells[:, 0], cells[:, 1]]
    return PointSet(layout.name, positions, np.array(layout.weights), fixed, _keys(positions, before))


def _find(before: Problem | None, side: str, layout: Layout) -> Any:
    found = () if before is None else getattr(before, side)
    return next((other for other in found if other.name == layout.name and hasattr(other, "positions")), None)


def _keys(positions: Any, before: Any) -> Any:
    """Names for points: those of the run's points drawn in the same place, new ones for the others."""
    if before is None:
        return np.arange(len(positions))
    known: dict[tuple[float, float], list[int]] = {}
    old_keys = before.all_keys().tolist()
    for place, key in zip(before.positions.tolist(), old_keys, strict=True):
        known.setdefault(tuple(place), []).append(key)
    following = max(old_keys, default=-1) + 1
    keys: list[int] = []
    for place in positions.tolist():
        same = known.get(tuple(place))
        if same:
            keys.append(same.pop(0))
        else:
            keys.append(following)
            following += 1
    return np.array(keys, np.int64)


def steps(document: MapDocument, settings: Matching, state: Any) -> Iterator[Seen]:
    """See `Scenario.steps`."""
    from engine.core.device import pick_device
    from engine.matching.iterate import MatchSettings
    from engine.matching.problem import check_matching
    from engine.matching.run import match_points

    problem = matching_problem(document, settings, None if state is None else state.problem)
    check_matching(problem)
    how = MatchSettings(
        steps=settings.steps,
        learning_rate=settings.learning_rate,
        blur_end=settings.blur,
        tolerance=settings.tolerance,
        seed=settings.seed,
        device=pick_device("cpu" if settings.device == "auto" else settings.device, "exact"),
    )
    iterates = match_points(problem, how, state)
    return (_seen(iterate, how.device) for iterate in iterates)


def _seen(iterate: MatchIterate, device: str) -> Seen:
    problem = iterate.state.problem
    names = [layout.name for layout in problem.layouts]
    figures = {
        "transport_cost": iterate.transport_cost,
        "regularised_cost": iterate.regularised_cost,
        "exact_cost": np.nan if iterate.exact_cost is None else iterate.exact_cost,
        "marginal_error": iterate.marginal_error,
        "epsilon": iterate.epsilon,
        "blur": iterate.blur,
        "moved": iterate.to_go,
        "points": float(sum(len(positions) for positions in iterate.positions)),
    }

    def frame() -> Frame:
        lines = iterate.plan_lines(LINES)
        begins = np.stack(
            [iterate.positions[k][i] for k, i in zip(lines.layouts.tolist(), lines.points.tolist(), strict=True)]
            or [np.zeros(2)]
        )[: len(lines.mass)]
        ends = np.stack(
            [
                iterate.target_positions[k][j]
                for k, j in zip(lines.targets.tolist(), lines.target_points.tolist(), strict=True)
            ]
            or [np.zeros(2)]
        )[: len(lines.mass)]
        plan = (np.hstack([begins, ends]), lines.mass, lines.points)
        return Frame(
            iterate.step,
            layouts=dict(zip(names, iterate.positions, strict=True)),
            plan=plan,
            device=device,
        )

    result = {
        name: (positions, weights)
        for name, positions, weights in zip(names, iterate.positions, iterate.weights, strict=True)
    }
    return Seen(
        iterate.step,
        figures,
        frame,
        result,
        iterate.state,
        "" if iterate.status is None else iterate.status.value,
        None if iterate.status is None else iterate.sentence,
    )


def apply(document: MapDocument, result: Any) -> MapDocument:
    """The document with its layouts where the run moved them. Raises MapError if one is gone or has changed."""
    return move_layouts(document, result or {})


def headline(first: Mapping[str, float], last: Mapping[str, float]) -> str:
    """The run in one line."""
    line = f"Transport cost {figure(first['transport_cost'])} → {figure(last['transport_cost'])}"
    return line + f" · {last['points']:.0f} points"


def report(before: MapDocument, after: MapDocument, settings: Matching, last: Seen) -> Report:
    """Figures of the run's own first and last plan, and the exact cost of where the points ended."""
    from engine.matching.iterate import MatchSettings
    from engine.matching.run import match_points

    # Step 0 looks at the layouts as drawn, as closely as the last step does.
    start = next(match_points(matching_problem(before, settings), MatchSettings(blur_end=settings.blur)))
    exact = float(last.figures["exact_cost"])
    return {
        "transport_cost_before": start.transport_cost,
        "transport_cost_after": float(last.figures["transport_cost"]),
        "exact_cost_before": start.exact_cost,
        "exact_cost_after": exact if np.isfinite(exact) else None,
        "marginal_error": float(last.figures["marginal_error"]),
        "epsilon": float(last.figures["epsilon"]),
        "blur": float(last.figures["blur"]),
        "steps": last.step,
        "seed": settings.seed,
        "ground": settings.ground,
        "movement": movement_words(before.rule),
        "layouts": [
            {"name": name, "points": len(positions), "weight": float(np.sum(weights))}
            for name, (positions, weights) in last.result.items()
        ],
    }


def words(report: Report) -> list[str]:
    """The report as lines."""
    before, after = report["transport_cost_before"], report["transport_cost_after"]
    lines = [f"[bold]Transport cost {before:.4g} → {after:.4g}[/]"]
    if report["exact_cost_after"] is not None:
        lines.append(
            f"Of the best plan without blur: {report['exact_cost_before']:.4g} → {report['exact_cost_after']:.4g}"
        )
    moved = ", ".join(f"{entry['points']} points of {escape(entry['name'])}" for entry in report["layouts"])
    lines.append(
        f"{moved} · {report['steps']} steps in {report['seconds']:.2f} s · marginal error "
        f"{report['marginal_error']:.1e} at a blur of {report['blur']:g} cells"
    )
    return lines


def captions(report: Report) -> tuple[str, str]:
    """Transport costs."""
    return (
        f"transport cost {report['transport_cost_before']:.4g}",
        f"transport cost {report['transport_cost_after']:.4g}",
    )


SCENARIO = Scenario(
    title="Point matching",
    summary="Move one layout of points towards another, or over the painted costs, by transport cost.",
    settings=Matching,
    steps=steps,
    total_steps=lambda settings: settings.steps,
    apply=apply,
    headline=headline,
    curves=(
        Curve("transport_cost", "transport cost", "best"),
        Curve("regularised_cost", "regularised", "soft"),
        Curve("marginal_error", "marginal error", "bound", log=True),
        Curve("moved", "farthest move, cells", "value", log=True),
    ),
    axis="transport cost",
    report=report,
    words=words,
    captions=captions,
    needs_route=False,
)
