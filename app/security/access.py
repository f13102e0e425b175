"""The one mechanism by which every route says who may pass.

    CaregiverDep = Annotated[Principal, allow(Role.CAREGIVER)]

    @router.get("/state")
    async def state(who: CaregiverDep) -> CaregiverState: ...

    @router.post("/login", dependencies=[PUBLIC])

Handsets and caregivers bring a bearer token: in the Authorization header, or for a websocket as
the subprotocol `bearer.<token>` beside `ydt.v1`. Desks bring the cookie of a session. A route
that names nothing, or two different things, is found by `app.security.unnamed.unnamed_routes`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

from fastapi import Depends, params
from fastapi.openapi.models import APIKey, APIKeyIn, HTTPBearer
from fastapi.security.base import SecurityBase
from starlette import status as http
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from app.errors import Problem, problem_of
from app.security.accounts import Account
from app.security.chance import same
from app.security.roles import DESK_ROLES, EVERYWHERE, Role
from app.security.security import Security
from app.security.sessions import Session
from app.security.tokens import TokenHolder, TokenKind
from dispatch.errors import UnknownSubject

COOKIE: Final = "ydt_session"
CSRF_HEADER: Final = "x-csrf-token"
SUBPROTOCOL: Final = "ydt.v1"
"""What a websocket with a token in its subprotocols is accepted with."""

_BEARER_SUBPROTOCOL: Final = "bearer."
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_PORTS: Final = {"http": ":80", "https": ":443"}
_RANK: Final = (
    *(Role.ADMINISTRATOR, Role.SECURITY, Role.AUDITOR),
    *(Role.SUPERVISOR, Role.OPERATOR),
    *(Role.CAREGIVER, Role.FAMILY, Role.HANDSET),
)


class SignInNeeded(Problem):
    """Sign in first."""

    status = http.HTTP_401_UNAUTHORIZED


class TokenNeeded(Problem):
    """A valid token is needed."""

    status = http.HTTP_401_UNAUTHORIZED

    def __init__(self, detail: str = "") -> None:
        super().__init__(detail, headers={"WWW-Authenticate": "Bearer"})


class RoleNeeded(Problem):
    """Your account does not have the role that this needs."""

    status = http.HTTP_403_FORBIDDEN


class SessionLocked(Problem):
    """This desk is locked: give the password or a code first."""

    status = http.HTTP_423_LOCKED


class SecondFactorNeeded(Problem):
    """Your account needs a second factor first: open the administration page to set it up."""

    status = http.HTTP_403_FORBIDDEN


class CsrfNeeded(Problem):
    """The X-CSRF-Token header is missing or wrong."""

    status = http.HTTP_403_FORBIDDEN


class OriginRefused(Problem):
    """A page from elsewhere may not do this."""

    status = http.HTTP_403_FORBIDDEN


class OutOfScope(Problem):
    """There is no such thing in the areas of this account.

    The document is the one for a thing that does not exist, so that it tells nobody what does.
    """

    status = http.HTTP_404_NOT_FOUND

    def __init__(self, what: str, subject_id: str) -> None:
        absent = problem_of(UnknownSubject(what, subject_id))
        super().__init__(
            absent.detail,
            extras=absent.extras,
            code=absent.code,
            slug=absent.slug,
            title=absent.title,
        )


COOKIE_PROBLEMS: Final = (
    *(SignInNeeded, RoleNeeded, CsrfNeeded, OriginRefused),
    *(SessionLocked, SecondFactorNeeded),
)
"""For `problems()`: how a route for desks can refuse who asks."""

TOKEN_PROBLEMS: Final = (TokenNeeded, OriginRefused)
"""For `problems()`: how a route for handsets, caregivers or families can refuse who asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who stands at the door."""

    id: str  # an account's, a caregiver's, a family member's or a handset's
    roles: frozenset[Role]
    areas: tuple[str, ...] = ()  # codes; none = nowhere, "*" = everywhere
    name: str = ""
    session_id: str = ""  # of the session or the token: what ends when it is revoked
    csrf: str = ""

    @property
    def role(self) -> Role:
        """Return the mightiest of the roles."""
        return next(role for role in _RANK if role in self.roles)

    def covers(self, path: Sequence[str]) -> bool:
        """Tell whether a place, given as its areas from wide to narrow, is in their care.

        A place that lies in no known area is covered only by those who cover everywhere.
        """
        return EVERYWHERE in self.areas or not set(self.areas).isdisjoint(path)


class Hindrance(StrEnum):
    """What keeps a signed-in desk from everything but the few routes that say otherwise."""

    LOCKED = "locked"  # nobody has touched it for a while
    FACTOR = "factor"  # its account must have a second factor, and has none


@dataclass(frozen=True, slots=True)
class Access:
    """Which roles may pass, and in spite of what; no role at all means that everybody may."""

    roles: frozenset[Role]
    despite: frozenset[Hindrance] = frozenset()

    @property
    def is_public(self) -> bool:
        """Tell whether everybody may pass."""
        return not self.roles

    @property
    def door(self) -> str:
        """Return the name of the door, for counting who was refused at it."""
        return next((role.value for role in reversed(_RANK) if role in self.roles), "public")


class Gate(SecurityBase):
    """The dependency that checks an Access. Seen in OpenAPI as a security scheme."""

    def __init__(self, access: Access) -> None:
        self.access = access
        if access.roles <= DESK_ROLES:
            self.model = APIKey.model_validate(
                {"name": COOKIE, "in": APIKeyIn.cookie, "description": "A desk's session."}
            )
            self.scheme_name = "session"
        else:
            self.model = HTTPBearer(description=f"The token of a {access.door}.")
            self.scheme_name = f"{access.door}_token"

    async def __call__(self, connection: HTTPConnection) -> Principal:
        """Return who asks, if they may pass."""
        security = security_of(connection)
        require_origin(connection, security)
        if self.access.roles <= DESK_ROLES:
            return await _desk(connection, security, self.access)
        return _carrier(connection, security, self.access)


class OpenGate:
    """The dependency that lets everybody pass."""

    access: Final = Access(frozenset())

    async def __call__(self) -> None:
        """Let everybody pass."""


class Door:
    """A pure ASGI application that says who may pass, such as the static pages.

    Only an application that checks for itself may be given roles.
    """

    def __init__(self, app: ASGIApp, access: Access, paths: Sequence[str]) -> None:
        self.app = app
        self.access = access
        self.paths = tuple(paths)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on."""
        await self.app(scope, receive, send)


