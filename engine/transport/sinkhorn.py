"""Entropic optimal transport between two weighted layouts.

Over the plans P ≥ 0 (n, m) it minimises

    <P, C> + ε KL(P | a ⊗ b / s)        KL(P | R) = Σ P log(P / R) − P + R

with one of three wishes for the marginals of P:

`Balanced`    they are a and b.
`Unbalanced`  they may differ: `strength` times KL(P1 | a) + KL(Pᵀ1 | b) is added to the cost.
`Partial`     they are at most a and b, and P moves `mass` in all: a balanced problem with one more point on
              either side that takes what stays, at cost 0.

s = √(Σa · Σb), and Σa + Σb − mass for `Partial`, is a weight that makes a ⊗ b / s a plan itself. The optimal
plan is P = a b / s · exp((f + g − C) / ε) with one potential per point. Relative to a ⊗ b the potentials stay
finite where a weight is zero, splitting a point in two changes nothing, the cost never falls as ε grows, and
doubling all weights doubles it. It is the plan of the plain entropy Σ P (log P − 1), too, whose potentials are
f + ε log a and g + ε log b, up to a constant.

How it is solved. f follows from g in closed form; what is left, the semi-dual, is concave in g. A cold start
brings ε down from the largest cost. On every level the kernel exp((f + g − C) / ε) is formed from the present
potentials, so that no exponent is large, and a sweep is a plain product with it. Once the marginal error is
small, Newton's method takes over: conjugate gradients on the Hessian of the semi-dual, one pass over the
kernel each, and a search along the step. A warm start begins where the potentials of the last solves point to.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from math import comb
from typing import TYPE_CHECKING, Literal

import numpy as np

from engine.core.arrays import Floats, writable
from engine.core.errors import ProblemError, SuggestedFix
from engine.core.status import Status
from engine.transport.core import Core, Progress, Solution
from engine.transport.cpu import CpuTransport

if TYPE_CHECKING:
    from engine.transport.torch_solver import TorchTransport

Kind = Literal["squared", "distance"]
Precision = Literal["float64", "float32"]

# Marginal errors that the two precisions reach whatever the problem.
SMALLEST_TOLERANCE = {"float64": 1e-12, "float32": 3e-5}
# Below this share of the largest cost an exact plan takes less time than an entropic one.
EXACT_IS_CHEAPER = 1e-4
# Below this share of the largest cost, exponents cannot be told apart in float64.
SMALLEST_EPSILON = 1e-9
# Potentials of earlier solves that a warm start looks back at: what a polynomial of degree 3 needs.
REMEMBERED = 4
# Totals of two layouts that differ by less than this share are the same.
TOTALS_AGREE = 1e-9


@dataclass(frozen=True, eq=False)
class PointCost:
    """Squared or plain Euclidean distance from `sources` (n, d) to `targets` (m, d)."""

    sources: Floats
    targets: Floats
    kind: Kind = "squared"

    @property
    def shape(self) -> tuple[int, int]:
        return self.sources.shape[0], self.targets.shape[0]

    def matrix(self) -> Floats:
        """(n, m) ground cost."""
        squared = np.zeros(self.shape)
        for source, target in zip(self.sources.T, self.targets.T, strict=True):
            squared += np.subtract.outer(source, target) ** 2
        return squared if self.kind == "squared" else np.sqrt(squared)

    def largest(self) -> float:
        """An upper bound of the costs, from the two bounding boxes."""
        reach = np.maximum(
            np.abs(self.sources.max(axis=0) - self.targets.min(axis=0)),
            np.abs(self.targets.max(axis=0) - self.sources.min(axis=0)),
        )
        squared = float(np.sum(reach**2))
        return squared if self.kind == "squared" else float(np.sqrt(squared))


@dataclass(frozen=True, eq=False)
class MatrixCost:
    """Any ground cost (n, m), finite."""

    values: Floats

    @property
    def shape(self) -> tuple[int, int]:
        return self.values.shape[0], self.values.shape[1]

    def matrix(self) -> Floats:
        """(n, m) ground cost."""
        return self.values

    def largest(self) -> float:
        """The largest difference between two costs."""
        return float(np.ptp(self.values))


GroundCost = PointCost | MatrixCost


@dataclass(frozen=True)
class Balanced:
    """The plan's marginals are the weights; their totals agree."""


@dataclass(frozen=True)
class Unbalanced:
    """Marginals may differ from the weights, at `strength` (cost units, > 0) per unit of KL divergence."""

    strength: float


