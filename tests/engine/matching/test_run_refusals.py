"""What no run can start with is refused in a sentence."""

from dataclasses import replace

import numpy as np
import pytest

from engine.core.errors import ProblemError
from engine.core.grid import Grid
from engine.matching.ground_cost import Given, Walking
from engine.matching.iterate import MatchSettings
from engine.matching.limits import Limits
from engine.matching.problem import Density
from engine.matching.run import match_points
from tests.engine.matching.problems import OPEN, SIDE, cells, farthest_from, layout, problem_of, run


def refused(words, **change):
    problem = replace(problem_of(cells(1, 5), cells(2, 5)), **change)
    with pytest.raises(ProblemError, match=words):
        next(iter(match_points(problem)))


def test_bad_input_is_a_sentence_that_names_the_layout_and_the_point():
    nan, off = cells(1, 5), cells(1, 5)
    nan[3, 1], off[2, 0] = np.nan, -0.6
    refused(r"point 3 of layout 'spawns' lies at \(.*nan\)", layouts=layout(positions=nan))
    refused(r"point 3 of layout 'loot' lies at", targets=layout("loot", positions=nan))
    refused(r"point 2 of layout 'spawns', at .* lies outside the map of 24 rows", layouts=layout(positions=off))
    refused("layout 'spawns' is empty", layouts=layout(positions=np.zeros((0, 2))))
    refused("layout 'loot' is empty", targets=layout("loot", positions=np.zeros((0, 2))))
    refused("point 1 of layout 'spawns' has weight -2", layouts=layout(weights=np.array([1, -2.0, 1, 1, 1])))
    refused(
        "point 4 of layout 'loot' has weight nan", targets=layout("loot", weights=np.array([1, 1, 1, 1, np.nan]))
    )
    refused("all points of layout 'spawns' have weight 0", layouts=layout(weights=np.zeros(5)))
    refused("its weights are \\(3,\\)", layouts=layout(weights=np.ones(3)))
    refused("have the key 1", layouts=layout(keys=np.array([1, 1, 2, 3, 4])))
    refused("two layouts are named 'spawns'", layouts=layout() + layout())
    refused("there is no layout to move", layouts=())
    refused("there are 1 layouts and 2 targets", targets=layout("a") + layout("b"))
    refused("must be \\(points, 2\\)", layouts=layout(positions=np.zeros((5, 3))))
    row, col = cells(1, 5)[1].astype(int)
    walls = OPEN.copy()
    walls[row, col] = False
    refused("point 1 of layout 'spawns', at .* lies in a wall", limits=Limits(walls))
    refused("differ in total weight, 5 and 10", targets=layout("loot", weights=np.full(5, 2.0)))
    refused("a mass of 9 cannot be matched", totals="partial", mass=9.0)
    refused("distance to give up at is 0", totals="unbalanced", give_up=0.0)
    refused("density 'heat' is \\(2, 2\\)", targets=(Density("heat", np.ones((2, 2))),))
    refused("density 'heat' is 0 on every cell", targets=(Density("heat", np.zeros((SIDE, SIDE))),))
    cold = np.ones((SIDE, SIDE))
    cold[4, 7] = -1.0
    refused("density 'heat' is -1.0 at cell \\(row 4, col 7\\)", targets=(Density("heat", cold),))
    refused("a cost matrix serves to move weights", ground=Given(np.ones((5, 5))))
    refused("cell \\(row 4, col 7\\) costs -1.0", ground=Walking(Grid(OPEN), cold))
    refused("walls of the walking distances", ground=Walking(Grid(walls), np.ones_like(cold)))
    with pytest.raises(ProblemError, match="blur_end is 0"):
        next(iter(match_points(problem_of(cells(1, 5), cells(2, 5)), MatchSettings(blur_end=0.0))))


def test_layouts_walled_off_from_their_target_are_refused():
    passable = OPEN.copy()
    passable[:, 12] = False
    ground = Walking(Grid(passable), np.ones_like(passable, dtype=float))
    left, right = np.array([[3.0, 3.0], [5.0, 5.0]]), np.array([[4.0, 16.0], [7.0, 20.0]])
    with pytest.raises(ProblemError, match="no way leads from point 0 of layout 'spawns', in cell"):
        run(problem_of(left, right, Limits(passable), ground=ground))
    mixed, other = np.concatenate([left, right[:1]]), np.concatenate([left[:1] + 1.0, right])
    with pytest.raises(ProblemError, match="walls close off the part of the map around point"):
        run(problem_of(mixed, other, Limits(passable), ground=ground))
    last = run(problem_of(mixed, mixed[::-1] + 1.0, Limits(passable), ground=ground))[-1]
    assert farthest_from(last.positions[0], mixed + 1.0) <= 1e-2
