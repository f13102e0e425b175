"""The people and things that stand at a door."""

from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """Who somebody is at a door. An account at a desk may have several."""

    HANDSET = "handset"  # a resident's device
    CAREGIVER = "caregiver"  # goes to the resident
    FAMILY = "family"  # is told how their resident is
    OPERATOR = "operator"  # takes calls at the desk
    SUPERVISOR = "supervisor"  # hears what no operator takes
    ADMINISTRATOR = "administrator"  # of the system: keeps the register, areas and plans
    SECURITY = "security_administrator"  # keeps accounts, second factors and revocations
    AUDITOR = "auditor"  # reads who did what, and changes nothing


KEEPER_ROLES: Final = frozenset({Role.ADMINISTRATOR, Role.SECURITY, Role.AUDITOR})
"""Roles that watch each other: nobody has all three, unless the house says so by a setting."""

DESK_ROLES: Final = frozenset({Role.OPERATOR, Role.SUPERVISOR}) | KEEPER_ROLES
"""Roles of accounts that sign in with a cookie."""

EVERYWHERE: Final = "*"
"""The area code that covers every area."""
