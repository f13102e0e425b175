"""Recorded nights: what arrived and what was decided, as lines of JSON, and their replay.

A line is one of these; what was decided stands below what it followed from:

    {"night":"busy","policy":"assignment"}                     once, at the top
    {"at":TIME,"asked":"Claim","with":{…}}                     a request, by its type's name
    {"at":TIME,"seen":"C3","place":{…}}                        where a caregiver was
    {"number":12,"kind":"step_taken","version":1,"body":{…},"personal":null}
    {"number":13,"refused":"SearchIsOver"}                     the rules refused what was asked
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any, Final

import msgspec

from app.codec import decode, encode, kind_of
from app.storage.lines import line_of
from dispatch import requests
from dispatch.errors import DispatchError
from dispatch.evolve import evolve
from dispatch.facts import Fact
from dispatch.ids import CaregiverId
from dispatch.place import Place
from dispatch.requests import Register, Request, Start
from simulator.run.policy import book_under
from simulator.run.tape import BareLoop, Sighting, Tape

NIGHTS: Final = Path(__file__).parent / "nights"
REQUEST_OF: Final[Mapping[str, type[Request]]] = {
    name: kind
    for name, kind in vars(requests).items()
    if isinstance(kind, type) and issubclass(kind, Request) and kind is not Request
}
Decision = Fact | str  # a fact, or the name of the error by which the rules refused


@dataclass(kw_only=True)
class RecordedNight:
    """What arrived in a night, in its order, and every decision that came of it."""

    name: str
    policy: str  # a word of simulator.run.policy.POLICIES
    arrived: list[tuple[datetime, Request | Sighting]] = field(default_factory=list)
    decided: list[Decision] = field(default_factory=list)

    def decide_again(self, hear: Callable[[Decision], None], arrives=lambda at, what: None) -> None:
        """Replay what arrived through the bare rules; `hear` each decision, in order.

        `arrives` is told of each arrival before the rules see it.
        """
        _Rules(self.policy, hear).play_out(self.arrived, arrives)

    def differences(self) -> Iterator[str]:
        """Say in words, in order, where today's decisions are not those that were recorded."""
        today: list[Decision] = []
        self.decide_again(today.append)
        for number, (was, now) in enumerate(zip(self.decided, today, strict=False), start=1):
            yield from (f"{self.name} night, decision {number}, {one}" for one in _words(was, now))
        if len(today) != len(self.decided):
            yield f"{self.name} night: were {len(self.decided)} decisions, are {len(today)}"


class _Rules(BareLoop):
    """The bare loop, which tells its decisions, and folds its facts anew when a center starts."""

    def __init__(self, policy: str, hear: Callable[[Decision], None]) -> None:
        super().__init__(book_under(policy))
        self._policy, self._hear = policy, hear
        self._on_record: list[Fact] = []

    def play_out(self, arrived: Iterable[tuple[datetime, Request | Sighting]], arrives) -> None:
        """Decide all that arrived. While a center was away nothing lapsed and nobody was seen."""
        for at, what in arrived:
            if isinstance(what, Start):
                self.book = book_under(self._policy)
                for fact in self._on_record:
                    evolve(self.book, fact)
            else:
                self.lapse_until(at)
            arrives(at, what)
            if isinstance(what, Request):
                self.do(what, at)
            else:
                self.book.roster.sight(*what)

    def do(self, request: Request, now: datetime) -> list[Fact] | DispatchError:
        """Answer as the base does, and tell it."""
        answer = super().do(request, now)
        if isinstance(answer, DispatchError):
            self._hear(type(answer).__name__)
            return answer
        self._on_record += answer
        for fact in answer:
            self._hear(fact)
        return answer


# A difference in words


