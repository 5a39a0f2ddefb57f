"""A network of one's own through the path solver: four noises become four maps with a path of one length.

The pieces: a cost map that keeps its bounds and its total (`engine.cost_maps.parametrisation`), and the cost of
its shortest path, which Adam can see through (`engine.paths.gradients`). Whatever network there is in front is
free.
"""

import numpy as np
import pytest
import torch
from torch import nn

from engine.core.device import use_few_threads
from engine.core.grid import Grid
from engine.cost_maps.admissible import admissible_maps
from engine.cost_maps.parametrisation import parametrisation
from engine.paths.exact import distances_to
from engine.paths.gradients import route_costs
from engine.paths.soft_paths import FlowSettings

SIZE, START, GOAL, LENGTH = 10, (5, 1), (5, 8), 12.0


@pytest.mark.slow
def test_a_network_learns_to_make_maps_with_a_path_of_one_length():
    passable = np.ones((SIZE, SIZE), dtype=bool)
    passable[4:7, 4] = False
    grid = Grid(passable)
    limits = parametrisation(admissible_maps(np.ones((SIZE, SIZE)), passable, 0.2, 5.0))

    use_few_threads()
    torch.manual_seed(0)
    noise = torch.randn(4, 6, dtype=torch.float64)
    network = nn.Sequential(nn.Linear(6, 32), nn.Tanh(), nn.Linear(32, int(passable.sum()))).double()
    optimiser = torch.optim.Adam(network.parameters(), 0.01)

    cost_maps: list[torch.Tensor] = []
    for _ in range(100):
        cost_maps = [limits.cost_map(theta) for theta in network(noise)]
        lengths = torch.cat(
            [route_costs(c, grid, [START], [GOAL], FlowSettings("logit", 0.02))[0] for c in cost_maps]
        )
        loss = ((lengths / LENGTH - 1.0) ** 2).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()

    made = [limits.cost_map(theta).detach().numpy() for theta in network(noise)]
    exact = np.array([distances_to(grid, cost_map, GOAL).distance[START] for cost_map in made])
    assert np.abs(exact / LENGTH - 1.0).max() < 0.02
    for cost_map in made:
        assert np.isclose(cost_map.sum(), passable.sum(), rtol=1e-12)  # the total of the drawn map
        assert cost_map[passable].min() >= 0.2
        assert cost_map.max() <= 5.0
    assert np.ptp(np.stack(made), axis=0)[passable].mean() > 0.2  # and they are four different maps
