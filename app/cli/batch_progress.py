"""How far a batch is, on standard error: a bar where there is a screen, and a line for each run."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.markup import escape

from app.batch.task import Failure
from app.cli import output
from app.scenarios.words import pace

if TYPE_CHECKING:
    from types import TracebackType

    from app.batch.run import Batch, Row


class BatchProgress:
    """Tells of a batch while it is under way; within `with`, as long as that is not left."""

    def __init__(self, total: int) -> None:
        self._total, self._began = total, time.monotonic()
        self._told, self._fresh = 0, 0
        self._bar = output.progress()
        self._task = self._bar.add_task("runs", total=total, figures="")

    def __enter__(self) -> BatchProgress:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        self._bar.stop()

    def told(self, batch: Batch, row: Row) -> None:
        """Tell what became of an entry."""
        self._told += 1
        self._fresh += not row.reused
        elapsed = time.monotonic() - self._began
        # What was done before took no time, and says nothing of what is left.
        left = elapsed / self._fresh * (self._total - self._told) if self._fresh else None
        ends = None if left is None else time.monotonic() + left
        self._bar.update(
            self._task,
            completed=self._told,
            ends=ends,
            figures="" if not batch.failed else f"{batch.failed} failed",
        )
        if row.reused:
            return
        name, outcome = escape(row.entry.name), row.outcome
        words = f"[red]failed:[/] {escape(outcome.sentence)}" if isinstance(outcome, Failure) else ""
        if outcome is not None and not isinstance(outcome, Failure):
            words = escape(outcome.lines[0])
        self._bar.console.print(
            f"[dim]{pace(self._told, self._total, elapsed, left)}[/] {name}: {words}", soft_wrap=True
        )
