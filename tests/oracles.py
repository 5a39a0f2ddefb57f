"""Slow and simple reference solutions that tests and benchmarks compare with."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import scipy.sparse as sp
from scipy.optimize import linprog
from scipy.sparse.csgraph import dijkstra

from engine.core.clearance import open_to
from engine.core.grid import LENGTHS, MOVES, CostRule, Grid
from engine.core.movement import Movement
from engine.cost_maps.admissible import FIXED, admissible_maps
from engine.cost_maps.problem import Objective, Problem, Route, path_costs

# Optimum of the longest shortest path on an n × n map of cost 1: start (n // 2, 1), goal (n // 2, n - 2), total
# n², bounds 0.2 … 5, "mean" moves; by HiGHS. (n, neighbours) -> path cost
LP_OPTIMA = {
    (10, 4): 21.285714,
    (10, 8): 18.582760,
    (16, 4): 37.622222,
    (16, 8): 32.696677,
    (24, 4): 60.520000,
    (24, 8): 52.454855,
    (32, 4): 83.989474,
    (32, 8): 72.627590,
    (64, 4): 179.875676,
    (64, 8): 154.439883,
    (96, 4): 276.432727,
}


def table_problem(size: int, neighbours: Literal[4, 8], cost_rule: CostRule = "mean", **limits) -> Problem:
    """The problem behind `LP_OPTIMA`."""
    grid = Grid(np.ones((size, size), dtype=bool), neighbours, "both_open", cost_rule)
    cost_map = np.ones((size, size))
    route = Route((size // 2, 1), (size // 2, size - 2))
    return Problem(grid, cost_map, (route,), admissible_maps(cost_map, grid.passable, 0.2, 5.0, **limits))


def random_problem(seed: int, size: int = 9, routes: int = 1, walls: float = 0.15, **kinds) -> Problem:
    """A random map with walls whose routes are connected. kinds: neighbours, corner_rule, cost_rule, symmetry,
    locked (share of locked cells), aim."""
    generator = np.random.default_rng(seed)
    symmetry, share, aim = kinds.pop("symmetry", "none"), kinds.pop("locked", 0.0), kinds.pop("aim", "longer")
    while True:
        passable = generator.random((size, size + 2)) >= walls
        if symmetry in ("quarter_turn", "diagonal"):
            passable = passable[:, :size]
        cost_map = generator.uniform(0.5, 2.0, passable.shape)
        grid = Grid(passable, **kinds)
        cells = [tuple(map(int, cell)) for cell in np.argwhere(passable)]
        ends = [cells[i] for i in generator.choice(len(cells), 2 * routes, replace=False)]
        pairs = list(zip(ends[::2], ends[1::2], strict=True))
        if all(np.isfinite(distances(grid, cost_map, goal)[start]) for start, goal in pairs):
            break
    locked = generator.random(passable.shape) < share
    weights = generator.uniform(0.5, 2.0, routes) if routes > 1 else np.ones(1)
    return Problem(
        grid,
        cost_map,
        tuple(Route(start, goal, float(weight)) for (start, goal), weight in zip(pairs, weights, strict=True)),
        admissible_maps(cost_map, passable, 0.2, 5.0, locked=locked, symmetry=symmetry),
        Objective(aim),
    )


def class_problem(seed: int, size: int = 9, routes: int = 3, **kinds) -> Problem:
    """A random map whose routes have classes: one moves as everybody, one with its own moves and prices, one that
    crosses walls, with another number of neighbours, one that is two cells wide."""
    generator = np.random.default_rng(seed)
    plain = random_problem(seed, size, 1, **kinds)
    ground, cost_map = plain.grid, plain.cost_map
    crossed = ~ground.passable & (generator.random(ground.shape) < 0.7)
    fixed = np.where(crossed, cost_map, plain.admissible.fixed)
    plain = replace(plain, admissible=replace(plain.admissible, fixed=fixed))
    other: Literal[4, 8] = 4 if ground.neighbours == 8 else 8
    while True:
        dry = ground.passable & (generator.random(ground.shape) >= 0.1)
        factor = generator.uniform(0.5, 3.0, ground.shape)
        classes = [
            None,
            Movement(Grid(dry, ground.neighbours, "one_open", ground.cost_rule), factor, "cart"),
            Movement(
                replace(ground, passable=ground.passable | crossed, neighbours=other), 3.0 - 0.5 * factor, "bird"
            ),
            Movement(replace(ground, passable=open_to(ground.passable, 2)), None, "giant"),
        ]
        movements = [classes[number] for number in generator.permutation(np.arange(routes) % 4)]
        problem = replace(
            plain, routes=tuple(_random_route(generator, ground, movement) for movement in movements)
        )
        if np.isfinite(path_costs(problem, cost_map)).all():
            return problem


def _random_route(generator: np.random.Generator, ground: Grid, movement: Movement | None) -> Route:
    grid = movement.grid if movement else ground
    cells = [tuple(map(int, cell)) for cell in np.argwhere(grid.passable)]
    if len(cells) < 2:
        nowhere = replace(ground, passable=np.zeros(ground.shape, dtype=bool))
        return Route((0, 0), (0, 1), movement=Movement(nowhere))
    start, goal = (cells[i] for i in generator.choice(len(cells), 2, replace=False))
    return Route(start, goal, float(generator.uniform(0.5, 2.0)), movement=movement)


def moves_of(grid: Grid) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Tail, head (flat cells) and length of every legal move, written out cell by cell."""
    height, width = grid.shape
    tails, heads, lengths = [], [], []
    for row in range(height):
        for column in range(width):
            for move in range(grid.neighbours):
                r, c = row + MOVES[move, 0], column + MOVES[move, 1]
                if not (0 <= r < height and 0 <= c < width and grid.passable[row, column] and grid.passable[r, c]):
                    continue
                if LENGTHS[move] > 1.0:
                    corners = [grid.passable[row, c], grid.passable[r, column]]
                    if (grid.corner_rule == "both_open" and not all(corners)) or (
                        grid.corner_rule == "one_open" and not any(corners)
                    ):
                        continue
                tails.append(row * width + column)
                heads.append(r * width + c)
                lengths.append(LENGTHS[move])
    return np.array(tails, dtype=np.int64), np.array(heads, dtype=np.int64), np.array(lengths)


