"""Fused kernels of the Bregman projections, in the log domain. Needs Triton; see `engine.core.triton`.

A lane is one route on one map. With potentials y, prices c and softness ε, the flow on the edge v→u is

    x_vu = exp((y_v − y_u − length · (share · c_v + (1 − share) · c_u)) / ε),

and nothing else is stored: a sweep reads 25 bytes a cell and writes 8. Cells of one colour (a stride of two) share
no edge, so a launch may project them all in place. Differences of potentials are float64; exponentials are float64
where WIDE, else float32, which moves the fixed point by some 1e-7 of the flow.

Arrays: y (L, H, W) float64.  price (M, H, W) float64 and legal (M, H, W) uint8, of which lane l uses price_of[l]
and legal_of[l].  start, goal (L,) flat index.  omega, epsilon (L,) float64.
"""
# pyright: basic, reportGeneralTypeIssues=false

import triton.language as tl

from engine.core.triton import fused

# In place of −∞, which would give NaN in differences.
CLOSED = tl.constexpr(-1e30)
# A projection may change a flow by a factor of 1e30 at most, as `engine.paths.bregman_cpu` allows.
LARGEST_STEP = tl.constexpr(69.0)
DIAGONAL = tl.constexpr(1.4142135623730951)


@fused
def _edge(
    y, price, at, here, bits, y_here, c_here, inv, width,
    MOVE: tl.constexpr, DR: tl.constexpr, DC: tl.constexpr, LENGTH: tl.constexpr,
    MEAN: tl.constexpr, WIDE: tl.constexpr,
):  # fmt: skip
    """Return the exponents of the flow along a move and back against it; CLOSED where it may not be made."""
    may = here & (((bits >> MOVE) & 1) != 0)
    there = at + DR * width + DC
    y_there = tl.load(y + there, mask=may, other=0.0)
    c_there = tl.load(price + there, mask=may, other=0.0)
    drop = y_here - y_there
    if MEAN:
        forth = (0.5 * LENGTH) * (c_here + c_there)
        back = forth
    else:
        forth = LENGTH * c_there
        back = LENGTH * c_here
    out = tl.where(may, (drop - forth) * inv, CLOSED)
    into = tl.where(may, (-drop - back) * inv, CLOSED)
    if not WIDE:
        out = out.to(tl.float32)
        into = into.to(tl.float32)
    return out, into


@fused
def _cell(
    y, price, legal, price_of, legal_of, epsilon, lane, row, column, inside, height, width,
    MEAN: tl.constexpr, WIDE: tl.constexpr, MOVES: tl.constexpr,
):  # fmt: skip
    """Return what a cell knows of its edges: pointers, potential, and the exponents out and in of every move."""
    cells = (height * width).to(tl.int64)
    at = row * width + column
    y = y + lane.to(tl.int64) * cells
    price = price + tl.load(price_of + lane).to(tl.int64) * cells
    bits = tl.load(legal + tl.load(legal_of + lane).to(tl.int64) * cells + at, mask=inside, other=0).to(tl.int32)
    here = inside & (bits != 0)
    y_here = tl.load(y + at, mask=here, other=0.0)
    c_here = tl.load(price + at, mask=here, other=0.0)
    inv = 1.0 / tl.load(epsilon + lane)
    out0, in0 = _edge(y, price, at, here, bits, y_here, c_here, inv, width, 0, 0, 1, 1.0, MEAN, WIDE)
    out1, in1 = _edge(y, price, at, here, bits, y_here, c_here, inv, width, 1, 0, -1, 1.0, MEAN, WIDE)
    out2, in2 = _edge(y, price, at, here, bits, y_here, c_here, inv, width, 2, 1, 0, 1.0, MEAN, WIDE)
    out3, in3 = _edge(y, price, at, here, bits, y_here, c_here, inv, width, 3, -1, 0, 1.0, MEAN, WIDE)
    if MOVES == 8:
        out4, in4 = _edge(y, price, at, here, bits, y_here, c_here, inv, width, 4, 1, 1, DIAGONAL, MEAN, WIDE)
        out5, in5 = _edge(y, price, at, here, bits, y_here, c_here, inv, width, 5, -1, -1, DIAGONAL, MEAN, WIDE)
        out6, in6 = _edge(y, price, at, here, bits, y_here, c_here, inv, width, 6, 1, -1, DIAGONAL, MEAN, WIDE)
        out7, in7 = _edge(y, price, at, here, bits, y_here, c_here, inv, width, 7, -1, 1, DIAGONAL, MEAN, WIDE)
    else:
        out4, in4, out5, in5, out6, in6, out7, in7 = out0, in0, out0, in0, out0, in0, out0, in0
    outs = (out0, out1, out2, out3, out4, out5, out6, out7)
    ins = (in0, in1, in2, in3, in4, in5, in6, in7)
    return y, at, here, y_here, outs, ins


