"""Ground costs: walking distances are those of engine.paths.exact, and every pull is a finite difference."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine.matching.ground_cost
from engine.core.errors import ProblemError
from engine.core.grid import Grid
from engine.matching.ground_cost import Given, Straight, Walking, cells_of
from engine.matching.limits import nearest_allowed
from engine.paths.exact import distances_to
from engine.transport.problem import TransportProblem
from engine.transport.settings import TransportSettings
from engine.transport.sinkhorn import solve_transport


def walled_map(seed, shape=(12, 14), walls=0.25):
    rng = np.random.default_rng(seed)
    passable = rng.random(shape) > walls
    return Grid(passable), rng.uniform(0.5, 3.0, shape), rng


def places(grid, rng, count, centred=False):
    """Positions in passable cells, off the lines where interpolation has kinks."""
    cells = np.argwhere(grid.passable)
    chosen = cells[rng.choice(len(cells), count, replace=False)].astype(float)
    return chosen if centred else chosen + rng.choice([-1, 1], (count, 2)) * rng.uniform(0.05, 0.45, (count, 2))


@given(st.integers(0, 10_000))
def test_between_cell_centres_walking_is_the_exact_path(seed):
    grid, cost_map, rng = walled_map(seed)
    positions, targets = places(grid, rng, 8, centred=True), places(grid, rng, 5, centred=True)
    walk, _ = Walking(grid, cost_map).towards(targets).walk(positions)
    for j, target in enumerate(targets.astype(int).tolist()):
        exact = distances_to(grid, cost_map, (target[0], target[1])).distance
        for i, (row, col) in enumerate(positions.astype(int).tolist()):
            beside = max(abs(row - target[0]), abs(col - target[1])) <= 1
            if np.isfinite(exact[row, col]) and not beside:
                assert walk[i, j] == pytest.approx(exact[row, col], rel=1e-12)


def test_walking_goes_around_walls():
    passable = np.ones((9, 9), dtype=bool)
    passable[:8, 4] = False
    cost = Walking(Grid(passable, 4), np.ones((9, 9)), 1).towards(np.array([[0.0, 8.0]]))
    assert cost.cost(np.array([[0.0, 0.0]])).matrix()[0, 0] == pytest.approx(8 + 8 + 8)


@pytest.mark.parametrize("seed", range(10))
def test_walking_slopes_are_finite_differences(seed):
    grid, cost_map, rng = walled_map(seed)
    positions = places(grid, rng, 20)
    targets = np.concatenate([places(grid, rng, 6, centred=True), places(grid, rng, 6)])
    cost = Walking(grid, cost_map).towards(targets)
    _, slope = cost.walk(positions)
    for axis in (0, 1):
        step = np.zeros(2)
        step[axis] = 1e-6
        ahead, behind = cost.walk(positions + step)[0], cost.walk(positions - step)[0]
        np.testing.assert_allclose(slope[:, :, axis], (ahead - behind) / 2e-6, atol=1e-7)


@pytest.mark.slow
def test_the_way_out_of_a_dead_end_is_felt_in_it():
    """A corridor whose end is at column 0: everywhere in it, also left of that cell's centre, out is right."""
    passable = np.zeros((3, 8), dtype=bool)
    passable[1] = True
    target, towards_it = np.array([[1.0, 7.0]]), np.array([0.0, -1.0])
    across = Walking(Grid(passable), np.ones((3, 8))).towards(target)
    down = Walking(Grid(passable.T), np.ones((8, 3))).towards(target[:, ::-1])
    for row, col in ((1.0, 0.0), (1.0, -0.4), (1.3, 0.2), (0.6, -0.3), (1.0, 3.0)):
        position = np.array([[row, col]])
        for cost, turn in ((across, 1), (down, -1)):
            walk, slope = cost.walk(position[:, ::turn])
            assert walk[0, 0] == pytest.approx(7.0 - col)
            np.testing.assert_allclose(slope[0, 0], towards_it[::turn], atol=1e-12)


def test_close_to_a_target_between_cells_walking_is_straight():
    grid = Grid(np.ones((6, 6), dtype=bool))
    target = np.array([[2.3, 2.8]])
    cost = Walking(grid, np.full((6, 6), 2.0)).towards(target)
    walk, slope = cost.walk(target + np.array([0.3, -0.4]))
    assert walk[0, 0] == pytest.approx(2.0 * 0.5)
    np.testing.assert_allclose(slope[0, 0], [1.2, -1.6], atol=1e-12)
    assert cost.walk(target)[0][0, 0] == 0.0


def test_a_target_beyond_the_corner_of_a_wall_is_not_near():
    """From cell (0, 0) to (1, 1), a tenth of a cell apart, the way leads around: the corner is closed."""
    passable = np.ones((3, 3), dtype=bool)
    passable[0, 1] = False
    cost = Walking(Grid(passable), np.ones((3, 3))).towards(np.array([[0.55, 0.55]]))
    assert cost.walk(np.array([[0.45, 0.45]]))[0][0, 0] > 0.9


