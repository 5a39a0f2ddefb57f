"""Keep the drawn map: a penalty on changes, and a certificate for the maps that change as little.

The penalty looks at the change d = c − drawn alone, in units of the drawn map's own contrast, so that terrain
edges stay sharp and one strength means the same on any map:

    weight(keep) · (mean d² + SMOOTH · mean (d_i − d_j)²) / contrast²,   i and j neighbours.

The certificate is about the maps that change no more than a given one, ‖d‖² ≤ change. By duality, for any load of
unit flows and any λ ≥ 0, none of them has a longer path than

    max over admissible c of (<load, c> − λ ‖c − drawn‖²)  +  λ · change,

where the largest c is a projection of drawn + load / 2λ. As a function of the change this is a line, and the lower
envelope of many such lines bounds the whole trade-off between length and change.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from engine.core.arrays import Floats
from engine.core.cancel import check
from engine.core.grid import Grid
from engine.core.tensors import flags_on
from engine.cost_maps.admissible import Admissible
from engine.cost_maps.roughness import Roughness, roughness_of

# The weight at keep = 1/2, relative to the length of a path; about 93 % of the cost then stays where it was drawn.
MIDDLE, POWER = 1.5, 1.5
# Where nothing may change the weight would be infinite.
STRONGEST = 0.99
SMOOTH = 0.3
# Contrast of an even map, as a share of its mean cost.
LEAST_CONTRAST = 0.5
# A load gives so many lines.
LINES = 4


def keep_weight(keep: float) -> float:
    """Return the weight of the penalty for a strength of 0 (reshape freely) to 1 (keep the drawn map)."""
    strength = min(keep, STRONGEST)
    return MIDDLE * (strength / (1.0 - strength)) ** POWER


def contrast(grid: Grid, drawn: Floats) -> float:
    """Return the standard deviation of the drawn costs (H, W), at least half their mean."""
    costs = drawn[grid.passable]
    return max(float(costs.std()), LEAST_CONTRAST * float(costs.mean()))


@dataclass(frozen=True, eq=False)
class ChangePenalty:
    """The penalty on changes of one drawn map, ready for a device: nothing is read from there or sent to it.

    drawn: (H, W).  passable: (H, W), 1 or 0.  cells: how many are passable.  weight: of keep.
    """

    drawn: Tensor
    passable: Tensor
    cells: int
    contrast: float
    weight: float
    roughness: Roughness

    def __call__(self, cost_map: Tensor) -> Tensor:
        """Return the penalty () on what `cost_map` (H, W) changes, see above."""
        change = (cost_map - self.drawn) / self.contrast
        squares = (change.square() * self.passable).sum() / self.cells
        return self.weight * (squares + SMOOTH * self.roughness(change))


def change_penalty_of(
    grid: Grid, drawn: Floats, keep: float, device: torch.device | str, dtype: torch.dtype
) -> ChangePenalty:
    """Return the penalty on changes of the drawn costs (H, W), for a strength `keep` of 0 to 1."""
    return ChangePenalty(
        torch.tensor(drawn, dtype=dtype, device=device),
        flags_on(device, dtype, grid.passable),
        int(np.count_nonzero(grid.passable)),
        contrast(grid, drawn),
        keep_weight(keep),
        roughness_of(grid, device, dtype),
    )


def change_penalty(grid: Grid, drawn: Floats, cost_map: Tensor, keep: float) -> Tensor:
    """Return the penalty () on what `cost_map` (H, W) changes of the drawn costs, see above; 0 for keep = 0."""
    if keep == 0.0:
        return cost_map.new_zeros(())
    return change_penalty_of(grid, drawn, keep, cost_map.device, cost_map.dtype)(cost_map)


@dataclass(frozen=True, eq=False)
class TradeOff:
    """An upper bound on the path cost of every admissible map, by how much it changes of the drawn one.

    heights, slopes: (n,), the lines height + slope · change, see above; each holds for all maps.
    """

    admissible: Admissible
    drawn: Floats
    heights: Floats
    slopes: Floats

    def bound(self, change: float) -> float:
        """Return the bound for maps whose `squared_change` is at most `change`; infinite before any load."""
        return float(np.min(self.heights + self.slopes * change, initial=np.inf))

    def with_load(self, load: Floats, change: float) -> "TradeOff":
        """Return the bound tightened near `change` by a load (H, W), the weighted sum of loads of unit flows."""
        size, origin = self.admissible.size, self.admissible.reduce(self.drawn)
        gain = self.admissible.gather(load) / size
        heights, slopes = [self.admissible.largest(load)[0]], [0.0]
        uneven = float(np.sum(size * (gain - np.sum(size * gain) / np.sum(size)) ** 2))
        # Without bounds of the costs the map changes in proportion to this, the inverse of 2λ.
        reach = np.sqrt(change / uneven) if uneven > 0.0 else 0.0
        for _ in range(LINES if reach > 0.0 else 0):
            check()
            z = self.admissible.project(origin + reach * gain)
            moved = float(np.sum(size * (z - origin) ** 2))
            slopes.append(0.5 / reach)
            heights.append(
                float(np.sum(size * gain * z) + np.sum(load * self.admissible.fixed)) - slopes[-1] * moved
            )
            if moved == 0.0:
                break
            reach *= np.sqrt(change / moved)
        return replace(self, heights=np.append(self.heights, heights), slopes=np.append(self.slopes, slopes))


def trade_off(admissible: Admissible, drawn: Floats) -> TradeOff:
    """Return the bound that knows nothing yet, on maps made from the drawn one (H, W)."""
    return TradeOff(admissible, drawn, np.empty(0), np.empty(0))
