import numpy as np
import pytest
import torch
from scipy import sparse

from engine.core.grid import Grid
from engine.optimum.coarsening import NOWHERE, coarse_laplacian, pieces_of, prolongation
from engine.optimum.multigrid import cycle, jacobi, multigrid
from engine.optimum.saddle_torch import _Cycle
from tests.oracles import moves_of


def ground(kind: str, side: int = 20) -> np.ndarray:
    passable = np.ones((side, side + 3), dtype=bool)
    if kind == "noise":
        passable = np.random.default_rng(1).random(passable.shape) > 0.3
        passable[0] = True
    elif kind == "corridor":
        passable[1::2] = False
        passable[1::4, -1] = passable[3::4, 0] = True
    return passable


class Cycle:
    """The compiled cycle on maps."""

    def __init__(self, grid: Grid) -> None:
        self._grids, self._moves = multigrid(grid, [(0, 0)], border=1), grid.neighbours
        self._vectors = [np.zeros(self._grids.first[-1]) for _ in range(3)]
        self.inside = self._grids.damped[1:-1, 1:-1] > 0.0

    def solve(self, right: np.ndarray) -> np.ndarray:
        maps = [np.pad(right, 1), np.zeros(self._grids.damped.shape), np.zeros(self._grids.damped.shape)]
        cycle(self._grids, self._moves, *maps, *self._vectors)
        return maps[1][1:-1, 1:-1]


def matrices(grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    """The Laplacian of the cells that (0, 0) reaches, and M⁻¹, as dense matrices."""
    tails, heads, _ = moves_of(grid)
    laplacian = np.zeros((grid.passable.size, grid.passable.size))
    np.add.at(laplacian, (tails, tails), 1.0)
    np.add.at(laplacian, (tails, heads), -1.0)
    one = Cycle(grid)
    cells = np.flatnonzero(one.inside)
    units = np.eye(grid.passable.size)[cells].reshape(-1, *grid.shape)
    inverse = np.stack([one.solve(unit).ravel()[cells] for unit in units], axis=1)
    return laplacian[np.ix_(cells, cells)], inverse


@pytest.mark.slow
@pytest.mark.parametrize("neighbours", [4, 8])
@pytest.mark.parametrize("kind", ["open", "noise", "corridor"])
def test_the_cycle_is_symmetric_never_overshoots_and_forgets_no_direction(kind, neighbours):
    laplacian, inverse = matrices(Grid(ground(kind), neighbours))
    assert np.allclose(inverse, inverse.T, atol=1e-12)
    values, vectors = np.linalg.eigh(laplacian)
    assert values[0] == pytest.approx(0.0, abs=1e-10)
    root = vectors[:, 1:] * np.sqrt(values[1:])
    shares = np.linalg.eigvalsh(root.T @ inverse @ root)  # of M⁻¹ L, apart from the constants
    assert shares.max() <= 1.0 + 1e-9
    # Two Jacobi steps alone would leave 1e-4 of the corridor's smoothest direction.
    assert shares.min() > 0.02


@pytest.mark.parametrize("rule", ["both_open", "one_open", "free"])
@pytest.mark.parametrize("neighbours", [4, 8])
@pytest.mark.parametrize("kind", ["open", "noise", "corridor"])
def test_the_first_coarser_level_is_that_of_its_matrices(kind, neighbours, rule):
    grid = Grid(ground(kind), neighbours, rule)
    pieces = pieces_of(grid, [(0, 0)])
    tails, heads, _ = moves_of(grid)
    cells = grid.passable.size
    full = sparse.csr_matrix((np.ones(tails.size), (tails, heads)), (cells, cells))
    cells = np.flatnonzero(pieces.piece.ravel() != NOWHERE)
    assert not full[cells][:, np.setdiff1d(np.arange(grid.passable.size), cells)].nnz
    moves = full[cells][:, cells]
    laplacian = sparse.diags(np.asarray(moves.sum(axis=1)).ravel()) - moves
    indicator = sparse.csr_matrix((np.ones(cells.size), (np.arange(cells.size), pieces.piece.ravel()[cells])))
    expected = indicator - sparse.diags(jacobi(laplacian)) @ laplacian @ indicator
    found = prolongation(pieces, neighbours)
    assert abs(sparse.csr_matrix((found.value, found.column, found.begin)) - expected).max() < 1e-14
    found = coarse_laplacian(pieces, neighbours)
    coarse = sparse.csr_matrix((found.value, found.column, found.begin))
    assert abs(coarse - expected.T @ laplacian @ expected).max() < 1e-13
    rows, columns = np.divmod(cells, grid.shape[1])
    blocks = rows // 3 * pieces.across + columns // 3
    assert np.array_equal(pieces.blocks[pieces.piece.ravel()[cells]], blocks)


def test_cells_that_are_not_reached_are_left_alone():
    passable = np.ones((12, 12), dtype=bool)
    passable[:, 6] = False
    right = np.random.default_rng(0).normal(size=passable.shape)
    solved = Cycle(Grid(passable)).solve(np.where(passable, right, 0.0))
    assert not solved[:, 6:].any()
    assert np.abs(solved[:, :6]).min() > 0.0


@pytest.mark.parametrize("kind", ["open", "noise", "corridor"])
def test_torch_runs_the_same_cycle(kind):
    grid = Grid(ground(kind), 8)
    grids = multigrid(grid, [(0, 0)], border=0)
    legal = torch.tensor(np.stack([(grids.legal >> move & 1) * 1.0 for move in range(8)]))
    right = np.random.default_rng(0).normal(size=grid.shape) * (grids.damped > 0.0)
    solved = _Cycle(grids, legal).solve(torch.tensor(np.stack([right, 2.0 * right])))
    assert np.allclose(solved[0].numpy(), Cycle(grid).solve(right), atol=1e-12)
    assert np.allclose(solved[1].numpy(), 2.0 * solved[0].numpy(), atol=1e-12)


def test_memory_grows_with_the_cells():
    def size(side: int) -> int:
        grids = multigrid(Grid(np.ones((side, side), dtype=bool)), [(0, 0)], border=1)
        rows = [grids.spread, grids.gather, grids.laplacian, grids.prolongation, grids.restriction]
        return sum(array.nbytes for matrix in rows for array in matrix)

    assert size(120) < 1.05 * 4 * size(60)
