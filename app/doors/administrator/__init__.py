"""The administrator door: people, handsets, areas, accounts, plans, and what went wrong."""

from fastapi import APIRouter

from app.doors.administrator import (
    areas,
    caregiver_accounts,
    caregivers,
    handsets,
    operators,
    plans,
    records,
    residents,
)

_PARTS = (
    *(residents, caregivers, caregiver_accounts, handsets),
    *(areas, operators, plans, records),
)

router = APIRouter(prefix="/api/v1/admin")
for part in _PARTS:
    router.include_router(part.router)

__all__ = ["router"]
