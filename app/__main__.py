"""`python3 -m app` and the command `longcut`: set up where needed, then the window or the command line."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from app import bootstrap

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run Longcut with these arguments, or the process's own, and return the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or arguments[0] == "window":
        bootstrap.ensure(libraries=bootstrap.WINDOW_LIBRARIES)
    else:
        bootstrap.ensure()
    from app import cli  # needs what the set-up installs

    return cli.main(arguments or ["window"])


if __name__ == "__main__":
    sys.exit(main())