PUBLIC_ACCESS: Final = OpenGate.access
PUBLIC: Final = params.Depends(OpenGate())
"""For `dependencies=[PUBLIC]`: everybody may pass."""


def allow(*roles: Role, despite: Iterable[Hindrance] = ()) -> params.Depends:
    """Return the dependency that lets these roles pass and gives the Principal.

    `despite` names what does not keep a desk out here, as it does everywhere else.

    Raises:
        ValueError: the roles are none, or come in by different means (cookie and token).
    """
    access = Access(frozenset(roles), frozenset(despite))
    if access.is_public or (len(roles) > 1 and not access.roles <= DESK_ROLES):
        raise ValueError(roles)
    return Depends(_gate(access))


def require_scope(principal: Principal, path: Sequence[str], what: str, subject_id: str) -> None:
    """Let pass who covers the place; `what` and `subject_id` name the thing that is asked for.

    Raises:
        OutOfScope: it is in nobody's area of theirs, which looks as if it did not exist.
    """
    if not principal.covers(path):
        raise OutOfScope(what, subject_id)


def security_of(connection: HTTPConnection) -> Security:
    """Return the security rooms that the composition root put on the app."""
    security: Security = connection.app.state.security
    return security


def source_of(connection: HTTPConnection) -> str:
    """Return the address that the connection comes from, "" when it has none."""
    return connection.client.host if connection.client else ""


