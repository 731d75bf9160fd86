"""Counts for Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
_TOKENS = (10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000)


class Metrics:
    """Counters of one server, in a registry of its own.

    Args:
        memory: tells how much memory each process that tags takes, by its id.
    """

    def __init__(self, memory: Callable[[], Mapping[int, int]] = dict) -> None:
        self._known: dict[tuple[str, int], tuple[Counter, Histogram]] = {}  # looking labels up takes its time
        self.registry = CollectorRegistry()
        own = self.registry
        self.requests = Counter(
            "bilstm_tagger_requests", "Requests by path and status.", ("path", "status"), registry=own
        )
        self.seconds = Histogram(
            "bilstm_tagger_request_seconds",
            "Seconds from request to answer.",
            ("path",),
            buckets=_SECONDS,
            registry=own,
        )
        self.in_progress = Gauge(
            "bilstm_tagger_requests_in_progress", "Requests being tagged or waiting.", registry=own
        )
        self.tokens = Counter("bilstm_tagger_tokens", "Tokens tagged.", ("model",), registry=own)
        self.batch_tokens = Histogram(
            "bilstm_tagger_batch_tokens", "Tokens decoded together.", ("model",), buckets=_TOKENS, registry=own
        )
        self.restarts = Counter(
            "bilstm_tagger_worker_restarts", "Processes that tag and were started again.", registry=own
        )
        ProcessCollector(registry=own)
        own.register(_WorkerMemory(memory))

    def count(self, path: str, status: int, seconds: float) -> None:
        """Counts a request that was answered."""
        key = path, status
        if (known := self._known.get(key)) is None:
            known = self._known[key] = self.requests.labels(path, str(status)), self.seconds.labels(path)
        known[0].inc()
        known[1].observe(seconds)


class _WorkerMemory(Collector):
    """Tells how much memory the processes that tag take."""

    def __init__(self, memory: Callable[[], Mapping[int, int]]) -> None:
        self._memory = memory

    def collect(self) -> Iterator[Metric]:
        """The present values."""
        told = GaugeMetricFamily(
            "bilstm_tagger_worker_resident_memory_bytes", "Memory of each process that tags.", labels=("pid",)
        )
        for process, size in self._memory().items():
            told.add_metric((str(process),), size)
        yield told
