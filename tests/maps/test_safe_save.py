"""A save leaves the old file or the new one, whole, whatever fails."""

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from maps import safe_save
from maps.errors import MapSaveError
from maps.safe_save import save_bytes, sweep_stale
from tests.maps.saves import NEW, OLD

CALLS = ("open", "write", "fsync", "lseek", "read", "close", "replace", "stat", "fchmod", "fchown")
ERRORS = (errno.ENOSPC, errno.EIO, errno.EACCES, errno.EROFS)


class FailingOs:
    """The module `os`, where the `turn`-th call of the function `name` fails, and if `lasting` all after it."""

    def __init__(self, name: str, turn: int, fail: Callable[..., Any], lasting: bool = False) -> None:
        self.name, self.turn, self.fail, self.lasting, self.calls = name, turn, fail, lasting, 0

    def __getattr__(self, name: str) -> Any:
        real = getattr(os, name)
        if name != self.name:
            return real

        def counted(*arguments: Any) -> Any:
            self.calls += 1
            failing = self.calls == self.turn or (self.lasting and self.calls > self.turn)
            return self.fail(real, *arguments) if failing else real(*arguments)

        return counted


def failing_with(code: int) -> Callable[..., Any]:
    def fail(real: Callable[..., Any], *arguments: Any) -> Any:
        if real is os.close:
            real(*arguments)  # the descriptor is gone even if closing reports an error
        raise OSError(code, os.strerror(code))

    return fail


def save_with(monkeypatch: pytest.MonkeyPatch, target: Path, failing: FailingOs) -> str | MapSaveError | None:
    with monkeypatch.context() as patch:
        patch.setattr(safe_save, "os", failing)
        try:
            return save_bytes(target, NEW)
        except MapSaveError as error:
            return error


def check_outcome(target: Path, before: bytes | None, outcome: str | MapSaveError | None) -> None:
    """The file is whole, and what was reported is what is there."""
    found = target.read_bytes() if target.exists() else None
    beside = [path for path in target.parent.iterdir() if path != target]
    if isinstance(outcome, MapSaveError):
        assert found == before
        assert ("the file on disk is unchanged" if before else "nothing was written") in str(outcome)
        assert target.name in str(outcome)
        kept = [path for path in beside if path.name in str(outcome)]
        assert all(path.read_bytes() == NEW for path in kept)
        assert beside == kept, "a temporary was left that nobody knows of"
    else:
        assert found == NEW
        assert beside == []
        assert outcome is None or "may not survive a power cut" in outcome


@pytest.mark.slow
@pytest.mark.parametrize("code", ERRORS, ids=errno.errorcode.__getitem__)
@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("before", [OLD, None], ids=["replace", "create"])
@pytest.mark.parametrize("lasting", [False, True], ids=["once", "lasting"])
@pytest.mark.skipif(sys.platform == "win32", reason="retries of a refused replace take seconds there")
def test_every_call_may_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lasting: bool, before: bytes | None, name: str, code: int
) -> None:
    reached = 0
    for turn in range(1, 20):
        folder = tmp_path / str(turn)
        folder.mkdir()
        target = folder / "castle.longcut"
        if before is not None:
            target.write_bytes(before)
        failing = FailingOs(name, turn, failing_with(code), lasting)
        outcome = save_with(monkeypatch, target, failing)
        check_outcome(target, before, outcome)
        if failing.calls < turn:
            assert outcome is None
            break
        reached += 1
    owned_by_others = name == "fchown"  # called only for a file of somebody else
    not_for_new_files = before is None and name == "fchmod"
    assert reached > 0 or owned_by_others or not_for_new_files


def test_a_failing_sync_of_the_folder_is_saved_with_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "castle.longcut"
    target.write_bytes(OLD)
    outcome = save_with(monkeypatch, target, FailingOs("fsync", 2, failing_with(errno.EIO)))
    assert isinstance(outcome, str)
    assert "may not survive a power cut" in outcome
    assert target.read_bytes() == NEW


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("turn", [1, 2])
def test_short_writes_are_written_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, share: float, turn: int
) -> None:
    def short(real: Callable[..., Any], descriptor: int, data: memoryview) -> int:
        return real(descriptor, data[: max(1, int(share * len(data)))])

    target = tmp_path / "castle.longcut"
    target.write_bytes(OLD)
    assert save_with(monkeypatch, target, FailingOs("write", turn, short)) is None
    assert target.read_bytes() == NEW


