"""The border between numpy and torch."""

from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from engine.core.arrays import Floats, writable


def to_numpy(tensor: Tensor) -> Floats:
    """A float64 copy on the CPU, outside the graph; the next optimiser step cannot rewrite it."""
    return writable(np.array(tensor.detach().cpu().numpy(), dtype=np.float64))


def numpy_view(tensor: Tensor) -> Floats:
    """The values in float64 on the CPU, outside the graph: only to read at once, they may share memory."""
    return np.asarray(tensor.detach().cpu().numpy(), dtype=np.float64)


def tensor_like(tensor: Tensor, values: Floats) -> Tensor:
    """The values with the type and on the device of another tensor; they share memory where nothing differs."""
    return torch.from_numpy(values).to(tensor)  # pyright: ignore[reportUnknownMemberType]


def apply(function: type[torch.autograd.Function], *arguments: object) -> Tensor:
    """`function.apply(*arguments)` with its type."""
    return cast(Tensor, cast(Any, function).apply(*arguments))
