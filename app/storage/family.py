"""Families in the tables: members and their residents, invitations, consent, and what they say."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final, TypeAlias

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

Row: TypeAlias = dict[str, Any]
HEARD_WITHIN: Final = timedelta(days=7)  # before that a handset counts as never heard
WORDS_SHOWN: Final = 20
OPEN_SHOWN: Final = 200

_MAKE: Final = text(
    "INSERT INTO family_member (id, name, relation, telephone, language, made_by, made_at)"
    " VALUES (:id, :name, :relation, :telephone, :language, :by, :at)"
)
_BIND: Final = text(
    "INSERT INTO family_bond (member_id, resident_id) VALUES (:id, :resident_id)"
    " ON CONFLICT DO NOTHING"
)
_MEMBER: Final = text(
    "SELECT m.*, ARRAY(SELECT b.resident_id FROM family_bond b WHERE b.member_id = m.id"
    " ORDER BY b.resident_id) AS resident_ids FROM family_member m WHERE m.id = :id"
)
_OF_RESIDENT: Final = text(
    "SELECT m.*, ARRAY(SELECT a.login FROM account a WHERE a.subject_id = m.id"
    " AND a.kind = 'family' AND a.disabled_at IS NULL) AS logins,"
    " (SELECT count(*) FROM token t WHERE t.subject_id = m.id AND t.kind = 'family'"
    " AND t.revoked_at IS NULL) AS devices"
    " FROM family_member m JOIN family_bond b ON b.member_id = m.id"
    " WHERE b.resident_id = :resident_id ORDER BY m.made_at, m.id"
)
_CONTACTS: Final = text(
    "SELECT m.id, m.name, m.relation, m.telephone FROM family_member m"
    " JOIN family_bond b ON b.member_id = m.id WHERE b.resident_id = :resident_id"
    " ORDER BY m.made_at, m.id"
)
_LET_IN: Final = text(
    "SELECT m.id FROM family_member m JOIN family_bond b ON b.member_id = m.id"
    " WHERE b.resident_id = :resident_id AND m.telephone <> '' AND EXISTS (SELECT 1 FROM token t"
    " WHERE t.subject_id = m.id AND t.kind = 'family' AND t.revoked_at IS NULL) ORDER BY m.id"
)
_INVITE: Final = text(
    "WITH older AS (UPDATE family_invitation SET revoked_at = :at WHERE member_id = :member_id"
    " AND used_at IS NULL AND revoked_at IS NULL)"
    " INSERT INTO family_invitation (id, member_id, sha256, issued_by, issued_at, expires_at)"
    " VALUES (:id, :member_id, :key, :by, :at, :expires_at)"
)
_INVITED: Final = text("SELECT * FROM family_invitation WHERE sha256 = :key")
_INVITATIONS: Final = text(
    "SELECT i.id, i.member_id, i.issued_by, i.issued_at, i.expires_at FROM family_invitation i"
    " JOIN family_bond b ON b.member_id = i.member_id WHERE b.resident_id = :resident_id"
    " AND i.used_at IS NULL AND i.revoked_at IS NULL AND i.expires_at > :now ORDER BY i.issued_at"
)
_USE: Final = text(
    "UPDATE family_invitation SET used_at = :at WHERE id = :id AND used_at IS NULL"
    " AND revoked_at IS NULL AND expires_at > :at RETURNING id"
)
_UNUSE: Final = text("UPDATE family_invitation SET used_at = NULL WHERE id = :id AND used_at = :at")
_REVOKE: Final = text(
    "UPDATE family_invitation SET revoked_at = :at WHERE id = :id AND member_id = :member_id"
    " AND used_at IS NULL AND revoked_at IS NULL RETURNING id"
)
_REVOKE_ALL: Final = text(
    "UPDATE family_invitation SET revoked_at = :at WHERE member_id = :member_id"
    " AND used_at IS NULL AND revoked_at IS NULL"
)
_CONSENT: Final = text(
    "SELECT DISTINCT ON (resident_id) resident_id, is_given, by, at FROM family_consent"
    " WHERE resident_id = ANY(:ids) ORDER BY resident_id, id DESC"
)
_SET_CONSENT: Final = text(
    "INSERT INTO family_consent (resident_id, is_given, by, at) VALUES (:id, :is_given, :by, :at)"
)
_HEARD: Final = text(
    "SELECT h.resident_id, max(t.received_at) AS heard_at, array_agg(DISTINCT h.id) AS handset_ids,"
    " (array_agg(t.battery_pct ORDER BY t.received_at DESC)"
    " FILTER (WHERE t.battery_pct IS NOT NULL))[1] AS battery_pct"
    " FROM handset h LEFT JOIN track t ON t.subject = h.id AND t.received_at >= :since"
    " WHERE h.resident_id = ANY(:ids) GROUP BY h.resident_id"
)
_SAY: Final = text(
    "INSERT INTO family_word (member_id, key, resident_id, kind, said, said_at)"
    " VALUES (:member_id, :key, :resident_id, :kind, :said, :at)"
    " ON CONFLICT (member_id, key) DO NOTHING RETURNING id"
)
_ON_CALL: Final = text(
    "UPDATE family_word SET incident_id = :incident_id, settled_at = :at, settled_by = ''"
    " WHERE id = :id AND settled_at IS NULL"
)
_UNSETTLED: Final = text(
    "SELECT count(*) FROM family_word WHERE member_id = :member_id AND settled_at IS NULL"
)
_WORDS_OF: Final = text(
    "SELECT * FROM family_word WHERE member_id = :member_id AND resident_id = ANY(:ids)"
    " ORDER BY id DESC LIMIT :most"
)
_OPEN_WORDS: Final = text(
    "SELECT w.*, m.name, m.relation, m.telephone, r.area_id FROM family_word w"
    " JOIN family_member m ON m.id = w.member_id JOIN resident r ON r.id = w.resident_id"
    " WHERE w.settled_at IS NULL ORDER BY w.id LIMIT :most"
)
_WORD: Final = text("SELECT * FROM family_word WHERE id = :id")
_SETTLE: Final = text(
    "UPDATE family_word SET settled_at = :at, settled_by = :by, is_accepted = :is_accepted"
    " WHERE id = :id AND settled_at IS NULL RETURNING id"
)
_LAST_OF_THEM: Final = text(
    "SELECT b.member_id FROM family_bond b WHERE b.resident_id = :resident_id AND NOT EXISTS"
    " (SELECT 1 FROM family_bond o WHERE o.member_id = b.member_id"
    " AND o.resident_id <> b.resident_id)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """A way in that was sent to a member."""

    id: str
    member_id: str
    expires_at: datetime
    used_at: datetime | None
    revoked_at: datetime | None

    def why_over(self, now: datetime) -> str:
        """Return why nobody comes in by it any more: used, revoked or expired; "" while they do."""
        if self.used_at is not None:
            return "used"
        if self.revoked_at is not None:
            return "revoked"
        return "" if now < self.expires_at else "expired"


async def make(engine: AsyncEngine, member: Row, resident_id: str) -> None:
    """Put a new member on the list of a resident's family."""
    async with engine.begin() as connection:
        await connection.execute(_MAKE, member)
        await connection.execute(_BIND, {"id": member["id"], "resident_id": resident_id})


