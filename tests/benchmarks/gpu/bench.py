"""One table of checks on a device: each by itself, within a time limit, printed as it is made."""

import json
import os
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch


@dataclass(frozen=True)
class Row:
    """One figure. limit: what it should be.  cpu: the same on the CPU.  good: whether it is within its limit."""

    what: str
    size: str
    measured: str
    limit: str = ""
    cpu: str = ""
    note: str = ""
    good: bool = True

    def text(self) -> str:
        note = self.note if self.good else f"BAD {self.note}"
        return f"{self.what:42} {self.size:>22} {self.measured:>16} {self.limit:>12} {self.cpu:>14}  {note}"


class Bench:
    """The device under test and its rows. Checks that would begin after the time is up are left out."""

    def __init__(self, device: str, minutes: float, small: bool, only: frozenset[str] = frozenset()) -> None:
        self.device, self.small = device, small
        self._only = only
        self.cuda = torch.device(device).type == "cuda"
        self.rows: list[Row] = []
        self._began = time.perf_counter()
        self._limit = 60.0 * minutes

    def seconds(self) -> float:
        """Return the seconds since the bench was made."""
        return time.perf_counter() - self._began

    def add(self, row: Row) -> None:
        """Keep a row and print it."""
        self.rows.append(row)
        print(f"[{self.seconds():4.0f} s] {row.text()}", flush=True)

    def agree(self, what: str, size: str, error: float, tolerance: float, cpu: str = "", note: str = "") -> None:
        """Add a row for an error against the CPU, which is bad above the tolerance and bad if not a number."""
        self.add(Row(what, size, f"{error:.1e}", f"≤ {tolerance:.0e}", cpu, note, good=error <= tolerance))

    def run(self, check: Callable[..., None], *arguments: object) -> None:
        """Run `check(bench, *arguments)`; what fails becomes a row and does not stop the others."""
        if self._only and check.__name__ not in self._only:
            return
        name, size = check.__name__.replace("_", " "), ", ".join(map(str, arguments))
        if self.seconds() > self._limit:
            self.add(Row(name, size, "left out", note="time is up"))
            return
        try:
            check(self, *arguments)
            self.synchronise()
        except torch.cuda.OutOfMemoryError:
            torch.cuda.empty_cache()
            self.add(Row(name, size, "out of memory", good=False))
        except Exception as error:  # CUDA's errors are sticky: after one of them every later check fails as well
            traceback.print_exc()
            self.add(Row(name, size, "failed", note=f"{type(error).__name__}: {error}"[:200], good=False))

    def synchronise(self) -> None:
        """Wait until the device has done all that it was given."""
        if self.cuda:
            torch.cuda.synchronize()

    def timed(self, function: Callable[[], object]) -> float:
        """Return the milliseconds of one call, the device's work included."""
        self.synchronise()
        began = time.perf_counter()
        function()
        self.synchronise()
        return 1e3 * (time.perf_counter() - began)

    def median(self, function: Callable[[], object], repeats: int = 5, warm_ups: int = 2) -> float:
        """Return the median milliseconds of a call."""
        for _ in range(warm_ups):
            function()
        return float(np.median([self.timed(function) for _ in range(repeats)]))

    def finish(self) -> int:
        """Print all rows, and write them to $OUT/gpu.json where OUT is set; return 1 if any is bad, else 0."""
        bad = sum(not row.good for row in self.rows)
        print("\n" + Row("what", "size", "measured", "limit", "CPU", "note").text())
        print(*(row.text() for row in self.rows), sep="\n")
        print(f"\n{bad} of {len(self.rows)} rows are bad; {self.seconds():.0f} s")
        if "OUT" in os.environ:
            rows = json.dumps([asdict(row) for row in self.rows], indent=1, ensure_ascii=False)
            Path(os.environ["OUT"], "gpu.json").write_text(rows, encoding="utf-8")
        return 1 if bad else 0
