"""The arrows between the packages: what each may import, and what must not be loaded before it is needed."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
STANDARD = sys.stdlib_module_names
ALLOWED = {
    "maps": {"maps", "numpy", "PIL"},
    "engine": {"engine", "numpy", "scipy", "numba", "torch", "safetensors"},
    "app": {"app", "engine", "maps", "assets", "numpy", "scipy", "numba", "torch", "PIL"}
    | {"rich", "PySide6", "pyqtgraph"},
}
BEFORE_SET_UP = ["app/__init__.py", "app/__main__.py", "app/bootstrap.py", "tests/__main__.py"]


def imports(source: str, only_at_import: bool = False) -> Iterator[tuple[int, str]]:
    """Line and full name of every module that a source imports; relative ones begin with a dot.

    only_at_import: leave out what functions import when they are called.
    """
    waiting: list[ast.AST] = [ast.parse(source)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, "." * node.level + (node.module or "")
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
            named = node.args[0] if node.args else None
            yield node.lineno, str(named.value) if isinstance(named, ast.Constant) else "a computed name"
        if not (only_at_import and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)):
            waiting.extend(ast.iter_child_nodes(node))


def violations(package: str, source: str) -> list[str]:
    """The forbidden imports of a source in one of the packages, each with its line."""
    allowed = ALLOWED[package] | STANDARD
    return [
        f"line {line} imports {name}"
        for line, name in imports(source)
        if not name.startswith(".") and name.split(".")[0] not in allowed
    ]


def sources(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


@pytest.mark.parametrize("package", ALLOWED)
def test_packages_import_only_along_the_arrows(package: str) -> None:
    assert sources(package), f"no source found in {package}"
    found = {
        str(path.relative_to(ROOT)): bad
        for path in sources(package)
        if (bad := violations(package, path.read_text(encoding="utf-8")))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("package", "source"),
    [
        ("maps", "import torch"),
        ("maps", "from PySide6.QtCore import QObject"),
        ("maps", "from engine.paths import shortest"),
        ("maps", "def late():\n    import app.cli"),
        ("maps", "import importlib\nimportlib.import_module('torch.nn')"),
        ("maps", "import importlib\nname = 'torch'\nimportlib.import_module(name)"),
        ("engine", "from maps import document"),
        ("engine", "import numpy, app"),
        ("engine", "if True:\n    from PySide6 import QtGui"),
        ("engine", "import pyqtgraph as pg"),
        ("engine", "import PIL.Image"),
        ("app", "from tests.oracles import optimum"),
        ("app", "import an_undeclared_package"),
    ],
)
def test_a_forbidden_arrow_is_caught(package: str, source: str) -> None:
    assert len(violations(package, source)) == 1


@pytest.mark.parametrize(
    ("package", "source"),
    [
        ("maps", "import json, numpy as np\nfrom maps.errors import MapError\nfrom PIL import Image"),
        ("engine", "import torch\nfrom scipy.sparse import csc_matrix\nfrom . import grid"),
        ("app", "from maps import document\nfrom engine import flow\nfrom PySide6 import QtWidgets"),
    ],
)
def test_an_allowed_arrow_is_not(package: str, source: str) -> None:
    assert violations(package, source) == []


@pytest.mark.parametrize("name", BEFORE_SET_UP)
def test_what_runs_before_set_up_needs_only_the_standard_library(name: str) -> None:
    source = (ROOT / name).read_text(encoding="utf-8")
    names = {name.split(".")[0] for _, name in imports(source, only_at_import=True)}
    assert names - STANDARD <= {"app"}


def test_imports_inside_functions_are_told_from_those_at_import() -> None:
    source = "import json\ndef late():\n    import torch\nclass A:\n    import numpy\n"
    assert {name for _, name in imports(source, only_at_import=True)} == {"json", "numpy"}


@pytest.mark.parametrize("module", ["app.__main__", "app.cli", "maps.formats", "engine.paths", "engine.problem"])
def test_torch_and_qt_wait_until_they_are_needed(module: str) -> None:
    """torch takes seconds to import, and the command line runs where Qt's system libraries are missing."""
    program = f"import sys, {module}\nprint(*sorted({{'torch', 'PySide6', 'pyqtgraph'}} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT)
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == []
