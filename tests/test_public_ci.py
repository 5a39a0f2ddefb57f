"""Public CI and the hooks before a commit, as far as they can be checked without running them."""

import re
import tomllib

from app.bootstrap.libraries import JAPANESE_FONT, OFFSCREEN_LIBRARIES
from app.bootstrap.project import OLDEST_PYTHON, ROOT, release

WORKFLOW = (ROOT / ".github" / "workflows" / "tests.yml").read_text("utf-8")
HOOKS = (ROOT / ".pre-commit-config.yaml").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
TOOLS = PROJECT["optional-dependencies"]["test"]


def words(text: str, key: str) -> list[str]:
    """The entries of a list written in one line, `key: [a, b]`."""
    (found,) = re.findall(rf"{key}: \[(.*)\]", text)
    return [word.strip(' "') for word in found.split(",")]


def test_the_workflow_runs_the_command_of_the_readme_on_three_systems() -> None:
    assert "python3 -m tests" in (ROOT / "README.md").read_text("utf-8")
    assert re.search(r"^        run: python -m tests$", WORKFLOW, re.MULTILINE)
    assert words(WORKFLOW, "system") == ["ubuntu-latest", "windows-latest", "macos-latest"]


def test_the_workflow_begins_with_the_oldest_python_that_is_promised() -> None:
    versions = words(WORKFLOW, "python")
    assert versions == ["3.11", "3.12", "3.13"]
    assert tuple(map(int, versions[0].split("."))) == OLDEST_PYTHON


def test_the_workflow_installs_what_qt_opens_without_a_display() -> None:
    (packages,) = re.findall(r"--no-install-recommends\n +(.+)\n", WORKFLOW)
    assert set(packages.split()) == {*OFFSCREEN_LIBRARIES.values(), JAPANESE_FONT}


def test_the_hooks_take_the_checkers_of_the_tests() -> None:
    (revision,) = re.findall(r"ruff-pre-commit\n +rev: v([\d.]+)", HOOKS)
    (low, high) = re.findall(r"[\d.]+", next(line for line in TOOLS if line.startswith("ruff")))
    assert release(low) <= release(revision) < release(high)
    assert any(f'"{line}"' in HOOKS for line in TOOLS if line.startswith("import-linter"))
