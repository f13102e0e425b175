"""The audit log as auditors read it: deeds, looks, and the journal's changes of the register.

Three sources, one list, the latest first. A place in it is "time~source~number".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.security.audit import Deed
from app.security.paging import LIMIT_DEFAULT, Page
from app.security.refusals import CursorUnfit

_NUMBER_MAX: Final = 2**63 - 1


class Source(StrEnum):
    """Where a line of the log comes from."""

    DEED = "deed"  # the audit table
    FACT = "fact"  # the journal
    LOOK = "look"  # where somebody is, shown to somebody


class Group(StrEnum):
    """What an auditor asks for."""

    SIGN_IN = "sign_in"
    REFUSAL = "refusal"
    ACCOUNT = "account"
    CHANGE = "change"
    LOOK = "look"
    REGISTER = "register"


DEEDS_OF: Final[Mapping[Group, frozenset[Deed]]] = {
    Group.SIGN_IN: frozenset({Deed.SIGNED_IN, Deed.SIGNED_OUT, Deed.LOCKED, Deed.UNLOCKED}),
    Group.REFUSAL: frozenset({Deed.SIGN_IN_REFUSED, Deed.UNLOCK_REFUSED, Deed.REFUSED}),
    Group.ACCOUNT: frozenset(
        {
            *(Deed.ACCOUNT_MADE, Deed.ACCOUNT_CHANGED, Deed.ACCOUNT_CLOSED, Deed.ACCOUNT_OPENED),
            *(Deed.PASSWORD_SET, Deed.FACTOR_BEGUN, Deed.FACTOR_CONFIRMED, Deed.FACTOR_RESET),
            *(Deed.RECOVERY_USED, Deed.SESSIONS_ENDED),
        }
    ),
    Group.CHANGE: frozenset({Deed.CHANGED}),
    Group.LOOK: frozenset({Deed.READ, Deed.AUDIT_EXPORTED}),
    Group.REGISTER: frozenset(),
}
SOURCES_OF: Final[Mapping[Group, frozenset[Source]]] = {
    **dict.fromkeys(Group, frozenset({Source.DEED})),
    Group.LOOK: frozenset({Source.DEED, Source.LOOK}),
    Group.REGISTER: frozenset({Source.FACT}),
}

_SELECT: Final[Mapping[Source, str]] = {
    Source.DEED: "SELECT at, 'deed' AS source, id AS number, kind, account_id AS who,"
    " subject AS whom, address, detail FROM audit",
    Source.FACT: "SELECT at, 'fact', number, kind, '', CASE kind"
    " WHEN 'resident_registered' THEN body ->> 'resident_id'"
    " WHEN 'handset_paired' THEN body ->> 'handset_id'"
    " WHEN 'caregiver_enrolled' THEN body ->> 'caregiver_id'"
    " WHEN 'plan_adopted' THEN body ->> 'version'"
    " ELSE body ->> 'area_id' END, '', coalesce(CASE WHEN kind = 'handset_paired'"
    " THEN body ->> 'resident_id' END, '') FROM fact",
    Source.LOOK: "SELECT at, 'look', id, 'look', account_id, resident_id, '',"
    " concat_ws(' · ', what, incident_id, nullif(reason, '')) FROM look",
}
_NUMBER: Final[Mapping[Source, str]] = {
    Source.DEED: "id",
    Source.FACT: "number",
    Source.LOOK: "id",
}
_REGISTER: Final = (
    "kind IN ('area_defined', 'officer_named', 'resident_registered', 'handset_paired',"
    " 'caregiver_enrolled', 'plan_adopted')"  # as the index fact_register has it
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the log."""

    at: datetime
    source: str
    number: int
    kind: str  # a Deed, "look", or a kind of fact
    who: str  # an account or a caregiver; "" when the journal does not say
    whom: str  # an account, a resident, a handset … ; "" when there is none
    address: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which lines are wanted."""

    who: str = ""
    whom: str = ""
    group: Group | None = None
    since: datetime | None = None
    until: datetime | None = None  # excluded
    after: str | None = None
    limit: int = LIMIT_DEFAULT


async def page_of(connection: AsyncConnection, asked: Asked) -> Page[Line]:
    """Return a page of the log, the latest first.

    Raises:
        CursorUnfit: `after` did not come from an earlier page.
    """
    arguments: dict[str, Any] = {"count": asked.limit + 1}
    wanted = SOURCES_OF[asked.group] if asked.group else frozenset(Source)
    parts = [_part(source, asked, arguments) for source in Source if source in wanted]
    statement = (
        f"SELECT * FROM ({' UNION ALL '.join(parts)}) lines"  # noqa: S608 - of our own words
        " ORDER BY at DESC, source DESC, number DESC LIMIT :count"
    )
    rows = await connection.execute(text(statement), arguments)
    lines = [Line(**row) for row in rows.mappings()]
    has_more = len(lines) > asked.limit
    lines = lines[: asked.limit]
    return Page(items=lines, next=place_of(lines[-1]) if has_more else None)


def place_of(line: Line) -> str:
    """Return the place of a line, to go on from."""
    return f"{line.at.isoformat()}~{line.source}~{line.number}"


def read_place(place: str) -> tuple[datetime, Source, int]:
    """Return what a place says.

    Raises:
        CursorUnfit: it is none.
    """
    try:
        at, source, number = place.split("~")
        found = datetime.fromisoformat(at), Source(source), int(number)
    except ValueError as error:
        raise CursorUnfit(f"There is no page after {place[:20]!r}.") from error
    if found[0].tzinfo is None or not 0 <= found[2] <= _NUMBER_MAX:
        raise CursorUnfit(f"There is no page after {place[:20]!r}.")
    return found


def _part(source: Source, asked: Asked, arguments: dict[str, Any]) -> str:
    """Return the statement for one source, and add what it needs to the arguments."""
    number = _NUMBER[source]
    conditions = [_REGISTER] if source is Source.FACT else []
    if source is Source.DEED and asked.group:
        arguments["kinds"] = sorted(DEEDS_OF[asked.group])
        conditions.append("kind = ANY(:kinds)")
    if asked.since is not None:
        arguments["since"] = asked.since
        conditions.append("at >= :since")
    if asked.until is not None:
        arguments["until"] = asked.until
        conditions.append("at < :until")
    if asked.after is not None:
        at, at_source, at_number = read_place(asked.after)
        arguments |= {"at": at, "at_source": at_source.value, "at_number": at_number}
        conditions.append(
            f"at <= :at AND (at, CAST('{source}' AS text), {number})"
            " < (:at, CAST(:at_source AS text), CAST(:at_number AS bigint))"
        )
    inner = f"{_SELECT[source]} WHERE {' AND '.join(conditions or ['true'])}"
    named = "p(at, source, number, kind, who, whom, address, detail)"
    return (
        f"(SELECT * FROM ({inner}) {named} WHERE {_persons(asked, arguments)}"  # noqa: S608
        " ORDER BY at DESC, number DESC LIMIT :count)"
    )


def _persons(asked: Asked, arguments: dict[str, Any]) -> str:
    conditions = ["true"]
    for name in ("who", "whom"):
        if value := getattr(asked, name):
            arguments[name] = value
            conditions.append(f"{name} = :{name}")
    return " AND ".join(conditions)
