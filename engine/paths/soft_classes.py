"""Soft shortest paths of routes that move differently: one solve for each class of movement."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from engine.core.arrays import Floats
from engine.core.grid import Cell
from engine.core.movement import Movement, grouped
from engine.core.status import Status
from engine.paths.soft_paths import FlowSettings, SoftPaths, WarmStart, soft_paths


def soft_paths_of_classes(
    movements: Sequence[Movement],
    cost_map: Floats,
    starts: Sequence[Cell],
    goals: Sequence[Cell],
    settings: FlowSettings,
    warm_start: WarmStart | None = None,
) -> SoftPaths:
    """Find the soft shortest paths from each start to its goal, each by its own movement; see `soft_paths`.

    movements: one for each route; routes that share an object are solved together. Every class is softened in
    proportion to its prices: epsilon is for one that pays the map's own costs.
    In the result costs are what the classes pay, loads are derivatives by the cost map, and flows have the moves
    of the class that has most.
    """
    groups = grouped(movements)
    if len(groups) == 1:
        return _solved(movements[0], cost_map, starts, goals, settings, warm_start)
    if warm_start is not None and len(warm_start.potentials) != len(movements):
        warm_start = None
    parts = [
        _solved(
            movement,
            cost_map,
            [starts[route] for route in routes],
            [goals[route] for route in routes],
            settings,
            None
            if warm_start is None
            else WarmStart(warm_start.potentials[routes], warm_start.relaxation[routes]),
        )
        for movement, routes in groups
    ]
    solved = [route for _, routes in groups for route in routes]
    return _joined(parts, sorted(range(len(solved)), key=solved.__getitem__))


def _solved(
    movement: Movement,
    cost_map: Floats,
    starts: Sequence[Cell],
    goals: Sequence[Cell],
    settings: FlowSettings,
    warm_start: WarmStart | None,
) -> SoftPaths:
    own = replace(settings, epsilon=settings.epsilon * movement.scale)
    paths = soft_paths(movement.grid, movement.costs(cost_map), starts, goals, own, warm_start)
    return paths if movement.factor is None else replace(paths, load=movement.load(paths.load))


def _joined(parts: Sequence[SoftPaths], order: list[int]) -> SoftPaths:
    """Return the routes of several solves, one after the other, as one solve in another order."""
    moves = max(part.flow.shape[1] for part in parts)

    def together(arrays: Sequence[Floats]) -> Floats:
        return np.concatenate(arrays)[order]

    fields = [field for part in parts for field in part.fields]
    warm = [part.warm_start for part in parts if part.warm_start is not None]
    unfinished = [part.status for part in parts if part.status is not Status.CONVERGED]
    return SoftPaths(
        path_cost=together([part.path_cost for part in parts]),
        regularised_cost=together([part.regularised_cost for part in parts]),
        flow=together([_with_moves(part.flow, moves) for part in parts]),
        load=together([part.load for part in parts]),
        potentials=together([part.potentials for part in parts]),
        fields=tuple(fields[route] for route in order),
        supply_error=together([part.supply_error for part in parts]),
        iterations=max(part.iterations for part in parts),
        status=unfinished[0] if unfinished else Status.CONVERGED,
        warm_start=WarmStart(
            together([part.potentials for part in warm]), together([part.relaxation for part in warm])
        )
        if len(warm) == len(parts)
        else None,
    )


def _with_moves(flow: Floats, moves: int) -> Floats:
    """Return a flow (R, K, H, W) with so many moves, empty where the class has fewer."""
    return np.pad(flow, ((0, 0), (0, moves - flow.shape[1]), (0, 0), (0, 0)))
