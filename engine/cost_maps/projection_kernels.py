"""Kernels of the projection in `engine.cost_maps.projection_triton`. Needs Triton.

A Newton step is one launch: each program makes the step from the sums that the launch before wrote, all the same
one, and writes its own part of the next sums. So no program waits for another, and the sums' order is fixed.

Arrays over m groups, float64: z; size, lower and upper (m,), or (1,) with a stride of 0 where all are alike.
state: (4,) λ, its bracket, and whether the total is met.  sums: (2, programs) parts of the total and its slope.
target: (2,) the total, and by how much it may be missed.
"""
# pyright: basic, reportGeneralTypeIssues=false

import triton.language as tl

from engine.core.triton import fused


@fused
def _next_shift(before, sums, target, programs, PARTS: tl.constexpr):
    """Return λ, its bracket and whether it has met the total, after the sums at the λ in `before`.

    The same as `engine.cost_maps.projection.next_shift`, but that a step of less than a rounding leaves λ.
    """
    part = tl.arange(0, PARTS)
    total = tl.sum(tl.load(sums + part, mask=part < programs, other=0.0))
    slope = tl.sum(tl.load(sums + programs + part, mask=part < programs, other=0.0))
    shift = tl.load(before)
    low = tl.load(before + 1)
    high = tl.load(before + 2)
    excess = total - tl.load(target)
    met = (tl.load(before + 3) > 0.0) | (tl.abs(excess) <= tl.load(target + 1))
    met = met | (high - low <= 1e-16 * tl.maximum(1.0, tl.abs(shift)))
    low = tl.where(excess > 0.0, low, shift)
    high = tl.where(excess > 0.0, shift, high)
    newton = shift - excess / tl.where(slope > 0.0, slope, 1.0)
    fits = (slope > 0.0) & (low <= newton) & (newton <= high)
    bounded = (low > -1e300) & (high < 1e300)
    leap = tl.maximum(1.0, 2.0 * tl.abs(shift))
    other = tl.where(bounded, 0.5 * (low + high), tl.where(excess < 0.0, shift + leap, shift - leap))
    return tl.where(met, shift, tl.where(fits, newton, other)), low, high, met


@fused
def _part_of_sums(
    at, inside, value, size, lower, upper, shift, SIZE_STRIDE: tl.constexpr, BOUND_STRIDE: tl.constexpr,
):  # fmt: skip
    count = tl.where(inside, tl.load(size + SIZE_STRIDE * at, mask=inside, other=0.0), 0.0)
    moved = value + shift
    floor = tl.load(lower + BOUND_STRIDE * at, mask=inside, other=0.0)
    ceiling = tl.load(upper + BOUND_STRIDE * at, mask=inside, other=0.0)
    clipped = tl.minimum(tl.maximum(moved, floor), ceiling)
    return count * clipped, tl.where(moved == clipped, count, 0.0)


