"""The family door: in by an invitation or a log-in, how the resident is, and a word to the desk."""

import asyncio
from datetime import date, datetime
from hashlib import sha256
from typing import Annotated, Any, Final, Literal

import msgspec
from fastapi import APIRouter, Depends, Header, Request, Response, WebSocket
from pydantic import BaseModel, ConfigDict, Field, SecretStr
from starlette import status as http

from app.doors.session import (
    DEVICE_CHARS_MAX,
    LOGIN_INPUT_CHARS_MAX,
    PASSWORD_INPUT_CHARS_MAX,
    LoginIn,
    TooManyLogins,
    WrongLogin,
    checked,
)
from app.doors.streams import accept, send, serve
from app.doors.waiting import NotOnRecordYet, call
from app.errors import Problem, problems
from app.register.directory import family_of
from app.security.access import (
    PUBLIC,
    TOKEN_PROBLEMS,
    OriginRefused,
    OutOfScope,
    Principal,
    allow,
    require_origin,
    security_of,
    source_of,
)
from app.security.accounts import AccountKind
from app.security.refusals import LoginTaken, LoginUnfit, PasswordsBusy, PasswordUnfit
from app.security.roles import Role
from app.security.security import Security
from app.security.tokens import TokenKind
from app.service import Service, ServiceDep, the_service
from app.storage import family
from app.storage.family import Row
from app.storage.reading import handsets_of
from app.views.book import View, place_view
from app.views.family import open_calls, resident_for_family
from app.views.feed import FamilyFeed
from devices.report import clean
from dispatch.book import Book
from dispatch.errors import IncidentIsClosed, UnknownSubject
from dispatch.ids import IncidentId
from dispatch.place import Place
from dispatch.requests import Note

CODE_CHARS_MAX: Final = 40
TEXT_CHARS_MAX: Final = 500
UNSETTLED_MAX: Final = 20  # things said that the desk has not answered yet
ALIVE_EVERY_S: Final = 1.5  # a page that has heard nothing for four says so: within five in all
LOOK_EVERY_S: Final = 15.0  # whether the battery and the last sign of life have changed
INVITATION: Final = "invitation"  # the one bucket of all who try a code

FamilyDep = Annotated[Principal, allow(Role.FAMILY)]
SecurityDep = Annotated[Security, Depends(security_of)]
router = APIRouter(prefix="/api/v1/family", tags=["family"])
_encode: Final = msgspec.json.Encoder().encode


class InvitationUnknown(Problem):
    """Nobody was sent this code."""

    status = http.HTTP_404_NOT_FOUND


class InvitationOver(Problem):
    """This invitation has been used, was revoked, or is too old: ask the desk for another."""

    status = http.HTTP_410_GONE


class PlaceWithheld(Problem):
    """The resident has not agreed that the family sees where they are."""

    status = http.HTTP_403_FORBIDDEN


class TooManyWords(Problem):
    """The desk has not answered what was said before: wait, or telephone."""

    status = http.HTTP_429_TOO_MANY_REQUESTS


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class EnterIn(_In):
    """An invitation, and perhaps a log-in for the next time."""

    code: str = Field(min_length=1, max_length=CODE_CHARS_MAX, examples=["K7QM-4XWD-9PTR"])
    device: str = Field(default="", max_length=DEVICE_CHARS_MAX)
    login: str = Field(default="", max_length=LOGIN_INPUT_CHARS_MAX)
    password: SecretStr = Field(default=SecretStr(""), max_length=PASSWORD_INPUT_CHARS_MAX)


class FamilyLoginIn(LoginIn):
    """Who wants to sign in at the family page."""

    device: str = Field(default="", max_length=DEVICE_CHARS_MAX)


class EnteredOut(BaseModel):
    """A new token, shown once."""

    model_config = ConfigDict(json_schema_extra={"example": {"token": "ydt_f_…", "login": ""}})

    token: str
    login: str = Field(description="By which to sign in next time; empty when there is none.")


class SaidIn(_In):
    """What is said to the desk. The same `key` is the same word, however often it comes."""

    key: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9-]+$")
    resident_id: str = Field(max_length=64)


class MessageIn(SaidIn):
    """A message to the desk."""

    text: str = Field(min_length=1, max_length=TEXT_CHARS_MAX, examples=["I can be there at six."])


