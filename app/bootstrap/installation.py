"""Making the environment, or bringing it up to date, one start at a time."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import sys
import time
from typing import IO, TYPE_CHECKING, Any

from app.bootstrap.commands import run_visibly, say
from app.bootstrap.environment import (
    Stamp,
    fingerprint,
    plan,
    read_stamp,
    running_python,
    venv_python,
    writable,
    write_stamp,
)
from app.bootstrap.libraries import ensure_venv_module
from app.bootstrap.project import ROOT, requirements
from app.bootstrap.torch_build import has_nvidia_gpu, torch_options, torch_requirement

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from pathlib import Path

    from app.bootstrap.commands import Run


def set_up(project: Mapping[str, Any], extras: Sequence[str], venv: Path, run: Run = run_visibly) -> None:
    """Make `venv`, or bring it up to date, and stamp it. Raises SystemExit with advice where a step fails."""
    try:
        venv.parent.mkdir(parents=True, exist_ok=True)
        with one_at_a_time(venv.with_name(f"{venv.name}.lock")):
            stamp = read_stamp(venv)
            todo = plan(stamp, project, extras, venv)
            if todo != "ready":  # another start may have done the same while this one waited
                carry_out(todo, stamp, project, extras, run, venv)
    except KeyboardInterrupt:
        raise SystemExit("\nSet-up interrupted: the same command starts it again.") from None
    except OSError as error:
        raise SystemExit(
            f"Longcut's set-up cannot write its environment {venv}: {error}\n"
            "Make the checkout writable, or set XDG_CACHE_HOME (on Windows LOCALAPPDATA) to a folder that is."
        ) from None


def carry_out(
    todo: str, stamp: Stamp | None, project: Mapping[str, Any], extras: Sequence[str], run: Run, venv: Path
) -> None:
    """Carry out a plan that is not "ready". What an earlier set-up installed for other extras stays."""
    extras = sorted({*extras, *(stamp.extras if stamp else ())})
    nvidia = has_nvidia_gpu()
    index = os.environ.get("LONGCUT_TORCH_INDEX")
    begun = Stamp(False, running_python(), fingerprint(project), extras)
    torch = torch_options(sys.platform, nvidia, index)
    commands = install_commands(venv_python(venv), project, extras, torch, editable=writable(ROOT))
    say(announcement(todo, sys.platform, nvidia, index, "test" in extras, venv))
    if todo == "make":
        ensure_venv_module(run)
        clear(venv, ours=stamp is not None)
        venv.mkdir()
        # The interpreter below: one inside a virtual environment cannot replace that environment.
        commands.insert(0, [getattr(sys, "_base_executable", sys.executable), "-m", "venv", str(venv)])
    write_stamp(begun, venv)
    for command in commands:
        if run(command) != 0:
            if stamp and todo == "update":  # pip changes nothing before it has everything: the old one is whole
                write_stamp(stamp, venv)
            raise SystemExit(
                f"Longcut's set-up stopped at this step, for the reason above:\n  {' '.join(command)}\n"
                "Put it right and start again with the same command: what was downloaded is kept."
            )
    write_stamp(begun._replace(whole=True), venv)
    say("The engine's inner loops are compiled, about a minute, so that nobody waits for that later.")
    if run([str(venv_python(venv)), "-m", "engine.warmup"]) != 0:  # the environment is whole all the same
        say("That failed, for the reason above; Longcut goes on and compiles each loop when it is used.")
    say("Longcut is set up.\n")


def install_commands(
    python: Path, project: Mapping[str, Any], extras: Sequence[str], torch: Sequence[str], editable: bool
) -> list[list[str]]:
    """Return two runs of pip: PyTorch, so that its index serves nothing else, then the project and the rest.

    editable: whether to link the checkout, which pip writes into; else its requirements alone are installed.
    """
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install"]
    project_with_extras = str(ROOT) + ("[{}]".format(",".join(extras)) if extras else "")
    rest = ["--editable", project_with_extras] if editable else requirements(project, extras)
    return [[*pip, *torch, torch_requirement(project)], [*pip, *rest]]


def announcement(todo: str, platform: str, nvidia: bool, index: str | None, tests: bool, venv: Path) -> str:
    """Return what the user is told before anything is downloaded."""
    if todo == "update":
        return (
            f"Longcut brings its environment {venv} up to date: it downloads what is new or still missing.\n"
            "The tools of the tests, where they are added, are about 0.1 GB, and 0.3 GB of disk."
        )
    linux = platform.startswith("linux")
    download, disk = ("0.5 GB", "2.0 GB") if tests else ("0.4 GB", "1.7 GB")
    if index or (linux and nvidia):
        download, disk = "3.0 GB", "5.5 GB"
        build = f"from {index}" if index else "with CUDA, for the NVIDIA GPU"
    elif linux:
        build = "for the CPU\n(where no such build can be had, the one with CUDA: 3.0 GB, and 5.5 GB of disk)"
    else:
        build = "for this system"
    free = shutil.disk_usage(venv.parent).free / 1e9
    return (
        f"Longcut's first start sets itself up in {venv}, once.\n"
        f"It downloads about {download}: Qt, NumPy, SciPy, Numba, some small packages, and PyTorch {build}.\n"
        f"They take about {disk} of disk; {free:.1f} GB are free."
    )


def clear(venv: Path, ours: bool) -> None:
    """Make way for a new environment; one that this set-up did not make is somebody's, and is set aside."""
    if not venv.exists():
        return
    if ours:
        shutil.rmtree(venv)
        return
    candidates = (venv.with_name(f"{venv.name}-aside-{n}") for n in itertools.count(1))
    aside = next(path for path in candidates if not path.exists())
    venv.rename(aside)
    say(f"{venv.name} was not made by Longcut's set-up: it is kept as {aside.name}.")


@contextlib.contextmanager
def one_at_a_time(path: Path) -> Generator[None]:
    """Keep two first starts apart, by a lock that the system releases however the process ends."""
    with path.open("a+b") as file:
        if not locked(file):
            say("Another start of Longcut is setting up: this one waits for it.")
            while not locked(file):
                time.sleep(0.2)
        yield


def locked(file: IO[bytes]) -> bool:
    """Try to lock a file for this process; return False while another one holds it."""
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True
