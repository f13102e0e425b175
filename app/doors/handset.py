"""The handset door: presses, positions and heartbeats in, "on record" out.

It is the hot path, so events are taken by a pure ASGI function in front of FastAPI; the route of
the same path below is there for the OpenAPI document and for those who have this door alone.
"""

import asyncio
import json
from collections import OrderedDict
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Annotated, Any, Final, NamedTuple, TypeAlias, cast

import msgspec
from fastapi import APIRouter, Request, Response
from starlette import status as http
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Receive, Scope, Send

from app.center import CenterStopped, NotRecordable
from app.clock import system_clock
from app.doors.limits import BodyTooLarge
from app.doors.plain import read_plain
from app.doors.waiting import NotOnRecordYet
from app.errors import Problem, problem_of, problems, send_problem
from app.inbox import InboxFull
from app.security.access import (
    TOKEN_PROBLEMS,
    Access,
    Principal,
    allow,
    bearer_of,
    require_holder,
)
from app.security.roles import Role
from app.security.tokens import TokenKind
from app.service import Service, ServiceDep
from app.storage.tracks import HEARTBEAT, POSITION, SOURCE_CODE, Batch, Track, TracksFull
from app.views.book import handset_view
from devices.report import (
    CALLS,
    Fix,
    Kind,
    Report,
    ReportRefused,
    Source,
    is_call_for_help,
    read_report,
)
from dispatch.book import Book
from dispatch.errors import DispatchError
from dispatch.facts import CaregiverOffered, EventKey, IncidentRaised
from dispatch.ids import AreaId, HandsetId, IncidentId
from dispatch.place import Place
from dispatch.requests import HandsetCalled

EVENTS_PATH: Final = "/api/v1/handset/events"
BODY_BYTES_MAX: Final = 65_536
EVENTS_MAX: Final = 100
RECENT_TRACKS: Final = 8  # of one handset, by which a repeated position is recognised
RECENT_HANDSETS: Final = 600_000
SIGHTING_FRESH: Final = timedelta(minutes=10)

Result: TypeAlias = dict[str, Any]
_TrackKey: TypeAlias = tuple[str, str, str]  # as an EventKey: event id, kind, device time

HandsetDep = Annotated[Principal, allow(Role.HANDSET)]
router = APIRouter(prefix="/api/v1/handset", tags=["handset"])
_JSON: Final = (b"content-type", b"application/json")
_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder().decode


class MalformedJson(Problem):
    """The body is not JSON."""

    status = http.HTTP_400_BAD_REQUEST


class TooManyEvents(Problem):
    """There are too many events in one message."""

    status = http.HTTP_413_CONTENT_TOO_LARGE


class EventRefused(Problem):
    """The event cannot be used."""

    status = http.HTTP_422_UNPROCESSABLE_CONTENT


