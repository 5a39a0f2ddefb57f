"""`python3 -m tests`: set up, then lint, contracts, types and tests. `--fast`: under a minute, not all of it.

`--fast` leaves out the types, and tests that are slow or need Qt. With other arguments: pytest alone, with them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if not __package__:  # started as a folder: Python then looks for modules inside it, not beside it
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from app import bootstrap
from app.bootstrap.libraries import OFFSCREEN_LIBRARIES
from app.bootstrap.project import ROOT
from tests import peers

if TYPE_CHECKING:
    from collections.abc import Sequence

# import-linter has no module to run, only this function behind its command.
CONTRACTS = "from importlinter.cli import lint_imports_command; lint_imports_command(['--no-logo'])"
# A file is one worker's, so that what its tests share is made once; in order of folders the longest come early.
SIDE_BY_SIDE = ["-n", "auto", "--maxprocesses", "4", "--dist", "loadfile", "--no-loadscope-reorder"]
CHECKS = {
    "lint": ["-m", "ruff", "check", "."],
    "contracts": ["-c", CONTRACTS],
    "types": ["-m", "basedpyright", "--pythonpath", sys.executable],
    "types of tests": ["-m", "basedpyright", "-p", "tests/pyrightconfig.json", "--pythonpath", sys.executable],
    "tests": ["-m", "pytest", *SIDE_BY_SIDE],
}
FAST = {
    "lint": CHECKS["lint"],
    "contracts": CHECKS["contracts"],
    "tests, without slow and gui": ["-m", "pytest", *SIDE_BY_SIDE, "-m", "not slow and not gui"],
}


def main(arguments: Sequence[str]) -> int:
    """Run every check, each to its end, and return the first exit code that is not 0."""
    bootstrap.ensure(extras=["test", "gpu-test"], libraries=OFFSCREEN_LIBRARIES)
    if "CI" in os.environ and not arguments:
        peers.install()
    # Drawn tests compare pixels: no display, no scaling, one size of letters.
    for name, value in {"QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": "1", "QT_FONT_DPI": "96"}.items():
        os.environ.setdefault(name, value)
    checks = CHECKS
    if arguments:
        checks = FAST if list(arguments) == ["--fast"] else {"tests": ["-m", "pytest", *arguments]}
    codes: list[int] = []
    for title, options in checks.items():
        print(f"\n== {title}", flush=True)
        codes.append(subprocess.call([sys.executable, *options], cwd=ROOT))
    return next((code for code in codes if code != 0), 0)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
