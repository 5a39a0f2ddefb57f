"""A problem with all that follows from it, computed once before a run."""

from dataclasses import dataclass
from math import ceil

import numpy as np

from engine.arranging.ascent import push_metric
from engine.arranging.assignment import assign
from engine.arranging.bound import has_bound
from engine.arranging.choices import Choices, choices_of
from engine.arranging.loads import Walk, walks_of
from engine.arranging.plans import even_plan
from engine.arranging.problem import Arrangement
from engine.core.arrays import Floats, Integers
from engine.core.errors import ProblemError, SuggestedFix


@dataclass(frozen=True, eq=False)
class Prepared:
    """A problem, its units and pools, and its routes.

    nearest: (U,) the arrangement that keeps most tiles of the drawn map; the drawn map itself if that is one.
    even: (U, T) the plan that is the same everywhere.  metric: (T, T), see `engine.arranging.ascent`.
    most_changed: tiles that may differ from the drawn map.  bounded: whether a bound is known.
    """

    problem: Arrangement
    choices: Choices
    walks: tuple[Walk, ...]
    nearest: Integers
    even: Floats
    metric: Floats
    most_changed: float
    bounded: bool


def prepare(problem: Arrangement) -> Prepared:
    """Return what a run on the problem needs. Raises ProblemError where no arrangement is within the limits."""
    choices = choices_of(problem)
    nearest = assign(choices, -choices.changes)
    if nearest is None:
        raise ProblemError(
            "counts",
            "no arrangement keeps all limits: in some district the tiles do not fit where their terrains may lie; "
            "widen the counts, the areas of the terrains, or the districts",
        )
    most_changed = problem.limits.most_changed * np.count_nonzero(problem.tiles)
    changed = choices.tiles_changed(nearest.chosen)
    if changed > most_changed:
        raise ProblemError(
            "most_changed",
            f"{changed} tiles have to change for the other limits alone, but only {most_changed:g} may; "
            "let more of them change",
            SuggestedFix("most_changed", ceil(100.0 * changed / np.count_nonzero(problem.tiles)) / 100.0),
        )
    walks = walks_of(problem, choices)
    return Prepared(
        problem,
        choices,
        walks,
        nearest.chosen,
        even_plan(choices),
        push_metric(walks),
        most_changed,
        has_bound(problem, choices),
    )
