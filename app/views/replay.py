"""A past call as it is shown again: steps that change the picture, and lines that tell them."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from sqlalchemy.engine import RowMapping

from app.codec import kind_of
from app.register.directory import Directory
from app.storage.ledger import Recorded
from app.views.book import View, area_view, carrier_view
from app.views.explain import explain
from app.views.points import DECIMALS
from dispatch import facts as f
from dispatch.book import Book
from dispatch.plans import Gravity

Step: TypeAlias = dict[str, Any]
LANGUAGES: Final = ("zh", "en")

_CHANGES: Final[Mapping[type[f.Fact], str]] = MappingProxyType(
    {  # what each of these does to the picture
        f.IncidentRaised: "raised",
        f.PressRepeated: "pressed",
        f.PlaceCorrected: "moved",
        f.IncidentClaimed: "claimed",
        f.ClaimReleased: "free",
        f.ClaimLapsed: "free",
        f.CaregiverOffered: "offered",
        f.OfferAccepted: "accepted",
        f.OfferDeclined: "declined",
        f.OfferLapsed: "lapsed",
        f.OfferWithdrawn: "withdrawn",
        f.CaregiverSetOut: "en_route",
        f.CaregiverArrived: "on_scene",
        f.AttendanceDone: "done",
        f.AttendanceBrokenOff: "broken_off",
        f.CaregiverDiverted: "broken_off",
        f.IncidentClosed: "closed",
        f.IncidentReopened: "reopened",
    }
)


def call_view(
    book: Book, directory: Directory, row: RowMapping, recorded: Sequence[Recorded]
) -> View:
    """Return one call with its steps and, in both languages, its lines.

    The times of steps and lines are those of the facts, so that picture and words keep step.
    """
    card = directory.residents.get(row["resident_id"] or "")
    told = [explain(recorded, one, name=directory.name) for one in LANGUAGES]
    return {
        "id": row["id"],
        "kind": row["kind"],
        "gravity": Gravity(row["gravity"]).name.lower(),
        "raised_at": row["raised_at"],
        "closed_at": row["closed_at"],
        "area": area_view(book, row["area_id"]),
        "resident_name": card.name if card else None,
        "caregiver": carrier_view(directory, row["handset_id"]),
        "steps": _steps(recorded),
        "lines": [
            {
                "number": pair[0].number,
                "at": pair[0].at,
                "text": {language: one.text for language, one in zip(LANGUAGES, pair, strict=True)},
            }
            for pair in zip(*told, strict=True)
        ],
    }


def caregivers_in(recorded: Sequence[Recorded]) -> set[str]:
    """Return the caregivers who were asked about a call."""
    facts = (one.fact for one in recorded)
    return {fact.caregiver_id for fact in facts if isinstance(fact, f.CaregiverOffered)}


def _steps(recorded: Sequence[Recorded]) -> list[Step]:
    """Return what changed the picture, each with the caregiver of its offer."""
    asked: dict[str, str] = {}
    steps: list[Step] = []
    for one in recorded:
        fact = one.fact
        change = _CHANGES.get(type(fact))
        if isinstance(fact, f.CaregiverOffered):
            asked[fact.offer_id] = fact.caregiver_id
        if change is None:
            continue
        offer_id = getattr(fact, "offer_id", None) or getattr(fact, "attendance_id", None)
        step: Step = {"number": one.number, "at": fact.at, "kind": kind_of(type(fact))}
        step["change"] = change
        if offer_id is not None:
            step["caregiver_id"] = asked.get(offer_id)
        place = getattr(fact, "place", None)
        if place is not None:
            step["lon"], step["lat"] = round(place.lon, DECIMALS), round(place.lat, DECIMALS)
            step["accuracy_m"] = place.accuracy_m
        steps.append(step)
    return steps


def names_of(ids: set[str], name: Callable[[str], str]) -> Mapping[str, str]:
    """Return the name of each caregiver of a replay."""
    return {one: name(one) for one in sorted(ids)}
