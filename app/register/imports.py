"""Imports: a whole file is registered, or nothing of it, and no call for help waits for it.

A small file is one request to the center. A large one is first kept in the database, in one
transaction, and then registered a portion at a time behind every call; an import that a crash
interrupts is finished at the next start. So nothing stays half imported.
"""

import asyncio
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final, TypeVar

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette import status as http

from app.center import Center, CenterStopped, NotRecordable
from app.doors.waiting import call
from app.errors import Problem
from app.inbox import InboxFull
from app.register.borders import BorderedArea, read_areas
from app.register.cells import Problem as Fault
from app.register.cells import TableRefused, Wrong
from app.register.registry import FACTS, Registered, Scope, is_change
from app.register.tables import (
    CaregiverRow,
    HandsetRow,
    ResidentRow,
    TableRow,
    read_caregivers,
    read_handsets,
    read_residents,
)
from app.service import Service
from app.storage import register, staged
from app.storage.register import Row
from devices.datum import Datum
from dispatch.errors import DispatchError
from dispatch.facts import AreaDefined, Fact
from dispatch.requests import Register

log = structlog.get_logger()

PORTION_FACTS: Final = 50
PORTION_POINTS: Final = 5_000  # of rings: the center folds and writes a portion in one breath
RETRY_AFTER_S: Final = 0.5
TURN_S: Final = 0.0005
SPEED_KMH: Final = 12.0  # an electric bicycle in traffic, when the file does not say

T = TypeVar("T")


class TableUnfit(Problem):
    """The file has faults, and nothing was taken from it."""

    status = http.HTTP_422_UNPROCESSABLE_CONTENT

    def __init__(self, refused: TableRefused) -> None:
        faults = [asdict(fault) for fault in refused.problems]
        super().__init__(
            f"Mend {len(faults)} of them and send it again.", extras={"problems": faults}
        )
        self.refused = refused


class ImportIncomplete(Problem):
    """The import is kept, but not all of it is registered yet."""

    status = http.HTTP_503_SERVICE_UNAVAILABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import has done."""

    imported: int
    unchanged: int
    unpinned: tuple[str, ...] = ()  # ids without coordinates


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a file without a fault asks for: the rows as they shall be, and as they are."""

    table: str
    read: Sequence[TableRow]  # as the file says them
    rows: Sequence[Row]  # as they shall be
    before: Mapping[str, Row]  # by id
    unpinned: tuple[str, ...] = ()

    def news(self, at: datetime) -> list[Registered]:
        """Return the facts that say what is not known yet."""
        facts = ((self.before.get(row["id"]), FACTS[self.table](row, at)) for row in self.rows)
        return [fact for known, fact in facts if is_change(self.table, known, fact)]


async def import_residents(
    service: Service, data: bytes, *, datum: Datum, scope: Scope
) -> Imported:
    """Register the residents of a CSV file. An empty cell keeps what is known.

    Raises:
        TableUnfit: the file has faults; nothing was taken.
        ImportIncomplete: the rest is registered at the next start.
    """
    return await _take(service, await residents_in(service, data, datum=datum, scope=scope))


async def residents_in(service: Service, data: bytes, *, datum: Datum, scope: Scope) -> Wanted:
    """Return what a file of residents asks for, and take nothing yet.

    Raises:
        TableUnfit: the file has faults.
    """
    known = scope.area_ids
    roster = await service.center.read(
        lambda book: frozenset(one.id for one in book.roster.everybody())
    )
    rows = await _read(
        lambda: read_residents(data, datum=datum, known_areas=known, known_caregivers=roster)
    )
    before = await _before(service, "resident", rows, scope)
    wanted = await aside(lambda: [_resident(row, before.get(row.id), scope) for row in rows])
    return Wanted(
        table="resident",
        read=rows,
        rows=wanted,
        before=before,
        unpinned=tuple(row["id"] for row in wanted if not row["home_is_pinned"]),
    )


async def import_caregivers(
    service: Service, data: bytes, *, datum: Datum, scope: Scope
) -> Imported:
    """Enrol the caregivers of a CSV file. An empty cell keeps what is known.

    Raises:
        TableUnfit: the file has faults; nothing was taken.
        ImportIncomplete: the rest is registered at the next start.
    """
    return await _take(service, await caregivers_in(service, data, datum=datum, scope=scope))


async def caregivers_in(service: Service, data: bytes, *, datum: Datum, scope: Scope) -> Wanted:
    """Return what a file of caregivers asks for, and take nothing yet.

    Raises:
        TableUnfit: the file has faults.
    """
    known = scope.area_ids
    rows = await _read(lambda: read_caregivers(data, datum=datum, known_areas=known))
    before = await _before(service, "caregiver", rows, scope)
    wanted = await aside(lambda: [_caregiver(row, before.get(row.id)) for row in rows])
    return Wanted(
        table="caregiver",
        read=rows,
        rows=wanted,
        before=before,
        unpinned=tuple(row["id"] for row in wanted if row["lon"] is None),
    )


