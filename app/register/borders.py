"""Borders of areas: a GeoJSON file in, checked areas or every fault in it out.

{"type": "FeatureCollection", "features": [{"type": "Feature",
 "properties": {"code": "430105", "parent_code": null, "level": "district", "name": "开福区"},
 "geometry": {"type": "Polygon", "coordinates": [[[112.9, 28.1], …, [112.9, 28.1]]]}}]}

Nothing is taken from a file with a fault. A ring of 1,000 points takes about 2 ms, so call this
from a thread.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, cast

import shapely
from starlette import status as http

from app.errors import Problem as Refusal
from app.register.cells import PROBLEMS_MAX, VALUE_CHARS_MAX, Problem, TableRefused
from app.register.tables import NAME_CHARS_MAX
from devices.datum import Datum, to_wgs84
from devices.report import clean
from dispatch.areas import Area, Level
from dispatch.hours import is_zone
from dispatch.ids import AreaId

FEATURES_MAX: Final = 20_000
_CODE: Final = re.compile(r"[A-Za-z0-9._:-]{1,64}")
_LEVELS: Final = {level.value: level for level in Level if level.is_area}
_WIDTH: Final = {level: width for width, level in enumerate(Level)}

Point: TypeAlias = tuple[float, float]
Ring: TypeAlias = tuple[Point, ...]


class OutlineUnfit(Refusal):
    """The ring is not the outline of an area."""

    status = http.HTTP_422_UNPROCESSABLE_CONTENT


class MiddleMissing(Refusal):
    """An area needs a ring, or at least its middle."""

    status = http.HTTP_422_UNPROCESSABLE_CONTENT


class ParentUnfit(Refusal):
    """The area cannot lie under this parent."""

    status = http.HTTP_422_UNPROCESSABLE_CONTENT


@dataclass(frozen=True, slots=True, kw_only=True)
class BorderedArea:
    """One area of a file, in WGS-84."""

    feature: int  # its number in the file, from 1
    id: str
    parent_id: str | None
    level: Level
    name: str
    centre: Point
    ring: Ring
    zone: str = ""  # IANA name of the time zone, where the file names one


class _Unfit(Exception):
    """A value of a feature cannot be used."""

    def __init__(self, name: str, value: object, message: str) -> None:
        super().__init__(message)
        self.name = name
        self.value = value


def read_areas(
    data: bytes, *, datum: Datum, known: Mapping[AreaId, Area]
) -> tuple[BorderedArea, ...]:
    """Return the areas in a file whose coordinates are in `datum`, wide before narrow.

    `known` are the areas there are already; the file may add to them and change them.

    Raises:
        TableRefused: the file has a fault; `line` is the number of the feature.
    """
    problems: list[Problem] = []
    areas: dict[str, BorderedArea] = {}
    for number, feature in enumerate(_features(data), start=1):
        try:
            area = _area(number, feature, datum, areas)
        except _Unfit as fault:
            problems.append(_problem(number, fault))
            if len(problems) == PROBLEMS_MAX:
                break
        else:
            areas[area.id] = area
    problems += _misplaced(areas, known)[: PROBLEMS_MAX - len(problems)] if not problems else []
    if problems:
        raise TableRefused(tuple(problems))
    return tuple(sorted(areas.values(), key=lambda area: -_WIDTH[area.level]))


def require_parent(
    area_id: str, parent_id: str | None, level: str, known: Mapping[AreaId, Area]
) -> None:
    """Let pass an area whose parent is known and wider, and whose children are narrower.

    Raises:
        ParentUnfit: one of them is not.
    """
    width = _WIDTH[_LEVELS[level]]
    if parent_id is not None:
        parent = known.get(AreaId(parent_id))
        if parent is None:
            raise ParentUnfit(f"There is no area {parent_id}.")
        if _WIDTH[parent.level] <= width:
            raise ParentUnfit(f"A {level} cannot lie under a {parent.level.value}.")
    for area in known.values():
        if area.parent_id == area_id and _WIDTH[area.level] >= width:
            raise ParentUnfit(f"The {area.level.value} {area.id} lies under it.")


def outlined(points: Sequence[Sequence[float]]) -> tuple[Ring, Point]:
    """Return a WGS-84 ring as it is kept, and a point in its middle.

    Raises:
        OutlineUnfit: it is not closed, leaves the globe, or crosses itself.
    """
    try:
        ring = _ring(points, Datum.WGS84)
        return ring, _middle(ring)
    except _Unfit as fault:
        raise OutlineUnfit(f"The ring {fault}.") from fault


def _features(data: bytes) -> Sequence[object]:
    try:
        document: object = json.loads(data)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", 0)
        raise _refused(line, "The file is not JSON in UTF-8.") from error
    collection = cast("dict[str, object]", document) if isinstance(document, dict) else {}
    features = collection.get("features")
    if collection.get("type") != "FeatureCollection" or not isinstance(features, list):
        raise _refused(0, "The file is not a GeoJSON FeatureCollection.")
    found = cast("list[object]", features)
    if len(found) > FEATURES_MAX:
        raise _refused(0, f"The file has more than {FEATURES_MAX} features.")
    return found


def _area(
    number: int, feature: object, datum: Datum, before: Mapping[str, BorderedArea]
) -> BorderedArea:
    table = _table(feature, "type")
    properties = _table(table.get("properties"), "properties")
    level = properties.get("level")
    if not isinstance(level, str) or level not in _LEVELS:
        raise _Unfit("level", level, f"must be one of {', '.join(_LEVELS)}")
    called = properties.get("name")
    name = clean(called, NAME_CHARS_MAX) if isinstance(called, str) else ""
    if not name:
        raise _Unfit("name", called, "must be a text that is not empty")
    zone = properties.get("zone") or ""
    if zone and not (isinstance(zone, str) and is_zone(zone)):
        raise _Unfit("zone", zone, "must be the name of a time zone, like Asia/Shanghai")
    parent = properties.get("parent_code")
    code = _code("code", properties.get("code"))
    if code in before:
        raise _Unfit("code", code, f"is already the code of feature {before[code].feature}")
    ring = _largest(_table(table.get("geometry"), "geometry"), datum)
    return BorderedArea(
        feature=number,
        id=code,
        parent_id=None if parent in (None, "") else _code("parent_code", parent),
        level=_LEVELS[level],
        name=name,
        centre=_middle(ring),
        ring=ring,
        zone=zone,
    )


def _table(value: object, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _Unfit(name, value, "must be an object")
    return cast("dict[str, Any]", value)


def _code(name: str, value: object) -> str:
    code = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not _CODE.fullmatch(code):
        raise _Unfit(name, value, "must be 1 to 64 letters, digits or any of - _ . :")
    return code


def _largest(geometry: Mapping[str, Any], datum: Datum) -> Ring:
    """Return the outer ring of the polygon, or of the largest of several."""
    coordinates: object = geometry.get("coordinates")
    if not isinstance(coordinates, list) or not coordinates:
        raise _Unfit("geometry", geometry.get("type"), "must have coordinates")
    match geometry.get("type"):
        case "Polygon":
            polygons = [cast("list[Any]", coordinates)]
        case "MultiPolygon":
            polygons = cast("list[list[Any]]", coordinates)
        case other:
            raise _Unfit("geometry", other, "must be a Polygon or a MultiPolygon")
    rings = [_ring(_outer(polygon), datum) for polygon in polygons]
    return max(rings, key=lambda ring: shapely.Polygon(ring).area)


def _outer(polygon: object) -> Sequence[object]:
    if isinstance(polygon, list) and polygon:
        ring = cast("list[object]", polygon)[0]
        if isinstance(ring, list):
            return cast("list[object]", ring)
    raise _Unfit("geometry", "", "must have a ring in each polygon")


def _ring(points: Sequence[object], datum: Datum) -> Ring:
    ring = tuple(_point(point, datum) for point in points)
    if len(ring) < 4 or ring[0] != ring[-1]:
        raise _Unfit("geometry", len(ring), "must be closed, with four points or more")
    polygon = shapely.Polygon(ring)
    if not polygon.is_valid or polygon.area == 0:
        why = shapely.is_valid_reason(polygon) if not polygon.is_valid else "no area"
        raise _Unfit("geometry", why, "must enclose one area without crossing itself")
    return ring


def _point(point: object, datum: Datum) -> Point:
    pair = list(cast("Sequence[object]", point)) if isinstance(point, list | tuple) else []
    lon, lat = (_number(value) for value in pair[:2]) if len(pair) >= 2 else (None, None)
    if lon is None or lat is None or not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise _Unfit("geometry", pair, "must have longitudes and latitudes in degrees")
    return to_wgs84(lon, lat, datum)


def _number(value: object) -> float | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return float(value) if abs(value) <= 180 else None  # neither NaN nor infinity is


def _middle(ring: Ring) -> Point:
    """Return the centroid, or another point inside where that lies outside."""
    polygon = shapely.Polygon(ring)
    middle = polygon.centroid
    if not polygon.contains(middle):
        middle = polygon.representative_point()
    return middle.x, middle.y


def _misplaced(areas: Mapping[str, BorderedArea], known: Mapping[AreaId, Area]) -> list[Problem]:
    """Return what is wrong with the tree as it would be."""
    tree = {**known, **{AreaId(one.id): _as_area(one) for one in areas.values()}}
    children: dict[AreaId, dict[AreaId, Area]] = {}
    for area in tree.values():
        if area.parent_id is not None:
            children.setdefault(area.parent_id, {})[area.id] = area
    problems: list[Problem] = []
    for one in areas.values():
        around = dict(children.get(AreaId(one.id), {}))
        parent = tree.get(AreaId(one.parent_id or ""))
        if parent is not None:
            around[parent.id] = parent
        try:
            require_parent(one.id, one.parent_id, one.level.value, around)
        except ParentUnfit as unfit:
            fault = _Unfit("parent_code", one.parent_id or "", unfit.detail)
            problems.append(_problem(one.feature, fault))
    return problems


def _as_area(one: BorderedArea) -> Area:
    return Area(
        id=AreaId(one.id),
        parent_id=AreaId(one.parent_id) if one.parent_id else None,
        level=one.level,
        name=one.name,
        centre=one.centre,
    )


def _problem(number: int, fault: _Unfit) -> Problem:
    value = clean(str(fault.value), VALUE_CHARS_MAX)
    return Problem(line=number, column=fault.name, value=value, message=str(fault))


def _refused(line: int, message: str) -> TableRefused:
    return TableRefused((Problem(line=line, column="", value="", message=message),))