@fused
def want(
    cost, load, sigma, members, z, size, lower, upper, state, sums, groups, routes, cells,
    SHARED: tl.constexpr, SIZE_STRIDE: tl.constexpr, BOUND_STRIDE: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Write z, the groups' means of cost + sigma · load, and the sums at the λ in `state`.

    cost: (H, W).  load: (routes, H, W).  sigma: (1,).  members: (SHARED, groups) int32 cells, H · W for none.
    """
    program = tl.program_id(0)
    programs = tl.num_programs(0)
    step = tl.load(sigma)
    shift = tl.load(state)
    totals = tl.zeros([BLOCK], tl.float64)
    slopes = tl.zeros([BLOCK], tl.float64)
    for begin in tl.range(program * BLOCK, groups, programs * BLOCK):
        at = begin + tl.arange(0, BLOCK)
        inside = at < groups
        value = tl.zeros([BLOCK], tl.float64)
        for member in tl.static_range(SHARED):
            cell = tl.load(members + member * groups + at, mask=inside, other=cells)
            real = cell < cells
            loaded = tl.zeros([BLOCK], tl.float64)
            place = load + cell
            for _ in range(routes):
                loaded += tl.load(place, mask=real, other=0.0)
                place += cells
            value += tl.load(cost + cell, mask=real, other=0.0) + step * loaded
        value = value / tl.load(size + SIZE_STRIDE * at, mask=inside, other=1.0)
        tl.store(z + at, value, mask=inside)
        total, slope = _part_of_sums(at, inside, value, size, lower, upper, shift, SIZE_STRIDE, BOUND_STRIDE)
        totals += total
        slopes += slope
    tl.store(sums + program, tl.sum(totals))
    tl.store(sums + programs + program, tl.sum(slopes))


@fused
def newton(
    z, size, lower, upper, before, sums, state, next_sums, target, groups,
    SIZE_STRIDE: tl.constexpr, BOUND_STRIDE: tl.constexpr, PARTS: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Make a Newton step from `before` and its sums to `state`, and write the sums there, unless all is met."""
    program = tl.program_id(0)
    programs = tl.num_programs(0)
    shift, low, high, met = _next_shift(before, sums, target, programs, PARTS)
    if program == 0:
        tl.store(state, shift)
        tl.store(state + 1, low)
        tl.store(state + 2, high)
        tl.store(state + 3, tl.where(met, 1.0, 0.0))
    if not met:
        totals = tl.zeros([BLOCK], tl.float64)
        slopes = tl.zeros([BLOCK], tl.float64)
        for begin in tl.range(program * BLOCK, groups, programs * BLOCK):
            at = begin + tl.arange(0, BLOCK)
            inside = at < groups
            value = tl.load(z + at, mask=inside, other=0.0)
            total, slope = _part_of_sums(at, inside, value, size, lower, upper, shift, SIZE_STRIDE, BOUND_STRIDE)
            totals += total
            slopes += slope
        tl.store(next_sums + program, tl.sum(totals))
        tl.store(next_sums + programs + program, tl.sum(slopes))


@fused
def step_cost(
    cost, anchor, new_cost, group, z, lower, upper, before, sums, first_state, target, since, groups, cells, parts,
    BOUND_STRIDE: tl.constexpr, PARTS: tl.constexpr, HALPERN: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Step the cost map to clip(z + λ), λ after the last sums; first_state is where the next search begins.

    group: (H, W) int32, `groups` where the cost is fixed; it stays there.  new_cost may be `cost`.
    parts: programs that wrote the sums.  since: iterations since the restart; without HALPERN new_cost is that of
    T(z).
    """
    program = tl.program_id(0)
    programs = tl.num_programs(0)
    shift, low, high, met = _next_shift(before, sums, target, parts, PARTS)
    if program == 0:
        # A search that did not end goes on in the next step, in its bracket and as much to both sides of it.
        width = high - low
        tl.store(first_state, shift)
        tl.store(first_state + 1, tl.where(met, -float("inf"), low - width))
        tl.store(first_state + 2, tl.where(met, float("inf"), high + width))
    for begin in tl.range(program * BLOCK, cells, programs * BLOCK):
        at = begin + tl.arange(0, BLOCK)
        number = tl.load(group + at, mask=at < cells, other=groups)
        free = number < groups
        moved = tl.load(z + number, mask=free, other=0.0) + shift
        floor = tl.load(lower + BOUND_STRIDE * number, mask=free, other=0.0)
        ceiling = tl.load(upper + BOUND_STRIDE * number, mask=free, other=0.0)
        new = tl.minimum(tl.maximum(moved, floor), ceiling)
        if HALPERN:
            done = tl.load(since)
            keep = (done + 1.0) / (done + 2.0)
            old = tl.load(cost + at, mask=free, other=0.0)
            new = keep * (2.0 * new - old) + (1.0 - keep) * tl.load(anchor + at, mask=free, other=0.0)
        tl.store(new_cost + at, new, mask=free)
