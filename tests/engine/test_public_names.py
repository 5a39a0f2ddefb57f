"""The engine's door: `from engine import …` gives every public name, and loads it only then."""

import ast
import importlib
import subprocess
import sys
from pathlib import Path
from pkgutil import iter_modules

import pytest

import engine

SOURCE = Path(engine.__file__)


def promised() -> dict[str, str]:
    """Each name and its module, as type checkers read them."""
    (block,) = (node for node in ast.parse(SOURCE.read_text("utf-8")).body if isinstance(node, ast.If))
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    return {alias.asname or "": node.module or "" for node in imports for alias in node.names}


@pytest.mark.parametrize(("name", "module"), promised().items())
def test_every_name_is_the_object_that_type_checkers_expect(name: str, module: str) -> None:
    assert getattr(engine, name) is getattr(importlib.import_module(module), name)
    assert name in dir(engine)


def test_nothing_is_public_that_type_checkers_do_not_know() -> None:
    names = set(engine._MODULE_OF)
    assert names == set(promised())


def test_no_name_hides_a_wing() -> None:
    assert set(promised()).isdisjoint(module.name for module in iter_modules(engine.__path__))


def test_an_unknown_name_is_refused_as_by_any_module() -> None:
    with pytest.raises(AttributeError, match="module 'engine' has no attribute 'shortest_road'"):
        _ = engine.shortest_road


@pytest.mark.slow
def test_names_load_no_more_than_they_need() -> None:
    program = (
        "import sys, engine\n"
        "heavy = lambda: sorted({'torch', 'numba'} & set(sys.modules))\n"
        "print(heavy()); engine.shortest_path; print(heavy()); engine.route_costs; print(heavy())"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=SOURCE.parent.parent)
    assert run.stdout.splitlines() == ["[]", "['numba']", "['numba', 'torch']"], run.stderr
