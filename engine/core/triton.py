"""Whether the fused kernels, written in Triton, can run, and how a step of many of them is repeated.

Triton comes with the CUDA build of torch on Linux. Where it is missing, and on devices other than CUDA's, the
torch implementations take over: same results, more launches. Modules that import Triton end in `_kernels` and are
only imported where `runs_triton` says yes.
"""

import importlib.util
import os
from collections.abc import Callable
from typing import Any, Protocol, cast

import torch
from torch import Tensor


class Kernel(Protocol):
    """A fused kernel, launched as `kernel[grid](arguments)`; inside other kernels it is called."""

    def __getitem__(self, grid: tuple[int, ...]) -> Callable[..., object]:
        """Return what launches the kernel on a grid of programs."""
        ...

    def __call__(self, *arguments: Any) -> Any:
        """Stand for the kernel's body inside another one."""
        ...


def fused(function: Callable[..., Any]) -> Kernel:
    """Make a kernel of a function in Triton's language."""
    import triton

    return cast("Kernel", triton.jit(function))


def has_triton() -> bool:
    """Say whether Triton is installed."""
    return importlib.util.find_spec("triton") is not None


def interpreted() -> bool:
    """Say whether Triton's kernels run in its interpreter, on the CPU: for tests."""
    return os.environ.get("TRITON_INTERPRET") == "1"


def runs_triton(device: str) -> bool:
    """Say whether the fused kernels can run on a torch device."""
    return torch.device(device).type == "cuda" and has_triton()


def records(device: str) -> bool:
    """Say whether launches on a torch device can be recorded and replayed, and copies run beside them."""
    return torch.device(device).type == "cuda" and torch.version.cuda is not None and not interpreted()


class Repeated:
    """A step of many kernels on fixed tensors, done again and again.

    On a CUDA device the launches are recorded once, in a CUDA graph, and replayed: a launch from Python costs
    11 µs on an H200, one in a graph 1 to 2.5. Elsewhere the step is simply called. A step must work on tensors
    that stay where they are, and bring nothing to the host.
    """

    def __init__(self, step: Callable[[], None], device: str) -> None:
        """Keep the step; it is done for the first time, and recorded, when it is first asked for."""
        self._step = step
        self._device = device
        self._replay: Callable[[], None] | None = None

    def __call__(self) -> None:
        """Do the step once; on a CUDA device, begin to."""
        if self._replay is not None:
            self._replay()
        elif records(self._device):
            self._record()
        else:
            self._step()

    def _record(self) -> None:
        # The first call compiles kernels and fills caches, which no graph may hold.
        with torch.cuda.device(self._device):
            beside = torch.cuda.Stream()
            beside.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(beside):
                self._step()
            torch.cuda.current_stream().wait_stream(beside)
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph, capture_error_mode="thread_local"):
                self._step()
        self._replay = graph.replay


class Snapshot:
    """Copies of tensors on the host, made while the device goes on with what is launched after them."""

    def __init__(self, tensors: list[Tensor], device: str) -> None:
        """Keep the tensors, whose memory must stay where it is, and make room for the copies."""
        self._there = tensors
        self._beside = records(device)
        self._here = [torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=self._beside) for tensor in tensors]
        self._done = torch.cuda.Event() if self._beside else None

    def begin(self) -> None:
        """Copy what the tensors hold after all that was launched before."""
        for here, there in zip(self._here, self._there, strict=True):
            here.copy_(there, non_blocking=self._beside)
        if self._done is not None:
            self._done.record()

    def end(self) -> list[Tensor]:
        """Wait for the copies that were begun last, and return them; the next ones will not change them."""
        if self._done is not None:
            self._done.synchronize()
        return [here.clone() for here in self._here]
