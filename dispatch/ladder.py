"""How the search for a caregiver goes on: offers at one step, then the next, wider step."""

from datetime import datetime

from dispatch import requests as r
from dispatch.attendance import ENDING_WELL
from dispatch.book import Book
from dispatch.errors import SearchIsOver
from dispatch.facts import CaregiverOffered, Fact, StepTaken
from dispatch.ids import AttendanceId, IncidentId, OfferId
from dispatch.incident import Incident
from dispatch.plans import Plan, Step
from dispatch.roster import Found, Need


def pursue(book: Book, now: datetime) -> list[Fact]:
    """Return what follows for the gravest call that may be helped on: offers, or a wider step.

    Call again after folding the answer, until it is empty. Calls for which nobody can be asked
    now cost nothing until somebody who fits becomes free.
    """
    while (incident_id := book.searching.pop()) is not None:
        incident = book.incidents.get(incident_id)
        if incident is None or incident.step_by is None:
            continue
        facts = _search(book, incident, now)
        if facts:
            return facts
    return []


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


def search_again(
    book: Book,
    incident: Incident,
    now: datetime,
    why: str,
    *,
    without: AttendanceId | None = None,
) -> list[Fact]:
    """Return the step that resumes the search, unless another than `without` comes or helped."""
    others = [book.attendances[one] for one in incident.attendances if one != without]
    if any(one.state.is_active or one.outcome in ENDING_WELL for one in others):
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


def asking_step(incident: Incident, plan: Plan) -> Step:
    """Return the step by which caregivers are asked: while the desk looks, the widest one."""
    step = plan.ladder[incident.step]
    return step if step.level.is_area else plan.widest


def need_of(book: Book, incident: Incident, step: Step | None) -> Need:
    """Return what a search for this incident asks for; `step` None searches everywhere."""
    plan = book.plan_of(incident)
    resident = book.residents.get(incident.resident_id) if incident.resident_id else None
    return Need(
        place=incident.place or (resident.home if resident else None),
        scope=book.territory.scope(incident.area_id, step.level) if step else None,
        skills=plan.skills,
        excluded=resident.excluded if resident else frozenset(),
        asked=incident.asked,
    )


def _search(book: Book, incident: Incident, now: datetime) -> list[Fact]:
    plan = book.plan_of(incident)
    if not plan.asks_at(incident.step):
        return []
    step = asking_step(incident, plan)
    pending = len(book.pending_offers(incident))
    wanted = step.at_once + incident.is_pressing - pending
    if wanted <= 0:
        return []
    need = need_of(book, incident, step)
    found = book.roster.search(need, wanted=wanted, now=now)
    if found.chosen:
        return _offers(book, incident, step, found, now)
    if not pending and plan.ladder[incident.step].level.is_area:
        return [_next_step(book, incident, now, "nobody_left")]
    book.starve(incident, need.scope, need.skills)
    return []


def _offers(book: Book, incident: Incident, step: Step, found: Found, now: datetime) -> list[Fact]:
    first = incident.offers_made + 1
    return [
        CaregiverOffered(
            at=now,
            offer_id=OfferId(f"{incident.id}.{first + index}"),
            incident_id=incident.id,
            caregiver_id=chosen.caregiver_id,
            answer_by=now + step.answer_within,
            travel_s=chosen.travel_s,
            distance_m=chosen.distance_m,
            level=step.level,
            by="plan",
            considered=(*found.chosen, *found.considered),
            others=found.others,
            from_place=book.roster.reckoned_at(chosen.caregiver_id, now=now),
        )
        for index, chosen in enumerate(found.chosen)
    ]


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
