"""Set-up by the program itself: an environment made at the first start and used ever after.

Standard library only, and no syntax newer than Python 3.8: this package must run before anything is installed,
and an older Python must be able to read it far enough to say that it is too old. No shell is used anywhere.

    project       what Longcut needs, and whether this interpreter has it
    environment   where the environment lies, and whether it is whole and current
    torch_build   which build of PyTorch suits the machine
    installation  making the environment, or bringing it up to date
    libraries     what Qt needs of the system: shared libraries and a font
    commands      running commands and speaking to the user
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from app.bootstrap.environment import environment_folder, plan, read_stamp, venv_python
from app.bootstrap.installation import set_up
from app.bootstrap.libraries import ensure_libraries
from app.bootstrap.project import ROOT, complete, read_project, too_old

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def ensure(extras: Sequence[str] = (), libraries: Mapping[str, str] | None = None) -> None:
    """Return only in an interpreter that has everything; otherwise set up and start again in the environment.

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
    venv = environment_folder(project, extras)
    inside = Path(sys.executable).parent.resolve() == venv_python(venv).parent.resolve()
    current = plan(read_stamp(venv), project, extras, venv) == "ready"
    if (inside and current) or (not inside and complete(project, extras)):
        ensure_libraries(libraries, fresh=False)
        return
    if not current:
        set_up(project, extras, venv)
    ensure_libraries(libraries, fresh=not current)
    restart_inside(venv)


def restart_inside(venv: Path) -> None:
    """Run the same command with the environment's interpreter; never returns."""
    command = [str(venv_python(venv)), *sys.orig_argv[1:]]
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
