"""How often somebody may try to sign in. Nothing here ever stands before a call for help."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address
from typing import Final

KEYS_MAX: Final = 10_000
"""More keys than this push out the ones that have been quiet for longest."""

_IPV6_HOST_BITS: Final = 64  # one customer has at least this many addresses


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """So many at once; each place is free again after `within / count`."""

    count: int
    within: timedelta

    @property
    def each(self) -> timedelta:
        """Return the time after which one more is allowed."""
        return self.within / self.count


PER_LOGIN: Final = Rate(count=10, within=timedelta(minutes=5))
PER_ADDRESS: Final = Rate(count=60, within=timedelta(minutes=5))
"""A control room of thirty changes shifts behind one address."""


class Limit:
    """A leaky bucket for each key. Keeps one time for a key: when its bucket will be empty."""

    def __init__(self, rate: Rate, *, keys_max: int = KEYS_MAX) -> None:
        self._rate = rate
        self._keys_max = keys_max
        self._empty_at: OrderedDict[str, datetime] = OrderedDict()

    def wait(self, key: str, now: datetime) -> timedelta:
        """Return how long this key must wait; zero when it may go on now."""
        room_at = self._level(key, now) - self._rate.within + self._rate.each
        return max(room_at - now, timedelta(0))

    def take(self, key: str, now: datetime) -> None:
        """Put one try into the bucket."""
        self._empty_at[key] = self._level(key, now) + self._rate.each
        self._empty_at.move_to_end(key)
        if len(self._empty_at) > self._keys_max:
            self._empty_at.popitem(last=False)

    def give_back(self, key: str) -> None:
        """Take one try out again, because it was a good one."""
        if key in self._empty_at:
            self._empty_at[key] -= self._rate.each

    def _level(self, key: str, now: datetime) -> datetime:
        """Return when the bucket will be empty; a clock set back cannot make it overfull."""
        return min(max(self._empty_at.get(key, now), now), now + self._rate.within)


class LoginLimits:
    """Slows down guessing, by login and by source address.

    An address from which a login has succeeded since the start has a bucket of its own for that
    login: otherwise anybody could keep an operator out of the control room by guessing badly.
    """

    def __init__(self, per_login: Rate = PER_LOGIN, per_address: Rate = PER_ADDRESS) -> None:
        self._by_login = Limit(per_login)
        self._by_address = Limit(per_address)
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()

    def take(self, login: str, address: str, now: datetime) -> timedelta:
        """Count one try; return zero, or how long to wait when it is one too many."""
        source, login_key = self._keys(login, address)
        wait = max(self._by_address.wait(source, now), self._by_login.wait(login_key, now))
        if not wait:
            self._by_address.take(source, now)
            self._by_login.take(login_key, now)
        return wait

    def succeeded(self, login: str, address: str) -> None:
        """Do not count the try after all: the password, and the code if any, were right."""
        self.not_counted(login, address)
        source = network_of(address)
        self._known[login, source] = None
        self._known.move_to_end((login, source))
        if len(self._known) > KEYS_MAX:
            self._known.popitem(last=False)

    def not_counted(self, login: str, address: str) -> None:
        """Do not count the try: the password was right, and the code is still to come."""
        source, login_key = self._keys(login, address)
        self._by_address.give_back(source)
        self._by_login.give_back(login_key)

    def _keys(self, login: str, address: str) -> tuple[str, str]:
        source = network_of(address)
        return source, f"{login} {source}" if (login, source) in self._known else login


def network_of(address: str) -> str:
    """Return what stands for one customer: an IPv4 address, or the /64 of an IPv6 address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(IPv6Address(int(parsed) >> _IPV6_HOST_BITS << _IPV6_HOST_BITS))
