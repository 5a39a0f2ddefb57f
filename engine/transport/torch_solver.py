"""Transport with torch, for GPUs and batches: the method of `engine.transport.cpu`, many problems at once.

All problems have equally many points. Each follows its own sequence of epsilon and is no longer updated once it
has converged. Costs are computed from the positions a few rows at a time, so that only the kernel is (B, n, m).
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from engine.core.arrays import Flags, Floats
from engine.core.errors import ProblemError
from engine.core.status import Status
from engine.core.tensors import to_numpy
from engine.transport.batched import conjugate_gradients, times, transposed
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

# Costs are computed in so many slices of rows.
CHUNKS = 8
# Conjugate gradient steps between two checks of the residuals: each check waits for the device.
CHECK_EVERY = 4


class BatchEvaluation(NamedTuple):
    """The fields of `engine.transport.cpu.Evaluation`, with a leading axis B; value and error are (B,)."""

    gamma: Tensor
    v: Tensor
    scale: Tensor
    sums: Tensor
    log_sums: Tensor
    rows: Tensor
    columns: Tensor
    wanted: Tensor
    squares: Tensor
    value: Tensor
    error: Tensor


class TorchTransport:
    """Solver of problems of one size: `run` iterates, `solutions` reads the present states."""

    def __init__(
        self, problems: Sequence[NormalisedProblem], tolerance: float, device: str, precision: str
    ) -> None:
        """Stop at a marginal error of `tolerance`. Raises ProblemError for float64 on a device without it."""
        kind = torch.device(device).type
        if kind == "mps" and precision == "float64":
            raise ProblemError("settings", "the device mps has no float64; choose precision float32, or the CPU")
        self._problems = problems
        self._tolerance = tolerance
        self._dtype = torch.float64 if precision == "float64" else torch.float32
        self._device = device
        self._a = self._tensor(np.stack([problem.a for problem in problems]))
        self._b = self._tensor(np.stack([problem.b for problem in problems]))
        self._sources = self._tensor(np.stack([problem.sources for problem in problems]))
        self._targets = self._tensor(np.stack([problem.targets for problem in problems]))
        self._matrix = self._tensor(np.stack([problem.matrix for problem in problems]))
        self._strength = self._tensor(np.array([[problem.strength] for problem in problems]))
        self._moved = self._tensor(np.array([problem.moved for problem in problems]))
        self._weighted = self._b > 0.0
        self._log_a, self._log_b = torch.log(self._a), torch.log(self._b)
        self._kernel = torch.empty(
            (len(problems), self._a.shape[1], self._b.shape[1]), dtype=self._dtype, device=device
        )
        self._shift = torch.empty_like(self._a)
        self._epsilon = torch.ones_like(self._strength)
        self._formed_at = torch.zeros_like(self._b)
        self._iterations = 0

    def _tensor(self, values: Floats) -> Tensor:
        return torch.tensor(values, dtype=self._dtype, device=self._device)

    def run(
        self, epsilon: float, starts: Sequence[Floats | None], max_iterations: int
    ) -> Iterator[tuple[SolverState, ...]]:
        """Solve all at `epsilon` (cost units), from potentials (m,) or, for None, by way of larger epsilon."""
        cold = np.array([start is None for start in starts])
        waiting = self._levels(epsilon, cold)
        beginnings = [np.zeros(self._b.shape[1]) if start is None else start for start in starts]
        g = self._tensor(np.stack(beginnings))
        moved = to_numpy(self._moved)
        solved: list[tuple[Tensor, Tensor]] = []  # levels (B, 1) and their g
        ended: list[SolverState | None] = [None] * len(starts)
        while waiting:
            # Problems that have ended stay at the epsilon where they did.
            level = np.array([e.epsilon if e else x for e, x in zip(ended, waiting.pop(0), strict=True)])
            last = not waiting
            tolerance = self._tolerance if last else LEVEL_TOLERANCE
            self._epsilon = self._tensor(level[:, None])
            g = self._carried_on(solved, g)
            self._now = self._evaluate_anew(g / self._epsilon)
            best, best_at = np.full(len(starts), np.inf), np.full(len(starts), self._iterations)
            swept = stuck = torch.zeros_like(self._now.error, dtype=torch.bool)
            while True:
                error = to_numpy(self._now.error)
                better = error < 0.99 * best
                best[better], best_at[better] = error[better], self._iterations
                left = max_iterations - self._iterations
                endings = [
                    ending(float(error[k]), tolerance, last, self._iterations - int(best_at[k]), left)
                    for k in range(len(starts))
                ]
                failed = torch.tensor([e is Status.NOT_A_NUMBER for e in endings], device=self._device)
                if bool(failed.any()):
                    gamma = torch.where(failed[:, None], g / self._epsilon, self._now.gamma)
                    self._now = self._evaluate_anew(gamma)
                    error = to_numpy(self._now.error)
                states = [
                    e or SolverState(float(level[k]), float(error[k]), self._iterations, endings[k])
                    for k, e in enumerate(ended)
                ]
                ended = [state if state.status else None for state in states]
                yield tuple(states)
                active = np.array([e is None for e in ended])
                if not active.any():
                    return
                g = self._epsilon * self._now.gamma
                poor = active & ~cold & (error * moved > NEWTON_BELOW)
                active &= error > tolerance
                if not active.any():
                    solved.append((self._epsilon, g))
                    break
                if poor.any() and self._iterations > POOR_START_AFTER:
                    cold |= poor
                    waiting = self._levels(epsilon, poor)
                    break
                going = torch.tensor(active, device=self._device)
                self._now, swept, stuck = self._advance(self._now, going, swept, stuck, tolerance)

    def solutions(self) -> list[Solution]:
        """Return the solution of every problem at its present potentials."""
        now = self._now
        kappa = self._damping()
        f = -self._epsilon * kappa * now.log_sums
        gamma = now.gamma
        if not bool(self._weighted.all()):  # points without weight are not in the kernel
            gamma = torch.where(self._weighted, gamma, self._exactly_swept(now))
        cost, by_sources, by_targets = self._moments(now)
        parts = [
            to_numpy(part)
            for part in (f, self._epsilon * gamma, now.rows, now.columns, cost, by_sources, by_targets)
        ]
        return [
            Solution(f, g, rows, columns, float(cost), by_sources, by_targets)
            for f, g, rows, columns, cost, by_sources, by_targets in zip(*parts, strict=True)
        ]

    def _levels(self, epsilon: float, cold: Flags) -> list[Floats]:
        """Return values of epsilon (B,), one after the other; problems that start warm keep the final one."""
        paths = [
            levels(problem.largest, epsilon) if it_is else np.array([epsilon])
            for problem, it_is in zip(self._problems, cold, strict=True)
        ]
        longest = max(path.size for path in paths)
        return list(np.stack([np.pad(path, (longest - path.size, 0), mode="edge") for path in paths], axis=1))

    def _carried_on(self, solved: Sequence[tuple[Tensor, Tensor]], g: Tensor) -> Tensor:
        """Extrapolate g to the present ε: it is nearly linear in ε."""
        if len(solved) < 2:
            return g
        (first, g_first), (second, g_second) = solved[-2:]
        share = (self._epsilon - second) / (second - first)
        return torch.where(second < first, g_second + share * (g_second - g_first), g)

    def _damping(self) -> Tensor:
        """Return κ = strength / (strength + ε), (B, 1)."""
        return torch.where(torch.isinf(self._strength), 1.0, 1.0 / (1.0 + self._epsilon / self._strength))

    def _slices(self) -> Iterator[slice]:
        """Yield slices that cover all rows."""
        size = self._a.shape[1]
        step = -(-size // CHUNKS)
        for begin in range(0, size, step):
            yield slice(begin, min(begin + step, size))

    def _chunks(self) -> Iterator[tuple[slice, Tensor]]:
        """Yield slices of rows and their costs (B, rows, m), those of the slack points included."""
        m = self._b.shape[1]
        of_points = self._matrix.shape[1] == 0
        real = self._sources.shape[2] if of_points else self._matrix.shape[1]
        for rows in self._slices():
            inside = slice(rows.start, min(rows.stop, real))
            if of_points:
                apart = [
                    x[:, inside, None] - y[:, None, :]
                    for x, y in zip(self._sources.unbind(1), self._targets.unbind(1), strict=True)
                ]
                costs = torch.stack(apart).square().sum(dim=0)
                costs = costs if self._problems[0].squared else torch.sqrt(costs)
            else:
                costs = self._matrix[:, inside]
            missing = (0, m - costs.shape[2], 0, rows.stop - rows.start - costs.shape[1])
            costs = torch.nn.functional.pad(costs, missing) if any(missing) else costs
            if rows.stop > real and m > self._targets.shape[2] + self._matrix.shape[2]:
                costs[:, -1, -1] = torch.inf
            yield rows, costs

    def _evaluate_anew(self, gamma: Tensor) -> BatchEvaluation:
        """Evaluate the semi-duals at γ (B, m), with kernels computed there."""
        self._formed_at = gamma
        self._iterations += 1
        log_weights = (gamma + self._log_b)[:, None, :]
        for rows, costs in self._chunks():
            exponents = log_weights - costs / self._epsilon[:, :, None]
            shift = exponents.amax(dim=2)
            self._shift[:, rows] = shift
            self._kernel[:, rows] = torch.exp(exponents - shift[:, :, None])
        return self._evaluate(gamma)

    def _evaluate(self, gamma: Tensor) -> BatchEvaluation:
        """Evaluate the semi-duals at γ (B, m), with the stored kernels if they are accurate there."""
        change = gamma - self._formed_at
        if bool((change.abs() > FORM_ANEW_BEYOND).any()):
            return self._evaluate_anew(gamma)
        kappa, ratio = self._damping(), self._strength / self._epsilon
        self._iterations += 1
        v = torch.exp(change)
        sums = times(self._kernel, v)
        log_sums = self._shift + torch.log(sums)
        rows = self._a * torch.exp((1.0 - kappa) * log_sums)
        scale = rows / sums
        columns = v * transposed(self._kernel, scale)
        squares = torch.zeros_like(v)
        weights = kappa * scale / sums
        for some in self._slices():
            squares += transposed(self._kernel[:, some].square(), weights[:, some])
        prescribed = torch.isinf(ratio)
        wanted = self._wanted(gamma)
        # Prescribed marginals are the limit of the general form, computed without its rounding.
        spent_a = (self._a * torch.expm1(kappa * log_sums / ratio)).sum(1)
        spent_b = (self._b * torch.expm1(-gamma / ratio)).sum(1)
        value = torch.where(
            prescribed[:, 0],
            (self._b * gamma).sum(1) - (self._a * log_sums).sum(1),
            -torch.where(prescribed, 0.0, ratio)[:, 0] * (spent_a + spent_b) - rows.sum(1),
        )
        error = (columns - wanted).abs().sum(1) / self._moved
        squares *= v * v
        return BatchEvaluation(gamma, v, scale, sums, log_sums, rows, columns, wanted, squares, value, error)

    def _advance(
        self, now: BatchEvaluation, active: Tensor, swept: Tensor, stuck: Tensor, tolerance: float
    ) -> tuple[BatchEvaluation, Tensor, Tensor]:
        """Make a sweep or a Newton step; tell also which problems were swept and where Newton made no progress."""
        lost = (now.columns < LOST * now.wanted).any(dim=1) & active
        if bool(lost.any()):
            gamma = torch.where(lost[:, None], self._exactly_swept(now), now.gamma)
            return self._evaluate_anew(gamma), swept, stuck
        # Columns, or the balance of the two sides, may be so far off, relatively, that a Newton step would serve
        # them alone.
        unequal = self._shift_of(now.rows, now.wanted)[:, 0].abs() > 1.0
        uneven = (now.columns < UNEVEN * now.wanted).any(dim=1) | unequal
        sweeping = active & (stuck | (uneven & ~swept) | (now.error * self._moved >= NEWTON_BELOW))
        if bool(sweeping.any()):
            newer = self._evaluate(torch.where(sweeping[:, None], self._swept(now), now.gamma))
            return newer, sweeping, torch.zeros_like(stuck)
        newer, stuck = self._newton(now, active, tolerance)
        return newer, torch.zeros_like(swept), stuck

    def _swept(self, now: BatchEvaluation) -> Tensor:
        """Return γ (B, m) after a sweep."""
        # The column of a target with next to no weight may underflow to 0.
        excess = torch.where(self._weighted, now.columns / self._b, 1.0).clamp(min=torch.finfo(self._dtype).tiny)
        gamma = self._damping() * (now.gamma - torch.log(excess))
        return gamma - self._shift_of(now.rows, self._wanted(gamma))

    def _wanted(self, gamma: Tensor) -> Tensor:
        """Return the marginals (B, m) that the columns should have."""
        kept = torch.exp(-gamma * self._epsilon / self._strength)
        return self._b * torch.where(torch.isinf(self._strength), 1.0, kept)

    def _shift_of(self, rows: Tensor, wanted: Tensor) -> Tensor:
        """Return the constants (B, 1) to take from γ so that both sides have one total; plans ignore them."""
        unequal = torch.log(rows.sum(dim=1, keepdim=True) / wanted.sum(dim=1, keepdim=True))
        shift = 0.5 * self._strength / self._epsilon * unequal
        return torch.where(torch.isfinite(shift) & torch.isfinite(self._strength), shift, 0.0)

    def _exactly_swept(self, now: BatchEvaluation) -> Tensor:
        """Return γ (B, m) after a sweep computed from the costs, for where kernels have underflowed."""
        kappa = self._damping()
        self._iterations += 1
        log_scale = self._log_a - kappa * now.log_sums
        total = torch.full_like(now.gamma, -torch.inf)
        for rows, costs in self._chunks():
            exponents = log_scale[:, rows, None] - costs / self._epsilon[:, :, None]
            total = torch.logaddexp(total, torch.logsumexp(exponents, dim=1))
        return -kappa * total

    def _newton(self, now: BatchEvaluation, active: Tensor, tolerance: float) -> tuple[BatchEvaluation, Tensor]:
        ratio = self._strength / self._epsilon
        diagonal = torch.where(self._weighted, now.columns + now.wanted / ratio, 1.0)
        right = torch.where(active[:, None], now.wanted - now.columns, 0.0)
        goal = torch.maximum(now.error.clamp(max=0.1) * now.error, torch.full_like(now.error, 0.3 * tolerance))
        step = self._direction(now, diagonal, right, self._moved * goal)
        return self._search(now, active, step)

    def _search(self, now: BatchEvaluation, active: Tensor, step: Tensor) -> tuple[BatchEvaluation, Tensor]:
        """Search along the steps as `engine.transport.cpu` does; return also which problems made no progress."""
        slope = (step * (now.wanted - now.columns)).sum(1)
        done = ~active | ~(slope > 0.0)
        stuck = active & done
        length = (LONGEST_STEP / step.abs().amax(1).clamp(min=1e-30)).clamp(max=1.0)
        length = torch.where(done, 0.0, length)
        near, near_slope, far = torch.zeros_like(slope), slope, torch.full_like(slope, torch.inf)
        for _ in range(SEARCHES):
            newer = self._evaluate(now.gamma + length[:, None] * step)
            newer_slope = (step * (newer.wanted - newer.columns)).sum(1)
            fits = newer.value >= now.value + 1e-4 * length * slope
            enough = (newer_slope < STEEP * slope) | (length >= (0.5 * far).clamp(max=1.0))
            done = done | (newer.error < 0.5 * now.error) | (fits & enough)
            if bool(done.all()):
                return newer, stuck
            longer, shorter = fits & ~done, ~fits & ~done
            near, near_slope = torch.where(longer, length, near), torch.where(longer, newer_slope, near_slope)
            far = torch.where(shorter, length, far)
            further = torch.minimum(LONGER * length, 0.5 * (length + far)).clamp(max=1.0)
            # The zero of the line through the two slopes.
            share = torch.where(newer_slope < 0.0, near_slope / (near_slope - newer_slope), 0.0).clamp(0.1, 0.5)
            length = torch.where(longer, further, torch.where(shorter, near + (far - near) * share, length))
        newer = self._evaluate(now.gamma + torch.where(done, length, near)[:, None] * step)
        return newer, stuck | (~done & (near == 0.0))

    def _direction(self, now: BatchEvaluation, diagonal: Tensor, right: Tensor, goal: Tensor) -> Tensor:
        """Solve with the semi-dual's Hessian by conjugate gradients, until the residual's L1 norm is `goal`."""
        weights = self._damping() * now.scale / now.sums
        smallest = (1e-5 * diagonal).clamp(min=torch.finfo(self._dtype).tiny)
        preconditioner = torch.maximum(diagonal - now.squares, smallest)

        def hessian(x: Tensor) -> Tensor:
            return diagonal * x - now.v * transposed(self._kernel, weights * times(self._kernel, now.v * x))

        def unsolved(residual: Tensor, _rho: Tensor) -> Tensor:
            return residual.abs().sum(1, keepdim=True) > goal[:, None]

        limit = newton_effort(*self._kernel.shape[1:])
        step, count = conjugate_gradients(hessian, right, preconditioner, unsolved, limit, CHECK_EVERY)
        self._iterations += count
        return step

    def _moments(self, now: BatchEvaluation) -> tuple[Tensor, Tensor, Tensor]:
        """Return <plan, C> (B,) and its derivatives (B, d, n), (B, d, m) by the positions."""
        cost = torch.zeros_like(now.error)
        by_sources, by_targets = torch.zeros_like(self._sources), torch.zeros_like(self._targets)
        of_points = self._matrix.shape[1] == 0
        n, m = (self._sources.shape[2], self._targets.shape[2]) if of_points else self._matrix.shape[1:]
        for rows, all_costs in self._chunks():
            inside = slice(rows.start, min(rows.stop, n))
            costs = all_costs[:, : inside.stop - inside.start, :m]
            mass = now.scale[:, inside, None] * self._kernel[:, inside, :m] * now.v[:, None, :m]
            cost += (mass * costs).sum(dim=(1, 2))
            if not of_points:
                continue
            if self._problems[0].squared:
                mass *= 2.0
            else:
                mass = torch.where(costs > 0.0, mass / torch.where(costs > 0.0, costs, 1.0), 0.0)
            for k in range(self._sources.shape[1]):
                change = mass * (self._sources[:, k, inside, None] - self._targets[:, k, None, :])
                by_sources[:, k, inside] = change.sum(dim=2)
                by_targets[:, k] -= change.sum(dim=1)
        return cost, by_sources, by_targets
