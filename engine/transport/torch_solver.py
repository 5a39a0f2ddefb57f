"""Transport with torch, for GPUs and batches: the method of `engine.transport.cpu`, many problems at once.

All problems have equally many points. Each follows its own sequence of epsilon and is no longer updated once it
has converged. Products with the kernel are those of a `GibbsKernel`: stored as a matrix, or, where Triton runs,
computed from the positions without one. The host decides from a few numbers of each evaluation, read at once.
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
from engine.core.triton import runs_triton
from engine.transport.batched import conjugate_gradients
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
from engine.transport.kernel_torch import GibbsKernel, StoredKernel
from engine.transport.settings import TransportSettings

# Conjugate gradient steps between two checks of the residuals: each check waits for the device.
CHECK_EVERY = 4


class BatchEvaluation(NamedTuple):
    """The fields of `engine.transport.cpu.Evaluation`, with a leading axis B; and what the host decides from.

    On the host, (B,) each: value, error.  slope: of the semi-dual along the step that led here.  furthest: change
    of a potential since the kernel was formed.  lost, uneven: whether a column is, by LOST and UNEVEN.
    """

    gamma: Tensor
    v: Tensor
    scale: Tensor
    sums: Tensor
    log_sums: Tensor
    rows: Tensor
    columns: Tensor
    wanted: Tensor
    squares: Tensor
    value: Floats
    error: Floats
    slope: Floats
    furthest: Floats
    lost: Flags
    uneven: Flags


def kernel_of(problems: Sequence[NormalisedProblem], settings: TransportSettings) -> GibbsKernel:
    """Return the kernel for problems of one size: streaming where it can be, unless it shall be stored."""
    from engine.transport.streaming_triton import LARGEST_DIMENSION, StreamingKernel, needs_wide_entries

    double = settings.precision == "float64"
    of_points = problems[0].matrix.size == 0 and problems[0].sources.shape[0] <= LARGEST_DIMENSION
    if settings.kernel == "auto" and of_points and runs_triton(settings.device):
        wide = double and needs_wide_entries(problems, settings.tolerance, settings.epsilon)
        return StreamingKernel(problems, wide, settings.device, exact_positions=double)
    return StoredKernel(problems, torch.float64 if double else torch.float32, settings.device)


class TorchTransport:
    """Solver of problems of one size: `run` iterates, `solutions` reads the present states."""

    def __init__(self, problems: Sequence[NormalisedProblem], settings: TransportSettings) -> None:
        """Prepare problems of one size. Raises ProblemError for float64 on a device without it."""
        if torch.device(settings.device).type == "mps" and settings.precision == "float64":
            raise ProblemError("settings", "the device mps has no float64; choose precision float32, or the CPU")
        self._problems = problems
        self._tolerance = settings.reachable_tolerance
        self._device = settings.device
        self._kernel = kernel_of(problems, settings)
        self._dtype = self._kernel.dtype
        self._a = self._tensor(np.stack([problem.a for problem in problems]))
        self._b = self._tensor(np.stack([problem.b for problem in problems]))
        self._strength = self._tensor(np.array([[problem.strength] for problem in problems]))
        self._moved = np.array([problem.moved for problem in problems])
        self._weighted = self._b > 0.0
        self._all_weighted = all((problem.b > 0.0).all() for problem in problems)
        self._log_a = torch.log(self._a)
        self._epsilon = torch.ones_like(self._strength)
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
            swept = stuck = np.zeros(len(starts), dtype=np.bool_)
            while True:
                error = self._now.error
                better = error < 0.99 * best
                best[better], best_at[better] = error[better], self._iterations
                left = max_iterations - self._iterations
                endings = [
                    ending(float(error[k]), tolerance, last, self._iterations - int(best_at[k]), left)
                    for k in range(len(starts))
                ]
                failed = np.array([e is Status.NOT_A_NUMBER for e in endings])
                if failed.any():
                    gamma = self._where(failed, g / self._epsilon, self._now.gamma)
                    self._now = self._evaluate_anew(gamma)
                    error = self._now.error
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
                poor = active & ~cold & (error * self._moved > NEWTON_BELOW)
                active &= error > tolerance
                if not active.any():
                    solved.append((self._epsilon, g))
                    break
                if poor.any() and self._iterations > POOR_START_AFTER:
                    cold |= poor
                    waiting = self._levels(epsilon, poor)
                    break
                self._now, swept, stuck = self._advance(self._now, active, swept, stuck, tolerance)

    def solutions(self) -> list[Solution]:
        """Return the solution of every problem at its present potentials."""
        now = self._now
        kappa = self._damping()
        f = -self._epsilon * kappa * now.log_sums
        gamma = now.gamma
        if not self._all_weighted:  # points without weight are not in the kernel
            gamma = torch.where(self._weighted, gamma, self._exactly_swept(now))
        cost, by_sources, by_targets = self._kernel.moments(now.scale, now.v)
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

    def _where(self, flags: Flags, chosen: Tensor, otherwise: Tensor) -> Tensor:
        """Return `chosen` (B, ·) for the flagged problems."""
        if flags.all():
            return chosen
        return torch.where(torch.tensor(flags, device=self._device)[:, None], chosen, otherwise)

    def _evaluate_anew(self, gamma: Tensor, step: Tensor | None = None) -> BatchEvaluation:
        """Evaluate the semi-duals at γ (B, m), with kernels formed there."""
        self._kernel.form(gamma, self._epsilon)
        self._iterations += 1
        return self._evaluate_here(gamma, step)

    def _evaluate(self, gamma: Tensor, step: Tensor | None = None) -> BatchEvaluation:
        """Evaluate the semi-duals at γ (B, m), with the present kernels if they are accurate there."""
        newer = self._evaluate_here(gamma, step)
        return self._evaluate_anew(gamma, step) if (newer.furthest > FORM_ANEW_BEYOND).any() else newer

    def _evaluate_here(self, gamma: Tensor, step: Tensor | None) -> BatchEvaluation:
        change = gamma - self._kernel.formed_at
        kappa, ratio = self._damping(), self._strength / self._epsilon
        self._iterations += 1
        # Where the kernel is not accurate, `_evaluate` repeats this; until then numbers have to stay finite.
        v = torch.exp(change.clamp(-2.0 * FORM_ANEW_BEYOND, 2.0 * FORM_ANEW_BEYOND))
        sums = self._kernel.times(v)
        log_sums = self._kernel.shift + torch.log(sums)
        rows = self._a * torch.exp((1.0 - kappa) * log_sums)
        scale = rows / sums
        columns, squares = self._kernel.transposed_with_squares(scale, kappa * scale / sums)
        columns, squares = v * columns, v * v * squares
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
        missing = wanted - columns
        # Columns, or the balance of the two sides, may be so far off, relatively, that a Newton step would serve
        # them alone.
        unequal = self._shift_of(rows, wanted)[:, 0].abs() > 1.0
        numbers = [
            value,
            missing.abs().sum(1),
            torch.zeros_like(value) if step is None else (step * missing).sum(1),
            change.abs().amax(1),
            (columns < LOST * wanted).any(dim=1),
            (columns < UNEVEN * wanted).any(dim=1) | unequal,
        ]
        value, error, slope, furthest, lost, uneven = to_numpy(torch.stack([x.to(value) for x in numbers]))
        return BatchEvaluation(
            gamma, v, scale, sums, log_sums, rows, columns, wanted, squares,
            value, error / self._moved, slope, furthest, lost > 0.0, uneven > 0.0,
        )  # fmt: skip

    def _advance(
        self, now: BatchEvaluation, active: Flags, swept: Flags, stuck: Flags, tolerance: float
    ) -> tuple[BatchEvaluation, Flags, Flags]:
        """Make a sweep or a Newton step; tell also which problems were swept and where Newton made no progress."""
        lost = now.lost & active
        if lost.any():
            gamma = self._where(lost, self._exactly_swept(now), now.gamma)
            return self._evaluate_anew(gamma), swept, stuck
        sweeping = active & (stuck | (now.uneven & ~swept) | (now.error * self._moved >= NEWTON_BELOW))
        if sweeping.any():
            newer = self._evaluate(self._where(sweeping, self._swept(now), now.gamma))
            return newer, sweeping, np.zeros_like(stuck)
        newer, stuck = self._newton(now, active, tolerance)
        return newer, np.zeros_like(swept), stuck

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
        return -kappa * self._kernel.soft_columns(self._log_a - kappa * now.log_sums)

    def _newton(self, now: BatchEvaluation, active: Flags, tolerance: float) -> tuple[BatchEvaluation, Flags]:
        ratio = self._strength / self._epsilon
        diagonal = torch.where(self._weighted, now.columns + now.wanted / ratio, 1.0)
        missing = now.wanted - now.columns
        right = self._where(active, missing, torch.zeros_like(missing))
        goal = self._moved * np.maximum(np.minimum(0.1, now.error) * now.error, 0.3 * tolerance)
        step = self._direction(now, diagonal, right, self._tensor(goal[:, None]))
        slope, longest = to_numpy(torch.stack([(step * missing).sum(1), step.abs().amax(1)]))
        return self._search(now, active, step, slope, longest)

    def _search(
        self, now: BatchEvaluation, active: Flags, step: Tensor, slope: Floats, longest: Floats
    ) -> tuple[BatchEvaluation, Flags]:
        """Search along the steps as `engine.transport.cpu` does; return also which problems made no progress."""
        done = ~active | ~(slope > 0.0)
        stuck = active & done
        length = np.where(done, 0.0, np.minimum(LONGEST_STEP / np.maximum(longest, 1e-30), 1.0))
        near, near_slope, far = np.zeros_like(slope), slope, np.full_like(slope, np.inf)
        for _ in range(SEARCHES):
            newer = self._evaluate(now.gamma + self._tensor(length[:, None]) * step, step)
            fits = newer.value >= now.value + 1e-4 * length * slope
            enough = (newer.slope < STEEP * slope) | (length >= np.minimum(0.5 * far, 1.0))
            done = done | (newer.error < 0.5 * now.error) | (fits & enough)
            if done.all():
                return newer, stuck
            longer, shorter = fits & ~done, ~fits & ~done
            near, near_slope = np.where(longer, length, near), np.where(longer, newer.slope, near_slope)
            far = np.where(shorter, length, far)
            further = np.minimum(np.minimum(LONGER * length, 0.5 * (length + far)), 1.0)
            # The zero of the line through the two slopes.
            falling = newer.slope < 0.0
            share = np.divide(near_slope, near_slope - newer.slope, out=np.zeros_like(slope), where=falling)
            nearer = near + (np.where(shorter, far, near) - near) * np.clip(share, 0.1, 0.5)
            length = np.where(longer, further, np.where(shorter, nearer, length))
        length = np.where(done, length, near)
        newer = self._evaluate(now.gamma + self._tensor(length[:, None]) * step)
        return newer, stuck | (~done & (near == 0.0))

    def _direction(self, now: BatchEvaluation, diagonal: Tensor, right: Tensor, goal: Tensor) -> Tensor:
        """Solve with the semi-dual's Hessian by conjugate gradients, to an L1 residual of goal (B, 1)."""
        weights = self._damping() * now.scale / now.sums
        smallest = (1e-5 * diagonal).clamp(min=torch.finfo(self._dtype).tiny)
        preconditioner = torch.maximum(diagonal - now.squares, smallest)

        def hessian(x: Tensor) -> Tensor:
            return diagonal * x - now.v * self._kernel.transposed(weights * self._kernel.times(now.v * x))

        def unsolved(residual: Tensor, _rho: Tensor) -> Tensor:
            return residual.abs().sum(1, keepdim=True) > goal

        limit = newton_effort(self._a.shape[1], self._b.shape[1])
        step, count = conjugate_gradients(hessian, right, preconditioner, unsolved, limit, CHECK_EVERY)
        self._iterations += count
        return step
