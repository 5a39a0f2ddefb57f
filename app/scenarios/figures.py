"""The numbers of a step, as fields of a frozen dataclass, each with the curve that it is drawn as, if any."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from math import nan
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Role = Literal["best", "value", "soft", "bound"]


@dataclass(frozen=True)
class Curve:
    """A figure that is drawn over the steps.

    name: of the field.  title: of the curve.  role: which colour.  log: beside the others, on a log scale.
    tip: what the title does not say.
    """

    name: str
    title: str
    role: Role
    log: bool
    tip: str


def curve(title: str, role: Role, *, log: bool = False, tip: str = "") -> float:
    """Return a field of a figures class that is drawn as a curve; NaN where a step does not give it."""
    return field(default=nan, metadata={Curve: (title, role, log, tip)})


def curves_of(figures: type[DataclassInstance]) -> tuple[Curve, ...]:
    """Return the curves of a figures class, in the order of its fields."""
    entries = fields(figures)
    return tuple(Curve(entry.name, *entry.metadata[Curve]) for entry in entries if Curve in entry.metadata)
