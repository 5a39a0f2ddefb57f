"""Settings as fields of a dataclass, each of a kind that the form and the command line both read.

A kind knows the words, the range and the two spellings of its values: `word_of` and `parse` for the command
line, `text_of` for sentences. The form has one control for each kind, see `app.widgets.setting_controls`.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass, field, fields
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from _typeshed import DataclassInstance

    from maps.document import MapDocument

Value = TypeVar("Value")
Key = TypeVar("Key", bound=str)
AnySettings = TypeVar("AnySettings", bound="DataclassInstance")


def _always_used(settings: Any) -> bool:
    return False


@dataclass(frozen=True)
class Setting(ABC, Generic[Value]):
    """One kind of setting. Subclasses say with `_parse`, `_word`, `_text` and `_check` what is theirs.

    text: its label.  tip: what it does, in a designer's words.  term: what the field calls it, if otherwise.
    more: how the engine computes, which is folded away until asked for.
    flag: its option on the command line; from the field's name where empty.
    unused: whether the other settings make this one irrelevant, so that the form does not show it.
    words: how many words follow the option; with "many" the values of all of them are joined.
    """

    text: str
    tip: str
    _: KW_ONLY
    term: str = ""
    more: bool = False
    flag: str = ""
    unused: Callable[[Any], bool] = _always_used
    words: ClassVar[Literal["one", "many", "none"]] = "one"
    placeholder: ClassVar[str] = "VALUE"

    @property
    def metavar(self) -> str:
        """Return the placeholder of a value in the help of the command line."""
        return self.placeholder

    def parse(self, text: str) -> Value:
        """Return the value that a word means. Raises ValueError, saying what would do, where it means none."""
        value = self._parse(text)
        self._check(value)
        return value

    def word_of(self, value: Value) -> str:
        """Return the word from which `parse` makes this value."""
        return self._word(value)

    def text_of(self, value: Value) -> str:
        """Return a value as it reads in a sentence."""
        return self._text(value)

    def check(self, value: Value) -> None:
        """Refuse a value that the setting cannot have. Raises ValueError, saying what would do."""
        self._check(value)

    @abstractmethod
    def _parse(self, text: str) -> Value: ...

    def _word(self, value: Value) -> str:
        return str(value)

    def _text(self, value: Value) -> str:
        return self._word(value)

    def _check(self, value: Value) -> None:
        pass


@dataclass(frozen=True)
class Choice(Setting[Key]):
    """One of a few. choices: key to label."""

    choices: Mapping[Key, str] = field(kw_only=True)

    @property
    def metavar(self) -> str:
        """Return the keys, as argparse writes them."""
        return "{" + ",".join(self.choices) + "}"

    def _parse(self, text: str) -> Key:
        for key in self.choices:
            if key == text:
                return key
        raise ValueError(f"{text!r} is no choice; choose from {', '.join(self.choices)}")

    def _text(self, value: Key) -> str:
        return self.choices[value]

    def _check(self, value: Key) -> None:
        self._parse(value)


@dataclass(frozen=True)
class DocumentChoice(Setting[str]):
    """One of the things that a document has. entries: key to label; an empty value stands for the first."""

    entries: Callable[[MapDocument], Mapping[str, str]] = field(kw_only=True)
    placeholder: ClassVar[str] = "NAME"

    def _parse(self, text: str) -> str:
        return text

    def _text(self, value: str) -> str:
        return value or "the first"


@dataclass(frozen=True)
class Number(Setting[float]):
    """A number from `least` to `most`. single_step: of its control.  unit: behind the number."""

    least: float = field(default=0.0, kw_only=True)
    most: float = field(default=1e9, kw_only=True)
    single_step: float = field(default=0.1, kw_only=True)
    unit: str = field(default="", kw_only=True)

    def _parse(self, text: str) -> float:
        return _number(text)

    def _text(self, value: float) -> str:
        return f"{value:g}"

    def _check(self, value: float) -> None:
        _check_range(value, self.least, self.most)


@dataclass(frozen=True)
class OptionalNumber(Setting[float | None]):
    """A number from `least` to `most`, or none.

    none: what none means, in words.  stands_for: the number that it means on a map; None if only a run knows.
    """

    none: str = field(kw_only=True)
    stands_for: Callable[[MapDocument], float] | None = field(default=None, kw_only=True)
    least: float = field(default=0.0, kw_only=True)
    most: float = field(default=1e9, kw_only=True)
    single_step: float = field(default=0.1, kw_only=True)
    placeholder: ClassVar[str] = "keep|VALUE"

    def _parse(self, text: str) -> float | None:
        return None if text == "keep" else _number(text)

    def _word(self, value: float | None) -> str:
        return "keep" if value is None else str(value)

    def _text(self, value: float | None) -> str:
        return self.none if value is None else f"{value:g}"

    def _check(self, value: float | None) -> None:
        if value is not None:
            _check_range(value, self.least, self.most)


@dataclass(frozen=True)
class Whole(Setting[int]):
    """A whole number from `least` to `most`. single_step: of its control.  unit: behind the number."""

    least: int = field(default=0, kw_only=True)
    most: int = field(default=1_000_000_000, kw_only=True)
    single_step: int = field(default=1, kw_only=True)
    unit: str = field(default="", kw_only=True)
    placeholder: ClassVar[str] = "N"

    def _parse(self, text: str) -> int:
        try:
            return int(text)
        except ValueError:
            raise ValueError(f"{text!r} is not a whole number") from None

    def _check(self, value: int) -> None:
        _check_range(value, self.least, self.most)


@dataclass(frozen=True)
class Numbers(Setting[tuple[float, ...]]):
    """Any number of numbers, each at least 0, with commas, semicolons or spaces between them."""

    words: ClassVar[Literal["one", "many", "none"]] = "many"

    def _parse(self, text: str) -> tuple[float, ...]:
        return tuple(_number(word) for word in text.replace(";", " ").replace(",", " ").split())

    def _word(self, value: tuple[float, ...]) -> str:
        return ",".join(map(str, value))

    def _text(self, value: tuple[float, ...]) -> str:
        return ", ".join(f"{number:g}" for number in value) or "none"

    def _check(self, value: tuple[float, ...]) -> None:
        for number in value:
            if number < 0.0:
                raise ValueError(f"{number:g} is not a number of at least 0")


@dataclass(frozen=True)
class Toggle(Setting[bool]):
    """On or off. On the command line the option itself says which: --name or --no-name."""

    words: ClassVar[Literal["one", "many", "none"]] = "none"

    def _parse(self, text: str) -> bool:
        if text not in ("on", "off"):
            raise ValueError(f"{text!r} is neither on nor off")
        return text == "on"

    def _word(self, value: bool) -> str:
        return "on" if value else "off"


@dataclass(frozen=True)
class OpenFile(Setting[str]):
    """The name of a file to read, empty for none. pattern: endings for a file dialog, as in "*.png *.csv"."""

    pattern: str = field(kw_only=True)
    placeholder: ClassVar[str] = "FILE"

    def _parse(self, text: str) -> str:
        return text

    def _text(self, value: str) -> str:
        return value or "none"


@dataclass(frozen=True)
class SaveFile(OpenFile):
    """The name of a file to write, empty for none."""


def setting(default: Value, kind: Setting[Value]) -> Value:
    """Return a dataclass field of this kind, for the body of a settings class."""
    return field(default=default, metadata={Setting: kind})


def settings_of(settings_class: type[DataclassInstance]) -> dict[str, Setting[Any]]:
    """Return the kind of every setting of a settings class by the name of its field, in order."""
    return {entry.name: entry.metadata[Setting] for entry in fields(settings_class)}


def settings_as_words(settings: DataclassInstance) -> dict[str, str]:
    """Return the word of every setting by the name of its field, as the command line would spell it."""
    return {name: kind.word_of(getattr(settings, name)) for name, kind in settings_of(type(settings)).items()}


def settings_from_words(settings_class: type[AnySettings], words: Mapping[str, object]) -> AnySettings:
    """Return the settings that `settings_as_words` spelled; the default where a word is missing or will not do."""
    values: dict[str, Any] = {}
    for name, kind in settings_of(settings_class).items():
        with suppress(KeyError, ValueError):
            values[name] = kind.parse(str(words[name]))
    return settings_class(**values)


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"{text!r} is not a number")
    return value


def _check_range(value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise ValueError(f"{value:g} is out of range; choose {least:g} to {most:g}")
