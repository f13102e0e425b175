"""One figure that theory foretells, and what the engine gave."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

BATCHES: Final = 30  # a run is cut into so many parts: neighbours in a waiting line are not free
ERRORS: Final = 4.0  # standard errors that a figure may be off by chance, where nothing else is set

Values: TypeAlias = Sequence[float] | NDArray[np.floating[Any] | np.integer[Any] | np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A mean, and how sure it is."""

    value: float
    error: float  # standard error


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One figure beside its theory."""

    name: str
    theory: float
    measured: float
    error: float  # standard error of `measured`
    tolerance: float  # how far it may be off

    @property
    def is_met(self) -> bool:
        """Whether the engine does what theory says."""
        return abs(self.measured - self.theory) <= self.tolerance


def check(name: str, theory: float, found: Measured, tolerance: float | None = None) -> Check:
    """Return a check whose tolerance is `ERRORS` standard errors unless one is given."""
    return Check(
        name=name,
        theory=theory,
        measured=found.value,
        error=found.error,
        tolerance=ERRORS * found.error if tolerance is None else tolerance,
    )


def mean_of_batches(values: Values) -> Measured:
    """Return the mean of values in the order of time, and its error from batch to batch.

    Source: batch means, Law & Kelton, Simulation Modeling and Analysis, ch. 9.
    """
    batches = np.array_split(np.asarray(values, dtype=np.float64), BATCHES)
    return mean_of([float(np.mean(batch)) for batch in batches])


def mean_of(values: Values) -> Measured:
    """Return the mean of values that do not depend on each other, and its error."""
    found = np.asarray(values, dtype=np.float64)
    return Measured(
        value=float(np.mean(found)), error=float(np.std(found, ddof=1) / sqrt(len(found)))
    )
