"""The figures, against a reckoning that a child could follow: one call after the other."""

from collections.abc import Sequence
from datetime import date, timedelta
from math import ceil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.figures.grouping import By, area_at, group, team_at
from app.figures.targets import Figure, targets_of
from app.figures.timing import Calls, Gathering, missed, reckon
from app.settings import Settings, read_targets
from app.storage.calls import BY_HANDSET, FIELDS, IS_LIFE_THREAT, NOBODY_NEEDED, Packed
from dispatch.areas import Area, Level
from dispatch.ids import AreaId
from dispatch.staffing import Target

FIRST = date(2026, 11, 1)
KINDS = ("sos", "fall", "life_assistance")
PATHS = ("", "D/S1/G1", "D/S1", "D/S2/G2", "X/Y")
TEAMS = ("", "neighbour/G1", "neighbour/D", "community_nurse/G2", "volunteer/Z")
PROMISED = {figure: read_targets("90/60,50/600") for figure in Figure}
AREAS = {
    AreaId(one): Area(
        id=AreaId(one),
        parent_id=AreaId(parent) if parent else None,
        level=Level(level),
        name=one,
        centre=(0, 0),
    )
    for one, parent, level in (
        ("D", "", "district"),
        ("S1", "D", "street"),
        ("S2", "D", "street"),
        ("G1", "S1", "grid"),
        ("G2", "S2", "grid"),
    )
}

a_time = st.one_of(st.just(-1), st.integers(0, 100), st.integers(0, 2**31 - 1))
a_call = st.fixed_dictionaries(
    {
        "number": st.integers(1, 2**31 - 1),
        "at_s": st.integers(0, 90_000),
        "hour": st.integers(0, 23),
        "kind": st.integers(0, len(KINDS) - 1),
        "path": st.integers(0, len(PATHS) - 1),
        "team": st.integers(0, len(TEAMS) - 1),
        "flags": st.integers(0, 7),
        "taken_s": a_time,
        "accepted_s": a_time,
        "arrived_s": a_time,
        "closed_s": a_time,
        "open_s": st.integers(0, 2**31 - 1),
    }
)
days = st.lists(st.lists(a_call, max_size=12), min_size=1, max_size=4)

COLUMN = {
    Figure.ANSWER: ("taken_s", BY_HANDSET),
    Figure.ANSWER_LIFE_THREAT: ("taken_s", BY_HANDSET | IS_LIFE_THREAT),
    Figure.ACCEPT: ("accepted_s", 0),
    Figure.ARRIVAL: ("arrived_s", 0),
    Figure.COMPLETION: ("closed_s", 0),
}


def packed(rows: Sequence[dict], shift: int) -> Packed:
    """Write calls as the database does, each day with word lists in an order of its own."""

    def turned(words: Sequence[str]) -> list[str]:
        return [*words[shift % len(words) :], *words[: shift % len(words)]]

    lists = {"kind": turned(KINDS), "path": turned(PATHS), "team": turned(TEAMS)}
    words = {"kind": KINDS, "path": PATHS, "team": TEAMS}
    body = b""
    for row in rows:
        placed = row | {name: lists[name].index(words[name][row[name]]) for name in lists}
        body += b"".join(int(placed[name]).to_bytes(4, "big", signed=True) for name in FIELDS)
    return Packed(kinds=lists["kind"], paths=lists["path"], teams=lists["team"], body=body)


def gathered(found: Sequence[Sequence[dict]]) -> Calls:
    gathering = Gathering()
    for number, rows in enumerate(found):
        gathering.add((FIRST + timedelta(days=number)).toordinal(), packed(rows, number))
    return gathering.calls()


def naive(rows: Sequence[dict], figure: Figure, targets: Sequence[Target]) -> tuple:
    """Reckon one figure of some calls, as its formula says it in words."""
    column, flags = COLUMN[figure]
    counted = [row for row in rows if row["flags"] & flags == flags]
    took = sorted(row[column] for row in counted if row[column] >= 0)

    def percentile(share: float) -> int | None:
        return took[ceil(share * len(took)) - 1] if took else None

    marks = []
    for target in targets:
        within = late = 0
        for row in counted:
            if row[column] >= 0:
                within += row[column] <= target.within_s
                late += row[column] > target.within_s
            elif row["open_s"] > target.within_s:
                is_visit = figure in (Figure.ACCEPT, Figure.ARRIVAL)
                late += not (is_visit and row["flags"] & NOBODY_NEEDED)
        marks.append((within + late, within))
    return len(counted), len(took), percentile(0.5), percentile(0.9), tuple(marks)


def told(timing) -> tuple:
    marks = tuple((mark.judged, mark.within) for mark in timing.marks)
    return timing.calls, timing.reached, timing.p50_s, timing.p90_s, marks


@given(days)
def test_the_figures_of_all_calls_are_those_of_the_formula(found):
    rows = [row for day in found for row in day]
    (total,) = reckon(gathered(found), PROMISED)
    for figure in Figure:
        assert told(total[figure]) == naive(rows, figure, PROMISED[figure])


