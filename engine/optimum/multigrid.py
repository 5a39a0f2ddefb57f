"""Approximate inverse of a map's graph Laplacian: one multigrid cycle, at the cost of a few passes over the map.

(L y)_v = Σ over legal moves v→u of (y_v − y_u). Cells are aggregated into blocks of 3×3, and blocks into
larger ones, level by level. A block that walls cut into pieces counts as several, so that a winding corridor stays
a corridor on every level. Values are prolongated to the finer level by
P = (I − ω D⁻¹ L) T, T the pieces' indicators and D the diagonal of L (smoothed aggregation, as in PETSc's GAMG);
the coarse Laplacian is Pᵀ L P. With one damped Jacobi sweep before and after every correction the cycle is a
symmetric M⁻¹, and M ≽ L: its steps never overshoot.
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse import csgraph

from engine.core.arrays import Bytes, Floats, Integers
from engine.core.cancel import check
from engine.core.compiled import compiled
from engine.core.grid import MOVES, Cell, Grid
from engine.optimum.coarsening import (
    BLOCK,
    DAMPING,
    NOWHERE,
    Entries,
    Pieces,
    coarse_laplacian,
    pieces_of,
    prolongation,
)

COARSEST = 60

Sparse = Any  # scipy's matrices change type from one operation to the next


class Rows(NamedTuple):
    """Sparse matrices in compressed rows, one after the other: row i has entries begin[i]..begin[i + 1]."""

    begin: npt.NDArray[np.uint64]
    column: npt.NDArray[np.uint32]
    value: Floats


class Multigrid(NamedTuple):
    """The hierarchy. On the finest level vectors are maps with a border, and L is read off the legal moves.

    legal: (H + 2b, W + 2b) the moves between those cells; flow elsewhere could not reach a goal.
    damped: (H + 2b, W + 2b) Jacobi's factor, 0 at all other cells.  cells: (n,) those cells' flat indices.
    spread: P of the finest level, a row for each of `cells`.  gather: its transpose, columns as in `cells`.

    The vectors of all coarser levels lie one after the other:
    first: (levels + 1,) where each level begins.  coarse_damped: Jacobi's factors.
    laplacian, prolongation, restriction: L, P and Pᵀ of every one but the last; columns count from the first
        unknown of their level.  coarsest: inverse of the last one's L.
    """

    legal: Bytes
    damped: Floats
    cells: Integers
    spread: Rows
    gather: Rows
    first: Integers
    coarse_damped: Floats
    laplacian: Rows
    prolongation: Rows
    restriction: Rows
    coarsest: Floats


class Hierarchy(NamedTuple):
    """The levels before they are packed for a device.

    pieces: the finest level, and what its cells become.
    laplacians: L of all coarser levels.  prolongations: P of all of them but the last.
    """

    pieces: Pieces
    laplacians: list[Sparse]
    prolongations: list[Sparse]


def hierarchy(grid: Grid, starts: list[Cell]) -> Hierarchy:
    """Build the levels for the cells reachable from `starts`."""
    pieces = pieces_of(grid, starts)
    laplacian = _matrix(coarse_laplacian(pieces, grid.neighbours))
    laplacian.eliminate_zeros()
    levels = Hierarchy(pieces, [laplacian], [])
    rows, columns = np.divmod(pieces.blocks, pieces.across)
    while rows.size > COARSEST and (rows.any() or columns.any()):
        check()
        piece, rows, columns = _joined(laplacian, rows // BLOCK, columns // BLOCK)
        check()
        entries = np.ones(piece.size), (np.arange(piece.size), piece)
        indicator = sparse.csr_matrix(entries, (piece.size, rows.size))
        spread = indicator - sparse.diags(jacobi(laplacian)) @ (laplacian @ indicator)
        check()
        laplacian = spread.T @ laplacian
        check()
        laplacian = laplacian @ spread
        levels.laplacians.append(laplacian)
        levels.prolongations.append(spread)
    check()
    return levels


def multigrid(grid: Grid, starts: list[Cell], border: int) -> Multigrid:
    """Build the hierarchy for the cells reachable from `starts`, on maps with a border of `border` cells."""
    pieces, laplacians, prolongations = hierarchy(grid, starts)
    rows, columns = np.nonzero(pieces.piece != NOWHERE)
    cells = (rows + border) * (grid.shape[1] + 2 * border) + columns + border
    degree = sum(((pieces.legal >> move & 1).astype(np.float64) for move in range(grid.neighbours)), np.zeros(1))
    damped = np.where(degree > 0.0, DAMPING / np.maximum(degree, 1.0), 0.0)
    sizes = [laplacian.shape[0] for laplacian in laplacians]
    spread = _matrix(prolongation(pieces, grid.neighbours))
    gather = _stacked([spread.T])
    return Multigrid(
        legal=np.pad(pieces.legal, border),
        damped=np.pad(damped, border),
        cells=cells,
        spread=_stacked([spread]),
        gather=gather._replace(column=cells[gather.column].astype(np.uint32)),
        first=np.cumsum([0, *sizes]),
        coarse_damped=np.concatenate([*map(jacobi, laplacians[:-1]), np.zeros(sizes[-1])]),
        laplacian=_stacked(laplacians[:-1]),
        prolongation=_stacked(prolongations),
        restriction=_stacked([matrix.T for matrix in prolongations]),
        coarsest=inverse(laplacians[-1]),
    )


def jacobi(laplacian: Sparse) -> Floats:
    """Return Jacobi's damped factors: ω over the diagonal, 0 where that is 0."""
    diagonal: Floats = laplacian.diagonal()
    return np.where(diagonal > 0.0, DAMPING / np.where(diagonal > 0.0, diagonal, 1.0), 0.0)


