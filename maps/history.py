"""Undo and redo: documents with labels, which share the layers that did not change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from maps.document import MapDocument

BYTE_BUDGET = 512 << 20
ENTRY_BYTES = 4096  # what an entry is reckoned to take beside its layers, so that no history grows for ever


@dataclass(frozen=True)
class History:
    """Snapshots, oldest first, and where the designer stands among them.

    entries: (label, document) pairs; the label says what led to the document. position: index of the present.
    byte_budget: memory that all distinct arrays together may take; the oldest snapshots go first, and the
    present one never goes.
    """

    entries: tuple[tuple[str, MapDocument], ...]
    position: int = 0
    byte_budget: int = BYTE_BUDGET

    @property
    def current(self) -> MapDocument:
        """The present document."""
        return self.entries[self.position][1]

    @property
    def labels(self) -> tuple[str, ...]:
        """What was done, oldest first; the first is where the history begins."""
        return tuple(label for label, _ in self.entries)

    @property
    def can_undo(self) -> bool:
        """Whether there is an older snapshot."""
        return self.position > 0

    @property
    def can_redo(self) -> bool:
        """Whether something was undone."""
        return self.position < len(self.entries) - 1

    def push(self, label: str, document: MapDocument) -> History:
        """Add a new present and drop whatever had been undone; the very same document adds nothing."""
        if document is self.current:
            return self
        entries = _newest((*self.entries[: self.position + 1], (label, document)), self.byte_budget)
        return History(entries, len(entries) - 1, self.byte_budget)

    def undo(self) -> History:
        """Go one step back, or stay unchanged at the oldest."""
        return self.jump(self.position - 1) if self.can_undo else self

    def redo(self) -> History:
        """Go one step forward again, or stay unchanged at the newest."""
        return self.jump(self.position + 1) if self.can_redo else self

    def jump(self, position: int) -> History:
        """Go to any snapshot. Raises IndexError if there is none."""
        if not 0 <= position < len(self.entries):
            raise IndexError(f"the history has {len(self.entries)} entries, none at {position}")
        return replace(self, position=position)


def new_history(document: MapDocument, label: str = "Open", byte_budget: int = BYTE_BUDGET) -> History:
    """Return a history that begins with `document`."""
    return History(((label, document),), 0, byte_budget)


def _newest(entries: tuple[tuple[str, MapDocument], ...], byte_budget: int) -> tuple[tuple[str, MapDocument], ...]:
    """As many of the newest entries as the budget allows, at least one; a shared array counts once."""
    seen: set[int] = set()
    total = 0
    for kept, (_, document) in enumerate(reversed(entries)):
        total += ENTRY_BYTES
        for array in document.arrays:
            if id(array) not in seen:
                seen.add(id(array))
                total += array.nbytes
        if kept and total > byte_budget:
            return entries[len(entries) - kept :]
    return entries
