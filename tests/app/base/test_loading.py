"""Libraries are loaded beside the window: not one module is imported, no garbage is looked for."""

import gc
import subprocess
import sys
import threading

import pytest

from app.base import loading
from app.base.loading import wait_for_loading, without_collecting

SCRIPT = """
import sys
from pathlib import Path
from app.base.loading import load_torch_library

load_torch_library()
assert "torch" not in sys.modules
assert "libtorch" in Path("/proc/self/maps").read_text()
import torch

assert float(torch.ones(3).sum()) == 3.0
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells which libraries a process has")
def test_torchs_library_is_loaded_before_torch_and_torch_works():
    command = [sys.executable, "-c", SCRIPT]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr


def test_work_that_imports_waits_until_the_library_is_loaded(monkeypatch):
    begun, going_on, order = threading.Event(), threading.Event(), []

    def load():
        begun.set()
        going_on.wait(5.0)
        order.append("loaded")

    monkeypatch.setattr(loading, "_load_torch_library", load)
    loader = threading.Thread(target=loading.load_torch_library)
    loader.start()
    assert begun.wait(5.0)
    waiting = threading.Thread(target=lambda: (wait_for_loading(), order.append("imports")))
    waiting.start()
    going_on.set()
    waiting.join(5.0)
    loader.join(5.0)
    assert order == ["loaded", "imports"]


def test_garbage_is_collected_again_afterwards_but_not_what_was_there():
    kept = gc.get_freeze_count()
    try:
        with without_collecting():
            assert not gc.isenabled()
            ring = []
            ring.append(ring)
        assert gc.isenabled()
        assert gc.get_freeze_count() > kept
    finally:
        gc.unfreeze()
