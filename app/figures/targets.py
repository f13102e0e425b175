"""What was promised, as a setting says it: shares of calls within times, such as 97.5/60,99/180."""

from collections.abc import Mapping
from enum import StrEnum

from app.settings import Settings, read_targets
from dispatch.staffing import Target


class Figure(StrEnum):
    """What is timed, always from the moment at which the call was on record."""

    ANSWER = "answer"  # to the first operator who took it; calls by handset
    ANSWER_LIFE_THREAT = "answer_life_threat"  # the same, of threats to life alone
    ACCEPT = "accept"  # to the first caregiver's yes
    ARRIVAL = "arrival"  # to the first caregiver on scene
    COMPLETION = "completion"  # to the end


def targets_of(settings: Settings) -> Mapping[Figure, tuple[Target, ...]]:
    """Return what was promised of each figure; of some perhaps nothing."""
    return {figure: read_targets(getattr(settings, f"targets_{figure}")) for figure in Figure}
