"""Photos of residents: one each, beside the journal, so that it can be taken out for good."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_KEEP: Final = text(
    "INSERT INTO resident_photo (resident_id, media_type, body) VALUES (:id, :media_type, :body)"
    " ON CONFLICT (resident_id) DO UPDATE SET media_type = excluded.media_type,"
    " body = excluded.body, at = now()"
)
_FIND: Final = text("SELECT media_type, body FROM resident_photo WHERE resident_id = :id")
_DROP: Final = text("DELETE FROM resident_photo WHERE resident_id = :id")
_IS_THERE: Final = text("SELECT 1 FROM resident_photo WHERE resident_id = :id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """A picture, and what its first bytes say that it is."""

    media_type: str
    body: bytes


async def keep(connection: AsyncConnection, resident_id: str, photo: Photo) -> None:
    """Keep a photo in place of the one before."""
    values = {"id": resident_id, "media_type": photo.media_type, "body": photo.body}
    await connection.execute(_KEEP, values)


async def find(connection: AsyncConnection, resident_id: str) -> Photo | None:
    """Return the photo of a resident, None without one."""
    row = (await connection.execute(_FIND, {"id": resident_id})).first()
    return Photo(media_type=row.media_type, body=bytes(row.body)) if row else None


async def is_there(connection: AsyncConnection, resident_id: str) -> bool:
    """Tell whether there is a photo of a resident."""
    return (await connection.execute(_IS_THERE, {"id": resident_id})).first() is not None


async def drop(connection: AsyncConnection, resident_id: str) -> None:
    """Take the photo of a resident out. Safe to repeat."""
    await connection.execute(_DROP, {"id": resident_id})
