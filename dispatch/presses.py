"""What becomes of a press, a cancel, a check-in, and of a call by telephone."""

from datetime import datetime, timedelta
from typing import Final

from dispatch import requests as r
from dispatch.attendance import AttendanceState
from dispatch.book import REMEMBERED_FOR, Book
from dispatch.contact import SILENT_KINDS, contact
from dispatch.desk import claimed, pressing, rise
from dispatch.facts import (
    CancelPressed,
    EventKey,
    Fact,
    IncidentRaised,
    NoteAdded,
    PressRepeated,
    SignalHeard,
    StepTaken,
)
from dispatch.habits import FIRST_FOR, called, usual
from dispatch.household import SAME_MINUTE
from dispatch.ids import AreaId, IncidentId, OperatorId, ResidentId
from dispatch.incident import Incident
from dispatch.place import Place
from dispatch.plans import DESK_KINDS, Gravity, Plan
from dispatch.queue import rank

CLOCKLESS_REMEMBERED_FOR: Final = timedelta(hours=24)
"""For a message without a time of its own: a handset that counts from one again after a reboot
must be heard, and no retry goes on for a day."""
SIGNALS: Final = frozenset({"check_in", "test"})  # on record, but open nothing


def handset_called(book: Book, request: r.HandsetCalled, now: datetime) -> list[Fact]:
    """Open an incident, or fold the press into the open one; a known message changes nothing."""
    fresh = _fresh(book, request, now)
    if not fresh:
        return []
    if request.kind in SIGNALS:
        heard = [_heard(request, event, now) for event in fresh]
        return [*heard, *_late_signs(book, request, now)]
    if request.kind == "cancel":
        return _cancel(book, request, fresh, now)
    handset = book.handsets.get(request.handset_id)
    resident_id = handset.resident_id if handset else None
    plan = book.plans.of(request.kind)
    open_ones = _open_ones(book, book.caller_of(resident_id, request.handset_id))
    is_silent = plan.is_silent or request.kind in SILENT_KINDS
    fitting = (one for one in open_ones if one.is_silent or not is_silent)
    joined = next((one for one in fitting if _holds(book, one, plan)), None)
    if joined is not None:
        return _repeat(book, joined, plan, request, fresh, now)
    is_silent = is_silent or any(one.is_silent for one in open_ones)
    place, area_id = _where(book, resident_id, request.place, request.area_id)
    first_for = _first_for(book, resident_id, area_id, now)
    gravity, due_within = _classed(book, plan, resident_id)
    raised = IncidentRaised(
        at=now,
        incident_id=_next_id(book),
        kind=plan.kind,
        gravity=gravity,
        plan_version=book.plan_version,
        channel=request.channel,
        resident_id=resident_id,
        handset_id=request.handset_id,
        area_id=area_id,
        events=fresh,
        occurred_at=request.occurred_at,
        due_at=now + due_within,
        level=plan.ladder[0].level,
        step_by=now + plan.ladder[0].lasts,
        desk_by=_desk_by(plan, gravity, now),
        linked_to=_linked_to(book, resident_id, open_ones, now),
        problems=request.problems,
        is_pressing=_is_pressing(book, None, plan, plan, len(fresh), now),
        is_silent=is_silent,
        contact=_contact(book, resident_id, plan, is_silent=is_silent),
        usual=_usual(book, resident_id, plan, now),
        first_for=first_for,
        first_until=now + FIRST_FOR if first_for else None,
        place=place,
        note=request.note,
    )
    return [raised, *first_alerts(book, raised, plan, now)]


def telephoned(book: Book, request: r.Telephoned, now: datetime) -> list[Fact]:
    """Open an incident for somebody who telephoned; the operator who took it has it."""
    plan = book.plans.of(request.kind)
    resident_id = request.resident_id
    place, area_id = _where(book, resident_id, request.place, request.area_id)
    open_ones = _open_ones(book, book.caller_of(resident_id, None)) if resident_id else []
    is_silent = plan.is_silent or request.kind in SILENT_KINDS
    is_silent = is_silent or any(one.is_silent for one in open_ones)
    gravity, due_within = _classed(book, plan, resident_id)
    raised = IncidentRaised(
        at=now,
        incident_id=_next_id(book),
        kind=plan.kind,
        gravity=gravity,
        plan_version=book.plan_version,
        channel="telephone",
        resident_id=resident_id,
        handset_id=None,
        area_id=area_id,
        events=(),
        occurred_at=None,
        due_at=now + due_within,
        level=plan.ladder[0].level,
        step_by=now + plan.ladder[0].lasts,
        desk_by=now + plan.claim_lasts,
        linked_to=_linked_to(book, resident_id, open_ones, now),
        is_silent=is_silent,
        contact=_contact(book, resident_id, plan, is_silent=is_silent),
        usual=_usual(book, resident_id, plan, now),
        place=place,
        note=request.note,
        caller=request.caller,
    )
    return [raised, claimed(raised.incident_id, request.operator_id, plan, now)]


