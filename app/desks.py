"""Who sits at a desk: counts each operator's consoles, and lets the rules know."""

import asyncio
from contextlib import suppress
from typing import Final

from app.center import Center, CenterStopped
from dispatch.book import OperatorAtDesk
from dispatch.ids import OperatorId
from dispatch.requests import Desk

LEFT_AFTER_S: Final = 10.0  # a reload of the page is no leaving
BACK_WITHIN_S: Final = 60.0  # after a start; whoever has not come back by then has left


class Desks:
    """The consoles of each operator. The first makes the operator present, the last one absent."""

    def __init__(self, center: Center, *, left_after_s: float = LEFT_AFTER_S) -> None:
        self._center = center
        self._left_after_s = left_after_s
        self._consoles: dict[OperatorId, int] = {}
        self._going: set[OperatorId] = set()  # whose leaving is on its way to the record
        self._leaving: dict[OperatorId, asyncio.Task[None]] = {}

    async def sit_down(self, operator: OperatorAtDesk) -> None:
        """Count a console."""
        self._consoles[operator.id] = self._consoles.get(operator.id, 0) + 1
        leaving = self._leaving.pop(operator.id, None)
        if leaving is not None:
            leaving.cancel()
        if operator.id not in self._center.book.desk or operator.id in self._going:
            await self._say(
                Desk(
                    operator_id=operator.id,
                    is_present=True,
                    is_supervisor=operator.is_supervisor,
                    areas=operator.areas,
                )
            )

    def leave(self, operator: OperatorAtDesk) -> None:
        """Count a console less; after the last one the operator has left, in a while."""
        self._consoles[operator.id] -= 1
        if not self._consoles[operator.id]:
            del self._consoles[operator.id]
            task = asyncio.ensure_future(self._leave_later(operator.id))
            self._leaving[operator.id] = task

    async def run(self) -> None:
        """After a start, let those who held calls and have not come back be absent."""
        await asyncio.sleep(BACK_WITHIN_S)
        for operator_id in sorted(set(self._center.book.claimed_by) - set(self._consoles)):
            await self._say(Desk(operator_id=operator_id, is_present=False))

    async def _leave_later(self, operator_id: OperatorId) -> None:
        await asyncio.sleep(self._left_after_s)
        self._leaving.pop(operator_id, None)
        self._going.add(operator_id)
        try:
            await self._say(Desk(operator_id=operator_id, is_present=False))
        finally:
            self._going.discard(operator_id)

    async def _say(self, request: Desk) -> None:
        with suppress(CenterStopped):  # the next center begins with empty desks
            await self._center.call(request)
