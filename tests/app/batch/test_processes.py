"""Several processes: the same bytes as one, whatever dies or is stopped in between."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from app.batch import solvers
from app.batch.solvers import in_processes, in_series
from app.batch.task import Failure, Outcome, Task, solve_one
from app.cli.main import DONE, STOPPED, main
from app.scenarios.adversarial_settings import AdversarialSettings
from maps.document import Route, new_document
from maps.formats import native, write_map

ROOT = Path(__file__).parents[3]
CALL = "import sys; from app.cli.main import main; sys.exit(main(sys.argv[1:]))"
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
DOCUMENT = new_document(12, 12).replace(routes=(Route("r", (6, 0), (6, 11)),))
TASKS = [
    Task(native.encode(DOCUMENT), "adversarial", AdversarialSettings(steps=4, keep=keep, seed=seed))
    for keep, seed in ((0.0, 1), (0.5, 1), (0.5, 2))
]


def without_seconds(outcome: Outcome | Failure) -> Outcome:
    """An outcome without what differs from run to run."""
    assert isinstance(outcome, Outcome)
    return replace(outcome, lines=outcome.lines[:1], report={**outcome.report, "seconds": 0.0})


@dataclass(frozen=True)
class Deadly:
    """Settings that end the process which is given them."""

    def __reduce__(self):
        return os._exit, (3,)


@pytest.mark.slow
def test_processes_make_the_same_bytes_and_one_that_dies_takes_no_other_task_with_it() -> None:
    deadly = Task(b"", "adversarial", Deadly())  # pyright: ignore[reportArgumentType]
    solved = list(in_processes(2)([TASKS[0], deadly, *TASKS[1:]]))
    assert len(solved) == len(TASKS) + 1
    (failure,) = (outcome for task, outcome in solved if task is deadly)
    assert isinstance(failure, Failure)
    assert "the process that ran it died" in failure.sentence
    found = {task.key: without_seconds(outcome) for task, outcome in solved if task is not deadly}
    assert found == {task.key: without_seconds(outcome) for task, outcome in in_series(TASKS)}


def started(*words: object) -> subprocess.Popen[bytes]:
    """A command in a process group of its own, as a shell starts it."""
    call = [sys.executable, "-c", CALL, *map(str, words)]
    return subprocess.Popen(call, cwd=ROOT, stderr=subprocess.PIPE, start_new_session=True)


def wait_for(folder: Path, records: int) -> None:
    """Return once so many tasks are done."""
    deadline = time.monotonic() + 100
    while len(list(folder.glob("done/*.json"))) < records:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def wait_for_end_of_all(process: subprocess.Popen[bytes]) -> None:
    """Return once no process is left of those that a command has started."""
    deadline = time.monotonic() + 10
    while True:
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def sweep(tmp_path: Path) -> list[str]:
    """The words of a sweep of eight runs that take a while."""
    write_map(DOCUMENT, tmp_path / "m.longcut")
    vary = ["--vary", "seed=1..8", "--steps", "60"]
    return ["sweep", str(tmp_path / "m.longcut"), *vary, "--out", str(tmp_path / "out")]


@POSIX
@pytest.mark.slow
def test_after_a_kill_no_process_stays_and_only_what_is_missing_is_computed(
    sweep, tmp_path: Path, monkeypatch
) -> None:
    with started(*sweep, "--jobs", 2) as process:
        wait_for(tmp_path / "out", 2)
        process.kill()
    wait_for_end_of_all(process)
    done = len(list((tmp_path / "out" / "done").glob("*.json")))
    assert 2 <= done < 8
    solved = []
    monkeypatch.setattr(solvers, "solve_one", lambda task: solved.append(task) or solve_one(task))
    assert main(sweep) == DONE
    assert len(solved) == 8 - done
    assert json.loads((tmp_path / "out" / "report.json").read_text())["done"] == 8


@POSIX
@pytest.mark.slow
def test_ctrl_c_leaves_what_is_done_and_no_process_behind(sweep, tmp_path: Path) -> None:
    with started(*sweep, "--jobs", 2) as process:
        wait_for(tmp_path / "out", 1)
        os.killpg(process.pid, signal.SIGINT)  # what a terminal does
        _, said = process.communicate(timeout=20)
    assert process.returncode == STOPPED
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["done"] >= 1
    assert report["done"] + report["not_run"] == 8
    assert f"Stopped with {report['not_run']} to go. The same command goes on" in " ".join(said.decode().split())
    assert b"Traceback" not in said
    wait_for_end_of_all(process)
