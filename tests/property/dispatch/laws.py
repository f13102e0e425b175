"""How hard the laws are tried: the same examples on every machine, whatever its speed."""

import os

from hypothesis import HealthCheck, Phase, settings

# tools/mutate.py tries them thousands of times, and asks only whether they hold.
_SHARE = int(os.environ.get("YDT_LAWS_SHARE", "1"))
_PHASES = (Phase.explicit, Phase.generate) if _SHARE > 1 else tuple(Phase)


def share_of(examples):
    return max(2, examples // _SHARE) if _SHARE > 1 else examples


LAW = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=share_of(60),
    phases=_PHASES,
    suppress_health_check=[HealthCheck.too_slow],
)
NIGHT = settings(LAW, max_examples=share_of(12), stateful_step_count=50)
