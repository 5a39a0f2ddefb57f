"""Programs that read what is exported, to ask whether they do: the Tiled editor, Godot 3, Phaser under Node.

`python -m tests.peers` installs them where that is possible: as root by apt-get, Phaser by npm into a cache.
`python -m tests` does so on CI. Elsewhere tests that need a missing one are skipped, with its name.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

from app.bootstrap.commands import run_visibly, say
from app.bootstrap.environment import cache_folder
from app.bootstrap.libraries import install_packages

if TYPE_CHECKING:
    from pathlib import Path

# Debian's and Ubuntu's packages, by the command that each brings.
PACKAGES = {"tiled": "tiled", "godot3-server": "godot3-server"}
PHASER = "3.90.0"
PHASER_FOLDER = cache_folder(sys.platform, os.environ) / "longcut" / f"phaser-{PHASER}"
QUIETLY = ("--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", "--fetch-retries=1")
SECONDS = 30  # for what a peer is asked


def install() -> None:
    """Install what is missing and can be had; what cannot is left out."""
    missing = [package for command, package in PACKAGES.items() if shutil.which(command) is None]
    for package in missing if sys.platform.startswith("linux") else []:
        install_packages([package], run_visibly)  # one by one: a release of the system may lack one of them
    npm = shutil.which("npm")
    if npm is not None and not phaser_parser().is_file():
        say("Fetching Phaser, which reads what is exported for it")
        PHASER_FOLDER.mkdir(parents=True, exist_ok=True)
        run_visibly([npm, "install", "--prefix", str(PHASER_FOLDER), *QUIETLY, f"phaser@{PHASER}"])


def phaser_parser() -> Path:
    """Return Phaser's reader of Tiled maps, whether it is there or not."""
    return PHASER_FOLDER / "node_modules/phaser/src/tilemaps/parsers/tiled/ParseJSONTiled.js"


def ask(command: list[str | Path], folder: Path) -> str:
    """Run a program in a folder and return what it prints; an AssertionError where it fails."""
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "XDG_RUNTIME_DIR": str(folder)}
    ran = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


if __name__ == "__main__":
    install()
