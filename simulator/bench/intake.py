"""How many events a second are put on record, and how soon a press has an offer on record."""

import asyncio
import gc
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Final

from simulator.bench.desk import Desk, manned
from simulator.bench.figures import (
    Check,
    Figure,
    Findings,
    Target,
    neighbour_ratios,
    percentile,
)
from simulator.bench.load import Slice, Timetable, closed_loop, open_loop
from simulator.bench.plan import Plan
from simulator.bench.posts import HEARTBEAT, POSITION, SOS, Mailbag
from simulator.bench.stage import Stage
from simulator.bench.town import CENTRE, Town, found
from simulator.bench.usual import TABLE

TOWN: Final = Town(handsets=5_003, caregivers=1_000)  # no divisor of the mix: each gets all kinds
CONNECTIONS: Final = (64, 256)
OPEN_CONNECTIONS: Final = 256
TIMETABLE: Final = Timetable(positions_per_s=2_000, presses_per_s=10)
WARM_S: Final = 0.3
SETTLE_S: Final = 0.05  # between two slices, so that none pays for the other

TO_EMPTY: Final = Target(ratio=0.50, is_least=True)
TO_USUAL: Final = Target(ratio=15.0, is_least=True)
PRESS_TO_EMPTY: Final = Target(ratio=10.0, is_least=False)
EMPTY: Final = "empty ASGI application"
USUAL: Final = "FastAPI with an ORM session per request"

DATABASE: Final = "intake"
USUAL_DATABASE: Final = "usual"

Say = Callable[[str], None]


@dataclass(slots=True)
class Sums:
    """What one server acknowledged, in all slices."""

    tracks: int = 0
    presses: int = 0
    all: int = 0
    failed: int = 0

    def add(self, one: Slice) -> Slice:
        """Take up a slice, and return it."""
        self.tracks += one.recorded[POSITION] + one.recorded[HEARTBEAT]
        self.presses += one.recorded[SOS]
        self.all += sum(one.recorded)
        self.failed += one.failed
        return one


@dataclass(slots=True, kw_only=True)
class Lanes:
    """The three servers that take turns, and what they said."""

    empty: int  # ports
    ours: int
    usual: int
    bag: Mailbag
    desk: Desk
    said: Sums = field(default_factory=Sums)
    usual_said: Sums = field(default_factory=Sums)


async def measure(stage: Stage, plan: Plan, names: frozenset[str], say: Say) -> Findings:
    """Return the figures of these names, and whether all that was acknowledged is on record."""
    closed = [n for n in CONNECTIONS if names & {_http(n), _over_orm(n)}]
    async with _lanes(stage, say) as lanes:
        findings = Findings()
        for connections in closed:
            say(f"Events on record at {connections} connections: {plan.rounds} rounds.")
            findings += await _throughput(lanes, plan, connections)
        if PRESS in names:
            say(f"Presses among {TIMETABLE.positions_per_s} positions a second.")
            findings += await _press(lanes, plan)
        figures = tuple(one for one in findings.figures if one.name in names)
        return Findings(figures=figures, checks=await _checks(stage, lanes))


PRESS: Final = "press_to_offer_p99"


def _http(connections: int) -> str:
    return f"durable_events_http_{connections}"


def _over_orm(connections: int) -> str:
    return f"durable_events_over_orm_{connections}"


NAMES: Final = (*(name(n) for n in CONNECTIONS for name in (_http, _over_orm)), PRESS)


@asynccontextmanager
async def _lanes(stage: Stage, say: Say) -> AsyncGenerator[Lanes]:
    say(f"Making a town of {TOWN.handsets} handsets and {TOWN.caregivers} caregivers.")
    tokens = await found(TOWN, await stage.make(DATABASE), stage.folder)
    file = stage.folder / "tokens.txt"
    file.write_text("".join(f"{one} {token}\n" for one, token in tokens.items()), "ascii")
    usual_url = await stage.make(USUAL_DATABASE)
    began = datetime.now(UTC) - timedelta(minutes=10)
    bag = Mailbag(tokens, CENTRE, run="b", at=began)
    async with stage.serving(DATABASE) as ours:
        with (
            stage.reference("empty") as empty,
            stage.reference("usual", usual_url, str(file)) as usual,
        ):
            gc.collect()
            gc.freeze()
            async with manned(ours.url) as desk:
                lanes = Lanes(empty=empty, ours=ours.options.port, usual=usual, bag=bag, desk=desk)
                for port in (empty, lanes.ours, usual):  # warm: no first request is measured
                    await _closed(lanes, port, CONNECTIONS[0], WARM_S)
                yield lanes


