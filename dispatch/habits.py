"""How often a resident calls, by their own measure: as often as always, or clearly more.

The measure is a weighted mean of calls a day over whole days, counted from the first call known.
A day counts half as much a fortnight later, and the running day does not count at all, so that a
bad night is compared with the time before it. It tells the desk something; it closes nothing.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from dispatch.facts import IncidentRaised
from dispatch.ids import OperatorId
from dispatch.plans import DESK_KINDS, Gravity

HALF_LIFE_DAYS: Final = 14
HABITUAL_A_DAY: Final = 1.0  # calls, over at least HALF_LIFE_DAYS …
HABITUAL_SHARE: Final = 0.5  # … and on so many of the days: one bad day makes no habit
UNUSUAL_TIMES: Final = 3  # more than so many times the own measure within a day …
UNUSUAL_CALLS: Final = 3  # … and more than so many calls
REVIEW_EVERY: Final = timedelta(days=30)
FIRST_FOR: Final = timedelta(seconds=15)  # that the operator who knows the caller comes first

_DAY: Final = timedelta(days=1)
_KEPT: Final = 0.5 ** (1 / HALF_LIFE_DAYS)  # of a day's weight, a day later
_RECENT_MAX: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """What is known of how often one resident calls."""

    since: datetime  # the first call known
    day_from: datetime  # when the running day began
    day_calls: int = 0  # in the running day
    rate: float = 0.0  # weighted sum of calls in the whole days before
    share: float = 0.0  # weighted sum of the whole days with a call
    recent: tuple[datetime, ...] = ()  # the latest calls, those of a day
    last_operator: OperatorId | None = None  # who had a call of theirs last
    reviewed_at: datetime | None = None  # when a care review was last asked for

    def a_day(self) -> float:
        """Return calls a day, over the whole days before the running one."""
        return self.rate / self._weight() if self.day_from > self.since else 0.0

    def is_habitual(self) -> bool:
        """Whether calling every day is this resident's habit, for a fortnight at least."""
        if self.day_from - self.since < HALF_LIFE_DAYS * _DAY:
            return False
        return self.a_day() >= HABITUAL_A_DAY and self.share / self._weight() >= HABITUAL_SHARE

    def _weight(self) -> float:
        days = (self.day_from - self.since) // _DAY
        return 1 - _KEPT**days


def is_own_call(fact: IncidentRaised) -> bool:
    """Whether a person called, or was called for: no device, and not the control room."""
    return fact.kind not in DESK_KINDS and fact.gravity is not Gravity.SERVICE


def called(habit: Habit | None, at: datetime) -> Habit:
    """Return the habit with one more call, at `at`; never before the call before it."""
    habit = _on(habit, at) if habit else Habit(since=at, day_from=at)
    recent = tuple(one for one in habit.recent if at - one < _DAY)
    return replace(habit, day_calls=habit.day_calls + 1, recent=(*recent, at)[-_RECENT_MAX:])


def usual(habit: Habit) -> str:
    """Return how the latest call fits the resident's own measure.

    "unusual": clearly more within a day than they are wont to call, a sign of trouble;
    "habitual": they call every day, and today not clearly more; "": neither.
    """
    calls = len(habit.recent)
    if calls > UNUSUAL_CALLS and calls > UNUSUAL_TIMES * habit.a_day():
        return "unusual"
    return "habitual" if habit.is_habitual() else ""


def wants_review(habit: Habit, now: datetime) -> bool:
    """Whether somebody should look at what this resident lacks: once in thirty days."""
    is_due = habit.reviewed_at is None or now - habit.reviewed_at >= REVIEW_EVERY
    return is_due and habit.is_habitual()


def _on(habit: Habit, at: datetime) -> Habit:
    """Return the habit with the running day closed, and empty days after it, until `at`."""
    days = (at - habit.day_from) // _DAY
    if days <= 0:
        return habit
    kept = _KEPT ** (days - 1)
    return replace(
        habit,
        day_from=habit.day_from + days * _DAY,
        day_calls=0,
        rate=(habit.rate * _KEPT + habit.day_calls * (1 - _KEPT)) * kept,
        share=(habit.share * _KEPT + bool(habit.day_calls) * (1 - _KEPT)) * kept,
    )
