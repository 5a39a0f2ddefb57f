from typing import Any, get_args

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog, minimize

from engine.cost_maps.admissible import Symmetry, admissible_maps
from engine.cost_maps.parametrisation import first_theta, parametrisation
from tests.present import present

SYMMETRIES = get_args(Symmetry)


def random_set(seed: int, symmetry: Symmetry = "none", size: int = 6):
    generator = np.random.default_rng(seed)
    passable = generator.random((size, size)) > 0.2
    locked = generator.random((size, size)) > 0.8
    cost_map = np.where(passable, generator.uniform(0.5, 2.0, (size, size)), 1.0)
    return (
        admissible_maps(cost_map, passable, 0.2, 5.0, locked=locked, symmetry=symmetry),
        cost_map,
        passable,
        locked,
    )


@given(seed=st.integers(0, 10_000), symmetry=st.sampled_from(SYMMETRIES))
def test_projection_is_admissible_and_nearest(seed, symmetry):
    admissible, cost_map, passable, locked = random_set(seed, symmetry)
    wild = np.random.default_rng(seed + 1).normal(1.0, 3.0, admissible.size.size)
    z = admissible.project(wild)
    projected = admissible.expand(z)
    assert admissible.contains(projected)
    assert projected[passable].sum() == pytest.approx(cost_map[passable].sum(), rel=1e-12)
    assert np.array_equal(projected[locked & passable], cost_map[locked & passable])
    # Nearest: moving towards any other admissible point does not come closer.
    for other_seed in range(3):
        gains = np.random.default_rng(other_seed).random(cost_map.shape)
        _, corner = admissible.largest(gains)
        towards = admissible.reduce(corner) - z
        assert np.sum(admissible.size * (wild - z) * towards) <= 1e-8


@pytest.mark.slow
@given(seed=st.integers(0, 10_000), symmetry=st.sampled_from(SYMMETRIES))
def test_largest_equals_the_linear_programme(seed, symmetry):
    admissible, cost_map, _, _ = random_set(seed, symmetry)
    load = np.random.default_rng(seed).random(cost_map.shape)
    value, best = admissible.largest(load)
    assert admissible.contains(best)
    assert value == pytest.approx(np.sum(load * best), rel=1e-12)
    solved = linprog(
        -admissible.gather(load),
        A_eq=admissible.size[None],
        b_eq=[admissible.budget],
        bounds=np.c_[admissible.lower, admissible.upper],
    )
    assert value == pytest.approx(np.sum(load * admissible.fixed) - present(solved.fun), rel=1e-9)


@pytest.mark.parametrize("symmetry", SYMMETRIES)
def test_expanded_maps_have_the_symmetry(symmetry):
    cost_map = np.ones((6, 6))
    admissible = admissible_maps(cost_map, np.ones((6, 6), dtype=bool), 0.2, 5.0, symmetry=symmetry)
    drawn = admissible.expand(np.random.default_rng(0).random(admissible.size.size))
    images = {
        "none": drawn,
        "left_right": drawn[:, ::-1],
        "top_bottom": drawn[::-1],
        "half_turn": drawn[::-1, ::-1],
        "quarter_turn": np.rot90(drawn),
        "diagonal": drawn.T,
    }
    for one in ("left_right", "top_bottom") if symmetry == "four_way" else (symmetry,):
        assert np.array_equal(images[one], drawn)
    # And no more than that: one number for each cell that no image comes before.
    groups = {"none": 36, "four_way": 9, "quarter_turn": 9, "diagonal": 21}
    assert len(np.unique(drawn)) == admissible.size.size == groups.get(symmetry, 18)


def test_gather_is_the_adjoint_of_expand():
    admissible, cost_map, _, _ = random_set(3, "half_turn")
    z, load = (
        np.random.default_rng(1).random(admissible.size.size),
        np.random.default_rng(2).random(cost_map.shape),
    )
    direct = np.sum(load * (admissible.expand(z) - admissible.fixed))
    assert admissible.gather(load) @ z == pytest.approx(direct, rel=1e-13)


def test_projection_equals_a_general_solver():
    admissible, _, _, _ = random_set(5)
    wild = np.random.default_rng(0).normal(1.0, 2.0, admissible.size.size)
    total: Any = {"type": "eq", "fun": lambda z: admissible.size @ z - admissible.budget}
    solved = minimize(
        lambda z: float(np.sum(admissible.size * (z - wild) ** 2)),
        admissible.project(np.ones_like(wild)),
        jac=lambda z: 2.0 * admissible.size * (z - wild),
        bounds=np.c_[admissible.lower, admissible.upper],
        constraints=total,
        method="SLSQP",
        options={"ftol": 1e-14, "maxiter": 500},
    )
    assert np.allclose(admissible.project(wild), solved.x, atol=1e-5)


@pytest.mark.parametrize("symmetry", ["none", "half_turn"])
def test_parameters_keep_the_total_and_the_bounds_and_differentiate(symmetry):
    admissible, _, _, _ = random_set(9, symmetry)
    limits = parametrisation(admissible)
    theta = (
        torch.randn(admissible.size.size, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 3.0
    )
    assert admissible.contains(limits.cost_map(theta).numpy(), 1e-12)
    assert torch.autograd.gradcheck(limits.cost_map, (theta.requires_grad_(True),))


def test_extreme_parameters_keep_the_total():
    admissible, _, _, _ = random_set(9)
    limits = parametrisation(admissible)
    theta = torch.full((admissible.size.size,), -12.0, dtype=torch.float64)
    theta[0] = 12.0
    assert admissible.contains(limits.cost_map(theta).numpy(), 1e-9)


def test_first_parameters_give_the_drawn_map():
    admissible, cost_map, passable, _ = random_set(4)
    drawn = parametrisation(admissible).cost_map(torch.tensor(first_theta(admissible, cost_map))).numpy()
    assert np.allclose(drawn[passable], cost_map[passable], atol=1e-6)


def test_without_the_total_every_group_goes_to_its_better_bound():
    admissible, cost_map, _, _ = random_set(7, "left_right")
    load = np.random.default_rng(7).normal(size=cost_map.shape)
    value, best = admissible.largest(load, keep_total=False)
    gain = admissible.gather(load)
    fixed = np.sum(load * admissible.fixed)
    by_groups = np.maximum(gain * admissible.lower, gain * admissible.upper).sum() + fixed
    assert value == pytest.approx(by_groups, rel=1e-12)
    assert value == pytest.approx(np.sum(load * best), rel=1e-12)


def test_membership_counts_locked_cells_and_not_walls():
    admissible, cost_map, passable, locked = random_set(2)
    inside = admissible.nearest(cost_map)
    assert admissible.contains(np.where(passable, inside, 123.0))
    cheap_locked = np.argwhere(locked & passable & (cost_map < 1.0))[0]
    moved = inside.copy()
    moved[tuple(cheap_locked)] += 0.01
    assert not admissible.contains(moved)
