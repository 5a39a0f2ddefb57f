"""Several layouts, totals, weights that move, and the exact plan at the end."""

import numpy as np
import pytest

from engine.core.errors import ProblemError
from engine.core.status import Status
from engine.matching.ground_cost import Given
from engine.matching.limits import Limits
from engine.matching.problem import MatchProblem, PointSet
from tests.engine.matching.problems import OPEN, cells, farthest_from, problem_of, run
from tests.present import present


def test_layouts_that_share_a_target_do_not_share_places():
    target = cells(17, 20)
    layouts = tuple(PointSet(name, cells(seed, 10)) for name, seed in (("red", 18), ("blue", 19)))
    last = run(MatchProblem(layouts, (PointSet("loot", target),), Limits(OPEN)))[-1]
    assert farthest_from(np.concatenate(last.positions), target) <= 1e-2


@pytest.mark.slow
def test_layouts_with_targets_of_their_own_move_as_if_alone():
    pairs = [(PointSet("red", cells(20, 9)), cells(21, 9)), (PointSet("blue", cells(22, 14)), cells(23, 14))]
    both = MatchProblem(
        tuple(layout for layout, _ in pairs),
        tuple(PointSet(f"for {layout.name}", target) for layout, target in pairs),
        Limits(OPEN),
    )
    last = run(both)[-1]
    for number, (_, target) in enumerate(pairs):
        assert farthest_from(last.positions[number], target) <= 1e-2
    lines = last.plan_lines(23)
    assert sorted(zip(lines.layouts.tolist(), lines.points.tolist(), strict=True)) == [
        (layout, point) for layout, size in ((0, 9), (1, 14)) for point in range(size)
    ]
    assert (lines.layouts == lines.targets).all()


def test_plan_lines_are_the_largest_couplings():
    iterate = run(problem_of(cells(24, 10), cells(25, 12), totals="scale"), steps=10)[3]
    lines, plan = iterate.plan_lines(15), iterate.results[0].plan()
    np.testing.assert_array_equal(lines.mass, np.sort(plan.ravel())[::-1][:15])
    np.testing.assert_array_equal(plan[lines.points, lines.target_points], lines.mass)


def test_totals_are_a_choice():
    start, target = cells(26, 8), cells(27, 16)
    with pytest.raises(ProblemError, match="'spawns' and target 'loot' differ in total weight, 8 and 16"):
        run(problem_of(start, target))
    scaled = run(problem_of(start, target, totals="scale"), steps=5)[-1]
    assert scaled.results[0].columns.sum() == pytest.approx(8.0)
    partial = run(problem_of(start, target, totals="partial"))[-1]
    assert partial.results[0].rows.sum() == pytest.approx(8.0, rel=1e-5)
    # Eight of the sixteen are taken, each by one point.
    apart = np.linalg.norm(partial.positions[0][:, None] - target[None], axis=2)
    assert apart.min(axis=1).max() <= 2e-2
    assert len(set(apart.argmin(axis=1).tolist())) == 8
    unbalanced = run(problem_of(start, target, totals="unbalanced", give_up=5.0), steps=60)[-1]
    assert 4.0 < unbalanced.results[0].rows.sum() < 16.0
    assert unbalanced.exact_cost is None


def test_the_exact_plan_at_the_end_tells_near_targets_apart():
    """On a map of 100², the blur that the solver copes with is as wide as the whole cluster of targets."""
    target = np.argwhere(np.ones((3, 3))) + 40.0
    start = cells(45, 15, np.ones((100, 100), dtype=bool))
    limits = Limits(np.ones((100, 100), dtype=bool))
    last = run(problem_of(start, target, limits, totals="partial"))[-1]
    assert last.status is Status.CONVERGED
    apart = np.linalg.norm(last.positions[0][:, None] - target[None], axis=2)
    assert apart.min(axis=0).max() <= 1e-2


def test_unbalanced_points_too_far_away_stay():
    start = np.array([[2.0, 2.0], [3.0, 5.0], [21.0, 21.0]])
    target = np.array([[2.0, 3.0], [4.0, 5.0]])
    last = run(problem_of(start, target, totals="unbalanced", give_up=2.0))[-1]
    assert np.abs(last.positions[0][2] - start[2]).max() < 0.5
    assert farthest_from(last.positions[0][:2], target) < 0.5


@pytest.mark.slow
def test_weights_move_to_where_they_are_wanted():
    """Points stay on the target's, weights start equal: they become the target's."""
    where = cells(28, 8)
    wanted = np.random.default_rng(29).uniform(0.2, 3.0, 8)
    wanted *= 8.0 / wanted.sum()
    problem = MatchProblem(
        (PointSet("spawns", where),), (PointSet("loot", where, wanted),), Limits(OPEN), move="weights"
    )
    last = run(problem)[-1]
    assert (last.positions[0] == where).all()
    assert last.weights[0].sum() == pytest.approx(8.0, rel=1e-12)
    np.testing.assert_allclose(last.weights[0], wanted, atol=5e-3)
    assert present(last.exact_cost) <= 0.05 * 8.0
    # Also under a blur as wide as the layout's gaps, which the layout's own term takes back.
    blurred = run(problem, steps=600, blur_start=4.0, blur_end=4.0, tolerance=1e-5)[-1]
    np.testing.assert_allclose(blurred.weights[0], wanted, atol=0.02)


@pytest.mark.slow
def test_positions_and_weights_move_together():
    wanted = np.random.default_rng(42).uniform(0.5, 2.0, 10)
    wanted *= 10.0 / wanted.sum()
    target = PointSet("loot", cells(43, 10), wanted)
    moving = PointSet("spawns", cells(44, 10))
    ends = {}
    for move in ("positions", "both"):
        ends[move] = run(MatchProblem((moving,), (target,), Limits(OPEN), move=move))[-1]
        assert ends[move].weights[0].sum() == pytest.approx(10.0, rel=1e-12)
    assert ends["both"].exact_cost < 0.5 * ends["positions"].exact_cost


@pytest.mark.slow
def test_a_matrix_draws_weights_to_the_cheapest_points():
    """With costs that do not depend on the target, all weight goes to the cheapest point."""
    costs = np.array([[3.0, 3.0], [1.0, 1.0], [2.0, 2.0]])
    fixed = np.array([False, False, True])
    problem = MatchProblem(
        (PointSet("spawns", cells(1, 3), fixed=fixed),),
        (PointSet("loot", cells(2, 2), np.array([1.0, 2.0])),),
        Limits(OPEN),
        ground=Given(costs),
        move="weights",
    )
    last = run(problem, steps=400)[-1]
    np.testing.assert_allclose(last.weights[0], [0.0, 2.0, 1.0], atol=0.01)
    assert last.transport_cost == pytest.approx(2.0 * 1.0 + 1.0 * 2.0, abs=0.05)
