"""How a door waits for the center: bounded, and with a plain word when it takes too long."""

import asyncio

from app.center import CenterStopped, NotRecordable
from app.errors import Problem, TooBusy
from app.inbox import InboxFull
from app.service import Service
from dispatch.facts import Fact
from dispatch.requests import Request


class NotOnRecordYet(TooBusy):
    """This is not on record yet: say it again in a moment."""


class CannotBeRecorded(Problem):
    """This cannot be put on record; the administrator sees it among the parked requests."""

    status = 500


async def call(service: Service, request: Request) -> list[Fact]:
    """Return the facts that answer `request`, on record.

    Raises:
        DispatchError: the rules refuse.
        NotOnRecordYet: the database is away or the desk is flooded; saying it again is safe.
        CannotBeRecorded: it is parked.
    """
    try:
        async with asyncio.timeout(service.settings.answer_within_s):
            return await service.center.call(request)
    except (TimeoutError, InboxFull, CenterStopped) as error:
        raise NotOnRecordYet("Try again in a moment.", retry_after_s=1) from error
    except NotRecordable as error:
        raise CannotBeRecorded("Tell the administrator.") from error
