"""The kernel that the torch solver of transport multiplies by: what it must do, and the one stored as a matrix.

For each problem of a batch, with γ (m,) the potentials of the targets in units of ε when the kernel was formed,

    kernel_ij = exp(γ_j + log b_j − C_ij / ε − shift_i),      shift_i such that the largest entry of a row is 1.

Either side may end with its slack point, at cost 0 to every point and infinite cost to the other.
"""

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from engine.core.arrays import Floats
from engine.transport.batched import times, transposed
from engine.transport.core import NormalisedProblem

# Costs are computed in so many slices of rows.
CHUNKS = 8


class GibbsKernel(Protocol):
    """Kernels (B, n, m) of a batch; vectors are (B, n) or (B, m), of type `dtype`.

    formed_at: (B, m) γ where it was formed, with which its entries agree to their own precision, but for points
    without weight.  shift: (B, n).
    """

    dtype: torch.dtype
    formed_at: Tensor
    shift: Tensor

    def refine(self) -> bool:
        """Turn to a better precision, for which `form` has to follow; return whether there is one."""
        ...

    def form(self, gamma: Tensor, epsilon: Tensor) -> None:
        """Form the kernel at γ (B, m) and ε (B, 1), or remember how to."""
        ...

    def times(self, x: Tensor) -> Tensor:
        """Multiply by vectors (B, m): (B, n)."""
        ...

    def transposed(self, x: Tensor) -> Tensor:
        """Multiply the transpose by vectors (B, n): (B, m)."""
        ...

    def transposed_with_squares(self, x: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        """Return the transpose times x, and that of the squared entries times `weights`: (B, m) each."""
        ...

    def soft_columns(self, log_scale: Tensor) -> Tensor:
        """Return log Σ_i exp(log_scale_i − C_ij / ε) (B, m), computed from the costs."""
        ...

    def moments(self, scale: Tensor, v: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return <plan, C> (B,) of the plan scale · kernel · v, and its derivatives by the positions.

        Those are (B, d, n) and (B, d, m), without slack points; empty for cost matrices.
        """
        ...


class StoredKernel:
    """Kernels stored as an array; costs are computed from the positions a few rows at a time."""

    def __init__(self, problems: Sequence[NormalisedProblem], dtype: torch.dtype, device: str) -> None:
        """Allocate kernels of problems of one size; `form` computes them."""
        self.dtype = dtype

        def tensor(values: Sequence[Floats]) -> Tensor:
            return torch.tensor(np.stack(values), dtype=dtype, device=device)

        self._log_b = torch.log(tensor([problem.b for problem in problems]))
        self._sources = tensor([problem.sources for problem in problems])
        self._targets = tensor([problem.targets for problem in problems])
        self._matrix = tensor([problem.matrix for problem in problems])
        self._squared = problems[0].squared
        n, m = problems[0].a.size, problems[0].b.size
        self._kernel = torch.empty((len(problems), n, m), dtype=dtype, device=device)
        self.shift = torch.empty((len(problems), n), dtype=dtype, device=device)
        self.formed_at = torch.zeros_like(self._log_b)
        self._epsilon = torch.ones((len(problems), 1), dtype=dtype, device=device)

    def refine(self) -> bool:
        """Return that there is no better precision."""
        return False

    def form(self, gamma: Tensor, epsilon: Tensor) -> None:
        """Compute the kernel at γ (B, m) and ε (B, 1)."""
        self.formed_at, self._epsilon = gamma, epsilon
        log_weights = (gamma + self._log_b)[:, None, :]
        for rows, costs in self._chunks():
            exponents = log_weights - costs / epsilon[:, :, None]
            shift = exponents.amax(dim=2)
            self.shift[:, rows] = shift
            self._kernel[:, rows] = torch.exp(exponents - shift[:, :, None])

    def times(self, x: Tensor) -> Tensor:
        """Multiply by vectors (B, m): (B, n)."""
        return times(self._kernel, x)

    def transposed(self, x: Tensor) -> Tensor:
        """Multiply the transpose by vectors (B, n): (B, m)."""
        return transposed(self._kernel, x)

    def transposed_with_squares(self, x: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        """Return the transpose times x, and that of the squared entries times `weights`: (B, m) each."""
        squares = torch.zeros_like(self._log_b)
        for some in self._slices():
            squares += transposed(self._kernel[:, some].square(), weights[:, some])
        return transposed(self._kernel, x), squares

    def soft_columns(self, log_scale: Tensor) -> Tensor:
        """Return log Σ_i exp(log_scale_i − C_ij / ε) (B, m)."""
        total = torch.full_like(self._log_b, -torch.inf)
        for rows, costs in self._chunks():
            exponents = log_scale[:, rows, None] - costs / self._epsilon[:, :, None]
            total = torch.logaddexp(total, torch.logsumexp(exponents, dim=1))
        return total

    def moments(self, scale: Tensor, v: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return <plan, C> (B,) and its derivatives (B, d, n), (B, d, m) by the positions."""
        cost = torch.zeros_like(self._epsilon[:, 0])
        by_sources, by_targets = torch.zeros_like(self._sources), torch.zeros_like(self._targets)
        of_points = self._matrix.shape[1] == 0
        n, m = (self._sources.shape[2], self._targets.shape[2]) if of_points else self._matrix.shape[1:]
        for rows, all_costs in self._chunks():
            inside = slice(rows.start, min(rows.stop, n))
            costs = all_costs[:, : inside.stop - inside.start, :m]
            mass = scale[:, inside, None] * self._kernel[:, inside, :m] * v[:, None, :m]
            cost += (mass * costs).sum(dim=(1, 2))
            if not of_points:
                continue
            if self._squared:
                mass *= 2.0
            else:
                mass = torch.where(costs > 0.0, mass / torch.where(costs > 0.0, costs, 1.0), 0.0)
            for k in range(self._sources.shape[1]):
                change = mass * (self._sources[:, k, inside, None] - self._targets[:, k, None, :])
                by_sources[:, k, inside] = change.sum(dim=2)
                by_targets[:, k] -= change.sum(dim=1)
        return cost, by_sources, by_targets

    def _slices(self) -> Iterator[slice]:
        """Yield slices that cover all rows."""
        size = self._kernel.shape[1]
        step = -(-size // CHUNKS)
        for begin in range(0, size, step):
            yield slice(begin, min(begin + step, size))

    def _chunks(self) -> Iterator[tuple[slice, Tensor]]:
        """Yield slices of rows and their costs (B, rows, m), those of the slack points included."""
        m = self._kernel.shape[2]
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
                costs = costs if self._squared else torch.sqrt(costs)
            else:
                costs = self._matrix[:, inside]
            missing = (0, m - costs.shape[2], 0, rows.stop - rows.start - costs.shape[1])
            costs = torch.nn.functional.pad(costs, missing) if any(missing) else costs
            if rows.stop > real and m > self._targets.shape[2] + self._matrix.shape[2]:
                costs[:, -1, -1] = torch.inf
            yield rows, costs
