"""Matching: closed forms, limits kept at every step, the same bytes, edits during a run, and refusals."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.optimize import linear_sum_assignment

import engine.matching.plans
import engine.matching.run
from engine.core.errors import ProblemError
from engine.core.grid import Grid
from engine.core.status import Status
from engine.matching.ground_cost import Given, Straight, Walking, cells_of
from engine.matching.iterate import MatchSettings
from engine.matching.limits import Limits, inside
from engine.matching.plans import PlanOptions
from engine.matching.problem import Density, MatchProblem, PointSet, check_matching, density_points
from engine.matching.run import match_points
from engine.matching.state import carried_over
from engine.matching.symmetry import turns_of
from engine.paths.exact import distances_to
from engine.transport.costs import PointCost
from engine.transport.problem import TransportProblem
from engine.transport.settings import TransportSettings
from engine.transport.sinkhorn import solve_transport
from tests.present import present

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


@pytest.mark.slow
@pytest.mark.parametrize("power", [1, 2])
def test_a_layout_comes_to_lie_on_its_target(power):
    start, target = cells(1, 30), cells(2, 30)
    iterates = run(problem_of(start, target, ground=Straight(power)))
    first, last = iterates[0], iterates[-1]
    assert farthest_from(last.positions[0], target) <= 1e-2
    assert last.status is Status.CONVERGED
    assert last.marginal_error <= 1e-6
    rows, cols = linear_sum_assignment(np.linalg.norm(start[:, None] - target[None], axis=2) ** power)
    assignment = (np.linalg.norm(start[rows] - target[cols], axis=1) ** power).sum()
    assert first.exact_cost == pytest.approx(assignment, rel=1e-9)
    assert last.exact_cost < 1e-3 * assignment
    # A plan with blur costs more than the exact one, up to the error of its marginals.
    assert first.transport_cost > present(first.exact_cost) * (1.0 - 1e-3)
    assert first.step == 0
    assert [iterate.step for iterate in iterates] == list(range(len(iterates)))
    assert (first.positions[0] == start).all()


def test_equal_layouts_stay():
    start = cells(3, 25)
    for power in (1, 2):
        for iterate in run(
            problem_of(start, start[::-1].copy(), ground=Straight(power)), steps=30, blur_start=5.0
        ):
            assert np.abs(iterate.positions[0] - start).max() <= 2e-3


def test_a_shifted_layout_is_shifted_as_a_whole():
    """Squared distance: the way of every point is the shift, at every blur, and the cost is its square."""
    rng = np.random.default_rng(4)
    start, shift = rng.uniform(4, 12, (20, 2)), np.array([5.0, 3.0])
    iterates = run(problem_of(start, start + shift), moving_tolerance=1e-9, final_tolerance=1e-9)
    assert iterates[0].exact_cost == pytest.approx(20 * (shift**2).sum(), rel=1e-9)
    for iterate in iterates:
        moved = iterate.positions[0] - start
        np.testing.assert_allclose(moved, np.broadcast_to(moved.mean(axis=0), moved.shape), atol=1e-4)
        np.testing.assert_allclose(moved[0] @ [3.0, -5.0], 0.0, atol=1e-3)
    np.testing.assert_allclose(iterates[-1].positions[0], start + shift, atol=1e-3)


def test_a_turned_problem_has_the_turned_run():
    start, target = cells(5, 12) + 0.01, cells(6, 12)
    middle = 0.5 * (SIDE - 1)
    turn = turns_of("quarter_turn")[2]
    plain = run(problem_of(start, target), steps=25)
    turned = run(problem_of((start - middle) @ turn.T + middle, (target - middle) @ turn.T + middle), steps=25)
    for one, other in zip(plain, turned, strict=True):
        np.testing.assert_allclose((one.positions[0] - middle) @ turn.T + middle, other.positions[0], atol=1e-5)


def test_on_a_line_it_is_torchs_adam():
    """With one coordinate the second moment by length is the usual one."""
    rng = np.random.default_rng(0)
    gradients = rng.normal(size=(12, 5))
    theta = torch.zeros(5, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.Adam([theta], lr=0.3, betas=engine.matching.run.BETAS, eps=0.2)
    mean, square, here = np.zeros((5, 2)), np.zeros(5), np.zeros((5, 2))
    for number, gradient in enumerate(gradients, 1):
        theta.grad = torch.tensor(gradient)
        optimiser.step()
        along = np.stack([gradient, np.zeros(5)], axis=1)
        mean, square, towards = engine.matching.run._adam(mean, square, along, gradient**2, number, 0.2)
        here = here - 0.3 * towards
        np.testing.assert_allclose(here[:, 0], theta.detach().numpy(), atol=1e-12)


def test_the_gradient_is_that_of_the_divergence():
    """Finite differences of OT(x, y) − ½ OT(x, x), solved anew, against what a step goes by."""
    rng = np.random.default_rng(7)
    start, target = rng.uniform(2, 20, (6, 2)), rng.uniform(2, 20, (5, 2))
    weights = rng.uniform(0.5, 2.0, 6)
    layout = PointSet("spawns", start, weights)
    problem = MatchProblem((layout,), (PointSet("loot", target),), Limits(OPEN), totals="scale")
    settings = MatchSettings(final_tolerance=1e-12, moving_tolerance=1e-12, blur_end=4.0)
    runner = engine.matching.run._Run(problem, settings, None)
    state, _ = runner.start()

    def look(positions):
        return runner._plans_at(replace(state, positions=positions), PlanOptions(4.0, 1e-12, 5_000, "cpu"))

    def value(positions):
        taken = look(positions)
        own = solve_transport(
            TransportProblem(weights, weights, PointCost(positions, positions)),
            TransportSettings(taken.results[0].epsilon, 1e-12),
        )
        return taken.results[0].regularised_cost - 0.5 * own.regularised_cost

    taken = look(start)
    assert taken.results[0].epsilon == 16.0
    gradient = taken.gradient * 2.0 * weights[:, None]
    for i in range(6):
        for axis in (0, 1):
            step = np.zeros_like(start)
            step[i, axis] = 1e-4
            numeric = (value(start + step) - value(start - step)) / 2e-4
            assert gradient[i, axis] == pytest.approx(numeric, rel=1e-5, abs=1e-5)


def test_the_same_seed_gives_the_same_bytes():
    start = np.concatenate([cells(8, 10), np.full((6, 2), 5.0)])  # six in one place
    problem = problem_of(start, cells(9, 16))
    one, other = run(problem, steps=40, seed=3), run(problem, steps=40, seed=3)
    for a, b in zip(one, other, strict=True):
        assert a.positions[0].tobytes() == b.positions[0].tobytes()
        assert a.transport_cost == b.transport_cost
    third = run(problem, steps=40, seed=4)
    assert third[20].positions[0].tobytes() != one[20].positions[0].tobytes()


def test_points_in_one_place_part():
    start, target = np.full((9, 2), 11.0), cells(10, 9)
    assert farthest_from(run(problem_of(start, target))[-1].positions[0], target) <= 1e-2


def test_an_iterate_is_never_written_to_again():
    iterates = match_points(problem_of(cells(1, 12), cells(2, 12)), MatchSettings(steps=20))
    kept = [(iterate, iterate.positions[0].copy(), iterate.state.positions.copy()) for iterate in iterates]
    for iterate, positions, state in kept:
        assert (iterate.positions[0] == positions).all()
        assert (iterate.state.positions == state).all()


def walled(seed):
    """A map with two walls, each with a gap."""
    passable = OPEN.copy()
    passable[:18, 8] = passable[6:, 15] = False
    return passable


@pytest.mark.slow
@pytest.mark.parametrize("power", [1, 2])
def test_walking_layouts_go_around_walls_and_end_on_their_target(power):
    passable = walled(0)
    rng = np.random.default_rng(2)
    start = cells(3, 12, passable & (np.arange(SIDE) < 8))
    target = cells(4, 12, passable & (np.arange(SIDE) > 15))
    ground = Walking(Grid(passable), rng.uniform(0.5, 2.0, passable.shape), power)
    iterates = run(problem_of(start, target, Limits(passable), ground=ground), learning_rate=3.0)
    assert farthest_from(iterates[-1].positions[0], target) <= 1e-2
    for before, after in pairwise(iterates):
        assert inside(passable, after.positions[0]).all()
        # No step jumps a wall: on foot, its ends are no farther apart than a step and a diagonal or two.
        for one, other in zip(cells_of(before.positions[0]), cells_of(after.positions[0]), strict=True):
            on_foot = distances_to(ground.grid, np.ones(passable.shape), (int(one[0]), int(one[1])))
            assert on_foot.distance[tuple(other)] <= 3.0 * 2**0.5 + 3.0


SYMMETRIES = ("left_right", "top_bottom", "four_way", "half_turn", "quarter_turn", "diagonal")


@pytest.mark.slow
@pytest.mark.parametrize("symmetry", SYMMETRIES)
def test_limits_hold_at_every_step(symmetry):
    passable = OPEN.copy()
    passable[10:14, 10:14] = passable[3:5, 3:5] = passable[3:5, 19:21] = False
    passable[19:21, 3:5] = passable[19:21, 19:21] = False
    region = np.hypot(*np.indices(passable.shape) - 11.5) < 11.0
    limits = Limits(passable, region, symmetry)
    allowed = limits.allowed()
    start = cells(11, 16, allowed)
    fixed = np.arange(17) == 16
    layout = PointSet("spawns", np.concatenate([start, [[1.0, 12.0]]]), fixed=fixed)
    problem = MatchProblem((layout,), (PointSet("loot", cells(12, 17, passable)),), limits)
    turns, middle = turns_of(symmetry), 11.5
    for iterate in run(problem, steps=60)[1:]:
        moving, resting = iterate.positions[0][:16], iterate.positions[0][16]
        assert resting.tolist() == [1.0, 12.0]
        assert inside(allowed, moving).all()
        for turn in turns:
            image = (moving - middle) @ turn.T + middle
            assert np.abs(image[:, None] - moving[None]).max(axis=2).min(axis=1).max() < 1e-9


@pytest.mark.slow
@pytest.mark.parametrize("symmetry", ["none", "left_right"])
def test_spacing_and_cells_of_their_own_at_the_end(symmetry):
    limits = Limits(OPEN, symmetry=symmetry, spacing=2.0, snap=True)
    target = np.random.default_rng(13).normal(11.5, 2.0, (20, 2))
    last = run(problem_of(cells(14, 20), target, limits), steps=80)[-1]
    assert last.crowded == last.unsnapped == ()
    ends = last.positions[0]
    assert (ends == np.rint(ends)).all()
    apart = np.linalg.norm(ends[:, None] - ends[None], axis=2) + 9.0 * np.eye(20)
    assert apart.min() >= 2.0 - 1e-9
    kept = run(problem_of(cells(14, 20), target, replace(limits, snap=False)), steps=80)[-1].positions[0]
    apart = np.linalg.norm(kept[:, None] - kept[None], axis=2) + 9.0 * np.eye(20)
    assert apart.min() >= 2.0 - 1e-9


@pytest.mark.slow
def test_who_cannot_be_served_is_named():
    passable = np.ones((4, 4), dtype=bool)
    start = cells(1, 8, passable)
    last = run(problem_of(start, start, Limits(passable, spacing=3.5)), steps=5)[-1]
    assert last.crowded
    assert all(layout == 0 and 0 <= point < 8 for layout, point in last.crowded)
    assert "nearer than 3.5 cells" in last.sentence
    assert "'spawns'" in last.sentence
    few = np.zeros((4, 4), dtype=bool)
    few[0, :3] = True
    start = np.array([[0.0, 0.0], [0.0, 1.0], [0.0, 1.2], [0.0, 2.0]])
    last = run(problem_of(start, start, Limits(few, snap=True)), steps=5)[-1]
    assert len(last.unsnapped) == 1
    assert "no cell centre" in last.sentence


@pytest.mark.slow
def test_spreading_follows_the_density():
    """Shares of points in the quarters of the map are those of the heat, and twice as many where it doubles."""
    heat = np.ones((20, 20))
    heat[:, 10:] = 3.0
    start = cells(15, 40, np.ones((20, 20), dtype=bool) & (np.arange(20) < 5))
    problem = MatchProblem((PointSet("loot", start),), (Density("heat", heat),), Limits(heat > 0))
    iterates = run(problem)
    ends = iterates[-1].positions[0]
    assert (ends[:, 1] > 9.5).sum() == pytest.approx(30, abs=1)
    assert (ends[:, 0] > 9.5).sum() == pytest.approx(20, abs=1)
    apart = np.linalg.norm(ends[:, None] - ends[None], axis=2) + 99.0 * np.eye(40)
    assert apart.min() > 1.0
    assert present(iterates[-1].exact_cost) < 0.05 * present(iterates[0].exact_cost)


def test_a_large_density_is_read_in_blocks_that_keep_its_mass_and_centre():
    rng = np.random.default_rng(16)
    values, allowed = rng.random((100, 130)) ** 4, rng.random((100, 130)) > 0.3
    where, weights, side = density_points(Density("heat", values), allowed, 1_000)
    mass = np.where(allowed, values, 0.0)
    assert len(where) <= 1_000
    assert side == 4
    assert weights.sum() == pytest.approx(mass.sum(), rel=1e-12)
    centre = np.array([(mass * index).sum() for index in np.indices(mass.shape)]) / mass.sum()
    np.testing.assert_allclose((weights[:, None] * where).sum(axis=0) / weights.sum(), centre, rtol=1e-12)
    where, weights, side = density_points(Density("heat", values), allowed, 20_000)
    assert side == 1
    assert (values[tuple(np.rint(where).astype(int).T)] == weights).all()


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


def test_a_run_that_is_taken_up_again_is_the_same_run():
    problem = problem_of(cells(30, 15), cells(31, 15))
    whole = run(problem, steps=40)
    rest = run(problem, whole[12].state, steps=40)
    assert rest[0].step == 13
    for one, other in zip(whole[13:], rest, strict=True):
        assert one.positions[0].tobytes() == other.positions[0].tobytes()


def edited(problem, keep, moved, added):
    """The problem with only the points `keep`, the first of them moved, and one point more."""
    layout = problem.layouts[0]
    positions = np.concatenate([layout.positions[keep], [added]])
    positions[0] = moved
    keys = np.append(layout.all_keys()[keep], 1_000)
    return replace(problem, layouts=(PointSet(layout.name, positions, keys=keys),), totals="scale")


def test_an_edit_during_a_run_keeps_what_it_can():
    start, target = cells(32, 20), cells(33, 20)
    problem = problem_of(start, target, totals="scale")
    state = run(problem, steps=60)[25].state
    keep = np.delete(np.arange(20), [0, 7])
    change = edited(problem, keep, [3.25, 4.25], [20.0, 20.0])
    runner = engine.matching.run._Run(change, MatchSettings(steps=60), state)
    now = runner.resumed(state)
    np.testing.assert_array_equal(now.positions[1:18], state.positions[keep[1:]])
    np.testing.assert_array_equal(now.mean[1:18], state.mean[keep[1:]])
    assert now.positions[[0, 18]].tolist() == [[3.25, 4.25], [20.0, 20.0]]
    assert (now.mean[[0, 18]] == 0.0).all()
    after, before = present(now.warm_starts[0]), present(state.warm_starts[0])
    np.testing.assert_array_equal(after.cross.latest, before.cross.latest)
    np.testing.assert_array_equal(present(after.own).latest[1:18], present(before.own).latest[keep[1:]])
    iterates = run(change, state, steps=60)
    assert iterates[0].step == state.step + 1
    assert np.isfinite(iterates[-1].transport_cost)


def test_plans_of_a_run_start_from_those_of_the_step_before(monkeypatch):
    problem = problem_of(cells(32, 20), cells(33, 20))
    passes = {"warm": 0, "cold": 0}
    for kind in passes:

        def counted(transport, settings, warm, kind=kind):
            result = solve_transport(transport, settings, warm if kind == "warm" else None)
            passes[kind] += result.iterations
            return result

        monkeypatch.setattr(engine.matching.plans, "solve_transport", counted)
        run(problem, steps=60)
    assert passes["warm"] < 0.4 * passes["cold"], passes


def test_after_a_small_edit_the_plans_take_fewer_passes_than_from_nothing():
    start, target = cells(32, 40), cells(33, 40)
    problem = problem_of(start, target)
    state = run(problem, steps=60)[15].state
    moved = start.copy()
    moved[3] += [0.5, 0.0]
    change = replace(problem, layouts=(PointSet("spawns", moved),))
    runner = engine.matching.run._Run(change, MatchSettings(steps=60), state)
    now = runner.resumed(state)
    options = runner._plan_options(now, 16, over=False)
    warm, cold = (runner._plans_at(one, options).results[0] for one in (now, replace(now, warm_starts=(None,))))
    assert warm.iterations < 0.5 * cold.iterations
    assert warm.regularised_cost == pytest.approx(cold.regularised_cost, rel=1e-3)


def test_new_points_of_a_target_start_from_what_the_others_imply():
    start, target = cells(34, 20), cells(35, 20)
    problem = problem_of(start, target, totals="scale")
    state = run(problem, steps=80)[40].state
    keys = np.concatenate([np.arange(20), [77]])
    layout = PointSet("loot", np.concatenate([target, [[1.5, 1.5]]]), keys=keys)
    change = replace(problem, targets=(layout,))
    now = carried_over(state, change, (Straight().towards(layout.positions),))
    latest, before = present(now.warm_starts[0]).cross.latest, present(state.warm_starts[0])
    np.testing.assert_array_equal(latest[:20], before.cross.latest)
    squared = ((state.positions - [1.5, 1.5]) ** 2).sum(axis=1)
    assert latest[20] == pytest.approx((squared - before.f).min(), abs=1e-9)
    assert run(change, state, steps=100)[-1].status is not Status.NOT_A_NUMBER


def test_walls_painted_during_a_run_push_points_out():
    problem = problem_of(cells(36, 20), cells(37, 20))
    state = run(problem, steps=30)[15].state
    passable = OPEN.copy()
    passable[10:13, :] = False
    change = replace(problem, limits=Limits(passable), totals="scale")
    clear = [positions[~inside(~passable, positions)] for positions in (cells(36, 20), cells(37, 20))]
    change = replace(change, layouts=(PointSet("spawns", clear[0]),), targets=(PointSet("loot", clear[1]),))
    for iterate in run(change, state, steps=30):
        assert inside(passable, iterate.positions[0]).all()


def test_nothing_that_is_not_a_number_reaches_a_layout(monkeypatch):
    problem = problem_of(cells(38, 10), cells(39, 10))
    solve, count = engine.matching.plans.solve_transport, 0

    def failing(*arguments):
        nonlocal count
        count += 1
        result = solve(*arguments)
        return result if count < 20 else replace(result, by_sources=np.full((10, 2), np.nan))

    monkeypatch.setattr(engine.matching.plans, "solve_transport", failing)
    iterates = run(problem, steps=50)
    last = iterates[-1]
    assert last.status is Status.NOT_A_NUMBER
    assert 1 < last.step < 50
    for iterate in iterates:
        assert np.isfinite(iterate.positions[0]).all()
        assert np.isfinite(iterate.state.positions).all()
    assert (last.positions[0] == iterates[-2].state.positions).all()
    assert "last good layout" in last.sentence


def test_plans_that_cannot_be_trusted_are_made_with_a_larger_epsilon(monkeypatch):
    problem = problem_of(cells(40, 30), cells(41, 30))
    solve = engine.matching.plans.solve_transport

    def feeble(transport_problem, settings, warm_start=None):
        result = solve(transport_problem, settings, warm_start)
        weak = settings.epsilon < 0.01 * transport_problem.cost.largest()
        return replace(result, marginal_error=0.5) if weak else result

    monkeypatch.setattr(engine.matching.plans, "solve_transport", feeble)
    for iterate in run(problem, steps=20):
        assert iterate.marginal_error <= engine.matching.plans.ASTRAY


def refused(words, **change):
    problem = replace(problem_of(cells(1, 5), cells(2, 5)), **change)
    with pytest.raises(ProblemError, match=words):
        next(iter(match_points(problem)))


def layout(name="spawns", **change):
    return (replace(PointSet(name, cells(1, 5)), **change),)


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


def test_potentials_of_one_kind():
    """f and the g to go on from belong together: their plan is the plan of the result."""
    runner = engine.matching.run._Run(problem_of(cells(1, 6), cells(2, 6)), MatchSettings(), None)
    state, start = runner.start()
    look = runner._plans_at(state, PlanOptions(3.0, 1e-10, 5_000, "cpu"))
    warm, result = look.warm_starts[0], look.results[0]
    cost = result.problem.cost.matrix()
    plan = np.exp((warm.f[:, None] + warm.cross.latest - cost) / result.epsilon) / 6.0
    np.testing.assert_allclose(plan, result.plan(), atol=1e-8)
    check_matching(start.state.problem)
