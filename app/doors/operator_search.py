"""The desk's search: residents, handsets, caregivers and calls, by whatever somebody says or reads.

What is sought travels in the body, not in the address: names and numbers stay out of the logs of
whatever stands in front of this server.
"""

from collections.abc import Callable
from typing import Annotated, Final, Literal

import msgspec
from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from app.doors.desk import OperatorDep, in_scope
from app.errors import problems
from app.register.finder import SHOWN_MAX, Found
from app.security.access import COOKIE_PROBLEMS, Principal
from app.security.refusals import LooksFull
from app.service import Service, ServiceDep
from app.storage.reading import past_incident
from app.views.book import View, area_view
from dispatch.book import Book
from dispatch.ids import AreaId, CaregiverId, IncidentId, ResidentId
from dispatch.incident import Incident
from dispatch.queue import rank
from dispatch.status import Status, status_of

router = APIRouter(prefix="/api/v1/operator", tags=["operator"])
_encode: Final = msgspec.json.Encoder().encode
_DIGITS_MAX: Final = 15  # of an incident's number

Kind = Literal["residents", "handsets", "caregivers", "incidents"]
KINDS: Final[tuple[Kind, ...]] = ("incidents", "residents", "handsets", "caregivers")


class SearchIn(BaseModel):
    """What is sought, and among what."""

    model_config = ConfigDict(extra="forbid")

    q: Annotated[str, Field(min_length=1, max_length=50, examples=["zhangli"])]
    kinds: Annotated[tuple[Kind, ...], Field(min_length=1, max_length=len(KINDS))] = KINDS


@router.post("/search", summary="Find somebody or something", responses=problems(*COOKIE_PROBLEMS))
async def search(body: SearchIn, who: OperatorDep, service: ServiceDep) -> Response:
    """Return what fits within your areas, the best of each kind first, and how many more there are.

    Names in Chinese, in pinyin or by its initials; any four digits of a telephone number; the
    beginning of an id. Each resident whose address is shown is a look on record.
    """
    kinds = {
        "incidents": _incidents,
        "residents": _residents,
        "handsets": _handsets,
        "caregivers": _caregivers,
    }
    found = {kind: await kinds[kind](service, who, body.q) for kind in KINDS if kind in body.kinds}
    return Response(
        _encode(found), media_type="application/json", headers={"Cache-Control": "no-store"}
    )


async def _residents(service: Service, who: Principal, q: str) -> View:
    cards, is_mine = service.directory.residents, await _own_areas(service, who)
    found = await service.finder.find(
        service.finder.residents, q, lambda one: one in cards and is_mine(cards[one].area_id)
    )

    def look(book: Book) -> list[View]:
        views = (_resident(service, book, who, resident_id) for resident_id in found.ids)
        return [view for view in views if view is not None]  # nobody who was erased meanwhile

    return _group(await service.center.read(look), found)


async def _handsets(service: Service, who: Principal, q: str) -> View:
    owners, cards = service.directory.handsets, service.directory.residents
    is_mine = await _own_areas(service, who)

    def mine(handset_id: str) -> bool:
        card = cards.get(owners.get(handset_id) or "")
        return is_mine(card.area_id if card else None)

    found = await service.finder.find(service.finder.handsets, q, mine)

    def look(book: Book) -> list[View]:
        return [
            {"id": one, "resident": resident_id and _resident(service, book, who, resident_id)}
            for one in found.ids
            for resident_id in (owners.get(one),)
        ]

    return _group(await service.center.read(look), found)


async def _caregivers(service: Service, who: Principal, q: str) -> View:
    is_mine = await _own_areas(service, who)
    areas = await service.center.read(
        lambda book: {str(one.id): one.area_id for one in book.roster.everybody()}
    )
    found = await service.finder.find(
        service.finder.caregivers, q, lambda one: one in areas and is_mine(areas[one])
    )

    def look(book: Book) -> list[View]:
        return [_caregiver(service, book, CaregiverId(one)) for one in found.ids]

    return _group(await service.center.read(look), found)


