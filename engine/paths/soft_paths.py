"""Soft shortest paths: three methods behind one interface.

`bregman`  minimises <x, edge_cost> + ε Σ x (log x − 1) over the unit flows x ≥ 0 from start to goal, by
           over-relaxed Bregman projections. Smooth in the costs, parallel, suited to a GPU.
`logit`    the Gibbs distribution exp(−cost / ε) over the paths that only ever step to cells nearer the goal.
           Two passes over the map, outwards from the goal and back; the fastest on a CPU.
`exact`    one shortest path. Its cost is not smooth, its load is a subgradient.

Bregman projections. Every optimal flow has the form x_vu = exp((y_v − y_u − edge_cost_vu) / ε) with one
potential y_v per cell. The Kullback–Leibler projection onto the balance "outflow − inflow = b" of one cell
multiplies its out-edges by t and divides its in-edges by t,

    t = (b + √(b² + 4·O·I)) / (2·O)      O, I: its outflow and inflow,

that is, y_v += ε log t. Cells that share no edge are projected at once, in four colours; a sweep projects every
cell once. Plain projections need O(n²) sweeps over an n×n map. The over-relaxed step y_v += ω ε log t with
ω = 2 / (1 + sin(π / m)) needs O(n), where m is about the number of moves from start to goal. Source: Benamou et
al. 2015 (iterative Bregman projections); the over-relaxation is that of Gauss–Seidel sweeps on a Laplacian.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from engine.core.arrays import Flags, Floats
from engine.core.cancel import check
from engine.core.errors import ProblemError
from engine.core.grid import Cell, Grid, load_of_flow
from engine.core.status import Status
from engine.paths.bregman_cpu import CpuProjections
from engine.paths.exact import DistanceField, distances_to, path_flow, shortest_path
from engine.paths.logit import logit_flow

Method = Literal["bregman", "logit", "exact"]


@dataclass(frozen=True)
class FlowSettings:
    """How to solve for a soft flow. Only `bregman` uses more than the method and epsilon.

    epsilon: entropic regularisation, in cost units; `exact` has none.
    tolerance: L1 error of the supply at which `bregman` stops.  max_iterations: its sweeps at most.
    device: where `bregman` runs: "cpu" for the compiled loops, or a torch device.
    """

    method: Method = "bregman"
    epsilon: float = 0.1
    tolerance: float = 1e-6
    max_iterations: int = 20_000
    device: str = "cpu"


@dataclass(frozen=True, eq=False)
class WarmStart:
    """What a `bregman` solve passes on to the next one, on similar costs.

    potentials: (R, H, W), NaN where a cell had none.  relaxation: (R,) the ω that it ended with.
    """

    potentials: Floats
    relaxation: Floats


@dataclass(frozen=True, eq=False)
class SoftPaths:
    """R soft shortest paths on one cost map.

    path_cost: (R,) cost of the exact shortest path.  regularised_cost: (R,) with the entropy term.
    flow: (R, K, H, W) mass on every directed edge.
    load: (R, H, W) derivative of `regularised_cost` by the cost map.
    potentials: (R, H, W), in cost units; NaN where no goal can be reached.
    fields: exact distances to each goal.
    supply_error: (R,) L1.  iterations: sweeps done.  status: CONVERGED, or why not.
    warm_start: for the next solve; None if there is none.
    """

    path_cost: Floats
    regularised_cost: Floats
    flow: Floats
    load: Floats
    potentials: Floats
    fields: tuple[DistanceField, ...]
    supply_error: Floats
    iterations: int
    status: Status
    warm_start: WarmStart | None = None


def soft_paths(
    grid: Grid,
    cost_map: Floats,
    starts: Sequence[Cell],
    goals: Sequence[Cell],
    settings: FlowSettings,
    warm_start: WarmStart | None = None,
) -> SoftPaths:
    """Find the soft shortest paths from each start to its goal, by the method that `settings` names.

    cost_map: (H, W), > 0.  warm_start: of an earlier solve; used by `bregman` where its shape fits.
    Raises ProblemError unless epsilon is a number above 0, and ValueError if a goal cannot be reached, naming the
    cost that is not a finite number if there is one. A solve that does not converge raises nothing: `status` and
    `supply_error` say so.
    """
    check_epsilon("epsilon", settings.epsilon, settings.method)
    fields = tuple(distances_to(grid, cost_map, goal) for goal in goals)
    path_cost = np.array([field.distance[start] for field, start in zip(fields, starts, strict=True)])
    for start, goal, cost in zip(starts, goals, path_cost, strict=True):
        if not np.isfinite(cost):
            for row, column in np.argwhere(grid.passable & ~np.isfinite(cost_map))[:1].tolist():
                wrong = cost_map[row, column]
                raise ValueError(f"the cost of cell {(row, column)} is {wrong}, which is not a finite number")
            raise ValueError(f"no way leads from cell {start} to cell {goal}")

    supply_error, iterations, status = np.zeros(len(starts)), 1, Status.CONVERGED
    match settings.method:
        case "bregman":
            (last,) = deque(bregman(grid, cost_map, starts, fields, settings, warm_start), maxlen=1)
            flow, regularised_cost, potentials = last.flow, last.regularised_cost, last.warm_start.potentials
            supply_error, iterations, warm_start = last.supply_error, last.iterations, last.warm_start
            status = last.status or Status.STEPS_DONE
        case "logit":
            ends = zip(fields, starts, strict=True)
            solved = [logit_flow(grid, cost_map, field, start, settings.epsilon) for field, start in ends]
            potentials, flow = (np.stack(part) for part in zip(*solved, strict=True))
            regularised_cost = np.array([y[start] for y, start in zip(potentials, starts, strict=True)])
        case "exact":
            flow = np.stack([path_flow(grid, field, start) for field, start in zip(fields, starts, strict=True)])
            distance = np.stack([field.distance for field in fields])
            potentials, regularised_cost = np.where(np.isfinite(distance), distance, np.nan), path_cost

    return SoftPaths(
        path_cost=path_cost,
        regularised_cost=regularised_cost,
        flow=flow,
        load=np.stack([load_of_flow(grid, route_flow) for route_flow in flow]),
        potentials=potentials,
        fields=fields,
        supply_error=supply_error,
        iterations=iterations,
        status=status,
        warm_start=warm_start,
    )


def check_epsilon(name: str, epsilon: float, method: Method) -> None:
    """Refuse, by ProblemError, an epsilon that is not a number above 0; `exact` has none."""
    if method != "exact" and not (epsilon > 0.0 and np.isfinite(epsilon)):
        raise ProblemError(
            "settings",
            f"{name} is {epsilon:g}; it must be a number above 0. The method exact does without regularisation",
        )


class Projections(Protocol):
    """The Bregman projections of R routes on some device."""

    def sweep(self, relaxation: Floats, active: Flags, count: int) -> None:
        """Project every cell of the active routes `count` times, over-relaxed by ω; both arrays are (R,)."""
        ...

    def supply_error(self) -> Floats:
        """Return the L1 error of the present flow's supply: (R,)."""
        ...

    def potentials(self) -> Floats:
        """Return the present potentials: (R, H, W), NaN where no goal can be reached."""
        ...

    def flow(self) -> Floats:
        """Return the present flow: (R, K, H, W)."""
        ...