@dataclass(frozen=True)
class Partial:
    """`mass` is moved, 0 < mass ≤ the smaller total; the cheapest to move goes first."""

    mass: float


Relaxation = Balanced | Unbalanced | Partial


@dataclass(frozen=True, eq=False)
class TransportProblem:
    """Two layouts with weights a (n,) and b (m,), both ≥ 0, the cost of moving and what the totals mean."""

    a: Floats
    b: Floats
    cost: GroundCost
    relaxation: Relaxation = field(default_factory=Balanced)


@dataclass(frozen=True)
class TransportSettings:
    """How to solve.

    epsilon: entropic regularisation, in cost units.
    tolerance: L1 error of the marginals at which to stop, as a share of s, for `Partial` of the mass.
    max_iterations: passes over the kernel at most; a sweep and a step of conjugate gradients are one each.
    device: "cpu" for compiled loops, or any torch device ("cuda"; "cpu:0" is torch's CPU).
    precision: "float32" stops at an error of 3e-5 even if the tolerance is smaller: single precision does not
        get below. On the CPU potentials and sums are float64 in either case, and the kernel itself is kept in
        float32 as long as its rounding, some 1e-7 of the marginals, is well below the tolerance.
    """

    epsilon: float
    tolerance: float = 1e-6
    max_iterations: int = 5_000
    device: str = "cpu"
    precision: Precision = "float64"

    @property
    def reachable_tolerance(self) -> float:
        """The tolerance, or the smallest that the precision allows if that is larger."""
        return max(self.tolerance, SMALLEST_TOLERANCE[self.precision])


@dataclass(frozen=True, eq=False)
class TransportWarmth:
    """What a solve leaves for the next one on a similar problem with the same number of points.

    latest: (m,) potentials g, with one more for `Partial`.  earlier: those of the solves before, the newest
    first, at most `REMEMBERED`.
    """

    latest: Floats
    earlier: tuple[Floats, ...] = ()

    def start(self) -> Floats:
        """Where to begin: the potentials moved on along a polynomial through the last ones.

        It has the degree, up to 3, that would have foretold the latest ones best. On the smooth way of Adam that
        halves the work of a solve; after a jump it falls back to lower degrees.
        """
        if len(self.earlier) < 2:
            return _foretold((self.latest, *self.earlier), len(self.earlier))
        missed = [np.std(self.latest - _foretold(self.earlier, degree)) for degree in range(len(self.earlier))]
        return _foretold((self.latest, *self.earlier), int(np.argmin(missed)))

    def followed_by(self, potentials: Floats) -> "TransportWarmth":
        """The same one solve later."""
        return TransportWarmth(potentials, (self.latest, *self.earlier)[:REMEMBERED])


def _foretold(newest_first: Sequence[Floats], degree: int) -> Floats:
    """The next of a series of which the differences of order `degree + 1` vanish."""
    return sum(
        ((-1) ** j * comb(degree + 1, j + 1) * newest_first[j] for j in range(1, degree + 1)),
        start=(degree + 1.0) * newest_first[0],
    )


@dataclass(frozen=True, eq=False)
class TransportResult:
    """A solved problem.

    f, g: (n,), (m,) potentials, in cost units, finite; those of `Balanced` and `Partial` are fixed up to a
        constant, chosen so that both sides bear half of the cost.
    regularised_cost: the minimum above.  transport_cost: <plan, C>.
    rows, columns: (n,), (m,) marginals of the plan.
    marginal_error: L1 distance of the marginals from what they should be, as a share of s, for `Partial` of
        the mass. For `Unbalanced` they should be a exp(−f / strength) and b exp(−g / strength).
    by_a, by_b: (n,), (m,) derivatives of the regularised cost; for `Balanced` f and g, valid for changes that
        keep the totals equal.  by_sources, by_targets: (n, d), (m, d), None for a cost matrix. The derivative
        by the cost matrix is the plan.
    """

    problem: TransportProblem
    epsilon: float
    f: Floats
    g: Floats
    regularised_cost: float
    transport_cost: float
    rows: Floats
    columns: Floats
    marginal_error: float
    iterations: int
    status: Status
    by_a: Floats
    by_b: Floats
    by_sources: Floats | None
    by_targets: Floats | None
    warmth: TransportWarmth

    def plan(self) -> Floats:
        """(n, m), made anew at every call."""
        problem = self.problem
        with np.errstate(divide="ignore"):  # between points without weight, the exponential alone might overflow
            log_a, log_b = np.log(problem.a / _scale(problem)), np.log(problem.b)
        plan = problem.cost.matrix() / -self.epsilon
        plan += (self.f / self.epsilon + log_a)[:, None]
        plan += self.g / self.epsilon + log_b
        return np.exp(plan, out=plan)

    @property
    def advice(self) -> str:
        """How the solve ended and, if it fell short, what to change."""
        return _ADVICE[self.status].format(error=self.marginal_error, iterations=self.iterations)


