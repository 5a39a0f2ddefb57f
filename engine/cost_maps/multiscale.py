"""Coarse to fine: the same problem on a map of half the sides, and the way back.

A coarse cell stands for the 2×2 fine cells of its block (fewer at the last row or column of an odd side) and
costs their mean. Distances on the coarse map are about half of the fine ones.
"""

import numpy as np

from engine.core.arrays import Flags, Floats
from engine.core.cancel import check
from engine.core.grid import MOVES, Grid
from engine.core.movement import Movement, grouped
from engine.cost_maps.admissible import FIXED, Admissible
from engine.cost_maps.problem import Problem, Route, path_costs

SMALLEST_SIDE = 16
LARGEST_DISTORTION = 1.5
# With more than this share of passable ground that is wall on the fine map, a coarse map misleads: the optimum
# then takes as long as from a cold start, and Adam ends lower.
MOST_INVENTED = 0.05


def levels(problem: Problem) -> list[Problem]:
    """Return the problem and its coarser versions, coarsest first; `problem` itself is the last."""
    chain = [problem]
    while (coarser := coarsen(chain[0])) is not None:
        chain.insert(0, coarser)
    return chain


def coarsen(problem: Problem) -> Problem | None:
    """Return the problem at half the resolution, or None where that would no longer resemble it.

    A coarse cell is passable if any cell of its block is, may change if any of them may, and has the mean of
    their bounds; its group follows the first group in its block. The budget keeps the mean cost. Routes run
    between the blocks of their ends.
    A class of movement may stand on a coarse cell if it may on any cell of the block, and pays the mean of what it
    pays there.
    None is returned if a side would fall under SMALLEST_SIDE, a route would start at its goal, or walls that
    the coarse map cannot show matter: too much of its ground, or of where a class goes, is wall on the fine map,
    or a route's path cost is not about half of the fine one.
    """
    if (min(problem.grid.shape) + 1) // 2 < SMALLEST_SIDE:
        return None
    fine, admissible = problem.grid, problem.admissible
    grid = _coarse_grid(fine)
    if grid is None:
        return None
    # Walls that a class crosses count where there is no ground in the block.
    near_ground = _copied(grid.passable.astype(np.float64), fine.shape) > 0.0
    counted = np.where(near_ground, fine.passable, admissible.fixed_or_free)

    def block_means(values: Floats) -> Floats:
        return _block_means(values, counted)

    cost_map = block_means(np.where(counted, problem.cost_map, 0.0))
    classes = {
        one: _coarse_movement(one, problem.cost_map, cost_map)
        for one in {route.movement for route in problem.routes}
        if one is not None
    }
    if None in classes.values():
        return None
    routes = tuple(
        Route(
            (route.start[0] // 2, route.start[1] // 2),
            (route.goal[0] // 2, route.goal[1] // 2),
            route.weight,
            route.target,
            None if route.movement is None else classes[route.movement],
        )
        for route in problem.routes
    )
    if any(route.start == route.goal for route in routes):
        return None

    if not _resembles(problem, Problem(grid, cost_map, routes, admissible)):
        return None
    check()
    nearest = admissible.nearest(problem.cost_map)
    check()
    coarse = Problem(
        grid,
        cost_map,
        routes,
        _coarse_admissible(
            _block_groups(admissible.group),
            block_means(admissible.fixed),
            block_means(admissible.expand(admissible.lower)),
            block_means(admissible.expand(admissible.upper)),
            block_means(nearest),
            grid.passable,
        ),
        problem.objective,
    )
    return coarse if coarse.admissible.size.size else None


def refine_map(coarse_map: Floats, fine: Problem) -> Floats:
    """Return a map (H, W) for the finer problem, every cell at the cost of its block; it may not be admissible."""
    return _copied(coarse_map, fine.grid.shape)


def refine_potentials(potentials: Floats, fine: Problem) -> Floats:
    """Return potentials (R, H, W) of the finer problem: doubled, and interpolated between blocks that have one.

    NaN where there is none, before and after.
    """
    known = np.isfinite(potentials)
    weight = _interpolated(known.astype(np.float64), fine.grid.shape)
    total = _interpolated(np.where(known, potentials, 0.0), fine.grid.shape)
    has = np.stack([movement.grid.passable for movement in fine.movements]) & (weight > 0.0)
    return np.where(has, 2.0 * total / np.where(has, weight, 1.0), np.nan)


def refine_flow(flow: Floats, fine: Problem) -> Floats:
    """Return a flow (R, K, H, W) of the finer problem, with about the same path costs and supply.

    Every coarse move becomes parallel lanes of two fine moves: two lanes with half of the mass each for a
    straight one, a lane through the corner with half and one on each side with a quarter for a diagonal one.
    Where flow turns, and at its ends, the lanes do not quite meet.
    """
    routes, moves = flow.shape[:2]
    height, width = fine.grid.shape
    refined = np.zeros((routes, moves, 2 * flow.shape[2], 2 * flow.shape[3]))
    for move in range(moves):
        check()
        dr, dc = MOVES[move].tolist()
        leaving, lanes = flow[:, move], refined[:, move]
        entering = _shifted(leaving, -dr, -dc)
        out_row, out_column = int(dr > 0), int(dc > 0)
        if dr == 0:
            lanes[:, :, out_column::2] = _copied_rows(leaving) / 2.0
            lanes[:, :, 1 - out_column :: 2] = _copied_rows(leaving + entering) / 4.0
        elif dc == 0:
            lanes[:, out_row::2] = _copied_columns(leaving) / 2.0
            lanes[:, 1 - out_row :: 2] = _copied_columns(leaving + entering) / 4.0
        else:
            lanes[:, out_row::2, out_column::2] = leaving / 2.0
            lanes[:, 1 - out_row :: 2, 1 - out_column :: 2] = (leaving + entering) / 4.0
            lanes[:, 1 - out_row :: 2, out_column::2] = (leaving + _shifted(leaving, -dr, 0)) / 4.0
            lanes[:, out_row::2, 1 - out_column :: 2] = (leaving + _shifted(leaving, 0, -dc)) / 4.0
    refined = refined[:, :, :height, :width]
    for movement, own in grouped(fine.movements):
        for move in range(moves):
            refined[own, move] *= movement.grid.legal >> move & 1
    return refined


def _coarse_grid(fine: Grid) -> Grid | None:
    """Return the moves between blocks; None where too many of their cells are walls."""
    passable = _block_sums(fine.passable) > 0.0
    covered = _block_sums(np.ones(fine.shape, dtype=bool))[passable].sum()
    if fine.passable.sum() < (1.0 - MOST_INVENTED) * covered:
        return None
    return Grid(passable, fine.neighbours, fine.corner_rule, fine.cost_rule)


def _coarse_movement(fine: Movement, cost_map: Floats, coarse_map: Floats) -> Movement | None:
    grid = _coarse_grid(fine.grid)
    if grid is None or fine.factor is None:
        return None if grid is None else Movement(grid, None, fine.name, fine.size)
    paid = _block_means(fine.costs(cost_map), fine.grid.passable)
    return Movement(grid, paid / np.where(grid.passable, coarse_map, 1.0), fine.name, fine.size)


def _resembles(fine: Problem, coarse: Problem) -> bool:
    pairs = zip(path_costs(fine, fine.cost_map), path_costs(coarse, coarse.cost_map), strict=True)
    return all(
        fine_cost / LARGEST_DISTORTION <= 2.0 * coarse_cost <= fine_cost * LARGEST_DISTORTION
        for fine_cost, coarse_cost in pairs
    )


def _coarse_admissible(
    label: np.typing.NDArray[np.int64],
    fixed: Floats,
    lower: Floats,
    upper: Floats,
    nearest: Floats,
    ground: Flags,
) -> Admissible:
    free = label != FIXED
    fixed = np.where(free, 0.0, fixed)
    group = np.full(label.shape, FIXED, dtype=np.int32)
    check()
    _, index = np.unique(label[free], return_inverse=True)
    check()
    group[free] = index
    size = np.bincount(index).astype(np.float64)
    return Admissible(
        group=group,
        fixed=fixed,
        size=size,
        lower=np.bincount(index, lower[free]) / size,
        upper=np.bincount(index, upper[free]) / size,
        budget=float(nearest[free].sum()),
        locked_total=float(np.where(ground, fixed, 0.0).sum()),
    )


def _blocks(cells: np.typing.NDArray[np.generic], fill: float) -> np.typing.NDArray[np.generic]:
    """Reshape (H, W) to (H/2, 2, W/2, 2), with a last row or column of `fill` where a side is odd."""
    height, width = cells.shape
    padded = np.pad(cells, ((0, height % 2), (0, width % 2)), constant_values=fill)
    return padded.reshape((height + 1) // 2, 2, (width + 1) // 2, 2)


def _block_sums(cells: Floats | Flags) -> Floats:
    return _blocks(cells.astype(np.float64), 0.0).sum(axis=(1, 3))


def _block_means(cost_map: Floats, passable: Flags) -> Floats:
    return _block_sums(np.where(passable, cost_map, 0.0)) / np.maximum(_block_sums(passable), 1.0)


def _block_groups(group: np.typing.NDArray[np.int32]) -> np.typing.NDArray[np.int64]:
    """Return the first group in each block, FIXED where nothing may change."""
    last = np.iinfo(np.int64).max
    first = _blocks(np.where(group == FIXED, last, group.astype(np.int64)), last).min(axis=(1, 3))
    return np.where(first == last, FIXED, first)


def _copied(coarse: Floats, shape: tuple[int, int]) -> Floats:
    return _copied_columns(_copied_rows(coarse))[..., : shape[0], : shape[1]]


def _copied_rows(coarse: Floats) -> Floats:
    return np.repeat(coarse, 2, axis=-2)


def _copied_columns(coarse: Floats) -> Floats:
    return np.repeat(coarse, 2, axis=-1)


def _interpolated(coarse: Floats, shape: tuple[int, int]) -> Floats:
    """Interpolate bilinearly between block centres: ¾ of the own block, ¼ of the nearer neighbour, each way."""
    for axis, side in ((-2, shape[0]), (-1, shape[1])):
        check()
        values = np.moveaxis(coarse, axis, -1)
        before = np.concatenate([values[..., :1], values[..., :-1]], axis=-1)
        after = np.concatenate([values[..., 1:], values[..., -1:]], axis=-1)
        both = np.stack([0.75 * values + 0.25 * before, 0.75 * values + 0.25 * after], axis=-1)
        coarse = np.moveaxis(both.reshape(*values.shape[:-1], -1)[..., :side], -1, axis)
    return coarse


def _shifted(values: Floats, dr: int, dc: int) -> Floats:
    """Return values[..., r + dr, c + dc], zero beyond the border."""
    height, width = values.shape[-2:]
    padded = np.pad(values, [(0, 0)] * (values.ndim - 2) + [(1, 1), (1, 1)])
    return padded[..., 1 + dr : 1 + dr + height, 1 + dc : 1 + dc + width]