def inverse(laplacian: Sparse) -> Floats:
    """Return the pseudo-inverse of the coarsest level's Laplacian."""
    dense: Floats = laplacian.toarray()
    # What rounding leaves of a connected map that became one unknown would have an enormous inverse.
    dense[np.abs(dense) < 1e-10] = 0.0
    return np.asarray(np.linalg.pinv(dense, rcond=1e-10, hermitian=True), dtype=np.float64)


@compiled
def cycle(
    grids: Multigrid, moves: int, b: Floats, x: Floats, rest: Floats, bs: Floats, xs: Floats, rests: Floats
) -> None:
    """Compute x ← M⁻¹ b, by one cycle.

    b, x, rest: maps with a border of one cell.  bs, xs, rests: the vectors of the coarser levels.
    """
    damped, cells = grids.damped.reshape(-1), grids.cells
    flat_b, flat_x, flat_rest = b.reshape(-1), x.reshape(-1), rest.reshape(-1)
    for i in range(flat_x.size):
        flat_x[i] = damped[i] * flat_b[i]
    _outflow(grids.legal, moves, x, rest)
    for i in range(flat_x.size):
        flat_rest[i] = flat_b[i] - flat_rest[i]
    below = grids.first[1]
    _times(grids.gather, 0, below, flat_rest, bs[:below])
    _coarse_cycle(grids, bs, xs, rests)
    begin, column, value = grids.spread.begin, grids.spread.column, grids.spread.value
    for i in range(cells.size):
        total = 0.0
        for k in range(begin[i], begin[i + 1]):
            total += value[k] * xs[column[k]]
        flat_x[cells[i]] += total
    _outflow(grids.legal, moves, x, rest)
    for i in range(flat_x.size):
        flat_x[i] += damped[i] * (flat_b[i] - flat_rest[i])


