"""Families at the desk: invite, list, revoke, consent, and what they say and propose."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any, Final, Literal

import msgspec
from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette import status as http

from app.doors.waiting import CannotBeRecorded, NotOnRecordYet
from app.errors import Problem, problems
from app.outside.channels import ChannelFailed
from app.register.directory import family_of
from app.register.registry import Registry, scope_of
from app.security.access import COOKIE_PROBLEMS, OutOfScope, Principal, allow
from app.security.chance import short_id, spoken_code
from app.security.paging import LIMIT_MAX
from app.security.roles import Role
from app.security.tokens import TokenKind
from app.service import Service, ServiceDep
from app.storage import family
from app.storage.family import Row
from app.views.book import View
from devices.report import clean
from dispatch.areas import Territory
from dispatch.errors import UnknownSubject
from dispatch.ids import AreaId

INVITATION_LASTS: Final = timedelta(hours=72)
LOOKS_SHOWN: Final = 50
PAGE: Final = "/family"

FamiliesDep = Annotated[Principal, allow(Role.OPERATOR, Role.SUPERVISOR, Role.ADMINISTRATOR)]
IdPath = Annotated[str, Path(pattern=r"^[A-Za-z0-9._:-]{1,64}$")]
router = APIRouter(prefix="/api/v1/operator/families", tags=["operator"])
_encode: Final = msgspec.json.Encoder().encode


class WordSettled(Problem):
    """Somebody has answered this already."""

    status = http.HTTP_409_CONFLICT


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid")


class MemberIn(_In):
    """Who is invited: somebody new, or by `member_id` somebody who is known already."""

    member_id: str | None = Field(default=None, max_length=64)
    name: str = Field(default="", max_length=100, examples=["李丽"])
    relation: str = Field(default="", max_length=64, examples=["女儿"])
    telephone: str = Field(default="", pattern=r"^(\+?[0-9]{3,15})?$")
    language: Literal["zh", "en"] = "zh"
    send: bool = Field(default=False, description="By text message, if there is a way.")


class ConsentIn(_In):
    """Whether the resident agrees."""

    given: bool


class AnswerIn(_In):
    """Whether the desk accepts a proposal; null ticks a message off."""

    accept: bool | None = None


_PROBLEMS: Final = problems(*COOKIE_PROBLEMS, OutOfScope)


@router.get("/words", summary="What families say", responses=problems(*COOKIE_PROBLEMS))
async def words(who: FamiliesDep, service: ServiceDep) -> Response:
    """Return messages and proposals from families of your areas that nobody has answered."""
    territory = service.center.book.territory
    rows = [row for row in await family.open_words(service.engine) if _covers(territory, who, row)]
    items = [
        {
            "id": row["id"],
            "kind": row["kind"],
            "said": row["said"],
            "said_at": row["said_at"],
            "by": {
                "id": row["member_id"],
                "name": row["name"],
                "relation": row["relation"],
                "telephone": row["telephone"],
            },
            "resident": _resident(service, row["resident_id"]),
        }
        for row in rows
    ]
    return _json({"items": items})


@router.post(
    "/words/{word_id}",
    summary="Answer what a family says",
    responses=problems(
        *COOKIE_PROBLEMS, UnknownSubject, OutOfScope, WordSettled, NotOnRecordYet, CannotBeRecorded
    ),
)
async def answer(
    word_id: Annotated[int, Path(ge=1, le=2**62)],
    body: AnswerIn,
    who: FamiliesDep,
    service: ServiceDep,
) -> Response:
    """Tick a message off; accept or decline a proposal: what is accepted stands in the register."""
    row = await family.word(service.engine, word_id)
    if row is None:
        raise UnknownSubject("word", str(word_id))
    await _require(service, who, row["resident_id"], "word", str(word_id))
    is_accepted = None if row["kind"] == "message" else bool(body.accept)
    now = service.security.clock()
    if row["settled_at"] is not None:
        raise WordSettled
    if is_accepted:  # first, and again if need be: both are safe to repeat
        await _take_up(service, who, row)
    if not await family.settle(service.engine, word_id, by=who.id, is_accepted=is_accepted, at=now):
        raise WordSettled
    service.feed.family_changed(row["member_id"])
    return await words(who, service)


@router.get("/residents/{resident_id}", summary="A resident's family", responses=_PROBLEMS)
async def of_resident(resident_id: IdPath, who: FamiliesDep, service: ServiceDep) -> Response:
    """Return members, open invitations, consent, and who of the family has seen the position."""
    await _require(service, who, resident_id, "resident", resident_id)
    return _json(await _family(service, resident_id))


@router.post(
    "/residents/{resident_id}/invitations",
    status_code=http.HTTP_201_CREATED,
    summary="Invite somebody of the family",
    responses=_PROBLEMS,
)
async def invite(
    resident_id: IdPath, body: MemberIn, request: Request, who: FamiliesDep, service: ServiceDep
) -> Response:
    """Return a link and a code, shown once, by which somebody of the family comes in once.

    An older invitation of the same member ends by it.
    """
    await _require(service, who, resident_id, "resident", resident_id)
    member = await _member(service, who, resident_id, body)
    now, code = service.security.clock(), spoken_code()
    invitation_id, expires_at = short_id(), now + INVITATION_LASTS
    await family.invite(
        service.engine,
        invitation_id=invitation_id,
        member_id=member["id"],
        code=code,
        by=who.id,
        at=now,
        expires_at=expires_at,
    )
    base_url = service.parties.base_url or str(request.base_url).rstrip("/")
    said = {
        "id": invitation_id,
        "member_id": member["id"],
        "code": "-".join(code[at : at + 4] for at in range(0, len(code), 4)),
        "link": f"{base_url}{PAGE}#{code}",  # what follows # is sent to no server
        "expires_at": expires_at,
    }
    is_sent = body.send and await _send(service, member, said)
    return _json({**said, "sent": is_sent}, http.HTTP_201_CREATED)


@router.delete(
    "/members/{member_id}/invitations/{invitation_id}",
    status_code=http.HTTP_204_NO_CONTENT,
    summary="Revoke an invitation",
    responses=_PROBLEMS,
)
async def revoke(
    member_id: IdPath, invitation_id: IdPath, who: FamiliesDep, service: ServiceDep
) -> None:
    """Let nobody come in by an invitation any more."""
    await _require_member(service, who, member_id)
    now = service.security.clock()
    if not await family.revoke(service.engine, member_id, invitation_id, now):
        raise OutOfScope("invitation", invitation_id)


@router.delete(
    "/members/{member_id}/devices",
    status_code=http.HTTP_204_NO_CONTENT,
    summary="Sign a member out everywhere",
    responses=_PROBLEMS,
)
async def sign_out(member_id: IdPath, who: FamiliesDep, service: ServiceDep) -> None:
    """End every token, invitation and the log-in of a member, who stays a contact."""
    await _require_member(service, who, member_id)
    await _shut_out(service, member_id)


@router.delete(
    "/residents/{resident_id}/members/{member_id}",
    status_code=http.HTTP_204_NO_CONTENT,
    summary="Take somebody off a resident's family",
    responses=_PROBLEMS,
)
async def remove(
    resident_id: IdPath, member_id: IdPath, who: FamiliesDep, service: ServiceDep
) -> None:
    """Let a member see this resident no more; who has nobody else is taken off for good."""
    await _require(service, who, resident_id, "resident", resident_id)
    member = await family.member(service.engine, member_id)
    if member is None or resident_id not in member["resident_ids"]:
        raise OutOfScope("member", member_id)
    if await family.unbind(service.engine, member_id, resident_id):
        service.directory.families.pop(family_of(member_id), None)
        await _shut_out(service, member_id)
    service.feed.family_changed(member_id)


@router.put(
    "/residents/{resident_id}/consent",
    summary="Whether the family may see where the resident is",
    responses=_PROBLEMS,
)
async def consent(
    resident_id: IdPath, body: ConsentIn, who: FamiliesDep, service: ServiceDep
) -> Response:
    """Put on record what the resident said; without it nobody of the family sees a position."""
    await _require(service, who, resident_id, "resident", resident_id)
    await family.set_consent(
        service.engine,
        resident_id,
        is_given=body.given,
        by=who.id,
        at=service.security.clock(),
    )
    service.feed.family_changed(resident_id)
    return _json(await _family(service, resident_id))


async def _family(service: Service, resident_id: str) -> View:
    members = await family.members(service.engine, resident_id)
    now = service.security.clock()
    invited = {
        row["member_id"]: row for row in await family.invitations(service.engine, resident_id, now)
    }
    given = (await family.consents(service.engine, [resident_id])).get(resident_id)
    return {
        "resident": _resident(service, resident_id),
        "members": [
            {
                **{name: row[name] for name in _SHOWN},
                "invitation": _invitation(invited.get(row["id"])),
            }
            for row in members
        ],
        "shows_place": bool(given and given["is_given"]),
        "consent": given and {"at": given["at"], "by": given["by"]},
        "looks": await looks_at(service, resident_id),
    }


_SHOWN: Final = ("id", "name", "relation", "telephone", "language", "logins", "devices")


def _invitation(row: Row | None) -> View | None:
    return row and {name: row[name] for name in ("id", "issued_by", "issued_at", "expires_at")}


async def looks_at(service: Service, resident_id: str) -> list[View]:
    """Return who of the family has seen where a resident is, the latest first."""
    page = await service.security.looks.page(resident_id=resident_id, limit=LIMIT_MAX)
    theirs = [one.look for one in page.items if one.look.role == Role.FAMILY.value]
    known = {row["id"]: row for row in await family.contacts(service.engine, resident_id)}
    return [
        {
            "at": look.at,
            "member_id": look.account_id,
            "name": known[look.account_id]["name"] if look.account_id in known else "",
            "relation": known[look.account_id]["relation"] if look.account_id in known else "",
        }
        for look in theirs[:LOOKS_SHOWN]
    ]


async def _member(service: Service, who: Principal, resident_id: str, body: MemberIn) -> Row:
    """Return whom an invitation is for; somebody new is put on the resident's list."""
    if body.member_id is not None:
        member = await _require_member(service, who, body.member_id)
        await family.bind(service.engine, body.member_id, resident_id)
        service.feed.family_changed(body.member_id)
        return member
    row = {
        "id": f"F{short_id()}",
        "name": clean(body.name, 100),
        "relation": clean(body.relation, 64),
        "telephone": body.telephone,
        "language": body.language,
    }
    return await _make(service, who, resident_id, row)


