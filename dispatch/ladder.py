"""How the search for a caregiver goes on: offers at one step, then the next, wider step."""

from dataclasses import replace
from datetime import datetime

from dispatch import notices, overload
from dispatch import requests as r
from dispatch.asking import Pick, Search, considered, open_seats, share_out
from dispatch.assignment import SURGE_CALLS, SURGE_SEATS, Policy
from dispatch.attendance import ENDING_WELL
from dispatch.book import Book
from dispatch.errors import SearchIsOver
from dispatch.facts import (
    CaregiverOffered,
    Fact,
    OfferWithdrawn,
    StepTaken,
    TravelTimesLearned,
)
from dispatch.ids import AttendanceId, CaregiverId, IncidentId, OfferId, carrier_of
from dispatch.incident import Incident
from dispatch.offer import Offer
from dispatch.place import Place, distance_m
from dispatch.plans import Gravity, Plan, Step
from dispatch.queue import rank
from dispatch.roster import Need
from dispatch.ways import is_believable
from dispatch.wishes import Lack, Wishes


def pursue(book: Book, now: datetime, *, at_most: int = SURGE_CALLS) -> list[Fact]:
    """Return what follows for the gravest calls that may be helped on: offers, or a wider step.

    Call again after folding the answer, until it is empty. Calls for which nobody can be asked
    now cost nothing until somebody who fits becomes free. Of several that wait the first
    `at_most` are looked for together, unless the policy serves one after the other. While the
    desk is overloaded nobody is asked about a device: the desk can do without.

    A fault leaves several calls waiting as they were, and takes a single one out of the search.
    """
    if (turned := overload.turn(book, now)) != []:
        return turned
    most = at_most if book.policy is Policy.ASSIGNMENT else 1
    while incidents := _first_in_line(book, most):
        try:
            facts = _search(book, incidents, now)
        except Exception:
            for incident in incidents if len(incidents) > 1 else ():
                book.seek(incident)
            raise
        if facts:
            return [*facts, *notices.owed(book, facts, now)]
    return []


def _first_in_line(book: Book, most: int) -> list[Incident]:
    found: list[Incident] = []
    while len(found) < most and (incident_id := book.searching.pop()) is not None:
        incident = book.incidents.get(incident_id)
        if incident is None or incident.step_by is None:
            continue
        if book.overload is not None and incident.gravity is Gravity.SERVICE:
            book.put_off.put(incident_id, rank(incident))
        else:
            found.append(incident)
    return found


def step_lapsed(book: Book, lapse: r.Lapse, now: datetime) -> list[Fact]:
    """Go on to the next step; after the last one begin a new round at the widest area."""
    incident = book.incident(IncidentId(lapse.subject_id))
    return [_next_step(book, incident, now, "deadline")]


def widened(book: Book, incident: Incident, now: datetime) -> Fact:
    """Return the next, wider step, taken by hand; after the last one begins a new round.

    Raises:
        SearchIsOver: nobody is sought now.
    """
    if incident.step_by is None:
        raise SearchIsOver(incident.id)
    return _next_step(book, incident, now, "by_hand")


def travel_times(book: Book, request: r.LearnTravelTimes, now: datetime) -> list[Fact]:
    """Take over travel times from outside for a call that is still looked for.

    Offers that were made stay. An answer in which anybody flies is not believed at all.
    """
    incident = book.incidents.get(request.incident_id)
    if incident is None or incident.step_by is None or not request.travel_s:
        return []
    if not all(_is_believable(book, incident, *one, now) for one in request.travel_s.items()):
        return []
    return [
        TravelTimesLearned(
            at=now,
            incident_id=incident.id,
            travel_s=dict(request.travel_s),
            source=request.source,
        )
    ]


def _is_believable(
    book: Book, incident: Incident, caregiver_id: CaregiverId, travel_s: float, now: datetime
) -> bool:
    to = need_of(book, incident, None).place
    start = book.roster.reckoned_at(caregiver_id, now=now)
    return is_believable(travel_s, distance_m(start, to) if start and to else 0.0)


def search_again(
    book: Book,
    incident: Incident,
    now: datetime,
    why: str,
    *,
    without: AttendanceId | None = None,
) -> list[Fact]:
    """Return the step that resumes the search, unless it runs or is not needed.

    It is not needed while enough others than `without` come, or when one of them has helped.
    """
    others = [book.attendances[one] for one in incident.attendances if one != without]
    has_helped = any(one.outcome in ENDING_WELL for one in others)
    if has_helped or incident.step_by is not None or not book.missing(incident, without=without):
        return []
    ladder = book.plan_of(incident).ladder
    step = ladder[incident.step]
    return [
        StepTaken(
            at=now,
            incident_id=incident.id,
            step=incident.step,
            level=step.level,
            round=incident.round,
            until=now + step.lasts,
            why=why,
        )
    ]


def stop_asking(
    book: Book, incident: Incident, now: datetime, *, counting: AttendanceId | None = None
) -> list[Fact]:
    """Return the end of the search's pending offers, if with `counting` enough come."""
    if book.missing(incident, counting=counting):
        return []
    accepted = book.offers[OfferId(counting)] if counting else None
    plan = book.plan_of(incident)
    return [
        OfferWithdrawn(at=now, offer_id=one.id, why="taken")
        for one in book.pending_offers(incident)
        if one is not accepted and one.by == "plan" and _is_settled(plan, accepted, one)
    ]


def _is_settled(plan: Plan, accepted: Offer | None, other: Offer) -> bool:
    """Whether a yes answers the other question too: always, unless both are wanted to go."""
    if not plan.both_go or accepted is None or accepted.by != "plan":
        return True
    return accepted.ask == other.ask


