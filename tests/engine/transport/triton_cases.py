"""What `test_streaming_triton` looks at, computed in Triton's interpreter."""

from dataclasses import replace
from typing import Any
from unittest import mock

import numpy as np
import torch

from engine.transport import semidual_triton, streaming_triton, torch_solver
from engine.transport.core import NormalisedProblem
from engine.transport.costs import Kind, PointCost
from engine.transport.kernel_torch import GibbsKernel, StoredKernel
from engine.transport.problem import Balanced, Partial, Relaxation, TransportProblem, Unbalanced
from engine.transport.result import TransportResult
from engine.transport.semidual_torch import SemiDual
from engine.transport.semidual_triton import FusedSemiDual
from engine.transport.settings import TransportSettings
from engine.transport.sinkhorn import solve_transport, solve_transports
from engine.transport.streaming_triton import Arithmetic, StreamingKernel
from tests.engine.transport.problems import layouts
from tests.present import present

EPSILON = 0.2
# Potentials that float32 rounds to 1.5e-5: what is lost there has to be made good.
FAR = 300.0
# Dimensions, cost, slack points, arithmetic.
KERNELS: tuple[tuple[int, Kind, bool, Arithmetic], ...] = (
    (2, "squared", False, "single"),
    (2, "distance", True, "mixed"),
    (2, "squared", True, "double"),
    (3, "distance", False, "double"),
)


def results() -> dict[str, Any]:
    """All of the following: starting an interpreter takes seconds."""
    return {"products": product_errors(), "vectors": vector_errors(), "solves": solves()}


def product_errors() -> dict[str, float]:
    """How far results of streaming kernels are from those of stored float64 ones, relative to the largest."""
    errors: dict[str, float] = {}
    # Several blocks, tiles and chunks even of few points, as even interpreted programs take milliseconds.
    with mock.patch.multiple(streaming_triton, HERE=16, THERE=16, TILES=1, PROGRAMS=1):
        for dimensions, kind, slack, arithmetic in KERNELS:
            problems = [normalised(seed, dimensions, kind, slack) for seed in range(2)]
            streaming = StreamingKernel(problems, arithmetic, "cpu:0")
            stored = _results(StoredKernel(problems, torch.float64, "cpu:0"))
            case = f"{dimensions} {kind} {'slack ' * slack}{arithmetic}"
            for name, found in _results(streaming).items():
                error = (found - stored[name]).abs().max() / stored[name].abs().max()
                errors[f"{name}, {case}"] = float(error)
    return errors


def normalised(seed: int, dimensions: int, kind: Kind, slack: bool) -> NormalisedProblem:
    """Two sets of points, some without weight."""
    a, b, sources, targets = layouts(seed, 20, 40, dimensions)
    a[3], b[5:7] = 0.0, 0.0
    more = [0.3] if slack else []
    a, b = np.append(a, more), np.append(b, more)
    shape = a / a.sum(), b / b.sum(), sources.T.copy(), targets.T.copy()
    return NormalisedProblem(*shape, np.empty((0, 0)), kind == "squared", np.inf, 2.0)


def _results(kernel: GibbsKernel) -> dict[str, torch.Tensor]:
    """Everything that a kernel computes, at potentials apart from those where it was formed."""
    rng = np.random.default_rng(0)
    n, m = kernel.shift.shape[1], kernel.formed_at.shape[1]
    gamma, x, y = (torch.tensor(rng.random((2, size))) for size in (m, m, n))
    gamma = FAR + 3.0 * gamma
    kernel.form(gamma, torch.tensor([[EPSILON], [0.5 * EPSILON]], dtype=torch.float64))
    # Streaming kernels are formed at rounded potentials, and say so.
    v, scale = torch.exp(gamma - kernel.formed_at), torch.exp(kernel.shift - FAR)
    columns, squares = kernel.transposed_with_squares(y * scale, y * scale * scale)
    cost, by_sources, by_targets = kernel.moments(y * scale, v)
    return {
        "times": scale * kernel.times(x * v),
        "transposed": v * kernel.transposed(y * scale),
        "transposed, with squares": v * columns,
        "squares": v * v * squares,
        "soft columns": kernel.soft_columns(torch.log(y)),
        "cost": cost,
        "by sources": by_sources,
        "by targets": by_targets,
    }


