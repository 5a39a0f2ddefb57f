"""What `test_saddle_triton` looks at, computed in Triton's interpreter."""

from collections import Counter
from dataclasses import replace
from typing import Any
from unittest import mock

import numpy as np
import torch
from triton.runtime.interpreter import GridExecutor

from engine.cost_maps.admissible import FIXED
from engine.cost_maps.problem import Problem
from engine.cost_maps.projection_triton import TritonProjection
from engine.optimum import multigrid, multigrid_triton, saddle_triton
from engine.optimum.run import OptimumSettings, approach_optimum
from engine.optimum.saddle_cpu import CpuSaddle
from engine.optimum.saddle_point import Saddle, cold_start
from engine.optimum.saddle_triton import TritonSaddle
from tests.oracles import random_problem
from tests.pretended_device import pretended_cuda

KINDS = {
    "4 moves, walls": {"neighbours": 4, "walls": 0.3},
    "8 moves, 2 routes": {"neighbours": 8, "routes": 2},
    "entered, half turn, locked": {
        "neighbours": 8,
        "cost_rule": "entered",
        "symmetry": "half_turn",
        "locked": 0.1,
    },
    "quarter turn, one open": {
        "neighbours": 8,
        "corner_rule": "one_open",
        "symmetry": "quarter_turn",
        "routes": 2,
    },
}


def found() -> dict[str, object]:
    """All of it."""
    return {"differences": _differences(), "projections": _projections(), **_on_a_device()}


def _projections() -> dict[str, list[float]]:
    """How far repeated steps onto admissible maps are from the projection, for groups with bounds of their own."""
    rng = np.random.default_rng(0)
    plain = random_problem(4, 9, symmetry="left_right", locked=0.2)
    size = plain.admissible.size
    lower = rng.uniform(0.2, 1.0, size.size)
    upper = lower + rng.uniform(0.0, 2.0, size.size)
    loads = torch.tensor(rng.uniform(0.0, 100.0, (2, *plain.grid.shape)))
    cost = torch.tensor(plain.cost_map)
    sigma, since = torch.ones(1, dtype=torch.float64), torch.zeros(1, dtype=torch.float64)
    found: dict[str, list[float]] = {}
    for share in (0.0, 0.01, 0.5, 1.0):
        budget = float(size @ (lower + share * (upper - lower)))
        admissible = replace(plain.admissible, lower=lower, upper=upper, budget=budget)
        wanted = admissible.nearest((cost + loads.sum(dim=0)).numpy())
        projection, new = TritonProjection(admissible, "cpu", 1e-12), torch.tensor(wanted + 1.0)
        errors = found.setdefault(str(share), [])
        for _ in range(4):
            projection.step(cost, loads, sigma, new, cost, since, halpern=False)
            errors.append(float(np.abs(new.numpy() - wanted)[admissible.group != FIXED].max()))
    return found


def _differences() -> dict[str, dict[str, float]]:
    """How far a point of the fused kernels is from the compiled loops', on several maps."""
    # Several levels of several pieces even on these small maps, with sparse products between.
    small = mock.patch.object(multigrid, "COARSEST", 2), mock.patch.object(multigrid_triton, "DENSE", 6)
    with small[0], small[1], mock.patch.object(saddle_triton, "MANY", 2):
        return {name: _difference(random_problem(3, 9, **kinds)) for name, kinds in KINDS.items()}


def _difference(problem: Problem) -> dict[str, float]:
    start = cold_start(problem)
    cpu, triton = CpuSaddle(problem, start), TritonSaddle(problem, start, "cpu:0")
    first, second = (np.array(_iterated(saddle)) for saddle in (cpu, triton))
    here, there = cpu.point(), triton.point()
    found = {"step": float(np.abs(first - second).max())}
    for field in ("flow", "potentials", "cost_map", "balance"):
        ours, theirs = getattr(here, field), getattr(there, field)
        assert np.array_equal(np.isnan(ours), np.isnan(theirs))
        assert np.abs(np.nan_to_num(ours)).max() > 1e-3
        found[field] = float(np.nanmax(np.abs(ours - theirs)))
    return found


def _iterated(saddle: Saddle) -> list[float]:
    saddle.advance(2)
    lengths = [saddle.step_length()]
    saddle.restart()
    saddle.advance(2)
    return [*lengths, saddle.step_length()]


def _on_a_device() -> dict[str, object]:
    """What happens on a pretended device in a whole run, and in some iterations by themselves."""
    problem = random_problem(2, 8, routes=2, walls=0.1)
    with pretended_cuda() as recording:
        for _ in approach_optimum(problem, OptimumSettings(1e-9, 4, device="cuda")):
            pass
        saddle = TritonSaddle(problem, cold_start(problem), "cuda")
        recording.reads.clear()
        launches: Counter[str] = Counter()
        launch = GridExecutor.__call__

        def counted(executor: Any, *arguments: Any, **options: Any) -> None:
            launches[executor.fn.__name__] += 1
            launch(executor, *arguments, **options)

        with mock.patch.object(GridExecutor, "__call__", counted):
            saddle.advance(3)
        reads = dict(recording.reads)
        saddle.step_length()
    return {
        "mixed": recording.mixed,
        "reads in 3 iterations": reads,
        "launches in 3 iterations": launches,
        "reads of a step's length": sum(recording.reads.values()) - sum(reads.values()),
    }
