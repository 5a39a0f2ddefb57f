"""Refusals: each names what is wrong, and what to change."""

from dataclasses import replace

import numpy as np
import pytest

from engine.arranging.problem import Arrangement, Limits, TravelClass
from engine.arranging.run import arrange
from engine.core.errors import ProblemError
from engine.cost_maps.problem import Route

TERRAIN = np.array([[0, 1, 0, 0], [0, 1, 1, 0], [0, 0, 1, 0]])
WALKER = TravelClass("walker", np.array([1.0, 3.0]), (Route((0, 0), (0, 3)),))
GOOD = Arrangement(TERRAIN, (WALKER,))


def with_class(**changes) -> Arrangement:
    return replace(GOOD, classes=(replace(WALKER, **changes),))


def with_limits(**limits) -> Arrangement:
    return replace(GOOD, limits=Limits(**limits))


@pytest.mark.parametrize(
    ("problem", "subject", "words"),
    [
        (replace(GOOD, classes=()), "class", "no movement class"),
        (replace(GOOD, terrain=TERRAIN + 1), "terrain", "has terrain 2, but there are 2"),
        (replace(GOOD, terrain=np.full((3, 4), -1)), "terrain", "no tile"),
        (with_class(costs=np.array([1.0, 0.0])), "class", "pays 0.0 on terrain 1"),
        (with_class(costs=np.array([1.0, np.nan])), "class", "pays nan on terrain 1"),
        (with_class(costs=np.array([1.0])), "terrain", "has terrain 1, but there are 1"),
        (with_class(routes=()), "route", "no route"),
        (with_class(routes=(Route((0, 0), (0, 9)),)), "route", "outside the map"),
        (with_class(routes=(Route((0, 0), (0, 0)),)), "route", "starts at its goal"),
        (with_class(routes=(Route((0, 0), (0, 3), -1.0),)), "route", "weight -1.0"),
        (with_class(costs=np.array([1.0, np.inf]), routes=(Route((0, 1), (0, 3)),)), "route", "cannot go"),
        (replace(GOOD, aim="target"), "objective", "no target"),
        (with_limits(counts=np.array([[1, 2], [1, 2]])), "counts", "the map has 12"),
        (with_limits(counts=np.array([[5, 2], [1, 9]])), "counts", "swap"),
        (with_limits(locked=np.ones((3, 4), dtype=bool)), "locked", "no tile may change"),
        (with_limits(locked=TERRAIN == 1, counts=np.array([[10, 10], [2, 2]])), "counts", "4 tiles of terrain 1"),
        (with_limits(symmetry="diagonal"), "symmetry", "square"),
        (with_limits(most_changed=1.5), "most_changed", "between 0 and 1"),
        (with_limits(free_zone=-1.0), "free_zone", "0 or more"),
        (with_limits(allowed=np.zeros((2, 3, 4), dtype=bool)), "counts", "no arrangement keeps all limits"),
        (with_limits(symmetry="left_right", most_changed=0.0), "most_changed", "have to change"),
    ],
)
def test_a_bad_problem_is_refused_before_the_first_step(problem, subject, words):
    with pytest.raises(ProblemError, match=words) as refusal:
        next(arrange(problem))
    assert refusal.value.subject == subject


def test_a_class_without_a_way_is_named():
    wall = np.array([[0, 0, 1, 0], [0, 0, 1, 0], [0, 0, 1, 0]])
    problem = replace(with_class(costs=np.array([1.0, np.inf])), terrain=wall)
    with pytest.raises(ProblemError, match="walker cannot get from"):
        next(arrange(problem))


def test_refusals_with_one_remedy_suggest_it():
    for problem, setting, value in (
        (with_limits(symmetry="diagonal"), "symmetry", "none"),
        (with_limits(counts=np.array([[1, 2], [1, 2]])), "counts", None),
        (with_limits(most_changed=-0.1), "most_changed", 1.0),
    ):
        with pytest.raises(ProblemError) as refusal:
            next(arrange(problem))
        fix = refusal.value.fix
        assert fix is not None
        assert (fix.setting, fix.value) == (setting, value)
