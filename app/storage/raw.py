"""The driver below SQLAlchemy, for the few statements that are hot: one call, one round trip."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, cast

from sqlalchemy.ext.asyncio import AsyncConnection


class RawConnection(Protocol):
    """What we use of an asyncpg connection. Parameters are written $1, $2 and so on."""

    async def execute(self, query: str, *args: object) -> str: ...  # noqa: D102

    async def fetch(self, query: str, *args: object) -> Sequence[Any]: ...  # noqa: D102

    async def fetchrow(self, query: str, *args: object) -> Any: ...  # noqa: ANN401, D102

    async def fetchval(self, query: str, *args: object) -> Any: ...  # noqa: ANN401, D102

    def transaction(self) -> AbstractAsyncContextManager[object]: ...  # noqa: D102

    def is_closed(self) -> bool: ...  # noqa: D102

    def terminate(self) -> None: ...  # noqa: D102


async def raw(connection: AsyncConnection) -> RawConnection:
    """Return the asyncpg connection inside an SQLAlchemy one; it stays SQLAlchemy's to close."""
    pooled = await connection.get_raw_connection()
    return cast("RawConnection", pooled.driver_connection)