def distances(grid: Grid, cost_map: np.ndarray, goal: tuple[int, int]) -> np.ndarray:
    """(H, W) distances to a goal, by scipy."""
    tails, heads, lengths = moves_of(grid)
    flat = cost_map.ravel()
    costs = lengths * (flat[heads] if grid.cost_rule == "entered" else (flat[tails] + flat[heads]) / 2)
    graph = sp.csr_matrix((costs, (heads, tails)), shape=(flat.size, flat.size))
    return dijkstra(graph, indices=np.array(goal[0] * grid.shape[1] + goal[1])).reshape(grid.shape)


def lp_optimum(problem: Problem, cuts: Sequence[tuple[np.ndarray, float]] = ()) -> tuple[float, np.ndarray]:
    """The largest weighted sum of path costs over all admissible maps, and such a map: one LP, by HiGHS.

    For the aim "longer_minimum": the largest smallest weighted path cost.
    cuts: further limits of the group costs, each <(m,), z> ≤ a number.
    Variables: the group costs z, then potentials D of each route with D[tail] − D[head] ≤ edge cost, then the
    smallest weighted path cost, or nothing.
    """
    grid, admissible = problem.grid, problem.admissible
    cells, groups, routes = grid.passable.size, admissible.size.size, len(problem.routes)
    parts = [_drops_and_costs(problem, movement) for movement in problem.movements]
    blocks = [
        [cost_part, *(drop if k == route else None for k in range(routes))]
        for route, (cost_part, drop, _) in enumerate(parts)
    ]
    gain = np.zeros(groups + routes * cells)
    bounds = [*zip(admissible.lower, admissible.upper, strict=True)]
    for number, route in enumerate(problem.routes):
        offset = groups + number * cells
        width = grid.shape[1]
        gain[offset + route.start[0] * width + route.start[1]] = -route.weight
        potentials: list[tuple[float | None, float | None]] = [(None, None)] * cells
        potentials[route.goal[0] * width + route.goal[1]] = (0.0, 0.0)
        bounds.extend(potentials)
        # Cells that the start cannot reach would leave the potentials unbounded; they do not matter.
    limits: Any = sp.bmat(blocks, format="csr")  # scipy's stubs know no sparse constraints
    right_side = np.concatenate([constant for _, _, constant in parts])
    if problem.objective.aim == "longer_minimum":
        # The last variable is to be large and at most weight · D[start] of every route.
        at_most = sp.lil_matrix((routes, limits.shape[1] + 1))
        for number in range(routes):
            own = slice(groups + number * cells, groups + (number + 1) * cells)
            at_most[number, own] = gain[own]
            at_most[number, -1] = 1.0
        limits = sp.bmat([[limits, None], [at_most[:, :-1], at_most[:, -1]]], format="csr")
        right_side = np.append(right_side, np.zeros(routes))
        gain = np.append(np.zeros_like(gain), -1.0)
        bounds.append((None, None))
    if cuts:
        rows_of_cuts = np.zeros((len(cuts), gain.size))
        rows_of_cuts[:, :groups] = [row for row, _ in cuts]
        limits = sp.vstack([limits, sp.csr_matrix(rows_of_cuts)], format="csr")
        right_side = np.append(right_side, [most for _, most in cuts])
    total = np.zeros((1, gain.size))
    total[0, :groups] = admissible.size
    solved = linprog(
        gain,
        A_ub=limits,
        b_ub=right_side,
        A_eq=total,
        b_eq=[admissible.budget],
        bounds=bounds,
        method="highs",
    )
    assert solved.status == 0, solved.message
    found = np.asarray(solved.x, dtype=np.float64)
    return -float(gain @ found), admissible.expand(found[:groups])


