"""Does memory stay? Rounds of painting, a run, applying and undoing in one window, without a display.

    python -m tests.benchmarks.soak [SECONDS]

Prints the resident memory after the first third of the time and at the end. Exit code 1 where it grew by more than
1 %. The history holds as many entries as it may before the first figure is taken.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.window.main_window import MainWindow
from maps.document import Route, new_document

MOST_GROWTH = 0.01


def resident() -> float:
    """Return the resident memory of this process in MB, as Linux counts it."""
    return int(Path("/proc/self/status").read_text().split("VmRSS:")[1].split()[0]) / 1024


def a_round(window: MainWindow, random: np.random.Generator) -> None:
    """Paint some strokes, make a short run, apply it, undo and redo."""
    model = window.model
    for _ in range(20):
        cost = np.array(model.document.cost)
        row, column = random.integers(0, 56, 2)
        cost[row : row + 8, column : column + 8] = random.uniform(0.3, 4.5)
        model.edit("Paint", model.document.replace(cost=cost))
        QTest.qWait(1)
    window.panels.run.form.controls["steps"].set_value(12)
    window.controller.start_or_pause()
    while window.run.busy:
        QTest.qWait(10)
    window.controller.apply_result()
    for _ in range(10):
        model.undo()
    for _ in range(5):
        model.redo()
    QTest.qWait(20)


def main(seconds: float) -> int:
    """Run rounds for so many seconds and compare memory."""
    qapp = QApplication.instance() or QApplication([])
    document = new_document(64, 64).replace(routes=(Route("way", (32, 2), (32, 61)),))
    window = MainWindow(document)
    window.show()
    random = np.random.default_rng(0)
    began, rounds, before, settled = time.monotonic(), 0, 0.0, 0
    while time.monotonic() - began < seconds:
        a_round(window, random)
        rounds += 1
        if before == 0.0 and time.monotonic() - began > seconds / 3.0:
            gc.collect()
            before, settled = resident(), rounds
    gc.collect()
    after = resident()
    window.abandon()
    qapp.processEvents()
    growth = after / before - 1.0
    print(f"{before:.0f} MB after {settled} rounds, {after:.0f} MB after {rounds}: {100.0 * growth:+.2f} %")
    return 0 if growth <= MOST_GROWTH else 1


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("LONGCUT_SOAK", "60"))))