class ContactIn(SaidIn):
    """Somebody who should be telephoned too."""

    name: str = Field(min_length=1, max_length=100)
    relation: str = Field(default="", max_length=64)
    telephone: str = Field(pattern=r"^\+?[0-9]{3,15}$")


class AbsenceIn(SaidIn):
    """The resident is not at home, or is back."""

    state: Literal["home", "away", "in_hospital"]
    until: date | None = None
    text: str = Field(default="", max_length=TEXT_CHARS_MAX)


_ENTRY_PROBLEMS: Final = (TooManyLogins, OriginRefused, PasswordsBusy)


@router.post(
    "/enter",
    dependencies=[PUBLIC],
    summary="Come in by an invitation",
    responses=problems(
        *_ENTRY_PROBLEMS, InvitationUnknown, InvitationOver, LoginTaken, LoginUnfit, PasswordUnfit
    ),
)
async def enter(
    body: EnterIn, request: Request, response: Response, service: ServiceDep
) -> EnteredOut:
    """Exchange an invitation for a token of this browser, and a log-in if one is wanted.

    An invitation serves once. A password for a member who has a log-in replaces the old one.
    """
    security, source = service.security, source_of(request)
    require_origin(request, security)
    wait = security.limits.take(f"{INVITATION} {source}", source, security.clock())
    if wait:
        raise TooManyLogins(wait)
    invitation = await family.invited(service.engine, _plain(body.code))
    if invitation is None:
        security.wrong.add(INVITATION, source, security.clock())
        raise InvitationUnknown
    security.limits.succeeded(f"{INVITATION} {source}", source)
    now = security.clock()
    why = invitation.why_over(now)
    if why or not await family.use(service.engine, invitation.id, now):
        raise InvitationOver(extras={"why": why or "used"})
    try:
        login = await _log_in_for(service, invitation.member_id, body)
    except (LoginTaken, LoginUnfit, PasswordUnfit, PasswordsBusy):
        await family.give_back(service.engine, invitation.id, now)
        raise
    issued = await security.tokens.issue(TokenKind.FAMILY, invitation.member_id, label=body.device)
    if await family.member(service.engine, invitation.member_id) is None:  # taken off meanwhile
        await security.tokens.revoke(issued.holder.token_id)
        raise InvitationOver(extras={"why": "revoked"})
    response.headers["Cache-Control"] = "no-store"
    return EnteredOut(token=issued.token, login=login)


@router.post(
    "/login",
    dependencies=[PUBLIC],
    summary="Sign in",
    responses=problems(*_ENTRY_PROBLEMS, WrongLogin),
)
async def sign_in(
    body: FamilyLoginIn, request: Request, response: Response, security: SecurityDep
) -> EnteredOut:
    """Sign in with login and password: returns a token, good until it is signed out or revoked."""
    account = await checked(request, security, body, AccountKind.FAMILY)
    member_id = account.subject_id or ""
    issued = await security.tokens.issue(TokenKind.FAMILY, member_id, label=body.device)
    if not await security.accounts.is_unchanged(account):
        await security.tokens.revoke(issued.holder.token_id)
        raise WrongLogin
    response.headers["Cache-Control"] = "no-store"
    return EnteredOut(token=issued.token, login=account.login)


@router.delete(
    "/login",
    status_code=http.HTTP_204_NO_CONTENT,
    summary="Sign out",
    responses=problems(*TOKEN_PROBLEMS),
)
async def sign_out(who: FamilyDep, security: SecurityDep) -> None:
    """Revoke the token that this request came with."""
    await security.tokens.revoke(who.session_id)


@router.get("/state", summary="Everything the page shows", responses=problems(*TOKEN_PROBLEMS))
async def state(
    who: FamilyDep,
    service: ServiceDep,
    known: Annotated[str, Header(alias="If-None-Match")] = "",
) -> Response:
    """Return how the residents are and what was said; 304 when nothing has changed.

    For networks that carry no websocket.
    """
    view = await _state(service, who)
    etag = f'W/"{_mark_of(view)}"'
    headers = {"ETag": etag, "Cache-Control": "no-store"}
    if known == etag:
        return Response(status_code=http.HTTP_304_NOT_MODIFIED, headers=headers)
    body = _frame(view, service.center.now)
    return Response(body, media_type="application/json", headers=headers)


