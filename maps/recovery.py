"""Work that survives a crash: a running program keeps its unsaved map aside, the next start finds it.

Every open map has a folder of its own with a random name (process ids are reused) and a lock that the system frees
when the program ends, however it ends. A folder whose lock is free, and which still holds a map, is work that was
left behind. The designer's own file is never written to from here.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from filelock import FileLock, Timeout

from maps.errors import MapFormatError
from maps.formats import native, read_file
from maps.formats.format import name_of
from maps.formats.limits import read_file as read_bytes
from maps.safe_save import save_bytes

if TYPE_CHECKING:
    from maps.results import MapFile

MOST_ATTEMPTS = 2  # to open the same work; who crashes on it twice is not asked a third time
KEPT_FOR = 30 * 24 * 3600.0  # seconds
_MAP, _NOTE, _LOCK = "map.longcut", "note.json", "running.lock"


class Journal:
    """Keeps one open map of a running program aside."""

    def __init__(self, home: Path) -> None:
        self.folder = home / secrets.token_hex(8)
        self.folder.mkdir(parents=True, mode=0o700)
        self._lock = FileLock(self.folder / _LOCK, thread_local=False)
        self._lock.acquire(timeout=0)

    def keep(self, contents: MapFile, title: str, origin: Path | None) -> None:
        """Write a map aside, in place of the one before.

        title: the map's name.  origin: the file that it was opened from or saved to.
        Raises MapSaveError; what was kept before is then still whole.
        """
        note = {"title": title, "origin": None if origin is None else str(origin), "kept": time.time()}
        save_bytes(self.folder / _MAP, native.encode(contents.document, contents.results))
        save_bytes(self.folder / _NOTE, _json({**note, "attempts": 0}))

    def forget(self) -> None:
        """Drop what is kept: it is saved, or was given up."""
        for name in (_MAP, _NOTE):
            with contextlib.suppress(OSError):
                (self.folder / name).unlink(missing_ok=True)

    def close(self) -> None:
        """End in good order: nothing is left behind."""
        self._lock.release()
        shutil.rmtree(self.folder, ignore_errors=True)


@dataclass(frozen=True)
class LeftBehind:
    """Unsaved work of a program that did not end in good order.

    title: the map's name.  origin: its file, None where it never had one.  kept: when, in seconds
    since 1970.  attempts: how often it was opened since; above `MOST_ATTEMPTS` it had better not be offered.
    """

    folder: Path
    title: str
    origin: Path | None
    kept: float
    attempts: int

    @property
    def path(self) -> Path:
        """Return the file of the map itself."""
        return self.folder / _MAP

    @property
    def called(self) -> str:
        """Return what the work is called: its file, and the map's name where that is another; "" for neither."""
        if self.origin is None:
            return self.title
        named = self.title and self.title != name_of(self.origin)
        return f"{self.origin.name} ({self.title})" if named else self.origin.name

    @property
    def may_be_offered(self) -> bool:
        """Return whether opening it has not ended in a crash too often."""
        return self.attempts < MOST_ATTEMPTS


def left_behind(home: Path, now: float | None = None) -> list[LeftBehind]:
    """Return work that was left behind, newest first.

    Folders without any, and those older than 30 days, are removed.
    """
    now = time.time() if now is None else now
    found: list[LeftBehind] = []
    for folder in sorted(home.iterdir()) if home.is_dir() else []:
        if not folder.is_dir() or _running(folder):
            continue
        work = _work_in(folder)
        if work is None or now - work.kept > KEPT_FOR:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            found.append(work)
    return sorted(found, key=lambda work: work.kept, reverse=True)


def open_left_behind(work: LeftBehind) -> MapFile:
    """Return the map that was left behind. The attempt is counted first, so that a crash on it is counted too.

    Raises MapFormatError for work that cannot be read.
    """
    note = _note_in(work.folder)
    with contextlib.suppress(OSError):  # a full disk must not keep the work from being opened
        save_bytes(work.folder / _NOTE, _json({**note, "attempts": work.attempts + 1}))
    return read_file(work.path)


def discard(work: LeftBehind) -> None:
    """Remove work that was taken over or given up."""
    shutil.rmtree(work.folder, ignore_errors=True)


def _running(folder: Path) -> bool:
    """Whether the program whose folder this is still runs."""
    lock = FileLock(folder / _LOCK)
    try:
        lock.acquire(timeout=0)
    except (Timeout, OSError):
        return True
    lock.release()
    return False


def _work_in(folder: Path) -> LeftBehind | None:
    path = folder / _MAP
    if not path.is_file():
        return None
    note = _note_in(folder)
    title, origin, kept, attempts = (note.get(name) for name in ("title", "origin", "kept", "attempts"))
    return LeftBehind(
        folder,
        title if isinstance(title, str) else folder.name,
        Path(origin) if isinstance(origin, str) else None,
        float(kept) if isinstance(kept, (int, float)) else os.path.getmtime(path),
        attempts if isinstance(attempts, int) else 0,
    )


def _note_in(folder: Path) -> dict[str, Any]:
    """What is noted beside a map; nothing where the crash came before the note."""
    try:
        note: object = json.loads(read_bytes(folder / _NOTE, 65_536))
    except (MapFormatError, ValueError, RecursionError):
        return {}
    return cast("dict[str, Any]", note) if isinstance(note, dict) else {}


def _json(note: dict[str, Any]) -> bytes:
    return json.dumps(note).encode()
