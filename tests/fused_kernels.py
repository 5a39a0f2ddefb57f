"""Cross-compile every fused kernel, without a card: `python -m tests.fused_kernels 75 90` prints one row for each.

A row has the kernel, the target, and what a thread needs: registers, and bytes of stack, where spilled values go.
Run it without TRITON_INTERPRET; the six targets that matter are the default.
"""

import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

TARGETS = (75, 80, 86, 89, 90, 120)
FLOATS, BYTES, INTEGERS, INTEGER = "*fp64", "*u8", "*i32", "i32"

LANES = {
    "y": FLOATS, "price": FLOATS, "legal": BYTES, "price_of": INTEGERS, "legal_of": INTEGERS,
    "start": INTEGERS, "goal": INTEGERS,
}  # fmt: skip
SIZE = {"height": INTEGER, "width": INTEGER}


@dataclass(frozen=True)
class Build:
    """One kernel to compile: the types of its arguments, its constants, and warps of a program."""

    kernel: str
    arguments: dict[str, str]
    constants: dict[str, Any]
    warps: int = 8


def builds() -> list[Build]:
    """Return all kernels, in the forms that need most registers."""
    colour = LANES | {"omega": FLOATS, "epsilon": FLOATS} | SIZE
    colour |= {"first_row": INTEGER, "first_column": INTEGER}
    measured = LANES | {"epsilon": FLOATS, "load": FLOATS, "flow": FLOATS, "partial": FLOATS} | SIZE
    paths, shift = "engine.paths.bregman_kernels:", "engine.cost_maps.shift_kernels:"
    of_map = {"MEAN": True, "MOVES": 8, "BLOCK": 256}
    sums = {"theta": FLOATS, "weight": FLOATS, "state": FLOATS, "partial": FLOATS, "groups": INTEGER}
    newton = {"state": FLOATS, "partial": FLOATS, "target": FLOATS, "blocks": INTEGER}
    return [
        Build(paths + "project_colour", colour, of_map | {"WIDE": False}),
        Build(paths + "project_colour", colour, of_map | {"WIDE": True}),
        Build(paths + "measure", measured, of_map | {"STORE_FLOW": True}),
        Build(shift + "total_sums", sums, {"BLOCK": 2048}),
        Build(shift + "next_shift", newton, {"PARTIALS": 8192}, 32),
    ]


def main(targets: list[int]) -> None:
    """Print a row for each kernel and target: name, target, registers, bytes of stack."""
    for build in builds():
        for target in targets:
            registers, stack = compiled(build, target)
            print(f"{build.kernel.split(':')[1]} sm_{target} registers {registers} stack {stack}", flush=True)


def compiled(build: Build, target: int) -> tuple[int, int]:
    """Compile a kernel for a target; return a thread's registers and its bytes of stack."""
    import triton
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    module, name = build.kernel.split(":")
    signature = build.arguments | dict.fromkeys(build.constants, "constexpr")
    source = ASTSource(getattr(import_module(module), name), signature, build.constants)
    kernel = triton.compile(source, GPUTarget("cuda", target, 32), {"num_warps": build.warps})
    (tool,) = Path(triton.__file__).parent.glob("backends/nvidia/bin/cuobjdump*")
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        Path(file.name).write_bytes(kernel.asm["cubin"])
        command = [str(tool), "--dump-resource-usage", file.name]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"REG:(\d+) STACK:(\d+) SHARED:\d+ LOCAL:(\d+)", told)
    assert found is not None, told
    return int(found[1]), int(found[2]) + int(found[3])


if __name__ == "__main__":
    main([int(target) for target in sys.argv[1:]] or list(TARGETS))
