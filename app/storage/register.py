"""The tables of residents, handsets, caregivers and areas, as administrators read them."""

import json
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.security.paging import LIMIT_DEFAULT, LIMIT_MAX, Page

Row: TypeAlias = dict[str, Any]

READ_WITHIN_MS: Final = 10_000
_JSON: Final = frozenset({"excluded", "needs", "key_holders", "skills", "languages", "ring"})
_PAGE: Final = 500
_LIKE: Final = str.maketrans({"\\": r"\\", "%": r"\%", "_": r"\_"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """How the rows of one kind are read, found and kept apart by area."""

    select: str
    searched: tuple[str, ...]  # columns whose beginning is looked for
    area: str  # the column that says in whose care the row is


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Which rows of a list are wanted."""

    q: str = ""  # the beginning of an id, name or telephone number
    after: str | None = None
    limit: int = LIMIT_DEFAULT
    areas: Collection[str] | None = None  # None: everywhere
    is_unpinned: bool = False  # residents whose home nobody has pinned


TABLES: Final[Mapping[str, Table]] = {
    "resident": Table(
        select="SELECT t.*, ARRAY(SELECT h.id FROM handset h"
        " WHERE h.resident_id = t.id ORDER BY h.id) AS handset_ids, EXISTS (SELECT 1 FROM"
        " resident_photo p WHERE p.resident_id = t.id) AS has_photo FROM resident t",
        searched=("t.id", "t.name", "t.telephone"),
        area="t.area_id",
    ),
    "handset": Table(
        select="SELECT t.*, r.area_id, EXISTS (SELECT 1 FROM token k WHERE k.kind = 'handset'"
        " AND k.subject_id = t.id AND k.revoked_at IS NULL) AS has_token, c.retired_at"
        " FROM handset t LEFT JOIN resident r ON r.id = t.resident_id"
        " LEFT JOIN handset_care c ON c.handset_id = t.id",
        searched=("t.id", "t.resident_id"),
        area="CASE WHEN t.resident_id IS NULL THEN '' ELSE r.area_id END",
    ),
    "caregiver": Table(
        select="SELECT t.*, ARRAY(SELECT a.login FROM account a"
        " WHERE a.subject_id = t.id ORDER BY a.id) AS logins FROM caregiver t",
        searched=("t.id", "t.name", "t.telephone"),
        area="t.area_id",
    ),
    "area": Table(
        select="SELECT t.* FROM area t",
        searched=("t.id", "t.name"),
        area="t.id",
    ),
}


@asynccontextmanager
async def reading(engine: AsyncEngine) -> AsyncGenerator[AsyncConnection]:
    """Give a connection that can only read, and no single statement for longer than ten seconds."""
    async with engine.connect() as connection:
        await connection.execute(text("SET TRANSACTION READ ONLY"))
        await connection.execute(text(f"SET LOCAL statement_timeout = {READ_WITHIN_MS}"))
        yield connection


@asynccontextmanager
async def held(engine: AsyncEngine, table: str, *ids: str) -> AsyncGenerator[AsyncConnection]:
    """Give a connection while nobody else changes these rows, so that no change undoes another.

    The rows themselves are written by the center, on its own connection. They are held in one
    order by everybody, so that nobody waits in a ring.
    """
    async with engine.begin() as connection:
        for row_id in sorted(ids):
            await connection.execute(
                text("SELECT pg_advisory_xact_lock(hashtext(:table), hashtext(:row_id))"),
                {"table": f"ydt {table}", "row_id": row_id},
            )
        yield connection


async def page(connection: AsyncConnection, table: str, sought: Sought) -> Page[Row]:
    """Return a page of rows by id."""
    kind = TABLES[table]
    count = min(max(sought.limit, 1), LIMIT_MAX)
    conditions, arguments = _conditions(kind, sought)
    statement = text(f"{kind.select} WHERE {' AND '.join(conditions)} ORDER BY t.id LIMIT :count")
    rows = await connection.execute(statement, {**arguments, "count": count + 1})
    items = [_row(row) for row in rows.mappings()]
    return Page(items=items[:count], next=items[count - 1]["id"] if len(items) > count else None)


async def one(connection: AsyncConnection, table: str, row_id: str) -> Row | None:
    """Return a row, None when there is none with this id."""
    return (await some(connection, table, [row_id])).get(row_id)


async def some(connection: AsyncConnection, table: str, ids: Sequence[str]) -> dict[str, Row]:
    """Return the rows with these ids, by id; a page at a time, so that calls pass between."""
    statement = text(f"{TABLES[table].select} WHERE t.id = ANY(:ids)")
    found: dict[str, Row] = {}
    for start in range(0, len(ids), _PAGE):
        rows = await connection.execute(statement, {"ids": list(ids[start : start + _PAGE])})
        found |= {row["id"]: _row(row) for row in rows.mappings()}
    return found


async def ids_of(
    connection: AsyncConnection, table: str, areas: Collection[str] | None
) -> frozenset[str]:
    """Return all ids of a table within these areas; everywhere when None."""
    conditions, arguments = _conditions(TABLES[table], Sought(areas=areas))
    select = f"SELECT t.id FROM {table} t WHERE {' AND '.join(conditions)}"  # noqa: S608
    return frozenset((await connection.execute(text(select), arguments)).scalars())


def _conditions(kind: Table, sought: Sought) -> tuple[list[str], dict[str, Any]]:
    conditions, arguments = ["true"], dict[str, Any]()
    if sought.after is not None:
        conditions.append("t.id > :after")
        arguments["after"] = sought.after
    if sought.areas is not None:
        conditions.append(f"{kind.area} = ANY(:areas)")
        arguments["areas"] = [*sought.areas, ""]  # "": a handset that nobody carries
    if sought.q:
        likes = " OR ".join(f"{column} LIKE :q" for column in kind.searched)
        conditions.append(f"({likes})")
        arguments["q"] = f"{sought.q.translate(_LIKE)}%"
    if sought.is_unpinned:
        conditions.append("NOT t.home_is_pinned")
    return conditions, arguments


def _row(row: Mapping[Any, Any]) -> Row:
    return {
        name: json.loads(value) if name in _JSON and isinstance(value, str) else value
        for name, value in row.items()
    }
