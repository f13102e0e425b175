"""Response plans: what each kind of call asks for, read from TOML and checked before use."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum
from types import MappingProxyType
from typing import Any, Final, cast

from dispatch.areas import Level
from dispatch.calendar import Calendar, read_calendar, read_zone
from dispatch.contact import VOICE, WAYS
from dispatch.errors import EntryRefused, PlanRefused
from dispatch.hours import Rest
from dispatch.plan_lines import Lines

DUE_SHARE: Final = 0.5  # unless the plans say otherwise

SHOW_WITHIN: Final = timedelta(seconds=5)
AT_ONCE: Final = "at_once"  # told with the raising of the call, in parallel to the first offers
ACCEPTED: Final = "accepted"  # told when a caregiver has said yes

SCENE_WITHIN: Final[Mapping[str, timedelta]] = MappingProxyType(
    {
        "could_not_get_in": timedelta(seconds=180),
        "need_second_person": timedelta(seconds=180),
        "need_120": timedelta(seconds=60),
        "wrong_address": timedelta(seconds=60),
        "resident_not_there": timedelta(seconds=300),
    }
)
"""Until when somebody must have acted on a word from the scene, unless [scene] says otherwise."""
CHECK_EVERY: Final = timedelta(seconds=60)  # the movement of whoever comes to a grave call


class Gravity(IntEnum):
    """How grave a kind of call is. Smaller is graver."""

    LIFE_THREAT = 1
    URGENT = 2
    ROUTINE = 3
    SERVICE = 4  # about a device, not a person

    @property
    def is_life_threat(self) -> bool:
        """Whether somebody may die."""
        return self is Gravity.LIFE_THREAT


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """How many are asked at the same time, and of what sort they should be.

    Kinds and skills are a wish: while nobody of that sort can come, the nearest of all is asked.
    """

    at_once: int
    kinds: frozenset[str] = frozenset()  # empty: anybody
    skills: frozenset[str] = frozenset()  # beside those that the kind of call requires


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of the ladder: whom to ask, how many at once, for how long."""

    level: Level
    lasts: timedelta
    asks: tuple[Ask, ...] = ()  # side by side; none on the desk's own steps
    answer_within: timedelta = timedelta(0)

    @property
    def at_once(self) -> int:
        """How many offers are pending at the same time."""
        return sum(ask.at_once for ask in self.asks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tell:
    """A party outside that is told of such a call, beside whoever is asked to come."""

    party: str  # 120, 110, 119, family, property, or another of the installation's
    ack_within: timedelta  # then the next channel is tried, and the desk hears it
    when: str  # at_once, accepted, or a level of the ladder


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Something that must have been done with a call within a time."""

    name: str
    within: timedelta
    warn_before: timedelta | None
    calendar: Calendar | None  # in whose open hours the time is counted; None: all hours

    def ends_after(self, start: datetime, span: timedelta) -> datetime:
        """Return when `span` of this stage's hours has passed since `start`."""
        return self.calendar.after(start, span) if self.calendar else start + span


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a kind of call asks for."""

    kind: str
    gravity: Gravity
    skills: frozenset[str]
    due_within: timedelta  # the resident should have somebody by then
    claim_within: (
        timedelta | None
    )  # an operator must take it by then; None: no desk needed at first
    claim_lasts: timedelta  # a claim with nothing done goes stale after this
    desk_again: timedelta  # between two alerts above the desk
    set_out_within: timedelta
    arrive_grace: timedelta  # beyond the expected travel time
    finish_within: timedelta
    overdue_again: timedelta  # after the first reminder, until the attendance is broken off
    close_within: timedelta  # after the last caregiver is done
    is_closed_by_caregiver: bool  # "helped" closes it; otherwise an operator must
    hold_max: timedelta  # a call on hold sounds again after this at the latest
    ladder: tuple[Step, ...]
    pressing_count: int  # so many presses …
    pressing_within: timedelta  # … in so long, with nobody there, and more is done at once
    cancel_grace: timedelta  # a cancel so soon after the press may undo a slip
    confirm_within: timedelta  # after any cancel, for the desk to telephone the resident
    is_silent: bool = False  # handset and house show and say nothing; consoles sound
    say: tuple[str, ...] = (VOICE,)  # how they speak to a resident who can hear and speak
    divert_saves: timedelta | None = None  # by so much nearer: called away from routine work
    both_go: bool = False  # each ask of a step can be answered by one; otherwise the first yes wins
    show_within: timedelta = SHOW_WITHIN  # then an offer that no screen shows is no question
    tell: tuple[Tell, ...] = ()
    check_every: timedelta | None = None  # between two looks at the movement; None: no looks
    stages: tuple[Stage, ...] = ()

    @property
    def widest(self) -> Step:
        """The widest step that asks caregivers: the search stays there while the desk looks.

        Where only the desk acts it asks nobody, and says how long one asked by hand may think.
        """
        for step in reversed(self.ladder):
            if step.level.is_area:
                return step
        return Step(
            level=Level.DISTRICT, lasts=self.ladder[-1].lasts, answer_within=self.set_out_within
        )

    @property
    def is_desk_only(self) -> bool:
        """Whether the ladder asks no caregiver."""
        return not any(step.level.is_area for step in self.ladder)

    def asks_at(self, step: int) -> bool:
        """Whether caregivers are asked at this step: not while the desk telephones first."""
        return any(one.level.is_area for one in self.ladder[: step + 1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Classes:
    """Whose routine calls are urgent, because they cannot help themselves or are alone."""

    raised_for: frozenset[str] = frozenset()  # as "dependent", "partly+alone", "alone"
    due_share: float = DUE_SHARE  # of the plan's time, within which a raised call is due

    def raises(self, gravity: Gravity, ability: str, *, lives_alone: bool) -> bool:
        """Whether a call of this gravity is urgent for somebody like that.

        None becomes a threat to life by this, and a call about a device stays one.
        """
        words = {ability, f"{ability}+alone", "alone"} if lives_alone else {ability}
        return gravity is Gravity.ROUTINE and not words.isdisjoint(self.raised_for)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckIn:
    """How long somebody at home may be silent, by how much they can do alone."""

    periods: Mapping[str, timedelta]  # by ability; one that is missing may be silent for ever
    alone_factor: float  # of the period, for those who live alone


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanBook:
    """All plans of one version."""

    version: str
    text: str  # the TOML as written
    plans: Mapping[str, Plan]
    rest: Rest | None = None  # None: nobody must rest
    classes: Classes = Classes()
    scene: Mapping[str, timedelta] = field(default_factory=lambda: SCENE_WITHIN)  # by the word
    check_in: CheckIn | None = None  # None: nobody waits for a sign of life

    def of(self, kind: str) -> Plan:
        """Return the plan of a kind; an unknown kind is a call for help."""
        return self.plans.get(kind) or self.plans["sos"]


_ABILITIES: Final = ("self_caring", "partly", "dependent")
KINDS_REQUIRED: Final = ("sos", "fall", "safety_alarm", "life_assistance", "low_battery")
DESK_KINDS: Final = ("care_review", "missed_check_in", "follow_up", "no_contact")
"""What the control room raises by itself. No press is folded into it, and it may begin with a
step at the desk: nobody has called yet who waits for somebody to come."""
KINDS_KNOWN: Final = (*KINDS_REQUIRED, "intrusion", "threat", *DESK_KINDS)
"""What handsets and the desk call by; a house that has more names them in `own_kinds`."""
_FILE: Final = (
    *("version", "zone", "own_kinds", "kinds", "calendars", "check_in"),
    *("classes", "rest", "scene"),
)
REPORT: Final = "report"  # an operator has it
REGISTER: Final = "register"  # it was written down what is the matter
FACE_TO_FACE: Final = "face_to_face"  # somebody has seen the resident
STAGES: Final = (REPORT, REGISTER, FACE_TO_FACE)
ZONE: Final = "Asia/Shanghai"  # unless the file names another
_PERIODS: Final = ("self_caring_s", "partly_s", "dependent_s")  # by ability
_SECONDS: Final = (
    "due_within_s",
    "claim_lasts_s",
    "desk_again_s",
    "set_out_within_s",
    "arrive_grace_s",
    "finish_within_s",
    "overdue_again_s",
    "close_within_s",
)
_STEP: Final = ("level", "lasts_s", "at_once", "asks", "answer_within_s")
_RAISED_FOR: Final = (*_ABILITIES, *(f"{one}+alone" for one in _ABILITIES), "alone")
_SECONDS_OR: Final[Mapping[str, int]] = MappingProxyType(
    {"pressing_within_s": 300, "cancel_grace_s": 30, "confirm_within_s": 120}
)  # or so many
_OTHERS: Final = (
    "gravity",
    "skills",
    "claim_within_s",
    "closed_by",
    "hold_max_s",
    "ladder",
    "pressing_count",
    "silent",
    "say",
    "both_go",
    "show_within_s",
    "tell",
    "check_every_s",
    "divert_saves_s",
    "stages",
)
_HOLD_MAX: Final = timedelta(hours=1)
_HOLD_MAX_LIFE_THREAT: Final = timedelta(minutes=5)
CAREGIVER_KINDS: Final = (
    "grid_worker",
    "community_nurse",
    "home_service",
    "volunteer",
    "neighbour",  # of the house or the stairway, often its head
    "property_office",
    "family",
)
AT_ONCE_MAX: Final = 20  # offers of one step
_PARTY: Final = re.compile(r"[A-Za-z0-9_-]{1,32}")


def read_plans(text: str, *, file: str = "", is_new: bool = False) -> PlanBook:
    """Return the plans written in `text`; `file` is its name, for the message.

    What is new is held to more than what is on record: it must not name a kind or an entry that
    nobody uses, since that is a slip of the pen.

    Raises:
        PlanRefused: the TOML is broken, or a table misses or misstates something; the message
            names the file, the table and, where it is known, the line of the entry.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        why = f"is not TOML: {error}"
        raise PlanRefused("file", _line_of_error(error), why, file) from error
    reader = _Reader(text, file, is_new=is_new)
    version = document.get("version")
    if not isinstance(version, str) or not version:
        raise reader.refused("file", "needs a version, as text", "version")
    kinds = document.get("kinds")
    if not isinstance(kinds, dict):
        raise reader.refused("file", "needs a table [kinds.NAME] for each kind of call", "kinds")
    tables = cast("dict[str, object]", kinds)
    missing = [kind for kind in KINDS_REQUIRED if kind not in tables]
    if missing:
        raise reader.refused("kinds", f"misses {', '.join(missing)}")
    if is_new:
        reader.check_names(document, tables)
    reader.read_calendars(document)
    plans = {kind: reader.plan(kind, table) for kind, table in tables.items()}
    return PlanBook(
        version=version,
        text=text,
        plans=MappingProxyType(plans),
        rest=reader.rest(document["rest"]) if "rest" in document else None,
        classes=reader.classes(document.get("classes", {})),
        scene=reader.scene(document.get("scene", {})),
        check_in=reader.check_in(document.get("check_in"), plans),
    )


def _line_of_error(error: tomllib.TOMLDecodeError) -> int | None:
    _, _, tail = str(error).rpartition("at line ")
    digits = tail.split(" ", 1)[0].rstrip(",")
    return int(digits) if digits.isdigit() else None


class _Reader:
    """Reads tables and knows on which line each begins."""

    def __init__(self, text: str, file: str, *, is_new: bool) -> None:
        self._lines = Lines(text)
        self._file = file
        self._is_new = is_new
        self._calendars: dict[str, Calendar] = {}

    def check_names(self, document: Mapping[str, Any], kinds: Mapping[str, object]) -> None:
        """Refuse what nothing reads: an entry of the file, or a kind that nobody calls by."""
        for name in document:
            if name not in _FILE:
                table = name if isinstance(document[name], dict) else "file"
                raise self.refused(table, f"has an unknown entry {name}", name)
        own: object = document.get("own_kinds", [])
        if not isinstance(own, list):
            raise self.refused("file", "own_kinds is not a list of words", "own_kinds")
        for kind in kinds:
            if kind not in KINDS_KNOWN and kind not in own:
                why = "is a kind that no handset and no desk uses: mend it, or name it in own_kinds"
                raise self.refused(f"kinds.{kind}", why)

    def read_calendars(self, document: Mapping[str, Any]) -> None:
        """Read the file's zone and calendars, by which the kinds' stages are counted."""
        try:
            zone = read_zone(document.get("zone", ZONE))
        except EntryRefused as error:
            raise self.refused("file", error.why, error.entry) from error
        for name, entry in self._table("calendars", document.get("calendars", {})).items():
            where = f"calendars.{name}"
            if name == "always":
                raise self.refused(where, "is what all hours are called: take another name")
            try:
                self._calendars[name] = read_calendar(self._table(where, entry), zone)
            except EntryRefused as error:
                raise self.refused(where, error.why, error.entry) from error

    def plan(self, kind: str, entry: object) -> Plan:
        where = f"kinds.{kind}"
        table = self._table(where, entry)
        self._known(where, table, (*_SECONDS, *_SECONDS_OR, *_OTHERS))
        spans = {name[:-2]: self._span(where, table, name) for name in _SECONDS}
        for name, default in _SECONDS_OR.items():
            spans[name[:-2]] = self._span(where, {name: default, **table}, name)
        claim = self._span(where, table, "claim_within_s") if "claim_within_s" in table else None
        diverts = self._span(where, table, "divert_saves_s") if "divert_saves_s" in table else None
        skills = self._words(where, table, "skills")
        closed_by: object = table.get("closed_by", "operator")
        if closed_by not in ("operator", "caregiver"):
            raise self.refused(where, "closed_by is neither operator nor caregiver", "closed_by")
        gravity = self._gravity(where, table.get("gravity"))
        if claim is None and gravity <= Gravity.URGENT:
            raise self.refused(where, "misses claim_within_s, which a grave call needs")
        hold_max = _HOLD_MAX_LIFE_THREAT if gravity.is_life_threat else _HOLD_MAX
        if "hold_max_s" in table:
            hold_max = self._span(where, table, "hold_max_s")
        if diverts is not None and not gravity.is_life_threat:
            raise self.refused(where, "has divert_saves_s, but is no threat to life")
        return Plan(
            kind=kind,
            gravity=gravity,
            skills=skills,
            claim_within=claim,
            is_closed_by_caregiver=closed_by == "caregiver",
            hold_max=hold_max,
            ladder=self._ladder(where, table.get("ladder"), kind, gravity),
            pressing_count=self._number(where, table, "pressing_count", 3, range(2, 21)),
            is_silent=self._yes_no(where, table, "silent"),
            say=self._say(where, table.get("say", [VOICE])),
            both_go=self._yes_no(where, table, "both_go"),
            show_within=self._show_within(where, table),
            tell=self._tell(where, table.get("tell", [])),
            check_every=self._check_every(where, table, gravity),
            divert_saves=diverts,
            stages=self._stages(where, table.get("stages", [])),
            **spans,
        )

    def rest(self, entry: object) -> Rest:
        table = self._table("rest", entry)
        self._known("rest", table, ("on_duty_max_s", "rest_min_s"))
        return Rest(
            on_duty_max=self._span("rest", table, "on_duty_max_s"),
            rest_min=self._span("rest", table, "rest_min_s"),
        )

    def classes(self, entry: object) -> Classes:
        table = self._table("classes", entry)
        self._known("classes", table, ("raised_for", "due_share"))
        words: object = table.get("raised_for", [])
        if not isinstance(words, list) or not all(
            word in _RAISED_FOR for word in cast("list[object]", words)
        ):
            raise self.refused(
                "classes", f"raised_for is not a list of words of {', '.join(_RAISED_FOR)}"
            )
        share: object = table.get("due_share", DUE_SHARE)
        if not isinstance(share, int | float) or isinstance(share, bool) or not 0 < share <= 1:
            raise self.refused("classes", "due_share is not a number above 0, up to 1")
        return Classes(raised_for=frozenset(cast("list[str]", words)), due_share=share)

    def _known(self, where: str, table: Mapping[str, Any], names: tuple[str, ...]) -> None:
        unknown = sorted(set(table) - set(names))
        if unknown:
            raise self.refused(where, f"has an unknown entry {unknown[0]}", unknown[0])

    def scene(self, entry: object) -> Mapping[str, timedelta]:
        """Return until when somebody must have acted on each word from the scene."""
        table = self._table("scene", entry)
        names = {f"{word}_s": word for word in SCENE_WITHIN}
        self._known("scene", table, tuple(names))
        written = {names[name]: self._span("scene", table, name) for name in table}
        return MappingProxyType({**SCENE_WITHIN, **written})

    def _check_every(
        self, where: str, table: Mapping[str, Any], gravity: Gravity
    ) -> timedelta | None:
        if "check_every_s" not in table:
            return CHECK_EVERY if gravity <= Gravity.URGENT else None
        if table["check_every_s"] == 0:
            return None
        return self._span(where, table, "check_every_s")

    def _gravity(self, where: str, word: object) -> Gravity:
        for gravity in Gravity:
            if gravity.name.lower() == word:
                return gravity
        words = ", ".join(gravity.name.lower() for gravity in Gravity)
        raise self.refused(where, f"gravity {word!r} is none of {words}", "gravity")

    def _ladder(self, where: str, rows: object, kind: str, gravity: Gravity) -> tuple[Step, ...]:
        if not isinstance(rows, list) or not rows:
            raise self.refused(where, "needs a ladder", "ladder")
        ladder = tuple(
            self._step(f"{where}/ladder/{index}", row)
            for index, row in enumerate(cast("list[object]", rows))
        )
        is_desk_only = not any(step.level.is_area for step in ladder)
        is_desk_first = ladder[0].level is Level.OPERATOR and kind in DESK_KINDS
        rising = ladder[1:] if is_desk_first and not is_desk_only else ladder
        order = [list(Level).index(step.level) for step in rising]
        if order != sorted(set(order)):
            raise self.refused(where, "has a ladder that does not rise from step to step", "ladder")
        if not rising[0].level.is_area and gravity is not Gravity.SERVICE:
            raise self.refused(where, "has a ladder that asks no caregiver", "ladder")
        if ladder[-1].level.is_area:
            raise self.refused(
                where, "has a ladder that ends without operator or supervisor", "ladder"
            )
        if all(step.level is not Level.OPERATOR for step in ladder):
            raise self.refused(where, "has a ladder that passes over the operator", "ladder")
        return ladder

    def _step(self, where: str, entry: object) -> Step:
        row = self._table(where, entry)
        unknown = sorted(set(row) - set(_STEP))
        if unknown and self._is_new:
            raise self.refused(where, f"has a step with an unknown entry {unknown[0]}", unknown[0])
        if row.get("level") not in list(Level):
            raise self.refused(where, f"has a step whose level is none of {', '.join(Level)}")
        level = Level(row["level"])
        lasts = self._span(where, row, "lasts_s")
        if not level.is_area:
            return Step(level=level, lasts=lasts)
        asks = self._asks(where, row)
        within = self._span(where, row, "answer_within_s")
        return Step(level=level, lasts=lasts, asks=asks, answer_within=within)

    def _asks(self, where: str, row: Mapping[str, Any]) -> tuple[Ask, ...]:
        """Return the asks of a step; `at_once = n` is one ask for anybody."""
        if "asks" not in row:
            return (Ask(at_once=self._at_once(where, row)),)
        rows: object = row["asks"]
        if "at_once" in row:
            raise self.refused(where, "has a step with both at_once and asks")
        if not isinstance(rows, list) or not rows:
            raise self.refused(where, "has a step whose asks are not a list of tables")
        asks = tuple(self._ask(where, one) for one in cast("list[object]", rows))
        if sum(ask.at_once for ask in asks) > AT_ONCE_MAX:
            raise self.refused(where, f"has a step that asks more than {AT_ONCE_MAX} at once")
        return asks

    def _ask(self, where: str, entry: object) -> Ask:
        row = self._table(where, entry)
        unknown = sorted(set(row) - {"kinds", "skills", "at_once"})
        if unknown:
            raise self.refused(where, f"has an ask with an unknown entry {unknown[0]}")
        kinds = self._words(where, row, "kinds")
        strange = sorted(kinds - set(CAREGIVER_KINDS))
        if strange:
            words = ", ".join(CAREGIVER_KINDS)
            raise self.refused(where, f"asks the kind {strange[0]}, which is none of {words}")
        return Ask(
            at_once=self._at_once(where, row),
            kinds=kinds,
            skills=self._words(where, row, "skills"),
        )

    def _at_once(self, where: str, row: Mapping[str, Any]) -> int:
        return self._number(where, row, "at_once", 1, range(1, AT_ONCE_MAX + 1))

    def _words(self, where: str, table: Mapping[str, Any], name: str) -> frozenset[str]:
        words: object = table.get(name, [])
        if not isinstance(words, list) or not all(
            isinstance(word, str) for word in cast("list[object]", words)
        ):
            raise self.refused(where, f"{name} is not a list of words", name)
        return frozenset(cast("list[str]", words))

    def _show_within(self, where: str, table: Mapping[str, Any]) -> timedelta:
        if "show_within_s" not in table:
            return SHOW_WITHIN
        return self._span(where, table, "show_within_s")

    def _tell(self, where: str, rows: object) -> tuple[Tell, ...]:
        if not isinstance(rows, list):
            raise self.refused(where, "tell is not a list of tables")
        told = tuple(self._party(where, row) for row in cast("list[object]", rows))
        if len({one.party for one in told}) < len(told):
            raise self.refused(where, "tells the same party twice")
        return told

    def _party(self, where: str, entry: object) -> Tell:
        row = self._table(where, entry)
        unknown = sorted(set(row) - {"party", "ack_within_s", "when"})
        if unknown:
            raise self.refused(where, f"tells a party with an unknown entry {unknown[0]}")
        party, when = row.get("party"), row.get("when", AT_ONCE)
        if not isinstance(party, str) or not _PARTY.fullmatch(party):
            raise self.refused(where, "tells a party that has no plain word for a name")
        if when not in (AT_ONCE, ACCEPTED, *Level):
            raise self.refused(where, f"tells {party} when it is none of at_once, accepted, LEVEL")
        return Tell(party=party, ack_within=self._span(where, row, "ack_within_s"), when=when)

    def _table(self, where: str, entry: object) -> dict[str, Any]:
        if not isinstance(entry, dict):
            raise self.refused(where, "is not a table")
        return cast("dict[str, Any]", entry)

    def check_in(self, entry: object, plans: Mapping[str, Plan]) -> CheckIn | None:
        if entry is None:
            return None
        where = "check_in"
        table = self._table(where, entry)
        unknown = sorted(set(table) - {*_PERIODS, "alone_factor"})
        if unknown:
            raise self.refused(where, f"has an unknown entry {unknown[0]}", unknown[0])
        if "missed_check_in" not in plans:
            raise self.refused(where, "needs a kind missed_check_in")
        factor: object = table.get("alone_factor", 1.0)
        if (
            not isinstance(factor, int | float)
            or isinstance(factor, bool)
            or not 0.01 <= factor <= 1
        ):
            raise self.refused(where, "alone_factor is not a number from 0.01 to 1", "alone_factor")
        spans = {name[:-2]: self._span(where, table, name) for name in _PERIODS if name in table}
        return CheckIn(periods=MappingProxyType(spans), alone_factor=factor)

    def _stages(self, where: str, rows: object) -> tuple[Stage, ...]:
        if not isinstance(rows, list):
            raise self.refused(where, "stages is not a list of tables", "stages")
        stages = tuple(
            self._stage(f"{where}/stages/{index}", row)
            for index, row in enumerate(cast("list[object]", rows))
        )
        if len({stage.name for stage in stages}) != len(stages):
            raise self.refused(where, "names a stage twice", "stages")
        return stages

    def _stage(self, where: str, entry: object) -> Stage:
        row = self._table(where, entry)
        unknown = sorted(set(row) - {"name", "within_s", "warn_before_s", "calendar"})
        if unknown:
            raise self.refused(where, f"has a stage with an unknown entry {unknown[0]}", unknown[0])
        if row.get("name") not in STAGES:
            raise self.refused(where, f"has a stage whose name is none of {', '.join(STAGES)}")
        within = self._span(where, row, "within_s")
        warn = self._span(where, row, "warn_before_s") if "warn_before_s" in row else None
        if warn is not None and warn >= within:
            raise self.refused(where, "has a stage whose warn_before_s is not before its end")
        calendar: object = row.get("calendar", "always")
        open_in = self._calendars.get(calendar) if isinstance(calendar, str) else None
        if open_in is None and calendar != "always":
            raise self.refused(where, f"has a stage whose calendar {calendar!r} is not there")
        return Stage(name=row["name"], within=within, warn_before=warn, calendar=open_in)

    def _yes_no(self, where: str, table: Mapping[str, Any], name: str) -> bool:
        value: object = table.get(name, False)
        if not isinstance(value, bool):
            raise self.refused(where, f"{name} is neither true nor false", name)
        return value

    def _say(self, where: str, words: object) -> tuple[str, ...]:
        if not isinstance(words, list) or not all(
            word in WAYS for word in cast("list[object]", words)
        ):
            raise self.refused(where, f"say is not a list of words of {', '.join(WAYS)}", "say")
        return tuple(cast("list[str]", words))

    def _number(
        self, where: str, table: Mapping[str, Any], name: str, default: int, allowed: range
    ) -> int:
        value: object = table.get(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or value not in allowed:
            first, last = allowed[0], allowed[-1]
            raise self.refused(where, f"{name} is not a number from {first} to {last}", name)
        return value

    def _span(self, where: str, table: Mapping[str, Any], name: str) -> timedelta:
        value = table.get(name)
        if value is None:
            raise self.refused(where, f"misses {name}")
        if (
            not isinstance(value, int | float)
            or isinstance(value, bool)
            or not 1 <= value < 864_000
        ):
            why = f"{name} is not a number of seconds from 1 to ten days"
            raise self.refused(where, why, name)
        return timedelta(seconds=value)

    def refused(self, where: str, why: str, entry: str = "") -> PlanRefused:
        """Return the refusal of a table, or of a row as "kinds.sos/ladder/2", with its line."""
        table, _, row = where.partition("/")
        return PlanRefused(table, self._lines.of(table, row, entry), why, self._file)