class HandsetDoor:
    """Takes the posts of handsets, and lets everything else pass to the application behind."""

    access: Final = Access(frozenset({Role.HANDSET}))
    paths: Final = (EVENTS_PATH,)

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self.app = app
        self.events = HandsetEvents(service)
        self._service = service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection."""
        if scope["type"] != "http" or scope["path"] != EVENTS_PATH or scope["method"] != "POST":
            await self.app(scope, receive, send)
            return
        try:
            body = await self._answer(scope, receive)
        except Problem as problem:
            await send_problem(send, problem)
            return
        except ClientDisconnect:
            return
        headers = [_JSON, (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, scope: Scope, receive: Receive) -> bytes:
        client = scope.get("client")
        holder = require_holder(
            self._service.security,
            bearer_of(scope["headers"]),
            TokenKind.HANDSET,
            client[0] if client else "",
        )
        body = await _read_body(receive)
        return await self.events.take(HandsetId(holder.subject_id), body)


class Taken(NamedTuple):
    """A position or heartbeat on its way to the record."""

    handset_id: HandsetId
    report: Report
    received_at: datetime
    batch: Batch
    is_new: bool  # False: the same was taken before


class HandsetEvents:
    """What is done with the events of a handset whose token was checked."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._recent: OrderedDict[str, dict[_TrackKey, Batch]] = OrderedDict()
        results = ("recorded", "duplicate", "refused")
        self._counters = {one: service.metrics.events.labels(one) for one in results}

    async def take(self, handset_id: HandsetId, body: bytes) -> bytes:
        """Return the answer to a message: a result, or a list of them in order.

        Raises:
            Problem: nothing of the message was taken; or, for a single event, it was refused.
        """
        value = _read_json(body)
        if not isinstance(value, list):
            result = await self._result(handset_id, value)
            refused = result.get("problem")
            if refused is not None:
                raise refused
            return _encode(result)
        events = cast("list[object]", value)
        if len(events) > EVENTS_MAX:
            raise TooManyEvents(f"Send at most {EVENTS_MAX} events at a time.")
        order = sorted(range(len(events)), key=lambda index: not is_call_for_help(events[index]))
        tasks = {
            index: asyncio.ensure_future(self._result(handset_id, events[index])) for index in order
        }
        results = [await tasks[index] for index in range(len(events))]
        for result in results:
            refused = result.get("problem")
            if refused is not None:
                result["problem"] = refused.document()
        return _encode(results)

    def begin(self, token: bytes | None, body: bytes) -> Taken | None:
        """Take a message that is one position or heartbeat; the caller waits for its batch.

        None: it is anything else, the token is wrong, or the lane is full. Nothing was taken, and
        the message must go the common way, which knows what to say.
        """
        holder = self._service.security.tokens.subject_of(token) if token else None
        if holder is None or holder.kind is not TokenKind.HANDSET:
            return None
        received_at = system_clock()
        report = read_plain(body, received_at=received_at)
        if report is None:
            return None
        try:
            return self._taken(HandsetId(holder.subject_id), report, received_at)
        except TracksFull:
            return None

    def finish(self, taken: Taken) -> bytes:
        """Return the answer to what `begin` took, now that it is on record."""
        return _encode(self._recorded(taken))

    async def _result(self, handset_id: HandsetId, value: object) -> Result:
        received_at = system_clock()
        try:
            report = _report_of(handset_id, value, received_at)
        except ReportRefused as error:
            return self._refused(
                EventRefused(
                    error.sentence, extras={"pointer": error.pointer, "problem": error.problem}
                ),
                _event_id_of(value),
            )
        try:
            if report.kind not in CALLS:
                return await self._track(handset_id, report, received_at)
            async with asyncio.timeout(self._service.settings.answer_within_s):
                return await self._call(handset_id, report, received_at)
        except (TimeoutError, TracksFull, InboxFull, CenterStopped):
            return self._refused(NotOnRecordYet(_SEND_AGAIN, retry_after_s=1), report.event_id)
        except (DispatchError, NotRecordable) as error:
            return self._refused(problem_of(error), report.event_id)

    def _refused(self, problem: Problem, event_id: str) -> Result:
        self._counters["refused"].inc()
        return {
            "event_id": event_id,
            "result": "refused",
            "incident_id": None,
            "joined": False,
            "problems": [],
            "problem": problem,
        }

    async def _track(self, handset_id: HandsetId, report: Report, received_at: datetime) -> Result:
        taken = self._taken(handset_id, report, received_at)
        await taken.batch.wait()
        return self._recorded(taken)

    def _taken(self, handset_id: HandsetId, report: Report, received_at: datetime) -> Taken:
        recent = self._recent_of(handset_id)
        key = (report.event_id, report.kind, report.device_time)
        batch = recent.get(key)
        is_new = batch is None or batch.is_refused
        if batch is None or is_new:
            batch = self._service.tracks.take((_track(handset_id, report, received_at),))
            recent[key] = batch
            if len(recent) > RECENT_TRACKS:
                del recent[next(iter(recent))]
        return Taken(handset_id, report, received_at, batch, is_new)

    def _recorded(self, taken: Taken) -> Result:
        report = taken.report
        fix = report.fix
        if fix is not None:
            source = SOURCE_CODE.get(fix.source.value, 0)
            at = _seen_at(fix, taken.received_at)
            self._service.tracks.see(
                (taken.handset_id, at, fix.lon, fix.lat, fix.accuracy_m, source)
            )
        result = "recorded" if taken.is_new else "duplicate"
        return self._result_of(report, result, None, joined=False)

    def _recent_of(self, handset_id: HandsetId) -> "dict[_TrackKey, Batch]":
        """Return what this handset sent lately, the oldest first."""
        recent = self._recent.get(handset_id)
        if recent is None:
            recent = self._recent[handset_id] = {}
            if len(self._recent) > RECENT_HANDSETS:
                self._recent.popitem(last=False)
        return recent

    async def _call(self, handset_id: HandsetId, report: Report, received_at: datetime) -> Result:
        service = self._service
        place = self._place(handset_id, report, received_at)
        area_id = service.geography.area_at(place.lon, place.lat) if place else None
        key = _key(report)
        began = asyncio.get_running_loop().time()
        facts = await service.center.call(
            HandsetCalled(
                handset_id=handset_id,
                kind=report.kind.value,
                events=(key,),
                occurred_at=report.occurred_at,
                place=place,
                area_id=AreaId(area_id) if area_id else None,
                note=report.note or "",
                problems=report.problems,
            )
        )
        if any(isinstance(fact, CaregiverOffered) for fact in facts):
            elapsed = asyncio.get_running_loop().time() - began
            service.metrics.press_to_offer_seconds.observe(elapsed)
        incident_id = _told(service.center.book, handset_id, key)
        opened = {fact.incident_id for fact in facts if isinstance(fact, IncidentRaised)}
        result = "recorded" if facts else "duplicate"
        joined = bool(facts) and incident_id is not None and incident_id not in opened
        return self._result_of(report, result, incident_id, joined=joined)

    def _result_of(
        self, report: Report, result: str, incident_id: str | None, *, joined: bool
    ) -> Result:
        self._counters[result].inc()
        return {
            "event_id": report.event_id,
            "result": result,
            "incident_id": incident_id,
            "joined": joined,
            "problems": report.problems,
        }

    def _place(self, handset_id: HandsetId, report: Report, received_at: datetime) -> Place | None:
        """Return where the call comes from: the message's own fix, or a fresh sighting."""
        if report.fix is not None:
            place = place_of(report.fix, received_at)
            self._service.tracks.note(handset_id, place)
            return place
        seen = self._service.tracks.last_of(handset_id)
        if seen is not None and seen.at is not None and received_at - seen.at <= SIGHTING_FRESH:
            return seen
        return None


