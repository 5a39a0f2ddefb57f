"""What does a path cost, and which cells make it so? The gradient of a soft shortest path answers both.

A soft path spreads over all ways, the cheap ones most; epsilon says how widely. Its cost is a differentiable
function of the map, and the derivative by a cell is the load: how much of the path crosses that cell. As epsilon
falls, the load gathers on the shortest path.
"""

import numpy as np
import torch

from engine import FlowSettings, Grid, distances_to, route_costs, shortest_path

START, GOAL = (0, 0), (9, 9)


def test_the_gradient_of_a_path_cost_is_the_load_on_each_cell() -> None:
    grid = Grid(np.ones((10, 10), dtype=bool))
    costs = np.random.default_rng(0).uniform(0.5, 2.0, (10, 10))
    exact = distances_to(grid, costs, GOAL)
    on_path = np.zeros((10, 10))
    on_path[tuple(shortest_path(exact, START).T)] = 1.0

    share_on_path = []
    for epsilon in (0.3, 0.1, 0.01):
        cost_map = torch.tensor(costs, requires_grad=True)
        (cost,), _ = route_costs(cost_map, grid, [START], [GOAL], FlowSettings("bregman", epsilon))
        (load,) = torch.autograd.grad(cost, cost_map)
        share_on_path.append(float((load.numpy() * on_path).sum() / load.sum()))

        # A cell that gets dearer by a little makes the path dearer by its load times as much.
        dearer = torch.tensor(costs)
        dearer[5, 5] += 1e-4
        (more,), _ = route_costs(dearer, grid, [START], [GOAL], FlowSettings("bregman", epsilon))
        assert np.isclose((more - cost).item(), 1e-4 * load[5, 5].item(), rtol=1e-2, atol=1e-8)

    assert share_on_path == sorted(share_on_path)
    assert share_on_path[-1] > 0.99