def _classed(book: Book, plan: Plan, resident_id: ResidentId | None) -> tuple[Gravity, timedelta]:
    """Return how grave the call is and within what time it is due, for whoever calls."""
    resident = book.residents.get(resident_id) if resident_id else None
    classes = book.plans.classes
    if resident is None or not classes.raises(
        plan.gravity, resident.ability, lives_alone=resident.lives_alone
    ):
        return plan.gravity, plan.due_within
    return Gravity.URGENT, plan.due_within * classes.due_share


def _desk_by(plan: Plan, gravity: Gravity, now: datetime) -> datetime | None:
    """Return by when an operator must take the call; a raised one needs the desk in any case."""
    within = plan.claim_within or (plan.desk_again if gravity < plan.gravity else None)
    return now + within if within else None


def _holds(book: Book, incident: Incident, plan: Plan) -> bool:
    """Whether a press of this kind goes into the incident: its kind is at least as grave.

    The kind's own gravity counts: an alarm must not vanish in an errand that was made urgent.
    """
    return book.plan_of(incident).gravity <= plan.gravity


def _fresh(book: Book, request: r.HandsetCalled, now: datetime) -> tuple[EventKey, ...]:
    """Return the messages that are not on record, each once; a very old one is a new press."""

    def is_fresh(event: EventKey) -> bool:
        heard = book.heard_before(request.handset_id, event)
        remembered_for = REMEMBERED_FOR if event.device_time else CLOCKLESS_REMEMBERED_FOR
        return heard is None or now - heard.at > remembered_for

    return tuple(event for event in dict.fromkeys(request.events) if is_fresh(event))


def _heard(request: r.HandsetCalled, event: EventKey, now: datetime) -> Fact:
    return SignalHeard(
        at=now, handset_id=request.handset_id, event=event, occurred_at=request.occurred_at
    )


def _late_signs(book: Book, request: r.HandsetCalled, now: datetime) -> list[Fact]:
    """Return the note, for whoever looks for a silent resident, that the handset was used."""
    handset = book.handsets.get(request.handset_id)
    missed = book.missed_check_in(handset.resident_id) if handset and handset.resident_id else None
    if missed is None:
        return []
    return [NoteAdded(at=now, incident_id=missed.id, by=request.handset_id, text=request.kind)]


def _cancel(
    book: Book, request: r.HandsetCalled, fresh: tuple[EventKey, ...], now: datetime
) -> list[Fact]:
    handset = book.handsets.get(request.handset_id)
    resident_id = handset.resident_id if handset else None
    open_ones = _open_ones(book, book.caller_of(resident_id, request.handset_id))
    if not open_ones:
        return [_heard(request, event, now) for event in fresh]
    incident = open_ones[0]
    plan = book.plan_of(incident)
    is_about_device = incident.gravity is Gravity.SERVICE  # nobody to ask how they are
    confirm_by = None if is_about_device else incident.confirm_by or now + plan.confirm_within
    return [
        CancelPressed(
            at=now,
            incident_id=incident.id,
            handset_id=request.handset_id,
            event=event,
            confirm_by=confirm_by,
            is_in_grace=now - incident.last_press_at <= plan.cancel_grace,
        )
        for event in fresh
    ]


def _open_ones(book: Book, caller: str) -> list[Incident]:
    """Return the open calls that the caller made, gravest first, then oldest."""
    found = (book.incidents[one] for one in book.open_of.get(caller, ()))
    calls = [one for one in found if one.kind not in DESK_KINDS]
    return sorted(calls, key=lambda one: (one.gravity, rank(one)))


def _contact(
    book: Book, resident_id: ResidentId | None, plan: Plan, *, is_silent: bool
) -> tuple[str, ...]:
    resident = book.residents.get(resident_id) if resident_id else None
    return contact(resident.communication if resident else "", plan.say, is_silent=is_silent)


