"""Streets from a file: what is read, and what is refused in words."""

import json
from itertools import pairwise

import numpy as np
import pytest

from app.main import SettingsRefused, _ways
from app.register.roads import RoadsRefused, read_roads
from app.settings import Settings
from dispatch.place import Place
from dispatch.ways import Roads, StraightLine
from simulator.city import demo_city, roads_geojson
from simulator.city.plane import is_crossed, metres_along


def geojson(*lines):
    return {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": {}, "geometry": geometry} for geometry in lines
        ],
    }


def line(*points):
    return {"type": "LineString", "coordinates": [list(point) for point in points]}


@pytest.fixture
def written(tmp_path):
    def write(document):
        path = tmp_path / "roads.json"
        path.write_text(json.dumps(document), encoding="utf-8")
        return path

    return write


def metres(roads, start, end):
    lons, lats = np.array([start[0]]), np.array([start[1]])
    return float(roads.metres(lons, lats, Place(lon=end[0], lat=end[1]))[0])


def test_lines_meet_where_they_share_a_point(written):
    corner = (113.01, 28.2)
    streets = geojson(line((113.0, 28.2), corner), line(corner, (113.01, 28.21)))
    way = metres(read_roads(written(streets)), (113.0, 28.2), (113.01, 28.21))
    assert way == pytest.approx(metres_along([(113.0, 28.2), corner, (113.01, 28.21)]), rel=0.002)


def test_many_lines_in_one_feature_are_read_and_other_shapes_are_passed_over(written):
    several = {
        "type": "MultiLineString",
        "coordinates": [[[113.0, 28.2], [113.01, 28.2]], [[113.01, 28.2], [113.01, 28.21]]],
    }
    river = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}
    roads = read_roads(written(geojson(several, river, None)))
    assert metres(roads, (113.0, 28.2), (113.01, 28.21)) > 2_000


def test_a_house_beside_a_long_straight_street_finds_it(written):
    roads = read_roads(written(geojson(line((113.0, 28.2), (113.05, 28.2)))))
    beside = metres(roads, (113.025, 28.2005), (113.05, 28.2))
    assert beside == pytest.approx(metres_along([(113.025, 28.2), (113.05, 28.2)]) + 56, rel=0.03)


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        {"features": [5]},
        geojson(line((113.0, 28.2))),
        geojson(),
        geojson(line((113.0, 28.2), (113.0, 28.2))),
        geojson(line((113.0, 28.2), ("x", 28.2))),
        geojson(line((113.0, 28.2), (113.0,))),
        geojson(line((113.0, 28.2), (113.0, float("nan")))),
        geojson(line((113.0, 28.2), (28.2, 113.0))),
    ],
    ids=str,
)
def test_a_file_without_streets_is_refused(written, document):
    with pytest.raises(RoadsRefused):
        read_roads(written(document))


def test_a_server_names_the_setting_whose_file_is_missing(tmp_path):
    with pytest.raises(SettingsRefused, match="YDT_ROADS cannot be read"):
        _ways(Settings(roads=tmp_path / "nowhere.json"))


def test_a_server_without_the_setting_goes_by_the_straight_line():
    assert isinstance(_ways(Settings()), StraightLine)


def test_in_the_demo_city_every_home_joins_a_street_on_its_own_bank(written):
    city = demo_city()
    roads = read_roads(written(roads_geojson(city)))
    assert isinstance(roads, Roads)
    for one in city.residents[::3]:
        _, node = roads._joined(np.array([one.home[0]]), np.array([one.home[1]]))
        lon, lat = roads._spots[int(node[0])].tolist()
        assert not is_crossed(city.roads.barrier, one.home, (lon, lat))


def test_in_the_demo_city_the_way_over_the_river_is_that_of_the_simulators_own_travellers(written):
    city = demo_city()
    roads = read_roads(written(roads_geojson(city)))
    homes = [one.home for one in city.residents[::40]]
    for start, end in pairwise(homes):
        own = city.roads.route(start, end).length_m
        assert metres(roads, start, end) == pytest.approx(own, rel=0.2, abs=250)
