"""The shift of the parametrisation, found on the device: the total is met, step after step."""

import numpy as np
import pytest
import torch

from engine.core.triton import has_triton, interpreted
from engine.cost_maps.shift_triton import DeviceShift

pytestmark = [
    pytest.mark.skipif(not has_triton(), reason="Triton is not installed; the extra gpu-test has it"),
    pytest.mark.skipif(not interpreted(), reason="with a card, tests.benchmarks.gpu compares its kernels"),
]


def totals(theta: torch.Tensor, weight: torch.Tensor, shift: torch.Tensor) -> torch.Tensor:
    return (weight * torch.sigmoid(theta + shift)).sum(dim=1)


@pytest.mark.parametrize("share", [0.001, 0.5, 0.999])
def test_the_total_is_met_from_cold_and_after_every_step_of_theta(share):
    generator = np.random.default_rng(3)
    theta = torch.tensor(generator.normal(0.0, 4.0, (2, 2500)))
    weight = torch.tensor(generator.uniform(0.0, 4.0, (2, 2500)))
    weight[1, 1000:] = 0.0  # a map with fewer parameters
    target = share * weight.sum(dim=1)
    shift = DeviceShift(theta, weight, target)
    for _ in range(4):
        assert torch.allclose(totals(theta, weight, shift.advance()), target, rtol=1e-12)
        theta += torch.tensor(generator.normal(0.0, 0.5, theta.shape))


def test_a_total_that_is_met_stays_met():
    theta, weight = torch.zeros((1, 7), dtype=torch.float64), torch.ones((1, 7), dtype=torch.float64)
    shift = DeviceShift(theta, weight, torch.tensor([3.5], dtype=torch.float64))
    assert [float(shift.advance()) for _ in range(3)] == [0.0, 0.0, 0.0]
