"""Fused kernels for what transport does with vectors between two products. Needs Triton; see `engine.core.triton`.

One program for each problem of the batch goes through its vectors, so that sums need neither atomics nor a second
launch. Vectors (B, n) and (B, m), and numbers (B,), are float64; those of the host's decisions are (6, B). What
they are is said in `engine.transport.semidual_torch`.
"""
# pyright: basic

import triton.language as tl

from engine.core.triton import fused


@fused
def _expm1(x):
    """Return exp(x) − 1 without cancellation (Kahan)."""
    power = tl.exp(x)
    rise = power - 1.0
    small = (tl.abs(x) < 0.5) & (rise != 0.0)
    return tl.where(small, rise * x / tl.log(tl.where(small, power, 2.0)), tl.where(rise == 0.0, x, rise))


@fused
def _sum(values, size, BLOCK: tl.constexpr):
    """Return the sum of `size` values."""
    total = tl.zeros([BLOCK], dtype=tl.float64)
    for begin in range(0, size, BLOCK):
        at = begin + tl.arange(0, BLOCK)
        total += tl.load(values + at, mask=at < size, other=0.0)
    return tl.sum(total, axis=0)


@fused
def _shift_of(rows, wanted, ratio, prescribed):
    """Return the constant to take from γ so that both sides have one total."""
    shift = 0.5 * tl.where(prescribed, 0.0, ratio) * tl.log(rows / wanted)
    return tl.where((tl.abs(shift) < float("inf")) & (prescribed == 0), shift, 0.0)


@fused
def rows(sums, shift, a, strength, epsilon, scale, weights, log_sums, marginal, size, BLOCK: tl.constexpr):
    """Write scale, weights, log sums and the marginal of the rows; grid (blocks, B)."""
    batch = tl.program_id(1)
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = at < size
    at += batch.to(tl.int64) * size
    kappa = 1.0 / (1.0 + tl.load(epsilon + batch) / tl.load(strength + batch))
    total = tl.load(sums + at, mask=inside, other=1.0)
    logs = tl.load(shift + at, mask=inside, other=0.0) + tl.log(total)
    row = tl.load(a + at, mask=inside, other=0.0) * tl.exp((1.0 - kappa) * logs)
    tl.store(log_sums + at, logs, mask=inside)
    tl.store(marginal + at, row, mask=inside)
    tl.store(scale + at, row / total, mask=inside)
    tl.store(weights + at, kappa * row / (total * total), mask=inside)


