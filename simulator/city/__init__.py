"""A made-up city, the same for the same seed: ground, roads, people, and files to import them."""

from simulator.city.basemap import basemap
from simulator.city.city import DEMO_SEED, City, demo_city
from simulator.city.residents import CityResident
from simulator.city.roads import Edge, Roads, Route
from simulator.city.staff import CityCaregiver, CityOperator
from simulator.city.tables import (
    areas_geojson,
    caregivers_csv,
    handsets_csv,
    residents_csv,
    roads_geojson,
)
from simulator.city.territory import CityArea, River

__all__ = [
    "DEMO_SEED",
    "City",
    "CityArea",
    "CityCaregiver",
    "CityOperator",
    "CityResident",
    "Edge",
    "River",
    "Roads",
    "Route",
    "areas_geojson",
    "basemap",
    "caregivers_csv",
    "demo_city",
    "handsets_csv",
    "residents_csv",
    "roads_geojson",
]