async def _incidents(service: Service, who: Principal, q: str) -> View:
    """Return the call of that id, and the open calls of residents who fit."""
    incident_id = _incident_id(q)

    def look(book: Book) -> list[View]:
        known = [one for one in (book.closed.get(incident_id),) if one is not None]
        fitting = [one for one in book.incidents.values() if _fits(service, one, incident_id, q)]
        fitting.sort(key=lambda one: (one.id != incident_id, rank(one)))
        mine = [
            one for one in (*known, *fitting) if in_scope(who, book.territory.path(one.area_id))
        ]
        return [_incident(service, book, one) for one in mine]

    views = await service.center.read(look)
    if incident_id and not any(view["id"] == incident_id for view in views):
        views = [*await _past(service, who, incident_id), *views]
    return {
        "items": views[:SHOWN_MAX],
        "more": max(0, len(views) - SHOWN_MAX),
        "more_is_least": False,
    }


async def _past(service: Service, who: Principal, incident_id: str) -> list[View]:
    row = await past_incident(service.engine, incident_id)
    if row is None or not in_scope(who, [code for code in row["area_path"].split("/") if code]):
        return []
    card = service.directory.residents.get(row["resident_id"] or "")
    area = await service.center.read(lambda book: area_view(book, row["area_id"]))
    return [
        {
            "id": incident_id,
            "kind": row["kind"],
            "status": Status.CLOSED,
            "raised_at": row["raised_at"],
            "resident_name": card.name if card else None,
            "area": area,
        }
    ]


async def _own_areas(service: Service, who: Principal) -> Callable[[str | None], bool]:
    """Return whether an area is in this desk's care; what lies in no area at all is everybody's."""
    territory = await service.center.read(lambda book: book.territory)
    known: dict[str | None, bool] = {None: True}

    def is_mine(area_id: str | None) -> bool:
        found = known.get(area_id)
        if found is None:
            found = known[area_id] = who.covers(territory.path(AreaId(area_id or "")))
        return found

    return is_mine


def _group(items: list[View], found: Found) -> View:
    return {"items": items, "more": found.more, "more_is_least": found.is_least}


def _resident(service: Service, book: Book, who: Principal, resident_id: str) -> View | None:
    card = service.directory.residents.get(resident_id)
    if card is None:
        return None
    open_calls = book.open_of.get(book.caller_of(ResidentId(resident_id), None), ())
    return {
        "id": card.id,
        "name": card.name,
        "telephone": card.telephone,
        "address": card.address if _may_see(service, who, resident_id) else None,
        "area": area_view(book, card.area_id),
        "state": card.state,
        "open": open_calls,
    }


def _may_see(service: Service, who: Principal, resident_id: str) -> bool:
    """Record that `who` is shown where a resident lives; False to withhold it."""
    looks = service.security.looks
    look = looks.look(
        account_id=who.id,
        role=who.role.value,
        resident_id=resident_id,
        reason="searched",
        what="search",
    )
    try:
        looks.record_later(look)
    except LooksFull:
        return False
    return True


def _caregiver(service: Service, book: Book, caregiver_id: CaregiverId) -> View:
    card, person = service.directory.caregivers[caregiver_id], book.roster.of(caregiver_id)
    return {
        "id": card.id,
        "name": card.name,
        "kind": card.kind,
        "telephone": card.telephone,
        "area": area_view(book, person.area_id),
        "on_duty": person.is_on_duty,
        "busy": person.work is not None,
    }


def _incident(service: Service, book: Book, one: Incident) -> View:
    card = service.directory.residents.get(one.resident_id or "")
    return {
        "id": one.id,
        "kind": one.kind,
        "status": status_of(book, one),
        "raised_at": one.raised_at,
        "resident_name": card.name if card else None,
        "area": area_view(book, one.area_id),
    }


def _fits(service: Service, one: Incident, incident_id: IncidentId, q: str) -> bool:
    if one.id == incident_id:
        return True
    return one.resident_id is not None and service.finder.is_like(one.resident_id, q)


def _incident_id(q: str) -> IncidentId:
    """Return the id that is meant: `I17`, `i17` or `17`; empty when it is none."""
    number = q.strip().removeprefix("I").removeprefix("i")
    is_number = number.isascii() and number.isdigit() and len(number) <= _DIGITS_MAX
    return IncidentId(f"I{int(number)}" if is_number else "")
