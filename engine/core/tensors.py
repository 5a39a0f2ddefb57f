"""The border between numpy and torch."""

from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from engine.core.arrays import Flags, Floats, writable
from engine.core.movement import Movement


def to_numpy(tensor: Tensor) -> Floats:
    """Copy a tensor to the CPU as float64, outside the graph; no later optimiser step can change the copy."""
    return writable(np.array(tensor.detach().cpu().numpy(), dtype=np.float64))


def numpy_view(tensor: Tensor) -> Floats:
    """Return the values as float64 on the CPU, outside the graph. They may share memory: read them at once."""
    return np.asarray(tensor.detach().cpu().numpy(), dtype=np.float64)


def tensor_like(tensor: Tensor, values: Floats) -> Tensor:
    """Return values with the type and on the device of `tensor`; memory is shared where neither differs."""
    return torch.from_numpy(values).to(tensor)  # pyright: ignore[reportUnknownMemberType]


def flags_on(device: torch.device | str, dtype: torch.dtype, flags: Flags) -> Tensor:
    """Return 1 where a flag is set and 0 elsewhere: a mask to multiply by, for which no device waits."""
    return torch.tensor(flags, dtype=dtype, device=device)


def class_costs(movement: Movement, cost_map: Tensor) -> Tensor:
    """Return what a class pays (H, W) on a cost map (H, W), differentiable; see `Movement.costs`."""
    return cost_map if movement.factor is None else cost_map.new_tensor(movement.factor) * cost_map


def apply(function: type[torch.autograd.Function], *arguments: object) -> Tensor:
    """Return `function.apply(*arguments)`, typed as the tensor that it is."""
    return cast("Tensor", cast("Any", function).apply(*arguments))