async def import_handsets(service: Service, data: bytes, *, scope: Scope) -> Imported:
    """Pair the handsets of a CSV file.

    Raises:
        TableUnfit: the file has faults; nothing was taken.
        ImportIncomplete: the rest is registered at the next start.
    """
    return await _take(service, await handsets_in(service, data, scope=scope))


async def handsets_in(service: Service, data: bytes, *, scope: Scope) -> Wanted:
    """Return what a file of handsets asks for, and take nothing yet.

    Raises:
        TableUnfit: the file has faults.
    """
    async with register.reading(service.engine) as connection:
        residents = await register.ids_of(connection, "resident", scope.filter)
    rows = await _read(lambda: read_handsets(data, known_residents=residents))
    before = await _before(service, "handset", rows, scope)
    wanted = await aside(lambda: [_handset(row, before.get(row.id)) for row in rows])
    return Wanted(table="handset", read=rows, rows=wanted, before=before)


async def import_areas(service: Service, data: bytes, *, datum: Datum) -> Imported:
    """Define the areas of a GeoJSON file.

    Raises:
        TableUnfit: the file has faults; nothing was taken.
        ImportIncomplete: the rest is registered at the next start.
    """
    known = await service.center.read(lambda book: dict(book.territory.areas))
    rows = await _read(lambda: read_areas(data, datum=datum, known=known))
    async with register.reading(service.engine) as connection:
        before = await register.some(connection, "area", [row.id for row in rows])
    wanted = await aside(lambda: [_area(row, before.get(row.id)) for row in rows])
    return await _take(service, Wanted(table="area", read=(), rows=wanted, before=before))


async def resume_imports(service: Service) -> int:
    """Finish the imports that a crash interrupted; return how many portions were left.

    Call it once the center runs, beside the doors: a large import takes a while, and calls pass
    between. A portion that was on record already is registered again, which changes nothing. One
    that cannot be registered stays, and is logged. Never raises for the database's sake.
    """
    left: list[int] = []
    try:
        async with register.reading(service.engine) as connection:
            left = await staged.waiting(connection)
        if left:
            log.warning("an interrupted import goes on", portions=len(left))
        await _register_portions(service, left)
    except (ImportIncomplete, SQLAlchemyError, OSError) as error:
        log.warning("an import goes on at the next start", reason=type(error).__name__)
    return len(left)


async def _read(read: Callable[[], T]) -> T:
    try:
        return await aside(read)
    except TableRefused as refused:
        raise TableUnfit(refused) from refused


async def aside(work: Callable[[], T]) -> T:
    """Return what long work gives, done in a thread from which calls quickly take over.

    Threads take turns of 5 ms by default, and a press waits for some ten turns.
    """
    sys.setswitchinterval(min(sys.getswitchinterval(), TURN_S))
    return await asyncio.to_thread(work)


async def _before(
    service: Service,
    table: str,
    rows: Sequence[ResidentRow | CaregiverRow | HandsetRow],
    scope: Scope,
) -> dict[str, Row]:
    """Return what is known of the rows; refuse those in the care of somebody else."""
    async with register.reading(service.engine) as connection:
        before = await register.some(connection, table, [row.id for row in rows])
    faults = tuple(
        Fault(
            line=row.line,
            column="id",
            value=row.id,
            message="is in areas that are not yours",
            code=Wrong.NOT_YOURS,
        )
        for row in rows
        if row.id in before and not _is_in_care(before[row.id], scope)
    )
    if faults:
        raise TableUnfit(TableRefused(faults))
    return before


def _is_in_care(row: Row, scope: Scope) -> bool:
    return ("resident_id" in row and row["resident_id"] is None) or scope.holds(row["area_id"])


def _resident(row: ResidentRow, before: Row | None, scope: Scope) -> Row:
    known = before or _NEW_RESIDENT
    wanted = {**known, "id": row.id, "area_id": row.area}
    wanted |= {
        name: value
        for name in (*_RESIDENT_TEXTS, "needs", "key_holders")
        if (value := getattr(row, name))
    }
    for name in ("sex", "category", "ability", "communication", "wants_sex"):
        word = getattr(row, name)
        wanted[name] = word.value if word is not None else known[name]
    wanted["born"] = row.born.isoformat() if row.born else known["born"]
    wanted["lives_alone"] = known["lives_alone"] if row.lives_alone is None else row.lives_alone
    if row.home is not None:
        wanted["home_is_pinned"] = True
        wanted["lon"], wanted["lat"] = row.home
    elif not wanted["home_is_pinned"]:
        wanted["lon"], wanted["lat"] = scope.centre(row.area)
    return wanted


