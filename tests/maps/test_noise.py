"""Noise: the same cell has the same value in any stretch, values fill their range, neighbours are alike."""

import numpy as np

from maps.noise import GRAINS, noise_factors, value_noise


def test_a_cell_has_one_value_whatever_is_asked_for():
    whole = value_noise((0, 0, 40, 50), 3)
    assert np.array_equal(value_noise((7, 11, 20, 31), 3), whole[7:20, 11:31])
    assert not np.array_equal(value_noise((0, 0, 40, 50), 4), whole)
    assert value_noise((5, 5, 5, 5), 0).size == 0


def test_it_is_even_to_either_side_fills_its_range_and_is_smooth():
    values = value_noise((0, 0, 600, 600), 0)
    assert np.abs(values).max() <= 1.0
    assert abs(values.mean()) < 0.02
    assert values.max() > 0.8
    assert values.min() < -0.8
    steepest = sum(share * 2.0 * 1.5 / grain for grain, share in GRAINS)  # of smoothstep between -1 and 1
    assert np.abs(np.diff(values, axis=0)).max() <= steepest
    for axis in (0, 1):
        knots = values[::6, ::6]
        turned = np.roll(knots, 1, axis)
        assert abs(np.corrcoef(knots.ravel(), turned.ravel())[0, 1]) < 0.05, "knots know nothing of one another"


def test_factors_are_as_likely_to_raise_as_to_lower():
    factors = noise_factors((0, 0, 300, 300), 0.5, 1)
    assert np.exp(-0.5) <= factors.min() <= factors.max() <= np.exp(0.5)
    assert abs(np.log(factors).mean()) < 0.02
