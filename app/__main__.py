"""`python3 -m app` and the command `longcut`: set up where needed, then the window or the command line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from app import bootstrap

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = ("solve", "paths", "info", "convert", "window", "demo")


def main(argv: Sequence[str] | None = None) -> int:
    """Run Longcut with these arguments, or the process's own, and return the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or (arguments[0] not in COMMANDS and _looks_like_a_file(arguments[0])):
        arguments = ["window", *arguments]
    bootstrap.ensure(libraries=_libraries(arguments))
    from app.cli.main import main as run  # needs what the set-up installs

    return run(arguments)


def _looks_like_a_file(word: str) -> bool:
    return not word.startswith("-") and (Path(word).suffix != "" or Path(word).exists())


def _libraries(arguments: Sequence[str]) -> dict[str, str] | None:
    """What Qt needs for this command, if it needs Qt."""
    if arguments[0] == "window" or (arguments[0] == "demo" and bootstrap.has_display()):
        return bootstrap.WINDOW_LIBRARIES
    screenshot = any(word.startswith("--screenshot") for word in arguments)
    return bootstrap.OFFSCREEN_LIBRARIES if arguments[0] == "demo" and screenshot else None


if __name__ == "__main__":
    sys.exit(main())