def _usual(book: Book, resident_id: ResidentId | None, plan: Plan, now: datetime) -> str:
    """Return how the call fits what this resident is wont to do; a device has no habits."""
    if resident_id is None or plan.gravity is Gravity.SERVICE or plan.kind in DESK_KINDS:
        return ""
    return usual(called(book.habits.get(resident_id), now))


def _first_for(
    book: Book, resident_id: ResidentId | None, area_id: AreaId | None, now: datetime
) -> OperatorId | None:
    """Return the operator at the desk who last had a call of somebody who calls every day."""
    habit = book.habits.get(resident_id) if resident_id else None
    if habit is None or habit.last_operator is None or not called(habit, now).is_habitual():
        return None
    operator = book.desk.get(habit.last_operator)
    if operator is None or not operator.covers(book.territory.path(area_id)):
        return None
    return operator.id


def _linked_to(
    book: Book, resident_id: ResidentId | None, open_ones: list[Incident], now: datetime
) -> IncidentId | None:
    """Return the caller's own open call, else the first one of their household in this minute.

    Each keeps its own place in the queue and its own offers; the desk sees that they are one.
    """
    if open_ones:
        return open_ones[0].id
    home = book.pinned_home(resident_id)
    if home is None:
        return None
    calls = (book.incidents[one] for one in book.households.calls_at(home))
    recent = [one for one in calls if now - one.raised_at <= SAME_MINUTE]
    return min(recent, key=lambda one: (one.raised_at, rank(one))).id if recent else None


def _repeat(
    book: Book,
    incident: Incident,
    plan: Plan,
    request: r.HandsetCalled,
    fresh: tuple[EventKey, ...],
    now: datetime,
) -> list[Fact]:
    own = book.plan_of(incident)
    within = own.claim_within if plan.claim_within and not incident.claim.is_held else None
    is_sooner = within and (incident.desk_by is None or now + within < incident.desk_by)
    repeated = PressRepeated(
        at=now,
        incident_id=incident.id,
        handset_id=request.handset_id,
        kind=request.kind,
        gravity=plan.gravity,
        events=fresh,
        occurred_at=request.occurred_at,
        desk_by=now + within if within and is_sooner else None,
        is_pressing=_is_pressing(book, incident, own, plan, len(fresh), now),
        place=request.place,
    )
    facts: list[Fact] = [repeated]
    if repeated.is_pressing and not incident.is_pressing:
        facts += pressing(book, incident, now)
    if plan.claim_within is not None and _is_stuck(book, incident):
        facts.append(
            StepTaken(
                at=now,
                incident_id=incident.id,
                step=0,
                level=own.ladder[0].level,
                round=incident.round + 1,
                until=now + own.ladder[0].lasts,
                why="pressed_again",
            )
        )
    return facts


def _is_pressing(
    book: Book, incident: Incident | None, own: Plan, pressed: Plan, presses: int, now: datetime
) -> bool:
    """Whether these presses make it many within a short time while nobody is on scene."""
    if pressed.gravity is Gravity.SERVICE:
        return False  # a device that repeats itself is nobody in distress
    before = 0
    if incident is not None:
        if any(one.state is AttendanceState.ON_SCENE for one in book.active_attendances(incident)):
            return False
        before = sum(now - at <= own.pressing_within for at in incident.pressed_at)
    return before + presses >= own.pressing_count


def _is_stuck(book: Book, incident: Incident) -> bool:
    """Whether nobody comes and the first step of the ladder is behind us."""
    if book.active_attendances(incident):
        return False
    return incident.step > 0 or (bool(incident.asked) and not book.pending_offers(incident))


def _where(
    book: Book, resident_id: ResidentId | None, place: Place | None, area_id: AreaId | None
) -> tuple[Place | None, AreaId | None]:
    """Return the place and area of a call: what the message said, else the resident's home."""
    resident = book.residents.get(resident_id) if resident_id else None
    if resident is None:
        return place, area_id
    if place is None:
        return resident.home, resident.area_id
    return place, area_id or resident.area_id


def _next_id(book: Book) -> IncidentId:
    return IncidentId(f"I{book.incident_count + 1}")


def first_alerts(book: Book, raised: IncidentRaised, plan: Plan, now: datetime) -> list[Fact]:
    """Return the alerts above the desk that must go out at once: nobody sits there, or worse."""
    path = book.territory.path(raised.area_id)
    if raised.is_pressing and book.present(path, supervisors=True):
        return [rise(book, raised.incident_id, path, plan, now)]
    if raised.desk_by is None or book.present(path, supervisors=False):
        return []
    return [rise(book, raised.incident_id, path, plan, now)]
