import csv
import io
import json
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import date
from importlib import resources
from itertools import pairwise

import pytest

from app.register.tables import read_caregivers, read_handsets, read_residents
from devices.datum import Datum
from simulator.city import (
    Edge,
    Roads,
    Route,
    areas_geojson,
    basemap,
    caregivers_csv,
    demo_city,
    handsets_csv,
    residents_csv,
    shapes,
)
from simulator.city.plane import (
    is_crossed,
    is_inside,
    metres_between,
    metres_from_line,
    square_metres,
)
from simulator.city.roads import lattice
from simulator.city.staff import SHIFTS
from simulator.city.territory import lay_out, short_name

LEVELS = ("district", "street", "community", "grid")
KINDS = ("grid_worker", "community_nurse", "home_service", "volunteer", "property_office")
NORTH, SOUTH = (112.98, 28.32), (112.98, 28.18)


@pytest.fixture(scope="module")
def city():
    return demo_city()


@pytest.fixture(scope="module")
def by_code(city):
    return {area.code: area for area in city.areas}


@pytest.fixture(scope="module")
def official():
    source = resources.files("simulator") / "data" / "kaifu_430105.json"
    return json.loads(source.read_text(encoding="utf-8"))["streets"]


def line_of_parents(code, by_code):
    found = []
    while code is not None:
        found.append(code)
        code = by_code[code].parent_code
    return found


# the ground


def test_the_same_seed_gives_the_same_city_to_the_last_digit(city):
    assert demo_city() == city
    assert repr(demo_city()) == repr(city)


def test_another_seed_gives_another_city(city):
    other = demo_city(1)
    assert other.areas != city.areas
    assert other.residents != city.residents


def test_the_demo_city_is_as_large_as_announced(city):
    counts = Counter(area.level for area in city.areas)
    assert counts == {"district": 1, "street": 16, "community": 115, "grid": 697}
    assert (len(city.residents), len(city.caregivers), len(city.operators)) == (277, 48, 9)
    assert (len(city.roads.nodes), len(city.bridges)) == (1473, 2)


def test_streets_and_communities_bear_their_official_codes_and_names(city, official):
    streets = {area.code: area.name for area in city.areas if area.level == "street"}
    assert streets == {street["code"]: street["name"] for street in official}
    communities = {
        (area.parent_code, area.code, area.name) for area in city.areas if area.level == "community"
    }
    assert communities == {
        (street["code"], one["code"], one["name"])
        for street in official
        for one in street["communities"]
    }


def test_parents_come_before_their_children_one_level_up(city, by_code):
    seen = set()
    for area in city.areas:
        if area.level == "district":
            assert area.parent_code is None
        else:
            assert area.parent_code in seen
            assert LEVELS.index(by_code[area.parent_code].level) == LEVELS.index(area.level) - 1
        seen.add(area.code)
    assert len(seen) == len(city.areas)


def test_the_district_is_as_large_as_kaifu(city):
    assert square_metres(city.areas[0].ring) / 1e6 == pytest.approx(189, rel=0.02)


def test_the_district_lies_where_kaifu_lies(city):
    assert metres_between(city.areas[0].centre, (112.985, 28.25)) < 2_000


def test_children_fill_their_parent_and_no_more(city):
    children = defaultdict(list)
    for area in city.areas:
        children[area.parent_code].append(area)
    for area in city.areas:
        if area.level != "grid":
            rings = [child.ring for child in children[area.code]]
            assert sum(map(square_metres, rings)) == pytest.approx(
                square_metres(area.ring), rel=0.001
            )
            assert shapes.is_whole(rings)  # refuses overlaps and holes
            assert set(shapes.union(rings)) == set(area.ring)


def test_rings_are_closed_and_hold_their_centre(city):
    for area in city.areas:
        assert area.ring[0] == area.ring[-1]
        assert all(a != b for a, b in pairwise(area.ring))
        assert is_inside(area.centre, area.ring)


@pytest.mark.parametrize("seed", range(3))
def test_other_seeds_also_give_whole_areas(seed):
    areas = lay_out(seed)
    assert Counter(area.level for area in areas)["community"] == 115


def test_rings_that_do_not_hang_together_are_refused():
    left = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0), (0.0, 0.0))
    right = tuple((x + 2, y) for x, y in left)
    across = tuple((x + 0.5, y) for x, y in left)
    assert shapes.is_whole([left])
    for other in (right, across):
        with pytest.raises(shapes.RingRefused):
            shapes.union([left, other])


@pytest.mark.parametrize(
    ("official", "short"),
    [
        ("水风井社区居委会", "水风井社区"),
        ("洪雅社区居民委员会", "洪雅社区"),
        ("汉回村委会", "汉回村"),
        ("福城社区", "福城社区"),
    ],
)
def test_a_community_is_called_by_its_name_without_the_committee(official, short):
    assert short_name(official) == short


