"""Soft paths, Adam on a map, and the optimum: against the CPU, and how long they take."""

from collections import deque
from collections.abc import Iterator
from typing import Literal, TypeVar

import numpy as np
import torch

from engine.core.grid import Grid
from engine.cost_maps.admissible import admissible_maps
from engine.cost_maps.problem import Problem, Route
from engine.design.adam_steps import first_state, soft_path_steps
from engine.design.adversarial import DesignSettings, optimise_costs
from engine.design.schedule import Rate
from engine.optimum.run import OptimumSettings, approach_optimum, saddle_on
from engine.optimum.saddle_cpu import CpuSaddle
from engine.optimum.saddle_point import cold_start
from engine.optimum.saddle_triton import TritonSaddle
from engine.paths.bregman_torch import TorchProjections
from engine.paths.exact import distances_to
from engine.paths.gradients import route_costs
from engine.paths.soft_paths import FlowSettings, Method, soft_paths
from tests.benchmarks.gpu.bench import Bench, Row
from tests.benchmarks.gpu.optimum_parts import part_rows

# Bytes a second that the limits are computed with: the memory of an H100.
BANDWIDTH = 3.0e12

Iterate = TypeVar("Iterate")


def map_problem(size: int, neighbours: Literal[4, 8] = 8, walls: bool = False, routes: int = 1) -> Problem:
    """Return an open map of cost 1, or random costs between scattered walls, with routes across its middle."""
    generator = np.random.default_rng(0)
    passable = np.ones((size, size), dtype=bool)
    cost_map = np.ones((size, size))
    if walls:
        passable &= generator.random((size, size)) > 0.1
        passable[size // 2] = True
        cost_map = np.where(passable, generator.uniform(0.5, 2.0, (size, size)), 1.0)
    ends = tuple(Route((size // 2, 1 + i), (size // 2, size - 2 - i)) for i in range(routes))
    admissible = admissible_maps(cost_map, passable, lower=0.2, upper=5.0)
    return Problem(Grid(passable, neighbours), cost_map, ends, admissible)


def last(iterates: Iterator[Iterate]) -> Iterate:
    """Return the last of an iterator."""
    (end,) = deque(iterates, maxlen=1)
    return end


def first_calls(bench: Bench) -> None:
    """Compile the loops that the checks below use."""
    problem = map_problem(8)

    def solve() -> None:
        for settings in (FlowSettings("bregman", 0.1), FlowSettings("logit", 0.1)):
            soft_paths(problem.grid, problem.cost_map, problem.starts, problem.goals, settings)

    bench.add(Row("first call, with compilation", "8²", f"{bench.timed(solve) / 1e3:.0f} s"))


def soft_paths_agree(bench: Bench, size: int, neighbours: Literal[4, 8], walls: bool, routes: int) -> None:
    """Compare cost and load of converged Bregman projections with the CPU's."""
    problem = map_problem(size, neighbours, walls, routes)
    here, there = (
        soft_paths(
            problem.grid,
            problem.cost_map,
            problem.starts,
            problem.goals,
            FlowSettings("bregman", 0.05, 1e-7, 20_000, device),
        )
        for device in ("cpu", bench.device)
    )
    name = f"{size}², {neighbours} moves, {routes} route(s)"
    error = float(np.abs(here.regularised_cost - there.regularised_cost).max() / here.regularised_cost.max())
    bench.agree("bregman, cost (relative)", name, error, 1e-8)
    error = float(np.abs(here.load - there.load).max())
    bench.agree("bregman, load", name, error, 1e-5, f"{here.iterations} sweeps", f"{there.iterations} sweeps")


def saddle_agrees(bench: Bench, size: int) -> None:
    """Compare flow and cost map with the CPU's after 50 iterations of the saddle-point method."""
    problem = map_problem(size, walls=True, routes=2)
    start, points = cold_start(problem), []
    for saddle in (CpuSaddle(problem, start), saddle_on(problem, start, bench.device)):
        saddle.advance(50)
        saddle.step_length()
        points.append(saddle.point())
    here, there = points
    differences = (here.flow - there.flow, here.cost_map - there.cost_map)
    bench.agree("saddle after 50 iterations", f"{size}²", max(float(np.abs(d).max()) for d in differences), 1e-8)


def unrolled_gradient_agrees(bench: Bench) -> None:
    """Compare the unrolled gradient of a map on the device with the CPU's."""
    problem = map_problem(8)
    settings = FlowSettings("bregman", 0.1, max_iterations=5)
    gradients = []
    for device in ("cpu", bench.device):
        cost_map = torch.tensor(problem.cost_map, device=device, requires_grad=True)
        costs, _ = route_costs(cost_map, problem.grid, problem.starts, problem.goals, settings, "unrolled")
        (gradient,) = torch.autograd.grad(costs.sum(), cost_map)
        gradients.append(gradient.cpu())
    bench.agree("unrolled gradient", "8²", float((gradients[0] - gradients[1]).abs().max()), 1e-10)


def design_agrees(bench: Bench, size: int) -> None:
    """Compare the best score of a hundred Adam steps with the CPU's."""
    problem = map_problem(size)
    ends, times = {}, {}
    for device in ("cpu", bench.device):

        def run(device: str = device) -> None:
            ends[device] = last(optimise_costs(problem, DesignSettings("bregman", steps=100, device=device)))

        times[device] = bench.timed(run) / 1e3
    here, there = ends["cpu"], ends[bench.device]
    error = abs(here.best_score - there.best_score) / here.best_score
    note = f"{times[bench.device]:.1f} s, gap {there.gap:.2%}"
    bench.agree("design, 100 steps, best score", f"{size}²", error, 5e-3, f"{times['cpu']:.1f} s", note)


def optimum_agrees(bench: Bench, size: int) -> None:
    """Compare the value of the optimum, to a gap of 0.1 %; its bound must not lie below the CPU's best map."""
    problem = map_problem(size)
    ends, times = {}, {}
    for device in ("cpu", bench.device):

        def run(device: str = device) -> None:
            ends[device] = last(approach_optimum(problem, OptimumSettings(1e-3, 2000, device=device)))

        times[device] = bench.timed(run) / 1e3
    here, there = ends["cpu"], ends[bench.device]
    error = abs(here.value - there.value) / here.value
    if there.upper_bound < here.value * (1.0 - 1e-9):
        error = float("inf")
    note = f"{times[bench.device]:.1f} s, {here.iterations} / {there.iterations} iterations"
    bench.agree("optimum to 0.1 %", f"{size}²", error, 1.5e-3, f"{times['cpu']:.1f} s", note)


def sweep_times(bench: Bench, size: int) -> None:
    """Time twenty Bregman sweeps, making the solver, and bringing its result to the host."""
    problem = map_problem(size)
    field = distances_to(problem.grid, problem.cost_map, problem.goals[0])
    potentials = np.minimum(field.distance, field.distance[problem.starts[0]])[None]
    reachable = np.isfinite(field.distance)[None]

    def made() -> TorchProjections:
        return TorchProjections(
            problem.grid,
            problem.cost_map,
            problem.starts,
            problem.goals,
            reachable,
            potentials,
            0.05,
            bench.device,
        )

    solver = made()
    relaxation, active = np.array([1.9]), np.array([True])
    sweeps = bench.median(lambda: solver.sweep(relaxation, active, 20), 3, 1)
    # A fused sweep would move 21 bytes a cell: potentials twice, costs, legal moves.
    limit = 1e3 * 20 * 21 * size**2 / BANDWIDTH
    note = "limit: the bytes of a fused kernel"
    bench.add(Row("20 Bregman sweeps", f"{size}²", f"{sweeps:.2f} ms", f"{limit:.3f} ms", note=note))
    bench.add(Row("making the projections", f"{size}²", f"{bench.median(made, 3, 1):.2f} ms"))
    to_host = bench.median(lambda: (solver.potentials(), solver.flow()), 3, 1)
    bench.add(Row("potentials and flow to the host", f"{size}²", f"{to_host:.2f} ms"))


def adam_step_times(bench: Bench, size: int) -> None:
    """Time an Adam step of 20 sweeps, against the CPU's with `bregman` and with `logit`."""
    problem = map_problem(size)
    first = first_state(problem.admissible, problem.cost_map, seed=0)

    def step(method: Method, device: str, steps: int) -> float:
        rates = [Rate(number, 0.45, 0.007, 0.05) for number in range(1, steps + 3)]
        run = soft_path_steps(problem, first, rates, 20, FlowSettings(method, tolerance=1e-4, device=device))
        return bench.median(lambda: next(run), steps, 2)

    many = 5 if size <= 256 else 2
    few = many if size <= 512 else 1
    ours, cpu, logit = (
        step("bregman", bench.device, many),
        step("bregman", "cpu", few),
        step("logit", "cpu", few),
    )
    note = f"{cpu / ours:.1f} × bregman, {logit / ours:.1f} × logit ({logit:.1f} ms) on this CPU"
    bench.add(Row("Adam step, bregman, 20 sweeps", f"{size}²", f"{ours:.1f} ms", "", f"{cpu:.1f} ms", note))


def optimum_iteration_times(bench: Bench, size: int) -> None:
    """Time an iteration of the saddle-point method, beside its goal; its parts; and making it."""
    problem = map_problem(size)
    point = cold_start(problem)
    began = bench.seconds()
    ours = saddle_on(problem, point, bench.device)
    bench.add(Row("making the saddle", f"{size}²", f"{bench.seconds() - began:.2f} s", note=type(ours).__name__))
    count = 200 if bench.cuda and size <= 256 else 20
    mine = bench.median(lambda: ours.advance(count), 3, 2) / count
    cpu, note = "", ""
    if size <= 1024:
        there = CpuSaddle(problem, point)
        theirs = bench.median(lambda: there.advance(3), 1, 1) / 3
        cpu, note = f"{theirs:.2f} ms", f"{theirs / mine:.1f} ×"
    # On an H100. Up to 256² it is the launches: twenty of 2.5 µs, in two chains beside each other.
    goal = {1024: 0.3, 4096: 4.0}.get(size, 0.1)
    bench.add(Row("iteration of optimum", f"{size}²", f"{mine:.3f} ms", f"{goal:g} ms", cpu, note))
    measuring = bench.median(ours.step_length, 3, 2)
    bench.add(Row("  step length", f"{size}²", f"{measuring:.3f} ms", note="once in twenty iterations"))
    if isinstance(ours, TritonSaddle):
        for row in part_rows(bench, ours, size, BANDWIDTH):
            bench.add(row)
