"""Edits of point layouts, and layouts as files of their own."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from maps.document import Layout, new_document
from maps.errors import MapError, MapFormatError, MapSaveError
from maps.formats.points import parse_points, read_layout, scenario_layout, write_layout
from maps.layout_edits import (
    LAYOUT_COLOURS,
    add_points,
    align_points,
    blocked,
    cells_of,
    move_points,
    nearest_point,
    new_layout,
    paste_points,
    place_points,
    points_in_box,
    points_in_polygon,
    remove_points,
    scatter_points,
    set_weights,
    why_blocked,
)


@pytest.fixture
def document():
    """8 × 10 cells, a wall in column 5, a layout of four points."""
    passable = np.ones((8, 10), bool)
    passable[:, 5] = False
    positions = np.array([(1.0, 1.0), (2.25, 1.5), (6.0, 3.0), (4.0, 8.0)])
    layout = Layout("guards", positions, np.array([1.0, 2.0, 3.0, 4.0]))
    return new_document(8, 10).replace(passable=passable, layouts=(layout,))


# Where a point may be


def test_the_cell_of_a_position_is_the_one_whose_square_holds_it(document):
    assert cells_of(document, [(0.49, 0.51), (-0.5, -0.5), (7.5, 9.5)]).tolist() == [[0, 1], [0, 0], [7, 9]]


def test_walls_and_the_outside_are_blocked(document):
    places = [(0, 4.4), (0, 4.5), (3, 5.4), (3, 5.5), (-0.51, 0), (7.51, 0), (7.5, 9.5)]
    assert blocked(document, places).tolist() == [False, True, True, False, True, True, False]


def test_the_reason_names_the_first_blocked_cell(document):
    assert why_blocked(document, [(0, 0), (3, 5)]).startswith("Points cannot stand in walls: cell (row 3, col 5)")
    assert "cell (row 9, col 2) lies outside its 8 × 10 cells" in why_blocked(document, [(9, 2), (3, 5)])
    assert "no place" in why_blocked(document, (np.nan, 2))
    assert why_blocked(document, [(0, 0)]) == ""


# Edits


def test_added_points_come_last_and_the_map_is_shared(document):
    after = add_points(document, 0, [(3, 3), (3.5, 4)], [0.5, 1.5])
    assert after.layouts[0].positions[4:].tolist() == [[3, 3], [3.5, 4]]
    assert after.layouts[0].weights.tolist() == [1, 2, 3, 4, 0.5, 1.5]
    assert after.cost is document.cost
    assert len(document.layouts[0].positions) == 4


def test_a_point_added_after_the_last_layout_makes_a_new_one(document):
    after = add_points(document, 1, (3, 3))
    assert after.layouts[1].name == "Layout 1"
    assert after.layouts[1].weights.tolist() == [1.0]
    assert after.layouts[1].colour != after.layouts[0].colour


@pytest.mark.parametrize("place", [(3, 5), (-1, 0), (0, np.nan)])
def test_no_edit_puts_a_point_where_none_can_be(place, document):
    for edit in (
        lambda: add_points(document, 0, place),
        lambda: place_points(document, 0, [1], [place]),
        lambda: move_points(document, 0, [0], np.subtract(place, (1.0, 1.0))),
    ):
        with pytest.raises(MapError, match="Points"):
            edit()


def test_moving_shifts_only_the_chosen_points(document):
    after = move_points(document, 0, {3, 0}, (1, -1)).layouts[0]
    assert after.positions.tolist() == [[2, 0], [2.25, 1.5], [6, 3], [5, 7]]
    assert after.weights is document.layouts[0].weights
    assert move_points(document, 0, [0], (0, 0)) is document


def test_removing_keeps_the_order_of_the_others(document):
    after = remove_points(document, 0, [2, 0]).layouts[0]
    assert after.positions.tolist() == [[2.25, 1.5], [4, 8]]
    assert after.weights.tolist() == [2, 4]
    assert remove_points(document, 0, []) is document


def test_weights(document):
    assert set_weights(document, 0, [1, 3], 7).layouts[0].weights.tolist() == [1, 7, 3, 7]
    assert set_weights(document, 0, [1, 3], [5, 6]).layouts[0].weights.tolist() == [1, 5, 3, 6]
    assert set_weights(document, 0, [1], 2) is document
    with pytest.raises(MapError, match=r"layout 'guards': point 1 weighs -1"):
        set_weights(document, 0, [1], -1)


def test_what_is_not_there_is_said(document):
    with pytest.raises(MapError, match="no layout 3"):
        move_points(document, 3, [0], (0, 0))
    with pytest.raises(MapError, match=r"'guards' has 4 points, none of index 9"):
        remove_points(document, 0, [9])


def test_aligned_points_share_no_cell_and_stand_in_no_wall(document):
    document = add_points(document, 0, [(1.1, 1.1), (1.2, 0.9), (3.0, 4.4)])
    after = align_points(document, 0, range(7)).layouts[0].positions
    assert (after == np.rint(after)).all()
    assert len({tuple(cell) for cell in after.tolist()}) == 7
    assert not blocked(document, after).any()
    assert after[0].tolist() == [1, 1]
    assert after[6].tolist() == [3, 4]
    # Each of the others stands as near as any cell that was left to it.
    assert np.hypot(*(after[4] - (1.1, 1.1))) < 1.0
    assert np.hypot(*(after[5] - (1.2, 0.9))) < 1.2


def test_aligning_some_points_leaves_the_others_and_their_cells(document):
    document = add_points(document, 0, (1.2, 1.2))
    after = align_points(document, 0, [4]).layouts[0].positions
    assert after[0].tolist() == [1, 1]
    assert after[4].tolist() in ([1, 2], [2, 1])


def test_more_points_than_cells_cannot_be_aligned():
    document = add_points(new_document(1, 2), 0, [(0, 0), (0, 1), (0, 0.5)])
    with pytest.raises(MapError, match="fewer free cells"):
        align_points(document, 0, range(3))


def test_paste_leaves_out_what_falls_into_walls(document):
    after, lost = paste_points(document, 0, [(0, 4), (0, 5), (0, 11)], [1, 2, 3])
    assert lost == 2
    assert after.layouts[0].positions[4:].tolist() == [[0, 4]]
    assert paste_points(document, 0, [(0, 5)], 1.0) == (document, 1)


@pytest.mark.slow
@given(st.integers(0, 2**32), st.floats(0.2, 4.0), st.floats(1.0, 12.0))
def test_scattered_points_keep_their_distance_and_stay_in_the_brush(seed, spacing, size):
    passable = np.ones((12, 14), bool)
    passable[4:7, 6] = False
    document = new_document(12, 14).replace(passable=passable)
    taken = np.array([(5.0, 5.0), (6.0, 8.0)])
    found = scatter_points(document, taken, (5.5, 6.0), size, spacing, np.random.default_rng(seed))
    again = scatter_points(document, taken, (5.5, 6.0), size, spacing, np.random.default_rng(seed))
    assert found.tolist() == again.tolist()
    assert not blocked(document, found).any()
    assert (np.hypot(*(found - (5.5, 6.0)).T) <= size / 2).all()
    everything = np.concatenate([taken, found])
    apart = np.hypot(*(everything[:, None] - everything[None]).transpose(2, 0, 1))
    np.fill_diagonal(apart, np.inf)
    assert (apart[2:] >= spacing).all()


def test_scatter_fills_the_brush():
    found = scatter_points(new_document(40, 40), np.zeros((0, 2)), (20, 20), 20.0, 2.0, np.random.default_rng(0))
    # The densest packing has 1 / (spacing² sin 60°) points per cell²; darts reach about two thirds of it.
    assert len(found) > 0.5 * np.pi * 10.0**2 / (4.0 * np.sin(np.pi / 3))


def test_new_layouts_take_free_names_and_colours(document):
    for _ in LAYOUT_COLOURS:
        document = document.replace(layouts=(*document.layouts, new_layout(document)))
    assert [layout.name for layout in document.layouts[1:]] == [f"Layout {n}" for n in range(1, 7)]
    assert {layout.colour for layout in document.layouts[1:]} == set(LAYOUT_COLOURS)
    assert new_layout(document, "guards").name == "guards 2"


# Which points


def test_nearest_point_within_reach(document):
    positions = document.layouts[0].positions
    assert nearest_point(positions, (2.0, 1.3), 0.5) == 1
    assert nearest_point(positions, (3.0, 5.0), 0.5) is None
    assert nearest_point(np.zeros((0, 2)), (3.0, 5.0), 9.0) is None


def test_box_from_any_corner(document):
    positions = document.layouts[0].positions
    for corner, opposite in (((0, 0), (3, 2)), ((3, 0), (0, 2)), ((3, 2), (0, 0))):
        assert points_in_box(positions, corner, opposite).tolist() == [0, 1]


@given(arrays(np.float64, (30, 2), elements=st.floats(-3, 3)), st.integers(3, 9), st.floats(0, 7))
def test_lasso_of_a_regular_polygon(positions, sides, turn):
    angle = turn + 2 * np.pi * np.arange(sides) / sides
    corners = 2.0 * np.stack([np.sin(angle), np.cos(angle)], axis=1)
    # Inside is on the inner side of every edge.
    along = np.roll(corners, -1, axis=0) - corners
    normal = np.stack([along[:, 1], -along[:, 0]], axis=1)
    inner = np.einsum("ski,ki->sk", positions[:, None] - corners[None], normal)
    clear = (np.abs(inner) > 1e-6).all(axis=1)
    expected = (inner > 0).all(axis=1) | (inner < 0).all(axis=1)
    found = np.zeros(30, bool)
    found[points_in_polygon(positions, corners)] = True
    assert (found == expected)[clear].all()


def test_lasso_of_a_horseshoe():
    horseshoe = [(0, 0), (0, 5), (5, 5), (5, 4), (1, 4), (1, 1), (5, 1), (5, 0)]
    positions = np.array([(0.5, 2.5), (3, 2.5), (3, 0.5), (3, 4.5), (6, 2)])
    assert points_in_polygon(positions, horseshoe).tolist() == [0, 2, 3]
    assert points_in_polygon(positions, [(1, 1)]).tolist() == []


# Files


@st.composite
def free_layouts(draw):
    count = draw(st.integers(0, 6))
    places = st.floats(-0.5, 7.5)
    return Layout(
        draw(st.text(max_size=6)),
        draw(arrays(np.float64, (count, 2), elements=places)),
        draw(arrays(np.float64, count, elements=st.floats(0, 1e300))),
        draw(st.integers(0, 0xFFFFFF).map(lambda value: f"#{value:06x}")),
    )


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["csv", "json"])
@given(layout=free_layouts())
def test_layouts_come_back_from_their_files(tmp_path_factory, ending, layout):
    path = tmp_path_factory.mktemp("layout") / f"spawns.{ending}"
    assert write_layout(layout, path) is None
    found, _ = read_layout(path, new_document(8, 8))
    assert found.positions.tobytes() == layout.positions.tobytes()
    assert found.weights.tobytes() == layout.weights.tobytes()
    if ending == "json":
        assert (found.name, found.colour) == (layout.name, layout.colour)
    else:
        assert (found.name, found.colour) == ("spawns", LAYOUT_COLOURS[0])


def table(tmp_path, text, document=None):
    path = tmp_path / "loot.csv"
    path.write_text(text, "utf-8")
    return read_layout(path, document or new_document(8, 10))[0]


@pytest.mark.parametrize(
    "text",
    [
        "1,2\n3,4\n",
        "row,col\n1,2\n3,4\n",
        "# from the editor\n\nx;y\n2;1\n\n4;3\n",
        "\ufeffrow\tcol\tweight\n1\t2\t1\n3\t4\t1",
        "weight,column,row\n1,2,1\n1,4,3\n",
        '"row","col"\r\n"1","2"\r\n 3 , 4 \r\n',
        "name,x,y\ncamp,2,1\nmine,4,3\n",
        "id,x,y,type\n7,2,1,camp\n8,4,3,mine\n",
        "index,axis-0,axis-1\n0.0,1.0,2.0\n1.0,3.0,4.0\n",
        "row;col;weight\n1,0;2,0;1,0\n3;4;1\n",
        ",row,col\n0,1,2\n1,3,4\n",
        "label;pos_x;pos_y\na;2;1\nb;4;3\n",
        'name,position.x,position.y\n"a, b",2,1\n,4,3\n',
        "---,Kind,X,Y,Row,Col,Weight\nP1,camp,8,8,1,2,1\nP2,camp,8,8,3,4,1\n",
    ],
)
def test_tables_of_many_kinds(tmp_path, text):
    found = table(tmp_path, text)
    assert found.positions.tolist() == [[1, 2], [3, 4]]
    assert found.weights.tolist() == [1, 1]
    assert found.name == "loot"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("row,col\n1,2\n", ""),
        ("x,y\n1,2\n", "read from the columns y, x"),
        ("id,x,y,type\n7,1,2,camp\n", "read from the columns y, x; without id, type"),
        ("name,x,y\ncamp,1,2\n", "read from the columns y, x; without name"),
        ("index,axis-0,axis-1\n0,1,2\n", "read from the columns axis-0, axis-1; without index"),
        ("1;2,5\n", "columns parted by semicolons, decimal commas"),
    ],
)
def test_how_a_table_was_read_is_told(tmp_path, text, told):
    path = tmp_path / "loot.csv"
    path.write_text(text, "utf-8")
    assert read_layout(path, new_document(8, 10))[1] == told


@pytest.mark.parametrize(
    ("text", "where", "why"),
    [
        ("1,2\n3\n", "line 2", "has 1 columns"),
        ("1,2,3,4\n", "line 1", "has 4 columns"),
        ("row,col\n1,two\n", "line 2, column 2", "'two' is not a number"),
        ("place,col\n1,2\n", "line 1", "names the columns"),
        ("camp,1,2\n", "line 1, column 1", "'camp' is not a number; a first line such as name,x,y"),
        ("index,axis-0,axis-1,axis-2\n0,0,1,2\n", "line 1", "three axes"),
        ("row,row\n1,2\n", "line 1", "names the columns"),
        ("1,2\n\n1,nan\n", "line 3", "not finite"),
        ("1,2,-1\n", "line 1", "weight below 0"),
        ("1,2\n1,20\n", "line 2", "lies outside its 8 × 10 cells"),
        ("1,2\n1,5\n", "line 2", "cannot stand in walls: cell (row 1, col 5)"),
    ],
)
def test_what_is_wrong_with_a_table_is_said_with_its_line(tmp_path, document, text, where, why):
    with pytest.raises(MapFormatError) as error:
        table(tmp_path, text, document)
    assert error.value.path.name == "loot.csv"
    assert error.value.where == where
    assert why in error.value.why


@pytest.mark.parametrize(
    ("content", "where", "why"),
    [
        ("[1, 2", "", "is not JSON"),
        ("[]", "", 'a list "points"'),
        ('{"points": [3]}', "point 0", 'an object with "row"'),
        ('{"points": [{"row": 1, "col": 2}, {"row": 1}]}', "point 1", '"col" is None'),
        ('{"points": [{"row": 1, "col": true}]}', "point 0", '"col" is True'),
        ('{"points": [{"row": 1, "col": 1e999}]}', "point 0", "not finite"),
        ('{"points": [{"row": 1, "col": 1, "weight": -2}]}', "point 0", "weight below 0"),
        ('{"points": [], "colour": "red"}', "", "six hexadecimal digits"),
        ('{"points": [{"row": 1' + "0" * 400 + ', "col": 1}]}', "point 0", "not finite"),
    ],
)
def test_what_is_wrong_with_json_is_said_with_its_point(tmp_path, content, where, why):
    path = tmp_path / "loot.json"
    path.write_text(content)
    with pytest.raises(MapFormatError) as error:
        read_layout(path, new_document(4, 4))
    assert error.value.where == where
    assert why in error.value.why


def test_json_needs_no_weights_name_or_colour(tmp_path):
    path = tmp_path / "loot.json"
    path.write_text(json.dumps({"points": [{"row": 1, "col": 2.5}]}))
    found, _ = read_layout(path, new_document(4, 4))
    assert (found.name, found.positions.tolist(), found.weights.tolist()) == ("loot", [[1, 2.5]], [1])


@pytest.mark.parametrize("data", [b"\xff\xfe1,2\n", b'1,"2\x00\n3'])
def test_bytes_that_are_no_text_are_refused(tmp_path, data):
    path = tmp_path / "loot.csv"
    path.write_bytes(data)
    with pytest.raises(MapFormatError, match=r"loot\.csv"):
        read_layout(path, new_document(8, 8))


@given(st.text(alphabet='0123456789.,;\t\n"# -einfarowclygt\r', max_size=60))
def test_any_text_is_read_or_refused_with_words(text):
    why, found = "", None
    try:
        found = parse_points("any.csv", text)
    except MapFormatError as error:
        why = error.why
    assert why if found is None else found.rows.shape == (len(found.lines), 3)


def test_scenario_ends_count_how_often_they_are_used(tmp_path):
    path = tmp_path / "arena.map.scen"
    rows = [(1, 2, 3, 4), (5, 5, 3, 4), (1, 2, 7, 0)]  # start x, start y, goal x, goal y
    text = "".join(f"0\tarena.map\t10\t8\t{a}\t{b}\t{c}\t{d}\t1.0\n" for a, b, c, d in rows)
    path.write_text(f"version 1\n{text}")
    starts = scenario_layout(path, new_document(8, 10), "start")
    assert starts.positions.tolist() == [[2, 1], [5, 5]]
    assert starts.weights.tolist() == [2, 1]
    goals = scenario_layout(path, new_document(8, 10), "goal")
    assert goals.positions.tolist() == [[4, 3], [0, 7]]
    assert goals.weights.tolist() == [2, 1]
    assert (starts.name, goals.name) == ("arena starts", "arena goals")
    passable = np.ones((8, 10), bool)
    passable[0, 7] = False
    with pytest.raises(MapFormatError, match=r"line 4: points cannot stand in walls: cell \(row 0, col 7\)"):
        scenario_layout(path, new_document(8, 10).replace(passable=passable), "goal")
    path.write_text("version 1\n")
    with pytest.raises(MapFormatError, match="no scenarios"):
        scenario_layout(path, new_document(8, 10), "goal")


def test_other_endings_are_refused(tmp_path):
    with pytest.raises(MapSaveError, match=r"saved as \.csv or \.json"):
        write_layout(Layout("a", np.zeros((0, 2)), np.zeros(0)), tmp_path / "a.txt")
