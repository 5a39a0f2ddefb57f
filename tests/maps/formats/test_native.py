"""The `.longcut` format: bit for bit, the same bytes each time, and no file that does harm."""

import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from maps.document import Layout, MapDocument, Route, new_document
from maps.errors import MapError, MapFormatError
from maps.formats import FORMATS, losses, native, read_map, write_map
from maps.formats.native import decode, encode
from maps.movement import MovementClass
from maps.terrain import NO_TERRAIN
from tests.maps.strategies import EXAMPLES, assert_same, documents

PATH = Path("castle.longcut")


def entries_of(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def archive_of(entries: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def sample() -> MapDocument:
    return new_document(4, 6, name="castle").replace(
        routes=(Route("patrol", (0, 0), (3, 5), 2.0, "#abcdef", 7.25, ((1, 1), (2, 3)), movement="cart"),),
        classes=(MovementClass("cart", (2.0, *[1.0] * 5, np.inf), 2.0, 2, 4),),
        layouts=(Layout("camps", np.array([[1.5, 2.5], [0.0, 5.5]]), np.array([1.0, 3.0])),),
        metadata={"author": "ö", "tags": ["a", {"b": None}]},
    )


def with_header(change: Callable[[dict[str, Any]], Any]) -> bytes:
    """The sample's file with something changed in `map.json`."""
    entries = entries_of(encode(sample()))
    header = json.loads(entries["map.json"])
    change(header)
    return archive_of({**entries, "map.json": json.dumps(header).encode()})


def npy_bytes(array: np.ndarray, **options: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, **options)
    return buffer.getvalue()


@pytest.mark.slow
@given(documents())
@settings(max_examples=EXAMPLES)
def test_every_document_comes_back_bit_for_bit(document: MapDocument) -> None:
    data = encode(document)
    assert_same(decode(PATH, data), document)
    assert encode(decode(PATH, data)) == data


def test_it_goes_through_a_file_without_losses(tmp_path: Path) -> None:
    path = tmp_path / "castle.longcut"
    assert losses(sample(), path) == []
    assert write_map(sample(), path) == []
    assert_same(read_map(path), sample())


def test_the_file_is_what_the_specification_says() -> None:
    data = encode(sample())
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert all(entry.date_time == (1980, 1, 1, 0, 0, 0) for entry in archive.infolist())
    entries = entries_of(data)
    assert set(entries) == {
        *("map.json", "cost.npy", "passable.npy", "locked.npy", "terrain.npy"),
        *("layouts/0/positions.npy", "layouts/0/weights.npy"),
    }
    header = json.loads(entries["map.json"])
    assert (header["format"], header["version"]) == ("longcut map", "1.3")
    assert header["rule"] == {"neighbours": 8, "corner_rule": "both_open", "cost_rule": "mean"}
    assert header["routes"][0] == {
        "name": "patrol",
        "start": [0, 0],
        "goal": [3, 5],
        "weight": 2.0,
        "colour": "#abcdef",
        "expected_cost": 7.25,
        "expected_decimals": None,
        "line": [[1, 1], [2, 3]],
        "movement": "cart",
    }
    assert header["classes"][0] == {
        "name": "cart",
        "costs": [2.0, *([1.0] * 5), None],
        "factor": 2.0,
        "size": 2,
        "neighbours": 4,
        "corner_rule": None,
    }
    assert np.load(io.BytesIO(entries["terrain.npy"])).dtype == np.uint8
    # NumPy alone can read the layers.
    cost = np.load(io.BytesIO(entries["cost.npy"]), allow_pickle=False)
    assert (cost.dtype.str, cost.shape) == ("<f4", (4, 6))
    assert np.load(io.BytesIO(entries["passable.npy"])).dtype == np.bool_
    assert np.load(io.BytesIO(entries["layouts/0/positions.npy"])).tolist() == [[1.5, 2.5], [0.0, 5.5]]


def test_arrays_may_be_stored_in_other_orders_and_with_other_writers() -> None:
    document = sample().replace(cost=np.arange(1, 25, dtype=np.float32).reshape(4, 6))
    entries = entries_of(encode(document))
    entries["cost.npy"] = npy_bytes(np.asfortranarray(document.cost.astype(">f4")))
    entries["unknown.bin"] = b"from a later minor version"
    assert_same(decode(PATH, archive_of(entries, zipfile.ZIP_STORED)), document)


def test_a_later_minor_version_may_add_names() -> None:
    def newer(header: dict[str, Any]) -> None:
        header.update(version="1.7", weather="rain")

    assert_same(decode(PATH, with_header(newer)), sample())


def test_before_version_1_3_costs_tell_the_terrains() -> None:
    document = new_document(1, 5).replace(
        cost=np.array([[0.5, 2.5, 3.3, 1.0, 2.5]], np.float32),
        passable=np.array([[True, True, True, False, False]]),
    )
    entries = entries_of(encode(document))
    del entries["terrain.npy"]
    header = json.loads(entries["map.json"])
    del header["classes"]
    header["version"] = "1.2"
    found = decode(PATH, archive_of({**entries, "map.json": json.dumps(header).encode()}))
    assert found.terrain.tolist() == [[0, 3, NO_TERRAIN, 6, 3]], "road, forest, none, wall, a wall on forest"
    assert found.classes == ()


def test_a_passable_cell_is_of_no_impassable_terrain() -> None:
    document = new_document(1, 3).replace(terrain=np.array([[6, 6, 1]], np.uint8))
    walled = document.replace(passable=np.array([[True, False, True]]))
    assert decode(PATH, encode(walled)).terrain.tolist() == [[NO_TERRAIN, 6, 1]]


def test_a_newer_major_version_is_refused_by_name() -> None:
    with pytest.raises(MapFormatError, match=r"castle\.longcut: map\.json: .*version 2\.0.*newer Longcut.*Update"):
        decode(PATH, with_header(lambda header: header.update(version="2.0")))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda h: h["routes"][0].update(line=[[1, 2], [3]]), r"line\[1\]"),
        (lambda h: h["routes"][0].update(line="zigzag"), "a list of cells"),
        (lambda h: h["routes"][0].update(line=[[1, 99]]), "outside the map"),
        (lambda h: h.update(version="0.9"), "versions start at 1.0"),
        (lambda h: h.update(version="one"), "'1.0' is expected"),
        (lambda h: h.update(version=1.0), "version is 1.0; a text is needed"),
        (lambda h: h.pop("rule"), "rule is missing"),
        (lambda h: h["rule"].update(neighbours=6), "neighbours is 6; choose one of 4, 8"),
        (lambda h: h["rule"].update(neighbours=True), "rule.neighbours is True; a whole number"),
        (lambda h: h["bounds"].update(lower=-1), "lower is -1"),
        (lambda h: h["bounds"].update(upper="much"), "bounds.upper is 'much'; a number"),
        (lambda h: h["bounds"].update(upper=10**400), "damaged|number"),
        (lambda h: h["routes"][0].update(start=[9, 9]), r"start cell \(row 9, col 9\) is outside"),
        (lambda h: h["routes"][0].update(start=[0.5, 1]), r"routes\[0\].start is \[0.5, 1\]; a cell"),
        (lambda h: h["routes"][0].update(colour="red"), "colour is 'red'"),
        (lambda h: h.update(routes={}), "routes is {}; a list of objects"),
        (
            lambda h: h["layouts"][0].update(points=3),
            r"positions.npy: has shape \(2, 2\), but map.json says \(3, 2\)",
        ),
        (lambda h: h["layouts"][0].update(points=-1), "has -1 points"),
        (lambda h: h["layouts"][0].update(points=10**9), "have 1000000000 points"),
        (lambda h: h["palette"][0].update(passable=1), "passable is 1; true or false"),
        (lambda h: h["palette"][0].update(cost=0), "cost is 0"),
        (lambda h: h.update(cell_size=0), "cell_size is 0"),
        (lambda h: h["palette"].pop(), "7 costs for 6 terrains"),
        (lambda h: h["classes"][0].update(costs=[1, "a"]), r"classes\[0\].costs\[1\] is 'a'; a number"),
        (lambda h: h["classes"][0].update(costs=4), r"classes\[0\].costs is 4; a list of numbers"),
        (lambda h: h["classes"][0].update(size=17), "size is 17"),
        (lambda h: h["routes"][0].update(movement="boat"), "a class that the map lacks"),
        (lambda h: h.update(height=5), r"terrain.npy: has shape \(4, 6\), but map.json says \(5, 6\)"),
        (lambda h: h.update(height=0), "is empty"),
        (lambda h: h.update(height=20_000), "a side may have"),
        (lambda h: h.update(height=16_384, width=16_384), "cells in all"),
        (lambda h: h.update(metadata=[]), "metadata is .*; an object"),
        (lambda h: h.update(name="\ud800"), "half a character"),
    ],
)
def test_a_wrong_header_is_refused_in_words(change: Callable[[dict[str, Any]], Any], words: str) -> None:
    with pytest.raises(MapFormatError, match=words):
        decode(PATH, with_header(change))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b'{"version": "1.0", "version": "1.0"}', "a name is given twice"),
        (b'{"version": "1.0", "height": NaN}', "NaN is not a number"),
        (b'{"version": "1.0", "height": -Infinity}', "Infinity is not a number"),
        (b"[1, 2]", "should be an object"),
        (b"\xff\xfe", "is not valid"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"version": "1.0"', "is not valid"),
        (b'{"version": "1.0", "height": ' + b"9" * 5000 + b"}", "is not valid"),
    ],
)
def test_json_that_is_none_is_refused(text: bytes, words: str) -> None:
    entries = {**entries_of(encode(sample())), "map.json": text}
    with pytest.raises(MapFormatError, match=words):
        decode(PATH, archive_of(entries))


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("cost.npy", npy_bytes(np.ones((4, 6))), "holds '<f8'; numbers of type f4"),
        ("cost.npy", npy_bytes(np.ones((6, 4), np.float32)), "has shape"),
        ("cost.npy", npy_bytes(np.ones((4, 6), np.float32))[:-1], "should hold 96 bytes of data but holds 95"),
        ("cost.npy", npy_bytes(np.ones((4, 6), np.float32)) + b"!", "should hold 96 bytes"),
        ("cost.npy", npy_bytes(np.zeros((4, 6), np.float32)), r"cell \(row 0, col 0\): cost is 0.0"),
        ("cost.npy", npy_bytes(np.full((4, 6), None), allow_pickle=True), "holds '|O'"),
        ("cost.npy", b"", "not a NumPy array"),
        ("passable.npy", npy_bytes(np.ones((4, 6), np.bool_))[:-1] + b"\x02", "other than 0 and 1"),
        ("layouts/0/weights.npy", npy_bytes(np.array([1.0, -1.0])), "point 1 weighs -1"),
    ],
)
def test_a_wrong_layer_is_refused_with_its_name(name: str, data: bytes, words: str) -> None:
    entries = {**entries_of(encode(sample())), name: data}
    with pytest.raises(MapFormatError, match=words):
        decode(PATH, archive_of(entries))


