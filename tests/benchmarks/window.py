"""The window's speed with real mouse events: `python -m tests.benchmarks.window` (about two minutes).

Offscreen where there is no display. Latency is from the event's delivery until the canvas has been drawn. On a
machine with other work the column CPU tells more: the 99th percentile of what the GUI thread itself computed.
The parts run in processes of their own, so that "first run" means the first.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from tests.benchmarks.table import print_table

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
Clock = time.perf_counter
PARTS = ("start", "frames", "paint 512", "paint 1024", "points")


def wait(milliseconds: int) -> None:
    """Let the window live. QTest.qWait would keep Python's lock and so starve the run's thread; this does not."""
    from PySide6.QtCore import QEventLoop, QTimer

    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def make_window(size: int, settling: int = 300, *, warm_up: bool = False) -> Any:
    """A window on a map with a wall and a route, on the screen since so many milliseconds.

    warm_up: begin to prepare the engine behind it, as the program does.
    """
    from PySide6.QtWidgets import QApplication, QMessageBox

    from app.base.style import apply_style
    from app.run.warm_up import warm_up_in_background
    from app.window.main_window import MainWindow
    from maps.document import Route, new_document

    qapp = QApplication.instance() or QApplication([])
    assert isinstance(qapp, QApplication)
    apply_style(qapp, True)
    QMessageBox.question = lambda *_: QMessageBox.StandardButton.Discard  # type: ignore[method-assign]
    middle = size // 2
    document = new_document(size, size)
    passable, cost = document.passable.copy(), document.cost.copy()
    passable[size // 4 : 3 * size // 4, middle] = False
    cost[:middle] = 1.5
    route = Route("route", (middle, 2), (middle, size - 3))
    window = MainWindow(document.replace(passable=passable, cost=cost, routes=(route,)), None)
    window.resize(1280, 800)
    window.show()
    if warm_up:
        warm_up_in_background()
    wait(settling)
    return window


def start_run(window: Any, seconds: float = 120.0, steps: int = 100_000) -> None:
    """Start a run and wait until it is under way; the first one of a process imports and compiles."""
    window.panels.run.form.controls["steps"].set_value(steps)
    window.controller.start_or_pause()
    began = Clock()
    while window.run.step < 5 and Clock() - began < seconds:
        wait(20)
    if window.run.step < 5:
        raise RuntimeError(f"no run after {seconds} s: {window.run.message}")


def end(window: Any) -> None:
    window.run.shut_down()
    window.close()


class Repaint(NamedTuple):
    """When the canvas was drawn: the clock and this thread's processor time, s, before and after."""

    began: float
    ended: float
    computed_before: float
    computed_after: float


@contextmanager
def repaints(canvas: Any) -> Iterator[list[Repaint]]:
    """A list that grows with each repaint of the canvas within the `with`."""
    drawn: list[Repaint] = []
    whole = canvas.paintEvent

    def paint(event: Any) -> None:
        began, computed = Clock(), time.thread_time()
        whole(event)
        drawn.append(Repaint(began, Clock(), computed, time.thread_time()))

    canvas.paintEvent = paint
    yield drawn
    del canvas.paintEvent


def rate(drawn: list[Repaint]) -> str:
    """Repaints a second."""
    return f"{(len(drawn) - 1) / (drawn[-1].ended - drawn[0].ended):.1f}"


def brush_latencies(window: Any, events: int, size: float = 15.0) -> np.ndarray:
    """(n, 2) ms from a mouse move that paints until the canvas is drawn, and of it what this thread computed.

    The strokes are a zigzag over the visible map.
    """
    from PySide6.QtCore import QPoint, Qt
    from PySide6.QtTest import QTest
    from PySide6.QtWidgets import QApplication

    canvas = window.canvas
    canvas.set_options(replace(canvas.options, size=size, cost=3.0))
    brush = canvas._tools
    left, right = canvas.view.left, canvas.view.left + canvas.view.scale * window.model.document.width
    top = canvas.view.top
    height = canvas.view.scale * window.model.document.height
    latencies: list[tuple[float, float]] = []
    none = Qt.KeyboardModifier.NoModifier
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, none, QPoint(round(left) + 8, round(top) + 8))
    with repaints(canvas) as drawn:
        for step in range(events):
            share = step % 80 / 80
            x = left + 8 + (right - left - 16) * (share if step // 80 % 2 == 0 else 1 - share)
            y = top + 8 + (height - 16) * (step / events)
            QApplication.processEvents()  # frames of a run are drawn before the next move, as the system would
            drawn.clear()
            began, computed = Clock(), time.thread_time()
            QTest.mouseMove(canvas, QPoint(round(x), round(y)))
            while not drawn and Clock() - began < 0.5:
                QApplication.processEvents()
            if drawn:
                latencies.append((1e3 * (drawn[0].ended - began), 1e3 * (drawn[0].computed_after - computed)))
            while Clock() - began < 0.008:  # a mouse that moves 125 times a second
                QApplication.processEvents()
    assert brush.busy, "the stroke was broken off"
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, none, QPoint(round(right) - 8, round(top) + 8))
    assert len(latencies) > 0.9 * events, "most moves did not paint"
    return np.array(latencies)


def paint_part(size: int) -> None:
    window = make_window(size)
    brush_latencies(window, 40)
    rows = [_row(f"brush event to repaint, {size}², idle", brush_latencies(window, 400), "p99 < 16 ms")]
    start_run(window)
    rows.append(_row(f"the same during a run, {size}²", brush_latencies(window, 400), "p99 < 25 ms"))
    _print(rows)
    end(window)


