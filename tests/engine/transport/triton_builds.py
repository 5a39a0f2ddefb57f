"""The fused kernels of transport, compiled for a card: `python -m tests.engine.transport.triton_builds 90`.

They are compiled as they would be launched, by a solve in three dimensions, with slack points and square roots,
which needs most registers.
"""

import sys
from typing import get_args
from unittest import mock

import numpy as np

from engine.transport import semidual_kernels, streaming_kernels
from engine.transport.semidual_triton import FusedSemiDual
from engine.transport.streaming_triton import Arithmetic, StreamingKernel
from tests.engine.transport.triton_cases import normalised
from tests.kernel_resources import compile_launches


def main(card: int) -> None:
    """Launch every kernel once, in each arithmetic."""
    modules = {
        streaming_kernels: ("maxima", "sums", "moments"),
        semidual_kernels: ("rows", "columns", "sweep", "begin_direction", "go_on"),
    }
    compile_launches(modules, card)
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
