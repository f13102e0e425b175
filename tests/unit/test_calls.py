import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from statistics import median
from zoneinfo import ZoneInfo

import pytest

from app.register.tables import read_caregivers, read_handsets, read_residents
from devices.datum import Datum
from simulator.calls import (
    CallLogRefused,
    busiest_hour,
    handling,
    handset_id,
    place_id,
    read_calls,
    replay_city,
    resident_places,
    stations,
    two_days,
    window,
)
from simulator.calls.log import KINDS
from simulator.calls.replay import CREWS, NURSES
from simulator.city import areas_geojson, basemap, caregivers_csv, handsets_csv, residents_csv
from simulator.city.plane import is_inside, metres_between, square_metres

HEADER = (
    "call_number,unit_id,call_type,call_type_group,received,entry,dispatch,response,on_scene,"
    "transport,hospital,available,orig_priority,priority,final_priority,unit_type,unit_seq,"
    "station_area,battalion,neighborhood,lat,lng,disposition"
)
A_ROW = {
    "call_number": "201000001",
    "unit_id": "KM14",
    "call_type": "Medical Incident",
    "call_type_group": "Non Life-threatening",
    "received": "2020-04-09T00:00:06",
    "entry": "2020-04-09T00:00:06",
    "dispatch": "2020-04-09T00:00:31",
    "response": "2020-04-09T00:00:56",
    "on_scene": "2020-04-09T00:08:38",
    "transport": "",
    "hospital": "",
    "available": "2020-04-09T00:56:28",
    "orig_priority": "A",
    "priority": "2",
    "final_priority": "2",
    "unit_type": "PRIVATE",
    "unit_seq": "1",
    "station_area": "02",
    "battalion": "B01",
    "neighborhood": "Chinatown",
    "lat": "37.798091",
    "lng": "-122.408782",
    "disposition": "Code 2 Transport",
}


def log_of(*changes):
    rows = [",".join((A_ROW | change)[name] for name in HEADER.split(",")) for change in changes]
    return "\n".join([HEADER, *rows]) + "\n"


@pytest.fixture(scope="module")
def calls():
    return two_days()


@pytest.fixture(scope="module")
def city(calls):
    return replay_city(calls)


# reading


def test_the_log_holds_two_days_of_calls(calls):
    assert len(calls) == 863
    assert sum(len(call.units) for call in calls) == 1599
    days = Counter(call.received.astimezone(ZoneInfo("America/Los_Angeles")).day for call in calls)
    assert days == {9: 446, 10: 417}


def test_calls_come_by_time_of_receipt_and_once_each(calls):
    assert [call.received for call in calls] == sorted(call.received for call in calls)
    assert len({call.number for call in calls}) == len(calls)


def test_kinds_are_told_apart(calls):
    assert Counter(call.kind for call in calls) == {
        "medical": 715,
        "alarm": 47,
        "outside_fire": 25,
        "citizen_assist": 18,
        "traffic": 16,
        "structure_fire": 13,
        "other": 12,
        "vehicle_fire": 4,
        "elevator": 3,
        "gas_leak": 3,
        "electrical": 3,
        "smoke": 2,
        "police_assist": 2,
    }


def test_threats_to_life_are_told_by_group_or_priority(calls):
    assert Counter(call.priority for call in calls) == {2: 433, 3: 430}
    assert sum(call.life_threat for call in calls) == 493


@pytest.mark.parametrize(
    ("change", "is_threat"),
    [
        ({}, False),
        ({"final_priority": "3"}, True),
        ({"call_type_group": "Potentially Life-Threatening"}, True),
        ({"call_type_group": "", "final_priority": ""}, False),
    ],
)
def test_a_threat_to_life(change, is_threat):
    (call,) = read_calls(log_of(change))
    assert call.life_threat is is_threat


def test_local_times_become_utc():
    (call,) = read_calls(log_of({}))
    assert call.received == datetime(2020, 4, 9, 7, 0, 6, tzinfo=UTC)
    assert call.units[0].on_scene == datetime(2020, 4, 9, 7, 8, 38, tzinfo=UTC)
    assert call.place == (-122.408782, 37.798091)


def test_rows_of_one_call_are_its_units_first_dispatched_first():
    (call,) = read_calls(
        log_of(
            {"unit_id": "E02", "dispatch": "2020-04-09T00:09:00", "on_scene": ""},
            {"unit_id": "M11", "dispatch": ""},
            {},
        )
    )
    assert [unit.unit_id for unit in call.units] == ["KM14", "E02", "M11"]
    assert call.units[1].on_scene is None
    assert call.units[2].dispatch is None