# water and roads


def test_the_river_parts_the_district(city):
    ring = city.areas[0].ring
    assert not is_inside(city.river.line[0], ring)
    assert not is_inside(city.river.line[-1], ring)
    assert sum(is_crossed(city.river.line, a, b) for a, b in pairwise(ring)) == 2


def test_roads_touch_the_water_at_the_two_bridges_only(city):
    nodes = city.roads.nodes
    ways = [(nodes[edge.a], nodes[edge.b]) for edge in city.roads.edges]
    wet = [
        way for way, hit in zip(ways, shapes.crossings(city.river.ring, ways), strict=True) if hit
    ]
    middles = [((a[0] + b[0]) / 2, (a[1] + b[1]) / 2) for a, b in wet]
    assert len(wet) == len(city.bridges) == 2
    for bridge in city.bridges:
        assert min(metres_between(bridge, middle) for middle in middles) < 1
        assert metres_from_line(bridge, city.river.line) < 1
        assert is_inside(bridge, city.areas[0].ring)


def test_roads_hang_together(city):
    beside = defaultdict(list)
    for edge in city.roads.edges:
        beside[edge.a].append(edge.b)
        beside[edge.b].append(edge.a)
    reached, waiting = {0}, [0]
    while waiting:
        for node in beside[waiting.pop()]:
            if node not in reached:
                reached.add(node)
                waiting.append(node)
    assert len(reached) == len(city.roads.nodes)


def test_edges_are_as_long_as_they_look(city):
    for edge in city.roads.edges:
        a, b = city.roads.nodes[edge.a], city.roads.nodes[edge.b]
        assert edge.length_m == pytest.approx(metres_between(a, b), abs=0.1)
        assert edge.speed_kmh in (20, 30, 40)


def test_the_way_across_the_river_leads_over_a_bridge(city):
    route = city.roads.route(NORTH, SOUTH)
    assert min(metres_from_line(bridge, route.points) for bridge in city.bridges) < 1
    assert 1.0 < route.length_m / metres_between(NORTH, SOUTH) < 2.0
    assert sum(is_crossed(city.river.line, a, b) for a, b in pairwise(route.points)) == 1


def test_every_way_starts_and_ends_at_the_door_and_crosses_water_on_bridges_only(city):
    homes = [resident.home for resident in city.residents[::9]]
    for start, end in pairwise(homes):
        route = city.roads.route(start, end)
        assert (route.points[0], route.points[-1]) == (start, end)
        assert route.length_m >= metres_between(start, end) * 0.999
        for a, b in pairwise(route.points):
            if is_crossed(city.river.line, a, b):
                assert min(metres_from_line(bridge, (a, b)) for bridge in city.bridges) < 1


def test_nobody_walks_to_a_road_across_the_water():
    nodes = ((0.0, 0.0), (0.0, 0.01), (0.01, 0.0), (0.01, 0.01))
    edges = (
        Edge(a=0, b=1, length_m=1112, speed_kmh=20),
        Edge(a=1, b=3, length_m=1112, speed_kmh=20),
        Edge(a=3, b=2, length_m=1112, speed_kmh=20),
    )
    canal = ((0.005, -1.0), (0.005, 0.005))
    assert Roads(nodes=nodes, edges=edges).nearest_node(0.0055, 0.0) == 2
    assert Roads(nodes=nodes, edges=edges, barrier=canal).nearest_node(0.0045, 0.0) == 0
    assert Roads(nodes=nodes, edges=edges, barrier=canal).route((0.0, 0.0), (0.01, 0.0)).points == (
        *((0.0, 0.0), (0.0, 0.0), (0.0, 0.01), (0.01, 0.01), (0.01, 0.0), (0.01, 0.0)),
    )


def test_places_without_a_road_between_them_are_refused():
    roads = Roads(nodes=((0.0, 0.0), (0.01, 0.0)), edges=())
    with pytest.raises(LookupError, match="no road from node 0 to node 1"):
        roads.route((0.0, 0.0), (0.01, 0.0))


def test_a_traveller_goes_from_the_start_to_the_end_and_stays():
    route = Route(points=((0.0, 0.0), (0.001, 0.0), (0.001, 0.0), (0.001, 0.001)), length_m=222.39)
    assert route.at(-5) == (0.0, 0.0)
    assert route.at(55.6) == pytest.approx((0.0005, 0.0), abs=1e-6)
    assert route.at(166.8) == pytest.approx((0.001, 0.0005), abs=1e-6)
    assert route.at(route.length_m + 100) == (0.001, 0.001)
    assert Route(points=((3.0, 4.0),), length_m=0).at(10) == (3.0, 4.0)


