"""The one door of the rules: a request and the book in, facts out. Nothing is changed here."""

from collections.abc import Callable, Mapping, Set
from datetime import datetime
from typing import Any, Final

from dispatch import (
    answers,
    card,
    desk,
    desk_calls,
    hand,
    ladder,
    movement,
    notices,
    overload,
    presses,
    rounds,
    scene,
    shift,
    stages,
)
from dispatch import requests as r
from dispatch.areas import Level
from dispatch.book import Book
from dispatch.errors import PlanRefused, UnknownSubject
from dispatch.facts import (
    CaregiverEnrolled,
    CenterStarted,
    Fact,
    HandsetPaired,
    OfferRenewed,
    OfferWithdrawn,
    OfficerNamed,
    PlanAdopted,
    RequestParked,
    ResidentRegistered,
    StepTaken,
)
from dispatch.ids import AreaId
from dispatch.notice import EMERGENCY_SERVICES
from dispatch.offer import Offer
from dispatch.plans import read_plans


def decide(book: Book, request: r.Request, now: datetime) -> list[Fact]:
    """Return the facts that answer `request`, in order; empty when nothing changes.

    Fold them with `evolve`, then call `pursue` until it has nothing more to say.

    Raises:
        DispatchError: the request is refused; nothing was changed.
    """
    facts = _DECIDERS[type(request)](book, request, now)
    if facts and isinstance(request, r.HandsetCalled):
        facts = [*facts, *rounds.heard(book, (request.handset_id,), now)]
    facts = [*facts, *hand.holds_ended(book, facts, now)]
    facts = [*facts, *desk_calls.care_reviews(book, facts, now)]
    facts = [*facts, *notices.owed(book, facts, now)]
    return stages.follow(book, facts, now)


def _register(book: Book, request: r.Register, now: datetime) -> list[Fact]:
    areas = set(book.territory.areas)
    residents = set(book.residents)
    unwanted: list[Fact] = []
    for fact in request.facts:
        match fact:
            case ResidentRegistered() | CaregiverEnrolled() | OfficerNamed():
                _must_be_area(areas, fact.area_id)
                if isinstance(fact, ResidentRegistered):
                    residents.add(fact.resident_id)
                    unwanted.extend(_unwanted(book, fact, now))
            case HandsetPaired():
                if fact.resident_id is not None and fact.resident_id not in residents:
                    raise UnknownSubject("resident", fact.resident_id)
            case PlanAdopted():
                _check_plans(book, fact)
            case _:
                areas.add(fact.area_id)
    return [*request.facts, *unwanted]


def _must_be_area(areas: Set[AreaId], area_id: AreaId) -> None:
    if area_id not in areas:
        raise UnknownSubject("area", area_id)


def _unwanted(book: Book, fact: ResidentRegistered, now: datetime) -> list[Fact]:
    """Return the end of pending offers to caregivers whom the resident no longer wants."""
    caller = book.caller_of(fact.resident_id, None)
    return [
        OfferWithdrawn(at=now, offer_id=offer.id, why="excluded")
        for incident_id in book.open_of.get(caller, ())
        for offer in book.pending_offers(book.incidents[incident_id])
        if offer.caregiver_id in fact.excluded
    ]


def _check_plans(book: Book, fact: PlanAdopted) -> None:
    """Refuse plans that cannot be read, or would change those of incidents that are running."""
    plans = read_plans(fact.text, is_new=fact.version not in book.plan_books)
    if plans.version != fact.version:
        raise PlanRefused("file", None, f"is version {plans.version}, not {fact.version}")
    if book.plan_books.get(fact.version, plans) != plans:
        why = f"changes, but version {fact.version} is in use: give it another"
        raise PlanRefused("file", None, why)


def _telephoned(book: Book, request: r.Telephoned, now: datetime) -> list[Fact]:
    desk.known_resident(book, request.resident_id)
    return presses.telephoned(book, request, now)


def _start(book: Book, request: r.Start, now: datetime) -> list[Fact]:
    """Take over: pending offers get a fresh window; other deadlines fire one step each, later."""
    stopped_for = now - book.last_at if book.last_at else None
    started = CenterStarted(at=now, stopped_for=stopped_for, channels=request.channels)
    return [started, *(_renewed(book, one, now) for one in book.offers.values() if one.is_pending)]


