"""A small map of a city to draw under the live one: water, roads, bridges, streets."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

from simulator.city import shapes
from simulator.city.city import City
from simulator.city.plane import Place
from simulator.city.roads import AVENUE_KMH, LANE_KMH, STREET_KMH

ROAD_CLASSES: Final = {LANE_KMH: "lane", STREET_KMH: "street", AVENUE_KMH: "avenue"}
DECIMALS: Final = 5  # of a degree: about a metre, and a third less to send than the city's own


def basemap(city: City) -> dict[str, Any]:
    """Return a GeoJSON FeatureCollection in drawing order, each feature with a `kind`.

    Kinds: "river" (polygon), "road" (with `class` "lane", "street" or "avenue"), "bridge"
    (point), "street" (the outline of that area) and "label" (point with `name`).
    """
    streets = [area for area in city.areas if area.level == "street"]
    return {
        "type": "FeatureCollection",
        "features": [
            *_river(city),
            *_roads(city),
            *(_feature("Point", _pair(bridge), kind="bridge") for bridge in city.bridges),
            *(
                _feature("Polygon", [_line(a.ring)], kind="street", code=a.code, name=a.name)
                for a in streets
            ),
            *(_feature("Point", _pair(a.centre), kind="label", name=a.name) for a in streets),
        ],
    }


def _river(city: City) -> list[dict[str, Any]]:
    if city.river is None:
        return []
    return [
        _feature("Polygon", [_line(city.river.ring)], kind="river", name=city.river.name),
    ]


def _roads(city: City) -> list[dict[str, Any]]:
    nodes = city.roads.nodes
    by_class: defaultdict[str, list[tuple[Place, Place]]] = defaultdict(list)
    for edge in city.roads.edges:
        by_class[ROAD_CLASSES[edge.speed_kmh]].append((nodes[edge.a], nodes[edge.b]))
    return [
        _feature(
            "MultiLineString",
            [_line(line) for line in shapes.merged(by_class[name])],
            **{"kind": "road", "class": name},
        )
        for name in ROAD_CLASSES.values()
        if by_class[name]
    ]


def _feature(shape: str, coordinates: Sequence[object], **properties: str) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": {"type": shape, "coordinates": coordinates},
    }


def _line(places: Iterable[Place]) -> list[list[float]]:
    return [_pair(place) for place in places]


def _pair(place: Place) -> list[float]:
    return [round(place[0], DECIMALS), round(place[1], DECIMALS)]
