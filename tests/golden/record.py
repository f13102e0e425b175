"""Record the golden nights anew, after a rule was changed on purpose:

    .venv/bin/python -m tests.golden.record [NIGHT…]

First read what tests/simulation/test_golden_nights.py says is different, and then the diff.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from app.center import bare
from app.storage.lines import facts_in
from dispatch.assignment import Policy
from dispatch.facts import CenterStarted, Fact, RequestParked
from dispatch.requests import HandsetCalled, Park, Request, Start
from simulator.run.night import Options, run_night
from simulator.run.policy import NEAREST
from simulator.run.tape import Sighting, Tape
from simulator.run.town import Scale
from simulator.run.virtual import BEGIN
from tests.golden.night import NIGHTS, arrival_line, read, written

SMALL: Final = Scale(residents=12, caregivers=6, operators=2, calls_a_day=90, signs_a_day=200)
Arrival = tuple[datetime, Request | Sighting]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Which night of the simulator is recorded, and how much of it."""

    options: Options
    lasts: timedelta


RECIPES: Final = {
    "quiet": Recipe(
        options=Options(seed=1, with_faults=False, policy=NEAREST, scale=SMALL),
        lasts=timedelta(hours=4),
    ),
    "busy": Recipe(  # from 00:10 and from 00:40 on half of the town presses
        options=Options(
            seed=4,
            with_faults=False,
            policy=Policy.ASSIGNMENT.value,
            scale=replace(SMALL, residents=16, caregivers=7, calls_a_day=150),
            surges_at_s=(600.0, 2_400.0),
        ),
        lasts=timedelta(minutes=43),
    ),
    "faulty": Recipe(  # the center dies twice
        options=Options(seed=4, policy=Policy.ASSIGNMENT.value, scale=SMALL),
        lasts=timedelta(hours=3),
    ),
}


def recorded(name: str) -> tuple[list[str], str]:
    """Live through a night; return it as lines, and how much of it the center decided alike.

    What is kept is what the bare rules decide. The center puts some things later or together:
    calls of one moment, and deadlines that lapse during a slow commit.
    """
    recipe = RECIPES[name]
    tape = Tape()
    journal = run_night(replace(recipe.options, tape=tape)).journal
    facts = [one.fact for one in facts_in(journal.lines())]
    arrived = sorted(_arrivals(tape, facts), key=lambda one: one[0])
    until = BEGIN + recipe.lasts
    kept = Tape(entries=[one for one in arrived if one[0] < until])
    lines = written(name, recipe.options.policy, kept)
    decided = [one for one in read(lines).decided if isinstance(one, Fact)]
    on_record = set(map(repr, facts))
    alike = sum(repr(one) in on_record for one in decided)
    return lines, f"{name}: the center decided {alike} of {len(decided)} facts alike"


def _arrivals(tape: Tape, facts: list[Fact]) -> Iterator[Arrival]:
    """Give what arrived and was put on record or refused; what a fault undid comes again."""
    starts = [one for one in facts if isinstance(one, CenterStarted)]
    parked = [one for one in facts if isinstance(one, RequestParked)]
    for start in starts:
        yield start.at, Start(channels=dict(start.channels))
    for one in parked:
        yield one.at, Park(what=one.what, why=one.why, handset_id=one.handset_id)
    lost = [(_last_before(start.at, facts), start.at) for start in starts]
    for at, what in tape.entries:
        if _is_poisoned(what):
            later = [one for one in parked if one.at >= at]
            if isinstance(what, HandsetCalled) and later:
                yield later[0].at, bare(what)
        elif not any(begin < at < end for begin, end in lost):
            yield at, what


def _last_before(at: datetime, facts: list[Fact]) -> datetime:
    return max((one.at for one in facts if one.at < at), default=at)


def _is_poisoned(what: Request | Sighting) -> bool:
    """Whether it holds what no storage takes."""
    try:
        arrival_line(BEGIN, what)
    except ValueError:
        return True
    return False


def main() -> None:
    """Record the nights that are named, or all, and say how much the center decided alike."""
    NIGHTS.mkdir(exist_ok=True)
    for name in sys.argv[1:] or RECIPES:
        lines, words = recorded(name)
        (NIGHTS / f"{name}.jsonl").write_text("".join(f"{line}\n" for line in lines), "utf-8")
        sys.stdout.write(f"{words}\n")


if __name__ == "__main__":
    main()
