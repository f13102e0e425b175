"""What a caregiver says from the scene, and what follows: each word with its deadline."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Final, TypeAlias

from dispatch import requests as r
from dispatch.attendance import Attendance, AttendanceState
from dispatch.book import Book
from dispatch.desk import OVERRULED, alert
from dispatch.errors import TransitionRefused
from dispatch.facts import CaregiverOffered, Fact, SceneReported, SceneUnanswered
from dispatch.ids import AttendanceId, CaregiverId, OfferId
from dispatch.incident import Incident
from dispatch.ladder import asking_step, need_of, search_again, show_by, stop_asking
from dispatch.movement import own_attendance
from dispatch.notices import tell
from dispatch.plans import SCENE_WITHIN
from dispatch.roster import Need

SORTED_OUT: Final = "sorted_out"  # nothing is wrong any more
KEY_SKILL: Final = "key_holder"
KEY_KIND: Final = "property_office"  # who keeps the keys of a house

_Follows: TypeAlias = Callable[[Book, Incident, datetime], list[Fact]]
_ON_SCENE: Final = frozenset({AttendanceState.ON_SCENE})
_ANYWHERE: Final = frozenset(one for one in AttendanceState if one.is_active)


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What a caregiver can say from the scene."""

    said_while: frozenset[AttendanceState]
    at_once: _Follows
    at_lapse: _Follows  # nobody at the desk acted until the deadline


def report(book: Book, request: r.SceneReport, now: datetime) -> list[Fact]:
    """Record what is wrong, and do at once what can be done; saying it again is harmless."""
    attendance = own_attendance(book, request.attendance_id, request.caregiver_id)
    if attendance is None:
        return []
    incident = book.incident(attendance.incident_id)
    if request.what == SORTED_OUT:
        return _sorted_out(book, incident, attendance, request, now)
    if attendance.state not in SCENE[request.what].said_while:
        state = attendance.state.value
        raise TransitionRefused("attendance", attendance.id, state, "SceneReported")
    if _is_known(book, incident, attendance, request.what):
        return []
    wanted = None
    if request.what == "need_second_person":
        wanted = len(book.active_attendances(incident)) + 1
        incident = replace(incident, wanted=wanted)
    said = SceneReported(
        at=now,
        attendance_id=attendance.id,
        what=request.what,
        act_by=now + book.scene_within(incident, request.what),
        wanted=wanted,
        occurred_at=request.occurred_at,
        note=request.note,
    )
    return [said, *SCENE[request.what].at_once(book, incident, now)]


def scene_lapsed(book: Book, lapse: r.Lapse, now: datetime) -> list[Fact]:
    """Raise what nobody acted on, and again until somebody does."""
    attendance = book.attendance(AttendanceId(lapse.subject_id))
    incident = book.incident(attendance.incident_id)
    unanswered = SceneUnanswered(
        at=now,
        attendance_id=attendance.id,
        what=attendance.trouble,
        act_by=now + book.scene_within(incident, attendance.trouble),
    )
    return [unanswered, *SCENE[attendance.trouble].at_lapse(book, incident, now)]


def _is_known(book: Book, incident: Incident, attendance: Attendance, what: str) -> bool:
    """Whether this was said before and is being seen to: a retry, or an impatient thumb."""
    if attendance.trouble != what:
        return False
    if what == "need_second_person":
        others = [one for one in book.active_attendances(incident) if one.id != attendance.id]
        return bool(book.missing(incident)) or any(one.state.is_under_way for one in others)
    return attendance.trouble_by is not None


def _sorted_out(
    book: Book, incident: Incident, attendance: Attendance, request: r.SceneReport, now: datetime
) -> list[Fact]:
    if not attendance.state.is_active or not attendance.trouble:
        return []
    wanted = None
    if attendance.trouble == "need_second_person":
        wanted = max(1, incident.wanted - 1)
        incident = replace(incident, wanted=wanted)
    said = SceneReported(
        at=now,
        attendance_id=attendance.id,
        what=SORTED_OUT,
        act_by=None,
        wanted=wanted,
        occurred_at=request.occurred_at,
        note=request.note,
    )
    return [said, *(stop_asking(book, incident, now) if wanted else [])]


# What follows


def _keys(book: Book, incident: Incident, now: datetime) -> list[Fact]:
    """Raise the desk, and ask everybody who has a key; nobody has: the nearest who keeps keys."""
    resident = book.residents.get(incident.resident_id) if incident.resident_id else None
    need = replace(need_of(book, incident, None), skills=frozenset[str]())
    known = resident.key_holders if resident else frozenset[CaregiverId]()
    able = (one for one in known if one in book.roster and _can_come(book, one, need, now))
    holders = _nearest_first(book, able, need, now) or _keepers(book, need, now)[:1]
    offers = _key_offers(book, incident, holders, need, now)
    return [*_desk(book, incident, now, "could_not_get_in"), *offers]


