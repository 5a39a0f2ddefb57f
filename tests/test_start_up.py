"""What must not be loaded before it is needed. What may import what is a contract in pyproject.toml."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
WAIT_UNTIL_NEEDED = ("torch", "PySide6", "pyqtgraph")


def loaded_by(module: str) -> list[str]:
    """Which of the packages that have to wait are loaded once a module is imported."""
    program = f"import sys, {module}\nprint(*sorted({set(WAIT_UNTIL_NEEDED)} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT)
    assert run.returncode == 0, run.stderr
    return run.stdout.split()


@pytest.mark.slow
@pytest.mark.parametrize(
    "module",
    ["app.__main__", "app.cli.main", "app.scenarios", "maps.formats", "engine.paths.exact", "engine.design"],
)
def test_torch_and_qt_wait_until_they_are_needed(module: str) -> None:
    """torch takes seconds to import, and the command line runs where Qt's system libraries are missing."""
    assert loaded_by(module) == []


@pytest.mark.slow
def test_what_is_loaded_is_seen() -> None:
    assert loaded_by("app.canvas.canvas") == ["PySide6"]


@pytest.mark.slow
def test_the_benchmark_of_a_gpu_needs_no_qt() -> None:
    """Machines that are lent with a large card have no desktop."""
    assert loaded_by("tests.benchmarks.gpu.__main__") == ["torch"]


@pytest.mark.parametrize("module", ["app", "app.__main__", "app.bootstrap", "tests.__main__"])
def test_what_runs_before_set_up_needs_only_the_standard_library(module: str) -> None:
    """-S leaves out site-packages, where everything else would come from."""
    program = f"import sys; sys.path.insert(0, '.'); import {module}"
    run = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, cwd=ROOT)
    assert run.returncode == 0, run.stderr