@router.websocket("/stream")
async def stream(websocket: WebSocket, who: FamilyDep) -> None:
    """Send the whole state on connection and on each change, and a sign of life in between.

    The state is whole each time, so that whoever comes back has missed nothing. Between two alike
    nothing is sent: not even the moment of a silent call can be told from it.
    """
    service = the_service(websocket)
    page = FamilyFeed(ids=frozenset({who.id}))
    with security_of(websocket).watch(who) as gone, service.feed.family(page):
        await accept(websocket)

        async def write() -> None:
            shown: View | None = None
            while True:
                page.changed.clear()
                view = await _state(service, who)
                page.ids = frozenset({who.id, *(one["id"] for one in view["residents"])})
                if view != shown:
                    await send(websocket, _frame(view, service.center.now))
                    shown = view
                await _alive_until(page.changed)

        async def _alive_until(changed: asyncio.Event) -> None:
            for _ in range(round(LOOK_EVERY_S / ALIVE_EVERY_S)):
                try:
                    async with asyncio.timeout(ALIVE_EVERY_S):
                        await changed.wait()
                        return
                except TimeoutError:
                    alive = {"type": "alive", "server_time": service.center.now}
                    await send(websocket, _encode(alive))

        async def hear(_text: str) -> None:
            """Nothing is said on this stream."""

        await serve(websocket, gone, write=write, hear=hear)


@router.post(
    "/residents/{resident_id}/place",
    summary="See where the resident is",
    responses=problems(*TOKEN_PROBLEMS, OutOfScope, PlaceWithheld),
)
async def place(resident_id: str, who: FamilyDep, service: ServiceDep) -> Response:
    """Return where the handset was last, if the resident agrees; the look goes on record first."""
    await _mine(service, who, resident_id)
    given = (await family.consents(service.engine, [resident_id])).get(resident_id)
    if given is None or not given["is_given"]:
        raise PlaceWithheld
    looks = service.security.looks
    look = looks.look(
        account_id=who.id,
        role=Role.FAMILY.value,
        resident_id=resident_id,
        reason="looked on the family page",
        what="last_position",
    )
    await looks.record(look)
    found = [
        one
        for one in map(service.tracks.last_of, await handsets_of(service.engine, resident_id))
        if one is not None
    ]
    latest = max(found, key=_seen_at, default=None)
    return _json(_encode({"place": place_view(latest)}))


_WORD_PROBLEMS: Final = problems(*TOKEN_PROBLEMS, OutOfScope, TooManyWords)


@router.post(
    "/messages",
    status_code=http.HTTP_201_CREATED,
    summary="Say something to the desk",
    responses=_WORD_PROBLEMS,
)
async def message(body: MessageIn, who: FamilyDep, service: ServiceDep) -> Response:
    """Write to the desk: on the timeline of the open call, else on the list of the console."""
    said = clean(body.text, TEXT_CHARS_MAX)
    word_id = await _say(service, who, body, "message", {"text": said})
    if word_id is not None:
        await _to_call(service, who, body.resident_id, word_id, said)
    return await _after(service, who)


@router.post(
    "/contacts",
    status_code=http.HTTP_201_CREATED,
    summary="Propose somebody to be telephoned too",
    responses=_WORD_PROBLEMS,
)
async def contact(body: ContactIn, who: FamilyDep, service: ServiceDep) -> Response:
    """Propose a contact; the desk accepts or declines."""
    said = {
        "name": clean(body.name, 100),
        "relation": clean(body.relation, 64),
        "telephone": body.telephone,
    }
    await _say(service, who, body, "contact", said)
    return await _after(service, who)


@router.post(
    "/absences",
    status_code=http.HTTP_201_CREATED,
    summary="Say that the resident is away, or back",
    responses=_WORD_PROBLEMS,
)
async def absence(body: AbsenceIn, who: FamilyDep, service: ServiceDep) -> Response:
    """Propose that the register says so; the desk accepts or declines. No call waits for it."""
    said = {
        "state": body.state,
        "until": body.until.isoformat() if body.until else None,
        "text": clean(body.text, TEXT_CHARS_MAX),
    }
    await _say(service, who, body, "absence", said)
    return await _after(service, who)