def _renewed(book: Book, offer: Offer, now: datetime) -> Fact:
    """Give an offer its window again, by the plan: one that was renewed before waits no longer."""
    incident = book.incident(offer.incident_id)
    plan = book.plan_of(incident)
    answer_by = now + ladder.asking_step(incident, plan).answer_within
    is_open = offer.show_by is not None
    return OfferRenewed(
        at=now,
        offer_id=offer.id,
        answer_by=answer_by,
        show_by=ladder.show_by(plan, now, answer_by) if is_open else None,
    )


def _park(_: Book, request: r.Park, now: datetime) -> list[Fact]:
    return [
        RequestParked(at=now, what=request.what, why=request.why, handset_id=request.handset_id)
    ]


def _lapse(book: Book, request: r.Lapse, now: datetime) -> list[Fact]:
    if not book.still_holds(request.due_at, request.kind, request.subject_id):
        return []
    return _LAPSES[request.kind](book, request, now)


def _notice_lapsed(book: Book, request: r.Lapse, now: datetime) -> list[Fact]:
    """Tell the party again; the silence of 120, 110 or 119 also raises the desk."""
    facts = notices.notice_lapsed(book, request, now)
    incident, party = notices.subject_of(book, request)
    if party not in EMERGENCY_SERVICES:
        return facts
    path = book.territory.path(incident.area_id)
    return [*facts, desk.rise(book, incident.id, path, book.plan_of(incident), now, incident)]


def _step_lapsed(book: Book, request: r.Lapse, now: datetime) -> list[Fact]:
    """Take the next step; one that reaches the supervisor, or 120, is told to the supervisor."""
    facts = ladder.step_lapsed(book, request, now)
    step = facts[0]
    if not isinstance(step, StepTaken) or step.level not in (Level.SUPERVISOR, Level.EMERGENCY):
        return facts
    return [*facts, *desk.supervisor_reached(book, book.incidents[step.incident_id], now)]


_DECIDERS: Final[Mapping[type[r.Request], Callable[[Book, Any, datetime], list[Fact]]]] = {
    r.HandsetCalled: presses.handset_called,
    r.Telephoned: _telephoned,
    r.Claim: desk.claim,
    r.Release: desk.release,
    r.Hold: hand.hold,
    r.Transfer: hand.transfer,
    r.DeclineTransfer: hand.decline_transfer,
    r.HandOver: shift.hand_over,
    r.AcceptShift: shift.accept,
    r.Widen: hand.widen,
    r.Reopen: hand.reopen,
    r.Note: desk.note,
    r.TryContact: card.try_contact,
    r.TickPrompt: card.tick,
    r.OfferTo: desk.offer_to,
    r.Close: desk.close,
    r.TellParty: notices.tell_by_hand,
    r.AcknowledgeParty: notices.acknowledge,
    r.BreakOff: desk.break_off,
    r.Duty: answers.duty,
    r.OfferAnswer: answers.offer_answered,
    r.OfferDelivered: answers.offer_delivered,
    r.AttendanceStep: answers.attendance_step,
    r.SceneReport: scene.report,
    r.StillComing: movement.still_coming,
    r.CorrectPlace: desk.correct_place,
    r.Desk: desk.presence,
    r.Register: _register,
    r.BeginRound: rounds.begin,
    r.AnswerRound: rounds.answer,
    r.HeardAgain: rounds.heard_again,
    r.Start: _start,
    r.Park: _park,
    r.OutsideFailed: desk.outside_failed,
    r.LearnTravelTimes: ladder.travel_times,
    r.Lapse: _lapse,
}

_LAPSES: Final[Mapping[str, Callable[[Book, r.Lapse, datetime], list[Fact]]]] = {
    "offer": answers.offer_lapsed,
    "shown": answers.show_lapsed,
    "step": _step_lapsed,
    "desk": desk.desk_lapsed,
    "claim": desk.claim_lapsed,
    "transfer": hand.transfer_lapsed,
    "hand_over": shift.lapsed,
    "confirm": desk.confirm_lapsed,
    "stage": stages.stage_lapsed,
    "overload": overload.lapsed,
    "round": rounds.lapsed,
    "attendance": answers.attendance_lapsed,
    "notice": _notice_lapsed,
    "scene": scene.scene_lapsed,
    "movement": movement.movement_lapsed,
    "check_in": desk_calls.check_in_lapsed,
}
