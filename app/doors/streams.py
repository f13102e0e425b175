"""What the websockets of all doors share: ping, an end in time, and no word after revocation."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from fastapi import WebSocket, WebSocketDisconnect

from app.security.access import SUBPROTOCOL

SEND_WITHIN_S: Final = 10.0  # a peer that takes nothing for so long is let go: it will come back
GOING_AWAY: Final = 1001
REVOKED: Final = 4401


async def accept(websocket: WebSocket) -> None:
    """Accept, with our subprotocol where it was offered."""
    offered = websocket.scope.get("subprotocols", ())
    await websocket.accept(subprotocol=SUBPROTOCOL if SUBPROTOCOL in offered else None)


async def send(websocket: WebSocket, frame: bytes) -> None:
    """Send one frame as text; a peer that does not take it in time is a peer that has left."""
    try:
        async with asyncio.timeout(SEND_WITHIN_S):
            await websocket.send({"type": "websocket.send", "text": frame.decode()})
    except (TimeoutError, RuntimeError) as error:
        raise WebSocketDisconnect(GOING_AWAY) from error


async def serve(
    websocket: WebSocket,
    gone: asyncio.Event,
    *,
    write: Callable[[], Awaitable[None]],
    hear: Callable[[str], Awaitable[None]],
) -> None:
    """Run `write` and give each message to `hear`, until the peer leaves or may not stay.

    `gone` is set when the session or token ends; the socket is then closed with 4401.
    """

    async def until_gone() -> None:
        await gone.wait()
        await websocket.close(REVOKED, "signed out")

    works = (write(), _listen(websocket, hear), until_gone())
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
    for result in results:
        is_expected = isinstance(result, WebSocketDisconnect | asyncio.CancelledError)
        if isinstance(result, BaseException) and not is_expected:
            raise result


async def _listen(websocket: WebSocket, hear: Callable[[str], Awaitable[None]]) -> None:
    while True:
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message["code"])
        if message.get("text") is not None:  # bytes mean nothing here
            await hear(message["text"])
