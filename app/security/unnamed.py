"""Finds the routes that do not say who may pass, so that a test can forbid them."""

from collections.abc import Iterator
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from starlette.applications import Starlette
from starlette.routing import Host, Mount, Router

from app.security.access import Access, Gate, OpenGate


def unnamed_routes(app: object) -> list[str]:
    """Return the routes that name no Access, or more than one, as "GET /api/v1/x: names none".

    Walks HTTP and websocket routes, included routers, mounts, and pure ASGI doors, which carry
    `access` and `paths`. An application behind a door or a middleware (`door.app`) is walked too.
    """
    return sorted(_unnamed(app, ""))


def _unnamed(app: object, prefix: str) -> Iterator[str]:
    inner = getattr(app, "app", None)
    if isinstance(app, (Starlette, Router)):
        yield from _routes(app.router if isinstance(app, Starlette) else app, prefix)
    elif isinstance(getattr(app, "access", None), Access):
        if not getattr(app, "paths", ()):
            yield f"{prefix or '/'}: {type(app).__name__} names no paths"
        if _leads_to_routes(inner):
            yield from _unnamed(inner, prefix)
    elif inner is not None:
        yield from _unnamed(inner, prefix)
    else:
        yield f"{prefix or '/'}: {type(app).__name__} names none"


def _leads_to_routes(app: object) -> bool:
    """Tell a door before an application with routes from one around a plain ASGI function."""
    while app is not None and not isinstance(app, (Starlette, Router)):
        app = getattr(app, "app", None)
    return app is not None


def _routes(router: Router, prefix: str) -> Iterator[str]:
    pages = list(getattr(router, "_low_priority_routes", ()))
    for route in iter_route_contexts([*router.routes, *pages]):
        yield from _route(route, prefix)
    for included in router.routes:
        for route in getattr(included, "effective_low_priority_routes", list[Any])():
            yield from _route(route, prefix)


def _route(route: Any, prefix: str) -> Iterator[str]:  # noqa: ANN401 (FastAPI has no name for it)
    path = prefix + (getattr(route, "path", None) or "")
    original: object = route.original_route
    if isinstance(original, (Mount, Host)):
        yield from _unnamed(original.app, path)
        return
    named = set(_named(getattr(route, "dependant", None)))
    if len(named) != 1:
        methods = ",".join(sorted(getattr(route, "methods", None) or ())) or "WS"
        yield f"{methods} {path}: names {_spelled(named)}"


def _named(dependant: Dependant | None) -> Iterator[Access]:
    if dependant is None:
        return
    gate: Any = dependant.call
    if isinstance(gate, (Gate, OpenGate)):
        yield gate.access
    for inner in dependant.dependencies:
        yield from _named(inner)


def _spelled(named: set[Access]) -> str:
    each = sorted("+".join(sorted(access.roles)) or "public" for access in named)
    return " and ".join(each) or "none"
