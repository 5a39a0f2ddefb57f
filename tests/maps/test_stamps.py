"""Stamps come back from their folder as they were kept; what is no stamp is refused by name."""

import numpy as np
import pytest

from maps.cell_selection import CellSelection
from maps.document import new_document
from maps.errors import MapError
from maps.formats import write_map
from maps.pieces import cut_out, flipped, put_down
from maps.stamps import drawn_stamps, keep_stamp, kept_stamps, remove_stamp


@pytest.fixture
def piece():
    rng = np.random.default_rng(0)
    document = new_document(6, 8)
    document = document.replace(
        cost=rng.uniform(0.5, 4.0, (6, 8)).astype(np.float32),
        passable=rng.random((6, 8)) < 0.7,
        terrain=rng.integers(0, 6, (6, 8)).astype(np.uint8),
    )
    return cut_out(document, CellSelection(rng.random((6, 8)) < 0.6))


def test_a_stamp_is_kept_read_replaced_and_removed(tmp_path, piece):
    folder = tmp_path / "new" / "stamps"
    keep_stamp(folder, " Ruin: A/1 ", piece)
    keep_stamp(folder, "other", piece)
    keep_stamp(folder, "other", piece)
    pieces, refused = kept_stamps(folder)
    assert sorted(pieces) == ["Ruin: A/1", "other"]
    assert refused == []
    for layer in ("mask", "cost", "passable", "locked", "terrain"):
        assert np.array_equal(getattr(pieces["Ruin: A/1"], layer), getattr(piece, layer)), layer
    assert pieces["other"].palette == piece.palette
    remove_stamp(folder, "Ruin: A/1")
    remove_stamp(folder, "never was")
    assert list(kept_stamps(folder)[0]) == ["other"]
    with pytest.raises(MapError, match="needs a name"):
        keep_stamp(folder, "  ", piece)


@pytest.mark.parametrize("metadata", [{}, {"stamp": 3}, {"stamp": ["##", "#"]}, {"stamp": ["  ", "  "]}])
def test_what_is_no_stamp_is_refused_and_the_others_are_read(tmp_path, piece, metadata):
    keep_stamp(tmp_path, "good", piece)
    write_map(new_document(2, 2).replace(metadata=metadata), tmp_path / "map.longcut")
    (tmp_path / "bad.longcut").write_bytes(b"nothing")
    pieces, refused = kept_stamps(tmp_path)
    assert list(pieces) == ["good"]
    assert len(refused) == 2
    assert any("map.longcut" in sentence and "no stamp" in sentence for sentence in refused)


def test_the_drawn_ones_are_walls_on_the_ground_that_is_there(tmp_path):
    stamps = drawn_stamps()
    assert len(stamps) >= 3
    for piece in stamps.values():
        ground = new_document(20, 20, cost=2.5)
        after = put_down(ground, piece, (3, 4)).document
        r0, c0 = 3, 4
        height, width = piece.shape
        assert np.array_equal(~after.passable[r0 : r0 + height, c0 : c0 + width], piece.mask)
        assert after.cost is ground.cost
        assert after.terrain is ground.terrain
    keep_stamp(tmp_path, "Room", flipped(stamps["Room"], columns=True))
    assert kept_stamps(tmp_path)[0]["Room"].walls_only
