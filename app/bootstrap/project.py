"""What Longcut needs, by its pyproject.toml, and whether the running interpreter has it."""

from __future__ import annotations

import importlib.util
import operator
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).resolve().parent.parent.parent
OLDEST_PYTHON = (3, 11)


def too_old(version: tuple[int, ...]) -> str | None:
    """Return the sentence for a user whose Python cannot run Longcut, or None where it can."""
    if version >= OLDEST_PYTHON:
        return None
    needed, found = (".".join(map(str, v)) for v in (OLDEST_PYTHON, version))
    return (
        f"Longcut needs Python {needed} or newer, and this is Python {found}: "
        f"install a newer one and start again with it, for instance `python{needed} -m app demo`."
    )


def read_project(root: Path = ROOT) -> dict[str, Any]:
    """Return the parts of pyproject.toml that decide what is installed, without the settings of its checkers."""
    import tomllib

    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    return {
        "build-system": project["build-system"],
        "project": project["project"],
        "setuptools": project["tool"]["setuptools"],
    }


def version() -> str:
    """Return Longcut's version, from the checkout's pyproject.toml or from what pip installed."""
    checkout = ROOT / "pyproject.toml"
    if checkout.is_file():
        # Without a TOML reader, so that a Python that is too old can answer as well.
        found = re.search(r'^version = "(.+)"$', checkout.read_text(encoding="utf-8"), re.MULTILINE)
        if found:
            return found[1]
    from importlib import metadata

    return metadata.version("longcut")


def requirements(project: Mapping[str, Any], extras: Sequence[str]) -> list[str]:
    """Return the requirement strings of the project and of the named extras, as far as this system has them."""
    optional = project["project"]["optional-dependencies"]
    lines = [*project["project"]["dependencies"], *(line for extra in extras for line in optional[extra])]
    return [line for line in lines if _of_this_system(line)]


def _of_this_system(requirement: str) -> bool:
    system = re.search(r";\s*sys_platform == '(\w+)'", requirement)
    return system is None or system[1] == sys.platform


def complete(project: Mapping[str, Any], extras: Sequence[str]) -> bool:
    """Return whether the running interpreter has everything by itself, as after `pip install`."""
    # Looking for one module spares most interpreters the reading of metadata, which delays every start.
    return importlib.util.find_spec("torch") is not None and all(map(installed, requirements(project, extras)))


def installed(requirement: str) -> bool:
    """Return whether the interpreter has the required distribution, in a release within its limits."""
    from importlib import metadata

    name = re.split(r"[^\w.-]", requirement)[0]
    try:
        version = release(metadata.version(name))
    except metadata.PackageNotFoundError:
        return False
    compare = {"<": operator.lt, "!=": operator.ne, ">=": operator.ge}
    limits = re.findall(r"(<|!=|>=)([\d.]+)", requirement)
    return all(compare[sign](version, release(limit)) for sign, limit in limits)


def release(version: str) -> tuple[int, ...]:
    """Return a version's numbers without zeros at the end: (2, 13) for "2.13.0+cpu", which equals 2.13."""
    numbers = [int(number) for number in re.split(r"[^\d.]", version)[0].split(".") if number]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
