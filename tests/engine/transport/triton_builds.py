"""The fused kernels of transport, compiled for a card: `python -m tests.engine.transport.triton_builds 90`.

They are compiled as they would be launched, by a solve in three dimensions, with slack points and square roots,
which needs most registers.
"""

import json
import sys
from dataclasses import asdict
from typing import Any, get_args
from unittest import mock

import numpy as np
import torch

from engine.transport import semidual_kernels, streaming_kernels
from engine.transport.semidual_triton import FusedSemiDual
from engine.transport.streaming_triton import Arithmetic, StreamingKernel
from tests.engine.transport.triton_cases import normalised
from tests.kernel_resources import resources

TYPES = {torch.float32: "*fp32", torch.float64: "*fp64"}


class Compiled:
    """In place of a kernel: compiles it for a card when it is launched, and prints what it needs, as JSON."""

    def __init__(self, kernel: Any, card: int) -> None:
        self._kernel, self._card = kernel, card

    def __getitem__(self, grid: tuple[int, ...]) -> "Compiled":
        return self

    def __call__(self, *arguments: Any, num_warps: int = 4, **constants: Any) -> None:
        types = {
            name: TYPES[value.dtype] if isinstance(value, torch.Tensor) else "i32"
            for name, value in zip(self._kernel.arg_names, arguments, strict=False)
        }
        needed = resources(self._kernel, types, constants, self._card, num_warps)
        print(json.dumps({"kernel": self._kernel.__name__, **asdict(needed)}))


def main(card: int) -> None:
    """Launch every kernel once, in each arithmetic."""
    modules = {
        streaming_kernels: ("maxima", "sums", "moments"),
        semidual_kernels: ("rows", "columns", "sweep", "begin_direction", "go_on"),
    }
    for module, names in modules.items():
        for name in names:
            setattr(module, name, Compiled(getattr(module, name), card))
    for arithmetic in get_args(Arithmetic):
        problems = [normalised(0, 3, "distance", True)]
        kernel = StreamingKernel(problems, arithmetic, "cpu:0")
        semidual = FusedSemiDual(problems, kernel, "cpu:0")
        semidual.form(kernel.formed_at)
        now = semidual.evaluate(kernel.formed_at, kernel.formed_at)
        kernel.moments(now.scale, now.v)
        semidual.swept(now)
        with mock.patch.object(FusedSemiDual, "effort", 1):
            semidual.direction(now, np.array([True]), np.array([1e-3]))


if __name__ == "__main__":
    main(int(sys.argv[1]))