async def bind(engine: AsyncEngine, member_id: str, resident_id: str) -> None:
    """Let a member have one more resident. Safe to repeat."""
    await _write(engine, _BIND, id=member_id, resident_id=resident_id)


async def member(engine: AsyncEngine, member_id: str) -> Row | None:
    """Return a member with `resident_ids`, None when there is none."""
    rows = await _read(engine, _MEMBER, id=member_id)
    return rows[0] if rows else None


async def members(engine: AsyncEngine, resident_id: str) -> list[Row]:
    """Return the family of a resident, each with `logins` and how many `devices` are let in."""
    return await _read(engine, _OF_RESIDENT, resident_id=resident_id)


async def contacts(engine: AsyncEngine, resident_id: str) -> list[Row]:
    """Return whom of the family one can telephone."""
    return await _read(engine, _CONTACTS, resident_id=resident_id)


async def let_in(engine: AsyncEngine, resident_id: str) -> list[str]:
    """Return who of a resident's family is signed in somewhere and can be sent a message."""
    return [row["id"] for row in await _read(engine, _LET_IN, resident_id=resident_id)]


async def unbind(engine: AsyncEngine, member_id: str, resident_id: str) -> bool:
    """Take a resident from a member; return whether that was the last, and the member is gone."""
    async with engine.begin() as connection:
        who = {"id": member_id, "resident_id": resident_id}
        await connection.execute(
            text("DELETE FROM family_bond WHERE member_id = :id AND resident_id = :resident_id"),
            who,
        )
        gone = await connection.execute(
            text(
                "DELETE FROM family_member m WHERE m.id = :id AND NOT EXISTS"
                " (SELECT 1 FROM family_bond b WHERE b.member_id = m.id) RETURNING m.id"
            ),
            who,
        )
        return gone.first() is not None


