"""The step of a cost map onto the admissible maps, for CUDA devices: a fixed number of Newton steps, no host read.

See `engine.cost_maps.projection` for λ. The search begins with the λ of the last step, and is there after two or
three sums, from cold after eight at most on the maps that were tried; a launch that finds the total met does
nothing, and a search that does not end goes on in the next step, in the bracket that it has.
"""

import numpy as np
import torch
from torch import Tensor

from engine.core.arrays import Floats
from engine.cost_maps.admissible import Admissible
from engine.cost_maps.cell_groups import cell_groups

NEWTON_STEPS = 6
BLOCK, WARPS = 512, 4
# Each program adds up what these many of them wrote: more would cost time, fewer would leave a large card idle.
MOST_PROGRAMS = 512


class TritonProjection:
    """Projected steps of one cost map (H, W), float64.  tolerance: relative error of the total."""

    def __init__(self, admissible: Admissible, device: str, tolerance: float) -> None:
        groups = cell_groups(admissible, device, torch.float64)
        self._group, self._members = groups.group.int(), groups.members.int()

        def bounds(values: Floats) -> tuple[Tensor, int]:
            alike = bool((values == values[:1]).all())
            return torch.tensor(values[:1] if alike else values, dtype=torch.float64, device=device), int(
                not alike
            )

        self._size, self._size_stride = bounds(admissible.size)
        (self._lower, lower), (self._upper, upper) = bounds(admissible.lower), bounds(admissible.upper)
        if lower != upper:
            self._lower = self._lower.expand(admissible.size.size).contiguous()
            self._upper = self._upper.expand(admissible.size.size).contiguous()
        self._bound_stride = max(lower, upper)
        self._shared, self._groups = groups.members.shape
        self._programs = min(-(-self._groups // BLOCK), MOST_PROGRAMS)
        self._parts = 1 << (self._programs - 1).bit_length()
        self._z = torch.zeros(self._groups, dtype=torch.float64, device=device)
        # A search's states: λ, the bracket, and whether the total is met. The first keeps λ for the next search.
        self._states = torch.tensor([[0.0, -np.inf, np.inf, 0.0]] * NEWTON_STEPS, device=device).double()
        self._sums = self._z.new_zeros((NEWTON_STEPS, 2, self._programs))
        budget = admissible.budget
        self._target = torch.tensor([budget, tolerance * abs(budget)], dtype=torch.float64, device=device)

    def step(
        self,
        cost: Tensor,
        load: Tensor,
        sigma: Tensor,
        new_cost: Tensor,
        anchor: Tensor,
        since: Tensor,
        halpern: bool,
    ) -> None:
        """Set new_cost to the projection of cost + sigma · Σ load, or with `halpern` to the step after it.

        cost, new_cost, anchor: (H, W); new_cost may be `cost`.  load: (R, H, W).  sigma, since: (1,); see
        `engine.optimum.saddle_triton`.
        """
        from engine.cost_maps.projection_kernels import newton, step_cost, want

        strides = {"SIZE_STRIDE": self._size_stride, "BOUND_STRIDE": self._bound_stride, "BLOCK": BLOCK}
        bounds = (self._z, self._size, self._lower, self._upper)
        cells = cost.numel()
        want[(self._programs,)](
            *(cost, load, sigma, self._members, *bounds, self._states[0], self._sums[0]),
            *(self._groups, load.shape[0], cells),
            SHARED=self._shared,
            **strides,
            num_warps=WARPS,
        )
        for number in range(1, NEWTON_STEPS):
            newton[(self._programs,)](
                *(*bounds, self._states[number - 1], self._sums[number - 1]),
                *(self._states[number], self._sums[number], self._target, self._groups),
                **strides,
                PARTS=self._parts,
                num_warps=WARPS,
            )
        step_cost[(min(-(-cells // BLOCK), MOST_PROGRAMS),)](
            *(
                cost,
                anchor,
                new_cost,
                self._group,
                self._z,
                self._lower,
                self._upper,
                self._states[-1],
                self._sums[-1],
            ),
            *(self._states[0], self._target, since, self._groups, cells, self._programs),
            BOUND_STRIDE=self._bound_stride,
            PARTS=self._parts,
            HALPERN=halpern,
            BLOCK=BLOCK,
            num_warps=WARPS,
        )
