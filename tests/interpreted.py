"""Functions in Triton's interpreter, in a process of their own: a kernel is interpreted or compiled for good."""

import importlib
import json
import os
import subprocess
import sys
from typing import Any


def in_interpreter(module: str, function: str) -> Any:
    """What a function without arguments returns there, as JSON knows it."""
    told = f"from tests.interpreted import tell; tell({module!r}, {function!r})"
    ran = subprocess.run(
        [sys.executable, "-c", told],
        env={**os.environ, "TRITON_INTERPRET": "1"},
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr[-4000:]
    return json.loads(ran.stdout.splitlines()[-1])


def tell(module: str, function: str) -> None:
    """Print what a function returns; the other side of `in_interpreter`."""
    print(json.dumps(getattr(importlib.import_module(module), function)()))