def points_part() -> None:
    """A run of 200 points to 200 others; then the same motion without end, with 400 lines, while one paints."""
    from PySide6.QtCore import QTimer

    from app.run.model import DISPLAY_INTERVAL
    from app.run.warm_up import warm_up_in_background
    from app.scenarios.frame import Plan
    from maps.document import Layout

    window = make_window(128)
    warm_up_in_background().join()
    rng = np.random.default_rng(0)
    one, other = rng.uniform(1, 126, (2, 200, 2))
    layouts = (Layout("a", one, np.ones(200), "#56b4e9"), Layout("b", other, np.ones(200), "#e69f00"))
    document = window.model.document
    window.model.adopt(document.replace(passable=np.ones(document.shape, bool), layouts=layouts), None)
    wait(100)
    window.panels.run.choose("matching")
    with repaints(window.canvas) as drawn:
        start_run(window, steps=1000)
        while window.run.busy:
            wait(20)
    rows = [("frames a second, run of 200 to 200 points", rate(drawn), "", "", "", "≥ 30")]
    lines = np.concatenate([np.hstack([one, other]), np.hstack([one, np.roll(other, 1, axis=0)])])
    mass, canvas, steps = rng.uniform(0.1, 1.0, 400), window.canvas, 0

    def frame() -> None:
        nonlocal steps
        steps += 1
        share = 0.5 - 0.5 * np.cos(steps / 40)
        now = one + share * (other - one)
        canvas.show_moving({"a": now})
        canvas.show_plan(Plan(np.hstack([np.concatenate([now, now]), lines[:, 2:]]), mass, np.arange(400)))

    timer = QTimer(interval=DISPLAY_INTERVAL)
    timer.timeout.connect(frame)
    timer.start()
    with repaints(canvas) as drawn:
        wait(3000)
    times = np.array([(r.ended - r.began, r.computed_after - r.computed_before) for r in drawn])
    rows.append(_row("drawing of 200 + 200 points, trails and 400 lines", 1e3 * times, ""))
    rows.append(_row("brush event to repaint meanwhile", brush_latencies(window, 300), "p99 < 25 ms"))
    timer.stop()
    _print(rows)
    end(window)


def frames_part() -> None:
    """A run of 400 steps: coarse maps first, of which every tenth step is shown, then full size."""
    window = make_window(128)
    start_run(window, steps=400)
    began, computed = Clock(), time.thread_time()
    with repaints(window.canvas) as drawn:
        while window.run.busy:
            wait(20)
    share = (time.thread_time() - computed) / (Clock() - began)
    _print(
        [
            ("frames a second, live run at 128²", rate(drawn), "", "", "", "≥ 20"),
            ("share of a core that the GUI thread took", f"{share:.2f}", "", "", "", ""),
        ]
    )
    end(window)


def start_part() -> None:
    """From the call of this process's main until the first frame of the window, and what was imported by then."""
    import app.canvas.canvas

    began, seen = Clock(), []
    whole = app.canvas.canvas.Canvas.paintEvent

    def paint(canvas: Any, event: Any) -> None:
        whole(canvas, event)
        seen.append((Clock(), "torch" in sys.modules))

    app.canvas.canvas.Canvas.paintEvent = paint  # type: ignore[method-assign]
    window = make_window(64)
    shown, loaded = seen[0]
    _print(
        [
            ("window drawn after (imports of Qt included)", f"{1e3 * (shown - began):.0f}", "", "", "", ""),
            ("torch imported by then", "yes" if loaded else "no", "", "", "", "no"),
        ]
    )
    end(window)


Row = tuple[str, str, str, str, str, str]


def _row(what: str, milliseconds: np.ndarray, goal: str) -> Row:
    """milliseconds: (n,), or (n, 2) with those of the GUI thread's processor beside them."""
    columns = milliseconds.reshape(len(milliseconds), -1).T
    p50, p99, worst = np.percentile(columns[0], (50, 99, 100))
    computed = f"{np.percentile(columns[1], 99):.1f}" if len(columns) > 1 else ""
    return what, f"{p50:.1f}", f"{p99:.1f}", f"{worst:.1f}", computed, goal


def _print(rows: list[Row]) -> None:
    """Rows for the process that collects them."""
    for row in rows:
        print("\t".join(row), flush=True)


def main(parts: tuple[str, ...]) -> None:
    rows: list[list[str]] = []
    for part in parts:
        ended = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.window", "--part", part], stdout=subprocess.PIPE, text=True
        )
        rows += [line.split("\t") for line in ended.stdout.splitlines()]
        if ended.returncode:
            rows.append([part, f"failed ({ended.returncode})", "", "", "", ""])
    platform = os.environ["QT_QPA_PLATFORM"]
    print_table(
        f"The window ({platform}), ms where nothing is said", ("what", "p50", "p99", "worst", "CPU", "goal"), rows
    )


def run_part(part: str) -> None:
    kind, _, size = part.partition(" ")
    {
        "start": start_part,
        "frames": frames_part,
        "points": points_part,
        "paint": lambda: paint_part(int(size)),
    }[kind]()
    # A daemon thread of the engine must not delay the end of this process.
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--part"]:
        run_part(sys.argv[2])
    else:
        main(tuple(sys.argv[1:]) or PARTS)