async def invite(
    engine: AsyncEngine,
    *,
    invitation_id: str,
    member_id: str,
    code: str,
    by: str,
    at: datetime,
    expires_at: datetime,
) -> None:
    """Put an invitation on record; older ones of the same member that wait are revoked by it."""
    await _write(
        engine,
        _INVITE,
        id=invitation_id,
        member_id=member_id,
        key=_key(code),
        by=by,
        at=at,
        expires_at=expires_at,
    )


async def invited(engine: AsyncEngine, code: str) -> Invitation | None:
    """Return the invitation with this code, over or not; None when nobody was sent it."""
    rows = await _read(engine, _INVITED, key=_key(code))
    return Invitation(**{name: rows[0][name] for name in _INVITATION}) if rows else None


async def invitations(engine: AsyncEngine, resident_id: str, now: datetime) -> list[Row]:
    """Return the invitations to a resident's family that somebody can still come in by."""
    return await _read(engine, _INVITATIONS, resident_id=resident_id, now=now)


async def use(engine: AsyncEngine, invitation_id: str, at: datetime) -> bool:
    """Use an invitation up; False when it was over already. Of two at once, one gets True."""
    return bool(await _write(engine, _USE, id=invitation_id, at=at))


async def give_back(engine: AsyncEngine, invitation_id: str, at: datetime) -> None:
    """Let an invitation serve after all that was used up at `at` for nothing."""
    await _write(engine, _UNUSE, id=invitation_id, at=at)


async def revoke(engine: AsyncEngine, member_id: str, invitation_id: str, at: datetime) -> bool:
    """Let nobody come in by an invitation; False when it was over already."""
    return bool(await _write(engine, _REVOKE, id=invitation_id, member_id=member_id, at=at))


async def revoke_all(engine: AsyncEngine, member_id: str, at: datetime) -> None:
    """Let nobody come in by any invitation of a member."""
    await _write(engine, _REVOKE_ALL, member_id=member_id, at=at)


async def consents(engine: AsyncEngine, resident_ids: Sequence[str]) -> dict[str, Row]:
    """Return what each resident said last; who said nothing has not agreed and is left out."""
    rows = await _read(engine, _CONSENT, ids=list(resident_ids))
    return {row["resident_id"]: row for row in rows}


async def set_consent(
    engine: AsyncEngine, resident_id: str, *, is_given: bool, by: str, at: datetime
) -> None:
    """Put on record whether a resident lets the family see where they are."""
    await _write(engine, _SET_CONSENT, id=resident_id, is_given=is_given, by=by, at=at)


