"""Layouts come to lie on their targets: the method, walls, limits, densities."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from scipy.optimize import linear_sum_assignment

import engine.matching.plans
import engine.matching.run
from engine.core.grid import Grid
from engine.core.status import Status
from engine.matching.ground_cost import Straight, Walking, cells_of
from engine.matching.iterate import MatchSettings
from engine.matching.limits import Limits, inside
from engine.matching.plans import PlanOptions
from engine.matching.problem import Density, MatchProblem, PointSet, density_points
from engine.matching.run import match_points
from engine.matching.symmetry import turns_of
from engine.paths.exact import distances_to
from engine.transport.costs import PointCost
from engine.transport.problem import TransportProblem
from engine.transport.settings import TransportSettings
from engine.transport.sinkhorn import solve_transport
from tests.engine.matching.problems import OPEN, SIDE, cells, farthest_from, problem_of, run
from tests.present import present


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
    assert "nearer than 3.5 cells" in last.message
    assert "'spawns'" in last.message
    few = np.zeros((4, 4), dtype=bool)
    few[0, :3] = True
    start = np.array([[0.0, 0.0], [0.0, 1.0], [0.0, 1.2], [0.0, 2.0]])
    last = run(problem_of(start, start, Limits(few, snap=True)), steps=5)[-1]
    assert len(last.unsnapped) == 1
    assert "no cell centre" in last.message


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
