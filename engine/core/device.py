"""Where a run computes, and why there."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

import torch

from engine.core.errors import ProblemError, SuggestedFix
from engine.core.threads import asked_threads
from engine.core.triton import has_triton

DEVICES = ("auto", "cpu", "cuda", "mps")

# From so many cells times routes on, a step of a method is faster on a CUDA device than on the CPU; methods that
# are not named never are. `python -m tests.benchmarks.gpu --calibrate` prints both tables.
# TORCH: with torch alone, measured on an H200 beside one core of its host. FUSED: with Triton's kernels; `bregman`
# was measured there (47 times as fast at 64², so that the second of recording decides), `optimum` is estimated.
TORCH = {"bregman": 31_000, "optimum": 110_000}
FUSED = {"bregman": 1_000, "optimum": 40_000}

Iterate = TypeVar("Iterate")
State = TypeVar("State")


@dataclass(frozen=True)
class Placement:
    """Where a run computes. device: "cpu" for the compiled loops, or a torch device.  reason: why, in words."""

    device: str
    reason: str


def place(device: str, method: str, size: int = 0) -> Placement:
    """Return where to compute for "auto" or a torch device such as "cpu", "cuda:1" or "mps".

    "auto" takes CUDA where the method gains by it on `size` cells times routes, by the tables in this file, and
    the CPU elsewhere. "cpu" stands for the compiled loops; any other device, "cpu:0" too, runs the implementations
    in torch. Raises ProblemError, saying what there is, if the device that was asked for is not there.
    """
    if device == "auto":
        return _placed(method, size)
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
    return Placement(device, "chosen in the settings")


def pick_device(device: str, method: str, size: int = 0) -> str:
    """Return the device of `place`."""
    return place(device, method, size).device


def placed_iterates(
    run: Callable[[str, State], Iterator[Iterate]],
    placement: Placement,
    state: State,
    state_of: Callable[[Iterate], State],
) -> Iterator[tuple[Iterate, Placement]]:
    """Yield what a run yields, and where it was computed; where the device fails, the CPU goes on.

    run: begins one on a device from a state.  state_of: the state to go on from after an iterate.
    """
    try:
        for iterate in run(placement.device, state):
            state = state_of(iterate)
            yield iterate, placement
        return
    except _device_errors() as error:
        if placement.device == "cpu":
            raise
        reason = _failure(error)
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    here = Placement("cpu", f"{reason}, so the run went on here")
    for iterate in run("cpu", state):
        yield iterate, here


def _device_errors() -> tuple[type[Exception], ...]:
    """Return what CUDA, torch and Triton raise where the device, and not the problem, is at fault."""
    if not has_triton():
        return (RuntimeError,)
    from triton.errors import TritonError

    return RuntimeError, TritonError


def _failure(error: Exception) -> str:
    if isinstance(error, torch.OutOfMemoryError):
        return "the GPU's memory is too small for this map"
    said = str(error).strip().splitlines()
    return f"the GPU failed ({said[0] if said else type(error).__name__})"


def use_few_threads(threads: int | None = None) -> int:
    """Let torch compute on so many CPU threads, and return the number; None: one, or as OMP_NUM_THREADS says.

    Sums over several threads depend on their number, so on one the same seed gives the same bytes on every machine
    of a kind. Little is lost: with every core taken, small operations ran up to 20 times slower on a busy machine
    of two cores, and the window drew later.
    """
    threads = threads or asked_threads()
    torch.set_num_threads(threads)
    return threads


def _placed(method: str, size: int) -> Placement:
    gains = FUSED if has_triton() else TORCH
    needed = gains.get(method, math.inf)
    if not torch.cuda.is_available():
        return Placement("cpu", "there is no CUDA device")
    if method not in gains:
        faster = ", ".join(sorted(gains))
        return Placement("cpu", f"the method {method} is made for it; on the GPU run: {faster}")
    if size < needed:
        return Placement("cpu", f"{size:,} cells times routes; the GPU is faster from {needed:,} on")
    return Placement("cuda", f"{size:,} cells times routes; it is faster than the CPU from {needed:,} on")


def _exists(name: str, available: list[str]) -> bool:
    try:
        device = torch.device(name)
    except RuntimeError:  # not the name of a device
        return False
    count = torch.cuda.device_count() if device.type == "cuda" else 1
    return device.type in available and (device.index or 0) < count