@fused
def columns(
    gamma, v, formed_at, step, products, square_products, b, strength, epsilon, a, marginal, log_sums,
    column, squares, wanted, numbers, n, m,
    LOST: tl.constexpr, UNEVEN: tl.constexpr, STEP: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Write columns, squares, what the columns should be, and the six numbers; grid (B,)."""
    batch, batches = tl.program_id(0), tl.num_programs(0)
    eps, ratio = tl.load(epsilon + batch), tl.load(strength + batch) / tl.load(epsilon + batch)
    prescribed = ratio == float("inf")
    kappa = 1.0 / (1.0 + eps / tl.load(strength + batch))
    finite = tl.where(prescribed, 1.0, ratio)
    nothing = tl.zeros([BLOCK], dtype=tl.float64)
    value, error, slope, furthest, total, lost, uneven = (
        nothing, nothing, nothing, nothing, nothing, nothing, nothing,
    )  # fmt: skip
    first = batch.to(tl.int64) * m
    for begin in range(0, m, BLOCK):
        at = begin + tl.arange(0, BLOCK)
        inside = at < m
        at += first
        here = tl.load(gamma + at, mask=inside, other=0.0)
        weight = tl.load(b + at, mask=inside, other=0.0)
        factor = tl.load(v + at, mask=inside, other=0.0)
        found = factor * tl.load(products + at, mask=inside, other=0.0)
        should = tl.where(prescribed, weight, weight * tl.exp(-here / finite))
        tl.store(column + at, found, mask=inside)
        tl.store(wanted + at, should, mask=inside)
        square = factor * factor * tl.load(square_products + at, mask=inside, other=0.0)
        tl.store(squares + at, square, mask=inside)
        error += tl.abs(should - found)
        if STEP:
            slope += tl.load(step + at, mask=inside, other=0.0) * (should - found)
        apart = tl.abs(here - tl.load(formed_at + at, mask=inside, other=0.0))
        furthest = tl.maximum(furthest, apart)
        total += should
        lost = tl.maximum(lost, tl.where(found < LOST * should, 1.0, 0.0))
        uneven = tl.maximum(uneven, tl.where(found < UNEVEN * should, 1.0, 0.0))
        value += tl.where(prescribed, weight * here, -finite * weight * _expm1(-here / finite))
    mass = nothing
    first = batch.to(tl.int64) * n
    for begin in range(0, n, BLOCK):
        at = begin + tl.arange(0, BLOCK)
        inside = at < n
        at += first
        logs = tl.load(log_sums + at, mask=inside, other=0.0)
        weight = tl.load(a + at, mask=inside, other=0.0)
        row = tl.load(marginal + at, mask=inside, other=0.0)
        mass += row
        spent = -finite * weight * _expm1(kappa * logs / finite) - row
        value += tl.where(prescribed, -weight * logs, spent)
    shift = _shift_of(tl.sum(mass, axis=0), tl.sum(total, axis=0), ratio, prescribed)
    unequal = tl.where(tl.abs(shift) > 1.0, 1.0, 0.0)
    tl.store(numbers + batch, tl.sum(value, axis=0))
    tl.store(numbers + batches + batch, tl.sum(error, axis=0))
    tl.store(numbers + 2 * batches + batch, tl.sum(slope, axis=0))
    tl.store(numbers + 3 * batches + batch, tl.max(furthest, axis=0))
    tl.store(numbers + 4 * batches + batch, tl.max(lost, axis=0))
    tl.store(numbers + 5 * batches + batch, tl.maximum(tl.max(uneven, axis=0), unequal))


@fused
def sweep(
    gamma, column, b, marginal, strength, epsilon, swept, n, m, SMALLEST: tl.constexpr, BLOCK: tl.constexpr
):  # fmt: skip
    """Write γ after a sweep; grid (B,)."""
    batch = tl.program_id(0)
    eps, ratio = tl.load(epsilon + batch), tl.load(strength + batch) / tl.load(epsilon + batch)
    prescribed = ratio == float("inf")
    kappa = 1.0 / (1.0 + eps / tl.load(strength + batch))
    finite = tl.where(prescribed, 1.0, ratio)
    total = tl.zeros([BLOCK], dtype=tl.float64)
    first = batch.to(tl.int64) * m
    for begin in range(0, m, BLOCK):
        at = begin + tl.arange(0, BLOCK)
        inside = at < m
        at += first
        weight = tl.load(b + at, mask=inside, other=0.0)
        found = tl.load(column + at, mask=inside, other=1.0)
        excess = tl.where(weight > 0.0, found / tl.where(weight > 0.0, weight, 1.0), 1.0)
        newer = kappa * (tl.load(gamma + at, mask=inside, other=0.0) - tl.log(tl.maximum(excess, SMALLEST)))
        tl.store(swept + at, newer, mask=inside)
        total += tl.where(prescribed, weight, weight * tl.exp(-newer / finite))
    mass = _sum(marginal + batch.to(tl.int64) * n, n, BLOCK)
    shift = _shift_of(mass, tl.sum(total, axis=0), ratio, prescribed)
    tl.debug_barrier()
    for begin in range(0, m, BLOCK):
        at = begin + tl.arange(0, BLOCK)
        inside = at < m
        at += first
        tl.store(swept + at, tl.load(swept + at, mask=inside, other=0.0) - shift, mask=inside)


@fused
def begin_direction(
    column, wanted, squares, b, v, strength, epsilon, wishes, right, diagonal, preconditioner,
    x, residual, search, factors, state, m,
    SMALLEST: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Begin conjugate gradients at x = 0; grid (B,).

    wishes: (B, 2) whether the problem is active, and the residual to reach.  factors: v · search, to multiply by.
    state: (4, B) <r, r / preconditioner>, whether it goes on; slope and largest entry of x.
    """
    batch, batches = tl.program_id(0), tl.num_programs(0)
    ratio = tl.load(strength + batch) / tl.load(epsilon + batch)
    active, goal = tl.load(wishes + 2 * batch) > 0.0, tl.load(wishes + 2 * batch + 1)
    rho = tl.zeros([BLOCK], dtype=tl.float64)
    left = tl.zeros([BLOCK], dtype=tl.float64)
    for begin in range(0, m, BLOCK):
        at = begin + tl.arange(0, BLOCK)
        inside = at < m
        at += batch.to(tl.int64) * m
        should, found = tl.load(wanted + at, mask=inside, other=0.0), tl.load(column + at, mask=inside, other=0.0)
        weighted = tl.load(b + at, mask=inside, other=0.0) > 0.0
        main = tl.where(weighted, found + should / ratio, 1.0)
        by = main - tl.load(squares + at, mask=inside, other=0.0)
        by = tl.maximum(by, tl.maximum(1e-5 * main, SMALLEST))
        missing = tl.where(active, should - found, 0.0)
        scaled = missing / by
        tl.store(diagonal + at, main, mask=inside)
        tl.store(preconditioner + at, by, mask=inside)
        tl.store(right + at, missing, mask=inside)
        tl.store(residual + at, missing, mask=inside)
        tl.store(x + at, 0.0 * missing, mask=inside)
        tl.store(search + at, scaled, mask=inside)
        tl.store(factors + at, tl.load(v + at, mask=inside, other=0.0) * scaled, mask=inside)
        rho += missing * scaled
        left += tl.abs(missing)
    tl.store(state + batch, tl.sum(rho, axis=0))
    tl.store(state + batches + batch, tl.where(tl.sum(left, axis=0) > goal, 1.0, 0.0))
    tl.store(state + 2 * batches + batch, 0.0 * goal)
    tl.store(state + 3 * batches + batch, 0.0 * goal)


@fused
def go_on(
    products, v, wishes, right, diagonal, preconditioner, x, residual, search, factors, state, m,
    BLOCK: tl.constexpr,
):  # fmt: skip
    """Make a step of conjugate gradients, given the kernel's part of the Hessian times `search`; grid (B,)."""
    batch, batches = tl.program_id(0), tl.num_programs(0)
    goal = tl.load(wishes + 2 * batch + 1)
    rho, going = tl.load(state + batch), tl.load(state + batches + batch) > 0.0
    first = batch.to(tl.int64) * m
    curved = tl.zeros([BLOCK], dtype=tl.float64)
    for begin in range(0, m, BLOCK):
        at = begin + tl.arange(0, BLOCK)
        inside = at < m
        at += first
        along = tl.load(search + at, mask=inside, other=0.0)
        main = tl.load(diagonal + at, mask=inside, other=0.0)
        part = tl.load(v + at, mask=inside, other=0.0) * tl.load(products + at, mask=inside, other=0.0)
        curved += along * (main * along - part)
    curvature = tl.sum(curved, axis=0)
    going = going & (curvature > 0.0)
    length = tl.where(going, rho / tl.where(going, curvature, 1.0), 0.0)
    newer = tl.zeros([BLOCK], dtype=tl.float64)
    left, slope, longest = newer, newer, newer
    for begin in range(0, m, BLOCK):
        at = begin + tl.arange(0, BLOCK)
        inside = at < m
        at += first
        along = tl.load(search + at, mask=inside, other=0.0)
        main = tl.load(diagonal + at, mask=inside, other=0.0)
        part = tl.load(v + at, mask=inside, other=0.0) * tl.load(products + at, mask=inside, other=0.0)
        rest = tl.load(residual + at, mask=inside, other=0.0) - length * (main * along - part)
        so_far = tl.load(x + at, mask=inside, other=0.0) + length * along
        tl.store(residual + at, rest, mask=inside)
        tl.store(x + at, so_far, mask=inside)
        newer += rest * (rest / tl.load(preconditioner + at, mask=inside, other=1.0))
        left += tl.abs(rest)
        slope += so_far * tl.load(right + at, mask=inside, other=0.0)
        longest = tl.maximum(longest, tl.abs(so_far))
    rho_newer = tl.sum(newer, axis=0)
    share = tl.where(going, rho_newer / tl.where(going, rho, 1.0), 0.0)
    tl.debug_barrier()
    for begin in range(0, m, BLOCK):
        at = begin + tl.arange(0, BLOCK)
        inside = at < m
        at += first
        rest = tl.load(residual + at, mask=inside, other=0.0)
        scaled = rest / tl.load(preconditioner + at, mask=inside, other=1.0)
        along = scaled + share * tl.load(search + at, mask=inside, other=0.0)
        tl.store(search + at, along, mask=inside)
        tl.store(factors + at, tl.load(v + at, mask=inside, other=0.0) * along, mask=inside)
    tl.store(state + batch, rho_newer)
    still = going & (tl.sum(left, axis=0) > goal)
    tl.store(state + batches + batch, tl.where(still, 1.0, 0.0))
    tl.store(state + 2 * batches + batch, tl.sum(slope, axis=0))
    tl.store(state + 3 * batches + batch, tl.max(longest, axis=0))
