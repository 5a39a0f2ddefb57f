"""Two networks around transport: one makes the ground cost, the plan is solved, the other reads it; both train.

Every crate has a yard where it belongs. The yard's look says which crate, in a code that nobody has written down,
and a crate's look says what it is worth. Shown is only what each yard holds in the end: its value. So the first
network has to find out what belongs together, the second what a crate is worth, and the plan between them is the
best one for whatever the first network says.
"""

import pytest
import torch
from torch import nn

from engine.core.device import use_few_threads
from engine.transport.gradients import transport_plan
from engine.transport.settings import TransportSettings

CRATES, LOOKS, BATCH, STEPS = 8, 6, 8, 60


class Sorting(nn.Module):
    """Looks of crates (B, n, d) and yards (B, n, d) -> value of what every yard gets (B, n), and the plan."""

    def __init__(self) -> None:
        super().__init__()
        self.meaning = nn.Linear(LOOKS, LOOKS, bias=False, dtype=torch.float64)
        self.worth = nn.Sequential(nn.Linear(LOOKS, 16), nn.Tanh(), nn.Linear(16, 1)).double()

    def forward(self, crates, yards):
        ground_cost = (self.meaning(crates)[:, :, None] - yards[:, None]).square().mean(dim=3)
        weights = torch.full((CRATES,), 1.0 / CRATES, dtype=torch.float64)
        plan, _ = transport_plan(weights, weights, ground_cost, TransportSettings(0.1, 1e-8))
        return CRATES * (plan.transpose(1, 2) @ self.worth(crates))[..., 0], plan


def days(count, seed):
    """Looks of crates and yards, value of what each yard should hold, and which crate it should be."""
    random = torch.Generator().manual_seed(seed)
    code = torch.linalg.qr(torch.randn(LOOKS, LOOKS, generator=torch.Generator().manual_seed(0)).double())[0]
    crates = torch.randn(count, CRATES, LOOKS, generator=random).double()
    order = torch.stack([torch.randperm(CRATES, generator=random) for _ in range(count)])
    belonging = crates.gather(1, order[..., None].expand_as(crates))
    return crates, belonging @ code.T, torch.tanh(belonging[..., 0] + belonging[..., 1]), order


@pytest.mark.slow
def test_a_network_before_and_a_network_after_transport_learn_together():
    use_few_threads()
    torch.manual_seed(1)
    model = Sorting()
    start = {name: values.clone() for name, values in model.state_dict().items()}
    optimiser = torch.optim.Adam(model.parameters(), 0.03)
    held_out_crates, held_out_yards, held_out_values, held_out_order = days(16, seed=1)

    def error_and_right():
        with torch.no_grad():
            values, plan = model(held_out_crates, held_out_yards)
        right = plan.argmax(dim=1) == held_out_order
        return float((values - held_out_values).square().mean()), float(right.double().mean())

    error_before, right_before = error_and_right()
    losses = []
    for step in range(STEPS):
        crates, yards, values, _ = days(BATCH, seed=100 + step)
        loss = (model(crates, yards)[0] - values).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))

    error_after, right_after = error_and_right()
    assert sum(losses[-10:]) < 0.2 * sum(losses[:10])
    assert all(not torch.equal(values, start[name]) for name, values in model.state_dict().items())
    assert error_after < 0.2 * error_before
    # Which crate belongs where was never shown; one in eight is right by chance.
    assert right_before < 0.4
    assert right_after > 0.9
