"""Asks an OSRM server how long the nearest caregivers would travel. Nothing ever waits for it.

What it answers in time becomes a request like any other; what is slow or wrong is dropped and
counted, and the search goes on with its own travel times. Only coordinates leave the house.

GET /table/v1/driving/112.98,28.2;112.99,28.21?sources=0&destinations=1&annotations=duration
{"code": "Ok", "durations": [[412.3]], …}

Source: OSRM HTTP API, table service.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

import httpx
import structlog

from app.center import Center, CenterStopped, JournalAway, NotRecordable
from app.inbox import InboxFull
from app.metrics import Metrics
from app.storage.ledger import Recorded
from dispatch.book import Book
from dispatch.errors import DispatchError
from dispatch.facts import IncidentRaised, StepTaken
from dispatch.ids import CaregiverId, IncidentId
from dispatch.ladder import asking_step, need_of
from dispatch.place import Place, distance_m
from dispatch.requests import LearnTravelTimes
from dispatch.ways import is_believable

log = structlog.get_logger()

NEAREST: Final = 25  # caregivers about whom is asked
WAITING_MAX: Final = 200  # incidents; those beyond keep the travel times of our own
AT_ONCE: Final = 4
SOURCE: Final = "osrm"
OK: Final = 200


class AnswerWrong(Exception):
    """The server's answer cannot be used; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """About whom is asked, where they are, and where they would go."""

    incident_id: IncidentId
    to: Place
    people: tuple[tuple[CaregiverId, Place], ...]

    def path(self) -> str:
        """Return the request's path and query."""
        places = (*(place for _, place in self.people), self.to)
        points = ";".join(f"{place.lon:.6f},{place.lat:.6f}" for place in places)
        last = len(self.people)
        sources = ";".join(map(str, range(last)))
        query = f"sources={sources}&destinations={last}&annotations=duration"
        return f"/table/v1/driving/{points}?{query}"


class TravelTimes:
    """The remote source. `note` is called after each commit, `run` works until cancelled."""

    def __init__(
        self,
        url: str,
        metrics: Metrics,
        *,
        within_s: float,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """Take the server's URL; empty turns the source off."""
        self._url = url.strip().rstrip("/")
        self._within_s = within_s
        self._counted = metrics.travel_times
        self._waiting: asyncio.Queue[IncidentId] = asyncio.Queue(WAITING_MAX)
        self._transport = transport

    def note(self, recorded: Sequence[Recorded]) -> None:
        """Take up the calls that are new or looked for more widely; never blocks, never fails."""
        if not self._url:
            return
        facts = (one.fact for one in recorded)
        for incident_id in dict.fromkeys(
            fact.incident_id for fact in facts if isinstance(fact, IncidentRaised | StepTaken)
        ):
            try:
                self._waiting.put_nowait(incident_id)
            except asyncio.QueueFull:
                self._counted.labels("full").inc()

    async def run(self, center: Center) -> None:
        """Ask about what was noted, a few at a time."""
        if not self._url:
            return
        async with (
            httpx.AsyncClient(timeout=self._within_s, transport=self._transport) as client,
            asyncio.TaskGroup() as group,
        ):
            for _ in range(AT_ONCE):
                group.create_task(self._work(center, client))

    async def _work(self, center: Center, client: httpx.AsyncClient) -> None:
        while True:
            incident_id = await self._waiting.get()
            result = await self._learn(center, client, incident_id)
            self._counted.labels(result).inc()

    async def _learn(
        self, center: Center, client: httpx.AsyncClient, incident_id: IncidentId
    ) -> str:
        """Return what became of it: learned, over, slow, wrong or unreachable."""
        try:
            question = await center.read(lambda book: question_about(book, incident_id, center.now))
            if question is None:
                return "over"
            async with asyncio.timeout(self._within_s):
                answer = await client.get(self._url + question.path())
            travel_s = read_answer(question, _json(answer))
            facts = await center.call(
                LearnTravelTimes(incident_id=incident_id, travel_s=travel_s, source=SOURCE)
            )
        except (TimeoutError, httpx.TimeoutException):
            return "slow"
        except AnswerWrong as error:
            log.warning("travel times dropped", incident=incident_id, why=str(error))
            return "wrong"
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            log.warning("travel times not reached", reason=type(error).__name__)
            return "unreachable"
        except (DispatchError, InboxFull, NotRecordable, CenterStopped, JournalAway):
            return "over"
        return "learned" if facts else "over"


def question_about(book: Book, incident_id: IncidentId, now: datetime) -> Question | None:
    """Return what to ask about a call, or None when nobody is looked for or nothing is known."""
    incident = book.incidents.get(incident_id)
    if incident is None or incident.step_by is None:
        return None
    need = need_of(book, incident, asking_step(incident, book.plan_of(incident)))
    if need.place is None:
        return None
    nearest = book.roster.search(need, wanted=NEAREST, now=now).chosen
    names = [one.caregiver_id for one in nearest]
    places = [(name, book.roster.reckoned_at(name, now=now)) for name in names]
    people = tuple((name, place) for name, place in places if place is not None)
    return Question(incident_id=incident_id, to=need.place, people=people) if people else None


def read_answer(question: Question, document: object) -> dict[CaregiverId, float]:
    """Return the seconds of everybody for whom there is a way.

    Raises:
        AnswerWrong: it has another form or size than asked for, or anybody would fly; then
            nothing else in it is believed either.
    """
    body = cast("dict[str, Any]", document) if isinstance(document, dict) else {}
    rows: Any = body.get("durations")
    if body.get("code") != "Ok" or not isinstance(rows, list):
        raise AnswerWrong(f"its code is {str(body.get('code'))[:40]}")
    if len(cast("list[object]", rows)) != len(question.people):
        raise AnswerWrong("it has another number of rows than there were questions")
    found: dict[CaregiverId, float] = {}
    for (name, place), row in zip(question.people, cast("list[object]", rows), strict=True):
        seconds = _cell(row)
        if seconds is None:
            continue
        if not is_believable(seconds, distance_m(place, question.to)):
            raise AnswerWrong(f"{seconds} s is no travel time")
        found[name] = seconds
    return found


def _cell(row: object) -> float | None:
    """Return the one number of a row, or None where there is no way."""
    cells = cast("list[object]", row) if isinstance(row, list) else []
    if len(cells) != 1:
        raise AnswerWrong("a row has another length than there were destinations")
    (cell,) = cells
    if cell is None:
        return None
    if not isinstance(cell, int | float) or isinstance(cell, bool):
        raise AnswerWrong("a duration is no number")
    return float(cell)


def _json(answer: httpx.Response) -> object:
    if answer.status_code != OK:
        raise AnswerWrong(f"its status is {answer.status_code}")
    try:
        return answer.json()
    except ValueError as error:
        raise AnswerWrong("it is not JSON") from error
