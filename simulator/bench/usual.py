"""Reference (b): how a service of this kind is usually written, and written well.

A FastAPI route with a pydantic model; an ORM session and one committed transaction for each
request, on a pool of twenty connections; repeats found by a unique key; tokens looked up in memory.
"""

import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any, Final

import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Request
from pydantic import BaseModel, Field
from sqlalchemy import DateTime, SmallInteger, UniqueConstraint
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

POOL: Final = 20
TABLE: Final = "usual_event"


class Base(DeclarativeBase):
    """The tables of this reference."""


class EventRow(Base):
    """One event of a handset."""

    __tablename__ = TABLE
    __table_args__ = (UniqueConstraint("handset_id", "event_id", "kind", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    handset_id: Mapped[str]
    event_id: Mapped[str]
    kind: Mapped[str]
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    received_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    lon: Mapped[float | None]
    lat: Mapped[float | None]
    accuracy_m: Mapped[float | None]
    source: Mapped[str | None]
    battery_pct: Mapped[int | None] = mapped_column(SmallInteger)


class PositionIn(BaseModel):
    """Where a handset is."""

    lon: Annotated[float, Field(ge=-180, le=180)]
    lat: Annotated[float, Field(ge=-90, le=90)]
    accuracy_m: Annotated[float, Field(gt=0)] | None = None
    source: str | None = None


class EventIn(BaseModel):
    """One event as a handset sends it."""

    event_id: Annotated[str, Field(min_length=1, max_length=64)]
    kind: str
    at: datetime
    position: PositionIn | None = None
    battery_pct: Annotated[int, Field(ge=0, le=100)] | None = None
    note: Annotated[str, Field(max_length=500)] | None = None


class EventOut(BaseModel):
    """What became of it."""

    event_id: str
    result: str


def application(engine: AsyncEngine, handsets: dict[bytes, str]) -> FastAPI:
    """Return the service, for handsets known by the digests of their tokens."""
    sessions = async_sessionmaker(engine, expire_on_commit=False)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        yield

    app = FastAPI(lifespan=lifespan)

    async def handset_of(request: Request) -> str:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        found = handsets.get(sha256(token.encode()).digest())
        if scheme.lower() != "bearer" or found is None:
            raise HTTPException(401)
        return found

    @app.post("/api/v1/handset/events")
    async def take(event: EventIn, handset_id: Annotated[str, Depends(handset_of)]) -> EventOut:
        try:
            async with sessions.begin() as db:
                db.add(_row(event, handset_id))
        except IntegrityError:
            return EventOut(event_id=event.event_id, result="duplicate")
        return EventOut(event_id=event.event_id, result="recorded")

    return app


def _row(event: EventIn, handset_id: str) -> EventRow:
    position: dict[str, Any] = event.position.model_dump() if event.position else {}
    return EventRow(
        handset_id=handset_id,
        event_id=event.event_id,
        kind=event.kind,
        at=event.at,
        received_at=datetime.now(UTC),
        battery_pct=event.battery_pct,
        **position,
    )


def main() -> None:
    """Serve on a port, a database, and the tokens of a file: one `handset token` a line."""
    port, dsn, tokens = sys.argv[1:4]
    pairs = [line.split() for line in Path(tokens).read_text(encoding="ascii").splitlines()]
    engine = create_async_engine(
        "postgresql+asyncpg://", connect_args={"dsn": dsn}, pool_size=POOL, max_overflow=0
    )
    uvicorn.run(
        application(engine, {sha256(token.encode()).digest(): one for one, token in pairs}),
        host="127.0.0.1",
        port=int(port),
        http="httptools",
        ws="none",
        loop="uvloop",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=75,
    )


if __name__ == "__main__":
    main()