async def _make(service: Service, who: Principal, resident_id: str, row: Row) -> Row:
    made = {**row, "by": who.id, "at": service.security.clock()}
    await family.make(service.engine, made, resident_id)
    service.directory.families[family_of(row["id"])] = row["name"]
    return row


async def _send(service: Service, member: Row, said: Mapping[str, Any]) -> bool:
    """Send an invitation by the way text messages go; False when there is none, or it failed.

    Not by the outbox: its table would keep the code, which nobody keeps. The desk reads it out.
    """
    body = _encode({**said, "telephone": member["telephone"], "language": member["language"]})
    if not member["telephone"]:
        return False
    for channel in service.parties.messengers:
        try:
            await channel.send(0, body)
        except ChannelFailed:
            continue
        return True
    return False


async def _take_up(service: Service, who: Principal, row: Row) -> None:
    """Let what was proposed stand in the register."""
    said = row["said"]
    if row["kind"] == "contact":
        known = await family.contacts(service.engine, row["resident_id"])
        if any(one["telephone"] == said["telephone"] for one in known):
            return
        contact = {"id": f"F{short_id()}", "language": "zh", **said}
        await _make(service, who, row["resident_id"], contact)
        return
    registry = Registry(service, await scope_of(service, who))
    await registry.change(
        "resident", row["resident_id"], lambda known: {**known, "state": said["state"]}
    )
    service.feed.family_changed(row["resident_id"])


