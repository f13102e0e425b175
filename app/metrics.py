"""What can be measured of a running server, for Prometheus. No figure names a person."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The figures of one server, on a registry of their own so that tests can have many."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()

        def counter(name: str, about: str, labels: tuple[str, ...] = ()) -> Counter:
            return Counter(f"ydt_{name}", about, labels, registry=self.registry)

        self.facts = counter("facts", "Facts put on record")
        self.unfoldable = counter(
            "facts_unfoldable", "Facts of the journal that could not be folded"
        )
        self.events = counter("handset_events", "Handset events by result", ("result",))
        self.tracks = counter("tracks", "Positions and heartbeats put on record")
        self.tracks_refused = counter(
            "tracks_refused", "Tracks turned away because the lane is full"
        )
        self.frames = counter("console_frames", "Frames sent to consoles")
        self.messages = counter(
            "outside_messages", "Messages to the outside by result", ("result",)
        )
        self.handled = counter(
            "incidents_handled",
            "Closed incidents by the level at which they were handled",
            ("level",),
        )
        self.travel_times = counter(
            "travel_times", "Answers of the remote source of travel times by result", ("result",)
        )
        self.commit_seconds = Histogram(
            "ydt_commit_seconds",
            "From the decision to the record",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.press_to_offer_seconds = Histogram(
            "ydt_press_to_offer_seconds",
            "From the arrival of a press to its offer on record",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.loop_lag_seconds = Histogram(
            "ydt_loop_lag_seconds",
            "How late the event loop came to a timer",
            buckets=_SECONDS,
            registry=self.registry,
        )

    def watch(self, name: str, about: str, value: Callable[[], float]) -> None:
        """Let a gauge read `value` whenever it is asked for."""
        Gauge(f"ydt_{name}", about, registry=self.registry).set_function(value)
