"""Limits of layouts: walls, regions, symmetry and spacing hold to 1e-9, and snapping equals brute force."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.errors import ProblemError
from engine.matching.limits import (
    LAST_ROUNDS,
    Limits,
    check_limits,
    inside,
    nearest_allowed,
    settle,
    slide,
    symmetric_cells,
)
from engine.matching.snapping import distinct_nearest, snap
from engine.matching.symmetry import find_orbits, turns_of

SYMMETRIES = ("left_right", "top_bottom", "four_way", "half_turn", "quarter_turn", "diagonal")


def scattered(seed, count, shape):
    """Points of a map whose walls are a third of its cells."""
    rng = np.random.default_rng(seed)
    return rng.random(shape) > 0.33, rng.uniform(-0.5, np.array(shape) - 0.5, (count, 2))


def none_fixed(positions):
    return np.zeros(len(positions), dtype=bool)


def one_layout(positions):
    return np.zeros(len(positions), dtype=np.int64)


def pairing(limits, positions, fixed=None):
    free = np.ones(len(positions), dtype=bool) if fixed is None else ~fixed
    return find_orbits(positions, limits.shape, limits.symmetry, free, one_layout(positions))


def image(positions, shape, symmetry):
    """A second way to say what each symmetry does, by map coordinates; the first generator of each."""
    row, col = positions.T
    height, width = shape
    return {
        "left_right": lambda: np.stack([row, width - 1 - col], 1),
        "top_bottom": lambda: np.stack([height - 1 - row, col], 1),
        "four_way": lambda: np.stack([height - 1 - row, col], 1),
        "half_turn": lambda: np.stack([height - 1 - row, width - 1 - col], 1),
        "quarter_turn": lambda: np.stack([height - 1 - col, row], 1),
        "diagonal": lambda: np.stack([col, row], 1),
    }[symmetry]()


def distance_to_set(points, others):
    return np.abs(points[:, None] - others[None]).max(axis=2).min(axis=1).max()


@given(st.integers(0, 10_000))
def test_nearest_allowed_is_the_nearest_point_of_any_allowed_square(seed):
    allowed, positions = scattered(seed, 20, (7, 9))
    allowed[3, 4] = True
    positions = positions * 1.6 - 2.0  # some off the map
    moved = nearest_allowed(allowed, positions)
    assert inside(allowed, moved).all()
    cells = np.argwhere(allowed)
    closest = np.clip(positions[:, None], cells - 0.5, cells + 0.5)
    best = np.linalg.norm(closest - positions[:, None], axis=2).min(axis=1)
    np.testing.assert_allclose(np.linalg.norm(moved - positions, axis=1), best, atol=3e-6)


def test_sliding_stops_at_walls_and_never_passes_one():
    passable = np.ones((9, 9), dtype=bool)
    passable[:, 4] = False
    before = np.array([[4.0, 1.0], [4.0, 1.0], [0.0, 3.4], [2.0, 6.0]])
    after = np.array([[4.0, 8.0], [8.0, 7.0], [-5.0, 0.0], [2.5, 6.5]])
    moved = slide(passable, before, after)
    np.testing.assert_allclose(moved, [[4, 3.5], [8, 3.5], [-0.5, 0.0], [2.5, 6.5]], atol=2e-6)
    assert inside(passable, moved).all()


def test_sliding_cannot_cut_between_two_walls_that_touch_at_a_corner():
    passable = np.array([[True, False], [False, True]])
    moved = slide(passable, np.array([[0.0, 0.0]]), np.array([[1.0, 1.0]]))
    np.testing.assert_allclose(moved, [[0.5, 0.5]], atol=2e-6)
    assert inside(passable, moved).all()
    assert (moved < 0.5).all()


@pytest.mark.parametrize("symmetry", SYMMETRIES)
def test_symmetric_layouts_come_out_as_they_went_in(symmetry):
    rng = np.random.default_rng(3)
    shape = (11, 11)
    quarter = rng.uniform(0.0, 4.5, (5, 2))
    middle = np.array([5.0, 5.0])
    positions = np.concatenate([(quarter - middle) @ turn.T + middle for turn in turns_of(symmetry)])
    positions = rng.permutation(positions)
    orbits = pairing(Limits(np.ones(shape, dtype=bool), symmetry=symmetry), positions)
    assert orbits.members.shape == (5, len(turns_of(symmetry)))
    np.testing.assert_allclose(orbits.symmetrised(positions), positions, atol=1e-12)
    noisy = positions + rng.normal(0.0, 0.05, positions.shape)
    assert distance_to_set(image(noisy, shape, symmetry), noisy) > 1e-3
    even = orbits.symmetrised(noisy)
    assert distance_to_set(image(even, shape, symmetry), even) < 1e-12
    assert np.abs(even - noisy).max() < 0.2


@pytest.mark.slow
@pytest.mark.parametrize("symmetry", SYMMETRIES)
@given(seed=st.integers(0, 10_000), count=st.integers(1, 13))
def test_any_layout_becomes_symmetric_and_keeps_its_limits(symmetry, seed, count):
    shape = (10, 10)
    passable, positions = scattered(seed, count, shape)
    passable[4:6, :] = passable[:, 4:6] = passable[np.arange(10), np.arange(10)] = True
    passable = symmetric_cells(passable, symmetry)
    rng = np.random.default_rng(seed)
    region = symmetric_cells(rng.random(shape) > 0.2, symmetry)
    region[4:6, :] = region[:, 4:6] = True
    limits = Limits(passable, region, symmetry)
    allowed = limits.allowed()
    orbits = pairing(limits, positions)
    assert sorted(set(orbits.members.ravel().tolist())) == list(range(count))
    settled = settle(limits, allowed, orbits, positions, none_fixed(positions))
    assert inside(allowed, settled.positions).all()
    assert distance_to_set(image(settled.positions, shape, symmetry), settled.positions) < 1e-12
    vectors = rng.normal(size=positions.shape)
    ahead = orbits.symmetrised(settled.positions + 1e-3 * orbits.directions(vectors))
    np.testing.assert_allclose(ahead, settled.positions + 1e-3 * orbits.directions(vectors), atol=1e-12)


def test_the_two_of_a_symmetric_pair_belong_to_one_layout():
    positions = np.array([[2.0, 1.0], [2.0, 8.1], [2.0, 7.9], [2.0, 1.1]])
    orbits = find_orbits(positions, (10, 10), "left_right", np.ones(4, dtype=bool), np.array([0, 0, 1, 1]))
    assert {frozenset(row) for row in orbits.members.tolist()} == {frozenset({0, 1}), frozenset({2, 3})}


@pytest.mark.parametrize("symmetry", ["none", "left_right", "quarter_turn"])
@pytest.mark.parametrize("seed", range(5))
def test_spacing_is_kept_within_walls(symmetry, seed):
    rng = np.random.default_rng(seed)
    passable = np.ones((24, 24), dtype=bool)
    passable[6:9, 5:9] = False
    passable = symmetric_cells(passable, symmetry)
    positions = rng.uniform(2.0, 21.0, (30, 2))
    positions[:4] = positions[0]  # four in one place
    fixed = np.arange(30) >= 28
    positions[28:] = [[4.0, 4.0], [4.0, 4.5]]  # too near each other, and staying
    limits = Limits(passable, symmetry=symmetry, spacing=2.0)
    orbits = pairing(limits, positions, fixed)
    settled = settle(limits, limits.allowed(), orbits, positions, fixed, LAST_ROUNDS)
    assert settled.crowded.size == 0
    apart = np.linalg.norm(settled.positions[:, None] - settled.positions[None], axis=2)
    apart[np.arange(30), np.arange(30)] = apart[28, 29] = apart[29, 28] = np.inf
    assert apart.min() >= 2.0 - 1e-9
    assert inside(passable, settled.positions)[:28].all()
    assert (settled.positions[28:] == positions[28:]).all()


@pytest.mark.parametrize("seed", [21, 31, 40, 52])
def test_points_that_walls_hold_in_each_others_way_find_another(seed):
    rng = np.random.default_rng(seed)
    passable = rng.random((14, 14)) > 0.2
    positions = np.argwhere(passable).astype(float)
    positions = positions[rng.choice(len(positions), 14, replace=False)]
    limits = Limits(passable, spacing=2.0)
    settled = settle(limits, passable, pairing(limits, positions), positions, none_fixed(positions), LAST_ROUNDS)
    assert settled.crowded.size == 0


def test_the_cell_of_a_fixed_point_is_taken():
    passable = np.ones((5, 5), dtype=bool)
    positions = np.array([[2.2, 1.9], [2.0, 2.1], [1.9, 2.0]])
    fixed = np.array([True, False, False])
    limits = Limits(passable)
    ends = snap(limits, passable, pairing(limits, positions, fixed), positions, fixed).positions
    assert ends[0].tolist() == [2.2, 1.9]
    assert sorted(map(tuple, ends[1:].tolist())) == [(1.0, 2.0), (2.0, 3.0)]


def test_points_without_room_are_named():
    limits = Limits(np.ones((3, 3), dtype=bool), spacing=2.0)
    positions = np.array([[0.0, 0.0], [0.1, 0.0], [0.0, 0.1], [2.0, 2.0], [1.0, 1.0]] * 3)
    settled = settle(limits, limits.allowed(), pairing(limits, positions), positions, none_fixed(positions), 500)
    apart = np.linalg.norm(settled.positions[:, None] - settled.positions[None], axis=2) + 9.0 * np.eye(15)
    assert settled.crowded.tolist() == np.flatnonzero(apart.min(axis=1) < 2.0 - 1e-9).tolist()
    assert settled.crowded.size > 0


def brute_force(points, places):
    return min(
        sum(((points[i] - places[j]) ** 2).sum() for i, j in enumerate(order))
        for order in permutations(range(len(places)), len(points))
    )


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_snapping_equals_brute_force(seed):
    rng = np.random.default_rng(seed)
    passable = rng.random((3, 3)) > 0.2
    cells = np.argwhere(passable).astype(float)
    count = min(5, len(cells))
    positions = nearest_allowed(passable, rng.uniform(0.3, 1.7, (count, 2)))  # crowded in the middle
    limits = Limits(passable)
    settled = snap(limits, passable, pairing(limits, positions), positions, none_fixed(positions))
    assert settled.unsnapped.size == 0
    assert len({tuple(cell) for cell in settled.positions.tolist()}) == count
    assert passable[tuple(settled.positions.astype(int).T)].all()
    moved = ((settled.positions - positions) ** 2).sum()
    assert moved == pytest.approx(brute_force(positions, cells), abs=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_clusters_are_as_good_as_one_large_assignment(seed):
    from scipy.optimize import linear_sum_assignment

    rng = np.random.default_rng(seed)
    places = np.argwhere(np.ones((20, 20))).astype(float)
    points = rng.normal(9.5, 3.0, (150, 2))
    chosen = distinct_nearest(points, places, np.arange(400))
    squared = ((points[:, None] - places[None]) ** 2).sum(axis=2)
    rows, cols = linear_sum_assignment(squared)
    assert len(set(chosen.tolist())) == 150
    assert squared[np.arange(150), chosen].sum() == pytest.approx(squared[rows, cols].sum(), rel=1e-12)


@pytest.mark.parametrize("symmetry", SYMMETRIES)
@pytest.mark.parametrize("side", [10, 11])
def test_snapped_layouts_stay_symmetric(symmetry, side):
    rng = np.random.default_rng(5)
    limits = Limits(np.ones((side, side), dtype=bool), symmetry=symmetry, snap=True)
    around_middle = rng.normal(0.0, 2.0, (12, 2)) + 0.5 * (side - 1)
    orbits = pairing(limits, around_middle)
    positions = orbits.symmetrised(around_middle)
    settled = snap(limits, limits.allowed(), orbits, positions, none_fixed(positions))
    snapped = np.delete(settled.positions, settled.unsnapped, axis=0)
    assert (snapped == np.rint(snapped)).all()
    assert len({tuple(cell) for cell in snapped.tolist()}) == len(snapped)
    assert distance_to_set(image(settled.positions, (side, side), symmetry), settled.positions) < 1e-12
    if side % 2 == 1 or symmetry == "diagonal":
        on_middle = (orbits.kept_by.sum(axis=1) > 1).sum()
        assert settled.unsnapped.size <= max(0, on_middle - 1)


def test_snapping_respects_fixed_points_regions_and_spacing():
    passable = np.ones((12, 12), dtype=bool)
    region = np.zeros_like(passable)
    region[2:10, 2:10] = True
    rng = np.random.default_rng(1)
    positions = np.concatenate([[[5.0, 5.0]], rng.uniform(4.6, 5.4, (5, 2))])
    fixed = np.arange(6) == 0
    limits = Limits(passable, region, spacing=2.0, snap=True)
    settled = snap(limits, limits.allowed(), pairing(limits, positions, fixed), positions, fixed)
    assert settled.crowded.size == settled.unsnapped.size == 0
    apart = np.linalg.norm(settled.positions[:, None] - settled.positions[None], axis=2) + 9.0 * np.eye(6)
    assert apart.min() >= 2.0 - 1e-9
    assert inside(region, settled.positions).all()
    assert settled.positions[0].tolist() == [5.0, 5.0]


def test_more_points_than_cells_leaves_the_right_number_without():
    passable = np.zeros((3, 3), dtype=bool)
    passable[1] = True
    positions = np.full((5, 2), 1.0)
    limits = Limits(passable)
    settled = snap(limits, passable, pairing(limits, positions), positions, none_fixed(positions))
    assert settled.unsnapped.size == 2


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"symmetry": "diagonal"}, "symmetry diagonal needs a square map"),
        ({"spacing": -1.0}, "spacing is -1.0"),
        ({"spacing": np.nan}, "spacing is nan"),
        ({"region": np.ones((2, 2), dtype=bool)}, "region is"),
        ({"region": np.zeros((4, 6), dtype=bool)}, "no cell may hold a point"),
    ],
)
def test_limits_that_nothing_can_keep_are_refused(change, words):
    with pytest.raises(ProblemError, match=words):
        check_limits(replace(Limits(np.ones((4, 6), dtype=bool)), **change))


def test_an_odd_point_without_a_place_on_the_mirror_is_refused():
    passable = np.ones((4, 5), dtype=bool)
    passable[:, 2] = False
    positions = np.array([[1.0, 1.0]])
    limits = Limits(passable, symmetry="left_right")
    with pytest.raises(ProblemError, match=r"a point at row 1\.0, col 2\.0 has no partner"):
        settle(limits, limits.allowed(), pairing(limits, positions), positions, none_fixed(positions))
