"""A run as the window sees it: drained from the mailbox at display rate, announced by signals."""

import threading

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from app.problems import Wishes
from app.run_thread import Figures, Floats, Frame, Run
from app.solving import Effort
from maps.document import MapDocument

DISPLAY_INTERVAL = 33  # milliseconds
MOST_KEPT = 64


class RunModel(QObject):
    """At most one run at a time, and what it has shown so far.

    state: "idle", "running", "paused", "ended" or "failed".  sentence: the latest words about it.
    frame: the newest.  kept: frames along the way, thinned evenly, for scrubbing.  edits: steps of edits.
    """

    frame_changed = Signal()
    figures_changed = Signal()
    state_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.state = "idle"
        self.sentence = ""
        self.started_from: MapDocument | None = None
        self.frame: Frame | None = None
        self.kept: list[Frame] = []
        self.edits: list[int] = []
        self.best_map: Floats | None = None
        self._figures: list[Figures] = []
        self._run: Run | None = None
        self._timer = QTimer(self, interval=DISPLAY_INTERVAL)
        self._timer.timeout.connect(self._drain)

    @property
    def busy(self) -> bool:
        """Whether a run is under way, paused or not."""
        return self.state in ("running", "paused")

    def curves(self) -> dict[str, Floats]:
        """Every step's figures by name, (n,) each: step, path_cost, best, soft, bound, gap."""
        names = ("step", "path_cost", "best", "soft", "bound", "gap")
        table = np.array([[getattr(row, name) for name in names] for row in self._figures])
        table = table.reshape(-1, len(names))
        return {name: table[:, column] for column, name in enumerate(names)}

    def headline(self) -> str:
        """The run in one line: "Path 29.0 → 83.4 · within 0.6 % of the longest possible"."""
        if not self._figures:
            return ""
        first, last = self._figures[0], self._figures[-1]
        line = f"Path {first.path_cost:.1f} → {last.best:.1f}"
        if np.isfinite(last.gap):
            line += f" · within {100.0 * last.gap:.1f}\u00a0% of the longest possible"
        return line

    def start(self, document: MapDocument, wishes: Wishes, effort: Effort) -> bool:
        """Start a run on a snapshot; refused, with a sentence, while another is under way."""
        if self.busy:
            self.sentence = "A run is under way; stop it before you start another."
            self.state_changed.emit()
            return False
        self.started_from = document
        self.frame, self.best_map = None, None
        self.kept, self.edits, self._figures = [], [], []
        self._run = Run(document, wishes, effort)
        self._timer.start()
        self._become("running", "")
        return True

    def pause(self) -> None:
        """Pause after the step that is under way."""
        if self._run is not None and self.state == "running":
            self._run.pause()
            self._become("paused", "Paused.")

    def resume(self) -> None:
        """Go on after a pause."""
        if self._run is not None and self.state == "paused":
            self._run.resume()
            self._become("running", "")

    def single_step(self) -> None:
        """One step, then pause."""
        if self._run is not None and self.busy:
            self._run.single_step()
            self._become("paused", "Paused.")

    def stop(self) -> None:
        """End the run; its best map stays."""
        if self._run is not None:
            self._run.stop()

    def edit(self, document: MapDocument) -> None:
        """Let the run go on on an edited document."""
        if self._run is not None and self.busy:
            self._run.edit(document)

    def clear(self) -> None:
        """Forget an ended run."""
        if not self.busy:
            self.frame, self.best_map, self.started_from = None, None, None
            self.kept, self.edits, self._figures = [], [], []
            self._become("idle", "")

    def shut_down(self) -> bool:
        """Stop and wait for the thread; whether none is left."""
        self._timer.stop()
        ended = self._run is None or self._run.shut_down()
        if self.busy:
            self._become("ended", "")
        return ended

    def _become(self, state: str, sentence: str) -> None:
        self.state, self.sentence = state, sentence
        self.state_changed.emit()

    def _drain(self) -> None:
        if self._run is None:
            return
        mail = self._run.mailbox.fetch()
        self.edits.extend(mail.edits)
        if mail.figures:
            self._figures.extend(mail.figures)
        if mail.frame is not None:
            self.frame = mail.frame
            self._keep(mail.frame)
            self.frame_changed.emit()
        if mail.figures or mail.edits:
            self.figures_changed.emit()
        if mail.refusal is not None:
            self._become("paused", mail.refusal)
        if mail.ending is not None:
            self._timer.stop()
            self.best_map = mail.ending.best_map
            self._become("failed" if mail.ending.failed else "ended", mail.ending.sentence)

    def _keep(self, frame: Frame) -> None:
        self.kept.append(frame)
        if len(self.kept) > MOST_KEPT:
            # Every other one goes, the first and the newest stay.
            self.kept = [*self.kept[:-1:2], self.kept[-1]]


def warm_up_in_background() -> threading.Thread:
    """Compile the engine's loops and import torch's optimiser while the designer looks around."""

    def work() -> None:
        import torch

        from engine.device import leave_a_core_free
        from engine.warmup import warm_up

        leave_a_core_free()
        warm_up()
        # The first optimiser of a process imports some 800 modules.
        torch.optim.Adam([torch.zeros(1, requires_grad=True)])

    thread = threading.Thread(target=work, name="longcut warm-up", daemon=True)
    thread.start()
    return thread