_ADVICE = {
    Status.CONVERGED: "Done: the plan's marginals are right to {error:.1e} of the weight.",
    Status.STEPS_DONE: (
        "Stopped after {iterations} passes with marginals that are off by {error:.1e} of the weight. Allow more "
        "iterations, or choose a larger epsilon or tolerance."
    ),
    Status.STALLED: (
        "The marginals stay off by {error:.1e} of the weight, whatever is tried at this precision. Choose a "
        "larger epsilon or tolerance; for plans without blur, the exact one."
    ),
    Status.NOT_A_NUMBER: (
        "The solver met something that is not a finite number, and its last good state is kept, with marginals "
        "off by {error:.1e}. Choose a larger epsilon, and look at the costs for extreme values."
    ),
}


@dataclass(frozen=True, eq=False)
class TransportIterate:
    """Where a solve is. status: None while it runs.

    epsilon: of the present level; it comes down to that of the settings.
    result: the solution as it stands; to be called before the next iterate is asked for.
    """

    epsilon: float
    marginal_error: float
    iterations: int
    status: Status | None
    result: Callable[[], TransportResult]


def transport(
    problem: TransportProblem, settings: TransportSettings, warmth: TransportWarmth | None = None
) -> Iterator[TransportIterate]:
    """Iterates of the solver, the last one with a status.

    Raises ProblemError, with a sentence that says what to change, if the problem cannot be started on.
    Never raises for want of convergence: look at `status` and `marginal_error`.
    """
    check(problem, settings)
    core = _core(problem)
    start = None if warmth is None else _start(core, warmth)
    if settings.device == "cpu":
        solver = CpuTransport(core, settings.reachable_tolerance, settings.precision == "float32")
        states, solution = solver.run(settings.epsilon, start, settings.max_iterations), solver.solution
    else:
        batch = _torch_transport([core], settings)
        states = (state for (state,) in batch.run(settings.epsilon, [start], settings.max_iterations))

        def solution() -> Solution:
            return batch.solutions()[0]

    for state in states:

        def result(state: Progress = state) -> TransportResult:
            return _result(problem, core, solution(), state, warmth)

        yield TransportIterate(state.epsilon, state.error, state.iterations, state.status, result)


def solve_transport(
    problem: TransportProblem, settings: TransportSettings, warmth: TransportWarmth | None = None
) -> TransportResult:
    """The result of the last iterate of `transport`. Raises what it raises."""
    (iterate,) = deque(transport(problem, settings, warmth), maxlen=1)
    return iterate.result()


def solve_transports(
    problems: Sequence[TransportProblem],
    settings: TransportSettings,
    warmth: Sequence[TransportWarmth] | None = None,
) -> tuple[TransportResult, ...]:
    """Results of several problems of one size and kind: at once on a torch device, one by one on the CPU.

    warmth: one for each, that of their last results. Raises what `transport` raises.
    """
    before: list[TransportWarmth | None] = [None] * len(problems) if warmth is None else list(warmth)
    if settings.device == "cpu":
        return tuple(solve_transport(p, settings, w) for p, w in zip(problems, before, strict=True))
    for problem in problems:
        check(problem, settings)
    cores = [_core(problem) for problem in problems]
    starts = [None if w is None else _start(core, w) for core, w in zip(cores, before, strict=True)]
    batch = _torch_transport(cores, settings)
    (states,) = deque(batch.run(settings.epsilon, starts, settings.max_iterations), maxlen=1)
    return tuple(_result(*parts) for parts in zip(problems, cores, batch.solutions(), states, before, strict=True))


def exact_is_cheaper(problem: TransportProblem, epsilon: float) -> bool:
    """Whether `engine.transport.exact` takes less time than a solve at this epsilon."""
    return epsilon < EXACT_IS_CHEAPER * problem.cost.largest()