def test_a_traveller_never_jumps(city):
    route = city.roads.route(NORTH, SOUTH)
    steps = [route.at(metre) for metre in range(0, round(route.length_m) + 200, 100)]
    assert max(metres_between(a, b) for a, b in pairwise(steps)) < 100.5
    assert steps[-1] == SOUTH


def test_roads_in_a_right_angled_pattern_are_as_long_as_their_two_legs():
    roads = lattice(((0.0, 0.0), (0.02, 0.03)), 400)
    route = roads.route((0.0, 0.0), (0.02, 0.03))
    assert route.length_m == pytest.approx(0.05 * 111_195, rel=0.001)
    assert len(roads.nodes) == 7 * 9


# people


def test_residents_are_numbered_and_have_a_handset_each(city):
    assert [one.id for one in city.residents] == [f"R{n:04}" for n in range(1, 278)]
    assert [one.handset_id for one in city.residents] == [f"H{n:04}" for n in range(1, 278)]


def test_every_home_lies_in_its_grid_and_out_of_the_water(city, by_code):
    for one in city.residents:
        grid = by_code[one.area_code]
        assert grid.level == "grid"
        assert is_inside(one.home, grid.ring)
        assert metres_from_line(one.home, city.river.line) > city.river.width_m / 2


def test_every_address_is_somebody_s_own_and_names_street_and_community(city, by_code):
    assert len({one.address for one in city.residents}) == 277
    for one in city.residents:
        _, community, street, _ = line_of_parents(one.area_code, by_code)
        names = f"长沙市开福区{by_code[street].name}{short_name(by_code[community].name)}"
        assert one.address.startswith(names)


def test_residents_are_who_they_say(city):
    ages = {"elder": (61, 98), "child": (5, 14), "disabled": (21, 60)}
    for one in city.residents:
        youngest, oldest = ages[one.category]
        assert youngest <= (date(2026, 1, 1) - one.born).days / 365.25 <= oldest
        assert one.sex in ("f", "m")
        assert one.ability in ("self_caring", "partly", "dependent")
        assert one.language in ("zh", "en", "xiang")
        assert one.communication in ("voice", "hard_of_hearing", "text_only")
        assert one.category == "elder" or not one.lives_alone
    assert Counter(one.category for one in city.residents).keys() == ages.keys()


def test_no_telephone_can_ring(city):
    telephones = [one.telephone for one in (*city.residents, *city.caregivers)]
    assert len(set(telephones)) == len(telephones)
    assert all(number.startswith("199-0000-") and len(number) == 13 for number in telephones)


def test_there_are_enough_caregivers_of_every_kind(city):
    kinds = Counter(one.kind for one in city.caregivers)
    assert set(kinds) == set(KINDS)
    assert min(kinds.values()) >= 6
    assert {by for one in city.caregivers for by in one.skills} == {
        *("nursing", "lifting", "first_aid", "key_holder", "xiang"),
    }


def test_a_caregiver_speaks_the_dialect_exactly_when_it_is_a_skill(city):
    for one in city.caregivers:
        assert ("xiang" in one.skills) == ("xiang" in one.languages)
        assert one.languages[0] == "zh"


def test_caregivers_wait_on_dry_land_in_the_area_they_serve(city, by_code):
    for one in city.caregivers:
        assert is_inside(one.station, by_code[one.area_code].ring)
        assert metres_from_line(one.station, city.river.line) > city.river.width_m / 2
        assert 4 <= one.speed_kmh <= 25


def test_every_street_can_be_served_by_two(city, by_code):
    for street in (area for area in city.areas if area.level == "street"):
        serving = [
            one
            for one in city.caregivers
            if street.code in line_of_parents(one.area_code, by_code)
            or one.area_code in line_of_parents(street.code, by_code)
        ]
        assert len(serving) >= 2


def test_whoever_calls_at_whatever_hour_somebody_suits(city):
    """Night shifts included; a caregiver without hours is there around the clock."""
    for shift in SHIFTS:
        there = [one for one in city.caregivers if one.hours in ("", shift)]
        for resident in city.residents:
            suits = [
                one
                for one in there
                if set(resident.needs) <= set(one.skills)
                and resident.wants_sex in ("", one.sex)
                and resident.language in one.languages
            ]
            assert suits, (shift, resident)


def test_two_of_a_street_are_there_around_the_clock(city):
    assert Counter(one.hours for one in city.caregivers)[""] == 2 * 16
    assert {one.hours for one in city.caregivers} == {"", *SHIFTS}


def test_keys_are_kept_in_the_resident_s_own_community(city):
    keepers = {one.id: one for one in city.caregivers if "key_holder" in one.skills}
    with_keys = [one for one in city.residents if one.key_holders]
    assert len(with_keys) > 10
    for one in with_keys:
        assert all(one.area_code.startswith(keepers[id_].area_code) for id_ in one.key_holders)


