"""Transport on the CPU: sweeps and Newton steps that share a stored kernel until the potentials have moved far.

Potentials are in units of epsilon. With γ those of the targets when the kernel was computed,

    kernel_ij = exp(γ_j + log b_j − C_ij / ε − shift_i),      shift_i such that the largest entry of a row is 1,

and later potentials are γ + log v.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from engine.core.arrays import Floats
from engine.core.cancel import check
from engine.core.status import Status
from engine.transport.core import (
    FORM_ANEW_BEYOND,
    LEVEL_TOLERANCE,
    LONGER,
    LONGEST_STEP,
    LOST,
    NEWTON_BELOW,
    POOR_START_AFTER,
    SEARCHES,
    STEEP,
    UNEVEN,
    NormalisedProblem,
    Solution,
    SolverState,
    ending,
    levels,
    newton_effort,
)
from engine.transport.cpu_kernels import Entries, direction, evaluate, form, moments, soft_columns

# Tolerance from which on the rounding of a float32 kernel does not matter.
SINGLE_KERNEL_FROM = 5e-7
SMALLEST = float(np.finfo(np.float64).tiny)


class Evaluation(NamedTuple):
    """The semi-dual at one g, in units of epsilon; n sources, m targets.

    gamma: (m,) g / ε.  v: (m,) exponential of its change since the kernel was computed.  scale: (n,), so that the
    plan is scale · kernel · v.  sums: (n,) kernel · v.  log_sums: (n,) log Σ b exp(γ − C / ε).
    rows, columns: (n,), (m,) marginals of the plan.  wanted: (m,) what `columns` should be.
    squares: (m,) Σ_i plan² · κ / rows.  value: of the semi-dual.  error: the marginal error.
    """

    gamma: Floats
    v: Floats
    scale: Floats
    sums: Floats
    log_sums: Floats
    rows: Floats
    columns: Floats
    wanted: Floats
    squares: Floats
    value: float
    error: float


class CpuTransport:
    """Solver of one problem: `run` iterates, `solution` reads the present state."""

    def __init__(self, problem: NormalisedProblem, tolerance: float, single: bool) -> None:
        """Stop at a marginal error of `tolerance`; single: store the kernel in float32 whatever the tolerance."""
        self._problem = problem
        self._tolerance = tolerance
        small = single or tolerance * problem.moved >= SINGLE_KERNEL_FROM
        kind = np.float32 if small else np.float64
        self._kernel: Entries = np.empty((problem.a.size, problem.b.size), dtype=kind)
        self._shift = np.empty(problem.a.size)
        self._weighted = problem.b > 0.0
        with np.errstate(divide="ignore"):
            self._log_a, self._log_b = np.log(problem.a), np.log(problem.b)
        self._epsilon = np.inf
        self._formed_at = np.zeros(problem.b.size)
        self._iterations = 0
        self._just_swept = False

    def run(self, epsilon: float, start: Floats | None, max_iterations: int) -> Iterator[SolverState]:
        """Solve at `epsilon` (cost units), from potentials `start` (m,) or, if None, by way of larger epsilon."""
        down = levels(self._problem.largest, epsilon).tolist()
        waiting = [epsilon] if start is not None else down
        g = np.zeros(self._problem.b.size) if start is None else start
        solved: list[tuple[float, Floats]] = []  # levels and their g
        while waiting:
            level = waiting.pop(0)
            last = not waiting
            tolerance = self._tolerance if last else LEVEL_TOLERANCE
            self._epsilon = level
            if len(solved) > 1:  # g is nearly linear in ε: extrapolate
                (first, g_first), (second, g_second) = solved[-2:]
                g = g_second + (level - second) / (second - first) * (g_second - g_first)
            self._now = self._evaluate_anew(g / level)
            best, best_at = np.inf, self._iterations
            while True:
                error = self._now.error
                if error < 0.99 * best:
                    best, best_at = error, self._iterations
                idle, left = self._iterations - best_at, max_iterations - self._iterations
                status = ending(error, tolerance, last, idle, left)
                if status is Status.NOT_A_NUMBER:
                    self._now = self._evaluate_anew(g / level)
                yield SolverState(self._epsilon, self._now.error, self._iterations, status)
                if status is not None:
                    return
                g = level * self._now.gamma
                if error <= tolerance:
                    solved.append((level, g))
                    break
                poor = start is not None and error * self._problem.moved > NEWTON_BELOW
                if poor and self._iterations > POOR_START_AFTER:
                    start, waiting = None, down
                    break
                self._now = self._advance(self._now, tolerance, max_iterations)

    def solution(self) -> Solution:
        """Return the solution at the present potentials."""
        problem, now = self._problem, self._now
        by_sources, by_targets = np.zeros_like(problem.sources), np.zeros_like(problem.targets)
        cost = moments(
            problem.sources,
            problem.targets,
            problem.matrix,
            problem.squared,
            self._kernel,
            now.scale,
            now.v,
            by_sources,
            by_targets,
        )
        f = -self._epsilon * problem.damping(self._epsilon) * now.log_sums
        gamma = now.gamma
        if not self._weighted.all():  # points without weight are not in the kernel
            gamma = np.where(self._weighted, gamma, self._exactly_swept(now))
        return Solution(f, self._epsilon * gamma, now.rows, now.columns, cost, by_sources, by_targets)

    def _evaluate_anew(self, gamma: Floats) -> Evaluation:
        """Evaluate the semi-dual at γ (m,), with a kernel computed there."""
        check()
        problem = self._problem
        self._formed_at = gamma
        self._iterations += 1
        form(
            problem.sources,
            problem.targets,
            problem.matrix,
            problem.squared,
            1.0 / self._epsilon,
            gamma + self._log_b,
            self._kernel,
            self._shift,
        )
        return self._evaluate(gamma)

    def _evaluate(self, gamma: Floats) -> Evaluation:
        """Evaluate the semi-dual at γ (m,), with the stored kernel if it is accurate there."""
        check()
        change = gamma - self._formed_at
        if np.abs(change).max() > FORM_ANEW_BEYOND:
            return self._evaluate_anew(gamma)
        problem, kappa = self._problem, self._problem.damping(self._epsilon)
        n, m = problem.a.size, problem.b.size
        v = np.exp(change)
        sums, columns, squares = np.empty(n), np.empty(m), np.empty(m)
        scale, rows = np.empty(n), np.empty(n)
        self._iterations += 1
        evaluate(self._kernel, v, problem.a, self._shift, kappa, sums, scale, rows, columns, squares)
        columns *= v
        squares *= v * v
        log_sums = self._shift + np.log(sums)
        wanted = self._wanted(gamma)
        if np.isinf(problem.strength):
            value = float(problem.b @ gamma - problem.a @ log_sums)
        else:
            ratio = problem.strength / self._epsilon
            with np.errstate(over="ignore", invalid="ignore"):
                spent = problem.a @ np.expm1(kappa * log_sums / ratio) + problem.b @ np.expm1(-gamma / ratio)
                value = float(-ratio * spent - rows.sum())
        error = float(np.abs(columns - wanted).sum()) / problem.moved
        return Evaluation(gamma, v, scale, sums, log_sums, rows, columns, wanted, squares, value, error)

    def _advance(self, now: Evaluation, tolerance: float, max_iterations: int) -> Evaluation:
        """Make a Newton step where one is worth it and makes progress, else a sweep."""
        if (now.columns < LOST * now.wanted).any():
            return self._evaluate_anew(self._exactly_swept(now))
        # Columns, or the balance of the two sides, may be so far off, relatively, that a Newton step would serve
        # them alone.
        uneven = (now.columns < UNEVEN * now.wanted).any() or abs(self._shift_of(now.rows, now.wanted)) > 1.0
        newer = None
        if now.error * self._problem.moved < NEWTON_BELOW and (self._just_swept or not uneven):
            newer = self._newton(now, tolerance, max_iterations)
        self._just_swept = newer is None
        return newer or self._evaluate(self._swept(now))

    def _swept(self, now: Evaluation) -> Floats:
        """Return γ (m,) after a sweep."""
        excess = np.divide(now.columns, self._problem.b, out=np.ones_like(now.gamma), where=self._weighted)
        # The column of a target with next to no weight may underflow to 0.
        gamma = self._problem.damping(self._epsilon) * (now.gamma - np.log(np.maximum(excess, SMALLEST)))
        return gamma - self._shift_of(now.rows, self._wanted(gamma))

    def _wanted(self, gamma: Floats) -> Floats:
        """Return the marginal (m,) that the columns should have."""
        b, strength = self._problem.b, self._problem.strength
        with np.errstate(over="ignore"):  # `ending` finds what is not finite
            return b if np.isinf(strength) else b * np.exp(-gamma * self._epsilon / strength)

    def _shift_of(self, rows: Floats, wanted: Floats) -> float:
        """Return the constant to take from γ so that both sides have one total; the plan does not depend on it."""
        if np.isinf(self._problem.strength):
            return 0.0
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            shift = 0.5 * self._problem.strength / self._epsilon * np.log(rows.sum() / wanted.sum())
        return float(shift) if np.isfinite(shift) else 0.0

    def _exactly_swept(self, now: Evaluation) -> Floats:
        """Return γ (m,) after a sweep computed from the costs, for where the kernel has underflowed."""
        problem, kappa = self._problem, self._problem.damping(self._epsilon)
        log_scale = self._log_a - kappa * now.log_sums
        self._iterations += 1
        return -kappa * soft_columns(
            problem.sources,
            problem.targets,
            problem.matrix,
            problem.squared,
            1.0 / self._epsilon,
            log_scale,
            problem.b.size,
        )

    def _newton(self, now: Evaluation, tolerance: float, max_iterations: int) -> Evaluation | None:
        """Make a Newton step; return None if it makes no progress."""
        problem, kappa = self._problem, self._problem.damping(self._epsilon)
        relaxed = 0.0 if np.isinf(problem.strength) else self._epsilon / problem.strength
        diagonal = now.columns + relaxed * now.wanted
        diagonal[~self._weighted] = 1.0
        step = np.zeros_like(now.gamma)
        self._iterations += direction(
            self._kernel,
            now.v,
            kappa * now.scale / now.sums,
            diagonal,
            np.maximum(diagonal - now.squares, np.maximum(1e-5 * diagonal, SMALLEST)),
            now.wanted - now.columns,
            problem.moved * max(min(0.1, now.error) * now.error, 0.3 * tolerance),
            min(max_iterations - self._iterations, newton_effort(*self._kernel.shape)),
            step,
        )
        return self._search(now, step)

    def _search(self, now: Evaluation, step: Floats) -> Evaluation | None:
        """Search along a step: bracket the zero of the slope of the concave semi-dual. None without progress."""
        slope = float(step @ (now.wanted - now.columns))
        if not slope > 0.0:
            return None
        length = min(1.0, LONGEST_STEP / float(np.abs(step).max()))
        near, near_slope, far = 0.0, slope, np.inf
        for _ in range(SEARCHES):
            newer = self._evaluate(now.gamma + length * step)
            newer_slope = float(step @ (newer.wanted - newer.columns))
            if newer.error < 0.5 * now.error:
                return newer
            if newer.value >= now.value + 1e-4 * length * slope:
                if newer_slope < STEEP * slope or length >= min(1.0, 0.5 * far):
                    return newer
                near, near_slope = length, newer_slope
                length = min(1.0, LONGER * length, 0.5 * (length + far))
            else:
                far = length
                # The zero of the line through the two slopes.
                nearer = near_slope / (near_slope - newer_slope) if newer_slope < 0.0 else 0.0
                length = near + (far - near) * min(max(nearer, 0.1), 0.5)
        return self._evaluate(now.gamma + near * step) if near > 0.0 else None
