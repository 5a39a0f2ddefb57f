"""Solve entropic transport; the problem and its notation are those of `engine.transport.problem`.

Given g, the best f has a closed form; what remains, the semi-dual, is a concave function of g. A cold start lowers
ε from the largest cost in steps. At each ε the kernel exp((f + g − C) / ε) is computed from the present
potentials, so that no exponent is large, and a Sinkhorn sweep is a plain product with it. Once the marginal error
is small, Newton's method takes over: conjugate gradients on the Hessian of the semi-dual, one pass over the kernel
per step, and a line search. A warm start begins at once at the wanted ε, from extrapolated potentials.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from engine.core.arrays import Floats, writable
from engine.core.errors import ProblemError
from engine.core.status import Status
from engine.transport.core import NormalisedProblem, Solution, SolverState
from engine.transport.costs import PointCost
from engine.transport.cpu import CpuTransport
from engine.transport.problem import Partial, TransportProblem, Unbalanced
from engine.transport.result import TransportResult, TransportWarmStart
from engine.transport.settings import TransportSettings, check

if TYPE_CHECKING:
    from engine.transport.torch_solver import TorchTransport


@dataclass(frozen=True, eq=False)
class TransportIterate:
    """State of a solve after a pass of the solver.

    epsilon: the present one; it falls to that of the settings.  status: None while the solve goes on.
    result: computes the solution of this state; call it before the next iterate is asked for.
    """

    epsilon: float
    marginal_error: float
    iterations: int
    status: Status | None
    result: Callable[[], TransportResult]


def sinkhorn(
    problem: TransportProblem, settings: TransportSettings, warm_start: TransportWarmStart | None = None
) -> Iterator[TransportIterate]:
    """Solve step by step; the last iterate has a status.

    Raises ProblemError, before the first iterate, if the solve cannot start (`engine.transport.settings.check`).
    A solve that does not converge raises nothing: see `status` and `marginal_error`.
    """
    check(problem, settings)
    normalised = _normalised(problem)
    start = None if warm_start is None else _start(normalised, warm_start)
    if settings.device == "cpu":
        solver = CpuTransport(normalised, settings.reachable_tolerance, settings.precision == "float32")
        states, solution = solver.run(settings.epsilon, start, settings.max_iterations), solver.solution
    else:
        batch = _torch_transport([normalised], settings)
        states = (state for (state,) in batch.run(settings.epsilon, [start], settings.max_iterations))

        def solution() -> Solution:
            return batch.solutions()[0]

    for state in states:

        def result(state: SolverState = state) -> TransportResult:
            return _result(problem, normalised, solution(), state, warm_start)

        yield TransportIterate(state.epsilon, state.error, state.iterations, state.status, result)


def solve_transport(
    problem: TransportProblem, settings: TransportSettings, warm_start: TransportWarmStart | None = None
) -> TransportResult:
    """Return the result of the last iterate of `sinkhorn`. Raises ProblemError as it does."""
    (iterate,) = deque(sinkhorn(problem, settings, warm_start), maxlen=1)
    return iterate.result()


def solve_transports(
    problems: Sequence[TransportProblem],
    settings: TransportSettings,
    warm_starts: Sequence[TransportWarmStart] | None = None,
) -> tuple[TransportResult, ...]:
    """Solve several problems of one size and kind: together on a torch device, one by one on the CPU.

    warm_starts: one for each problem. Raises ProblemError as `sinkhorn` does.
    """
    starts: list[TransportWarmStart | None] = [None] * len(problems) if warm_starts is None else list(warm_starts)
    if settings.device == "cpu":
        return tuple(solve_transport(p, settings, w) for p, w in zip(problems, starts, strict=True))
    for problem in problems:
        check(problem, settings)
    normalised = [_normalised(problem) for problem in problems]
    potentials = [None if w is None else _start(p, w) for p, w in zip(normalised, starts, strict=True)]
    batch = _torch_transport(normalised, settings)
    (states,) = deque(batch.run(settings.epsilon, potentials, settings.max_iterations), maxlen=1)
    parts = zip(problems, normalised, batch.solutions(), states, starts, strict=True)
    return tuple(_result(*part) for part in parts)


def _torch_transport(problems: Sequence[NormalisedProblem], settings: TransportSettings) -> "TorchTransport":
    from engine.transport.torch_solver import TorchTransport  # torch takes seconds to import

    return TorchTransport(problems, settings)


def _normalised(problem: TransportProblem) -> NormalisedProblem:
    """Divide the weights by s and add slack points for `Partial`."""
    cost, relaxation = problem.cost, problem.relaxation
    a, b = problem.a, problem.b
    if isinstance(relaxation, Partial):
        a, b = (
            np.append(a, max(0.0, float(b.sum()) - relaxation.mass)),
            np.append(b, max(0.0, float(a.sum()) - relaxation.mass)),
        )
    strength, scale = np.inf, None
    if isinstance(relaxation, Unbalanced):
        strength, scale = relaxation.strength, problem.scale
    nothing = np.empty((0, 0))
    of_points = isinstance(cost, PointCost)
    return NormalisedProblem(
        a / (scale or a.sum()),
        b / (scale or b.sum()),
        writable(cost.sources.T) if of_points else nothing,
        writable(cost.targets.T) if of_points else nothing,
        nothing if of_points else writable(cost.values),
        of_points and cost.kind == "squared",
        strength,
        cost.largest(),
        relaxation.mass / problem.scale if isinstance(relaxation, Partial) else 1.0,
    )


def _start(normalised: NormalisedProblem, warm_start: TransportWarmStart) -> Floats:
    start = warm_start.extrapolated()
    if start.shape != normalised.b.shape or not np.isfinite(start).all():
        raise ProblemError(
            "warm_start",
            f"the potentials to start from must be {normalised.b.size} finite numbers, but have shape "
            f"{start.shape}; after points came or went, start without any",
        )
    return start


def _result(
    problem: TransportProblem,
    normalised: NormalisedProblem,
    solution: Solution,
    state: SolverState,
    warm_start: TransportWarmStart | None,
) -> TransportResult:
    """Scale a solution back to the weights of the problem, and add the derivatives by the weights."""
    a, b, epsilon, scale = normalised.a, normalised.b, state.epsilon, problem.scale
    n, m = problem.a.size, problem.b.size
    f, g = solution.f, solution.g
    rows, columns = solution.rows[:n], solution.columns[:m]
    if isinstance(problem.relaxation, Unbalanced):
        strength = problem.relaxation.strength
        kept_a, kept_b = np.exp(-f / strength), np.exp(-g / strength)
        total = float(solution.rows.sum())
        value = strength * (a @ (1.0 - kept_a) + b @ (1.0 - kept_b)) - epsilon * (total - 1.0)
        # The reference plan a ⊗ b / s depends on the totals through s.
        sum_a, sum_b = float(a.sum()), float(b.sum())
        by_a = strength * (1.0 - kept_a) - epsilon * (kept_a - sum_b - (total - 1.0) / (2.0 * sum_a))
        by_b = strength * (1.0 - kept_b) - epsilon * (kept_b - sum_a - (total - 1.0) / (2.0 * sum_b))
    else:
        value = a @ f + b @ g
        shift = 0.5 * (a @ f - b @ g)
        f, g = f - shift, g + shift
        by_a, by_b = f, g
        if isinstance(problem.relaxation, Partial):
            # More weight on one side means more mass at the slack point of the other side.
            by_a, by_b = f[:n] + g[m], g[:m] + f[n]
            rows = rows - a[:n] * b[m] * np.exp(by_a / epsilon)
            columns = columns - b[:m] * a[n] * np.exp(by_b / epsilon)
    points = normalised.matrix.size == 0
    return TransportResult(
        problem,
        epsilon,
        f[:n],
        g[:m],
        scale * float(value),
        scale * solution.cost,
        scale * rows,
        scale * columns,
        state.error,
        state.iterations,
        state.status or Status.STEPS_DONE,
        by_a,
        by_b,
        scale * solution.by_sources.T if points else None,
        scale * solution.by_targets.T if points else None,
        TransportWarmStart(solution.g) if warm_start is None else warm_start.followed_by(solution.g),
    )
