"""From how many cells times routes on a step of a method is faster on the device than on the CPU.

The two tables of `engine.core.device` are what `python -m tests.benchmarks.gpu --calibrate` prints.
"""

from collections.abc import Callable
from unittest import mock

import numpy as np

from engine.core.triton import runs_triton
from engine.design.adam_steps import first_state, soft_path_steps
from engine.design.device_steps import DeviceRun
from engine.design.schedule import Rate
from engine.optimum import run as optimum
from engine.optimum.saddle_cpu import CpuSaddle
from engine.optimum.saddle_point import Saddle, cold_start
from engine.paths.soft_paths import FlowSettings
from tests.benchmarks.gpu.bench import Bench, Row
from tests.benchmarks.gpu.paths import map_problem

SIDES = (12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384)
STEPS = 12


def break_evens(bench: Bench) -> None:
    """Print the tables: with fused kernels where there are any, and with torch alone."""
    sides = SIDES[:3] if bench.small else SIDES
    methods = {"bregman": bregman_times, "optimum": optimum_times}
    for name, fused in {"TORCH": False, "FUSED": True}.items():
        if fused and not runs_triton(bench.device):
            continue
        with mock.patch("engine.core.triton.has_triton", return_value=fused):
            found = {method: break_even(bench, times, sides) for method, times in methods.items()}
        print(f"{name} = {found}", flush=True)


def break_even(bench: Bench, times: Callable[[Bench, int], tuple[float, float]], sides: tuple[int, ...]) -> int:
    """Return the cells at which both take the same time, on a line in logarithms between two sides."""
    before = None
    for side in sides:
        cpu, ours = times(bench, side)
        ahead = float(np.log(cpu / ours))
        bench.add(Row(times.__name__.replace("_", " "), f"{side}²", f"{ours:.3f} ms", "", f"{cpu:.3f} ms"))
        if ahead >= 0.0:
            if before is None:
                return side**2
            share = before[1] / (before[1] - ahead)
            return round(float(np.exp(np.log(before[0] ** 2) + share * 2.0 * np.log(side / before[0]))))
        before = side, ahead
    return 10 * sides[-1] ** 2


def bregman_times(bench: Bench, side: int) -> tuple[float, float]:
    """Return the milliseconds of an Adam step of 20 sweeps, on the CPU and on the device."""
    problem = map_problem(side)
    first = first_state(problem.admissible, problem.cost_map, seed=0)
    rates = [Rate(number, 0.45, 0.007, 0.05) for number in range(1, 2 * STEPS + 3)]

    def stepped(device: str) -> float:
        run = soft_path_steps(problem, first, rates, 20, FlowSettings("bregman", tolerance=0.0, device=device))
        return bench.median(lambda: next(run), STEPS // 2, 2)

    cpu = stepped("cpu")
    if not runs_triton(bench.device):
        return cpu, stepped(bench.device)
    run = DeviceRun(problem, first, rates, 20, bench.device)
    run.take((0, 2))
    return cpu, bench.timed(lambda: run.take((2, 2 + STEPS))) / STEPS


def optimum_times(bench: Bench, side: int) -> tuple[float, float]:
    """Return the milliseconds of an iteration of the saddle-point method, on the CPU and on the device."""
    problem = map_problem(side)
    point = cold_start(problem)

    def iterated(saddle: Saddle) -> float:
        return bench.median(lambda: saddle.advance(STEPS), 3, 2) / STEPS

    return iterated(CpuSaddle(problem, point)), iterated(optimum.saddle_on(problem, point, bench.device))
