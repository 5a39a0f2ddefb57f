"""The movement rule: which moves a map allows, and what each move costs.

Moves are numbered 0..K-1 (K = 4 or 8) so that `move ^ 1` is the way back. An array over directed edges has
shape (K, H, W): entry [k, r, c] belongs to move k *leaving* cell (r, c). Both cost rules are linear in the
cost map, so `load_of_flow` is the exact adjoint of `edge_costs`.
"""

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from engine.core.arrays import Bytes, Flags, Floats, writable
from engine.core.cancel import check
from engine.core.compiled import compiled

Cell = tuple[int, int]
CornerRule = Literal["both_open", "one_open", "free"]
CostRule = Literal["mean", "entered"]

MOVES = np.array([(0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, -1), (1, -1), (-1, 1)], dtype=np.int64)
LENGTHS = np.array([1.0, 1.0, 1.0, 1.0, 2**0.5, 2**0.5, 2**0.5, 2**0.5])


@dataclass(frozen=True, eq=False)
class Grid:
    """The graph of a map: its passable cells and the moves between them.

    passable: (H, W) bool.
    neighbours: 4, or 8 with diagonals of length √2.
    corner_rule: when a diagonal is legal: "both_open" needs both orthogonal cells passable (Moving AI's
        rule), "one_open" one of them, "free" none.
    cost_rule: a move costs its length times the "mean" of its two cells, or the cost of the cell "entered".
    legal: (H, W) uint8, bit k set where move k may be made. Derived.
    """

    passable: Flags
    neighbours: Literal[4, 8] = 8
    corner_rule: CornerRule = "both_open"
    cost_rule: CostRule = "mean"
    legal: Bytes = field(init=False)

    def __post_init__(self) -> None:
        """Derive the legal moves."""
        object.__setattr__(self, "legal", _legal_moves(self.passable, self.neighbours, self.corner_rule))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the map."""
        height, width = self.passable.shape
        return height, width

    @property
    def tail_share(self) -> float:
        """Share of a move's cost that its first cell bears: ½ under "mean", 0 under "entered"."""
        return 0.5 if self.cost_rule == "mean" else 0.0

    def contains(self, cell: Cell) -> bool:
        """Say whether a cell lies on the map."""
        return 0 <= cell[0] < self.shape[0] and 0 <= cell[1] < self.shape[1]


def edge_costs(grid: Grid, cost_map: Floats) -> Floats:
    """Return the cost of every directed move: (K, H, W), infinite where the move is illegal.

    edge_cost(v→u) = length · (share · cost[v] + (1 − share) · cost[u]), share = `grid.tail_share`.
    """
    check()
    return _edge_costs(writable(cost_map), grid.legal, grid.neighbours, grid.tail_share)


def load_of_flow(grid: Grid, flow: Floats) -> Floats:
    """Return the derivative of <flow, edge_costs> by the cost map: flow (K, H, W) -> load (H, W)."""
    check()
    return _load_of_flow(writable(flow), grid.legal, grid.tail_share)


def divergence(grid: Grid, flow: Floats) -> Floats:
    """Return the outflow minus inflow of every cell: flow (K, H, W) -> (H, W)."""
    check()
    return _divergence(writable(flow), grid.legal)


def net_flow(flow: Floats) -> Floats:
    """Cancel what flows back and forth on the same edge: same divergence, no larger load."""
    swapped = np.zeros_like(flow)
    for move in range(flow.shape[0]):
        check()
        here, there = shifted(flow.shape[1:], move)
        swapped[move][here] = flow[move ^ 1][there]
    return np.maximum(flow - swapped, 0.0)


def shifted(shape: tuple[int, ...], move: int) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Return slices of the cells that `move` keeps inside a map of this shape, and of the cells it leads to."""
    height, width = shape
    dr, dc = (int(step) for step in MOVES[move])
    here = slice(max(0, -dr), height - max(0, dr)), slice(max(0, -dc), width - max(0, dc))
    there = slice(max(0, dr), height - max(0, -dr)), slice(max(0, dc), width - max(0, -dc))
    return here, there


def _legal_moves(passable: Flags, neighbours: int, corner_rule: CornerRule) -> Bytes:
    height, width = passable.shape
    open_cells = np.zeros((height + 2, width + 2), dtype=bool)
    open_cells[1:-1, 1:-1] = passable

    def shifted(dr: int, dc: int) -> Flags:
        return open_cells[1 + dr : 1 + dr + height, 1 + dc : 1 + dc + width]

    legal = np.zeros((height, width), dtype=np.uint8)
    for move in range(neighbours):
        dr, dc = (int(d) for d in MOVES[move])
        may = shifted(0, 0) & shifted(dr, dc)
        if dr != 0 and dc != 0 and corner_rule != "free":
            corner_a, corner_b = shifted(dr, 0), shifted(0, dc)
            may &= (corner_a & corner_b) if corner_rule == "both_open" else (corner_a | corner_b)
        legal |= may.astype(np.uint8) << move
    legal.setflags(write=False)
    return legal


@compiled
def _edge_costs(cost_map: Floats, legal: Bytes, moves: int, tail_share: float) -> Floats:
    height, width = cost_map.shape
    costs = np.full((moves, height, width), np.inf)
    for k in range(moves):
        for r in range(height):
            for c in range(width):
                if legal[r, c] >> k & 1:
                    head = cost_map[r + MOVES[k, 0], c + MOVES[k, 1]]
                    costs[k, r, c] = LENGTHS[k] * (tail_share * cost_map[r, c] + (1.0 - tail_share) * head)
    return costs


@compiled
def _load_of_flow(flow: Floats, legal: Bytes, tail_share: float) -> Floats:
    moves, height, width = flow.shape
    load = np.zeros((height, width))
    for k in range(moves):
        for r in range(height):
            for c in range(width):
                if legal[r, c] >> k & 1:
                    amount = LENGTHS[k] * flow[k, r, c]
                    load[r, c] += tail_share * amount
                    load[r + MOVES[k, 0], c + MOVES[k, 1]] += (1.0 - tail_share) * amount
    return load


@compiled
def _divergence(flow: Floats, legal: Bytes) -> Floats:
    moves, height, width = flow.shape
    out = np.zeros((height, width))
    for k in range(moves):
        for r in range(height):
            for c in range(width):
                if legal[r, c] >> k & 1:
                    out[r, c] += flow[k, r, c]
                    out[r + MOVES[k, 0], c + MOVES[k, 1]] -= flow[k, r, c]
    return out
