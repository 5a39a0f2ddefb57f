"""Approximate inverse of a map's graph Laplacian: one multigrid cycle, for the price of a few passes.

(L y)_v = Σ over legal moves v→u of (y_v − y_u). Cells are gathered in blocks of 3×3, blocks in blocks again.
A block that walls cut into pieces counts as several, so a winding corridor stays one at every level. Values
are carried between the levels by the blocks' indicators, smoothed once (smoothed aggregation, Vaněk, Mandel &
Brezina 1996); coarse Laplacians are Galerkin products. With one damped Jacobi sweep before and after every
correction the cycle is symmetric, and its M satisfies M ≽ L: it never overshoots.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse import csgraph

from engine.arrays import Floats, Integers
from engine.compiled import compiled
from engine.grid import MOVES, Cell, Grid

BLOCK = 3
COARSEST = 60
DAMPING = 2.0 / 3.0

Indices = npt.NDArray[np.uint32]


class Rows(NamedTuple):
    """Sparse matrices in compressed rows, one after the other: row i has entries begin[i]..begin[i + 1]."""

    begin: npt.NDArray[np.uint64]
    column: Indices
    value: Floats


class Multigrid(NamedTuple):
    """The hierarchy, finest level first; the vectors of all levels lie one after the other.

    cells: (n,) flat index of each unknown of the finest level in the map.
    first: (levels + 1,) where each level's unknowns begin.
    laplacian, prolongation, restriction: for every level but the coarsest; columns count from the first
        unknown of their level.
    damped: Jacobi's factor of every unknown.  coarsest: inverse on the last level, as rows.
    """

    cells: Integers
    first: Integers
    laplacian: Rows
    prolongation: Rows
    restriction: Rows
    damped: Floats
    coarsest: Floats


def multigrid(grid: Grid, starts: list[Cell]) -> Multigrid:
    """The hierarchy for the cells that can be reached from `starts`."""
    cells, rows, columns, matrix = _laplacian(grid, starts)
    laplacians, prolongations = [], []
    while matrix.shape[0] > COARSEST and (rows.any() or columns.any()):
        piece, rows, columns = _pieces(matrix, rows // BLOCK, columns // BLOCK)
        count = piece.size
        indicator = sparse.csr_matrix((np.ones(count), (np.arange(count), piece)), (count, rows.size))
        prolongation = sparse.csr_matrix(indicator - sparse.diags(_damped(matrix)) @ (matrix @ indicator))
        laplacians.append(matrix)
        prolongations.append(prolongation)
        matrix = sparse.csr_matrix(prolongation.T @ matrix @ prolongation)
    sizes = [level.shape[0] for level in laplacians] + [matrix.shape[0]]
    return Multigrid(
        cells=cells,
        first=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        laplacian=_stacked(laplacians),
        prolongation=_stacked(prolongations),
        restriction=_stacked([sparse.csr_matrix(matrix.T) for matrix in prolongations]),
        damped=np.concatenate([*(_damped(level) for level in laplacians), np.zeros(sizes[-1])]),
        coarsest=np.linalg.pinv(matrix.toarray(), rcond=1e-10, hermitian=True),
    )


@compiled
def cycle(grids: Multigrid, b: Floats, x: Floats, rest: Floats) -> None:
    """x ← M⁻¹ b, one cycle. All three are vectors over the unknowns of all levels; b[: n] is given."""
    first, damped = grids.first, grids.damped
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
def _times(rows: Rows, begin: int, end: int, vector: Floats, product: Floats) -> None:
    """product ← (rows begin..end) · vector."""
    entry, column, value = rows.begin, rows.column, rows.value
    for i in range(end - begin):
        total = 0.0
        for k in range(entry[begin + i], entry[begin + i + 1]):
            total += value[k] * vector[column[k]]
        product[i] = total


def _laplacian(grid: Grid, starts: list[Cell]) -> tuple[Integers, Integers, Integers, sparse.csr_matrix]:
    """Flat indices, rows and columns of the cells that can be reached, and their Laplacian."""
    height, width = grid.shape
    flat = np.arange(height * width).reshape(height, width)
    tails = [flat[(grid.legal >> move & 1).astype(bool)] for move in range(grid.neighbours)]
    heads = [tail + MOVES[move] @ (width, 1) for move, tail in enumerate(tails)]
    tail, head = np.concatenate(tails), np.concatenate(heads)
    moves = sparse.csr_matrix((np.ones(tail.size), (tail, head)), (flat.size, flat.size))
    _, label = csgraph.connected_components(moves, directed=False)
    reached = np.isin(label, [label[flat[start]] for start in starts])
    cells = np.flatnonzero(reached)
    moves = moves[cells][:, cells]
    laplacian = sparse.csr_matrix(sparse.diags(np.asarray(moves.sum(axis=1)).ravel()) - moves)
    return cells, cells // width, cells % width, laplacian


def _pieces(
    laplacian: sparse.csr_matrix, rows: Integers, columns: Integers
) -> tuple[Integers, Integers, Integers]:
    """The connected pieces of every block (row, column): each unknown's piece, and the pieces' blocks."""
    entries = laplacian.tocoo()
    inside = (rows[entries.row] == rows[entries.col]) & (columns[entries.row] == columns[entries.col])
    inside &= entries.data != 0.0
    kept = sparse.csr_matrix(
        (np.ones(int(inside.sum())), (entries.row[inside], entries.col[inside])), laplacian.shape
    )
    count, piece = csgraph.connected_components(kept, directed=False)
    piece_rows, piece_columns = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    piece_rows[piece], piece_columns[piece] = rows, columns
    return piece, piece_rows, piece_columns


def _damped(laplacian: sparse.csr_matrix) -> Floats:
    diagonal = laplacian.diagonal()
    return np.where(diagonal > 0.0, DAMPING / np.where(diagonal > 0.0, diagonal, 1.0), 0.0)


def _stacked(matrices: list[sparse.csr_matrix]) -> Rows:
    begins, before = [np.zeros(1, dtype=np.uint64)], 0
    for matrix in matrices:
        begins.append((matrix.indptr[1:] + before).astype(np.uint64))
        before += matrix.nnz
    columns = [matrix.indices for matrix in matrices]
    values = [matrix.data for matrix in matrices]
    return Rows(
        np.concatenate(begins),
        np.concatenate([np.zeros(0, dtype=np.uint32), *columns]).astype(np.uint32),
        np.concatenate([np.zeros(0), *values]),
    )