def _drops_and_costs(problem: Problem, movement: Movement) -> tuple[sp.csr_matrix, sp.csr_matrix, np.ndarray]:
    """For every move of a class: minus the cost by the groups, the drop of the potentials, and the fixed cost."""
    admissible = problem.admissible
    tails, heads, lengths = moves_of(movement.grid)
    edges, cells = len(tails), problem.grid.passable.size
    group, fixed = admissible.group.ravel(), admissible.fixed.ravel()
    factor = np.ones(cells) if movement.factor is None else movement.factor.ravel()
    rows, columns, values = [], [], []
    constant = np.zeros(edges)
    edge = np.arange(edges)
    for ends, share in ((tails, movement.grid.tail_share), (heads, 1.0 - movement.grid.tail_share)):
        free = group[ends] != FIXED
        rows.append(edge[free])
        columns.append(group[ends][free])
        values.append(-lengths[free] * share * factor[ends][free])
        constant += np.where(free, 0.0, lengths * share * factor[ends] * fixed[ends])
    cost_part = sp.csr_matrix(
        (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))),
        shape=(edges, admissible.size.size),
    )
    drop = sp.csr_matrix(
        (np.r_[np.ones(edges), -np.ones(edges)], (np.r_[edge, edge], np.r_[tails, heads])), shape=(edges, cells)
    )
    return cost_part, drop, constant


def shortest_length(problem: Problem) -> float:
    """The least path cost over all admissible maps and all ways of one route, every way tried: tiny maps only."""
    grid, admissible = problem.grid, problem.admissible
    width = grid.shape[1]
    onward = defaultdict(list)
    for tail, head, length in zip(*(values.tolist() for values in moves_of(grid)), strict=True):
        onward[tail].append((head, length))
    (route,) = problem.routes
    start, goal = (row * width + column for row, column in (route.start, route.goal))
    least = np.inf
    ways: list[tuple[tuple[int, ...], np.ndarray]] = [((start,), np.zeros(grid.passable.size))]
    while ways:
        way, load = ways.pop()
        if way[-1] == goal:
            least = min(least, -admissible.largest(-load.reshape(grid.shape))[0])
            continue
        for head, length in onward[way[-1]]:
            if head not in way:
                longer = load.copy()
                longer[way[-1]] += length * grid.tail_share
                longer[head] += length * (1.0 - grid.tail_share)
                ways.append(((*way, head), longer))
    return float(least)


def sinkhorn_of_the_slides(
    a: np.ndarray, b: np.ndarray, cost: np.ndarray, epsilon: float, iterations: int
) -> np.ndarray:
    """Entropic plan (n, m) by the three lines of the slides: it under- and overflows where ε is small."""
    kernel, u, v = np.exp(-cost / epsilon), np.ones_like(a), np.ones_like(b)
    for _ in range(iterations):
        u = a / (kernel @ v)
        v = b / (kernel.T @ u)
    return u[:, None] * kernel * v


def lp_plan(a: np.ndarray, b: np.ndarray, cost: np.ndarray, mass: float | None = None) -> np.ndarray:
    """Cheapest plan (n, m) between a and b, or of a mass with marginals of at most a, b: one LP over all pairs."""
    n, m = cost.shape
    marginals = sp.vstack([sp.kron(sp.eye(n), np.ones(m)), sp.kron(np.ones(n), sp.eye(m))]).tocsr()
    weights = np.concatenate([a, b])
    limits: dict[str, Any]
    if mass is None:
        limits = {"A_eq": marginals, "b_eq": weights}
    else:
        limits = {"A_ub": marginals, "b_ub": weights, "A_eq": np.ones((1, n * m)), "b_eq": [mass]}
    solved = linprog(cost.ravel(), **limits, method="highs")
    assert solved.status == 0, solved.message
    return np.asarray(solved.x).reshape(n, m)
