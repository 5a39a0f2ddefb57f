"""Agents with bounded foresight, which alternate between planning by beam search and walking.

An agent knows where walls are, but costs only as far as its horizon. From its cell it searches `horizon`
moves deep and keeps at every depth the `width` cells of the lowest score, cost so far + guess, where the
guess is the cost of the rest of the path on an even map. It walks to the best cell of the last depth and plans
anew, never back over its own trail.
"""

from dataclasses import dataclass

import numpy as np

from engine.core.arrays import Flags, Floats, Integers
from engine.core.cancel import check
from engine.core.grid import LENGTHS, MOVES, Cell, Grid
from engine.core.movement import Movement
from engine.paths.exact import distances_to, path_cost


@dataclass(frozen=True)
class Agent:
    """Goes from `start` to `goal`, looking `horizon` moves ahead with a beam of `width` cells.

    movement: how its class moves, and what it pays; None: as everybody.
    """

    start: Cell
    goal: Cell
    width: int = 3
    horizon: int = 6
    movement: Movement | None = None


@dataclass(frozen=True, eq=False)
class Layer:
    """The beam after so many moves: cells (b, 2), cost so far and score (b,), best score first."""

    cells: Integers
    costs: Floats
    scores: Floats


@dataclass(frozen=True, eq=False)
class Plan:
    """One plan: the beam's layers, and the path (n, 2) that is walked, from the agent's cell on."""

    layers: tuple[Layer, ...]
    path: Integers


@dataclass(frozen=True, eq=False)
class Walk:
    """The walk of an agent.  cost: of the cells (n, 2) that it walks; arrives: whether they end at the goal."""

    plans: tuple[Plan, ...]
    cells: Integers
    cost: float
    arrives: bool


def guess_field(grid: Grid, goal: Cell, price: float) -> Floats:
    """Return the cost to the goal that an agent expects without knowing costs: distance on an even map × price."""
    return distances_to(grid, np.where(grid.passable, price, 0.0), goal).distance


def walk(grid: Grid, cost_map: Floats, agent: Agent, guess: Floats) -> Walk:
    """Let the agent walk until it arrives, or is shut in by its own trail and gets lost."""
    trail = np.zeros(grid.shape, dtype=np.bool_)
    at, plans, cells = agent.start, list[Plan](), [agent.start]
    while at != agent.goal:
        plan = look_ahead(grid, cost_map, agent, at, guess, trail)
        if not plan.layers:
            break
        plans.append(plan)
        path = [(row, column) for row, column in plan.path.tolist()]
        for cell in path[:-1]:
            trail[cell] = True
        cells += path[1:]
        at = path[-1]
    walked = np.array(cells, dtype=np.int64)
    return Walk(tuple(plans), walked, path_cost(grid, cost_map, walked), at == agent.goal)


def look_ahead(grid: Grid, cost_map: Floats, agent: Agent, at: Cell, guess: Floats, closed: Flags) -> Plan:
    """Plan by hard beam search from `at`: at most `horizon` moves, without layers if no move is open.

    guess: (H, W) expected cost of the rest of the path.  closed: (H, W) cells that may not be entered. A cell that
    the beam has held is entered again only if it has become cheaper; an agent at its goal stays there.
    Ties in score go to the cell that comes first by row and column.
    """
    moves = MOVES[: grid.neighbours].tolist()
    share = grid.tail_share
    beam: list[tuple[float, float, Cell]] = [(0.0, 0.0, at)]
    held = {at: 0.0}
    layers: list[Layer] = []
    parents: list[dict[Cell, Cell]] = []
    for _ in range(agent.horizon):
        check()
        found: dict[Cell, tuple[float, Cell]] = {}
        for _, cost, cell in beam:
            if cell == agent.goal:
                found[cell] = min(found.get(cell, (np.inf, cell)), (cost, cell))
                continue
            for k, (dr, dc) in enumerate(moves):
                if not grid.legal[cell] >> k & 1:
                    continue
                there = cell[0] + dr, cell[1] + dc
                mixed = share * cost_map[cell] + (1.0 - share) * cost_map[there]
                along = cost + float(LENGTHS[k] * mixed)
                if not closed[there] and along < min(found.get(there, (np.inf,))[0], held.get(there, np.inf)):
                    found[there] = along, cell
        if not found:
            break
        ranked = sorted((cost + float(guess[cell]), cost, cell) for cell, (cost, _) in found.items())
        beam = ranked[: agent.width]
        parents.append({cell: found[cell][1] for _, _, cell in beam})
        for _, cost, cell in beam:
            held[cell] = min(cost, held.get(cell, np.inf))
        layers.append(
            Layer(
                np.array([cell for _, _, cell in beam], dtype=np.int64),
                np.array([cost for _, cost, _ in beam]),
                np.array([score for score, _, _ in beam]),
            )
        )
    path = [beam[0][2]]
    for parent in reversed(parents):
        if parent[path[-1]] != path[-1]:
            path.append(parent[path[-1]])
    return Plan(tuple(layers), np.array(path[::-1], dtype=np.int64))
