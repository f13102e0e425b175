"""The journal as a file: one fact a line, as JSON, to be read by simulations and by people."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from app.codec import Encoded, UnknownFact, decode
from app.storage.ledger import Recorded


class LinesRefused(Exception):
    """The text is no journal; the message names the line."""


def line_of(number: int, row: Encoded, *, with_personal: bool = True) -> str:
    """Return one fact as a line of JSON, without its line end."""
    personal = row.personal if with_personal and row.personal is not None else "null"
    return (
        f'{{"number":{number},"kind":"{row.kind}","version":{row.version},'
        f'"body":{row.body},"personal":{personal}}}'
    )


def facts_in(lines: Iterable[str]) -> Iterator[Recorded]:
    """Give the facts that `line_of` wrote, in order.

    Raises:
        LinesRefused: a line is no fact that this program knows.
    """
    for place, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row: dict[str, Any] = json.loads(line)
            number, kind, version, body = (
                row[name] for name in ("number", "kind", "version", "body")
            )
            fact = decode(kind, version, _text(body), _text(row.get("personal")) or None)
        except (ValueError, KeyError, TypeError, UnknownFact, msgspec.DecodeError) as error:
            raise LinesRefused(f"Line {place} is no fact of this program: {error}.") from error
        yield Recorded(number=number, fact=fact)


def _text(value: object) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False)
