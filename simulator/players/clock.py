"""Times as devices write them: by their own clocks, which run with the machine's.

Only deadlines follow the clock of the rules; what a handset or a phone says about itself does not.
"""

from datetime import UTC, datetime

from simulator.players.doors import Bearer, Doors


def device_time() -> str:
    """Return the present as a device writes it."""
    return rfc3339(datetime.now(UTC))


def rfc3339(moment: datetime) -> str:
    """Return a time as the doors want it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def rules_time(doors: Doors, handset: Bearer) -> datetime:
    """Return what the server's clock of the rules shows, as it tells a handset."""
    state = await doors.ask("GET", "/api/v1/handset/state", handset)
    return datetime.fromisoformat(state["server_time"])
