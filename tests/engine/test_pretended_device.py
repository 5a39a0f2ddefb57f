"""The engine on a pretended CUDA device: nothing mixes devices, and the host waits no more often than today."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING
from unittest import mock

import numpy as np
import pytest
import torch
from torch import Tensor

from engine.core.triton import has_triton
from engine.cost_maps.problem import Objective
from engine.design.adversarial import DesignSettings, optimise_costs
from engine.optimum.run import OptimumSettings, approach_optimum
from engine.paths.gradients import Rule, route_costs, route_loads
from engine.paths.soft_paths import FlowSettings, Method
from engine.ranking.operators import soft_quantile, soft_rank, soft_sort, soft_top_k
from engine.transport import torch_solver
from engine.transport.costs import MatrixCost, PointCost
from engine.transport.problem import Balanced, Partial, Relaxation, TransportProblem, Unbalanced
from engine.transport.settings import Precision, TransportSettings
from engine.transport.sinkhorn import solve_transport
from tests.oracles import random_problem
from tests.pretended_device import Recording, pretended_cuda

if TYPE_CHECKING:
    from engine.transport.result import TransportResult

pytestmark = pytest.mark.slow

PROBLEM = random_problem(2, 12, routes=2, walls=0.1)
TRANSPORT = TransportSettings(0.01, 1e-4, device="cuda")


def run_to_the_end(iterates: Iterator[object]) -> None:
    deque(iterates, maxlen=0)


def recorded(work: Callable[[], object]) -> Recording:
    """What the work does on the device; it must not mix devices."""
    with pretended_cuda() as recording:
        work()
    assert recording.mixed == {}
    return recording


def cost_map_on_device() -> Tensor:
    return torch.tensor(PROBLEM.cost_map, device="cuda", requires_grad=True)


def designing(steps: int, objective: Objective = PROBLEM.objective) -> Callable[[], None]:
    settings = DesignSettings("bregman", steps=steps, sweeps=2, device="cuda", bound=False)
    return lambda: run_to_the_end(optimise_costs(replace(PROBLEM, objective=objective), settings))


def optimising(iterations: int) -> Callable[[], None]:
    settings = OptimumSettings(1e-9, iterations, device="cuda")
    return lambda: run_to_the_end(approach_optimum(PROBLEM, settings))


def points(n: int) -> np.ndarray:
    return np.random.default_rng(n).random((n, 2))


def transport_problem(relaxation: Relaxation) -> TransportProblem:
    cost = PointCost(points(30), points(40))
    return TransportProblem(np.full(30, 1 / 30), np.full(40, 1 / 40), cost, relaxation)


# The recorder itself.


def test_what_a_real_device_would_refuse_is_recorded() -> None:
    with pretended_cuda() as recording:
        there = torch.ones(3, device="cuda")
        assert there.device.type == "cuda"
        _ = there + torch.ones(3)
        _ = there * 2.0 + torch.tensor(1.0)  # single numbers may come from the host
        assert sum(recording.mixed.values()) == 1
        assert recording.reads == {}
        there.numpy()
    assert sum(recording.mixed.values()) == 2


def test_every_way_to_the_host_is_a_read() -> None:
    with pretended_cuda() as recording:
        there = torch.arange(3.0).to("cuda") + 1.0
        values = [float(there[0]), there.sum().item(), bool((there > 0.0).all())]
        copies = [there.cpu(), there.to("cpu"), there.to(torch.zeros(1))]
        assert values == [1.0, 6.0, True]
        assert sum(recording.reads.values()) == 6
        assert all(copy.device.type == "cpu" for copy in copies)
        assert torch.zeros_like(there).device.type == there.new_zeros(2).device.type == "cuda"
        _ = torch.stack(copies) + torch.ones(3)
    assert recording.mixed == {}


# The engine.


@pytest.mark.parametrize(
    "objective", [Objective("longer_minimum"), Objective("shorter", smoothness=0.1, closeness=0.1)], ids=str
)
def test_a_design_step_stays_on_its_device(objective: Objective) -> None:
    recorded(designing(2, objective))


def test_a_resumed_run_stays_on_its_device() -> None:
    def stop_and_go_on() -> None:
        settings = DesignSettings("bregman", steps=2, sweeps=2, device="cuda", bound=False)
        (last,) = deque(optimise_costs(PROBLEM, settings), maxlen=1)
        run_to_the_end(optimise_costs(PROBLEM, replace(settings, steps=3), last.state))

    recorded(stop_and_go_on)


@pytest.mark.parametrize("method", ["bregman", "logit"])
@pytest.mark.parametrize("rule", ["envelope", "unrolled"])
def test_gradients_of_route_costs_stay_on_the_device(method: Method, rule: Rule) -> None:
    settings = FlowSettings(method, 0.05, max_iterations=3, device="cuda")

    def backward() -> None:
        costs, _ = route_costs(cost_map_on_device(), PROBLEM.grid, PROBLEM.starts, PROBLEM.goals, settings, rule)
        costs.sum().backward()

    recorded(backward)


@pytest.mark.parametrize("method", ["bregman", "logit"])
@pytest.mark.parametrize("rule", ["implicit", "unrolled"])
def test_gradients_of_route_loads_stay_on_the_device(method: Method, rule: Rule) -> None:
    settings = FlowSettings(method, 0.05, max_iterations=3, device="cuda")

    def backward() -> None:
        loads, _ = route_loads(cost_map_on_device(), PROBLEM.grid, PROBLEM.starts, PROBLEM.goals, settings, rule)
        loads.square().sum().backward()

    recorded(backward)


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("relaxation", [Balanced(), Unbalanced(0.1), Partial(0.5)], ids=str)
def test_transport_stays_on_its_device(relaxation: Relaxation, precision: Precision) -> None:
    settings = replace(TRANSPORT, precision=precision)
    recorded(lambda: solve_transport(transport_problem(relaxation), settings).plan())


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_transport_with_torch_alone_stays_on_its_device(precision: Precision) -> None:
    settings = replace(TRANSPORT, precision=precision)
    with mock.patch.object(torch_solver, "runs_triton", return_value=False):
        recorded(lambda: solve_transport(transport_problem(Partial(0.5)), settings))


def test_transport_of_a_matrix_and_of_distances_stays_on_its_device() -> None:
    weights = np.full(9, 1 / 9)
    for cost in (MatrixCost(np.random.default_rng(0).random((9, 9))), PointCost(points(9), points(9), "distance")):
        recorded(lambda cost=cost: solve_transport(TransportProblem(weights, weights, cost), TRANSPORT))


@pytest.mark.parametrize(
    "function",
    [
        lambda values: soft_top_k(values, 3, 0.1),
        lambda values: soft_top_k(values, 3, 0.1, "unrolled"),
        lambda values: soft_sort(values, 0.1),
        lambda values: soft_rank(values, 0.1),
        lambda values: soft_quantile(values, 0.5, 0.1),
    ],
    ids=["top-k", "top-k unrolled", "sort", "rank", "quantile"],
)
def test_ranking_returns_to_the_device_of_its_values(function: Callable[[Tensor], Tensor]) -> None:
    def backward() -> None:
        values = torch.tensor(np.random.default_rng(0).random((4, 20)), device="cuda", requires_grad=True)
        result = function(values)
        assert result.device == values.device
        result.square().sum().backward()

    recorded(backward)


# How often the host waits, with nothing mixed. These are today's numbers: lower them whenever they fall, never
# raise them.


def reads(work: Callable[[], object]) -> int:
    return sum(recorded(work).reads.values())


@pytest.mark.skipif(not has_triton(), reason="Triton is not installed; the extra gpu-test has it")
def test_a_design_step_in_fused_kernels_stays_on_its_device_and_reads_nothing() -> None:
    # A run is looked at at its first step, every tenth, and its last: twice in either of these.
    assert reads(designing(3)) - reads(designing(2)) == 0


def test_a_design_step_without_fused_kernels_reads_its_device_at_most_31_times(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("engine.core.triton.has_triton", lambda: False)
    assert reads(designing(3)) - reads(designing(2)) <= 31


def test_an_iteration_of_optimum_without_fused_kernels_reads_its_device_at_most_3_5_times(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("engine.core.triton.has_triton", lambda: False)
    assert (reads(optimising(30)) - reads(optimising(10))) / 20 <= 3.5


def test_a_pass_of_transport_reads_the_device_at_most_0_75_times() -> None:
    results: list[TransportResult] = []
    count = reads(lambda: results.append(solve_transport(transport_problem(Balanced()), TRANSPORT)))
    assert count / results[0].iterations <= 0.75
