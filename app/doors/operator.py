"""The operator door: the calls of one's areas, and everything a desk does with them."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, Self

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator
from starlette import status as http

from app.doors.desk import (
    PROBLEMS,
    OperatorDep,
    answer_with,
    as_json,
    do,
    encode,
    in_scope,
    is_mine,
    require_mine,
    seen,
)
from app.doors.waiting import call
from app.errors import problems
from app.security.access import COOKIE_PROBLEMS, OutOfScope, Principal
from app.security.roles import Role
from app.service import Service, ServiceDep
from app.storage import family, photos
from app.storage.reading import (
    born_of,
    earlier_calls,
    facts_of,
    handsets_of,
    past_incident,
    past_incidents,
    who_came,
)
from app.storage.register import reading
from app.views.book import View, candidates_view, incident_view, place_view
from app.views.card import born_year, contacts_view, prompts_view
from app.views.explain import explain
from app.views.past import past_view
from app.views.timeline import choices, notes, timeline
from devices.report import clean
from dispatch.book import Book
from dispatch.errors import (
    CaregiverNotAvailable,
    UnknownSubject,
)
from dispatch.ids import AreaId, CaregiverId, IncidentId, OperatorId, ResidentId
from dispatch.place import Place
from dispatch.plans import Gravity
from dispatch.queue import rank
from dispatch.requests import (
    AcknowledgeParty,
    Claim,
    Close,
    CorrectPlace,
    Note,
    OfferTo,
    Release,
    Telephoned,
    TellParty,
)

LIMIT_MAX: Final = 500
PartyPath = Annotated[str, Path(pattern=r"^[A-Za-z0-9._:-]{1,80}$", examples=["120"])]
router = APIRouter(prefix="/api/v1/operator", tags=["operator"])


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PlaceIn(_In):
    """A point. WGS-84."""

    lon: float = Field(ge=-180, le=180, allow_inf_nan=False)
    lat: float = Field(ge=-90, le=90, allow_inf_nan=False)
    accuracy_m: float | None = Field(default=None, ge=0, le=100_000)


class TelephonedIn(_In):
    """Somebody telephoned."""

    kind: Literal[
        "sos", "fall", "safety_alarm", "intrusion", "threat", "life_assistance", "follow_up"
    ] = Field(examples=["fall"])
    resident_id: str | None = Field(default=None, max_length=64, examples=["R0001"])
    area_code: str | None = Field(default=None, max_length=64)
    place: PlaceIn | None = None
    caller: str = Field(default="", max_length=200)
    note: str = Field(default="", max_length=2_000, examples=["Slipped in the kitchen."])


class OfferIn(_In):
    """Whom to ask, and why this one."""

    caregiver_id: str = Field(max_length=64, examples=["C001"])
    reason: str = Field(min_length=1, max_length=500, examples=["Speaks her dialect."])


class NoteIn(_In):
    """Something to be remembered."""

    text: str = Field(min_length=1, max_length=4_000, examples=["The neighbour has a key."])


class CorrectIn(_In):
    """Where the resident really is: a point, an area, the way in words, or all of them."""

    place: PlaceIn | None = None
    area_code: str | None = Field(default=None, max_length=64)
    note: str = Field(default="", max_length=2_000, examples=["Building 7, the back door."])

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.place is None and self.area_code is None and not self.note.strip():
            raise ValueError("say a place, an area or the way in words")
        return self


class CloseIn(_In):
    """How it ended."""

    disposition: Literal[
        "helped", "false_alarm", "handed_to_120", "no_one_found", "duplicate", "other"
    ]
    remark: str = Field(default="", max_length=2_000)


@router.get("/incidents", summary="Calls, open or past", responses=problems(*COOKIE_PROBLEMS))
async def incidents(
    who: OperatorDep,
    service: ServiceDep,
    *,
    open: bool = True,  # noqa: A002 - the name people use
    after: str = "",
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = 100,
) -> Response:
    """Return open calls in dispatch order, or past ones from the latest back.

    `next` of one answer is `after` of the next request; it is null at the end.
    """
    if not open:
        return await _past(service, who, after, limit)

    def look(book: Book) -> bytes:
        mine = [one for one in book.incidents.values() if is_mine(book, who, one)]
        mine.sort(key=rank)
        ids = [one.id for one in mine]
        start = ids.index(IncidentId(after)) + 1 if after in ids else 0
        page = mine[start : start + limit]
        views = [seen(service, book, who, one) for one in page]
        more = page[-1].id if start + limit < len(mine) else None
        return encode({"items": views, "next": more})

    return as_json(await service.center.read(look))


@router.post(
    "/incidents",
    status_code=http.HTTP_201_CREATED,
    summary="Somebody telephoned",
    responses=problems(*COOKIE_PROBLEMS, UnknownSubject, OutOfScope),
)
async def telephoned(body: TelephonedIn, who: OperatorDep, service: ServiceDep) -> Response:
    """Open a call for somebody who telephoned; it is claimed by whoever opens it."""
    await service.center.read(lambda book: _require_known(book, who, body))
    place, area_id = _pinned(service, body.place, body.area_code)
    facts = await call(
        service,
        Telephoned(
            operator_id=OperatorId(who.id),
            kind=body.kind,
            resident_id=ResidentId(body.resident_id) if body.resident_id else None,
            area_id=area_id,
            place=place,
            caller=clean(body.caller, 200),
            note=clean(body.note, 2_000),
        ),
    )
    raised: Any = facts[0]
    return await answer_with(service, who, raised.incident_id, http.HTTP_201_CREATED)


@router.get("/incidents/{incident_id}", summary="One call, whole", responses=PROBLEMS)
async def incident(incident_id: str, who: OperatorDep, service: ServiceDep) -> Response:
    """Return a call with its timeline, the explained choices, notes and the medical card.

    The look at where the resident is goes on record first.
    """
    view = await _whole(service, who, incident_id)
    resident = view["resident"]
    if resident is not None:
        security = service.security
        await security.looks.record(
            security.looks.look(
                account_id=who.id,
                role=who.role.value,
                resident_id=resident["id"],
                reason="opened the incident",
                what="incident",
                incident_id=incident_id,
            )
        )
    return as_json(encode(view))


@router.get(
    "/incidents/{incident_id}/explanation",
    summary="What happened and why, in words",
    responses=PROBLEMS,
)
async def explanation(
    incident_id: str,
    who: OperatorDep,
    service: ServiceDep,
    language: Literal["zh", "en"] = "zh",
) -> Response:
    """Return the life of a call as sentences: who was considered, who was asked, and why."""
    await service.center.read(lambda book: require_mine(book, who, incident_id, "incident"))
    row = await past_incident(service.engine, incident_id)
    if row is None or not in_scope(who, [code for code in row["area_path"].split("/") if code]):
        raise OutOfScope("incident", incident_id)
    recorded = await facts_of(service.engine, incident_id)
    sentences = [
        {
            "number": one.number,
            "at": one.at,
            "after_s": one.after.total_seconds(),
            "text": one.text,
            "details": one.details,
        }
        for one in explain(recorded, language, name=service.directory.name)
    ]
    return as_json(encode({"sentences": sentences}))


@router.post("/incidents/{incident_id}/claim", summary="Take the call", responses=PROBLEMS)
async def claim(incident_id: str, who: OperatorDep, service: ServiceDep) -> Response:
    """Take a call, or keep it; its siren stops. A supervisor can take it from an operator."""
    may_take_over = Role.SUPERVISOR in who.roles
    return await do(
        service,
        who,
        incident_id,
        Claim(
            incident_id=IncidentId(incident_id),
            operator_id=OperatorId(who.id),
            may_take_over=may_take_over,
        ),
    )


@router.post("/incidents/{incident_id}/release", summary="Give the call back", responses=PROBLEMS)
async def release(incident_id: str, who: OperatorDep, service: ServiceDep) -> Response:
    """Put a call back on the list, for the next who is free."""
    request = Release(incident_id=IncidentId(incident_id), operator_id=OperatorId(who.id))
    return await do(service, who, incident_id, request)


@router.post(
    "/incidents/{incident_id}/offers",
    status_code=http.HTTP_201_CREATED,
    summary="Ask somebody else",
    responses=PROBLEMS | problems(CaregiverNotAvailable),
)
async def offer(incident_id: str, body: OfferIn, who: OperatorDep, service: ServiceDep) -> Response:
    """Ask a caregiver of your own choice; the reason goes on record."""
    request = OfferTo(
        incident_id=IncidentId(incident_id),
        operator_id=OperatorId(who.id),
        caregiver_id=CaregiverId(body.caregiver_id),
        reason=clean(body.reason, 500),
    )
    return await do(service, who, incident_id, request, http.HTTP_201_CREATED)


@router.post(
    "/incidents/{incident_id}/notes",
    status_code=http.HTTP_201_CREATED,
    summary="Write something down",
    responses=PROBLEMS,
)
async def note(incident_id: str, body: NoteIn, who: OperatorDep, service: ServiceDep) -> Response:
    """Add a note; it keeps your claim fresh."""
    request = Note(incident_id=IncidentId(incident_id), by=who.id, text=clean(body.text, 4_000))
    return await do(service, who, incident_id, request, http.HTTP_201_CREATED)


@router.post("/incidents/{incident_id}/place", summary="Correct the place", responses=PROBLEMS)
async def correct_place(
    incident_id: str, body: CorrectIn, who: OperatorDep, service: ServiceDep
) -> Response:
    """Say where the resident really is; whoever is on the way sees it at once."""
    place, area_id = _pinned(service, body.place, body.area_code)
    request = CorrectPlace(
        incident_id=IncidentId(incident_id),
        operator_id=OperatorId(who.id),
        place=place,
        area_id=area_id,
        note=clean(body.note, 2_000),
    )
    return await do(service, who, incident_id, request)


@router.post("/incidents/{incident_id}/close", summary="Say how it ended", responses=PROBLEMS)
async def close(incident_id: str, body: CloseIn, who: OperatorDep, service: ServiceDep) -> Response:
    """Close a call with its disposition; whoever was asked or expected is told."""
    request = Close(
        incident_id=IncidentId(incident_id),
        operator_id=OperatorId(who.id),
        disposition=body.disposition,
        remark=clean(body.remark, 2_000),
    )
    return await do(service, who, incident_id, request)


@router.post(
    "/incidents/{incident_id}/parties/{party}/tell",
    summary="Tell a party outside",
    responses=PROBLEMS,
)
async def tell_party(
    incident_id: str, party: PartyPath, who: OperatorDep, service: ServiceDep
) -> Response:
    """Tell 120, the family or another party now, by its next channel.

    A party that has no channel is shown as to be telephoned.
    """
    request = TellParty(
        incident_id=IncidentId(incident_id), operator_id=OperatorId(who.id), party=party
    )
    return await do(service, who, incident_id, request)


@router.post(
    "/incidents/{incident_id}/parties/{party}/acknowledge",
    summary="A party knows",
    responses=PROBLEMS,
)
async def acknowledge_party(
    incident_id: str, party: PartyPath, who: OperatorDep, service: ServiceDep
) -> Response:
    """Say for a party, which you have telephoned, that it knows; it is not told again."""
    request = AcknowledgeParty(incident_id=IncidentId(incident_id), party=party, by=who.id)
    return await do(service, who, incident_id, request)


@router.get("/incidents/{incident_id}/candidates", summary="Who could come", responses=PROBLEMS)
async def candidates(incident_id: str, who: OperatorDep, service: ServiceDep) -> Response:
    """Return every caregiver on duty, nearest first, with the reason why one cannot be asked."""

    def look(book: Book) -> bytes:
        require_mine(book, who, incident_id)
        now = service.center.now
        rows = candidates_view(book, service.directory, IncidentId(incident_id), now)
        return encode({"candidates": rows})

    return as_json(await service.center.read(look))


@router.get(
    "/residents/{resident_id}/location",
    summary="Where is this resident?",
    responses=problems(*COOKIE_PROBLEMS, UnknownSubject, OutOfScope),
)
async def location(
    resident_id: str,
    who: OperatorDep,
    service: ServiceDep,
    reason: Annotated[str, Query(min_length=3, max_length=500)],
) -> Response:
    """Return the last known place of a resident; who looked and why goes on record first."""

    def home(book: Book) -> Place | None:
        resident = book.residents.get(ResidentId(resident_id))
        if resident is None or not who.covers(book.territory.path(resident.area_id)):
            raise OutOfScope("resident", resident_id)
        return resident.home

    at_home = await service.center.read(home)
    looks = service.security.looks
    await looks.record(
        looks.look(
            account_id=who.id,
            role=who.role.value,
            resident_id=resident_id,
            reason=reason,
            what="last_position",
        )
    )
    handsets = await handsets_of(service.engine, resident_id)
    seen = [place for one in handsets if (place := service.tracks.last_of(one)) is not None]
    latest = max(seen, key=lambda place: str(place.at), default=at_home)
    return as_json(encode({"resident_id": resident_id, "place": place_view(latest)}))


@router.get("/map", summary="The map without tiles", responses=problems(*COOKIE_PROBLEMS))
async def base_map(who: OperatorDep, service: ServiceDep) -> Response:
    """Return areas as GeoJSON, and whatever base map the installation has."""
    features: list[Mapping[str, Any]] = [
        {
            "type": "Feature",
            "properties": {"kind": area.level, "code": area.id, "name": area.name},
            "geometry": {"type": "Polygon", "coordinates": [area.ring]},
        }
        for area in service.directory.areas.values()
        if area.ring and area.level in ("district", "street")
    ]
    features.extend(service.base_map)
    return as_json(encode({"type": "FeatureCollection", "features": features}))


def _pinned(
    service: Service, sent: PlaceIn | None, area_code: str | None
) -> tuple[Place | None, AreaId | None]:
    """Return a point that an operator gave, and its area: the one that was said, or around it."""
    place = None
    area_id = area_code
    if sent is not None:
        place = Place(
            lon=sent.lon,
            lat=sent.lat,
            accuracy_m=sent.accuracy_m,
            source="pinned",
            at=service.center.now,
        )
        area_id = area_id or service.geography.area_at(place.lon, place.lat)
    return place, AreaId(area_id) if area_id else None


def _require_known(book: Book, who: Principal, body: TelephonedIn) -> None:
    """Let pass what names a resident of theirs, or nobody, and an area that exists, or none."""
    if body.area_code and AreaId(body.area_code) not in book.territory.areas:
        raise UnknownSubject("area", body.area_code)
    if body.resident_id is None:
        return
    resident = book.residents.get(ResidentId(body.resident_id))
    if resident is None or not who.covers(book.territory.path(resident.area_id)):
        raise OutOfScope("resident", body.resident_id)


async def _whole(service: Service, who: Principal, incident_id: str) -> View:
    def look(book: Book) -> View | None:
        require_mine(book, who, incident_id, "incident")
        one = book.incidents.get(IncidentId(incident_id))
        return incident_view(book, service.directory, one) if one is not None else None

    view = await service.center.read(look)
    if view is None:
        row = await past_incident(service.engine, incident_id)
        if row is None or not in_scope(who, [code for code in row["area_path"].split("/") if code]):
            raise OutOfScope("incident", incident_id)
        offers, attendances = await who_came(service.engine, [incident_id])
        view = past_view(service.center.book, service.directory, row, offers, attendances)
    recorded = await facts_of(service.engine, incident_id)
    resident: View | None = view["resident"]
    card = service.directory.residents.get(resident["id"]) if resident else None
    kin = await family.contacts(service.engine, resident["id"]) if resident else []
    return view | {
        "timeline": timeline(recorded, service.directory),
        "considered": choices(recorded, service.directory),
        "notes": notes(recorded),
        "prompts": prompts_view(view["kind"], recorded),
        "contacts": contacts_view(service.center.book, service.directory, view, kin),
        "earlier": await _earlier(service, who, resident, incident_id),
        "born_year": born_year(await born_of(service.engine, resident["id"])) if resident else None,
        "medical": card.medical if card else "",
        "key_note": card.key_note if card else "",
        "has_photo": await _has_photo(service, resident),
    }


async def _has_photo(service: Service, resident: View | None) -> bool:
    if resident is None:
        return False
    async with reading(service.engine) as connection:
        return await photos.is_there(connection, resident["id"])


async def _earlier(
    service: Service, who: Principal, resident: View | None, incident_id: str
) -> list[View]:
    """Return a resident's last calls before this one, as far as they lay in one's areas."""
    if resident is None:
        return []
    rows = await earlier_calls(service.engine, resident["id"], incident_id)
    kept = [row for row in rows if in_scope(who, [c for c in row["area_path"].split("/") if c])]
    return [
        {
            "id": row["id"],
            "kind": row["kind"],
            "gravity": Gravity(row["gravity"]).name.lower(),
            "raised_at": row["raised_at"],
            "closed_at": row["closed_at"],
            "disposition": row["disposition"],
        }
        for row in kept
    ]


async def _past(service: Service, who: Principal, after: str, limit: int) -> Response:
    digits = after[1:]
    before = int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 19 else 2**62
    rows = await past_incidents(service.engine, before=before, areas=who.areas, limit=limit)
    offers, attendances = await who_came(service.engine, [row["id"] for row in rows])
    views = [
        past_view(
            service.center.book,
            service.directory,
            row,
            [one for one in offers if one["incident_id"] == row["id"]],
            [one for one in attendances if one["incident_id"] == row["id"]],
        )
        for row in rows
    ]
    more = rows[-1]["id"] if len(rows) == limit else None
    return as_json(encode({"items": views, "next": more}))
