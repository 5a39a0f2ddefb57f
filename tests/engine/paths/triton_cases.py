"""Lanes of soft paths, for tests of the fused kernels."""

import numpy as np
import torch

from engine.paths.bregman_triton import Lanes, flat_cells
from engine.paths.exact import distances_to


def beginnings(problem):
    """The potentials that a solve begins with, and where they are finite."""
    fields = [distances_to(problem.grid, problem.cost_map, goal) for goal in problem.goals]
    reachable = np.stack([np.isfinite(field.distance) for field in fields])
    ends = zip(fields, problem.starts, strict=True)
    return reachable, np.stack([np.minimum(f.distance, f.distance[start]) for f, start in ends])


def lanes_of(problem, maps, wide=True):
    """Lanes of the first route on several maps: lane l on the l-th."""
    reachable, first = beginnings(problem)
    own = torch.arange(len(maps), dtype=torch.int32)
    width = problem.grid.shape[1]
    start, goal = (torch.tensor(flat_cells([ends[0]], width)) for ends in (problem.starts, problem.goals))
    return Lanes(
        potentials=torch.tensor(np.stack([np.where(reachable, first, 0.0)[0]] * len(maps))),
        prices=torch.tensor(np.stack(maps)),
        legal=torch.tensor(np.where(reachable, problem.grid.legal, 0)[:1].astype(np.uint8)),
        price_of=own,
        legal_of=torch.zeros_like(own),
        start=start.int().repeat(len(maps)),
        goal=goal.int().repeat(len(maps)),
        relaxation=torch.full((len(maps),), 1.6, dtype=torch.float64),
        epsilon=torch.full((len(maps),), 0.1, dtype=torch.float64),
        moves=8,
        mean=True,
        wide=wide,
    )
