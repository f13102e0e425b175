"""Wrong tokens are counted, and however many strangers come, memory is bounded."""

from datetime import UTC, datetime, timedelta

from app.security.wrong import WrongCounts

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


def test_the_most_refused_source_comes_first_and_totals_are_by_door():
    counts = WrongCounts()
    counts.add("handset", "192.0.2.1", NOON)
    for seconds in range(3):
        counts.add("caregiver", "192.0.2.1", NOON + timedelta(seconds=seconds))
    first, second = counts.sources()
    assert (first.door, first.count, first.last_at) == (
        "caregiver",
        3,
        NOON + timedelta(seconds=2),
    )
    assert (second.door, second.count) == ("handset", 1)
    assert counts.totals() == {"handset": 1, "caregiver": 3}
    assert counts.sources(limit=1) == [first]


def test_the_quietest_sources_are_forgotten_but_the_total_is_not():
    counts = WrongCounts(sources_max=2)
    for source in ("a", "b", "a", "c"):
        counts.add("handset", source, NOON)
    assert [wrong.source for wrong in counts.sources()] == ["a", "c"]
    assert counts.totals() == {"handset": 4}
