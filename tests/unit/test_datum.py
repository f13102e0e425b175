"""Points whose places in all three datums are known."""

import json
from math import cos, hypot, isnan, nan, radians
from pathlib import Path

import pytest

from devices.datum import Datum, from_wgs84, to_wgs84

KAIFU = (112.985525, 28.201336)
BAOAN = (113.883, 22.555)
BEIJING = (116.4074, 39.9042)
KARAMAY = (84.889, 45.58)
LONDON = (-0.1276, 51.5072)


def shift(point, datum):
    lon, lat = point
    return from_wgs84(lon, lat, datum)


def shift_back(point, datum):
    lon, lat = point
    return to_wgs84(lon, lat, datum)


def metres(one, other):
    return hypot((one[0] - other[0]) * cos(radians(one[1])), one[1] - other[1]) * 111_195


def test_kaifu_on_a_chinese_map_is_where_it_is_known_to_be():
    assert from_wgs84(*KAIFU, Datum.GCJ02) == pytest.approx((112.991114, 28.197941), abs=5e-7)


def test_baidu_is_where_another_library_says():
    # The example in the README of gcoord, a widely used JavaScript library.
    moved = from_wgs84(116.403988, 39.914266, Datum.BD09)
    assert moved == pytest.approx((116.41661560068297, 39.92196580126834), abs=1e-9)


@pytest.mark.parametrize(
    ("place", "offset_m"), [(KAIFU, 665), (BAOAN, 605), (BEIJING, 555), (KARAMAY, 210)]
)
def test_a_forgotten_conversion_would_miss_by_hundreds_of_metres(place, offset_m):
    assert metres(place, shift(place, Datum.GCJ02)) == pytest.approx(offset_m, abs=5)


@pytest.mark.parametrize("datum", list(Datum))
@pytest.mark.parametrize("place", [KAIFU, BAOAN, BEIJING, KARAMAY])
def test_the_way_back_ends_where_it_began(place, datum):
    assert shift_back(shift(place, datum), datum) == pytest.approx(place, abs=1e-9)


@pytest.mark.parametrize("datum", list(Datum))
def test_abroad_nothing_moves(datum):
    assert from_wgs84(*LONDON, datum) == LONDON
    assert to_wgs84(*LONDON, datum) == LONDON


@pytest.mark.parametrize("datum", list(Datum))
def test_a_point_on_the_edge_of_the_box_ends_the_search(datum):
    lon, lat = to_wgs84(72.0041, 55.827, datum)
    assert metres((lon, lat), (72.0041, 55.827)) < 3000


@pytest.mark.parametrize("datum", list(Datum))
def test_what_is_no_number_stays_none(datum):
    assert isnan(to_wgs84(nan, 28.2, datum)[0])
    assert isnan(from_wgs84(nan, 28.2, datum)[0])


def test_the_points_that_the_browser_is_held_to_are_those_of_this_shift():
    rows = json.loads((Path(__file__).parents[1] / "datum_points.json").read_text("utf-8"))
    assert len(rows) > 10
    for (lon, lat), gcj02 in rows:
        assert from_wgs84(lon, lat, Datum.GCJ02) == pytest.approx(gcj02, abs=1e-9)
