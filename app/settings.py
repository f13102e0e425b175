"""What an operator of this software can set. Read once, in main.py or the command line."""

import re
from pathlib import Path
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.security.roles import DESK_ROLES
from devices.datum import Datum
from dispatch.assignment import Policy
from dispatch.staffing import Target

DOORS: Final = ("handset", "caregiver", "family", "operator", "administrator", "pages", "metrics")
TARGETS: Final = ("answer", "answer_life_threat", "accept", "arrival", "completion")


class Settings(BaseSettings):
    """Every setting, from `YDT_…` in the environment (and `DATABASE_URL`) or the command line."""

    model_config = SettingsConfigDict(
        env_prefix="YDT_", frozen=True, extra="ignore", populate_by_name=True
    )

    host: str = "127.0.0.1"
    """Address on which all doors listen that have none of their own."""

    port: Annotated[int, Field(ge=0, le=65_535)] = 8000
    """TCP port for these doors; 0 takes a free one."""

    door_handset: str = ""
    """`HOST:PORT` for the handset door alone, `off`, or empty for the common address."""

    door_caregiver: str = ""
    """The same for the caregiver door."""

    door_family: str = ""
    """The same for the family door."""

    door_operator: str = ""
    """The same for the operator door (with its log-in)."""

    door_administrator: str = ""
    """The same for the administrator door (with its log-in)."""

    door_pages: str = ""
    """The same for the web pages. They speak to the doors of their own address."""

    door_metrics: str = ""
    """`HOST:PORT` for `/metrics`, or `off`; empty is 127.0.0.1, one port above the common one."""

    database_url: Annotated[SecretStr | None, Field(validation_alias="DATABASE_URL")] = None
    """PostgreSQL 15 or newer; empty starts the embedded one in the data folder."""

    data_dir: Path = Path("data")
    """Folder for the embedded database and generated secrets; made if missing, mode 0700."""

    desk_telephone: str = ""
    """Number by which caregivers reach the desk, on a key of their page; empty shows none."""

    navigation_url: str = (
        "https://uri.amap.com/navigation?to={lon},{lat}&mode=ride&coordinate=gaode&callnative=1"
    )
    """Link by which a caregiver's telephone opens its navigation, beside `geo:`; empty: none."""

    navigation_datum: Datum = Datum.GCJ02
    """What `{lon}` and `{lat}` in it refer to: `wgs84`, `gcj02` (AMap, Tencent) or `bd09`."""

    base_map: Path | None = None
    """GeoJSON file with rivers, roads and labels, drawn under the map; none is needed."""

    tiles: str = ""
    """Map pictures from elsewhere: `tianditu`, `osm` or `amap`; empty: none, or `tiles_url`'s."""

    tiles_url: str = ""
    """Their address instead, with `{z}`, `{x}`, `{y}`, perhaps `{s}` and `{key}`; blanks between
    several, which are laid over each other. Browsers at the desk ask that host for pictures."""

    tiles_subdomains: str = ""
    """What `{s}` stands for in turn: `abc`, or words with commas between them."""

    tiles_attribution: str = ""
    """Whose map it is, shown under it; empty: what belongs to the named source."""

    tiles_zoom_max: Annotated[int | None, Field(ge=1, le=22)] = None
    """Deepest zoom that the source has pictures for; closer they are enlarged. Empty: 18."""

    tiles_datum: Datum | None = None
    """What the pictures refer to: `wgs84` or `gcj02`; the map is moved at display only."""

    tiles_key: SecretStr | None = None
    """Key of the source, for `{key}`. Browsers send it: make one that is for browsers."""

    roads: Path | None = None
    """GeoJSON file with the streets as LineStrings, for travel times; none: straight lines."""

    osrm_url: str = ""
    """URL of an OSRM server that refines travel times; empty asks nobody."""

    osrm_within_s: Annotated[float, Field(gt=0, le=30)] = 1.5
    """How long its answer is waited for, in seconds. No call ever waits for it."""

    policy: Policy = Policy.ASSIGNMENT
    """How callers at the same moment share caregivers: least lateness in all, or the nearest."""

    demo: bool = False
    """Whether the demonstration's handset page is served. Never for real residents."""

    clock_start: str = ""
    """RFC 3339 time at which the rules' clock begins; empty is the present. For replays only."""

    clock_speed: Annotated[float, Field(gt=0, le=100_000)] = 1.0
    """How fast the rules' clock runs. For replays only."""

    alarm_command: str = ""
    """Program run when nobody at the desk took a call; it reads one JSON document on stdin."""

    alarm_webhook: str = ""
    """URL to which the same JSON document is posted."""

    alarm_webhook_secret: SecretStr | None = None
    """Key of the HMAC-SHA256 in the webhook's `X-Ydt-Signature` header."""

    sms_command: str = ""
    """Program that sends one message to a caregiver or a duty officer; reads JSON on stdin."""

    sms_webhook: str = ""
    """URL to which the same JSON document is posted."""

    sms_webhook_secret: SecretStr | None = None
    """Key of the HMAC-SHA256 in that webhook's `X-Ydt-Signature` header."""

    parties: Path | None = None
    """TOML file of the parties outside, such as 120, and of the ways to tell them."""

    answer_within_s: Annotated[float, Field(gt=0, le=120)] = 10.0
    """How long a door waits for the record, in seconds, before it asks to try again."""

    tracks_max: Annotated[int, Field(ge=100)] = 50_000
    """Positions and heartbeats that may wait for the record before the lane answers 503."""

    tracks_kept_days: Annotated[int, Field(ge=1, le=3650)] = 30
    """Days after which a day of positions and heartbeats is dropped."""

    silent_after_h: Annotated[float, Field(ge=0.25, le=168)] = 12.0
    """Hours without a word after which a handset counts as silent: three missed signs of life."""

    origins: tuple[str, ...] = ()
    """Other web origins that may use the doors with a session, as `https://host`."""

    lock_after_min: Annotated[float, Field(ge=0, le=720)] = 15.0
    """Minutes without input after which a desk locks itself, in minutes; 0 is never."""

    second_factor_roles: tuple[str, ...] = ()
    """Roles of desks that may do nothing before they have a second factor, as a JSON list."""

    one_administrator: bool = False
    """Whether one account may keep the system, the accounts and the audit log at once."""

    zone: str = "Asia/Shanghai"
    """Time zone by which people are planned and reports count, as IANA names it."""

    targets_answer: str = "97.5/60,99/180"
    """Shares of calls by handset to be taken by an operator in a time: PERCENT/SECONDS,…"""

    targets_answer_life_threat: str = "95/10"
    """The same for threats to life alone: the stretch."""

    targets_accept: str = ""
    """The same for a caregiver's yes; empty promises nothing."""

    targets_arrival: str = "90/2700"
    """The same for the first caregiver on scene."""

    targets_completion: str = ""
    """The same for the end of a call."""

    log_level: str = "INFO"
    """DEBUG, INFO, WARNING or ERROR."""

    log_json: bool = False
    """Whether the log is JSON, one object a line."""

    @field_validator("desk_telephone")
    @classmethod
    def _telephone_can_be_dialled(cls, number: str) -> str:
        if not re.fullmatch(r"(\+?[0-9][0-9 -]{1,19})?", number):
            raise ValueError("write digits, blanks and dashes, perhaps + before them")
        return number

    @field_validator("navigation_url")
    @classmethod
    def _navigation_takes_a_point(cls, url: str) -> str:
        rest = url.replace("{lon}", "", 1).replace("{lat}", "", 1)
        is_point = len(url) - len(rest) == len("{lon}{lat}") and not re.search(r"[{}\s]", rest)
        if url and not (is_point and re.match(r"(?!javascript|data)[a-z]+://", url)):
            raise ValueError("write a link that holds {lon} and {lat}, each once")
        return url

    @field_validator("second_factor_roles")
    @classmethod
    def _roles_are_of_desks(cls, roles: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := set(roles) - DESK_ROLES:
            raise ValueError(f"no desk has the role {sorted(unknown)[0]!r}")
        return roles

    @field_validator("zone")
    @classmethod
    def _zone_is_known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError) as error:  # not found, not a name, a folder
            raise ValueError("no time zone has this name") from error
        return name

    @field_validator(*(f"targets_{name}" for name in TARGETS))
    @classmethod
    def _targets_are_read(cls, words: str) -> str:
        read_targets(words)
        return words


def read_targets(words: str) -> tuple[Target, ...]:
    """Return targets written as PERCENT/SECONDS with commas between them: "97.5/60,99/180".

    Raises:
        ValueError: they are not.
    """
    return tuple(_target(one.strip()) for one in words.split(",") if one.strip())


def _target(words: str) -> Target:
    percent, _, seconds = words.partition("/")
    try:
        target = Target(share=float(percent) / 100, within_s=float(seconds))
    except ValueError:
        target = Target(share=0, within_s=0)
    if not (0 < target.share <= 1 and 0 < target.within_s <= 86_400 * 31):
        raise ValueError(f"{words!r} is not PERCENT/SECONDS, such as 97.5/60")
    return target