@dataclass(frozen=True, eq=False)
class BregmanIterate:
    """State between two rounds of sweeps. Arrays are copies; `status` is None while the solve may go on."""

    flow: Floats
    regularised_cost: Floats
    supply_error: Floats
    iterations: int
    warm_start: WarmStart
    status: Status | None


def bregman(
    grid: Grid,
    cost_map: Floats,
    starts: Sequence[Cell],
    fields: Sequence[DistanceField],
    settings: FlowSettings,
    warm_start: WarmStart | None = None,
) -> Iterator[BregmanIterate]:
    """Yield between rounds of over-relaxed Bregman projections; callers may stop at any time.

    fields: exact distances to the goal of each route. The regularised cost is the dual objective
    y_start − y_goal − ε Σ x: a lower bound at any moment, with derivative x by the edge costs at fixed potentials.
    """
    potentials, relaxation = first_potentials(starts, fields, warm_start)
    projections = _projections(grid, cost_map, starts, fields, potentials, settings)
    errors = projections.supply_error()
    history = [errors]
    cold = warm_start is None
    iterations = 0
    while True:
        if not np.all(np.isfinite(errors)) and not cold:
            # Potentials from another map may be useless on this one: begin again from exact distances.
            potentials, relaxation = first_potentials(starts, fields, None)
            projections = _projections(grid, cost_map, starts, fields, potentials, settings)
            errors, cold = projections.supply_error(), True
            history = [errors]
        status = _status(errors, iterations, settings)
        yield _iterate(projections, starts, fields, settings, errors, iterations, relaxation, status)
        if status is not None:
            return
        count = min(_round_length(relaxation), settings.max_iterations - iterations)
        projections.sweep(relaxation, errors > settings.tolerance, count)
        iterations += count
        errors = projections.supply_error()
        history = [*history[-2:], errors]
        adapted = _adapted_relaxation(relaxation, history, count)
        if np.any(adapted != relaxation):
            relaxation, history = adapted, [errors]


