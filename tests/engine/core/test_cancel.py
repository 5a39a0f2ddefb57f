"""A raised flag ends what its thread computes, soon; without one nothing changes."""

import threading
import time
from collections.abc import Callable
from itertools import count

import numpy as np
import pytest

from engine.core.cancel import Cancelled, StopFlag, check, stop_byte, stoppable_by
from engine.core.grid import Grid
from engine.cost_maps.admissible import admissible_maps
from engine.cost_maps.problem import Problem, Route
from engine.design.adversarial import DesignSettings, optimise_costs
from engine.optimum.length_range import length_range
from engine.optimum.run import OptimumSettings, approach_optimum
from engine.paths.exact import distances_to
from engine.paths.logit import logit_adjoint, logit_flow
from engine.paths.soft_paths import FlowSettings, Method, soft_paths

SIDE = 512
START, GOAL = (2, 2), (SIDE - 3, SIDE - 3)


@pytest.fixture(scope="module")
def problem():
    cost_map = np.random.default_rng(0).uniform(0.5, 2.0, (SIDE, SIDE))
    passable = np.ones((SIDE, SIDE), dtype=np.bool_)
    return Problem(Grid(passable), cost_map, (Route(START, GOAL),), admissible_maps(cost_map, passable, 0.2, 5.0))


def test_a_flag_counts_in_its_thread_and_only_there():
    flag = StopFlag()
    flag.set()
    check()
    with stoppable_by(flag):
        assert stop_byte()[0] == 1
        with stoppable_by(StopFlag()):
            check()
        with pytest.raises(Cancelled):
            check()
        elsewhere = threading.Thread(target=check)
        elsewhere.start()
        elsewhere.join()
    check()


@pytest.mark.slow
@pytest.mark.parametrize("method", ["logit", "bregman", "exact"])
def test_figures_are_the_same_under_a_flag_that_is_not_raised(problem, method: Method):
    settings = FlowSettings(method, 0.1, max_iterations=20)
    free = soft_paths(problem.grid, problem.cost_map, [START], [GOAL], settings)
    with stoppable_by(StopFlag()):
        watched = soft_paths(problem.grid, problem.cost_map, [START], [GOAL], settings)
    assert free.flow.tobytes() == watched.flow.tobytes()
    assert free.potentials.tobytes() == watched.potentials.tobytes()


def test_no_result_of_a_loop_that_was_cut_short_is_seen(problem):
    grid, cost_map = problem.grid, problem.cost_map
    field = distances_to(grid, cost_map, GOAL)
    soft, flow = logit_flow(grid, cost_map, field, START, 0.1)
    flag = StopFlag()
    flag.set()
    for work in (
        lambda: distances_to(grid, cost_map, GOAL),
        lambda: logit_flow(grid, cost_map, field, START, 0.1),
        lambda: logit_adjoint(grid, cost_map, soft, field, START, 0.1, flow),
    ):
        with stoppable_by(flag), pytest.raises(Cancelled):
            work()


def forever(problem: Problem, kind: str) -> None:
    """Compute without end."""
    match kind:
        case "dijkstra":
            for _ in count():
                distances_to(problem.grid, problem.cost_map, GOAL)
        case "optimum":
            for _ in count():
                for _ in approach_optimum(problem, OptimumSettings(0.0)):
                    pass
        case "length range":
            for _ in count():
                length_range(problem)
        case "logit" | "bregman" | "exact" as method:
            for _ in optimise_costs(problem, DesignSettings(method, steps=1_000_000)):
                pass


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["dijkstra", "logit", "bregman", "exact", "optimum", "length range"])
def test_work_ends_soon_after_the_flag_is_raised(problem, kind):
    ended_after(lambda: forever(problem, kind), 0.2)  # compiled from here on
    for moment in (0.05, 0.2, 0.5):
        assert ended_after(lambda: forever(problem, kind), moment) < 1.0, "usually some 20 ms"


def ended_after(work: Callable[[], None], moment: float) -> float:
    """Return how long after its flag is raised the work has ended, in seconds."""
    flag, cancelled = StopFlag(), list[bool]()

    def stoppable() -> None:
        with stoppable_by(flag):
            try:
                work()
            except Cancelled:
                cancelled.append(True)

    thread = threading.Thread(target=stoppable)
    thread.start()
    time.sleep(moment)
    flag.set()
    began = time.perf_counter()
    thread.join()
    assert cancelled
    return time.perf_counter() - began
