"""Where map pictures come from, and which hosts a browser is let to ask for them."""

from typing import Any

import pytest

from app.outside.tiles import PRESETS, TilesRefused, tiles_of
from app.settings import Settings
from devices.datum import Datum


def source(**settings: Any):
    found = tiles_of(Settings(**settings))
    assert found is not None
    return found


def test_no_pictures_are_needed():
    assert tiles_of(Settings()) is None


def test_the_named_sources_are_there():
    assert source(tiles="osm").origins == ("https://tile.openstreetmap.org",)
    assert source(tiles="amap").datum is Datum.GCJ02
    assert source(tiles="amap").origins[0] == "https://webrd01.is.autonavi.com"
    assert source(tiles="tianditu", tiles_key="k").datum is Datum.WGS84
    assert set(PRESETS) == {"tianditu", "osm", "amap"}


def test_a_key_is_filled_in_and_needed():
    assert all(url.endswith("tk=a%26b") for url in source(tiles="tianditu", tiles_key="a&b").urls)
    with pytest.raises(TilesRefused, match="YDT_TILES_KEY"):
        tiles_of(Settings(tiles="tianditu"))


def test_the_own_server_needs_no_other_host():
    assert source(tiles_url="/tiles/{z}/{x}/{y}.png").origins == ()


def test_a_source_of_ones_own():
    own = source(
        tiles_url="http://tiles.example:8080/{s}/{z}/{x}/{y} http://{s}.example/{z}/{x}/{y}",
        tiles_subdomains="ab",
        tiles_datum="gcj02",
        tiles_zoom_max=16,
        tiles_attribution="© us",
    )
    assert own.origins == ("http://tiles.example:8080", "http://a.example", "http://b.example")
    assert (own.datum, own.zoom_max, own.attribution) == (Datum.GCJ02, 16, "© us")
    assert source(tiles="osm", tiles_datum="gcj02").attribution == "© OpenStreetMap contributors"


@pytest.mark.parametrize(
    "url",
    [
        "https://tiles.example/{z}/{x}.png",
        "javascript:alert(1)/{z}/{x}/{y}",
        "https://tiles.example; script-src *//{z}/{x}/{y}",
        "https://{key}.example/{z}/{x}/{y}",
        "https://tiles.example/{z}/{x}/{y}/{secret}",
        "//tiles.example;x/{z}/{x}/{y}",
        'https://tiles.example/{z}/{x}/{y}"onload=',
        "ftp://tiles.example/{z}/{x}/{y}",
        "https://{s}.example/{z}/{x}/{y}",
    ],
)
def test_what_is_no_address_of_pictures_is_refused(url):
    with pytest.raises(TilesRefused):
        source(tiles_url=url, tiles_key="k")


@pytest.mark.parametrize("words", ["a b", "a;b", "x.evil.example,y", "{z}"])
def test_subdomains_are_plain_words(words):
    with pytest.raises(TilesRefused, match="YDT_TILES_SUBDOMAINS"):
        tiles_of(Settings(tiles_url="https://{s}.example/{z}/{x}/{y}", tiles_subdomains=words))


def test_an_unknown_name_or_datum_is_refused_by_name():
    with pytest.raises(TilesRefused, match="tianditu, osm, amap"):
        tiles_of(Settings(tiles="atlantis"))
    with pytest.raises(TilesRefused, match="YDT_TILES_DATUM"):
        tiles_of(Settings(tiles="osm", tiles_datum=Datum.BD09))
