"""Values that may be missing by their type, and that a test cannot do without."""

from typing import TypeVar

Value = TypeVar("Value")


def present(value: Value | None) -> Value:
    """Return the value; fail where there is none."""
    assert value is not None
    return value