def _caregiver(row: CaregiverRow, before: Row | None) -> Row:
    known = before or _NEW_CAREGIVER
    wanted = {**known, "id": row.id, "area_id": row.area, "name": row.name, "kind": row.kind.value}
    wanted["skills"] = row.skills or known["skills"]
    wanted["languages"] = row.languages or known["languages"]
    wanted["telephone"] = row.telephone or known["telephone"]
    wanted["sex"] = row.sex.value if row.sex is not None else known["sex"]
    wanted["hours"] = row.hours or known["hours"]
    wanted["speed_kmh"] = known["speed_kmh"] if row.speed_kmh is None else row.speed_kmh
    if row.station is not None:
        wanted["lon"], wanted["lat"] = row.station
    return wanted


def _handset(row: HandsetRow, before: Row | None) -> Row:
    model = row.model or (before["model"] if before else "")
    return {"id": row.id, "resident_id": row.resident, "model": model}


def _area(row: BorderedArea, before: Row | None) -> Row:
    lon, lat = row.centre
    return {
        "id": row.id,
        "parent_id": row.parent_id,
        "level": row.level.value,
        "name": row.name,
        "lon": lon,
        "lat": lat,
        "ring": row.ring,
        "zone": row.zone or (before["zone"] if before else ""),
    }


async def _take(service: Service, wanted: Wanted) -> Imported:
    """Register what the wanted rows say that is not known. The slow parts run in a thread."""
    at = service.center.now
    news = await aside(lambda: wanted.news(at))
    portions = list(_portions(news))
    if len(portions) == 1:
        await call(service, Register(facts=tuple(portions[0])))
    elif portions:
        texts = await aside(lambda: [staged.portion_of(one) for one in portions])
        await _register_portions(service, await staged.stage(service.engine, wanted.table, texts))
    return Imported(
        imported=len(news),
        unchanged=len(wanted.rows) - len(news),
        unpinned=wanted.unpinned,
    )


def _portions(facts: Iterable[Registered]) -> Iterable[list[Registered]]:
    portion: list[Registered] = []
    points = 0
    for fact in facts:
        weight = len(fact.ring) if isinstance(fact, AreaDefined) else 0
        if portion and (len(portion) == PORTION_FACTS or points + weight > PORTION_POINTS):
            yield portion
            portion, points = [], 0
        portion.append(fact)
        points += weight
    if portion:
        yield portion


async def _register_portions(service: Service, portion_ids: Sequence[int]) -> None:
    """Register portions in order; one that cannot be is kept, and the others go on.

    Raises:
        ImportIncomplete: at least one of them is kept, or the server is going down.
    """
    kept = 0
    for portion_id in portion_ids:
        facts = await staged.portion(service.engine, portion_id)
        try:
            await _register(service.center, facts)
        except CenterStopped as error:
            raise ImportIncomplete("The import goes on when the server starts again.") from error
        except (DispatchError, NotRecordable):
            log.exception("a portion of an import cannot be registered", portion=portion_id)
            kept += 1
        else:
            await staged.forget(service.engine, portion_id)
    if kept:
        raise ImportIncomplete(f"{kept} portions cannot be registered: see the server's log.")


async def _register(center: Center, facts: Sequence[Fact]) -> None:
    while True:
        now = center.now
        stamped: Any = tuple(replace(fact, at=now) for fact in facts)
        try:
            await center.call(Register(facts=stamped))
        except InboxFull:
            await asyncio.sleep(RETRY_AFTER_S)  # the desk has more urgent things to do
        else:
            return


_RESIDENT_TEXTS: Final = ("name", "language", "telephone", "address", "medical", "key_note")
_NEW_RESIDENT: Final[Row] = {
    "state": "home",
    "category": "elder",
    "ability": "self_caring",
    "lives_alone": False,
    "language": "",
    "communication": "voice",
    "home_is_pinned": False,
    "excluded": [],
    "needs": [],
    "wants_sex": "",
    "key_holders": [],
    "lon": None,
    "lat": None,
    "name": "",
    "sex": "",
    "born": "",
    "telephone": "",
    "address": "",
    "medical": "",
    "key_note": "",
}
_NEW_CAREGIVER: Final[Row] = {
    "skills": [],
    "languages": [],
    "speed_kmh": SPEED_KMH,
    "is_active": True,
    "sex": "",
    "hours": "",
    "lon": None,
    "lat": None,
    "telephone": "",
}
