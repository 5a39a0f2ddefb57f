"""The keyboard's cell: arrow keys move it, Space and Return use the tool in hand there as a mouse would."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from app.tools import PointerEvent

if TYPE_CHECKING:
    from app.tools.driver import ToolDriver
    from maps.document import Cell

FAR = 10  # cells that an arrow goes with Control
_ARROWS = {"Up": (-1, 0), "Down": (1, 0), "Left": (0, -1), "Right": (0, 1)}


class KeyCursor:
    """Hold the cell, None while the pointer leads, and whether Space holds the tool down there."""

    def __init__(self, tools: ToolDriver) -> None:
        self._tools = tools
        self._down = False
        self.cell: Cell | None = None

    def press(self, keys: str, shape: tuple[int, int], first: Cell) -> bool:
        """Act on a key, named as in `QKeySequence`; return whether it was one of the cursor's.

        shape: of the map. first: where the cursor appears with the first arrow.
        """
        held, _, key = keys.rpartition("+")
        if key in _ARROWS and held in ("", "Ctrl", "Shift"):
            steps = FAR if held == "Ctrl" else 1
            down, right = _ARROWS[key]
            self._go((steps * down, steps * right), shape, first, shift=held == "Shift")
        elif self.cell is None:
            return False
        elif keys == "Space":
            if not self._down and not self._tools.busy:
                self._down = True
                self._tools.press(self._event("press"))
        elif keys in ("Return", "Enter", "Num+Enter") and not self._tools.busy:
            self._tools.press(self._event("press"))
            self._tools.release(self._event("release"))
        else:
            return False
        return True

    def release(self) -> bool:
        """Let the tool go, as Space is released; return whether it was held down."""
        was, self._down = self._down, False
        if was and self._tools.busy:
            self._tools.release(self._event("release"))
        return was

    def hide(self) -> None:
        """Let the pointer lead again; a gesture of the keyboard is cancelled."""
        if self._down:
            self._down = False
            self._tools.cancel()
        self.cell = None

    def _go(self, by: Cell, shape: tuple[int, int], first: Cell, *, shift: bool) -> None:
        row, col = first if self.cell is None else (self.cell[0] + by[0], self.cell[1] + by[1])
        self.cell = min(max(row, 0), shape[0] - 1), min(max(col, 0), shape[1] - 1)
        if self._down:
            self._tools.move(self._event("move", shift=shift))

    def _event(self, phase: Literal["press", "move", "release"], *, shift: bool = False) -> PointerEvent:
        assert self.cell is not None
        modifiers = frozenset[Literal["shift", "control", "alt"]](("shift",) if shift else ())
        place = float(self.cell[0]), float(self.cell[1])
        return PointerEvent(self.cell, modifiers=modifiers, phase=phase, position=place)