def _words(was: Decision, now: Decision) -> Iterator[str]:
    """Say what of one decision was and is; nothing when it is the same."""
    if type(was) is not type(now) or isinstance(was, str):
        if was != now:
            yield f"was {_named(was)}, is {_named(now)}"
        return
    for where, old, new in _unlike(was, now):
        yield f"{_named(was)}: {where} was {old!r}, is {new!r}"


def _named(decision: Decision) -> str:
    if isinstance(decision, str):
        return f"a refusal, {decision}"
    ids = ("offer_id", "attendance_id", "incident_id", "caregiver_id", "operator_id", "handset_id")
    about = next((getattr(decision, one) for one in ids if hasattr(decision, one)), "")
    return " ".join(filter(None, (kind_of(type(decision)), about, f"at {decision.at:%H:%M:%S.%f}")))


def _unlike(was: Any, now: Any, where: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Give the smallest parts that differ, each with the way to it: `considered 3 travel_s`."""
    if type(was) is type(now):
        parts = _parts(was), _parts(now)
        if parts[0] and parts[0].keys() == parts[1].keys():
            for name in parts[0]:
                yield from _unlike(parts[0][name], parts[1][name], f"{where} {name}".strip())
            return
    if was != now:
        yield where, was, now


def _parts(value: Any) -> dict[str, Any]:
    if is_dataclass(value):
        return {one.name: getattr(value, one.name) for one in fields(value)}
    if isinstance(value, dict):
        return value
    if isinstance(value, tuple):
        return {str(number): one for number, one in enumerate(value, start=1)}
    return {}


# Lines


def written(name: str, policy: str, tape: Tape) -> list[str]:
    """Decide all that is on the tape, and return the night as lines."""
    lines = [_text({"night": name, "policy": policy})]
    numbers = count(1)

    def decided(what: Decision) -> None:
        number = next(numbers)
        if isinstance(what, str):
            lines.append(_text({"number": number, "refused": what}))
        else:
            lines.append(line_of(number, encode(what)))

    night = RecordedNight(name=name, policy=policy, arrived=tape.entries)
    night.decide_again(decided, lambda at, what: lines.append(arrival_line(at, what)))
    return lines


def read(lines: Sequence[str]) -> RecordedNight:
    """Return the night that `written` gave as lines.

    Raises:
        KeyError: a line is none of the forms above.
        UnknownFact, msgspec.DecodeError: it is of another program.
    """
    first = json.loads(lines[0])
    night = RecordedNight(name=first["night"], policy=first["policy"])
    for line in lines[1:]:
        row = json.loads(line)
        if "at" in row:
            night.arrived.append((_time(row["at"]), _arrival_of(row)))
        else:
            night.decided.append(row["refused"] if "refused" in row else _fact_of(row))
    return night


def arrival_line(at: datetime, what: Request | Sighting) -> str:
    """Return a request or a sighting as a line."""
    if not isinstance(what, Request):
        return _text({"at": at, "seen": what[0], "place": what[1]})
    return _text({"at": at, "asked": type(what).__name__, "with": _request_row(what)})


def _request_row(request: Request) -> object:
    """Return what JSON holds of a request; a register's facts say of which kind each is."""
    if isinstance(request, Register):
        return [json.loads(line_of(0, encode(fact))) for fact in request.facts]
    return request


def _arrival_of(row: dict[str, Any]) -> Request | Sighting:
    if "seen" in row:
        return CaregiverId(row["seen"]), msgspec.convert(row["place"], Place)
    if row["asked"] == Register.__name__:
        facts: tuple[Any, ...] = tuple(map(_fact_of, row["with"]))
        return Register(facts=facts)
    return msgspec.convert(row["with"], REQUEST_OF[row["asked"]])


def _fact_of(row: dict[str, Any]) -> Fact:
    personal = None if row["personal"] is None else _text(row["personal"])
    return decode(row["kind"], row["version"], _text(row["body"]), personal)


def _time(text: str) -> datetime:
    return msgspec.convert(text, datetime)


def _text(row: object) -> str:
    return msgspec.json.encode(row).decode()
