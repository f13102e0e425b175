"""A small town on which stories are played: areas, people, a clock that only the story moves.

`World.do` is what the center does: decide, fold, pursue until nothing follows. `pass_time` lets
deadlines fire in their order. Nothing here knows a rule.
"""

# People and things go by plain words here.
# pyright: reportArgumentType=false

from datetime import UTC, datetime, timedelta
from math import cos, radians

from dispatch import facts as f
from dispatch import requests as r
from dispatch.areas import Level
from dispatch.book import Book
from dispatch.decide import decide
from dispatch.errors import DispatchError
from dispatch.evolve import evolve
from dispatch.ladder import pursue
from dispatch.place import METRES_PER_DEGREE, Place

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LON, LAT = 113.0, 28.2  # where the resident of most stories lives
FOLLOW_UPS_MAX = 1_000  # a decision that is never finished is a fault, not a wait

AREAS = (
    ("district", None, "district"),
    ("street-1", "district", "street"),
    ("street-2", "district", "street"),
    ("community-1", "street-1", "community"),
    ("community-2", "street-1", "community"),
    ("community-3", "street-2", "community"),
    ("grid-1", "community-1", "grid"),  # the resident lives here
    ("grid-2", "community-1", "grid"),
    ("grid-3", "community-2", "grid"),
    ("grid-4", "community-3", "grid"),
)

_TIMES = """
due_within_s = {due}
claim_lasts_s = 900
desk_again_s = 60
set_out_within_s = 90
arrive_grace_s = 300
finish_within_s = 3600
overdue_again_s = 60
close_within_s = 1800
show_within_s = 600  # most stories are about answers: the screen of every telephone is on
"""
_WIDE = """
claim_within_s = 60
ladder = [
  { level = "district", at_once = 2, answer_within_s = 20, lasts_s = 80 },
  { level = "operator", lasts_s = 60 },
  { level = "supervisor", lasts_s = 60 },
]
"""
_CLIMBING = """
ladder = [
  { level = "grid", at_once = 1, answer_within_s = 60, lasts_s = 120 },
  { level = "community", at_once = 1, answer_within_s = 60, lasts_s = 180 },
  { level = "street", at_once = 1, answer_within_s = 60, lasts_s = 240 },
  { level = "district", at_once = 2, answer_within_s = 60, lasts_s = 300 },
  { level = "operator", lasts_s = 600 },
  { level = "supervisor", lasts_s = 900 },
]
"""


def kind(name, gravity, due, rest):
    return f'[kinds.{name}]\ngravity = "{gravity}"\n' + _TIMES.format(due=due) + rest + "\n"


PLANS = 'version = "test"\nown_kinds = ["wound"]\n' + "".join(
    (
        kind("sos", "life_threat", 600, _WIDE),
        kind("fall", "life_threat", 600, _WIDE),
        kind("safety_alarm", "urgent", 900, _WIDE),
        kind(
            "life_assistance",
            "routine",
            3600,
            'closed_by = "caregiver"\nclaim_within_s = 600' + _CLIMBING,
        ),
        kind("low_battery", "service", 86_400, 'closed_by = "caregiver"' + _CLIMBING),
        kind("wound", "life_threat", 600, 'skills = ["nurse"]' + _WIDE),
    )
)


def seconds(number):
    return timedelta(seconds=number)


def minutes(number):
    return timedelta(minutes=number)


def days(number):
    return timedelta(days=number)


def east(metres, **more):
    """Return a place so many metres east of the resident's home."""
    return Place(lon=LON + metres / (METRES_PER_DEGREE * cos(radians(LAT))), lat=LAT, **more)


def kinds_of(facts):
    return [type(fact).__name__ for fact in facts]


