"""Projection onto a box with a fixed total: optimal by its conditions, alike in all three places that use it."""

import numpy as np
import pytest
import torch

from engine.cost_maps.admissible import FIXED, admissible_maps
from engine.cost_maps.cell_groups import cell_groups
from engine.cost_maps.projection import project, total_shift


@pytest.mark.parametrize("seed", range(8))
def test_the_projection_meets_its_optimality_conditions(seed):
    generator = np.random.default_rng(seed)
    n = int(generator.integers(1, 300))
    size = generator.integers(1, 9, n).astype(float)
    values = generator.normal(0.0, 10.0 ** generator.integers(-2, 3), n)
    lower = generator.uniform(0.1, 1.0, n)
    upper = lower + generator.uniform(0.0, 4.0, n)
    total = float(size @ (lower + generator.uniform() * (upper - lower)))
    z = project(values, size, lower, upper, total)
    assert size @ z == pytest.approx(total, rel=1e-12)
    assert np.all((z >= lower) & (z <= upper))
    # One multiplier: cells between their bounds moved by λ, those at a bound would have moved beyond it.
    moved, inside = z - values, (z > lower) & (z < upper)
    if inside.any():
        shift = moved[inside].mean()
        assert moved[inside] == pytest.approx(shift, abs=1e-9 * max(1.0, np.abs(values).max()))
        assert np.all(moved[z == lower] >= shift - 1e-9 * max(1.0, np.abs(values).max()))
        assert np.all(moved[(z == upper) & (z > lower)] <= shift + 1e-9 * max(1.0, np.abs(values).max()))


@pytest.mark.parametrize("total", [0.0, 1e6])
def test_a_total_out_of_reach_is_met_as_nearly_as_the_box_allows(total):
    lower, upper = np.full(5, 0.2), np.full(5, 5.0)
    z = project(np.linspace(0.0, 6.0, 5), np.ones(5), lower, upper, total)
    assert z == pytest.approx(lower if total == 0.0 else upper, rel=1e-12)


def test_the_shift_does_not_depend_on_the_bracket_or_on_where_the_search_begins():
    generator = np.random.default_rng(5)
    values, lower, upper = generator.normal(0.0, 2.0, 500), np.full(500, 0.2), np.full(500, 5.0)
    open_ends, limits = (-np.inf, np.inf), (-20.0, 20.0)
    shifts = [
        total_shift(values, size, lower, upper, 700.0, *bracket, begin, 1e-13)
        for size in (None, np.ones(500))
        for bracket in (open_ends, limits)
        for begin in (0.0, 3.0)
    ]
    assert shifts == pytest.approx(np.full(8, shifts[0]), abs=1e-10)


@pytest.mark.parametrize("symmetry", ["none", "left_right", "four_way", "quarter_turn", "diagonal"])
def test_groups_as_tensors_expand_and_gather_as_arrays_do(symmetry):
    generator = np.random.default_rng(2)
    cost_map, passable = generator.uniform(0.5, 2.0, (9, 9)), generator.random((9, 9)) > 0.2
    locked = generator.random((9, 9)) < 0.2
    admissible = admissible_maps(cost_map, passable, 0.2, 5.0, locked=locked, symmetry=symmetry)
    groups = cell_groups(admissible, "cpu", torch.float64)
    z = torch.tensor(generator.uniform(1.0, 2.0, admissible.size.size), requires_grad=True)
    expanded = groups.expand(z)
    assert np.array_equal(expanded.detach().numpy(), admissible.expand(z.detach().numpy()))
    upstream = torch.tensor(generator.normal(size=(2, 9, 9)))
    (gradient,) = torch.autograd.grad((expanded * upstream[0]).sum(), z)
    assert gradient.numpy() == pytest.approx(admissible.gather(upstream[0].numpy()), rel=1e-13, abs=1e-14)
    sums = groups.gather(upstream)
    assert sums.numpy() == pytest.approx(np.stack([admissible.gather(m) for m in upstream.numpy()]), abs=1e-13)
    assert (admissible.group == FIXED).any()
