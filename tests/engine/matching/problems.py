"""Layouts, targets and runs on a small open map."""

from dataclasses import replace

import numpy as np
from scipy.optimize import linear_sum_assignment

from engine.matching.iterate import MatchSettings
from engine.matching.limits import Limits
from engine.matching.problem import MatchProblem, PointSet
from engine.matching.run import match_points

SIDE = 24
OPEN = np.ones((SIDE, SIDE), dtype=bool)


def cells(seed, count, passable=OPEN):
    """Distinct passable cell centres."""
    free = np.argwhere(passable).astype(float)
    return free[np.random.default_rng(seed).choice(len(free), count, replace=False)]


def problem_of(start, target, limits=None, **options):
    return MatchProblem(
        (PointSet("spawns", start),), (PointSet("loot", target),), limits or Limits(OPEN), **options
    )


def run(problem, state=None, **settings):
    iterates = list(match_points(problem, MatchSettings(**settings), state))
    assert iterates[-1].status is not None
    assert all(iterate.status is None for iterate in iterates[:-1])
    return iterates


def farthest_from(positions, target):
    """Largest distance of a best one-to-one assignment."""
    apart = np.linalg.norm(positions[:, None] - target[None], axis=2)
    rows, cols = linear_sum_assignment(apart**2)
    return apart[rows, cols].max()


def layout(name="spawns", **change):
    return (replace(PointSet(name, cells(1, 5)), **change),)
