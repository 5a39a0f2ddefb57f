"""Load large libraries beside a living window: without the interpreter's lock, without collecting garbage.

The window stands still while another thread holds the interpreter's lock. Two parts of an import do so for long:
the system's loader, which maps a library into memory, and Python's garbage collector, which looks through all the
objects that there are whenever an import has made many new ones.
"""

from __future__ import annotations

import ctypes
import gc
import importlib.util
import os
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

_loading = threading.Lock()


def wait_for_loading() -> None:
    """Wait until no library is being loaded by `load_torch_library`.

    Threads that are about to import call it: the system loads one library at a time, and an import that waits
    for its turn holds the interpreter's lock meanwhile.
    """
    with _loading:
        pass


def load_torch_library() -> None:
    """Map torch's compiled library into memory, as `import torch` would do with the interpreter's lock held.

    What cannot be loaded so is left to the import. On Windows torch itself does what is done here.
    """
    with _loading:
        _load_torch_library()


def _load_torch_library() -> None:
    found = None if os.name == "nt" else importlib.util.find_spec("torch")
    for folder in (found and found.submodule_search_locations) or ():
        for name in ("libtorch.so", "libtorch.dylib"):
            path = Path(folder) / "lib" / name
            if path.exists():
                # A foreign function, which is called without the lock; ctypes.CDLL(path) would keep it.
                load = ctypes.CDLL(None).dlopen
                load.argtypes, load.restype = (ctypes.c_char_p, ctypes.c_int), ctypes.c_void_p
                load(os.fsencode(path), os.RTLD_NOW)


@contextmanager
def without_collecting() -> Generator[None]:
    """Put the garbage collector off; what there is in the end, such as modules, it never looks through again."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
