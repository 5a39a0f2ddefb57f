"""`python -m tests.promises`: what the program promises, what is tried for each promise, and how that went.

Without more it takes some minutes. `--full` tries as much as the promises say, 10,000 kills and 100,000 damaged
files a format among it; that takes hours. `--only WORD` picks promises by a word of their name. Exit code 1 if one
is not kept.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field

from app.bootstrap.project import ROOT


@dataclass(frozen=True)
class Promise:
    """One row.

    tries: arguments of pytest, or a module of `tests.benchmarks` and its arguments.  quick, full: what the
    environment says of how much is tried, see `tests/maps/strategies.py`.
    """

    name: str
    figure: str
    tries: tuple[str, ...]
    quick: dict[str, str] = field(default_factory=dict[str, str])
    full: dict[str, str] = field(default_factory=dict[str, str])


PROMISES = (
    Promise(
        "a save leaves the old or the new file, whole",
        "kills at random moments: 0 torn; the same harness on a plain write: at least 40 % torn",
        ("tests/maps/test_killed_saves.py",),
        {"LONGCUT_KILLS": "300"},
        {"LONGCUT_KILLS": "10000"},
    ),
    Promise(
        "every system call of a save may fail",
        "ENOSPC, EIO, EACCES, EROFS, short writes: 0 torn, 0 false “saved”",
        ("tests/maps/test_safe_save.py",),
    ),
    Promise(
        "two files that belong together fit after a crash",
        "kills and failing calls: 0 mixed pairs",
        ("tests/maps/test_safe_pair.py",),
        {"LONGCUT_KILLS": "120"},
        {"LONGCUT_KILLS": "3000"},
    ),
    Promise(
        "a crash loses at most a minute",
        "killed while painting: found at the next start every time, the original untouched, no loop",
        ("tests/maps/test_recovery.py", "tests/app/document/test_autosave.py"),
    ),
    Promise(
        "no silent overwriting",
        "two windows, a file changed or deleted by another program, a save that still runs",
        ("tests/maps/test_open_file.py", "tests/app/files/test_shared_files.py"),
    ),
    Promise(
        "hostile files are refused in words",
        "damaged files: only MapFormatError; refusals under 1 s of CPU and 256 MB",
        ("tests/maps/formats", "-k", "mutated or bombs or damaged or unpack or huge"),
        {"LONGCUT_MUTATIONS": "1500"},
        {"LONGCUT_MUTATIONS": "100000"},
    ),
    Promise(
        "a large map can be waited for, or not",
        "a Tiled map of 64 MB opens with its progress in view, the window alive, and can be cancelled",
        ("tests/app/files/test_large_files.py",),
    ),
    Promise(
        "what is saved comes back",
        "round trips by Hypothesis, bit for bit where the format can",
        ("tests/maps", "-k", "come_back or comes_back or through"),
        {"LONGCUT_EXAMPLES": "60"},
        {"LONGCUT_EXAMPLES": "5000"},
    ),
    Promise(
        "no NaN reaches a map",
        "NaN and inf put into a step: caught, the last good map kept, said in words",
        ("tests/engine", "tests/app/run", "tests/maps", "-k", "no_number or not_a_number or nan"),
    ),
    Promise(
        "the same seed gives the same bytes",
        "two runs on the CPU: equal",
        ("tests/engine", "tests/app/cli", "-k", "seed or same_bytes"),
    ),
    Promise(
        "the window stays alive",
        "beats of 10 ms on 512² and 1024², the first run included: p99 under 25 ms late, the worst under 100 ms",
        ("tests.benchmarks.heartbeat",),
        {"LONGCUT_HEARTBEATS": "1"},
        {"LONGCUT_HEARTBEATS": "5"},
    ),
    Promise(
        "cancel",
        "runs on 1024² stopped at random moments, every method and scenario: p99 under 100 ms in the window",
        ("tests.benchmarks.stop",),
        {"LONGCUT_STOPS": "5"},
        {"LONGCUT_STOPS": "20"},
    ),
    Promise(
        "clean close",
        "closed at random moments of a warm-up, run or save: exit code 0, gone within 500 ms, the save whole",
        ("tests.benchmarks.close",),
        {"LONGCUT_CLOSES": "5"},
        {"LONGCUT_CLOSES": "34"},
    ),
    Promise(
        "memory stays",
        "painting, runs and undo over and over: under 1 % growth",
        ("tests.benchmarks.soak",),
        {"LONGCUT_SOAK": "60"},
        {"LONGCUT_SOAK": "900"},
    ),
)


def main() -> int:
    """Try the promises, print a row for each, and return 1 if one is not kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="as much as the promises say")
    parser.add_argument("--only", default="", metavar="WORD", help="promises with this word in their name")
    arguments = parser.parse_args()
    kept = True
    for promise in PROMISES:
        if arguments.only in promise.name:
            kept &= _try(promise, promise.full if arguments.full else promise.quick)
    return 0 if kept else 1


def _try(promise: Promise, amount: dict[str, str]) -> bool:
    """Try a promise, print its row, and return whether it was kept."""
    print(f"{promise.name}\n    {promise.figure}", flush=True)
    module = promise.tries[0].startswith("tests.")
    # One test may take hours.
    tries = ["pytest", "-q", "--no-header", "-o", "faulthandler_timeout=0", *promise.tries]
    command = ["-m", *(promise.tries if module else tries)]
    environment = {"QT_QPA_PLATFORM": "offscreen", **os.environ, **amount}
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    said = (done.stdout.strip() or done.stderr.strip() or "said nothing").splitlines()[-1]
    told = ", ".join(f"{name.removeprefix('LONGCUT_').lower()} {count}" for name, count in amount.items())
    verdict = "kept" if done.returncode == 0 else "NOT KEPT"
    seconds = time.monotonic() - began
    print(f"    {verdict} in {seconds:.0f} s ({told or 'all that there is'}): {said}\n", flush=True)
    if done.returncode:
        print(done.stdout[-4000:], done.stderr[-2000:], flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