def first_potentials(
    starts: Sequence[Cell], fields: Sequence[DistanceField], warm_start: WarmStart | None
) -> tuple[Floats, Floats]:
    """Return potentials and ω: the warm ones where there are, else min(D, D[start]) and the ω of that many moves.

    These potentials make every exponent of the flow at most 0.
    """
    cold = np.stack([np.minimum(f.distance, f.distance[s]) for f, s in zip(fields, starts, strict=True)])
    if warm_start is not None and warm_start.potentials.shape == cold.shape:
        warm = warm_start.potentials
        shift = np.array([0.0 - p[f.goal] for p, f in zip(warm, fields, strict=True)])
        warm = warm + np.where(np.isfinite(shift), shift, 0.0)[:, None, None]
        return np.where(np.isfinite(warm) & np.isfinite(cold), warm, cold), warm_start.relaxation.copy()
    return cold, relaxations(starts, fields)


def relaxations(starts: Sequence[Cell], fields: Sequence[DistanceField]) -> Floats:
    """Return the over-relaxation ω (R,) that suits the number of moves from each start to its goal."""
    hops = np.array([len(shortest_path(f, s)) - 1 for f, s in zip(fields, starts, strict=True)])
    return 2.0 / (1.0 + np.sin(np.pi / np.maximum(1.25 * hops, 4.0)))


def _round_length(relaxation: Floats) -> int:
    """Return the sweeps between two measurements of the error: a third of the m that the largest ω stands for."""
    return max(10, int(2.0 * np.pi / (2.0 - float(relaxation.max())) / 3.0))


def _status(errors: Floats, iterations: int, settings: FlowSettings) -> Status | None:
    if not np.all(np.isfinite(errors)):
        return Status.NOT_A_NUMBER
    if np.all(errors <= settings.tolerance):
        return Status.CONVERGED
    return Status.STEPS_DONE if iterations >= settings.max_iterations else None


def _adapted_relaxation(relaxation: Floats, history: list[Floats], count: int) -> Floats:
    """Return a better ω (R,), from the rate at which the error fell over the last two rounds.

    With ω below its best value the error falls by a factor ρ > ω − 1 a sweep, and ρ tells the best one:
    μ² = (ρ + ω − 1)² / (ρ ω²), ω_best = 2 / (1 + √(1 − μ²)). 2 − ω is at most halved at once, and doubled
    when the error grows.
    """
    if len(history) < 3:
        return relaxation
    before, between, now = history
    adapted = relaxation.copy()
    for route, omega in enumerate(relaxation):
        if now[route] > 10.0 * min(before[route], between[route]):
            adapted[route] = max(1.0, 2.0 - 2.0 * (2.0 - omega))
        elif 0.0 < now[route] < between[route] < before[route]:
            rate = (now[route] / before[route]) ** (0.5 / count)
            if rate > omega - 1.0 + 0.3 * (2.0 - omega):
                mu_squared = (rate + omega - 1.0) ** 2 / (rate * omega**2)
                if mu_squared < 1.0:
                    best = 2.0 / (1.0 + np.sqrt(1.0 - mu_squared))
                    adapted[route] = max(omega, min(best, 2.0 - 0.5 * (2.0 - omega)))
    return adapted


def _projections(
    grid: Grid,
    cost_map: Floats,
    starts: Sequence[Cell],
    fields: Sequence[DistanceField],
    potentials: Floats,
    settings: FlowSettings,
) -> Projections:
    goals = [field.goal for field in fields]
    reachable = np.stack([np.isfinite(field.distance) for field in fields])
    if settings.device == "cpu":
        return CpuProjections(grid, cost_map, starts, goals, reachable, potentials, settings.epsilon)
    from engine.core.triton import runs_triton  # torch takes seconds to import

    if runs_triton(settings.device):
        from engine.paths.bregman_triton import TritonProjections

        return TritonProjections(
            grid, cost_map, starts, goals, reachable, potentials, settings.epsilon, settings.device
        )
    from engine.paths.bregman_torch import TorchProjections

    return TorchProjections(
        grid, cost_map, starts, goals, reachable, potentials, settings.epsilon, settings.device
    )


def _iterate(
    projections: Projections,
    starts: Sequence[Cell],
    fields: Sequence[DistanceField],
    settings: FlowSettings,
    errors: Floats,
    iterations: int,
    relaxation: Floats,
    status: Status | None,
) -> BregmanIterate:
    check()
    potentials, flow = projections.potentials(), projections.flow()
    check()
    routes = zip(potentials, flow, starts, fields, strict=True)
    cost = np.array([y[start] - y[field.goal] - settings.epsilon * x.sum() for y, x, start, field in routes])
    return BregmanIterate(flow, cost, errors, iterations, WarmStart(potentials, relaxation.copy()), status)
