"""How much memory the server holds with the demo city in it, after thousands of events."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from simulator.bench.figures import LIMIT, Check, Figure, Findings, Target
from simulator.bench.load import closed_loop
from simulator.bench.posts import HEARTBEAT, POSITION, Mailbag
from simulator.bench.stage import Stage, resident_bytes
from simulator.city import demo_city
from simulator.players.doors import Doors
from simulator.server import add_administrator
from simulator.setup import load, made_up

NAME: Final = "server_rss_demo"
LIMIT_MIB: Final = 400.0
TARGET: Final = Target(ratio=1.0, is_least=False)
CONNECTIONS: Final = 64
EVENTS_S: Final = 5.0
CENTRE: Final = (112.985, 28.23)

_DATABASE: Final = "demo"
_MIB: Final = 2**20


async def measure(stage: Stage, say: Callable[[str], None]) -> Findings:
    """Load the demo city through the doors, let its handsets speak, and look at the process."""
    say("Loading the demo city, for its memory.")
    city = demo_city()
    logins = made_up(city)
    await stage.make(_DATABASE)
    add_administrator(stage.options(_DATABASE), *logins.administrator)
    async with stage.serving(_DATABASE) as server:
        async with Doors(server.url) as doors:
            await load(city, doors, logins)
        began = datetime.now(UTC) - timedelta(minutes=10)
        bag = Mailbag(logins.handsets, CENTRE, run="m", at=began)
        one = await closed_loop(server.options.port, bag, connections=CONNECTIONS, seconds=EVENTS_S)
        held = resident_bytes(server.pid) / _MIB
    tracks = await stage.count(_DATABASE, "SELECT count(*) FROM track")
    figure = Figure(
        name=NAME,
        value=held,
        unit="MiB",
        reference=LIMIT,
        reference_value=LIMIT_MIB,
        ratios=(held / LIMIT_MIB,),
        target=TARGET,
    )
    check = Check(
        name="The demo city's positions and heartbeats on record",
        said=one.recorded[POSITION] + one.recorded[HEARTBEAT],
        found=tracks,
    )
    return Findings(figures=(figure,), checks=(check,))
