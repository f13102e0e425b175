"""Residents and their handsets: they press, press again, cancel, test and check in."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from dispatch.facts import EventKey
from dispatch.ids import HandsetId
from dispatch.place import Place
from dispatch.requests import HandsetCalled
from simulator.run.line import Answer
from simulator.run.players import Life
from simulator.run.town import somewhere

CALLS: Final = ("sos",) * 10 + ("fall",) * 2 + ("safety_alarm",) * 2 + ("life_assistance",) * 6
SIGNS: Final = ("check_in",) * 14 + ("test",) * 5 + ("low_battery",)
POISON: Final = "\ud800"  # a text that no encoding takes


@dataclass(slots=True)
class _Handset:
    id: HandsetId
    skew_s: float  # of its clock
    count: int = 0  # messages so far


class Residents:
    """Everybody who has a handset, pressing by chance."""

    def __init__(self, life: Life) -> None:
        self._life = life
        chance = life.chance
        self._handsets = [
            _Handset(id=name, skew_s=chance.choice((0.0, 0.0, chance.uniform(-3_600, 3_600))))
            for name in life.town.handsets
        ]
        self._poisoned = 0  # of the next calls

    def begin(self) -> None:
        """Let calls and signs come, each at its own pace."""
        scale = self._life.scale
        self._life.by_chance(scale.calls_a_day, self._call)
        self._life.by_chance(scale.signs_a_day, self._sign)

    def poison(self) -> None:
        """Let the next call carry what no storage takes."""
        self._poisoned += 1

    def storm(self) -> None:
        """Let half of the handsets press at once, and the others check in."""
        for index, handset in enumerate(self._handsets):
            kind = "sos" if index % 2 else "check_in"
            self._life.later(self._life.chance.uniform(0, 600), self._send, handset, kind)

    def flood(self) -> None:
        """Let many handsets test themselves at once, and somebody call among them."""
        chance = self._life.chance
        for handset in chance.choices(self._handsets, k=12):
            self._life.later(chance.uniform(0, 3), self._send, handset, "test")
        self._life.later(chance.uniform(0, 3), self._send, chance.choice(self._handsets), "sos")

    def _sign(self) -> None:
        chance = self._life.chance
        self._send(chance.choice(self._handsets), chance.choice(SIGNS))

    def _call(self) -> None:
        chance = self._life.chance
        handset, kind = chance.choice(self._handsets), chance.choice(CALLS)
        presses = chance.choice((1, 1, 1, 2, 2, 3, 5))
        for index in range(presses):
            self._life.later(index * chance.uniform(0.3, 3), self._send, handset, kind)
        luck = chance.random()
        if luck < 0.15:  # nobody has come yet
            self._life.later(chance.uniform(60, 1_200), self._send, handset, kind)
        elif luck < 0.23:
            self._life.later(chance.uniform(3, 120), self._send, handset, "cancel")

    def _send(self, handset: _Handset, kind: str) -> None:
        life, chance = self._life, self._life.chance
        handset.count += 1
        now = life.house.clock() + timedelta(seconds=handset.skew_s)
        is_poisoned = self._poisoned > 0 and kind in CALLS
        self._poisoned -= is_poisoned
        is_unknown = kind == "sos" and chance.random() < 0.05
        event = EventKey(
            event_id=f"{handset.count}{POISON if is_poisoned else ''}",
            kind=kind,
            device_time="" if chance.random() < 0.1 else now.isoformat(timespec="seconds"),
        )
        request = HandsetCalled(
            handset_id=handset.id,
            kind=kind,
            events=(event,),
            occurred_at=now if abs(handset.skew_s) < 600 else None,
            place=self._place() if kind in CALLS and chance.random() < 0.3 else None,
            problems=("unknown_kind",) if is_unknown else (),
        )
        life.house.watch.on_record.sent(request)
        life.say(request, self._heard)

    def _place(self) -> Place:
        return somewhere(self._life.chance)

    def _heard(self, answer: Answer) -> None:
        """Nothing to do: whether the answer was true is for the watch to say."""
