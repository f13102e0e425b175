"""A stand-in that keeps the promises of the real one: a clock moved by hand."""

from datetime import UTC, datetime, timedelta

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class HandClock:
    """A clock with the face of the rules' clock, moved by the story alone."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def machine_seconds_until(self, moment: datetime) -> float:
        return (moment - self.now).total_seconds()

    def move(self, **amount: float) -> None:
        self.now += timedelta(**amount)
