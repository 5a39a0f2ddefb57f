"""Where a run computes."""

import os

import torch

from engine.core.errors import ProblemError, SuggestedFix

DEVICES = ("auto", "cpu", "cuda", "mps")


def pick_device(wish: str, method: str) -> str:
    """The device for a wish of `DEVICES`: "auto" takes a GPU for `bregman`, the one method that gains by it.

    Raises ProblemError, saying what there is, if the device that was asked for is not there.
    """
    available = ["cpu"]
    if torch.cuda.is_available():
        available.append("cuda")
    if torch.backends.mps.is_available():
        available.append("mps")
    if wish == "auto":
        return available[-1] if method == "bregman" else "cpu"
    if wish not in available:
        there = ", ".join(available)
        raise ProblemError(
            "device",
            f"device {wish!r} is not available; this machine has: {there}",
            SuggestedFix("device", "auto"),
        )
    return wish


def leave_a_core_free() -> None:
    """Keep torch off one core, for the window and for everything else that runs.

    With every core taken, small tensor operations ran up to 20 times slower on a busy machine of two cores.
    """
    torch.set_num_threads(max(1, (os.cpu_count() or 2) - 1))
