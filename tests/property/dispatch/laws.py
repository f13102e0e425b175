"""How hard the laws are tried: the same examples on every machine, whatever its speed."""

from hypothesis import HealthCheck, settings

LAW = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow],
)
NIGHT = settings(LAW, max_examples=12, stateful_step_count=50)
