"""The entry of Longcut in the desktop's menu (Linux: freedesktop.org's Desktop Entry specification)."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from app.base.icons import ASSETS


def install_desktop_entry(home: Path | None = None) -> str:
    """Write the entry for this environment's Python; returns what to tell the user. Raises OSError.

    home: the folder for the user's data; None takes XDG_DATA_HOME, or its default.
    """
    if not sys.platform.startswith("linux"):
        return "Only Linux desktops have such entries; make a shortcut to the command “longcut” instead."
    home = home or Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
    target = home / "applications" / "longcut.desktop"
    template = (ASSETS / "longcut.desktop").read_text("utf-8")
    root = ASSETS.parent
    command = ("env", f"PYTHONPATH={root}", sys.executable, "-m", "app")
    text = template.replace("Exec=longcut", "Exec=" + " ".join(_quoted(word) for word in command))
    text = text.replace("Icon=longcut", f"Icon={ASSETS / 'longcut.svg'}")
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, "utf-8")
    return f"Longcut is in the desktop's menu now: {target}"


def _quoted(word: str) -> str:
    """A word of an Exec line, by the specification's own rules: no shell reads it."""
    for special in ("\\", '"', "`", "$"):
        word = word.replace(special, "\\" + special)
    return '"' + word.replace("%", "%%") + '"'
