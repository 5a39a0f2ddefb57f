"""A set-up without network: a recorder stands for the system."""

from collections.abc import Sequence
from pathlib import Path

from app.bootstrap.environment import plan, read_stamp, venv_python
from app.bootstrap.installation import set_up
from app.bootstrap.project import read_project

PROJECT = read_project()


class Recorder:
    """Stands for the system: notes commands, makes what `-m venv` would make, fails where it is told to."""

    def __init__(self, fail_at: str = "never", raising: BaseException | None = None) -> None:
        self.commands: list[list[str]] = []
        self.fail_at, self.raising = fail_at, raising

    def __call__(self, command: Sequence[str]) -> int:
        self.commands.append(list(command))
        if self.fail_at in command:
            if self.raising:
                raise self.raising
            return 1
        if list(command[1:3]) == ["-m", "venv"]:
            python = venv_python(Path(command[3]))
            python.parent.mkdir(parents=True)
            python.touch()
        return 0


def made(venv: Path, extras: Sequence[str] = ()) -> Recorder:
    recorder = Recorder()
    set_up(PROJECT, extras, venv, recorder)
    return recorder


def state(venv: Path, extras: Sequence[str] = ()) -> str:
    return plan(read_stamp(venv), PROJECT, extras, venv)
