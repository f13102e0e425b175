"""Facts as they lie in the journal: a body of ids and codes, and apart from it what is personal."""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from hashlib import sha256
from typing import Any, Final

import msgspec

from dispatch import facts as fact_kinds
from dispatch.facts import Fact


class UnknownFact(Exception):
    """The journal holds a kind of fact, or a version, that this program does not know."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """One fact as text. `personal` is None when the fact holds nothing about a person."""

    kind: str
    version: int
    body: str
    personal: str | None


@dataclass(frozen=True, slots=True)
class _Form:
    kind: str
    body: tuple[str, ...]
    personal: tuple[tuple[str, Any], ...]  # with the empty default
    decoder: msgspec.json.Decoder[Fact]


def kind_of(kind: type[object]) -> str:
    """Return the journal's word for a kind of fact: `IncidentRaised` → `incident_raised`."""
    name = kind.__name__
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).removeprefix("_")


def _form(fact_type: type[Fact]) -> _Form:
    body = [f for f in fields(fact_type) if "personal" not in f.metadata]
    personal = [f for f in fields(fact_type) if "personal" in f.metadata]
    if any(f.default is MISSING for f in personal):
        raise TypeError(f"{fact_type.__name__}: a personal field needs an empty default")
    return _Form(
        kind=kind_of(fact_type),
        body=tuple(f.name for f in body),
        personal=tuple((f.name, f.default) for f in personal),
        decoder=msgspec.json.Decoder(fact_type),
    )


_FORMS: Final[Mapping[type[Fact], _Form]] = {
    value: _form(value)
    for value in vars(fact_kinds).values()
    if isinstance(value, type) and issubclass(value, Fact) and value is not Fact
}
FACT_OF: Final[Mapping[str, type[Fact]]] = {form.kind: kind for kind, form in _FORMS.items()}
_ENCODER: Final = msgspec.json.Encoder()


def encode(fact: Fact) -> Encoded:
    """Return the fact as text.

    Raises:
        ValueError: a text holds what JSON in UTF-8 cannot carry.
    """
    form = _FORMS[type(fact)]
    body = _ENCODER.encode({name: getattr(fact, name) for name in form.body})
    known = {
        name: value for name, empty in form.personal if (value := getattr(fact, name)) != empty
    }
    personal = _ENCODER.encode(known).decode() if known else None
    return Encoded(form.kind, fact.VERSION, body.decode(), personal)


def decode(kind: str, version: int, body: str, personal: str | None) -> Fact:
    """Return the fact that was encoded; erased personal fields are empty.

    Raises:
        UnknownFact: the kind or the version is newer than this program.
    """
    fact_type = FACT_OF.get(kind)
    if fact_type is None or version > fact_type.VERSION:
        raise UnknownFact(f"{kind} version {version}")
    text = body if personal is None else f"{body[:-1]},{personal[1:]}"
    return _FORMS[fact_type].decoder.decode(text)


def personal_hash(salt: bytes, personal: str) -> bytes:
    """Return what the chain keeps of personal data; without the salt it tells nothing."""
    return sha256(salt + personal.encode()).digest()


def chain_hash(before: bytes, number: int, encoded: Encoded, personal: bytes | None) -> bytes:
    """Return the link of one fact: it changes when this fact or any before it is altered."""
    head = f"{number}\n{encoded.kind}\n{encoded.version}\n{encoded.body}\n".encode()
    return sha256(before + head + (personal or b"")).digest()


def incident_of(fact: Fact) -> str | None:
    """Return the incident a fact is about; offers and attendances carry it in their id."""
    for name in ("incident_id", "offer_id", "attendance_id"):
        subject = getattr(fact, name, None)
        if isinstance(subject, str):
            return subject.partition(".")[0]
    return None
