"""What the checks amount to, for people and for a file."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from simulator.theory.check import Check


def line(one: Check) -> str:
    """Return one check for people."""
    mark = "  ok " if one.is_met else "WRONG"
    return (
        f"{mark}  {one.name:<44} theory {one.theory:9.4f}  measured {one.measured:9.4f}"
        f" ± {one.error:.4f}, may be off by {one.tolerance:.4f}"
    )


def document(checks: Sequence[Check], *, seed: int, is_long: bool) -> dict[str, Any]:
    """Return all checks as they are written to a file."""
    return {
        "command": "theory --long" if is_long else "theory",
        "seed": seed,
        "met": sum(one.is_met for one in checks),
        "missed": [one.name for one in checks if not one.is_met],
        "checks": [{**asdict(one), "met": one.is_met} for one in checks],
    }


def is_good(report: dict[str, Any]) -> bool:
    """Tell whether every check was met."""
    return not report["missed"]
