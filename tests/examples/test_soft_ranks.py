"""Ranks, sorting and top-k that a gradient passes through: ask for "among the best three" and let Adam see to it.

A rank changes in jumps, so its derivative says nothing. Softness blurs it, in the values' own unit: far below
their differences the results are exact, and above them every value is drawn past the next one.
"""

import numpy as np
import torch

from engine import soft_quantile, soft_rank, soft_sort, soft_top_k

VALUES = torch.tensor([3.0, 1.0, 4.0, 1.5, 9.0], dtype=torch.float64)


def test_a_little_softness_gives_the_exact_answers() -> None:
    ascending = torch.sort(VALUES).values
    assert torch.allclose(soft_sort(VALUES, 1e-3), ascending, atol=1e-3)
    assert torch.allclose(soft_rank(VALUES, 1e-3), torch.tensor([3.0, 1, 4, 2, 5]).double(), atol=1e-3)
    assert torch.allclose(soft_top_k(VALUES, 2, 1e-3), torch.tensor([0.0, 0, 1, 0, 1]).double(), atol=1e-3)
    assert np.isclose(soft_quantile(VALUES, 0.5, 1e-3).item(), 3.0, atol=1e-3)


def test_a_value_climbs_into_the_top_three_and_no_further() -> None:
    second = torch.tensor([0.0, 1.0, 0.0, 0.0, 0.0])
    raised = torch.zeros((), dtype=torch.float64, requires_grad=True)  # what is added to the least value
    optimiser = torch.optim.Adam([raised], 0.1)
    for _ in range(200):
        values = VALUES + raised * second
        if int((values > values[1]).sum()) < 3:
            break
        optimiser.zero_grad()
        (1.0 - soft_top_k(values, 3, softness=1.0)[1]).backward()
        optimiser.step()
    assert 2.0 < raised.item() < 2.15  # the third largest was 3.0, and it began at 1.0
