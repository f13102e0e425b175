"""Handsets that change hands in one step: swapped for another, or taken out of service."""

from starlette import status as http

from app.doors.waiting import call
from app.errors import Problem
from app.register.registry import Registry, Row, handset_fact
from app.security.tokens import TokenKind
from app.service import Service
from app.storage import handset_care, register
from dispatch.requests import Register


class SameHandset(Problem):
    """A handset is not swapped for itself."""

    status = http.HTTP_422_UNPROCESSABLE_CONTENT


class OtherInUse(Problem):
    """Another resident carries that handset."""

    status = http.HTTP_409_CONFLICT


class NobodyCarriesIt(Problem):
    """Nobody carries this handset: pair the other one instead."""

    status = http.HTTP_409_CONFLICT


async def replace_handset(
    service: Service, registry: Registry, handset_id: str, by: str, *, model: str
) -> Row:
    """Give the resident of one handset another, which may be new; return the other's row.

    Both facts are one request, so that the resident is at no moment without either.

    Raises:
        UnknownSubject, OutOfScope: there is no such handset in this administrator's care.
        SameHandset, OtherInUse, NobodyCarriesIt: it cannot be swapped.
    """
    if handset_id == by:
        raise SameHandset(f"{by} is the handset itself.")
    async with register.held(service.engine, "handset", handset_id, by) as connection:
        old = registry.in_care(
            "handset", handset_id, await register.one(connection, "handset", handset_id)
        )
        if old["resident_id"] is None:
            raise NobodyCarriesIt(f"Nobody carries {handset_id}.")
        new = await register.one(connection, "handset", by)
        if new is not None and new["resident_id"] is not None:
            registry.in_care("handset", by, new)
            raise OtherInUse(f"{by} is carried by a resident.")
        now = service.center.now
        known = new or {"id": by, "model": old["model"]}
        wanted = {**known, "resident_id": old["resident_id"]} | ({"model": model} if model else {})
        facts = (handset_fact(wanted, now), handset_fact({**old, "resident_id": None}, now))
        await call(service, Register(facts=facts))
        await service.security.tokens.revoke_subject(TokenKind.HANDSET, handset_id)
    return await registry.get("handset", by)


async def retire(service: Service, registry: Registry, handset_id: str) -> Row:
    """Take a handset from its resident, end its tokens, and note that it is out of service.

    Raises:
        UnknownSubject, OutOfScope: there is no such handset in this administrator's care.
    """
    async with register.held(service.engine, "handset", handset_id) as connection:
        row = registry.in_care(
            "handset", handset_id, await register.one(connection, "handset", handset_id)
        )
        now = service.center.now
        if row["resident_id"] is not None:
            fact = handset_fact({**row, "resident_id": None}, now)
            await call(service, Register(facts=(fact,)))
        await service.security.tokens.revoke_subject(TokenKind.HANDSET, handset_id)
        await handset_care.retire(connection, handset_id, now)
    return await registry.get("handset", handset_id)
