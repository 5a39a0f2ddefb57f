"""Fused kernels of transport without a matrix. Needs Triton; see `engine.core.triton`.

Entries of the kernel are computed from positions, tile by tile, wherever they are needed:

    kernel_ht = 2^(p_h + q_t − cost(x_h, y_t)),

h among the points *here*, of which a program has HERE, and t among those *there*, which are summed over THERE at a
time; so that one kernel multiplies by the matrix and, with the two sides exchanged, by its transpose, and computes
the same bits in either. Positions are scaled so that costs are in units of ε / log2 e. A program sums over a chunk
of `length` points: one partial sum for each entry of a tile, in the precision of the exponentials, and those in
float64. Partial results of the chunks (C, B, ·) are added by the caller, in one order: no atomics.

Positions and exponents are float32 or float64; entries are float64 where WIDE, else float32.

Arrays: x (B, D, stride_h), y (B, D, stride_t) positions; p (B, stride_h), q (B, stride_t). They are longer than
the `size_h`, `size_t` points, by as many as fill the last tile, where p and q are −∞. Points from `real_h`,
`real_t` on are slack: cost 0 to all, infinite to each other.  factors (B, size_t) float64.
"""
# pyright: basic, reportGeneralTypeIssues=false

import triton.language as tl

from engine.core.triton import fused


@fused
def _apart(x, y, h, t, stride_h, stride_t, K: tl.constexpr):
    """Return the differences (HERE, THERE) of coordinate K."""
    return tl.load(x + K * stride_h + h)[:, None] - tl.load(y + K * stride_t + t)[None, :]


@fused
def _costs(
    x, y, h, t, stride_h, stride_t, real_h, real_t,
    D: tl.constexpr, SQUARED: tl.constexpr, SLACK: tl.constexpr,
):  # fmt: skip
    """Return the costs (HERE, THERE)."""
    apart = _apart(x, y, h, t, stride_h, stride_t, 0)
    costs = apart * apart
    for k in tl.static_range(1, D):
        apart = _apart(x, y, h, t, stride_h, stride_t, k)
        costs += apart * apart
    if not SQUARED:
        costs = tl.sqrt(costs)
    if SLACK:
        here, there = (h >= real_h)[:, None], (t >= real_t)[None, :]
        costs = tl.where(here | there, tl.where(here & there, float("inf"), 0.0), costs)
    return costs


@fused
def _exponents(
    start, x, y, h, t, stride_h, stride_t, real_h, real_t,
    D: tl.constexpr, SQUARED: tl.constexpr, SLACK: tl.constexpr,
):  # fmt: skip
    """Return start − costs (HERE, THERE), with an instruction less where squares need not be summed first."""
    if SQUARED and not SLACK:
        for k in tl.static_range(D):
            apart = _apart(x, y, h, t, stride_h, stride_t, k)
            start -= apart * apart
    else:
        start -= _costs(x, y, h, t, stride_h, stride_t, real_h, real_t, D, SQUARED, SLACK)
    return start


@fused
def maxima(
    x, y, q, partial, stride_h, stride_t, size_h, size_t, real_h, real_t, length,
    D: tl.constexpr, SQUARED: tl.constexpr, SLACK: tl.constexpr,
    HERE: tl.constexpr, THERE: tl.constexpr,
):  # fmt: skip
    """Write max_t q_t − cost(x_h, y_t), to partial (C, B, h)."""
    chunk, batch = tl.program_id(1), tl.program_id(2).to(tl.int64)
    h = tl.program_id(0) * HERE + tl.arange(0, HERE)
    inside_h = h < size_h
    x += batch * D * stride_h
    y += batch * D * stride_t
    q += batch * stride_t
    largest = tl.full([HERE, THERE], float("-inf"), dtype=q.dtype.element_ty)
    for begin in range(chunk * length, tl.minimum(chunk * length + length, size_t), THERE):
        t = begin + tl.arange(0, THERE)
        start = tl.zeros([HERE, THERE], dtype=q.dtype.element_ty) + tl.load(q + t)[None, :]
        exponents = _exponents(start, x, y, h, t, stride_h, stride_t, real_h, real_t, D, SQUARED, SLACK)
        largest = tl.maximum(largest, exponents)
    out = partial + (chunk * tl.num_programs(2) + batch) * size_h + h
    tl.store(out, tl.max(largest, axis=1), mask=inside_h)


