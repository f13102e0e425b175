"""What a handset may say over JSON, and how a hostile or broken message still becomes a call.

One event as it travels:

    {"event_id": "c0ffee-17", "kind": "sos", "at": "2026-11-30T08:15:02Z",
     "position": {"lon": 112.985525, "lat": 28.201336, "accuracy_m": 12.5,
                  "source": "satellite", "at": "2026-11-30T08:14:58Z"},
     "battery_pct": 63, "note": "bathroom"}

A call for help is never refused because of what else is wrong with the message: the bad part is
left out and named in `Report.problems`. Any other kind is refused only when the field it exists
to carry is unusable.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple, cast

AHEAD_MAX: Final = timedelta(days=1)
"""A device clock further ahead than this is absurd."""

BACK_MAX: Final = timedelta(days=30)
"""An event older than this is absurd; a younger one was stored and forwarded."""

FIX_BACK_MAX: Final = timedelta(days=36525)
"""A last known position may be of any age since 2000: its time says how little it is worth."""

YEAR_MIN: Final = 2000
ACCURACY_M_MAX: Final = 20_037_509  # half of the equator: a larger circle says nothing
EVENT_ID_CHARS_MAX: Final = 64
KEY_CHARS_MAX: Final = 64
DEVICE_TIME_CHARS_MAX: Final = 40
NOTE_CHARS_MAX: Final = 500

_AGE_MIN: Final = -AHEAD_MAX
_DIGEST_CHARS: Final = 16
_INT_BITS_MAX: Final = 256  # a longer integer is written in hex, whose cost is linear
_BIDI: Final = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))  # they turn text around on screen
_SPACES: Final = (0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x85, 0x2028, 0x2029)
_UNFIT: Final[dict[int, str | None]] = {
    **dict.fromkeys((*range(0x20), *range(0x7F, 0xA0), *_BIDI), None),
    **dict.fromkeys(_SPACES, " "),
    **dict.fromkeys(range(0xD800, 0xE000), "\ufffd"),
}


class ReportRefused(ValueError):
    """An event could not be taken; `sentence` says why to the person who reads the log."""

    def __init__(self, pointer: str, problem: str, sentence: str) -> None:
        super().__init__(sentence)
        self.pointer = pointer  # RFC 6901, "" for the event as a whole
        self.problem = problem
        self.sentence = sentence


class Kind(StrEnum):
    """Why the handset spoke."""

    SOS = "sos"  # the red key, and every key nobody has named
    FALL = "fall"  # the handset felt a fall
    SAFETY_ALARM = "safety_alarm"  # smoke, gas, water or a door, passed on by the handset
    INTRUSION = "intrusion"  # somebody is in the home who should not be: nothing may sound
    THREAT = "threat"  # the hidden key, or the duress code: nothing may show that it was used
    LIFE_ASSISTANCE = "life_assistance"  # the green key: meals, repairs, company
    CHECK_IN = "check_in"  # the resident says that all is well
    TEST = "test"  # an installer or the resident tries the key
    CANCEL = "cancel"  # the resident takes the last call back
    POSITION = "position"  # where the handset is
    HEARTBEAT = "heartbeat"  # the handset is alive
    LOW_BATTERY = "low_battery"  # the handset will soon fall silent


CALLS: Final = frozenset(Kind) - {Kind.POSITION, Kind.HEARTBEAT}
"""The kinds that can open or move an incident; the others are tracks."""

CALLS_FOR_HELP: Final = frozenset(
    {
        Kind.SOS,
        Kind.FALL,
        Kind.SAFETY_ALARM,
        Kind.INTRUSION,
        Kind.THREAT,
        Kind.LIFE_ASSISTANCE,
    },
)
"""The kinds that are taken whatever else is wrong with the message."""


class Source(StrEnum):
    """What a position was computed from."""

    SATELLITE = "satellite"  # metres, outdoors
    WIFI = "wifi"  # tens of metres, by known access points
    CELL = "cell"  # hundreds of metres to kilometres, by base stations
    BEACON = "beacon"  # a room, by a Bluetooth beacon
    INSTALLED = "installed"  # the address where the handset was installed
    UNKNOWN = "unknown"  # the handset did not say, or said a word we do not know


# Both are named tuples because one of each is made for every event: five times as fast to make as
# a frozen dataclass, which was a fifth of the handset door's whole work.


class Fix(NamedTuple):
    """One WGS-84 position, with what is known of its worth."""

    lon: float  # degrees, -180 to 180
    lat: float  # degrees, -90 to 90
    accuracy_m: float | None  # radius, more than 0
    source: Source
    at: datetime | None  # aware UTC; the report's own time when the fix names none


class Report(NamedTuple):
    """One event from a handset, fit to be stored and decided on."""

    event_id: str  # 1 to 64 characters
    kind: Kind
    key: str  # the kind as it was sent, "" when it was missing or no text or number
    occurred_at: datetime | None  # aware UTC; None when the device's clock cannot be believed
    device_time: str  # `at` as it was sent: a part of the key that finds duplicates
    fix: Fix | None
    battery_pct: int | None  # 0 to 100
    note: str | None
    problems: tuple[str, ...]  # codes of what was left out or replaced


_KINDS: Final = {str(kind): kind for kind in Kind}
_SOURCES: Final = {str(source): source for source in Source}


def read_report(value: object, *, received_at: datetime, fallback_id: str) -> Report:
    """Return the report that one decoded JSON value stands for.

    `received_at` judges the device's clock. `fallback_id` serves an event without an id: derive
    it from the message, so that a retry of the same message has the same id.

    Raises:
        ReportRefused: the value is no object, or is no call for help and lacks what it is for.
    """
    if not isinstance(value, dict):
        raise ReportRefused("", "not_an_object", "An event must be a JSON object.")
    get = cast("dict[str, object]", value).get
    problems: list[str] = []
    key, kind = _kind(get("kind"))
    if kind is None:
        kind = Kind.SOS
        problems.append("unknown_kind")
    event_id = _event_id(get("event_id"), problems) or fallback_id
    sent_at = get("at")
    occurred_at = moment(sent_at, received_at, BACK_MAX, "clock", problems)
    fix = _fix(get("position"), occurred_at, received_at, problems)
    if fix is None and kind is Kind.POSITION:
        raise _position_refused(problems)
    battery_pct = _battery_pct(get("battery_pct"), problems)
    if kind is Kind.LOW_BATTERY and "battery_unusable" in problems:
        raise ReportRefused(
            "/battery_pct", "battery_unusable", "battery_pct must be a number from 0 to 100."
        )
    return Report(
        event_id=event_id,
        kind=kind,
        key=key,
        occurred_at=occurred_at,
        device_time=_code(sent_at, DEVICE_TIME_CHARS_MAX),
        fix=fix,
        battery_pct=battery_pct,
        note=_note(get("note"), problems),
        problems=tuple(problems),
    )


def is_call_for_help(value: object) -> bool:
    """Tell whether the event must be heard first: cheap, and true whenever in doubt."""
    if not isinstance(value, dict):
        return False  # `read_report` will refuse it
    _, kind = _kind(cast("dict[str, object]", value).get("kind"))
    return kind is None or kind in CALLS_FOR_HELP


def clean(text: str, limit: int) -> str:
    """Return the text as one storable line of at most `limit` characters.

    NUL, control characters and the marks that reverse the direction of writing go; line breaks
    and tabs become spaces; lone surrogates become U+FFFD; the ends are stripped. The cost is
    bounded by `limit`, except for a strip. Safe to repeat.
    """
    text = text.strip()
    if text.isprintable():  # neither controls nor surrogates are
        return text if len(text) <= limit else text[:limit].rstrip()
    return text[: 4 * limit].translate(_UNFIT).strip()[:limit].rstrip()


def moment(
    sent: object,
    received_at: datetime,
    back_max: timedelta,
    name: str,
    problems: list[str],
) -> datetime | None:
    """Return an RFC 3339 time in UTC, None when there is none.

    One that cannot be read, or lies a day ahead or more than `back_max` back, is None too and
    adds `<name>_unreadable` or `<name>_absurd` to `problems`.
    """
    if sent is None:
        return None
    moment = _aware(sent)
    if moment is None:
        problems.append(f"{name}_unreadable")
        return None
    # Compared before it is converted: the first and last day of the calendar overflow.
    age = received_at - moment
    if age > back_max or age < _AGE_MIN or moment.year < YEAR_MIN:
        problems.append(f"{name}_absurd")
        return None
    return moment if moment.tzinfo is UTC else moment.astimezone(UTC)


def _kind(sent: object) -> tuple[str, Kind | None]:
    """Return the kind as sent, cleaned, and its meaning, None when it has none."""
    if type(sent) is str:
        kind = _KINDS.get(sent)
        if kind is not None:
            return sent, kind
    key = _code(sent, KEY_CHARS_MAX)
    return key, _KINDS.get(key.lower().replace("-", "_").replace(" ", "_"))


def _code(sent: object, limit: int) -> str:
    """Return a short text or number as cleaned text, "" for anything else."""
    if isinstance(sent, str):
        return clean(sent, limit)
    return clean(_digits(sent), limit)


def _digits(sent: object) -> str:
    """Return a number as text, "" for anything else; a bool is no number."""
    if type(sent) is int:
        return str(sent) if sent.bit_length() <= _INT_BITS_MAX else hex(sent)
    return repr(sent) if type(sent) is float else ""


def _event_id(sent: object, problems: list[str]) -> str:
    """Return the event's id, "" when it has none.

    An id too long to store keeps its beginning and gains a digest of the whole, so that two
    presses whose ids differ only at the end are not taken for one.
    """
    if type(sent) is int:
        sent = _digits(sent)
    if not isinstance(sent, str):
        problems.append("event_id_missing" if sent is None else "event_id_unusable")
        return ""
    event_id = clean(sent, EVENT_ID_CHARS_MAX + 1)
    if not event_id:
        problems.append("event_id_missing")
    elif len(event_id) > EVENT_ID_CHARS_MAX:
        problems.append("event_id_too_long")
        whole = hashlib.sha256(sent.strip().encode("utf-8", "surrogatepass")).hexdigest()
        event_id = f"{event_id[: EVENT_ID_CHARS_MAX - _DIGEST_CHARS - 1]}~{whole[:_DIGEST_CHARS]}"
    return event_id


def _aware(sent: object) -> datetime | None:
    """Return a time that names its zone, None for anything else."""
    if not isinstance(sent, str):
        return None
    try:
        moment = datetime.fromisoformat(sent.upper())  # RFC 3339 allows a small z
    except ValueError:
        return None
    return None if moment.tzinfo is None else moment


def _fix(
    sent: object,
    occurred_at: datetime | None,
    received_at: datetime,
    problems: list[str],
) -> Fix | None:
    """Return the position, None when there is none or, with a problem, none to be believed."""
    if sent is None:
        return None
    if not isinstance(sent, dict):
        problems.append("position_unusable")
        return None
    get = cast("dict[str, object]", sent).get
    point = _point(get("lon"), get("lat"), problems)
    if point is None:
        return None
    sent_at = get("at")
    return Fix(
        lon=point[0],
        lat=point[1],
        accuracy_m=_accuracy_m(get("accuracy_m"), problems),
        source=_source(get("source"), problems),
        at=(
            occurred_at
            if sent_at is None
            else moment(sent_at, received_at, FIX_BACK_MAX, "position_clock", problems)
        ),
    )


def _point(lon: object, lat: object, problems: list[str]) -> tuple[float, float] | None:
    """Return two plausible degrees, None with a problem otherwise."""
    # By exact type, here and below: JSON true is no number.
    if not ((type(lon) is float or type(lon) is int) and (type(lat) is float or type(lat) is int)):
        problems.append("position_unusable")
        return None
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):  # also false for NaN
        problems.append("position_out_of_range")
        return None
    if lon == 0 and lat == 0:
        problems.append("position_null_island")  # what a receiver without satellites sends
        return None
    return float(lon), float(lat)


def _accuracy_m(sent: object, problems: list[str]) -> float | None:
    if sent is None:
        return None
    if (type(sent) is float or type(sent) is int) and 0 < sent <= ACCURACY_M_MAX:
        return float(sent)
    problems.append("accuracy_unusable")
    return None


def _source(sent: object, problems: list[str]) -> Source:
    if sent is None:
        return Source.UNKNOWN
    source = _SOURCES.get(sent) if isinstance(sent, str) else None
    if source is None:
        problems.append("source_unknown")
        return Source.UNKNOWN
    return source


def _battery_pct(sent: object, problems: list[str]) -> int | None:
    if sent is None:
        return None
    if (type(sent) is int or type(sent) is float) and 0 <= sent <= 100:
        return round(sent)
    problems.append("battery_unusable")
    return None


def _note(sent: object, problems: list[str]) -> str | None:
    if sent is None:
        return None
    if isinstance(sent, str):
        return clean(sent, NOTE_CHARS_MAX) or None
    problems.append("note_unusable")
    return None


def _position_refused(problems: list[str]) -> ReportRefused:
    """Return the refusal of a position event, naming what was wrong with its position."""
    problem = next((each for each in problems if each.startswith("position_")), "position_missing")
    return ReportRefused(
        "/position",
        problem,
        "A position event needs position.lon from -180 to 180 and position.lat from -90 to 90, "
        "as numbers and not both 0.",
    )
