"""Closing at any moment: `python -m tests.benchmarks.close [--tries 20] [--size 512] [--latest 6]` (some minutes).

Each try is a process with the real window, which is closed at a random moment: while the engine is being warmed
up, during a run, or during a save. The table has its exit code, when the window was gone to the eye and when the
process had ended, both in milliseconds from the order to close. A save that had begun has to be whole. Exit code 1
if a process ended in another way than well, or its window was there for half a second. `LONGCUT_CLOSES` sets the
number of tries.

`--cold` compiles every loop anew, as the first start after the set-up does.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from maps.formats import read_map, write_map
from tests.benchmarks.stop import enlarged
from tests.benchmarks.table import print_table

DURING = ("warm-up", "run", "save")
PROMISED = 500.0  # milliseconds until the window is gone


class Closed(NamedTuple):
    """How one process ended: exit code, milliseconds until the window was gone and until the process was."""

    code: int
    gone: float
    ended: float
    errors: str


def close_after(seconds: float, during: str, size: int, *, cold: bool = False) -> Closed:
    """Start a window in a process of its own, close it after so many seconds, and return how it ended."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        map_file, saved = home / "map.longcut", home / "saved.longcut"
        write_map(enlarged("plain", size), map_file)
        environment = dict(os.environ, QT_QPA_PLATFORM="offscreen", HOME=folder, XDG_CONFIG_HOME=folder)
        environment.update(XDG_DATA_HOME=folder, **({"NUMBA_CACHE_DIR": folder} if cold else {}))
        command = [sys.executable, "-m", "tests.benchmarks.close", "--child", during, str(seconds)]
        ended = subprocess.run(
            [*command, str(map_file), str(saved)], capture_output=True, text=True, env=environment, timeout=300
        )
        now = time.monotonic()
        if during == "save" and ended.returncode == 0:
            read_map(saved)
        stamps = [float(word) for word in ended.stdout.split()]
        closing, gone = stamps if len(stamps) == 2 else (np.nan, np.nan)
        return Closed(ended.returncode, 1e3 * (gone - closing), 1e3 * (now - closing), ended.stderr)


def _child(during: str, seconds: float, map_file: Path, saved: Path) -> int:
    """Open the window on a file, and close it; prints when it was told to and when it was gone."""
    from PySide6.QtCore import QEvent, QObject, QTimer
    from PySide6.QtWidgets import QApplication, QMessageBox

    from app.window.main_window import MainWindow
    from app.window.start import open_window

    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Hide and isinstance(watched, MainWindow):
                print(time.monotonic(), flush=True)
            return False

    qapp = QApplication([])
    QMessageBox.question = lambda *_: QMessageBox.StandardButton.Discard  # type: ignore[method-assign]
    watch = Watch()

    def window() -> MainWindow:
        (found,) = (widget for widget in qapp.topLevelWidgets() if isinstance(widget, MainWindow))
        return found

    def begin() -> None:
        if during == "run":
            window().panels.run.form.controls["steps"].set_value(100_000)
            window().controller.start_or_pause()

    def close() -> None:
        if during == "save":
            window().files._write(saved)
        window().installEventFilter(watch)
        print(time.monotonic(), flush=True)
        window().close()

    QTimer.singleShot(100, begin)
    QTimer.singleShot(200 + round(1000 * seconds), close)
    return open_window(map_file)


def main() -> int:
    """Close windows at random moments, print a table, and return 1 if the promise is not kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    tries = int(os.environ.get("LONGCUT_CLOSES", "20"))
    parser.add_argument("--tries", type=int, default=tries, help="during each kind of work (default %(default)s)")
    parser.add_argument("--size", type=int, default=512, help="cells a side (default %(default)s)")
    parser.add_argument("--latest", type=float, default=6.0, help="seconds after the start (default %(default)s)")
    parser.add_argument("--cold", action="store_true", help="compile every loop anew")
    chosen = parser.parse_args()
    random = np.random.default_rng(0)
    rows: list[tuple[str, ...]] = []
    broken: list[str] = []
    for during in DURING:
        closed = [
            close_after(moment, during, chosen.size, cold=chosen.cold)
            for moment in chosen.latest * random.random(chosen.tries)
        ]
        bad = [each for each in closed if each.code or not each.gone < PROMISED]
        broken += [f"{during} ({len(bad)} of {len(closed)})"] if bad else []
        times = np.array([(each.gone, each.ended) for each in closed])
        figures = np.percentile(times, (50, 100), axis=0).T.ravel()
        codes = ", ".join(f"{code} ({[e.code for e in closed].count(code)})" for code in {e.code for e in closed})
        rows.append((during, codes, *(f"{figure:.0f}" for figure in figures)))
        print(*rows[-1], *{each.errors for each in closed if each.code}, flush=True)
    heads = ("closed during", "exit codes (tries)", "gone: median", "worst", "ended: median", "worst")
    print_table(f"From the order to close, ms; {chosen.size} cells a side", heads, rows)
    print(f"not closed well within {PROMISED:.0f} ms: {', '.join(broken) or 'none'}")
    return 1 if broken else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        sys.exit(_child(sys.argv[2], float(sys.argv[3]), Path(sys.argv[4]), Path(sys.argv[5])))
    sys.exit(main())
