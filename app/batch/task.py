"""One run of many, as a pure function: `solve_one` is what runs here, in other processes, on other machines."""

from __future__ import annotations

import hashlib
import json
import threading
import traceback
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from app.bootstrap.project import version
from app.scenarios import SCENARIOS
from app.scenarios.command_words import with_advice
from app.scenarios.settings import settings_as_words
from engine.core.errors import ProblemError
from maps.errors import MapError, MapFormatError
from maps.formats import native

if TYPE_CHECKING:
    from app.run.headless import Solved
    from app.scenarios.report import Json, Score
    from app.scenarios.scenario import AnyScenario, ScenarioSettings
    from maps.document import MapDocument

SCHEME = 1  # of keys and outcomes; another one computes everything anew
PICTURE_SIDE = 280  # pixels
# A run sets torch's threads and random numbers for its whole process, so that there is one at a time in each.
_alone = threading.Lock()


@dataclass(frozen=True)
class GivenFile:
    """A file that a setting names, and the SHA-256 of what is in it: it has to be the same where the run is."""

    setting: str
    path: str
    digest: str


@dataclass(frozen=True)
class Task:
    """All that a run depends on.

    map: the document that it begins with, as the bytes of a `.longcut` file.  files: those that settings name.
    snap: whether the result is snapped to terrains.  threads: of torch.  longcut: the program's version.
    """

    map: bytes
    scenario: str
    settings: ScenarioSettings
    files: tuple[GivenFile, ...] = ()
    snap: bool = False
    threads: int = 1
    longcut: str = version()

    @cached_property
    def key(self) -> str:
        """Return a name for what the run depends on: another map, setting or version has another one."""
        words = settings_as_words(self.settings)
        words |= {file.setting: file.digest for file in self.files}  # what is in them, not where they lie
        facts = {
            "scheme": SCHEME,
            "longcut": self.longcut,
            "map": hashlib.sha256(self.map).hexdigest(),
            "scenario": self.scenario,
            "settings": words,
            "snap": self.snap,
            "threads": self.threads,
        }
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode("utf-8")).hexdigest()[:32]


@dataclass(frozen=True)
class Change:
    """How much of a map a run changed. name: of what, in words, with its unit."""

    name: str
    value: float


@dataclass(frozen=True)
class Outcome:
    """What a run made.

    map: the result, as the bytes of a `.longcut` file.  gallery: all maps of a run that makes several, likewise.
    lines: the report in words, the most important first.  report: all its figures.
    before, after: small pictures as PNG.  captions: what stands under them.
    """

    map: bytes
    lines: tuple[str, ...]
    report: dict[str, Json]
    score: Score | None
    change: Change
    before: bytes
    after: bytes
    captions: tuple[str, str]
    gallery: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Failure:
    """Why there is no result. detail: where in the program, for a fault that nobody foresaw."""

    sentence: str
    detail: str = ""


def given_file(setting: str, path: str) -> GivenFile:
    """Return a file that a setting names. Raises OSError where it cannot be read."""
    with open(path, "rb") as file:
        return GivenFile(setting, path, hashlib.file_digest(file, "sha256").hexdigest())


def solve_one(task: Task) -> Outcome | Failure:
    """Run one task to its end. What goes wrong is returned, for the others to go on.

    Raises KeyboardInterrupt where Ctrl+C ends it.
    """
    if task.longcut != version():
        return Failure(f"Longcut is {version()} where this ran, and {task.longcut} where it was asked for")
    try:
        with _alone:
            return _solved(task)
    except ProblemError as error:
        return Failure(with_advice(error, SCENARIOS[task.scenario]))
    except (MapError, MapFormatError, OSError) as error:
        return Failure(str(error))
    except Exception as error:
        return Failure(f"{type(error).__name__}: {error}", traceback.format_exc())


def _solved(task: Task) -> Outcome | Failure:
    from app.run.headless import solve

    for file in task.files:
        if given_file(file.setting, file.path).digest != file.digest:
            return Failure(f"{file.path} is another file where this ran; put it into a folder that all share")
    scenario = SCENARIOS[task.scenario]
    before = native.decode(Path("map.longcut"), task.map)
    solved = solve(before, scenario, task.settings, lambda _: None, task.threads)
    if solved.stopped:
        raise KeyboardInterrupt
    if task.snap:
        solved = solved.snapped()
    return _outcome(scenario, before, solved)


def _outcome(scenario: AnyScenario, before: MapDocument, solved: Solved) -> Outcome:
    from app.canvas.small_picture import small_picture
    from app.scenarios.translate import shortest_paths

    after = solved.document
    shown = [document.cost[document.passable] for document in (before, after)]
    scale = min(float(costs.min()) for costs in shown), max(float(costs.max()) for costs in shown)
    pictures = [small_picture(each, shortest_paths(each), scale, PICTURE_SIDE) for each in (before, after)]
    result = solved.last.result
    made = [] if result is None else scenario.gallery(before, result)
    snapped = () if solved.snap is None else (f"Snapped to terrains: {solved.snap.sentence}",)
    lines = (*solved.report.summary_lines(), solved.last.message, *snapped)
    return Outcome(
        native.encode(after),
        tuple(line.strip() for line in lines if line),
        solved.as_json(),
        solved.report.score(),
        change_of(before, after, of_points=scenario.moves_points),
        pictures[0],
        pictures[1],
        solved.report.captions(),
        tuple(native.encode(entry) for _, entry in made),
    )


def change_of(before: MapDocument, after: MapDocument, *, of_points: bool) -> Change:
    """Return how far points moved on average, or else the share of the map's cost that is in other cells.

    A cell that became a wall has lost its cost, one that was a wall has got it.
    """
    if of_points:
        pairs = zip(before.layouts, after.layouts, strict=True)
        ways = [np.linalg.norm(now.positions - was.positions, axis=1) for was, now in pairs if now is not was]
        far = np.concatenate(ways) if ways else np.zeros(1)
        return Change("cells that a point moved", float(far.mean()))
    was, now = (np.where(each.passable, each.cost.astype(np.float64), 0.0) for each in (before, after))
    whole = max(float(was.sum()), float(now.sum()))
    kept = float(np.minimum(was, now).sum()) / whole if whole else 1.0
    return Change("% of the map changed", 100.0 * max(0.0, 1.0 - kept))
