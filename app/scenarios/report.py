"""Reports of runs: JSON, lines of text and captions of pictures come from the same object."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from math import isfinite
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np

if TYPE_CHECKING:
    from engine.core.status import Status

Json: TypeAlias = "dict[str, Json] | list[Json] | str | float | int | bool | None"


@dataclass(frozen=True)
class RunFacts:
    """What every report says about its run.

    movement: the map's movement rule in words.  status: how the run ended; None where it was left before.
    threads: of torch on the CPU; another number may give other last digits, and so other bytes.
    """

    scenario: str
    movement: str
    seed: int
    steps: int
    seconds: float
    status: Status | None
    threads: int = 1


@dataclass(frozen=True)
class Score:
    """The figure of a report by which runs with other settings are compared, on the map before and after.

    name: in words, with its unit.  before: None where the drawn map has none.
    """

    name: str
    before: float | None
    after: float


@dataclass(frozen=True, eq=False)
class Report(ABC):
    """What a run did to a map. Subclasses add their figures as fields; NaN stands for what is not known."""

    run: RunFacts

    def as_json(self) -> dict[str, Json]:
        """Return all figures and facts by name, with null for numbers that are not finite."""
        own = {entry.name: _json(getattr(self, entry.name)) for entry in fields(self) if entry.name != "run"}
        return {**own, **_fields(self.run)}

    def score(self) -> Score | None:
        """Return the figure by which runs are compared; None where there is none."""
        return None

    @abstractmethod
    def summary_lines(self) -> list[str]:
        """Return the report as lines of text, the most important first."""

    @abstractmethod
    def captions(self) -> tuple[str, str]:
        """Return what stands under the pictures of the map before and after."""


def _fields(record: Any) -> dict[str, Json]:
    return {entry.name: _json(getattr(record, entry.name)) for entry in fields(record)}


def _json(value: object) -> Json:
    if isinstance(value, (np.ndarray, np.generic)):
        return _json(cast("Any", value).tolist())
    if isinstance(value, Enum):
        return str(value.value)
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _json(entry) for key, entry in cast("Mapping[object, object]", value).items()}
    if isinstance(value, Sequence):
        return [_json(entry) for entry in cast("Sequence[object]", value)]
    if is_dataclass(value):
        return _fields(value)
    raise TypeError(f"a report cannot hold {value!r}")
