"""Fused kernels compiled for cards that are not there: the registers they take, and the memory they spill to."""

import os
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Turing and Hopper; the others where they are asked for.
CARDS = (75, 80, 86, 89, 90, 120) if os.environ.get("LONGCUT_ALL_CARDS") else (75, 90)


@dataclass(frozen=True)
class Resources:
    """registers: of a thread.  spilled: bytes of a thread beyond them.  shared: bytes of a program."""

    registers: int
    spilled: int
    shared: int


def resources(kernel: Any, types: dict[str, str], constants: dict[str, Any], card: int, warps: int) -> Resources:
    """Compile a kernel for a card (90: sm_90).

    types: of arguments by name, of other names too.  constants: its constexprs.
    """
    import triton
    from triton.backends.compiler import GPUTarget
    from triton.compiler import ASTSource

    signature = {name: "constexpr" if name in constants else types[name] for name in kernel.arg_names}
    source = ASTSource(fn=kernel, signature=signature, constexprs=constants)
    made: Any = triton.compile(source, target=GPUTarget("cuda", card, 32), options={"num_warps": warps})
    (tool,) = Path(triton.__file__).parent.glob("backends/nvidia/bin/cuobjdump*")
    with tempfile.TemporaryDirectory() as folder:
        binary = Path(folder, "kernel.cubin")
        binary.write_bytes(made.asm["cubin"])
        listed = subprocess.run(
            [tool, "--dump-resource-usage", binary], capture_output=True, text=True, check=True
        ).stdout
    found = {name: int(value) for name, value in re.findall(r"(REG|STACK|LOCAL):(\d+)", listed)}
    return Resources(found["REG"], found["STACK"] + found["LOCAL"], made.metadata.shared)
