"""Where the environment lies, and what its stamp tells: whether it is whole, and for which requirements."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from app.bootstrap.project import ROOT
from app.bootstrap.torch_build import torch_requirement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

STAMP = "longcut-set-up.json"


def environment_folder(project: Mapping[str, Any], extras: Sequence[str], root: Path = ROOT) -> Path:
    """Return the environment's folder: `.venv` in the checkout, or one in the user's cache.

    The cache serves where the checkout cannot be written and its `.venv` is not ready for this Python.
    Each checkout has a folder of its own there, named after its path.
    """
    inside = root / ".venv"
    if plan(read_stamp(inside), project, extras, inside) == "ready" or writable(root):
        return inside
    key = hashlib.sha256(str(root).encode()).hexdigest()[:16]
    return cache_folder(sys.platform, os.environ) / "longcut" / f"environment-{key}"


def writable(folder: Path) -> bool:
    """Return whether files can be made in a folder, found by making one: Windows has no flag that tells it."""
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False


def cache_folder(platform: str, variables: Mapping[str, str]) -> Path:
    """Return the user's folder for what can be made again, by the custom of a platform (as in `sys.platform`)."""
    if platform == "win32":
        return Path(variables.get("LOCALAPPDATA") or Path("~/AppData/Local").expanduser())
    if platform == "darwin":
        return Path("~/Library/Caches").expanduser()
    return Path(variables.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser())


def venv_python(venv: Path, system: str = os.name) -> Path:
    """Return the interpreter of a virtual environment on a system named as in `os.name`."""
    return venv / "Scripts" / "python.exe" if system == "nt" else venv / "bin" / "python"


class Stamp(NamedTuple):
    """What the set-up wrote into the environment: it is not `whole` during the set-up, nor after it was killed."""

    whole: bool
    python: str
    fingerprint: str
    extras: list[str]


def fingerprint(project: Mapping[str, Any]) -> str:
    """Return a hash that changes when what is to be installed changes, or when the checkout was moved."""
    text = json.dumps([project, torch_requirement(project), str(ROOT)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def running_python() -> str:
    """Return the running interpreter's version as in "3.11"."""
    return "{}.{}".format(*sys.version_info)


def read_stamp(venv: Path) -> Stamp | None:
    """Return the stamp of an environment that the set-up made, or None where there is none that can be read."""
    try:
        return Stamp(**json.loads((venv / STAMP).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def write_stamp(stamp: Stamp, venv: Path) -> None:
    """Write the stamp in one step: a reader sees the old one or the new one, never half of it."""
    fresh = venv / (STAMP + ".new")
    fresh.write_text(json.dumps(stamp._asdict()), encoding="utf-8")
    fresh.replace(venv / STAMP)


def plan(stamp: Stamp | None, project: Mapping[str, Any], extras: Sequence[str], venv: Path) -> str:
    """Return what an environment with this stamp needs: "ready", "update" (install into it) or "make" (anew)."""
    if not stamp or not stamp.whole or stamp.python != running_python():
        return "make"
    if not os.path.exists(venv_python(venv)):  # False, too, where another user's Python cannot be looked up
        return "make"
    same = stamp.fingerprint == fingerprint(project) and set(extras) <= set(stamp.extras)
    return "ready" if same else "update"
