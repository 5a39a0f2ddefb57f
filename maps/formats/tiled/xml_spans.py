"""XML elements with the bytes that they stand in, so that a part of a file can be replaced and the rest kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.parsers import expat

from maps.errors import MapFormatError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOST_PARTS = 600_000  # attributes, and elements twice: as many as are read in a second
LONGEST_TAG = 8 << 20  # bytes
_BLOCK = 1 << 20  # bytes
DEEPEST = 64


@dataclass(eq=False, slots=True)
class Element:
    """An element: its name, attributes and children, and where its bytes lie.

    begin, end: of the whole element in the file.  inner_begin, inner_end: of what its tags enclose; the same
    place twice where it has one tag only.
    """

    name: str
    attributes: dict[str, str]
    begin: int
    inner_begin: int
    inner_end: int = -1
    end: int = -1
    children: list[Element] = field(default_factory=list["Element"])

    def all(self, *names: str) -> Iterator[Element]:
        """Yield the children of these names, in order."""
        return (child for child in self.children if child.name in names)

    def first(self, name: str) -> Element | None:
        """Return the first child of this name, None if there is none."""
        return next(self.all(name), None)

    def get(self, name: str, otherwise: str = "") -> str:
        """Return an attribute."""
        return self.attributes.get(name, otherwise)


def parse(path: Path, data: bytes) -> Element:
    """Return the root element of an XML file in UTF-8.

    Raises MapFormatError, with the line, for XML that is not well formed, for a document type definition (which
    could make a small file huge), for another encoding, and for too many or too deeply nested elements.
    """
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in data[:4]:
        raise MapFormatError(path, "", "is not in UTF-8, the encoding that the editor writes; save it there anew")
    parser = expat.ParserCreate()
    root: list[Element] = []
    open_elements: list[Element] = []
    count = 0

    def refuse(why: str) -> MapFormatError:
        return MapFormatError(path, f"line {parser.CurrentLineNumber}", why)

    def declared(version: str, encoding: str | None, standalone: int) -> None:
        if encoding is not None and encoding.lower() not in ("utf-8", "utf8", "us-ascii", "ascii"):
            raise refuse(f"is in the encoding {encoding[:20]}; the editor writes UTF-8. Save it there anew")

    def doctype(*_: object) -> None:
        raise refuse("has a document type definition, which no map needs; it is not read")

    def begin(name: str, attributes: dict[str, str]) -> None:
        nonlocal count
        count += 2 + len(attributes)
        if count > MOST_PARTS:
            advice = "in the editor, choose CSV or a compressed tile layer format in the map's properties"
            raise refuse(f"has more elements than are read, about 200,000; {advice}")
        if len(open_elements) >= DEEPEST:
            raise refuse(f"has elements nested deeper than {DEEPEST}")
        at = parser.CurrentByteIndex
        quoted = any(">" in value for value in attributes.values())
        element = Element(name, attributes, at, _end_of_tag(data, at) if quoted else data.find(b">", at) + 1)
        (open_elements[-1].children if open_elements else root).append(element)
        open_elements.append(element)

    def end(name: str) -> None:
        element = open_elements.pop()
        if data[element.inner_begin - 2 : element.inner_begin] == b"/>":
            element.inner_end = element.end = element.inner_begin
        else:
            element.inner_end = parser.CurrentByteIndex
            element.end = data.find(b">", element.inner_end) + 1

    parser.XmlDeclHandler = declared
    parser.StartDoctypeDeclHandler = doctype
    parser.StartElementHandler = begin
    parser.EndElementHandler = end
    try:
        for at in range(0, len(data), _BLOCK):
            parser.Parse(data[at : at + _BLOCK], False)
            if at + _BLOCK - parser.CurrentByteIndex > LONGEST_TAG:
                raise refuse(f"has a tag of more than {LONGEST_TAG >> 20} MB")
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        why = expat.ErrorString(error.code)
        raise MapFormatError(path, f"line {error.lineno}", f"is not whole XML: {why}") from None
    return root[0]


def spliced(data: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    """Return the bytes with each stretch (begin, end) replaced; stretches do not overlap."""
    parts: list[bytes] = []
    at = 0
    for begin, end, new in sorted(changes, key=lambda change: change[:2]):
        parts += (data[at:begin], new)
        at = end
    return b"".join((*parts, data[at:]))


def attribute_span(data: bytes, element: Element, name: str) -> tuple[int, int] | None:
    """Return where the value of an element's attribute stands, without its quotes; None if it has none."""
    at = element.begin + 1 + len(element.name.encode())
    while at < element.inner_begin:
        equals = data.find(b"=", at, element.inner_begin)
        if equals < 0:
            return None
        found = data[at:equals].strip().decode()
        quote = equals + 1
        while data[quote : quote + 1].isspace():
            quote += 1
        close = data.index(data[quote : quote + 1], quote + 1)
        if found == name:
            return quote + 1, close
        at = close + 1
    return None


def _end_of_tag(data: bytes, at: int) -> int:
    """Where the tag that begins at `at` ends: after the first > outside of quotes."""
    while at < len(data):
        letter = data[at : at + 1]
        if letter in (b'"', b"'"):
            at = data.find(letter, at + 1)
        elif letter == b">":
            return at + 1
        at += 1
    return len(data)