def asking_step(incident: Incident, plan: Plan) -> Step:
    """Return the step by which caregivers are asked: while the desk looks, the widest one."""
    step = plan.ladder[incident.step]
    return step if step.level.is_area else plan.widest


def show_by(plan: Plan, now: datetime, answer_by: datetime) -> datetime | None:
    """Return when an offer of now must be on a screen; None when silence lapses before that."""
    by = now + plan.show_within
    return by if by < answer_by else None


def place_of(book: Book, incident: Incident) -> Place | None:
    """Return where the resident is: what the call said, else their home."""
    resident = book.residents.get(incident.resident_id) if incident.resident_id else None
    return incident.place or (resident.home if resident else None)


def need_of(book: Book, incident: Incident, step: Step | None) -> Need:
    """Return what a search for this incident asks for; `step` None searches everywhere."""
    plan = book.plan_of(incident)
    return Need(
        place=place_of(book, incident),
        scope=book.territory.scope(incident.area_id, step.level) if step else None,
        skills=plan.skills,
        excluded=_not_wanted(book, incident),
        asked=incident.asked,
        wishes=_wishes_of(book, incident),
        travel_s=incident.travel_s,
    )


def _not_wanted(book: Book, incident: Incident) -> frozenset[CaregiverId]:
    """Return who must not be asked: whom the resident does not want; whoever calls themself."""
    caller = carrier_of(incident.handset_id)
    if caller is not None:
        return frozenset((caller,))
    resident = book.residents.get(incident.resident_id) if incident.resident_id else None
    return resident.excluded if resident else frozenset()


def _wishes_of(book: Book, incident: Incident) -> Wishes:
    """Return what is asked of whoever comes beyond the plan's skills, and what of it is a must.

    Nothing is for a threat to life. From the second round on no language is: rather somebody who
    must be helped out by an interpreter than nobody.
    """
    resident = book.residents.get(incident.resident_id) if incident.resident_id else None
    is_wish = incident.gravity.is_life_threat
    musts = frozenset[Lack]() if is_wish else frozenset(Lack)
    return Wishes(
        needs=resident.needs if resident else frozenset(),
        language=resident.language if resident else "",
        sex=resident.wants_sex if resident else "",
        key_holders=resident.key_holders if resident else frozenset(),
        rest=book.plan_books[incident.plan_version].rest,
        musts=musts - {Lack.LANGUAGE} if incident.round > 1 else musts,
    )


def _search(book: Book, incidents: list[Incident], now: datetime) -> list[Fact]:
    """Return what follows for calls that are looked for together, gravest first."""
    searches = [_search_for(book, incident) for incident in incidents]
    searches = [search for search in searches if search.open]
    if len(searches) > 1:
        for search in searches:
            del search.open[SURGE_SEATS:]  # the others follow in the next turn
    share_out(book.roster, searches, now)
    return [fact for search in searches for fact in _outcome(book, search, now)]


def _search_for(book: Book, incident: Incident) -> Search:
    plan = book.plan_of(incident)
    step = asking_step(incident, plan)
    pending = tuple(one for one in book.pending_offers(incident) if not one.is_unseen)
    more = 1 if incident.is_pressing else 0
    return Search(
        incident=incident,
        step=step,
        need=replace(need_of(book, incident, step), may_divert=plan.divert_saves is not None),
        pending=pending,
        divert_saves=plan.divert_saves,
        open=open_seats(step, pending, more=more) if plan.asks_at(incident.step) else [],
    )


def _outcome(book: Book, search: Search, now: datetime) -> list[Fact]:
    """Return the offers; where nobody was found, the next step, or nothing while others think."""
    incident, plan = search.incident, book.plan_of(search.incident)
    if search.picks:
        return _offers(book, search, now)
    if search.is_outbid:
        book.seek(incident)  # the next turn looks at those who are left
    elif not search.pending and plan.ladder[incident.step].level.is_area:
        return [_next_step(book, incident, now, "nobody_left")]
    else:
        book.starve(incident, search.need.scope, search.need.skills_required)
    return []


def _offers(book: Book, search: Search, now: datetime) -> list[Fact]:
    incident, step = search.incident, search.step
    first = incident.offers_made + 1
    answer_by = now + step.answer_within
    return [
        CaregiverOffered(
            at=now,
            offer_id=OfferId(f"{incident.id}.{first + index}"),
            incident_id=incident.id,
            caregiver_id=pick.row.caregiver_id,
            answer_by=answer_by,
            show_by=show_by(book.plan_of(incident), now, answer_by),
            travel_s=pick.row.travel_s,
            distance_m=pick.row.distance_m,
            level=step.level,
            by="plan",
            ask=pick.seat.ask,
            diverts=_work_of(book, pick) if pick.is_diverted else None,
            considered=considered(search, pick),
            others=pick.found.others,
            from_place=book.roster.reckoned_at(pick.row.caregiver_id, now=now),
        )
        for index, pick in enumerate(search.picks)
    ]


def _work_of(book: Book, pick: Pick) -> AttendanceId | None:
    work = book.roster.of(pick.row.caregiver_id).work
    return AttendanceId(work) if work is not None else None


def _next_step(book: Book, incident: Incident, now: datetime, why: str) -> StepTaken:
    plan = book.plan_of(incident)
    is_last = incident.step + 1 == len(plan.ladder)
    again = incident.step if plan.is_desk_only else plan.ladder.index(plan.widest)
    index = again if is_last else incident.step + 1
    step = plan.ladder[index]
    return StepTaken(
        at=now,
        incident_id=incident.id,
        step=index,
        level=step.level,
        round=incident.round + (1 if is_last else 0),
        until=now + step.lasts,
        why=why,
    )
