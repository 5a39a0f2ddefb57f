"""Files that are written together: nothing is replaced unless all can be made, and a failure says what is new."""

import os
from pathlib import Path

import pytest

from maps import safe_save
from maps.errors import MapSaveError
from maps.safe_set import save_set

OLD, NEW = b"old", b"new"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture
def files(tmp_path: Path) -> dict[Path, bytes]:
    for name in "ab":
        (tmp_path / name).write_bytes(OLD)
    return {tmp_path / name: NEW for name in "abc"}


def test_all_are_written_and_nothing_is_left_beside_them(files, tmp_path):
    assert save_set(files) == []
    assert contents(tmp_path) == {"a": NEW, "b": NEW, "c": NEW}


def test_one_that_cannot_be_made_leaves_all_as_they_were(files, tmp_path):
    (tmp_path / "c").mkdir()
    with pytest.raises(MapSaveError, match="c: this is a folder"):
        save_set(files)
    (tmp_path / "c").rmdir()
    assert contents(tmp_path) == {"a": OLD, "b": OLD}


def test_a_disk_that_fills_up_leaves_all_as_they_were(files, tmp_path, monkeypatch):
    real, written = os.write, []

    def write(descriptor, data):
        written.append(data)
        if len(written) == 3:
            raise OSError(28, "No space left on device")
        return real(descriptor, data)

    monkeypatch.setattr(os, "write", write)
    with pytest.raises(MapSaveError, match="No space left"):
        save_set(files)
    assert contents(tmp_path) == {"a": OLD, "b": OLD}


def test_one_that_cannot_be_replaced_is_named_with_the_state_of_the_others(files, tmp_path, monkeypatch):
    real = safe_save._replace

    def replace(temporary, target):
        if target.name == "b":
            raise OSError(13, "Permission denied")
        real(temporary, target)

    monkeypatch.setattr(safe_save, "_replace", replace)
    with pytest.raises(MapSaveError, match=r"Permission denied.*\(a new; c as before\)"):
        save_set(files)
    found = contents(tmp_path)
    assert (found["a"], found["b"], "c" in found) == (NEW, OLD, False)
    kept = [name for name in found if name.startswith("b.unsaved")]
    assert [found[name] for name in kept] == [NEW], "the work that could not be put in its place is kept"
    assert len(found) == 3
