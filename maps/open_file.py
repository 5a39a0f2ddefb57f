"""The file behind an open map: whether another window has it, and whether another program changed it."""

from __future__ import annotations

import contextlib
import hashlib
import os
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

if TYPE_CHECKING:
    from pathlib import Path

LOCK_ENDING = ".longcut-lock"


class OnDisk(Enum):
    """What became of an open file."""

    SAME = "same"
    CHANGED = "changed"
    DELETED = "deleted"


@dataclass(frozen=True)
class _Seen:
    """What a file was like when it was read or written last. digest: of its contents."""

    size: int
    modified: int
    digest: bytes


class OpenFile:
    """A file that is open in this window; `close` it in the end.

    A lock beside the file tells other windows. The system frees it when the program ends, however it ends.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen = _seen(path)
        self._lock: FileLock | None = None
        self._lock_path = path.with_name(f".{path.name}{LOCK_ENDING}")
        self.open_elsewhere = not self._take_lock()

    def state(self) -> OnDisk:
        """Return what became of the file since it was read or written last. A new date alone is no change."""
        try:
            status = os.stat(self.path)
        except OSError:
            return OnDisk.SAME if self._seen is None else OnDisk.DELETED
        if self._seen is None:
            return OnDisk.CHANGED
        if (status.st_size, status.st_mtime_ns) == (self._seen.size, self._seen.modified):
            return OnDisk.SAME
        now = _seen(self.path)
        if now is None or now.digest != self._seen.digest:
            return OnDisk.CHANGED
        self._seen = now
        return OnDisk.SAME

    def note(self) -> None:
        """Take the file as it is now for known: it was just read or written, or the designer was asked."""
        self._seen = _seen(self.path)

    def close(self) -> None:
        """Let other windows have the file."""
        if self._lock is not None:
            with contextlib.suppress(OSError):
                self._lock_path.unlink(missing_ok=True)
            self._lock.release()
            self._lock = None

    def _take_lock(self) -> bool:
        """Whether this window has the file; where no lock can be made, nobody can save there either."""
        if not self.path.parent.is_dir():
            return True  # the lock would make the folder
        lock = FileLock(self._lock_path, thread_local=False)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return False
        except OSError:
            return True
        self._lock = lock
        return True


def _seen(path: Path) -> _Seen | None:
    try:
        with open(path, "rb") as file:
            status = os.fstat(file.fileno())
            digest = hashlib.file_digest(file, "sha256").digest()
    except OSError:
        return None
    return _Seen(status.st_size, status.st_mtime_ns, digest)
