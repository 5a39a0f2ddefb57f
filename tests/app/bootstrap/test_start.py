"""What runs before the set-up, and how the program goes on after it."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from app.bootstrap.environment import venv_python
from app.bootstrap.project import ROOT, read_project

BEFORE_SET_UP = [
    *("app/__init__.py", "app/__main__.py", "tests/__main__.py"),
    *(path.relative_to(ROOT).as_posix() for path in (ROOT / "app" / "bootstrap").glob("*.py")),
]


@pytest.mark.parametrize("name", BEFORE_SET_UP)
def test_python_3_8_can_read_the_files_that_run_before_set_up(name: str) -> None:
    ast.parse((ROOT / name).read_text(encoding="utf-8"), feature_version=(3, 8))


@pytest.mark.skipif(sys.platform == "win32", reason="an interpreter is made by a link")
@pytest.mark.parametrize("system", ["posix", "nt"])
def test_the_same_command_goes_on_inside_and_its_exit_code_comes_back(tmp_path: Path, system: str) -> None:
    venv = tmp_path / ".venv"
    inside = venv_python(venv)
    inside.parent.mkdir(parents=True)
    inside.symlink_to(sys.executable)
    program = (
        "import sys; from pathlib import Path; from app import bootstrap\n"
        f"if Path(sys.executable) == Path({str(inside)!r}): print(*sys.argv[1:]); sys.exit(7)\n"
        f"venv = Path({str(venv)!r}); bootstrap.os.name = {system!r}\n"
        "bootstrap.restart_inside(venv)\n"
    )
    command = [sys.executable, "-c", program, "solve", "a map.csv", "--out=*"]
    run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert (run.returncode, run.stdout) == (7, "solve a map.csv --out=*\n")


@pytest.mark.parametrize("package", ["app", "tests"])
def test_a_package_starts_by_its_folder_from_anywhere(package: str, tmp_path: Path) -> None:
    """`python3 FOLDER/app`: -I and -S leave nothing on the path but the standard library and that folder."""
    program = f"import runpy, sys; runpy.run_path({str(ROOT / package)!r}); print(sys.modules['app'].__file__)"
    command = [sys.executable, "-I", "-S", "-c", program]
    run = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert (run.returncode, run.stdout) == (0, f"{ROOT / 'app' / '__init__.py'}\n"), run.stderr


def test_the_version_is_told_before_anything_is_set_up(tmp_path: Path) -> None:
    """By the standard library alone, from any folder; it is the version that pip installs."""
    command = [sys.executable, "-I", "-S", str(ROOT / "app"), "--version"]
    run = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert (run.returncode, run.stdout) == (0, f"longcut {read_project()['project']['version']}\n"), run.stderr
