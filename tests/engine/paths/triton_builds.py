"""The fused kernels of a design run, compiled for a card: `python -m tests.engine.paths.triton_builds 90`."""

import sys
from dataclasses import replace

import torch

from engine.cost_maps import shift_kernels
from engine.cost_maps.shift_triton import DeviceShift
from engine.paths import bregman_kernels
from tests.engine.paths.triton_cases import lanes_of
from tests.kernel_resources import compile_launches
from tests.oracles import random_problem


def main(card: int) -> None:
    """Launch every kernel in the forms that need most registers."""
    modules = {
        bregman_kernels: ("project_colour", "measure"),
        shift_kernels: ("total_sums", "next_shift"),
    }
    compile_launches(modules, card)
    problem = random_problem(3, 9, 1)
    for mean in (True, False):
        for wide in (True, False):
            lanes = replace(lanes_of(problem, [problem.cost_map], wide), mean=mean)
            lanes.sweep(1)
        lanes.measured(with_flow=True)
    for count in (10, 20_000_000):  # with few partial sums, and with ten thousand
        theta = torch.empty((1, count), dtype=torch.float64)
        DeviceShift(theta, theta, torch.ones(1, dtype=torch.float64), first_steps=1)


if __name__ == "__main__":
    main(int(sys.argv[1]))
