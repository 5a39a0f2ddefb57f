"""Runs: every map is made of the drawn tiles within the limits, seeds repeat, edits and stops are taken up."""

import threading
import time
from collections import deque
from dataclasses import replace

import numpy as np
import pytest

from engine.arranging.problem import Arrangement, Limits, TravelClass, path_costs, score
from engine.arranging.run import ArrangeSettings, arrange
from engine.core.cancel import Cancelled, StopFlag, stoppable_by
from engine.core.clearance import open_to
from engine.core.grid import Grid
from engine.core.status import Status
from engine.cost_maps.admissible import orbit_labels
from engine.cost_maps.problem import Route
from tests.oracles import distances
from tests.oracles_arranging import blocks, open_map, random_arrangement
from tests.present import present

SHORT = ArrangeSettings(steps=12, searches=2, threads=2)


def last_of(problem, settings=SHORT, state=None):
    (last,) = deque(arrange(problem, settings, state), maxlen=1)
    return last


def counts(terrain, terrains=3):
    return np.bincount(terrain[terrain >= 0], minlength=terrains)


@pytest.mark.slow
def test_every_step_has_the_drawn_tiles_and_figures_that_are_true():
    problem = random_arrangement(3, 10)
    best, status = -np.inf, None
    for iterate in arrange(problem, SHORT):
        for terrain in (iterate.terrain, iterate.best_terrain):
            np.testing.assert_array_equal(counts(terrain), counts(problem.terrain))
            np.testing.assert_array_equal(terrain == -1, ~problem.tiles)
        np.testing.assert_allclose(path_costs(problem, iterate.best_terrain), iterate.path_costs)
        assert iterate.score == pytest.approx(score(problem, iterate.path_costs))
        assert iterate.score >= best
        assert iterate.tiles_changed == np.count_nonzero(iterate.best_terrain != problem.terrain)
        best, status = iterate.score, iterate.status
    assert status == Status.STEPS_DONE
    assert best > 1.2 * score(problem, problem.drawn_lengths)


@pytest.mark.slow
def test_locks_districts_free_zone_areas_and_changes_are_kept():
    generator = np.random.default_rng(0)
    terrain = generator.integers(0, 3, (12, 12))
    locked, districts = generator.random((12, 12)) < 0.2, blocks((12, 12), 6)
    allowed = np.ones((3, 12, 12), dtype=bool)
    allowed[2] = terrain == 2
    allowed[2, 4:9, 4:9] = True
    route = Route((6, 1), (6, 10))
    limits = Limits(locked=locked, districts=districts, free_zone=1.5, allowed=allowed, most_changed=0.3)
    problem = Arrangement(terrain, (TravelClass("w", np.array([1.0, 3.0, 8.0]), (route,)),), limits)
    rows, columns = np.indices((12, 12))
    most = 0
    near = [np.hypot(rows - r, columns - c) <= 1.5 for r, c in (route.start, route.goal)]
    for iterate in arrange(problem, SHORT):
        for arranged in (iterate.terrain, iterate.best_terrain):
            changed = arranged != terrain
            assert not changed[locked | near[0] | near[1]].any()
            assert np.count_nonzero(changed) <= 0.3 * 144
            most = max(most, np.count_nonzero(changed))
            assert allowed[arranged, rows, columns].all()
            for number in np.unique(districts):
                here = districts == number
                np.testing.assert_array_equal(counts(arranged[here]), counts(terrain[here]))
    assert most > 20


