"""The refusal of a problem that no run can start on, and the change of a setting that would let it start."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Settings = TypeVar("Settings", bound=DataclassInstance)


@dataclass(frozen=True)
class SuggestedFix:
    """A value for one setting that removes the reason of a refusal.

    setting: the name of a field of the settings, or of the problem, that was refused.
    """

    setting: str
    value: object


class ProblemError(ValueError):
    """A problem that no run can start on. The message says what to change.

    subject: the part of the problem that has to change, such as "cost", "route", "bounds" or "layout".
    fix: a change of one setting that is enough, where there is one.
    """

    def __init__(self, subject: str, message: str, fix: SuggestedFix | None = None) -> None:
        super().__init__(message)
        self.subject = subject
        self.fix = fix


def apply_fix(settings: Settings, fix: SuggestedFix) -> Settings:
    """Return the settings with the suggested value. Raises LookupError if they have no such field."""
    if fix.setting not in (field.name for field in fields(settings)):
        raise LookupError(f"{type(settings).__name__} has no setting '{fix.setting}' to set to {fix.value!r}")
    return replace(settings, **{fix.setting: fix.value})
