"""The semi-duals with fused kernels: five launches an evaluation beside its products, three a step of the Hessian.

Torch's operations would take some 60 launches and 30, of 5 µs each on the host, where two products at n = 10,000
take 100.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from engine.core.arrays import Flags, Floats
from engine.core.tensors import to_numpy
from engine.transport.core import LOST, UNEVEN, NormalisedProblem
from engine.transport.kernel_torch import GibbsKernel
from engine.transport.semidual_torch import CHECK_EVERY, FURTHEST, BatchEvaluation, Direction, SemiDual

# Entries that a program handles at a time: where one goes through a whole vector, and where many share it.
BLOCK, WARPS = 1024, 32
SHARED_BLOCK = 512


class FusedSemiDual(SemiDual):
    """A `SemiDual` in float64 for where Triton runs, with whatever kernel."""

    def __init__(self, problems: Sequence[NormalisedProblem], kernel: GibbsKernel, device: str) -> None:
        """Prepare problems of one size, and the vectors of conjugate gradients."""
        super().__init__(problems, kernel, device)
        self._right, self._diagonal, self._preconditioner = (torch.empty_like(self.b) for _ in range(3))
        self._residual, self._search, self._factors = (torch.empty_like(self.b) for _ in range(3))
        self._state = self.b.new_empty((4, len(problems)))

    def evaluate(self, gamma: Tensor, step: Tensor | None) -> BatchEvaluation:
        """Evaluate at γ (B, m) with the present kernel; step: (B, m) that led there."""
        from engine.transport.semidual_kernels import columns, rows

        batch, n, m = self.a.shape[0], self.a.shape[1], self.b.shape[1]
        v = torch.exp((gamma - self.kernel.formed_at).clamp(-FURTHEST, FURTHEST))
        sums = self.kernel.times(v)
        scale, weights, log_sums, marginal = self.a.new_empty((4, batch, n)).unbind()
        rows[(-(-n // SHARED_BLOCK), batch)](
            *(sums, self.kernel.shift, self.a, self.strength, self.epsilon, scale, weights, log_sums, marginal, n),
            BLOCK=SHARED_BLOCK,
        )
        products, square_products = self.kernel.transposed_with_squares(scale, weights)
        column, squares, wanted = self.b.new_empty((3, batch, m)).unbind()
        numbers = self.b.new_empty((6, batch))
        columns[(batch,)](
            *(gamma, v, self.kernel.formed_at, gamma if step is None else step, products, square_products),
            *(self.b, self.strength, self.epsilon, self.a, marginal, log_sums),
            *(column, squares, wanted, numbers, n, m),
            LOST=LOST,
            UNEVEN=UNEVEN,
            STEP=step is not None,
            BLOCK=BLOCK,
            num_warps=WARPS,
        )
        read = self.read(numbers)
        return BatchEvaluation(gamma, v, scale, weights, log_sums, marginal, column, wanted, squares, *read)

    def swept(self, now: BatchEvaluation) -> Tensor:
        """Return γ (B, m) after a sweep."""
        from engine.transport.semidual_kernels import sweep

        swept = torch.empty_like(now.gamma)
        sweep[(swept.shape[0],)](
            *(now.gamma, now.columns, self.b, now.rows, self.strength, self.epsilon, swept),
            *(self.a.shape[1], self.b.shape[1]),
            SMALLEST=self.smallest,
            BLOCK=BLOCK,
            num_warps=WARPS,
        )
        return swept

    def direction(self, now: BatchEvaluation, active: Flags, goal: Floats) -> Direction:
        """Solve with the Hessian by conjugate gradients for the active problems, to L1 residuals of goal (B,)."""
        from engine.transport.semidual_kernels import begin_direction, go_on

        batch, m = now.gamma.shape
        wishes, x = self.tensor(np.stack([active.astype(np.float64), goal], axis=1)), torch.empty_like(now.gamma)
        system = self._right, self._diagonal, self._preconditioner
        iterate = x, self._residual, self._search, self._factors, self._state
        begin_direction[(batch,)](
            *(now.columns, now.wanted, now.squares, self.b, now.v, self.strength, self.epsilon, wishes),
            *(*system, *iterate, m),
            SMALLEST=self.smallest,
            BLOCK=BLOCK,
            num_warps=WARPS,
        )
        passes = 0
        while True:
            for _ in range(CHECK_EVERY):
                products = self.kernel.transposed(now.weights * self.kernel.times(self._factors))
                go_on[(batch,)](
                    products, now.v, wishes, *system, *iterate, m, BLOCK=BLOCK, num_warps=WARPS
                )  # fmt: skip
            passes += CHECK_EVERY
            _, going, slope, longest = to_numpy(self._state)
            if not going.any() or passes >= self.effort:
                return Direction(x, slope, longest, passes)
