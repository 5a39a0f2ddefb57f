"""A run from document to document without a window: what the command line calls."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from app.scenarios.scenario import Report, Scenario, Seen
from maps.document import MapDocument


def solve(
    document: MapDocument, scenario: Scenario, settings: Any, progress: Callable[[Seen], None]
) -> tuple[MapDocument, Report, str, Any]:
    """Run to the end: the document with the result in it, the report, how the run ended in a sentence, and
    the scenario's own result.

    Raises the engine's ProblemError or ValueError, with a sentence for the user, if it cannot start.
    """
    from engine.core.device import leave_a_core_free

    leave_a_core_free()
    began = time.perf_counter()
    last = None
    for last in scenario.steps(document, settings, None):
        progress(last)
    assert last is not None
    seconds = time.perf_counter() - began
    after = scenario.apply(document, last.result)
    report = scenario.report(document, after, settings, last)
    return after, {**report, "seconds": round(seconds, 3), "status": last.status}, last.ending or "", last.result