@fused
def sums(
    x, y, p, q, factors, square_factors, partial, square_partial,
    stride_h, stride_t, size_h, size_t, real_h, real_t, length,
    D: tl.constexpr, SQUARED: tl.constexpr, SLACK: tl.constexpr, WIDE: tl.constexpr,
    SQUARES: tl.constexpr, HERE: tl.constexpr, THERE: tl.constexpr,
):  # fmt: skip
    """Write Σ_t kernel_ht factors_t, and with SQUARES Σ_t kernel_ht² square_factors_t, to (C, B, h) float64."""
    chunk, batch = tl.program_id(1), tl.program_id(2).to(tl.int64)
    h = tl.program_id(0) * HERE + tl.arange(0, HERE)
    inside_h = h < size_h
    x += batch * D * stride_h
    y += batch * D * stride_t
    q += batch * stride_t
    factors += batch * size_t
    here = tl.load(p + batch * stride_h + h)[:, None]
    total = tl.zeros([HERE, THERE], dtype=tl.float64 if WIDE else tl.float32)
    if SQUARES:
        square_factors += batch * size_t
        square_total = tl.zeros([HERE, THERE], dtype=tl.float64 if WIDE else tl.float32)
    for begin in range(chunk * length, tl.minimum(chunk * length + length, size_t), THERE):
        t = begin + tl.arange(0, THERE)
        inside_t = t < size_t
        start = here + tl.load(q + t)[None, :]
        exponents = _exponents(start, x, y, h, t, stride_h, stride_t, real_h, real_t, D, SQUARED, SLACK)
        kernel = tl.exp2(exponents if WIDE else exponents.to(tl.float32))
        total += kernel * tl.load(factors + t, mask=inside_t, other=0.0).to(kernel.dtype)[None, :]
        if SQUARES:
            weights = tl.load(square_factors + t, mask=inside_t, other=0.0).to(kernel.dtype)
            square_total += kernel * kernel * weights[None, :]
    out = (chunk * tl.num_programs(2) + batch) * size_h + h
    tl.store(partial + out, tl.sum(total.to(tl.float64), axis=1), mask=inside_h)
    if SQUARES:
        tl.store(square_partial + out, tl.sum(square_total.to(tl.float64), axis=1), mask=inside_h)


@fused
def moments(
    x, y, p, q, factors, partial, stride_h, stride_t, size_h, size_t, real_h, real_t, length,
    D: tl.constexpr, LANES: tl.constexpr, SQUARED: tl.constexpr, SLACK: tl.constexpr, WIDE: tl.constexpr,
    HERE: tl.constexpr, THERE: tl.constexpr,
):  # fmt: skip
    """Write Σ_t mass · (∂ cost / ∂ x_h) and, in lane D, Σ_t mass · cost, to partial (C, B, h, LANES) float64.

    mass is kernel_ht factors_t between two points that are not slack; half of the derivative where SQUARED.
    """
    chunk, batch = tl.program_id(1), tl.program_id(2).to(tl.int64)
    h = tl.program_id(0) * HERE + tl.arange(0, HERE)
    lanes = tl.arange(0, LANES)[None, :]
    x += batch * D * stride_h
    y += batch * D * stride_t
    q += batch * stride_t
    factors += batch * size_t
    here = tl.load(p + batch * stride_h + h)[:, None]
    total = tl.zeros([HERE, LANES], dtype=tl.float64)
    for begin in range(chunk * length, tl.minimum(chunk * length + length, real_t), THERE):
        t = begin + tl.arange(0, THERE)
        inside_t = t < real_t
        costs = _costs(x, y, h, t, stride_h, stride_t, real_h, real_t, D, SQUARED, False)
        exponents = here + tl.load(q + t)[None, :] - costs
        mass = tl.exp2(exponents if WIDE else exponents.to(tl.float32))
        mass *= tl.load(factors + t, mask=inside_t, other=0.0).to(mass.dtype)[None, :]
        total += tl.where(lanes == D, tl.sum(mass * costs, axis=1).to(tl.float64)[:, None], 0.0)
        if not SQUARED:
            mass = tl.where(costs > 0.0, mass / tl.where(costs > 0.0, costs, 1.0), 0.0)
        for k in tl.static_range(D):
            change = mass * _apart(x, y, h, t, stride_h, stride_t, k)
            total += tl.where(lanes == k, tl.sum(change, axis=1).to(tl.float64)[:, None], 0.0)
    out = partial + ((chunk * tl.num_programs(2) + batch) * size_h + h)[:, None] * LANES + lanes
    tl.store(out, total, mask=(h < real_h)[:, None] & (lanes <= D))
