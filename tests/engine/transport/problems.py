"""Weighted points and the settings of their solves."""

import numpy as np

from engine.core.status import Status
from engine.transport.costs import Kind, PointCost
from engine.transport.problem import Balanced, TransportProblem
from engine.transport.settings import TransportSettings
from engine.transport.sinkhorn import solve_transport

DEVICES = ["cpu", "cpu:0"]  # compiled loops, and torch
TIGHT = TransportSettings(0.05, 1e-12)


def layouts(seed: int, n: int, m: int, dimensions: int = 2, uniform: bool = False):
    """Weights a, b of total 1 and positions."""
    rng = np.random.default_rng(seed)
    a, b = (np.ones(n), np.ones(m)) if uniform else (rng.random(n) + 0.1, rng.random(m) + 0.1)
    return a / a.sum(), b / b.sum(), rng.random((n, dimensions)), rng.random((m, dimensions)) * 0.7 + 0.3


def solve(a, b, sources, targets, settings=TIGHT, relaxation=None, kind: Kind = "squared"):
    problem = TransportProblem(a, b, PointCost(sources, targets, kind), relaxation or Balanced())
    result = solve_transport(problem, settings)
    assert result.status is Status.CONVERGED
    return result