async def _log_in_for(service: Service, member_id: str, body: EnterIn) -> str:
    """Make the log-in that was asked for; return it, or the one that there is."""
    accounts, password = service.security.accounts, body.password.get_secret_value()
    before = await accounts.of_subject(member_id)
    if not password:
        return before[0].login if before else ""
    if before:
        await accounts.set_password(before[0].id, password)
        await accounts.enable(before[0].id)
        return before[0].login
    member = await family.member(service.engine, member_id)
    account = await accounts.create(
        body.login,
        password,
        name=member["name"] if member else "",
        kind=AccountKind.FAMILY,
        subject_id=member_id,
    )
    return account.login


async def _state(service: Service, who: Principal) -> View:
    """Return everything but the time: two that are equal show the same."""
    member = await family.member(service.engine, who.id)
    ids: list[str] = member["resident_ids"] if member else []
    now = service.center.now
    heard = await family.heard(service.engine, ids, service.security.clock())
    consents = await family.consents(service.engine, ids)
    words = await family.words_of(service.engine, who.id, ids)

    def look(book: Book) -> list[View]:
        handsets = {one: row["handset_ids"] for one, row in heard.items()}
        found = (
            resident_for_family(book, service.directory, one, handsets.get(one, ()), now)
            for one in ids
        )
        return [one for one in found if one is not None]

    residents = await service.center.read(look)
    for one in residents:
        last = heard.get(one["id"])
        given = consents.get(one["id"])
        one["heard_at"] = last["heard_at"] if last else None
        one["battery_pct"] = last["battery_pct"] if last else None
        one["shows_place"] = bool(given and given["is_given"])
    return {
        "type": "state",
        "member": {"name": member["name"] if member else ""},
        "residents": residents,
        "words": [_word(row) for row in words],
        "desk_telephone": service.settings.desk_telephone,
    }


def _mark_of(view: View) -> str:
    """Return a mark that is equal for views that show the same."""
    return sha256(_encode(view)).hexdigest()[:32]


def _word(row: Row) -> View:
    """Return what was said, and the desk's answer; that a call took it up is not told.

    It may be a call that the family must not know of.
    """
    is_on_call = row["incident_id"] is not None
    return {
        "id": row["id"],
        "resident_id": row["resident_id"],
        "kind": row["kind"],
        "said": row["said"],
        "said_at": row["said_at"],
        "settled_at": None if is_on_call else row["settled_at"],
        "accepted": row["is_accepted"],
    }


async def _mine(service: Service, who: Principal, resident_id: str) -> None:
    """Let pass who belongs to the resident; to others it does not exist."""
    member = await family.member(service.engine, who.id)
    if member is None or resident_id not in member["resident_ids"]:
        raise OutOfScope("resident", resident_id)


async def _say(
    service: Service, who: Principal, body: SaidIn, kind: str, said: dict[str, Any]
) -> int | None:
    await _mine(service, who, body.resident_id)
    if await family.unsettled(service.engine, who.id) >= UNSETTLED_MAX:
        raise TooManyWords
    return await family.say(
        service.engine,
        member_id=who.id,
        key=body.key,
        resident_id=body.resident_id,
        kind=kind,
        said=said,
        at=service.security.clock(),
    )


async def _to_call(
    service: Service, who: Principal, resident_id: str, word_id: int, said: str
) -> None:
    """Put a message on the timeline of the open call; without one it waits on the desk's list.

    Also of a call that the family is not told of: the desk should read it there.
    """
    calls = await service.center.read(lambda book: open_calls(book, resident_id))
    if not calls:
        return
    incident_id: IncidentId = calls[0]
    try:
        await call(service, Note(incident_id=incident_id, by=family_of(who.id), text=said))
    except (UnknownSubject, IncidentIsClosed, NotOnRecordYet):
        return  # it waits on the list
    await family.on_call(service.engine, word_id, incident_id, service.security.clock())


async def _after(service: Service, who: Principal) -> Response:
    service.feed.family_changed(who.id)
    body = _frame(await _state(service, who), service.center.now)
    return _json(body, http.HTTP_201_CREATED)


def _frame(view: View, now: datetime) -> bytes:
    return _encode({**view, "server_time": now})


def _json(body: bytes, code: int = http.HTTP_200_OK) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(body, status_code=code, media_type="application/json", headers=headers)


def _plain(code: str) -> str:
    """Return a code as it was issued, however it was typed."""
    return "".join(one for one in code.upper() if one.isalnum())


def _seen_at(place: Place) -> float:
    return place.at.timestamp() if place.at else 0.0
