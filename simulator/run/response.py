"""How fast help came, from the facts of a day: the figures by which policies are compared."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from dispatch.facts import (
    CaregiverArrived,
    CaregiverOffered,
    Fact,
    IncidentRaised,
    OfferAccepted,
)
from dispatch.plans import Gravity
from simulator.bench.figures import percentile

SPANS: Final = ("press_to_offer_s", "press_to_accepted_s", "press_to_on_scene_s")


@dataclass(slots=True)
class _Call:
    raised_at: datetime
    due_at: datetime
    is_grave: bool


@dataclass(slots=True)
class Responses:
    """Spans of every call about a person, from the press to what came first of each kind."""

    spans: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in SPANS})
    grave: list[float] = field(default_factory=list[float])  # press to on scene, life threats
    metres: list[float] = field(default_factory=list[float])  # of whoever accepted
    calls: int = 0
    in_time: int = 0
    _open: dict[str, _Call] = field(default_factory=dict[str, _Call])
    _had: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])
    _metres: dict[str, float] = field(default_factory=dict[str, float])

    def recorded(self, fact: Fact) -> None:
        """Take up a fact, in order."""
        match fact:
            case IncidentRaised():
                self._raised(fact)
            case CaregiverOffered():
                self._metres[fact.offer_id] = fact.distance_m
                self._first(SPANS[0], fact.incident_id, fact.at)
            case OfferAccepted():
                self.metres.append(self._metres.pop(fact.offer_id))
                self._first(SPANS[1], fact.offer_id.partition(".")[0], fact.at)
            case CaregiverArrived():
                self._arrived(fact)
            case _:
                pass

    def _raised(self, fact: IncidentRaised) -> None:
        if fact.gravity is not Gravity.SERVICE:
            self.calls += 1
            is_grave = fact.gravity.is_life_threat
            self._open[fact.incident_id] = _Call(fact.at, fact.due_at, is_grave)

    def _arrived(self, fact: CaregiverArrived) -> None:
        incident_id = fact.attendance_id.partition(".")[0]
        call = self._open.get(incident_id)
        if call is None or not self._first(SPANS[2], incident_id, fact.at):
            return
        self.in_time += fact.at <= call.due_at
        if call.is_grave:
            self.grave.append((fact.at - call.raised_at).total_seconds())

    def _first(self, span: str, incident_id: str, at: datetime) -> bool:
        call = self._open.get(incident_id)
        if call is None or (span, incident_id) in self._had:
            return False
        self._had.add((span, incident_id))
        self.spans[span].append((at - call.raised_at).total_seconds())
        return True

    def add(self, other: "Responses") -> None:
        """Take up the figures of another day."""
        for name, values in other.spans.items():
            self.spans[name] += values
        self.grave += other.grave
        self.metres += other.metres
        self.calls += other.calls
        self.in_time += other.in_time

    def document(self) -> dict[str, Any]:
        """Return the figures for a report; seconds and metres."""
        spans = {**self.spans, "threat_to_life_to_on_scene_s": self.grave}
        return {
            "calls": self.calls,
            **{name: _of(values) for name, values in spans.items()},
            "distance_m": _of(self.metres),
            "on_scene_in_time": round(self.in_time / self.calls, 4) if self.calls else None,
        }


def _of(values: list[float]) -> dict[str, float | int | None]:
    if not values:
        return {"count": 0, "p50": None, "p90": None, "max": None}
    return {
        "count": len(values),
        "p50": round(percentile(values, 50), 1),
        "p90": round(percentile(values, 90), 1),
        "max": round(max(values), 1),
    }