def test_without_a_way_the_cost_is_large_and_does_not_pull():
    passable = np.ones((4, 7), dtype=bool)
    passable[:, 3] = False
    cost = Walking(Grid(passable), np.ones((4, 7))).towards(np.array([[1.0, 1.0], [1.0, 5.0]]))
    walk, slope = cost.walk(np.array([[2.2, 0.8]]))
    assert walk[0, 1] > 3.0 * walk[0, 0]
    assert (slope[0, 1] == 0.0).all()
    assert cost.reaches(np.array([[2.2, 0.8]])).tolist() == [[True, False]]


def test_known_distances_are_used_again_only_for_the_same_map(monkeypatch):
    grid, cost_map, rng = walled_map(1)
    targets = places(grid, rng, 6, centred=True)
    known = Walking(grid, cost_map).towards(targets)
    fresh = Walking(grid, cost_map + 1.0).towards(targets, known)
    assert (fresh.distance != known.distance).any()

    def refuse(*_):
        raise AssertionError("a Dijkstra that was not needed")

    monkeypatch.setattr(engine.matching.ground_cost, "distances_to", refuse)
    again = Walking(grid, cost_map.copy()).towards(targets[::-1].copy(), known)
    np.testing.assert_array_equal(again.walk(targets)[0], known.walk(targets)[0][:, ::-1])


@pytest.mark.parametrize("power", [1, 2])
@pytest.mark.parametrize("kind", ["straight", "walking"])
def test_the_pull_is_the_gradient_of_the_regularised_cost(kind, power):
    """The envelope theorem, against finite differences of whole solves in double precision."""
    grid, cost_map, rng = walled_map(4, walls=0.1)
    positions, targets = places(grid, rng, 7), places(grid, rng, 5, centred=True)
    ground = Straight(power) if kind == "straight" else Walking(grid, cost_map, power)
    a, b = rng.uniform(0.5, 1.5, 7), rng.uniform(0.5, 1.5, 5)
    b *= a.sum() / b.sum()
    towards = ground.towards(targets)

    epsilon = 0.05 * towards.cost(positions).largest()

    def value(x):
        return solve_transport(
            TransportProblem(a, b, towards.cost(x)), TransportSettings(epsilon, 1e-11)
        ).regularised_cost

    result = solve_transport(TransportProblem(a, b, towards.cost(positions)), TransportSettings(epsilon, 1e-11))
    gradient, curvature = towards.pull(positions, result)
    assert (curvature > 0.0).all()
    numeric = np.zeros_like(positions)
    for i in range(7):
        for axis in (0, 1):
            step = np.zeros_like(positions)
            step[i, axis] = 1e-5
            numeric[i, axis] = (value(positions + step) - value(positions - step)) / 2e-5
    np.testing.assert_allclose(gradient, numeric, rtol=1e-5, atol=1e-6 * np.abs(gradient).max())


@pytest.mark.parametrize("power", [1, 2])
def test_gradient_over_curvature_is_the_way_to_a_single_target(power):
    target = np.array([[3.0, 4.0]])
    positions = np.array([[0.0, 0.0], [3.5, 4.5], [3.0, 4.0]])
    for ground in (Straight(power), Walking(Grid(np.ones((8, 8), dtype=bool)), np.full((8, 8), 1.7), power)):
        towards = ground.towards(target)
        problem = TransportProblem(np.ones(3), np.array([3.0]), towards.cost(positions))
        gradient, curvature = towards.pull(positions, solve_transport(problem, TransportSettings(1.0)))
        way = gradient / curvature[:, None]
        np.testing.assert_allclose(way[1], positions[1] - target[0], atol=1e-9)
        np.testing.assert_allclose(way[2], 0.0, atol=1e-9)
        if isinstance(ground, Straight):
            np.testing.assert_allclose(way[0], positions[0] - target[0], atol=1e-9)


def test_cells_of_positions():
    assert cells_of(np.array([[0.49, 0.51], [-0.5, 2.0]])).tolist() == [[0, 1], [0, 2]]
    grid, _, rng = walled_map(9)
    inward = nearest_allowed(grid.passable, rng.uniform(-3, 15, (50, 2)))
    assert grid.passable[tuple(cells_of(inward).T)].all()


def test_what_cannot_be_measured_is_refused(monkeypatch):
    targets = np.zeros((3, 2))
    with pytest.raises(ProblemError, match="needs one column for 3 targets"):
        Given(np.ones((2, 4))).towards(targets)
    with pytest.raises(ProblemError, match="cost of point 1 to target 2 is nan"):
        Given(np.array([[1.0, 2.0, 3.0], [1.0, 2.0, np.nan]])).towards(targets)
    monkeypatch.setattr(engine.matching.ground_cost, "MOST_BYTES", 100)
    with pytest.raises(ProblemError, match="use fewer targets"):
        Walking(Grid(np.ones((4, 4), dtype=bool)), np.ones((4, 4))).towards(targets)


def test_the_unit_of_walking_is_a_cell_of_average_ground():
    passable = np.array([[True, True, False]])
    walking = Walking(Grid(passable), np.array([[1.0, 3.0, 99.0]]))
    assert walking.unit == 2.0
    assert replace(walking, cost_map=np.array([[5.0, 5.0, 1.0]])).unit == 5.0
