"""What every tool speaks: pointer events in, one undo step out."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Literal

from app.document_model import DocumentModel
from maps.document import Cell
from maps.edits import PaintMode


@dataclass(frozen=True)
class PointerEvent:
    """One event of a gesture.

    cell: under the pointer, (row, col), perhaps outside the map. reach: how many cells off a mark drawn on
    the map may be and still be hit; 0 where cells are large.
    """

    cell: Cell
    button: Literal["left", "right"] = "left"
    modifiers: frozenset[Literal["shift", "control", "alt"]] = frozenset()
    phase: Literal["press", "move", "release"] = "press"
    reach: int = 0


@dataclass(frozen=True)
class ToolOptions:
    """What the designer set for the tools.

    size: cells across. hardness: share of the brush's radius with full weight. cost: what "set" paints;
    amount: cost units that "add" adds; factor: what "scale" multiplies by. filled: rectangles.
    route: index of the active route; the number of routes stands for a new one.
    """

    size: float = 5.0
    hardness: float = 0.8
    cost: float = 2.5
    amount: float = 0.5
    factor: float = 1.5
    mode: PaintMode = "set"
    filled: bool = True
    route: int = 0

    @property
    def value(self) -> float:
        """The number that the mode paints with."""
        return {"set": self.cost, "add": self.amount, "scale": self.factor, "smooth": 1.0}[self.mode]


# A gesture takes the press, the moves and the release, commits at its end, and may return changed options.
# Whoever drives it closes it to break it off, and cancels the model's preview.
Gesture = Generator[None, PointerEvent, ToolOptions | None]
Tool = Callable[[DocumentModel, ToolOptions], Gesture]