def lost_half(real: Callable[..., Any], descriptor: int, data: memoryview) -> int:
    real(descriptor, data[: len(data) // 2])
    return len(data)


def flipped(real: Callable[..., Any], descriptor: int, data: memoryview) -> int:
    damaged = bytearray(data)
    damaged[len(damaged) // 2] ^= 1
    return real(descriptor, damaged)


def took_none(real: Callable[..., Any], descriptor: int, data: memoryview) -> int:
    return 0


@pytest.mark.parametrize("lie", [lost_half, flipped, took_none])
def test_a_disk_that_lies_about_a_write_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lie: Callable[..., Any]
) -> None:
    target = tmp_path / "castle.longcut"
    target.write_bytes(OLD)
    outcome = save_with(monkeypatch, target, FailingOs("write", 1, lie))
    assert isinstance(outcome, MapSaveError)
    check_outcome(target, OLD, outcome)


@pytest.mark.skipif(sys.platform == "win32", reason="modes and links of POSIX")
def test_mode_and_links_are_kept(tmp_path: Path) -> None:
    target, link = tmp_path / "castle.longcut", tmp_path / "link.longcut"
    target.write_bytes(OLD)
    target.chmod(0o640)
    link.symlink_to(target.name)
    assert save_bytes(link, NEW) is None
    assert link.is_symlink()
    assert target.read_bytes() == NEW
    assert target.stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")
def test_a_private_file_is_never_readable_by_others_on_the_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "castle.longcut"
    target.write_bytes(OLD)
    target.chmod(0o600)
    modes: list[int] = []

    def look(real: Callable[..., Any], descriptor: int, data: memoryview) -> int:
        modes.append(os.fstat(descriptor).st_mode & 0o777)
        return real(descriptor, data)

    save_with(monkeypatch, target, FailingOs("write", 1, look))
    assert modes == [0o600]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may give files away")
def test_the_owner_is_kept(tmp_path: Path) -> None:
    target = tmp_path / "castle.longcut"
    target.write_bytes(OLD)
    os.chown(target, 1234, 2345)
    target.chmod(0o664)
    assert save_bytes(target, NEW) is None
    kept = target.stat()
    assert (kept.st_uid, kept.st_gid, kept.st_mode & 0o777) == (1234, 2345, 0o664)


@pytest.mark.skipif(sys.platform == "win32", reason="modes and owners of POSIX")
@pytest.mark.parametrize("name", ["fchmod", "fchown"])
def test_a_file_system_without_modes_or_owners_is_saved_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    target = tmp_path / "castle.longcut"
    target.write_bytes(OLD)
    monkeypatch.setattr(os, "geteuid", lambda: -1)  # the file is somebody else's
    failing = FailingOs(name, 1, failing_with(errno.EPERM))
    assert save_with(monkeypatch, target, failing) is None
    assert failing.calls == 1
    check_outcome(target, OLD, None)


@pytest.mark.skipif(sys.platform == "win32", reason="devices of POSIX")
def test_folders_and_devices_are_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    (tmp_path / "folder").mkdir()
    for target in (pipe, tmp_path / "folder"):
        with pytest.raises(MapSaveError, match="a folder or a device; choose the name of a file"):
            save_bytes(target, NEW)
    assert pipe.is_fifo()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "pipe"]


def test_a_file_that_is_marked_read_only_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(real: Callable[..., Any], path: Path, mode: int) -> bool:
        assert (path, mode) == (target, os.W_OK)
        return False  # said here, because root may write to every file

    target = tmp_path / "castle.longcut"
    target.write_bytes(OLD)
    outcome = save_with(monkeypatch, target, FailingOs("access", 1, refused))
    assert isinstance(outcome, MapSaveError)
    assert "read-only; make it writable or save under another name" in str(outcome)
    check_outcome(target, OLD, outcome)


def test_a_name_that_no_file_can_have_is_said() -> None:
    with pytest.raises(MapSaveError, match="nothing was written"):
        save_bytes("castle\0.longcut", NEW)


def test_a_failure_is_said_even_if_the_temporary_cannot_be_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    target = tmp_path / "castle.longcut"
    target.write_bytes(OLD)
    monkeypatch.setattr(os, "unlink", refuse)
    outcome = save_with(monkeypatch, target, FailingOs("fsync", 1, failing_with(errno.ENOSPC)))
    monkeypatch.undo()
    assert isinstance(outcome, MapSaveError)
    assert os.strerror(errno.ENOSPC) in str(outcome)
    assert target.read_bytes() == OLD


@pytest.mark.parametrize("name", ["write", "fsync", "read"])
def test_an_interrupted_save_leaves_nothing_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    target = tmp_path / "castle.longcut"
    target.write_bytes(OLD)
    with pytest.raises(KeyboardInterrupt):
        save_with(monkeypatch, target, FailingOs(name, 1, interrupt))
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [OLD]


class HeldOs(FailingOs):
    """The module `os` on a system where a scanner holds the file for the first `held` replacements of it."""

    def __init__(self, target: Path, held: int) -> None:
        def refuse(real: Callable[..., Any], source: Path, goal: Path) -> None:
            if goal == target and self.refusals < held:
                self.refusals += 1
                raise PermissionError(errno.EACCES, "the file is in use")
            real(source, goal)

        super().__init__("replace", 0, refuse)
        self.refusals = 0

    def __getattr__(self, name: str) -> Any:
        real = getattr(os, name)
        return (lambda *arguments: self.fail(real, *arguments)) if name == self.name else real


@pytest.mark.parametrize("held", [3, 10_000])
def test_windows_waits_for_a_held_file_and_then_keeps_the_work_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held: int
) -> None:
    target = tmp_path / "castle.longcut"
    target.write_bytes(OLD)
    monkeypatch.setattr(safe_save, "WINDOWS_PATIENCE", 0.5)
    holding = HeldOs(target, held)
    monkeypatch.setattr(sys, "platform", "win32")
    outcome = save_with(monkeypatch, target, holding)
    monkeypatch.undo()
    check_outcome(target, OLD, outcome)
    if held == 3:
        assert outcome is None
        assert holding.refusals == 3
        return
    assert holding.refusals > 3
    (kept,) = (path for path in tmp_path.iterdir() if path != target)
    assert kept.suffix == ".longcut", "what was kept opens like a map"
    assert kept.name in str(outcome)
    os.utime(kept, (0, 0))
    assert sweep_stale(tmp_path) == []


def test_a_new_file_gets_the_usual_mode(tmp_path: Path) -> None:
    (tmp_path / "usual").write_bytes(b"")
    save_bytes(tmp_path / "new", NEW)
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_the_longest_names_can_be_saved(tmp_path: Path) -> None:
    target = tmp_path / ("城" * 80 + ".longcut")
    assert save_bytes(target, NEW) is None
    assert target.read_bytes() == NEW


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(MapSaveError, match=r"castle\.longcut: .*; nothing was written"):
        save_bytes(tmp_path / "none" / "castle.longcut", NEW)