async def heard(engine: AsyncEngine, resident_ids: Sequence[str], now: datetime) -> dict[str, Row]:
    """Return the handsets of residents, when they were heard last, and how full they were."""
    rows = await _read(engine, _HEARD, ids=list(resident_ids), since=now - HEARD_WITHIN)
    return {row["resident_id"]: row for row in rows}


async def say(
    engine: AsyncEngine,
    *,
    member_id: str,
    key: str,
    resident_id: str,
    kind: str,
    said: Row,
    at: datetime,
) -> int | None:
    """Put what a member says on record and return its number; None when it was said before."""
    rows = await _write(
        engine,
        _SAY,
        member_id=member_id,
        key=key,
        resident_id=resident_id,
        kind=kind,
        said=msgspec.json.encode(said).decode(),
        at=at,
    )
    return rows[0]["id"] if rows else None


async def on_call(engine: AsyncEngine, word_id: int, incident_id: str, at: datetime) -> None:
    """Note that a message stands on the timeline of a call, where the desk reads it."""
    await _write(engine, _ON_CALL, id=word_id, incident_id=incident_id, at=at)


async def unsettled(engine: AsyncEngine, member_id: str) -> int:
    """Return to how many things that a member said the desk has not answered yet."""
    return (await _read(engine, _UNSETTLED, member_id=member_id))[0]["count"]


async def words_of(engine: AsyncEngine, member_id: str, resident_ids: Sequence[str]) -> list[Row]:
    """Return what a member said last, the latest first."""
    ids = list(resident_ids)
    return await _read(engine, _WORDS_OF, member_id=member_id, ids=ids, most=WORDS_SHOWN)


async def open_words(engine: AsyncEngine) -> list[Row]:
    """Return what waits for the desk, the oldest first, with who said it and the area."""
    return await _read(engine, _OPEN_WORDS, most=OPEN_SHOWN)


async def word(engine: AsyncEngine, word_id: int) -> Row | None:
    """Return one thing that was said."""
    rows = await _read(engine, _WORD, id=word_id)
    return rows[0] if rows else None


async def settle(
    engine: AsyncEngine, word_id: int, *, by: str, is_accepted: bool | None, at: datetime
) -> bool:
    """Put the desk's answer on record; False when somebody was first."""
    rows = await _write(engine, _SETTLE, id=word_id, by=by, is_accepted=is_accepted, at=at)
    return bool(rows)


async def erase(connection: AsyncConnection, resident_id: str) -> list[str]:
    """Drop what families said of a resident, and members who have nobody else; return their ids."""
    who = {"resident_id": resident_id}
    gone = list((await connection.execute(_LAST_OF_THEM, who)).scalars())
    for table in ("family_word", "family_consent", "family_bond"):
        await connection.execute(
            text(f"DELETE FROM {table} WHERE resident_id = :resident_id"),  # noqa: S608
            who,
        )
    for statement in (
        "DELETE FROM account WHERE subject_id = ANY(:ids) AND kind = 'family'",
        "DELETE FROM family_member WHERE id = ANY(:ids)",
    ):
        await connection.execute(text(statement), {"ids": gone})
    return gone


_INVITATION: Final = ("id", "member_id", "expires_at", "used_at", "revoked_at")


async def _read(engine: AsyncEngine, query: Any, **values: object) -> list[Row]:  # noqa: ANN401
    async with engine.connect() as connection:
        return [dict(row) for row in (await connection.execute(query, values)).mappings()]


async def _write(engine: AsyncEngine, query: Any, **values: object) -> list[Row]:  # noqa: ANN401
    async with engine.begin() as connection:
        result = await connection.execute(query, values)
        return [dict(row) for row in result.mappings()] if result.returns_rows else []


def _key(code: str) -> bytes:
    return sha256(code.encode("utf-8", "replace")).digest()
