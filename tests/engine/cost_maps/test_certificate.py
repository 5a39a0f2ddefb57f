import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.grid import divergence
from engine.cost_maps.certificate import certified_loads, unit_flow, upper_bound
from engine.paths.exact import distances_to
from engine.paths.soft_paths import FlowSettings, Method, soft_paths
from tests.oracles import lp_optimum, random_problem

KINDS = st.fixed_dictionaries(
    {
        "neighbours": st.sampled_from([4, 8]),
        "cost_rule": st.sampled_from(["mean", "entered"]),
        "symmetry": st.sampled_from(["none", "half_turn", "left_right"]),
        "locked": st.sampled_from([0.0, 0.2]),
        "routes": st.sampled_from([1, 2]),
    }
)


@pytest.mark.slow
@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), kinds=KINDS, sweeps=st.sampled_from([1, 5, 50]))
def test_no_flow_ever_proves_less_than_the_optimum(seed, kinds, sweeps):
    problem = random_problem(seed, 7, **kinds)
    value, _ = lp_optimum(problem)
    methods: tuple[tuple[Method, float], ...] = (("bregman", 0.2), ("logit", 0.3), ("exact", 1.0))
    for method, epsilon in methods:
        options = FlowSettings(method, epsilon, max_iterations=sweeps)
        paths = soft_paths(problem.grid, problem.cost_map, problem.starts, problem.goals, options)
        loads = certified_loads(problem.movements, paths.flow, problem.starts, paths.fields)
        assert upper_bound(problem.admissible, problem.weights, loads) >= value * (1.0 - 1e-9)


@given(seed=st.integers(0, 10_000))
def test_any_mass_becomes_a_unit_flow(seed):
    problem = random_problem(seed, 7)
    generator = np.random.default_rng(seed)
    legal = np.stack([problem.grid.legal >> move & 1 for move in range(8)]).astype(bool)
    wild = generator.random(legal.shape) * legal
    field = distances_to(problem.grid, problem.cost_map, problem.goals[0])
    flow = unit_flow(problem.grid, wild, problem.starts[0], field)
    supply = divergence(problem.grid, flow)
    supply[problem.starts[0]] -= 1.0
    supply[problem.goals[0]] += 1.0
    assert np.abs(supply).max() < 1e-12
    assert flow.min() >= 0.0
    assert (flow[~legal] == 0.0).all()


def test_a_flow_short_of_its_supply_would_prove_too_little_without_routing():
    problem = random_problem(1, 7, walls=0.0)
    paths = soft_paths(problem.grid, problem.cost_map, problem.starts, problem.goals, FlowSettings("exact"))
    value, _ = lp_optimum(problem)
    half = 0.5 * paths.flow
    naive = 0.5 * paths.load
    assert upper_bound(problem.admissible, problem.weights, naive) < value
    certified = certified_loads(problem.movements, half, problem.starts, paths.fields)
    assert upper_bound(problem.admissible, problem.weights, certified) >= value - 1e-9
    assert certified == pytest.approx(paths.load)
