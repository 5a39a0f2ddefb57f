"""Set-up by the program itself: an environment in `.venv`, made at the first start and used ever after.

Standard library only, and no syntax newer than Python 3.8: this file must run before anything is installed,
and an older Python must be able to read it far enough to say that it is too old. No shell is used anywhere.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import importlib.util
import itertools
import json
import operator
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:  # an old Python cannot evaluate Callable[…] of collections.abc
    from collections.abc import Callable, Iterator, Mapping, Sequence

    Run = Callable[[Sequence[str]], int]

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = "longcut-set-up.json"
OLDEST_PYTHON = (3, 11)
CPU_INDEX = "https://download.pytorch.org/whl/cpu"

# Shared libraries that Qt opens on Linux, and the Debian or Ubuntu package that holds each.
OFFSCREEN_LIBRARIES = {
    "libglib-2.0.so.0": "libglib2.0-0",
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
}
WINDOW_LIBRARIES = {
    **OFFSCREEN_LIBRARIES,
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
}
JAPANESE_FONT = "fonts-ipafont-gothic"


def ensure(extras: Sequence[str] = (), libraries: Mapping[str, str] | None = None) -> None:
    """Return only in an interpreter that has everything; otherwise set up and start again inside `.venv`.

    extras: names from `[project.optional-dependencies]`. libraries: shared libraries that Qt will need,
    a table from file to Debian package, or None where Qt is not used. Raises SystemExit with advice.
    """
    complaint = too_old(sys.version_info[:2])
    if complaint:
        raise SystemExit(complaint)
    if not (ROOT / "pyproject.toml").is_file():  # pip put this file here, and all that it needs
        ensure_libraries(libraries, fresh=False)
        return
    project = read_project()
    inside = Path(sys.executable).parent.resolve() == venv_python().parent.resolve()
    current = plan(read_stamp(), project, extras) == "ready"
    if (inside and current) or (not inside and complete(project, extras)):
        ensure_libraries(libraries, fresh=False)
        return
    if not current:
        set_up(project, extras)
    ensure_libraries(libraries, fresh=not current)
    restart_inside()


def too_old(version: tuple[int, ...]) -> str | None:
    """The sentence for a person whose Python cannot run Longcut; None where it can."""
    if version >= OLDEST_PYTHON:
        return None
    needed, found = (".".join(map(str, v)) for v in (OLDEST_PYTHON, version))
    return (
        f"Longcut needs Python {needed} or newer, and this is Python {found}: "
        f"install a newer one and start again with it, for instance `python{needed} -m app demo`."
    )


# What is needed, and is it there?


def read_project() -> dict[str, Any]:
    """The parts of pyproject.toml that decide what is installed, without the settings of its checkers."""
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return {
        "build-system": project["build-system"],
        "project": project["project"],
        "setuptools": project["tool"]["setuptools"],
    }


def requirements(project: Mapping[str, Any], extras: Sequence[str]) -> list[str]:
    """The requirement strings of the project and of the named extras."""
    optional = project["project"]["optional-dependencies"]
    return [*project["project"]["dependencies"], *(line for extra in extras for line in optional[extra])]


def complete(project: Mapping[str, Any], extras: Sequence[str]) -> bool:
    """Whether the running interpreter has everything by itself, as after `pip install`."""
    # Looking for one module spares most interpreters the reading of metadata, which delays every start.
    return importlib.util.find_spec("torch") is not None and all(map(installed, requirements(project, extras)))


def installed(requirement: str) -> bool:
    """Whether the running interpreter has the required distribution, in a release within its limits."""
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
    """A version's numbers, without zeros at the end: (2, 13) for "2.13.0+cpu", which equals 2.13."""
    numbers = [int(number) for number in re.split(r"[^\d.]", version)[0].split(".") if number]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


# The stamp tells whether `.venv` is whole, and for which requirements.


class Stamp(NamedTuple):
    """What the set-up wrote into `.venv`: it is not `whole` while the set-up runs, or after it was killed."""

    whole: bool
    python: str
    fingerprint: str
    extras: list[str]


