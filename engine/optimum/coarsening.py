"""The first and costliest step of `engine.optimum.multigrid`: from cells to pieces of 3×3, in compiled loops.

No matrix of the cells is made. With T the pieces' indicators and P = (I − ω D⁻¹ L) T, a column of L P and one of
Pᵀ L P are computed in the window of 9×9 cells that they can reach; where all of it is open, the numbers are always
the same, and computed once.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from engine.core.arrays import Bytes, Floats, Integers
from engine.core.cancel import check, stop_byte
from engine.core.compiled import CELLS_BETWEEN_POLLS, compiled
from engine.core.grid import MOVES, Cell, Grid

BLOCK = 3
DAMPING = 2.0 / 3.0
WINDOW = 3 * BLOCK
NOWHERE = -1

Indices = npt.NDArray[np.int32]


class Entries(NamedTuple):
    """A sparse matrix in compressed rows: row i has entries begin[i]..begin[i + 1]."""

    begin: Integers
    column: Indices
    value: Floats


class Pieces(NamedTuple):
    """The cells that routes can reach, and their pieces: what is connected within a block.

    legal: (H, W) the moves between those cells, 0 elsewhere.  piece: (H, W) number, NOWHERE elsewhere.
    first: (blocks + 1,) the first piece of each block, block after block along the rows.
    """

    legal: Bytes
    piece: Indices
    first: Integers

    @property
    def across(self) -> int:
        """Return the number of blocks in a row of blocks."""
        return -(-self.piece.shape[1] // BLOCK)

    @property
    def blocks(self) -> Integers:
        """Return the block of each piece: (n,)."""
        return np.repeat(np.arange(self.first.size - 1), np.diff(self.first))


def pieces_of(grid: Grid, starts: list[Cell]) -> Pieces:
    """Find the cells that can be reached from `starts`, and their pieces."""
    flat = np.array([row * grid.shape[1] + column for row, column in starts])
    inside = _reached(grid.legal, flat, grid.neighbours, stop_byte())
    check()
    legal = np.where(inside, grid.legal, 0).astype(np.uint8)
    piece, first = _labelled(legal, inside, grid.neighbours)
    check()
    return Pieces(legal, piece, first)


def prolongation(pieces: Pieces, moves: int) -> Entries:
    """Return P, a row for each cell that can be reached, in the order of the map."""
    cells = np.flatnonzero(pieces.piece.reshape(-1) != NOWHERE)
    begin = np.zeros(cells.size + 1, dtype=np.int64)
    nothing = Entries(begin, np.zeros(0, dtype=np.int32), np.zeros(0))
    _prolong(pieces.legal, pieces.piece, cells, moves, nothing)
    check()
    begin = np.cumsum(begin)
    entries = Entries(begin, np.zeros(begin[-1], dtype=np.int32), np.zeros(begin[-1]))
    _prolong(pieces.legal, pieces.piece, cells, moves, entries)
    check()
    return entries


def coarse_laplacian(pieces: Pieces, moves: int) -> Entries:
    """Return Pᵀ L P. Rows have an entry, often 0, for every piece of the nine blocks around."""
    across, blocks = pieces.across, pieces.blocks
    height, width = pieces.piece.shape
    below, right = -height % BLOCK + BLOCK, -width % BLOCK + BLOCK
    legal = np.pad(pieces.legal, ((BLOCK, below), (BLOCK, right)))
    piece = np.pad(pieces.piece, ((BLOCK, below), (BLOCK, right)), constant_values=NOWHERE)
    counts = np.pad(np.diff(pieces.first).reshape(-1, across), 1)
    around = np.lib.stride_tricks.sliding_window_view(counts, (3, 3)).sum(axis=(2, 3)).reshape(-1)
    begin = np.concatenate([[0], np.cumsum(around[blocks])]).astype(np.int64)
    entries = Entries(begin, np.zeros(begin[-1], dtype=np.int32), np.zeros(begin[-1]))
    check()
    _fill_laplacian(legal, piece, blocks, pieces.first, across, moves, entries, stop_byte())
    check()
    return entries


@compiled
def _reached(legal: Bytes, starts: Integers, moves: int, stop: Bytes) -> npt.NDArray[np.bool_]:
    """Return which cells (H, W) moves lead to from flat cells."""
    height, width = legal.shape
    inside = np.zeros(height * width, dtype=np.bool_)
    waiting = np.empty(height * width, dtype=np.int32)
    count = 0
    for start in starts:
        if not inside[start]:
            inside[start] = True
            waiting[count] = start
            count += 1
    done = 0
    while done < count:
        if done % CELLS_BETWEEN_POLLS == 0 and stop[0]:
            break
        cell = np.int64(waiting[done])
        done += 1
        bits = legal[cell // width, cell % width]
        for move in range(moves):
            if bits >> move & 1:
                there = cell + MOVES[move, 0] * width + MOVES[move, 1]
                if not inside[there]:
                    inside[there] = True
                    waiting[count] = there
                    count += 1
    return inside.reshape(height, width)


@compiled
def _labelled(legal: Bytes, inside: npt.NDArray[np.bool_], moves: int) -> tuple[Indices, Integers]:
    height, width = legal.shape
    down, across = (height + BLOCK - 1) // BLOCK, (width + BLOCK - 1) // BLOCK
    piece = np.full((height, width), NOWHERE, dtype=np.int32)
    first = np.zeros(down * across + 1, dtype=np.int64)
    rows, columns = np.empty(BLOCK * BLOCK, dtype=np.int64), np.empty(BLOCK * BLOCK, dtype=np.int64)
    count = 0
    for block in range(down * across):
        top, left = BLOCK * (block // across), BLOCK * (block % across)
        for r in range(top, min(top + BLOCK, height)):
            for c in range(left, min(left + BLOCK, width)):
                if not inside[r, c] or piece[r, c] != NOWHERE:
                    continue
                piece[r, c] = count
                rows[0], columns[0], waiting = r, c, 1
                while waiting > 0:
                    waiting -= 1
                    row, column = rows[waiting], columns[waiting]
                    for move in range(moves):
                        if legal[row, column] >> move & 1:
                            i, j = row + MOVES[move, 0], column + MOVES[move, 1]
                            same = i // BLOCK == block // across and j // BLOCK == block % across
                            if same and piece[i, j] == NOWHERE:
                                piece[i, j] = count
                                rows[waiting], columns[waiting] = i, j
                                waiting += 1
                count += 1
        first[block + 1] = count
    return piece, first


@compiled
def _prolong(legal: Bytes, piece: Indices, cells: Integers, moves: int, entries: Entries) -> None:
    """Fill the rows of P; with no room for entries, count those of row i in begin[i + 1]."""
    width = legal.shape[1]
    near, share = np.empty(9, dtype=np.int32), np.empty(9)
    counting = entries.column.size == 0
    for i in range(cells.size):
        row, column = cells[i] // width, cells[i] % width
        bits, degree = legal[row, column], 0
        for move in range(moves):
            degree += bits >> move & 1
        near[0], share[0], count = piece[row, column], 1.0 - DAMPING if degree > 0 else 1.0, 1
        for move in range(moves):
            if bits >> move & 1:
                other, place = piece[row + MOVES[move, 0], column + MOVES[move, 1]], 0
                while place < count and near[place] != other:
                    place += 1
                if place == count:
                    near[count], share[count] = other, 0.0
                    count += 1
                share[place] += DAMPING / degree
        if counting:
            entries.begin[i + 1] = count
        else:
            for place in range(count):
                entries.column[entries.begin[i] + place] = near[place]
                entries.value[entries.begin[i] + place] = share[place]


@compiled
def _fill_laplacian(
    legal: Bytes,
    piece: Indices,
    blocks: Integers,
    first: Integers,
    across: int,
    moves: int,
    entries: Entries,
    stop: Bytes,
) -> None:
    """Fill the rows of the coarse Laplacian. Maps have a border of a block, and whole blocks."""
    open_bits = np.uint8((1 << moves) - 1)
    down = (first.size - 1) // across
    offset = np.zeros((3, 3), dtype=np.int64)
    indicator, spread, flow = np.zeros((11, 11)), np.zeros((11, 11)), np.zeros((11, 11))
    stencil = np.zeros(9)
    known = False
    for i in range(blocks.size):
        if i % (CELLS_BETWEEN_POLLS // 8) == 0 and stop[0]:
            return
        top, left = blocks[i] // across, blocks[i] % across
        may = legal[BLOCK * top : BLOCK * top + WINDOW, BLOCK * left : BLOCK * left + WINDOW]
        number = piece[BLOCK * top : BLOCK * top + WINDOW, BLOCK * left : BLOCK * left + WINDOW]
        at = entries.begin[i]
        for r in range(3):
            for c in range(3):
                if 0 <= top + r - 1 < down and 0 <= left + c - 1 < across:
                    block = (top + r - 1) * across + left + c - 1
                    offset[r, c] = at - first[block]
                    for j in range(first[block], first[block + 1]):
                        entries.column[at] = j
                        at += 1
        is_open = True
        for r in range(WINDOW):
            for c in range(WINDOW):
                is_open = is_open and may[r, c] == open_bits
        if is_open and known:
            for k in range(9):
                entries.value[entries.begin[i] + k] = stencil[k]
            continue
        for r in range(3, 6):
            for c in range(3, 6):
                indicator[r + 1, c + 1] = 1.0 if number[r, c] == i else 0.0
        # P e on 5×5 cells, ω D⁻¹ L P e on 7×7, and (I − ω L D⁻¹) L P e on 9×9.
        for r in range(2, 7):
            for c in range(2, 7):
                outflow, degree = _outflow(may[r, c], indicator, r + 1, c + 1, moves)
                spread[r + 1, c + 1] = indicator[r + 1, c + 1] - DAMPING * outflow / max(degree, 1.0)
        for r in range(1, 8):
            for c in range(1, 8):
                outflow, degree = _outflow(may[r, c], spread, r + 1, c + 1, moves)
                flow[r + 1, c + 1] = DAMPING * outflow / max(degree, 1.0)
        for r in range(WINDOW):
            for c in range(WINDOW):
                if may[r, c] != 0:
                    outflow, degree = _outflow(may[r, c], flow, r + 1, c + 1, moves)
                    place = offset[r // BLOCK, c // BLOCK] + number[r, c]
                    entries.value[place] += degree / DAMPING * flow[r + 1, c + 1] - outflow
        if is_open:
            known = True
            stencil[:] = entries.value[entries.begin[i] : entries.begin[i] + 9]


@compiled
def _outflow(bits: int, values: Floats, r: int, c: int, moves: int) -> tuple[float, float]:
    """Return (L values) at a cell, and its number of moves."""
    outflow, degree = 0.0, 0.0
    for move in range(moves):
        if bits >> move & 1:
            outflow += values[r, c] - values[r + MOVES[move, 0], c + MOVES[move, 1]]
            degree += 1.0
    return outflow, degree
