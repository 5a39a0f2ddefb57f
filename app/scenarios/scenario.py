"""What a scenario is: settings from which a form and a command line are built, and steps that a run takes.

Nothing here knows Qt, and importing a scenario does not import the engine: only its steps do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from app.scenarios.frame import Frame
from maps.document import MapDocument

Report = dict[str, Any]


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
