"""What a benchmark finds: figures beside their references, what was checked, and how it is told.

On a shared machine the speed drifts by half between one second and the next, so no figure means
anything alone. Slices of all variants take turns, and each slice is compared with its neighbours.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean, median
from typing import Any, Final

LIMIT: Final = "limit"  # the reference of a figure that is compared with a fixed number
_HEADINGS: Final = ("figure", "value", "reference", "", "ratio", "from to", "target", "")
_NUMBERS: Final = frozenset({1, 3, 4, 5, 6})  # columns that stand to the right


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a ratio must reach."""

    ratio: float
    is_least: bool  # False: it is the most that is allowed

    def is_met_by(self, ratio: float) -> bool:
        """Tell whether a ratio is good enough; one that is no number never is."""
        return ratio >= self.ratio if self.is_least else ratio <= self.ratio

    def __str__(self) -> str:
        """Return the target as it stands in the table."""
        return f"{'≥' if self.is_least else '≤'} {self.ratio:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure, the median of its rounds, beside its reference of the same run."""

    name: str
    value: float
    unit: str
    reference: str
    reference_value: float
    ratios: tuple[float, ...]  # of the rounds, in order
    target: Target

    @property
    def ratio(self) -> float:
        """Return the median of the rounds' ratios."""
        return median(self.ratios)

    @property
    def is_met(self) -> bool:
        """Tell whether the target is reached."""
        return self.target.is_met_by(self.ratio)

    def document(self) -> dict[str, Any]:
        """Return the figure as it stands in the report."""
        return {
            "name": self.name,
            "value": round(self.value, 3),
            "unit": self.unit,
            "reference": self.reference,
            "reference_value": round(self.reference_value, 3),
            "ratio": round(self.ratio, 3),
            "ratio_min": round(min(self.ratios), 3),
            "ratio_max": round(max(self.ratios), 3),
            "rounds": len(self.ratios),
            "target": self.target.ratio,
            "target_is": "at_least" if self.target.is_least else "at_most",
            "met": self.is_met,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """Two counts that must agree, such as what was acknowledged and what is on record."""

    name: str
    said: int
    found: int

    @property
    def holds(self) -> bool:
        """Tell whether they agree."""
        return self.said == self.found


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """All that one run found."""

    figures: tuple[Figure, ...] = ()
    checks: tuple[Check, ...] = ()

    def __add__(self, other: "Findings") -> "Findings":
        """Return what both found, in order."""
        return Findings(
            figures=(*self.figures, *other.figures), checks=(*self.checks, *other.checks)
        )

    @property
    def is_good(self) -> bool:
        """Tell whether every target is reached and every check holds."""
        return all(one.is_met for one in self.figures) and all(one.holds for one in self.checks)


def neighbour_ratios(slices: Sequence[float], references: Sequence[float]) -> tuple[float, ...]:
    """Return each slice over the mean of its two neighbours.

    `references` has one more: slice i lies between references i and i + 1.

    Raises:
        ValueError: the numbers of slices do not fit.
    """
    around = zip(slices, references, references[1:], strict=False)
    if len(references) != len(slices) + 1:
        raise ValueError(f"{len(slices)} slices need {len(slices) + 1} references.")
    return tuple(one / fmean((before, after)) for one, before, after in around)


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the value under which `percent` of them lie, the higher one between two."""
    if not values:
        return math.nan
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def document(findings: Findings, machine: Mapping[str, Any]) -> dict[str, Any]:
    """Return the report."""
    return {
        "figures": [one.document() for one in findings.figures],
        "checks": [asdict(one) | {"holds": one.holds} for one in findings.checks],
        "machine": dict(machine),
    }


def lines(findings: Findings) -> list[str]:
    """Return the report for people: a table, and what was checked."""
    rows = [_HEADINGS, *(_row(one) for one in findings.figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    table = ["  ".join(_cells(row, widths)).rstrip() for row in rows]
    return [*table, *(_sentence(one) for one in findings.checks)]


def _row(one: Figure) -> tuple[str, ...]:
    return (
        one.name,
        f"{_short(one.value)} {one.unit}",
        one.reference,
        _short(one.reference_value),
        f"{one.ratio:.2f}",
        f"{min(one.ratios):.2f} {max(one.ratios):.2f}",
        str(one.target),
        "met" if one.is_met else "MISSED",
    )


def _cells(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    return [
        cell.rjust(width) if column in _NUMBERS else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}"


def _sentence(one: Check) -> str:
    word = "all there" if one.holds else "NOT THE SAME"
    return f"{one.name}: {one.said:,} said, {one.found:,} found: {word}."
