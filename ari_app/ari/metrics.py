"""Figures of the ARI client for Prometheus; durations in seconds."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_REQUEST_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class AriMetrics:
    """The metric families; make one for each registry (tests: one for each test)."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.events = Counter(
            "kakeru_ari_events", "Events received, by type", ["node", "type"], registry=registry
        )
        self.duplicates = Counter(
            "kakeru_ari_duplicate_events", "Events dropped as repeats", ["node"], registry=registry
        )
        self.unreadable = Counter(
            "kakeru_ari_unreadable_messages",
            "Messages or events that could not be understood",
            ["node"],
            registry=registry,
        )
        self.requests = Counter(
            "kakeru_ari_requests",
            "Requests ended, by status code, `timeout` or `lost`",
            ["node", "status"],
            registry=registry,
        )
        self.request_seconds = Histogram(
            "kakeru_ari_request_seconds",
            "From sending a request to its end",
            ["node"],
            buckets=_REQUEST_SECONDS,
            registry=registry,
        )
        self.late_replies = Counter(
            "kakeru_ari_late_replies",
            "Replies to requests that had been given up",
            ["node"],
            registry=registry,
        )
        self.connects = Counter(
            "kakeru_ari_connects", "Connections made", ["node"], registry=registry
        )
        self.connected = Gauge(
            "kakeru_ari_connected", "1 while the connection stands", ["node"], registry=registry
        )
        self.queued_events = Gauge(
            "kakeru_ari_queued_events",
            "Events received and not yet taken by the program",
            ["node"],
            registry=registry,
        )
        self.open_requests = Gauge(
            "kakeru_ari_open_requests",
            "Requests without a reply yet",
            ["node"],
            registry=registry,
        )

    def of_node(self, node: str) -> "ConnectionMetrics":
        """The figures of one Asterisk node."""
        return ConnectionMetrics(self, node)


class ConnectionMetrics:
    """The metrics of one connection, with labels bound once so that counting is cheap."""

    def __init__(self, metrics: AriMetrics, node: str) -> None:
        self._metrics = metrics
        self._node = node
        self._events: dict[str, Counter] = {}
        self._requests: dict[int | str, Counter] = {}
        self._request_seconds = metrics.request_seconds.labels(node)
        self.duplicates = metrics.duplicates.labels(node)
        self.unreadable = metrics.unreadable.labels(node)
        self.late_replies = metrics.late_replies.labels(node)
        self.connects = metrics.connects.labels(node)
        self.connected = metrics.connected.labels(node)

    def received(self, event_type: str) -> None:
        """Count an event."""
        counter = self._events.get(event_type)
        if counter is None:
            counter = self._metrics.events.labels(self._node, event_type)
            self._events[event_type] = counter
        counter.inc()

    def replied(self, status: int | str, seconds: float) -> None:
        """Count the end of a request."""
        counter = self._requests.get(status)
        if counter is None:
            counter = self._metrics.requests.labels(self._node, str(status))
            self._requests[status] = counter
        counter.inc()
        self._request_seconds.observe(seconds)

    def watch(
        self, *, queued_events: Callable[[], float], open_requests: Callable[[], float]
    ) -> None:
        """Let the gauges ask for their values when they are scraped."""
        self._metrics.queued_events.labels(self._node).set_function(queued_events)
        self._metrics.open_requests.labels(self._node).set_function(open_requests)