@compiled
def _coarse_cycle(grids: Multigrid, b: Floats, x: Floats, rest: Floats) -> None:
    first, damped = grids.first, grids.coarse_damped
    coarsest = first.size - 2
    for level in range(coarsest):
        begin, end, below = first[level], first[level + 1], first[level + 2]
        for i in range(begin, end):
            x[i] = damped[i] * b[i]
        _times(grids.laplacian, begin, end, x[begin:end], rest[begin:end])
        for i in range(begin, end):
            rest[i] = b[i] - rest[i]
        _times(grids.restriction, end - first[1], below - first[1], rest[begin:end], b[end:below])
    begin = first[coarsest]
    for i in range(grids.coarsest.shape[0]):
        total = 0.0
        for j in range(grids.coarsest.shape[0]):
            total += grids.coarsest[i, j] * b[begin + j]
        x[begin + i] = total
    for level in range(coarsest - 1, -1, -1):
        begin, end, below = first[level], first[level + 1], first[level + 2]
        _times(grids.prolongation, begin, end, x[end:below], rest[begin:end])
        for i in range(begin, end):
            x[i] += rest[i]
        _times(grids.laplacian, begin, end, x[begin:end], rest[begin:end])
        for i in range(begin, end):
            x[i] += damped[i] * (b[i] - rest[i])


@compiled
def _outflow(legal: Bytes, moves: int, y: Floats, outflow: Floats) -> None:
    """Compute outflow ← L y, on maps with a border of one cell."""
    width = y.shape[1] - 2
    for r in range(1, y.shape[0] - 1):
        may, here, out = legal[r][1 : width + 1], y[r][1 : width + 1], outflow[r][1 : width + 1]
        out[:] = 0.0
        for move in range(moves):
            dr, dc = MOVES[move, 0], MOVES[move, 1]
            bit = np.uint8(1 << move)
            there = y[r + dr][1 + dc : 1 + dc + width]
            for c in range(width):
                out[c] += here[c] - there[c] if may[c] & bit else 0.0


@compiled
def _times(rows: Rows, begin: int, end: int, vector: Floats, product: Floats) -> None:
    """Compute product ← (rows begin..end) · vector."""
    entry, column, value = rows.begin, rows.column, rows.value
    for i in range(end - begin):
        total = 0.0
        for k in range(entry[begin + i], entry[begin + i + 1]):
            total += value[k] * vector[column[k]]
        product[i] = total


def _joined(laplacian: Sparse, rows: Integers, columns: Integers) -> tuple[Integers, Integers, Integers]:
    """Find the connected pieces of every block (row, column): each unknown's piece, and the pieces' blocks."""
    entries = laplacian.tocoo()
    inside = (rows[entries.row] == rows[entries.col]) & (columns[entries.row] == columns[entries.col])
    check()
    ends = entries.row[inside], entries.col[inside]
    count, piece = csgraph.connected_components(
        sparse.csr_matrix((np.ones(ends[0].size), ends), laplacian.shape), directed=False
    )
    piece_rows, piece_columns = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    piece_rows[piece], piece_columns[piece] = rows, columns
    return piece.astype(np.int64), piece_rows, piece_columns


def _matrix(entries: Entries) -> Sparse:
    """Return a matrix as scipy's, as wide as its largest column."""
    return sparse.csr_matrix((entries.value, entries.column, entries.begin))


def _stacked(matrices: list[Sparse]) -> Rows:
    compressed: list[Any] = [sparse.csr_matrix(matrix) for matrix in matrices]
    first = np.cumsum([0, *(int(matrix.nnz) for matrix in compressed)])
    begins: list[Any] = [matrix.indptr[1:] + before for matrix, before in zip(compressed, first, strict=False)]
    columns: list[Any] = [matrix.indices for matrix in compressed]
    values: list[Any] = [matrix.data for matrix in compressed]
    return Rows(
        np.concatenate([[0], *begins]).astype(np.uint64),
        np.concatenate([np.zeros(0), *columns]).astype(np.uint32),
        np.concatenate([np.zeros(0), *values]).astype(np.float64),
    )
