"""What a scenario is: settings from which a form and a command line are built, and steps that a run takes.

Nothing here knows Qt, and importing a scenario does not import the engine: only its steps do.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from math import ceil
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from maps.document import MapDocument

Floats = npt.NDArray[np.float64]
Report = dict[str, Any]


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


@dataclass(frozen=True, eq=False)
class Scatter:
    """Points (n, 2) in a plane. groups: (n,) which colour; second: (n,) which are rings; words: what they are."""

    points: Floats
    groups: npt.NDArray[np.int64]
    second: npt.NDArray[np.bool_]
    words: str


@dataclass(frozen=True, eq=False)
class Frame:
    """What the canvas shows of one step; None where a scenario has no such thing.

    cost_map, traffic: (H, W).  paths: cells (n, 2) per route; walks: the same, of agents.
    layouts: name to positions (n, 2).
    plan: lines (k, 4) from (row, col) to (row, col), their mass (k,), and the point (k,) each begins at.
    """

    step: int
    cost_map: Floats | None = None
    traffic: Floats | None = None
    paths: tuple[npt.NDArray[np.int64], ...] = ()
    walks: tuple[npt.NDArray[np.int64], ...] = ()
    layouts: Mapping[str, Floats] | None = None
    plan: tuple[Floats, Floats, npt.NDArray[np.int64]] | None = None
    scatter: Scatter | None = None
    device: str = "cpu"


@dataclass(frozen=True, eq=False)
class Seen:
    """One step of a run.

    figures: numbers by name; the scenario's curves are among them, NaN where a step has none.
    frame: makes what the canvas shows, called only when somebody looks.
    result: the best so far, for `Scenario.apply`.  state: what a run on an edited document goes on from.
    ending: None while the run may go on; then its sentence.
    """

    step: int
    figures: Mapping[str, float]
    frame: Callable[[], Frame]
    result: Any
    state: Any
    status: str = ""
    ending: str | None = None


def figure(value: float) -> str:
    """A number in a headline: four digits, thousands apart."""
    return f"{value:,.0f}".replace(",", "\u202f") if abs(value) >= 1000.0 else f"{value:.4g}"


def within(gap: float) -> str:
    """A bound of a relative error in per cent, rounded up, so that it stays true: "0.91", "4.3", "12"."""
    percent = 100.0 * gap
    decimals = 2 if percent < 1.0 else 1 if percent < 10.0 else 0
    # What is above a step only by the error of a float is not.
    steps = max(1, ceil(round(percent * 10**decimals, 6)))
    return f"{steps / 10**decimals:.{decimals}f}"


@dataclass(frozen=True)
class Curve:
    """A figure that is drawn over the steps. role: which colour.  log: beside the others, on a log scale."""

    name: str
    title: str
    role: Literal["best", "value", "soft", "bound"]
    log: bool = False


@dataclass(frozen=True)
class Scenario:
    """One thing to do with a map.

    settings: a frozen dataclass whose fields are made by `setting`.
    steps(document, settings, state): checks at once, raising the engine's ProblemError, and returns the steps;
        state is None or that of an earlier run's step.
    total_steps(settings): None where it is not known beforehand.
    apply(document, result): the document with the result in it. Raises MapError where it does not fit.
    headline(first, last): the run in one line, from the figures of its first and last step.
    report(before, after, settings, last step): what the command line writes as JSON.
    words(report): the same as lines of text.  captions(report): under the pictures of before and after.
    needs_route: whether a map without a route has nothing to offer.
    gallery(document, result): every map that the run made, with a caption; None where it makes one only.
    """

    title: str
    summary: str
    settings: type[Any]
    steps: Callable[[MapDocument, Any, Any], Iterator[Seen]]
    total_steps: Callable[[Any], int | None]
    apply: Callable[[MapDocument, Any], MapDocument]
    headline: Callable[[Mapping[str, float], Mapping[str, float]], str]
    curves: tuple[Curve, ...]
    axis: str
    report: Callable[[MapDocument, MapDocument, Any, Seen], Report]
    words: Callable[[Report], list[str]]
    captions: Callable[[Report], tuple[str, str]]
    needs_route: bool = True
    gallery: Callable[[MapDocument, Any], list[tuple[str, MapDocument]]] | None = None
