"""Fused kernels of the primal–dual iterations. Needs Triton.

Flow (R, K, H, W) is kept at the cell that it leaves. A cell steps its own outgoing flow and computes beside it
what comes in from its neighbours, from the same old values: so nothing is added up by two cells at once, and the
order of sums is fixed. The new flow goes into another array, as neighbours still read the old one.

Arrays: potentials (R, H, W), cost (H, W) float64, legal (H, W) uint8, start and goal (R,) int32 flat cells, weight
and tau (R,) float64.
"""
# pyright: basic, reportGeneralTypeIssues=false

import triton
import triton.language as tl

from engine.core.triton import fused


@triton.constexpr_function
def row_step(move):
    """Return how many rows a move goes down, as `engine.core.grid.MOVES`."""
    return (0, 0, 1, -1, 1, -1, 1, -1)[move]


@triton.constexpr_function
def column_step(move):
    """Return how many columns a move goes right, as `engine.core.grid.MOVES`."""
    return (1, -1, 0, 0, 1, -1, -1, 1)[move]


@fused
def step_flow(
    flow, anchor, new_flow, potentials, cost, legal, start, goal, weight, tau, since, next_since, scaled, load,
    height, width, MEAN: tl.constexpr, MOVES: tl.constexpr, HALPERN: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Step the flow, and gather what 2x' − x leaves over: `scaled`, the surplus times Jacobi's factor, and `load`.

    scaled, load: (R, H, W).  since: (1,) float64 iterations since the restart; next_since becomes one more.
    Without HALPERN new_flow is that of T(z).  Grid: (blocks of cells, R).
    """
    block = tl.program_id(0)
    route = tl.program_id(1)
    at = block * BLOCK + tl.arange(0, BLOCK)
    inside = at < height * width
    cells = (height * width).to(tl.int64)
    first = route.to(tl.int64) * cells
    flow += MOVES * first
    anchor += MOVES * first
    new_flow += MOVES * first
    potentials += first
    step = tl.load(tau + route)
    done = tl.load(since)
    keep = (done + 1.0) / (done + 2.0)
    if HALPERN:
        tl.store(next_since, done + 1.0, mask=(block == 0) & (route == 0))
    bits = tl.load(legal + at, mask=inside, other=0).to(tl.int32)
    here = bits != 0
    y_here = tl.load(potentials + at, mask=here, other=0.0)
    c_here = tl.load(cost + at, mask=here, other=0.0)
    outflow = tl.zeros([BLOCK], tl.float64)
    loaded = tl.zeros([BLOCK], tl.float64)
    degree = tl.zeros([BLOCK], tl.float64)
    # Not as literals, which Triton's interpreter rounds to float32.
    side = tl.sqrt(tl.full([], 1.0, tl.float64))
    diagonal = tl.sqrt(tl.full([], 2.0, tl.float64))
    for move in tl.static_range(MOVES):
        may = ((bits >> move) & 1) != 0
        there = at + row_step(move) * width + column_step(move)
        far = (0.5 if MEAN else 1.0) * (side if move < 4 else diagonal)
        near = far if MEAN else 0.0 * far
        drop = y_here - tl.load(potentials + there, mask=may, other=0.0)
        c_there = tl.load(cost + there, mask=may, other=0.0)
        out = tl.load(flow + move * cells + at, mask=may, other=0.0)
        into = tl.load(flow + (move ^ 1) * cells + there, mask=may, other=0.0)
        new_out = tl.maximum(out - step * (near * c_here + far * c_there - drop), 0.0)
        new_into = tl.maximum(into - step * (near * c_there + far * c_here + drop), 0.0)
        ahead_out = tl.where(may, 2.0 * new_out - out, 0.0)
        ahead_into = tl.where(may, 2.0 * new_into - into, 0.0)
        if HALPERN:
            new_out = keep * ahead_out + (1.0 - keep) * tl.load(anchor + move * cells + at, mask=may, other=0.0)
        tl.store(new_flow + move * cells + at, new_out, mask=may)
        outflow += ahead_out - ahead_into
        loaded += near * ahead_out + far * ahead_into
        degree += tl.where(may, 1.0, 0.0)
    supply = tl.where(at == tl.load(start + route), 1.0, 0.0) - tl.where(at == tl.load(goal + route), 1.0, 0.0)
    surplus = supply * tl.load(weight + route) - outflow
    damped = tl.where(here, 2.0 / tl.maximum(3.0 * degree, 1.0), 0.0)
    tl.store(scaled + first + at, damped * surplus, mask=inside)
    tl.store(load + first + at, loaded, mask=inside)


@fused
def squared_distances(
    flow, other_flow, potentials, other_potentials, cost, other_cost, legal, partial, height, width,
    MOVES: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Write block sums of the squared differences of two points: of flows, drops of potentials, and costs.

    partial: (R, 3, blocks).  Grid: (blocks of cells, R).
    """
    block = tl.program_id(0)
    route = tl.program_id(1)
    at = block * BLOCK + tl.arange(0, BLOCK)
    inside = at < height * width
    cells = (height * width).to(tl.int64)
    first = route.to(tl.int64) * cells
    bits = tl.load(legal + at, mask=inside, other=0).to(tl.int32)
    here = bits != 0
    potentials += first
    other_potentials += first
    y_here = tl.load(potentials + at, mask=here, other=0.0) - tl.load(other_potentials + at, mask=here, other=0.0)
    flows = tl.zeros([BLOCK], tl.float64)
    drops = tl.zeros([BLOCK], tl.float64)
    for move in tl.static_range(MOVES):
        may = ((bits >> move) & 1) != 0
        place = MOVES * first + move * cells + at
        moved = tl.load(flow + place, mask=may, other=0.0) - tl.load(other_flow + place, mask=may, other=0.0)
        flows += moved * moved
        if move % 2 == 0:
            there = at + row_step(move) * width + column_step(move)
            y_there = tl.load(potentials + there, mask=may, other=0.0)
            y_there -= tl.load(other_potentials + there, mask=may, other=0.0)
            drops += tl.where(may, (y_here - y_there) * (y_here - y_there), 0.0)
    costs = tl.load(cost + at, mask=inside, other=0.0) - tl.load(other_cost + at, mask=inside, other=0.0)
    blocks = tl.num_programs(0)
    place = partial + 3 * route * blocks + block
    tl.store(place, tl.sum(flows))
    tl.store(place + blocks, tl.sum(drops))
    tl.store(place + 2 * blocks, tl.sum(costs * costs))
