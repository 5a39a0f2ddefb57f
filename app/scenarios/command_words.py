"""Settings as words of a command line."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from app.scenarios.settings import settings_of

if TYPE_CHECKING:
    from app.scenarios.scenario import AnyScenario
    from app.scenarios.settings import Setting
    from engine.core.errors import ProblemError, SuggestedFix


def flag_of(name: str, kind: Setting[Any]) -> str:
    """Return the option of a setting, as in "--learning-rate"."""
    return kind.flag or "--" + name.replace("_", "-")


def words_for(fix: SuggestedFix, scenario: AnyScenario) -> list[str]:
    """Return the words of a command line that give a setting the suggested value."""
    kind = settings_of(scenario.settings)[fix.setting]
    flag = flag_of(fix.setting, kind)
    if kind.words == "none":
        return [flag if fix.value else f"--no-{flag.removeprefix('--')}"]
    return [flag, kind.word_of(fix.value)]


def advice(fix: SuggestedFix, scenario: AnyScenario) -> str:
    """Return a suggested value as an option to type."""
    return f"Try {shlex.join(words_for(fix, scenario))}"


def with_advice(error: ProblemError, scenario: AnyScenario) -> str:
    """Return why no run can start, with the option to type where there is one that helps."""
    sentence = str(error)
    return sentence if error.fix is None else f"{sentence.removesuffix('.')}. {advice(error.fix, scenario)}"
