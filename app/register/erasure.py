"""Erasing a person: what was said of them goes, what was done stays, and the chain holds.

The facts keep ids and codes; their personal data and its salt are emptied, so that nobody can
even test a guess. The running server goes on: what it holds in memory is emptied with it, except
the last facts that it remembers for consoles which come back, and a caregiver's last sighting;
both end with the next start. Backups made before still hold the person, until they are dropped.
"""

from dataclasses import replace

from starlette import status as http

from app.doors.waiting import call
from app.errors import Problem
from app.register.directory import family_of
from app.register.registry import PERSONAL_TEXTS, caregiver_fact, handset_fact, resident_fact
from app.security.tokens import TokenKind
from app.service import Service
from app.storage import erased, family, register
from app.storage.chain import verify_chain
from dispatch.book import Book
from dispatch.errors import UnknownSubject
from dispatch.facts import OfficerNamed
from dispatch.ids import AreaId, CaregiverId
from dispatch.requests import Register

__all__ = ["StillInHelp", "erase_caregiver", "erase_resident", "verify_chain"]


class StillInHelp(Problem):
    """The person is still needed for a call, or needs help: close it first."""

    status = http.HTTP_409_CONFLICT


async def erase_resident(service: Service, resident_id: str) -> None:
    """Erase a resident and the places and texts of their closed calls. Safe to repeat.

    Their handsets are taken from them, for what they say from now on is nobody's; a press is
    still a call for help.

    Raises:
        UnknownSubject: there is no such resident.
        StillInHelp: a call of theirs is open.
    """
    if await service.center.read(lambda book: _has_open_call(book, resident_id)):
        raise StillInHelp(f"Resident {resident_id} has an open call.")
    async with register.held(service.engine, "resident", resident_id) as connection:
        row = await register.one(connection, "resident", resident_id)
        if row is None:
            raise UnknownSubject("resident", resident_id)
        handset_ids = await erased.handsets_of(connection, resident_id)
        handsets = await register.some(connection, "handset", handset_ids)
        now = service.center.now
        bare = {**row, **dict.fromkeys(PERSONAL_TEXTS, ""), "lon": None, "lat": None}
        taken = [
            handset_fact({**one, "resident_id": None}, now)
            for one in handsets.values()
            if one["resident_id"] is not None
        ]
        known = resident_fact({**bare, "home_is_pinned": False}, now)
        await call(service, Register(facts=(known, *taken)))
        await erased.empty_resident(connection, resident_id, handset_ids, _last(service))
        gone = await family.erase(connection, resident_id)
    for member_id in gone:
        service.directory.families.pop(family_of(member_id), None)
        await service.security.tokens.revoke_subject(TokenKind.FAMILY, member_id)
    service.feed.family_changed(resident_id)
    service.tracks.forget(handset_ids)
    await service.center.read(lambda book: _empty_calls(book, resident_id))


async def erase_caregiver(service: Service, caregiver_id: str) -> None:
    """Erase a caregiver, and end their account. Safe to repeat.

    Raises:
        UnknownSubject: there is no such caregiver.
        StillInHelp: they are on duty, are being asked or have work in hand.
    """
    if await service.center.read(lambda book: _is_at_work(book, caregiver_id)):
        raise StillInHelp(f"Caregiver {caregiver_id} is on duty or has work in hand.")
    for account in await service.security.accounts.of_subject(caregiver_id):
        await service.security.accounts.disable(account.id)
    async with register.held(service.engine, "caregiver", caregiver_id) as connection:
        row = await register.one(connection, "caregiver", caregiver_id)
        if row is None:
            raise UnknownSubject("caregiver", caregiver_id)
        bare = {**row, "name": "", "telephone": "", "lon": None, "lat": None, "is_active": False}
        now = service.center.now
        areas = await service.center.read(lambda book: _areas_of(book, caregiver_id))
        ended = [OfficerNamed(at=now, area_id=one, officer="") for one in areas]
        await call(service, Register(facts=(caregiver_fact(bare, now), *ended)))
        await erased.empty_caregiver(connection, caregiver_id, _last(service))
    service.tracks.forget([caregiver_id])


def _last(service: Service) -> int:
    """Return the number of the last fact on record; what comes later is not erased."""
    return int(service.center.cursor.partition(":")[2])


def _has_open_call(book: Book, resident_id: str) -> bool:
    return any(incident.resident_id == resident_id for incident in book.incidents.values())


def _is_at_work(book: Book, caregiver_id: str) -> bool:
    if CaregiverId(caregiver_id) not in book.roster:
        return False
    person = book.roster.of(CaregiverId(caregiver_id))
    return person.is_on_duty or person.work is not None or person.offer is not None


def _areas_of(book: Book, caregiver_id: str) -> list[AreaId]:
    """Return the areas whose duty officer this caregiver is."""
    return [area_id for area_id, officer in book.officers.items() if officer == caregiver_id]


def _empty_calls(book: Book, resident_id: str) -> None:
    """Leave in memory what a fold of the emptied facts would give."""
    for incident_id, incident in book.closed.items():
        if incident.resident_id == resident_id:
            book.closed[incident_id] = replace(incident, place=None, note="", directions="")
