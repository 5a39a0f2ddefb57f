"""Fused Newton steps for the shift τ of `engine.cost_maps.parametrisation`. Needs Triton.

Each of B maps has its own τ; its parameters are a row of theta (B, m), weight = size · (upper − lower) is 0 where
a row is shorter. The search stays on the device: state (B, 3) float64 holds τ and its bracket.
"""
# pyright: basic

import triton.language as tl

from engine.core.triton import fused


@fused
def total_sums(theta, weight, state, partial, groups, BLOCK: tl.constexpr):
    """Write block sums (B, blocks, 2) of the total and its derivative at the present τ. Grid: (blocks, B)."""
    row = tl.program_id(1)
    number = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = number < groups
    first = row.to(tl.int64) * groups
    shifted = tl.load(theta + first + number, mask=inside, other=0.0) + tl.load(state + 3 * row)
    share = 1.0 / (1.0 + tl.exp(-shifted))
    filled = tl.load(weight + first + number, mask=inside, other=0.0) * share
    place = partial + 2 * (row * tl.num_programs(0) + tl.program_id(0))
    tl.store(place, tl.sum(filled))
    tl.store(place + 1, tl.sum(filled * (1.0 - share)))


@fused
def next_shift(state, partial, target, blocks, PARTIALS: tl.constexpr):
    """Move τ by a safeguarded Newton step, as `engine.cost_maps.projection.next_shift` does. Grid: (B,)."""
    row = tl.program_id(0)
    block = tl.arange(0, PARTIALS)
    place = partial + 2 * (row * blocks + block)
    totals = tl.load(place, mask=block < blocks, other=0.0)
    slopes = tl.load(place + 1, mask=block < blocks, other=0.0)
    excess = tl.sum(totals) - tl.load(target + row)
    slope = tl.sum(slopes)
    shift = tl.load(state + 3 * row)
    low = tl.where(excess > 0.0, tl.load(state + 3 * row + 1), shift)
    high = tl.where(excess > 0.0, shift, tl.load(state + 3 * row + 2))
    newton = shift - excess / tl.where(slope > 0.0, slope, 1.0)
    # A total that is met already leaves τ where it is, at an end of its bracket.
    fits = (slope > 0.0) & (low <= newton) & (newton <= high)
    bounded = (low > -1e300) & (high < 1e300)
    leap = tl.maximum(1.0, 2.0 * tl.abs(shift))
    other = tl.where(bounded, 0.5 * (low + high), tl.where(excess < 0.0, shift + leap, shift - leap))
    tl.store(state + 3 * row, tl.where(fits, newton, other))
    tl.store(state + 3 * row + 1, low)
    tl.store(state + 3 * row + 2, high)
