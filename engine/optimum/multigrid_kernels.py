"""Fused kernels of the multigrid cycle of `engine.optimum.multigrid`. Needs Triton.

On the finest level nothing is stored but the legal moves and each cell's piece. With D Jacobi's factors, L the
Laplacian and v ↦ v − D L v one relaxation, everything there is a relaxation: with q = D b,

    D (b − L q) = relaxed(q),     P x = relaxed(T x),     and a sweep from x on gives q + relaxed(x).

Arrays: maps (R, H, W) float64, legal (H, W) uint8, piece (H, W) int32.  vectors: (R, length) float64, those of the
coarser levels one after the other.
"""
# pyright: basic, reportGeneralTypeIssues=false

import triton.language as tl

from engine.core.triton import fused
from engine.optimum.saddle_kernels import column_step, row_step

BLOCK_SIDE = tl.constexpr(3)


@fused
def _relaxed(values, legal, at, inside, width, MOVES: tl.constexpr):
    """Return v − D L v and the number of moves at some cells of a map."""
    bits = tl.load(legal + at, mask=inside, other=0).to(tl.int32)
    here = tl.load(values + at, mask=bits != 0, other=0.0)
    degree = tl.zeros_like(here)
    outflow = tl.zeros_like(here)
    for move in tl.static_range(MOVES):
        may = ((bits >> move) & 1) != 0
        there = tl.load(values + at + row_step(move) * width + column_step(move), mask=may, other=0.0)
        outflow += tl.where(may, here - there, 0.0)
        degree += tl.where(may, 1.0, 0.0)
    return here - 2.0 / tl.maximum(3.0 * degree, 1.0) * outflow, degree


@fused
def relax(values, relaxed, legal, height, width, MOVES: tl.constexpr, BLOCK: tl.constexpr):
    """Compute relaxed ← v − D L v. Grid: (blocks of cells, R)."""
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = at < height * width
    first = tl.program_id(1).to(tl.int64) * height * width
    result, _ = _relaxed(values + first, legal, at, inside, width, MOVES)
    tl.store(relaxed + first + at, result, mask=inside)


@fused
def restrict(
    scaled, vectors, legal, piece, block_of, count, length, height, width,
    MOVES: tl.constexpr, PIECES: tl.constexpr,
):  # fmt: skip
    """Compute the right-hand side of the first coarser level, Pᵀ (b − L D b), from D (b − L D b).

    block_of: (count,) int32 the block of cells in which each piece lies.  Grid: (blocks of pieces, R).
    """
    number = tl.program_id(0) * PIECES + tl.arange(0, PIECES)
    first = tl.program_id(1).to(tl.int64) * height * width
    blocks = tl.cdiv(width, BLOCK_SIDE)
    block = tl.load(block_of + number, mask=number < count, other=0)[:, None]
    place = tl.arange(0, 16)[None, :]
    row = BLOCK_SIDE * (block // blocks) + place // BLOCK_SIDE
    column = BLOCK_SIDE * (block % blocks) + place % BLOCK_SIDE
    at = row * width + column
    inside = (place < BLOCK_SIDE * BLOCK_SIDE) & (row < height) & (column < width) & (number < count)[:, None]
    own = inside & (tl.load(piece + at, mask=inside, other=-1) == number[:, None])
    relaxed, degree = _relaxed(scaled + first, legal, at, own, width, MOVES)
    total = tl.sum(1.5 * degree * relaxed, axis=1)
    tl.store(vectors + tl.program_id(1).to(tl.int64) * length + number, total, mask=number < count)


@fused
def prolong(
    scaled, vectors, solution, legal, piece, begin, length, height, width,
    MOVES: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Compute solution ← D b + P x, with x the vector that begins at `begin`. Grid: (blocks of cells, R)."""
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = at < height * width
    first = tl.program_id(1).to(tl.int64) * height * width
    coarse = vectors + tl.program_id(1).to(tl.int64) * length + begin
    bits = tl.load(legal + at, mask=inside, other=0).to(tl.int32)
    own = bits != 0
    here = tl.load(coarse + tl.load(piece + at, mask=own, other=0), mask=own, other=0.0)
    degree = tl.zeros_like(here)
    outflow = tl.zeros_like(here)
    for move in tl.static_range(MOVES):
        may = ((bits >> move) & 1) != 0
        other = tl.load(piece + at + row_step(move) * width + column_step(move), mask=may, other=0)
        outflow += tl.where(may, here - tl.load(coarse + other, mask=may, other=0.0), 0.0)
        degree += tl.where(may, 1.0, 0.0)
    relaxed = here - 2.0 / tl.maximum(3.0 * degree, 1.0) * outflow
    tl.store(solution + first + at, tl.load(scaled + first + at, mask=inside, other=0.0) + relaxed, mask=inside)


@fused
def times(
    begin, column, value, vectors, target, count, length, ROWS: tl.constexpr, ENTRIES: tl.constexpr,
):  # fmt: skip
    """Compute vectors[target + i] ← Σ over the entries of row i of value · vectors[column].

    begin: (count + 1,) int32 where each row begins.  column: int32.  No column is among the targets.
    Grid: (blocks of rows, R).
    """
    row = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    vectors += tl.program_id(1).to(tl.int64) * length
    entry = tl.load(begin + row, mask=row < count, other=0)
    end = tl.load(begin + row + 1, mask=row < count, other=0)
    total = tl.zeros([ROWS], tl.float64)
    for passed in tl.range(0, tl.max(end - entry), ENTRIES):
        at = entry[:, None] + passed + tl.arange(0, ENTRIES)[None, :]
        some = at < end[:, None]
        factor = tl.load(vectors + tl.load(column + at, mask=some, other=0), mask=some, other=0.0)
        total += tl.sum(tl.load(value + at, mask=some, other=0.0) * factor, axis=1)
    tl.store(vectors + target + row, total, mask=row < count)


@fused
def step_potentials(
    scaled, solution, potentials, anchor, new_potentials, legal, sigma, since, height, width,
    MOVES: tl.constexpr, HALPERN: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Relax once more, and step the potentials by sigma (R,) times M⁻¹ b = D b + relaxed(solution).

    new_potentials may be `potentials`.  since: see `engine.optimum.saddle_kernels`.  Grid: (blocks of cells, R).
    """
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = at < height * width
    route = tl.program_id(1)
    first = route.to(tl.int64) * height * width
    relaxed, _ = _relaxed(solution + first, legal, at, inside, width, MOVES)
    correction = tl.load(sigma + route) * (tl.load(scaled + first + at, mask=inside, other=0.0) + relaxed)
    y = tl.load(potentials + first + at, mask=inside, other=0.0)
    if HALPERN:
        done = tl.load(since)
        keep = (done + 1.0) / (done + 2.0)
        fixed = tl.load(anchor + first + at, mask=inside, other=0.0)
        new = keep * (y + 2.0 * correction) + (1.0 - keep) * fixed
    else:
        new = y + correction
    tl.store(new_potentials + first + at, new, mask=inside)