@pytest.mark.slow
@pytest.mark.parametrize("symmetry", ["left_right", "quarter_turn"])
def test_a_symmetry_is_kept_exactly(symmetry):
    labels = orbit_labels((9, 9), symmetry)
    terrain = np.random.default_rng(1).integers(0, 3, (9, 9))[labels // 9, labels % 9]
    problem = Arrangement(
        terrain,
        (TravelClass("w", np.array([1.0, 3.0, 8.0]), (Route((4, 1), (4, 7)),)),),
        Limits(symmetry=symmetry),
    )
    for iterate in arrange(problem, SHORT):
        for arranged in (iterate.terrain, iterate.best_terrain):
            np.testing.assert_array_equal(arranged, arranged[labels // 9, labels % 9])
            np.testing.assert_array_equal(counts(arranged), counts(terrain))


@pytest.mark.slow
def test_counts_may_vary_within_their_ranges_and_are_used():
    problem = open_map(10, (1.0, 3.0, 8.0), (0.6, 0.3, 0.1))
    numbers = counts(problem.terrain)
    ranges = np.stack([numbers - 6, numbers + 6], axis=1)
    last = last_of(replace(problem, limits=Limits(counts=ranges)))
    arranged = counts(last.best_terrain)
    assert (numbers - 6 <= arranged).all()
    assert (arranged <= numbers + 6).all()
    assert arranged[2] > numbers[2]  # more of the dear tiles make longer paths
    assert last.score > last_of(problem).score


@pytest.mark.slow
@pytest.mark.parametrize("aim", ["longer", "shorter", "fair", "target"])
def test_each_aim_is_served(aim):
    problem = random_arrangement(5, 10, aim=aim)
    drawn = problem.drawn_lengths
    if aim == "target":
        classes = tuple(
            replace(walker, routes=tuple(replace(r, target=float(1.2 * d)) for r in walker.routes))
            for walker, d in zip(problem.classes, drawn, strict=True)
        )
        problem = replace(problem, classes=classes)
    last = last_of(problem, ArrangeSettings(steps=30, searches=1, threads=1))
    match aim:
        case "longer":
            assert last.score > 1.2 * score(problem, drawn)
        case "shorter":
            assert last.score < 0.9 * score(problem, drawn)
        case "fair":
            assert last.path_costs.min() > 0
            assert last.score > 1.1
            assert last.score == pytest.approx((last.path_costs / drawn).min())
        case "target":
            assert last.score < 0.05
            np.testing.assert_allclose(last.path_costs, 1.2 * drawn, rtol=0.05)
    assert (last.upper_bound is not None) == (aim in ("longer", "fair"))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_a_class_that_cannot_go_somewhere_is_never_sealed_in(seed):
    generator = np.random.default_rng(seed)
    terrain = (generator.random((10, 10)) < 0.3).astype(np.int64)
    terrain[5] = 0
    walker = TravelClass("w", np.array([1.0, np.inf]), (Route((5, 0), (5, 9)),))
    flyer = TravelClass("f", np.array([1.0, 2.0]), (Route((0, 0), (9, 9)),))
    problem = Arrangement(terrain, (walker, flyer))
    longest = 0.0
    for iterate in arrange(problem, SHORT):
        assert np.isfinite(path_costs(problem, iterate.terrain)).all()
        np.testing.assert_array_equal(counts(iterate.terrain, 2), counts(terrain, 2))
        assert iterate.upper_bound is None
        longest = float(iterate.path_costs[0])
    assert longest > 11.0  # 9 along the free row


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes_whatever_the_threads():
    problem = open_map(12, (1.0, 3.0, 8.0), (0.5, 0.3, 0.2))
    runs = [
        [iterate.terrain.tobytes() for iterate in arrange(problem, replace(SHORT, threads=threads))]
        for threads in (1, 2, 2)
    ]
    assert runs[0] == runs[1] == runs[2]
    other = [iterate.terrain.tobytes() for iterate in arrange(problem, replace(SHORT, seed=1))]
    assert other != runs[0]


@pytest.mark.slow
def test_a_run_goes_on_from_any_state_as_if_it_had_not_stopped():
    problem = open_map(12, (1.0, 3.0, 8.0), (0.5, 0.3, 0.2))
    whole = list(arrange(problem, SHORT))
    for at in (2, 8):
        rest = list(arrange(problem, SHORT, whole[at].state))
        assert [step.step for step in rest] == [step.step for step in whole[at + 1 :]]
        for one, other in zip(rest, whole[at + 1 :], strict=True):
            assert one.terrain.tobytes() == other.terrain.tobytes()
            assert one.upper_bound == other.upper_bound


@pytest.mark.slow
def test_an_edit_keeps_what_was_arranged_and_takes_the_painted_tiles():
    problem = open_map(12, (1.0, 3.0, 8.0), (0.5, 0.3, 0.2))
    before = last_of(problem)
    terrain = problem.terrain.copy()
    terrain[0, :4] = 2
    locked = np.zeros((12, 12), dtype=bool)
    locked[0, :4] = True
    edited = replace(problem, terrain=terrain, limits=Limits(locked=locked))
    first = next(iter(arrange(edited, SHORT, before.state)))
    assert first.step == before.step + 1
    assert (first.best_terrain[0, :4] == 2).all()
    np.testing.assert_array_equal(counts(first.best_terrain), counts(terrain))
    assert first.score > 0.8 * before.score  # not from the drawn map again
    assert first.score > 1.5 * score(edited, edited.drawn_lengths)


@pytest.mark.slow
def test_an_edit_that_brings_a_new_terrain_keeps_the_arrangement_of_the_others():
    problem = open_map(12, (1.0, 3.0, 8.0), (0.5, 0.3, 0.2))
    before = last_of(problem)
    # A terrain that costs 2 comes between the others, so their numbers change.
    terrain = np.array([0, 2, 3])[problem.terrain]
    terrain[11, 0] = 1
    walker = replace(problem.classes[0], costs=np.array([1.0, 2.0, 3.0, 8.0]))
    edited = replace(problem, terrain=terrain, classes=(walker,))
    first = next(iter(arrange(edited, SHORT, before.state)))
    np.testing.assert_array_equal(counts(first.best_terrain, 4), counts(terrain, 4))
    assert first.score > 0.9 * before.score


@pytest.mark.slow
def test_a_stop_is_heeded_within_a_tenth_of_a_second():
    problem = open_map(192, (1.0, 3.0, 8.0), (0.5, 0.3, 0.2))
    flag = StopFlag()
    ended: list[float] = []

    def work():
        with stoppable_by(flag), pytest.raises(Cancelled):
            deque(arrange(problem, SHORT), maxlen=1)
        ended.append(time.perf_counter())

    thread = threading.Thread(target=work)
    thread.start()
    time.sleep(1.0)
    began = time.perf_counter()
    flag.set()
    thread.join()
    assert ended[0] - began < 0.1


def test_a_tolerance_ends_the_run():
    problem = open_map(8, (1.0, 1.1), (0.5, 0.5))
    last = last_of(problem, replace(SHORT, tolerance=0.1))
    assert last.status == Status.CONVERGED
    assert present(last.gap) <= 0.1


@pytest.mark.slow
def test_a_wide_class_that_cannot_go_everywhere_keeps_a_way_of_its_width():
    generator = np.random.default_rng(4)
    terrain = (generator.random((12, 12)) < 0.12).astype(np.int64)
    terrain[5:7] = 0
    giant = TravelClass("g", np.array([1.0, np.inf]), (Route((5, 0), (5, 10)),), size=2)
    flyer = TravelClass("f", np.array([1.0, 2.0]), (Route((0, 0), (11, 11)),))
    problem = Arrangement(terrain, (giant, flyer))
    last = list(arrange(problem, ArrangeSettings(steps=30, searches=2)))[-1]
    assert np.array_equal(np.bincount(last.best_terrain.ravel()), np.bincount(terrain.ravel()))
    room = Grid(open_to(last.best_terrain == 0, 2))
    expected = [
        distances(room, np.ones((12, 12)), (5, 10))[5, 0],
        distances(Grid(np.ones((12, 12), dtype=bool)), 1.0 + last.best_terrain, (11, 11))[0, 0],
    ]
    assert last.path_costs == pytest.approx(expected, rel=1e-12)
    assert sum(expected) > problem.drawn_lengths.sum()
