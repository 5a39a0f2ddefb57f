"""Transport on the CPU: sweeps and Newton steps on a kernel that is formed once for many of them.

Everything is in units of epsilon. With γ the potentials of the targets when the kernel was formed,

    kernel_ij = exp(γ_j + log b_j − C_ij / ε − shift_i),      shift_i such that the largest of a row is 1,

and later potentials are γ + log v.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from engine.core.arrays import Floats
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
    Core,
    Progress,
    Solution,
    ending,
    levels,
    newton_effort,
)
from engine.transport.cpu_kernels import Entries, direction, evaluate, form, moments, soft_columns

# The rounding of a kernel in float32 stays well under tolerances from here on.
SINGLE_KERNEL_FROM = 5e-7
SMALLEST = float(np.finfo(np.float64).tiny)


class Evaluation(NamedTuple):
    """The semi-dual at one g; n sources, m targets, units of epsilon.

    gamma: (m,) g.  v: (m,) exponential of its change since the kernel was formed.  scale: (n,) so that the plan
    is scale · kernel · v.  sums: (n,) kernel · v.  log_sums: (n,) log Σ b exp(γ − C / ε).  rows, columns: the
    plan's marginals.  wanted: (m,) what `columns` should be.  squares: (m,) Σ_i plan² · κ / rows.  value: of
    the semi-dual.
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
    """A solver of one `Core`. `run` moves it on, `solution` reads it."""

    def __init__(self, core: Core, tolerance: float, single: bool) -> None:
        self._core = core
        self._tolerance = tolerance
        small = single or tolerance * core.moved >= SINGLE_KERNEL_FROM
        kind = np.float32 if small else np.float64
        self._kernel: Entries = np.empty((core.a.size, core.b.size), dtype=kind)
        self._shift = np.empty(core.a.size)
        self._weighted = core.b > 0.0
        with np.errstate(divide="ignore"):
            self._log_a, self._log_b = np.log(core.a), np.log(core.b)
        self._epsilon = np.inf
        self._formed_at = np.zeros(core.b.size)
        self._iterations = 0
        self._just_swept = False

    def run(self, epsilon: float, start: Floats | None, max_iterations: int) -> Iterator[Progress]:
        """Solve down to `epsilon` (cost units) from potentials (m,), or from nothing."""
        down = levels(self._core.largest, epsilon).tolist()
        waiting = [epsilon] if start is not None else down
        g = np.zeros(self._core.b.size) if start is None else start
        solved: list[tuple[float, Floats]] = []  # levels and their g
        while waiting:
            level = waiting.pop(0)
            last = not waiting
            tolerance = self._tolerance if last else LEVEL_TOLERANCE
            self._epsilon = level
            if len(solved) > 1:  # g is nearly a straight line in ε: carry on along it
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
                yield Progress(self._epsilon, self._now.error, self._iterations, status)
                if status is not None:
                    return
                g = level * self._now.gamma
                if error <= tolerance:
                    solved.append((level, g))
                    break
                poor = start is not None and error * self._core.moved > NEWTON_BELOW
                if poor and self._iterations > POOR_START_AFTER:
                    start, waiting = None, down
                    break
                self._now = self._advance(self._now, tolerance, max_iterations)

    def solution(self) -> Solution:
        """The present potentials and what follows from them."""
        core, now = self._core, self._now
        by_sources, by_targets = np.zeros_like(core.sources), np.zeros_like(core.targets)
        cost = moments(
            core.sources,
            core.targets,
            core.matrix,
            core.squared,
            self._kernel,
            now.scale,
            now.v,
            by_sources,
            by_targets,
        )
        f = -self._epsilon * core.damping(self._epsilon) * now.log_sums
        gamma = now.gamma
        if not self._weighted.all():  # the kernel knows nothing of points without weight
            gamma = np.where(self._weighted, gamma, self._exactly_swept(now))
        return Solution(f, self._epsilon * gamma, now.rows, now.columns, cost, by_sources, by_targets)

    def _evaluate_anew(self, gamma: Floats) -> Evaluation:
        """The semi-dual at γ (m,), with a kernel formed there."""
        core = self._core
        self._formed_at = gamma
        self._iterations += 1
        form(
            core.sources,
            core.targets,
            core.matrix,
            core.squared,
            1.0 / self._epsilon,
            gamma + self._log_b,
            self._kernel,
            self._shift,
        )
        return self._evaluate(gamma)

    def _evaluate(self, gamma: Floats) -> Evaluation:
        """The semi-dual at γ (m,), with the present kernel if that is still good there."""
        change = gamma - self._formed_at
        if np.abs(change).max() > FORM_ANEW_BEYOND:
            return self._evaluate_anew(gamma)
        core, kappa = self._core, self._core.damping(self._epsilon)
        n, m = core.a.size, core.b.size
        v = np.exp(change)
        sums, columns, squares = np.empty(n), np.empty(m), np.empty(m)
        scale, rows = np.empty(n), np.empty(n)
        self._iterations += 1
        evaluate(self._kernel, v, core.a, self._shift, kappa, sums, scale, rows, columns, squares)
        columns *= v
        squares *= v * v
        log_sums = self._shift + np.log(sums)
        wanted = self._wanted(gamma)
        if np.isinf(core.strength):
            value = float(core.b @ gamma - core.a @ log_sums)
        else:
            ratio = core.strength / self._epsilon
            with np.errstate(over="ignore", invalid="ignore"):
                spent = core.a @ np.expm1(kappa * log_sums / ratio) + core.b @ np.expm1(-gamma / ratio)
                value = float(-ratio * spent - rows.sum())
        error = float(np.abs(columns - wanted).sum()) / core.moved
        return Evaluation(gamma, v, scale, sums, log_sums, rows, columns, wanted, squares, value, error)

    def _advance(self, now: Evaluation, tolerance: float, max_iterations: int) -> Evaluation:
        if (now.columns < LOST * now.wanted).any():
            return self._evaluate_anew(self._exactly_swept(now))
        # By their own measure, some columns may be so far off that a Newton step would mean them alone; and so
        # may the balance of the two sides.
        uneven = (now.columns < UNEVEN * now.wanted).any() or abs(self._shift_of(now.rows, now.wanted)) > 1.0
        newer = None
        if now.error * self._core.moved < NEWTON_BELOW and (self._just_swept or not uneven):
            newer = self._newton(now, tolerance, max_iterations)
        self._just_swept = newer is None
        return newer or self._evaluate(self._swept(now))

    def _swept(self, now: Evaluation) -> Floats:
        """(m,) γ after a sweep."""
        excess = np.divide(now.columns, self._core.b, out=np.ones_like(now.gamma), where=self._weighted)
        # Targets that next to nothing is sent to, and is to be, may have a column of 0.
        gamma = self._core.damping(self._epsilon) * (now.gamma - np.log(np.maximum(excess, SMALLEST)))
        return gamma - self._shift_of(now.rows, self._wanted(gamma))

    def _wanted(self, gamma: Floats) -> Floats:
        """(m,) what columns should be."""
        core = self._core
        with np.errstate(over="ignore"):  # `ending` finds what is not finite
            return core.b if np.isinf(core.strength) else core.b * np.exp(-gamma * self._epsilon / core.strength)

    def _shift_of(self, rows: Floats, wanted: Floats) -> float:
        """What to take from γ and give to the other side, to which the plan is blind, for equal totals."""
        if np.isinf(self._core.strength):
            return 0.0
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            shift = 0.5 * self._core.strength / self._epsilon * np.log(rows.sum() / wanted.sum())
        return float(shift) if np.isfinite(shift) else 0.0

    def _exactly_swept(self, now: Evaluation) -> Floats:
        """(m,) γ after a sweep, from the costs themselves where the kernel has lost too much."""
        core, kappa = self._core, self._core.damping(self._epsilon)
        log_scale = self._log_a - kappa * now.log_sums
        self._iterations += 1
        return -kappa * soft_columns(
            core.sources, core.targets, core.matrix, core.squared, 1.0 / self._epsilon, log_scale, core.b.size
        )

    def _newton(self, now: Evaluation, tolerance: float, max_iterations: int) -> Evaluation | None:
        """A step of Newton's method that makes progress, or None."""
        core, kappa = self._core, self._core.damping(self._epsilon)
        diagonal = now.columns + (0.0 if np.isinf(core.strength) else self._epsilon / core.strength) * now.wanted
        diagonal[~self._weighted] = 1.0
        step = np.zeros_like(now.gamma)
        self._iterations += direction(
            self._kernel,
            now.v,
            kappa * now.scale / now.sums,
            diagonal,
            np.maximum(diagonal - now.squares, np.maximum(1e-5 * diagonal, SMALLEST)),
            now.wanted - now.columns,
            core.moved * max(min(0.1, now.error) * now.error, 0.3 * tolerance),
            min(max_iterations - self._iterations, newton_effort(*self._kernel.shape)),
            step,
        )
        return self._search(now, step)

    def _search(self, now: Evaluation, step: Floats) -> Evaluation | None:
        """A point on the way along a step, by bracketing the zero of the slope of a concave function."""
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
                # Where a line through the two slopes is zero.
                nearer = near_slope / (near_slope - newer_slope) if newer_slope < 0.0 else 0.0
                length = near + (far - near) * min(max(nearer, 0.1), 0.5)
        return self._evaluate(now.gamma + near * step) if near > 0.0 else None
