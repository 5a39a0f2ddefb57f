"""Runs: exactly as many walls as asked, no route sealed, the same bytes for a seed, edits, stops, and the best."""

import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from engine.core.cancel import Cancelled, StopFlag, stoppable_by
from engine.core.grid import Grid
from engine.core.status import Status
from engine.walls import run, search
from engine.walls.problem import WallRoute, place_walls, remove_walls
from engine.walls.run import WallSettings, improve_walls
from tests.oracles_walls import best_value, value_with, wall_instance


@pytest.fixture(autouse=True)
def short_proofs(monkeypatch):
    monkeypatch.setattr(run, "LAST_LOOK", 200_000)


TWO_ROUTES = (WallRoute(((0, 0), (6, 6), (0, 11)), 2.0), WallRoute(((11, 0), (0, 11))))


def uneven(walls=12, seed=4):
    generator = np.random.default_rng(seed)
    passable = generator.random((12, 12)) > 0.1
    for route in TWO_ROUTES:
        for stop in route.stops:
            passable[stop] = True
    costs = generator.uniform(0.5, 2.0, passable.shape)
    return place_walls(Grid(passable), costs, TWO_ROUTES, np.ones_like(passable), walls)


@pytest.mark.slow
def test_every_iterate_has_exactly_the_walls_seals_nothing_and_tells_exact_lengths():
    problem = uneven()
    iterates = list(improve_walls(problem, WallSettings(12)))
    assert [iterate.step for iterate in iterates] == list(range(1, 13))
    for iterate in iterates:
        assert iterate.walls.sum() == 12
        assert not (iterate.walls & ~problem.candidates).any()
        assert np.isfinite(iterate.lengths).all()
        assert iterate.value == pytest.approx(value_with(problem, iterate.walls), rel=1e-9)
        assert iterate.value == pytest.approx(2.0 * iterate.lengths[0] + iterate.lengths[1], rel=1e-9)
    values = [iterate.value for iterate in iterates]
    assert values == sorted(values)
    assert [iterate.status for iterate in iterates[:-1]] == [None] * 11
    assert iterates[-1].status is Status.STEPS_DONE
    assert iterates[-1].settled


@pytest.mark.slow
@pytest.mark.parametrize("side", [12, 41])  # replicas that trade, and chains that cool
def test_the_same_seed_gives_the_same_bytes_on_any_number_of_cores(side, monkeypatch):
    monkeypatch.setattr(search, "CHAIN_WORK", 300_000)
    problem = wall_instance(side, 0, 8, side)
    ends = []
    for cores in (1, 3):
        monkeypatch.setattr("os.cpu_count", lambda cores=cores: cores)
        *_, end = improve_walls(problem, WallSettings(4, seed=5))
        ends.append(end)
    assert ends[0].walls.tobytes() == ends[1].walls.tobytes()
    for one, other in zip(ends[0].state.placings, ends[1].state.placings, strict=True):
        assert one.tobytes() == other.tobytes()
    *_, end = improve_walls(problem, WallSettings(4, seed=6))
    assert end.state.placings[0].tobytes() != ends[0].state.placings[0].tobytes()


@pytest.mark.slow
@pytest.mark.parametrize("neighbours", [4, 8])
def test_the_search_alone_finds_the_longest_way_of_small_maps(neighbours, monkeypatch):
    for seed in range(3):
        problem = wall_instance(6, seed, neighbours, 4)
        *_, proved = improve_walls(problem)
        assert proved.status is Status.CONVERGED
        assert proved.proved
        with monkeypatch.context() as patch:
            patch.setattr(run, "FIRST_LOOK", 0)
            patch.setattr(run, "LAST_LOOK", 0)
            *_, searched = improve_walls(problem, WallSettings(60))
        assert not searched.proved
        assert searched.value == pytest.approx(proved.value)


def walled(seed=0):
    """A map of 25 cells with walls on a third of them, and the ends open."""
    passable = np.random.default_rng(seed).random((5, 5)) > 0.4
    passable[2, 0] = passable[2, 4] = True
    return passable


