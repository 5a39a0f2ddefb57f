"""Compute what the plan panel shows: two plans between layouts, their largest couplings, their pictures."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication

from app.panels.plan.pixels import Values, binned
from app.scenarios.frame import Plan

if TYPE_CHECKING:
    from engine.transport.problem import TransportProblem
    from maps.document import Layout

Indices = NDArray[np.intp]
_tr = QCoreApplication.translate

MOST_PAIRS = 4_000_000  # of points: a plan of 32 MB
MOST_SHOWN = 400  # rows or columns of a picture
MOST_LINES = 400  # couplings on the map
# Of the solver: pairs visited over all iterations, which take a second or two, and iterations at most.
MOST_VISITS, MOST_ITERATIONS = 2_000_000_000, 5_000


class CannotCompare(Exception):
    """Say in a sentence for the designer why there are no plans to compare.

    totals_differ: only the total weights stand in the way, so that scaling them would help.
    """

    def __init__(self, sentence: str, totals_differ: bool = False) -> None:
        super().__init__(sentence)
        self.totals_differ = totals_differ


@dataclass(frozen=True, eq=False)
class Pair:
    """Two layouts and what does not depend on the blur.

    scale: what the target's weights are multiplied by for the view; 1 as drawn.
    exact: (n, m) plan of least cost, which is `exact_cost`; None where there is none, and `no_exact` says why.
    rows, columns: (n,), (m,) order in the pictures: rows by how far along the points of the source lie,
        columns by where the exact plan takes them from, so that it lies along the diagonal.
    """

    source: Layout
    target: Layout
    scale: float
    exact: Values | None
    exact_cost: float | None
    no_exact: str
    rows: Indices
    columns: Indices

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of points (n, m)."""
        return len(self.rows), len(self.columns)

    def answers(self, source: Layout, target: Layout, same_total: bool) -> bool:
        """Return whether `pair_of` would give this pair."""
        as_asked = same_total or self.scale == 1.0
        return as_asked and self.source is source and self.target is target


@dataclass(frozen=True, eq=False)
class Comparison:
    """The entropic plan between two layouts, beside the exact one.

    blur: cells, √ε.  plan: (n, m), finite, with `cost` <plan, squared distance>.
    marginal_error: L1 distance of the plan's marginals from the weights, as a share of all weight.
    unsettled: what the solver advises where its tolerance was not reached, else empty.
    largest: the MOST_LINES largest couplings, or as many as there are; its rows are points of the source.
    picture, exact_picture: means over blocks of `block` rows and columns, in the pair's order.
    """

    pair: Pair
    blur: float
    plan: Values
    cost: float
    marginal_error: float
    unsettled: str
    largest: Plan
    picture: Values
    exact_picture: Values | None
    block: tuple[int, int]

    @property
    def excess(self) -> float | None:
        """How much dearer than the exact plan, as a share; None without an exact plan or if that costs nothing."""
        exact = self.pair.exact_cost
        return None if exact is None or exact <= 0.0 else self.cost / exact - 1.0


