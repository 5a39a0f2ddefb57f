"""Where the environment lies, and what its stamp tells."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from app.bootstrap import environment
from app.bootstrap.environment import STAMP, cache_folder, environment_folder, fingerprint, venv_python, writable
from app.bootstrap.project import ROOT, read_project
from tests.app.bootstrap.simulated import PROJECT, made, state


@pytest.mark.parametrize("damage", ["another Python", "no interpreter", "no stamp", "torn stamp"])
def test_a_damaged_environment_is_made_anew(venv: Path, damage: str) -> None:
    made(venv)
    stamp = venv / STAMP
    if damage == "another Python":
        stamp.write_text(json.dumps({**json.loads(stamp.read_text()), "python": "3.10"}))
    elif damage == "no interpreter":
        venv_python(venv).unlink()
    elif damage == "no stamp":
        stamp.unlink()
    else:
        stamp.write_text(stamp.read_text()[:20])
    assert state(venv) == "make"


def test_settings_of_the_checkers_do_not_ask_for_a_new_set_up(
    tmp_path: Path,
) -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    def after(text: str) -> str:
        (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
        return fingerprint(read_project(tmp_path))

    assert after(text) == after(text.replace("[tool.ruff]", "[tool.ruff]\npreview = true"))
    assert after(text) != after(text.replace("torch>=2.6", "torch>=2.7"))


def folder(root: Path, extras: Sequence[str] = ()) -> Path:
    return environment_folder(PROJECT, extras, root)


@pytest.fixture
def read_only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """Nothing can be written anywhere: the tests' user may be root, whom no file mode keeps off."""
    monkeypatch.setattr(environment, "writable", lambda folder: False)  # pyright: ignore
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return monkeypatch


def test_the_environment_lies_in_a_checkout_that_can_be_written(tmp_path: Path) -> None:
    assert folder(tmp_path) == tmp_path / ".venv"
    assert list(tmp_path.iterdir()) == [], "the try to write leaves nothing behind"


def test_a_folder_that_is_not_there_cannot_be_written(tmp_path: Path) -> None:
    assert writable(tmp_path)
    assert not writable(tmp_path / "missing")


def test_each_read_only_checkout_has_an_environment_of_its_own_in_the_cache(
    tmp_path: Path, read_only: pytest.MonkeyPatch
) -> None:
    one, two = folder(tmp_path / "one"), folder(tmp_path / "two")
    assert one.parent == two.parent == tmp_path / "cache" / "longcut"
    assert one != two
    assert folder(tmp_path / "one") == one
    made(one)  # with the folders above it
    assert state(one) == "ready"


def test_a_read_only_checkout_that_was_set_up_is_used_as_it_is(
    tmp_path: Path, read_only: pytest.MonkeyPatch
) -> None:
    made(tmp_path / ".venv")
    assert folder(tmp_path) == tmp_path / ".venv"
    assert folder(tmp_path, ["test"]).parent == tmp_path / "cache" / "longcut"


def test_the_cache_lies_where_each_system_keeps_it() -> None:
    home = Path.home()
    assert cache_folder("linux", {}) == home / ".cache"
    assert cache_folder("linux", {"XDG_CACHE_HOME": "/scratch"}) == Path("/scratch")
    assert cache_folder("darwin", {}) == home / "Library" / "Caches"
    assert cache_folder("win32", {"LOCALAPPDATA": "C:/Local"}) == Path("C:/Local")


def test_the_interpreter_of_an_environment_on_each_system() -> None:
    assert venv_python(Path("e"), "nt") == Path("e/Scripts/python.exe")
    assert venv_python(Path("e"), "posix") == Path("e/bin/python")