@pytest.mark.slow
@pytest.mark.parametrize(("aim", "walls"), [("shorter", 3), ("longer", 4)])
def test_walls_are_removed_as_well_as_can_be(aim, walls):
    passable = walled()
    problem = remove_walls(
        Grid(passable), np.ones((5, 5)), (WallRoute(((2, 0), (2, 4))),), np.ones_like(passable), walls, aim
    )
    *_, end = improve_walls(problem, WallSettings(10))
    assert end.walls.sum() == (~passable).sum() - walls
    assert end.value == pytest.approx(best_value(problem))


@pytest.mark.slow
def test_all_walls_can_be_removed():
    passable = walled()
    problem = remove_walls(
        Grid(passable),
        np.ones((5, 5)),
        (WallRoute(((2, 0), (2, 4))),),
        np.ones_like(passable),
        int((~passable).sum()),
        "shorter",
    )
    *_, end = improve_walls(problem, WallSettings(2))
    assert end.value == 4.0
    assert not end.walls.any()


@pytest.mark.slow
def test_a_run_goes_on_from_a_state_and_takes_up_an_edit():
    problem = uneven()
    early = list(improve_walls(problem, WallSettings(8)))[4]
    resumed = next(improve_walls(problem, WallSettings(20), early.state))
    assert resumed.step == 6
    assert resumed.value >= early.value - 1e-9
    # A rock falls on one of the walls' cells, and one wall fewer is asked for.
    passable = problem.grid.passable.copy()
    passable[tuple(np.argwhere(early.walls)[0])] = False
    edited = place_walls(Grid(passable), problem.cost_map, TWO_ROUTES, np.ones_like(passable), 11)
    taken_up = next(improve_walls(edited, WallSettings(20), early.state))
    assert taken_up.walls.sum() == 11
    assert not (taken_up.walls & ~edited.candidates).any()
    assert np.isfinite(value_with(edited, taken_up.walls))
    # Another size starts anew.
    other = next(improve_walls(wall_instance(7, 0, 4, 20), WallSettings(20), early.state))
    assert other.walls.shape == (7, 7)


@pytest.mark.slow
def test_walls_of_a_state_that_would_seal_a_route_move_away():
    problem = wall_instance(12, 0, 4, 11, rocks=0.0)
    column = np.zeros((12, 12), bool)
    column[:11, 5] = True
    *_, first = improve_walls(problem, WallSettings(1))
    passable = np.ones((12, 12), bool)
    passable[11, 5] = False  # the last gap closes
    edited = place_walls(Grid(passable, 4), problem.cost_map, problem.routes, np.ones_like(passable), 11)
    state = replace(first.state, placings=(column,) * len(first.state.placings))
    for iterate in improve_walls(edited, WallSettings(3), state):
        assert iterate.walls.sum() == 11
        assert np.isfinite(value_with(edited, iterate.walls))


@pytest.mark.slow
def test_a_stop_comes_through_within_a_tenth_of_a_second():
    problem = wall_instance(96, 0, 8, 200)
    next(improve_walls(problem, WallSettings(3)))  # compiled
    flag, ended = StopFlag(), threading.Event()

    def work() -> None:
        with stoppable_by(flag), pytest.raises(Cancelled):
            list(improve_walls(problem, WallSettings(1000)))
        ended.set()

    thread = threading.Thread(target=work)
    thread.start()
    time.sleep(0.4)
    flag.set()
    began = time.perf_counter()
    assert ended.wait(10.0)
    assert time.perf_counter() - began < 0.1
    thread.join()


@pytest.mark.parametrize("phase", ["prove", "settle"])
def test_the_proof_and_the_check_of_moves_stop_too(phase):
    from engine.walls.search import Search

    flag = StopFlag()
    search = Search(wall_instance(20, 0, 4, 14), 0)
    flag.set()
    with stoppable_by(flag), pytest.raises(Cancelled):
        search.prove(10**9) if phase == "prove" else search.settle()
