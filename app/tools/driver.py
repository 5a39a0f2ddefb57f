"""Drive the active tool: pointer events in; gestures begin, end or are cancelled; each edit is one undo step."""

from __future__ import annotations

import logging
import math
from dataclasses import replace
from inspect import GEN_RUNNING, getgeneratorstate
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QGuiApplication

from app.tools import TOOLS, ToolEntry
from app.tools.cell_actions import CELL_ACTIONS, PIECE_CHANGES, run_cell_action
from app.tools.point_actions import POINT_ACTIONS, run_action, with_weight
from app.tools.tool import Gesture, PointerEvent, Sketch, ToolOptions
from maps.errors import MapError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.document.model import DocumentModel
    from app.tools.cell_actions import CellActionName
    from app.tools.point_actions import PointActionName
    from maps.document import MapDocument

_log = logging.getLogger(__name__)
REPEAT_WITHIN = 600  # milliseconds in which an action that comes again goes on with the same undo step
SMALLEST_SIZE, LARGEST_SIZE = 1.0, 512.0


class ToolDriver(QObject):
    """Hold the active tool, its options and its gesture under way, if there is one."""

    options_changed = Signal(object, object)  # ToolOptions before and now
    sketch_changed = Signal(object, object)  # Sketch before and now
    problem = Signal(str)
    tool_wanted = Signal(str)  # that an action goes on with; empty: the one before
    edit_begins = Signal()  # before the document is read: what is in view may have to become the document first

    def __init__(self, model: DocumentModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self.tool = "brush"
        self.options = ToolOptions()
        self.sketch = Sketch()
        self._gesture: Gesture | None = None
        self._waiting: list[PointerEvent] = []  # of a gesture that has not reached the map yet
        self._last: PointerEvent | None = None
        self._acting = False  # while this driver itself edits or cancels
        self._repeated = ""  # label of the step that an action may go on with
        self._repeat_ends = QTimer(self, interval=REPEAT_WITHIN, singleShot=True)
        self._repeat_ends.timeout.connect(self.finish_repeats)
        model.history_changed.connect(self._forget_gesture)
        model.changed.connect(self._keep_selection_true)

    @property
    def entry(self) -> ToolEntry:
        """The active tool's entry in `TOOLS`."""
        return TOOLS[self.tool]

    @property
    def busy(self) -> bool:
        """Whether a gesture is under way."""
        return self._gesture is not None or bool(self._waiting)

    def set_tool(self, tool: str) -> None:
        """Take up another tool and cancel a gesture under way. Raises KeyError for an unknown name."""
        if tool not in TOOLS:
            raise KeyError(f"there is no tool {tool!r}; there are {', '.join(TOOLS)}")
        self.cancel()
        self.finish_repeats()
        self.tool = tool

    def set_options(self, options: ToolOptions) -> None:
        """Set the options of the next gesture."""
        old, self.options = self.options, options
        if options != old:
            self.options_changed.emit(old, options)

    def change_size(self, steps: int) -> None:
        """Take a larger brush for steps above 0, a smaller one below; large ones change by a tenth."""
        size = self.options.size
        for _ in range(abs(steps)):
            grown = size + max(1.0, size // 10.0) if steps > 0 else size - max(1.0, size // 11.0)
            size = min(max(round(grown), SMALLEST_SIZE), LARGEST_SIZE)
        self.set_options(replace(self.options, size=float(size)))

    def swap_costs(self) -> None:
        """Paint with the other of the two costs."""
        self.set_options(self.options.with_costs_swapped())

    # Gestures

    def press(self, event: PointerEvent) -> None:
        """Begin a gesture; one beside the map waits until it reaches the map, so that nothing is edited before."""
        if not self.busy:
            self.finish_repeats()
            edits = self.entry.edits and (event.button == "left" or self.entry.edits_right)
            if edits and self.entry.from_outside:
                self._wait(event)
            else:
                self._begin([event], edits=edits and self._model.document.contains(event.cell))

    def move(self, event: PointerEvent) -> None:
        """Continue a gesture with its own button; the position within a cell counts for point tools only."""
        last = self._last
        if self.busy and last is not None:
            moved = event.position != last.position if self.entry.for_points else event.cell != last.cell
            if moved:
                self._go_on(replace(event, button=last.button))

    def release(self, event: PointerEvent) -> None:
        """End a gesture, if this is the button that began it."""
        if self.busy and self._last is not None and self._last.button == event.button:
            # Qt may fold the last move into the release.
            self.move(replace(event, phase="move"))
            self._go_on(event)

    def cancel(self) -> None:
        """Cancel a gesture, or an action that may still be repeated; the document is as before it."""
        if self.busy or self._repeated:
            self._acting = True
            self._forget_gesture()
            self._model.cancel()
            self._acting = False

    def _go_on(self, event: PointerEvent) -> None:
        if self._waiting:
            self._wait(event)
        else:
            self._send(event)

    def _wait(self, event: PointerEvent) -> None:
        """Begin the gesture with all its events so far once it has reached the map, or ends without."""
        self._last = event
        self._waiting.append(event)
        reached = self._reaches_map()
        if reached or event.phase == "release":
            self._begin(self._waiting, edits=reached)

    def _reaches_map(self) -> bool:
        """Return whether what the waiting gesture has spanned, with its brush or its touch, reaches the map."""
        rows, columns = zip(*(event.cell for event in self._waiting), strict=True)
        height, width = self._model.document.shape
        off = max(0, -max(rows), min(rows) - height + 1), max(0, -max(columns), min(columns) - width + 1)
        brush = max(self.options.size, 1.0) / 2.0 + 0.25 if self.entry.has_size else 0.0  # as `stroke` sweeps it
        touch = math.ceil(self._waiting[0].touch) if self.entry.for_points else 0.0
        return math.hypot(*off) <= max(brush, touch)

    def _begin(self, events: Sequence[PointerEvent], *, edits: bool) -> None:
        self._waiting = []
        if edits:
            self.edit_begins.emit()
        self._gesture = self.entry.begin(self._model, self.options)
        next(self._gesture)
        for event in events:
            self._send(event)

    def _send(self, event: PointerEvent) -> None:
        if self._gesture is None:
            return
        self._last = event
        try:
            self._show(self._gesture.send(event) or Sketch())
        except StopIteration as end:
            self._gesture = None
            self._show(Sketch())
            if end.value is not None:
                self.set_options(end.value)
        except Exception as error:
            if not isinstance(error, MapError):
                _log.exception("the tool %s failed", self.tool)
            self._gesture = None
            self._show(Sketch())
            self._model.cancel()
            self.problem.emit(str(error))

    def _show(self, sketch: Sketch) -> None:
        old, self.sketch = self.sketch, sketch
        if sketch != old:
            self.sketch_changed.emit(old, sketch)
        if sketch.sentence and sketch.sentence != old.sentence:
            self.problem.emit(sketch.sentence)

    def _forget_gesture(self) -> None:
        # Whoever else changes the history ends the gesture; a tool that commits is running just now.
        self._repeated = ""
        self._repeat_ends.stop()
        self._waiting = []
        if self._gesture is not None and getgeneratorstate(self._gesture) != GEN_RUNNING:
            self._gesture.close()
            self._gesture = None
            self._show(Sketch())

    # Selected points

    def act(self, name: PointActionName) -> None:
        """Carry out an action of `POINT_ACTIONS` on the selected points; nothing during a gesture."""
        if self._gesture is not None:
            return
        action = POINT_ACTIONS[name]
        if action.label and (self.options.selection or not action.needs_points):
            self.edit_begins.emit()
        clipboard = QGuiApplication.clipboard()
        outcome = run_action(name, self._model.document, self.options, clipboard.text())
        if outcome.clipboard is not None:
            clipboard.setText(outcome.clipboard)
        self._edit(action.label, outcome.document, action.repeats)
        self.set_options(outcome.options)
        if outcome.sentence:
            self.problem.emit(outcome.sentence)

    def act_on_cells(self, name: CellActionName) -> None:
        """Carry out an action of `CELL_ACTIONS` on the selected cells; nothing during a gesture."""
        if self.busy:
            return
        piece = self.options.piece
        if self.tool == "stamp" and piece is not None and name in PIECE_CHANGES:
            self.set_options(replace(self.options, piece=PIECE_CHANGES[name](piece)))
            return
        label = CELL_ACTIONS[name].label
        if label and self.options.cells is not None:
            self.edit_begins.emit()
        outcome = run_cell_action(name, self._model.document, self.options)
        self._edit(label, outcome.document, False)
        self.set_options(outcome.options)
        if outcome.sentence:
            self.problem.emit(outcome.sentence)
        if outcome.tool:
            self.tool_wanted.emit(outcome.tool)

    def set_weight(self, weight: float) -> None:
        """Give each selected point this weight."""
        if self._gesture is None and self.options.selection:
            self.edit_begins.emit()
            try:
                self._edit("Change weights", with_weight(self._model.document, self.options, weight), False)
            except MapError as error:
                self.problem.emit(str(error))

    def finish_repeats(self) -> None:
        """Make what repeated actions did so far one undo step."""
        if self._repeated:
            label, self._repeated = self._repeated, ""
            self._repeat_ends.stop()
            self._model.commit(label)

    def _edit(self, label: str, document: MapDocument, repeats: bool) -> None:
        if label != self._repeated or not repeats:
            self.finish_repeats()
        if document is self._model.document:
            return
        self._acting = True
        if repeats:
            self._model.preview(document)
            self._repeated = label
            self._repeat_ends.start()
        else:
            self._model.edit(label, document)
        self._acting = False

    def _keep_selection_true(self, old: MapDocument, new: MapDocument) -> None:
        """Deselect all points if somebody else, such as undo, renumbered them; all cells on another map."""
        if old.shape != new.shape and self.options.cells is not None:
            self.set_options(replace(self.options, cells=None))
        if self._gesture is None and not self._acting and self.options.selection:
            counts = [
                len(document.layouts[self.options.layout].positions)
                if self.options.layout < len(document.layouts)
                else 0
                for document in (old, new)
            ]
            if counts[0] != counts[1]:
                self.set_options(replace(self.options, selection=frozenset()))
