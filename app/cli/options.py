"""Options of the command line: the settings of a scenario, and what replaces parts of a map."""

from __future__ import annotations

import argparse
from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

from app.cli import marks
from app.cli.output import BadInput
from app.scenarios import SCENARIOS
from app.scenarios.command_words import flag_of
from app.scenarios.settings import Setting, settings_of
from app.scenarios.words import with_term

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.scenarios.scenario import AnyScenario, ScenarioSettings
    from maps.document import MapDocument

Value = TypeVar("Value")

PREFIX = "setting_"  # keeps settings apart from the command's own options


def word(kind: Setting[Value]) -> Callable[[str], Value]:
    """Return what argparse makes values of this kind with."""

    def value_of(text: str) -> Value:
        try:
            return kind.parse(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return value_of


def add_settings(parser: argparse.ArgumentParser, scenario: AnyScenario) -> None:
    """Add one option for each setting of a scenario, in a group of its own."""
    group = parser.add_argument_group(f"settings of {scenario.name}")
    settings: ScenarioSettings = scenario.settings()
    defaults = vars(settings)
    for name, kind in settings_of(scenario.settings).items():
        default = kind.word_of(defaults[name]) or kind.text_of(defaults[name])
        what: dict[str, Any] = {
            "dest": PREFIX + name,
            "default": argparse.SUPPRESS,
            "help": f"{with_term(kind.tip, kind.term)} ({default})".replace("%", "%%"),
        }
        if kind.words == "none":
            what["action"] = argparse.BooleanOptionalAction
        else:
            what |= {"type": word(kind), "metavar": kind.metavar}
        if kind.words == "many":
            what |= {"nargs": "+", "action": "extend"}
        group.add_argument(flag_of(name, kind), **what)


def settings_from(arguments: argparse.Namespace, scenario: AnyScenario) -> ScenarioSettings:
    """Return the settings that the arguments ask for; what they do not name has its default."""
    kinds = settings_of(scenario.settings)
    values = {
        name: tuple(chain.from_iterable(value)) if kinds[name].words == "many" else value
        for name, value in _given(arguments).items()
    }
    return scenario.settings(**values)


def check_settings(arguments: argparse.Namespace, scenario: AnyScenario, *settings: ScenarioSettings) -> None:
    """Refuse, with BadInput, an option that the other settings make irrelevant in every one of these runs."""
    kinds = settings_of(scenario.settings)
    for name in _given(arguments):
        if all(kinds[name].unused(each) for each in settings):
            option = flag_of(name, kinds[name])
            raise BadInput(f"{option} has no effect with the other settings given here; leave it out")


def _given(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the values of the settings that the arguments name."""
    return {name.removeprefix(PREFIX): value for name, value in vars(arguments).items() if name.startswith(PREFIX)}


def scenarios_with(option: str) -> list[str]:
    """Return the names of the scenarios that have a setting with this option."""
    option = option.partition("=")[0]
    return [
        scenario.name
        for scenario in SCENARIOS.values()
        for name, kind in settings_of(scenario.settings).items()
        if option == flag_of(name, kind)
        or (kind.words == "none" and option == f"--no-{flag_of(name, kind).removeprefix('--')}")
    ]


def add_map_options(parser: argparse.ArgumentParser) -> None:
    """Add options that replace the routes, points and movement rule of a map."""
    marks.add_arguments(parser)
    parser.add_argument("--neighbours", type=int, choices=[4, 8], help="moves of a cell, instead of the map's own")
    parser.add_argument(
        "--cost-rule",
        choices=["mean", "entered"],
        help="what a move costs: the mean of its two cells, or the cell entered",
    )
    parser.add_argument(
        "--corners",
        choices=["both-open", "one-open", "free"],
        help="when a diagonal is legal: both orthogonal cells open, one, or always",
    )


def with_map_options(document: MapDocument, arguments: argparse.Namespace) -> MapDocument:
    """Return the document with the routes, points and movement rule that the arguments ask for."""
    rule = document.rule
    if arguments.neighbours:
        rule = replace(rule, neighbours=arguments.neighbours)
    if arguments.cost_rule:
        rule = replace(rule, cost_rule=arguments.cost_rule)
    if arguments.corners:
        rule = replace(rule, corner_rule=arguments.corners.replace("-", "_"))
    return marks.with_marks(document.replace(rule=rule), arguments)
