"""What the card of a call shows beside the incident: whom to telephone, what to ask, calls before.

The prompts of each kind of call stand in `app/data/prompts.toml`.
"""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final

from app.register.directory import Directory, family_of
from app.storage.ledger import Recorded
from app.views.book import View
from dispatch.book import Book
from dispatch.facts import PromptTicked
from dispatch.ids import ResidentId
from dispatch.notice import EMERGENCY_SERVICES

USUAL_PARTIES: Final = ("family", "120")
_GOING: Final = frozenset({"accepted", "en_route", "on_scene"})


def prompts_of(kind: str) -> Sequence[str]:
    """Return what is gone through with a kind of call, in order."""
    card = _prompts()
    return card["kinds"].get(kind, card["default"])


def prompts_view(kind: str, recorded: Sequence[Recorded]) -> list[View]:
    """Return the prompts of a call; `done_at` and `by` are null where one is not ticked."""
    ticks: dict[str, PromptTicked] = {}
    for one in recorded:
        if isinstance(one.fact, PromptTicked):
            ticks[one.fact.prompt] = one.fact
    done = {name: fact for name, fact in ticks.items() if fact.is_done}
    return [
        {
            "id": name,
            "done_at": done[name].at if name in done else None,
            "by": done[name].operator_id if name in done else None,
        }
        for name in prompts_of(kind)
    ]


def contacts_view(
    book: Book, directory: Directory, view: View, family: Sequence[Mapping[str, str]] = ()
) -> list[View]:
    """Return whom to telephone about a call: the resident, keys, who comes, family, parties."""
    rows: list[View] = []
    resident: View | None = view["resident"]
    if resident is not None:
        rows.append(_contact("resident", "resident", resident["name"], resident["telephone"]))
        known = book.residents.get(ResidentId(resident["id"]))
        for caregiver_id in sorted(known.key_holders) if known else ():
            rows.append(_caregiver(directory, caregiver_id, "key_holder"))
    for one in view["attendances"]:
        is_listed = any(row["caregiver_id"] == one["caregiver_id"] for row in rows)
        if one["state"] in _GOING and not is_listed:
            rows.append(_caregiver(directory, one["caregiver_id"], "attending"))
    for one in family:
        whom = family_of(one["id"])
        rows.append(_contact(whom, "family", one["name"], one["telephone"]))
    told = [one["party"] for one in view["parties"]]
    for party in dict.fromkeys([*told, *USUAL_PARTIES]):
        rows.append(_contact(party, "party", "", _number(directory, party)))
    return rows


def born_year(born: str) -> int | None:
    """Return the year of birth, which is all that an age needs; None when it is not known."""
    digits = born[:4]
    return int(digits) if len(digits) == 4 and digits.isascii() and digits.isdigit() else None


def _contact(whom: str, why: str, name: str, telephone: str) -> View:
    return {
        "whom": whom,
        "caregiver_id": None,
        "name": name,
        "telephone": telephone,
        "why": why,
    }


def _caregiver(directory: Directory, caregiver_id: str, why: str) -> View:
    card = directory.caregivers.get(caregiver_id)
    telephone = card.telephone if card else ""
    row = _contact("caregiver", why, directory.caregiver_name(caregiver_id), telephone)
    return row | {"caregiver_id": caregiver_id}


def _number(directory: Directory, party: str) -> str:
    """Return the number of a party where it has one: 120, 110 and 119 are their own."""
    if party in EMERGENCY_SERVICES:
        return party
    kind, _, area = party.partition(":")
    officer = directory.officers.get(area) if kind == "officer" else None
    if officer is None:
        return ""
    own = directory.caregivers.get(officer.officer)
    return officer.telephone or (own.telephone if own else "")


@cache
def _prompts() -> Mapping[str, Any]:
    return tomllib.loads((files("app") / "data" / "prompts.toml").read_text("utf-8"))