def fingerprint(project: Mapping[str, Any]) -> str:
    """Changes when what is to be installed changes, or when the checkout was moved."""
    text = json.dumps([project, str(ROOT)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def running_python() -> str:
    return "{}.{}".format(*sys.version_info)


def read_stamp(venv: Path = VENV) -> Stamp | None:
    """The stamp of an environment that the set-up made; None where there is none that can be read."""
    try:
        return Stamp(**json.loads((venv / STAMP).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def write_stamp(stamp: Stamp, venv: Path = VENV) -> None:
    """Write the stamp in one step: a reader sees the old one or the new one, never half of it."""
    fresh = venv / (STAMP + ".new")
    fresh.write_text(json.dumps(stamp._asdict()), encoding="utf-8")
    fresh.replace(venv / STAMP)


def plan(stamp: Stamp | None, project: Mapping[str, Any], extras: Sequence[str], venv: Path = VENV) -> str:
    """What an environment with this stamp asks for: "ready", "update" (install into it) or "make" (anew)."""
    if not stamp or not stamp.whole or stamp.python != running_python() or not venv_python(venv).exists():
        return "make"
    same = stamp.fingerprint == fingerprint(project) and set(extras) <= set(stamp.extras)
    return "ready" if same else "update"


# Making the environment.


def venv_python(venv: Path = VENV, system: str = os.name) -> Path:
    """The interpreter of a virtual environment on a system named as in `os.name`."""
    return venv / "Scripts" / "python.exe" if system == "nt" else venv / "bin" / "python"


def has_nvidia_gpu(driver: Path = Path("/proc/driver/nvidia/version")) -> bool:
    """Whether NVIDIA's driver is there; its tool is not on PATH in every container that is lent a GPU."""
    return shutil.which("nvidia-smi") is not None or driver.exists()


def torch_options(platform: str, nvidia: bool, index: str | None) -> list[str]:
    """pip's options for the build of PyTorch that suits the machine; `index` is what a person asked for.

    On Linux the default build carries CUDA, some 3 GB; a CPU build's version, such as 2.13.0+cpu, sorts above
    the plain one, so an extra index is enough to prefer it. pip goes on without an index that it cannot
    reach: with few retries, and without dependencies, which cost a request each, that takes seconds.
    The default builds of Windows and macOS are right already.
    """
    if index:
        return ["--index-url", index]
    if platform.startswith("linux") and not nvidia:
        return ["--no-deps", "--retries", "1", "--timeout", "10", "--extra-index-url", CPU_INDEX]
    return ["--no-deps"]


def install_commands(
    python: Path, project: Mapping[str, Any], extras: Sequence[str], torch: Sequence[str]
) -> list[list[str]]:
    """Two runs of pip: PyTorch, so that its index serves nothing else, then the project and the rest."""
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install"]
    requirement = next(line for line in requirements(project, ()) if re.match(r"torch\b", line))
    target = str(ROOT) + ("[{}]".format(",".join(extras)) if extras else "")
    return [[*pip, *torch, requirement], [*pip, "--editable", target]]


def set_up(project: Mapping[str, Any], extras: Sequence[str], run: Run | None = None, venv: Path = VENV) -> None:
    """Make `venv`, or bring it up to date, and stamp it. Raises SystemExit with advice where a step fails."""
    try:
        with one_at_a_time(venv.with_name(f"{venv.name}.lock")):
            stamp = read_stamp(venv)
            todo = plan(stamp, project, extras, venv)
            if todo != "ready":  # another start may have done the same while this one waited
                carry_out(todo, stamp, project, extras, run or run_visibly, venv)
    except KeyboardInterrupt:
        raise SystemExit("\nSet-up interrupted: the same command starts it again.") from None
    except OSError as error:
        raise SystemExit(f"Longcut's set-up cannot write its environment {venv}: {error}") from None


def carry_out(
    todo: str, stamp: Stamp | None, project: Mapping[str, Any], extras: Sequence[str], run: Run, venv: Path
) -> None:
    """Carry out a plan that is not "ready". What an earlier set-up installed for other extras stays."""
    extras = sorted({*extras, *(stamp.extras if stamp else ())})
    nvidia = has_nvidia_gpu()
    index = os.environ.get("LONGCUT_TORCH_INDEX")
    begun = Stamp(False, running_python(), fingerprint(project), extras)
    torch = torch_options(sys.platform, nvidia, index)
    commands = install_commands(venv_python(venv), project, extras, torch)
    say(announcement(todo, sys.platform, nvidia, index, "test" in extras))
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
    say("The engine's inner loops are compiled, about 20 seconds, so that nobody waits for that later.")
    if run([str(venv_python(venv)), "-m", "engine.warmup"]) != 0:  # the environment is whole all the same
        say("That failed, for the reason above; Longcut goes on and compiles each loop when it is used.")
    say("Longcut is set up.\n")


def announcement(todo: str, platform: str, nvidia: bool, index: str | None, tests: bool) -> str:
    """What a person is told before anything is downloaded."""
    if todo == "update":
        return (
            "Longcut brings its .venv up to date: it downloads what is new or still missing.\n"
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
    free = shutil.disk_usage(ROOT).free / 1e9
    return (
        f"Longcut's first start sets itself up in {VENV}, once.\n"
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
def one_at_a_time(path: Path) -> Iterator[None]:
    """Keep two first starts apart, by a lock that the system releases however the process ends."""
    with path.open("a+b") as file:
        if not locked(file):
            say("Another start of Longcut is setting up: this one waits for it.")
            while not locked(file):
                time.sleep(0.2)
        yield


def locked(file: IO[bytes]) -> bool:
    """Try to lock a file for this process; False while another one holds it."""
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


def restart_inside() -> None:
    """Run the same command in `.venv`'s interpreter; never returns."""
    command = [str(venv_python()), *sys.orig_argv[1:]]
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name == "posix":
        os.execv(command[0], command)
    with subprocess.Popen(command) as process:
        while process.poll() is None:
            # Ctrl-C reaches the child as well, which ends in its own way: wait for that.
            with contextlib.suppress(KeyboardInterrupt):
                process.wait()
    sys.exit(process.returncode)


def run_visibly(command: Sequence[str]) -> int:
    """Run a command with its words on standard error: standard output belongs to the program that follows."""
    # A person's pip may be set to install into the home folder, which it refuses to do in an environment.
    return subprocess.call(command, stdout=sys.stderr.fileno(), env={**os.environ, "PIP_USER": "0"})


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


# Packages of the system: only Debian's and Ubuntu's can be missing; Windows and macOS bring their own.


def ensure_venv_module(run: Run) -> None:
    """Debian and Ubuntu keep a part of Python that makes environments in a package of its own."""
    if importlib.util.find_spec("ensurepip") is not None:
        return
    package = f"python{running_python()}-venv"
    if not install_packages([package], run):
        raise SystemExit(f"This Python cannot make environments yet. Type:\n  {apt_command([package])}")


def ensure_libraries(libraries: Mapping[str, str] | None, fresh: bool, run: Run | None = None) -> None:
    """Have the shared libraries that Qt opens, and a font with Japanese characters.

    Root installs what is missing with apt-get; others are shown the command. Without a library the program
    ends (SystemExit); a missing font is worth one try, at set-up (`fresh`), and a line of advice.
    """
    if libraries is None or not sys.platform.startswith("linux"):
        return
    missing = missing_libraries(libraries)
    packages = [libraries[name] for name in missing] + ([] if has_japanese_font() else [JAPANESE_FONT])
    if not packages:
        return
    if (missing or fresh) and install_packages(packages, run or run_visibly):
        missing = missing_libraries(libraries)
        packages = [libraries[name] for name in missing]
    if missing:
        raise SystemExit(
            f"Qt cannot start: the system lacks {', '.join(missing)}. On Debian or Ubuntu type:\n"
            f"  {apt_command(packages)}\nand start again. Elsewhere install what holds these files."
        )
    if packages:
        say(f"No font with Japanese characters was found; on Debian or Ubuntu: {apt_command(packages)}")


def missing_libraries(libraries: Mapping[str, str], load: Callable[[str], object] = ctypes.CDLL) -> list[str]:
    """The files of the table that the system's loader does not find."""

    def loads(name: str) -> bool:
        try:
            load(name)
        except OSError:
            return False
        return True

    return [name for name in libraries if not loads(name)]


def has_japanese_font() -> bool:
    """Ask fontconfig, which Qt will ask too; without fontconfig there is no answer but no."""
    try:
        fontconfig = ctypes.CDLL("libfontconfig.so.1")
    except OSError:
        return False
    fontconfig.FcNameParse.restype = fontconfig.FcObjectSetCreate.restype = ctypes.c_void_p
    fontconfig.FcFontList.restype = ctypes.POINTER(ctypes.c_int)  # a struct; its first field counts
    fontconfig.FcFontList.argtypes = [ctypes.c_void_p] * 3
    fonts = fontconfig.FcFontList(None, fontconfig.FcNameParse(b":lang=ja"), fontconfig.FcObjectSetCreate())
    return bool(fonts) and fonts[0] > 0


def install_packages(packages: Sequence[str], run: Run) -> bool:
    """Install packages of the system, as root on Debian or Ubuntu; False where that was not possible."""
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        return False
    say(f"Installing packages of the system: {' '.join(packages)}")
    quiet = ["env", "DEBIAN_FRONTEND=noninteractive", apt, "-qq"]
    install = [*quiet, "install", "-y", "--no-install-recommends", *packages]
    return run([*quiet, "update"]) == 0 and run(install) == 0


def apt_command(packages: Sequence[str]) -> str:
    """The command that a person types to install packages of the system."""
    return f"sudo apt-get install -y --no-install-recommends {' '.join(packages)}"


def has_display() -> bool:
    """Whether a window can be shown; on Linux somebody has to say where."""
    names = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return not sys.platform.startswith("linux") or any(os.environ.get(name) for name in names)
