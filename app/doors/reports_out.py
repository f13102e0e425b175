"""What the reports say, as JSON: every figure with its numbers, and nobody by name."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal, TypeAlias

from pydantic import BaseModel, Field

from app.figures.grouping import By
from app.figures.report import Listed
from app.figures.targets import Figure
from app.figures.timing import Timings

LevelWord: TypeAlias = Literal["grid", "community", "street", "district"]
CallsWord: TypeAlias = Literal["help", "device", "review", "test"]


class TargetOut(BaseModel):
    """A share of calls within a time."""

    share: float
    within_s: float


class MarkOut(TargetOut):
    """How it was held: by `within` of the `judged` calls."""

    judged: int
    within: int
    reached_share: float | None
    is_met: bool | None


class TimingOut(BaseModel):
    """One figure of a group of calls."""

    figure: Figure
    calls: int = Field(description="To which the figure applies.")
    reached: int = Field(description="Of these, with which it came to that so far.")
    p50_s: int | None
    p90_s: int | None
    targets: list[MarkOut]


class GroupOut(BaseModel):
    """The figures of one group: an area's id, a kind, KIND/AREA, an hour, a day or a month."""

    key: str
    figures: list[TimingOut]


class ReportOut(BaseModel):
    """The figures of some days, all together and by group."""

    first: date
    last: date
    zone: str
    area: str | None
    calls: CallsWord
    by: By
    level: LevelWord
    at: datetime
    total: list[TimingOut]
    groups: list[GroupOut]
    over: Literal["day", "month"]
    over_time: list[GroupOut]
    by_hour: list[GroupOut]


class AreaOut(BaseModel):
    """An area that can be asked for."""

    id: str
    parent_id: str | None
    level: str
    name: str


class ChoicesOut(BaseModel):
    """What can be asked for."""

    zone: str
    today: date
    areas: list[AreaOut]
    targets: dict[Figure, list[TargetOut]]
    days_max: int
    calls_max: int


class CallOut(BaseModel):
    """One call that a figure counts. It names nobody; `path` are the areas, widest first."""

    id: str
    raised_at: datetime
    kind: str
    path: list[str]
    took_s: int | None
    open_s: int


class CallsOut(BaseModel):
    """A page of calls: pass `next` as `after` for the following one, until it is null."""

    zone: str
    items: list[CallOut]
    next: str | None


class KindOut(BaseModel):
    """How many calls of a kind there were, in the month and in the one before."""

    calls: CallsWord
    kind: str
    count: int
    before: int


class BothOut(BaseModel):
    """A figure of the month and of the one before."""

    figure: Figure
    month: TimingOut
    before: TimingOut


class HandsetsOut(BaseModel):
    """A number of handsets in the month and in the one before."""

    what: Literal["in_use", "issued", "activated", "tested", "tests"]
    count: int
    before: int


class MonthOut(BaseModel):
    """The sheet of a month."""

    first: date
    last: date
    before_first: date
    before_last: date
    zone: str
    area: str | None
    at: datetime
    is_over: bool
    kinds: list[KindOut]
    figures: list[BothOut]
    handsets: list[HandsetsOut]
    is_lane_known: bool = Field(description="Whether heartbeats could be looked at.")


class HandsetIdsOut(BaseModel):
    """A page of handsets' ids: pass `next` as `after` for the following one, until it is null."""

    items: list[str]
    next: str | None


def groups_out(found: Mapping[str, Timings]) -> list[GroupOut]:
    """Return groups with their figures."""
    return [GroupOut(key=key, figures=timings_out(timings)) for key, timings in found.items()]


def timings_out(found: Timings) -> list[TimingOut]:
    """Return the figures of one group."""
    return [
        TimingOut(
            figure=figure,
            calls=timing.calls,
            reached=timing.reached,
            p50_s=timing.p50_s,
            p90_s=timing.p90_s,
            targets=[
                MarkOut(
                    share=mark.target.share,
                    within_s=mark.target.within_s,
                    judged=mark.judged,
                    within=mark.within,
                    reached_share=mark.share,
                    is_met=mark.is_met,
                )
                for mark in timing.marks
            ],
        )
        for figure, timing in found.items()
    ]


def call_out(one: Listed) -> CallOut:
    """Return one call of a list."""
    return CallOut(
        id=one.id,
        raised_at=one.raised_at,
        kind=one.kind,
        path=[part for part in one.area_path.split("/") if part],
        took_s=one.took_s,
        open_s=one.open_s,
    )
