"""Where a run computes."""

import math

import torch

from engine.core.errors import ProblemError, SuggestedFix
from engine.core.threads import asked_threads

DEVICES = ("auto", "cpu", "cuda", "mps")

# From so many cells times routes on, a method is faster on a CUDA device than on the CPU; methods that are not
# named never are. Estimates from counted kernels and measured CPU times, without a card: an Adam step of
# `bregman` launches kernels for 25 ms, and takes 1.9 µs a cell on the CPU; an iteration of `optimum` launches
# them for 2 ms, and takes 50 ns a cell. To be replaced by what `python -m tests.benchmarks.gpu` measures.
BREAK_EVENS = {"bregman": 16_000, "optimum": 40_000}


def pick_device(device: str, method: str, size: int = 0) -> str:
    """Return the device to use for "auto" or a torch device such as "cpu", "cuda:1" or "mps".

    "auto" takes CUDA where the method gains by it on `size` cells times routes, by the table of estimates in this
    file, and the CPU elsewhere. "cpu" stands for the compiled loops; any other device, "cpu:0" too, runs the torch
    implementation. Raises ProblemError, saying what there is, if the device that was asked for is not there.
    """
    if device == "auto":
        gains = torch.cuda.is_available() and size >= BREAK_EVENS.get(method, math.inf)
        return "cuda" if gains else "cpu"
    available = ["cpu"]
    if torch.cuda.is_available():
        available.append("cuda")
    if torch.backends.mps.is_available():
        available.append("mps")
    if not _exists(device, available):
        there = ", ".join(available)
        raise ProblemError(
            "device",
            f"device {device!r} is not available; this machine has: {there}",
            SuggestedFix("device", "auto"),
        )
    return device


def use_few_threads(threads: int | None = None) -> int:
    """Let torch compute on so many CPU threads, and return the number; None: one, or as OMP_NUM_THREADS says.

    Sums over several threads depend on their number, so on one the same seed gives the same bytes on every machine
    of a kind. Little is lost: with every core taken, small operations ran up to 20 times slower on a busy machine
    of two cores, and the window drew later.
    """
    threads = threads or asked_threads()
    torch.set_num_threads(threads)
    return threads


def _exists(name: str, available: list[str]) -> bool:
    try:
        device = torch.device(name)
    except RuntimeError:  # not the name of a device
        return False
    count = torch.cuda.device_count() if device.type == "cuda" else 1
    return device.type in available and (device.index or 0) < count
