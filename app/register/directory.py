"""Names, addresses and telephones, in memory: what people see beside the ids of the book.

The book holds only what decisions need. This holds the rest, from the same facts; nothing here
decides anything, and nothing of it is ever logged.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from dispatch.facts import (
    AreaDefined,
    CaregiverEnrolled,
    Fact,
    HandsetPaired,
    OfficerNamed,
    ResidentRegistered,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidentCard:
    """Who a resident is to those who help."""

    id: str
    name: str
    telephone: str
    address: str
    area_id: str
    language: str
    communication: str
    state: str
    ability: str
    category: str
    lives_alone: bool
    medical: str
    key_note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaregiverName:
    """Who a caregiver is to those who call them."""

    id: str
    name: str
    kind: str
    telephone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Officer:
    """Who is on duty for an area, and by which number."""

    officer: str
    telephone: str  # empty: a caregiver's own


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaShape:
    """The borders of an area, for the map and for finding the area of a point."""

    id: str
    parent_id: str | None
    level: str
    name: str
    ring: tuple[tuple[float, float], ...]


_ERASED: Final = "(erased)"


class Directory:
    """All cards by id. Filled at start from the tables, then kept up by each fact."""

    def __init__(self) -> None:
        self.residents: dict[str, ResidentCard] = {}
        self.caregivers: dict[str, CaregiverName] = {}
        self.handsets: dict[str, str | None] = {}  # whose each is
        self.areas: dict[str, AreaShape] = {}
        self.officers: dict[str, Officer] = {}  # by area
        self.families: dict[str, str] = {}  # names of family members, by how the record calls them
        self.areas_version = 0  # rises with every change of borders
        self.operators: dict[
            str, str
        ] = {}  # names of those who have come to a desk since the start

    async def load(self, engine: AsyncEngine) -> None:
        """Read everything from the tables."""
        async with engine.connect() as connection:
            for row in await connection.execute(text("SELECT * FROM resident")):
                self.residents[row.id] = ResidentCard(
                    id=row.id,
                    name=row.name,
                    telephone=row.telephone,
                    address=row.address,
                    area_id=row.area_id,
                    language=row.language,
                    communication=row.communication,
                    state=row.state,
                    ability=row.ability,
                    category=row.category,
                    lives_alone=row.lives_alone,
                    medical=row.medical,
                    key_note=row.key_note,
                )
            for row in await connection.execute(text("SELECT * FROM caregiver")):
                self.caregivers[row.id] = CaregiverName(
                    id=row.id, name=row.name, kind=row.kind, telephone=row.telephone
                )
            for row in await connection.execute(text("SELECT id, name FROM family_member")):
                self.families[family_of(row.id)] = row.name
            for row in await connection.execute(text("SELECT id, resident_id FROM handset")):
                self._pair(row.id, row.resident_id)
            for row in await connection.execute(text("SELECT * FROM officer WHERE officer <> ''")):
                self.officers[row.area_id] = Officer(officer=row.officer, telephone=row.telephone)
            for row in await connection.execute(text("SELECT *, ring::text AS shape FROM area")):
                self.areas[row.id] = AreaShape(
                    id=row.id,
                    parent_id=row.parent_id,
                    level=row.level,
                    name=row.name,
                    ring=msgspec.json.decode(row.shape, type=tuple[tuple[float, float], ...]),
                )
        self.areas_version += 1

    def note(self, facts: Iterable[Fact]) -> None:
        """Take up what facts say of people and areas; others are passed over."""
        for fact in facts:
            match fact:
                case ResidentRegistered():
                    self.residents[fact.resident_id] = _resident(fact)
                case CaregiverEnrolled():
                    self.caregivers[fact.caregiver_id] = CaregiverName(
                        id=fact.caregiver_id,
                        name=fact.name or _ERASED,
                        kind=fact.kind,
                        telephone=fact.telephone,
                    )
                case HandsetPaired():
                    self._pair(fact.handset_id, fact.resident_id)
                case OfficerNamed():
                    self._name(fact)
                case AreaDefined():
                    self.areas[fact.area_id] = AreaShape(
                        id=fact.area_id,
                        parent_id=fact.parent_id,
                        level=fact.level.value,
                        name=fact.name,
                        ring=fact.ring,
                    )
                    self.areas_version += 1
                case _:
                    pass

    def _pair(self, handset_id: str, resident_id: str | None) -> None:
        card = self.residents.get(resident_id or "")
        self.handsets[handset_id] = card.id if card else resident_id  # one string for both

    def _name(self, fact: OfficerNamed) -> None:
        if fact.officer:
            self.officers[fact.area_id] = Officer(officer=fact.officer, telephone=fact.telephone)
        else:
            self.officers.pop(fact.area_id, None)

    def caregiver_name(self, caregiver_id: str | None) -> str:
        """Return a caregiver's name, or the id where there is none."""
        card = self.caregivers.get(caregiver_id or "")
        return card.name if card else (caregiver_id or "")

    def name(self, subject_id: str) -> str:
        """Return the name of whoever acts, of the house or a family; else the id."""
        card = self.caregivers.get(subject_id)
        if card is None and subject_id in self.families:
            return self.families[subject_id]
        return card.name if card else self.operator_name(subject_id)

    def operator_name(self, operator_id: str | None) -> str:
        """Return an operator's name, or the id while they have not been here."""
        return self.operators.get(operator_id or "", operator_id or "")


def family_of(member_id: str) -> str:
    """Return how the record calls a family member: no operator's id has a colon."""
    return f"family:{member_id}"


def _resident(fact: ResidentRegistered) -> ResidentCard:
    return ResidentCard(
        id=fact.resident_id,
        name=fact.name or _ERASED,
        telephone=fact.telephone,
        address=fact.address,
        area_id=fact.area_id,
        language=fact.language,
        communication=fact.communication,
        state=fact.state,
        ability=fact.ability,
        category=fact.category,
        lives_alone=fact.lives_alone,
        medical=fact.medical,
        key_note=fact.key_note,
    )
