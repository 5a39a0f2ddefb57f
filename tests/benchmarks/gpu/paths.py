"""Soft paths, Adam on a map, and the optimum: against the CPU, and how long they take."""

from collections import deque
from collections.abc import Iterator
from functools import partial
from typing import Literal, TypeVar

import numpy as np
import torch

from engine.core.grid import Grid
from engine.core.triton import Repeated, runs_triton
from engine.cost_maps.admissible import admissible_maps
from engine.cost_maps.problem import Problem, Route
from engine.design.adam_steps import first_state, soft_path_steps
from engine.design.adversarial import DesignSettings, optimise_costs
from engine.design.device_steps import DeviceRun
from engine.design.schedule import Rate
from engine.optimum.run import OptimumSettings, approach_optimum, saddle_on
from engine.optimum.saddle_cpu import CpuSaddle
from engine.optimum.saddle_point import cold_start
from engine.optimum.saddle_triton import TritonSaddle
from engine.paths.bregman_torch import TorchProjections
from engine.paths.bregman_triton import Lanes, flat_cells
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


def repeats(bench: Bench, size: int) -> None:
    """Compare two runs of each kind on one device, byte for byte; the row has the share of bytes that differ."""
    problem = map_problem(size, walls=True, routes=2)

    def designed() -> list[bytes]:
        end = last(optimise_costs(problem, DesignSettings("bregman", steps=60, device=bench.device)))
        return [end.best_map.tobytes(), end.loads.tobytes()]

    def solved() -> list[bytes]:
        end = last(approach_optimum(problem, OptimumSettings(1e-3, 400, device=bench.device)))
        return [end.cost_map.tobytes(), end.loads.tobytes()]

    for name, run in (("design", designed), ("optimum", solved)):
        first, second = (np.frombuffer(b"".join(run()), np.uint8) for _ in range(2))
        bench.agree(f"{name}, twice: bytes that differ", f"{size}²", float(np.mean(first != second)), 0.0)


def sweep_times(bench: Bench, size: int, maps: int = 1) -> None:
    """Time twenty Bregman sweeps of so many maps: fused, and with torch alone."""
    problem = map_problem(size)
    name = f"{size}²" if maps == 1 else f"{maps} × {size}²"
    # A fused sweep moves 33 bytes a cell: potentials, costs and legal moves read, potentials written.
    limit = f"{1e3 * 20 * 33 * maps * size**2 / BANDWIDTH:.3f} ms"
    if runs_triton(bench.device):
        for wide in (False, True):
            lanes = open_lanes(problem, maps, bench.device, wide)
            repeated = Repeated(partial(lanes.sweep, 20), bench.device)
            kind = "float64" if wide else "float32"
            bench.add(Row(f"20 fused sweeps, exp in {kind}", name, f"{bench.median(repeated):.3f} ms", limit))
        bench.add(Row("load, value and supply error", name, f"{bench.median(lanes.measured):.3f} ms"))
    if maps > 1:
        return
    field = distances_to(problem.grid, problem.cost_map, problem.goals[0])
    potentials = np.minimum(field.distance, field.distance[problem.starts[0]])[None]
    reachable = np.isfinite(field.distance)[None]
    ends = problem.starts, problem.goals
    solver = TorchProjections(problem.grid, problem.cost_map, *ends, reachable, potentials, 0.05, bench.device)
    relaxation, active = np.array([1.9]), np.array([True])
    sweeps = bench.median(lambda: solver.sweep(relaxation, active, 20), 3, 1)
    bench.add(Row("20 sweeps with torch alone", name, f"{sweeps:.2f} ms", limit))


def open_lanes(problem: Problem, maps: int, device: str, wide: bool) -> Lanes:
    """Return so many lanes of the first route of a problem, each on a map of its own."""
    cells = problem.grid.passable.size
    column = torch.arange(problem.grid.shape[1], dtype=torch.float64, device=device)
    ends = [flat_cells(cell[:1], problem.grid.shape[1]) * maps for cell in (problem.starts, problem.goals)]
    own = torch.arange(maps, dtype=torch.int32, device=device)
    generator = np.random.default_rng(0)
    prices = torch.tensor(generator.uniform(0.5, 2.0, (1, cells)), device=device).repeat(maps, 1)
    return Lanes(
        potentials=(column[-1] - column).repeat(maps, problem.grid.shape[0], 1),
        prices=prices.reshape(maps, *problem.grid.shape),
        legal=torch.tensor(problem.grid.legal, device=device)[None],
        price_of=own,
        legal_of=torch.zeros_like(own),
        start=torch.tensor(ends[0], dtype=torch.int32, device=device),
        goal=torch.tensor(ends[1], dtype=torch.int32, device=device),
        relaxation=torch.full((maps,), 1.9, dtype=torch.float64, device=device),
        epsilon=torch.full((maps,), 0.05, dtype=torch.float64, device=device),
        moves=problem.grid.neighbours,
        mean=True,
        wide=wide,
    )


def adam_step_times(bench: Bench, size: int) -> None:
    """Time an Adam step of 20 sweeps, against the CPU's with `bregman` and with `logit`."""
    problem = map_problem(size)
    first = first_state(problem.admissible, problem.cost_map, seed=0)
    many = 5 if size <= 256 else 2

    def step(method: Method, device: str, steps: int) -> float:
        rates = [Rate(number, 0.45, 0.007, 0.05) for number in range(1, steps + 3)]
        run = soft_path_steps(problem, first, rates, 20, FlowSettings(method, tolerance=1e-4, device=device))
        return bench.median(lambda: next(run), steps, 2)

    if runs_triton(bench.device):
        rates = [Rate(number, 0.45, 0.007, 0.05) for number in range(1, 200)]
        run = DeviceRun(problem, first, rates, 20, bench.device)
        bench.timed(lambda: run.take((0, 2)))
        ours = bench.timed(lambda: run.take((2, 102))) / 100
    else:
        ours = step("bregman", bench.device, many)
    few = many if size <= 512 else 1
    cpu, logit = (step("bregman", "cpu", few), step("logit", "cpu", few)) if size <= 1024 else (np.nan, np.nan)
    note = f"{cpu / ours:.1f} × bregman, {logit / ours:.1f} × logit ({logit:.1f} ms) on this CPU"
    goal = {256: "0.5 ms", 1024: "2 ms", 4096: "15 ms"}.get(size, "")
    bench.add(Row("Adam step, bregman, 20 sweeps", f"{size}²", f"{ours:.3f} ms", goal, f"{cpu:.1f} ms", note))


def design_times(bench: Bench, size: int) -> None:
    """Time a whole design run, looks and bound included, against `logit` on the CPU."""
    problem = map_problem(size)
    ways: tuple[tuple[Method, str], ...] = (("bregman", bench.device), ("logit", "cpu"))
    ends, seconds = [], []
    for method, device in ways:
        began = bench.seconds()
        ends.append(last(optimise_costs(problem, DesignSettings(method, device=device))))
        seconds.append(f"{bench.seconds() - began:.1f} s")
    there, here = ends
    note = f"score {there.best_score:.2f}, gap {there.gap:.2%}; logit {here.best_score:.2f}, {here.gap:.2%}"
    bench.add(Row("design, 400 steps", f"{size}²", seconds[0], "", seconds[1], note))


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
