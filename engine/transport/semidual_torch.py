"""The semi-duals of a batch of problems on a torch device: values, marginals, sweeps and Newton directions.

Potentials are γ = g / ε. What the host decides from is brought to it in one read for each evaluation.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from engine.core.arrays import Flags, Floats
from engine.core.tensors import to_numpy
from engine.transport.batched import conjugate_gradients
from engine.transport.core import FORM_ANEW_BEYOND, LOST, UNEVEN, NormalisedProblem, Solution, newton_effort
from engine.transport.kernel_torch import GibbsKernel

# Conjugate gradient steps between two checks of the residuals: each check waits for the device.
CHECK_EVERY = 4
# Where a kernel is not accurate an evaluation is repeated; until then its numbers have to stay finite.
FURTHEST = 2.0 * FORM_ANEW_BEYOND


class BatchEvaluation(NamedTuple):
    """The fields of `engine.transport.cpu.Evaluation`, with a leading axis B; and what the host decides from.

    weights: (B, n) κ · scale / sums, of the Hessian.  On the host, (B,) each: value, error.  slope: of the
    semi-dual along the step that led here.  furthest: change of a potential since the kernel was formed.  lost,
    uneven: whether a column is, by LOST and UNEVEN.
    """

    gamma: Tensor
    v: Tensor
    scale: Tensor
    weights: Tensor
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


class Direction(NamedTuple):
    """A Newton step (B, m); its slope and its largest entry, (B,) each, on the host; the passes that it took."""

    step: Tensor
    slope: Floats
    longest: Floats
    passes: int


class SemiDual:
    """The semi-duals at the present ε, with torch's operations."""

    def __init__(self, problems: Sequence[NormalisedProblem], kernel: GibbsKernel, device: str) -> None:
        """Prepare problems of one size."""
        self.kernel = kernel
        self.device = device
        self.a = self.tensor(np.stack([problem.a for problem in problems]))
        self.b = self.tensor(np.stack([problem.b for problem in problems]))
        self.strength = self.tensor(np.array([[problem.strength] for problem in problems]))
        self.epsilon = torch.ones_like(self.strength)
        self.moved = np.array([problem.moved for problem in problems])
        self._weighted = self.b > 0.0
        self._all_weighted = all((problem.b > 0.0).all() for problem in problems)

    def tensor(self, values: Floats) -> Tensor:
        """Bring values to the device."""
        return torch.tensor(values, dtype=self.kernel.dtype, device=self.device)

    def where(self, flags: Flags, chosen: Tensor, otherwise: Tensor) -> Tensor:
        """Return `chosen` (B, ·) for the flagged problems."""
        if flags.all():
            return chosen
        return torch.where(torch.tensor(flags, device=self.device)[:, None], chosen, otherwise)

    def form(self, gamma: Tensor) -> None:
        """Form the kernel at γ (B, m) and the present ε."""
        self.kernel.form(gamma, self.epsilon)

    def refine(self) -> bool:
        """Turn to a better precision, for which `form` has to follow; return whether there is one."""
        return self.kernel.refine()

    def evaluate(self, gamma: Tensor, step: Tensor | None) -> BatchEvaluation:
        """Evaluate at γ (B, m) with the present kernel; step: (B, m) that led there."""
        change = gamma - self.kernel.formed_at
        kappa, ratio = self._damping(), self.strength / self.epsilon
        v = torch.exp(change.clamp(-FURTHEST, FURTHEST))
        sums = self.kernel.times(v)
        log_sums = self.kernel.shift + torch.log(sums)
        rows = self.a * torch.exp((1.0 - kappa) * log_sums)
        scale = rows / sums
        weights = kappa * scale / sums
        columns, squares = self.kernel.transposed_with_squares(scale, weights)
        columns, squares = v * columns, v * v * squares
        prescribed = torch.isinf(ratio)
        wanted = self._wanted(gamma)
        # Prescribed marginals are the limit of the general form, computed without its rounding.
        spent_a = (self.a * torch.expm1(kappa * log_sums / ratio)).sum(1)
        spent_b = (self.b * torch.expm1(-gamma / ratio)).sum(1)
        value = torch.where(
            prescribed[:, 0],
            (self.b * gamma).sum(1) - (self.a * log_sums).sum(1),
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
        read = self.read(torch.stack([number.to(value) for number in numbers]))
        return BatchEvaluation(gamma, v, scale, weights, log_sums, rows, columns, wanted, squares, *read)

    def read(self, numbers: Tensor) -> tuple[Floats, Floats, Floats, Floats, Flags, Flags]:
        """Bring the numbers of an evaluation (6, B) to the host: the last fields of a `BatchEvaluation`."""
        value, error, slope, furthest, lost, uneven = to_numpy(numbers)
        return value, error / self.moved, slope, furthest, lost > 0.0, uneven > 0.0

    def swept(self, now: BatchEvaluation) -> Tensor:
        """Return γ (B, m) after a sweep."""
        # The column of a target with next to no weight may underflow to 0.
        excess = torch.where(self._weighted, now.columns / self.b, 1.0).clamp(min=self.smallest)
        gamma = self._damping() * (now.gamma - torch.log(excess))
        return gamma - self._shift_of(now.rows, self._wanted(gamma))

    def exactly_swept(self, now: BatchEvaluation) -> Tensor:
        """Return γ (B, m) after a sweep computed from the costs, for where kernels have underflowed."""
        kappa = self._damping()
        return -kappa * self.kernel.soft_columns(torch.log(self.a) - kappa * now.log_sums)

    def direction(self, now: BatchEvaluation, active: Flags, goal: Floats) -> Direction:
        """Solve with the Hessian by conjugate gradients for the active problems, to L1 residuals of goal (B,)."""
        ratio, goals = self.strength / self.epsilon, self.tensor(goal[:, None])
        diagonal = torch.where(self._weighted, now.columns + now.wanted / ratio, 1.0)
        preconditioner = torch.maximum(diagonal - now.squares, (1e-5 * diagonal).clamp(min=self.smallest))
        missing = now.wanted - now.columns
        right = self.where(active, missing, torch.zeros_like(missing))

        def hessian(x: Tensor) -> Tensor:
            return diagonal * x - now.v * self.kernel.transposed(now.weights * self.kernel.times(now.v * x))

        def unsolved(residual: Tensor, _rho: Tensor) -> Tensor:
            return residual.abs().sum(1, keepdim=True) > goals

        step, passes = conjugate_gradients(hessian, right, preconditioner, unsolved, self.effort, CHECK_EVERY)
        slope, longest = to_numpy(torch.stack([(step * missing).sum(1), step.abs().amax(1)]))
        return Direction(step, slope, longest, passes)

    def solutions(self, now: BatchEvaluation) -> list[Solution]:
        """Return the solution of every problem at an evaluation with the present kernel."""
        f = -self.epsilon * self._damping() * now.log_sums
        gamma = now.gamma
        if not self._all_weighted:  # points without weight are not in the kernel
            gamma = torch.where(self._weighted, gamma, self.exactly_swept(now))
        cost, by_sources, by_targets = self.kernel.moments(now.scale, now.v)
        parts = [
            to_numpy(part)
            for part in (f, self.epsilon * gamma, now.rows, now.columns, cost, by_sources, by_targets)
        ]
        return [
            Solution(f, g, rows, columns, float(cost), by_sources, by_targets)
            for f, g, rows, columns, cost, by_sources, by_targets in zip(*parts, strict=True)
        ]

    @property
    def effort(self) -> int:
        """Conjugate gradient steps that one direction may take."""
        return newton_effort(self.a.shape[1], self.b.shape[1])

    @property
    def smallest(self) -> float:
        """The smallest number to divide by."""
        return torch.finfo(self.kernel.dtype).tiny

    def _damping(self) -> Tensor:
        """Return κ = strength / (strength + ε), (B, 1)."""
        return torch.where(torch.isinf(self.strength), 1.0, 1.0 / (1.0 + self.epsilon / self.strength))

    def _wanted(self, gamma: Tensor) -> Tensor:
        """Return the marginals (B, m) that the columns should have."""
        kept = torch.exp(-gamma * self.epsilon / self.strength)
        return self.b * torch.where(torch.isinf(self.strength), 1.0, kept)

    def _shift_of(self, rows: Tensor, wanted: Tensor) -> Tensor:
        """Return the constants (B, 1) to take from γ so that both sides have one total; plans ignore them."""
        unequal = torch.log(rows.sum(dim=1, keepdim=True) / wanted.sum(dim=1, keepdim=True))
        shift = 0.5 * self.strength / self.epsilon * unequal
        return torch.where(torch.isfinite(shift) & torch.isfinite(self.strength), shift, 0.0)
