"""Preferences: what is remembered, and what a missing or damaged file reads as."""

import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray

from app.base.preferences import MOST_RECENT, Preferences


@pytest.fixture
def path(tmp_path):
    return tmp_path / "settings.ini"


def again(preferences, path):
    """What another session finds."""
    preferences.sync()
    # Qt remembers what it wrote to a path; a copy has to be read.
    return Preferences(Path(shutil.copy(path, path.with_suffix(".again.ini"))))


def test_a_first_session_has_defaults(path):
    preferences = Preferences(path)
    assert preferences.recent_files == []
    assert (preferences.theme, preferences.language) == ("system", "system")
    assert preferences.last_folder == Path.home()
    assert preferences.window_geometry.isEmpty()
    assert preferences.window_state.isEmpty()


def test_everything_is_there_in_the_next_session(path, tmp_path):
    preferences = Preferences(path)
    preferences.theme, preferences.language, preferences.last_folder = "dark", "ja", tmp_path
    preferences.window_geometry, preferences.window_state = QByteArray(b"\x01\x00g"), QByteArray(b"\xffs")
    preferences = again(preferences, path)
    assert (preferences.theme, preferences.language, preferences.last_folder) == ("dark", "ja", tmp_path)
    assert preferences.window_geometry == b"\x01\x00g"
    assert preferences.window_state == b"\xffs"


def test_recent_files_are_newest_first_once_each_and_not_too_many(path, tmp_path):
    files = [tmp_path / f"map {n}, ü.longcut" for n in range(MOST_RECENT + 3)]
    preferences = Preferences(path)
    for file in files:
        file.touch()
        preferences.add_recent_file(file)
    preferences.add_recent_file(files[5])
    expected = [files[5], *(file for file in reversed(files) if file != files[5])][:MOST_RECENT]
    assert again(preferences, path).recent_files == expected


def test_one_recent_file_survives_being_written_as_a_single_text(path, tmp_path):
    (tmp_path / "one.longcut").touch()
    preferences = Preferences(path)
    preferences.add_recent_file(tmp_path / "one.longcut")
    assert again(preferences, path).recent_files == [tmp_path / "one.longcut"]


def test_a_file_that_is_gone_is_not_listed_and_comes_back_with_it(path, tmp_path):
    file = tmp_path / "gone.longcut"
    preferences = Preferences(path)
    preferences.add_recent_file(file)
    assert preferences.recent_files == []
    file.touch()
    assert preferences.recent_files == [file]


def test_a_relative_path_is_remembered_whole(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here.longcut").touch()
    preferences = Preferences(path)
    preferences.add_recent_file(Path("here.longcut"))
    assert preferences.recent_files == [tmp_path / "here.longcut"]


def test_a_folder_that_is_gone_falls_back_to_the_users_own(path, tmp_path):
    folder = tmp_path / "folder"
    folder.mkdir()
    preferences = Preferences(path)
    preferences.last_folder = folder
    folder.rmdir()
    assert preferences.last_folder == Path.home()


@pytest.mark.parametrize(
    "text",
    [
        "[General]\ntheme=pink\nlanguage=\nrecent_files=@Invalid()\nlast_folder=7\n[window]\ngeometry=5\nstate=x\n",
        "[General]\ntheme=dark, light\nrecent_files=, ,\nlast_folder=a, b\n",
        "\x00\x01 no settings at all",
    ],
)
def test_a_damaged_file_reads_as_defaults(path, text):
    path.write_text(text)
    preferences = Preferences(path)
    assert preferences.recent_files == []
    assert (preferences.theme, preferences.language) == ("system", "system")
    assert preferences.last_folder == Path.home()
    assert preferences.window_geometry.isEmpty()
    assert preferences.window_state.isEmpty()


def test_maps_that_are_written_for_their_engine_are_remembered_one_by_one(path, tmp_path):
    preferences = Preferences(path)
    one, other = tmp_path / "a.tmx", tmp_path / "b.tmx"
    preferences.set_saves_for_engine(one, True)
    assert again(preferences, path).saves_for_engine(one)
    preferences.set_saves_for_engine(other, True)
    preferences.set_saves_for_engine(one, False)
    found = again(preferences, path)
    assert (found.saves_for_engine(one), found.saves_for_engine(other)) == (False, True)