def check(problem: TransportProblem, settings: TransportSettings) -> None:
    """Raises ProblemError if a solve cannot start: which weight, point or setting is wrong, and what would do.

    subject: "weights", "cost", "totals", "mass", "strength", "epsilon" or "settings".
    """
    check_problem(problem)
    for name, value in (("epsilon", settings.epsilon), ("tolerance", settings.tolerance)):
        if not (np.isfinite(value) and value > 0.0):
            subject = "epsilon" if name == "epsilon" else "settings"
            raise ProblemError(subject, f"{name} is {value}; it must be a number above 0")
    if settings.max_iterations < 1:
        raise ProblemError("settings", f"max_iterations is {settings.max_iterations}; it must be at least 1")
    if settings.precision not in SMALLEST_TOLERANCE:
        raise ProblemError(
            "settings", f"precision is {settings.precision!r}; choose {' or '.join(SMALLEST_TOLERANCE)}"
        )
    smallest = SMALLEST_EPSILON * problem.cost.largest()
    if settings.epsilon < smallest:
        raise ProblemError(
            "epsilon",
            f"epsilon is {settings.epsilon:g}, too small beside costs of up to {problem.cost.largest():g}: "
            f"choose at least {smallest:g}, or the exact plan",
            SuggestedFix("epsilon", smallest),
        )


def check_problem(problem: TransportProblem) -> None:
    """Raises ProblemError if the layouts, their cost or what is wanted of the totals make no sense."""
    for side, weights, size in (
        ("source", problem.a, problem.cost.shape[0]),
        ("target", problem.b, problem.cost.shape[1]),
    ):
        if weights.ndim != 1 or weights.size != size:
            raise ProblemError(
                "weights", f"the {side}s have weights of shape {weights.shape}, but the cost is for {size} points"
            )
        if size == 0:
            raise ProblemError("weights", f"there is no {side} point; add at least one")
        bad = np.flatnonzero(~(np.isfinite(weights) & (weights >= 0.0)))
        if bad.size > 0:
            raise ProblemError(
                "weights",
                f"{side} point {bad[0]} has weight {weights[bad[0]]}; give it a finite weight of at least 0",
            )
        if not weights.sum() > 0.0:
            raise ProblemError("weights", f"all {side} points have weight 0; give at least one a weight above 0")
    _check_cost(problem.cost)
    total_a, total_b = float(problem.a.sum()), float(problem.b.sum())
    match problem.relaxation:
        case Balanced():
            if abs(total_a - total_b) > TOTALS_AGREE * max(total_a, total_b):
                raise ProblemError(
                    "totals",
                    f"the sources weigh {total_a:g} in all and the targets {total_b:g}; scale one of them, or "
                    f"choose partial or unbalanced transport",
                )
        case Unbalanced(strength):
            if not (np.isfinite(strength) and strength > 0.0):
                raise ProblemError("strength", f"the strength is {strength}; it must be a finite number above 0")
        case Partial(mass):
            most = min(total_a, total_b)
            if not (np.isfinite(mass) and 0.0 < mass <= most * (1.0 + TOTALS_AGREE)):
                raise ProblemError(
                    "mass",
                    f"a mass of {mass:g} cannot be moved: the sources weigh {total_a:g} in all and the targets "
                    f"{total_b:g}; choose a mass above 0 and up to {most:g}",
                    SuggestedFix("mass", most),
                )


def _check_cost(cost: GroundCost) -> None:
    if isinstance(cost, MatrixCost):
        if cost.values.ndim != 2:
            raise ProblemError("cost", f"the cost matrix has shape {cost.values.shape}; it must have two axes")
        bad = np.argwhere(~np.isfinite(cost.values))
        if bad.size > 0:
            source, target = (int(i) for i in bad[0])
            raise ProblemError(
                "cost",
                f"the cost from source point {source} to target point {target} is {cost.values[source, target]}; "
                f"every cost must be a finite number",
            )
        return
    for side, positions in (("source", cost.sources), ("target", cost.targets)):
        if positions.ndim != 2 or positions.shape[1] == 0:
            raise ProblemError(
                "cost", f"the {side} positions have shape {positions.shape}; it must be (points, dimensions)"
            )
        bad = np.flatnonzero(~np.isfinite(positions).all(axis=1))
        if bad.size > 0:
            place = ", ".join(f"{x:g}" for x in positions[bad[0]])
            raise ProblemError("cost", f"{side} point {bad[0]} lies at ({place}); move it to a finite place")
    if cost.sources.shape[1] != cost.targets.shape[1]:
        raise ProblemError(
            "cost",
            f"sources have {cost.sources.shape[1]} coordinates and targets {cost.targets.shape[1]}; they must "
            f"lie in the same space",
        )
    with np.errstate(over="ignore"):
        if not np.isfinite(cost.largest()):
            raise ProblemError("cost", "some points are too far apart for their distance to be a finite number")


