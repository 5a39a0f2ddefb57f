"""Carry out a batch: what is done already is taken from its folder, the rest is solved, and all is told."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from app.batch.cluster import ClusterError
from app.batch.task import Failure, Outcome
from engine.core.errors import ProblemError
from maps.errors import MapError, MapFormatError
from maps.formats import native, write_map

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from app.batch.folder import Folder
    from app.batch.solvers import Solved, Solver
    from app.batch.task import Task


@dataclass(frozen=True)
class Target:
    """How the map of a result is written.

    ending: of its file.  folder: where the editor's file lay that the map came from, if there is one.
    """

    ending: str
    folder: str = ""


@dataclass(frozen=True)
class Job:
    """A task, which knows nothing of files, and how its result is written."""

    task: Task
    target: Target


@dataclass(frozen=True)
class Entry:
    """One run of a batch.

    name: of its files, which no other entry has.  source: what its map is called.  varied: settings that differ
    from entry to entry, as (option, word).  job: makes it, from a map that is read only then; raises OSError,
    ProblemError, MapError or MapFormatError where it cannot be.
    """

    name: str
    source: str
    varied: tuple[tuple[str, str], ...]
    job: Callable[[], Job]


@dataclass(frozen=True)
class Row:
    """What became of an entry; outcome: None where it was not run.

    file: of its map, in the batch's folder; empty without one.  gallery: likewise, of all maps of a run that makes
    several.  lost: what they do not keep.
    reused: whether it was done before.
    """

    entry: Entry
    outcome: Outcome | Failure | None = None
    file: str = ""
    gallery: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    reused: bool = False


@dataclass
class Batch:
    """A batch under way or at its end.

    rows: one for each entry, in their order.  stopped: whether Ctrl+C ended it.  fault: why it could not go on.
    """

    rows: list[Row]
    stopped: bool = False
    fault: str = ""
    began: float = field(default_factory=time.monotonic)

    @property
    def done(self) -> int:
        """Return how many entries have a result."""
        return sum(isinstance(row.outcome, Outcome) for row in self.rows)

    @property
    def failed(self) -> int:
        """Return how many entries cannot have one."""
        return sum(isinstance(row.outcome, Failure) for row in self.rows)

    @property
    def left(self) -> int:
        """Return how many entries are still to be run."""
        return sum(row.outcome is None for row in self.rows)


def run(entries: Sequence[Entry], folder: Folder, solver: Solver, told: Callable[[Batch, Row], None]) -> Batch:
    """Return what became of all entries. told: is called with each row as it is known.

    An entry that fails leaves the others to go on. Ctrl+C ends the batch, and what is done stays.
    """
    batch = Batch([Row(entry) for entry in entries])
    waiting: dict[str, list[tuple[int, Target]]] = {}  # by key: the entries that it is for

    def settle(number: int, row: Row) -> None:
        batch.rows[number] = row
        told(batch, row)

    def missing() -> Iterator[Task]:
        """Yield the tasks that are not done; settle the others."""
        for number, entry in enumerate(entries):
            try:
                job = entry.job()
            except (ProblemError, MapError, MapFormatError, OSError) as error:
                settle(number, Row(entry, Failure(str(error))))
                continue
            key = job.task.key
            if key in waiting:  # the same map by another name
                waiting[key].append((number, job.target))
                continue
            outcome = folder.outcome(key)
            if outcome is not None:
                settle(number, _written(entry, outcome, folder, job.target, reused=True))
                continue
            waiting[key] = [(number, job.target)]
            yield job.task

    def take(solved: Iterable[Solved]) -> None:
        for task, outcome in solved:
            if isinstance(outcome, Outcome):
                folder.keep(task.key, outcome)
            settle_all(task.key, outcome)

    def settle_all(key: str, outcome: Outcome | Failure) -> None:
        for number, target in waiting[key]:
            entry = entries[number]
            if batch.rows[number].outcome is None:
                done = isinstance(outcome, Outcome)
                settle(number, _written(entry, outcome, folder, target) if done else Row(entry, outcome))
        del waiting[key]

    try:
        take(solver(missing()))
    except KeyboardInterrupt:
        batch.stopped = True
        for key in list(waiting):
            if (outcome := folder.outcome(key)) is not None:  # it was just being settled
                settle_all(key, outcome)
    except (ClusterError, OSError) as error:  # the disk is full, or the cluster has gone: no entry's fault
        batch.fault = str(error)
    return batch


def _written(entry: Entry, outcome: Outcome, folder: Folder, target: Target, *, reused: bool = False) -> Row:
    """Write the maps of an outcome. What cannot be written has failed, though it is not computed again."""
    several = [f"{entry.name}/{number:02}" for number in range(1, len(outcome.gallery) + 1)]
    files: list[str] = []
    lost: dict[str, None] = {}
    for name, data in zip((entry.name, *several), (outcome.map, *outcome.gallery), strict=True):
        path = folder.results / f"{name}{target.ending}"
        try:
            document = native.decode(Path("map.longcut"), data)
            if document.origin is not None:
                document = document.replace(origin=replace(document.origin, folder=target.folder))
            path.parent.mkdir(exist_ok=True)
            lost |= dict.fromkeys(write_map(document, path))
        except (MapError, MapFormatError, OSError) as error:
            return Row(entry, Failure(f"{path.name} cannot be written: {error}"))
        files.append(path.relative_to(folder.path).as_posix())
    return Row(entry, outcome, files[0], tuple(files[1:]), tuple(lost), reused)
