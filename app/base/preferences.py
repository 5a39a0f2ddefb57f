"""Remember preferences between two sessions, typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal, cast, get_args

from PySide6.QtCore import QByteArray, QSettings

Theme = Literal["system", "dark", "light"]
Language = Literal["system", "en", "ja"]
MOST_RECENT, MOST_LIVE, MOST_UNDERLAYS = 10, 100, 50


class Preferences:
    """Read and write a file of settings. What is missing or damaged in it reads as the default.

    path: the file; None takes the user's own place for settings.
    """

    def __init__(self, path: Path | None = None) -> None:
        if path is None:
            scope = QSettings.Scope.UserScope
            self._settings = QSettings(QSettings.Format.IniFormat, scope, "Longcut", "Longcut")
        else:
            self._settings = QSettings(str(path), QSettings.Format.IniFormat)

    @property
    def recent_files(self) -> list[Path]:
        """The files opened or saved last, newest first, without those that are gone."""
        return [path for path in self._recent() if path.is_file()]

    def add_recent_file(self, path: Path) -> None:
        """Put a file first among the recent ones."""
        path = path.absolute()
        recent = [path, *(other for other in self._recent() if other != path)]
        self._settings.setValue("recent_files", [str(other) for other in recent[:MOST_RECENT]])

    @property
    def last_folder(self) -> Path:
        """Where file dialogs begin: the folder used last while it is there, else the user's own."""
        folder = Path(self._text("last_folder"))
        return folder if folder.is_absolute() and folder.is_dir() else Path.home()

    @last_folder.setter
    def last_folder(self, folder: Path) -> None:
        self._settings.setValue("last_folder", str(folder.absolute()))

    def underlay(self, map_file: Path) -> tuple[str, tuple[float, float, float, float]] | None:
        """Return the picture that lies over a map, and its place: left, top, width, opacity; None without one."""
        return self._underlays().get(str(map_file.absolute()))

    def set_underlay(self, map_file: Path, underlay: tuple[str, tuple[float, float, float, float]] | None) -> None:
        """Remember the picture over a map; None for none. The newest of them are kept."""
        kept = {name: value for name, value in self._underlays().items() if name != str(map_file.absolute())}
        if underlay is not None:
            kept = {str(map_file.absolute()): underlay, **kept}
        entries = [json.dumps([name, file, *place]) for name, (file, place) in kept.items()]
        self._settings.setValue("underlays", entries[:MOST_UNDERLAYS])

    def _underlays(self) -> dict[str, tuple[str, tuple[float, float, float, float]]]:
        """Those of all maps, the newest first; damaged entries are left out."""
        found: dict[str, tuple[str, tuple[float, float, float, float]]] = {}
        for entry in self._texts("underlays"):
            try:
                parts: object = json.loads(entry)
            except ValueError:
                continue
            match parts:
                case [str(name), str(file), float(left), float(top), float(width), float(opacity)] if width > 0.0:
                    found[name] = file, (left, top, width, opacity)
                case _:
                    pass
        return found

    def saves_for_engine(self, path: Path) -> bool:
        """Return whether the file of a map's editor is written after each applied result."""
        return str(path.absolute()) in self._texts("save_for_engine")

    def set_saves_for_engine(self, path: Path, on: bool) -> None:
        """Say whether that is so for a map; the newest of them are remembered."""
        others = [text for text in self._texts("save_for_engine") if text != str(path.absolute())]
        self._settings.setValue("save_for_engine", [*([str(path.absolute())] if on else []), *others][:MOST_LIVE])

    @property
    def theme(self) -> Theme:
        """Dark, light, or as the system is."""
        text = self._text("theme")
        return next((theme for theme in get_args(Theme) if theme == text), "system")

    @theme.setter
    def theme(self, theme: Theme) -> None:
        self._settings.setValue("theme", theme)

    @property
    def language(self) -> Language:
        """English, Japanese, or as the system is."""
        text = self._text("language")
        return next((language for language in get_args(Language) if language == text), "system")

    @language.setter
    def language(self, language: Language) -> None:
        self._settings.setValue("language", language)

    @property
    def window_geometry(self) -> QByteArray:
        """Size and place of the window as Qt saved them; empty before the first time."""
        return self._bytes("window/geometry")

    @window_geometry.setter
    def window_geometry(self, geometry: QByteArray) -> None:
        self._settings.setValue("window/geometry", geometry)

    @property
    def window_state(self) -> QByteArray:
        """Docks and tool bars as Qt saved them; empty before the first time."""
        return self._bytes("window/state")

    @window_state.setter
    def window_state(self, state: QByteArray) -> None:
        self._settings.setValue("window/state", state)

    def sync(self) -> None:
        """Write what has changed to the file now."""
        self._settings.sync()

    def _recent(self) -> list[Path]:
        return [Path(entry) for entry in self._texts("recent_files")]

    def _texts(self, name: str) -> list[str]:
        value = self._settings.value(name)
        if isinstance(value, str):  # a list of one entry comes back as a text
            value = [value]
        entries = cast("list[object]", value) if isinstance(value, list) else []
        return [entry for entry in entries if isinstance(entry, str) and entry]

    def _text(self, name: str) -> str:
        value = self._settings.value(name)
        return value if isinstance(value, str) else ""

    def _bytes(self, name: str) -> QByteArray:
        value = self._settings.value(name)
        return value if isinstance(value, QByteArray) else QByteArray()
