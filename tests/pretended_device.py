"""A pretended CUDA device on a machine without one: mixed devices and host reads are found by running the code.

Every tensor made with `device="cuda"` is a CPU tensor whose storage is marked, and so is every result computed
from one. Recorded are operations on marked and unmarked tensors together, which a real device refuses, and
reads of marked values by the host, which make it wait for the device. Races and times are not seen.
"""

import sys
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any
from unittest import mock

import numpy as np
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from engine.core import triton

# Dispatched operations that bring a value to the host, and those that may copy between devices.
READS = ("_local_scalar_dense", "nonzero")
COPIES = ("copy_", "_to_copy")
NEW_LIKE_SELF = ("new_tensor", "new_zeros", "new_full", "new_ones", "new_empty")


@dataclass
class Recording:
    """What happened on the pretended device: how often, by file, line and operation.

    mixed: operations on tensors of two devices.  reads: values of the device that the host waited for.
    """

    mixed: Counter[str] = field(default_factory=Counter)
    reads: Counter[str] = field(default_factory=Counter)
    _storages: dict[int, torch.UntypedStorage] = field(default_factory=dict)  # kept alive: addresses are reused

    def on_device(self, tensor: Tensor) -> bool:
        """Return whether a tensor pretends to be on the device."""
        return tensor.untyped_storage()._cdata in self._storages

    def mark(self, values: Any) -> Any:
        """Put every tensor among the values on the device, and return the values."""
        for tensor in _tensors(values):
            storage = tensor.untyped_storage()
            self._storages[storage._cdata] = storage
        return values


@contextmanager
def pretended_cuda() -> Generator[Recording]:
    """Pretend that this machine has a CUDA device, and record how it is used."""
    recording = Recording()
    one_card = mock.patch.multiple(torch.cuda, is_available=lambda: True, device_count=lambda: 1)
    no_triton = mock.patch.object(triton, "has_triton", return_value=False)  # its kernels need a real card
    with one_card, no_triton, _Calls(recording), _Operations(recording):
        yield recording


class _Operations(TorchDispatchMode):
    """What torch really computes: results of marked tensors are marked."""

    def __init__(self, recording: Recording) -> None:
        super().__init__()
        self._recording = recording

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        tensors = list(_tensors([*args, *(kwargs or {}).values()]))
        marked = [self._recording.on_device(tensor) for tensor in tensors]
        result = func(*args, **(kwargs or {}))
        if any(marked):
            name = func.overloadpacket.__name__
            # A single number may come from the host's memory.
            alike = all(here or tensor.dim() == 0 for tensor, here in zip(tensors, marked, strict=True))
            if not alike and name not in COPIES:
                self._recording.mixed[f"{_place()} {name}"] += 1
            if name in READS:
                self._recording.reads[_place()] += 1
            self._recording.mark(result)
        return result


class _Calls(TorchFunctionMode):
    """What the code asks of torch: wishes for "cuda" become the CPU and a mark."""

    def __init__(self, recording: Recording) -> None:
        super().__init__()
        self._recording = recording

    def __torch_function__(self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None) -> Any:
        args, kwargs, name = list(args), dict(kwargs or {}), getattr(func, "__name__", "")
        if func is Tensor.backward:  # it calls the engine's own functions: this mode has to stay on meanwhile
            with self, mock.patch.object(torch.autograd, "has_torch_function", return_value=False):
                return torch.autograd.backward(args[0], kwargs.pop("gradient"), **kwargs)
        subject = args[0] if args and isinstance(args[0], Tensor) else None
        marked = subject is not None and self._recording.on_device(subject)
        to_device = self._to_device(args[1] if name == "to" and len(args) > 1 else kwargs.get("device"))
        if marked and (name == "cpu" or to_device is False):
            self._recording.reads[_place()] += 1
            return func(_host_copy(subject), *args[1:], **kwargs)
        if name == "numpy" and marked:
            self._recording.mixed[f"{_place()} numpy"] += 1
        if to_device and "device" in kwargs:
            kwargs["device"] = "cpu"
        elif to_device and not isinstance(args[1], Tensor):
            args[1] = "cpu"
        result = func(*args, **kwargs)
        if isinstance(result, torch.device) and marked:  # the attribute `device`
            return torch.device("cuda", 0)
        return self._recording.mark(result) if to_device or (marked and name in NEW_LIKE_SELF) else result

    def _to_device(self, target: Any) -> bool | None:
        """Whether a target (tensor, device or name) is the pretended device; None where it names no device."""
        if isinstance(target, Tensor):
            return self._recording.on_device(target)
        if isinstance(target, str | torch.device):
            return torch.device(target).type == "cuda"
        return None


def _host_copy(tensor: Any) -> Tensor:
    return torch.from_numpy(np.array(tensor.detach().numpy()))


def _tensors(values: Any) -> Iterator[Tensor]:
    """Every tensor in nested arguments or results."""
    if isinstance(values, Tensor):
        yield values
    elif isinstance(values, tuple | list):
        for value in values:
            yield from _tensors(value)


def _place() -> str:
    """File and line of the engine that is at work, but for the border between numpy and torch."""
    frame, found = sys._getframe(1), "outside the engine"
    while frame is not None:
        path = PurePath(frame.f_code.co_filename)
        if "engine" in path.parts and "tests" not in path.parts:
            found = f"{path.parent.name}/{path.name}:{frame.f_lineno}"
            if path.name != "tensors.py":
                return found
        frame = frame.f_back
    return found