def _second_person(book: Book, incident: Incident, now: datetime) -> list[Fact]:
    """Open the search for one more, from the step where it stands."""
    return search_again(book, incident, now, "second_person")


def _ambulance(book: Book, incident: Incident, now: datetime) -> list[Fact]:
    within = book.scene_within(incident, "need_120")
    told = alert(book, incident, now, within=within, is_for_supervisor=True)
    return [told, *tell(book, incident, "120", now, "scene")]


def _ambulance_again(book: Book, incident: Incident, now: datetime) -> list[Fact]:
    return [*_desk_again(book, incident, now), *tell(book, incident, "120", now, "scene")]


def _police_or_fire(book: Book, incident: Incident, now: datetime) -> list[Fact]:
    """Nobody has opened the door: the party that may break it is told."""
    return [*_desk_again(book, incident, now), *tell(book, incident, "110", now, "scene")]


def _wrong_address(book: Book, incident: Incident, now: datetime) -> list[Fact]:
    return _desk(book, incident, now, "wrong_address")


def _not_there(book: Book, incident: Incident, now: datetime) -> list[Fact]:
    return _desk(book, incident, now, "resident_not_there")


def _desk(book: Book, incident: Incident, now: datetime, what: str) -> list[Fact]:
    return [alert(book, incident, now, within=book.scene_within(incident, what))]


def _desk_again(book: Book, incident: Incident, now: datetime) -> list[Fact]:
    """Alert the desk, unless its own deadline is already making it rise."""
    if incident.desk_by is not None:
        return []
    return [alert(book, incident, now, within=book.plan_of(incident).desk_again)]


SCENE: Final[Mapping[str, Word]] = MappingProxyType(
    {
        "could_not_get_in": Word(said_while=_ON_SCENE, at_once=_keys, at_lapse=_police_or_fire),
        "need_second_person": Word(
            said_while=_ON_SCENE, at_once=_second_person, at_lapse=_desk_again
        ),
        "need_120": Word(said_while=_ON_SCENE, at_once=_ambulance, at_lapse=_ambulance_again),
        "wrong_address": Word(said_while=_ANYWHERE, at_once=_wrong_address, at_lapse=_desk_again),
        "resident_not_there": Word(said_while=_ON_SCENE, at_once=_not_there, at_lapse=_desk_again),
    }
)
WORDS: Final = (*SCENE_WITHIN, SORTED_OUT)


# Whoever has a key


def _can_come(book: Book, caregiver_id: CaregiverId, need: Need, now: datetime) -> bool:
    return book.roster.verdict(book.roster.of(caregiver_id), need, now=now) in OVERRULED


def _keepers(book: Book, need: Need, now: datetime) -> list[CaregiverId]:
    keepers = [
        one.id
        for one in book.roster.everybody()
        if (KEY_SKILL in one.skills or one.kind == KEY_KIND) and _can_come(book, one.id, need, now)
    ]
    return _nearest_first(book, keepers, need, now)


def _nearest_first(
    book: Book, whom: Iterable[CaregiverId], need: Need, now: datetime
) -> list[CaregiverId]:
    def travel(one: CaregiverId) -> tuple[float, CaregiverId]:
        return book.roster.consider(one, need, now=now).travel_s, one

    return sorted(whom, key=travel)


def _key_offers(
    book: Book, incident: Incident, whom: list[CaregiverId], need: Need, now: datetime
) -> list[Fact]:
    step = asking_step(incident, book.plan_of(incident))
    chosen = [book.roster.consider(one, need, now=now) for one in whom]
    others = book.roster.search(need, wanted=0, now=now).others
    first = incident.offers_made + 1
    answer_by = now + step.answer_within
    return [
        CaregiverOffered(
            at=now,
            offer_id=OfferId(f"{incident.id}.{first + index}"),
            incident_id=incident.id,
            caregiver_id=one.caregiver_id,
            answer_by=answer_by,
            show_by=show_by(book.plan_of(incident), now, answer_by),
            travel_s=one.travel_s,
            distance_m=one.distance_m,
            level=incident.level,
            by="key",
            considered=tuple(chosen),
            others=others,
            from_place=book.roster.reckoned_at(one.caregiver_id, now=now),
        )
        for index, one in enumerate(chosen)
    ]
