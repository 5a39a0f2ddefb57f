"""A process that dies while it saves leaves the old file or the new one, and its rest is swept."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from maps import safe_save
from maps.safe_save import SUFFIX, sweep_stale
from tests.maps.saves import OLD
from tests.maps.strategies import KILLS

ROOT = Path(__file__).parents[2]


def test_the_sweep_takes_what_a_dead_process_left_and_nothing_else(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-S", "-c", ""]) as gone:
        pass
    hour, days = 3600.0, 2 * safe_save.STALE_AFTER
    temporaries = {  # process, age -> swept?
        (gone.pid, hour): sys.platform != "win32",
        (gone.pid, 1.0): False,  # perhaps of another computer, which is saving just now
        (os.getpid(), hour): False,
        (os.getpid(), days): True,  # a process id that is used again
    }
    swept: list[Path] = []
    others = [tmp_path / name for name in ("castle.longcut", ".hidden", f"castle{SUFFIX}", f".castle{SUFFIX}")]
    for number, ((process, age), stale) in enumerate(temporaries.items()):
        path = tmp_path / f".castle.longcut.{process}-{number:012x}{SUFFIX}"
        path.write_bytes(OLD)
        os.utime(path, (time.time() - age, time.time() - age))
        (swept if stale else others).append(path)
    for path in others[:4]:
        path.write_bytes(OLD)
        os.utime(path, (time.time() - days, time.time() - days))
    assert sorted(sweep_stale(tmp_path)) == sorted(swept)
    assert sorted(tmp_path.iterdir()) == sorted(others)
    assert sweep_stale(tmp_path / "none") == []


def test_what_a_killed_save_leaves_is_swept(tmp_path: Path) -> None:
    target = tmp_path / "castle.longcut"
    command = [sys.executable, "-S", "-c", SAFE_CHILD.format(path=str(target), size=8_000_000)]

    def beside() -> list[Path]:
        return [path for path in tmp_path.iterdir() if path != target]

    for _ in range(50):  # now and then a save ends between the look and the kill
        with subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}) as child:
            while not beside():
                assert child.poll() is None, "the child ended by itself"
            child.kill()
        if left := beside():
            break
    else:
        raise AssertionError("no child died while it was saving")
    for path in left:
        stale = time.time() - 2 * safe_save.STALE_AFTER
        os.utime(path, (stale, stale))
    assert sorted(sweep_stale(tmp_path)) == sorted(left)


# The child saves one generation after the other; a whole file is one letter, a million times over.
SAFE_CHILD = """
from itertools import cycle
from maps.safe_save import save_bytes
for letter in cycle(b"abcdefgh"):
    assert save_bytes({path!r}, bytes([letter]) * {size}) is None
"""
PLAIN_CHILD = """
from itertools import cycle
for letter in cycle(b"abcdefgh"):
    with open({path!r}, "wb") as file:
        for _ in range({size} // 50_000):
            file.write(bytes([letter]) * 50_000)
"""


def torn_files(program: str, target: Path, size: int, kills: int) -> int:
    """How many of `kills` killed children leave the file torn; each is killed at a random moment of its saving."""
    torn = 0
    generator = random.Random(kills)
    command = [sys.executable, "-S", "-c", program.format(path=str(target), size=size)]
    for _ in range(kills):
        target.write_bytes(b"z" * size)
        with subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}) as child:
            deadline = time.monotonic() + 60
            while target.stat().st_size == size and target.read_bytes()[:1] == b"z":
                assert time.monotonic() < deadline, "the child never saved"
                time.sleep(0.001)
            time.sleep(generator.uniform(0, 0.02))
            assert child.poll() is None, "the child ended by itself"
            child.kill()
        content = target.read_bytes()
        torn += not (len(content) == size and content == content[:1] * size)
    return torn


@pytest.mark.slow
def test_a_killed_save_leaves_a_whole_file(tmp_path: Path) -> None:
    assert torn_files(SAFE_CHILD, tmp_path / "castle.longcut", 1_000_000, KILLS) == 0


def test_the_harness_sees_torn_files(tmp_path: Path) -> None:
    kills = max(10, KILLS // 4)
    assert torn_files(PLAIN_CHILD, tmp_path / "castle.longcut", 8_000_000, kills) >= 0.4 * kills
