"""From the arguments of `longcut batch` and `longcut sweep` to the tasks of their runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from app.batch.run import Job, Target
from app.batch.task import GivenFile, Task, given_file
from app.cli.output import BadInput
from app.cli.solve import ready_map
from app.cli.streams import kind_called
from app.cli.tables import given_map
from app.scenarios.command_words import flag_of
from app.scenarios.settings import OpenFile, settings_of
from engine.core.threads import asked_threads
from maps.errors import MapError
from maps.formats import native

if TYPE_CHECKING:
    import argparse

    from app.cli.tables import GivenMap
    from app.scenarios.scenario import AnyScenario, ScenarioSettings
    from maps.document import MapDocument
    from maps.formats import Format


def job_of_file(
    name: str, arguments: argparse.Namespace, scenario: AnyScenario, settings: ScenarioSettings
) -> Job:
    """Read a map, and return its job. Raises MapError or MapFormatError where it has none."""
    try:
        given = given_map(name, arguments)
    except BadInput as error:
        raise MapError(str(error)) from None
    return job_of_map(given, name, arguments, scenario, settings)


def job_of_map(
    given: GivenMap, name: str, arguments: argparse.Namespace, scenario: AnyScenario, settings: ScenarioSettings
) -> Job:
    """Return the task of a map, and in which format its result goes. Raises MapError where there is none."""
    try:
        document = ready_map(given.document, name, arguments, scenario, settings)
        kind = _kind_of_result(document, arguments.to_format)
    except BadInput as error:
        raise MapError(str(error)) from None
    settings, files = _with_files(scenario, settings)
    task = Task(native.encode(document), scenario.name, settings, files, arguments.snap_terrain, asked_threads())
    folder = document.origin.folder if document.origin else ""
    return Job(task, Target(kind.endings[0], folder))


def _kind_of_result(document: MapDocument, to_format: str | None) -> Format:
    """Return in which format a result goes: that of the editor which the map came from, or one that keeps all."""
    came_from = document.origin.format if document.origin else "longcut"
    kind = kind_called(to_format or came_from)
    if not kind.writes(document):
        raise BadInput(f"this map cannot be written as {kind.name}; choose another --to-format")
    return kind


def _with_files(
    scenario: AnyScenario, settings: ScenarioSettings
) -> tuple[ScenarioSettings, tuple[GivenFile, ...]]:
    """Return the settings with whole paths of the files that they name, and what is in these."""
    files: list[GivenFile] = []
    for name, kind in settings_of(scenario.settings).items():
        path = getattr(settings, name)
        if isinstance(kind, OpenFile) and path:
            try:
                files.append(given_file(name, str(Path(path).resolve())))
            except OSError as error:
                raise MapError(
                    f"{flag_of(name, kind)}: {path} cannot be read: {error.strerror or error}"
                ) from None
    return replace(settings, **{file.setting: file.path for file in files}), tuple(files)
