"""Instances of arranging terrain, and the best arrangement of small ones by mixed-integer programming."""

import numpy as np
import scipy.sparse as sp
from scipy.optimize import Bounds, LinearConstraint, milp

from engine.arranging.choices import FIXED, choices_of
from engine.arranging.loads import walks_of
from engine.arranging.problem import Aim, Arrangement, Limits, TravelClass, costs_on, path_costs
from engine.core.grid import LENGTHS, MOVES
from engine.cost_maps.problem import Route


def open_map(size: int, costs: tuple[float, ...], shares: tuple[float, ...], seed: int = 0) -> Arrangement:
    """One class on an open map of shuffled tiles, with start and goal at the sides."""
    counts = [round(share * size * size) for share in shares]
    counts[-1] = size * size - sum(counts[:-1])
    tiles = np.repeat(np.arange(len(costs)), counts)
    np.random.default_rng(seed).shuffle(tiles)
    route = Route((size // 2, 1), (size // 2, size - 2))
    return Arrangement(tiles.reshape(size, size), (TravelClass("walker", np.array(costs), (route,)),))


def blocks(shape: tuple[int, int], side: int) -> np.ndarray:
    """Square districts of so many cells a side."""
    rows, columns = np.indices(shape)
    return rows // side * shape[1] + columns // side


def three_classes(terrain: np.ndarray, limits: Limits, aim: Aim = "longer") -> Arrangement:
    """Walker, cart and boat with a route each on a square map of four terrains; weighted by the drawn lengths."""
    n = terrain.shape[0]
    kinds = {
        "walker": ((1.0, 2.2, 4.0, 7.0), (n // 2, 1), (n // 2, n - 2)),
        "cart": ((1.0, 5.0, 9.0, 9.0), (n - 2, 1), (1, n - 2)),
        "boat": ((3.0, 3.0, 1.0, 9.0), (1, n // 2), (n - 2, n // 2)),
    }

    def problem(weights):
        return Arrangement(
            terrain,
            tuple(
                TravelClass(name, np.array(costs), (Route(start, goal, weight),))
                for (name, (costs, start, goal)), weight in zip(kinds.items(), weights, strict=True)
            ),
            limits,
            aim,
        )

    return problem(1.0 / (3.0 * problem(np.ones(3)).drawn_lengths))


def random_arrangement(seed: int, size: int = 8, terrains: int = 3, classes: int = 2, **kinds) -> Arrangement:
    """A random small problem: some cells are no tiles, some of them walls. kinds: limits, aim."""
    generator = np.random.default_rng(seed)
    while True:
        terrain = generator.integers(0, terrains, (size, size))
        elsewhere = np.where(generator.random((size, size)) < 0.5, np.inf, 2.5)
        terrain[generator.random((size, size)) < 0.15] = -1
        walkers = []
        for number in range(classes):
            costs = generator.uniform(0.5, 6.0, terrains)
            ends = generator.integers(0, size, (2, 2)).tolist()
            route = Route(tuple(ends[0]), tuple(ends[1]), float(generator.uniform(0.5, 2.0)))
            walkers.append(
                TravelClass(
                    f"class {number}",
                    costs,
                    (route,),
                    elsewhere,
                    generator.choice([4, 8]),
                    cost_rule=generator.choice(["mean", "entered"]),
                )
            )
        problem = Arrangement(terrain, tuple(walkers), **kinds)
        apart = all(route.start != route.goal for route in problem.routes)
        open_ends = all(
            np.isfinite(costs_on(problem, walker, terrain)[end])
            for walker in walkers
            for route in walker.routes
            for end in (route.start, route.goal)
        )
        if apart and open_ends and np.isfinite(path_costs(problem, terrain)).all():
            return problem


def best_arrangement(problem: Arrangement, seconds: float = 60.0) -> float:
    """The largest weighted sum of path costs of any arrangement, by HiGHS; classes can go on every terrain.

    Maximise Σ weight (y_start − y_goal) over potentials y of each route with y_v − y_u ≤ the cost of the move
    v → u, which is linear in the binary choice of each unit's terrain.
    """
    choices, walks = choices_of(problem), walks_of(problem, choices_of(problem))
    cells, (units, terrains) = problem.terrain.size, choices.allowed.shape
    binaries = units * terrains
    width = problem.shape[1]
    rows, columns, values, right = [], [], [], []
    row = 0

    def cost_of(walk, cell, factor):
        """The terms of factor · cost of a cell: a constant, or one for each terrain of its unit."""
        unit = choices.unit[cell]
        if unit == FIXED:
            return float(factor * walk.fixed.reshape(-1)[cell])
        for t in range(terrains):
            rows.append(row)
            columns.append(unit * terrains + t)
            values.append(-factor * walk.costs[t])
        return 0.0

    objective = np.zeros(binaries + cells * len(walks))
    for number, walk in enumerate(walks):
        first = binaries + number * cells
        start, goal = (r * width + c for r, c in (walk.start, walk.goal))
        weight = problem.routes[number].weight
        objective[first + start] -= weight
        objective[first + goal] += weight
        share = walk.grid.tail_share
        for r, c in np.argwhere(walk.grid.passable):
            for k in range(walk.grid.neighbours):
                if walk.grid.legal[r, c] >> k & 1:
                    v, u = r * width + c, (r + MOVES[k, 0]) * width + c + MOVES[k, 1]
                    rows += [row, row]
                    columns += [first + v, first + u]
                    values += [1.0, -1.0]
                    constant = cost_of(walk, v, share * LENGTHS[k]) + cost_of(walk, u, (1 - share) * LENGTHS[k])
                    right.append(constant)
                    row += 1
    moves = sp.csr_matrix((values, (rows, columns)), shape=(row, objective.size))
    one_each = sp.kron(sp.eye(units), np.ones((1, terrains)))
    pools = choices.start.size - 1
    pool = np.repeat(np.arange(pools), np.diff(choices.start))
    place = np.repeat(pool, terrains) * terrains + np.tile(np.arange(terrains), units)
    number_of = sp.csr_matrix(
        (np.ones(binaries), (place, np.arange(binaries))), shape=(pools * terrains, binaries)
    )
    changes = sp.csr_matrix(choices.changes.reshape(1, -1))
    padding = sp.csr_matrix((units + pools * terrains + 1, objective.size - binaries))
    counted = sp.hstack([sp.vstack([one_each, number_of, changes]), padding])
    most_changed = problem.limits.most_changed * np.count_nonzero(problem.tiles)
    low = np.concatenate([np.ones(units), choices.least.reshape(-1), [0.0]])
    high = np.concatenate([np.ones(units), choices.most.reshape(-1), [most_changed]])
    lower = np.concatenate([np.zeros(binaries), np.full(objective.size - binaries, -1e4)])
    upper = np.concatenate([choices.allowed.reshape(-1).astype(float), np.full(objective.size - binaries, 1e4)])
    for k in range(len(walks)):  # the potential of the goal is 0
        goal = walks[k].goal[0] * width + walks[k].goal[1]
        lower[binaries + k * cells + goal] = upper[binaries + k * cells + goal] = 0.0
    found = milp(
        objective,
        integrality=(np.arange(objective.size) < binaries).astype(int),
        bounds=Bounds(lower, upper),  # pyright: ignore[reportArgumentType]  # the stubs know numbers only
        constraints=[
            LinearConstraint(moves, -np.inf, right),  # pyright: ignore[reportArgumentType]
            LinearConstraint(counted, low, high),  # pyright: ignore[reportArgumentType]
        ],
        options={"time_limit": seconds},
    )
    if found.status != 0:
        raise TimeoutError(found.message)
    return -float(found.fun)
