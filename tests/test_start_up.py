"""What must not be loaded before it is needed. What may import what is a contract in pyproject.toml."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
WAIT_UNTIL_NEEDED = ("torch", "PySide6", "pyqtgraph")


def loaded_by(*modules: str) -> dict[str, list[str]]:
    """Which of the packages that have to wait are loaded once a module is imported, one module after the other."""
    program = (
        "import sys, importlib, json\n"
        f"waits = {set(WAIT_UNTIL_NEEDED)}\n"
        f"for module in {modules}:\n"
        "    importlib.import_module(module)\n"
        "    print(json.dumps([module, sorted(waits & set(sys.modules))]))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT)
    assert run.returncode == 0, run.stderr
    return dict(json.loads(line) for line in run.stdout.splitlines())


@pytest.mark.slow
def test_torch_and_qt_wait_until_they_are_needed() -> None:
    """torch takes seconds to import, and the command line runs where Qt's system libraries are missing."""
    light = "app.__main__", "app.cli.main", "app.scenarios", "maps.formats", "engine.paths.exact", "engine.design"
    assert loaded_by(*light, "app.canvas.canvas") == {
        **{module: [] for module in light},
        "app.canvas.canvas": ["PySide6"],  # what is loaded is seen
    }


@pytest.mark.slow
def test_the_benchmark_of_a_gpu_needs_no_qt() -> None:
    """Machines that are lent with a large card have no desktop."""
    assert loaded_by("tests.benchmarks.gpu.__main__") == {"tests.benchmarks.gpu.__main__": ["torch"]}


@pytest.mark.parametrize("module", ["app", "app.__main__", "app.bootstrap", "tests.__main__"])
def test_what_runs_before_set_up_needs_only_the_standard_library(module: str) -> None:
    """-S leaves out site-packages, where everything else would come from."""
    program = f"import sys; sys.path.insert(0, '.'); import {module}"
    run = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, cwd=ROOT)
    assert run.returncode == 0, run.stderr
