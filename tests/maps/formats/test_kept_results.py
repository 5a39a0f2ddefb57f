"""Results that are kept with a map: whole, bit for bit, shared where they are the same."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maps.document import MapDocument, new_document
from maps.errors import MapError, MapFormatError
from maps.formats import losses, native, read_file, read_map, write_map
from maps.results import MOST_RESULTS, KeptResult, MapFile
from tests.maps.strategies import EXAMPLES, assert_same, documents, json_values, texts

settings_as_json = st.dictionaries(texts, json_values, max_size=2)
kept = st.builds(KeptResult, texts, texts, texts, documents(), documents(), texts, settings_as_json)


def result(name: str = "result 1", cost: float = 2.0) -> KeptResult:
    before = new_document(5, 7, name="field")
    after = before.replace(cost=np.full((5, 7), cost, np.float32))
    return KeptResult(name, "2.3 × longer", "adversarial", before, after, "2026-01-02T03:04:05", {"steps": 400})


def assert_same_result(found: KeptResult, expected: KeptResult) -> None:
    assert (found.name, found.headline, found.scenario) == (expected.name, expected.headline, expected.scenario)
    assert (found.made, found.settings) == (expected.made, expected.settings)
    assert_same(found.before, expected.before)
    assert_same(found.after, expected.after)


@pytest.mark.slow
@given(documents(), st.lists(kept, max_size=3))
@settings(max_examples=max(1, EXAMPLES // 4))
def test_results_come_back_bit_for_bit(document: MapDocument, results: list[KeptResult]) -> None:
    data = native.encode(document, results)
    found = native.decode_file(Path("m.longcut"), data)
    assert_same(found.document, document)
    assert len(found.results) == len(results)
    for one, other in zip(found.results, results, strict=True):
        assert_same_result(one, other)
    assert native.encode(found.document, found.results) == data


def test_results_go_through_a_file_and_a_map_alone_is_read_without_them(tmp_path: Path) -> None:
    path, document = tmp_path / "m.longcut", new_document(3, 4)
    assert write_map(document, path, [result()]) == []
    contents = read_file(path)
    assert_same(contents.document, document)
    assert_same_result(contents.results[0], result())
    assert_same(read_map(path), document)


def test_maps_that_results_share_are_stored_once() -> None:
    first = result()
    second = KeptResult("b", "", "adversarial", first.before, result(cost=3.0).after)
    with zipfile.ZipFile(io.BytesIO(native.encode(new_document(3, 3), [first, second]))) as archive:
        assert sum(name.startswith("results/") for name in archive.namelist()) == 3


def test_a_file_of_before_results_has_none(tmp_path: Path) -> None:
    path = tmp_path / "old.longcut"
    with zipfile.ZipFile(io.BytesIO(native.encode(new_document(3, 4)))) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    header = json.loads(entries["map.json"])
    del header["results"]
    header["version"] = "1.1"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in {**entries, "map.json": json.dumps(header).encode()}.items():
            archive.writestr(name, data)
    assert read_file(path).results == ()


def test_a_bare_format_says_that_it_loses_the_results(tmp_path: Path) -> None:
    lost = losses(new_document(3, 4), tmp_path / "m.npy", [result(), result("another")])
    assert lost[0] == "the 2 kept results"
    assert read_file_of(tmp_path / "m.npy").results == ()


def read_file_of(path: Path) -> MapFile:
    write_map(new_document(3, 4), path, [result()])
    return read_file(path)


def test_too_many_results_are_refused_before_a_file_is_written() -> None:
    with pytest.raises(MapError, match="at most 64"):
        MapFile(new_document(3, 3), (result(),) * (MOST_RESULTS + 1))


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"before": "results/none.longcut"}, "results/none.longcut"),
        ({"before": "cost.npy"}, "cost.npy"),
        ({"settings": 3}, "results[0].settings"),
        ({"headline": None}, "results[0].headline"),
    ],
)
def test_a_damaged_result_is_refused_by_its_place(tmp_path: Path, change: dict[str, object], where: str) -> None:
    with zipfile.ZipFile(io.BytesIO(native.encode(new_document(3, 4), [result()]))) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    header = json.loads(entries["map.json"])
    header["results"][0].update(change)
    path = tmp_path / "m.longcut"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in {**entries, "map.json": json.dumps(header).encode()}.items():
            archive.writestr(name, data)
    with pytest.raises(MapFormatError) as caught:
        read_file(path)
    assert where in str(caught.value)
    assert_same(read_map(path), new_document(3, 4))


def test_a_map_within_a_map_within_a_map_is_not_followed(tmp_path: Path) -> None:
    """Results of results are never read, so that a file cannot unfold without end."""
    inner = native.encode(new_document(3, 3), [result()])
    path = tmp_path / "m.longcut"
    outer = native.encode(new_document(3, 4), [result()])
    with zipfile.ZipFile(io.BytesIO(outer)) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    nested = next(name for name in entries if name.startswith("results/"))
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in {**entries, nested: inner}.items():
            archive.writestr(name, data)
    assert len(read_file(path).results) == 1


def test_results_with_too_many_cells_in_all_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "MOST_RESULT_CELLS", 40)
    path = tmp_path / "m.longcut"
    write_map(new_document(3, 4), path, [result()])
    with pytest.raises(MapFormatError, match="more than 40 cells"):
        read_file(path)
