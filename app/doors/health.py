"""Whether the server lives and serves, and what it measures."""

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel
from starlette import status as http

from app.errors import TooBusy, problems
from app.security.access import PUBLIC
from app.service import ServiceDep

health = APIRouter(tags=["health"])
metrics = APIRouter(tags=["health"])


class NotReady(TooBusy):
    """The server lives, but cannot put anything on record now."""


class Health(BaseModel):
    """A plain word."""

    status: str


@health.get("/healthz", dependencies=[PUBLIC], summary="Does the process live?")
async def healthz() -> Health:
    """Answer at all."""
    return Health(status="alive")


@health.get(
    "/readyz",
    dependencies=[PUBLIC],
    summary="Can a press be put on record?",
    responses=problems(NotReady),
)
async def readyz(service: ServiceDep) -> Health:
    """Say whether this server owns the journal and its database answers."""
    if not service.center.is_ready:
        raise NotReady("The journal cannot be written at the moment.")
    return Health(status="ready")


@metrics.get(
    "/metrics",
    dependencies=[PUBLIC],
    status_code=http.HTTP_200_OK,
    summary="Figures for Prometheus",
    response_class=Response,
)
async def figures(service: ServiceDep) -> Response:
    """Return all figures. Served on an address of its own, never beside the public doors."""
    return Response(generate_latest(service.metrics.registry), media_type=CONTENT_TYPE_LATEST)
