"""Finding residents, handsets and caregivers in the register, by whatever somebody says or reads.

What is sought travels in the body, not in the address: names and numbers stay out of the logs of
whatever stands in front of this server.
"""

from typing import Annotated, Final

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from app.doors.administrator import caregivers, handsets, residents
from app.doors.administrator.asking import PROBLEMS, Form, RegistryDep
from app.errors import problems
from app.register.registry import Registry
from app.service import Service, ServiceDep

FOUND_MAX: Final = 50
router = APIRouter(prefix="/search", tags=["administrator: search"])


class SearchIn(Form):
    """What is sought: a name, its pinyin, any four digits of a number, or how an id begins."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"q": "lxy"}})

    q: Annotated[str, Field(min_length=1, max_length=50)]


class _Fitting(BaseModel):
    more: int = Field(description="How many more fit.")
    more_is_least: bool = Field(description="They were not counted to the end.")


class ResidentsFound(_Fitting):
    """The residents that fit best."""

    items: list[residents.ResidentListed]


class HandsetsFound(_Fitting):
    """The handsets that fit best."""

    items: list[handsets.HandsetOut]


class CaregiversFound(_Fitting):
    """The caregivers that fit best."""

    items: list[caregivers.CaregiverListed]


@router.post("/residents", summary="Find residents", responses=problems(*PROBLEMS))
async def find_residents(
    body: SearchIn, service: ServiceDep, registry: RegistryDep
) -> ResidentsFound:
    """Return the residents of your areas that fit, the best first; numbers are masked."""
    cards = service.directory.residents
    found = await service.finder.find(
        service.finder.residents,
        body.q,
        lambda one: one in cards and registry.scope.holds(cards[one].area_id),
        at_most=FOUND_MAX,
    )
    rows = await registry.some("resident", found.ids)
    return ResidentsFound(
        items=[residents.listed(row) for row in rows], more=found.more, more_is_least=found.is_least
    )


@router.post("/handsets", summary="Find handsets", responses=problems(*PROBLEMS))
async def find_handsets(
    body: SearchIn, service: ServiceDep, registry: RegistryDep
) -> HandsetsFound:
    """Return the handsets that fit, by their own id, the best first."""
    found = await service.finder.find(
        service.finder.handsets,
        body.q,
        lambda one: _is_mine(service, registry, one),
        at_most=FOUND_MAX,
    )
    rows = await registry.some("handset", found.ids)
    return HandsetsFound(
        items=[handsets.out(row) for row in rows], more=found.more, more_is_least=found.is_least
    )


@router.post("/caregivers", summary="Find caregivers", responses=problems(*PROBLEMS))
async def find_caregivers(
    body: SearchIn, service: ServiceDep, registry: RegistryDep
) -> CaregiversFound:
    """Return the caregivers of your areas that fit, the best first; numbers are masked."""
    areas = await service.center.read(
        lambda book: {str(one.id): one.area_id for one in book.roster.everybody()}
    )
    found = await service.finder.find(
        service.finder.caregivers,
        body.q,
        lambda one: one in areas and registry.scope.holds(areas[one]),
        at_most=FOUND_MAX,
    )
    rows = await registry.some("caregiver", found.ids)
    return CaregiversFound(
        items=[caregivers.listed(row) for row in rows],
        more=found.more,
        more_is_least=found.is_least,
    )


def _is_mine(service: Service, registry: Registry, handset_id: str) -> bool:
    """Tell whether a handset is in one's care; what nobody carries is everybody's."""
    owner = service.directory.handsets.get(handset_id)
    card = service.directory.residents.get(owner or "")
    return card is None or registry.scope.holds(card.area_id)