def test_lines_are_as_good_as_text():
    text = log_of({}, {"call_number": "201000000", "received": "2020-04-09T00:00:01"})
    assert read_calls(text.splitlines(keepends=True)) == read_calls(text)
    assert [call.number for call in read_calls(text)] == ["201000000", "201000001"]


def test_a_log_without_rows_has_no_calls():
    assert read_calls("") == []
    assert read_calls(HEADER + "\n") == []


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("call_number", ""),
        ("unit_id", ""),
        ("call_type", "Picnic"),
        ("received", ""),
        ("received", "yesterday"),
        ("received", "2020-04-09T00:00:06+00:00"),
        ("dispatch", "2020-04-31T00:00:31"),
        ("available", "soon"),
        ("final_priority", "E"),
        ("station_area", ""),
        ("lat", "91"),
        ("lat", "nan"),
        ("lng", "west"),
        ("disposition", ""),
    ],
)
def test_a_bad_cell_is_refused_by_line_and_column(column, value):
    with pytest.raises(CallLogRefused, match=f"line 3, column {column}: ") as refused:
        read_calls(log_of({}, {column: value}))
    assert (refused.value.line, refused.value.column, refused.value.value) == (3, column, value)


def test_a_short_and_a_long_row_are_refused():
    with pytest.raises(CallLogRefused, match="line 2, column call_type"):
        read_calls(HEADER + "\n201000001,KM14\n")
    with pytest.raises(CallLogRefused, match="line 2, column"):
        read_calls(log_of({"disposition": "Fire,with more"}))


def test_every_kind_has_a_name_of_its_own():
    assert len(set(KINDS.values())) == len(KINDS) == 16


# choosing


def test_a_window_has_its_start_but_not_its_end(calls):
    start = calls[10].received
    chosen = window(calls, start, calls[20].received - start)
    assert chosen == [call for call in calls[:20] if call.received >= start]
    assert calls[10] in chosen
    assert calls[20] not in chosen


def test_the_busiest_hour_had_39_calls(calls):
    start = busiest_hour(calls)
    assert start == datetime(2020, 4, 10, 0, tzinfo=UTC)  # five in the afternoon of the 9th
    assert len(window(calls, start, timedelta(hours=1))) == 39


def test_no_calls_have_no_busiest_hour():
    with pytest.raises(ValueError, match="empty"):
        busiest_hour([])


# summing up


def test_the_steps_took_as_long_as_the_log_says(calls):
    found = handling(calls)
    samples = {name: getattr(found, name) for name in found.__slots__}
    assert {name: (len(one), median(one)) for name, one in samples.items()} == {
        "call_to_dispatch_s": (863, 91),
        "dispatch_to_response_s": (1579, 29),
        "response_to_scene_s": (1348, 256),
        "scene_to_available_s": (1348, 1365.5),
        "call_to_scene_s": (836, 446),
    }
    assert all(min(one) >= 0 for one in samples.values())


def test_a_step_that_never_happened_or_ran_backwards_gives_no_sample():
    calls = read_calls(
        log_of(
            {"response": ""},
            {"unit_id": "E1", "on_scene": ""},
            {"unit_id": "E2", "available": "2020-04-09T00:00:00"},
        )
    )
    found = handling(calls)
    assert found.dispatch_to_response_s == (25, 25)
    assert found.scene_to_available_s == (2870,)
    assert found.call_to_dispatch_s == (25,)


# replaying


def test_every_station_area_has_a_station(calls):
    found = stations(calls)
    assert [one.id for one in found] == sorted({call.station_area for call in calls})
    assert len(found) == 44


def test_a_unit_has_one_home_and_gives_care(calls):
    units = [unit for one in stations(calls, 1000) for unit in one.units]
    assert len({unit.unit_id for unit in units}) == len(units)
    assert len(units) == 129
    assert {unit.unit_type for unit in units} <= NURSES | CREWS


def test_a_station_keeps_its_most_often_sent_units(calls):
    few, many = stations(calls, 2), stations(calls, 1000)
    assert all(a.units == b.units[:2] for a, b in zip(few, many, strict=True))
    sent = Counter((u.unit_id, call.station_area) for call in calls for u in call.units)
    for one in many:
        counts = [sent[unit.unit_id, one.id] for unit in one.units]
        assert counts == sorted(counts, reverse=True)


