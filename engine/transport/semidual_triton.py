"""The semi-duals with fused kernels, of which a pass launches nine in place of 68 operations of torch (n = 100).

Conjugate gradients are three passes of four; those of a long solve are repeated in a CUDA graph, four at a time.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np
import torch
from torch import Tensor

from engine.core.arrays import Flags, Floats
from engine.core.tensors import to_numpy
from engine.core.triton import Repeated
from engine.transport.core import LOST, UNEVEN, NormalisedProblem
from engine.transport.kernel_torch import GibbsKernel
from engine.transport.semidual_torch import CHECK_EVERY, FURTHEST, BatchEvaluation, Direction, SemiDual

# Entries that a program handles at a time: where one goes through a whole vector, and where many share it.
BLOCK, WARPS = 1024, 32
SHARED_BLOCK = 512
# Rounds of conjugate gradients before one is recorded: that empties torch's caches and takes some milliseconds, an
# estimate, where a round saves 0.3.
PLAIN_ROUNDS = 25


class FusedSemiDual(SemiDual):
    """A `SemiDual` in float64 for where Triton runs, with whatever kernel."""

    def __init__(self, problems: Sequence[NormalisedProblem], kernel: GibbsKernel, device: str) -> None:
        """Prepare problems of one size, and the vectors of conjugate gradients."""
        super().__init__(problems, kernel, device)
        self._system = System(self.a, self.b)
        self._record()

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
        from engine.transport.semidual_kernels import begin_direction

        system = self._system
        system.v.copy_(now.v)
        system.weights.copy_(now.weights)
        system.wishes.copy_(self.tensor(np.stack([active.astype(np.float64), goal], axis=1)))
        begin_direction[(goal.size,)](
            *(now.columns, now.wanted, now.squares, self.b, system.v, self.strength, self.epsilon, system.wishes),
            *(*system.vectors(), self.b.shape[1]),
            SMALLEST=self.smallest,
            BLOCK=BLOCK,
            num_warps=WARPS,
        )
        passes = 0
        while True:
            self._rounds += 1
            (self._recorded if self._rounds > PLAIN_ROUNDS else self._plain)()
            passes += CHECK_EVERY
            _, going, slope, longest = to_numpy(system.state)
            if not going.any() or passes >= self.effort:
                return Direction(system.x, slope, longest, passes)

    def refine(self) -> bool:
        """Turn to a better precision, for which `form` has to follow; return whether there is one."""
        if not self.kernel.refine():
            return False
        self._record()  # the kernel's arrays are others now
        return True

    def _record(self) -> None:
        # Without a reference to this object, so that the device's memory is free as soon as nobody needs it.
        self._plain = partial(go_on_for_a_round, self.kernel, self._system)
        self._recorded = Repeated(self._plain, self.device)
        self._rounds = 0


class System:
    """What conjugate gradients work on, at fixed addresses, as a recorded round needs.

    v, weights: of the evaluation.  wishes: (B, 2) whether a problem is active, and the residual to reach.
    factors: v · search.  state: (4, B), see `engine.transport.semidual_kernels.begin_direction`.
    """

    def __init__(self, a: Tensor, b: Tensor) -> None:
        """Make room for problems with weights a (B, n) and b (B, m)."""
        self.v, self.weights = torch.empty_like(b), torch.empty_like(a)
        self.right, self.diagonal, self.preconditioner = (torch.empty_like(b) for _ in range(3))
        self.x, self.residual, self.search, self.factors = (torch.empty_like(b) for _ in range(4))
        self.wishes, self.state = b.new_empty((b.shape[0], 2)), b.new_empty((4, b.shape[0]))

    def vectors(self) -> tuple[Tensor, ...]:
        """Return what the kernels read and write after `wishes`, in their order."""
        system = self.right, self.diagonal, self.preconditioner
        return *system, self.x, self.residual, self.search, self.factors, self.state


def go_on_for_a_round(kernel: GibbsKernel, system: System) -> None:
    """Make CHECK_EVERY steps of conjugate gradients."""
    from engine.transport.semidual_kernels import go_on

    for _ in range(CHECK_EVERY):
        products = kernel.transposed(system.weights * kernel.times(system.factors))
        go_on[(system.v.shape[0],)](
            *(products, system.v, system.wishes, *system.vectors(), system.v.shape[1]),
            BLOCK=BLOCK,
            num_warps=WARPS,
        )
