"""From a document to the engine's problem of point matching."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from app.scenarios.common_settings import PLAIN, chosen_movement, drawn_costs
from app.scenarios.matching_settings import (
    ALL,
    CHEAPNESS,
    COSTS,
    DENSITIES,
    HEAT,
    MatchingSettings,
    target_names,
)
from app.scenarios.translate import movement_grid
from engine.core.errors import ProblemError, SuggestedFix
from maps.errors import MapFormatError
from maps.formats import read_map

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.scenarios.frame import Cells, Floats
    from engine.core.movement import Movement
    from engine.matching import problem as engine
    from maps.document import Layout, MapDocument


def matching_problem(
    document: MapDocument, settings: MatchingSettings, before: engine.MatchProblem | None = None
) -> engine.MatchProblem:
    """Return the engine's problem.

    before: of the run that goes on, whose points are known again by where they lie. Raises ProblemError where
    the layouts or the heat map cannot be used.
    """
    from engine.core.movement import Movement
    from engine.matching import problem as engine
    from engine.matching.ground_cost import Straight, Walking
    from engine.matching.limits import Limits

    moving, target_number = _numbers(document, settings)
    known = () if before is None else before.layouts
    known_targets = () if before is None else [t for t in before.targets if isinstance(t, engine.PointSet)]
    if target_number is None:
        target = engine.Density(DENSITIES[settings.target or COSTS], _density(document, settings))
    else:
        target = _points(document.layouts[target_number], None, known_targets)
    held = document.locked if settings.locked == "stay" else None
    region = {"avoid": ~document.locked, "inside": document.locked}.get(settings.locked)
    passable = document.passable
    if settings.ground == "walking":
        walking = chosen_movement(document, settings.walker) or Movement(movement_grid(document))
        ground, passable = Walking(walking.grid, walking.costs(drawn_costs(document))), walking.grid.passable
        if walking.name:
            numbers = moving if target_number is None else [*moving, target_number]
            _check_places(walking, [document.layouts[number] for number in numbers])
    else:
        ground = Straight(2 if settings.ground == "squared" else 1)
    return engine.MatchProblem(
        layouts=tuple(_points(document.layouts[number], held, known) for number in moving),
        targets=(target,),
        limits=Limits(passable, region, settings.symmetry, settings.spacing, settings.snap),
        ground=ground,
        totals=settings.totals,
        mass=settings.mass,
        give_up=settings.give_up,
        move=settings.move,
    )


def _check_places(walking: Movement, layouts: list[Layout]) -> None:
    """Refuse points where the class that walks cannot be, naming the first one."""
    from engine.matching.ground_cost import cells_of

    for layout in layouts:
        for number, (row, col) in enumerate(cells_of(layout.positions).tolist()):
            if not walking.grid.passable[row, col]:
                raise ProblemError(
                    "layout",
                    f"point {number} of layout '{layout.name}' lies where the class “{walking.name}” cannot be; "
                    "move it, or let another class walk",
                    SuggestedFix("walker", PLAIN),
                )


def setting_of(fix: SuggestedFix) -> SuggestedFix:
    """Return the engine's fix of a problem's field as one of the setting that gives it."""
    if fix.setting == "region":
        return SuggestedFix("locked", "stay")
    return SuggestedFix("ground", "squared") if fix.setting == "ground" else fix


def _numbers(document: MapDocument, settings: MatchingSettings) -> tuple[list[int], int | None]:
    """Return the indices of the layouts that move, and of the target; None for a density."""
    names = [layout.name for layout in document.layouts]
    if not names:
        raise ProblemError("layout", "the map has no layout of points; place some with the tool Points (P)")
    target = settings.target or next(iter(target_names(document)))
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
        others = [name for name in target_names(document) if name not in (source, target)]
        raise ProblemError(
            "layout",
            f"the layout '{target}' cannot move towards itself; choose another one, or a density",
            SuggestedFix("target", others[0]),
        )
    return moving, at


def _density(document: MapDocument, settings: MatchingSettings) -> Floats:
    """Return the (H, W) values to spread over. Raises ProblemError for a heat map that is none of this map."""
    if settings.target != HEAT:
        costs = drawn_costs(document)
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


def _points(
    layout: Layout, held: npt.NDArray[np.bool_] | None, known: Sequence[engine.PointSet]
) -> engine.PointSet:
    """Return a layout for the engine. held: (H, W) cells whose points stay.  known: layouts of an earlier run."""
    from engine.matching import problem as engine

    positions = np.array(layout.positions)
    cells = np.rint(positions).astype(np.int64)
    fixed = None if held is None or not len(cells) else held[cells[:, 0], cells[:, 1]]
    before = next((other for other in known if other.name == layout.name), None)
    return engine.PointSet(layout.name, positions, np.array(layout.weights), fixed, _keys(positions, before))


def _keys(positions: Floats, before: engine.PointSet | None) -> Cells:
    """Return names (n,) for points: those of the run's points drawn in the same place, new ones for the others."""
    if before is None:
        return np.arange(len(positions), dtype=np.int64)
    known: dict[tuple[float, ...], list[int]] = {}
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
