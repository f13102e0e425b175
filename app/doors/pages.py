"""The pages people look at (console, caregiver, wallboard …), as files on disk.

Every file is read once, when the router is made: a request touches no disk, and one process
serves one version. No build step: the browser runs what is in `app/pages`, and finds the vendored
modules through an import map that the policy admits by its hash.
"""

import gzip
import re
from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final

from fastapi import APIRouter, Header, HTTPException, Response, status

from app.doors.shell import SCOPE, WORKER, worker_of

FOLDER: Final = Path(__file__).parent.parent / "pages"
MEDIA_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {  # also the list of what is served: declarations, licences and settings stay inside
        ".css": "text/css; charset=utf-8",
        ".html": "text/html; charset=utf-8",
        ".js": "text/javascript; charset=utf-8",
        ".json": "application/json",
        ".mjs": "text/javascript; charset=utf-8",
        ".png": "image/png",
        ".svg": "image/svg+xml",
    }
)
ENTRIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "/": "index.html",
        "/console": "console/index.html",
        "/caregiver": "caregiver/index.html",
        "/family": "family/index.html",
        "/handset": "handset/index.html",
        "/wallboard": "wallboard/index.html",
        "/reports": "reports/index.html",
        "/monthly": "reports/monthly.html",
        "/administration": "administration/index.html",
        "/map": "map/index.html",
        "/replay": "map/replay.html",
    }
)
WITH_MAP: Final = frozenset({"console/index.html", "map/index.html", "map/replay.html"})
"""Pages on which map pictures from elsewhere may be shown."""
COMPRESS_FROM_BYTES: Final = 1_024
IMPORT_MAP: Final = re.compile(rb'<script type="importmap">(.*?)</script>', re.DOTALL)
POLICY: Final = (
    "default-src 'self'; script-src {scripts}; style-src 'self'; img-src 'self' data:{images}; "
    "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Cache-Control": "no-cache",  # keep it, but ask each time: a deployment shows at once
        "Permissions-Policy": "camera=(), microphone=(), geolocation=(self)",
        "Referrer-Policy": "no-referrer",
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One file as it is sent."""

    body: bytes
    packed: bytes | None  # gzip, where it is worth it
    media_type: str
    etag: str  # weak: the packed and the plain body are the same page
    policy: str

    def answer(self, *, known: str, encodings: str) -> Response:
        """Return the file, or only "not modified" to a browser that has it."""
        headers = {**HEADERS, "ETag": self.etag, "Content-Security-Policy": self.policy}
        if self.etag in (tag.strip() for tag in known.split(",")):
            return Response(status_code=status.HTTP_304_NOT_MODIFIED, headers=headers)
        body = self.body
        if self.packed is not None and "gzip" in encodings:
            body = self.packed
            headers["Content-Encoding"] = "gzip"
        return Response(body, media_type=self.media_type, headers=headers)


Known = Annotated[str, Header(alias="If-None-Match")]
Encodings = Annotated[str, Header(alias="Accept-Encoding")]


def pages_router(*, demo: bool, images: Sequence[str] = ()) -> APIRouter:
    """Return the routes of the pages; only a demonstration has the handset's page.

    `/` and each other of ENTRIES is a page, `/pages/…` what they are made of. `images` are the
    origins that pages with a map may show pictures of.
    """
    bodies = dict(read_files(demo=demo))
    bodies[WORKER] = worker_of(bodies)
    files = {
        name: page_of(body, Path(name).suffix, images=images if name in WITH_MAP else ())
        for name, body in bodies.items()
    }

    async def part(name: str, known: Known = "", encodings: Encodings = "") -> Response:
        page = files.get(name)
        if page is None:
            raise HTTPException(status.HTTP_404_NOT_FOUND)
        answer = page.answer(known=known, encodings=encodings)
        if name == WORKER:
            answer.headers.update(SCOPE)
        return answer

    router = APIRouter(include_in_schema=False)
    methods = ["GET", "HEAD"]
    for path, name in ENTRIES.items():
        if name in files:
            router.add_api_route(path, entry(files[name]), methods=methods)
    router.add_api_route("/pages/{name:path}", part, methods=methods)
    return router


def entry(page: Page) -> Callable[..., Awaitable[Response]]:
    """Return the endpoint of one page."""

    async def serve(known: Known = "", encodings: Encodings = "") -> Response:
        return page.answer(known=known, encodings=encodings)

    return serve


def read_files(*, demo: bool) -> Iterator[tuple[str, bytes]]:
    """Yield the path below `app/pages` and the bytes of each file that a browser may have."""
    for path in sorted(FOLDER.rglob("*")):
        name = path.relative_to(FOLDER).as_posix()
        if path.suffix not in MEDIA_TYPES or name in {"tsconfig.json", "vendor/vendor.json"}:
            continue
        if name.startswith("handset/") and not demo:
            continue
        body = path.read_bytes()
        if name == "index.html" and demo:
            body = body.replace(b'data-demo="no"', b'data-demo="yes"')
        yield name, body


def page_of(body: bytes, suffix: str, *, images: Sequence[str] = ()) -> Page:
    """Return a file's bytes as they are sent, packed and tagged."""
    hashes = [f"'sha256-{b64encode(sha256(text).digest()).decode()}'" for text in import_maps(body)]
    return Page(
        body=body,
        packed=gzip.compress(body, mtime=0) if len(body) >= COMPRESS_FROM_BYTES else None,
        media_type=MEDIA_TYPES[suffix],
        etag=f'W/"{sha256(body).hexdigest()[:32]}"',
        policy=POLICY.format(
            scripts=" ".join(["'self'", *hashes]), images="".join(f" {one}" for one in images)
        ),
    )


def import_maps(body: bytes) -> list[bytes]:
    """Return the text of each import map in a page; the only script that may stand inline."""
    return IMPORT_MAP.findall(body)
