"""What came of a batch, as the values of its `report.json`."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

from app.batch.task import Failure, Outcome
from app.bootstrap.project import version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from app.batch.run import Batch, Row
    from app.scenarios.report import Json
    from app.scenarios.scenario import AnyScenario


@dataclass(frozen=True)
class About:
    """What a batch is. title: in words.  settings: those that all runs share, as words.

    varied: options of the settings that differ; none where maps do.
    """

    title: str
    scenario: AnyScenario
    settings: Mapping[str, str]
    varied: tuple[str, ...]


def report_json(about: About, batch: Batch) -> dict[str, Json]:
    """Return the report of a batch, the same in every respect but the seconds that runs took."""
    return {
        "longcut": version(),
        "title": about.title,
        "scenario": about.scenario.name,
        "settings": dict(about.settings),
        "varied": list(about.varied),
        "done": batch.done,
        "failed": batch.failed,
        "not_run": batch.left,
        "results": [_row(row) for row in batch.rows],
    }


def _row(row: Row) -> dict[str, Json]:
    entry, outcome = row.entry, row.outcome
    whose: dict[str, Json] = {"name": entry.name, "map": entry.source, "varied": dict(entry.varied)}
    if isinstance(outcome, Failure):
        return {**whose, "status": "failed", "why": outcome.sentence, "detail": outcome.detail}
    if outcome is None:
        return {**whose, "status": "not run"}
    return {
        **whose,
        "status": "done",
        "file": row.file,
        "gallery": list(row.gallery),
        "not_kept": list(row.lost),
        "summary": list(outcome.lines),
        "score": _score(outcome),
        "change": {"name": outcome.change.name, "value": _number(outcome.change.value)},
        "report": outcome.report,
    }


def _score(outcome: Outcome) -> Json:
    score = outcome.score
    if score is None:
        return None
    before = None if score.before is None else _number(score.before)
    return {"name": score.name, "before": before, "after": _number(score.after)}


def _number(value: float) -> float | None:
    return float(value) if isfinite(value) else None
