"""A whole cast at one server: signs everybody in, lets them live, and lets them end."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from simulator.city import City, CityCaregiver, CityOperator
from simulator.players.caregivers import Caregiver, Habits
from simulator.players.doors import Bearer, DeskSession, Doors, Refused
from simulator.players.operators import DeskHabits, Operator
from simulator.players.tally import Tally

LOGINS_AT_ONCE: Final = 4
POLLS_ONE_IN: Final = 6  # caregivers whose phone keeps no websocket open


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """Who is at work, with what each shows at the door."""

    caregivers: Mapping[str, Bearer]  # by caregiver id
    desks: Mapping[str, DeskSession]  # by login


async def sign_in(
    doors: Doors,
    caregivers: Iterable[CityCaregiver],
    operators: Iterable[CityOperator],
    passwords: Mapping[str, str],
    phones: dict[str, str],
) -> Staff:
    """Sign everybody in; `passwords` and `phones`, tokens that are kept, are by login.

    A token that is still good is used again, and a new one put into `phones`.
    """
    places = asyncio.Semaphore(LOGINS_AT_ONCE)

    async def caregiver(one: CityCaregiver) -> tuple[str, Bearer]:
        async with places:
            phone = await _signed_in(doors, phones.get(one.login))
            if phone is None:
                phone = await doors.sign_in_caregiver(one.login, passwords[one.login])
                phones[one.login] = phone.token
            return one.id, phone

    async def operator(one: CityOperator) -> tuple[str, DeskSession]:
        async with places:
            return one.login, await doors.sign_in(one.login, passwords[one.login])

    desks = await asyncio.gather(*(operator(one) for one in operators))
    tokens = await asyncio.gather(*(caregiver(one) for one in caregivers))
    return Staff(caregivers=dict(tokens), desks=dict(desks))


async def _signed_in(doors: Doors, token: str | None) -> Bearer | None:
    """Return the token if it still opens the door."""
    if token is None:
        return None
    try:
        await doors.ask("GET", "/api/v1/caregiver/state", Bearer(token))
    except Refused:
        return None
    return Bearer(token)


class Cast:
    """The staff of a city at their work, for as long as they are let live."""

    def __init__(
        self,
        city: City,
        staff: Staff,
        doors: Doors,
        tally: Tally,
        *,
        habits: Habits,
        desk_habits: DeskHabits,
        chance: Random,
        visitors: frozenset[str] = frozenset(),
    ) -> None:
        """Seat everybody; each has chances of their own, drawn from `chance`."""
        people = {one.id: one for one in city.caregivers}
        roles = {one.login: one.role for one in city.operators}
        self._lives: list[Callable[[], Awaitable[None]]] = [
            Operator(
                login,
                session,
                doors=doors,
                habits=desk_habits,
                chance=Random(chance.random()),
                tally=tally,
                is_supervisor=roles[login] == "supervisor",
                visitors=visitors,
            ).live
            for login, session in staff.desks.items()
        ]
        self._lives += [
            Caregiver(
                people[caregiver_id],
                token,
                doors=doors,
                roads=city.roads,
                habits=habits,
                chance=Random(chance.random()),
                tally=tally,
                polls=number % POLLS_ONE_IN == POLLS_ONE_IN - 1,
            ).live
            for number, (caregiver_id, token) in enumerate(staff.caregivers.items())
        ]

    async def live(self) -> None:
        """Let everybody live until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for life in self._lives:
                tasks.create_task(_own(life()))


async def live_until(
    stop: asyncio.Event, *, staff: Coroutine[Any, Any, None], callers: Coroutine[Any, Any, None]
) -> None:
    """Let staff and callers live until `stop`, or until one of them fails.

    Raises:
        ExceptionGroup: a player broke, which is a fault of the simulator.
    """
    lives = [asyncio.create_task(staff), asyncio.create_task(callers)]
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait([*lives, stopped], return_when=asyncio.FIRST_COMPLETED)
    failed = [one for one in lives if one.done() and not one.cancelled() and one.exception()]
    for one in [stopped, *reversed(lives)]:
        one.cancel()
    await asyncio.gather(stopped, *lives, return_exceptions=True)
    for one in failed:
        await one


async def _own(life: Awaitable[None]) -> None:
    await life
