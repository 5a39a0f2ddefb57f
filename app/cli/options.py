"""A scenario's settings as options of the command line."""

import argparse
import math
from collections.abc import Callable
from typing import Any

from app.scenarios.scenario import Scenario
from app.scenarios.settings import Setting, settings_of

PREFIX = "setting_"  # keeps settings apart from the command's own options


def add_options(parser: argparse.ArgumentParser, scenario: Scenario) -> None:
    """One option for each setting, of the kind that its default asks for."""
    for name, (setting, default) in settings_of(scenario.settings).items():
        flag = setting.flag or "--" + name.replace("_", "-")
        start = list(default) if isinstance(default, tuple) else default  # what "extend" can add to
        words = _help(setting, default)
        parser.add_argument(flag, dest=PREFIX + name, default=start, help=words, **_kind(setting, default))


def settings_from(arguments: argparse.Namespace, scenario: Scenario) -> Any:
    """The settings that the arguments ask for."""
    values = {name: getattr(arguments, PREFIX + name) for name in settings_of(scenario.settings)}
    return scenario.settings(
        **{name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
    )


def number(text: str) -> float:
    """A number of at least 0."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or value < 0.0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of at least 0")
    return value


def whole(text: str) -> int:
    """A whole number of at least 1."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least 1")
    return int(text)


def _kind(setting: Setting, default: Any) -> dict[str, Any]:
    if setting.choices:
        return {"choices": list(setting.choices)}
    if isinstance(default, bool):
        return {"action": argparse.BooleanOptionalAction}
    if isinstance(default, int):
        return {"type": _within(setting, whole if setting.least >= 1 else _integer), "metavar": "N"}
    if isinstance(default, float):
        return {"type": _within(setting, number), "metavar": "VALUE"}
    if isinstance(default, tuple):
        return {"type": number, "nargs": "+", "action": "extend", "metavar": "VALUE"}
    if isinstance(default, str):
        return {"metavar": "FILE" if setting.path else "NAME"}
    return {"type": _number_or_keep, "metavar": "keep|VALUE"}


def _within(setting: Setting, kind: Callable[[str], float]) -> Callable[[str], float]:
    """A kind of number in the range of a setting."""

    def value_of(text: str) -> float:
        value = kind(text)
        if not setting.least <= value <= setting.most:
            raise argparse.ArgumentTypeError(
                f"{text} is out of range; choose {setting.least:g} to {setting.most:g}"
            )
        return value

    return value_of


def _help(setting: Setting, default: Any) -> str:
    shown = {None: "keep", (): "none", "": "none" if setting.path else "the first"}.get(default, default)
    return f"{setting.tip} ({shown})".replace("%", "%%")


def _number_or_keep(text: str) -> float | None:
    return None if text == "keep" else number(text)


def _integer(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
