"""Over-relaxation and gradient rules: `python -m tests.benchmarks.flow` (about a minute)."""

import time

import numpy as np
import torch

from engine.core.device import use_few_threads
from engine.core.grid import Grid
from engine.paths.bregman_cpu import CpuProjections
from engine.paths.exact import distances_to
from engine.paths.gradients import Rule, route_costs
from engine.paths.soft_paths import FlowSettings, WarmStart, soft_paths
from engine.warmup import warm_up
from tests.benchmarks.table import print_table

EPSILON, TOLERANCE = 0.05, 1e-6


def plain_sweeps(grid: Grid, cost_map: np.ndarray, start, goal) -> int:
    """Sweeps that projections without over-relaxation need to the same supply error."""
    field = distances_to(grid, cost_map, goal)
    first = np.minimum(field.distance, field.distance[start])[None]
    reachable = np.isfinite(field.distance)[None]
    projections = CpuProjections(grid, cost_map, [start], [goal], reachable, first, EPSILON)
    sweeps = 0
    while projections.supply_error()[0] > TOLERANCE:
        projections.sweep(np.ones(1), np.array([True]), 20)
        sweeps += 20
    return sweeps


def main() -> None:
    warm_up()
    use_few_threads()
    rows = []
    for size in (16, 32, 64):
        for neighbours in (4, 8):
            grid = Grid(np.ones((size, size), dtype=bool), neighbours)
            cost_map, start, goal = np.ones((size, size)), (size // 2, 1), (size // 2, size - 2)
            settings = FlowSettings("bregman", EPSILON, TOLERANCE)
            relaxed = soft_paths(grid, cost_map, [start], [goal], settings).iterations
            plain = plain_sweeps(grid, cost_map, start, goal)
            rows.append((f"{size}²", neighbours, plain, relaxed, f"{plain / relaxed:.1f}"))
    print_table(
        f"Sweeps to a supply error of {TOLERANCE}, ε = {EPSILON} of the mean cost",
        ("map", "moves", "plain", "over-relaxed", "times fewer"),
        rows,
    )

    # One step of a run: 20 sweeps from warm potentials, and the gradient by each rule through the same sweeps.
    size = 64
    grid = Grid(np.ones((size, size), dtype=bool), 8)
    ends = grid, [(size // 2, 1)], [(size // 2, size - 2)]
    cost_map = torch.ones((size, size), dtype=torch.float64, requires_grad=True)
    start = soft_paths(grid, np.ones((size, size)), *ends[1:], FlowSettings("bregman", EPSILON))
    seconds = {}
    ways: tuple[tuple[Rule, int, WarmStart | None, int], ...] = (
        ("envelope", 20, start.warm_start, 20),
        ("unrolled", 1, None, start.iterations),
    )
    for rule, repeats, warm_start, sweeps in ways:
        settings = FlowSettings("bregman", EPSILON, 1e-12, sweeps)
        began = time.perf_counter()
        for _ in range(repeats):
            costs, _ = route_costs(cost_map, *ends, settings, rule, warm_start)
            torch.autograd.grad(costs.sum(), cost_map)
        seconds[rule] = (time.perf_counter() - began) / repeats
    cold = FlowSettings("bregman", EPSILON, 1e-12, start.iterations)
    began = time.perf_counter()
    costs, _ = route_costs(cost_map, *ends, cold, "envelope")
    torch.autograd.grad(costs.sum(), cost_map)
    seconds["cold"] = time.perf_counter() - began
    rows = [
        ("unrolled, from cold", start.iterations, f"{1e3 * seconds['unrolled']:.0f}", "1"),
        ("envelope, from cold", start.iterations, f"{1e3 * seconds['cold']:.1f}",
         f"{seconds['unrolled'] / seconds['cold']:.0f}"),
        ("envelope, from warm potentials", 20, f"{1e3 * seconds['envelope']:.1f}",
         f"{seconds['unrolled'] / seconds['envelope']:.0f}"),
    ]  # fmt: skip
    print_table(f"A gradient step at {size}², 8 moves", ("rule", "sweeps", "ms", "times faster"), rows)


if __name__ == "__main__":
    main()
