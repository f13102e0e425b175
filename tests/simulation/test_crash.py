"""Promises 1 and 2 under SIGKILL: acknowledged is on record, and nothing is there twice."""

import asyncio
import logging
from dataclasses import replace

import pytest

from app.storage.postgres import EmbeddedPostgres
from simulator import record, report
from simulator.crash import AGAIN_S, Killer, Kills, Storm, small_city
from simulator.players.doors import Doors
from simulator.players.tally import Tally
from simulator.server import ServerOptions, ServerProcess, add_administrator, free_port
from simulator.setup import Logins, load, made_up

log = logging.getLogger(__name__)

KILLS = 44  # the server dies, its database lives on
POWER_CUTS = 6  # both die
STORM_WITHIN_S = 600


@pytest.mark.timeout(1500)
@pytest.mark.parametrize("seed", [20261122])
def test_every_acknowledged_press_survives_fifty_kills_exactly_once(tmp_path, seed):
    logins = made_up(small_city())
    data_dir = tmp_path / "data"
    alone = ServerOptions(
        data_dir=data_dir, port=free_port(), metrics="off", bytecode=tmp_path / "bytecode"
    )
    with EmbeddedPostgres(data_dir) as database:
        options = replace(alone, database_url=database.start())
        asyncio.run(furnish(options, logins))
        first, kills = asyncio.run(storm(options, logins, seed, KILLS))
    check(first, kills, KILLS, asyncio.run(record.read_embedded(data_dir)))

    second, cuts = asyncio.run(storm(alone, logins, seed + 1, POWER_CUTS, with_database=True))
    found = asyncio.run(record.read_embedded(data_dir))
    check(second, cuts, POWER_CUTS, found)
    check(first, kills, KILLS, found)
    log.warning(
        "%s, %d presses; %s, %d presses", kills, len(first.presses), cuts, len(second.presses)
    )


async def storm(
    options: ServerOptions, logins: Logins, seed: int, times: int, *, with_database: bool = False
) -> tuple[Tally, Kills]:
    """Let handsets press while the server is killed, until all has been acknowledged."""
    url = ServerProcess(options).url
    async with Doors(url, again_s=AGAIN_S) as presses, Doors(url) as signs:
        rain = Storm(small_city(), logins.handsets, presses, signs, seed)
        killer = Killer(options, presses, seed)
        try:
            async with asyncio.timeout(STORM_WITHIN_S), asyncio.TaskGroup() as tasks:
                tasks.create_task(rain.rage())
                await killer.kill(times, with_database=with_database)
                killer.server.start()
                await killer.server.wait_ready()
                rain.calm()
        finally:
            killer.server.stop()
    return rain.tally, killer.kills


async def furnish(options: ServerOptions, logins: Logins) -> None:
    """Load a small city into the server, and leave the server down."""
    add_administrator(options, *logins.administrator)
    server = ServerProcess(options)
    try:
        server.start()
        await server.wait_ready()
        async with Doors(server.url) as doors:
            await load(small_city(), doors, logins)
    finally:
        server.stop()


def check(tally: Tally, kills: Kills, times: int, found: record.Record) -> None:
    assert kills.total == times
    assert kills.at_start >= 1
    assert kills.amid_presses >= 0.75 * (times - kills.at_start)
    assert len(tally.acknowledged) == len(tally.presses) > 10 * times
    assert report.lost(tally, found) == []
    assert report.doubled(tally, found) == []
