"""The shift τ of `engine.cost_maps.parametrisation` by a fixed number of Newton steps, without a host read."""

import torch
from torch import Tensor

BLOCK, MOST_BLOCKS = 2048, 8192  # of parameters, and of blocks whose sums one program adds up
# From the τ of the step before, Newton's method is there in three or four.
NEWTON_STEPS = 6
FIRST_STEPS = 30


class DeviceShift:
    """τ of B maps, kept on their device.

    theta: (B, m) float64, read wherever it stays.  weight: (B, m) size · (upper − lower), 0 for no parameter.
    target: (B,) the budget less what the lower bounds take of it.
    """

    def __init__(self, theta: Tensor, weight: Tensor, target: Tensor, first_steps: int = FIRST_STEPS) -> None:
        """Find the first τ, in so many steps."""
        self._theta, self._weight, self._target = theta, weight, target
        maps, groups = theta.shape
        self._block = BLOCK * (1 << (-(-groups // (BLOCK * MOST_BLOCKS)) - 1).bit_length())
        self._blocks = -(-groups // self._block)
        self._partials = 1 << (self._blocks - 1).bit_length()
        self._warps = min(32, max(4, self._partials // 256))
        self._state = theta.new_zeros((maps, 3))
        self._partial = theta.new_empty((maps, self._blocks, 2))
        self.advance(first_steps)

    def advance(self, steps: int = NEWTON_STEPS) -> Tensor:
        """Make Newton steps from the last τ on, for the θ of now; return τ, (B, 1)."""
        from engine.cost_maps.shift_kernels import next_shift, total_sums

        maps, groups = self._theta.shape
        self._state[:, 1].fill_(-torch.inf)
        self._state[:, 2].fill_(torch.inf)
        for _ in range(steps):
            total_sums[(self._blocks, maps)](
                self._theta,
                self._weight,
                self._state,
                self._partial,
                groups,
                BLOCK=self._block,
                num_warps=min(32, self._block // 256),
            )
            next_shift[(maps,)](
                *(self._state, self._partial, self._target, self._blocks),
                PARTIALS=self._partials,
                num_warps=self._warps,
            )
        return self._state[:, :1]
