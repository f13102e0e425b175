"""What waits for the center: the calls' inbox, gravest first, each handset holding one place."""

from asyncio import Future
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from itertools import count
from typing import Final

from dispatch.facts import Fact
from dispatch.requests import (
    AcceptShift,
    AcknowledgeParty,
    AttendanceStep,
    Claim,
    Close,
    CorrectPlace,
    HandsetCalled,
    HeardAgain,
    LearnTravelTimes,
    OfferAnswer,
    OfferTo,
    Register,
    Reopen,
    Request,
    SceneReport,
    StillComing,
    Telephoned,
    TellParty,
    Widen,
)

PRESSES_MAX: Final = 200  # of one handset, waiting for one commit
WAITING_MAX: Final = 20_000  # requests other than calls for help

HELP: Final = frozenset({"sos", "fall", "safety_alarm", "intrusion", "threat", "life_assistance"})
_SIGNS: Final = frozenset({"check_in", "test", "low_battery"})
QUIET: Final = 3  # the urgency from which on a request waits for lapsed deadlines, too
_AGAIN_MAX: Final = 1 << 62


class InboxFull(Exception):
    """Too much waits; try again in a moment. Never said to a first call for help."""


@dataclass(slots=True, kw_only=True)
class Waiting:
    """A request on its way to the record, and those who wait for it."""

    request: Request
    answer: Future[list[Fact]]
    facts: list[Fact] = field(default_factory=list[Fact])
    is_alone: bool = False  # its batch was refused: it shares no commit until it is on record


class CallsInbox:
    """A priority queue of requests: threats to life, then other calls, then the office's work.

    Presses of one handset that arrive while an earlier one still waits join it, so that a
    handset gone mad holds one place and nobody else's call stands behind its flood.
    """

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, Waiting]] = []
        self._sequence = count()
        self._again = count(-_AGAIN_MAX)  # those come before all of their urgency
        self._pressing: dict[tuple[str, str], Waiting] = {}

    def __len__(self) -> int:
        return len(self._heap)

    @property
    def next(self) -> Waiting | None:
        """What is taken next."""
        return self._heap[0][2] if self._heap else None

    @property
    def has_help(self) -> bool:
        """Whether what is taken next is a call for help."""
        first = self._heap[0][2].request if self._heap else None
        return isinstance(first, HandsetCalled) and first.kind in HELP

    @property
    def has_only_quiet(self) -> bool:
        """Whether nothing waits but what can wait for everything else, or nothing at all."""
        return not self._heap or self._heap[0][0] >= QUIET

    def put(self, request: Request, answer: Future[list[Fact]]) -> Future[list[Fact]]:
        """Let a request wait; return what to await: `answer`, or that of the press it joined.

        Raises:
            InboxFull: the request can wait outside: it is no call for help, or the 201st
                press of one handset within one commit.
        """
        if isinstance(request, HandsetCalled) and request.kind in HELP:
            key = (request.handset_id, request.kind)
            earlier = self._pressing.get(key)
            if earlier is not None:
                return _join(earlier, request)
            waiting = Waiting(request=request, answer=answer)
            self._pressing[key] = waiting
        elif len(self._heap) >= WAITING_MAX:
            raise InboxFull
        else:
            waiting = Waiting(request=request, answer=answer)
        heappush(self._heap, (urgency(request), next(self._sequence), waiting))
        return waiting.answer

    def put_back(self, waiting: Waiting) -> None:
        """Let a request that was taken wait again, before the others of its urgency, and alone."""
        waiting.is_alone = True
        waiting.facts = []
        request = waiting.request
        if isinstance(request, HandsetCalled) and request.kind in HELP:
            self._pressing.setdefault((request.handset_id, request.kind), waiting)
        heappush(self._heap, (urgency(request), next(self._again), waiting))

    def take(self) -> Waiting:
        """Take out the most urgent request; the inbox must not be empty."""
        _, _, waiting = heappop(self._heap)
        request = waiting.request
        if isinstance(request, HandsetCalled):
            key = (request.handset_id, request.kind)
            if self._pressing.get(key) is waiting:
                del self._pressing[key]
        return waiting


def urgency(request: Request) -> int:
    """Return the place of a kind of request in the inbox: the smallest is taken first."""
    if not isinstance(request, HandsetCalled):
        return _URGENCY.get(type(request), _OFFICE)
    if request.kind in _SIGNS:
        return QUIET
    return 1 if request.kind == "life_assistance" else 0


_OFFICE: Final = 2
_URGENCY: Final[Mapping[type[Request], int]] = {
    **dict.fromkeys((OfferAnswer, AttendanceStep, SceneReport, StillComing), 1),
    **dict.fromkeys((Claim, Close, OfferTo, Telephoned, CorrectPlace), 1),
    **dict.fromkeys((Reopen, Widen, AcceptShift, TellParty, AcknowledgeParty), 1),
    **dict.fromkeys((LearnTravelTimes, HeardAgain), QUIET),
    Register: QUIET + 1,
}  # all others are the office's


def _join(earlier: Waiting, request: HandsetCalled) -> Future[list[Fact]]:
    first = earlier.request
    assert isinstance(first, HandsetCalled)  # noqa: S101 - only presses are kept by handset
    fresh = tuple(event for event in request.events if event not in first.events)
    if len(first.events) + len(fresh) > PRESSES_MAX:
        raise InboxFull
    earlier.request = replace(
        first,
        events=(*first.events, *fresh),
        place=request.place or first.place,
        area_id=request.area_id or first.area_id,
        note=first.note or request.note,
        problems=tuple(dict.fromkeys((*first.problems, *request.problems))),
    )
    return earlier.answer
