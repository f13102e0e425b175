"""The posts that handsets send: built beforehand, so that sending one costs about a microsecond.

The mix of a quiet town: 90 % positions, 8 % heartbeats, 1 % presses, 1 % of what was sent a moment
ago sent again. Every post is one event, of one of thousands of handsets, each with its own token.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final

POSITION: Final = 0
HEARTBEAT: Final = 1
SOS: Final = 2
REPEAT: Final = 3  # the last post of the connection once more

MIX: Final[Mapping[int, int]] = {POSITION: 90, HEARTBEAT: 8, SOS: 1, REPEAT: 1}  # percent
_MIX_TURNS: Final = 100  # hundreds that are shuffled before it begins anew
_KINDS: Final = {POSITION: "position", HEARTBEAT: "heartbeat", SOS: "sos"}
_IN_A_SECOND: Final = 1_000_000  # events, counted by the microseconds of their time

Post = tuple[int, bytes]
"""Its kind, and the whole request."""


@dataclass(frozen=True, slots=True)
class _Form:
    """A request but for its number, which stands in it twice: in the id and in the time."""

    before: bytes
    after: bytes


class Mailbag:
    """Gives one post after the other. Each has an id and a device time that no other has."""

    def __init__(
        self, handsets: Mapping[str, str], place: tuple[float, float], *, run: str, at: datetime
    ) -> None:
        """Take the tokens by handset, where they are, a word for the run, and the first time."""
        self._forms = [
            {kind: _form(kind, token, place, number, run) for kind in _KINDS}
            for number, token in enumerate(handsets.values())
        ]
        self._mix = _shuffled()
        self._given = 0
        self._at = at.astimezone(UTC).replace(microsecond=0)
        self._between = self._time()

    def next(self) -> int:
        """Return the kind of the next post, by the mix."""
        return self._mix[self._given % len(self._mix)]

    def post(self, kind: int) -> bytes:
        """Return the next post, which is of this kind (no repeat)."""
        given = self._given
        self._given = given + 1
        micros = given % _IN_A_SECOND
        if micros == 0 and given:
            self._at += timedelta(seconds=1)
            self._between = self._time()
        number = b"%06d" % micros
        form = self._forms[given % len(self._forms)][kind]
        return b"".join((form.before, number, self._between, number, form.after))

    def skip(self) -> None:
        """Count a post that was sent without asking for it: a repeat."""
        self._given += 1

    def _time(self) -> bytes:
        """Return what stands between the two numbers: the rest of the id, and the second."""
        return f'{self._at:-%H%M%S","at":"%Y-%m-%dT%H:%M:%S.}'.encode()


def _form(kind: int, token: str, place: tuple[float, float], number: int, run: str) -> _Form:
    lon, lat = place[0] + number % 97 * 1e-4, place[1] + number % 89 * 1e-4
    position = (
        f',"position":{{"lon":{lon:.6f},"lat":{lat:.6f},"accuracy_m":12,"source":"satellite"}}'
    )
    begin = f'{{"kind":"{_KINDS[kind]}","battery_pct":71,"event_id":"{run}-'
    end = f'Z"{"" if kind == HEARTBEAT else position}}}'
    length = len(begin) + 6 + len('-HHMMSS","at":"YYYY-mm-ddTHH:MM:SS.') + 6 + len(end)
    head = (
        "POST /api/v1/handset/events HTTP/1.1\r\n"
        "Host: 127.0.0.1\r\n"
        f"Authorization: Bearer {token}\r\n"
        "Content-Type: application/json\r\n"
        f"Content-Length: {length}\r\n\r\n"
    )
    return _Form(f"{head}{begin}".encode(), end.encode())


def _shuffled() -> Sequence[int]:
    mix = [kind for kind, percent in MIX.items() for _ in range(percent * _MIX_TURNS)]
    Random(len(mix)).shuffle(mix)
    return mix
