"""Reference (a): the least that an ASGI application under uvicorn can do with a post.

It reads the body and gives a fixed answer. What a handset's post costs is told in such posts.
"""

import sys
from typing import Any

import uvicorn

_ANSWER = b'{"event_id":"0007","result":"recorded","incident_id":null,"joined":false,"problems":[]}'
_HEADERS = [
    (b"content-type", b"application/json"),
    (b"content-length", str(len(_ANSWER)).encode()),
]


async def application(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - plain ASGI
    """Read the body, and answer."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": _ANSWER})


def main() -> None:
    """Serve on the port that the command line names."""
    uvicorn.run(
        application,
        host="127.0.0.1",
        port=int(sys.argv[1]),
        http="httptools",
        ws="none",
        loop="uvloop",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=75,
    )


if __name__ == "__main__":
    main()
