"""Transport with torch, for GPUs and batches: the method of `engine.transport.cpu`, many problems at once.

All problems have equally many points. Each follows its own sequence of epsilon and is no longer updated once it
has converged. Products with the kernel are those of a `GibbsKernel`: stored as a matrix, or, where Triton runs,
computed from the positions without one. The host decides from a few numbers of each evaluation, read at once.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from engine.core.arrays import Flags, Floats
from engine.core.errors import ProblemError
from engine.core.status import Status
from engine.core.triton import runs_triton
from engine.transport.core import (
    FORM_ANEW_BEYOND,
    LEVEL_TOLERANCE,
    LONGER,
    LONGEST_STEP,
    NEWTON_BELOW,
    POOR_START_AFTER,
    SEARCHES,
    STEEP,
    NormalisedProblem,
    Solution,
    SolverState,
    ending,
    levels,
)
from engine.transport.kernel_torch import GibbsKernel, StoredKernel
from engine.transport.semidual_torch import BatchEvaluation, SemiDual
from engine.transport.settings import TransportSettings

# A solve that takes more passes than this at one ε goes on with a better precision, where there is one.
REFINE_AFTER = 150


def semidual_of(problems: Sequence[NormalisedProblem], settings: TransportSettings) -> SemiDual:
    """Return the semi-duals of problems of one size: with fused kernels where those run."""
    kernel = kernel_of(problems, settings)
    if runs_triton(settings.device) and kernel.dtype == torch.float64:
        from engine.transport.semidual_triton import FusedSemiDual

        return FusedSemiDual(problems, kernel, settings.device)
    return SemiDual(problems, kernel, settings.device)


def kernel_of(problems: Sequence[NormalisedProblem], settings: TransportSettings) -> GibbsKernel:
    """Return the kernel for problems of one size: streaming where it can be, unless it shall be stored."""
    from engine.transport.streaming_triton import LARGEST_DIMENSION, StreamingKernel, arithmetic_for

    double = settings.precision == "float64"
    of_points = problems[0].matrix.size == 0 and problems[0].sources.shape[0] <= LARGEST_DIMENSION
    if settings.kernel == "auto" and of_points and runs_triton(settings.device):
        return StreamingKernel(problems, arithmetic_for(problems, settings), settings.device)
    return StoredKernel(problems, torch.float64 if double else torch.float32, settings.device)


class TorchTransport:
    """Solver of problems of one size: `run` iterates, `solutions` reads the present states."""

    def __init__(self, problems: Sequence[NormalisedProblem], settings: TransportSettings) -> None:
        """Prepare problems of one size. Raises ProblemError for float64 on a device without it."""
        if torch.device(settings.device).type == "mps" and settings.precision == "float64":
            raise ProblemError("settings", "the device mps has no float64; choose precision float32, or the CPU")
        self._problems = problems
        self._tolerance = settings.reachable_tolerance
        self._double = settings.precision == "float64"
        self._semidual = semidual_of(problems, settings)
        self._iterations = 0

    def run(
        self, epsilon: float, starts: Sequence[Floats | None], max_iterations: int
    ) -> Iterator[tuple[SolverState, ...]]:
        """Solve all at `epsilon` (cost units), from potentials (m,) or, for None, by way of larger epsilon."""
        cold = np.array([start is None for start in starts])
        waiting = self._levels(epsilon, cold)
        semidual = self._semidual
        beginnings = [
            np.zeros(problem.b.size) if start is None else start
            for problem, start in zip(self._problems, starts, strict=True)
        ]
        g = semidual.tensor(np.stack(beginnings))
        solved: list[tuple[Tensor, Tensor]] = []  # levels (B, 1) and their g
        ended: list[SolverState | None] = [None] * len(starts)
        while waiting:
            # Problems that have ended stay at the epsilon where they did.
            level = np.array([e.epsilon if e else x for e, x in zip(ended, waiting.pop(0), strict=True)])
            last = not waiting
            tolerance = self._tolerance if last else LEVEL_TOLERANCE
            semidual.epsilon = semidual.tensor(level[:, None])
            g = self._carried_on(solved, g)
            self._now = self._evaluate_anew(g / semidual.epsilon)
            began = self._iterations
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
                    gamma = semidual.where(failed, g / semidual.epsilon, self._now.gamma)
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
                g = semidual.epsilon * self._now.gamma
                poor = active & ~cold & (error * semidual.moved > NEWTON_BELOW)
                active &= error > tolerance
                if not active.any():
                    solved.append((semidual.epsilon, g))
                    break
                if poor.any() and self._iterations > POOR_START_AFTER:
                    cold |= poor
                    waiting = self._levels(epsilon, poor)
                    break
                if self._double and self._iterations - began > REFINE_AFTER and semidual.refine():
                    self._now = self._evaluate_anew(self._now.gamma)
                    continue
                self._now, swept, stuck = self._advance(self._now, active, swept, stuck, tolerance)

    def solutions(self) -> list[Solution]:
        """Return the solution of every problem at its present potentials."""
        return self._semidual.solutions(self._now)

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
        share = (self._semidual.epsilon - second) / (second - first)
        return torch.where(second < first, g_second + share * (g_second - g_first), g)

    def _evaluate_anew(self, gamma: Tensor, step: Tensor | None = None) -> BatchEvaluation:
        """Evaluate the semi-duals at γ (B, m), with kernels formed there."""
        self._iterations += 2
        self._semidual.form(gamma)
        return self._semidual.evaluate(gamma, step)

    def _evaluate(self, gamma: Tensor, step: Tensor | None = None) -> BatchEvaluation:
        """Evaluate the semi-duals at γ (B, m), with the present kernels if they are accurate there."""
        self._iterations += 1
        newer = self._semidual.evaluate(gamma, step)
        return self._evaluate_anew(gamma, step) if (newer.furthest > FORM_ANEW_BEYOND).any() else newer

    def _advance(
        self, now: BatchEvaluation, active: Flags, swept: Flags, stuck: Flags, tolerance: float
    ) -> tuple[BatchEvaluation, Flags, Flags]:
        """Make a sweep or a Newton step; tell also which problems were swept and where Newton made no progress."""
        lost = now.lost & active
        if lost.any():
            self._iterations += 1
            gamma = self._semidual.where(lost, self._semidual.exactly_swept(now), now.gamma)
            return self._evaluate_anew(gamma), swept, stuck
        sweeping = active & (stuck | (now.uneven & ~swept) | (now.error * self._semidual.moved >= NEWTON_BELOW))
        if sweeping.any():
            gamma = self._semidual.where(sweeping, self._semidual.swept(now), now.gamma)
            newer = self._evaluate(gamma)
            return newer, sweeping, np.zeros_like(stuck)
        newer, stuck = self._newton(now, active, tolerance)
        return newer, np.zeros_like(swept), stuck

    def _newton(self, now: BatchEvaluation, active: Flags, tolerance: float) -> tuple[BatchEvaluation, Flags]:
        """Make a Newton step: search along it as `engine.transport.cpu` does. Tell who made no progress."""
        goal = self._semidual.moved * np.maximum(np.minimum(0.1, now.error) * now.error, 0.3 * tolerance)
        step, slope, longest, passes = self._semidual.direction(now, active, goal)
        self._iterations += passes
        done = ~active | ~(slope > 0.0)
        stuck = active & done
        length = np.where(done, 0.0, np.minimum(LONGEST_STEP / np.maximum(longest, 1e-30), 1.0))
        near, near_slope, far = np.zeros_like(slope), slope, np.full_like(slope, np.inf)
        for _ in range(SEARCHES):
            newer = self._evaluate(self._along(now.gamma, length, step), step)
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
        newer = self._evaluate(self._along(now.gamma, length, step))
        return newer, stuck | (~done & (near == 0.0))

    def _along(self, gamma: Tensor, length: Floats, step: Tensor) -> Tensor:
        """Return γ (B, m) after a step of length (B,)."""
        if length.size == 1:  # a number needs no copy to the device
            return torch.add(gamma, step, alpha=float(length[0]))
        return gamma + self._semidual.tensor(length[:, None]) * step
