"""The cycle of `engine.optimum.multigrid` for CUDA devices, for all routes at once: few launches, few bytes.

The finest level stores no matrix: a cell's moves and its piece are enough, 5 bytes instead of 70. On a coarser
level the sweep before the correction, the residual and the restriction are one linear map, and so are
prolongation, residual and the sweep after it. With E = (I − D L) P they are

    b' = Eᵀ b,     x = (2 D − D L D) b + E x',

one sparse product each way, of fewer entries than L and P have. From the first level of at most `DENSE` unknowns
on, all of the cycle is one dense product.
"""

from dataclasses import dataclass

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from engine.core.cancel import check
from engine.core.grid import Cell, Grid
from engine.optimum.coarsening import NOWHERE
from engine.optimum.multigrid import Hierarchy, Sparse, hierarchy, inverse, jacobi

DENSE = 900
BLOCK, WARPS = 256, 8
PIECES = 32
# Entries of a tile of rows in a sparse product.
TILE = 1024


@dataclass(frozen=True, eq=False)
class _Product:
    """vectors[target…] ← rows of a sparse matrix, whose columns are places of all vectors."""

    begin: Tensor
    column: Tensor
    value: Tensor
    target: int
    entries: int

    @property
    def count(self) -> int:
        """Return the number of rows."""
        return self.begin.numel() - 1


class TritonCycle:
    """The cycle on maps (R, H, W), float64.

    legal: (H, W) uint8, the moves between the cells that the routes can reach.  inside: (H, W) those cells.
    """

    def __init__(self, grid: Grid, starts: list[Cell], routes: int, device: str) -> None:
        levels = hierarchy(grid, starts)
        self._grid, self._device = grid, device
        height, width = grid.shape
        self.inside = torch.tensor(levels.pieces.piece != NOWHERE, device=device)
        self.legal = torch.tensor(levels.pieces.legal, device=device)
        self._piece = torch.tensor(levels.pieces.piece, device=device)
        self._block_of = torch.tensor(levels.pieces.blocks.astype(np.int32), device=device)
        self._products, self._begin, length = _products(levels, device)
        shape = (routes, height, width)
        self._relaxed, self._solution = (torch.zeros(shape, dtype=torch.float64, device=device) for _ in range(2))
        self._vectors = torch.zeros((routes, length), dtype=torch.float64, device=device)

    def step(
        self,
        scaled: Tensor,
        potentials: Tensor,
        sigma: Tensor,
        new_potentials: Tensor,
        anchor: Tensor,
        since: Tensor,
        halpern: bool,
    ) -> None:
        """Set new_potentials to potentials + sigma · M⁻¹ b, or with `halpern` to the step after it.

        scaled: (R, H, W) D b.  potentials, new_potentials, anchor: (R, H, W); new_potentials may be `potentials`.
        sigma: (R,).  since: (1,); see `engine.optimum.saddle_triton`.
        """
        from engine.optimum import multigrid_kernels as kernels

        routes, height, width = potentials.shape
        pieces, length, moves = self._block_of.numel(), self._vectors.shape[1], self._grid.neighbours
        blocks = (-(-height * width // BLOCK), routes)
        kernels.relax[blocks](
            *(scaled, self._relaxed, self.legal, height, width), MOVES=moves, BLOCK=BLOCK, num_warps=WARPS
        )
        kernels.restrict[(-(-pieces // PIECES), routes)](
            *(
                self._relaxed,
                self._vectors,
                self.legal,
                self._piece,
                self._block_of,
                pieces,
                length,
                height,
                width,
            ),
            MOVES=moves,
            PIECES=PIECES,
            num_warps=WARPS,
        )
        for product in self._products:
            rows = max(1, TILE // product.entries)
            kernels.times[(-(-product.count // rows), routes)](
                *(
                    product.begin,
                    product.column,
                    product.value,
                    self._vectors,
                    product.target,
                    product.count,
                    length,
                ),
                ROWS=rows,
                ENTRIES=product.entries,
                num_warps=WARPS,
            )
        kernels.prolong[blocks](
            *(scaled, self._vectors, self._solution, self.legal, self._piece, self._begin, length, height, width),
            MOVES=moves,
            BLOCK=BLOCK,
            num_warps=WARPS,
        )
        kernels.step_potentials[blocks](
            *(scaled, self._solution, potentials, anchor, new_potentials, self.legal, sigma, since, height, width),
            MOVES=moves,
            HALPERN=halpern,
            BLOCK=BLOCK,
            num_warps=WARPS,
        )


def _products(levels: Hierarchy, device: str) -> tuple[list[_Product], int, int]:
    """Return the products of the coarser levels in their order, where the first level's x begins, and all lengths.

    The vectors are b of the first coarser level, of the next, …, and then x of the first, of the next, ….
    """
    laplacians = levels.laplacians
    sizes = [laplacian.shape[0] for laplacian in laplacians]
    last = next((number for number, size in enumerate(sizes) if size <= DENSE), len(sizes) - 1)
    begins = np.cumsum([0, *sizes[: last + 1]]).tolist()
    rights, half = begins[:-1], begins[-1]
    solutions = [half + begin for begin in rights]
    length = 2 * half
    maps = [_level(laplacian, p) for laplacian, p in zip(laplacians, levels.prolongations, strict=False)]
    dense = inverse(laplacians[-1])
    for smooth, extend in reversed(maps[last:]):
        dense = smooth.toarray() + extend @ (extend @ dense.T).T
    check()
    down: list[_Product] = []
    up: list[_Product] = []
    for level in range(last):
        smooth, extend = maps[level]
        down.append(_product(extend.T, [rights[level]], rights[level + 1], device))
        both = sparse.hstack([smooth, extend])
        up.insert(0, _product(both, [rights[level], solutions[level + 1]], solutions[level], device, sizes[level]))
        check()
    middle = _product(dense, [rights[last]], solutions[last], device)
    return [*down, middle, *up], half, length


def _level(laplacian: Sparse, prolongation: Sparse) -> tuple[Sparse, Sparse]:
    """Return 2 D − D L D and E = P − D L P of one level."""
    factors = jacobi(laplacian)
    damped = sparse.diags(factors)
    swept = damped @ laplacian
    check()
    return 2.0 * damped - swept @ damped, prolongation - swept @ prolongation


def _product(matrix: Sparse, places: list[int], target: int, device: str, split: int = 0) -> _Product:
    """Pack a matrix. Its columns stand for the vectors at `places`; the second begins at column `split`."""
    rows: Sparse = sparse.csr_matrix(matrix)
    rows.sort_indices()
    column = rows.indices + np.where(rows.indices < split, places[0], places[-1] - split)
    longest = int(np.diff(rows.indptr).max())

    def integers(values: np.ndarray) -> Tensor:
        return torch.tensor(values.astype(np.int32), device=device)

    return _Product(
        integers(rows.indptr),
        integers(column),
        torch.tensor(rows.data, dtype=torch.float64, device=device),
        target,
        min(TILE, 1 << (longest - 1).bit_length()),
    )
