"""The last yard to a console: a frame that was made once goes to every socket as it is.

An ASGI message for each console costs a coroutine, a dictionary, and the encoding of the frame
anew: most of what a frame costs. So a websocket of ours offers, among the extensions of its scope,
to write what is framed already, as long as the peer keeps up (D-037).
"""

from collections.abc import Callable
from typing import Final, cast

from fastapi import WebSocket
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

_WIRE: Final = "ydt.wire"


class Wire(WebSocketsSansIOProtocol):
    """One websocket. All but the frames written here is uvicorn's."""

    def handle_connect(self, event: Request) -> None:
        """Offer the short way to the application, which begins after this."""
        super().handle_connect(event)
        if not self.close_sent:  # it is a websocket
            extensions = cast("dict[str, object]", self.scope.get("extensions"))
            extensions[_WIRE] = {"write": self.write}

    def write(self, framed: bytes) -> bool:
        """Write a whole frame; False, and nothing is written, while the peer does not keep up."""
        is_open = self.handshake_complete and not self.close_sent and not self.disconnected
        if not is_open or not self.writable.is_set() or self.transport.is_closing():
            return False
        self.transport.write(framed)
        return True


def short_way(websocket: WebSocket) -> Callable[[bytes], bool] | None:
    """Return what writes a frame straight to the socket, or None where the server has no Wire."""
    return websocket.scope.get("extensions", {}).get(_WIRE, {}).get("write")
