"""What a run amounts to: counts, waits, and whether a call was lost or doubled."""

import asyncio
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from simulator.players.tally import PressKey, Tally
from simulator.record import Record, read, read_embedded

Say: TypeAlias = Callable[[str], None]
"""How a command tells people what goes on, line by line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """What a run was: as asked for, and as long as it lasted."""

    command: str
    seed: int
    speed: float  # of the caregivers' lives, or of the rules' clock in a replay
    seconds: float
    url: str


async def conclude(
    run: RunFacts,
    tally: Tally,
    *,
    database_url: str,
    data_dir: Path | None,
    path: Path | None,
    say: Say,
) -> int:
    """Read the record back, write and say the report, and return the exit code.

    With neither a database nor a folder nothing is read back, and the report says so.
    """
    after = int(tally.cursor.rpartition(":")[2] or 0)
    found = None
    if database_url:
        found = await read(database_url, after)
    elif data_dir is not None:
        found = await read_embedded(data_dir, after)
    result = build(run, tally, found)
    if path is not None:
        await asyncio.to_thread(write, result, path)
        say(f"Report: {path}")
    for line in lines(result):
        say(line)
    return 0 if is_good(result) else 1


def build(run: RunFacts, tally: Tally, record: Record | None) -> dict[str, Any]:
    """Return the report as it is written to a file.

    `record` is what a database read back after the run says; without one, whatever only the
    record can tell is None.
    """
    return {
        "command": run.command,
        "url": run.url,
        "seed": run.seed,
        "speed": run.speed,
        "seconds": round(run.seconds, 1),
        "presses_sent": len(tally.presses),
        "presses_acknowledged": len(tally.acknowledged),
        "retries_recognised": tally.duplicates,
        "incidents_opened": record.incidents_opened if record else None,
        "offers": record.offers if record else None,
        "accepted": record.accepted if record else None,
        "closed": record.closed if record else None,
        "lost": len(lost(tally, record)) if record else None,
        "doubled": len(doubled(tally, record)) if record else None,
        "press_to_offer_ms": spread(tally.press_to_offer_ms(), ("p50", "p99", "max")),
        "press_to_console_ms": spread(tally.press_to_console_ms(), ("p50", "p99", "max")),
        "response_s": spread(record.response_s if record else (), ("p50", "p90")),
        "errors": by_kind(tally.errors),
        "refusals": by_kind(tally.refusals),
    }


def lost(tally: Tally, record: Record) -> list[PressKey]:
    """Return the presses that were acknowledged and are not on record."""
    return [one.key for one in tally.acknowledged if not record.times_of(one.key)]


def doubled(tally: Tally, record: Record) -> list[PressKey]:
    """Return the presses that are on record twice, or in two incidents."""
    return [key for key in tally.presses if record.times_of(key) > 1]


def is_good(report: Mapping[str, Any]) -> bool:
    """Tell whether no call was lost and none doubled, as far as that was read back."""
    return not report["lost"] and not report["doubled"]


def spread(values: Iterable[float], marks: Sequence[str]) -> dict[str, float | None]:
    """Return percentiles ("p99" has 99 % of the values at or below it) and "max"; None of none."""
    ordered = sorted(values)

    def at(mark: str) -> float | None:
        if not ordered:
            return None
        share = 1.0 if mark == "max" else int(mark.removeprefix("p")) / 100
        return round(ordered[max(0, math.ceil(share * len(ordered)) - 1)], 1)

    return {mark: at(mark) for mark in marks}


def by_kind(counts: Mapping[str, int]) -> dict[str, int]:
    """Return counts, the most frequent kind first."""
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def write(report: Mapping[str, Any], path: Path) -> None:
    """Write the report as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def lines(report: Mapping[str, Any]) -> list[str]:
    """Return the report in a few lines for people."""
    offer, console, response = (
        report[name] for name in ("press_to_offer_ms", "press_to_console_ms", "response_s")
    )
    return [
        f"Presses: {report['presses_sent']} sent, {report['presses_acknowledged']} acknowledged, "
        f"{report['retries_recognised']} retries recognised.",
        f"Incidents: {report['incidents_opened']} opened, {report['offers']} offers, "
        f"{report['accepted']} accepted, {report['closed']} closed.",
        f"Read back from the record: {report['lost']} lost, {report['doubled']} doubled.",
        f"Press to offer: p50 {offer['p50']} ms, p99 {offer['p99']} ms, max {offer['max']} ms.",
        f"Press to console: p50 {console['p50']} ms, p99 {console['p99']} ms, "
        f"max {console['max']} ms.",
        f"Press to a caregiver on scene: p50 {response['p50']} s, p90 {response['p90']} s.",
        f"Errors: {report['errors'] or 'none'}.",
    ]
