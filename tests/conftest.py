"""What every test shares: Qt without a display at one scale, hypothesis without a clock, and what markers mean."""

import os
import sys

import pytest

from app.bootstrap.torch_build import has_nvidia_gpu

# Before Qt is imported; `python3 -m tests` sets the same, this serves pytest called by hand.
for name, value in {"QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": "1", "QT_FONT_DPI": "96"}.items():
    os.environ.setdefault(name, value)
# One thread for torch and numpy, as in the program: workers take the cores already, and waiting threads burn them.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Without a card, fused kernels run in Triton's interpreter: they must be told before they are imported.
if not has_nvidia_gpu():
    os.environ.setdefault("TRITON_INTERPRET", "1")
# Modules are compiled once, not anew by each worker and each child, even where Python is told to keep nothing.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

QT_FIXTURES = {"qapp", "qtbot"}


def pytest_configure() -> None:
    """Let hypothesis draw 60 examples without a clock, and the same every time on CI."""
    from hypothesis import settings  # not before modules may be kept: it has many

    settings.register_profile("longcut", max_examples=40, deadline=None, derandomize="CI" in os.environ)
    settings.load_profile("longcut")


@pytest.hookimpl(tryfirst=True)  # before pytest selects by `-m`
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test that needs Qt as `gui`."""
    for item in items:
        if isinstance(item, pytest.Function) and QT_FIXTURES.intersection(item.fixturenames):
            item.add_marker("gui")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip tests marked `gpu` where torch has no CUDA device."""
    if item.get_closest_marker("gpu") is not None:
        import torch  # takes seconds

        if not torch.cuda.is_available():
            pytest.skip("no CUDA device")
