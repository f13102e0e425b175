"""Where somebody was over time: the positions on record, thinned out, read aside from the lane."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.storage.history import reading
from app.storage.tracks import POSITION, SOURCES

Step = tuple[datetime, float, float, float | None, str]
"""When, lon, lat, accuracy in metres, source."""

POINTS_MAX: Final = 60_000  # in one answer

# A device's own time is believed when it is at most an hour before the receipt: positions come
# late from where there was no network, and clocks are wrong. Of each stretch of time the last.
_WAYS: Final = """
SELECT DISTINCT ON (subject, bin) subject, true_at, lon, lat, accuracy_m, source FROM (
  SELECT subject, lon, lat, accuracy_m, source, true_at,
    floor(extract(epoch FROM true_at) / :every_s) AS bin
  FROM (
    SELECT *, CASE WHEN at > received_at - interval '1 hour' AND at < received_at THEN at
      ELSE received_at END AS true_at
    FROM track
    WHERE received_at >= :since AND received_at < :heard_until AND kind = :position
      AND lon IS NOT NULL AND subject = ANY(CAST(:subjects AS text[]))
  ) AS heard
) AS timed
WHERE true_at >= :since AND true_at <= :until
ORDER BY subject, bin, true_at DESC
LIMIT :limit
"""
_LATE: Final = timedelta(hours=1)


async def ways_of(
    engine: AsyncEngine,
    subjects: Sequence[str],
    *,
    since: datetime,
    until: datetime,
    every: timedelta = timedelta(seconds=5),
) -> dict[str, list[Step]]:
    """Return the way of each of these caregivers or handsets in order, at most one step in `every`.

    Who has no position on record in that time is not in the answer; positions are dropped after
    `tracks_kept_days`.
    """
    found: dict[str, list[Step]] = {}
    if not subjects:
        return found
    values = {
        "subjects": sorted(set(subjects)),
        "since": since,
        "until": until,
        "heard_until": until + _LATE,
        "every_s": every.total_seconds(),
        "position": POSITION,
        "limit": POINTS_MAX,
    }
    async with reading(engine) as connection:
        for subject, at, lon, lat, accuracy_m, source in await connection.execute(
            text(_WAYS), values
        ):
            found.setdefault(subject, []).append((at, lon, lat, accuracy_m, SOURCES[source or 0]))
    return found