def test_one_resident_stands_for_each_place(calls):
    found = resident_places(calls)
    assert len(found) == len({one.id for one in found}) == 610
    assert sum(one.calls for one in found) == 863
    by_id = {one.id: one for one in found}
    for call in calls:
        one = by_id[place_id(call.place)]
        assert metres_between(one.place, call.place) < 8


def test_a_resident_s_id_depends_on_the_place_only(calls):
    half = resident_places(calls[:400])
    assert {one.id for one in half} < {one.id for one in resident_places(calls)}
    assert place_id((-122.408782, 37.798091)) == place_id((-122.40881, 37.79812))
    assert place_id((-122.408782, 37.798091)) == "Rcb32e6fe0a"
    assert handset_id((-122.408782, 37.798091))[1:] == place_id((-122.408782, 37.798091))[1:]


def test_the_replay_city_has_battalions_and_station_areas(city):
    levels = Counter(area.level for area in city.areas)
    assert levels == {"district": 1, "street": 11, "community": 44, "grid": 44}
    seen = {None}
    for area in city.areas:
        assert area.parent_code in seen
        seen.add(area.code)
    assert len(seen) == len(city.areas) + 1


def test_grids_fill_the_replay_city(city):
    whole = square_metres(city.areas[0].ring)
    grids = [area for area in city.areas if area.level == "grid"]
    assert sum(square_metres(grid.ring) for grid in grids) == pytest.approx(whole, rel=0.001)
    assert all(is_inside(area.centre, area.ring) for area in city.areas)


def test_every_call_comes_from_a_resident_in_the_right_grid(calls, city):
    by_id = {one.id: one for one in city.residents}
    rings = {area.code: area.ring for area in city.areas}
    for call in calls:
        one = by_id[place_id(call.place)]
        assert is_inside(one.home, rings[one.area_code])
        assert one.handset_id == handset_id(call.place)


def test_units_become_caregivers_at_their_station(calls, city):
    assert len(city.caregivers) == sum(len(one.units) for one in stations(calls))
    assert Counter(one.kind for one in city.caregivers) == {
        "grid_worker": 62,
        "community_nurse": 26,
    }
    rings = {area.code: area.ring for area in city.areas}
    for one in city.caregivers:
        assert is_inside(one.station, rings[one.area_code])
        assert ("nursing" in one.skills) == (one.kind == "community_nurse")


def test_the_replay_city_gives_the_same_files_as_the_demo_city(city):
    assert residents_csv(city).count("\n") == 611
    assert handsets_csv(city).count("\n") == 611
    assert caregivers_csv(city).count("\n") == len(city.caregivers) + 1
    assert len(areas_geojson(city)["features"]) == 100
    assert len(json.dumps(basemap(city)).encode()) < 200_000


def test_the_server_takes_the_files_of_the_replay_city(city):
    areas = {area.code for area in city.areas}
    residents = read_residents(residents_csv(city).encode(), datum=Datum.WGS84, known_areas=areas)
    handsets = read_handsets(
        handsets_csv(city).encode(), known_residents={row.id for row in residents}
    )
    caregivers = read_caregivers(
        caregivers_csv(city).encode(), datum=Datum.WGS84, known_areas=areas
    )
    assert (len(residents), len(handsets), len(caregivers)) == (610, 610, 88)


def test_one_call_is_enough_for_a_city():
    city = replay_city(read_calls(log_of({})))
    assert [area.level for area in city.areas] == ["district", "street", "community", "grid"]
    assert len(city.residents) == len(city.caregivers) == 1


def test_a_battalion_whose_areas_lie_apart_is_drawn_around_them():
    city = replay_city(
        read_calls(
            log_of(
                {"call_number": "1", "station_area": "01", "battalion": "B01", "lng": "-122.5"},
                {"call_number": "2", "station_area": "02", "battalion": "B02", "lng": "-122.4"},
                {"call_number": "3", "station_area": "03", "battalion": "B01", "lng": "-122.3"},
            )
        )
    )
    district, apart, between = city.areas[:3]
    assert (apart.name, between.name) == ("Battalion 01", "Battalion 02")
    assert square_metres(apart.ring) == pytest.approx(square_metres(district.ring), rel=0.001)
    assert is_inside(between.centre, apart.ring)


def test_the_replay_city_is_the_same_each_time(calls, city):
    assert replay_city(calls) == city


def test_units_can_drive_anywhere_in_the_replay_city(city):
    a, b = city.caregivers[0].station, city.residents[0].home
    route = city.roads.route(a, b)
    assert 1 <= route.length_m / metres_between(a, b) < 1.6
    assert (route.points[0], route.points[-1]) == (a, b)
