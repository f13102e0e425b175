"""Where the map's pictures come from, if from anywhere: a template, what must be said, a datum.

The service needs none: it draws areas and streets itself. Whoever names a source lets the
browsers at the desk ask that host for pictures, and thereby tell it which part of town is looked
at; nothing about calls or people goes there.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final
from urllib.parse import quote

from app.settings import Settings
from devices.datum import Datum


class TilesRefused(Exception):
    """The settings name no source of pictures that a map could show; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TileSource:
    """Map pictures from elsewhere, laid over each other in this order."""

    urls: tuple[str, ...]  # with {z} {x} {y}, perhaps {s}; the key is filled in
    subdomains: tuple[str, ...] = ()  # what {s} stands for, in turn
    attribution: str = ""
    zoom_max: int = 18
    datum: Datum = Datum.WGS84

    @property
    def origins(self) -> tuple[str, ...]:
        """Return the hosts that a browser must be allowed to ask, as a policy writes them."""
        found = (
            match[0].replace("{s}", one)
            for url in self.urls
            for one in self.subdomains or ("",)
            if (match := _ORIGIN.match(url))
        )
        return tuple(dict.fromkeys(found))


# A host of our own writing: it goes into the security policy, where a `;` would begin a new rule.
_ORIGIN: Final = re.compile(r"https?://[A-Za-z0-9.{s}-]+(:[0-9]{1,5})?(?=/)")
_URL: Final = re.compile(r"(https?://[A-Za-z0-9.{}-]+(:[0-9]{1,5})?)?/[^\s\"'<>\\;]*")
_NAMES: Final = re.compile(r"\{([^{}]*)\}")
_KNOWN: Final = frozenset({"z", "x", "y", "s", "key"})

_TIANDITU: Final = (
    "https://t{s}.tianditu.gov.cn/%s_w/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=%s"
    "&STYLE=default&TILEMATRIXSET=w&FORMAT=tiles&TILEMATRIX={z}&TILEROW={y}&TILECOL={x}&tk={key}"
)
PRESETS: Final[Mapping[str, TileSource]] = MappingProxyType(
    {
        "tianditu": TileSource(  # CGCS2000, which is WGS-84 within a hand's breadth
            urls=(_TIANDITU % ("vec", "vec"), _TIANDITU % ("cva", "cva")),
            subdomains=tuple("01234567"),
            attribution="天地图 © 国家地理信息公共服务平台",
            zoom_max=18,
        ),
        "osm": TileSource(
            urls=("https://tile.openstreetmap.org/{z}/{x}/{y}.png",),
            attribution="© OpenStreetMap contributors",
            zoom_max=19,
        ),
        "amap": TileSource(
            urls=(
                "https://webrd0{s}.is.autonavi.com/appmaptile"
                "?lang=zh_cn&size=1&scale=1&style=8&x={x}&y={y}&z={z}",
            ),
            subdomains=tuple("1234"),
            attribution="© 高德地图 AMap",
            zoom_max=18,
            datum=Datum.GCJ02,
        ),
    }
)


def tiles_of(settings: Settings) -> TileSource | None:
    """Return the source that the settings name, None when they name none.

    Raises:
        TilesRefused: they name one that cannot be shown.
    """
    source = _named(settings)
    if source is None:
        return None
    if settings.tiles_datum is Datum.BD09:
        raise TilesRefused("YDT_TILES_DATUM is bd09: write wgs84 or gcj02.")
    source = replace(
        source,
        subdomains=_words(settings.tiles_subdomains) or source.subdomains,
        attribution=settings.tiles_attribution or source.attribution,
        zoom_max=settings.tiles_zoom_max or source.zoom_max,
        datum=settings.tiles_datum or source.datum,
    )
    _check(source)
    secret = settings.tiles_key.get_secret_value() if settings.tiles_key else ""
    if not secret and any("{key}" in url for url in source.urls):
        raise TilesRefused("YDT_TILES_KEY is missing: this source of pictures asks for one.")
    key = quote(secret, safe="")
    return replace(source, urls=tuple(url.replace("{key}", key) for url in source.urls))


def _named(settings: Settings) -> TileSource | None:
    if settings.tiles_url:
        return TileSource(urls=tuple(settings.tiles_url.split()))
    if not settings.tiles:
        return None
    found = PRESETS.get(settings.tiles)
    if found is None:
        known = ", ".join(PRESETS)
        raise TilesRefused(f"YDT_TILES is {settings.tiles!r}: write {known}, or YDT_TILES_URL.")
    return found


def _words(written: str) -> tuple[str, ...]:
    """Return `a,b,c` as words; without commas each letter is one."""
    return tuple(one.strip() for one in written.split(",")) if "," in written else tuple(written)


def _check(source: TileSource) -> None:
    for url in source.urls:
        names: Sequence[str] = _NAMES.findall(url)
        if not _URL.fullmatch(url) or not {"z", "x", "y"} <= set(names) <= _KNOWN:
            raise TilesRefused(
                f"YDT_TILES_URL is {url!r}: write https://HOST/… or /… with {{z}}, {{x}}, {{y}}."
            )
        host = url.partition("//")[2].partition("/")[0]
        if set(_NAMES.findall(host)) - {"s"}:
            raise TilesRefused(f"YDT_TILES_URL is {url!r}: only {{s}} may stand in its host.")
        if "s" in names and not source.subdomains:
            raise TilesRefused("YDT_TILES_SUBDOMAINS is empty: say what {s} stands for.")
    if not all(re.fullmatch(r"[A-Za-z0-9-]{1,30}", one) for one in source.subdomains):
        raise TilesRefused("YDT_TILES_SUBDOMAINS: write letters and digits, as abc or 01,02,03.")
