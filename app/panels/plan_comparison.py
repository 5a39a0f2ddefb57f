"""What the plan panel shows, without Qt: two plans between layouts, their largest couplings, their pictures."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from app.canvas.colouring import Pixels
from maps.document import Layout

if TYPE_CHECKING:
    from engine.transport.problem import TransportProblem

Values = NDArray[np.float64]
Indices = NDArray[np.intp]

MOST_PAIRS = 4_000_000  # of points: a plan of 32 MB
MOST_SHOWN = 400  # rows or columns of a picture
MOST_LINES = 400  # couplings on the map
# Of the solver: times that a pair is looked at in all, which takes a second or two, and passes at most.
PASSES = 2_000_000_000, 5_000

# From almost nothing to the largest mass, each lighter than the one before: blue to yellow tells its order to
# every kind of colour vision. On a light ground, each darker.
_ON_DARK = ((36, 66, 104), (58, 104, 142), (112, 148, 146), (190, 190, 120), (254, 232, 90))
_ON_LIGHT = ((200, 222, 234), (126, 180, 206), (66, 128, 170), (30, 80, 130), (8, 30, 72))


class CannotCompare(Exception):
    """There are no plans to compare.

    reason: "no_points", "no_weight" and "too_heavy" are about `layout`; "totals" and "too_many" about both
    layouts; "other" comes with a sentence, the message.
    """

    def __init__(
        self,
        reason: Literal["no_points", "no_weight", "too_heavy", "totals", "too_many", "other"],
        layout: Layout | None = None,
        sentence: str = "",
    ) -> None:
        super().__init__(sentence or reason)
        self.reason = reason
        self.layout = layout


@dataclass(frozen=True, eq=False)
class Pair:
    """Two layouts and what does not depend on the blur.

    scale: what the target's weights are multiplied by for the view; 1 as drawn.
    exact: (n, m) plan of least cost with `exact_cost`; None, with the reason, where there is none.
    rows, columns: (n,), (m,) order in the pictures: rows by how far along the points of the source lie,
        columns by where the exact plan takes them from, so that it lies along the diagonal.
    """

    source: Layout
    target: Layout
    scale: float
    exact: Values | None
    exact_cost: float | None
    no_exact: Literal["", "too_large", "not_found"]
    rows: Indices
    columns: Indices

    @property
    def shape(self) -> tuple[int, int]:
        """(n, m)."""
        return len(self.rows), len(self.columns)

    def answers(self, source: Layout, target: Layout, same_total: bool) -> bool:
        """Whether `pair_of` would give this pair."""
        as_asked = same_total or self.scale == 1.0
        return as_asked and self.source is source and self.target is target


@dataclass(frozen=True, eq=False)
class Comparison:
    """The entropic plan between two layouts, beside the exact one.

    blur: cells, √ε.  plan: (n, m), finite, with `cost` <plan, squared distance>.
    marginal_error: L1 distance of the plan's marginals from the weights, as a share of all weight.
    unsettled: what the solver advises where its tolerance was not reached, else empty.
    lines: (k, 4) row, col to row, col of the largest couplings, k ≤ MOST_LINES; mass: (k,); line_rows: (k,)
        points of the source.
    picture, exact_picture: means over blocks of `block` rows and columns, in the pair's order.
    """

    pair: Pair
    blur: float
    plan: Values
    cost: float
    marginal_error: float
    unsettled: str
    lines: Values
    mass: Values
    line_rows: NDArray[np.int64]
    picture: Values
    exact_picture: Values | None
    block: tuple[int, int]

    @property
    def excess(self) -> float | None:
        """How much dearer than the exact plan, as a share; None without an exact plan or if that costs nothing."""
        exact = self.pair.exact_cost
        return None if exact is None or exact <= 0.0 else self.cost / exact - 1.0


def pair_of(source: Layout, target: Layout, same_total: bool) -> Pair:
    """The exact plan between two layouts; same_total: scale the target's weights to the source's total.

    Raises CannotCompare.
    """
    from engine.core.errors import ProblemError
    from engine.transport.exact import exact_is_quick, exact_transport
    from engine.transport.problem import TOTALS_AGREE

    for layout in (source, target):
        if len(layout.weights) == 0:
            raise CannotCompare("no_points", layout)
        if not layout.weights.any():
            raise CannotCompare("no_weight", layout)
        if not math.isfinite(_total(layout)):
            raise CannotCompare("too_heavy", layout)
    n, m = len(source.weights), len(target.weights)
    if n * m > MOST_PAIRS:
        raise CannotCompare("too_many")
    total, other = _total(source), _total(target)
    agree = abs(total - other) <= TOTALS_AGREE * max(total, other)
    if not (agree or same_total):
        raise CannotCompare("totals")
    scale = 1.0 if agree else total / other

    problem = _problem(source, target)
    along = _main_axis(source.positions)
    rows = np.argsort(source.positions @ along, kind="stable")
    columns = np.argsort(target.positions @ along, kind="stable")
    pair = Pair(source, target, scale, None, None, "too_large", rows, columns)
    if not exact_is_quick(problem):
        return pair
    try:
        found = exact_transport(problem)
    except ArithmeticError:
        return replace(pair, no_exact="not_found")
    except ProblemError as error:
        raise CannotCompare("other", sentence=str(error)) from error
    exact = found.plan() * total
    place = np.empty(n)
    place[rows] = np.arange(n)
    taken_from = (place @ exact)[columns] / np.maximum(exact.sum(axis=0)[columns], np.finfo(np.float64).tiny)
    columns = columns[np.argsort(taken_from, kind="stable")]
    return replace(pair, exact=exact, exact_cost=found.transport_cost * total, no_exact="", columns=columns)


def compare(pair: Pair, blur: float) -> Comparison:
    """The entropic plan of squared distances at ε = blur², beside the pair's exact one. Raises CannotCompare."""
    from engine.core.errors import ProblemError
    from engine.core.status import Status
    from engine.transport.couplings import largest_couplings
    from engine.transport.settings import TransportSettings
    from engine.transport.sinkhorn import solve_transport

    source, target, (n, m) = pair.source, pair.target, pair.shape
    looks, passes = PASSES
    try:
        result = solve_transport(
            _problem(source, target),
            TransportSettings(blur**2, max_iterations=max(1, min(passes, looks // (n * m)))),
        )
    except ProblemError as error:
        raise CannotCompare("other", sentence=str(error)) from error
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
        "" if result.status is Status.CONVERGED else result.advice,
        np.hstack([source.positions[i], target.positions[j]]),
        mass,
        i,
        binned(plan[order], block),
        None if pair.exact is None else binned(pair.exact[order], block),
        block,
    )


def binned(values: Values, block: tuple[int, int]) -> Values:
    """Means over blocks of rows and columns; the last ones may be smaller."""
    for axis, size in enumerate(block):
        if size > 1:
            starts = list(range(0, values.shape[axis], size))
            counts = np.diff([*starts, values.shape[axis]])
            values = np.add.reduceat(values, starts, axis=axis) / (counts[:, None] if axis == 0 else counts)
    return values


def plan_pixels(values: Values, ground: tuple[int, int, int]) -> Pixels:
    """(rows, columns, 3) colours of a plan: no mass is the ground, the largest the strongest colour.

    Square roots between, so that a mass split among many is still seen.
    """
    stations = _ON_DARK if sum(ground) < 3 * 128 else _ON_LIGHT
    largest = float(values.max(initial=0.0))
    shades = np.sqrt(np.clip(values / largest, 0.0, 1.0)) if largest > 0.0 else np.zeros(values.shape)
    places = np.linspace(0.0, 1.0, len(stations) + 1)
    table = np.stack(
        [np.interp(np.linspace(0.0, 1.0, 256), places, tone) for tone in zip(ground, *stations, strict=True)],
        axis=1,
    )
    return np.rint(table).astype(np.uint8)[np.rint(shades * 255.0).astype(np.uint8)]


def _problem(source: Layout, target: Layout) -> TransportProblem:
    """Shares of the weights, so that weights of any size do; costs and plans are to be multiplied by the total."""
    from engine.transport.costs import PointCost
    from engine.transport.problem import TransportProblem

    a, b = source.weights / _total(source), target.weights / _total(target)
    return TransportProblem(a, b, PointCost(source.positions, target.positions))


def _total(layout: Layout) -> float:
    with np.errstate(over="ignore"):
        return float(layout.weights.sum())


def _main_axis(positions: Values) -> Values:
    """(2,) the direction in which the points spread most, pointing down or to the right."""
    _, _, axes = np.linalg.svd(positions - positions.mean(axis=0), full_matrices=False)
    axis: Values = axes[0]
    return axis * np.sign(axis[np.argmax(np.abs(axis))] or 1.0)
