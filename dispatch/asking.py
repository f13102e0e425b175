"""Whom to ask about calls that are looked for: their free seats, and who takes which.

A seat is one question that may be put now. Each ask of the ladder's step has its own, and each
wants the nearest of its kind; while nobody of that kind can come, the nearest of all.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import zip_longest
from math import inf
from typing import TypeAlias

import numpy as np

from dispatch.assignment import SURGE_CANDIDATES, cost, solve
from dispatch.facts import Considered
from dispatch.ids import CaregiverId
from dispatch.incident import Incident
from dispatch.offer import Offer
from dispatch.place import Floats
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
    is_diverted: bool = False  # they are on the way to routine work


@dataclass(slots=True, kw_only=True)
class Search:
    """One call that is looked for: what it needs, its free seats, and who was picked for them."""

    incident: Incident
    step: Step
    need: Need
    pending: tuple[Offer, ...]
    divert_saves: timedelta | None  # None: nobody is called away for this call
    open: list[Seat]
    picks: list[Pick] = field(default_factory=list[Pick])
    found: dict[Wish, Found] = field(default_factory=dict[Wish, Found])
    elsewhere: frozenset[CaregiverId] = frozenset()  # who was picked for other calls

    @property
    def is_outbid(self) -> bool:
        """Whether nobody is left only because other calls took all who were looked at."""
        return not self.picks and any(found.chosen for found in self.found.values())


def open_seats(step: Step, pending: Sequence[Offer], *, more: int) -> list[Seat]:
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
    """Pick somebody for as many open seats as there are people who can come; nobody twice.

    Threats to life choose first, among themselves. `searches` stand in order of rank.
    """
    taken: set[CaregiverId] = set()
    looking = _Looking(roster, _wanted(searches), now)
    for is_threat in (True, False):
        group = [one for one in searches if one.incident.gravity.is_life_threat is is_threat]
        for is_wish in (True, False):
            for turn in _turns(group, looking, is_wish=is_wish):
                _pick(turn, taken, now)
        for search in group:
            _divert(roster, search, taken, now)
    for search in searches:
        search.elsewhere = frozenset(taken) - {one.row.caregiver_id for one in search.picks}


def considered(search: Search, pick: Pick) -> tuple[Considered, ...]:
    """Return for the record everybody picked for this call, and the nearest others with why not."""
    picked = {one.row.caregiver_id for one in search.picks}
    others = sorted((*pick.found.chosen, *pick.found.considered), key=seems_s)
    passed = [one for one in others if one.caregiver_id not in picked][:CONSIDERED_MAX]
    return (
        *(one.row for one in search.picks),
        *(replace(one, verdict=_why_passed(search, pick, one)) for one in passed),
    )


def seems_s(one: Considered) -> float:
    """Return how far somebody counts as, in seconds: the way, and what they lack."""
    return one.travel_s + one.handicap_s


def _wanted(searches: Sequence[Search]) -> int:
    """Return how many of the nearest each seat needs to know: one for every seat, within limits."""
    seats = sum(len(search.open) for search in searches)
    return seats if len(searches) == 1 else min(seats, SURGE_CANDIDATES)


def _why_passed(search: Search, pick: Pick, one: Considered) -> str:
    if one.verdict != Verdict.CHOSEN:  # cannot come, or stands behind all who were looked at
        return one.verdict
    is_nearer = seems_s(one) <= seems_s(pick.row)
    if is_nearer and one.caregiver_id in search.elsewhere:
        return Verdict.NEEDED_ELSEWHERE.value
    return Verdict.FARTHER.value


@dataclass(frozen=True, slots=True)
class _Looking:
    """Looks for the nearest whom a seat wants: as many as all calls together might take."""

    roster: Roster
    wanted: int
    now: datetime

    def found(self, search: Search, wish: Wish) -> Found:
        known = search.found.get(wish)
        if known is None:
            kinds, skills = wish
            need = replace(search.need, kinds=kinds, skills=search.need.skills | skills)
            known = self.roster.search(need, wanted=self.wanted, now=self.now)
            search.found[wish] = known
        return known


_Turn: TypeAlias = list[tuple[Search, Seat, Found]]


def _turns(group: Sequence[Search], looking: _Looking, *, is_wish: bool) -> Iterator[_Turn]:
    """Give the first open seat of each call, then the second: all get one before any gets two."""
    for seats in zip_longest(*(tuple(search.open) for search in group)):
        yield [
            (search, seat, looking.found(search, seat.wish if is_wish else ANYBODY))
            for search, seat in zip(group, seats, strict=True)
            if seat is not None
        ]


def _pick(turn: _Turn, taken: set[CaregiverId], now: datetime) -> None:
    """Let each of these seats have one of those whom it wants and who are left."""
    able = [
        {row.caregiver_id: row for row in found.chosen if row.caregiver_id not in taken}
        for _, _, found in turn
    ]
    names = list(dict.fromkeys(name for rows in able for name in rows))
    if len(turn) == 1:
        columns: list[int | None] = [0 if names else None]  # the nearest: nobody else waits
    else:
        columns = solve(_costs(turn, able, names, now))
    for (search, seat, found), rows, column in zip(turn, able, columns, strict=True):
        if column is not None:
            row = rows[names[column]]
            taken.add(row.caregiver_id)
            search.open.remove(seat)
            search.picks.append(Pick(seat=seat, row=row, found=found))


def _divert(roster: Roster, search: Search, taken: set[CaregiverId], now: datetime) -> None:
    """Call somebody away from routine work: one who is much nearer, or all when nobody can come.

    Those who are asked already, or were picked just now, can come; the nearest of them counts.
    """
    if search.divert_saves is None or not search.found:
        return
    coming = [offer.travel_s for offer in search.pending if offer.diverts is None]
    coming += [pick.row.travel_s for pick in search.picks]
    is_asked = any(offer.diverts is not None for offer in search.pending)
    most = (0 if is_asked else 1) if coming else len(search.open)
    within_s = min(coming, default=inf) - search.divert_saves.total_seconds()
    need = replace(search.need, asked=search.need.asked | taken)
    for row in roster.on_the_way(need, wanted=most, within_s=within_s, now=now):
        seat = search.open.pop(0) if search.open else search.picks.pop(_farthest(search)).seat
        found = search.found[seat.wish]
        taken.add(row.caregiver_id)
        search.picks.insert(0, Pick(seat=seat, row=row, found=found, is_diverted=True))


def _farthest(search: Search) -> int:
    picks = search.picks
    return max(range(len(picks)), key=lambda number: picks[number].row.travel_s)


def _costs(
    turn: _Turn,
    able: Sequence[Mapping[CaregiverId, Considered]],
    names: Sequence[CaregiverId],
    now: datetime,
) -> Floats:
    column = {name: number for number, name in enumerate(names)}
    costs = np.full((len(turn), len(names)), np.inf)
    for number, ((search, _, _), rows) in enumerate(zip(turn, able, strict=True)):
        incident = search.incident
        for name, row in rows.items():
            worth = cost(incident.gravity, seems_s(row), incident.due_at, now)
            costs[number, column[name]] = worth
    return costs