async def _throughput(lanes: Lanes, plan: Plan, connections: int) -> Findings:
    async def rate(port: int) -> float:
        return (await _closed(lanes, port, connections, plan.slice_s)).rate

    empty = [await rate(lanes.empty)]
    ours: list[float] = []
    usual: list[float] = []
    for _ in range(plan.rounds):
        ours.append(await rate(lanes.ours))
        empty.append(await rate(lanes.empty))
        usual.append(await rate(lanes.usual))
        empty.append(await rate(lanes.empty))
    # Around each slice of ours lie the references 2i and 2i + 1, around the usual way's the next.
    to_empty = tuple(
        neighbour_ratios([one], empty[2 * turn : 2 * turn + 2])[0] for turn, one in enumerate(ours)
    )
    usual_to_empty = tuple(
        neighbour_ratios([one], empty[2 * turn + 1 : 2 * turn + 3])[0]
        for turn, one in enumerate(usual)
    )
    value = median(ours)
    return Findings(
        figures=(
            Figure(
                name=_http(connections),
                value=value,
                unit="events/s",
                reference=EMPTY,
                reference_value=median(empty),
                ratios=to_empty,
                target=TO_EMPTY,
            ),
            Figure(
                name=_over_orm(connections),
                value=value,
                unit="events/s",
                reference=USUAL,
                reference_value=median(usual),
                ratios=tuple(a / b for a, b in zip(to_empty, usual_to_empty, strict=True)),
                target=TO_USUAL,
            ),
        )
    )


async def _press(lanes: Lanes, plan: Plan) -> Findings:
    async def p99(port: int, kinds: tuple[int, ...]) -> float:
        load = open_loop(
            port,
            lanes.bag,
            TIMETABLE,
            connections=OPEN_CONNECTIONS,
            seconds=plan.open_slice_s,
        )
        one = await _slice(lanes, port, load)
        return percentile([s for kind in kinds for s in one.latencies_s[kind]], 99) * 1_000

    empty = [await p99(lanes.empty, (POSITION, SOS))]
    ours: list[float] = []
    for _ in range(plan.rounds):
        ours.append(await p99(lanes.ours, (SOS,)))
        empty.append(await p99(lanes.empty, (POSITION, SOS)))
    figure = Figure(
        name=PRESS,
        value=median(ours),
        unit="ms",
        reference=EMPTY,
        reference_value=median(empty),
        ratios=neighbour_ratios(ours, empty),
        target=PRESS_TO_EMPTY,
    )
    return Findings(figures=(figure,))


async def _closed(lanes: Lanes, port: int, connections: int, seconds: float) -> Slice:
    load = closed_loop(port, lanes.bag, connections=connections, seconds=seconds)
    return await _slice(lanes, port, load)


async def _slice(lanes: Lanes, port: int, load: Awaitable[Slice]) -> Slice:
    """Run one slice with the garbage collector off, and add up what was acknowledged."""
    gc.disable()
    try:
        one = await load
    finally:
        gc.enable()
    if port == lanes.ours:
        lanes.said.add(one)
        await lanes.desk.close_all()
    elif port == lanes.usual:
        lanes.usual_said.add(one)
    await asyncio.sleep(SETTLE_S)
    return one


_PRESSES: Final = """
SELECT sum(json_array_length(body->'events')) FROM fact
WHERE kind IN ('incident_raised', 'press_repeated')
"""
_OFFERED: Final = """
SELECT count(DISTINCT incident_id) FROM fact WHERE kind = 'caregiver_offered'
"""
_OFFERED_AT_ONCE: Final = """
SELECT count(*) FROM fact raised WHERE kind = 'incident_raised' AND EXISTS (
  SELECT FROM fact offered WHERE offered.kind = 'caregiver_offered'
  AND offered.incident_id = raised.incident_id AND offered.xmin = raised.xmin)
"""


async def _checks(stage: Stage, lanes: Lanes) -> tuple[Check, ...]:
    said, usual = lanes.said, lanes.usual_said

    async def on_record(query: str) -> int:
        return await stage.count(DATABASE, query)

    return (
        Check(
            name="Positions and heartbeats on record",
            said=said.tracks,
            found=await on_record("SELECT count(*) FROM track"),
        ),
        Check(name="Presses on record", said=said.presses, found=await on_record(_PRESSES)),
        Check(
            name="Incidents offered in the transaction that raised them",
            said=await on_record(_OFFERED),
            found=await on_record(_OFFERED_AT_ONCE),
        ),
        Check(name="Posts that were not taken", said=0, found=said.failed + usual.failed),
        Check(
            name="The usual way's events on record",
            said=usual.all,
            found=await stage.count(USUAL_DATABASE, f"SELECT count(*) FROM {TABLE}"),  # noqa: S608
        ),
    )
