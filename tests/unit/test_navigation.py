"""The links that open a telephone's navigation: the point alone, in the datum that is named."""

import re

import pytest
from pydantic import ValidationError

from app.settings import Settings
from app.views.navigation import Navigation
from devices.datum import Datum, from_wgs84, to_wgs84

POINT = {"lon": 112.9834568, "lat": 28.2012342}


def navigation(**settings):
    known = Settings(**settings)
    return Navigation(url=known.navigation_url, datum=known.navigation_datum)


def test_the_geo_link_says_the_point_as_satellites_do():
    geo = navigation().ways_to(POINT)[0]
    assert geo == {
        "app": "geo",
        "datum": "wgs84",
        "url": "geo:28.201234,112.983457?q=28.201234,112.983457",
    }


def test_the_map_of_the_mainland_gets_the_point_moved_to_its_own_datum():
    way = navigation().ways_to(POINT)[1]
    assert (way["app"], way["datum"]) == ("map", "gcj02")
    found = re.search(r"to=([\d.]+),([\d.]+)&", way["url"])
    assert found
    lon, lat = (float(one) for one in found.groups())
    moved = from_wgs84(POINT["lon"], POINT["lat"], Datum.GCJ02)
    assert (lon, lat) == (pytest.approx(moved[0], abs=1e-6), pytest.approx(moved[1], abs=1e-6))
    assert abs(lon - POINT["lon"]) > 0.001
    assert to_wgs84(lon, lat, Datum.GCJ02) == pytest.approx((POINT["lon"], POINT["lat"]), abs=2e-6)


def test_another_program_is_a_setting_and_none_leaves_only_geo():
    url = "https://map.example/?at={lat},{lon}"
    way = navigation(navigation_url=url, navigation_datum="wgs84").ways_to(POINT)[1]
    assert way["url"] == "https://map.example/?at=28.201234,112.983457"
    assert len(navigation(navigation_url="").ways_to(POINT)) == 1


def test_nobody_is_led_to_a_place_that_is_not_known():
    assert navigation().ways_to(None) == []


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert({lon},{lat})",
        "javascript://x/%0aalert({lon},{lat})",
        "data://{lon},{lat}",
        "https://map.example/?to={lon}",
        "https://map.example/?to={lon},{lat},{lat}",
        "https://map.example/?to={lon},{lat}&name={name}",
    ],
)
def test_a_link_that_takes_no_point_or_runs_a_script_is_refused(url):
    with pytest.raises(ValidationError, match="navigation_url"):
        Settings(navigation_url=url)


@pytest.mark.parametrize("number", ["0731-8451 2233", "+86 731 84512233", "12349", ""])
def test_the_number_of_the_desk_can_be_dialled(number):
    assert Settings(desk_telephone=number).desk_telephone == number


@pytest.mark.parametrize("number", ["call me", "1", "12;34", "tel:12349"])
def test_what_cannot_be_dialled_is_refused(number):
    with pytest.raises(ValidationError, match="desk_telephone"):
        Settings(desk_telephone=number)
