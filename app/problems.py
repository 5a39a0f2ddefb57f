"""The only translator between documents and the engine: a document and settings in, a problem out."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from maps.document import MapDocument

if TYPE_CHECKING:
    from engine.admissible import Symmetry
    from engine.grid import Grid
    from engine.problem import Aim, Problem
else:
    Symmetry = Aim = str


@dataclass(frozen=True)
class Wishes:
    """What a designer asks of an adversarial run, beyond what the document says.

    budget: total cost of all passable cells, None keeps the drawn one.  lower, upper: limits of a cell's
    cost, None takes the document's.  targets: a cost for each route, for the aim "target".
    """

    aim: Aim = "longer"
    budget: float | None = None
    lower: float | None = None
    upper: float | None = None
    symmetry: Symmetry = "none"
    smoothness: float = 0.0
    closeness: float = 0.0
    targets: tuple[float, ...] = ()


def movement_grid(document: MapDocument) -> "Grid":
    """The document's walls and movement rule as the engine's graph."""
    from engine.grid import Grid

    rule = document.rule
    return Grid(document.passable, rule.neighbours, rule.corner_rule, rule.cost_rule)


def adversarial_problem(document: MapDocument, wishes: Wishes) -> "Problem":
    """The engine's problem of redistributing the document's costs. Raises ProblemError where that cannot be."""
    from engine.admissible import admissible_maps, symmetric_shape
    from engine.problem import Objective, Problem, ProblemError, Route

    if not symmetric_shape(document.shape, wishes.symmetry):
        raise ProblemError(
            "symmetry",
            f"the symmetry {wishes.symmetry!r} needs a square map, this one is {document.height} × "
            f"{document.width}; choose 'left_right', 'top_bottom', 'four_way' or 'half_turn'",
        )
    if wishes.targets and len(wishes.targets) != len(document.routes):
        raise ProblemError(
            "objective", f"{len(wishes.targets)} targets for {len(document.routes)} routes; give one for each"
        )
    cost_map = np.array(document.cost, dtype=np.float64)
    targets = wishes.targets or (None,) * len(document.routes)
    return Problem(
        grid=movement_grid(document),
        cost_map=cost_map,
        routes=tuple(
            Route(route.start, route.goal, route.weight, target)
            for route, target in zip(document.routes, targets, strict=True)
        ),
        admissible=admissible_maps(
            cost_map,
            document.passable,
            document.bounds.lower if wishes.lower is None else wishes.lower,
            document.bounds.upper if wishes.upper is None else wishes.upper,
            locked=document.locked,
            budget=wishes.budget,
            symmetry=wishes.symmetry,
        ),
        objective=Objective(wishes.aim, wishes.smoothness, wishes.closeness),
    )
