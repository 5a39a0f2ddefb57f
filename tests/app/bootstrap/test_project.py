"""What Longcut needs, against what an interpreter has."""

import re
import sys
from importlib import metadata

import pytest

from app.bootstrap.project import OLDEST_PYTHON, complete, installed, read_project, requirements, too_old

PROJECT = read_project()
REQUIREMENT = re.compile(r"[\w.-]+((<|!=|>=)[\d.]+(,(?!$)|$))*")


def test_an_old_python_is_told_so_in_one_sentence() -> None:
    sentence = too_old((3, 10))
    assert sentence is not None
    assert "needs Python 3.11 or newer, and this is Python 3.10" in sentence
    assert "\n" not in sentence
    assert too_old((3, 11)) is None
    assert too_old((3, 14)) is None


def test_oldest_python_is_the_one_in_pyproject() -> None:
    assert PROJECT["project"]["requires-python"] == ">=" + ".".join(map(str, OLDEST_PYTHON))


def test_this_interpreter_has_what_the_tests_run_with() -> None:
    assert complete(PROJECT, [])
    assert not complete({"project": {"dependencies": ["numpy>=999"], "optional-dependencies": {}}}, [])
    assert not installed("numpy>=999")
    assert not installed("no-such-distribution>=1")


@pytest.mark.parametrize(
    ("limits", "version", "good"),
    [
        (">=2.6,<2.14", "2.13.0+cpu", True),
        (">=2.6,<2.14", "2.14.0", False),
        (">=2.6,<2.14", "2.5.1", False),
        (">=6.7,!=6.12.0", "6.12", False),
        (">=6.7,!=6.12.0", "6.12.1", True),
        (">=8", "8.0.0", True),
        ("", "0.0.1", True),
    ],
)
def test_versions_are_compared_as_numbers(
    limits: str, version: str, good: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metadata, "version", lambda name: version)  # pyright: ignore
    assert installed("thing" + limits) is good


def test_every_requirement_is_written_in_the_terms_that_installed_understands() -> None:
    for line in requirements(PROJECT, ["test"]):
        assert REQUIREMENT.fullmatch(line), line


@pytest.mark.parametrize(("system", "count"), [("linux", 1), ("win32", 0)])
def test_what_another_system_needs_is_not_required_of_this_one(
    system: str, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    project = {"project": {"dependencies": [], "optional-dependencies": {"x": ["a>=1; sys_platform == 'linux'"]}}}
    assert len(requirements(project, ["x"])) == count
