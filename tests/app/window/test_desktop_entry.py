"""The entry in the desktop's menu."""

import configparser
import sys

import pytest

from app.window.desktop_entry import install_desktop_entry


class CaseKept(configparser.ConfigParser):
    """A parser that leaves keys as they are written."""

    def optionxform(self, optionstr: str) -> str:
        """Return the key itself."""
        return optionstr


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux desktops have such entries")
def test_the_entry_starts_this_program_with_this_python(tmp_path):
    told = install_desktop_entry(tmp_path)
    target = tmp_path / "applications" / "longcut.desktop"
    assert str(target) in told
    parser = CaseKept(interpolation=None)
    parser.read(target, "utf-8")
    entry = parser["Desktop Entry"]
    assert entry["Exec"].endswith('"-m" "app" %f')
    assert f'"{sys.executable}"' in entry["Exec"]
    assert entry["Icon"].endswith("longcut.svg")
    assert "%" not in entry["Exec"].removesuffix("%f").replace("%%", "")
