"""How each fact changes the book. No rule is here: what may happen was decided before."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from dispatch import attendance as attendances
from dispatch import call_round, rhythm
from dispatch import claim as claims
from dispatch import facts as f
from dispatch import incident as incidents
from dispatch import offer as offers
from dispatch.areas import Area
from dispatch.attendance import Attendance
from dispatch.book import (
    CLOSED_KEPT,
    REMEMBERED_FOR,
    Book,
    HandOver,
    Handset,
    Heard,
    OperatorAtDesk,
    Resident,
    notice_id,
)
from dispatch.facts import EventKey, Fact
from dispatch.habits import called, is_own_call
from dispatch.ids import AttendanceId, HandsetId, IncidentId, OperatorId
from dispatch.incident import DeskLevel, Incident, stage_subject
from dispatch.overload import Overload
from dispatch.plans import Gravity, read_plans
from dispatch.status import handled_at

_SOLVED_BY_ANOTHER: Final = frozenset({"could_not_get_in", "need_second_person"})
"""What a caregiver said that the arrival of another one answers."""
EVOLVE_VERSION: Final = 2  # rises when the same facts give another state; ends old snapshots


def evolve(book: Book, fact: Fact) -> None:
    """Change `book` by one fact.

    Raises:
        DispatchError: the fact cannot follow; the caller must not use the book any further
            unless it was still folding (then the fact's incident is parked).
    """
    _EVOLVERS[type(fact)](book, fact)
    book.last_at = fact.at
    book.expect_overload()


# The installation


def _started(book: Book, fact: f.CenterStarted) -> None:
    book.desk.clear()
    book.channels = dict(fact.channels)
    if fact.stopped_for is not None and fact.stopped_for > call_round.OUTAGE:
        book.back_since = fact.at
    if fact.stopped_for is not None:
        rhythm.resume(book, fact.at, fact.stopped_for)


def _plan(book: Book, fact: f.PlanAdopted) -> None:
    before = book.plans.check_in if book.plan_version else None
    book.plan_books[fact.version] = read_plans(fact.text)
    book.plan_version = fact.version
    if book.plans.check_in != before:
        rhythm.begin_for_all(book, fact.at)


def _area(book: Book, fact: f.AreaDefined) -> None:
    book.territory.put(
        Area(
            id=fact.area_id,
            parent_id=fact.parent_id,
            level=fact.level,
            name=fact.name,
            centre=fact.centre,
            zone=fact.zone,
        )
    )


def _officer(book: Book, fact: f.OfficerNamed) -> None:
    if fact.officer:
        book.officers[fact.area_id] = fact.officer
    else:
        book.officers.pop(fact.area_id, None)


def _resident(book: Book, fact: f.ResidentRegistered) -> None:
    book.residents[fact.resident_id] = Resident(
        id=fact.resident_id,
        area_id=fact.area_id,
        state=fact.state,
        ability=fact.ability,
        lives_alone=fact.lives_alone,
        language=fact.language,
        communication=fact.communication,
        excluded=frozenset(fact.excluded),
        home=fact.home,
        home_is_pinned=fact.home_is_pinned,
        needs=frozenset(fact.needs),
        wants_sex=fact.wants_sex,
        key_holders=frozenset(fact.key_holders),
    )
    rhythm.begin(book, fact.resident_id, fact.at)


def _handset(book: Book, fact: f.HandsetPaired) -> None:
    before = book.handsets.get(fact.handset_id)
    handset = Handset(id=fact.handset_id, resident_id=fact.resident_id, model=fact.model)
    book.handsets[handset.id] = handset
    if before is not None and before.resident_id is not None:
        book.unpair(before)
        rhythm.begin(book, before.resident_id, fact.at)
    if handset.resident_id is not None:
        book.pair(handset)
        rhythm.begin(book, handset.resident_id, fact.at)


def _caregiver(book: Book, fact: f.CaregiverEnrolled) -> None:
    book.roster.enrol(fact)
    book.wake(fact.caregiver_id)


def _duty_started(book: Book, fact: f.DutyStarted) -> None:
    book.roster.go_on_duty(fact.caregiver_id, fact.counts_from or fact.at)
    book.wake(fact.caregiver_id)


def _duty_ended(book: Book, fact: f.DutyEnded) -> None:
    book.roster.go_off_duty(fact.caregiver_id, fact.at)


def _sat_down(book: Book, fact: f.OperatorSatDown) -> None:
    book.desk[fact.operator_id] = OperatorAtDesk(
        id=fact.operator_id, is_supervisor=fact.is_supervisor, areas=fact.areas
    )


def _left(book: Book, fact: f.OperatorLeft) -> None:
    book.desk.pop(fact.operator_id, None)
    book.handovers.pop(fact.operator_id, None)  # what they had goes back to the list


def _handed_over(book: Book, fact: f.ShiftHandedOver) -> None:
    book.handovers[fact.by] = HandOver(
        of=fact.by, to=fact.to, incident_ids=fact.incident_ids, answer_by=fact.answer_by
    )
    book.expect(fact.answer_by, "hand_over", fact.by)


def _hand_over_ended(book: Book, fact: f.ShiftAccepted | f.HandOverLapsed) -> None:
    book.handovers.pop(fact.of, None)


def _overload_began(book: Book, fact: f.OverloadBegan) -> None:
    book.overload = Overload(since=fact.at)


def _overload_easing(book: Book, fact: f.OverloadEasing) -> None:
    if book.overload is not None:
        book.overload = replace(book.overload, end_by=fact.end_by)


def _overload_ended(book: Book, _: f.OverloadEnded) -> None:
    book.overload = None
    while (incident_id := book.put_off.pop()) is not None:
        incident = book.incidents.get(incident_id)
        if incident is not None:
            book.seek(incident)


def _round_began(book: Book, fact: f.RoundBegan) -> None:
    book.round_count += 1
    book.back_since = None
    book.rounds[fact.round_id] = call_round.begun(fact)
    book.round_of.update(dict.fromkeys(fact.order, fact.round_id))
    book.expect(fact.move_by, "round", fact.round_id)


def _round_moved(book: Book, fact: f.RoundAnswered | f.RoundOverdue) -> None:
    book.rounds[fact.round_id] = call_round.after(book.rounds[fact.round_id], fact)
    if isinstance(fact, f.RoundAnswered) and fact.is_accounted_for:
        book.round_of.pop(fact.resident_id, None)
    book.expect(fact.move_by, "round", fact.round_id)


def _round_ended(book: Book, fact: f.RoundEnded) -> None:
    del book.rounds[fact.round_id]


def _signal(book: Book, fact: f.SignalHeard) -> None:
    _remember(book, fact.handset_id, (fact.event,), fact.at, None)
    _sign_of_life(book, fact.handset_id, fact.at)


def _parked(book: Book, fact: f.RequestParked) -> None:
    """Nothing to change: the record itself is what an administrator sees."""


# The incident


def _raised(book: Book, fact: f.IncidentRaised) -> None:
    incident = incidents.raised(fact)
    book.incident_count += 1
    book.incidents[incident.id] = incident
    _note_caller(book, incident)
    book.house(incident)
    _learn_habit(book, fact)
    if fact.resident_id is not None:
        if is_own_call(fact):
            rhythm.alive(book, fact.resident_id, fact.at)
        elif fact.kind == "missed_check_in":  # somebody looks; it begins anew at the end of that
            book.check_ins.pop(fact.resident_id, None)
    if fact.handset_id is not None:
        _remember(book, fact.handset_id, fact.events, fact.at, incident.id)
    _expect(book, None, incident)
    book.count(incident)
    book.seek(incident)


def _learn_habit(book: Book, fact: f.IncidentRaised) -> None:
    if fact.resident_id is None:
        return
    habit = book.habits.get(fact.resident_id)
    if is_own_call(fact):
        book.habits[fact.resident_id] = called(habit, fact.at)
    elif fact.kind == "care_review" and habit is not None:
        book.habits[fact.resident_id] = replace(habit, reviewed_at=fact.at)


def _know(book: Book, incident: Incident, operator_id: OperatorId) -> None:
    """Remember which operator last had a call of this resident."""
    resident_id = incident.resident_id
    habit = book.habits.get(resident_id) if resident_id else None
    if habit is not None and resident_id is not None:
        book.habits[resident_id] = replace(habit, last_operator=operator_id)


def _pressed_again(book: Book, fact: f.PressRepeated) -> None:
    incident = _change(book, fact.incident_id, fact)
    _remember(book, fact.handset_id, fact.events, fact.at, fact.incident_id)
    if fact.gravity is not Gravity.SERVICE:
        _sign_of_life(book, fact.handset_id, fact.at)
    if incident.is_pressing:
        book.seek(incident)  # one more is asked


def _cancelled(book: Book, fact: f.CancelPressed) -> None:
    _change(book, fact.incident_id, fact)
    _remember(book, fact.handset_id, (fact.event,), fact.at, fact.incident_id)
    _sign_of_life(book, fact.handset_id, fact.at)


def _confirmation_due(book: Book, fact: f.ConfirmationDue) -> None:
    _change(book, fact.incident_id, fact)


def _staged(book: Book, fact: f.StageDue | f.StageWarned | f.StageBreached | f.StageMet) -> None:
    _change(book, fact.incident_id, fact)


def _stepped(book: Book, fact: f.StepTaken) -> None:
    book.seek(_change(book, fact.incident_id, fact))


def _desk_alerted(book: Book, fact: f.DeskAlerted) -> None:
    _change(book, fact.incident_id, fact)


def _outside_not_reached(book: Book, fact: f.OutsideNotReached) -> None:
    _change(book, fact.incident_id, fact)


def _notice_changed(book: Book, fact: f.PartyTold | f.PartyAcknowledged | f.PartySilent) -> None:
    incident = _change(book, fact.incident_id, fact)
    notice = incident.notice(fact.party)
    if notice is not None:
        book.expect(notice.until, "notice", notice_id(incident.id, fact.party))


def _learned(book: Book, fact: f.TravelTimesLearned) -> None:
    _change(book, fact.incident_id, fact)


def _noted(book: Book, fact: f.NoteAdded) -> None:
    if fact.incident_id in book.incidents:
        _scene_heard(book, _change(book, fact.incident_id, fact))


def _on_the_card(book: Book, fact: f.ContactTried | f.PromptTicked) -> None:
    _change(book, fact.incident_id, fact)


def _place_corrected(book: Book, fact: f.PlaceCorrected) -> None:
    incident = _change(book, fact.incident_id, fact)
    _scene_heard(book, incident)
    book.seek(incident)  # others may be nearer now


def _closed(book: Book, fact: f.IncidentClosed) -> None:
    before = book.incident(fact.incident_id)
    _drop_claim(book, before)
    closer = OperatorId(fact.by)
    if closer in book.desk:
        _know(book, before, closer)
    after = replace(
        incidents.after(before, fact), handled_at=handled_at(book, before, fact.disposition)
    )
    del book.incidents[after.id]
    book.closed[after.id] = after
    while len(book.closed) > CLOSED_KEPT:
        del book.closed[next(iter(book.closed))]
    for offer_id in after.offers:
        del book.offers[offer_id]
    for attendance_id in after.attendances:
        del book.attendances[attendance_id]
    book.searching.discard(after.id)
    book.households.discard(after.id)
    book.count(after)
    _forget_caller(book, after)
    if after.resident_id is not None and after.gravity is not Gravity.SERVICE:
        rhythm.alive(
            book, after.resident_id, fact.at
        )  # somebody has spoken with them, or been there


def _reopened(book: Book, fact: f.IncidentReopened) -> None:
    before = book.closed[fact.incident_id]
    after = incidents.after(before, fact)
    del book.closed[after.id]
    book.incidents[after.id] = after
    _note_caller(book, after)
    _expect(book, None, after)
    book.count(after)
    book.seek(after)


def _claimed(book: Book, fact: f.IncidentClaimed) -> None:
    before = book.incident(fact.incident_id)
    _drop_claim(book, before)
    claim = claims.after(before.claim, fact, subject=before.id)
    _know(book, before, fact.operator_id)
    held = book.claimed_by.get(fact.operator_id, frozenset())
    book.claimed_by[fact.operator_id] = held | {before.id}
    after = replace(before, claim=claim, siren=False, desk=DeskLevel.OPERATOR, desk_by=None)
    if before.claim.operator_id != fact.operator_id:  # whoever offered it has it no longer
        after = replace(after, offered_to=None, offered_to_by=None)
    _store(book, before, after)
    _scene_heard(book, before)


def _claim_ended(book: Book, fact: f.ClaimReleased | f.ClaimLapsed) -> None:
    before = book.incident(fact.incident_id)
    _drop_claim(book, before)
    claim = claims.after(before.claim, fact, subject=before.id)
    after = replace(before, claim=claim, siren=True, desk_by=fact.desk_by)
    _store(book, before, replace(after, offered_to=None, offered_to_by=None))


def _held(book: Book, fact: f.CallHeld) -> None:
    before = book.incident(fact.incident_id)
    claim = claims.after(before.claim, fact, subject=before.id)
    _store(book, before, replace(before, claim=claim, siren=False))


def _hold_ended(book: Book, fact: f.HoldEnded) -> None:
    before = book.incident(fact.incident_id)
    claim = claims.after(before.claim, fact, subject=before.id)
    _store(book, before, replace(before, claim=claim, siren=True))


def _transfer(book: Book, fact: f.CallTransferred | f.TransferDeclined | f.TransferLapsed) -> None:
    _change(book, fact.incident_id, fact)


# Offers and attendances


def _offered(book: Book, fact: f.CaregiverOffered) -> None:
    offer = offers.made(fact)
    before = book.incident(fact.incident_id)
    book.offers[offer.id] = offer
    _store(
        book,
        before,
        replace(
            before,
            offers=(*before.offers, offer.id),
            asked=before.asked | {fact.caregiver_id},
        ),
    )
    book.roster.change(fact.caregiver_id, offer=offer.id)
    book.expect(offer.answer_by, "offer", offer.id)
    book.expect(offer.show_by, "shown", offer.id)
    book.seek(book.incidents[before.id])
    if fact.by not in ("plan", "key"):
        _scene_heard(book, before)


def _offer_went_on(book: Book, fact: f.OfferSent | f.OfferShown | f.OfferRenewed) -> None:
    offer = offers.after(book.offer(fact.offer_id), fact)
    book.offers[offer.id] = offer
    book.expect(offer.answer_by, "offer", offer.id)
    book.expect(offer.show_by, "shown", offer.id)


def _offer_not_shown(book: Book, fact: f.OfferNotShown) -> None:
    offer = offers.after(book.offer(fact.offer_id), fact)
    book.offers[offer.id] = offer
    book.seek(book.incident(offer.incident_id))  # for the next nearest


def _accepted(book: Book, fact: f.OfferAccepted) -> None:
    offer = offers.after(book.offer(fact.offer_id), fact)
    book.offers[offer.id] = offer
    attendance = attendances.begun(offer, fact)
    before = book.incident(offer.incident_id)
    book.attendances[attendance.id] = attendance
    ids = (*before.attendances, attendance.id)
    _store(book, before, _with_enough(book, replace(before, attendances=ids)))
    is_routine = before.gravity >= Gravity.ROUTINE
    book.roster.change(offer.caregiver_id, offer=None, work=attendance.id, is_divertible=is_routine)
    book.wake(offer.caregiver_id)
    book.expect(attendance.due_by, "attendance", attendance.id)


def _offer_ended(book: Book, fact: f.OfferDeclined | f.OfferLapsed | f.OfferWithdrawn) -> None:
    offer = offers.after(book.offer(fact.offer_id), fact)
    book.offers[offer.id] = offer
    book.roster.change(offer.caregiver_id, offer=None)
    book.wake(offer.caregiver_id)
    incident = book.incident(offer.incident_id)
    if isinstance(fact, f.OfferWithdrawn) and fact.why == "taken":
        # They said neither no nor nothing: if whoever took it breaks off, they are asked again.
        asked = incident.asked - {offer.caregiver_id}
        _store(book, incident, replace(incident, asked=asked))
    book.seek(incident)


def _attendance_went_on(
    book: Book,
    fact: f.CaregiverSetOut
    | f.AttendanceOverdue
    | f.MovementChecked
    | f.CaregiverAsked
    | f.CaregiverStillComing
    | f.WayChanged,
) -> None:
    attendance = _change_attendance(book, fact.attendance_id, fact)
    incident = book.incident(attendance.incident_id)
    # The desk must hear of whoever is overdue, whoever has the call.
    siren = incident.siren or isinstance(fact, f.AttendanceOverdue)
    _store(book, incident, replace(_with_enough(book, incident), siren=siren))


def _arrived(book: Book, fact: f.CaregiverArrived) -> None:
    attendance = _change_attendance(book, fact.attendance_id, fact)
    # Also of who was given up. Nobody who is with a resident is called away.
    book.roster.change(attendance.caregiver_id, work=attendance.id, is_divertible=False)
    incident = book.incident(attendance.incident_id)
    _store(book, incident, _with_enough(book, incident))
    for one in book.active_attendances(incident):
        if one.id != attendance.id and one.trouble in _SOLVED_BY_ANOTHER:
            book.attendances[one.id] = replace(one, trouble="", trouble_by=None)


def _scene_said(book: Book, fact: f.SceneReported | f.SceneUnanswered) -> None:
    attendance = _change_attendance(book, fact.attendance_id, fact)
    before = book.incident(attendance.incident_id)
    wanted = fact.wanted if isinstance(fact, f.SceneReported) else None
    after = replace(
        before,
        wanted=before.wanted if wanted is None else wanted,
        siren=before.siren or fact.act_by is not None,
    )
    _store(book, before, _with_enough(book, after))


def _done(book: Book, fact: f.AttendanceDone) -> None:
    incident = _end_attendance(book, fact.attendance_id, fact)
    if fact.outcome != "could_not_help":  # the resident has been seen to: nobody else is sought
        served = replace(incident, wanted=1, step_by=None)
        _store(book, incident, served)
        incident = served
    if not book.active_attendances(incident) and not incident.claim.is_held:
        _store(book, incident, replace(incident, desk_by=fact.desk_by, siren=True))


def _broken_off(book: Book, fact: f.AttendanceBrokenOff) -> None:
    incident = _end_attendance(book, fact.attendance_id, fact)
    _store(book, incident, replace(incident, siren=True))


def _diverted(book: Book, fact: f.CaregiverDiverted) -> None:
    incident = _end_attendance(book, fact.attendance_id, fact)
    _store(book, incident, replace(incident, siren=True, desk_by=fact.desk_by or incident.desk_by))


def _change_attendance(book: Book, attendance_id: AttendanceId, fact: Fact) -> Attendance:
    attendance = attendances.after(book.attendance(attendance_id), fact)
    book.attendances[attendance.id] = attendance
    book.expect(attendance.due_by, "attendance", attendance.id)
    book.expect(attendance.trouble_by, "scene", attendance.id)
    book.expect(attendance.check_by, "movement", attendance.id)
    return attendance


def _with_enough(book: Book, incident: Incident) -> Incident:
    """Return the incident with its search ended if nobody more is needed."""
    return incident if book.missing(incident) else replace(incident, step_by=None)


def _scene_heard(book: Book, incident: Incident) -> None:
    """End the deadlines of what was said from the scene: somebody at the desk acts on it."""
    for one in book.active_attendances(incident):
        if one.trouble_by is not None:
            book.attendances[one.id] = replace(one, trouble_by=None)


def _end_attendance(book: Book, attendance_id: AttendanceId, fact: Fact) -> Incident:
    attendance = attendances.after(book.attendance(attendance_id), fact)
    book.attendances[attendance.id] = attendance
    book.roster.change(attendance.caregiver_id, work=None, is_divertible=False)
    book.wake(attendance.caregiver_id)
    return book.incident(attendance.incident_id)


# What they share


def _change(book: Book, incident_id: IncidentId, fact: Fact) -> Incident:
    before = book.incident(incident_id)
    after = incidents.after(before, fact)
    _store(book, before, after)
    return after


def _store(book: Book, before: Incident, after: Incident) -> None:
    book.incidents[after.id] = after
    book.count(after)
    _expect(book, before, after)


def _expect(book: Book, before: Incident | None, after: Incident) -> None:
    if before is None or before.step_by != after.step_by:
        book.expect(after.step_by, "step", after.id)
    if before is None or before.desk_by != after.desk_by:
        book.expect(after.desk_by, "desk", after.id)
    if before is None or before.claim.until != after.claim.until:
        book.expect(after.claim.until, "claim", after.id)
    if before is None or before.offered_to_by != after.offered_to_by:
        book.expect(after.offered_to_by, "transfer", after.id)
    if before is None or before.confirm_by != after.confirm_by:
        book.expect(after.confirm_by, "confirm", after.id)
    for clock in after.stages:
        if before is None or clock not in before.stages:
            book.expect(clock.by, "stage", stage_subject(after.id, clock.name))


def _sign_of_life(book: Book, handset_id: HandsetId, at: datetime) -> None:
    handset = book.handsets.get(handset_id)
    if handset is not None and handset.resident_id is not None:
        rhythm.alive(book, handset.resident_id, at)


def _drop_claim(book: Book, incident: Incident) -> None:
    holder = incident.claim.operator_id
    if holder is not None:
        left = book.claimed_by.get(holder, frozenset()) - {incident.id}
        if left:
            book.claimed_by[holder] = left
        else:
            book.claimed_by.pop(holder, None)


def _note_caller(book: Book, incident: Incident) -> None:
    caller = book.caller_of(incident.resident_id, incident.handset_id)
    if incident.resident_id or incident.handset_id:
        book.open_of[caller] = (*book.open_of.get(caller, ()), incident.id)


def _forget_caller(book: Book, incident: Incident) -> None:
    caller = book.caller_of(incident.resident_id, incident.handset_id)
    left = tuple(one for one in book.open_of.get(caller, ()) if one != incident.id)
    if left:
        book.open_of[caller] = left
    else:
        book.open_of.pop(caller, None)


def _remember(
    book: Book,
    handset_id: HandsetId,
    events: tuple[EventKey, ...],
    at: datetime,
    incident_id: IncidentId | None,
) -> None:
    known = book.heard.setdefault(handset_id, {})
    for event, heard in list(known.items()):  # in order of hearing: stops at the first young one
        if at - heard.at <= REMEMBERED_FOR:
            break
        del known[event]
    for event in events:
        known[event] = Heard(at=at, incident_id=incident_id)


_EVOLVERS: Final[Mapping[type[Fact], Callable[[Book, Any], None]]] = {
    f.CenterStarted: _started,
    f.PlanAdopted: _plan,
    f.AreaDefined: _area,
    f.OfficerNamed: _officer,
    f.ResidentRegistered: _resident,
    f.HandsetPaired: _handset,
    f.CaregiverEnrolled: _caregiver,
    f.DutyStarted: _duty_started,
    f.DutyEnded: _duty_ended,
    f.OperatorSatDown: _sat_down,
    f.OperatorLeft: _left,
    f.ShiftHandedOver: _handed_over,
    f.ShiftAccepted: _hand_over_ended,
    f.HandOverLapsed: _hand_over_ended,
    f.OverloadBegan: _overload_began,
    f.OverloadEasing: _overload_easing,
    f.OverloadEnded: _overload_ended,
    f.RoundBegan: _round_began,
    f.RoundAnswered: _round_moved,
    f.RoundOverdue: _round_moved,
    f.RoundEnded: _round_ended,
    f.SignalHeard: _signal,
    f.RequestParked: _parked,
    f.IncidentRaised: _raised,
    f.PressRepeated: _pressed_again,
    f.CancelPressed: _cancelled,
    f.ConfirmationDue: _confirmation_due,
    f.StepTaken: _stepped,
    f.DeskAlerted: _desk_alerted,
    f.OutsideNotReached: _outside_not_reached,
    f.PartyTold: _notice_changed,
    f.PartyAcknowledged: _notice_changed,
    f.PartySilent: _notice_changed,
    f.TravelTimesLearned: _learned,
    f.StageDue: _staged,
    f.StageWarned: _staged,
    f.StageBreached: _staged,
    f.StageMet: _staged,
    f.NoteAdded: _noted,
    f.ContactTried: _on_the_card,
    f.PromptTicked: _on_the_card,
    f.PlaceCorrected: _place_corrected,
    f.IncidentClosed: _closed,
    f.IncidentReopened: _reopened,
    f.IncidentClaimed: _claimed,
    f.ClaimReleased: _claim_ended,
    f.ClaimLapsed: _claim_ended,
    f.CallHeld: _held,
    f.HoldEnded: _hold_ended,
    f.CallTransferred: _transfer,
    f.TransferDeclined: _transfer,
    f.TransferLapsed: _transfer,
    f.CaregiverOffered: _offered,
    f.OfferSent: _offer_went_on,
    f.OfferShown: _offer_went_on,
    f.OfferNotShown: _offer_not_shown,
    f.OfferRenewed: _offer_went_on,
    f.OfferAccepted: _accepted,
    f.OfferDeclined: _offer_ended,
    f.OfferLapsed: _offer_ended,
    f.OfferWithdrawn: _offer_ended,
    f.CaregiverSetOut: _attendance_went_on,
    f.CaregiverArrived: _arrived,
    f.SceneReported: _scene_said,
    f.SceneUnanswered: _scene_said,
    f.MovementChecked: _attendance_went_on,
    f.CaregiverAsked: _attendance_went_on,
    f.CaregiverStillComing: _attendance_went_on,
    f.WayChanged: _attendance_went_on,
    f.AttendanceOverdue: _attendance_went_on,
    f.CaregiverDiverted: _diverted,
    f.AttendanceDone: _done,
    f.AttendanceBrokenOff: _broken_off,
}