def key_of(row: dict[str, int], day: date, by: By) -> str:
    match by:
        case By.AREA:
            parts = [one for one in PATHS[row["path"]].split("/") if one in ("S1", "S2")]
            return parts[0] if parts else ""
        case By.KIND:
            return KINDS[row["kind"]]
        case By.ORGANISATION:
            known = {"neighbour/G1": "neighbour/S1", "community_nurse/G2": "community_nurse/S2"}
            team = TEAMS[row["team"]]
            return known.get(team) or team
        case By.HOUR:
            return str(row["hour"])
        case By.DAY:
            return day.isoformat()
        case By.MONTH:
            return f"{day:%Y-%m}"


@given(days, st.sampled_from(By))
def test_the_figures_of_a_group_are_those_of_its_calls(found, by):
    asked = [FIRST + timedelta(days=number) for number in range(len(found))]
    calls = gathered(found)
    groups = group(calls, by, Level.STREET, AREAS, asked)
    timings = dict(
        zip(groups.keys, reckon(calls, PROMISED, groups.places, len(groups.keys)), strict=True)
    )
    apart: dict[str, list[dict]] = {}
    for day, rows in zip(asked, found, strict=True):
        for row in rows:
            apart.setdefault(key_of(row, day, by), []).append(row)
    shown = {key for key, timing in timings.items() if timing[Figure.COMPLETION].calls}
    assert shown == set(apart)
    for key, rows in apart.items():
        for figure in Figure:
            assert told(timings[key][figure]) == naive(rows, figure, PROMISED[figure])


@given(days, st.sampled_from(Figure), st.integers(1, 1000))
def test_the_calls_listed_as_missed_are_those_that_the_share_counts(found, figure, within_s):
    calls = gathered(found)
    target = Target(share=0.5, within_s=within_s)
    (total,) = reckon(calls, dict.fromkeys(Figure, (target,)))
    (mark,) = total[figure].marks
    assert int(missed(calls, figure, within_s).sum()) == mark.judged - mark.within


def test_a_share_is_met_when_it_is_exactly_the_promise():
    row = dict.fromkeys(FIELDS, 0) | {"flags": BY_HANDSET, "open_s": 900}
    late = row | {"taken_s": 61}
    promised = dict.fromkeys(Figure, read_targets("97.5/60"))
    for count, is_met in ((1, True), (2, False)):
        (total,) = reckon(gathered([[row] * (40 - count) + [late] * count]), promised)
        assert total[Figure.ANSWER].marks[0].is_met is is_met


def test_without_a_call_nothing_is_met_and_nothing_missed():
    (total,) = reckon(gathered([[]]), PROMISED)
    answer = total[Figure.ANSWER]
    assert (answer.calls, answer.p50_s, answer.p90_s) == (0, None, None)
    assert [(mark.share, mark.is_met) for mark in answer.marks] == [(None, None)] * 2


def test_days_without_calls_are_shown_all_the_same():
    asked = [FIRST + timedelta(days=number) for number in range(40)]
    empty = gathered([[]])
    assert group(empty, By.DAY, Level.STREET, AREAS, asked).keys[39] == "2026-12-10"
    assert group(empty, By.MONTH, Level.STREET, AREAS, asked).keys == ["2026-11", "2026-12"]


def test_an_area_is_found_at_every_level_and_a_team_at_its_own_when_that_is_wider():
    assert [area_at("D/S1/G1", Level(level), AREAS) for level in ("grid", "street")] == ["G1", "S1"]
    assert area_at("D/S1", Level.GRID, AREAS) == ""
    assert team_at("neighbour/G1", Level.DISTRICT, AREAS) == "neighbour/D"
    assert team_at("neighbour/D", Level.STREET, AREAS) == "neighbour/D"
    assert team_at("", Level.STREET, AREAS) == ""


def test_targets_are_those_of_the_standards_unless_set_otherwise():
    said = {figure: " ".join(map(str, one)) for figure, one in targets_of(Settings()).items()}
    assert said == {
        Figure.ANSWER: "97.5 % in 60 s 99 % in 180 s",
        Figure.ANSWER_LIFE_THREAT: "95 % in 10 s",
        Figure.ACCEPT: "",
        Figure.ARRIVAL: "90 % in 2700 s",
        Figure.COMPLETION: "",
    }
    own = targets_of(Settings(targets_accept=" 100/300 ,"))
    assert own[Figure.ACCEPT] == (Target(share=1, within_s=300),)


@pytest.mark.parametrize(
    "words", ["97.5", "0/60", "101/60", "97.5/0", "97.5/nan", "a/b", "97.5/-1"]
)
def test_targets_that_cannot_be_are_refused(words):
    with pytest.raises(ValueError, match="PERCENT/SECONDS"):
        read_targets(words)


def test_two_million_calls_are_some_seconds_and_no_more_than_the_limit_holds():
    """Not a benchmark: it fails when somebody brings a loop over calls into the reckoning."""
    rows = np.zeros(200_000, dtype=[(name, ">i4") for name in FIELDS])
    rows["taken_s"] = np.arange(len(rows)) % 300
    rows["flags"] = BY_HANDSET
    gathering = Gathering()
    body = rows.tobytes()
    gathering.add(FIRST.toordinal(), Packed(kinds=["sos"], paths=[""], teams=[""], body=body))
    (total,) = reckon(gathering.calls(), PROMISED)
    assert total[Figure.ANSWER].p90_s == 269
