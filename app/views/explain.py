"""The life of an incident told in words, Chinese or English, from its facts alone.

The sentences stand in `app/data/explain.zh.toml` and `explain.en.toml`; the words for kinds,
levels and reasons are those of the pages. A fact without a sentence is still named.
"""

import json
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncEngine

from app.codec import kind_of
from app.register.directory import Directory
from app.storage.ledger import Recorded
from app.storage.reading import facts_of
from app.views.timeline import is_usual
from dispatch.facts import (
    CaregiverOffered,
    Considered,
    ContactTried,
    Fact,
    IncidentRaised,
    PartyTold,
    PromptTicked,
)
from dispatch.plans import Gravity

_FAMILIES: Final = {"what": "scene", "verdict": "movement"}  # else the field has the family's name
_DEADLINES: Final = (
    "due_at",
    "until",
    "answer_by",
    "due_by",
    "act_by",
    "check_by",
    "desk_by",
    "confirm_by",
)
_WHO: Final = {"caregiver_id": "caregiver", "operator_id": "operator", "by": "by"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One thing that happened; `details` say who was considered for an offer, and why."""

    number: int
    at: datetime
    after: timedelta  # since the press
    text: str
    details: tuple[str, ...] = ()


async def told(
    engine: AsyncEngine, incident_id: str, language: str, *, with_names: bool = False
) -> list[Sentence]:
    """Return the life of an incident as it is on record; empty when there is none."""
    directory = Directory()
    if with_names:
        await directory.load(engine)
    recorded = await facts_of(engine, incident_id)
    return explain(recorded, language, name=directory.name if with_names else None)


def lines(sentences: Sequence[Sentence]) -> list[str]:
    """Return the sentences for a terminal: the time since the press, then the words."""
    said: list[str] = []
    for one in sentences:
        minutes, seconds = divmod(int(one.after.total_seconds()), 60)
        said.append(f"{one.at:%Y-%m-%d %H:%M:%S}Z  +{minutes}:{seconds:02}  {one.text}")
        said.extend(f"    {detail}" for detail in one.details)
    return said


def explain(
    recorded: Sequence[Recorded], language: str, *, name: Callable[[str], str] | None = None
) -> list[Sentence]:
    """Return what happened to one incident, in order.

    `name` gives the name of an id; without it ids are told, and nothing that is personal: no
    notes, no reasons in somebody's own words.
    """
    if not recorded:
        return []
    teller = _Teller(language, name)
    began = next(
        (one.fact.at for one in recorded if isinstance(one.fact, IncidentRaised)),
        recorded[0].fact.at,
    )
    return [
        Sentence(
            number=one.number,
            at=one.fact.at,
            after=one.fact.at - began,
            text=teller.text(one.fact),
            details=teller.details(one.fact),
        )
        for one in recorded
        if not is_usual(one.fact)
    ]


@cache
def catalogue(language: str) -> Mapping[str, Any]:
    """Return the sentences of a language, as tables."""
    text = (files("app") / "data" / f"explain.{language}.toml").read_text("utf-8")
    return tomllib.loads(text)


@cache
def _page_words(language: str) -> Mapping[str, str]:
    return json.loads((files("app") / "pages" / "i18n" / f"{language}.json").read_text("utf-8"))


class _Gaps(dict[str, str]):
    """The values of a sentence; what is not known is shown as such, and nothing fails."""

    def __init__(self, values: Mapping[str, str], unknown: str) -> None:
        super().__init__(values)
        self._unknown = unknown

    def __missing__(self, _: str) -> str:
        return self._unknown


class _Teller:
    """Turns the facts of one incident into sentences; remembers whom each offer was for."""

    def __init__(self, language: str, name: Callable[[str], str] | None) -> None:
        self._tables = catalogue(language)
        self._words = _page_words(language)
        self._name = name
        self._offers: dict[str, CaregiverOffered] = {}

    def text(self, fact: Fact) -> str:
        if isinstance(fact, CaregiverOffered):
            self._offers[fact.offer_id] = fact
        kind = kind_of(type(fact))
        values = self._values(fact)
        template = self._tables["fact"].get(kind)
        if isinstance(fact, PartyTold) and fact.channel < 0:
            template = self._tables["by_telephone"]
        if isinstance(fact, CaregiverOffered) and fact.by != "plan":
            template = self._tables["offer"]["key" if fact.by == "key" else "hand"]
        if isinstance(fact, PromptTicked) and not fact.is_done:
            template = self._tables["untick"]
        if template is None:
            template, values = self._tables["other"], {"fact": kind.replace("_", " ")}
        return self._fill(template, values).strip()

    def details(self, fact: Fact) -> tuple[str, ...]:
        if not isinstance(fact, CaregiverOffered):
            return ()
        rows = tuple(self._considered(fact, one) for one in fact.considered)
        table = self._tables["offer"]
        counted = sorted(fact.others.items(), key=lambda row: (-row[1], row[0]))
        reasons = table["separator"].join(
            self._fill(table["reason"], {"verdict": self._verdict(why), "count": str(count)})
            for why, count in counted
        )
        return (*rows, self._fill(table["others"], {"reasons": reasons})) if counted else rows

    def _considered(self, fact: CaregiverOffered, one: Considered) -> str:
        table = self._tables["offer"]
        is_chosen = one.caregiver_id == fact.caregiver_id
        by_hand = is_chosen and fact.by != "plan"
        seen = fact.from_place.at if is_chosen and fact.from_place is not None else None
        age = self._fill(table["age"], {"age": self._span(fact.at - seen)}) if seen else ""
        values = {
            "caregiver": self._who(one.caregiver_id),
            "travel": self._span(timedelta(seconds=one.travel_s)),
            "distance": f"{one.distance_m:.0f}",
            "source": self._word("source", one.position_source),
            "age": age,
            "verdict": self._verdict("chosen_by_hand" if by_hand else one.verdict),
            "handicap": self._handicap(one),
        }
        return self._fill(table["considered"], values)

    def _handicap(self, one: Considered) -> str:
        """Return by how much nearer or farther somebody counted than the way is, and why."""
        if not one.handicap_s:
            return ""
        table = self._tables["offer"]
        lacks = table["separator"].join(self._word("lacks", word) for word in one.lacks)
        side = table["farther" if one.handicap_s > 0 else "nearer"]
        span = self._span(timedelta(seconds=abs(one.handicap_s)))
        return self._fill(side, {"handicap": span, "lacks": lacks or table["key_held"]})

    def _values(self, fact: Fact) -> dict[str, str]:
        values: dict[str, str] = {}
        for one in fields(fact):
            value: object = getattr(fact, one.name)
            is_personal = "personal" in one.metadata
            if is_personal and (self._name is None or not isinstance(value, str)):
                values[one.name] = ""
            elif one.name in _WHO:
                values[_WHO[one.name]] = self._who(str(value))
            elif value is not None:
                values[one.name] = self._said(one.name, value)
        if isinstance(fact, ContactTried):
            values["whom"] = self._whom(fact)
        offer = self._offers.get(_offer_id(fact))
        if offer is not None:
            values["caregiver"] = self._who(offer.caregiver_id)
            values["took"] = self._span(fact.at - offer.at)
        deadline = _deadline(fact)
        if deadline is not None:
            values["within"] = self._span(deadline - fact.at)
        return values

    def _whom(self, fact: ContactTried) -> str:
        if fact.caregiver_id is not None:
            return self._who(fact.caregiver_id)
        party, _, area = fact.whom.partition(":")
        family = "whom" if fact.whom == "resident" else "party"
        return f"{self._word(family, party)} {area}".strip()

    def _said(self, name: str, value: object) -> str:
        if isinstance(value, Gravity):
            return self._word("gravity", value.name.lower())
        if isinstance(value, float):
            return f"{value:.0f}"
        if isinstance(value, str):
            return self._word(_FAMILIES.get(name, name), value)
        return str(value)

    def _word(self, family: str, value: str) -> str:
        return self._words.get(f"{family}.{value}", value)

    def _verdict(self, verdict: str) -> str:
        return self._tables["verdict"].get(verdict, verdict.replace("_", " "))

    def _who(self, subject_id: str) -> str:
        return self._name(subject_id) if self._name is not None else subject_id

    def _span(self, span: timedelta) -> str:
        seconds = max(0, round(span.total_seconds()))
        hours, left = divmod(seconds, 3_600)
        minutes, left = divmod(left, 60)
        form = "h" if hours else "min" if minutes else "s"
        values = {"h": str(hours), "min": str(minutes), "s": str(left)}
        return self._fill(self._tables["span"][form], values)

    def _fill(self, template: str, values: Mapping[str, str]) -> str:
        return template.format_map(_Gaps(values, self._tables["unknown"]))


def _offer_id(fact: Fact) -> str:
    return getattr(fact, "offer_id", None) or getattr(fact, "attendance_id", None) or ""


def _deadline(fact: Fact) -> datetime | None:
    found = (getattr(fact, name, None) for name in _DEADLINES)
    return next((one for one in found if one is not None), None)