def _told(book: Book, handset_id: HandsetId, key: EventKey) -> IncidentId | None:
    """Return the incident that a message went into; of a silent one the handset learns nothing."""
    heard = book.heard_before(handset_id, key)
    incident_id = heard.incident_id if heard else None
    if incident_id is None:
        return None
    incident = book.incidents.get(incident_id) or book.closed.get(incident_id)
    return None if incident is not None and incident.is_silent else incident_id


_EVENT: Final = {
    "event_id": "0007",
    "kind": "sos",
    "at": "2026-11-22T02:33:52Z",
    "position": {
        "lon": 112.985525,
        "lat": 28.201336,
        "accuracy_m": 12,
        "source": "satellite",
    },
    "battery_pct": 71,
}
_EVENT_SCHEMA: Final = {
    "type": "object",
    "description": "An unknown `kind` counts as a call for help. `at` is the device's own time.",
    "properties": {
        "event_id": {"type": "string", "maxLength": 64},
        "kind": {"type": "string", "examples": [kind.value for kind in Kind]},
        "at": {"type": "string", "format": "date-time"},
        "position": {
            "type": "object",
            "properties": {
                "lon": {"type": "number", "description": "WGS-84 degrees east"},
                "lat": {"type": "number", "description": "WGS-84 degrees north"},
                "accuracy_m": {"type": "number"},
                "source": {"type": "string", "examples": [source.value for source in Source]},
                "at": {"type": "string", "format": "date-time"},
            },
        },
        "battery_pct": {"type": "number", "minimum": 0, "maximum": 100},
        "note": {"type": "string", "maxLength": 500},
    },
    "example": _EVENT,
}
_EVENTS_BODY: Final = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "oneOf": [
                    _EVENT_SCHEMA,
                    {"type": "array", "items": _EVENT_SCHEMA, "maxItems": EVENTS_MAX},
                ]
            },
            "example": _EVENT,
        }
    },
}


