"""The life of one incident as a list, and the choices that were made in it, from its facts."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from app.codec import kind_of
from app.register.directory import Directory
from app.storage.ledger import Recorded
from app.views.book import View
from dispatch.attendance import STANDING_STILL
from dispatch.facts import CaregiverOffered, Fact, MovementChecked, NoteAdded

_LEFT_OUT: Final = frozenset({"at", "incident_id", "considered", "others", "place", "from_place"})


def timeline(recorded: Sequence[Recorded], directory: Directory) -> list[View]:
    """Return what happened, in order; `data` holds the fact's own fields and known names."""
    return [_entry(one, directory) for one in recorded if not is_usual(one.fact)]


def is_usual(fact: Fact) -> bool:
    """Whether it only says that a caregiver is coming as expected: one such fact a minute."""
    return isinstance(fact, MovementChecked) and fact.verdict not in STANDING_STILL


def choices(recorded: Sequence[Recorded], directory: Directory) -> list[View]:
    """Return for each offer who was considered, at what travel time, and why not the others."""
    return [
        {
            "offer_id": fact.offer_id,
            "at": fact.at,
            "level": fact.level,
            "by": fact.by,
            "reason": fact.reason,
            "chosen": fact.caregiver_id,
            "considered": [
                {
                    "caregiver_id": one.caregiver_id,
                    "name": directory.caregiver_name(one.caregiver_id),
                    "travel_s": one.travel_s,
                    "distance_m": one.distance_m,
                    "handicap_s": one.handicap_s,
                    "lacks": one.lacks,
                    "verdict": one.verdict,
                    "position_source": one.position_source,
                }
                for one in fact.considered
            ],
            "others": fact.others,
        }
        for fact in (one.fact for one in recorded)
        if isinstance(fact, CaregiverOffered)
    ]


def notes(recorded: Sequence[Recorded]) -> list[View]:
    """Return what people wrote down."""
    return [
        {"at": one.fact.at, "by": one.fact.by, "text": one.fact.text}
        for one in recorded
        if isinstance(one.fact, NoteAdded)
    ]


def _entry(one: Recorded, directory: Directory) -> View:
    kind = kind_of(type(one.fact))
    built: dict[str, Any] = msgspec.to_builtins(one.fact)
    data = {name: value for name, value in built.items() if name not in _LEFT_OUT}
    caregiver_id = data.get("caregiver_id")
    if caregiver_id is not None:
        data["caregiver_name"] = directory.caregiver_name(caregiver_id)
    by = data.get("by") or data.get("operator_id") or caregiver_id or data.get("handset_id")
    return {
        "number": one.number,
        "at": one.fact.at,
        "kind": kind,
        "by": by,
        "by_name": directory.name(by) if by else None,
        "text_key": f"fact.{kind}",
        "data": data,
    }
