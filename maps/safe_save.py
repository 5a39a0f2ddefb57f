"""Saving so that a crash, a full disk or a power cut leaves the old file or the new one, whole."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import stat
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from maps.errors import MapSaveError

# Temporaries are named ".NAME.PID-TOKEN.longcut-save"; the token keeps two savers of one file apart.
SUFFIX = ".longcut-save"
_TEMPORARY = re.compile(r"\..*\.(\d+)-[0-9a-f]{12}" + re.escape(SUFFIX), re.DOTALL)
WINDOWS_PATIENCE = 5.0  # seconds; a virus scanner may hold the old file for that long
LONGEST_SAVE = 60.0  # seconds; a shared folder also holds the temporaries of other computers' processes
STALE_AFTER = 24 * 3600.0  # seconds; process ids are reused


def save_bytes(path: str | os.PathLike[str], data: bytes) -> str | None:
    """Put `data` in the file at `path`, through a temporary beside it.

    Returns None, or a sentence if the file is saved but may not survive a power cut. Keeps the mode and, where
    it may, the owner of an existing file, and follows symbolic links. Raises MapSaveError, which says what
    became of the old file: it is untouched in every case.
    """
    return prepare(path, data).put()


@dataclass(frozen=True)
class Prepared:
    """A save that only has to be put in its place: `temporary` holds all of it, read back and found right."""

    path: str | os.PathLike[str]
    target: Path
    temporary: Path

    def put(self) -> str | None:
        """Replace the old file; return and raise as `save_bytes` does."""
        try:
            _replace(self.temporary, self.target)
        except OSError as error:
            state = _state(self.target)
            kept = _keep(self.temporary, self.target).name
            raise MapSaveError(
                self.path,
                f"{_reason(error)}; {state}. Your work is in {kept} beside it: save under another name, or close "
                f"the program that holds the file and save again",
            ) from error
        try:
            _sync_folder(self.target.parent)
        except OSError as error:
            return f"saved, but it may not survive a power cut: {_reason(error)}"
        return None

    def drop(self) -> None:
        """Remove what was prepared."""
        with contextlib.suppress(OSError):
            os.unlink(self.temporary)


def prepare(path: str | os.PathLike[str], data: bytes) -> Prepared:
    """Write `data` beside the file at `path` and read it back. Raises MapSaveError; the old file is untouched."""
    try:
        target = Path(os.path.realpath(path))
        old = _replaceable(target)
    except (OSError, ValueError) as error:
        raise MapSaveError(path, f"{_reason(error)}; {_state(path)}") from error
    # A long name is cut, so that it stays a legal one with what is added.
    temporary = target.with_name(f".{target.name[:40]}.{os.getpid()}-{secrets.token_hex(6)}{SUFFIX}")
    prepared = Prepared(path, target, temporary)
    try:
        _write_verified(temporary, data, old)
    except BaseException as error:
        prepared.drop()
        if isinstance(error, OSError):
            raise MapSaveError(path, f"{_reason(error)}; {_state(target)}") from error
        raise
    return prepared


def sweep_stale(folder: str | os.PathLike[str]) -> list[Path]:
    """Remove temporaries in `folder` whose process is gone, or which are a day old; return what was removed."""
    removed: list[Path] = []
    with contextlib.suppress(OSError):
        for path in Path(folder).iterdir():
            named = _TEMPORARY.fullmatch(path.name)
            if named is None:
                continue
            with contextlib.suppress(OSError):
                age = time.time() - path.lstat().st_mtime
                if age > (STALE_AFTER if _alive(int(named[1])) else LONGEST_SAVE):
                    path.unlink()
                    removed.append(path)
    return removed


def _replaceable(target: Path) -> os.stat_result | None:
    """The file that a save would replace, None if there is none. Raises OSError if it should stay."""
    try:
        old = os.stat(target)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(old.st_mode):
        raise OSError("this is a folder or a device; choose the name of a file")
    if not os.access(target, os.W_OK):
        # A rename would get round the mark that version control, or a colleague, put on the file.
        raise OSError("the file is read-only; make it writable or save under another name")
    return old


def _write_verified(temporary: Path, data: bytes, old: os.stat_result | None) -> None:
    # Until it has the old file's mode, a copy of a private file must be private too.
    mode = 0o666 if old is None else 0o600
    descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
    try:
        view = memoryview(data)
        while view:
            written = os.write(descriptor, view)
            if written <= 0:
                raise OSError("the disk took no more data")
            view = view[written:]
        if old is not None:
            _keep_mode_and_owner(descriptor, old)
        os.fsync(descriptor)
        os.lseek(descriptor, 0, os.SEEK_SET)
        offset = 0
        while block := os.read(descriptor, 1 << 20):
            if block != data[offset : offset + len(block)]:
                raise OSError("what was read back is not what was written")
            offset += len(block)
        if offset != len(data):
            raise OSError(f"only {offset} of {len(data)} bytes could be read back")
    finally:
        os.close(descriptor)


def _keep_mode_and_owner(descriptor: int, old: os.stat_result) -> None:
    if sys.platform == "win32":
        return
    if (old.st_uid, old.st_gid) != (os.geteuid(), os.getegid()):
        with contextlib.suppress(PermissionError):  # only root may give files away
            os.fchown(descriptor, old.st_uid, old.st_gid)
    with contextlib.suppress(PermissionError):  # some network and memory-card file systems have no modes
        os.fchmod(descriptor, stat.S_IMODE(old.st_mode))


def _replace(temporary: Path, target: Path) -> None:
    deadline = time.monotonic() + WINDOWS_PATIENCE
    while True:
        try:
            os.replace(temporary, target)
            return
        except PermissionError:
            if sys.platform != "win32" or time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _keep(temporary: Path, target: Path) -> Path:
    """Give a whole temporary a name that opens like a map and that no sweep removes."""
    token = temporary.name.split(".")[-2]
    kept = target.with_name(f"{target.stem[:40]}.unsaved-{token}{target.suffix}")
    try:
        os.replace(temporary, kept)
    except OSError:
        return temporary
    return kept


def _sync_folder(folder: Path) -> None:
    if sys.platform == "win32":
        return  # folders cannot be opened there; the rename is journalled
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _alive(process: int) -> bool:
    if sys.platform == "win32":
        return True  # signal 0 would be a Ctrl+C there: age alone decides
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _state(path: str | os.PathLike[str]) -> str:
    return "the file on disk is unchanged" if os.path.exists(path) else "nothing was written"
