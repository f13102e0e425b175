"""A staffing plan as a sheet for people, and as JSON."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any, Final
from zoneinfo import ZoneInfo

from app.figures.staffing import HourPlan, Plan, Rate


def document(found: Plan) -> dict[str, Any]:
    """Return the plan as JSON values."""
    return {
        **asdict(found),
        "start": found.start.isoformat(),
        "end": found.end.isoformat(),
    }


def lines(found: Plan) -> Iterator[str]:
    """Give the plan in lines for people."""
    where = f"{found.area_name} ({found.area_id})" if found.area_id else "Everywhere"
    zone = ZoneInfo(found.zone)
    start, end = (moment.astimezone(zone) for moment in (found.start, found.end))
    yield f"{where}: {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M}, {found.zone}."
    promise = found.promise
    yield (
        f"Held: calls are taken, {', '.join(map(str, promise.answer))}; caregivers are there,"
        f" {promise.arrive}; at most {100 * promise.none_free:g} % of calls find none free."
    )
    for is_weekend, words in ((False, "Monday to Friday"), (True, "Saturday and Sunday")):
        yield ""
        yield f"{words:<20} calls/h  operators  because          visits/h  caregivers  because"
        for hour in found.hours:
            if hour.is_weekend is is_weekend:
                yield _line(hour)
    yield ""
    yield from found.notes


_WHY: Final[Mapping[str, str]] = {
    "": "one is enough",
    "none_free": "somebody must be free",
    "arrive": "the way",
    "both": "both: free, and the way",
}


def _line(hour: HourPlan) -> str:
    operators, caregivers = hour.operators, hour.caregivers
    why = str(operators.binds or "one is enough")
    return (
        f"{hour.hour:02}:00               {_shown(hour.calls)} {operators.count:>10}  {why:<16}"
        f" {_shown(hour.visits)} {caregivers.count:>11}  {_WHY[caregivers.binds]}"
    )


def _shown(rate: Rate) -> str:
    return f"{rate.planned:7.1f}{'*' if rate.is_bursty else ' '}"
