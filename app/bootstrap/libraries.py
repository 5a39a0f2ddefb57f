"""What Qt needs of the system: shared libraries, a font, a display. Only Linux can lack them."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import shutil
import sys
from typing import TYPE_CHECKING

from app.bootstrap.commands import run_visibly, say
from app.bootstrap.environment import running_python

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from app.bootstrap.commands import Run

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


def ensure_venv_module(run: Run) -> None:
    """Have Python's module for making environments, which Debian and Ubuntu keep in a package of its own.

    Raises SystemExit with the command to type where it is missing and cannot be installed.
    """
    if importlib.util.find_spec("ensurepip") is not None:
        return
    package = f"python{running_python()}-venv"
    if not install_packages([package], run):
        raise SystemExit(f"This Python cannot make environments yet. Type:\n  {apt_command([package])}")


def ensure_libraries(libraries: Mapping[str, str] | None, fresh: bool, run: Run = run_visibly) -> None:
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
    if (missing or fresh) and install_packages(packages, run):
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
    """Return the files of the table that the system's loader does not find."""

    def loads(name: str) -> bool:
        try:
            load(name)
        except OSError:
            return False
        return True

    return [name for name in libraries if not loads(name)]


def has_japanese_font() -> bool:
    """Return whether fontconfig, which Qt will ask too, knows a font with Japanese characters."""
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
    """Install packages of the system, as root on Debian or Ubuntu; return False where that was not possible."""
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        return False
    say(f"Installing packages of the system: {' '.join(packages)}")
    quiet = ["env", "DEBIAN_FRONTEND=noninteractive", apt, "-qq"]
    install = [*quiet, "install", "-y", "--no-install-recommends", *packages]
    return run([*quiet, "update"]) == 0 and run(install) == 0


def apt_command(packages: Sequence[str]) -> str:
    """Return the command that a user types to install packages of the system."""
    return f"sudo apt-get install -y --no-install-recommends {' '.join(packages)}"


def has_display() -> bool:
    """Return whether a window can be shown; on Linux the environment has to say where."""
    names = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return not sys.platform.startswith("linux") or any(os.environ.get(name) for name in names)