def pair_of(source: Layout, target: Layout, same_total: bool) -> Pair:
    """Return two layouts with the exact plan between them, where it can be found within about a second.

    same_total: scale the target's weights to the source's total. Raises CannotCompare.
    """
    from engine.core.errors import ProblemError
    from engine.transport.exact import ASSIGNMENT_POINTS, PROGRAMME_POINTS, exact_is_quick, exact_transport
    from engine.transport.problem import TOTALS_AGREE

    _check_weights(source)
    _check_weights(target)
    n, m = len(source.weights), len(target.weights)
    if n * m > MOST_PAIRS:
        too_many = _tr(
            "PlanPanel",
            "“{}” has {:,} points and “{}” {:,}: too many pairs for this view, which takes up to {:,}. "
            "Choose smaller layouts.",
        )
        raise CannotCompare(too_many.format(source.name, n, target.name, m, MOST_PAIRS))
    total, other = _total(source), _total(target)
    agree = abs(total - other) <= TOTALS_AGREE * max(total, other)
    if not (agree or same_total):
        differ = _tr(
            "PlanPanel",
            "“{}” weighs {:.5g} in all and “{}” {:.5g}. A plan takes all of one to the other: "
            "scale “{}” here, or change weights in the Points panel.",
        )
        sentence = differ.format(source.name, total, target.name, other, target.name)
        raise CannotCompare(sentence, totals_differ=True)
    scale = 1.0 if agree else total / other

    problem = _problem(source, target)
    along = _main_axis(source.positions)
    rows = np.argsort(source.positions @ along, kind="stable")
    columns = np.argsort(target.positions @ along, kind="stable")
    pair = Pair(source, target, scale, None, None, "", rows, columns)
    if not exact_is_quick(problem):
        too_large = _tr(
            "PlanPanel",
            "Not worked out: it would take too long with more than {0:,} × {0:,} points, "
            "or {1:,} × {1:,} where both have equally many of equal weight.",
        )
        return replace(pair, no_exact=too_large.format(PROGRAMME_POINTS, ASSIGNMENT_POINTS))
    try:
        found = exact_transport(problem)
    except ArithmeticError:
        not_found = _tr("PlanPanel", "The exact plan was not found: the weights differ too much in size.")
        return replace(pair, no_exact=not_found)
    except ProblemError as error:
        raise CannotCompare(str(error)) from error
    exact = found.plan() * total
    place = np.empty(n)
    place[rows] = np.arange(n)
    taken_from = (place @ exact)[columns] / np.maximum(exact.sum(axis=0)[columns], np.finfo(np.float64).tiny)
    columns = columns[np.argsort(taken_from, kind="stable")]
    return replace(pair, exact=exact, exact_cost=found.transport_cost * total, columns=columns)


def compare(pair: Pair, blur: float) -> Comparison:
    """Solve for the entropic plan of squared distances at ε = blur², beside the pair's exact one.

    Raises CannotCompare.
    """
    from engine.core.errors import ProblemError
    from engine.core.status import Status
    from engine.transport.couplings import largest_couplings
    from engine.transport.settings import TransportSettings
    from engine.transport.sinkhorn import solve_transport

    source, target, (n, m) = pair.source, pair.target, pair.shape
    try:
        result = solve_transport(
            _problem(source, target),
            TransportSettings(blur**2, max_iterations=max(1, min(MOST_ITERATIONS, MOST_VISITS // (n * m)))),
        )
    except ProblemError as error:
        raise CannotCompare(str(error)) from error
    total = _total(source)
    plan = result.plan() * total
    i, j, mass = largest_couplings(plan, MOST_LINES)
    block = math.ceil(n / MOST_SHOWN), math.ceil(m / MOST_SHOWN)
    order = np.ix_(pair.rows, pair.columns)
    return Comparison(
        pair,
        blur,
        plan,
        result.transport_cost * total,
        result.marginal_error,
        "" if result.status is Status.CONVERGED else result.message,
        Plan(np.hstack([source.positions[i], target.positions[j]]), mass, i),
        binned(plan[order], block),
        None if pair.exact is None else binned(pair.exact[order], block),
        block,
    )


def _check_weights(layout: Layout) -> None:
    """Raise CannotCompare for a layout whose weights cannot be a marginal of a plan."""
    if len(layout.weights) == 0:
        told = _tr("PlanPanel", "“{}” has no points. Place some with P, or choose another layout.")
    elif not layout.weights.any():
        told = _tr("PlanPanel", "All points of “{}” weigh 0. Give at least one of them a weight above 0.")
    elif not math.isfinite(_total(layout)):
        told = _tr("PlanPanel", "The weights of “{}” are too large to add up. Make them smaller.")
    else:
        return
    raise CannotCompare(told.format(layout.name))


def _problem(source: Layout, target: Layout) -> TransportProblem:
    """Pose the problem with weights that sum to 1, whatever their size; a plan and its cost are shares then."""
    from engine.transport.costs import PointCost
    from engine.transport.problem import TransportProblem

    a, b = source.weights / _total(source), target.weights / _total(target)
    return TransportProblem(a, b, PointCost(source.positions, target.positions))


def _total(layout: Layout) -> float:
    with np.errstate(over="ignore"):
        return float(layout.weights.sum())


def _main_axis(positions: Values) -> Values:
    """Return the direction (2,) in which the points spread most, pointing down or to the right."""
    _, _, axes = np.linalg.svd(positions - positions.mean(axis=0), full_matrices=False)
    axis: Values = axes[0]
    return axis * np.sign(axis[np.argmax(np.abs(axis))] or 1.0)
