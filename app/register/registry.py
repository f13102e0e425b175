"""What administrators keep: a row as they see it, and the fact by which it changes.

Names are personal fields of the same facts that decisions use, so a change is the whole row,
registered anew. Two administrators never undo each other's change: a row is held meanwhile.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, TypeAlias

from sqlalchemy.ext.asyncio import AsyncConnection

from app.doors.waiting import call
from app.errors import Problem
from app.security.access import OutOfScope, Principal
from app.security.roles import EVERYWHERE
from app.service import Service
from app.storage import register
from app.storage.register import Row
from dispatch.areas import Area, Level
from dispatch.errors import UnknownSubject
from dispatch.facts import (
    AreaDefined,
    CaregiverEnrolled,
    HandsetPaired,
    PlanAdopted,
    ResidentRegistered,
)
from dispatch.hours import read_hours
from dispatch.ids import AreaId, CaregiverId, HandsetId, ResidentId
from dispatch.place import Place
from dispatch.requests import Register

Registered: TypeAlias = (
    AreaDefined | ResidentRegistered | HandsetPaired | CaregiverEnrolled | PlanAdopted
)
CENTRE_ACCURACY_M: Final = 1_000.0  # a community's centre, for somebody who lives in it


class AlreadyThere(Problem):
    """There is another one with this id."""

    status = 409


class EverywhereNeeded(Problem):
    """This is for administrators of the whole installation."""

    status = 403


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The tree of areas, and which part of it an administrator keeps."""

    areas: Mapping[AreaId, Area]
    kept: frozenset[str] | None  # None: everything

    def path(self, area_id: str | None) -> tuple[str, ...]:
        """Return the area and all above it, widest first."""
        path: list[str] = []
        at = AreaId(area_id) if area_id else None
        while at is not None and at in self.areas and at not in path:
            path.append(at)
            at = self.areas[at].parent_id
        return tuple(reversed(path))

    def holds(self, area_id: str | None) -> bool:
        """Tell whether an area is in this administrator's care."""
        return self.kept is None or not self.kept.isdisjoint(self.path(area_id))

    @property
    def area_ids(self) -> frozenset[str]:
        """Return every area in this administrator's care."""
        return frozenset(area_id for area_id in self.areas if self.holds(area_id))

    @property
    def filter(self) -> frozenset[str] | None:
        """Return by which areas lists are cut, None when they are not."""
        return None if self.kept is None else self.area_ids

    def require(self, area_id: str | None, what: str, subject_id: str) -> None:
        """Let pass what lies in this administrator's care.

        Raises:
            OutOfScope: it does not, which looks as if it did not exist.
        """
        if not self.holds(area_id):
            raise OutOfScope(what, subject_id)

    def require_everything(self) -> None:
        """Let pass who keeps the whole installation.

        Raises:
            EverywhereNeeded: this administrator keeps a part of it.
        """
        if self.kept is not None:
            raise EverywhereNeeded

    def centre(self, area_id: str) -> tuple[float, float]:
        """Return the middle of the community an area lies in; without one, of the area itself."""
        path = self.path(area_id)
        community = [one for one in path if self.areas[AreaId(one)].level is Level.COMMUNITY]
        return self.areas[AreaId((community or [area_id])[-1])].centre


async def scope_of(service: Service, who: Principal) -> Scope:
    """Return what this administrator keeps."""
    areas = await service.center.read(lambda book: dict(book.territory.areas))
    kept = None if EVERYWHERE in who.areas else frozenset(who.areas)
    return Scope(areas=areas, kept=kept)


def resident_fact(row: Mapping[str, Any], at: datetime) -> ResidentRegistered:
    """Return the fact that makes a resident's row."""
    is_pinned: bool = row["home_is_pinned"]
    return ResidentRegistered(
        at=at,
        resident_id=ResidentId(row["id"]),
        area_id=AreaId(row["area_id"]),
        state=row["state"],
        category=row["category"],
        ability=row["ability"],
        lives_alone=row["lives_alone"],
        language=row["language"],
        communication=row["communication"],
        home_is_pinned=is_pinned,
        excluded=tuple(CaregiverId(one) for one in row["excluded"]),
        needs=tuple(row["needs"]),
        wants_sex=row["wants_sex"],
        key_holders=tuple(CaregiverId(one) for one in row["key_holders"]),
        home=_place(
            row,
            source="installed" if is_pinned else "unknown",
            accuracy_m=None if is_pinned else CENTRE_ACCURACY_M,
        ),
        **{name: row[name] for name in PERSONAL_TEXTS},
    )


def handset_fact(row: Mapping[str, Any], at: datetime) -> HandsetPaired:
    """Return the fact that makes a handset's row."""
    resident_id: str | None = row["resident_id"]
    return HandsetPaired(
        at=at,
        handset_id=HandsetId(row["id"]),
        resident_id=ResidentId(resident_id) if resident_id else None,
        model=row["model"],
    )


def caregiver_fact(row: Mapping[str, Any], at: datetime) -> CaregiverEnrolled:
    """Return the fact that makes a caregiver's row."""
    return CaregiverEnrolled(
        at=at,
        caregiver_id=CaregiverId(row["id"]),
        kind=row["kind"],
        skills=tuple(row["skills"]),
        languages=tuple(row["languages"]),
        area_id=AreaId(row["area_id"]),
        speed_kmh=row["speed_kmh"],
        is_active=row["is_active"],
        sex=row["sex"],
        hours=read_hours(row["hours"]),
        station=_place(row, source="station", accuracy_m=None),
        name=row["name"],
        telephone=row["telephone"],
    )


