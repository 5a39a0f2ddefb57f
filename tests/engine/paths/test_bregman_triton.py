"""Fused projections, in Triton's interpreter, against the compiled ones."""

import numpy as np
import pytest
import torch

from engine.core.grid import load_of_flow
from engine.core.triton import has_triton, interpreted
from engine.paths.bregman_cpu import CpuProjections
from engine.paths.bregman_triton import Lanes, TritonProjections
from tests.engine.paths.triton_cases import beginnings, lanes_of
from tests.kernel_resources import CARDS, told_by
from tests.oracles import random_problem

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not has_triton(), reason="Triton is not installed; the extra gpu-test has it"),
    pytest.mark.skipif(not interpreted(), reason="with a card, tests.benchmarks.gpu compares its kernels"),
]

KINDS = [(4, "mean"), (8, "mean"), (4, "entered"), (8, "entered")]
OMEGA, SWEEPS = np.array([1.5, 1.7]), 6


def compiled(problem, epsilon=0.1):
    reachable, first = beginnings(problem)
    ends = problem.starts, problem.goals
    return CpuProjections(problem.grid, problem.cost_map, *ends, reachable, first, epsilon)


@pytest.mark.parametrize(("neighbours", "cost_rule"), KINDS)
def test_fused_and_compiled_take_the_same_steps(neighbours, cost_rule):
    # An odd size: the colours have different numbers of cells.
    problem = random_problem(11, 9, 2, neighbours=neighbours, cost_rule=cost_rule, walls=0.15)
    reachable, first = beginnings(problem)
    ends = problem.starts, problem.goals
    fused = TritonProjections(problem.grid, problem.cost_map, *ends, reachable, first, 0.1, "cpu")
    active = np.array([True, True])
    fused.sweep(OMEGA, active, SWEEPS)
    cpu = compiled(problem)
    cpu.sweep(OMEGA, active, SWEEPS)
    assert np.allclose(fused.flow(), cpu.flow(), atol=1e-8)
    assert np.allclose(fused.supply_error(), cpu.supply_error(), atol=1e-8)
    assert np.allclose(fused.potentials(), cpu.potentials(), atol=1e-8, equal_nan=True)


def test_a_route_that_is_not_active_stays_as_it_is():
    problem = random_problem(11, 8, 2)
    reachable, first = beginnings(problem)
    fused = TritonProjections(
        problem.grid, problem.cost_map, problem.starts, problem.goals, reachable, first, 0.1, "cpu"
    )
    fused.sweep(OMEGA, np.array([False, True]), 2)
    assert np.array_equal(fused.potentials()[0], np.where(reachable, first, np.nan)[0], equal_nan=True)
    assert not np.array_equal(fused.potentials()[1], np.where(reachable, first, np.nan)[1], equal_nan=True)


def test_a_batch_of_maps_is_the_same_as_each_map_alone():
    problem = random_problem(5, 8, 1)
    maps = [problem.cost_map * factor for factor in (1.0, 1.3, 0.8)]
    together = lanes_of(problem, maps)
    together.sweep(2)
    for lane, cost_map in enumerate(maps):
        alone = lanes_of(problem, [cost_map])
        alone.sweep(2)
        assert torch.equal(together.potentials[lane], alone.potentials[0])


@pytest.mark.parametrize("cost_rule", ["mean", "entered"])
def test_load_and_value_are_those_of_the_flow(cost_rule):
    problem = random_problem(3, 9, 1, cost_rule=cost_rule, walls=0.1)
    lanes = lanes_of(problem, [problem.cost_map])
    lanes = Lanes(**{**vars(lanes), "mean": cost_rule == "mean"})
    lanes.sweep(2)
    measured = lanes.measured(with_flow=True)
    assert measured.flow is not None
    flow = measured.flow[0].numpy()
    assert np.allclose(measured.load[0].numpy(), load_of_flow(problem.grid, flow), atol=1e-12)
    y = lanes.potentials[0].numpy()
    value = y[problem.starts[0]] - y[problem.goals[0]] - 0.1 * flow.sum()
    assert float(measured.value[0]) == pytest.approx(value, rel=1e-12)


def test_exponentials_in_single_precision_move_potentials_by_their_rounding_only():
    problem = random_problem(4, 9, 1, walls=0.1)
    double, single = (lanes_of(problem, [problem.cost_map], wide) for wide in (True, False))
    double.sweep(4)
    single.sweep(4)
    apart = float((double.potentials - single.potentials).abs().max())
    assert 0.0 < apart < 1e-6


@pytest.mark.parametrize("card", CARDS)
def test_kernels_spill_nothing_and_leave_room_for_each_other(card):
    rows = told_by("tests.engine.paths.triton_builds", card)
    assert {row["kernel"] for row in rows} == {"project_colour", "measure", "total_sums", "next_shift"}
    for row in rows:
        assert row["spilled"] == 0, row
        assert row["registers"] <= 96, row
