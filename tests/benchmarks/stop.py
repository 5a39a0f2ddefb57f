"""How soon a run stops: `python -m tests.benchmarks.stop [--size 1024] [--tries 20] [--only WORD]` (many minutes).

Every scenario and method runs on its sample map, enlarged, and is stopped at a random moment, set-up and first
step included. "Window" is the time from `RunModel.stop` until its ending reaches the GUI thread, "thread" the time
until its thread has ended as well; both in milliseconds. Before anything is measured, every loop is compiled.
Exit code 1 if the window's p99 is not below 100 ms (250 ms above 1024²) in some case. `LONGCUT_STOPS` sets the
number of tries.
"""

import argparse
import os
import sys
import time
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from app.scenarios import SCENARIOS
from maps.document import Cell, Layout, MapDocument
from maps.samples import load_sample
from tests.benchmarks.table import print_table

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
LATEST = 4.0  # seconds after the start of a run at which it is stopped
PROMISED = 100.0  # milliseconds up to 1024², 250 above
GIVE_UP = 120.0  # seconds to wait for a run's thread


class Case(NamedTuple):
    """A run: a scenario on a sample map, with settings that let it last."""

    name: str
    scenario: str
    sample: str
    settings: dict[str, object]


CASES = (
    *(
        Case(f"adversarial, {method}", "adversarial", "plain", {"method": method, "steps": 100_000})
        for method in ("logit", "bregman", "exact")
    ),
    Case("adversarial, optimum", "adversarial", "plain", {"method": "optimum"}),
    Case("matching, straight", "matching", "island", {"totals": "scale", "steps": 100_000}),
    Case("matching, walking", "matching", "island", {"totals": "scale", "steps": 100_000, "ground": "walking"}),
    Case("drawn_route", "drawn_route", "lake", {"steps": 100_000}),
    Case("balance", "balance", "arena", {"steps": 100_000}),
    Case("foresight", "foresight", "lake", {"steps": 100_000}),
    Case("place_walls", "place_walls", "garden", {"steps": 100_000}),
    Case("generate", "generate", "plain", {"steps": 100_000}),
    Case("terrain", "terrain", "river", {}),
    Case("adaptation", "adaptation", "river", {}),
)


class Stopped(NamedTuple):
    """Milliseconds after `RunModel.stop`."""

    window: float
    thread: float


def enlarged(sample: str, size: int) -> MapDocument:
    """Return a sample map with every cell as a square of cells, about `size` cells a side."""
    document = load_sample(sample)
    factor = max(1, size // max(document.shape))

    def cell(place: Cell) -> Cell:
        return place[0] * factor + factor // 2, place[1] * factor + factor // 2

    routes = tuple(
        replace(route, start=cell(route.start), goal=cell(route.goal), line=tuple(map(cell, route.line)))
        for route in document.routes
    )
    layouts = tuple(
        Layout(layout.name, (layout.positions + 0.5) * factor - 0.5, layout.weights, layout.colour)
        for layout in document.layouts
    )
    larger = np.ones((factor, factor))
    return document.replace(
        cost=np.kron(document.cost, larger).astype(np.float32),
        passable=np.kron(document.passable, larger).astype(bool),
        locked=np.kron(document.locked, larger).astype(bool),
        routes=routes,
        layouts=layouts,
    )


def stop_after(seconds: float, case: Case, document: MapDocument) -> Stopped:
    """Start the run, stop it after so many seconds, and return how long that took."""
    from PySide6.QtCore import QEventLoop, QTimer

    from app.run.model import RunModel

    scenario = SCENARIOS[case.scenario]
    model = RunModel()
    assert model.start(document, scenario, scenario.settings(**case.settings))
    loop = QEventLoop()
    QTimer.singleShot(round(1000 * seconds), loop.quit)
    loop.exec()
    if not model.busy:
        raise RuntimeError(f"{case.name} ended by itself: {model.message}")
    ended: list[float] = []

    def take() -> None:
        if not model.busy and not ended:
            ended.append(time.perf_counter())
            loop.quit()

    model.state_changed.connect(take)
    began = time.perf_counter()
    model.stop()
    if not ended:
        loop.exec()
    while model.computing and time.perf_counter() - began < GIVE_UP:
        time.sleep(0.001)
    return Stopped(1e3 * (ended[0] - began), 1e3 * (time.perf_counter() - began))


def measured(case: Case, size: int, tries: int, latest: float, seed: int = 0) -> list[Stopped]:
    """Stop the run so many times, at moments spread at random over its first `latest` seconds."""
    document = enlarged(case.sample, size)
    moments = latest * np.random.default_rng(seed).random(tries)
    return [stop_after(float(moment), case, document) for moment in moments]


def main() -> int:
    """Measure every case, print a table, and return 1 if the promise is not kept."""
    from PySide6.QtWidgets import QApplication

    from app.base.jobs import put_window_first
    from app.run.warm_up import warm_up_in_background

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=1024, help="cells a side (default %(default)s)")
    tries = int(os.environ.get("LONGCUT_STOPS", "20"))
    parser.add_argument("--tries", type=int, default=tries, help="of each case (default %(default)s)")
    parser.add_argument("--only", default="", help="cases whose name has this word")
    parser.add_argument("--quick", action="store_true", help="a map of 256 cells a side, 5 tries")
    chosen = parser.parse_args()
    size, tries = (256, 5) if chosen.quick else (chosen.size, chosen.tries)
    _qapp = QApplication.instance() or QApplication([])
    warm_up_in_background().join()
    put_window_first()
    rows: list[tuple[str, ...]] = []
    broken: list[str] = []
    promised = PROMISED if size <= 1024 else 2.5 * PROMISED
    for case in CASES:
        if chosen.only in case.name:
            times = np.array(measured(case, size, tries, LATEST))
            figures = np.percentile(times, (50, 99, 100), axis=0).T.ravel()
            rows.append((case.name, *(f"{figure:.0f}" for figure in figures)))
            print(*rows[-1], flush=True)
            broken += [case.name] if figures[1] >= promised else []
    heads = ("run", "window: median", "p99", "worst", "thread: median", "p99", "worst")
    print_table(f"From the order to stop to the end, ms; {size} cells a side, {tries} tries each", heads, rows)
    print(f"not below {promised:.0f} ms: {', '.join(broken) or 'none'}")
    return 1 if broken else 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    os._exit(code)  # a stopped thread may still compute
