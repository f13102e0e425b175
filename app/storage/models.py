"""The tables of people at doors, as mapped classes: account, session, token, look, audit.

Facts and projections are written by hand elsewhere; these rows change one at a time.
"""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import (
    BigInteger,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    MetaData,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    """The mapped tables, named as migrations name their constraints."""

    metadata = MetaData(
        naming_convention={
            "uq": "%(table_name)s_%(column_0_N_name)s_uq",
            "fk": "%(table_name)s_%(referred_table_name)s_fk",
            "pk": "%(table_name)s_pk",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text(),
        datetime: DateTime(timezone=True),
        list[str]: JSONB,
        bytes: LargeBinary,
    }


class AccountRow(Base):
    """Somebody who signs in with a password. The id is the login in its comparable form."""

    __tablename__ = "account"
    __table_args__ = (
        Index("account_subject", "subject_id", postgresql_where=text("subject_id IS NOT NULL")),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    login: Mapped[str]  # as it was typed first
    name: Mapped[str]
    kind: Mapped[str]
    roles: Mapped[list[str]]
    areas: Mapped[list[str]]
    subject_id: Mapped[str | None]  # the caregiver's id
    password_hash: Mapped[str]
    created_at: Mapped[datetime]
    password_set_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    second_factor_at: Mapped[datetime | None]  # since when a code is asked for


class SecondFactorRow(Base):
    """What an account's codes are made from. It counts once the account says since when."""

    __tablename__ = "second_factor"

    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"), primary_key=True)
    secret: Mapped[str]  # base 32; whoever reads it can make codes
    begun_at: Mapped[datetime]
    step_last: Mapped[int] = mapped_column(BigInteger)  # a code works once: only later ones do
    recovery: Mapped[list[str]]  # SHA-256 of the codes that are left


class SessionRow(Base):
    """One signed-in browser. The id is the SHA-256 of the cookie, in hexadecimal."""

    __tablename__ = "session"
    __table_args__ = (Index("session_account", "account_id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[str] = mapped_column(ForeignKey("account.id"))
    csrf: Mapped[str]
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    user_agent: Mapped[str]
    address: Mapped[str]
    locked_at: Mapped[datetime | None]


class TokenRow(Base):
    """One bearer token of a handset or a caregiver. The token itself is kept by nobody here."""

    __tablename__ = "token"
    __table_args__ = (
        Index("token_subject", "kind", "subject_id"),
        Index("token_issued", "issued_at"),
        Index("token_revoked", "revoked_at", postgresql_where=text("revoked_at IS NOT NULL")),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    subject_id: Mapped[str]
    sha256: Mapped[bytes] = mapped_column(unique=True)
    label: Mapped[str]
    issued_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class LookRow(Base):
    """Somebody saw where a resident is. Rows are only ever added."""

    __tablename__ = "look"
    __table_args__ = (
        Index("look_resident", "resident_id", "id"),
        Index("look_account", "account_id", "id"),
        Index("look_at", "at", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime]
    account_id: Mapped[str]  # or the caregiver's id, when one looked
    role: Mapped[str]
    resident_id: Mapped[str]
    incident_id: Mapped[str | None]
    reason: Mapped[str]
    what: Mapped[str]


class AuditRow(Base):
    """Somebody did something, or was refused. Rows are only ever added."""

    __tablename__ = "audit"
    __table_args__ = (
        Index("audit_at", "at", "id"),
        Index("audit_account", "account_id", "at"),
        Index("audit_subject", "subject", "at"),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(always=True), primary_key=True)
    at: Mapped[datetime]
    kind: Mapped[str]
    account_id: Mapped[str]  # "" when nobody is known
    subject: Mapped[str]  # an account's id, a path below the doors, or ""
    address: Mapped[str]
    detail: Mapped[str]
