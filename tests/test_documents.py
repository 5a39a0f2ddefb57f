"""What the documents promise: their links lead somewhere, their example runs, their commands are there."""

import re
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from app.bootstrap.project import ROOT
from app.scenarios import SCENARIOS
from maps.formats import FORMATS

DOCUMENTS = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "tests/benchmarks/README.md")
README = (ROOT / "README.md").read_text("utf-8")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_within_the_repository_leads_to_a_file(name: str) -> None:
    links = re.findall(r"\]\(([^)]+)\)", (ROOT / name).read_text("utf-8"))
    files = [ROOT / Path(name).parent / link.split("#")[0] for link in links if "://" not in link]
    assert files
    assert [file for file in files if not file.exists()] == []


@pytest.mark.parametrize("name", ["ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_every_file_that_is_named_exists(name: str) -> None:
    named = re.findall(r"`((?:app|engine|maps|tests)/[\w./]+)`", (ROOT / name).read_text("utf-8"))
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_figures_commands_are_benchmarks() -> None:
    figures = (ROOT / "tests" / "benchmarks" / "README.md").read_text("utf-8")
    cells = re.findall(r"\| ([^|]+) \|$", figures, re.MULTILINE)  # the last one of each row
    commands = {command for cell in cells for command in re.findall(r"`(\w+)`", cell)}
    assert len(commands) > 10
    assert [name for name in commands if find_spec(f"tests.benchmarks.{name}") is None] == []


def test_the_readme_names_every_scenario_and_every_format() -> None:
    assert [name for name in SCENARIOS if f"(`{name}`)" not in README] == []
    assert [kind.endings[0] for kind in FORMATS if f"`{kind.endings[0]}`" not in README] == []


def test_the_readme_links_every_example() -> None:
    examples = [path.relative_to(ROOT).as_posix() for path in (ROOT / "tests" / "examples").glob("test_*.py")]
    assert len(examples) >= 6
    assert [path for path in examples if f"({path})" not in README] == []


@pytest.mark.slow
def test_the_readmes_example_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(program, {})
    assert re.fullmatch(r"\d+\.\d, within [0-2]\.\d % of the longest possible\n", capsys.readouterr().out)
    assert np.load(tmp_path / "optimised.npy").sum() == pytest.approx(32 * 32)
