"""`python3 -m app` and the command `longcut`: set up where needed, then the window or the command line.

`python3 FOLDER/app` does the same from any other folder.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if not __package__:  # started as a folder: Python then looks for modules inside it, not beside it
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from app import bootstrap
from app.bootstrap.libraries import OFFSCREEN_LIBRARIES, WINDOW_LIBRARIES, has_display
from app.bootstrap.project import version

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = ("solve", "batch", "sweep", "paths", "info", "convert", "import", "window", "demo")


def main(argv: Sequence[str] | None = None) -> int:
    """Run Longcut with these arguments, or the process's own, and return the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or (arguments[0] not in COMMANDS and _looks_like_a_file(arguments[0])):
        arguments = ["window", *arguments]
    if arguments == ["--version"]:  # answered before anything is set up
        print(f"longcut {version()}")
        return 0
    cluster = any(word.startswith("--scheduler") for word in arguments)
    bootstrap.ensure(["cluster"] if cluster else [], _libraries(arguments))
    from app.cli.main import main as run  # needs what the set-up installs

    return run(arguments)


def _looks_like_a_file(word: str) -> bool:
    return not word.startswith("-") and (Path(word).suffix != "" or Path(word).exists())


def _libraries(arguments: Sequence[str]) -> dict[str, str] | None:
    """Return what Qt needs for this command, or None if the command needs no Qt."""
    if arguments[0] == "window" or (arguments[0] == "demo" and has_display()):
        return WINDOW_LIBRARIES
    screenshot = any(word.startswith("--screenshot") for word in arguments)
    return OFFSCREEN_LIBRARIES if arguments[0] == "demo" and screenshot else None


if __name__ == "__main__":
    sys.exit(main())
