"""The folder of a batch: what is done is kept by what it depends on, so that nothing is computed twice.

- `done/KEY.json`, `KEY.longcut`: an outcome and its map; KEY is that of its task
- `done/KEY-N.longcut`: all maps of a run that makes several
- `results/NAME.ENDING`, `results/NAME/01.ENDING`: the maps, in the format that was asked for
- `report.json`, `report.html`: what came of all
"""

from __future__ import annotations

import base64
import hashlib
import json
from contextlib import contextmanager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, cast

from filelock import FileLock, Timeout

from app.batch.task import SCHEME, Change, Outcome
from app.scenarios.report import Score
from maps.safe_save import save_bytes, sweep_stale

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

_DONE, _RESULTS, _LOCK = "done", "results", ".lock"
REPORT, PAGE = "report.json", "report.html"


class FolderError(Exception):
    """A folder that a batch cannot have; the message says why, and what would do."""


class Folder:
    """The folder of a batch, which `opened` gives."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def results(self) -> Path:
        """Return where the maps go."""
        return self.path / _RESULTS

    def outcome(self, key: str) -> Outcome | None:
        """Return what was made of a task before; None where nothing was, or not all of it is there."""
        try:
            record: Any = json.loads((self.path / _DONE / f"{key}.json").read_bytes())
            maps = [path.read_bytes() for path in self._maps(key, len(record["maps"]))]
            return _outcome(record, maps)
        except (OSError, ValueError, LookupError, TypeError):
            return None

    def keep(self, key: str, outcome: Outcome) -> None:
        """Keep what was made of a task. Raises MapSaveError."""
        maps = (outcome.map, *outcome.gallery)
        for path, data in zip(self._maps(key, len(maps)), maps, strict=True):
            save_bytes(path, data)
        # Last: a task is done when its record is there, whenever the power fails.
        save_bytes(
            self.path / _DONE / f"{key}.json", json.dumps(_record(outcome), allow_nan=False).encode("utf-8")
        )

    def _maps(self, key: str, count: int) -> list[Path]:
        names = [key, *(f"{key}-{number}" for number in range(1, count))]
        return [self.path / _DONE / f"{name}.longcut" for name in names]

    def write(self, name: str, data: bytes) -> None:
        """Write a file of the report. Raises MapSaveError."""
        save_bytes(self.path / name, data)


@contextmanager
def opened(path: Path) -> Generator[Folder]:
    """Give a folder to a batch alone, made where there is none.

    Raises FolderError for a folder with something else in it, or that another batch is writing to.
    """
    ours = (path / _DONE).is_dir()
    try:
        if path.is_dir() and not ours and any(entry.name != _LOCK for entry in path.iterdir()):
            raise FolderError(f"{path} has other files in it; give --out a new folder, or one of an earlier batch")
        for part in (_DONE, _RESULTS):
            (path / part).mkdir(parents=True, exist_ok=True)
        lock = FileLock(path / _LOCK)
        lock.acquire(timeout=0)
    except Timeout:
        raise FolderError(
            f"another batch is writing to {path}; wait for its end, or give another folder"
        ) from None
    except OSError as error:
        raise FolderError(f"{path} cannot be written to: {error.strerror or error}") from None
    try:
        for part in (path, path / _DONE, path / _RESULTS):
            sweep_stale(part)
        yield Folder(path)
    finally:
        lock.release()


def _record(outcome: Outcome) -> dict[str, Any]:
    return {
        "scheme": SCHEME,
        "maps": [hashlib.sha256(data).hexdigest() for data in (outcome.map, *outcome.gallery)],
        "lines": outcome.lines,
        "report": outcome.report,
        "score": None if outcome.score is None else _finite(asdict(outcome.score)),
        "change": asdict(outcome.change),
        "before": base64.b64encode(outcome.before).decode("ascii"),
        "after": base64.b64encode(outcome.after).decode("ascii"),
        "captions": outcome.captions,
    }


def _finite(score: dict[str, Any]) -> dict[str, Any]:
    """JSON has neither infinities nor NaN; a text is what Python makes a float of again."""
    return {name: repr(value) if isinstance(value, float) else value for name, value in score.items()}


def _outcome(record: Any, maps: Sequence[bytes]) -> Outcome:
    """The outcome of a record. Raises ValueError, LookupError or TypeError for one that is not whole."""
    if record["scheme"] != SCHEME or record["maps"] != [hashlib.sha256(data).hexdigest() for data in maps]:
        raise ValueError("this is another record, or another map")
    score, change, captions = record["score"], record["change"], record["captions"]
    before = None if score is None or score["before"] is None else float(score["before"])
    return Outcome(
        map=maps[0],
        gallery=tuple(maps[1:]),
        lines=tuple(map(str, record["lines"])),
        report=dict(cast("dict[str, Any]", record["report"])),
        score=None if score is None else Score(str(score["name"]), before, float(score["after"])),
        change=Change(str(change["name"]), float(change["value"])),
        before=base64.b64decode(record["before"], validate=True),
        after=base64.b64decode(record["after"], validate=True),
        captions=(str(captions[0]), str(captions[1])),
    )