@fused
def _log_sum(x0, x1, x2, x3, x4, x5, x6, x7, MOVES: tl.constexpr):
    """Return log Σ exp(x) over the moves."""
    largest = tl.maximum(tl.maximum(x0, x1), tl.maximum(x2, x3))
    if MOVES == 8:
        largest = tl.maximum(largest, tl.maximum(tl.maximum(x4, x5), tl.maximum(x6, x7)))
    total = tl.exp(x0 - largest) + tl.exp(x1 - largest) + tl.exp(x2 - largest) + tl.exp(x3 - largest)
    if MOVES == 8:
        total += tl.exp(x4 - largest) + tl.exp(x5 - largest) + tl.exp(x6 - largest) + tl.exp(x7 - largest)
    return largest + tl.log(total)


@fused
def project_colour(
    y, price, legal, price_of, legal_of, start, goal, omega, epsilon, height, width, first_row, first_column,
    MEAN: tl.constexpr, WIDE: tl.constexpr, MOVES: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Project every cell of one colour, over-relaxed, in place. Grid: (blocks of the colour's cells, lanes)."""
    lane = tl.program_id(1)
    number = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    columns = (width - first_column + 1) // 2
    rows = (height - first_row + 1) // 2
    row, column = first_row + 2 * (number // columns), first_column + 2 * (number % columns)
    y, at, here, y_here, o, i = _cell(
        y, price, legal, price_of, legal_of, epsilon, lane, row, column, number < rows * columns, height, width,
        MEAN, WIDE, MOVES,
    )  # fmt: skip
    out = _log_sum(o[0], o[1], o[2], o[3], o[4], o[5], o[6], o[7], MOVES)
    into = _log_sum(i[0], i[1], i[2], i[3], i[4], i[5], i[6], i[7], MOVES)
    # log t of the projection, see `engine.paths.soft_paths`: with b = 0, and with b = ±1 at the two ends.
    step = 0.5 * (into - out)
    root = tl.sqrt(1.0 + 4.0 * tl.exp(tl.minimum(out + into, 60.0)))
    step = tl.where(at == tl.load(start + lane), tl.log((1.0 + root) * 0.5) - out, step)
    step = tl.where(at == tl.load(goal + lane), into - tl.log((1.0 + root) * 0.5), step)
    step = tl.minimum(tl.maximum(step.to(tl.float64) * tl.load(omega + lane), -LARGEST_STEP), LARGEST_STEP)
    tl.store(y + at, y_here + tl.load(epsilon + lane) * step, mask=here)


@fused
def measure(
    y, price, legal, price_of, legal_of, start, goal, epsilon, load, flow, partial, height, width,
    MEAN: tl.constexpr, MOVES: tl.constexpr, BLOCK: tl.constexpr, STORE_FLOW: tl.constexpr,
):  # fmt: skip
    """Write the load (L, H, W), the flow (L, K, H, W) if asked for, and block sums of outflow and supply error.

    partial: (L, blocks, 2).  Grid: (blocks of cells, lanes). Exponentials are float64.
    """
    lane = tl.program_id(1)
    block = tl.program_id(0)
    number = block * BLOCK + tl.arange(0, BLOCK)
    inside = number < height * width
    y, at, here, _, o, i = _cell(
        y, price, legal, price_of, legal_of, epsilon, lane, number // width, number % width, inside, height, width,
        MEAN, True, MOVES,
    )  # fmt: skip
    cells = (height * width).to(tl.int64)
    total_out = tl.zeros([BLOCK], tl.float64)
    total_in = tl.zeros([BLOCK], tl.float64)
    weighed = tl.zeros([BLOCK], tl.float64)
    for move in tl.static_range(MOVES):
        # 1e100 as in `engine.paths.bregman_cpu`: more carries no flow of a converged solve.
        out = tl.exp(tl.minimum(o[move], 230.0))
        into = tl.exp(tl.minimum(i[move], 230.0))
        length = 1.0 if move < 4 else DIAGONAL
        total_out += out
        total_in += into
        weighed += length * (0.5 * (out + into) if MEAN else into)
        if STORE_FLOW:
            place = (lane.to(tl.int64) * MOVES + move) * cells
            tl.store(flow + place + at, tl.where(here, out, 0.0), mask=inside)
    tl.store(load + lane.to(tl.int64) * cells + at, tl.where(here, weighed, 0.0), mask=inside)
    supply = tl.where(at == tl.load(start + lane), 1.0, 0.0) - tl.where(at == tl.load(goal + lane), 1.0, 0.0)
    error = tl.where(here, tl.abs(total_out - total_in - supply), 0.0)
    place = 2 * (lane * tl.num_programs(0) + block)
    tl.store(partial + place, tl.sum(tl.where(here, total_out, 0.0)))
    tl.store(partial + place + 1, tl.sum(error))
