"""The parties outside and their ways: 120, the family, the property office, from one TOML file.

base_url = "https://desk.example.org"          # before the path by which a party acknowledges

[parties.120]
personal = true                                 # is told name, address and medical summary
channels = [                                    # tried in this order, then again from the first
  { name = "line-1", webhook = "https://120.example/help", secret_env = "YDT_120_SECRET" },
  { name = "fax", command = "/usr/local/bin/fax-120" },
]
"""

import os
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

from app.outside.channels import Channel, CommandChannel, WebhookChannel, messengers_of
from app.settings import Settings

RESERVED: Final = frozenset({"outside", "caregiver", "officer", "kin", "kin_member"})
"""Whom the settings give a way out, not the file."""

_ENTRIES: Final = frozenset({"name", "webhook", "command", "secret_env"})


class PartiesRefused(Exception):
    """The file of parties cannot be used; the message names the table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """One party, and in which order its ways are tried."""

    name: str
    channels: Sequence[Channel]
    is_told_all: bool = False  # name, address, place and medical summary, not ids alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Parties:
    """All parties of an installation, and the ways to its caregivers and officers."""

    named: Mapping[str, Party] = field(default_factory=dict[str, Party])
    messengers: Sequence[Channel] = ()
    base_url: str = ""

    @property
    def channels(self) -> Mapping[str, int]:
        """How many ways there are to each, as the rules count them; those without are left out."""
        counts = {name: len(party.channels) for name, party in self.named.items()}
        if self.messengers:
            counts |= dict.fromkeys(("caregiver", "officer"), len(self.messengers))
        return {name: count for name, count in counts.items() if count}

    def ways(self, audience: str, channel: int) -> Sequence[Channel]:
        """Return by which channels a message leaves; none when there is no such way any more."""
        if audience in {"caregiver", "kin_member"}:
            return self.messengers
        party = self.named.get(audience)
        found = self.messengers if audience == "officer" else party.channels if party else ()
        return found[channel : channel + 1]

    async def close(self) -> None:
        """Close the connections of all channels."""
        for party in self.named.values():
            for channel in party.channels:
                await channel.close()
        for channel in self.messengers:
            await channel.close()


def parties_of(settings: Settings) -> Parties:
    """Return the parties that the settings name.

    Raises:
        PartiesRefused: the file cannot be read or used.
    """
    messengers = messengers_of(settings)
    if settings.parties is None:
        return Parties(messengers=messengers)
    try:
        text = settings.parties.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PartiesRefused(f"YDT_PARTIES cannot be read: {error}") from error
    base_url, named = read_parties(text, os.environ)
    return Parties(named=named, messengers=messengers, base_url=base_url)


def read_parties(text: str, environment: Mapping[str, str]) -> tuple[str, Mapping[str, Party]]:
    """Return the base URL and the parties written in `text`.

    Raises:
        PartiesRefused: the TOML is broken, or a table misses or misstates something.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PartiesRefused(f"YDT_PARTIES is not TOML: {error}") from error
    base_url = document.get("base_url", "")
    tables = document.get("parties", {})
    unknown = sorted(set(document) - {"base_url", "parties"})
    if not isinstance(base_url, str) or not isinstance(tables, dict) or unknown:
        raise PartiesRefused("YDT_PARTIES has base_url, as text, and tables [parties.NAME].")
    entries = cast("dict[str, object]", tables)
    named = {name: _party(name, entry, environment) for name, entry in entries.items()}
    return base_url.rstrip("/"), named


def _party(name: str, entry: object, environment: Mapping[str, str]) -> Party:
    where = f"[parties.{name}]"
    if name in RESERVED:
        raise PartiesRefused(f"{where} is told by YDT_SMS_… or YDT_ALARM_…, not here.")
    table = _table(where, entry, frozenset({"personal", "channels"}))
    rows: object = table.get("channels", [])
    is_told_all: object = table.get("personal", False)
    if not isinstance(rows, list) or not isinstance(is_told_all, bool):
        raise PartiesRefused(f"{where} has channels, as a list, and personal, as true or false.")
    channels = [_channel(where, row, environment) for row in cast("list[object]", rows)]
    if len({channel.name for channel in channels}) < len(channels):
        raise PartiesRefused(f"{where} has two channels of one name.")
    return Party(name=name, channels=tuple(channels), is_told_all=is_told_all)


def _channel(where: str, entry: object, environment: Mapping[str, str]) -> Channel:
    row = _table(where, entry, _ENTRIES)
    if not all(isinstance(value, str) and value for value in row.values()):
        raise PartiesRefused(f"{where} has a channel with an entry that is no text.")
    ways = [way for way in ("webhook", "command") if way in row]
    if len(ways) != 1 or "name" not in row:
        raise PartiesRefused(f"{where} has a channel without a name, or not with one way out.")
    if ways == ["command"]:
        try:
            return CommandChannel(row["command"], name=row["name"])
        except ValueError as error:
            raise PartiesRefused(f"{where} has a command with an open quotation.") from error
    secret = row.get("secret_env")
    if secret is not None and not environment.get(secret):
        raise PartiesRefused(f"{where} names {secret}, which is not set in the environment.")
    key = environment[secret].encode() if secret else None
    return WebhookChannel(row["webhook"], key, name=row["name"])


def _table(where: str, entry: object, known: frozenset[str]) -> dict[str, Any]:
    if not isinstance(entry, dict):
        raise PartiesRefused(f"{where} is not written as tables.")
    table = cast("dict[str, Any]", entry)
    unknown = sorted(set(table) - known)
    if unknown:
        raise PartiesRefused(f"{where} has an unknown entry {unknown[0]}.")
    return table
