"""What a sweep varies: settings with their values, as words of the command line."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

from app.scenarios.command_words import flag_of
from app.scenarios.settings import SaveFile, Whole, settings_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.scenarios.scenario import AnyScenario, ScenarioSettings
    from app.scenarios.settings import Setting

MOST_RUNS = 10_000
_RANGE = re.compile(r"(-?\d+)\.\.(-?\d+)")


@dataclass(frozen=True)
class Varied:
    """A setting and the values that it takes. name: of its field.  option: as it is typed, without dashes."""

    name: str
    option: str
    values: tuple[Any, ...]
    words: tuple[str, ...]


@dataclass(frozen=True)
class Point:
    """One combination of values. varied: (option, word) of each setting."""

    settings: ScenarioSettings
    varied: tuple[tuple[str, str], ...]


def parse_varied(text: str, scenario: AnyScenario) -> Varied:
    """Return what "NAME=VALUE,VALUE" or, for whole numbers, "NAME=FIRST..LAST" asks for.

    Values of a setting that takes several numbers are parted by semicolons. Raises ValueError, naming the setting
    and what was expected.
    """
    option, parted, words = text.partition("=")
    kinds = settings_of(scenario.settings)
    by_option = {flag_of(name, kind).removeprefix("--"): name for name, kind in kinds.items()}
    option = option.strip().removeprefix("--")
    name = by_option.get(option.replace("_", "-"))
    if name is None:
        raise ValueError(f"{option!r} is no setting of {scenario.name}; it has {', '.join(by_option)}")
    if not parted:
        raise ValueError(f"{text!r} has no values; write {option}=VALUE,VALUE")
    kind = kinds[name]
    if isinstance(kind, SaveFile):
        raise ValueError(f"{option} is a file that each run would write anew; it cannot be varied")
    try:
        given = _values(kind, words)
    except ValueError as error:
        raise ValueError(f"{option}: {error}") from None
    spelled = [kind.word_of(value) for value, _ in given]
    twice = next((word for word in spelled if spelled.count(word) > 1), None)
    if twice is not None:
        raise ValueError(f"{option} has the value {twice} twice; once is enough")
    return Varied(name, option, tuple(value for value, _ in given), tuple(word for _, word in given))


def _values(kind: Setting[Any], words: str) -> list[tuple[Any, str]]:
    """Return the values, each with the word for it."""
    parted = [word.strip() for word in words.split(";" if kind.words == "many" else ",")]
    values: list[tuple[Any, str]] = []
    for word in parted:
        span = _RANGE.fullmatch(word) if isinstance(kind, Whole) else None
        if span is None:
            values.append((kind.parse(word), word))
            continue
        first, last = (kind.parse(end) for end in span.groups())
        if first > last:
            raise ValueError(f"{word!r} goes down; write the lesser number first")
        if last - first >= MOST_RUNS:
            raise ValueError(f"{word!r} are {last - first + 1} values; {MOST_RUNS} runs are the most")
        values += [(value, str(value)) for value in range(first, last + 1)]
    return values


def points_of(varied: Sequence[Varied], settings: ScenarioSettings) -> list[Point]:
    """Return every combination of the values, the last setting changing fastest.

    Raises ValueError for a setting that is varied twice, for too many runs, and for one that has no effect.
    """
    options = [each.option for each in varied]
    twice = next((option for option in options if options.count(option) > 1), None)
    if twice is not None:
        raise ValueError(f"{twice} is varied twice; give all its values in one --vary")
    runs = prod(len(each.values) for each in varied)
    if runs > MOST_RUNS:
        raise ValueError(f"these are {runs} runs; {MOST_RUNS} are the most in one sweep")
    names = [each.name for each in varied]
    points = [
        Point(
            replace(settings, **dict(zip(names, values, strict=True))),
            tuple(zip(options, words, strict=True)),
        )
        for values, words in zip(
            product(*(each.values for each in varied)), product(*(each.words for each in varied)), strict=True
        )
    ]
    for each in varied:
        kind = settings_of(type(settings))[each.name]
        if all(kind.unused(point.settings) for point in points):
            raise ValueError(f"{each.option} has no effect with the other settings given here; leave it out")
    return points
