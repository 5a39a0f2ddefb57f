"""What Qt needs of the system: found, installed by root, or named to the user."""

import ctypes
import sys

import pytest

from app.bootstrap import libraries
from app.bootstrap.libraries import (
    JAPANESE_FONT,
    OFFSCREEN_LIBRARIES,
    WINDOW_LIBRARIES,
    ensure_libraries,
    missing_libraries,
)
from tests.app.bootstrap.simulated import Recorder


def refuse(*names: str):
    def load(name: str) -> None:
        if name in names:
            raise OSError(name)

    return load


def test_missing_libraries_are_found_and_named_by_their_package() -> None:
    table = WINDOW_LIBRARIES
    missing = missing_libraries(table, refuse("libEGL.so.1", "libxcb-cursor.so.0"))
    assert [table[name] for name in missing] == ["libegl1", "libxcb-cursor0"]
    assert missing_libraries(table, refuse()) == []


def test_the_loader_of_the_system_does_not_find_what_is_not_there() -> None:
    assert missing_libraries({"libno-such-library.so.9": "nothing"}, ctypes.CDLL) != []


def test_the_window_needs_more_than_the_tests() -> None:
    assert OFFSCREEN_LIBRARIES.items() < WINDOW_LIBRARIES.items()


@pytest.fixture
def debian(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(libraries.shutil, "which", lambda name: f"/usr/bin/{name}")  # pyright: ignore
    monkeypatch.setattr(libraries, "has_japanese_font", lambda: True)
    monkeypatch.setattr(libraries.os, "geteuid", lambda: 0, raising=False)
    return monkeypatch


def test_root_on_debian_installs_what_is_missing(debian: pytest.MonkeyPatch) -> None:
    lacking = iter([["libEGL.so.1"], []])
    debian.setattr(libraries, "missing_libraries", lambda table: next(lacking))  # pyright: ignore
    debian.setattr(libraries, "has_japanese_font", lambda: False)
    recorder = Recorder()
    ensure_libraries(OFFSCREEN_LIBRARIES, fresh=False, run=recorder)
    update, install = recorder.commands
    assert update[-1] == "update"
    assert install[:3] == ["env", "DEBIAN_FRONTEND=noninteractive", "/usr/bin/apt-get"]
    assert install[-5:] == ["install", "-y", "--no-install-recommends", "libegl1", JAPANESE_FONT]


def test_others_are_told_the_command(debian: pytest.MonkeyPatch) -> None:
    debian.setattr(libraries.os, "geteuid", lambda: 1000, raising=False)
    debian.setattr(libraries, "missing_libraries", lambda table: ["libEGL.so.1", "libGL.so.1"])  # pyright: ignore
    recorder = Recorder()
    with pytest.raises(SystemExit, match="sudo apt-get install -y --no-install-recommends libegl1 libgl1\n"):
        ensure_libraries(OFFSCREEN_LIBRARIES, fresh=True, run=recorder)
    assert recorder.commands == []


def test_a_missing_font_is_worth_one_try_and_a_line(
    debian: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    debian.setattr(libraries, "missing_libraries", lambda table: [])  # pyright: ignore
    debian.setattr(libraries, "has_japanese_font", lambda: False)
    for fresh, tries in [(True, 1), (False, 0)]:
        recorder = Recorder("update")
        ensure_libraries(OFFSCREEN_LIBRARIES, fresh, run=recorder)
        assert len(recorder.commands) == tries
        assert "No font with Japanese characters" in capsys.readouterr().err


def test_no_library_is_looked_for_where_qt_is_not_used_or_brings_its_own(debian: pytest.MonkeyPatch) -> None:
    debian.setattr(libraries, "missing_libraries", lambda table: pytest.fail("looked"))  # pyright: ignore
    ensure_libraries(None, fresh=True)
    debian.setattr(sys, "platform", "darwin")
    ensure_libraries(WINDOW_LIBRARIES, fresh=True)