@router.post(
    "/events",
    summary="Send one event or an array of events",
    openapi_extra={"requestBody": _EVENTS_BODY},
    response_model=None,
    responses={
        200: {
            "description": "One result, or one for each event in order. Everything `recorded` or "
            "`duplicate` is on record.",
            "content": {
                "application/json": {
                    "example": {
                        "event_id": "0007",
                        "result": "recorded",
                        "incident_id": "I17",
                        "joined": False,
                        "problems": [],
                    }
                }
            },
        },
        **problems(
            *TOKEN_PROBLEMS,
            MalformedJson,
            BodyTooLarge,
            TooManyEvents,
            EventRefused,
            NotOnRecordYet,
        ),
    },
)
async def events(request: Request, who: HandsetDep, service: ServiceDep) -> Response:
    """Press, fall, alarm, request, check-in, test, cancel, position, heartbeat, low battery.

    Send an event again, with the same `event_id`, until it is acknowledged.
    """
    body = await HandsetEvents(service).take(HandsetId(who.id), await request.body())
    return Response(body, media_type="application/json")


@router.get(
    "/state",
    summary="Is help coming?",
    responses=problems(*TOKEN_PROBLEMS),
)
async def state(who: HandsetDep, service: ServiceDep) -> Response:
    """Return the open incidents of this handset's resident, and those closed a moment ago."""

    def look(book: Book) -> bytes:
        now = service.center.now
        return _encode(handset_view(book, service.directory, HandsetId(who.id), now))

    return Response(await service.center.read(look), media_type="application/json")


_SEND_AGAIN: Final = "Send the event again with the same event_id until it is acknowledged."


async def _read_body(receive: Receive) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size > BODY_BYTES_MAX:
            raise BodyTooLarge(f"Send at most {BODY_BYTES_MAX} bytes at a time.")
        chunks.append(chunk)
        if not message.get("more_body"):
            return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _read_json(body: bytes) -> object:
    try:
        return _decode(body)
    except (msgspec.DecodeError, RecursionError):
        pass
    try:  # a handset that writes NaN, a byte order mark or half a character may still be in need
        return cast("object", json.loads(body.decode("utf-8-sig", "replace"), strict=False))
    except (ValueError, RecursionError) as error:
        where = f" near character {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
        raise MalformedJson(f"The body cannot be read as JSON{where}.") from error


def _report_of(handset_id: HandsetId, value: object, received_at: datetime) -> Report:
    report = read_report(value, received_at=received_at, fallback_id="")
    if report.event_id:
        return report
    return report._replace(event_id=_digest(handset_id, value, received_at))


def _digest(handset_id: str, value: object, received_at: datetime) -> str:
    """Return an id for an event that has none: the same message gives the same id for a minute.

    After that it is another press: a handset that writes neither id nor time says the same each
    time, and a retry that is taken for a press only joins the call that is open.
    """
    minute = int(received_at.timestamp()) // 60
    text = json.dumps(value, sort_keys=True, default=str)
    return sha256(f"{handset_id}\n{minute}\n{text}".encode("utf-8", "replace")).hexdigest()[:24]


def _event_id_of(value: object) -> str:
    sent = cast("dict[str, object]", value).get("event_id") if isinstance(value, dict) else None
    return sent[:64] if isinstance(sent, str) and sent.isprintable() else ""


def _key(report: Report) -> EventKey:
    return EventKey(
        event_id=report.event_id, kind=report.kind.value, device_time=report.device_time
    )


def place_of(fix: Fix, received_at: datetime) -> Place:
    """Return a reported position as a place."""
    return Place(
        lon=fix.lon,
        lat=fix.lat,
        accuracy_m=fix.accuracy_m,
        source=fix.source.value,
        at=_seen_at(fix, received_at),
    )


def _seen_at(fix: Fix, received_at: datetime) -> datetime:
    """Return when a position was true; one without a time is taken to be of now.

    So is one of the future: it would hide every later one until the clock has caught up.
    """
    return min(fix.at or received_at, received_at)


def _track(handset_id: HandsetId, report: Report, received_at: datetime) -> Track:
    fix = report.fix
    return (
        handset_id,
        POSITION if report.kind is Kind.POSITION else HEARTBEAT,
        report.occurred_at,
        received_at,
        fix.lon if fix else None,
        fix.lat if fix else None,
        fix.accuracy_m if fix else None,
        SOURCE_CODE.get(fix.source.value, 0) if fix else 0,
        report.battery_pct,
    )