def vector_errors() -> dict[str, float]:
    """How far a fused evaluation, sweep and direction are from torch's, relative to the largest entry."""
    errors: dict[str, float] = {}
    rng = np.random.default_rng(1)
    gamma, step = (torch.tensor(rng.random((2, 40))) for _ in range(2))
    # Several blocks even of few points.
    with mock.patch.multiple(semidual_triton, BLOCK=16, SHARED_BLOCK=16):
        for strength in (np.inf, 0.5):
            problems = [replace(normalised(seed, 2, "squared", False), strength=strength) for seed in range(2)]
            found: list[dict[str, torch.Tensor]] = []
            for kind in (SemiDual, FusedSemiDual):
                semidual = kind(problems, StoredKernel(problems, torch.float64, "cpu:0"), "cpu:0")
                semidual.epsilon = semidual.tensor(np.array([[EPSILON], [0.5 * EPSILON]]))
                semidual.form(torch.zeros_like(gamma))
                now = semidual.evaluate(gamma, step)
                direction = semidual.direction(now, np.array([True, True]), np.array([1e-9, 1e-6]))
                numbers = {"numbers": torch.tensor(np.stack([*now[9:], direction.slope, direction.longest]))}
                vectors = {name: getattr(now, name) for name in now._fields[1:9]}
                moved = {"swept": semidual.swept(now), "direction": direction.step}
                found.append({**vectors, **moved, **numbers, "passes": torch.tensor([float(direction.passes)])})
            for name, expected in found[0].items():
                error = (found[1][name] - expected).abs().max() / expected.abs().max()
                errors[f"{name}, {strength}"] = float(error)
    return errors


CASES: tuple[tuple[Kind, Relaxation], ...] = (
    ("squared", Balanced()),
    ("distance", Unbalanced(0.1)),
    ("squared", Partial(0.5)),
)


def solves() -> dict[str, dict[str, float | str]]:
    """How far solutions are from those of the compiled loops."""
    fused = mock.patch.object(torch_solver, "runs_triton", return_value=True)
    stored = mock.patch.object(torch_solver, "StoredKernel", side_effect=AssertionError("not streaming"))
    with fused, stored, mock.patch.object(streaming_triton, "HERE", 64):
        return _solves()


def _solves() -> dict[str, dict[str, float | str]]:
    found: dict[str, dict[str, float | str]] = {}
    for kind, relaxation in CASES:
        problem = _problem(1, kind, relaxation)
        ours = solve_transport(problem, TransportSettings(EPSILON, device="cpu:0"))
        found[f"{relaxation}, {kind}"] = _differences(problem, ours)
    problem = _problem(2, "distance", Balanced())
    tight = solve_transport(problem, TransportSettings(EPSILON, 1e-11, device="cpu:0"))
    found["tight"] = _differences(problem, tight)
    batch = [_problem(seed, "squared", Unbalanced(0.3)) for seed in range(3)]
    together = solve_transports(batch, TransportSettings(EPSILON, device="cpu:0"))
    for number, (problem, ours) in enumerate(zip(batch, together, strict=True)):
        found[f"batch, {number}"] = _differences(problem, ours)
    return found


def _problem(seed: int, kind: Kind, relaxation: Relaxation) -> TransportProblem:
    a, b, sources, targets = layouts(seed, 30, 40)
    a[3], b[5:7] = 0.0, 0.0
    if isinstance(relaxation, Balanced):
        a, b = a / a.sum(), b / b.sum()
    return TransportProblem(a, b, PointCost(sources, targets * (1.0 + seed), kind), relaxation)


def _differences(problem: TransportProblem, ours: TransportResult) -> dict[str, float | str]:
    cpu = solve_transport(problem, TransportSettings(EPSILON, 1e-12))
    return {
        "status": ours.status.name,
        "regularised cost": abs(ours.regularised_cost - cpu.regularised_cost),
        "transport cost": abs(ours.transport_cost - cpu.transport_cost),
        "plan": float(np.abs(ours.plan() - cpu.plan()).sum()),
        "by_sources": float(np.abs(present(ours.by_sources) - present(cpu.by_sources)).max()),
        "by_targets": float(np.abs(present(ours.by_targets) - present(cpu.by_targets)).max()),
        "by_a": float(np.abs(ours.by_a - cpu.by_a).max()),
    }
