"""Pictures from outside: what they are is told by their first bytes, never by their name."""

from typing import Final

from fastapi import Response
from starlette import status as http

from app.errors import Problem
from app.storage.photos import Photo

PHOTO_BYTES_MAX: Final = 300_000
_JPEG: Final = b"\xff\xd8\xff"
_PNG: Final = b"\x89PNG\r\n\x1a\n"
HEADERS: Final = {
    "Cache-Control": "private, no-store",  # what is erased is shown by no cache
    "Content-Disposition": "inline",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class PhotoUnfit(Problem):
    """The photo cannot be used."""

    status = http.HTTP_422_UNPROCESSABLE_CONTENT


class PhotoAbsent(Problem):
    """There is no photo of this resident."""

    status = http.HTTP_404_NOT_FOUND


def photo_of(data: bytes) -> Photo:
    """Return a picture with its type.

    Raises:
        PhotoUnfit: it is neither JPEG, PNG nor WebP.
    """
    media_type = _media_type(data)
    if media_type is None:
        raise PhotoUnfit("A photo is a JPEG, PNG or WebP file.")
    return Photo(media_type=media_type, body=data)


def photo_response(photo: Photo) -> Response:
    """Return the answer that shows a photo, and can be nothing but a picture."""
    return Response(photo.body, media_type=photo.media_type, headers=HEADERS)


def _media_type(data: bytes) -> str | None:
    if data.startswith(_JPEG):
        return "image/jpeg"
    if data.startswith(_PNG):
        return "image/png"
    return "image/webp" if data[:4] == b"RIFF" and data[8:12] == b"WEBP" else None
