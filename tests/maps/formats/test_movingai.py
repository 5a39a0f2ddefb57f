"""Moving AI maps and scenarios: the letters, the tolerances that real files need, and what is lost."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maps.document import MapDocument, Route, new_document
from maps.errors import MapFormatError
from maps.formats import losses, read_map, write_map
from maps.formats.movingai import read_scenarios
from maps.movement import MovementRule
from tests.maps.strategies import EXAMPLES, documents, round_trip

MAP = "type octile\nheight 3\nwidth 4\nmap\n.G@S\nOT..\n....\n"
ROW = "0\tkeep.map\t4\t3\t1\t0\t3\t2\t4.41421356\n"
OPEN = [[1, 1, 0, 1], [0, 0, 1, 1], [1, 1, 1, 1]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("movingai")


def written(folder: Path, text: str | bytes, name: str = "keep.map") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_the_letters_mean_what_the_format_says(tmp_path: Path) -> None:
    document = read_map(written(tmp_path, MAP))
    assert document.passable.astype(int).tolist() == OPEN
    assert (document.cost == 1).all()
    assert document.rule == MovementRule(8, "both_open", "mean")
    assert document.name == "keep"
    assert document.routes == ()


@pytest.mark.parametrize(
    "text",
    [
        MAP.replace("\n", "\r\n"),
        MAP + "whatever stands after the last row\n" * 3,
        MAP.rstrip("\n"),
        MAP.replace(".G@S", ". G @ S").replace("OT..", "O T . . "),
        MAP.replace(".G@S", ".\tG\t@\tS"),
        "\ufeff" + MAP,
        MAP.replace("type octile\n", ""),
        "height 3\nwidth 4\ntype octile\n\nmap\n" + MAP.split("map\n")[1],
    ],
)
def test_what_real_files_do_is_tolerated(tmp_path: Path, text: str) -> None:
    assert read_map(written(tmp_path, text)).passable.astype(int).tolist() == OPEN


def test_water_is_blocked_and_counted_where_there_is_land(tmp_path: Path) -> None:
    document = read_map(written(tmp_path, MAP.replace("....", "WW.W")))
    assert document.passable[2].astype(int).tolist() == [0, 0, 1, 0]
    assert document.metadata == {"movingai_water_cells": 3}


def test_a_map_of_water_alone_can_be_sailed(tmp_path: Path) -> None:
    document = read_map(written(tmp_path, "type octile\nheight 1\nwidth 4\nmap\nWW@W\n"))
    assert document.passable.astype(int).tolist() == [[1, 1, 0, 1]]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (MAP.replace("OT..", "OT.x"), "line 6: column 4: 'x' is no terrain"),
        (MAP.replace("OT..", "OT."), "line 6: has 3 cells; the header says 4"),
        (MAP.replace("OT..", "OT..."), "line 6: has 5 cells"),
        (MAP.replace("OT..\n....\n", ""), "line 6: is missing: the file ends after 1 of 3 rows"),
        (MAP.replace("octile", "hex"), "type 'hex'; only 'octile'"),
        (MAP.replace("octile", "octile-corner"), "type 'octile-corner': its letters are heights at corners"),
        (MAP.replace("height 3", "height"), "line 2: should be one of"),
        (MAP.replace("height 3\n", ""), "needs the lines 'height N' and 'width N'"),
        (MAP.replace("height 3", "height x"), "needs the lines"),
        (MAP.replace("height 3", "height 0"), "is empty"),
        (MAP.replace("width 4", "width 99999999"), "a side may have"),
        (MAP.replace("height 3", "height " + "9" * 4000), "a side may have|should be one of|needs the lines"),
        ("type octile\n", "line 2: should be one of"),
        ("type octile\n" + "\n" * 50, "has no line 'map'"),
    ],
)
def test_a_damaged_map_is_refused_with_its_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(MapFormatError, match=words) as caught:
        read_map(written(tmp_path, text))
    assert str(caught.value).startswith("keep.map: ")


@pytest.mark.parametrize("name", ["keep.map.scen", "keep.scen"])
def test_scenarios_beside_a_map_are_its_routes(tmp_path: Path, name: str) -> None:
    written(tmp_path, "version 1\n" + ROW + "\n" + ROW.replace("4.41421356", "4.41"), name)
    document = read_map(written(tmp_path, MAP))
    assert [(route.start, route.goal, route.expected_cost) for route in document.routes] == [
        ((0, 1), (2, 3), 4.41421356),
        ((0, 1), (2, 3), 4.41),
    ]
    assert document.metadata == {"scenario_file": name, "scenarios": 2}


def test_of_many_scenarios_the_longest_stays(tmp_path: Path) -> None:
    lengths = [1.0 + number * 7 % 17 for number in range(17)]
    rows = [ROW.replace("4.41421356", str(length)) for length in lengths]
    scenario = written(tmp_path, "version 1.0\r\n" + "\r\n".join(row.strip() for row in rows), "keep.map.scen")
    document = read_map(written(tmp_path, MAP))
    assert [route.expected_cost for route in document.routes] == [17.0]
    assert document.metadata["scenarios"] == 17
    assert [route.expected_cost for route in read_scenarios(scenario, document)] == lengths


def test_scenarios_of_another_size_are_scaled_and_promise_no_length(tmp_path: Path) -> None:
    row = ROW.replace("\t4\t3\t1\t0\t3\t2\t", "\t8\t6\t3\t1\t7\t5\t")
    scenario = written(tmp_path, "version 1\n" + row, "keep.map.scen")
    route = read_scenarios(scenario, read_map(written(tmp_path, MAP)))[0]
    assert (route.start, route.goal, route.expected_cost) == ((0, 1), (2, 3), None)


def test_a_length_that_nobody_knows_is_not_promised_as_zero(tmp_path: Path) -> None:
    path = tmp_path / "keep.map"
    routes = (Route("a", (0, 0), (2, 3)), Route("b", (1, 1), (1, 1), expected_cost=0.0))
    write_map(new_document(3, 4).replace(routes=routes), path)
    assert [route.expected_cost for route in read_map(path).routes] == [None, 0.0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "line 1: should be 'version 1'"),
        ("version 2\n" + ROW, "line 1: is of version '2'"),
        ("version\n" + ROW, "line 1: is of version ''"),
        (ROW, "line 1: should be 'version 1'"),
        ("version 1\n" + ROW.replace("\t3\t2\t4.4", "\t3\t4.4"), "line 2: has 8 columns; a scenario has nine"),
        (
            "version 1\n" + ROW + ROW.replace("\t1\t0", "\t4\t0"),
            r"line 3: start \(4, 0\) lies outside the map of 4 × 3",
        ),
        ("version 1\n" + ROW.replace("\t3\t2\t", "\t3\t-1\t"), r"line 2: goal \(3, -1\) lies outside"),
        ("version 1\n" + ROW.replace("\t1\t0", "\tone\t0"), "line 2: columns 3 to 8"),
        ("version 1\n" + ROW.replace("\t4\t3\t", "\t0\t3\t"), "line 2: has a size or length"),
        ("version 1\n" + ROW.replace("4.41421356", "nan"), "line 2: has a size or length"),
        ("version 1\n" + ROW.replace("4.41421356", "-1"), "line 2: has a size or length"),
    ],
)
def test_a_damaged_scenario_is_refused_with_its_line(tmp_path: Path, text: str, words: str) -> None:
    written(tmp_path, text, "keep.map.scen")
    with pytest.raises(MapFormatError, match=r"keep\.map\.scen: " + words):
        read_map(written(tmp_path, MAP))


@pytest.mark.slow
@given(documents(), st.lists(st.none() | st.integers(0, 10**10).map(lambda i: i / 1e8), min_size=3, max_size=3))
@settings(max_examples=EXAMPLES)
def test_passability_and_routes_come_back(
    folder: Path, document: MapDocument, lengths: list[float | None]
) -> None:
    routes = tuple(
        Route(route.name, route.start, route.goal, expected_cost=length)
        for route, length in zip(document.routes, lengths, strict=False)
    )
    found = round_trip(document.replace(routes=routes), folder / "keep.map")
    assert np.array_equal(found.passable, document.passable)
    assert [(route.start, route.goal) for route in found.routes] == [(route.start, route.goal) for route in routes]
    for new, old in zip(found.routes, routes, strict=True):
        known = old.expected_cost or (0.0 if old.start == old.goal else None)
        assert new.expected_cost == known


def test_routes_that_were_removed_do_not_come_back(tmp_path: Path) -> None:
    path = tmp_path / "keep.map"
    document = new_document(3, 4).replace(routes=(Route("a", (0, 0), (2, 3)),))
    write_map(document, path)
    assert len(read_map(path).routes) == 1
    write_map(document.replace(routes=()), path)
    assert read_map(path).routes == ()


def test_a_map_without_routes_writes_one_file(tmp_path: Path) -> None:
    write_map(new_document(3, 4), tmp_path / "keep.map")
    assert [path.name for path in tmp_path.iterdir()] == ["keep.map"]


def test_what_is_lost_is_said() -> None:
    plain = new_document(3, 4)
    assert not any("costs" in sentence for sentence in losses(plain, "keep.map"))
    cost = np.ones((3, 4))
    cost[1, 1] = 2.0
    said = " ".join(
        losses(plain.replace(cost=cost, rule=MovementRule(4), metadata={"scenarios": 700}), "keep.map")
    )
    assert "the costs" in said
    assert "movement rule" in said
    assert "700 of the 700 scenarios" in said
    named = plain.replace(routes=(Route("a", (0, 0), (2, 3), weight=2.0),))
    assert "the names, weights and colours of the routes" in losses(named, "keep.map")
    raised = plain.replace(cost=np.full((3, 4), 2.0))
    assert "the costs" in " ".join(losses(raised, "keep.map"))
    walled = plain.replace(cost=cost, passable=cost == 1.0)
    assert not any(sentence.startswith("the costs:") for sentence in losses(walled, "keep.map"))


@pytest.mark.parametrize(
    ("written_as", "cost", "right"),
    [
        ("87.01", 87.0104, True),
        ("87.01", 87.0149, True),  # rounded
        ("87.01", 87.0051, True),  # rounded
        ("87.01", 87.0199, True),  # cut
        ("87.01", 87.021, False),
        ("87.01", 87.004, False),
        ("87.0", 87.09, True),
        ("87", 87.9, True),
        ("4.41421356", 4.41421, True),  # a rounded √2
        ("4.41421356", 4.42, False),
        ("1000.00000000", 1000.009, True),
        ("1000.00000000", 1000.02, False),
        ("1e2", 100.0001, True),
        ("1e2", 100.01, False),
    ],
)
def test_a_length_is_judged_at_the_decimals_that_it_is_written_with(
    tmp_path: Path, written_as: str, cost: float, right: bool
) -> None:
    document = read_map(written(tmp_path, MAP))
    path = written(tmp_path, "version 1\n" + ROW.replace("4.41421356", written_as), "keep.scen")
    (route,) = read_scenarios(path, document)
    assert route.expects(cost) is right


def test_lengths_are_written_with_the_decimals_that_they_were_read_with(tmp_path: Path) -> None:
    document = read_map(written(tmp_path, MAP))
    path = written(tmp_path, "version 1\n" + ROW.replace("4.41421356", "4.40"), "keep.scen")
    copied = document.replace(routes=read_scenarios(path, document))
    write_map(copied, tmp_path / "copy.map")
    assert (tmp_path / "copy.map.scen").read_text().splitlines()[1].endswith("\t4.40")
