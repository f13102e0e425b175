"""A city as files an administrator imports: people and handsets in CSV, areas in GeoJSON."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from simulator.city.city import City


def residents_csv(city: City) -> str:
    """Return the residents, one a row; `lives_alone` is "true" or "false", `born` YYYY-MM-DD."""
    return _csv(
        "id,name,sex,born,category,ability,lives_alone,language,communication,telephone,address,"
        "area,lon,lat,medical,key_note,needs,wants_sex,key_holders",
        (
            (
                *(one.id, one.name, one.sex, one.born.isoformat(), one.category, one.ability),
                *("true" if one.lives_alone else "false", one.language, one.communication),
                *(one.telephone, one.address, one.area_code, *one.home, one.medical, one.key_note),
                *(";".join(one.needs), one.wants_sex, ";".join(one.key_holders)),
            )
            for one in city.residents
        ),
    )


def handsets_csv(city: City) -> str:
    """Return the handsets with the resident each was issued to, one a row."""
    return _csv(
        "id,resident,model",
        ((one.handset_id, one.id, one.handset_model) for one in city.residents),
    )


def caregivers_csv(city: City) -> str:
    """Return the caregivers, one a row; skills and languages are separated by ";"."""
    return _csv(
        "id,name,kind,skills,languages,telephone,area,lon,lat,speed_kmh,login,sex,hours",
        (
            (
                *(one.id, one.name, one.kind, ";".join(one.skills), ";".join(one.languages)),
                *(one.telephone, one.area_code, *one.station, one.speed_kmh, one.login),
                *(one.sex, one.hours),
            )
            for one in city.caregivers
        ),
    )


def areas_geojson(city: City) -> dict[str, Any]:
    """Return the areas as a FeatureCollection of polygons, parents before their children."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {
                    "code": area.code,
                    "parent_code": area.parent_code,
                    "level": area.level,
                    "name": area.name,
                },
                "geometry": {"type": "Polygon", "coordinates": [[list(p) for p in area.ring]]},
            }
            for area in city.areas
        ],
    }


def roads_geojson(city: City) -> dict[str, Any]:
    """Return the roads as a FeatureCollection of lines that meet where they share a point."""
    nodes = city.roads.nodes
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"speed_kmh": edge.speed_kmh},
                "geometry": {
                    "type": "LineString",
                    "coordinates": [list(nodes[edge.a]), list(nodes[edge.b])],
                },
            }
            for edge in city.roads.edges
        ],
    }


def _csv(header: str, rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header.split(","))
    writer.writerows(rows)
    return text.getvalue()
