"""What many nights gave, for a file and for people."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.run.night import Outcome
from simulator.run.response import Responses

LINES_SHOWN = 5  # violations of one seed


@dataclass(slots=True)
class Tally:
    """All nights of one command."""

    days: int
    with_faults: bool
    began: float = field(default_factory=time.perf_counter)
    nights: int = 0
    counts: dict[str, int] = field(default_factory=dict[str, int])
    policies: dict[str, Responses] = field(default_factory=dict[str, Responses])
    violations: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def add(self, policy: str, outcome: Outcome) -> list[str]:
        """Take up a night; return the lines to print, none when every promise held."""
        self.nights += 1
        for name, value in _counts(outcome).items():
            self.counts[name] = self.counts.get(name, 0) + value
        self.policies.setdefault(policy, Responses()).add(outcome.responses)
        again = self.again(policy, outcome.seed)
        for one in outcome.violations:
            self.violations.append(
                {
                    "seed": outcome.seed,
                    "policy": policy,
                    "promise": one.promise,
                    "at_s": one.at_s,
                    "words": one.words,
                    "again": again,
                }
            )
        if not outcome.violations:
            return []
        shown = [
            f"  seed {outcome.seed} at {one.at_s:.0f} s: {one.promise}: {one.words}"
            for one in outcome.violations[:LINES_SHOWN]
        ]
        return [*shown, f"  repeat it: {again}"]

    def again(self, policy: str, seed: int) -> str:
        """Return the command that repeats one night."""
        faults = " --faults" if self.with_faults else ""
        return f"ydt-sim run --seeds {seed}..{seed} --days {self.days}{faults} --policy {policy}"

    @property
    def days_per_second(self) -> float:
        """How many days passed in a second of this machine."""
        return self.nights * self.days / max(time.perf_counter() - self.began, 1e-9)

    def document(self) -> Mapping[str, Any]:
        """Return the report."""
        return {
            "nights": self.nights,
            "days": self.nights * self.days,
            "faults": self.with_faults,
            **self.counts,
            "violations": self.violations,
            "days_per_second": round(self.days_per_second, 3),
            "policies": {name: one.document() for name, one in self.policies.items()},
        }


def _counts(outcome: Outcome) -> dict[str, int]:
    return {
        "presses": outcome.presses,
        "incidents": outcome.incidents,
        "messages": outcome.messages,
        "facts": len(outcome.journal.rows),
        "crashes": outcome.crashes,
    }


def table(policies: Mapping[str, Responses]) -> list[str]:
    """Return the response figures side by side: median, nine of ten, longest."""
    documents = {name: one.document() for name, one in policies.items()}
    rows = [("", *documents)]
    for name, value in next(iter(documents.values())).items():
        cells = (_cell(one[name]) for one in documents.values())
        rows.append((name if not isinstance(value, dict) else f"{name} p50 p90 max", *cells))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _cell(value: object) -> str:
    if isinstance(value, dict):
        return " ".join("-" if value[name] is None else f"{value[name]:g}" for name in _SHOWN)  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, float):
        return f"{value:.1%}"
    return str(value)


_SHOWN = ("p50", "p90", "max")
