"""Running commands of the system and speaking to the user, on standard error both."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from app.bootstrap.project import ROOT

if TYPE_CHECKING:  # an old Python cannot evaluate Callable[…] of collections.abc
    from collections.abc import Callable, Sequence

    Run = Callable[[Sequence[str]], int]


def run_visibly(command: Sequence[str]) -> int:
    """Run a command in the checkout's folder and return its exit code.

    Its output goes to standard error: standard output belongs to the program that follows.
    """
    # A user's pip may be set to install into the home folder, which it refuses to do in an environment.
    environment = {**os.environ, "PIP_USER": "0"}
    return subprocess.call(command, stdout=sys.stderr.fileno(), env=environment, cwd=ROOT)


def say(text: str) -> None:
    """Print a line on standard error."""
    print(text, file=sys.stderr, flush=True)
