"""Settings as fields of a dataclass, each with what a form or a command line shows of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from maps.document import MapDocument


@dataclass(frozen=True)
class Setting:
    """How a field of a settings class is shown. The kind of control follows from the field's default.

    choices: key to text, for a choice.  entries: the same, of what the document has.
    least, most, single_step, unit: of a number.
    path: pattern of a file to name, behind ">" where the file is to be written.
    as_is: for a default of None, what the document has instead, as text and as a number.
    more: folded away until asked for.  flag: on the command line; the field's name where empty.
    unused: whether the setting does not count beside the others, and is therefore not shown.
    """

    text: str
    tip: str
    choices: Mapping[str, str] = field(default_factory=dict)
    entries: Callable[[MapDocument], dict[str, str]] | None = None
    path: str = ""
    least: float = 0.0
    most: float = 1e9
    single_step: float = 0.1
    unit: str = ""
    as_is: Callable[[MapDocument], tuple[str, float]] | None = None
    more: bool = False
    flag: str = ""
    unused: Callable[[Any], bool] = lambda _: False


def setting(default: Any, text: str, tip: str, **how: Any) -> Any:
    """A field of a settings class; see `Setting` for `how`."""
    return field(default=default, metadata={"setting": Setting(text, tip, **how)})


def settings_of(kind: type[Any]) -> dict[str, tuple[Setting, Any]]:
    """Name to (how it is shown, default) of every setting of a settings class, in order."""
    return {entry.name: (entry.metadata["setting"], entry.default) for entry in dataclasses.fields(kind)}
