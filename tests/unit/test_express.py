"""Which requests may take the short way: only those that no two readers could read differently."""

import pytest

from app.doors.express import BODY_BYTES_MAX, HEAD_BYTES_MAX, _parts

LINE = "POST /api/v1/handset/events HTTP/1.1"
TOKEN = "Authorization: Bearer ydt_h_x"
LENGTH = "Content-Length: 2"


def request(*lines, body=b"{}"):
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


@pytest.mark.parametrize(
    "lines",
    [
        (LINE, TOKEN, LENGTH),
        (LINE, "host: x", "CONTENT-LENGTH:2", "authorization:bearer   ydt_h_x  "),
        (LINE, TOKEN, "Accept: */*", "User-Agent: probe/1", "Via: 1.1 proxy", LENGTH),
    ],
)
def test_a_plain_request_is_read(lines):
    assert _parts(request(*lines)) == (b"ydt_h_x", 2, b"{}")


def test_what_is_not_there_yet_can_be_seen():
    assert _parts(request(LINE, TOKEN, LENGTH, body=b"{")) == (b"ydt_h_x", 2, b"{")


@pytest.mark.parametrize(
    "lines",
    [
        ("GET /api/v1/handset/events HTTP/1.1", TOKEN, LENGTH),
        ("POST /api/v1/handset/events HTTP/1.0", TOKEN, LENGTH),
        ("POST /api/v1/handset/events?x=1 HTTP/1.1", TOKEN, LENGTH),
        ("POST /api/v1/handset/state HTTP/1.1", TOKEN, LENGTH),
        (LINE,),
        (LINE, TOKEN),
        (LINE, LENGTH),
        (LINE, "Authorization: Basic eA==", LENGTH),
        (LINE, TOKEN, TOKEN, LENGTH),
        (LINE, TOKEN, LENGTH, LENGTH),
        (LINE, TOKEN, LENGTH, "Content-Length: 3"),
        (LINE, TOKEN, LENGTH, "Transfer-Encoding: chunked"),
        (LINE, TOKEN, LENGTH, "Connection: close"),
        (LINE, TOKEN, LENGTH, "Expect: 100-continue"),
        (LINE, TOKEN, LENGTH, "Upgrade: h2c"),
        (LINE, TOKEN, LENGTH, "Origin: https://elsewhere.example"),
        (LINE, TOKEN, LENGTH, "Content-Encoding: gzip"),
        (LINE, TOKEN, "Content-Length: +2"),
        (LINE, TOKEN, "Content-Length: -2"),
        (LINE, TOKEN, "Content-Length: 2, 2"),
        (LINE, TOKEN, "Content-Length: 0x2"),
        (LINE, TOKEN, "Content-Length: ²"),
        (LINE, TOKEN, f"Content-Length: {BODY_BYTES_MAX + 1}"),
        (LINE, TOKEN, "Content-Length: 99999999999999999999"),
        (LINE, TOKEN, LENGTH, "Host: x\nTransfer-Encoding: chunked"),
        (LINE, TOKEN, LENGTH, "Host: x\rTransfer-Encoding: chunked"),
        (LINE, TOKEN, LENGTH, "Host: x\0"),
        (LINE, TOKEN, LENGTH, " folded"),
        (LINE, TOKEN, LENGTH, "Host : x"),
        (LINE, TOKEN, LENGTH, "Host"),
        (LINE, TOKEN, LENGTH, f"Host: {'x' * HEAD_BYTES_MAX}"),
    ],
)
def test_anything_unusual_goes_the_common_way(lines):
    assert _parts(request(*lines)) is None


@pytest.mark.parametrize("cut", range(len(request(LINE, TOKEN, LENGTH, body=b""))))
def test_half_a_head_goes_the_common_way(cut):
    assert _parts(request(LINE, TOKEN, LENGTH)[:cut]) is None
