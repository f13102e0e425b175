"""Two days of real emergency calls, and a city to replay them in."""

from simulator.calls.log import (
    CallLogRefused,
    CallUnit,
    Handling,
    LoggedCall,
    busiest_hour,
    handling,
    read_calls,
    two_days,
    window,
)
from simulator.calls.replay import (
    ResidentPlace,
    Station,
    handset_id,
    place_id,
    replay_city,
    resident_places,
    stations,
)

__all__ = [
    "CallLogRefused",
    "CallUnit",
    "Handling",
    "LoggedCall",
    "ResidentPlace",
    "Station",
    "busiest_hour",
    "handling",
    "handset_id",
    "place_id",
    "read_calls",
    "replay_city",
    "resident_places",
    "stations",
    "two_days",
    "window",
]
