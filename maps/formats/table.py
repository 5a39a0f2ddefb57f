"""Tables as text, the way real tools write them: which marks part and point the numbers, what is a name.

A dialect is recognised from the first lines and can be set. Nothing is guessed in silence: `Dialect.told` says how
a table is read, for the designer to see.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Literal

from maps.document import MAX_SIDE
from maps.errors import MapFormatError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator

Separator = Literal[",", ";", "\t", " "]

LONGEST_LINE = 32 * MAX_SIDE  # letters
_SAMPLE = 24  # lines that a dialect is recognised from
_NAMES: dict[Separator, str] = {",": "commas", ";": "semicolons", "\t": "tabs", " ": "blanks"}
_SEP_LINES: dict[str, Separator] = {"sep=,": ",", "sep=;": ";", "sep=": "\t", "sep=\t": "\t"}
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+([eE][+-]?\d+)?")
_ENCODINGS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"))


@dataclass(frozen=True)
class TableOptions:
    """How a table is to be read; None leaves it to be recognised.

    separator: between the fields of a line.  decimal_comma: whether 1,5 is one and a half.
    header: whether the first line names the columns.  index: whether the first column numbers the rows.
    walls: values that stand for an impassable cell, beside inf and NaN.
    """

    separator: Separator | None = None
    decimal_comma: bool | None = None
    header: bool | None = None
    index: bool | None = None
    walls: tuple[float, ...] = ()


@dataclass(frozen=True)
class Dialect:
    """How a table is written."""

    encoding: str
    separator: Separator
    decimal_comma: bool
    header: bool
    index: bool

    @property
    def unusual(self) -> bool:
        """Return whether there is something to tell about it."""
        return self != Dialect("utf-8", ",", False, False, False)

    @property
    def told(self) -> str:
        """Return the dialect in words."""
        words = [f"columns parted by {_NAMES[self.separator]}"]
        if self.decimal_comma:
            words.append("decimal commas")
        if self.header:
            words.append("the first line names the columns")
        if self.index:
            words.append("the first column numbers the rows and is left out")
        if self.encoding == "utf-16":
            words.append("UTF-16")
        return ", ".join(words)


class Table:
    """Reads the lines of a table in an open file, field by field; never more of it in memory than one line.

    Raises MapFormatError, naming the line, for what is no table.
    """

    def __init__(
        self, path: str | os.PathLike[str], file: BinaryIO, most_lines: int, options: TableOptions | None = None
    ) -> None:
        self._path, self._file, self._most_lines = path, file, most_lines
        encoding = encoding_of(file.read(4))
        file.seek(0)
        lines = self._lines(encoding)
        sample = [text for _, (_, text) in zip(range(_SAMPLE), lines, strict=False)]
        self._starts_with_sep = bool(sample) and _sep_line(sample[0]) is not None
        self.dialect = recognise(sample, encoding, options or TableOptions())

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield what `records` does, without the line that names the columns."""
        records = self.records()
        if self.dialect.header:
            next(records, None)
        return records

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the lines that are neither empty nor comments, numbered from 1, as fields; the header among them.

        A field's decimal comma has become a point, a column that numbers the rows is left out.
        """
        dialect = self.dialect
        for number, text in self._lines(dialect.encoding):
            if number == 1 and self._starts_with_sep:
                continue
            try:
                fields = fields_of(text, dialect.separator)
            except csv.Error as error:
                raise MapFormatError(self._path, f"line {number}", f"is no line of a table: {error}") from None
            if dialect.decimal_comma:
                fields = [_with_point(field) for field in fields]
            yield number, fields[1:] if dialect.index else fields

    def _lines(self, encoding: str) -> Iterator[tuple[int, str]]:
        self._file.seek(0)
        reader = io.TextIOWrapper(self._file, encoding=encoding, errors="strict", newline=None)
        try:
            for number in range(1, self._most_lines + 1):
                try:
                    line = reader.readline(LONGEST_LINE)
                except UnicodeError:
                    raise MapFormatError(self._path, f"line {number}", "is not text in UTF-8 or UTF-16") from None
                if not line:
                    return
                if len(line) == LONGEST_LINE:
                    raise MapFormatError(self._path, f"line {number}", "is longer than a row of the widest map")
                text = line.strip("\r\n \ufeff")
                if text.strip() and not text.startswith("#"):
                    yield number, text
            if reader.read(1):
                raise MapFormatError(self._path, "", f"has more than {self._most_lines} lines")
        finally:
            reader.detach()  # the file is its opener's to close


def encoding_of(start: bytes) -> str:
    """Return the encoding that the first bytes of a text tell; UTF-8 where they tell none."""
    return next((name for mark, name in _ENCODINGS if start.startswith(mark)), "utf-8")


def recognise(sample: Iterable[str], encoding: str, options: TableOptions) -> Dialect:
    """Return the dialect of a table that begins with these lines, with what is set by `options`."""
    lines = list(sample)
    told = _sep_line(lines[0]) if lines else None
    if told is not None:
        lines = lines[1:]
    separator = options.separator or told or _separator_of(lines)
    rows = [fields_of(line, separator) for line in lines]
    comma = options.decimal_comma
    if comma is None:
        comma = separator != "," and any(_DECIMAL_COMMA.fullmatch(field) for row in rows for field in row)
    if comma:
        rows = [[_with_point(field) for field in row] for row in rows]
    numbered = _is_numbered(rows)
    header = options.header
    if header is None:
        # Names only: a line with a number in it is a row, and what is no number in it a fault to be told.
        header = numbered or (bool(rows) and any(rows[0]) and not any(is_number(field) for field in rows[0]))
    index = numbered if options.index is None else options.index
    return Dialect(encoding, separator, comma, header, index)


def fields_of(line: str, separator: Separator) -> list[str]:
    """Return the fields of a line, without blanks around them and without what follows a last separator."""
    if '"' in line:
        fields = [field.strip() for field in next(csv.reader([line], delimiter=str(separator)))]
    elif separator == " ":
        fields = line.split()
    else:
        fields = [field.strip() for field in line.split(separator)]
    return fields[:-1] if len(fields) > 1 and not fields[-1] else fields


def is_number(text: str) -> bool:
    """Return whether a field is a number; `1_0`, which Python would take, is none."""
    try:
        float(text)
    except ValueError:
        return False
    return "_" not in text


def _with_point(field: str) -> str:
    return field.replace(",", ".") if _DECIMAL_COMMA.fullmatch(field) else field


def _sep_line(line: str) -> Separator | None:
    """The separator of a first line such as `sep=;`, which spreadsheets write and read."""
    return _SEP_LINES.get(line.lower())


def _separator_of(lines: list[str]) -> Separator:
    if not any(mark in line for mark in "\t;" for line in lines) and _is_blank_parted(lines[1:] or lines):
        return " "
    marks: tuple[Separator, ...] = ("\t", ";", ",", " ")
    for mark in marks:
        if any(mark in line for line in lines):
            return mark
    return ","


def _is_blank_parted(lines: list[str]) -> bool:
    """Whether lines are decimal commas with blanks between them, as in `1,5 2,5`: no other way gives numbers."""
    rows = [line.split() for line in lines]
    words = [_with_point(word) for row in rows for word in row]
    return any("," in line for line in lines) and all(len(row) > 1 for row in rows) and all(map(is_number, words))


def _is_numbered(rows: list[list[str]]) -> bool:
    """Whether the lines are numbered, as a data frame is written: `,0,1,2` above `0,5.0,…` and `1,…`."""
    if len(rows) < 2 or len(rows[0]) < 2 or rows[0][0]:
        return False
    return [row[0] for row in rows[1:]] == [str(number) for number in range(len(rows) - 1)]