def area_fact(row: Mapping[str, Any], at: datetime) -> AreaDefined:
    """Return the fact that makes an area's row."""
    parent_id: str | None = row["parent_id"]
    return AreaDefined(
        at=at,
        area_id=AreaId(row["id"]),
        parent_id=AreaId(parent_id) if parent_id else None,
        level=Level(row["level"]),
        name=row["name"],
        centre=(row["lon"], row["lat"]),
        ring=tuple((lon, lat) for lon, lat in row["ring"]),
        zone=row["zone"],
    )


PERSONAL_TEXTS: Final = ("name", "sex", "born", "telephone", "address", "medical", "key_note")
FACTS: Final[Mapping[str, Callable[[Mapping[str, Any], datetime], Registered]]] = {
    "resident": resident_fact,
    "handset": handset_fact,
    "caregiver": caregiver_fact,
    "area": area_fact,
}


def is_change(table: str, before: Row | None, fact: Registered) -> bool:
    """Tell whether the fact says something that the row does not."""
    return before is None or replace(fact, at=_EPOCH) != FACTS[table](before, _EPOCH)


class Registry:
    """Creates, changes and finds rows for one administrator."""

    def __init__(self, service: Service, scope: Scope) -> None:
        self._service = service
        self.scope = scope

    async def page(self, table: str, sought: register.Sought) -> register.Page[Row]:
        """Return a page of a list, of what is in this administrator's care."""
        sought = replace(sought, areas=self.scope.filter)
        async with register.reading(self._service.engine) as connection:
            return await register.page(connection, table, sought)

    async def get(self, table: str, row_id: str) -> Row:
        """Return one row.

        Raises:
            UnknownSubject, OutOfScope: there is none with this id in this administrator's care.
        """
        async with register.reading(self._service.engine) as connection:
            row = await register.one(connection, table, row_id)
        return self.in_care(table, row_id, row)

    async def create(self, table: str, row: Row) -> tuple[Row, bool]:
        """Register a new row; return it, and whether it was not there already, the same.

        Raises:
            AlreadyThere: there is another one with this id.
        """
        async with register.held(self._service.engine, table, row["id"]) as connection:
            await self._check(connection, row)
            before = await register.one(connection, table, row["id"])
            fact = FACTS[table](row, self._service.center.now)
            if before is not None:
                if is_change(table, before, fact):
                    raise AlreadyThere(f"There is another {table} {row['id']}.")
                return self.in_care(table, row["id"], before), False
            await call(self._service, Register(facts=(fact,)))
            return await self._again(connection, table, row["id"]), True

    async def change(self, table: str, row_id: str, change: Callable[[Row], Row]) -> Row:
        """Register the row anew as `change` returns it; nothing is recorded when it is the same."""
        async with register.held(self._service.engine, table, row_id) as connection:
            before = self.in_care(table, row_id, await register.one(connection, table, row_id))
            row = change(dict(before))
            await self._check(connection, row)
            fact = FACTS[table](row, self._service.center.now)
            if not is_change(table, before, fact):
                return before
            await call(self._service, Register(facts=(fact,)))
            return await self._again(connection, table, row_id)

    async def some(self, table: str, ids: Sequence[str]) -> list[Row]:
        """Return the rows with these ids that are in this administrator's care, in order."""
        async with register.reading(self._service.engine) as connection:
            rows = await register.some(connection, table, ids)
        found = [rows[row_id] for row_id in ids if row_id in rows]
        return [row for row in found if self._is_in_care(table, row)]

    async def require(self, table: str, ids: Sequence[str]) -> None:
        """Let pass ids that are all in this administrator's care.

        Raises:
            UnknownSubject, OutOfScope: one of them is not.
        """
        async with register.reading(self._service.engine) as connection:
            await self._require(connection, table, ids)

    def in_care(self, table: str, row_id: str, row: Row | None) -> Row:
        """Return a row that was read, if it is in this administrator's care.

        Raises:
            UnknownSubject, OutOfScope: it is None, or in the care of somebody else.
        """
        if row is None:
            raise UnknownSubject(table, row_id)
        if not self._is_in_care(table, row):
            raise OutOfScope(table, row_id)
        return row

    def _is_in_care(self, table: str, row: Row) -> bool:
        if table == "handset" and row["resident_id"] is None:
            return True
        return self.scope.holds(row["id"] if table == "area" else row["area_id"])

    async def _require(self, connection: AsyncConnection, table: str, ids: Sequence[str]) -> None:
        rows = await register.some(connection, table, ids)
        for row_id in ids:
            self.in_care(table, row_id, rows.get(row_id))

    async def _again(self, connection: AsyncConnection, table: str, row_id: str) -> Row:
        row = await register.one(connection, table, row_id)
        if row is None:
            raise UnknownSubject(table, row_id)
        return row

    async def _check(self, connection: AsyncConnection, row: Row) -> None:
        """Refuse a row that names an area, a resident or a caregiver outside of what is known."""
        if row.get("area_id") is not None:
            if row["area_id"] not in self.scope.areas:
                raise UnknownSubject("area", row["area_id"])
            self.scope.require(row["area_id"], "area", row["area_id"])
        if row.get("resident_id"):
            await self._require(connection, "resident", [row["resident_id"]])
        await self._check_caregivers([*row.get("excluded", ()), *row.get("key_holders", ())])

    async def _check_caregivers(self, ids: Sequence[str]) -> None:
        unknown = await self._service.center.read(
            lambda book: [one for one in ids if CaregiverId(one) not in book.roster]
        )
        for caregiver_id in unknown:
            raise UnknownSubject("caregiver", caregiver_id)


def _place(row: Mapping[str, Any], *, source: str, accuracy_m: float | None) -> Place | None:
    if row["lon"] is None or row["lat"] is None:
        return None
    return Place(lon=row["lon"], lat=row["lat"], accuracy_m=accuracy_m, source=source)


_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
