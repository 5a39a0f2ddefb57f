"""A file that is open: in two windows, changed by another program, deleted."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from maps.document import new_document
from maps.formats import write_map
from maps.open_file import OnDisk, OpenFile

ROOT = Path(__file__).parents[2]
HOLDER = """
import sys, time
from pathlib import Path
from maps.open_file import OpenFile
held = OpenFile(Path(sys.argv[1]))
print(held.open_elsewhere, flush=True)
time.sleep(600)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_map(new_document(4, 5), tmp_path / "castle.longcut")
    return tmp_path / "castle.longcut"


def test_the_second_window_is_told_until_the_first_one_closes(path: Path) -> None:
    first = OpenFile(path)
    assert not first.open_elsewhere
    second = OpenFile(path)
    assert second.open_elsewhere
    second.close()
    first.close()
    third = OpenFile(path)
    assert not third.open_elsewhere
    third.close()
    assert [entry.name for entry in path.parent.iterdir()] == ["castle.longcut"]


def test_a_crash_frees_the_file(path: Path) -> None:
    words = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == "False"
        assert OpenFile(path).open_elsewhere
        holder.kill()
    after = OpenFile(path)
    assert not after.open_elsewhere
    after.close()


def test_a_change_by_another_program_is_noticed(path: Path) -> None:
    opened = OpenFile(path)
    assert opened.state() is OnDisk.SAME
    write_map(new_document(4, 6), path)
    assert opened.state() is OnDisk.CHANGED
    opened.note()
    assert opened.state() is OnDisk.SAME
    path.unlink()
    assert opened.state() is OnDisk.DELETED
    opened.close()


def test_a_change_that_keeps_size_and_date_but_for_a_tick_is_noticed(path: Path) -> None:
    opened = OpenFile(path)
    data, status = bytearray(path.read_bytes()), path.stat()
    data[-1] ^= 1
    path.write_bytes(data)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1_000_000))
    assert opened.state() is OnDisk.CHANGED
    opened.close()


def test_a_new_date_alone_is_no_change(path: Path) -> None:
    opened = OpenFile(path)
    os.utime(path)
    assert opened.state() is OnDisk.SAME
    opened.close()


def test_a_file_that_is_not_there_yet_may_come(tmp_path: Path) -> None:
    opened = OpenFile(tmp_path / "new.longcut")
    assert opened.state() is OnDisk.SAME
    write_map(new_document(3, 3), tmp_path / "new.longcut")
    assert opened.state() is OnDisk.CHANGED
    opened.close()


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="modes of POSIX, which root may ignore")
def test_a_folder_that_cannot_be_written_to_needs_no_lock(path: Path) -> None:
    path.parent.chmod(0o500)
    try:
        assert not OpenFile(path).open_elsewhere
    finally:
        path.parent.chmod(0o700)