async def _shut_out(service: Service, member_id: str) -> None:
    for account in await service.security.accounts.of_subject(member_id):
        await service.security.accounts.disable(account.id)
    await family.revoke_all(service.engine, member_id, service.security.clock())
    await service.security.tokens.revoke_subject(TokenKind.FAMILY, member_id)


async def _require_member(service: Service, who: Principal, member_id: str) -> Row:
    """Return a member all of whose residents are in one's care; to others they do not exist."""
    member = await family.member(service.engine, member_id)
    if member is None:
        raise OutOfScope("member", member_id)
    for resident_id in member["resident_ids"]:
        await _require(service, who, resident_id, "member", member_id)
    return member


async def _require(
    service: Service, who: Principal, resident_id: str, what: str, subject_id: str
) -> None:
    card = service.directory.residents.get(resident_id)
    path = _path(service.center.book.territory, card.area_id if card else None)
    if card is None or not who.covers(path):
        raise OutOfScope(what, subject_id)


def _covers(territory: Territory, who: Principal, row: Row) -> bool:
    return who.covers(_path(territory, row["area_id"]))


def _path(territory: Territory, area_id: str | None) -> Sequence[str]:
    return territory.path(AreaId(area_id)) if area_id else ()


def _resident(service: Service, resident_id: str) -> View:
    card = service.directory.residents.get(resident_id)
    return {"id": resident_id, "name": card.name if card else ""}


def _json(view: View, code: int = http.HTTP_200_OK) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(_encode(view), status_code=code, media_type="application/json", headers=headers)
