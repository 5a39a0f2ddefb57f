"""Fused kernels compiled for cards that are not there: the registers they take, and the memory they spill to."""

import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import torch

# Turing and Hopper; the others where they are asked for.
CARDS = (75, 80, 86, 89, 90, 120) if os.environ.get("LONGCUT_ALL_CARDS") else (75, 90)

POINTERS = {torch.float32: "*fp32", torch.float64: "*fp64", torch.int32: "*i32", torch.uint8: "*u8"}


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


class Compiled:
    """In place of a kernel: compiles it for a card when it is launched, and prints what it needs, as JSON."""

    def __init__(self, kernel: Any, card: int) -> None:
        self._kernel, self._card = kernel, card

    def __getitem__(self, grid: tuple[int, ...]) -> "Compiled":
        return self

    def __call__(self, *arguments: Any, num_warps: int = 4, **constants: Any) -> None:
        types = {
            name: POINTERS[value.dtype] if isinstance(value, torch.Tensor) else "i32"
            for name, value in zip(self._kernel.arg_names, arguments, strict=False)
        }
        needed = resources(self._kernel, types, constants, self._card, num_warps)
        print(json.dumps({"kernel": self._kernel.__name__, **asdict(needed)}))


def compile_launches(modules: dict[ModuleType, tuple[str, ...]], card: int) -> None:
    """From now on compile the named kernels of the modules instead of launching them."""
    for module, names in modules.items():
        for name in names:
            setattr(module, name, Compiled(getattr(module, name), card))


def told_by(module: str, card: int) -> list[dict[str, Any]]:
    """What `python -m MODULE CARD` prints, a row of JSON a line, in a process that interprets nothing."""
    environment = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
    command = [sys.executable, "-m", module, str(card)]
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    return [json.loads(line) for line in told.stdout.splitlines()]
