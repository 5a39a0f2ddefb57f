"""Where a run computes."""

import torch

from engine.flow import Method

DEVICES = ("auto", "cpu", "cuda", "mps")


def pick_device(wish: str, method: Method) -> str:
    """The device for a wish of `DEVICES`: "auto" takes a GPU for `bregman`, the one method that gains by it.

    Raises ValueError, saying what there is, if the device that was asked for is not there.
    """
    available = ["cpu"]
    if torch.cuda.is_available():
        available.append("cuda")
    if torch.backends.mps.is_available():
        available.append("mps")
    if wish == "auto":
        return available[-1] if method == "bregman" else "cpu"
    if wish not in available:
        raise ValueError(f"device {wish!r} is not available; this machine has: {', '.join(available)}")
    return wish