@pytest.mark.parametrize("name", ["map.json", "cost.npy", "locked.npy", "layouts/0/positions.npy"])
def test_a_missing_entry_is_named(name: str) -> None:
    entries = entries_of(encode(sample()))
    del entries[name]
    with pytest.raises(MapFormatError, match=f"{name}: is missing"):
        decode(PATH, archive_of(entries))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_of_packing_are_refused(method: int) -> None:
    with pytest.raises(MapFormatError, match="packed in a way"):
        decode(PATH, archive_of(entries_of(encode(sample())), method))


def test_what_cannot_be_read_again_is_not_written() -> None:
    with pytest.raises(MapError, match=r"too many for a \.longcut file"):
        encode(sample().replace(metadata={"diary": "x" * native.MAX_JSON}))
    points = 600_000
    layout = Layout("stars", np.zeros((points, 2)), np.ones(points))
    with pytest.raises(MapError, match=r"1200000 points; 1000000 is the most"):
        encode(sample().replace(layouts=(layout, layout)))


def test_the_first_format_is_the_own_one() -> None:
    assert FORMATS[0].name == "longcut"


def test_a_file_of_version_1_0_has_no_lines() -> None:
    def older(header: dict[str, Any]) -> None:
        header["version"] = "1.0"
        del header["routes"][0]["line"]

    (route,) = decode(PATH, with_header(older)).routes
    assert route.line == ()


@pytest.mark.parametrize("other", [b"Dear diary,\nToday I drew a map.\n", b"x", b"P", b"PK", b"", b"\0" * 5000])
def test_what_is_no_map_at_all_is_told_from_a_map_that_was_cut_short(other: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.longcut"
    path.write_bytes(other)
    words = "is not a whole" if b"PK\x03\x04".startswith(other) else "is not a Longcut map"
    with pytest.raises(MapFormatError, match=rf"x\.longcut: {words}"):
        read_map(path)
    for length in (4, 40, len(encode(sample())) - 1):
        path.write_bytes(encode(sample())[:length])
        with pytest.raises(MapFormatError, match="is not a whole"):
            read_map(path)