def require_origin(connection: HTTPConnection, security: Security) -> None:
    """Let no page of another site speak for its visitor. Programs send no Origin and pass.

    Raises:
        OriginRefused: the Origin is neither this host nor configured.
    """
    origin = connection.headers.get("origin")
    is_safe = connection.scope["type"] == "http" and connection.scope["method"] in _SAFE_METHODS
    if origin is None or is_safe or origin.lower() in security.origins:
        return
    if not _is_same_host(origin, connection.headers.get("host", "")):
        raise OriginRefused


def bearer_of(headers: Iterable[tuple[bytes, bytes]]) -> bytes | None:
    """Return the token of an Authorization header, from the raw headers of an ASGI scope."""
    for name, value in headers:
        if name == b"authorization":
            scheme, _, token = value.partition(b" ")
            return token.strip() if scheme.lower() == b"bearer" else None
    return None


def require_holder(
    security: Security, token: bytes | None, kind: TokenKind, source: str
) -> TokenHolder:
    """Return who holds the token; count it when it is wrong. For the pure ASGI door.

    Raises:
        TokenNeeded: there is no token, or it is not a live one of this kind.
    """
    holder = security.tokens.subject_of(token) if token else None
    if holder is not None and holder.kind is kind:
        return holder
    if token:
        security.tokens.refuse(kind.value, source)
    raise TokenNeeded


def principal_of(session: Session) -> Principal:
    """Return who a session belongs to."""
    account = session.account
    return Principal(
        id=account.id,
        roles=frozenset(account.roles),
        areas=account.areas,
        name=account.name,
        session_id=session.id,
        csrf=session.csrf,
    )


def lacks_factor(security: Security, account: Account) -> bool:
    """Tell whether an account must have a second factor, and has none."""
    is_needed = not security.factor_roles.isdisjoint(account.roles)
    return is_needed and account.second_factor_at is None


async def _desk(connection: HTTPConnection, security: Security, access: Access) -> Principal:
    session = await security.sessions.find(connection.cookies.get(COOKIE, ""))
    if session is None:
        raise SignInNeeded
    _require_csrf(connection, session)
    principal = principal_of(session)
    connection.state.principal = principal  # for the audit log
    if access.roles.isdisjoint(principal.roles):
        raise RoleNeeded
    if session.locked_at is not None and Hindrance.LOCKED not in access.despite:
        raise SessionLocked
    if lacks_factor(security, session.account) and Hindrance.FACTOR not in access.despite:
        raise SecondFactorNeeded
    return principal


def _carrier(connection: HTTPConnection, security: Security, access: Access) -> Principal:
    (role,) = access.roles
    token = bearer_of(connection.scope["headers"]) or _bearer_of_websocket(connection.scope)
    holder = require_holder(security, token, TokenKind(role.value), source_of(connection))
    return Principal(id=holder.subject_id, roles=access.roles, session_id=holder.token_id)


def _bearer_of_websocket(scope: Scope) -> bytes | None:
    offered: Sequence[str] = scope.get("subprotocols", ())
    for name in offered:
        if name.startswith(_BEARER_SUBPROTOCOL):
            return name.removeprefix(_BEARER_SUBPROTOCOL).encode("utf-8", "replace")
    return None


def _require_csrf(connection: HTTPConnection, session: Session) -> None:
    if connection.scope["type"] != "http" or connection.scope["method"] in _SAFE_METHODS:
        return
    if not same(connection.headers.get(CSRF_HEADER, ""), session.csrf):
        raise CsrfNeeded


def _is_same_host(origin: str, host: str) -> bool:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    port = _PORTS.get(parts.scheme)
    if port is None:
        return False
    return parts.netloc.lower().removesuffix(port) == host.lower().removesuffix(port) != ""


_GATES: Final[dict[Access, Gate]] = {}


def _gate(access: Access) -> Gate:
    """Return the one gate of an access, so that FastAPI asks it once for each request."""
    return _GATES.setdefault(access, Gate(access))
