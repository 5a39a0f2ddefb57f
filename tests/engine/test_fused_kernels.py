"""The fused kernels compile for every generation of cards, and keep their values in registers."""

import os
import subprocess
import sys

import pytest

from engine.core.triton import has_triton
from tests.fused_kernels import TARGETS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not has_triton(), reason="Triton is not installed; the extra gpu-test has it"),
]

# A thread of the sweeps must leave room for eight programs of 256 threads, so that loads hide behind each other.
MOST_REGISTERS = {"project_colour": 96, "measure": 96}


def test_every_kernel_compiles_without_a_card_and_spills_nothing():
    environment = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
    command = [sys.executable, "-m", "tests.fused_kernels"]
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    rows = [line.split() for line in told.stdout.splitlines()]
    assert {row[1] for row in rows} == {f"sm_{target}" for target in TARGETS}
    for name, target, _, registers, _, stack in rows:
        assert int(stack) == 0, (name, target)
        assert int(registers) <= MOST_REGISTERS.get(name, 255), (name, target)
