"""Which release and which build of PyTorch the set-up takes."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.bootstrap.project import requirements

if TYPE_CHECKING:
    from collections.abc import Mapping

# The set-up stays with releases that Longcut's tests have run with. Who installs Longcut with pip may take newer
# ones: the project's metadata has no upper limit.
BELOW = "2.14"
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
NVIDIA_DRIVER = Path("/proc/driver/nvidia/version")


def torch_requirement(project: Mapping[str, Any]) -> str:
    """Return the project's requirement of torch with the set-up's own upper limit."""
    line = next(line for line in requirements(project, ()) if re.match(r"torch\b", line))
    return f"{line},<{BELOW}"


def has_nvidia_gpu(driver: Path = NVIDIA_DRIVER) -> bool:
    """Return whether NVIDIA's driver is there; its tool is not on PATH in every container that is lent a GPU."""
    return shutil.which("nvidia-smi") is not None or driver.exists()


def torch_options(platform: str, nvidia: bool, index: str | None) -> list[str]:
    """Return pip's options for the build of PyTorch that suits the machine; the user may have asked for `index`.

    On Linux the default build carries CUDA, some 3 GB; a CPU build's version, such as 2.13.0+cpu, sorts above
    the plain one, so an extra index is enough to prefer it. pip goes on without an index that it cannot
    reach: without retries, and without dependencies, which cost a request each, that takes seconds.
    The default builds of Windows and macOS are right already.
    """
    if index:
        return ["--index-url", index]
    if platform.startswith("linux") and not nvidia:
        return ["--no-deps", "--retries", "0", "--timeout", "10", "--extra-index-url", CPU_INDEX]
    return ["--no-deps"]
