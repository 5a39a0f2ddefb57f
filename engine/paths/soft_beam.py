"""One plan of an agent, made differentiable by a soft beam.

A path of the agent has the weight exp(−cost / ε) · Π membership of its cells in the beam. Per cell u of a
layer, the weights of all paths that lead there add up to exp(−G_u / ε):

    G'_u = −ε log Σ_v exp(−(G_v + edge_cost_vu) / ε),        G_u = G'_u − ε · log membership_u,

with the membership that of a soft top-k of −(G' + guess), by its logarithm: a cell that the beam narrowly leaves
out still has a gradient that would bring it in. The agent goes to u of the last layer with a probability in
proportion to exp(−(G_u + guess_u) / ε). The beam's temperature is a tenth of ε, and what has a membership of less
than e^−30 is dropped: so the beam hardens before the choice does, and as ε → 0 both are the hard search of
`engine.paths.beam_search`. Sources of the idea: Goyal et al. 2018 (continuous beam search), Xie et al. 2020
(soft top-k by transport in a beam).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from engine.core.arrays import Flags, Floats, Integers, writable
from engine.core.cancel import check
from engine.core.grid import LENGTHS, MOVES, Cell, Grid
from engine.core.tensors import apply, to_numpy
from engine.paths.beam_search import Agent, Plan
from engine.paths.soft_beam_kernels import Tape, back, outwards
from engine.paths.soft_distances import soft_distances

# The beam's temperature, as a share of ε.
BEAM_SHARE = 0.1
# Cells of less log-membership leave the soft beam; never more than so many times the width stay.
LEAST_LOG_MEMBERSHIP, MOST_WIDTHS = -30.0, 4


@dataclass(frozen=True, eq=False)
class SoftLayer:
    """The soft beam after so many moves: cells (b, 2) and their membership (b,)."""

    cells: Integers
    membership: Floats


@dataclass(frozen=True, eq=False)
class SoftPlan:
    """One soft plan, differentiable.

    cells: (b,) flat indices of the last layer.  chance: (b,) that the agent goes there.  cost: (b,) expected
    cost of getting there.  layers: for display.
    """

    cells: Integers
    chance: Tensor
    cost: Tensor
    layers: tuple[SoftLayer, ...]


def soft_plan(
    cost_map: Tensor, grid: Grid, agent: Agent, at: Cell, guess: Floats, closed: Flags, epsilon: float
) -> SoftPlan:
    """Return the plan of `look_ahead`, softened by epsilon (cost units), differentiable by `cost_map` (H, W).

    Which cells are searched, and which are dropped, is decided by values and not differentiated; all else
    is, in reverse through the search. Raises ValueError if no move is open.
    """
    width = grid.shape[1]
    heads, lengths = _move_table(grid)
    start = at[0] * width + at[1]
    temperature = BEAM_SHARE * epsilon
    beam, membership, ends, tape = outwards(
        to_numpy(cost_map).ravel(),
        heads,
        lengths,
        grid.tail_share,
        writable(guess).ravel(),
        closed.ravel(),
        start,
        agent.goal[0] * width + agent.goal[1],
        agent.width,
        agent.horizon,
        epsilon,
        temperature,
        MOST_WIDTHS * agent.width,
        LEAST_LOG_MEMBERSHIP,
    )
    if not len(beam):
        raise ValueError(f"no move is open from cell {at}")
    layers = [(cells[cells >= 0], inside[cells >= 0]) for cells, inside in zip(beam, membership, strict=True)]
    chance, cost = apply(_Ends, cost_map, _Search(start, beam, ends, tape, epsilon, temperature))
    return SoftPlan(
        layers[-1][0],
        chance,
        cost,
        tuple(SoftLayer(np.stack(np.divmod(cells, width), axis=1), inside) for cells, inside in layers),
    )


def soft_losses(
    cost_map: Tensor, grid: Grid, agent: Agent, plans: tuple[Plan, ...], guess: Floats, epsilon: float
) -> tuple[Tensor, tuple[SoftPlan, ...]]:
    """Return what each plan on an agent's walk is expected to lose against the shortest path: (plans,).

    Each plan is softened where the agent stands; together they tend to walk − shortest path as epsilon → 0.
    """
    width = grid.shape[1]
    closed = np.zeros(grid.shape, dtype=np.bool_)
    soft: list[SoftPlan] = []
    for plan in plans:
        check()
        at = int(plan.path[0, 0]), int(plan.path[0, 1])
        soft.append(soft_plan(cost_map, grid, agent, at, guess, closed, epsilon))
        closed[plan.path[:-1, 0], plan.path[:-1, 1]] = True
    starts = [int(plan.path[0, 0]) * width + int(plan.path[0, 1]) for plan in plans]
    wanted, index = np.unique(np.concatenate([starts, *[plan.cells for plan in soft]]), return_inverse=True)
    sources = [(int(cell) // width, int(cell) % width) for cell in wanted]
    rest = soft_distances(cost_map, grid, sources, [agent.goal], epsilon)[:, 0][index]
    losses: list[Tensor] = []
    begin = len(plans)
    for number, plan in enumerate(soft):
        ends = rest[begin : begin + plan.cells.size]
        begin += plan.cells.size
        losses.append((plan.chance * (plan.cost + ends)).sum() - rest[number])
    return torch.stack(losses), tuple(soft)


@dataclass(frozen=True, eq=False)
class _Search:
    """Arguments and results of `outwards` that the way back needs."""

    start: int
    beam: Integers
    ends: Floats
    tape: Tape
    epsilon: float
    temperature: float


class _Ends(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, cost_map: Tensor, search: _Search) -> Tensor:
        ctx.shape, ctx.search = cost_map.shape, search
        return cost_map.new_tensor(search.ends)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        search: _Search = ctx.search
        gradient = back(
            ctx.shape.numel(),
            search.start,
            search.beam,
            search.ends,
            search.tape,
            search.epsilon,
            search.temperature,
            to_numpy(grads[0]),
        )
        return grads[0].new_tensor(gradient.reshape(ctx.shape)), None


def _move_table(grid: Grid) -> tuple[Integers, Floats]:
    """Return the cell that each legal move leads to, (H·W, K), −1 where it is illegal; and the lengths (K,)."""
    height, width = grid.shape
    moves = np.arange(grid.neighbours)
    offset = MOVES[moves, 0] * width + MOVES[moves, 1]
    legal = (grid.legal.reshape(-1, 1) >> moves & 1).astype(np.bool_)
    return np.where(legal, np.arange(height * width)[:, None] + offset, -1), LENGTHS[moves]
