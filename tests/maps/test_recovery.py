"""Unsaved work survives: kept aside while the program runs, found after a crash, never offered without end."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from maps.document import MapDocument, new_document
from maps.recovery import KEPT_FOR, MOST_ATTEMPTS, Journal, discard, left_behind, open_left_behind
from maps.results import KeptResult, MapFile
from tests.maps.strategies import assert_same

ROOT = Path(__file__).parents[2]
# A program that keeps one map after the other aside, until it is killed.
PAINTER = """
import sys, time
from pathlib import Path
from maps.document import new_document
from maps.recovery import Journal
from maps.results import MapFile
journal = Journal(Path(sys.argv[1]))
for number in range(1, 10**6):
    journal.keep(MapFile(new_document(40, 40, cost=float(number))), f"stroke {number}", None)
    print(number, flush=True)
    time.sleep(float(sys.argv[2]))
"""


def painted(cost: float = 2.0) -> MapDocument:
    return new_document(5, 6, name="field").replace(cost=np.full((5, 6), cost, np.float32))


def painter(home: Path, pause: float = 0.0) -> "subprocess.Popen[str]":
    """A running program that has kept at least one map aside."""
    words = [sys.executable, "-c", PAINTER, str(home), str(pause)]
    program = subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert program.stdout is not None
    assert program.stdout.readline().strip() == "1"
    return program


def killed(program: "subprocess.Popen[str]") -> int:
    """Kill the program; the last map that it said it had kept."""
    program.kill()
    said, _ = program.communicate()
    return int((said.split() or ["1"])[-1])


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="kills as POSIX does")
def test_a_killed_program_leaves_its_last_map_whole(tmp_path: Path) -> None:
    for _ in range(3):
        program = painter(tmp_path)
        time.sleep(0.05)
        last = killed(program)
        (work,) = left_behind(tmp_path)
        found = open_left_behind(work)
        # The kill may have come between writing a map and saying so.
        assert found.document.cost[0, 0] in (last, last + 1)
        assert work.title.startswith("stroke ")
        discard(work)
        assert left_behind(tmp_path) == []


def test_work_of_a_program_that_still_runs_is_left_alone(tmp_path: Path) -> None:
    program = painter(tmp_path, 60.0)
    assert left_behind(tmp_path) == []
    assert len(list(tmp_path.iterdir())) == 1
    os.kill(program.pid, signal.SIGTERM)
    program.communicate()
    assert len(left_behind(tmp_path)) == 1


def test_everything_of_a_map_comes_back(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    result = KeptResult("one", "2 × longer", "adversarial", painted(), painted(3.0))
    journal.keep(MapFile(painted(), (result,)), "field", tmp_path / "field.longcut")
    crash(journal)
    (work,) = left_behind(tmp_path)
    found = open_left_behind(work)
    assert_same(found.document, painted())
    assert_same(found.results[0].after, painted(3.0))
    assert (work.title, work.origin, work.called) == ("field", tmp_path / "field.longcut", "field.longcut")


def test_a_good_end_and_saved_work_leave_nothing(tmp_path: Path) -> None:
    closed, saved = Journal(tmp_path), Journal(tmp_path)
    closed.keep(MapFile(painted()), "a", None)
    closed.close()
    saved.keep(MapFile(painted()), "b", None)
    saved.forget()
    crash(saved)
    assert left_behind(tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_work_on_which_the_program_crashes_again_is_not_offered_without_end(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.keep(MapFile(painted()), "a", None)
    crash(journal)
    for _ in range(MOST_ATTEMPTS):
        (work,) = left_behind(tmp_path)
        assert work.may_be_offered
        open_left_behind(work)  # and a crash before it is discarded
    (work,) = left_behind(tmp_path)
    assert not work.may_be_offered
    assert work.path.is_file()


def test_old_work_is_swept_and_newer_work_stands_first(tmp_path: Path) -> None:
    for name in ("first", "second"):
        journal = Journal(tmp_path)
        journal.keep(MapFile(painted()), name, None)
        crash(journal)
    assert [work.title for work in left_behind(tmp_path)] == ["second", "first"]
    assert left_behind(tmp_path, now=time.time() + KEPT_FOR + 60.0) == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("note", [b"", b"{", b"[]", b'{"title": 3, "kept": "x", "attempts": null}'])
def test_a_damaged_note_does_not_cost_the_map(tmp_path: Path, note: bytes) -> None:
    journal = Journal(tmp_path)
    journal.keep(MapFile(painted()), "a", None)
    crash(journal)
    (journal.folder / "note.json").write_bytes(note)
    (work,) = left_behind(tmp_path)
    assert_same(open_left_behind(work).document, painted())


def crash(journal: Journal) -> None:
    """What the system does for a program that ends anyhow: its locks are freed, its files stay."""
    journal._lock.release()
