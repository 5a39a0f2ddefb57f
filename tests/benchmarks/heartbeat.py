"""How evenly the window lives: `python -m tests.benchmarks.heartbeat [--only WORD] [--tries 3]` (some minutes).

A timer of 10 ms beats on the GUI thread of the real window while it works; a beat is late by the time that
that something else held the thread, be it work of its own or a lock that another thread did not give back. Where
the system tells it, the time in which the thread could have run but other programs had the processors is taken off
(see "queued"). Each case runs several times, each in a fresh process, and the table has the medians over these.
"Computed" is the part of a late beat in which the GUI thread itself worked. The case "nothing" tells how late the
machine alone makes the beats. Exit code 1 if p99 is not below 25 ms or the worst not below 100 ms somewhere.
`LONGCUT_HEARTBEATS` sets the number of tries.

`--trace SECONDS` writes to the error stream where every thread stood once a beat was so late.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tests.benchmarks.table import print_table
from tests.benchmarks.window import end, make_window, start_run, wait

if TYPE_CHECKING:
    from collections.abc import Callable

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
BEAT = 10  # milliseconds
P99, WORST = 25.0, 100.0  # milliseconds that the promise allows
SIZES = (512, 1024)  # cells a side
QUEUED = Path("/proc/thread-self/schedstat")
MOST_POINTS = 1_000_000  # as many as a table of points may have


class Late(NamedTuple):
    """Milliseconds by which the beats of one try were late.

    queued: the worst time that other programs had the processors when the GUI thread could have run.
    computed: how long the GUI thread itself worked between two beats.
    """

    p50: float
    p99: float
    worst: float
    queued: float
    computed_p99: float
    computed_worst: float


def queued() -> float:
    """Return how many seconds this thread could have run while other threads had the processors; Linux tells."""
    if not QUEUED.exists():
        return 0.0
    return 1e-9 * int(QUEUED.read_text().split()[1])


class Heart:
    """Beats while the event loop runs; `late` says how evenly."""

    def __init__(self, trace: float | None) -> None:
        from PySide6.QtCore import Qt, QTimer

        self._trace = trace
        self._beats: list[tuple[float, float, float]] = []
        self._timer = QTimer(interval=BEAT, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)

    def during(self, work: Callable[[], None]) -> Late:
        """Return how late the beats were while `work` let the window live."""
        self._beat()
        self._timer.start()
        work()
        self._beat()  # what held the thread at the very end counts, too
        self._timer.stop()
        faulthandler.cancel_dump_traceback_later()
        gaps = 1e3 * np.diff(np.array(self._beats), axis=0)
        late = np.maximum(gaps[:, 0] - gaps[:, 2] - BEAT, 0.0)
        half, most, worst = np.percentile(late, (50, 99, 100)).tolist()
        return Late(half, most, worst, float(gaps[:, 2].max()), *np.percentile(gaps[:, 1], (99, 100)).tolist())

    def _beat(self) -> None:
        self._beats.append((time.perf_counter(), time.thread_time(), queued()))
        if self._trace is not None:
            faulthandler.dump_traceback_later(self._trace, repeat=True)


def nothing(window: Any, size: int, folder: Path) -> None:
    """Wait: the machine alone makes the beats late."""
    wait(3000)


def first_run(window: Any, size: int, folder: Path) -> None:
    """Start a run half a second after the window has come, while the engine is still being warmed up."""
    wait(500)
    start_run(window)
    wait(3000)


def load(window: Any, size: int, folder: Path) -> None:
    """Open the files."""
    for path in sorted(folder.glob("map*.longcut")):
        window.files.open(path)
        _wait_for_files(window)
        wait(400)


def load_and_run(window: Any, size: int, folder: Path) -> None:
    """Open the files and start a run on each."""
    for path in sorted(folder.glob("map*.longcut")):
        window.files.open(path)
        _wait_for_files(window)
        window.controller.start_or_pause()
        wait(1200)


def paint(window: Any, size: int, folder: Path) -> None:
    """Paint ten strokes over the whole map."""
    _paint(window, strokes=10)


def paint_in_run(window: Any, size: int, folder: Path) -> None:
    """Paint ten strokes while a run takes them up."""
    start_run(window)
    _paint(window, strokes=10)


def saves_in_run(window: Any, size: int, folder: Path) -> None:
    """Save five times and keep unsaved work aside five times while a run is under way."""
    start_run(window)
    for number in range(5):
        window.files._write(folder / f"saved{number}.longcut")
        _wait_for_files(window)
        wait(200)
        _paint(window, strokes=1, events=20)
        window.autosave.keep()
        wait(400)


def results(window: Any, size: int, folder: Path) -> None:
    """Let three runs end, look at their results, apply one and undo that."""
    for _ in range(3):
        start_run(window)
        wait(300)
        window.controller.stop()
        wait(500)
        window.controller.revert()
        wait(100)
    for result in window.model.results:
        window.results.view(result)
        wait(300)
    window.results.apply(window.model.results[0])
    wait(300)
    window.model.undo()
    wait(300)


def points(window: Any, size: int, folder: Path) -> None:
    """Read a table of a million points, 64 MB, edit the map, and write the table again."""
    from PySide6.QtWidgets import QFileDialog

    table = folder / "points.csv"
    QFileDialog.getOpenFileName = lambda *_: (str(table), "")  # type: ignore[method-assign]
    window.files.import_layout()
    _wait_for_files(window)
    wait(500)
    assert window.model.document.layouts, "no points were read"
    _paint(window, strokes=2)
    QFileDialog.getSaveFileName = lambda *_: (str(folder / "written.csv"), "")  # type: ignore[method-assign]
    window.files.export_layout(0)
    _wait_for_files(window)
    wait(300)


CASES: dict[str, Callable[[Any, int, Path], None]] = {
    "nothing": nothing,
    "first run, with the warm-up": first_run,
    "load": load,
    "load, each with a run": load_and_run,
    "paint": paint,
    "paint in a run": paint_in_run,
    "save and autosave in a run": saves_in_run,
    "results kept, viewed, applied": results,
    "points, 64 MB": points,
}


def _make_files(name: str, window: Any, size: int, folder: Path, maps: int) -> None:
    """Write what a case reads: maps, or a table of points."""
    from maps.formats import write_map

    if CASES[name] in (load, load_and_run):
        for number in range(maps):
            write_map(window.model.document, folder / f"map{number}.longcut")
    if CASES[name] is points:
        places = np.random.default_rng(0).uniform(0, size // 2 - 2, (MOST_POINTS, 2))  # left of the wall
        lines = [f"{row:.16e},{col:.16e},1.000000000000000\n" for row, col in places.tolist()]
        (folder / "points.csv").write_text("".join(lines))


def _wait_for_files(window: Any) -> None:
    while window.files.busy:
        wait(5)


def _paint(window: Any, strokes: int, events: int = 60) -> None:
    """Drag the brush over the map, a move every 8 ms, each stroke from side to side and one undo step."""
    from PySide6.QtCore import QEvent, QPointF, Qt
    from PySide6.QtGui import QMouseEvent
    from PySide6.QtWidgets import QApplication

    canvas, view = window.canvas, window.canvas.view
    height, width = window.model.document.shape
    none, left = Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton

    def send(kind: QEvent.Type, x: float, y: float, button: Qt.MouseButton, held: Qt.MouseButton) -> None:
        at = QPointF(view.left + x * view.scale * width, view.top + y * view.scale * height)
        keys = Qt.KeyboardModifier.NoModifier
        QApplication.sendEvent(canvas, QMouseEvent(kind, at, canvas.mapToGlobal(at), button, held, keys))

    for stroke in range(strokes):
        window.tools.choose("brush")
        canvas.set_options(replace(canvas.options, size=15.0, cost=2.0 + stroke % 3))
        y = (stroke + 0.5) / strokes
        send(QEvent.Type.MouseButtonPress, 0.05, y, left, left)
        for event in range(events):
            share = event / events
            send(QEvent.Type.MouseMove, 0.05 + 0.9 * share, y + 0.05 * np.sin(12.0 * share), none, left)
            wait(8)
        send(QEvent.Type.MouseButtonRelease, 0.95, y, left, none)
        wait(150)


def run_case(name: str, size: int, trace: float | None, maps: int) -> Late:
    """Carry out a case in this process."""
    from app.document.autosave import Autosave
    from app.run.warm_up import warm_up_in_background

    with tempfile.TemporaryDirectory() as home:
        folder = Path(home)
        fresh = CASES[name] is first_run
        window = make_window(size, 50 if fresh else 300, warm_up=fresh)
        window.autosave = Autosave(window.model, folder / "recovery", window)
        if not fresh:
            warm_up_in_background().join()
        _make_files(name, window, size, folder, maps)
        while not fresh and window.view.measurer.busy:
            wait(20)
        late = Heart(trace).during(lambda: CASES[name](window, size, folder))
        end(window)
    return late


def measure(name: str, size: int, trace: float | None = None, maps: int = 5) -> Late:
    """Carry out a case in a process of its own, with so many maps to load. Raises RuntimeError if it fails."""
    words = ["--child", name, str(size), str(trace or ""), str(maps)]
    command = [sys.executable, "-m", "tests.benchmarks.heartbeat", *words]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=None if trace else subprocess.PIPE, text=True)
    if done.returncode:
        raise RuntimeError(f"{name}, {size}²: {done.stderr or ''}")
    return Late(*json.loads(done.stdout.splitlines()[-1]))


def main() -> int:
    """Measure the cases, print the table, and return 1 if the promise is not kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    tries = int(os.environ.get("LONGCUT_HEARTBEATS", "3"))
    parser.add_argument("--tries", type=int, default=tries, help="of each case (default %(default)s)")
    parser.add_argument("--only", default="", metavar="WORD", help="cases with this word in their name")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="cells a side (default 512 1024)")
    parser.add_argument("--trace", type=float, help="seconds after which a late beat is looked into")
    parser.add_argument("--json", action="store_true", help="print the medians as JSON")
    chosen = parser.parse_args()
    found: dict[str, Late] = {}
    for name in CASES:
        for size in chosen.sizes:
            if chosen.only in name:
                late = [measure(name, size, chosen.trace) for _ in range(chosen.tries)]
                found[f"{name}, {size}²"] = Late(*np.median(np.array(late), axis=0).tolist())
                print(f"{name}, {size}²", *(f"{figure:.1f}" for figure in found[f"{name}, {size}²"]), flush=True)
    broken = [name for name, late in found.items() if late.p99 >= P99 or late.worst >= WORST]
    if chosen.json:
        print(json.dumps({name: late._asdict() for name, late in found.items()}, indent=1))
    else:
        rows = [(name, *(f"{figure:.1f}" for figure in late)) for name, late in found.items()]
        heads = ("case", "p50", "p99", "worst", "queued", "computed: p99", "worst")
        load_average = ", ".join(f"{load:.1f}" for load in os.getloadavg())
        title = f"Beats of {BEAT} ms late by, ms; medians of {chosen.tries}; load of the machine {load_average}"
        print_table(title, heads, rows)
    print(f"not below {P99:.0f} and {WORST:.0f} ms: {', '.join(broken) or 'none'}")
    return 1 if broken else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        name, size, trace, maps = sys.argv[2:]
        measured = run_case(name, int(size), float(trace) if trace else None, int(maps))
        print(json.dumps(measured), flush=True)
        # A thread of the engine may still compute.
        os._exit(0)
    sys.exit(main())
