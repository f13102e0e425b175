"""The parts of a running server, as the doors see them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.requests import HTTPConnection

from app.center import Center
from app.desks import Desks
from app.figures.report import Turn
from app.metrics import Metrics
from app.outside.parties import Parties
from app.outside.tiles import TileSource
from app.register.directory import Directory
from app.register.finder import Finder
from app.register.geography import Geography
from app.register.ground import Ground
from app.security.security import Security
from app.settings import Settings
from app.storage.tracks import Tracks
from app.views.feed import Feed
from app.views.points import Points
from app.views.wallboard import Wallboard


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Everything that a door may need; wired by app.main, found at `app.state.service`."""

    settings: Settings
    engine: AsyncEngine
    center: Center
    desks: Desks
    tracks: Tracks
    directory: Directory
    finder: Finder
    geography: Geography
    feed: Feed
    wallboard: Wallboard
    points: Points
    security: Security
    metrics: Metrics
    parties: Parties = field(default_factory=Parties)
    reports: Turn = field(default_factory=Turn)
    base_map: Sequence[Mapping[str, Any]] = ()  # GeoJSON features drawn under everything
    ground: Ground = field(default_factory=Ground)  # the same, by where they are
    tiles: TileSource | None = None  # map pictures from elsewhere


def the_service(connection: HTTPConnection) -> Service:
    """Return the service that the composition root put on the application."""
    service: Service = connection.app.state.service
    return service


ServiceDep = Annotated[Service, Depends(the_service)]
