"""GeoJSON areas: what is taken, and every fault with its feature."""

import json
from typing import Any

import pytest

from app.register.borders import OutlineUnfit, outlined, read_areas
from app.register.cells import TableRefused
from devices.datum import Datum, from_wgs84
from dispatch.areas import Area, Level
from dispatch.ids import AreaId

SQUARE = [[113.0, 28.0], [113.1, 28.0], [113.1, 28.1], [113.0, 28.1], [113.0, 28.0]]
KNOWN = {
    area_id: Area(id=area_id, parent_id=parent_id, level=level, name="", centre=(113.0, 28.0))
    for area_id, parent_id, level in (
        (AreaId("city"), None, Level.DISTRICT),
        (AreaId("grid"), AreaId("s0"), Level.GRID),
    )
}


def feature(code: Any = "s1", **more: Any) -> dict[str, Any]:
    properties = {"code": code, "parent_code": "city", "level": "street", "name": "街道"}
    geometry = {"type": "Polygon", "coordinates": [SQUARE]}
    geometry |= more.pop("geometry", {})
    return {"type": "Feature", "properties": properties | more, "geometry": geometry}


def read(*features: object, datum: Datum = Datum.WGS84):
    data = json.dumps({"type": "FeatureCollection", "features": features}).encode()
    return read_areas(data, datum=datum, known=KNOWN)


def faults(*features: object) -> list[tuple[int, str]]:
    with pytest.raises(TableRefused) as refused:
        read(*features)
    return [(fault.line, fault.column) for fault in refused.value.problems]


def test_an_area_is_read_with_its_middle():
    (area,) = read(feature())
    assert (area.id, area.parent_id, area.level, area.name) == (
        *("s1", "city"),
        Level.STREET,
        "街道",
    )
    assert area.centre == pytest.approx((113.05, 28.05))
    assert area.ring[0] == area.ring[-1] == (113.0, 28.0)


def test_areas_come_wide_before_narrow_whatever_the_order_of_the_file():
    areas = read(feature("c1", level="community", parent_code="s1"), feature("s1"))
    assert [area.id for area in areas] == ["s1", "c1"]


def test_a_code_may_be_a_number():
    (area,) = read(feature(430105, parent_code=None, level="district"))
    assert area.id == "430105"


def test_of_several_polygons_the_largest_counts():
    small = [[1, 1], [1.01, 1], [1.01, 1.01], [1, 1]]
    shape = {"type": "MultiPolygon", "coordinates": [[small], [SQUARE], [small]]}
    (area,) = read(feature(geometry=shape))
    assert len(area.ring) == len(SQUARE)


def test_borders_from_a_chinese_map_are_moved_to_where_they_are():
    moved = [list(from_wgs84(lon, lat, Datum.GCJ02)) for lon, lat in SQUARE]
    (area,) = read(feature(geometry={"coordinates": [moved]}), datum=Datum.GCJ02)
    for (lon, lat), (wanted_lon, wanted_lat) in zip(area.ring, SQUARE, strict=True):
        assert (lon, lat) == pytest.approx((wanted_lon, wanted_lat), abs=1e-7)


def test_the_middle_of_a_bent_area_lies_in_it():
    bent = [[0, 0], [10, 0], [10, 1], [1, 1], [1, 10], [0, 10], [0, 0]]
    ring, (lon, lat) = outlined(bent)
    assert lon < 1 or lat < 1
    assert len(ring) == 7


@pytest.mark.parametrize(
    ("wrong", "column"),
    [
        (feature("has space"), "code"),
        (feature(None), "code"),
        (feature(True), "code"),
        (feature(level="county"), "level"),
        (feature(level="operator"), "level"),
        (feature(level=[]), "level"),
        (feature(name=""), "name"),
        (feature(name={"zh": "x"}), "name"),
        (feature(parent_code="nowhere"), "parent_code"),
        (feature(parent_code="grid"), "parent_code"),
        (feature(parent_code="s1"), "parent_code"),
        (feature(geometry={"type": "Point", "coordinates": [1, 2]}), "geometry"),
        (feature(geometry={"coordinates": []}), "geometry"),
        (feature(geometry={"coordinates": [SQUARE[:-1]]}), "geometry"),
        (feature(geometry={"coordinates": [[*SQUARE[:-1], [113.0, "x"]]]}), "geometry"),
        (feature(geometry={"coordinates": [[[181, 0], [0, 1], [1, 1], [181, 0]]]}), "geometry"),
        (feature(geometry={"coordinates": [[[0, 91], [0, 1], [1, 1], [0, 91]]]}), "geometry"),
        (feature(geometry={"coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}), "geometry"),
        (feature(geometry={"coordinates": [[[0, 0], [1, 1], [2, 2], [0, 0]]]}), "geometry"),
        (feature(geometry={"coordinates": 7}), "geometry"),
        ({"type": "Feature"}, "properties"),
        ("feature", "type"),
    ],
)
def test_a_fault_names_its_feature_and_nothing_is_taken(wrong: object, column: str):
    assert faults(feature("s9"), wrong) == [(2, column)]


def test_a_code_stands_for_one_feature_only():
    assert faults(feature(), feature()) == [(2, "code")]


def test_an_area_is_not_made_narrower_than_what_lies_under_it():
    low = feature("s0", level="grid")
    assert faults(low) == [(1, "parent_code")]


@pytest.mark.parametrize(
    "data", [b"", b"\xff", b"[]", b'{"type": "Feature"}', b'{"type": "FeatureCollection"}', b"NaN"]
)
def test_what_is_no_collection_is_refused(data: bytes):
    with pytest.raises(TableRefused):
        read_areas(data, datum=Datum.WGS84, known=KNOWN)


def test_not_a_number_is_no_longitude():
    data = json.dumps({"type": "FeatureCollection", "features": [feature()]})
    data = data.replace("113.1, 28.0", "NaN, 28.0")
    with pytest.raises(TableRefused):
        read_areas(data.encode(), datum=Datum.WGS84, known=KNOWN)


def test_a_ring_that_is_drawn_by_hand_must_be_closed():
    with pytest.raises(OutlineUnfit):
        outlined(SQUARE[:-1])