def test_every_street_is_watched_by_operators(city, by_code):
    roles = Counter(one.role for one in city.operators)
    assert roles == {"operator": 6, "supervisor": 2, "administrator": 1}
    watched = Counter(code for one in city.operators for code in one.area_codes)
    assert watched.keys() == {area.code for area in city.areas if area.level == "street"} | {
        "430105"
    }


# the files


def rows_of(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_residents_can_be_read_back(city):
    rows = rows_of(residents_csv(city))
    assert ",".join(rows[0]) == (
        "id,name,sex,born,category,ability,lives_alone,language,communication,telephone,address,"
        "area,lon,lat,medical,key_note,needs,wants_sex,key_holders"
    )
    for row, one in zip(rows, city.residents, strict=True):
        assert (float(row["lon"]), float(row["lat"])) == one.home
        assert date.fromisoformat(row["born"]) == one.born
        assert row["lives_alone"] == str(one.lives_alone).lower()
        same = (*("id", "name", "sex", "category", "ability", "language", "communication"),)
        assert [row[name] for name in same] == [getattr(one, name) for name in same]
        same = ("telephone", "address", "medical", "key_note")
        assert [row[name] for name in same] == [getattr(one, name) for name in same]
        assert row["area"] == one.area_code
        assert (row["needs"], row["wants_sex"]) == (";".join(one.needs), one.wants_sex)
        assert row["key_holders"] == ";".join(one.key_holders)


def test_text_with_commas_quotes_and_lines_survives_the_file(city):
    note = '钥匙在"王姐"处,\n三楼'
    one = replace(city.residents[0], key_note=note)
    rows = rows_of(residents_csv(replace(city, residents=(one,))))
    assert [row["key_note"] for row in rows] == [note]


def test_handsets_can_be_read_back(city):
    rows = rows_of(handsets_csv(city))
    assert rows[0].keys() == {"id", "resident", "model"}
    assert [(row["id"], row["resident"]) for row in rows] == [
        (one.handset_id, one.id) for one in city.residents
    ]


def test_caregivers_can_be_read_back(city):
    rows = rows_of(caregivers_csv(city))
    assert ",".join(rows[0]) == (
        "id,name,kind,skills,languages,telephone,area,lon,lat,speed_kmh,login,sex,hours"
    )
    for row, one in zip(rows, city.caregivers, strict=True):
        assert tuple(row["skills"].split(";")) == one.skills
        assert tuple(row["languages"].split(";")) == one.languages
        assert (float(row["lon"]), float(row["lat"])) == one.station
        assert float(row["speed_kmh"]) == one.speed_kmh
        assert row["login"] == one.id.lower()
        assert (row["sex"], row["hours"]) == (one.sex, one.hours)


def test_the_server_takes_the_files_as_they_are(city):
    areas = {area.code for area in city.areas}
    residents = read_residents(
        residents_csv(city).encode(),
        datum=Datum.WGS84,
        known_areas=areas,
        known_caregivers={one.id for one in city.caregivers},
    )
    handsets = read_handsets(
        handsets_csv(city).encode(), known_residents={row.id for row in residents}
    )
    caregivers = read_caregivers(
        caregivers_csv(city).encode(), datum=Datum.WGS84, known_areas=areas
    )
    assert (len(residents), len(handsets), len(caregivers)) == (277, 277, 48)
    assert [row.lives_alone for row in residents] == [one.lives_alone for one in city.residents]
    assert [row.home for row in residents] == [one.home for one in city.residents]


def test_areas_can_be_read_back(city):
    features = json.loads(json.dumps(areas_geojson(city)))["features"]
    for feature, area in zip(features, city.areas, strict=True):
        assert feature["properties"] == {
            "code": area.code,
            "parent_code": area.parent_code,
            "level": area.level,
            "name": area.name,
        }
        (ring,) = feature["geometry"]["coordinates"]
        assert tuple(map(tuple, ring)) == area.ring


def test_rings_run_counter_clockwise_as_geojson_asks(city):
    for area in city.areas:
        assert sum((bx - ax) * (by + ay - 56) for (ax, ay), (bx, by) in pairwise(area.ring)) < 0


def test_the_base_map_is_small_and_draws_everything(city):
    found = basemap(city)
    assert len(json.dumps(found).encode()) < 200_000
    assert Counter(one["properties"]["kind"] for one in found["features"]) == {
        "river": 1,
        "road": 3,
        "bridge": 2,
        "street": 16,
        "label": 16,
    }


def test_the_base_map_draws_every_road_once(city):
    roads = [one for one in basemap(city)["features"] if one["properties"]["kind"] == "road"]
    pieces = sum(len(line) - 1 for road in roads for line in road["geometry"]["coordinates"])
    assert pieces == len(city.roads.edges)
