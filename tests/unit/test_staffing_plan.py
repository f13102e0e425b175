"""Who is needed at each hour, from past calls."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.figures.staffing import Promise, plan
from app.figures.staffing_sheet import document, lines
from app.storage.history import Handled, History, Visited
from dispatch.staffing import Target, operators_needed

SHANGHAI = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 10, 5, tzinfo=SHANGHAI).astimezone(UTC)
HOUR = timedelta(hours=1)
FOUR_WEEKS = 4 * 7 * 24


def calls_at(per_hour, hours=FOUR_WEEKS) -> Mapping[datetime, int]:
    """Return calls by a rule of the local time, over some weeks from a Monday's midnight."""
    moments = [MONDAY + HOUR * number for number in range(hours)]
    counts = {at: per_hour(at.astimezone(SHANGHAI)) for at in moments}
    return {at: count for at, count in counts.items() if count}


def history(per_hour, *, hours=FOUR_WEEKS, **more) -> History:
    given = History(
        start=MONDAY,
        end=MONDAY + HOUR * hours,
        calls=calls_at(per_hour, hours),
        visits=calls_at(per_hour, hours),
        handled=Handled(calls=500, mean_s=180.0, variation=0.6),
        visited=Visited(visits=500, mean_s=2700.0, travel_s=300.0),
        area_km2=5.0,
        speed_kmh=15.0,
    )
    return replace(given, **more)


def planned(given, **more):
    return plan(given, Promise(), area_id="430105", name="开福区", zone=SHANGHAI, **more)


def at(found, hour, *, is_weekend=False):
    (one,) = [one for one in found.hours if (one.is_weekend, one.hour) == (is_weekend, hour)]
    return one


def test_each_hour_of_weekdays_and_weekends_has_its_own_need():
    found = planned(
        history(lambda local: 0 if local.hour < 6 else 97 if local.weekday() < 5 else 20)
    )
    assert len(found.hours) == 48
    night, day, weekend = at(found, 3), at(found, 9), at(found, 9, is_weekend=True)
    assert (night.calls.mean, night.operators.count, night.caregivers.count) == (0, 1, 1)
    assert day.calls.mean == 97
    assert day.calls.hours == 20
    assert day.operators == operators_needed(97, 180, Promise().answer)
    assert day.operators.count == 9
    assert weekend.calls.mean == 20
    assert weekend.operators.count < 9
    assert day.caregivers.count > weekend.caregivers.count > 1


def test_an_hour_is_that_of_the_area_and_not_of_the_server():
    found = planned(history(lambda local: 40 if local.hour == 8 else 0))
    assert [one.hour for one in found.hours if one.calls.mean] == [8, 8]


def test_an_hour_that_comes_in_bursts_is_planned_for_nine_in_ten_of_its_days():
    def per_hour(local):
        return 0 if local.hour != 20 else 90 if local.day % 5 == 0 else 10

    hour = at(planned(history(per_hour)), 20)
    assert hour.calls.bursts > 1
    assert hour.calls.mean < 40
    assert hour.calls.planned == 90
    sheet = "\n".join(lines(planned(history(per_hour))))
    assert "90.0*" in sheet
    assert "nine in ten" in sheet


def test_an_even_hour_is_planned_for_its_mean_and_not_marked():
    found = planned(history(lambda local: 30))
    assert at(found, 20).calls.planned == 30
    assert "*" not in "\n".join(lines(found))


def test_handling_and_visits_come_from_the_record_when_there_are_enough():
    found = planned(history(lambda local: 10))
    assert (found.handling_s, found.variation) == (180.0, 1.0)  # evener counts as exponential
    assert found.fieldwork.at_work_s == 2400.0  # without the way, which is worked out
    uneven = history(lambda local: 10, handled=Handled(calls=500, mean_s=180, variation=2.0))
    assert planned(uneven).variation == 2.0


def test_too_little_on_record_is_said_with_what_was_assumed():
    found = planned(
        history(
            lambda local: 1 if local.hour == 7 else 0,
            hours=3 * 24,
            handled=Handled(calls=2, mean_s=5.0, variation=0.1),
            visited=Visited(visits=2, mean_s=5.0, travel_s=0.0),
            speed_kmh=None,
            area_km2=None,
        )
    )
    assert (found.handling_s, found.fieldwork.at_work_s) == (180.0, 2400.0)
    assert found.fieldwork.speed_kmh == 15.0
    words = " ".join(found.notes)
    for said in (
        "assumed 180 s",
        "assumed 2400 s",
        "assumed 15 km/h",
        "border is not known",
        "Weekends: some hours are on record 0 times",
        "Only 3 calls",
    ):
        assert said in words
    assert at(found, 7, is_weekend=True).calls.mean == pytest.approx(3 / 72)  # all hours together


def test_a_weekend_that_is_hardly_on_record_is_planned_as_all_days_together():
    found = planned(history(lambda local: local.weekday() + 1, hours=7 * 24))
    assert at(found, 9).calls.mean == 3.0
    assert at(found, 9, is_weekend=True).calls.mean == 4.0


def test_a_handling_that_is_given_is_taken_and_said():
    found = planned(history(lambda local: 97), handling_s=60.0)
    assert found.handling_s == 60.0
    assert at(found, 9).operators.count < 9
    assert "60 s a call, as given" in " ".join(found.notes)


def test_the_sheet_says_which_target_binds():
    promise = Promise(answer=(*Promise().answer, Target(share=0.95, within_s=10)))
    found = plan(
        history(lambda local: 97), promise, area_id=None, name="", zone=SHANGHAI, handling_s=None
    )
    sheet = list(lines(found))
    assert sheet[0] == "Everywhere: 2026-10-05 00:00 to 2026-11-02 00:00, Asia/Shanghai."
    (nine, _) = [line for line in sheet if line.startswith("09:00")]
    assert nine.split()[1:6] == ["97.0", "10", "95", "%", "in"]
    assert "somebody must be free" in nine


def test_the_document_holds_every_hour_and_what_was_promised():
    written = document(planned(history(lambda local: 97)))
    assert len(written["hours"]) == 48
    assert written["hours"][9]["operators"]["binds"] == {"share": 0.975, "within_s": 60}
    assert written["promise"]["none_free"] == 0.01
    assert written["start"] == "2026-10-04T16:00:00+00:00"
