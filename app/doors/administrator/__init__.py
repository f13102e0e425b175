"""The administrator door: people, handsets, areas, accounts, plans, and what went wrong."""

from fastapi import APIRouter

from app.doors.administrator import (
    areas,
    audit,
    caregiver_accounts,
    caregivers,
    finding,
    handset_care,
    handsets,
    operators,
    photos,
    plans,
    records,
    residents,
    templates,
)

_PARTS = (
    *(residents, photos, caregivers, caregiver_accounts, handsets, handset_care),
    *(finding, templates),
    *(areas, operators, audit, plans, records),
)

router = APIRouter(prefix="/api/v1/admin")
for part in _PARTS:
    router.include_router(part.router)

__all__ = ["router"]