class World:
    """One town with one resident, Mrs Li, and her handset; caregivers are added by the story."""

    def __init__(self, *, operators=("ann",), plans=PLANS):
        self.now = NOON
        self.book = Book()
        self.facts = []
        self.asked_for = 0  # event ids handed out
        areas = [
            f.AreaDefined(
                at=self.now,
                area_id=area_id,
                parent_id=parent_id,
                level=Level(level),
                name=area_id,
                centre=(LON, LAT),
                ring=(),
            )
            for area_id, parent_id, level in AREAS
        ]
        self.register(f.PlanAdopted(at=self.now, version="test", text=plans), *areas)
        self.resident("li")
        self.handset("key", "li")
        for operator in operators:
            self.sit_down(operator)

    # Moving on

    def do(self, request):
        """Answer one request as the center does; return every fact that came of it."""
        facts = decide(self.book, request, self.now)
        done = []
        for _ in range(FOLLOW_UPS_MAX):
            if not facts:
                self.facts += done
                return done
            self._fold(facts)
            done += facts
            facts = pursue(self.book, self.now)
        raise AssertionError(f"no end of following up {request}")

    def _fold(self, facts):
        try:
            for fact in facts:
                evolve(self.book, fact)
        except DispatchError as error:  # a refusal belongs into decide, before anything changed
            raise AssertionError(f"decided, but cannot be folded: {error}") from error

    def pass_time(self, span):
        """Let the clock run; deadlines fire in order, each at its time."""
        end = self.now + span
        done = []
        while (deadline := self.book.next_deadline()) is not None and deadline.due_at <= end:
            self.now = max(self.now, deadline.due_at)
            done += self.lapse(deadline)
        self.now = end
        return done

    def lapse(self, deadline):
        return self.do(
            r.Lapse(kind=deadline.kind, subject_id=deadline.subject_id, due_at=deadline.due_at)
        )

    def replayed(self):
        """Return a fresh book into which all facts so far were folded."""
        book = Book()
        for fact in self.facts:
            evolve(book, fact)
        return book

    def start_after(self, span):
        """Stop the center, start it again so much later, and let what lapsed meanwhile fire."""
        self.now += span
        self.book = self.replayed()
        done = self.do(r.Start())
        while (deadline := self.book.next_deadline()) is not None and deadline.due_at <= self.now:
            done += self.lapse(deadline)
        return done

    # People and things

    def register(self, *facts):
        return self.do(r.Register(facts=facts))

    def resident(self, name, **changes):
        known = {
            "area_id": "grid-1",
            "state": "home",
            "category": "elder",
            "ability": "partly",
            "lives_alone": True,
            "language": "zh",
            "communication": "voice",
            "home_is_pinned": True,
            "home": east(0),
        }
        return self.register(
            f.ResidentRegistered(at=self.now, resident_id=name, **{**known, **changes})
        )

    def zone(self, area, zone):
        """Let the clocks of an area show the time of `zone`."""
        known = self.book.territory.areas[area]
        return self.register(
            f.AreaDefined(
                at=self.now,
                area_id=area,
                parent_id=known.parent_id,
                level=known.level,
                name=known.name,
                centre=known.centre,
                ring=(),
                zone=zone,
            )
        )

    def handset(self, name, resident):
        return self.register(
            f.HandsetPaired(at=self.now, handset_id=name, resident_id=resident, model="demo")
        )

    def caregiver(self, name, metres=0.0, *, is_on_duty=True, **changes):
        """Enrol a caregiver whose station lies so many metres east of Mrs Li."""
        known = {
            "kind": "grid_worker",
            "skills": (),
            "languages": ("zh",),
            "area_id": "grid-1",
            "speed_kmh": 15.0,
            "is_active": True,
            "station": east(metres),
        }
        done = self.register(
            f.CaregiverEnrolled(at=self.now, caregiver_id=name, **{**known, **changes})
        )
        return done + (self.duty(name) if is_on_duty else [])

    def duty(self, name, *, is_on=True):
        return self.do(r.Duty(caregiver_id=name, is_on=is_on))

    def sight(self, name, metres):
        return self.book.roster.sight(name, east(metres, at=self.now, source="satellite"))

    def sit_down(self, name, *, is_supervisor=False, areas=("*",)):
        return self.do(
            r.Desk(operator_id=name, is_present=True, is_supervisor=is_supervisor, areas=areas)
        )

    def leave(self, name):
        return self.do(r.Desk(operator_id=name, is_present=False))

    # What the resident does

    def event(self, kind="sos", *, device_time=""):
        self.asked_for += 1
        return f.EventKey(event_id=str(self.asked_for), kind=kind, device_time=device_time)

    def press(self, kind="sos", *, handset="key", events=None, **more):
        events = events or (self.event(kind),)
        return self.do(r.HandsetCalled(handset_id=handset, kind=kind, events=events, **more))

    # What caregivers do

    def offer_to(self, name):
        """Return the pending offer of this caregiver; fails when there is none."""
        offer_id = self.book.roster.of(name).offer
        assert offer_id is not None, f"nobody asked {name}"
        return self.book.offers[offer_id]

    def answer(self, name, answer, *, offer=None, reason=""):
        offer = offer or self.offer_to(name)
        return self.do(
            r.OfferAnswer(offer_id=offer.id, caregiver_id=name, answer=answer, reason=reason)
        )

    def accept(self, name, *, offer=None):
        return self.answer(name, "accept", offer=offer)

    def decline(self, name, *, offer=None):
        return self.answer(name, "decline", offer=offer)

    def step(self, name, step, outcome="", *, attendance=None):
        attendance = attendance or self.book.roster.of(name).work
        return self.do(
            r.AttendanceStep(
                attendance_id=attendance, caregiver_id=name, step=step, outcome=outcome
            )
        )

    def say(self, name, what, *, attendance=None):
        """Say a word from the scene."""
        attendance = attendance or self.book.roster.of(name).work
        return self.do(r.SceneReport(attendance_id=attendance, caregiver_id=name, what=what))

    def say_still_coming(self, name, is_coming=True, *, attendance=None):
        attendance = attendance or self.book.roster.of(name).work
        return self.do(
            r.StillComing(attendance_id=attendance, caregiver_id=name, is_coming=is_coming)
        )

    def finish(self, name, outcome):
        """Travel, arrive and end with this outcome."""
        self.step(name, "en_route")
        self.step(name, "on_scene")
        return self.step(name, "done", outcome)

    # What the desk does

    def claim(self, name, incident=None, **more):
        incident = incident or self.incident.id
        return self.do(r.Claim(incident_id=incident, operator_id=name, **more))

    def release(self, name):
        return self.do(r.Release(incident_id=self.incident.id, operator_id=name))

    def close(self, name, incident=None, disposition="helped"):
        incident = incident or self.incident.id
        return self.do(r.Close(incident_id=incident, operator_id=name, disposition=disposition))

    def send(self, operator, caregiver, reason="knows her"):
        return self.do(
            r.OfferTo(
                incident_id=self.incident.id,
                operator_id=operator,
                caregiver_id=caregiver,
                reason=reason,
            )
        )

    def correct(self, operator, metres, *, area=None, note=""):
        """Tell that the resident is so many metres east of the usual home."""
        return self.do(
            r.CorrectPlace(
                incident_id=self.incident.id,
                operator_id=operator,
                place=east(metres, source="pinned"),
                area_id=area,
                note=note,
            )
        )

    def telephone(self, operator="ann", kind="sos", **more):
        return self.do(r.Telephoned(operator_id=operator, kind=kind, **more))

    # Looking

    @property
    def incident(self):
        """The only open incident; fails when there is none or more than one."""
        (only,) = self.book.incidents.values()
        return only

    @property
    def asked(self):
        """Who is being asked now, in the order of the offers."""
        return [one.caregiver_id for one in self.book.offers.values() if one.is_pending]

    @property
    def coming(self):
        return [one.caregiver_id for one in self.book.attendances.values() if one.state.is_active]


def state_of(book):
    """Return what must be the same after a replay: the state, not the indexes."""
    return {
        "last_at": book.last_at,
        "incident_count": book.incident_count,
        "plan_books": book.plan_books,
        "plan_version": book.plan_version,
        "areas": book.territory.areas,
        "officers": book.officers,
        "channels": book.channels,
        "residents": book.residents,
        "handsets": book.handsets,
        "caregivers": book.roster.everybody(),
        "desk": book.desk,
        "handovers": book.handovers,
        "overload": book.overload,
        "back_since": book.back_since,
        "round_count": book.round_count,
        "rounds": book.rounds,
        "incidents": book.incidents,
        "closed": list(book.closed.items()),
        "offers": book.offers,
        "attendances": book.attendances,
        "heard": book.heard,
        "habits": book.habits,
        "check_ins": book.check_ins,
    }