def _torch_transport(cores: Sequence[Core], settings: TransportSettings) -> "TorchTransport":
    from engine.transport.torch_solver import TorchTransport  # torch takes seconds to import

    return TorchTransport(cores, settings.reachable_tolerance, settings.device, settings.precision)


def _scale(problem: TransportProblem) -> float:
    """s: of the weights, and with it of the plan and of the cost."""
    a, b = float(problem.a.sum()), float(problem.b.sum())
    return a + b - problem.relaxation.mass if isinstance(problem.relaxation, Partial) else float(np.sqrt(a * b))


def _core(problem: TransportProblem) -> Core:
    cost, relaxation = problem.cost, problem.relaxation
    a, b = problem.a, problem.b
    if isinstance(relaxation, Partial):
        a, b = (
            np.append(a, max(0.0, float(b.sum()) - relaxation.mass)),
            np.append(b, max(0.0, float(a.sum()) - relaxation.mass)),
        )
    strength, scale = np.inf, None
    if isinstance(relaxation, Unbalanced):
        strength, scale = relaxation.strength, _scale(problem)
    nothing = np.empty((0, 0))
    of_points = isinstance(cost, PointCost)
    return Core(
        a / (scale or a.sum()),
        b / (scale or b.sum()),
        writable(cost.sources.T) if of_points else nothing,
        writable(cost.targets.T) if of_points else nothing,
        nothing if of_points else writable(cost.values),
        of_points and cost.kind == "squared",
        strength,
        cost.largest(),
        relaxation.mass / _scale(problem) if isinstance(relaxation, Partial) else 1.0,
    )


def _start(core: Core, warmth: TransportWarmth) -> Floats:
    start = warmth.start()
    if start.shape != core.b.shape or not np.isfinite(start).all():
        raise ProblemError(
            "warmth",
            f"the potentials to start from must be {core.b.size} finite numbers, but have shape {start.shape}; "
            f"after points came or went, start without any",
        )
    return start


def _result(
    problem: TransportProblem, core: Core, solution: Solution, progress: Progress, warmth: TransportWarmth | None
) -> TransportResult:
    epsilon, scale = progress.epsilon, _scale(problem)
    n, m = problem.a.size, problem.b.size
    f, g = solution.f, solution.g
    rows, columns = solution.rows[:n], solution.columns[:m]
    if isinstance(problem.relaxation, Unbalanced):
        strength = problem.relaxation.strength
        kept_a, kept_b = np.exp(-f / strength), np.exp(-g / strength)
        total = float(solution.rows.sum())
        value = strength * (core.a @ (1.0 - kept_a) + core.b @ (1.0 - kept_b)) - epsilon * (total - 1.0)
        # s depends on the totals, and through it the plan that the entropy compares with.
        sum_a, sum_b = float(core.a.sum()), float(core.b.sum())
        by_a = strength * (1.0 - kept_a) - epsilon * (kept_a - sum_b - (total - 1.0) / (2.0 * sum_a))
        by_b = strength * (1.0 - kept_b) - epsilon * (kept_b - sum_a - (total - 1.0) / (2.0 * sum_b))
    else:
        value = core.a @ f + core.b @ g
        shift = 0.5 * (core.a @ f - core.b @ g)
        f, g = f - shift, g + shift
        by_a, by_b = f, g
        if isinstance(problem.relaxation, Partial):
            # With more weight on one side, more of it stays: at the slack point of the other side.
            by_a, by_b = f[:n] + g[m], g[:m] + f[n]
            rows = rows - core.a[:n] * core.b[m] * np.exp(by_a / epsilon)
            columns = columns - core.b[:m] * core.a[n] * np.exp(by_b / epsilon)
    points = core.matrix.size == 0
    return TransportResult(
        problem,
        epsilon,
        f[:n],
        g[:m],
        scale * float(value),
        scale * solution.cost,
        scale * rows,
        scale * columns,
        progress.error,
        progress.iterations,
        progress.status or Status.STEPS_DONE,
        by_a,
        by_b,
        scale * solution.by_sources.T if points else None,
        scale * solution.by_targets.T if points else None,
        TransportWarmth(solution.g) if warmth is None else warmth.followed_by(solution.g),
    )
