"""Whom to ask about calls that are looked for: their free seats, and who takes which.

A seat is one question that may be put now. Each ask of the ladder's step has its own, and each
wants the nearest of its kind; while nobody of that kind can come, the nearest of all.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import zip_longest
from typing import TypeAlias

from dispatch.facts import Considered
from dispatch.ids import CaregiverId
from dispatch.incident import Incident
from dispatch.offer import Offer
from dispatch.plans import Step
from dispatch.roster import CONSIDERED_MAX, Found, Need, Roster, Verdict

Wish: TypeAlias = tuple[frozenset[str], frozenset[str]]  # kinds, skills

ANYBODY: Wish = (frozenset(), frozenset())


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """One question that may be put now."""

    ask: int  # which of the step's asks
    wish: Wish


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """Who is to be asked for a seat, and the search in which they were found."""

    seat: Seat
    row: Considered
    found: Found


@dataclass(slots=True, kw_only=True)
class Search:
    """One call that is looked for: what it needs, its free seats, and who was picked for them."""

    incident: Incident
    step: Step
    need: Need
    pending: tuple[Offer, ...]
    open: list[Seat]
    picks: list[Pick] = field(default_factory=list[Pick])
    found: dict[Wish, Found] = field(default_factory=dict[Wish, Found])
    elsewhere: frozenset[CaregiverId] = frozenset()  # who was picked for other calls


def open_seats(step: Step, pending: Sequence[Offer], *, more: int = 0) -> list[Seat]:
    """Return the seats of a step that no pending offer holds; the last ask has `more`.

    An offer of an earlier step, which may have had more asks, counts for the last one.
    """
    last = len(step.asks) - 1
    held = Counter(min(offer.ask, last) for offer in pending)
    return [
        Seat(ask=number, wish=(ask.kinds, ask.skills))
        for number, ask in enumerate(step.asks)
        for _ in range(ask.at_once + (more if number == last else 0) - held[number])
    ]


def share_out(roster: Roster, searches: Sequence[Search], now: datetime) -> None:
    """Pick somebody for as many open seats as there are people who can come; nobody twice."""
    taken: set[CaregiverId] = set()
    most = sum(len(search.open) for search in searches)
    for is_wish in (True, False):
        for turn in _turns(searches):
            for search, seat in turn:
                wish = seat.wish if is_wish else ANYBODY
                found = _looked_for(roster, search, wish, most, now)
                row = next((one for one in found.chosen if one.caregiver_id not in taken), None)
                if row is not None:
                    taken.add(row.caregiver_id)
                    search.open.remove(seat)
                    search.picks.append(Pick(seat=seat, row=row, found=found))


def considered(search: Search, pick: Pick) -> tuple[Considered, ...]:
    """Return for the record everybody picked for this call, and the nearest others with why not."""
    picked = {one.row.caregiver_id for one in search.picks}
    able = [replace(one, verdict=Verdict.FARTHER.value) for one in pick.found.chosen]
    others = sorted((*able, *pick.found.considered), key=lambda one: one.travel_s)
    passed = [one for one in others if one.caregiver_id not in picked]
    return (*(one.row for one in search.picks), *passed[:CONSIDERED_MAX])


def _turns(searches: Sequence[Search]) -> Iterator[list[tuple[Search, Seat]]]:
    """Give the first open seat of each call, then the second: all get one before any gets two."""
    for seats in zip_longest(*(tuple(search.open) for search in searches)):
        pairs = zip(searches, seats, strict=True)
        yield [(search, seat) for search, seat in pairs if seat is not None]


def _looked_for(roster: Roster, search: Search, wish: Wish, most: int, now: datetime) -> Found:
    """Return the nearest whom a seat wants, looked for once a call and wish."""
    found = search.found.get(wish)
    if found is None:
        kinds, skills = wish
        need = replace(search.need, kinds=kinds, skills=search.need.skills | skills)
        found = search.found[wish] = roster.search(need, wanted=most, now=now)
    return found
