"""How long a Tiled map of 64 MB takes to open, and how much memory: `python -m tests.benchmarks.open_tiled`.

Five layers of 1636² tile ids in words, the most that is read of a file. Each try is a process of its own, which
has read a small map before; the memory is what its peak rises by.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from maps.formats import read_map, write_map
from maps.samples import load_sample
from tests.benchmarks.table import print_table
from tests.maps.formats.tiled.large import write_large

TRIES = 3


def measure(large: Path, small: Path) -> None:
    """Print seconds, seconds of the processor and megabytes."""
    read_map(small)
    before = peak()
    began, used = time.perf_counter(), time.process_time()
    read_map(large)
    seconds, worked = time.perf_counter() - began, time.process_time() - used
    print(seconds, worked, peak() - before)


def peak() -> float:
    """Return the most memory that this process has had, in megabytes, as Linux counts it; else not a number."""
    status = Path("/proc/self/status")  # getrusage would give the larger one of ours and our parent's
    return int(status.read_text().split("VmHWM:")[1].split()[0]) / 1024 if status.is_file() else float("nan")


def main() -> None:
    """Print a row for each try."""
    with tempfile.TemporaryDirectory() as folder:
        large, small = Path(folder) / "large.tmx", Path(folder) / "small.tmx"
        size = write_large(large)
        write_map(load_sample("river"), small)
        command = [sys.executable, "-m", "tests.benchmarks.open_tiled", str(large), str(small)]
        rows: list[tuple[str, ...]] = []
        for number in range(1, TRIES + 1):
            said = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
            seconds, worked, megabytes = (float(word) for word in said)
            rows.append(
                (f"{number}", f"{size / 1e6:.1f} MB", f"{seconds:.2f} s", f"{worked:.2f} s", f"{megabytes:.0f} MB")
            )
        print_table("A large Tiled map", ("try", "file", "time", "processor", "memory"), rows)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        measure(Path(sys.argv[1]), Path(sys.argv[2]))
    else:
        main()
